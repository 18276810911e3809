#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

static void pixel(const ect_max_pool_s8_t *p, const int8_t *in, const int32_t origin[2],
                  int8_t *out) {
    const ect_taps_t rows = ect_taps_inside(origin[0], p->kernel_h, 1, p->in_h);
    const ect_taps_t columns = ect_taps_inside(origin[1], p->kernel_w, 1, p->in_w);
    for (int32_t channel = 0; channel < p->channels; ++channel) {
        int32_t largest = INT8_MIN;
        for (int32_t ky = rows.first; ky < rows.end; ++ky) {
            const int32_t first = (origin[0] + ky) * p->in_w + origin[1] + columns.first;
            const int8_t *x = in + first * p->channels + channel;
            for (int32_t kx = columns.first; kx < columns.end; ++kx) {
                largest = *x > largest ? *x : largest;
                x += p->channels;
            }
        }
        out[channel] = ect_clamp_s8(largest, p->clamp_min, p->clamp_max);
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
