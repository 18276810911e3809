/* The one C statement of requantization: TFLite's double rounding form (gemmlowp's saturating
 * rounding doubling high multiply, then a rounding division by a power of two), restated for
 * operands that the compiler has proven small enough to never saturate.
 *
 * Nearly all accumulators have less than 30 bits and shift right. The others are told apart by
 * their shift: one of 0 and more shifts left, one from ECT_WIDE_SHIFT - 31 on shifts an accumulator
 * of up to 31 bits right, by ECT_WIDE_SHIFT - shift. */
#ifndef ECTOPY_KERNELS_REQUANTIZE_H
#define ECTOPY_KERNELS_REQUANTIZE_H

#include <stdint.h>

/* For inner loops that need all registers for themselves. */
#if defined(__GNUC__)
#define ECT_NOINLINE     __attribute__((noinline))
#define ECT_UNLIKELY(it) __builtin_expect((it), 0)
#else
#define ECT_NOINLINE
#define ECT_UNLIKELY(it) (it)
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

#define ECT_WIDE_SHIFT     96
#define ECT_MAX_LEFT_SHIFT 30

/* |acc| * 2^max(shift, 0) < 2^31. The product has 62 bits and a sign, so that half a unit can be
 * added; gemmlowp subtracts it from negative ones and rounds towards zero, which is the same. */
static inline int32_t ect_requantize_wide(int32_t acc, int32_t multiplier, int32_t shift) {
    const int32_t left = shift <= ECT_MAX_LEFT_SHIFT ? shift : 0;
    const int64_t product = (int64_t)(acc * (1 << left)) * multiplier;
    const int32_t high = (int32_t)((product + (INT64_C(1) << 30)) >> 31);
    if (shift <= ECT_MAX_LEFT_SHIFT) {
        return high;
    }
    return ect_rounding_shift_right(high, (ECT_WIDE_SHIFT - shift) & 31);
}

static inline int32_t ect_requantize(int32_t acc, int32_t multiplier, int32_t shift) {
    if (ECT_UNLIKELY(shift >= 0)) {
        return ect_requantize_wide(acc, multiplier, shift);
    }
    return ect_rounding_shift_right(ect_high_multiply(acc, multiplier), -shift);
}

/* For |acc| * 2^max(shift, 0) < 2^30, in fewer instructions. */
static inline int32_t ect_requantize_narrow(int32_t acc, int32_t multiplier, int32_t shift) {
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
