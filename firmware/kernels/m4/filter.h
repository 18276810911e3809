/* A filter of up to ten taps along a line, five words of them: output j is the sum over k of
 * taps[k] . x[j + k], requantized. Outputs lie one beside the other, or every second byte.
 *
 * Constants of a line:
 *
 *   linear:   | factor | bias | 5 words of taps | 5 more for a second filter |
 *   any:      | multiplier | bias | rounding | zero point | taps, likewise |
 *
 * Linear is for outputs whose least value stands for zero: one product, with a gain in taps and
 * bias, does TFLite's two roundings (tools/ectopy/aot/linear.py finds the constants). Any is the
 * requantization of channel.h. The functions are of the form "linear" unless their name says so. */
#ifndef ECTOPY_KERNELS_M4_FILTER_H
#define ECTOPY_KERNELS_M4_FILTER_H

#include "ectopy/kernels.h"

/* `count` outputs from x on, a multiple of four, then, unless it is NULL, as many of the second
 * filter from `second` on. Output j is written when x[j + 4] has been read and the words before are
 * not needed again, so that the last filter may write over x. */
void ect_filter_bytes(const uint32_t *x, const int32_t *constants, int8_t *out, int32_t count,
                      int8_t *second);
void ect_filter_any_bytes(const uint32_t *x, const int32_t *constants, int8_t *out, int32_t count,
                          int8_t *second);

/* To every second byte. */
void ect_filter_every_other(const uint32_t *x, const int32_t *constants, int8_t *out, int32_t count,
                            int8_t *second);
void ect_filter_any_every_other(const uint32_t *x, const int32_t *constants, int8_t *out,
                                int32_t count, int8_t *second);

/* To halfwords, which are a line of another filter. */
void ect_filter_halves(const uint32_t *x, const int32_t *constants, int16_t *out, int32_t count,
                       int16_t *second);

#endif /* ECTOPY_KERNELS_M4_FILTER_H */
