/* Int8 kernels that look bytes up or move them; see kernels.h for what is common to all. */
#ifndef ECTOPY_KERNELS_BYTES_H
#define ECTOPY_KERNELS_BYTES_H

#include <stdint.h>

typedef struct {
    int32_t count;
} ect_lookup_s8_t;

/* Activations and QUANTIZE: out[i] = table[in[i] + 128]. table: int8 [256], computed by the
 * compiler (tools/ectopy/fixedpoint/lookups.py). `out` may be the same address as `in`. */
void ect_lookup_s8_ref(const ect_lookup_s8_t *p, const int8_t *in, const int8_t *table,
                       int8_t *out);

typedef struct {
    int32_t rows;
    int32_t depth;   /* of a row, at most 511, so that the sum has 28 bits */
    int32_t entries; /* of exponentials */
} ect_softmax_s8_t;

/* Softmax of each row; output scale 1/256, zero point -128. exponentials: e^-d as Q31 for distances
 * d = 0, 1, ... of a byte to the greatest of its row, scaled; further ones count as 0. `out` may be
 * the same address as `in`. Arithmetic: TFLite reference_ops::Softmax, whose fixed-point
 * exponential the compiler computes (tools/ectopy/fixedpoint/functions.py). */
void ect_softmax_s8_ref(const ect_softmax_s8_t *p, const int8_t *in, const int32_t *exponentials,
                        int8_t *out);

#define ECT_PAD_DIMS 4

/* Unused leading dimensions have extent 1. */
typedef struct {
    int32_t extent[ECT_PAD_DIMS];
    int32_t before[ECT_PAD_DIMS];
    int32_t out_extent[ECT_PAD_DIMS]; /* extent + before + what is behind */
    int32_t value;
} ect_pad_s8_t;

/* in [extent], surrounded by `value`. */
void ect_pad_s8_ref(const ect_pad_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
    int32_t inputs;
    int32_t rows;
    const int32_t *run; /* [inputs]: bytes that each gives to a row of the output */
} ect_concat_s8_t;

/* Rows [run[0] | run[1] | ...] of inputs [rows][run[i]]. */
void ect_concat_s8_ref(const ect_concat_s8_t *p, const int8_t *const *in, int8_t *out);

#define ECT_SLICE_DIMS 6

/* Unused leading dimensions have extent 1. */
typedef struct {
    int32_t start; /* element of the input that comes first */
    int32_t extent[ECT_SLICE_DIMS];
    int32_t step[ECT_SLICE_DIMS]; /* elements of the input, of either sign */
} ect_slice_s8_t;

/* out [extent], dense: element (i, j, ...) is in[start + i * step[0] + j * step[1] + ...]. For
 * STRIDED_SLICE, TRANSPOSE, SPACE_TO_BATCH_ND without padding, and RESIZE_NEAREST_NEIGHBOR to whole
 * multiples (steps of 0 repeat). */
void ect_slice_s8_ref(const ect_slice_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
    int32_t in_h, in_w;
    int32_t out_n, out_h, out_w;
    int32_t channels;
    int32_t block_h, block_w;
    int32_t crop_top, crop_left;
} ect_batch_to_space_s8_t;

/* Images of a batch become every block_h-th row and block_w-th column of larger ones:
 * in [block_h][block_w][out_n][in_h][in_w][channels], out [out_n][out_h][out_w][channels].
 * Arithmetic: TFLite reference_ops::BatchToSpaceND. */
void ect_batch_to_space_s8_ref(const ect_batch_to_space_s8_t *p, const int8_t *in, int8_t *out);

#endif /* ECTOPY_KERNELS_BYTES_H */
