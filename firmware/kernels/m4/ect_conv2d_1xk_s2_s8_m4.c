#include "filter.h"
#include "line.h"

ECT_FILTER_LINE(1)

/* One input channel, read once; with stride 2 each output begins at the next word of it. */
void ect_conv2d_1xk_s2_s8_m4(const ect_conv2d_1xk_s2_m4_t *p, const int8_t *in, const int32_t *taps,
                             const int32_t *channels, int8_t *out) {
    uint32_t line[ECT_LINE_WORDS];
    const ect_m4_channel_t *channel = (const ect_m4_channel_t *)channels;
    const uint32_t *words = (const uint32_t *)taps;
    ect_fill_line(line, in, p->in_w, p->in_zero_point);
    for (int32_t c = 0; c < p->out_c; ++c) {
        ect_filter_line_1(line + p->first_word, words, channel, p->out_zero_point, out, p->out_w);
        words += ECT_M4_TAP_WORDS;
        ++channel;
        out += p->out_w;
    }
}
