/* One row of a planar tensor, widened for SMLAD.
 *
 *   line: | zero points  8 | x[0] .. x[n-1] | zero points 16 |   halfwords, two in a word
 */
#ifndef ECTOPY_KERNELS_M4_LINE_H
#define ECTOPY_KERNELS_M4_LINE_H

#include "dsp.h"
#include "ectopy/kernels.h"

#define ECT_LINE_LEFT  4 /* words of padding before the first element: pads of up to 8 elements */
#define ECT_LINE_RIGHT 8
#define ECT_LINE_WORDS(row) (ECT_LINE_LEFT + (row) / 2 + ECT_LINE_RIGHT)

/* What is before and behind a row of `count` elements, a multiple of four. */
static inline void ect_pad_line(uint32_t *line, int32_t count, int32_t zero_point) {
    const uint32_t padding = ect_pkhbt_lsl16((uint32_t)zero_point, (uint32_t)zero_point);
    uint32_t *right = line + ECT_LINE_LEFT + count / 2;
    for (int32_t i = 0; i < ECT_LINE_LEFT; ++i) {
        line[i] = padding;
    }
    for (int32_t i = 0; i < ECT_LINE_RIGHT; ++i) {
        right[i] = padding;
    }
}

/* `count` elements to halfwords, a multiple of four. */
void ect_widen_row(uint32_t *to, const int8_t *x, int32_t count);

/* The row itself. */
static inline void ect_fill_line(uint32_t *line, const int8_t *x, int32_t count) {
    ect_widen_row(line + ECT_LINE_LEFT, x, count);
}

#endif /* ECTOPY_KERNELS_M4_LINE_H */
