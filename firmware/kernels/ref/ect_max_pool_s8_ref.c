#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

/* One output pixel: its row of channels is raised by one tap after the other. */
static void pixel(const ect_max_pool_s8_t *restrict p, const int8_t *in, const int32_t origin[2],
                  int8_t *out) {
    const ect_taps_t rows = ect_taps_inside(origin[0], p->kernel_h, 1, p->in_h);
    const ect_taps_t columns = ect_taps_inside(origin[1], p->kernel_w, 1, p->in_w);
    const int32_t channels = p->channels;
    for (int32_t channel = 0; channel < channels; ++channel) {
        out[channel] = (int8_t)p->clamp_min;
    }
    for (int32_t ky = rows.first; ky < rows.end; ++ky) {
        for (int32_t kx = columns.first; kx < columns.end; ++kx) {
            const int8_t *x = in + ((origin[0] + ky) * p->in_w + origin[1] + kx) * channels;
            for (int32_t channel = 0; channel < channels; ++channel) {
                if (x[channel] > out[channel]) {
                    out[channel] = x[channel];
                }
            }
        }
    }
    if (p->clamp_max < INT8_MAX) {
        for (int32_t channel = 0; channel < channels; ++channel) {
            out[channel] = ect_clamp_s8(out[channel], INT8_MIN, p->clamp_max);
        }
    }
}

void ect_max_pool_s8_ref(const ect_max_pool_s8_t *p, const int8_t *in, int8_t *out) {
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            pixel(p, in, origin, out);
            out += p->channels;
        }
    }
}
