/* The DSP instructions that the kernels of this folder are made of, by their Arm names. Each has a
 * twin in plain C, so that the same kernels run on the host under sanitizers: there a sum that
 * leaves 32 bits is an error, on the board the compiler of the model has excluded it.
 *
 * A "pair" is a word of two signed halfwords, the first in the low half. Little-endian. */
#ifndef ECTOPY_KERNELS_M4_DSP_H
#define ECTOPY_KERNELS_M4_DSP_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define ECT_NOINLINE __attribute__((noinline))
#else
#define ECT_NOINLINE
#endif

/* Four int8 in memory order; `x` is at a multiple of four. */
static inline uint32_t ect_load_s8x4(const int8_t *x) {
    uint32_t word;
    memcpy(&word, x, sizeof word);
    return word;
}

/* Byte `i` of a word, extended. */
static inline int32_t ect_byte(uint32_t word, uint32_t i) {
    return (int8_t)(uint8_t)(word >> (8u * i));
}

static inline void ect_store_s8x4(int8_t *x, uint32_t word) {
    memcpy(x, &word, sizeof word);
}

#if defined(__ARM_FEATURE_DSP)

#include <arm_acle.h>

/* Assembly where gcc 12 has no intrinsic and does not find the instruction by itself. */
#define ECT_DSP3(name, instruction)                                                                \
    static inline int32_t name(int32_t a, int32_t b, int32_t c) {                                  \
        int32_t result;                                                                            \
        __asm__(instruction " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(c));            \
        return result;                                                                             \
    }
#define ECT_DSP2(name, type, instruction, suffix)                                                  \
    static inline type name(type a, type b) {                                                      \
        type result;                                                                               \
        __asm__(instruction " %0, %1, %2" suffix : "=r"(result) : "r"(a), "r"(b));                 \
        return result;                                                                             \
    }

ECT_DSP3(ect_smmlar, "smmlar")
ECT_DSP2(ect_smmulr, int32_t, "smmulr", "")
ECT_DSP2(ect_pkhbt_lsl16, uint32_t, "pkhbt", ", lsl #16")
ECT_DSP2(ect_pkhtb_asr16, uint32_t, "pkhtb", ", asr #16")

static inline uint32_t ect_sxtb16_ror8(uint32_t x) {
    uint32_t result;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(x));
    return result;
}

static inline uint32_t ect_sxtb16(uint32_t x) {
    return (uint32_t)__sxtb16((int8x4_t)x);
}

static inline int32_t ect_smlad(uint32_t a, uint32_t b, int32_t sum) {
    return __smlad((int16x2_t)a, (int16x2_t)b, sum);
}

#define ECT_SSAT8(name, shift)                                                                     \
    static inline int32_t name(int32_t x) {                                                        \
        int32_t result;                                                                            \
        __asm__("ssat %0, #8, %1" shift : "=r"(result) : "r"(x));                                  \
        return result;                                                                             \
    }

ECT_SSAT8(ect_ssat8, "")
ECT_SSAT8(ect_ssat8_asr22, ", asr #22")
ECT_SSAT8(ect_ssat8_asr23, ", asr #23")

static inline uint32_t ect_uxtb16(uint32_t x) {
    return (uint32_t)__uxtb16((uint8x4_t)x);
}

static inline uint32_t ect_usada8(uint32_t a, uint32_t b, uint32_t sum) {
    return (uint32_t)__usada8((uint8x4_t)a, (uint8x4_t)b, sum);
}

/* The low bytes of four words. */
static inline uint32_t ect_pack_s8x4(int32_t a, int32_t b, int32_t c, int32_t d) {
    __asm__("bfi %0, %1, #8, #8" : "+r"(a) : "r"(b));
    __asm__("bfi %0, %1, #8, #8" : "+r"(c) : "r"(d));
    return ect_pkhbt_lsl16((uint32_t)a, (uint32_t)c);
}

/* One statement, so that nothing comes between the flags and their use. */
static inline uint32_t ect_max_s8x4(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
    return result;
}

#else

/* High word of c * 2^32 + a * b, rounded, ties up. */
static inline int32_t ect_smmlar(int32_t a, int32_t b, int32_t c) {
    return (int32_t)(c + (((int64_t)a * b + INT64_C(0x80000000)) >> 32));
}

/* High word of a * b, rounded, ties up. */
static inline int32_t ect_smmulr(int32_t a, int32_t b) {
    return ect_smmlar(a, b, 0);
}

static inline int32_t ect_low(uint32_t pair) {
    return (int16_t)(uint16_t)pair;
}

static inline int32_t ect_high(uint32_t pair) {
    return (int16_t)(uint16_t)(pair >> 16);
}

/* The low halves of a and b as a pair. */
static inline uint32_t ect_pkhbt_lsl16(uint32_t a, uint32_t b) {
    return (a & 0xFFFFu) | (b << 16);
}

/* The high half of b and the high half of a as a pair. */
static inline uint32_t ect_pkhtb_asr16(uint32_t a, uint32_t b) {
    return (a & 0xFFFF0000u) | (b >> 16);
}

/* Bytes 0 and 2 as a pair. */
static inline uint32_t ect_sxtb16(uint32_t x) {
    const int32_t low = (int8_t)(uint8_t)x;
    const int32_t high = (int8_t)(uint8_t)(x >> 16);
    return ((uint32_t)low & 0xFFFFu) | ((uint32_t)high << 16);
}

/* Bytes 1 and 3 as a pair. */
static inline uint32_t ect_sxtb16_ror8(uint32_t x) {
    return ect_sxtb16(x >> 8);
}

static inline int32_t ect_smlad(uint32_t a, uint32_t b, int32_t sum) {
    return sum + ect_low(a) * ect_low(b) + ect_high(a) * ect_high(b);
}

static inline int32_t ect_ssat8(int32_t x) {
    return x < INT8_MIN ? INT8_MIN : (x > INT8_MAX ? INT8_MAX : x);
}

static inline int32_t ect_ssat8_asr22(int32_t x) {
    return ect_ssat8(x >> 22);
}

static inline int32_t ect_ssat8_asr23(int32_t x) {
    return ect_ssat8(x >> 23);
}

static inline uint32_t ect_uxtb16(uint32_t x) {
    return x & 0x00FF00FFu;
}

/* Sum of the distances of four unsigned bytes, added. */
static inline uint32_t ect_usada8(uint32_t a, uint32_t b, uint32_t sum) {
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        const uint32_t x = (a >> shift) & 0xFFu;
        const uint32_t y = (b >> shift) & 0xFFu;
        sum += x > y ? x - y : y - x;
    }
    return sum;
}

/* The low bytes of four words. */
static inline uint32_t ect_pack_s8x4(int32_t a, int32_t b, int32_t c, int32_t d) {
    const uint32_t low = (uint32_t)(uint8_t)a | ((uint32_t)(uint8_t)b << 8);
    const uint32_t high = (uint32_t)(uint8_t)c | ((uint32_t)(uint8_t)d << 8);
    return low | (high << 16);
}

/* The larger of each two signed bytes. */
static inline uint32_t ect_max_s8x4(uint32_t a, uint32_t b) {
    uint32_t result = 0;
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        const int8_t x = (int8_t)(uint8_t)(a >> shift);
        const int8_t y = (int8_t)(uint8_t)(b >> shift);
        result |= (uint32_t)(uint8_t)(x > y ? x : y) << shift;
    }
    return result;
}

#endif

#endif /* ECTOPY_KERNELS_M4_DSP_H */
