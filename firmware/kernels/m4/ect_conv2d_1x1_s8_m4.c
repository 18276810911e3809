#include "channel.h"
#include "dsp.h"

/* A tile is four neighbouring pixels, each channel pair of a pixel in one word:
 *
 *   tile: | c0,c1 of t0 | c0,c1 of t1 | c0,c1 of t2 | c0,c1 of t3 | c2,c3 of t0 | ...
 *
 * Four pixels by two outputs are summed together. All that two outputs need is one stream:
 *
 *   | bias o | bias o+1 | o: c0,c1 | o+1: c0,c1 | o: c2,c3 | o+1: c2,c3 | ...
 *   | multiplier o | rounding o | multiplier o+1 | rounding o+1 | */
#define PIXELS     4
#define BLOCK      4 /* channel pairs taken together; the compiler pads with zero weights */
#define TILE_WORDS (PIXELS * ECT_M4_MAX_PAIRS)

/* Four pixels of two channels to four words. */
static inline void interleave(uint32_t a, uint32_t b, uint32_t *words) {
    const uint32_t a02 = ect_sxtb16(a);
    const uint32_t a13 = ect_sxtb16_ror8(a);
    const uint32_t b02 = ect_sxtb16(b);
    const uint32_t b13 = ect_sxtb16_ror8(b);
    words[0] = ect_pkhbt_lsl16(a02, b02);
    words[1] = ect_pkhbt_lsl16(a13, b13);
    words[2] = ect_pkhtb_asr16(b02, a02);
    words[3] = ect_pkhtb_asr16(b13, a13);
}

/* Reads the tile's column of every channel; the words of padding pairs stay as they are. */
static inline void gather(const int8_t *in, int32_t pixels, int32_t in_c, uint32_t *tile) {
    uint32_t *end = tile + PIXELS * (in_c / 2);
    while (tile != end) {
        const uint32_t a = ect_load_s8x4(in);
        in += pixels;
        interleave(a, ect_load_s8x4(in), tile);
        in += pixels;
        tile += PIXELS;
    }
    if (in_c % 2 != 0) {
        interleave(ect_load_s8x4(in), 0, tile);
    }
}

#if defined(__ARM_FEATURE_DSP)

/* By hand, because this takes all 14 registers and gcc spills sums: 8 sums, 2 weights, 2 inputs,
 * 2 pointers that the loads themselves move on. 16 multiplications in 11 instructions. The first
 * pair takes the biases from the last sums. */
#define PAIR_FROM(a0, a1, a2, b0, b1, b2)                                                          \
    "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                            \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                            \
    "smlad %[a0], %[x0], %[w0], %[" #a0 "]\n\t"                                                    \
    "smlad %[b0], %[x0], %[w1], %[" #b0 "]\n\t"                                                    \
    "smlad %[a1], %[x1], %[w0], %[" #a1 "]\n\t"                                                    \
    "smlad %[b1], %[x1], %[w1], %[" #b1 "]\n\t"                                                    \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                            \
    "smlad %[a2], %[x0], %[w0], %[" #a2 "]\n\t"                                                    \
    "smlad %[b2], %[x0], %[w1], %[" #b2 "]\n\t"                                                    \
    "smlad %[a3], %[x1], %[w0], %[a3]\n\t"                                                         \
    "smlad %[b3], %[x1], %[w1], %[b3]\n\t"
#define FIRST_PAIR  PAIR_FROM(a3, a3, a3, b3, b3, b3)
#define PAIR        PAIR_FROM(a0, a1, a2, b0, b1, b2)
#define TEMPORARIES [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1)
#define MORE(pairs)                                                                                \
    __asm__(pairs                                                                                  \
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0),           \
              [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3), [x] "+r"(x), [w] "+r"(w), TEMPORARIES   \
            :                                                                                      \
            : "memory")

static inline const uint32_t *sum_up(const uint32_t *x, int32_t pairs, const uint32_t *w,
                                     int32_t *a, int32_t *b) {
    const uint32_t *end = x + PIXELS * pairs;
    int32_t a0, a1, a2, b0, b1, b2;
    int32_t a3 = (int32_t)w[0];
    int32_t b3 = (int32_t)w[1];
    uint32_t x0, x1, w0, w1;
    w += 2;
    __asm__(FIRST_PAIR PAIR PAIR PAIR
            : [a0] "=&r"(a0), [a1] "=&r"(a1), [a2] "=&r"(a2), [a3] "+r"(a3), [b0] "=&r"(b0),
              [b1] "=&r"(b1), [b2] "=&r"(b2), [b3] "+r"(b3), [x] "+r"(x), [w] "+r"(w), TEMPORARIES
            :
            : "memory");
    if (pairs % (2 * BLOCK) == 0) {
        MORE(PAIR PAIR PAIR PAIR);
    }
    while (x != end) {
        MORE(PAIR PAIR PAIR PAIR PAIR PAIR PAIR PAIR);
    }
    a[0] = a0, a[1] = a1, a[2] = a2, a[3] = a3;
    b[0] = b0, b[1] = b1, b[2] = b2, b[3] = b3;
    return w;
}

#else

static inline const uint32_t *sum_up(const uint32_t *x, int32_t pairs, const uint32_t *w,
                                     int32_t *a, int32_t *b) {
    for (int32_t i = 0; i < PIXELS; ++i) {
        a[i] = (int32_t)w[0];
        b[i] = (int32_t)w[1];
    }
    w += 2;
    for (; pairs > 0; --pairs, x += PIXELS, w += 2) {
        for (int32_t i = 0; i < PIXELS; ++i) {
            a[i] = ect_smlad(x[i], w[0], a[i]);
            b[i] = ect_smlad(x[i], w[1], b[i]);
        }
    }
    return w;
}

#endif

static inline void write_pixels(const int32_t *sums, const uint32_t *constants, int32_t zero_point,
                                int8_t *out) {
    const int32_t multiplier = (int32_t)constants[0];
    const int32_t rounding = (int32_t)constants[1];
    int32_t y[PIXELS];
    for (int32_t i = 0; i < PIXELS; ++i) {
        y[i] = ect_m4_requantize(sums[i], multiplier, rounding, zero_point);
    }
    ect_store_s8x4(out, ect_pack_s8x4(y[0], y[1], y[2], y[3]));
}

void ect_conv2d_1x1_s8_m4(const ect_conv2d_1x1_m4_t *p, const int8_t *in, const int32_t *stream,
                          int8_t *out) {
    uint32_t tile[TILE_WORDS];
    const int32_t pixels = p->pixels;
    const int32_t zero_point = p->out_zero_point;
    for (int32_t i = PIXELS * (p->in_c / 2); i < PIXELS * p->pairs; ++i) {
        tile[i] = 0;
    }
    for (int32_t pixel = 0; pixel < pixels; pixel += PIXELS) {
        const uint32_t *w = (const uint32_t *)stream;
        int8_t *y = out + pixel;
        gather(in + pixel, pixels, p->in_c, tile);
        for (int32_t left = p->out_c; left > 0; left -= 2) {
            int32_t a[PIXELS];
            int32_t b[PIXELS];
            w = sum_up(tile, p->pairs, w, a, b);
            write_pixels(a, w, zero_point, y);
            y += pixels;
            if (left > 1) {
                write_pixels(b, w + 2, zero_point, y);
            }
            y += pixels;
            w += 4;
        }
    }
}
