#include <string.h>

#include "ectopy/kernels.h"

void ect_pad_s8_ref(const ect_pad_s8_t *p, const int8_t *in, int8_t *out) {
    const int32_t *n = p->extent;
    const int32_t *size = p->out_extent;
    memset(out, p->value, (size_t)(size[0] * size[1] * size[2] * size[3]));
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                const int32_t plane = (i + p->before[0]) * size[1] + j + p->before[1];
                const int32_t row = plane * size[2] + k + p->before[2];
                memcpy(out + row * size[3] + p->before[3], in, (size_t)n[3]);
                in += n[3];
            }
        }
    }
}
