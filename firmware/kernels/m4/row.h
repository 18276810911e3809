/* Rows behind a depthwise convolution, one after the other: filtered, pooled and averaged. */
#ifndef ECTOPY_KERNELS_M4_ROW_H
#define ECTOPY_KERNELS_M4_ROW_H

#include <stddef.h>

#include "filter.h"
#include "line.h"
#include "sum.h"
#include "unpack.h"

/* Four bytes, the larger of each two, to the place of the first; their sum on top of another. */
static inline uint32_t ect_pool_s8x4(int8_t *a, const int8_t *b, uint32_t sum) {
    const uint32_t larger = ect_max_s8x4(ect_load_s8x4(a), ect_load_s8x4(b));
    ect_store_s8x4(a, larger);
    return ect_add_s8x4(larger, sum);
}

/* The larger of outputs at even places, which are in `a`, and at odd ones. Returns their sum. */
static inline uint32_t ect_pool_row(int8_t *a, const int8_t *b, int32_t count) {
    uint32_t sum = 0;
    const int8_t *end = a + (count & ~15);
    for (; a != end; a += 16, b += 16) {
        sum = ect_pool_s8x4(a, b, sum);
        sum = ect_pool_s8x4(a + 4, b + 4, sum);
        sum = ect_pool_s8x4(a + 8, b + 8, sum);
        sum = ect_pool_s8x4(a + 12, b + 12, sum);
    }
    for (end += count & 15; a != end; a += 4, b += 4) {
        sum = ect_pool_s8x4(a, b, sum);
    }
    return sum;
}

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

static inline int32_t ect_words_of_row(const ect_dwconv2d_1xk_m4_t *p) {
    const int32_t linear = p->packed ? ECT_M4_PACKED_WORDS : ECT_M4_LINEAR_WORDS(2);
    return p->linear ? linear : ECT_M4_ANY_WORDS(2);
}

static inline ect_rows_t ect_begin_rows(const ect_dwconv2d_1xk_m4_t *p, uint32_t *line) {
    ect_pad_line(line, p->in_w, p->in_zero_point);
    return (ect_rows_t){.x = line + p->first_word,
                        .odd = p->pooled ? (int8_t *)(line + ECT_LINE_LEFT) : NULL,
                        .count = p->out_w / 2,
                        .width = p->pooled ? p->out_w / 2 : p->out_w,
                        .words = ect_words_of_row(p),
                        .linear = p->linear,
                        .packed = p->packed,
                        .pooled = p->pooled};
}

/* Outputs at even and at odd places side by side, then if pooled the larger of each two. Returns
 * their sum. */
static inline uint32_t ect_filter_apart(const ect_rows_t *rows, const int32_t *constants,
                                        int8_t *out) {
    if (rows->linear) {
        ect_filter_bytes(rows->x, constants, out, rows->count, rows->odd);
    } else {
        ect_filter_any_bytes(rows->x, constants, out, rows->count, rows->odd);
    }
    return rows->pooled ? ect_pool_row(out, rows->odd, rows->count)
                        : ect_sum_row(out, rows->count) + ect_sum_row(rows->odd, rows->count);
}

static inline void ect_filter_only(const ect_rows_t *rows, const int32_t *constants, int8_t *out) {
    if (rows->linear) {
        ect_filter_every_other(rows->x, constants, out, rows->count, out + 1);
    } else {
        ect_filter_any_every_other(rows->x, constants, out, rows->count, out + 1);
    }
}

/* One channel: filters what is in the line. `mean` is NULL if nobody wants to know. */
static inline void ect_filter_row(const ect_rows_t *rows, const ect_row_mean_m4_t *of,
                                  const int32_t *constants, int8_t *out, int8_t *mean) {
    int32_t unpacked[ECT_M4_LINEAR_WORDS(2)];
    uint32_t sum = 0;
    constants = ect_constants(constants, rows->packed, unpacked);
    if (rows->odd != NULL) {
        sum = ect_filter_apart(rows, constants, out);
    } else {
        ect_filter_only(rows, constants, out);
        sum = mean != NULL ? ect_sum_row(out, rows->width) : 0;
    }
    if (mean != NULL) {
        *mean = (int8_t)ect_mean_of_row(of, sum);
    }
}

#endif /* ECTOPY_KERNELS_M4_ROW_H */
