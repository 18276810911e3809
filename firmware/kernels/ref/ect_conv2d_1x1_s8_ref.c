#include "ectopy/kernels.h"
#include "requantize.h"

/* The input zero point leaves the inner loop: sum(w * (x - z)) = sum(w * x) - z * sum(w). */
static int32_t offset_of_channel(const ect_conv2d_1x1_s8_t *restrict p, const int8_t *w,
                                 int32_t bias) {
    int32_t sum = 0;
    for (int32_t i = 0; i < p->in_c; ++i) {
        sum += w[i];
    }
    return bias - p->in_zero_point * sum;
}

static inline int8_t output_of(const ect_conv2d_1x1_s8_t *restrict p, int32_t channel,
                               int32_t acc) {
    const int32_t y = ect_requantize(acc, p->multiplier[channel], p->shift[channel]);
    return ect_clamp_s8(y + p->out_zero_point, p->clamp_min, p->clamp_max);
}

/* One channel of two neighbouring pixels. */
static ECT_NOINLINE void write_pair(const ect_conv2d_1x1_s8_t *restrict p, int32_t channel,
                                    int32_t acc0, int32_t acc1, int8_t *restrict y) {
    y[0] = output_of(p, channel, acc0);
    y[p->out_c] = output_of(p, channel, acc1);
}

/* Two pixels by two channels, so that every loaded byte is used twice. */
static void channel_pair(const ect_conv2d_1x1_s8_t *restrict p, int32_t channel, const int8_t *in,
                         const int8_t *w, const int32_t *offset, int8_t *out) {
    const int32_t depth = p->in_c;
    int32_t pixel = 0;
    for (; pixel + 2 <= p->pixels; pixel += 2) {
        const int8_t *x = in + pixel * depth;
        int32_t acc00 = offset[0];
        int32_t acc01 = offset[1];
        int32_t acc10 = offset[0];
        int32_t acc11 = offset[1];
        for (int32_t i = 0; i < depth; ++i) {
            const int32_t x0 = x[i];
            const int32_t x1 = x[i + depth];
            const int32_t w0 = w[i];
            const int32_t w1 = w[i + depth];
            acc00 += w0 * x0;
            acc01 += w1 * x0;
            acc10 += w0 * x1;
            acc11 += w1 * x1;
        }
        int8_t *y = out + pixel * p->out_c + channel;
        write_pair(p, channel, acc00, acc10, y);
        write_pair(p, channel + 1, acc01, acc11, y + 1);
    }
    for (; pixel < p->pixels; ++pixel) {
        const int8_t *x = in + pixel * depth;
        int32_t acc0 = offset[0];
        int32_t acc1 = offset[1];
        for (int32_t i = 0; i < depth; ++i) {
            acc0 += w[i] * x[i];
            acc1 += w[i + depth] * x[i];
        }
        int8_t *y = out + pixel * p->out_c + channel;
        y[0] = output_of(p, channel, acc0);
        y[1] = output_of(p, channel + 1, acc1);
    }
}

static void single_channel(const ect_conv2d_1x1_s8_t *restrict p, int32_t channel, const int8_t *in,
                           const int8_t *w, int32_t offset, int8_t *out) {
    for (int32_t pixel = 0; pixel < p->pixels; ++pixel) {
        const int8_t *x = in + pixel * p->in_c;
        int32_t acc = offset;
        for (int32_t i = 0; i < p->in_c; ++i) {
            acc += w[i] * x[i];
        }
        out[pixel * p->out_c + channel] = output_of(p, channel, acc);
    }
}

void ect_conv2d_1x1_s8_ref(const ect_conv2d_1x1_s8_t *p, const int8_t *in, const int8_t *weights,
                           const int32_t *bias, int8_t *out) {
    int32_t channel = 0;
    for (; channel + 2 <= p->out_c; channel += 2) {
        const int8_t *w = weights + channel * p->in_c;
        const int32_t offset[2] = {
            offset_of_channel(p, w, bias[channel]),
            offset_of_channel(p, w + p->in_c, bias[channel + 1]),
        };
        channel_pair(p, channel, in, w, offset, out);
    }
    if (channel < p->out_c) {
        const int8_t *w = weights + channel * p->in_c;
        single_channel(p, channel, in, w, offset_of_channel(p, w, bias[channel]), out);
    }
}
