#include "ectopy/kernels.h"
#include "requantize.h"

#define BLOCK 4 /* neighbouring sums carried together down the reduced dimension */

static inline int8_t output_of(const ect_mean_s8_t *p, int32_t sum) {
    const int32_t centred = sum - p->in_zero_point * p->reduced;
    const int32_t y = ect_requantize(centred, p->multiplier, p->shift);
    return ect_clamp_s8(y + p->out_zero_point, INT8_MIN, INT8_MAX);
}

static void sum_block(const ect_mean_s8_t *p, const int8_t *x, int8_t *out) {
    int32_t s0 = 0;
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t s3 = 0;
    for (int32_t i = 0; i < p->reduced; ++i) {
        s0 += x[0];
        s1 += x[1];
        s2 += x[2];
        s3 += x[3];
        x += p->inner;
    }
    out[0] = output_of(p, s0);
    out[1] = output_of(p, s1);
    out[2] = output_of(p, s2);
    out[3] = output_of(p, s3);
}

void ect_mean_s8_ref(const ect_mean_s8_t *p, const int8_t *in, int8_t *out) {
    for (int32_t o = 0; o < p->outer; ++o) {
        int32_t i = 0;
        for (; i + BLOCK <= p->inner; i += BLOCK) {
            sum_block(p, in + i, out + i);
        }
        for (; i < p->inner; ++i) {
            int32_t sum = 0;
            for (int32_t r = 0; r < p->reduced; ++r) {
                sum += in[r * p->inner + i];
            }
            out[i] = output_of(p, sum);
        }
        in += p->reduced * p->inner;
        out += p->inner;
    }
}
