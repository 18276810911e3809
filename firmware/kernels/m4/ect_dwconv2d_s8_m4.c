#include "../ref/window.h"
#include "ectopy/kernels.h"
#include "pixels.h"

/* Four neighbouring channels: x and w of one tap are | c0 c1 c2 c3 |, as pairs | c0,c2 | c1,c3 |.
 * Registers: 4 sums, a pair and a word of each x and w, 2 pointers, 2 steps, taps left, the zero
 * point's pair. */
#define CHANNELS 4

typedef struct {
    int32_t rows, taps;           /* inside the input, at least one each */
    int32_t x_step, w_step;       /* bytes from tap to tap */
    int32_t x_row_gap, w_row_gap; /* and from behind the last tap of a row to the next row */
    uint32_t minus;               /* the zero point's */
} walk_t;

static ECT_NOINLINE void add_window(int32_t *restrict sums, const int8_t *x, const int8_t *w,
                                    const walk_t *restrict walk) {
    const int32_t x_step = walk->x_step;
    const int32_t w_step = walk->w_step;
    const uint32_t minus = walk->minus;
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
    for (int32_t rows = walk->rows; rows > 0; --rows) {
        for (int32_t taps = walk->taps; taps > 0; --taps) {
            const uint32_t distances = ect_load_s8x4(x);
            const uint32_t weights = ect_load_s8x4(w);
            const uint32_t even = ect_sxtab16(minus, distances);
            const uint32_t odd = ect_sxtab16_ror8(minus, distances);
            const uint32_t w_even = ect_sxtb16(weights);
            const uint32_t w_odd = ect_sxtb16_ror8(weights);
            sum0 = ect_smlabb(even, w_even, sum0);
            sum1 = ect_smlabb(odd, w_odd, sum1);
            sum2 = ect_smlatt(even, w_even, sum2);
            sum3 = ect_smlatt(odd, w_odd, sum3);
            x += x_step;
            w += w_step;
        }
        x += walk->x_row_gap;
        w += walk->w_row_gap;
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

static ECT_NOINLINE void write_outputs(const ect_dwconv2d_s8_t *restrict p, int32_t channel,
                                       const int32_t *restrict sums, int8_t *restrict out) {
    const int32_t zero_point = p->out_zero_point;
    const int32_t *multiplier = p->multiplier + channel;
    const int8_t *shift = p->shift + channel;
    for (int32_t i = 0; i < CHANNELS; ++i) {
        const ect_m4_channel_t of = ect_channel_of(multiplier[i], shift[i]);
        out[i] = ect_m4_output(2 * sums[i], &of, zero_point);
    }
}

/* Taps along one axis, without a division where all are inside. */
static inline ect_taps_t taps_at(int32_t origin, int32_t kernel, int32_t dilation, int32_t extent) {
    if (origin >= 0 && origin + (kernel - 1) * dilation < extent) {
        return (ect_taps_t){.first = 0, .end = kernel};
    }
    return ect_taps_inside(origin, kernel, dilation, extent);
}

/* All channels under one window; x and w are at its first tap inside the input. */
static void pixel(const ect_dwconv2d_s8_t *p, const int8_t *x, const int8_t *w, const int32_t *bias,
                  const walk_t *walk, int8_t *out) {
    for (int32_t channel = 0; channel < p->in_c; channel += CHANNELS) {
        int32_t sums[CHANNELS];
        memcpy(sums, bias + channel, sizeof sums);
        add_window(sums, x + channel, w + channel, walk);
        write_outputs(p, channel, sums, out + channel);
    }
}

void ect_dwconv2d_s8_m4(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                        const int32_t *bias, int8_t *out) {
    walk_t walk = {.x_step = p->dilation_w * p->in_c,
                   .w_step = p->in_c,
                   .minus = ect_minus_pair(p->in_zero_point)};
    for (int32_t y = 0; y < p->out_h; ++y) {
        const int32_t y0 = y * p->stride_h - p->pad_top;
        const ect_taps_t rows = taps_at(y0, p->kernel_h, p->dilation_h, p->in_h);
        const int32_t row = y0 + rows.first * p->dilation_h;
        walk.rows = rows.end - rows.first;
        for (int32_t x = 0; x < p->out_w; ++x) {
            const int32_t x0 = x * p->stride_w - p->pad_left;
            const ect_taps_t columns = taps_at(x0, p->kernel_w, p->dilation_w, p->in_w);
            const int32_t column = x0 + columns.first * p->dilation_w;
            const int32_t tap = rows.first * p->kernel_w + columns.first;
            walk.taps = columns.end - columns.first;
            walk.x_row_gap = p->dilation_h * p->in_w * p->in_c - walk.taps * walk.x_step;
            walk.w_row_gap = (p->kernel_w - walk.taps) * p->in_c;
            pixel(p, in + (row * p->in_w + column) * p->in_c, weights + tap * p->in_c, bias, &walk,
                  out);
            out += p->in_c;
        }
    }
}
