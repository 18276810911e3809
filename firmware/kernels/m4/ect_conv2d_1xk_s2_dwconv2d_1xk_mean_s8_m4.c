#include "filter.h"
#include "row.h"

/* A channel at a time: what the first convolution makes of it is the line of the second. */
void ect_conv2d_1xk_s2_dwconv2d_1xk_mean_s8_m4(const ect_conv2d_1xk_s2_dwconv2d_1xk_m4_t *p,
                                               const int8_t *in, const int32_t *first,
                                               const int32_t *second, int8_t *out, int8_t *means) {
    uint32_t line[ECT_LINE_WORDS(ECT_M4_MAX_ROW)];
    uint32_t between[ECT_LINE_WORDS(ECT_M4_MAX_ROW / 2)];
    int16_t *to = (int16_t *)(between + ECT_LINE_LEFT);
    const ect_conv2d_1xk_s2_m4_t *conv = &p->conv;
    const ect_rows_t rows = ect_begin_rows(&p->depthwise, between);
    ect_pad_line(line, conv->in_w, conv->in_zero_point);
    ect_fill_line(line, in, conv->in_w);
    for (int32_t c = 0; c < conv->out_c; ++c) {
        int32_t unpacked[ECT_M4_LINEAR_WORDS(2)];
        const int32_t *filter = ect_constants(first, conv->packed, unpacked);
        ect_filter_halves(line + conv->first_word, filter, to, conv->out_w, NULL);
        ect_filter_row(&rows, &p->depthwise.mean, second, out, means);
        first += ect_words_of_line(1, conv->packed, 1);
        second += rows.words;
        out += rows.width;
        means += means != NULL ? 1 : 0;
    }
}
