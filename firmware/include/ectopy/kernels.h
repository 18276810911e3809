/* Int8 kernels. One function per file of the same name under kernels/.
 *
 * Common to all:
 *  - Activations are NHWC int8 with batch 1; real = scale * (q - zero_point). Zero points are true
 *    ones, in [-128, 127]; padding stands for the input zero point.
 *  - `multiplier` and `shift` are TFLite's: real factor = multiplier * 2^(shift - 31), multiplier
 * in [0, 2^31), shift positive to the left. Requantization is the double rounding form of the
 *    TFLite reference kernels; outputs equal theirs bit for bit.
 *  - Dimensions and constants are trusted: the compiler (tools/ectopy/aot) checks them once, on
 *    the host, and proves that |accumulator| * 2^max(shift, 0) < 2^31, and < 2^30 for kernels of
 *    kernels/m4; where it is not and the shift is negative, 96 is added to the shift (see
 *    kernels/ref/requantize.h). So nothing can fail at run time and kernels return nothing.
 *  - `out` must not overlap any input unless a kernel says otherwise. No alignment is needed. */
#ifndef ECTOPY_KERNELS_H
#define ECTOPY_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "ectopy/kernels_bytes.h"

typedef struct {
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_left;
    int32_t in_zero_point, out_zero_point;
    int32_t clamp_min, clamp_max; /* fused activation, within [-128, 127] */
    const int32_t *multiplier;    /* [out_c] */
    const int8_t *shift;          /* [out_c] */
} ect_conv2d_s8_t;

/* 2-D convolution. weights: OHWI int8 [out_c][kernel_h][kernel_w][in_c], symmetric.
 * bias: int32 [out_c]. Arithmetic: TFLite reference_integer_ops::ConvPerChannel. */
void ect_conv2d_s8_ref(const ect_conv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                       const int32_t *bias, int8_t *out);

typedef struct {
    int32_t pixels; /* height * width, the same before and after */
    int32_t in_c, out_c;
    int32_t in_zero_point, out_zero_point;
    int32_t clamp_min, clamp_max;
    const int32_t *multiplier; /* [out_c] */
    const int8_t *shift;       /* [out_c] */
} ect_conv2d_1x1_s8_t;

/* Convolution of kernel 1x1 and stride 1: a matrix product. weights: int8 [out_c][in_c].
 * bias: int32 [out_c]. Arithmetic: as ect_conv2d_s8_ref. */
void ect_conv2d_1x1_s8_ref(const ect_conv2d_1x1_s8_t *p, const int8_t *in, const int8_t *weights,
                           const int32_t *bias, int8_t *out);

typedef struct {
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w;
    int32_t depth_multiplier; /* output channels = in_c * depth_multiplier */
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_left;
    int32_t in_zero_point, out_zero_point;
    int32_t clamp_min, clamp_max;
    const int32_t *multiplier; /* [out channels] */
    const int8_t *shift;       /* [out channels] */
} ect_dwconv2d_s8_t;

/* Depthwise convolution, any depth multiplier. weights: int8 [kernel_h][kernel_w][out channels].
 * bias: int32 [out channels]. Arithmetic: TFLite reference_integer_ops::DepthwiseConvPerChannel. */
void ect_dwconv2d_s8_ref(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                         const int32_t *bias, int8_t *out);

/* The same for depth_multiplier == 1, which lets neighbouring channels be computed together. */
void ect_dwconv2d_m1_s8_ref(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                            const int32_t *bias, int8_t *out);

typedef struct {
    int32_t in_h, in_w, channels;
    int32_t out_h, out_w;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t pad_top, pad_left;
    int32_t clamp_min, clamp_max;
} ect_max_pool_s8_t;

/* Maximum over the part of each window inside the input; scale and zero point stay.
 * Every window covers at least one input pixel. Arithmetic: TFLite reference_integer_ops::MaxPool.
 */
void ect_max_pool_s8_ref(const ect_max_pool_s8_t *p, const int8_t *in, int8_t *out);

/* Average over the same part, to nearest, ties away from the byte 0; scale and zero point stay.
 * Arithmetic: TFLite reference_integer_ops::AveragePool. */
void ect_average_pool_s8_ref(const ect_max_pool_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
    int32_t outer, reduced, inner; /* in: [outer][reduced][inner], out: [outer][inner] */
    int32_t in_zero_point, out_zero_point;
    int32_t multiplier, shift; /* 1 / reduced is part of them */
} ect_mean_s8_t;

/* Mean over one run of neighbouring dimensions. Arithmetic: TFLite
 * reference_ops::QuantizedMeanOrSum, where the division by the count is folded into the multiplier
 * (the compiler does that). */
void ect_mean_s8_ref(const ect_mean_s8_t *p, const int8_t *in, int8_t *out);

#define ECT_BROADCAST_DIMS 4

/* Walk of two operands with numpy broadcasting: element steps per dimension, 0 where an operand is
 * repeated. Unused leading dimensions have extent 1. The output is dense. */
typedef struct {
    int32_t extent[ECT_BROADCAST_DIMS];
    int32_t a_step[ECT_BROADCAST_DIMS];
    int32_t b_step[ECT_BROADCAST_DIMS];
} ect_broadcast_t;

typedef struct {
    ect_broadcast_t walk;
    int32_t a_zero_point, b_zero_point, out_zero_point;
    int32_t multiplier, shift;
    int32_t clamp_min, clamp_max;
} ect_mul_s8_t;

/* out = a * b. `out` may be the same address as an operand that is not repeated by broadcasting.
 * Arithmetic: TFLite reference_integer_ops::MulElementwise. */
void ect_mul_s8_ref(const ect_mul_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
    ect_broadcast_t walk;
    int32_t a_zero_point, b_zero_point, out_zero_point;
    int32_t a_multiplier, a_shift; /* shifts <= 0 */
    int32_t b_multiplier, b_shift;
    int32_t out_multiplier, out_shift;
    int32_t clamp_min, clamp_max;
} ect_add_s8_t;

/* out = a + b: both operands are brought to a common scale with 20 bits of headroom, added and
 * brought to the output scale. `out` may be the same address as an operand that is not repeated by
 * broadcasting. Arithmetic: TFLite reference_integer_ops::AddFunc. */
void ect_add_s8_ref(const ect_add_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out);

/* out = a - b, otherwise as ect_add_s8_ref. Arithmetic: TFLite reference_ops::SubElementwise. */
void ect_sub_s8_ref(const ect_add_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
    int32_t rows; /* independent input vectors */
    int32_t in_c, out_c;
    int32_t in_zero_point, out_zero_point;
    int32_t clamp_min, clamp_max;
    const int32_t *multiplier; /* [out_c] */
    const int8_t *shift;       /* [out_c] */
} ect_fully_connected_s8_t;

/* Matrix product of in [rows][in_c] and weights int8 [out_c][in_c], symmetric. bias: int32 [out_c].
 * Arithmetic: TFLite reference_integer_ops::FullyConnectedPerChannel. */
void ect_fully_connected_s8_ref(const ect_fully_connected_s8_t *p, const int8_t *in,
                                const int8_t *weights, const int32_t *bias, int8_t *out);

/* From here on kernels of kernels/m4, for the DSP extension of a Cortex-M4. The first two take
 * channels-last tensors; outputs are clamped to int8 and nothing else, and all requantization is as
 * in kernels/m4/channel.h. */
#define ECT_M4_MAX_DEPTH 512 /* inputs under a window */

typedef struct {
    ect_conv2d_s8_t conv;
    int32_t in_planar, out_planar; /* order of a tensor: [channels][pixels], of a single row */
} ect_conv2d_m4_t;

/* As ect_conv2d_s8_ref, with up to ECT_M4_MAX_DEPTH weights in a filter. Each filter is padded with
 * zeros to whole words. */
void ect_conv2d_s8_m4(const ect_conv2d_m4_t *p, const int8_t *in, const int8_t *weights,
                      const int32_t *bias, int8_t *out);

/* As ect_dwconv2d_m1_s8_ref; channels are a multiple of four. */
void ect_dwconv2d_s8_m4(const ect_dwconv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                        const int32_t *bias, int8_t *out);

/* All others:
 *
 * Their activations are planar: [channels][pixels], the time steps of one channel one after the
 * other (a tensor of one channel or of one pixel is the same in both layouts). Rows are a multiple
 * of four long and begin at multiples of four. Outputs are clamped to int8 and nothing else.
 * Constants are packed by the compiler (tools/ectopy/aot/pack.py). */
#define ECT_M4_MAX_ROW    512 /* elements of a row that a kernel copies to the stack */
#define ECT_M4_MAX_PAIRS  64
#define ECT_M4_TILE_WORDS 448
#define ECT_M4_TAP_WORDS  5

/* Requantization of one channel, see kernels/m4/channel.h. */
typedef struct {
    int32_t bias;       /* doubled, the input zero point folded in */
    int32_t multiplier; /* TFLite's */
    int32_t rounding;   /* 2^(32 + shift) + 1 */
} ect_m4_channel_t;

/* Scaling of each channel on the way in. */
typedef struct {
    int32_t in_zero_point, gate_zero_point;
    int32_t factor; /* scales of input and gate over the product's, 36 bits behind the point */
    int32_t offset; /* 16 bits behind the point, the product's zero point in it */
} ect_gate_m4_t;

/* Addition on the way out: scales over that of the sum, 22 bits behind the point. */
typedef struct {
    int32_t own_factor, factor; /* of the convolution and of the residual */
    int32_t offset;             /* zero points and half a unit */
} ect_residual_m4_t;

typedef struct {
    int32_t pixels; /* a multiple of four */
    int32_t in_c, out_c;
    int32_t pairs;  /* of input channels, padded to a multiple of four, at least eight */
    int32_t groups; /* of four pixels in a block: 4 * groups * pairs <= ECT_M4_TILE_WORDS */
    int32_t out_zero_point;
    ect_gate_m4_t gate;
    ect_residual_m4_t residual;
} ect_conv2d_1x1_m4_t;

/* Convolution of kernel 1x1 and stride 1, of `in` times `gate` [in_c] unless that is NULL, plus
 * `residual`, of the output's shape, unless that is NULL. stream: for each two outputs their
 * biases, int16 [pairs][2][2] weights of two inputs each, then multiplier and rounding of both, all
 * as in ect_m4_channel_t; odd counts are padded with zero weights. `out` may be the same address as
 * `in` or `residual`. Arithmetic: as ect_mul_s8_ref, ect_conv2d_s8_ref and ect_add_s8_ref one after
 * the other, the constants of the first and the last found as for ect_mul_rows_s8_m4. */
void ect_conv2d_1x1_s8_m4(const ect_conv2d_1x1_m4_t *p, const int8_t *in, const int8_t *gate,
                          const int8_t *residual, const int32_t *stream, int8_t *out);

/* The same with weights as bytes, for layers of so few pixels that flash counts more: int8
 * [pairs][2][2], for each pair the first input of both outputs, then the second. Weights and biases
 * are not doubled. */
void ect_conv2d_1x1_w8_s8_m4(const ect_conv2d_1x1_m4_t *p, const int8_t *in, const int8_t *gate,
                             const int8_t *residual, const int32_t *stream, int8_t *out);

/* Constants of a channel that is filtered, in the order of kernels/m4/filter.h: for `filters` of
 * ten taps each, the output zero point in them. The form "linear" is for outputs whose least value
 * stands for zero. */
#define ECT_M4_LINEAR_WORDS(filters) (2 + (filters) * ECT_M4_TAP_WORDS)
#define ECT_M4_ANY_WORDS(filters)    (4 + (filters) * ECT_M4_TAP_WORDS)
#define ECT_M4_LINEAR_SHIFT          10

/* The form "packed": linear constants of one filter of ten taps before they are times their gain,
 * | factor | bias | taps 0-3 | taps 4-7 | taps 8 9, gain as halfword |. A second filter has the
 * same taps, each one place later. */
#define ECT_M4_PACKED_WORDS 5

typedef struct {
    int32_t out_c;
    int32_t in_w;       /* at most ECT_M4_MAX_ROW */
    int32_t out_w;      /* a multiple of four, at most in_w / 2 */
    int32_t first_word; /* of the row's copy, in which the first window begins */
    int32_t in_zero_point;
    int32_t linear; /* form of the constants */
    int32_t packed; /* of linear ones */
} ect_conv2d_1xk_s2_m4_t;

/* Convolution of one input channel along its row, stride 2, up to ten taps: a filter for each
 * output channel. Arithmetic: as ect_conv2d_s8_ref. */
void ect_conv2d_1xk_s2_s8_m4(const ect_conv2d_1xk_s2_m4_t *p, const int8_t *in,
                             const int32_t *constants, int8_t *out);

/* Mean of a row: its sum, each element 128 more, requantized. */
typedef struct {
    int32_t offset; /* (in zero point + 128) * elements */
    int32_t multiplier, shift;
    int32_t rounding; /* as in ect_m4_channel_t where that is exact, else 0 */
    int32_t out_zero_point;
} ect_row_mean_m4_t;

typedef struct {
    int32_t channels;
    int32_t in_w;       /* at most ECT_M4_MAX_ROW */
    int32_t out_w;      /* before pooling; a multiple of eight, at most in_w */
    int32_t first_word; /* of the row's copy, in which the first window begins */
    int32_t in_zero_point;
    int32_t linear;         /* form of the constants */
    int32_t packed;         /* of linear ones */
    int32_t pooled;         /* whether the maximum of neighbours is what is written */
    ect_row_mean_m4_t mean; /* of what is written */
} ect_dwconv2d_1xk_m4_t;

/* Depthwise convolution along rows, stride 1, multiplier 1, up to nine taps: for each channel a
 * filter for outputs at even places and one for odd places. `out` may be the same address as `in`.
 * Arithmetic: as ect_dwconv2d_s8_ref, then ect_max_pool_s8_ref. */
void ect_dwconv2d_1xk_s8_m4(const ect_dwconv2d_1xk_m4_t *p, const int8_t *in,
                            const int32_t *constants, int8_t *out);

/* The same and the mean of each row, then ect_mean_s8_ref. `means` overlaps nothing. If `out` is
 * NULL nobody wants to know more than the means. */
void ect_dwconv2d_1xk_mean_s8_m4(const ect_dwconv2d_1xk_m4_t *p, const int8_t *in,
                                 const int32_t *constants, int8_t *out, int8_t *means);

#define ECT_M4_MAX_AGAIN    64 /* channels */
#define ECT_M4_AGAIN_GROUPS 4

typedef struct {
    int32_t first_word;          /* as in ect_dwconv2d_1xk_m4_t; at least 2 */
    int32_t in_zero_point;       /* of the depthwise convolution */
    ect_conv2d_1x1_m4_t product; /* in_c = out_c <= ECT_M4_MAX_AGAIN; groups even, at most
                                  * ECT_M4_AGAIN_GROUPS, and ECT_M4_MAX_AGAIN words of the tile
                                  * are left */
} ect_dwconv2d_1xk_conv2d_1x1_m4_t;

/* ect_dwconv2d_1xk_s8_m4 with packed `constants`, as wide as its input and not pooled, and
 * ect_conv2d_1x1_w8_s8_m4 of its output with `gate`, `stream` and the residual `in`. Needs no
 * memory for what is in between: a few pixels of all channels are computed at a time. `out` may be
 * the same address as `in`. */
void ect_dwconv2d_1xk_conv2d_1x1_w8_s8_m4(const ect_dwconv2d_1xk_conv2d_1x1_m4_t *p,
                                          const int8_t *in, const int8_t *gate,
                                          const int32_t *constants, const int32_t *stream,
                                          int8_t *out);

typedef struct {
    ect_conv2d_1xk_s2_m4_t conv; /* linear */
    ect_dwconv2d_1xk_m4_t depthwise;
} ect_conv2d_1xk_s2_dwconv2d_1xk_m4_t;

/* ect_conv2d_1xk_s2_s8_m4 with constants `first`, and ect_dwconv2d_1xk_s8_m4 of its output with
 * constants `second`. */
void ect_conv2d_1xk_s2_dwconv2d_1xk_s8_m4(const ect_conv2d_1xk_s2_dwconv2d_1xk_m4_t *p,
                                          const int8_t *in, const int32_t *first,
                                          const int32_t *second, int8_t *out);

/* The same and the mean of each row. */
void ect_conv2d_1xk_s2_dwconv2d_1xk_mean_s8_m4(const ect_conv2d_1xk_s2_dwconv2d_1xk_m4_t *p,
                                               const int8_t *in, const int32_t *first,
                                               const int32_t *second, int8_t *out, int8_t *means);

typedef struct {
    int32_t count; /* of outputs, a multiple of four */
} ect_max_pool_1x2_m4_t;

/* Maximum of neighbours, 1x2 with stride 2, along rows of even length.
 * Arithmetic: as ect_max_pool_s8_ref. */
void ect_max_pool_1x2_s8_m4(const ect_max_pool_1x2_m4_t *p, const int8_t *in, int8_t *out);

typedef struct {
    int32_t rows;
    int32_t count; /* of a row, a multiple of four */
    ect_row_mean_m4_t mean;
} ect_mean_rows_m4_t;

/* Mean of each row. Arithmetic: as ect_mean_s8_ref. */
void ect_mean_rows_s8_m4(const ect_mean_rows_m4_t *p, const int8_t *in, int8_t *out);

typedef struct {
    int32_t rows;
    int32_t count; /* of a row, a multiple of four */
    int32_t a_zero_point, b_zero_point;
    int32_t factor; /* scales of a and b over that of out, 31 bits behind the point */
    int32_t offset; /* 23 bits behind the point, the output zero point in it */
} ect_mul_rows_m4_t;

/* a [rows][count] times b [rows]. `out` may be the same address as `a`. A single rounding, whose
 * constants the compiler found by trying all 65,536 pairs of operands: outputs equal those of
 * ect_mul_s8_ref. */
void ect_mul_rows_s8_m4(const ect_mul_rows_m4_t *p, const int8_t *a, const int8_t *b, int8_t *out);

/* a [rows][count] times b [count], otherwise the same. Any layout. */
void ect_mul_columns_s8_m4(const ect_mul_rows_m4_t *p, const int8_t *a, const int8_t *b,
                           int8_t *out);

typedef struct {
    int32_t count;              /* a multiple of four */
    int32_t a_factor, b_factor; /* scale over that of out, 22 bits behind the point */
    int32_t offset;             /* zero points and half a unit, likewise */
} ect_add_dense_m4_t;

/* a + b of equal shapes. `out` may be the same address as either. Exact as ect_mul_rows_s8_m4 is:
 * outputs equal those of ect_add_s8_ref. */
void ect_add_dense_s8_m4(const ect_add_dense_m4_t *p, const int8_t *a, const int8_t *b,
                         int8_t *out);

typedef struct {
    int32_t in_c; /* at most ECT_M4_MAX_ROW */
    int32_t out_c;
    int32_t words; /* in_c / 4, rounded up */
    int32_t out_zero_point;
} ect_fully_connected_m4_t;

/* Matrix times one vector. weights: int8 [out_c / 4][words][4][4], for four outputs the weights of
 * four inputs each; other counts are padded with zeros. channels: ect_m4_channel_t [out_c].
 * Arithmetic: as ect_fully_connected_s8_ref. */
void ect_fully_connected_s8_m4(const ect_fully_connected_m4_t *p, const int8_t *in,
                               const int32_t *weights, const int32_t *channels, int8_t *out);

/* The same. channels: for each of out_c | bias * 32 + s | multiplier |, the bias not doubled, s the
 * bits that are rounded off. `in` is read in whole words. */
void ect_fully_connected_packed_s8_m4(const ect_fully_connected_m4_t *p, const int8_t *in,
                                      const int32_t *weights, const int32_t *channels, int8_t *out);

#endif /* ECTOPY_KERNELS_H */
