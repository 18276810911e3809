#if defined(__ARM_FEATURE_DSP)
#pragma GCC target("general-regs-only") /* matrix.h keeps its inputs in the others */
#endif

#include "narrow.h"

#define ECT_GROUP_OUTPUTS       ect_group_narrow
#define ECT_ENTER               ect_enter_narrow
#define ECT_STREAM_WORDS(pairs) (2 + (pairs) + 4)
#include "product.h"

void ect_product_narrow(const ect_product_data_t *d, ect_fill_t fill, const void *context) {
    ect_product(d, fill, context);
}

void ect_fill_narrow(const void *context, const ect_gather_t *to, int32_t pixel) {
    ect_fill_plain(context, to, pixel);
}
