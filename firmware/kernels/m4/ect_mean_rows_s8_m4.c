#include "../ref/requantize.h"
#include "dsp.h"
#include "ectopy/kernels.h"

#define FLIP_SIGNS 0x80808080u /* adds 128 to each byte, so that USADA8 can sum them */

void ect_mean_rows_s8_m4(const ect_mean_rows_m4_t *p, const int8_t *in, int8_t *out) {
    for (int32_t row = 0; row < p->rows; ++row) {
        uint32_t sum = 0;
        const int8_t *end = in + p->count;
        for (; end - in >= 16; in += 16) {
            sum = ect_usada8(ect_load_s8x4(in) ^ FLIP_SIGNS, 0, sum);
            sum = ect_usada8(ect_load_s8x4(in + 4) ^ FLIP_SIGNS, 0, sum);
            sum = ect_usada8(ect_load_s8x4(in + 8) ^ FLIP_SIGNS, 0, sum);
            sum = ect_usada8(ect_load_s8x4(in + 12) ^ FLIP_SIGNS, 0, sum);
        }
        for (; in != end; in += 4) {
            sum = ect_usada8(ect_load_s8x4(in) ^ FLIP_SIGNS, 0, sum);
        }
        const int32_t centred = (int32_t)sum - p->offset;
        const int32_t y = ect_requantize(centred, p->multiplier, p->shift);
        out[row] = ect_clamp_s8(y + p->out_zero_point, INT8_MIN, INT8_MAX);
    }
}
