#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

#define BLOCK 4 /* output channels computed together: each input byte is loaded once for them */

/* Adds w_j . (x - zero_point) over `count` neighbouring bytes for BLOCK filters. */
static inline void accumulate_block(int32_t *acc, const int8_t *x, int32_t zero_point,
                                    const int8_t *w, int32_t filter_bytes, int32_t count) {
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    for (int32_t i = 0; i < count; ++i) {
        const int32_t value = x[i] - zero_point;
        a0 += w[i] * value;
        a1 += w[i + filter_bytes] * value;
        a2 += w[i + 2 * filter_bytes] * value;
        a3 += w[i + 3 * filter_bytes] * value;
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

static inline void accumulate_one(int32_t *acc, const int8_t *x, int32_t zero_point,
                                  const int8_t *w, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        *acc += w[i] * (x[i] - zero_point);
    }
}

/* `channels` (BLOCK or 1) filters starting at `w`, at the window with the given origin. Without
 * horizontal dilation a row of taps is contiguous in the input and in the filter: one long run. */
static void window_sums(const ect_conv2d_s8_t *p, const int8_t *in, const int8_t *w,
                        const int32_t origin[2], int32_t channels, int32_t *acc) {
    const ect_taps_t rows = ect_taps_inside(origin[0], p->kernel_h, p->dilation_h, p->in_h);
    const ect_taps_t columns = ect_taps_inside(origin[1], p->kernel_w, p->dilation_w, p->in_w);
    const int32_t filter_bytes = p->kernel_h * p->kernel_w * p->in_c;
    const int32_t taps_per_run = p->dilation_w == 1 ? columns.end - columns.first : 1;
    for (int32_t ky = rows.first; ky < rows.end; ++ky) {
        const int32_t y = origin[0] + ky * p->dilation_h;
        for (int32_t kx = columns.first; kx < columns.end; kx += taps_per_run) {
            const int32_t x = origin[1] + kx * p->dilation_w;
            const int8_t *source = in + (y * p->in_w + x) * p->in_c;
            const int8_t *filter = w + (ky * p->kernel_w + kx) * p->in_c;
            const int32_t count = taps_per_run * p->in_c;
            if (channels == BLOCK) {
                accumulate_block(acc, source, p->in_zero_point, filter, filter_bytes, count);
            } else {
                accumulate_one(acc, source, p->in_zero_point, filter, count);
            }
        }
    }
}

static void pixel(const ect_conv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                  const int32_t *bias, const int32_t origin[2], int8_t *out) {
    const int32_t filter_bytes = p->kernel_h * p->kernel_w * p->in_c;
    int32_t channel = 0;
    while (channel < p->out_c) {
        const int32_t channels = p->out_c - channel >= BLOCK ? BLOCK : 1;
        int32_t acc[BLOCK] = {0};
        window_sums(p, in, weights + channel * filter_bytes, origin, channels, acc);
        for (int32_t i = 0; i < channels; ++i, ++channel) {
            const int32_t y =
                ect_requantize(acc[i] + bias[channel], p->multiplier[channel], p->shift[channel]);
            out[channel] = ect_clamp_s8(y + p->out_zero_point, p->clamp_min, p->clamp_max);
        }
    }
}

void ect_conv2d_s8_ref(const ect_conv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                       const int32_t *bias, int8_t *out) {
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            pixel(p, in, weights, bias, origin, out);
            out += p->out_c;
        }
    }
}
