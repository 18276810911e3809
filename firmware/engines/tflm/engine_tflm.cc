/* engine.h over the interpreter of TensorFlow Lite Micro, upstream's or HeliaRT's.
 *
 * Everything is built in place by ect_engine_init: no constructors before main, no destructors, no
 * heap. Names of the library that are used here are declared for tests in
 * tests/firmware/tflm_contract. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <new>

#include "ectopy/engine.h"
#include "tensorflow/lite/micro/compatibility.h"
#include "tensorflow/lite/micro/debug_log.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tflm_model.h"
#include "tflm_ops.h"

#ifndef ECT_TFLM_VERSION
#define ECT_TFLM_VERSION "unknown"
#endif

/* A mark for programs that would run the image on an emulator: the licences of some runtimes do not
 * allow that, and the build knows. tools/ectopy/cycles/image.py looks for it by this name. */
#ifdef ECT_TFLM_MAY_BE_EMULATED
extern "C" const uint8_t ect_tflm_may_be_emulated;
const uint8_t ect_tflm_may_be_emulated = 1;
#endif

/* The release libraries are built with this, and then never call a profiler. */
#ifdef TF_LITE_STRIP_ERROR_STRINGS
#define TELLS_OPERATORS_APART false
#else
#define TELLS_OPERATORS_APART true
#endif

/* The library's own would bring in printf and with it a heap. What it has to say (an operator or an
 * arena it does not like) the build finds out beforehand. */
extern "C" void DebugLog(const char *, va_list) {
}

#ifndef TF_LITE_STRIP_ERROR_STRINGS
extern "C" int DebugVsnprintf(char *buffer, size_t bytes, const char *, va_list) {
    if (bytes > 0) {
        buffer[0] = '\0';
    }
    return 0;
}
#endif

namespace {

/* TFLM puts its own objects into the arena without looking whether it got the memory for them. */
const uint32_t SMALLEST_ARENA_BYTES = 1024;

/* Counts the operators as the interpreter goes through them. Events inside an operator's own event
 * are a kernel's business. */
class OperatorEvents : public tflite::MicroProfilerInterface {
  public:
    void watch(ect_op_observer_t observer, void *context) {
        hook_ = {observer, context};
        ended_ = 0;
        depth_ = 0;
    }

    uint16_t ended() const {
        return ended_;
    }

    uint32_t BeginEvent(const char *) override {
        return depth_++;
    }

    void EndEvent(uint32_t event) override {
        depth_ = event;
        if (event == 0 && ended_ < ect_tflm_model.op_count) {
            ect_tflm_after_op(&hook_, ended_++);
        }
    }

  private:
    TF_LITE_REMOVE_VIRTUAL_DELETE
    ect_tflm_hook_t hook_ = {nullptr, nullptr};
    uint32_t depth_ = 0;
    uint16_t ended_ = 0;
};

/* GetTensor works only where all tensors are preserved, which takes several times the memory; what
 * kernels use is open to subclasses. */
class Interpreter : public tflite::MicroInterpreter {
  public:
    using MicroInterpreter::MicroInterpreter;

    int8_t *data_of(int tensor) const {
        return context().GetEvalTensor(&context(), tensor)->data.int8;
    }
};

alignas(OperatorEvents) unsigned char events_room[sizeof(OperatorEvents)];
alignas(Interpreter) unsigned char interpreter_room[sizeof(Interpreter)];

OperatorEvents *events;
Interpreter *interpreter; /* null unless it is ready */
ect_engine_info_t info;

} // namespace

ect_tensor_t ect_tflm_tensor(const ect_tflm_tensor_t *tensor) {
    ect_tensor_t found = {nullptr, tensor->bytes, tensor->scale, tensor->zero_point, 1};
    if (interpreter != nullptr) {
        found.data = interpreter->data_of(tensor->index);
    }
    return found;
}

ect_status_t ect_engine_init(void) {
    const ect_tflm_model_t &model = ect_tflm_model;
    info = {"tflm", ECT_TFLM_VERSION, 0, model.arena_bytes, model.op_count};
    interpreter = nullptr;
    const tflite::Model *flatbuffer = tflite::GetModel(model.flatbuffer);
    const tflite::MicroOpResolver *resolver = ect_tflm_make_resolver();
    if (flatbuffer->version() != TFLITE_SCHEMA_VERSION || resolver == nullptr) {
        return ECT_E_ENGINE;
    }
    if (model.arena_bytes < SMALLEST_ARENA_BYTES) {
        return ECT_E_SIZE;
    }
    events = new (events_room) OperatorEvents;
    auto *made = new (interpreter_room)
        Interpreter(flatbuffer, *resolver, model.arena, model.arena_bytes, nullptr, events);
    if (made->AllocateTensors() != kTfLiteOk) {
        /* It does not say why: for want of memory, or because a kernel refuses its operator. */
        return model.arena_bytes < model.ample_arena_bytes ? ECT_E_SIZE : ECT_E_ENGINE;
    }
    interpreter = made;
    info.arena_used_bytes = static_cast<uint32_t>(made->arena_used_bytes());
    return ECT_OK;
}

ect_tensor_t ect_engine_input(void) {
    return ect_tflm_tensor(&ect_tflm_model.input);
}

ect_tensor_t ect_engine_output(void) {
    return ect_tflm_tensor(&ect_tflm_model.output);
}

static ect_status_t run(ect_op_observer_t observer, void *context) {
    if (interpreter == nullptr) {
        return ECT_E_STATE;
    }
    events->watch(observer, context);
    return interpreter->Invoke() == kTfLiteOk ? ECT_OK : ECT_E_ENGINE;
}

ect_status_t ect_engine_invoke(void) {
    return run(nullptr, nullptr);
}

ect_status_t ect_engine_profile(ect_op_observer_t observer, void *context) {
    if (!TELLS_OPERATORS_APART) {
        return ECT_E_UNSUPPORTED;
    }
    const ect_status_t status = run(observer, context);
    /* A library that was built otherwise than the headers say calls nobody. */
    return status == ECT_OK && events->ended() != info.op_count ? ECT_E_UNSUPPORTED : status;
}

const ect_engine_info_t *ect_engine_info(void) {
    return &info;
}
