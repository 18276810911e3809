/* Rows behind a depthwise convolution, one after the other: filtered, pooled and averaged. */
#ifndef ECTOPY_KERNELS_M4_ROW_H
#define ECTOPY_KERNELS_M4_ROW_H

#include <stddef.h>

#include "line.h"
#include "unpack.h"

/* What stays the same from row to row. */
typedef struct {
    const uint32_t *x; /* of the line, where the first window begins */
    int8_t *odd;       /* NULL, or where outputs at odd places go if they go elsewhere: the middle
                        * of the line, which has been read by then */
    int32_t count;     /* of outputs at even places */
    int32_t width;     /* of what is written */
    int32_t words;     /* of constants */
    int32_t linear, packed, pooled;
} ect_rows_t;

static inline ect_rows_t ect_begin_rows(const ect_dwconv2d_1xk_m4_t *p, uint32_t *line) {
    ect_pad_line(line, p->in_w, p->in_zero_point);
    return (ect_rows_t){.x = line + p->first_word,
                        .odd = p->pooled ? (int8_t *)(line + ECT_LINE_LEFT) : NULL,
                        .count = p->out_w / 2,
                        .width = p->pooled ? p->out_w / 2 : p->out_w,
                        .words = ect_words_of_line(p->linear, p->packed, 2),
                        .linear = p->linear,
                        .packed = p->packed,
                        .pooled = p->pooled};
}

/* One channel: filters what is in the line. `mean` is NULL if nobody wants to know. */
void ect_filter_row(const ect_rows_t *rows, const ect_row_mean_m4_t *of, const int32_t *constants,
                    int8_t *out, int8_t *mean);

#endif /* ECTOPY_KERNELS_M4_ROW_H */
