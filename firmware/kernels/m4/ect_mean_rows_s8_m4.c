#include "sum.h"

void ect_mean_rows_s8_m4(const ect_mean_rows_m4_t *p, const int8_t *in, int8_t *out) {
    for (int32_t row = 0; row < p->rows; ++row) {
        out[row] = (int8_t)ect_mean_of_row(&p->mean, ect_sum_row(in, p->count));
        in += p->count;
    }
}
