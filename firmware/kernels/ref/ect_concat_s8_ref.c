#include <string.h>

#include "ectopy/kernels.h"

void ect_concat_s8_ref(const ect_concat_s8_t *p, const int8_t *const *in, int8_t *out) {
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t i = 0; i < p->inputs; ++i) {
            memcpy(out, in[i] + row * p->run[i], (size_t)p->run[i]);
            out += p->run[i];
        }
    }
}
