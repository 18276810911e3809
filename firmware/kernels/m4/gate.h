/* The tile of tile.h, of pixels times the gate of their channel. */
#ifndef ECTOPY_KERNELS_M4_GATE_H
#define ECTOPY_KERNELS_M4_GATE_H

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

/* Each product is requantized and saturated; arithmetic: gate.c. */
void ect_gather_products(const ect_gather_t *g, const ect_gate_m4_t *p, const int8_t *gate);

#endif /* ECTOPY_KERNELS_M4_GATE_H */
