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

/* Inside the kernel, so that a profile by functions shows its cycles under its name. */
static inline ECT_ALWAYS_INLINE void ect_product(const ect_product_data_t *d, ect_fill_t fill,
                                                 const void *context) {
    const ect_conv2d_1x1_m4_t *p = d->p;
    uint32_t tile[ECT_M4_TILE_WORDS];
    uint32_t saved[16];
    ect_gather_t from = {NULL, p->pixels, p->in_c, p->groups, ECT_PIXELS * p->pairs, tile};
    const int32_t fours = (p->pairs - ECT_HELD_PAIRS) / ECT_MORE_PAIRS;
    ect_group_t group = {.enter = fours == 0 ? -1 : fours % 2,
                         .stream = d->stream,
                         .row = p->pixels,
                         .left = p->out_c,
                         .zero_point = p->out_zero_point,
                         .constants = p->residual};
    ect_save_floats(saved);
    for (int32_t i = 0; i < ECT_M4_TILE_WORDS && 2 * p->pairs > p->in_c + 1; ++i) {
        tile[i] = 0; /* gathering leaves the words of padding pairs as they are */
    }
    for (int32_t pixel = 0; pixel < p->pixels;) {
        const int32_t left = (p->pixels - pixel) / ECT_PIXELS;
        from.groups = left < p->groups ? left : p->groups;
        fill(context, &from, pixel);
        group.group = tile;
        for (int32_t i = 0; i < from.groups; ++i) {
            group.rest = group.group + ECT_PIXELS * ECT_HELD_PAIRS;
            group.end = group.group + from.group_words;
            group.out = d->out + pixel;
            group.residual = d->residual != NULL ? d->residual + pixel : NULL;
            ECT_GROUP_OUTPUTS(group);
            group.group += from.group_words;
            pixel += ECT_PIXELS;
        }
    }
    ect_restore_floats(saved);
}

#endif /* ECTOPY_KERNELS_M4_PRODUCT_H */
