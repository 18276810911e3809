#include "sum.h"

void ect_sub_s8_ref(const ect_add_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
    ect_sum_walk(p, a, b, out, -1);
}
