/* Requantization in three instructions, equal to TFLite's double rounding form.
 *
 * The accumulator comes doubled (weights and bias are stored doubled), so that the doubling high
 * multiply is the rounded high word of a product: x = SMMULR(2 * acc, multiplier).
 *
 * The division by 2^s that rounds ties away from zero is the rounded high word of x times
 * r = 2^(32 - s) + 1, that is floor(x / 2^s + 1/2 + x / 2^32). Let f be the fraction of
 * x / 2^s + 1/2, a multiple of 2^-s; f = 0 is a tie. For 0 <= x < 2^(32 - s) the last term is
 * below 2^-s, so it cannot carry: ties go up. For 0 > x >= -2^(32 - s) it is negative and at most
 * 2^-s: with f = 0 it borrows, so ties go down; else f covers it. The compiler proves
 * |x| < 2^(32 - s), s >= 2 (tools/ectopy/aot/rounding.py). SMMLAR adds the zero point on the way.
 */
#ifndef ECTOPY_KERNELS_M4_CHANNEL_H
#define ECTOPY_KERNELS_M4_CHANNEL_H

#include "dsp.h"
#include "ectopy/kernels.h"

static inline int32_t ect_m4_requantize(int32_t doubled_acc, int32_t multiplier, int32_t rounding,
                                        int32_t zero_point) {
    return ect_ssat8(ect_smmlar(ect_smmulr(doubled_acc, multiplier), rounding, zero_point));
}

static inline int8_t ect_m4_output(int32_t doubled_acc, const ect_m4_channel_t *channel,
                                   int32_t zero_point) {
    return (int8_t)ect_m4_requantize(doubled_acc, channel->multiplier, channel->rounding,
                                     zero_point);
}

#endif /* ECTOPY_KERNELS_M4_CHANNEL_H */
