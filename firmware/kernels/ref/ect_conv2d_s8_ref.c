#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

#define BLOCK 4 /* output channels computed together: each input byte is loaded once for them */

/* The taps of one window that lie inside the input, as runs of neighbouring bytes. Without
 * horizontal dilation a row of taps is contiguous in the input and in the filter: one run. */
typedef struct {
    const int8_t *x; /* first byte of the first run */
    int32_t w_first; /* its place in a filter */
    int32_t rows, runs, run_bytes;
    int32_t x_row_step, x_run_step; /* bytes from row to row and from run to run */
    int32_t w_row_step, w_run_step;
} runs_t;

static runs_t runs_of_window(const ect_conv2d_s8_t *p, const int8_t *in, const int32_t origin[2]) {
    const ect_taps_t rows = ect_taps_inside(origin[0], p->kernel_h, p->dilation_h, p->in_h);
    const ect_taps_t columns = ect_taps_inside(origin[1], p->kernel_w, p->dilation_w, p->in_w);
    const int32_t y = origin[0] + rows.first * p->dilation_h;
    const int32_t x = origin[1] + columns.first * p->dilation_w;
    const int32_t taps = columns.end - columns.first;
    const int32_t taps_per_run = p->dilation_w == 1 ? taps : 1;
    return (runs_t){
        .x = in + (y * p->in_w + x) * p->in_c,
        .w_first = (rows.first * p->kernel_w + columns.first) * p->in_c,
        .rows = rows.end - rows.first,
        .runs = p->dilation_w == 1 ? 1 : taps,
        .run_bytes = taps_per_run * p->in_c,
        .x_row_step = p->dilation_h * p->in_w * p->in_c,
        .x_run_step = p->dilation_w * p->in_c,
        .w_row_step = p->kernel_w * p->in_c,
        .w_run_step = p->in_c,
    };
}

static ECT_NOINLINE void write_outputs(const ect_conv2d_s8_t *restrict p, int32_t channel,
                                       int32_t count, const int32_t *sums, int8_t *restrict out) {
    const int32_t *multiplier = p->multiplier + channel;
    const int8_t *shift = p->shift + channel;
    const int32_t zero_point = p->out_zero_point;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t y = ect_requantize(sums[i], multiplier[i], shift[i]);
        out[channel + i] = ect_clamp_s8(y + zero_point, p->clamp_min, p->clamp_max);
    }
}

static void channel_block(const ect_conv2d_s8_t *restrict p, const runs_t *restrict runs,
                          const int8_t *weights, const int32_t *bias, int32_t channel,
                          int8_t *out) {
    const int32_t zero_point = p->in_zero_point;
    const int32_t filter_bytes = p->kernel_h * p->kernel_w * p->in_c;
    const int8_t *filter = weights + channel * filter_bytes + runs->w_first;
    int32_t acc0 = bias[channel];
    int32_t acc1 = bias[channel + 1];
    int32_t acc2 = bias[channel + 2];
    int32_t acc3 = bias[channel + 3];
    for (int32_t row = 0; row < runs->rows; ++row) {
        for (int32_t run = 0; run < runs->runs; ++run) {
            const int8_t *x = runs->x + row * runs->x_row_step + run * runs->x_run_step;
            const int8_t *w = filter + row * runs->w_row_step + run * runs->w_run_step;
            for (int32_t left = runs->run_bytes; left > 0; --left) {
                const int32_t value = *x++ - zero_point;
                acc0 += w[0] * value;
                acc1 += w[filter_bytes] * value;
                acc2 += w[2 * filter_bytes] * value;
                acc3 += w[3 * filter_bytes] * value;
                ++w;
            }
        }
    }
    const int32_t sums[BLOCK] = {acc0, acc1, acc2, acc3};
    write_outputs(p, channel, BLOCK, sums, out);
}

static int32_t single_sum(const ect_conv2d_s8_t *p, const runs_t *runs, const int8_t *filter) {
    int32_t acc = 0;
    for (int32_t row = 0; row < runs->rows; ++row) {
        for (int32_t run = 0; run < runs->runs; ++run) {
            const int8_t *x = runs->x + row * runs->x_row_step + run * runs->x_run_step;
            const int8_t *w = filter + row * runs->w_row_step + run * runs->w_run_step;
            for (int32_t i = 0; i < runs->run_bytes; ++i) {
                acc += w[i] * (x[i] - p->in_zero_point);
            }
        }
    }
    return acc;
}

static void pixel(const ect_conv2d_s8_t *p, const runs_t *runs, const int8_t *weights,
                  const int32_t *bias, int8_t *out) {
    const int32_t filter_bytes = p->kernel_h * p->kernel_w * p->in_c;
    int32_t channel = 0;
    for (; channel + BLOCK <= p->out_c; channel += BLOCK) {
        channel_block(p, runs, weights, bias, channel, out);
    }
    for (; channel < p->out_c; ++channel) {
        const int8_t *filter = weights + channel * filter_bytes + runs->w_first;
        const int32_t sum = bias[channel] + single_sum(p, runs, filter);
        write_outputs(p, channel, 1, &sum, out);
    }
}

void ect_conv2d_s8_ref(const ect_conv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                       const int32_t *bias, int8_t *out) {
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            const runs_t runs = runs_of_window(p, in, origin);
            pixel(p, &runs, weights, bias, out);
            out += p->out_c;
        }
    }
}
