#include "dsp.h"
#include "gain.h"

#define COLUMNS 4 /* whose factors stay in registers down the rows */

void ect_mul_columns_s8_m4(const ect_mul_rows_m4_t *p, const int8_t *a, const int8_t *b,
                           int8_t *out) {
    for (int32_t column = 0; column < p->count; column += COLUMNS) {
        ect_mul_gain_t gains[COLUMNS];
        for (int32_t i = 0; i < COLUMNS; ++i) {
            gains[i] = ect_mul_gain(p, b[column + i]);
        }
        for (int32_t at = column; at < p->rows * p->count; at += p->count) {
            const uint32_t word = ect_load_s8x4(a + at);
            int32_t y[COLUMNS];
            for (uint32_t i = 0; i < COLUMNS; ++i) {
                y[i] = ect_ssat8_asr23(ect_byte(word, i) * gains[i].factor + gains[i].offset);
            }
            ect_store_s8x4(out + at, ect_pack_s8x4(y[0], y[1], y[2], y[3]));
        }
    }
}
