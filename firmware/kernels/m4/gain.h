/* MUL by a value that stays the same along a row or down a column: product and rescaling are one
 * multiplication and one addition, 23 bits behind the point. */
#ifndef ECTOPY_KERNELS_M4_GAIN_H
#define ECTOPY_KERNELS_M4_GAIN_H

#include "ectopy/kernels.h"

typedef struct {
    int32_t factor, offset;
} ect_mul_gain_t;

static inline ect_mul_gain_t ect_mul_gain(const ect_mul_rows_m4_t *p, int8_t b) {
    const int64_t gain = (int64_t)(b - p->b_zero_point) * p->factor;
    const int32_t factor = (int32_t)((gain + 128) >> 8);
    return (ect_mul_gain_t){factor, p->offset - p->a_zero_point * factor};
}

#endif /* ECTOPY_KERNELS_M4_GAIN_H */
