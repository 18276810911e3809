#include "channel.h"
#include "dsp.h"

/* x, widened once: | x0,x2 | x1,x3 | x4,x6 | ...
 * weights of outputs o to o+3, as bytes: | o: w0 w1 w2 w3 | o+1: w0 w1 w2 w3 | ... | o: w4 ... |
 * SXTB16 brings the weights into the order of x. */
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

#if defined(__ARM_FEATURE_DSP)

#define OUTPUT(sum, w)                                                                             \
    "sxtb16 %[wide], " #w ", ror #8; sxtb16 " #w ", " #w "; smlad %[" #sum "], %[x0], " #w         \
    ", %[" #sum "]; smlad %[" #sum "], %[x1], %[wide], %[" #sum "];"

/* By hand for the sake of LDM: 16 products take 28 cycles. All 14 registers: 4 sums, 2 x, 4 weights
 * and what one is widened to, 3 pointers. Returns the end of the weights. */
static inline const uint32_t *sum_outputs(const uint32_t *x, const uint32_t *end, const uint32_t *w,
                                          int32_t *sums) {
    int32_t a = 0, b = 0, c = 0, d = 0;
    uint32_t x0, x1, wide;
    __asm__("1: ldm %[w]!, {r4-r7}; ldrd %[x0], %[x1], [%[x]], #8;" OUTPUT(a, r4) OUTPUT(b, r5)
                OUTPUT(c, r6) OUTPUT(d, r7) "cmp %[x], %[end]; bne 1b"
            : [w] "+r"(w), [x] "+r"(x), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d),
              [x0] "=&r"(x0), [x1] "=&r"(x1), [wide] "=&r"(wide)
            : [end] "r"(end)
            : "r4", "r5", "r6", "r7", "cc", "memory");
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    return w;
}

#else

static inline const uint32_t *sum_outputs(const uint32_t *x, const uint32_t *end, const uint32_t *w,
                                          int32_t *sums) {
    for (int32_t o = 0; o < OUTPUTS; ++o) {
        sums[o] = 0;
    }
    for (; x != end; x += 2, w += OUTPUTS) {
        for (int32_t o = 0; o < OUTPUTS; ++o) {
            sums[o] = ect_smlad(x[0], ect_sxtb16(w[o]), sums[o]);
            sums[o] = ect_smlad(x[1], ect_sxtb16_ror8(w[o]), sums[o]);
        }
    }
    return w;
}

#endif

/* Four outputs as a word; `channel` is of the first. */
static inline uint32_t requantize(const int32_t *sums, const ect_m4_channel_t *channel,
                                  int32_t zero_point) {
    int32_t y[OUTPUTS];
    for (int32_t o = 0; o < OUTPUTS; ++o) {
        y[o] = ect_m4_requantize(2 * sums[o] + channel[o].bias, channel[o].multiplier,
                                 channel[o].rounding, zero_point);
    }
    return ect_pack_s8x4(y[0], y[1], y[2], y[3]);
}

void ect_fully_connected_s8_m4(const ect_fully_connected_m4_t *p, const int8_t *in,
                               const int32_t *weights, const int32_t *channels, int8_t *out) {
    uint32_t x[MAX_WORDS];
    const uint32_t *end = x + 2 * p->words;
    const uint32_t *w = (const uint32_t *)weights;
    const ect_m4_channel_t *channel = (const ect_m4_channel_t *)channels;
    const int32_t zero_point = p->out_zero_point;
    widen(in, p->in_c, x);
    for (int32_t left = p->out_c; left > 0; left -= OUTPUTS) {
        int32_t sums[OUTPUTS];
        w = sum_outputs(x, end, w, sums);
        if (left < OUTPUTS) {
            for (int32_t o = 0; o < left; ++o) {
                out[o] = ect_m4_output(2 * sums[o] + channel[o].bias, channel + o, zero_point);
            }
            return;
        }
        ect_store_s8x4(out, requantize(sums, channel, zero_point));
        channel += OUTPUTS;
        out += OUTPUTS;
    }
}
