#include <string.h>

#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

#define BLOCK 4 /* neighbouring channels computed together */

/* The taps of one window that lie inside the input, for the first channel of a block. */
typedef struct {
    const int8_t *x;
    const int8_t *w;
    int32_t rows, columns;
} taps_t;

static taps_t taps_of_window(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                             const int32_t origin[2]) {
    const ect_taps_t rows = ect_taps_inside(origin[0], p->kernel_h, p->dilation_h, p->in_h);
    const ect_taps_t columns = ect_taps_inside(origin[1], p->kernel_w, p->dilation_w, p->in_w);
    const int32_t y = origin[0] + rows.first * p->dilation_h;
    const int32_t x = origin[1] + columns.first * p->dilation_w;
    return (taps_t){
        .x = in + (y * p->in_w + x) * p->in_c,
        .w = weights + (rows.first * p->kernel_w + columns.first) * p->in_c,
        .rows = rows.end - rows.first,
        .columns = columns.end - columns.first,
    };
}

/* Adds w . x for BLOCK channels over a row of taps. Apart, so that the compiler keeps the sums in
 * registers. */
static ECT_NOINLINE void add_row(int32_t *restrict sums, const int8_t *x, const int8_t *w,
                                 int32_t columns, int32_t x_step, int32_t w_step) {
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
    for (; columns > 0; --columns) {
        sum0 += w[0] * x[0];
        sum1 += w[1] * x[1];
        sum2 += w[2] * x[2];
        sum3 += w[3] * x[3];
        x += x_step;
        w += w_step;
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

static ECT_NOINLINE void write_outputs(const ect_dwconv2d_s8_t *restrict p, int32_t channel,
                                       int32_t count, const int32_t *acc, int8_t *restrict out) {
    const int32_t *multiplier = p->multiplier + channel;
    const int8_t *shift = p->shift + channel;
    const int32_t zero_point = p->out_zero_point;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t y = ect_requantize(acc[i], multiplier[i], shift[i]);
        out[i] = ect_clamp_s8(y + zero_point, p->clamp_min, p->clamp_max);
    }
}

/* Moves the zero point out of the taps: sum(w * (x - z)) = sum(w * x) - z * sum(w). */
static void start_sums(const ect_dwconv2d_s8_t *p, const taps_t *taps, int32_t count,
                       const int32_t *bias, int32_t *sums) {
    for (int32_t i = 0; i < count; ++i) {
        int32_t weights = 0;
        for (int32_t row = 0; row < taps->rows; ++row) {
            const int8_t *w = taps->w + row * p->kernel_w * p->in_c + i;
            for (int32_t left = taps->columns; left > 0; --left) {
                weights += *w;
                w += p->in_c;
            }
        }
        sums[i] = bias[i] - p->in_zero_point * weights;
    }
}

static void add_rows(const ect_dwconv2d_s8_t *p, const taps_t *taps, int32_t *sums) {
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int8_t *x = taps->x + row * p->dilation_h * p->in_w * p->in_c;
        const int8_t *w = taps->w + row * p->kernel_w * p->in_c;
        add_row(sums, x, w, taps->columns, p->dilation_w * p->in_c, p->in_c);
    }
}

/* All windows for BLOCK channels; pointers are at the first of them. */
static void channel_block(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                          const int32_t *bias, int32_t channel, int8_t *out) {
    const int32_t last_y = p->in_h - 1 - (p->kernel_h - 1) * p->dilation_h;
    const int32_t last_x = p->in_w - 1 - (p->kernel_w - 1) * p->dilation_w;
    taps_t whole = {.w = weights, .rows = p->kernel_h, .columns = p->kernel_w};
    int32_t start[BLOCK];
    start_sums(p, &whole, BLOCK, bias, start);
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x, out += p->in_c) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            int32_t sums[BLOCK];
            if (origin[0] >= 0 && origin[0] <= last_y && origin[1] >= 0 && origin[1] <= last_x) {
                whole.x = in + (origin[0] * p->in_w + origin[1]) * p->in_c;
                memcpy(sums, start, sizeof(sums));
                add_rows(p, &whole, sums);
            } else {
                const taps_t part = taps_of_window(p, in, weights, origin);
                start_sums(p, &part, BLOCK, bias, sums);
                add_rows(p, &part, sums);
            }
            write_outputs(p, channel, BLOCK, sums, out);
        }
    }
}

static void single_channel(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                           const int32_t *bias, int32_t channel, int8_t *out) {
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x, out += p->in_c) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            const taps_t taps = taps_of_window(p, in, weights, origin);
            int32_t sum = 0;
            start_sums(p, &taps, 1, bias, &sum);
            for (int32_t row = 0; row < taps.rows; ++row) {
                const int8_t *tap_x = taps.x + row * p->dilation_h * p->in_w * p->in_c;
                const int8_t *tap_w = taps.w + row * p->kernel_w * p->in_c;
                for (int32_t left = taps.columns; left > 0; --left) {
                    sum += *tap_w * *tap_x;
                    tap_x += p->dilation_w * p->in_c;
                    tap_w += p->in_c;
                }
            }
            write_outputs(p, channel, 1, &sum, out);
        }
    }
}

void ect_dwconv2d_m1_s8_ref(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                            const int32_t *bias, int8_t *out) {
    int32_t channel = 0;
    for (; channel + BLOCK <= p->in_c; channel += BLOCK) {
        channel_block(p, in + channel, weights + channel, bias + channel, channel, out + channel);
    }
    for (; channel < p->in_c; ++channel) {
        single_channel(p, in + channel, weights + channel, bias + channel, channel, out + channel);
    }
}
