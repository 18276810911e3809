/* Channels-last tensors by the DSP instructions: distances from the zero point, four at a time. */
#ifndef ECTOPY_KERNELS_M4_PIXELS_H
#define ECTOPY_KERNELS_M4_PIXELS_H

#include "channel.h"
#include "dsp.h"

#if defined(__ARM_FEATURE_DSP)

static inline uint32_t ect_sxtab16(uint32_t a, uint32_t x) {
    uint32_t result;
    __asm__("sxtab16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(x));
    return result;
}

static inline uint32_t ect_sxtab16_ror8(uint32_t a, uint32_t x) {
    uint32_t result;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(a), "r"(x));
    return result;
}

static inline int32_t ect_smlabb(uint32_t a, uint32_t b, int32_t sum) {
    return __smlabb((int32_t)a, (int32_t)b, sum);
}

static inline int32_t ect_smlatt(uint32_t a, uint32_t b, int32_t sum) {
    return __smlatt((int32_t)a, (int32_t)b, sum);
}

#else

/* Bytes 0 and 2 of x, each added to its half of a. */
static inline uint32_t ect_sxtab16(uint32_t a, uint32_t x) {
    const uint32_t pair = ect_sxtb16(x);
    return ((a + pair) & 0xFFFFu) | (((a >> 16) + (pair >> 16)) << 16);
}

/* Bytes 1 and 3. */
static inline uint32_t ect_sxtab16_ror8(uint32_t a, uint32_t x) {
    return ect_sxtab16(a, x >> 8);
}

/* Product of the low halves, added. */
static inline int32_t ect_smlabb(uint32_t a, uint32_t b, int32_t sum) {
    return sum + ect_low(a) * ect_low(b);
}

/* Of the high halves. */
static inline int32_t ect_smlatt(uint32_t a, uint32_t b, int32_t sum) {
    return sum + ect_high(a) * ect_high(b);
}

#endif

/* What makes distances from the zero point of extended bytes. */
static inline uint32_t ect_minus_pair(int32_t zero_point) {
    const uint32_t half = (uint32_t)-zero_point & 0xFFFFu;
    return half | (half << 16);
}

/* A channel's requantization from TFLite's constants; there is no bias in it. */
static inline ect_m4_channel_t ect_channel_of(int32_t multiplier, int32_t shift) {
    const int32_t rounding = (int32_t)(UINT32_C(1) << (32 + shift)) + 1;
    return (ect_m4_channel_t){.multiplier = multiplier, .rounding = rounding};
}

#endif /* ECTOPY_KERNELS_M4_PIXELS_H */
