#include "ectopy/kernels.h"
#include "requantize.h"

#define SUM_BITS     12 /* left of the point in the sum of exponentials */
#define ONE_Q29      (1 << 29)
#define NEWTON_START 1515870810  /* 48/17, Q29: the best line through 1/x on [1/2, 1] ... */
#define NEWTON_SLOPE -1010580540 /* ... and -32/17 */

/* round(a * b / 2^31), ties up, for all operands that are not both INT32_MIN. */
static inline int32_t product(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* 1 / (1 + a) for a in [0, 1), both Q31: three steps of Newton's method for 2 / (1 + a), Q29.
 * Errors are below 1/17, so that the correction has room for two bits more. */
static int32_t reciprocal_of_one_plus(int32_t a) {
    const int32_t half = (int32_t)(((int64_t)a + INT64_C(0x80000000)) >> 1);
    int32_t x = NEWTON_START + product(half, NEWTON_SLOPE);
    for (int32_t step = 0; step < 3; ++step) {
        x += product(x, ONE_Q29 - product(half, x)) * 4;
    }
    return x >= (1 << 30) ? INT32_MAX : x * 2;
}

static int32_t greatest(const int8_t *in, int32_t depth) {
    int32_t top = in[0];
    for (int32_t i = 1; i < depth; ++i) {
        top = in[i] > top ? in[i] : top;
    }
    return top;
}

static void row(const ect_softmax_s8_t *p, const int8_t *in, const int32_t *exponentials,
                int8_t *out) {
    const int32_t top = greatest(in, p->depth);
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t distance = top - in[i];
        if (distance < p->entries) {
            sum += ect_rounding_shift_right(exponentials[distance], SUM_BITS);
        }
    }
    int32_t shift = SUM_BITS + 31 - 8;
    uint32_t normal = (uint32_t)sum;
    while (normal < UINT32_C(0x80000000)) {
        normal <<= 1;
        --shift;
    }
    const int32_t scale = reciprocal_of_one_plus((int32_t)(normal - UINT32_C(0x80000000)));
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t distance = top - in[i];
        const int32_t term = distance < p->entries ? exponentials[distance] : 0;
        const int32_t y = ect_rounding_shift_right(product(scale, term), shift);
        out[i] = ect_clamp_s8(y + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void ect_softmax_s8_ref(const ect_softmax_s8_t *p, const int8_t *in, const int32_t *exponentials,
                        int8_t *out) {
    for (int32_t i = 0; i < p->rows; ++i) {
        row(p, in + i * p->depth, exponentials, out + i * p->depth);
    }
}
