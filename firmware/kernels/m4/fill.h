/* Where the blocks of pixels of a matrix product (product.h) come from. */
#ifndef ECTOPY_KERNELS_M4_FILL_H
#define ECTOPY_KERNELS_M4_FILL_H

#include <stddef.h>

#include "tile.h"

/* What a kernel was called with; `gate` and `residual` may be NULL. */
typedef struct {
    const ect_conv2d_1x1_m4_t *p;
    const int8_t *in, *gate, *residual;
    const uint32_t *stream;
    int8_t *out;
} ect_product_data_t;

/* Fills a tile with the pixels of `to` from `pixel` on, all channels. */
typedef void (*ect_fill_t)(const void *context, const ect_gather_t *to, int32_t pixel);

#endif /* ECTOPY_KERNELS_M4_FILL_H */
