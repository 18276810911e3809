#include "channel.h"
#include "dsp.h"

/* A tile is four neighbouring pixels, each channel pair of a pixel in one word:
 *
 *   tile: | c0,c1 of t0 | c0,c1 of t1 | c0,c1 of t2 | c0,c1 of t3 | c2,c3 of t0 | ...
 *   weights of outputs o, o+1: | o: c0,c1 | o+1: c0,c1 | o: c2,c3 | o+1: c2,c3 | ...
 *
 * Four pixels by two outputs are summed together. */
#define PIXELS     4
#define UNROLL     4 /* channel pairs; the compiler pads with zero weights */
#define TILE_WORDS (PIXELS * ECT_M4_MAX_PAIRS)

typedef struct {
    int32_t a[PIXELS], b[PIXELS];
} sums_t;

/* Reads the tile's column of every channel; the words of padding pairs stay as they are. */
static void gather(const ect_conv2d_1x1_m4_t *p, const int8_t *in, uint32_t *tile) {
    int32_t left = p->in_c;
    for (; left > 0; left -= 2) {
        const uint32_t a = ect_load_s8x4(in);
        const uint32_t b = left > 1 ? ect_load_s8x4(in + p->pixels) : 0;
        const uint32_t a02 = ect_sxtb16(a);
        const uint32_t a13 = ect_sxtb16_ror8(a);
        const uint32_t b02 = ect_sxtb16(b);
        const uint32_t b13 = ect_sxtb16_ror8(b);
        tile[0] = ect_pkhbt_lsl16(a02, b02);
        tile[1] = ect_pkhbt_lsl16(a13, b13);
        tile[2] = ect_pkhtb_asr16(b02, a02);
        tile[3] = ect_pkhtb_asr16(b13, a13);
        tile += PIXELS;
        in += 2 * p->pixels;
    }
}

#if defined(__ARM_FEATURE_DSP)

/* By hand, because this takes all 14 registers and gcc spills sums: 8 sums, 2 weights, 2 inputs,
 * 2 pointers that the loads themselves move on. 16 multiplications in 11 instructions. */
#define PAIR                                                                                       \
    "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                            \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                            \
    "smlad %[a0], %[x0], %[w0], %[a0]\n\t"                                                         \
    "smlad %[b0], %[x0], %[w1], %[b0]\n\t"                                                         \
    "smlad %[a1], %[x1], %[w0], %[a1]\n\t"                                                         \
    "smlad %[b1], %[x1], %[w1], %[b1]\n\t"                                                         \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                            \
    "smlad %[a2], %[x0], %[w0], %[a2]\n\t"                                                         \
    "smlad %[b2], %[x0], %[w1], %[b2]\n\t"                                                         \
    "smlad %[a3], %[x1], %[w0], %[a3]\n\t"                                                         \
    "smlad %[b3], %[x1], %[w1], %[b3]\n\t"

static inline sums_t dot(const uint32_t *x, const uint32_t *end, const uint32_t *w,
                         const ect_m4_channel_t *channel) {
    int32_t a0 = channel[0].bias;
    int32_t a1 = a0;
    int32_t a2 = a0;
    int32_t a3 = a0;
    int32_t b0 = channel[1].bias;
    int32_t b1 = b0;
    int32_t b2 = b0;
    int32_t b3 = b0;
    do {
        uint32_t x0;
        uint32_t x1;
        uint32_t w0;
        uint32_t w1;
        __asm__(PAIR PAIR PAIR PAIR
                : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0),
                  [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3), [x] "+r"(x), [w] "+r"(w),
                  [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1)
                :
                : "memory");
    } while (x != end);
    return (sums_t){.a = {a0, a1, a2, a3}, .b = {b0, b1, b2, b3}};
}

#else

static inline sums_t dot(const uint32_t *x, const uint32_t *end, const uint32_t *w,
                         const ect_m4_channel_t *channel) {
    sums_t sums;
    for (int32_t i = 0; i < PIXELS; ++i) {
        sums.a[i] = channel[0].bias;
        sums.b[i] = channel[1].bias;
    }
    for (; x != end; x += PIXELS, w += 2) {
        for (int32_t i = 0; i < PIXELS; ++i) {
            sums.a[i] = ect_smlad(x[i], w[0], sums.a[i]);
            sums.b[i] = ect_smlad(x[i], w[1], sums.b[i]);
        }
    }
    return sums;
}

#endif

static inline void write_pixels(const int32_t *sums, const ect_m4_channel_t *channel,
                                int32_t zero_point, int8_t *out) {
    const ect_m4_channel_t q = *channel;
    for (int32_t i = 0; i < PIXELS; ++i) {
        out[i] = ect_m4_output(sums[i], &q, zero_point);
    }
}

void ect_conv2d_1x1_s8_m4(const ect_conv2d_1x1_m4_t *p, const int8_t *in, const int32_t *weights,
                          const int32_t *channels, int8_t *out) {
    uint32_t tile[TILE_WORDS];
    const uint32_t *end = tile + PIXELS * p->pairs;
    for (int32_t i = PIXELS * (p->in_c / 2); i < PIXELS * p->pairs; ++i) {
        tile[i] = 0;
    }
    for (int32_t pixel = 0; pixel < p->pixels; pixel += PIXELS) {
        const ect_m4_channel_t *channel = (const ect_m4_channel_t *)channels;
        const uint32_t *w = (const uint32_t *)weights;
        int8_t *y = out + pixel;
        gather(p, in + pixel, tile);
        for (int32_t left = p->out_c; left > 0; left -= 2) {
            const sums_t sums = dot(tile, end, w, channel);
            write_pixels(sums.a, channel, p->out_zero_point, y);
            if (left > 1) {
                write_pixels(sums.b, channel + 1, p->out_zero_point, y + p->pixels);
            }
            w += 2 * p->pairs;
            channel += 2;
            y += 2 * p->pixels;
        }
    }
}
