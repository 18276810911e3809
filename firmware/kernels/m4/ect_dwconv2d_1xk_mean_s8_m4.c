#include "row.h"

/* A channel is a row, which is copied before any of its outputs is written. Rows that nobody wants
 * are written one over the other. */
void ect_dwconv2d_1xk_mean_s8_m4(const ect_dwconv2d_1xk_m4_t *p, const int8_t *in,
                                 const int32_t *constants, int8_t *out, int8_t *means) {
    uint32_t line[ECT_LINE_WORDS(ECT_M4_MAX_ROW)];
    int8_t unwanted[ECT_M4_MAX_ROW / 2];
    ect_rows_t rows = ect_begin_rows(p, line);
    const int32_t step = out != NULL ? rows.width : 0;
    if (out == NULL) {
        out = unwanted;
        rows.odd = (int8_t *)(line + ECT_LINE_LEFT);
    }
    for (int32_t c = 0; c < p->channels; ++c) {
        ect_fill_line(line, in, p->in_w);
        ect_filter_row(&rows, &p->mean, constants, out, means);
        in += p->in_w;
        constants += rows.words;
        out += step;
        means += means != NULL ? 1 : 0;
    }
}
