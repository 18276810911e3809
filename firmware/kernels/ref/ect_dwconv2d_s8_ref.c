#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

/* One output pixel, all channels; (y0, x0) is the input position of tap (0, 0). */
static void pixel(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                  const int32_t *bias, const int32_t origin[2], int8_t *out) {
    const ect_taps_t rows = ect_taps_inside(origin[0], p->kernel_h, p->dilation_h, p->in_h);
    const ect_taps_t columns = ect_taps_inside(origin[1], p->kernel_w, p->dilation_w, p->in_w);
    const int32_t out_c = p->in_c * p->depth_multiplier;
    for (int32_t channel = 0; channel < out_c; ++channel) {
        const int8_t *x = in + channel / p->depth_multiplier;
        int32_t acc = bias[channel];
        for (int32_t ky = rows.first; ky < rows.end; ++ky) {
            const int32_t row = (origin[0] + ky * p->dilation_h) * p->in_w;
            for (int32_t kx = columns.first; kx < columns.end; ++kx) {
                const int32_t column = origin[1] + kx * p->dilation_w;
                const int32_t value = x[(row + column) * p->in_c] - p->in_zero_point;
                acc += weights[(ky * p->kernel_w + kx) * out_c + channel] * value;
            }
        }
        const int32_t y = ect_requantize(acc, p->multiplier[channel], p->shift[channel]);
        out[channel] = ect_clamp_s8(y + p->out_zero_point, p->clamp_min, p->clamp_max);
    }
}

void ect_dwconv2d_s8_ref(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                         const int32_t *bias, int8_t *out) {
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            pixel(p, in, weights, bias, origin, out);
            out += p->in_c * p->depth_multiplier;
        }
    }
}
