/* A matrix product over the channels of a pixel; what its kernels have in common.
 *
 * Pixels are taken in blocks whose tile (see tile.h) fits the stack, a block in groups of four, a
 * group by two outputs at a time. Before a block's first output is written all it reads of the
 * input has been copied, and a word of the residual is read just before the output's is written. */
#ifndef ECTOPY_KERNELS_M4_PRODUCT_H
#define ECTOPY_KERNELS_M4_PRODUCT_H

#include "channel.h"
#include "fill.h"
#include "matrix.h"

/* From the input as it is, or times the gate. */
static inline void ect_fill_plain(const void *context, const ect_gather_t *to, int32_t pixel) {
    const ect_product_data_t *d = context;
    ect_gather_t from = *to;
    from.in = d->in + pixel;
    if (d->gate != NULL) {
        ect_gather_products(&from, &d->p->gate, d->gate);
    } else {
        ect_gather(&from);
    }
}

/* The group behind the last one. */
static inline void ect_place_group(ect_group_t *m, int32_t words) {
    m->group = m->end;
    m->end += words;
    m->rest = m->group + ECT_PIXELS * ECT_HELD_PAIRS;
    m->straight = (uintptr_t)m->end - ECT_STRAIGHT_PAIRS * ECT_PIXELS * sizeof *m->end;
}

/* All but the last of an odd number of outputs. */
static inline void ect_pairs_of_outputs(ect_group_t *m, const ect_conv2d_1x1_m4_t *p,
                                        const ect_product_data_t *d, int32_t stream_words) {
    m->stream = d->stream;
    m->stream_end = d->stream + p->out_c / 2 * stream_words;
    m->row = p->pixels;
    m->residual_from_out = (intptr_t)d->residual - (intptr_t)d->out;
}

/* Where the last of an odd number of outputs and what is computed beside it are. */
typedef struct {
    uint32_t out[2], residual[2];
} ect_last_t;

static inline void ect_last_output(ect_group_t *m, ect_last_t *last, int32_t at,
                                   int32_t stream_words) {
    m->stream = m->stream_end;
    m->stream_end = m->stream + stream_words;
    m->row = ECT_PIXELS;
    m->out = (int8_t *)last->out;
    if (m->residual != NULL) {
        last->residual[0] = ect_load_s8x4(m->residual + at);
        last->residual[1] = 0;
        m->residual = (const int8_t *)last->residual;
        m->residual_from_out = (intptr_t)last->residual - (intptr_t)last->out;
    }
}

/* Inside the kernel, so that a profile by functions shows its cycles under its name. */
static inline ECT_ALWAYS_INLINE void ect_product(const ect_product_data_t *d, ect_fill_t fill,
                                                 const void *context) {
    const ect_conv2d_1x1_m4_t *p = d->p;
    uint32_t tile[ECT_M4_TILE_WORDS];
    uint32_t saved[16];
    ect_last_t last;
    ect_gather_t from = {NULL, p->pixels, p->in_c, p->groups, ECT_PIXELS * p->pairs, tile};
    const int32_t stream_words = ECT_STREAM_WORDS(p->pairs);
    const int32_t odd = p->out_c % 2;
    ect_group_t group = {
        .enter = ECT_ENTER(p->pairs), .zero_point = p->out_zero_point, .constants = p->residual};
    ect_pairs_of_outputs(&group, p, d, stream_words);
    ect_save_floats(saved);
    for (int32_t i = 0; i < ECT_M4_TILE_WORDS && 2 * p->pairs > p->in_c + 1; ++i) {
        tile[i] = 0; /* gathering leaves the words of padding pairs as they are */
    }
    for (int32_t pixel = 0; pixel < p->pixels;) {
        const int32_t left = (p->pixels - pixel) / ECT_PIXELS;
        from.groups = left < p->groups ? left : p->groups;
        fill(context, &from, pixel);
        group.end = tile;
        for (int32_t i = 0; i < from.groups; ++i, pixel += ECT_PIXELS) {
            ect_place_group(&group, from.group_words);
            group.out = d->out + pixel;
            group.residual = d->residual != NULL ? d->residual + pixel : NULL;
            int32_t turn = p->out_c > 1 ? 0 : 1;
            do {
                if (turn == 1) {
                    ect_last_output(&group, &last, (p->out_c - 1) * p->pixels, stream_words);
                }
                ECT_GROUP_OUTPUTS(&group);
            } while (++turn <= odd);
            if (odd != 0) {
                ect_store_s8x4(d->out + pixel + (p->out_c - 1) * p->pixels, last.out[0]);
                ect_pairs_of_outputs(&group, p, d, stream_words);
            }
        }
    }
    ect_restore_floats(saved);
}

#endif /* ECTOPY_KERNELS_M4_PRODUCT_H */
