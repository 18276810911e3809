#include "dsp.h"
#include "gain.h"

void ect_mul_rows_s8_m4(const ect_mul_rows_m4_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
    for (int32_t row = 0; row < p->rows; ++row) {
        const ect_mul_gain_t gain = ect_mul_gain(p, b[row]);
        const int8_t *end = a + p->count;
        while (a != end) {
            const uint32_t word = ect_load_s8x4(a);
            int32_t y[4];
            for (uint32_t i = 0; i < 4; ++i) {
                y[i] = ect_ssat8_asr23(ect_byte(word, i) * gain.factor + gain.offset);
            }
            ect_store_s8x4(out, ect_pack_s8x4(y[0], y[1], y[2], y[3]));
            a += 4;
            out += 4;
        }
    }
}
