#include <string.h>

#include "ectopy/kernels.h"

#define INNER (ECT_SLICE_DIMS - 1)

static void row(const int8_t *x, int32_t count, int32_t step, int8_t *out) {
    if (step == 1) {
        memcpy(out, x, (size_t)count);
        return;
    }
    for (int32_t i = 0; i < count; ++i) {
        out[i] = x[i * step];
    }
}

void ect_slice_s8_ref(const ect_slice_s8_t *p, const int8_t *in, int8_t *out) {
    int32_t index[INNER] = {0};
    int32_t position = p->start;
    int32_t dim = INNER;
    do {
        row(in + position, p->extent[INNER], p->step[INNER], out);
        out += p->extent[INNER];
        /* The next row: the innermost index that has room counts up, those inside it restart. */
        for (dim = INNER - 1; dim >= 0; --dim) {
            position += p->step[dim];
            if (++index[dim] < p->extent[dim]) {
                break;
            }
            position -= p->extent[dim] * p->step[dim];
            index[dim] = 0;
        }
    } while (dim >= 0);
}
