/* Planar int8 to what the matrix product reads: channel pairs of four neighbouring pixels.
 *
 *   group: | c0,c1 of t0 | c0,c1 of t1 | c0,c1 of t2 | c0,c1 of t3 | c2,c3 of t0 | ...
 *   tile:  | group of t0..t3 | group of t4..t7 | ...
 *
 * The last of an odd number of channels is its own partner; that weight is zero. */
#ifndef ECTOPY_KERNELS_M4_TILE_H
#define ECTOPY_KERNELS_M4_TILE_H

#include "gate.h"

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

#endif /* ECTOPY_KERNELS_M4_TILE_H */
