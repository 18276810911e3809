/* A filter of up to ten taps along a line, five words of them: output j is the sum over k of
 * taps[k] . x[j + k], written at out[j * step]. Four sums are under way: each word of x is loaded
 * once, ends one sum and begins the next.
 *
 *   x[j]:      0  1  2  3 | 4  5  6  7
 *   sum0       t0 t1 t2 t3  t4 t0 t1 t2
 *   sum1          t0 t1 t2  t3 t4 t0 t1
 *   sum2             t0 t1  t2 t3 t4 t0
 *   sum3                t0  t1 t2 t3 t4
 */
#ifndef ECTOPY_KERNELS_M4_FILTER_H
#define ECTOPY_KERNELS_M4_FILTER_H

#include "channel.h"
#include "dsp.h"

typedef struct {
    int32_t sum[4];
} ect_sums_t;

/* The sums of x[0] to x[3]. */
static inline ect_sums_t ect_begin_sums(const uint32_t *x, const uint32_t *taps, int32_t bias) {
    ect_sums_t begun;
    for (int32_t j = 0; j < 4; ++j) {
        begun.sum[j] = bias;
        for (int32_t k = 0; j + k < 4; ++k) {
            begun.sum[j] = ect_smlad(x[j + k], taps[k], begun.sum[j]);
        }
    }
    return begun;
}

/* Any channel. `count` is a multiple of four. */
static inline void ect_filter_any(const uint32_t *x, const uint32_t *taps,
                                  const ect_m4_channel_t *channel, int32_t zero_point, int8_t *out,
                                  int32_t step, int32_t count) {
    const ect_m4_channel_t q = *channel;
    for (int32_t j = 0; j < count; ++j) {
        int32_t sum = q.bias;
        for (int32_t k = 0; k < ECT_M4_TAP_WORDS; ++k) {
            sum = ect_smlad(x[j + k], taps[k], sum);
        }
        out[j * step] = ect_m4_output(sum, &q, zero_point);
    }
}

#if defined(__ARM_FEATURE_DSP)

/* Ends sum a, lets it begin again, and adds to b, c, d, from the youngest to the oldest. */
#define ECT_FILTER_STEP(a, b, c, d, shift, step)                                                   \
    "ldr %[x], [%[from]], #4\n\t"                                                                  \
    "smlad %[" #b "], %[x], %[t1], %[" #b "]\n\t"                                                  \
    "smlad %[" #c "], %[x], %[t2], %[" #c "]\n\t"                                                  \
    "smlad %[" #d "], %[x], %[t3], %[" #d "]\n\t"                                                  \
    "smlad %[" #a "], %[x], %[t4], %[" #a "]\n\t"                                                  \
    "smmlar %[" #a "], %[" #a "], %[multiplier], %[floor]\n\t"                                     \
    "ssat %[" #a "], #8, %[" #a "], asr #" #shift "\n\t"                                           \
    "strb %[" #a "], [%[to]], #" #step "\n\t"                                                      \
    "ldr %[" #a "], %[bias]\n\t"                                                                   \
    "smlad %[" #a "], %[x], %[t0], %[" #a "]\n\t"

/* By hand, because this takes all 14 registers and gcc spills taps: 4 sums, 5 taps, x, 2 pointers
 * that loads and stores move on, multiplier and offset. Ten instructions an output. */
#define ECT_FILTER_LOOP(shift, step)                                                               \
    do {                                                                                           \
        uint32_t next;                                                                             \
        __asm__(ECT_FILTER_STEP(s0, s3, s2, s1, shift, step)                                       \
                    ECT_FILTER_STEP(s1, s0, s3, s2, shift, step)                                   \
                        ECT_FILTER_STEP(s2, s1, s0, s3, shift, step)                               \
                            ECT_FILTER_STEP(s3, s2, s1, s0, shift, step)                           \
                : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [from] "+r"(from),   \
                  [to] "+r"(out), [x] "=&r"(next)                                                  \
                : [t0] "r"(t0), [t1] "r"(t1), [t2] "r"(t2), [t3] "r"(t3), [t4] "r"(t4),            \
                  [multiplier] "r"(multiplier), [floor] "r"(floor), [bias] "m"(bias)               \
                : "memory");                                                                       \
    } while (from != end)

#define ECT_FILTER_RELU(shift, step)                                                               \
    static ECT_NOINLINE void ect_filter_relu_##shift##_##step(                                     \
        const uint32_t *x, const uint32_t *taps, const ect_m4_channel_t *channel, int8_t *out,     \
        int32_t count) {                                                                           \
        const ect_sums_t begun = ect_begin_sums(x, taps, channel->bias);                           \
        const uint32_t t0 = taps[0], t1 = taps[1], t2 = taps[2], t3 = taps[3], t4 = taps[4];       \
        int32_t s0 = begun.sum[0], s1 = begun.sum[1], s2 = begun.sum[2], s3 = begun.sum[3];        \
        const int32_t bias = channel->bias, multiplier = channel->multiplier;                      \
        const int32_t floor = (1 << (shift - 1)) - (128 << shift);                                 \
        const uint32_t *from = x + 4;                                                              \
        const uint32_t *end = from + count;                                                        \
        ECT_FILTER_LOOP(shift, step);                                                              \
    }

#else

#define ECT_FILTER_RELU(shift, step)                                                               \
    static void ect_filter_relu_##shift##_##step(const uint32_t *x, const uint32_t *taps,          \
                                                 const ect_m4_channel_t *channel, int8_t *out,     \
                                                 int32_t count) {                                  \
        const int32_t floor = (1 << (shift - 1)) - (128 << shift);                                 \
        for (int32_t j = 0; j < count; ++j) {                                                      \
            int32_t sum = channel->bias;                                                           \
            for (int32_t k = 0; k < ECT_M4_TAP_WORDS; ++k) {                                       \
                sum = ect_smlad(x[j + k], taps[k], sum);                                           \
            }                                                                                      \
            const int32_t high = ect_smmlar(sum, channel->multiplier, floor);                      \
            out[j * step] = (int8_t)ect_ssat8(high >> shift);                                      \
        }                                                                                          \
    }

#endif

/* Defines ect_filter_line_<step>. Where the least output stands for zero (a ReLU), negative x
 * saturate whichever way they round, so x / 2^s + 1/2 rounded down is exact: requantization takes
 * two instructions, with s in the second. Hence a loop for each usual s. */
#define ECT_FILTER_LINE(step)                                                                      \
    ECT_FILTER_RELU(5, step)                                                                       \
    ECT_FILTER_RELU(6, step)                                                                       \
    ECT_FILTER_RELU(7, step)                                                                       \
    static inline void ect_filter_line_##step(const uint32_t *x, const uint32_t *taps,             \
                                              const ect_m4_channel_t *channel, int32_t zero_point, \
                                              int8_t *out, int32_t count) {                        \
        const int32_t rounding = zero_point == INT8_MIN ? channel->rounding : 0;                   \
        if (rounding == (1 << 27) + 1) {                                                           \
            ect_filter_relu_5_##step(x, taps, channel, out, count);                                \
        } else if (rounding == (1 << 26) + 1) {                                                    \
            ect_filter_relu_6_##step(x, taps, channel, out, count);                                \
        } else if (rounding == (1 << 25) + 1) {                                                    \
            ect_filter_relu_7_##step(x, taps, channel, out, count);                                \
        } else {                                                                                   \
            ect_filter_any(x, taps, channel, zero_point, out, step, count);                        \
        }                                                                                          \
    }

#endif /* ECTOPY_KERNELS_M4_FILTER_H */
