/* Planar int8 to what the matrix product reads: channel pairs of four neighbouring pixels.
 *
 *   group: | c0,c1 of t0 | c0,c1 of t1 | c0,c1 of t2 | c0,c1 of t3 | c2,c3 of t0 | ...
 *   tile:  | group of t0..t3 | group of t4..t7 | ...
 *
 * The last of an odd number of channels is its own partner; that weight is zero. */
#ifndef ECTOPY_KERNELS_M4_TILE_H
#define ECTOPY_KERNELS_M4_TILE_H

#include <stdbool.h>

#include "dsp_scale.h"
#include "ectopy/kernels.h"

#define ECT_PIXELS 4 /* of a group */

/* Where a tile comes from and goes to. */
typedef struct {
    const int8_t *in; /* the first pixel of the first channel */
    int32_t row;      /* bytes from channel to channel */
    int32_t in_c;
    int32_t groups;
    int32_t group_words;
    uint32_t *tile;
} ect_gather_t;

/* Four pixels of two channels to four words. */
static inline void ect_interleave(uint32_t a, uint32_t b, uint32_t *words) {
    const uint32_t a02 = ect_sxtb16(a);
    const uint32_t a13 = ect_sxtb16_ror8(a);
    const uint32_t b02 = ect_sxtb16(b);
    const uint32_t b13 = ect_sxtb16_ror8(b);
    words[0] = ect_pkhbt_lsl16(a02, b02);
    words[1] = ect_pkhbt_lsl16(a13, b13);
    words[2] = ect_pkhtb_asr16(b02, a02);
    words[3] = ect_pkhtb_asr16(b13, a13);
}

static ECT_NOINLINE ECT_UNUSED void ect_gather(const ect_gather_t *g) {
    for (int32_t c = 0; c < g->in_c; c += 2) {
        const int8_t *a = g->in + c * g->row;
        const int8_t *b = c + 1 < g->in_c ? a + g->row : a;
        uint32_t *words = g->tile + ECT_PIXELS / 2 * c;
        for (int32_t left = g->groups; left > 0; --left) {
            ect_interleave(ect_load_s8x4(a), ect_load_s8x4(b), words);
            a += ECT_PIXELS;
            b += ECT_PIXELS;
            words += g->group_words;
        }
    }
}

/* x times the gate of its channel is (x * 256 * factor / 2^16 + offset) / 2^16, each quotient
 * rounded down. */
typedef struct {
    int32_t factor, offset;
} ect_gain_t;

static inline ect_gain_t ect_gain(const ect_gate_m4_t *p, int32_t gate) {
    const int32_t factor = ect_smmulr((gate - p->gate_zero_point) * (1 << 20), p->factor);
    const uint32_t zero_point = (uint32_t)p->in_zero_point << 8;
    return (ect_gain_t){factor, p->offset - ect_smlawb(factor, zero_point, 0)};
}

static inline uint32_t ect_products(int32_t a, int32_t b) {
    return ect_ssat16_8(ect_pkhtb_asr16((uint32_t)b, (uint32_t)a));
}

/* As ect_interleave, of products: the wanted byte is in the high half of a sum. */
static inline void ect_interleave_products(uint32_t a, uint32_t b, ect_gain_t of_a, ect_gain_t of_b,
                                           uint32_t *words) {
    const uint32_t a02 = ect_raise02(a);
    const uint32_t a13 = ect_raise13(a);
    const uint32_t b02 = ect_raise02(b);
    const uint32_t b13 = ect_raise13(b);
    words[0] = ect_products(ect_smlawb(of_a.factor, a02, of_a.offset),
                            ect_smlawb(of_b.factor, b02, of_b.offset));
    words[1] = ect_products(ect_smlawb(of_a.factor, a13, of_a.offset),
                            ect_smlawb(of_b.factor, b13, of_b.offset));
    words[2] = ect_products(ect_smlawt(of_a.factor, a02, of_a.offset),
                            ect_smlawt(of_b.factor, b02, of_b.offset));
    words[3] = ect_products(ect_smlawt(of_a.factor, a13, of_a.offset),
                            ect_smlawt(of_b.factor, b13, of_b.offset));
}

static ECT_NOINLINE ECT_UNUSED void
ect_gather_products(const ect_gather_t *g, const ect_gate_m4_t *p, const int8_t *gate) {
    const ect_gate_m4_t constants = *p;
    const int32_t columns = ECT_PIXELS * g->groups;
    const int32_t row = g->row;
    const int32_t group_words = g->group_words;
    const int8_t *last = gate + g->in_c - 1;
    const int8_t *a = g->in;
    for (uint32_t *tile = g->tile; gate <= last; tile += ECT_PIXELS, gate += 2) {
        const bool alone = gate == last;
        const int8_t *b = alone ? a : a + row;
        const int8_t *next = a + 2 * row;
        const ect_gain_t of_a = ect_gain(&constants, gate[0]);
        const ect_gain_t of_b = alone ? of_a : ect_gain(&constants, gate[1]);
        uint32_t *words = tile;
        for (const int8_t *end = a + columns; a != end; words += group_words) {
            ect_interleave_products(ect_load_s8x4(a), ect_load_s8x4(b), of_a, of_b, words);
            a += ECT_PIXELS;
            b += ECT_PIXELS;
        }
        a = next;
    }
}

#endif /* ECTOPY_KERNELS_M4_TILE_H */
