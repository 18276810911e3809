#include "dsp.h"
#include "ectopy/kernels.h"

#define COLUMNS 4 /* whose factors stay in registers down the rows */

typedef struct {
    int32_t factor[COLUMNS], offset[COLUMNS];
} gains_t;

static inline gains_t gains_of(const ect_mul_rows_m4_t *p, const int8_t *b) {
    gains_t gains;
    for (int32_t i = 0; i < COLUMNS; ++i) {
        const int64_t gain = (int64_t)(b[i] - p->b_zero_point) * p->factor;
        gains.factor[i] = (int32_t)((gain + 128) >> 8);
        gains.offset[i] = p->offset - p->a_zero_point * gains.factor[i];
    }
    return gains;
}

void ect_mul_columns_s8_m4(const ect_mul_rows_m4_t *p, const int8_t *a, const int8_t *b,
                           int8_t *out) {
    for (int32_t column = 0; column < p->count; column += COLUMNS) {
        const gains_t gains = gains_of(p, b + column);
        for (int32_t at = column; at < p->rows * p->count; at += p->count) {
            const uint32_t word = ect_load_s8x4(a + at);
            int32_t y[COLUMNS];
            for (uint32_t i = 0; i < COLUMNS; ++i) {
                y[i] = ect_ssat8_asr23(ect_byte(word, i) * gains.factor[i] + gains.offset[i]);
            }
            ect_store_s8x4(out + at, ect_pack_s8x4(y[0], y[1], y[2], y[3]));
        }
    }
}
