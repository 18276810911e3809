/* Means of rows: bytes are summed as unsigned ones, four at a time. */
#ifndef ECTOPY_KERNELS_M4_SUM_H
#define ECTOPY_KERNELS_M4_SUM_H

#include "../ref/requantize.h"
#include "channel.h"
#include "dsp.h"
#include "ectopy/kernels.h"

#define ECT_FLIP_SIGNS 0x80808080u /* adds 128 to each byte, so that USADA8 can sum them */

/* Four bytes, each 128 more, added. */
static inline uint32_t ect_add_s8x4(uint32_t bytes, uint32_t sum) {
    return ect_usada8(bytes ^ ECT_FLIP_SIGNS, 0, sum);
}

/* Of `count` elements, a multiple of four. */
static inline uint32_t ect_sum_row(const int8_t *x, int32_t count) {
    uint32_t sum = 0;
    const int8_t *end = x + (count & ~15);
    for (; x != end; x += 16) {
        const uint32_t a = ect_load_s8x4(x), b = ect_load_s8x4(x + 4);
        const uint32_t c = ect_load_s8x4(x + 8), d = ect_load_s8x4(x + 12);
        sum = ect_add_s8x4(b, ect_add_s8x4(a, sum));
        sum = ect_add_s8x4(d, ect_add_s8x4(c, sum));
    }
    for (end += count & 15; x != end; x += 4) {
        sum = ect_add_s8x4(ect_load_s8x4(x), sum);
    }
    return sum;
}

static inline int32_t ect_mean_of_row(const ect_row_mean_m4_t *p, uint32_t sum) {
    const int32_t centred = (int32_t)sum - p->offset;
    if (p->rounding != 0) {
        return ect_m4_requantize(2 * centred, p->multiplier, p->rounding, p->out_zero_point);
    }
    const int32_t y = ect_requantize_narrow(centred, p->multiplier, p->shift);
    return ect_clamp_s8(y + p->out_zero_point, INT8_MIN, INT8_MAX);
}

#endif /* ECTOPY_KERNELS_M4_SUM_H */
