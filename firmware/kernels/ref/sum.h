/* ADD and SUB: both operands are brought to a common scale with 20 bits of headroom, summed and
 * brought to the output scale. */
#ifndef ECTOPY_KERNELS_SUM_H
#define ECTOPY_KERNELS_SUM_H

#include "ectopy/kernels.h"
#include "requantize.h"

#define HEADROOM_BITS 20 /* TFLite's left_shift for int8 */

static inline int8_t ect_sum(const ect_add_s8_t *p, int32_t a, int32_t b, int32_t sign) {
    const int32_t raised_a = (a - p->a_zero_point) * (1 << HEADROOM_BITS);
    const int32_t raised_b = (b - p->b_zero_point) * (1 << HEADROOM_BITS);
    const int32_t sum = ect_requantize(raised_a, p->a_multiplier, p->a_shift) +
                        sign * ect_requantize(raised_b, p->b_multiplier, p->b_shift);
    const int32_t y = ect_requantize(sum, p->out_multiplier, p->out_shift);
    return ect_clamp_s8(y + p->out_zero_point, p->clamp_min, p->clamp_max);
}

static inline void ect_sum_row(const ect_add_s8_t *restrict p, const int8_t *a, const int8_t *b,
                               int8_t *out, int32_t sign) {
    const int32_t a_step = p->walk.a_step[3];
    const int32_t b_step = p->walk.b_step[3];
    for (int32_t i = 0; i < p->walk.extent[3]; ++i) {
        out[i] = ect_sum(p, a[i * a_step], b[i * b_step], sign);
    }
}

/* sign: 1 adds b, -1 subtracts it. */
static inline void ect_sum_walk(const ect_add_s8_t *p, const int8_t *a, const int8_t *b,
                                int8_t *out, int32_t sign) {
    const ect_broadcast_t *walk = &p->walk;
    for (int32_t i = 0; i < walk->extent[0]; ++i) {
        for (int32_t j = 0; j < walk->extent[1]; ++j) {
            for (int32_t k = 0; k < walk->extent[2]; ++k) {
                const int8_t *x = a + i * walk->a_step[0] + j * walk->a_step[1];
                const int8_t *y = b + i * walk->b_step[0] + j * walk->b_step[1];
                ect_sum_row(p, x + k * walk->a_step[2], y + k * walk->b_step[2], out, sign);
                out += walk->extent[3];
            }
        }
    }
}

#endif /* ECTOPY_KERNELS_SUM_H */
