/* More of dsp.h: instructions that scale bytes and saturate pairs. */
#ifndef ECTOPY_KERNELS_M4_DSP_SCALE_H
#define ECTOPY_KERNELS_M4_DSP_SCALE_H

#include "dsp.h"

#if defined(__GNUC__)
#define ECT_ALWAYS_INLINE __attribute__((always_inline))
#define ECT_UNUSED        __attribute__((unused)) /* by some of those that include it */
#else
#define ECT_ALWAYS_INLINE
#define ECT_UNUSED
#endif

/* Bytes 0 and 2, or 1 and 3, as a pair times 256: with a factor of eight bits less that is the same
 * product, for SMLAW drops 16 bits. */
static inline uint32_t ect_raise02(uint32_t x) {
    return (x << 8) & 0xFF00FF00u;
}

static inline uint32_t ect_raise13(uint32_t x) {
    return x & 0xFF00FF00u;
}

#if defined(__ARM_FEATURE_DSP)

#define ECT_SMLAW(name, instruction)                                                               \
    static inline int32_t name(int32_t a, uint32_t pair, int32_t sum) {                            \
        int32_t result;                                                                            \
        __asm__(instruction " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(pair), "r"(sum));       \
        return result;                                                                             \
    }

ECT_SMLAW(ect_smlawb, "smlawb")
ECT_SMLAW(ect_smlawt, "smlawt")

static inline uint32_t ect_ssat16_8(uint32_t x) {
    uint32_t result;
    __asm__("ssat16 %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
}

#else

/* sum plus a times the low half of the pair over 2^16, rounded down. */
static inline int32_t ect_smlawb(int32_t a, uint32_t pair, int32_t sum) {
    return sum + (int32_t)(((int64_t)a * ect_low(pair)) >> 16);
}

/* With the high half. */
static inline int32_t ect_smlawt(int32_t a, uint32_t pair, int32_t sum) {
    return sum + (int32_t)(((int64_t)a * ect_high(pair)) >> 16);
}

/* Both halves saturated to int8. */
static inline uint32_t ect_ssat16_8(uint32_t x) {
    return ect_pkhbt_lsl16((uint32_t)ect_ssat8(ect_low(x)), (uint32_t)ect_ssat8(ect_high(x)));
}

#endif

#endif /* ECTOPY_KERNELS_M4_DSP_SCALE_H */
