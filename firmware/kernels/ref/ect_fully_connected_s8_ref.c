#include "ectopy/kernels.h"
#include "requantize.h"

void ect_fully_connected_s8_ref(const ect_fully_connected_s8_t *p, const int8_t *in,
                                const int8_t *weights, const int32_t *bias, int8_t *out) {
    for (int32_t row = 0; row < p->rows; ++row) {
        const int8_t *w = weights;
        for (int32_t channel = 0; channel < p->out_c; ++channel) {
            int32_t acc = bias[channel];
            for (int32_t i = 0; i < p->in_c; ++i) {
                acc += w[i] * (in[i] - p->in_zero_point);
            }
            const int32_t y = ect_requantize(acc, p->multiplier[channel], p->shift[channel]);
            out[channel] = ect_clamp_s8(y + p->out_zero_point, p->clamp_min, p->clamp_max);
            w += p->in_c;
        }
        in += p->in_c;
        out += p->out_c;
    }
}
