/* The product of product.h with weights as bytes: one copy for the kernels that fill its tile in
 * different ways. */
#ifndef ECTOPY_KERNELS_M4_NARROW_H
#define ECTOPY_KERNELS_M4_NARROW_H

#include "fill.h"

void ect_product_narrow(const ect_product_data_t *d, ect_fill_t fill, const void *context);

/* The context is ect_product_data_t: from the input, times the gate unless that is NULL. */
void ect_fill_narrow(const void *context, const ect_gather_t *to, int32_t pixel);

#endif /* ECTOPY_KERNELS_M4_NARROW_H */
