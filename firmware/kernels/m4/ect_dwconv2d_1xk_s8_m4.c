#include "filter.h"
#include "line.h"

ECT_FILTER_LINE(2)

/* A channel is a row; outputs at even and at odd places read the same words of it, with their taps
 * shifted by one halfword (the compiler packs both). The row is copied before any of its outputs
 * is written. */
void ect_dwconv2d_1xk_s8_m4(const ect_dwconv2d_1xk_m4_t *p, const int8_t *in, const int32_t *taps,
                            const int32_t *channels, int8_t *out) {
    uint32_t line[ECT_LINE_WORDS];
    const ect_m4_channel_t *channel = (const ect_m4_channel_t *)channels;
    const uint32_t *words = (const uint32_t *)taps;
    for (int32_t c = 0; c < p->channels; ++c) {
        ect_fill_line(line, in, p->in_w, p->in_zero_point);
        for (int32_t odd = 0; odd < 2; ++odd) {
            ect_filter_line_2(line + p->first_word, words, channel, p->out_zero_point, out + odd,
                              p->out_w / 2);
            words += ECT_M4_TAP_WORDS;
        }
        ++channel;
        in += p->in_w;
        out += p->out_w;
    }
}
