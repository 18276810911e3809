#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

#define BLOCK 4 /* neighbouring channels summed together over the taps */

typedef struct {
    const int8_t *x; /* first tap inside the input, channel 0 */
    const int8_t *w; /* its weights, channel 0 */
    int32_t rows, columns;
    int32_t x_row_step, x_column_step; /* bytes from tap to tap */
    int32_t w_row_step;                /* bytes from row to row; in_c from tap to tap */
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
        .x_row_step = p->dilation_h * p->in_w * p->in_c,
        .x_column_step = p->dilation_w * p->in_c,
        .w_row_step = p->kernel_w * p->in_c,
    };
}

static inline int8_t output_of(const ect_dwconv2d_s8_t *restrict p, int32_t channel, int32_t acc) {
    const int32_t y = ect_requantize(acc, p->multiplier[channel], p->shift[channel]);
    return ect_clamp_s8(y + p->out_zero_point, p->clamp_min, p->clamp_max);
}

static void channel_block(const ect_dwconv2d_s8_t *restrict p, const taps_t *restrict taps,
                          int32_t channel, const int32_t *bias, int8_t *out) {
    const int32_t zero_point = p->in_zero_point;
    const int32_t x_step = taps->x_column_step;
    const int32_t w_step = p->in_c;
    int32_t acc0 = bias[channel];
    int32_t acc1 = bias[channel + 1];
    int32_t acc2 = bias[channel + 2];
    int32_t acc3 = bias[channel + 3];
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int8_t *x = taps->x + row * taps->x_row_step + channel;
        const int8_t *w = taps->w + row * taps->w_row_step + channel;
        for (int32_t left = taps->columns; left > 0; --left) {
            acc0 += w[0] * (x[0] - zero_point);
            acc1 += w[1] * (x[1] - zero_point);
            acc2 += w[2] * (x[2] - zero_point);
            acc3 += w[3] * (x[3] - zero_point);
            x += x_step;
            w += w_step;
        }
    }
    out[channel] = output_of(p, channel, acc0);
    out[channel + 1] = output_of(p, channel + 1, acc1);
    out[channel + 2] = output_of(p, channel + 2, acc2);
    out[channel + 3] = output_of(p, channel + 3, acc3);
}

static int32_t single_channel(const ect_dwconv2d_s8_t *p, const taps_t *taps, int32_t channel,
                              int32_t acc) {
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int8_t *x = taps->x + row * taps->x_row_step + channel;
        const int8_t *w = taps->w + row * taps->w_row_step + channel;
        for (int32_t column = 0; column < taps->columns; ++column) {
            acc += w[column * p->in_c] * (x[column * taps->x_column_step] - p->in_zero_point);
        }
    }
    return acc;
}

static void pixel(const ect_dwconv2d_s8_t *p, const taps_t *taps, const int32_t *bias,
                  int8_t *out) {
    int32_t channel = 0;
    for (; channel + BLOCK <= p->in_c; channel += BLOCK) {
        channel_block(p, taps, channel, bias, out);
    }
    for (; channel < p->in_c; ++channel) {
        out[channel] = output_of(p, channel, single_channel(p, taps, channel, bias[channel]));
    }
}

void ect_dwconv2d_m1_s8_ref(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                            const int32_t *bias, int8_t *out) {
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            const taps_t taps = taps_of_window(p, in, weights, origin);
            pixel(p, &taps, bias, out);
            out += p->in_c;
        }
    }
}
