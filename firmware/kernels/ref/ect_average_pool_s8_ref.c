#include "ectopy/kernels.h"
#include "requantize.h"
#include "window.h"

/* One output: the taps inside the input, summed and divided, ties away from zero. */
static int8_t average(const ect_max_pool_s8_t *p, const int8_t *x, const int32_t taps[2]) {
    const int32_t count = taps[0] * taps[1];
    int32_t sum = 0;
    for (int32_t row = 0; row < taps[0]; ++row) {
        for (int32_t column = 0; column < taps[1]; ++column) {
            sum += x[(row * p->in_w + column) * p->channels];
        }
    }
    const int32_t half = sum > 0 ? count / 2 : -(count / 2);
    return ect_clamp_s8((sum + half) / count, p->clamp_min, p->clamp_max);
}

static void pixel(const ect_max_pool_s8_t *p, const int8_t *in, const int32_t origin[2],
                  int8_t *out) {
    const ect_taps_t rows = ect_taps_inside(origin[0], p->kernel_h, 1, p->in_h);
    const ect_taps_t columns = ect_taps_inside(origin[1], p->kernel_w, 1, p->in_w);
    const int32_t taps[2] = {rows.end - rows.first, columns.end - columns.first};
    const int32_t first = (origin[0] + rows.first) * p->in_w + origin[1] + columns.first;
    for (int32_t channel = 0; channel < p->channels; ++channel) {
        out[channel] = average(p, in + first * p->channels + channel, taps);
    }
}

void ect_average_pool_s8_ref(const ect_max_pool_s8_t *p, const int8_t *in, int8_t *out) {
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x) {
            const int32_t origin[2] = {y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left};
            pixel(p, in, origin, out);
            out += p->channels;
        }
    }
}
