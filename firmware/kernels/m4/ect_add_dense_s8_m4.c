#include "dsp.h"
#include "ectopy/kernels.h"

void ect_add_dense_s8_m4(const ect_add_dense_m4_t *p, const int8_t *a, const int8_t *b,
                         int8_t *out) {
    const int32_t a_factor = p->a_factor;
    const int32_t b_factor = p->b_factor;
    const int32_t offset = p->offset;
    const int8_t *end = out + p->count;
    while (out != end) {
        const uint32_t a_word = ect_load_s8x4(a);
        const uint32_t b_word = ect_load_s8x4(b);
        int32_t y[4];
        for (uint32_t i = 0; i < 4; ++i) {
            const int32_t scaled = ect_byte(a_word, i) * a_factor + offset;
            y[i] = ect_ssat8_asr22(ect_byte(b_word, i) * b_factor + scaled);
        }
        ect_store_s8x4(out, ect_pack_s8x4(y[0], y[1], y[2], y[3]));
        a += 4;
        b += 4;
        out += 4;
    }
}
