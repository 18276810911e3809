/* engine.h for models compiled ahead of time: no interpreter, no heap, nothing to set up. */
#include "aot_model.h"

#include <stddef.h>

static ect_engine_info_t info;

static ect_tensor_t tensor_at(const ect_aot_tensor_t *place) {
    return (ect_tensor_t){
        .data = ect_aot_model.arena + place->offset,
        .bytes = place->bytes,
        .scale = place->scale,
        .zero_point = place->zero_point,
        .planes = place->planes,
    };
}

bool ect_aot_after_op(const ect_aot_hook_t *hook, uint16_t op) {
    if (hook->observer == NULL) {
        return true;
    }
    const ect_tensor_t output = tensor_at(&ect_aot_model.op_outputs[op]);
    return hook->observer(hook->context, op, &output);
}

ect_status_t ect_engine_init(void) {
    info = (ect_engine_info_t){
        .name = "aot",
        .version = ect_aot_model.generator_version,
        .arena_used_bytes = ect_aot_model.arena_bytes,
        .arena_reserved_bytes = ect_aot_model.arena_bytes,
        .op_count = ect_aot_model.op_count,
    };
    return ECT_OK;
}

ect_tensor_t ect_engine_input(void) {
    return tensor_at(&ect_aot_model.input);
}

ect_tensor_t ect_engine_output(void) {
    return tensor_at(&ect_aot_model.op_outputs[ect_aot_model.op_count - 1]);
}

ect_status_t ect_engine_invoke(void) {
    return ect_engine_profile(NULL, NULL);
}

ect_status_t ect_engine_profile(ect_op_observer_t observer, void *context) {
    const ect_aot_hook_t hook = {.observer = observer, .context = context};
    ect_aot_model.run(&hook);
    return ECT_OK;
}

const ect_engine_info_t *ect_engine_info(void) {
    return &info;
}
