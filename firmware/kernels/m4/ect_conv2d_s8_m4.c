#include "../ref/window.h"
#include "ectopy/kernels.h"
#include "pixels.h"
#include "products.h"

/* The inputs under two windows, as distances d and e from the zero point (0 in padding):
 *     | d0,d2 | e0,e2 | d1,d3 | e1,e3 | d4,d6 | e4,e6 | ...
 * A filter's bytes in their order; SXTB16 brings four of them into that of the distances. Two
 * windows by two filters: each word is used twice. */
#define WINDOWS 2
#define WORDS   4 /* for four inputs under both windows */

static int8_t *copy(int8_t *restrict to, const int8_t *restrict from, int32_t count) {
    for (; count >= 4; count -= 4) {
        ect_store_s8x4(to, ect_load_s8x4(from));
        to += 4;
        from += 4;
    }
    for (; count > 0; --count) {
        *to++ = *from++;
    }
    return to;
}

/* Bytes of a row of taps, which begins `x0` pixels into the input's. */
static int8_t *gather_row(const ect_conv2d_s8_t *p, const int8_t *row, int32_t x0, int8_t *to) {
    const ect_taps_t inside = ect_taps_inside(x0, p->kernel_w, p->dilation_w, p->in_w);
    const int8_t *from = row + (x0 + inside.first * p->dilation_w) * p->in_c;
    to += inside.first * p->in_c;
    if (p->dilation_w == 1) {
        return copy(to, from, (inside.end - inside.first) * p->in_c);
    }
    for (int32_t kx = inside.first; kx < inside.end; ++kx) {
        to = copy(to, from, p->in_c);
        from += p->dilation_w * p->in_c;
    }
    return to;
}

static void gather(const ect_conv2d_s8_t *p, const int8_t *in, int32_t y0, int32_t x0, int8_t *to) {
    const int32_t row_bytes = p->kernel_w * p->in_c;
    const ect_taps_t rows = ect_taps_inside(y0, p->kernel_h, p->dilation_h, p->in_h);
    memset(to, p->in_zero_point, (size_t)((p->kernel_h * row_bytes + 3) & ~3));
    for (int32_t ky = rows.first; ky < rows.end; ++ky) {
        const int8_t *row = in + (y0 + ky * p->dilation_h) * p->in_w * p->in_c;
        gather_row(p, row, x0, to + ky * row_bytes);
    }
}

/* A planar row's taps, pixel after pixel. */
static void gather_planar(const ect_conv2d_s8_t *p, const int8_t *in, int32_t x0, int8_t *to) {
    const ect_taps_t inside = ect_taps_inside(x0, p->kernel_w, p->dilation_w, p->in_w);
    memset(to, p->in_zero_point, (size_t)((p->kernel_w * p->in_c + 3) & ~3));
    to += inside.first * p->in_c;
    for (int32_t kx = inside.first; kx < inside.end; ++kx) {
        const int8_t *from = in + x0 + kx * p->dilation_w;
        for (int32_t left = p->in_c; left > 0; --left) {
            *to++ = *from;
            from += p->in_w;
        }
    }
}

static void widen(const ect_conv2d_s8_t *p, const int8_t *from, int32_t words, uint32_t *x) {
    const uint32_t minus = ect_minus_pair(p->in_zero_point);
    for (; words > 0; --words) {
        const uint32_t word = ect_load_s8x4(from);
        x[0] = ect_sxtab16(minus, word);
        x[WINDOWS] = ect_sxtab16_ror8(minus, word);
        from += 4;
        x += WORDS;
    }
}

/* Whether a window lies in the input in one piece of whole words. */
static inline int32_t in_one_piece(const ect_conv2d_s8_t *p, int32_t x0) {
    const int32_t taps = p->kernel_w;
    return p->kernel_h == 1 && (taps == 1 || p->dilation_w == 1) && taps * p->in_c % 4 == 0 &&
           x0 >= 0 && x0 + taps <= p->in_w;
}

/* A single pixel of as many as there are outputs. */
static inline int32_t is_pixel(const ect_conv2d_s8_t *p) {
    return p->kernel_h * p->kernel_w == 1 && p->out_w == p->in_w && p->out_h == p->in_h &&
           p->in_c % 4 == 0;
}

static void read_window(const ect_conv2d_m4_t *m, const int8_t *in, int32_t pixel, uint32_t *x) {
    const ect_conv2d_s8_t *p = &m->conv;
    int8_t bytes[ECT_M4_MAX_DEPTH];
    if (!m->in_planar && is_pixel(p)) {
        widen(p, in + pixel * p->in_c, p->in_c / 4, x);
        return;
    }
    const int32_t row = pixel / p->out_w;
    const int32_t y0 = row * p->stride_h - p->pad_top;
    const int32_t x0 = (pixel - row * p->out_w) * p->stride_w - p->pad_left;
    const int8_t *from = in + (y0 * p->in_w + x0) * p->in_c;
    if (m->in_planar) {
        gather_planar(p, in, x0, bytes);
        from = bytes;
    } else if (!in_one_piece(p, x0)) {
        gather(p, in, y0, x0, bytes);
        from = bytes;
    }
    widen(p, from, (p->kernel_h * p->kernel_w * p->in_c + 3) / 4, x);
}

/* Both channels under both windows; the second of either may be the first again. */
static inline void write_outputs(const ect_conv2d_m4_t *restrict m, int32_t channel, int32_t next,
                                 const int32_t *restrict sums, int8_t *y, int32_t z) {
    const ect_conv2d_s8_t *p = &m->conv;
    const int32_t zero_point = p->out_zero_point;
    const int32_t step = m->out_planar ? p->out_h * p->out_w : 1;
    int8_t *first = y + channel * step;
    int8_t *second = y + next * step;
    ect_m4_channel_t of = ect_channel_of(p->multiplier[channel], p->shift[channel]);
    first[0] = ect_m4_output(2 * sums[0], &of, zero_point);
    first[z] = ect_m4_output(2 * sums[2], &of, zero_point);
    of = ect_channel_of(p->multiplier[next], p->shift[next]);
    second[0] = ect_m4_output(2 * sums[1], &of, zero_point);
    second[z] = ect_m4_output(2 * sums[3], &of, zero_point);
}

void ect_conv2d_s8_m4(const ect_conv2d_m4_t *m, const int8_t *in, const int8_t *weights,
                      const int32_t *bias, int8_t *out) {
    const ect_conv2d_s8_t *p = &m->conv;
    uint32_t x[ECT_M4_MAX_DEPTH / 4 * WORDS];
    const int32_t words = (p->kernel_h * p->kernel_w * p->in_c + 3) / 4;
    const int32_t pixels = p->out_h * p->out_w;
    const int32_t step = m->out_planar ? 1 : p->out_c;
    for (int32_t pixel = 0; pixel < pixels; pixel += WINDOWS) {
        const int32_t other = pixel + 1 < pixels ? 1 : 0;
        read_window(m, in, pixel, x);
        read_window(m, in, pixel + other, x + 1);
        for (int32_t channel = 0; channel < p->out_c; channel += 2) {
            const int32_t next = channel + 1 < p->out_c ? channel + 1 : channel;
            const int8_t *w = weights + channel * words * 4;
            int32_t sums[4] = {bias[channel], bias[next], bias[channel], bias[next]};
            ect_add_products(sums, x, x + words * WORDS, w, w + (next - channel) * words * 4);
            write_outputs(m, channel, next, sums, out, other * step);
        }
        out += WINDOWS * step;
    }
}
