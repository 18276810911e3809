/* Rows filtered block by block of their pixels, straight into the tile of a matrix product.
 *
 *   line: | not read 4 | 4 of the block before | block | up to 8 of the next | zero points |
 *
 * As line.h has it, of a piece of a row. Outputs may have been written over the block before, so
 * the last word of each channel is kept, behind the groups of the tile. */
#include <stdbool.h>

#include "filter.h"
#include "line.h"
#include "narrow.h"
#include "unpack.h"

#define MAX_BLOCK (4 * ECT_M4_AGAIN_GROUPS)

typedef struct {
    const ect_dwconv2d_1xk_conv2d_1x1_m4_t *p;
    const int8_t *in, *gate;
    const int32_t *constants;
    uint32_t *line;
} again_t;

/* One channel of a block of `count` pixels, whose line is padded if it is the last. */
static ECT_NOINLINE void filter(const again_t *a, int32_t c, int32_t pixel, int32_t count,
                                uint32_t *before, int8_t *out) {
    const int8_t *x = a->in + c * a->p->product.pixels + pixel;
    const bool last = pixel + count == a->p->product.pixels;
    int32_t constants[ECT_M4_LINEAR_WORDS(2)];
    ect_unpack_filter(a->constants + c * ECT_M4_PACKED_WORDS, constants);
    ect_widen_row(a->line + ECT_LINE_LEFT / 2, (const int8_t *)before, 4);
    ect_fill_line(a->line, x, last ? count : count + 8);
    *before = ect_load_s8x4(x + count - 4);
    ect_filter_every_other(a->line + a->p->first_word, constants, out, count / 2, out + 1);
}

static void fill(const void *context, const ect_gather_t *to, int32_t pixel) {
    const again_t *a = context;
    const int32_t count = ECT_PIXELS * to->groups;
    const int32_t channels = to->in_c;
    uint32_t *before = to->tile + ECT_M4_TILE_WORDS - ECT_M4_MAX_AGAIN;
    int8_t pair[2 * MAX_BLOCK];
    ect_gather_t from = *to;
    from.in = pair;
    from.row = count;
    ect_pad_line(a->line, count, a->p->in_zero_point);
    for (int32_t c = 0; c < channels && pixel == 0; ++c) {
        before[c] = (uint8_t)a->p->in_zero_point * 0x01010101u;
    }
    for (int32_t c = 0; c < channels; c += 2, from.tile += ECT_PIXELS) {
        from.in_c = c + 1 < channels ? 2 : 1;
        for (int32_t i = 0; i < from.in_c; ++i) {
            filter(a, c + i, pixel, count, before + c + i, pair + i * count);
        }
        ect_gather_products(&from, &a->p->product.gate, a->gate + c);
    }
}

void ect_dwconv2d_1xk_conv2d_1x1_w8_s8_m4(const ect_dwconv2d_1xk_conv2d_1x1_m4_t *p,
                                          const int8_t *in, const int8_t *gate,
                                          const int32_t *constants, const int32_t *stream,
                                          int8_t *out) {
    uint32_t line[ECT_LINE_WORDS(MAX_BLOCK)];
    const ect_product_data_t data = {&p->product, in, gate, in, (const uint32_t *)stream, out};
    const again_t again = {p, in, gate, constants, line};
    ect_product_narrow(&data, fill, &again);
}
