#include "row.h"

#include "filter.h"
#include "sum.h"

/* Four bytes, the larger of each two, to the place of the first; their sum on top of another. */
static uint32_t pool_four(int8_t *a, const int8_t *b, uint32_t sum) {
    const uint32_t larger = ect_max_s8x4(ect_load_s8x4(a), ect_load_s8x4(b));
    ect_store_s8x4(a, larger);
    return ect_add_s8x4(larger, sum);
}

/* The larger of outputs at even places, which are in `a`, and at odd ones. Returns their sum. */
static uint32_t pool_row(int8_t *a, const int8_t *b, int32_t count) {
    uint32_t sum = 0;
    const int8_t *end = a + (count & ~15);
    for (; a != end; a += 16, b += 16) {
        sum = pool_four(a, b, sum);
        sum = pool_four(a + 4, b + 4, sum);
        sum = pool_four(a + 8, b + 8, sum);
        sum = pool_four(a + 12, b + 12, sum);
    }
    for (end += count & 15; a != end; a += 4, b += 4) {
        sum = pool_four(a, b, sum);
    }
    return sum;
}

/* Outputs at even and at odd places side by side, then if pooled the larger of each two. Returns
 * their sum. */
static uint32_t filter_apart(const ect_rows_t *rows, const int32_t *constants, int8_t *out) {
    if (rows->linear) {
        ect_filter_bytes(rows->x, constants, out, rows->count, rows->odd);
    } else {
        ect_filter_any_bytes(rows->x, constants, out, rows->count, rows->odd);
    }
    return rows->pooled ? pool_row(out, rows->odd, rows->count)
                        : ect_sum_row(out, rows->count) + ect_sum_row(rows->odd, rows->count);
}

static void filter_only(const ect_rows_t *rows, const int32_t *constants, int8_t *out) {
    if (rows->linear) {
        ect_filter_every_other(rows->x, constants, out, rows->count, out + 1);
    } else {
        ect_filter_any_every_other(rows->x, constants, out, rows->count, out + 1);
    }
}

void ect_filter_row(const ect_rows_t *rows, const ect_row_mean_m4_t *of, const int32_t *constants,
                    int8_t *out, int8_t *mean) {
    int32_t unpacked[ECT_M4_LINEAR_WORDS(2)];
    uint32_t sum = 0;
    constants = ect_constants(constants, rows->packed, unpacked);
    if (rows->odd != NULL) {
        sum = filter_apart(rows, constants, out);
    } else {
        filter_only(rows, constants, out);
        sum = mean != NULL ? ect_sum_row(out, rows->width) : 0;
    }
    if (mean != NULL) {
        *mean = (int8_t)ect_mean_of_row(of, sum);
    }
}
