#include "narrow.h"

void ect_conv2d_1x1_w8_s8_m4(const ect_conv2d_1x1_m4_t *p, const int8_t *in, const int8_t *gate,
                             const int8_t *residual, const int32_t *stream, int8_t *out) {
    const ect_product_data_t data = {p, in, gate, residual, (const uint32_t *)stream, out};
    ect_product_narrow(&data, ect_fill_narrow, &data);
}
