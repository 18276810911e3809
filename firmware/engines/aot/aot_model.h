/* The seam between the AOT engine and the code generated for one model (model_aot.c). */
#ifndef ECTOPY_AOT_MODEL_H
#define ECTOPY_AOT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ectopy/engine.h"

/* A tensor in the arena; of no bytes if it only ever lives inside a kernel that computes several
 * operators. */
typedef struct {
    uint32_t offset : 22;
    uint32_t planes : 10;
    uint32_t bytes : 24;
    int32_t zero_point : 8;
    float scale;
} ect_aot_tensor_t;

/* Who wants to see operators' outputs; observer may be null. */
typedef struct {
    ect_op_observer_t observer;
    void *context;
} ect_aot_hook_t;

typedef struct {
    const char *generator_version;
    int8_t *arena;
    uint32_t arena_bytes;
    ect_aot_tensor_t input;
    uint16_t op_count;
    const ect_aot_tensor_t *op_outputs; /* [op_count]; the last one is the model's output */
    void (*run)(const ect_aot_hook_t *hook);
} ect_aot_model_t;

/* Defined by generated code. */
extern const ect_aot_model_t ect_aot_model;

/* Generated code calls this once for every operator, for those that one kernel computes together
 * after that kernel, and stops when it returns false. */
bool ect_aot_after_op(const ect_aot_hook_t *hook, uint16_t op);

#endif /* ECTOPY_AOT_MODEL_H */
