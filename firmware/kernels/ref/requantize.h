/* The one C statement of requantization: TFLite's double rounding form (gemmlowp's saturating
 * rounding doubling high multiply, then a rounding division by a power of two), restated for
 * operands that the compiler has proven small enough to never saturate. */
#ifndef ECTOPY_KERNELS_REQUANTIZE_H
#define ECTOPY_KERNELS_REQUANTIZE_H

#include <stdint.h>

/* For inner loops that need all registers for themselves. */
#if defined(__GNUC__)
#define ECT_NOINLINE __attribute__((noinline))
#else
#define ECT_NOINLINE
#endif

/* round(a * b / 2^31), ties up, for |a| < 2^30. Doubling `a` first makes the result the rounded
 * high word of the product, which a Cortex-M4 computes in one instruction. */
static inline int32_t ect_high_multiply(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)(2 * a) * b + INT64_C(0x80000000)) >> 32);
}

/* round(x / 2^bits), ties away from zero, bits in [1, 31]. Negative x is lowered by one first,
 * which turns "ties up" into "ties down" and changes nothing else; halving in two steps cannot
 * overflow. */
static inline int32_t ect_rounding_shift_right(int32_t x, int32_t bits) {
    const int32_t lowered = x - (x < 0 ? 1 : 0);
    return ((lowered >> (bits - 1)) + 1) >> 1;
}

static inline int32_t ect_requantize(int32_t acc, int32_t multiplier, int32_t shift) {
    if (shift >= 0) {
        return ect_high_multiply(acc * (1 << shift), multiplier);
    }
    return ect_rounding_shift_right(ect_high_multiply(acc, multiplier), -shift);
}

static inline int8_t ect_clamp_s8(int32_t x, int32_t low, int32_t high) {
    const int32_t floored = x < low ? low : x;
    return (int8_t)(floored > high ? high : floored);
}

#endif /* ECTOPY_KERNELS_REQUANTIZE_H */
