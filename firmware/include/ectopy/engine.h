/* The seam between the application and an inference engine (aot, tflm).
 * One model, one input and one output tensor, both int8. Not reentrant. */
#ifndef ECTOPY_ENGINE_H
#define ECTOPY_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "ectopy/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int8_t *data; /* inside the arena; contents valid as each function states */
    uint32_t bytes;
    float scale; /* real = scale * (q - zero_point) */
    int32_t zero_point;
    uint32_t planes; /* 0 or 1: channels innermost; else so many channels one after the other */
} ect_tensor_t;

/* Element `i` in the order of TFLite, channels innermost. */
static inline int8_t ect_tensor_at(const ect_tensor_t *tensor, uint32_t i) {
    if (tensor->planes <= 1u) {
        return tensor->data[i];
    }
    return tensor->data[i % tensor->planes * (tensor->bytes / tensor->planes) + i / tensor->planes];
}

typedef struct {
    const char *name;
    const char *version;
    uint32_t arena_used_bytes;     /* working memory of one inference besides constants and stack */
    uint32_t arena_reserved_bytes; /* size of the buffer set aside for it */
    uint16_t op_count;
} ect_engine_info_t;

/* Called after each operator with its index and its output, which is valid only during the call.
 * Returning false stops the inference (the engine then returns ECT_OK without a valid output). */
typedef bool (*ect_op_observer_t)(void *context, uint16_t op_index, const ect_tensor_t *output);

/* Prepares the engine; to be called once before anything else. */
ECT_NODISCARD ect_status_t ect_engine_init(void);

/* The input tensor; its contents may be destroyed by an inference and must be written before each.
 */
ect_tensor_t ect_engine_input(void);

/* The output tensor; valid after a complete inference until the input is written again. */
ect_tensor_t ect_engine_output(void);

/* One inference. */
ECT_NODISCARD ect_status_t ect_engine_invoke(void);

/* One inference with `observer` called after every operator (PROFILE, DUMP). */
ECT_NODISCARD ect_status_t ect_engine_profile(ect_op_observer_t observer, void *context);

const ect_engine_info_t *ect_engine_info(void);

#ifdef __cplusplus
}
#endif

#endif /* ECTOPY_ENGINE_H */
