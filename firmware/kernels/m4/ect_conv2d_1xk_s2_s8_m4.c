#include <stddef.h>

#include "filter.h"
#include "line.h"
#include "unpack.h"

/* One input channel, read once; with stride 2 each output begins at the next word of it. */
void ect_conv2d_1xk_s2_s8_m4(const ect_conv2d_1xk_s2_m4_t *p, const int8_t *in,
                             const int32_t *constants, int8_t *out) {
    uint32_t line[ECT_LINE_WORDS(ECT_M4_MAX_ROW)];
    int32_t unpacked[ECT_M4_LINEAR_WORDS(2)];
    const uint32_t *x = line + p->first_word;
    const int32_t words = ect_words_of_line(p->linear, p->packed, 1);
    ect_pad_line(line, p->in_w, p->in_zero_point);
    ect_fill_line(line, in, p->in_w);
    for (int32_t c = 0; c < p->out_c; ++c) {
        const int32_t *filter = ect_constants(constants, p->packed, unpacked);
        if (p->linear) {
            ect_filter_bytes(x, filter, out, p->out_w, NULL);
        } else {
            ect_filter_any_bytes(x, filter, out, p->out_w, NULL);
        }
        constants += words;
        out += p->out_w;
    }
}
