/* Runs generated models under the machine of the cycle model: `run_case` is called with the address
 * of a request and returns the bytes written to `outputs`. The arena is spoiled before each run. */
#include <string.h>

#include "aot_model.h"

typedef struct {
    uint32_t number;
    const int8_t *input;
    uint8_t *outputs;
} request_t;

extern const ect_aot_model_t *const cases[];

static const ect_aot_model_t *current;
static uint8_t *next;

bool ect_aot_after_op(const ect_aot_hook_t *hook, uint16_t op) {
    const ect_aot_tensor_t *output = &current->op_outputs[op];
    const ect_tensor_t tensor = {
        .data = current->arena + output->offset, .bytes = output->bytes, .planes = output->planes};
    (void)hook;
    for (uint32_t i = 0; i < tensor.bytes; ++i) {
        *next++ = (uint8_t)ect_tensor_at(&tensor, i);
    }
    return true;
}

uint32_t run_case(const request_t *request);

uint32_t run_case(const request_t *request) {
    const ect_aot_hook_t hook = {.observer = NULL, .context = NULL};
    current = cases[request->number];
    next = request->outputs;
    memset(current->arena, 0xA5, current->arena_bytes);
    memcpy(current->arena + current->input.offset, request->input, current->input.bytes);
    current->run(&hook);
    return (uint32_t)(next - request->outputs);
}

/* The machine wants the entry points of an engine; it calls none of them here. */
ect_status_t ect_engine_init(void) {
    return ECT_OK;
}

ect_tensor_t ect_engine_input(void) {
    return (ect_tensor_t){.bytes = 0};
}

ect_status_t ect_engine_invoke(void) {
    return ECT_OK;
}

ect_tensor_t ect_engine_output(void) {
    return (ect_tensor_t){.bytes = 0};
}
