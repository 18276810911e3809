#include "channel.h"
#include "dsp.h"

/* x, widened once: | x0,x2 | x1,x3 | x4,x6 | ...
 * weights of outputs o to o+3, as bytes: | o: w0 w1 w2 w3 | o+1: w0 w1 w2 w3 | ... | o: w4 ... |
 * SXTB16 brings the weights into the order of x. Registers: 4 sums, 2 x, 2 weights and what one is
 * widened to, 3 pointers. */
#define MAX_WORDS (ECT_M4_MAX_ROW / 2)
#define OUTPUTS   4

static void widen(const int8_t *in, int32_t in_c, uint32_t *x) {
    for (; in_c >= 4; in_c -= 4) {
        const uint32_t word = ect_load_s8x4(in);
        x[0] = ect_sxtb16(word);
        x[1] = ect_sxtb16_ror8(word);
        x += 2;
        in += 4;
    }
    if (in_c > 0) {
        uint32_t word = 0;
        for (int32_t i = 0; i < in_c; ++i) {
            word |= (uint32_t)(uint8_t)in[i] << (8 * i);
        }
        x[0] = ect_sxtb16(word);
        x[1] = ect_sxtb16_ror8(word);
    }
}

void ect_fully_connected_s8_m4(const ect_fully_connected_m4_t *p, const int8_t *in,
                               const int32_t *weights, const int32_t *channels, int8_t *out) {
    uint32_t x[MAX_WORDS];
    const uint32_t *end = x + 2 * p->words;
    const uint32_t *w = (const uint32_t *)weights;
    const ect_m4_channel_t *channel = (const ect_m4_channel_t *)channels;
    widen(in, p->in_c, x);
    for (int32_t left = p->out_c; left > 0; left -= OUTPUTS) {
        int32_t sums[OUTPUTS] = {0};
        for (const uint32_t *at = x; at != end; at += 2) {
            for (int32_t o = 0; o < OUTPUTS; ++o) {
                sums[o] = ect_smlad(at[0], ect_sxtb16(w[o]), sums[o]);
                sums[o] = ect_smlad(at[1], ect_sxtb16_ror8(w[o]), sums[o]);
            }
            w += OUTPUTS;
        }
        for (int32_t o = 0; o < OUTPUTS && o < left; ++o) {
            *out++ = ect_m4_output(2 * sums[o] + channel->bias, channel, p->out_zero_point);
            ++channel;
        }
    }
}
