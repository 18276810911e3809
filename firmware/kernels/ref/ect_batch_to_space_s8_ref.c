#include <string.h>

#include "ectopy/kernels.h"

void ect_batch_to_space_s8_ref(const ect_batch_to_space_s8_t *p, const int8_t *in, int8_t *out) {
    for (int32_t batch = 0; batch < p->out_n; ++batch) {
        for (int32_t y = p->crop_top; y < p->crop_top + p->out_h; ++y) {
            for (int32_t x = p->crop_left; x < p->crop_left + p->out_w; ++x) {
                const int32_t of_block = y % p->block_h * p->block_w + x % p->block_w;
                const int32_t image = of_block * p->out_n + batch;
                const int32_t row = image * p->in_h + y / p->block_h;
                const int32_t pixel = row * p->in_w + x / p->block_w;
                memcpy(out, in + pixel * p->channels, (size_t)p->channels);
                out += p->channels;
            }
        }
    }
}
