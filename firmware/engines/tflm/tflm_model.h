/* The seam between the TFLM engine and the code generated for one model: model_tflm.c (the
 * constants) and model_tflm_ops.cc (the operators). */
#ifndef ECTOPY_TFLM_MODEL_H
#define ECTOPY_TFLM_MODEL_H

#include <stdint.h>

#include "ectopy/engine.h"
#include "ectopy/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What TFLM asks of arena and flatbuffer. */
#define ECT_TFLM_ALIGNMENT 16

/* A tensor by its index in the flatbuffer. */
typedef struct {
    uint16_t index;
    uint32_t bytes;
    float scale;
    int32_t zero_point;
} ect_tflm_tensor_t;

typedef struct {
    uint8_t *arena; /* these two come first: the build gives the image another arena to measure */
    uint32_t arena_bytes;
    uint32_t ample_arena_bytes; /* an arena of so many bytes is not what keeps TFLM from starting */
    const uint8_t *flatbuffer;
    ect_tflm_tensor_t input;
    ect_tflm_tensor_t output;
    uint16_t op_count;
    const ect_tflm_tensor_t *op_outputs; /* [op_count] */
} ect_tflm_model_t;

/* Defined by generated code. */
extern const ect_tflm_model_t ect_tflm_model;

/* Who wants to see operators' outputs; observer may be null. */
typedef struct {
    ect_op_observer_t observer;
    void *context;
} ect_tflm_hook_t;

/* The tensor where it is in the arena now. */
ect_tensor_t ect_tflm_tensor(const ect_tflm_tensor_t *tensor);

/* The engine calls this after every operator; the cycle model tells operators apart by it. */
void ect_tflm_after_op(ect_tflm_hook_t *hook, uint16_t op);

#ifdef __cplusplus
}
#endif

#endif /* ECTOPY_TFLM_MODEL_H */
