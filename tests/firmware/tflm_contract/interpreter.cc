/* Behaves as tflite-micro's interpreter does towards its user, and computes with the code that the
 * AOT compiler made of the same model: real outputs, and memory that is used again and again.
 *
 * What can go wrong is chosen by FAULT_*:
 *   FAULT_REGISTRATION  a kernel is not there
 *   FAULT_PREPARE       a kernel refuses its operator
 *   FAULT_INVOKE        inferences fail
 *   FAULT_SILENT        no profiler is ever called, as by a release library */
#include "tflm_contract.h"

#include <string.h>

extern "C" {
#include "aot_model.h"
}
#include "tflm_model.h"

#ifndef FAULT_REGISTRATION
#define FAULT_REGISTRATION 0
#endif
#ifndef FAULT_PREPARE
#define FAULT_PREPARE 0
#endif
#ifndef FAULT_INVOKE
#define FAULT_INVOKE 0
#endif
#ifndef FAULT_SILENT
#define FAULT_SILENT 0
#endif

static const size_t PERSISTENT_BYTES = 1000;
static const size_t OBJECTS_BYTES = 128; /* of those, what is written before anything is asked */

static tflite::MicroProfilerInterface *listener;
static uint32_t event;

static TfLiteEvalTensor *find_tensor(const TfLiteContext *, int index) {
    static TfLiteEvalTensor found;
    const ect_aot_tensor_t *place =
        index == ect_tflm_model.input.index ? &ect_aot_model.input : nullptr;
    for (uint16_t op = 0; op < ect_tflm_model.op_count; op++) {
        if (index == ect_tflm_model.op_outputs[op].index) {
            place = &ect_aot_model.op_outputs[op];
        }
    }
    found.data.int8 = place == nullptr ? nullptr : ect_aot_model.arena + place->offset;
    return &found;
}

/* The AOT code calls this after each operator. */
extern "C" bool ect_aot_after_op(const ect_aot_hook_t *, uint16_t op) {
    if (listener != nullptr) {
        const uint32_t inner = listener->BeginEvent("inside the kernel");
        listener->EndEvent(inner);
        listener->EndEvent(event);
        if (op + 1 < ect_aot_model.op_count) {
            event = listener->BeginEvent("operator");
        }
    }
    return true;
}

namespace tflite {

const Model *GetModel(const void *buffer) {
    return static_cast<const Model *>(buffer);
}

uint32_t Model::version() const {
    const char *bytes = reinterpret_cast<const char *>(this);
    const bool aligned = reinterpret_cast<uintptr_t>(this) % ECT_TFLM_ALIGNMENT == 0;
    return aligned && memcmp(bytes + 4, "TFL3", 4) == 0 ? 3 : 0;
}

MicroInterpreter::MicroInterpreter(const Model *model, const MicroOpResolver &op_resolver,
                                   uint8_t *tensor_arena, size_t tensor_arena_size,
                                   MicroResourceVariables *, MicroProfilerInterface *profiler, bool)
    : context_{find_tensor}, model_(model), resolver_(op_resolver), arena_(tensor_arena),
      arena_bytes_(tensor_arena_size), profiler_(profiler) {
    memset(arena_, 0x5a, OBJECTS_BYTES); /* whatever its size */
}

TfLiteStatus MicroInterpreter::AllocateTensors() {
    const bool aligned = reinterpret_cast<uintptr_t>(arena_) % ECT_TFLM_ALIGNMENT == 0;
    const bool complete = resolver_.GetRegistrationLength() > 0;
    if (!aligned || !complete || model_->version() != 3 || arena_used_bytes() > arena_bytes_) {
        return kTfLiteError;
    }
    memset(arena_, 0xa5, arena_used_bytes()); /* must all be there */
    return FAULT_PREPARE ? kTfLiteError : kTfLiteOk;
}

size_t MicroInterpreter::arena_used_bytes() const {
    return ect_aot_model.arena_bytes + PERSISTENT_BYTES;
}

TfLiteStatus MicroInterpreter::Invoke() {
    const ect_aot_hook_t hook = {nullptr, nullptr};
    if (FAULT_INVOKE) {
        return kTfLiteError;
    }
    listener = FAULT_SILENT ? nullptr : profiler_;
    if (listener != nullptr) {
        event = listener->BeginEvent("operator");
    }
    ect_aot_model.run(&hook);
    return kTfLiteOk;
}

static TFLMRegistration registration(const char *name) {
    return {FAULT_REGISTRATION ? nullptr : name};
}

TFLMRegistration Register_CONV_2D_INT8() {
    return registration("CONV_2D");
}
TFLMRegistration Register_DEPTHWISE_CONV_2D_INT8() {
    return registration("DEPTHWISE_CONV_2D");
}
TFLMRegistration Register_MAX_POOL_2D_INT8() {
    return registration("MAX_POOL_2D");
}
TFLMRegistration Register_MUL_INT8() {
    return registration("MUL");
}
TFLMRegistration Register_ADD_INT8() {
    return registration("ADD");
}
TFLMRegistration Register_FULLY_CONNECTED_INT8() {
    return registration("FULLY_CONNECTED");
}

} // namespace tflite
