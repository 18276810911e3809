/* One row of a planar tensor, widened for SMLAD, and a filter of up to ten taps along it.
 *
 *   line: | zero points  8 | x[0] .. x[n-1] | zero points 16 |   halfwords, two in a word
 */
#ifndef ECTOPY_KERNELS_M4_LINE_H
#define ECTOPY_KERNELS_M4_LINE_H

#include "channel.h"
#include "dsp.h"

#define ECT_LINE_LEFT  4 /* words of padding before the first element: pads of up to 8 elements */
#define ECT_LINE_RIGHT 8
#define ECT_LINE_WORDS (ECT_LINE_LEFT + ECT_M4_MAX_ROW / 2 + ECT_LINE_RIGHT)

/* `count` is a multiple of four. */
static inline void ect_fill_line(uint32_t *line, const int8_t *x, int32_t count,
                                 int32_t zero_point) {
    const uint32_t padding = ect_pkhbt_lsl16((uint32_t)zero_point, (uint32_t)zero_point);
    uint32_t *to = line;
    for (int32_t i = 0; i < ECT_LINE_LEFT; ++i) {
        *to++ = padding;
    }
    const int8_t *end = x + count;
    while (x != end) {
        const uint32_t bytes = ect_load_s8x4(x);
        const uint32_t even = ect_sxtb16(bytes);
        const uint32_t odd = ect_sxtb16_ror8(bytes);
        to[0] = ect_pkhbt_lsl16(even, odd);
        to[1] = ect_pkhtb_asr16(odd, even);
        to += 2;
        x += 4;
    }
    for (int32_t i = 0; i < ECT_LINE_RIGHT; ++i) {
        *to++ = padding;
    }
}

/* Output j is the sum over k of taps[k] . x[j + k], five words of taps, written at out[j * step].
 * Four sums are under way: each word of x is loaded once, ends one sum and begins the next.
 *
 *   x[j]:      0  1  2  3 | 4  5  6  7
 *   sum0       t0 t1 t2 t3  t4 t0 t1 t2
 *   sum1          t0 t1 t2  t3 t4 t0 t1
 *   sum2             t0 t1  t2 t3 t4 t0
 *   sum3                t0  t1 t2 t3 t4
 *
 * `count` is a multiple of four. Registers: 4 sums, 5 taps, x, pointers to x and out; bias,
 * multiplier, rounding, zero point and end compete for the two that are left. */
static inline void ect_filter_line(const uint32_t *x, const uint32_t *taps,
                                   const ect_m4_channel_t *channel, int32_t zero_point, int8_t *out,
                                   int32_t step, int32_t count) {
    const uint32_t t0 = taps[0];
    const uint32_t t1 = taps[1];
    const uint32_t t2 = taps[2];
    const uint32_t t3 = taps[3];
    const uint32_t t4 = taps[4];
    const ect_m4_channel_t q = *channel;
    const uint32_t *end = x + count;
    int32_t sum0 = ect_smlad(x[0], t0, q.bias);
    sum0 = ect_smlad(x[1], t1, sum0);
    int32_t sum1 = ect_smlad(x[1], t0, q.bias);
    sum0 = ect_smlad(x[2], t2, sum0);
    sum1 = ect_smlad(x[2], t1, sum1);
    int32_t sum2 = ect_smlad(x[2], t0, q.bias);
    sum0 = ect_smlad(x[3], t3, sum0);
    sum1 = ect_smlad(x[3], t2, sum1);
    sum2 = ect_smlad(x[3], t1, sum2);
    int32_t sum3 = ect_smlad(x[3], t0, q.bias);
/* Ends sum a, lets it begin again, and adds to b, c, d, from the youngest to the oldest. */
#define ECT_FILTER_STEP(i, a, b, c, d)                                                             \
    do {                                                                                           \
        const uint32_t next = x[4 + (i)];                                                          \
        out[(i) * step] = ect_m4_output(ect_smlad(next, t4, a), &q, zero_point);                   \
        (a) = ect_smlad(next, t0, q.bias);                                                         \
        (b) = ect_smlad(next, t1, b);                                                              \
        (c) = ect_smlad(next, t2, c);                                                              \
        (d) = ect_smlad(next, t3, d);                                                              \
    } while (0)
    do {
        ECT_FILTER_STEP(0, sum0, sum3, sum2, sum1);
        ECT_FILTER_STEP(1, sum1, sum0, sum3, sum2);
        ECT_FILTER_STEP(2, sum2, sum1, sum0, sum3);
        ECT_FILTER_STEP(3, sum3, sum2, sum1, sum0);
        x += 4;
        out += 4 * step;
    } while (x != end);
#undef ECT_FILTER_STEP
}

#endif /* ECTOPY_KERNELS_M4_LINE_H */
