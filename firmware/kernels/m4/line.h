/* One row of a planar tensor, widened for SMLAD.
 *
 *   line: | zero points  8 | x[0] .. x[n-1] | zero points 16 |   halfwords, two in a word
 */
#ifndef ECTOPY_KERNELS_M4_LINE_H
#define ECTOPY_KERNELS_M4_LINE_H

#include "dsp.h"
#include "ectopy/kernels.h"

#define ECT_LINE_LEFT  4 /* words of padding before the first element: pads of up to 8 elements */
#define ECT_LINE_RIGHT 8
#define ECT_LINE_WORDS (ECT_LINE_LEFT + ECT_M4_MAX_ROW / 2 + ECT_LINE_RIGHT)

/* Four elements to two words. */
static inline void ect_widen_s8x4(const int8_t *x, uint32_t *words) {
    const uint32_t bytes = ect_load_s8x4(x);
    const uint32_t even = ect_sxtb16(bytes);
    const uint32_t odd = ect_sxtb16_ror8(bytes);
    words[0] = ect_pkhbt_lsl16(even, odd);
    words[1] = ect_pkhtb_asr16(odd, even);
}

/* `count` is a multiple of four. */
static inline void ect_fill_line(uint32_t *line, const int8_t *x, int32_t count,
                                 int32_t zero_point) {
    const uint32_t padding = ect_pkhbt_lsl16((uint32_t)zero_point, (uint32_t)zero_point);
    uint32_t *to = line + ECT_LINE_LEFT;
    for (int32_t i = 0; i < ECT_LINE_LEFT; ++i) {
        line[i] = padding;
    }
    const int8_t *end = x + count;
    for (; end - x >= 16; x += 16, to += 8) {
        ect_widen_s8x4(x, to);
        ect_widen_s8x4(x + 4, to + 2);
        ect_widen_s8x4(x + 8, to + 4);
        ect_widen_s8x4(x + 12, to + 6);
    }
    for (; x != end; x += 4, to += 2) {
        ect_widen_s8x4(x, to);
    }
    for (int32_t i = 0; i < ECT_LINE_RIGHT; ++i) {
        to[i] = padding;
    }
}

#endif /* ECTOPY_KERNELS_M4_LINE_H */
