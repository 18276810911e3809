/* matrix.h in plain C. */
#ifndef ECTOPY_KERNELS_M4_MATRIX_TWIN_H
#define ECTOPY_KERNELS_M4_MATRIX_TWIN_H

#include <stdbool.h>
#include <stddef.h>

#include "channel.h"

static inline void ect_save_floats(uint32_t *saved) {
    (void)saved;
}

static inline void ect_restore_floats(const uint32_t *saved) {
    (void)saved;
}

/* Four outputs of one channel; their constants are | multiplier | rounding |. */
static inline void ect_write_pixels(const ect_group_t *g, const int32_t *doubled_sums,
                                    const uint32_t *constants, const int8_t *residual,
                                    int8_t *out) {
    int32_t y[ECT_PIXELS];
    for (int32_t i = 0; i < ECT_PIXELS; ++i) {
        y[i] = ect_m4_requantize(doubled_sums[i], (int32_t)constants[0], (int32_t)constants[1],
                                 g->zero_point);
    }
    if (residual != NULL) {
        const ect_residual_m4_t *r = &g->constants;
        const uint32_t word = ect_load_s8x4(residual);
        const uint32_t word02 = ect_raise02(word);
        const uint32_t word13 = ect_raise13(word);
        for (int32_t i = 0; i < ECT_PIXELS; ++i) {
            y[i] = y[i] * r->own_factor + r->offset;
        }
        y[0] = ect_ssat8_asr22(ect_smlawb(r->factor, word02, y[0]));
        y[1] = ect_ssat8_asr22(ect_smlawb(r->factor, word13, y[1]));
        y[2] = ect_ssat8_asr22(ect_smlawt(r->factor, word02, y[2]));
        y[3] = ect_ssat8_asr22(ect_smlawt(r->factor, word13, y[3]));
    }
    ect_store_s8x4(out, ect_pack_s8x4(y[0], y[1], y[2], y[3]));
}

static inline void ect_group_twin(ect_group_t *g, bool narrow) {
    const int8_t *residual = g->residual;
    for (const uint32_t *w = g->stream; w != g->stream_end; w += 4) {
        int32_t sums[2][ECT_PIXELS];
        for (int32_t i = 0; i < ECT_PIXELS; ++i) {
            sums[0][i] = (int32_t)w[0];
            sums[1][i] = (int32_t)w[1];
        }
        w += 2;
        for (const uint32_t *x = g->group; x != g->end; x += ECT_PIXELS, w += narrow ? 1 : 2) {
            const uint32_t w0 = narrow ? ect_sxtb16(w[0]) : w[0];
            const uint32_t w1 = narrow ? ect_sxtb16_ror8(w[0]) : w[1];
            for (int32_t i = 0; i < ECT_PIXELS; ++i) {
                sums[0][i] = ect_smlad(x[i], w0, sums[0][i]);
                sums[1][i] = ect_smlad(x[i], w1, sums[1][i]);
            }
        }
        for (int32_t i = 0; i < 2 * ECT_PIXELS && narrow; ++i) {
            sums[i / ECT_PIXELS][i % ECT_PIXELS] *= 2;
        }
        for (int32_t i = 0; i < 2; ++i) {
            ect_write_pixels(g, sums[i], w + 2 * i, residual, g->out);
            g->out += g->row;
            residual = residual != NULL ? residual + g->row : NULL;
        }
    }
}

static inline int32_t ect_enter_wide(int32_t pairs) {
    return pairs;
}

static inline int32_t ect_enter_narrow(int32_t pairs) {
    return pairs;
}

static inline void ect_group_wide(ect_group_t *g) {
    ect_group_twin(g, false);
}

static inline void ect_group_narrow(ect_group_t *g) {
    ect_group_twin(g, true);
}

#endif /* ECTOPY_KERNELS_M4_MATRIX_TWIN_H */
