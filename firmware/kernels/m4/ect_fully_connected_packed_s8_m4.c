#include "channel.h"
#include "dsp.h"

/* weights of outputs o to o+3, as bytes: | o: w0 w1 w2 w3 | o+1: w0 w1 w2 w3 | ... | o: w4 ... |
 * One output after the other; behind an odd count of inputs whatever is there meets zeros. */
#define TOGETHER 4

static int32_t sum_of(const int8_t *in, const uint32_t *w, int32_t words) {
    int32_t sum = 0;
    for (const uint32_t *end = w + TOGETHER * words; w != end; w += TOGETHER, in += 4) {
        const uint32_t x = ect_load_s8x4(in);
        sum = ect_smlad(ect_sxtb16(x), ect_sxtb16(*w), sum);
        sum = ect_smlad(ect_sxtb16_ror8(x), ect_sxtb16_ror8(*w), sum);
    }
    return sum;
}

void ect_fully_connected_packed_s8_m4(const ect_fully_connected_m4_t *p, const int8_t *in,
                                      const int32_t *weights, const int32_t *channels,
                                      int8_t *out) {
    const uint32_t *w = (const uint32_t *)weights;
    for (int32_t o = 0; o < p->out_c; ++o, channels += 2) {
        const int32_t sum = sum_of(in, w + o % TOGETHER, p->words) + (channels[0] >> 5);
        const int32_t rounding = (1 << (32 - (channels[0] & 31))) + 1;
        out[o] = (int8_t)ect_m4_requantize(2 * sum, channels[1], rounding, p->out_zero_point);
        w += o % TOGETHER == TOGETHER - 1 ? TOGETHER * p->words : 0;
    }
}
