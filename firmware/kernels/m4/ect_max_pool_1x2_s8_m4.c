#include "dsp.h"
#include "ectopy/kernels.h"

/* Rows are even, so the windows of all rows are neighbours in memory. Eight elements:
 *
 *   a: | 0 1 2 3 |  b: | 4 5 6 7 |   low: | 0 1 4 5 |  high: | 2 3 6 7 |
 *   even: | 0 2 4 6 |  odd: | 1 3 5 7 |  out: the larger of both */
static inline uint32_t pool(uint32_t a, uint32_t b) {
    const uint32_t low = ect_pkhbt_lsl16(a, b);
    const uint32_t high = ect_pkhtb_asr16(b, a);
    const uint32_t even = ect_uxtb16(low) | (ect_uxtb16(high) << 8);
    const uint32_t odd = ect_uxtb16(low >> 8) | (high & 0xFF00FF00u);
    return ect_max_s8x4(even, odd);
}

void ect_max_pool_1x2_s8_m4(const ect_max_pool_1x2_m4_t *p, const int8_t *in, int8_t *out) {
    const int8_t *end = out + p->count;
    while (out != end) {
        ect_store_s8x4(out, pool(ect_load_s8x4(in), ect_load_s8x4(in + 4)));
        in += 8;
        out += 4;
    }
}
