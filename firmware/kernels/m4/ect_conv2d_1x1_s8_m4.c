#if defined(__ARM_FEATURE_DSP)
#pragma GCC target("general-regs-only") /* matrix.h keeps its inputs in the others */
#endif

#define ECT_GROUP_OUTPUTS       ect_group_wide
#define ECT_ENTER               ect_enter_wide
#define ECT_STREAM_WORDS(pairs) (2 + 2 * (pairs) + 4)
#include "product.h"

void ect_conv2d_1x1_s8_m4(const ect_conv2d_1x1_m4_t *p, const int8_t *in, const int8_t *gate,
                          const int8_t *residual, const int32_t *stream, int8_t *out) {
    const ect_product_data_t data = {p, in, gate, residual, (const uint32_t *)stream, out};
    ect_product(&data, ect_fill_plain, &data);
}
