/* The names of tflite-micro that firmware/engines/tflm and its generated code use, declared for
 * tests without a tree. Everything else of it is left out. With a tree, tests/e2e/test_tflm.py
 * compiles the same engine against the real headers. */
#ifndef TFLM_CONTRACT_H
#define TFLM_CONTRACT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define TF_LITE_REMOVE_VIRTUAL_DELETE                                                              \
    void operator delete(void *) {                                                                 \
    }

#define TFLITE_SCHEMA_VERSION (3)

extern "C" void DebugLog(const char *format, va_list arguments);
extern "C" int DebugVsnprintf(char *buffer, size_t bytes, const char *format, va_list arguments);

typedef enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;

typedef union TfLitePtrUnion {
    int8_t *int8;
    void *data;
} TfLitePtrUnion;

typedef struct TfLiteEvalTensor {
    TfLitePtrUnion data;
} TfLiteEvalTensor;

typedef struct TfLiteContext {
    TfLiteEvalTensor *(*GetEvalTensor)(const struct TfLiteContext *context, int tensor_idx);
} TfLiteContext;

struct TFLMRegistration {
    const char *name;
};

namespace tflite {

struct Model {
    uint32_t version() const;
};

const Model *GetModel(const void *buffer);

class MicroOpResolver {
  public:
    virtual unsigned int GetRegistrationLength() const = 0;
    virtual ~MicroOpResolver() {
    }
};

class MicroProfilerInterface {
  public:
    virtual ~MicroProfilerInterface() {
    }
    virtual uint32_t BeginEvent(const char *tag) = 0;
    virtual void EndEvent(uint32_t event_handle) = 0;
};

class MicroResourceVariables;

class MicroInterpreter {
  public:
    MicroInterpreter(const Model *model, const MicroOpResolver &op_resolver, uint8_t *tensor_arena,
                     size_t tensor_arena_size, MicroResourceVariables *resource_variables = nullptr,
                     MicroProfilerInterface *profiler = nullptr, bool preserve_all_tensors = false);
    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    size_t arena_used_bytes() const;

  protected:
    const TfLiteContext &context() const {
        return context_;
    }

  private:
    TfLiteContext context_;
    const Model *model_;
    const MicroOpResolver &resolver_;
    uint8_t *arena_;
    size_t arena_bytes_;
    MicroProfilerInterface *profiler_;
};

TFLMRegistration Register_CONV_2D_INT8();
TFLMRegistration Register_DEPTHWISE_CONV_2D_INT8();
TFLMRegistration Register_MAX_POOL_2D_INT8();
TFLMRegistration Register_MUL_INT8();
TFLMRegistration Register_ADD_INT8();
TFLMRegistration Register_FULLY_CONNECTED_INT8();

template <unsigned int tOpCount> class MicroMutableOpResolver : public MicroOpResolver {
    TF_LITE_REMOVE_VIRTUAL_DELETE
  public:
    unsigned int GetRegistrationLength() const override {
        return count_;
    }
    TfLiteStatus AddReshape() {
        return Add({"RESHAPE"});
    }
    TfLiteStatus AddMean() {
        return Add({"MEAN"});
    }
    TfLiteStatus AddConv2D(const TFLMRegistration &registration) {
        return Add(registration);
    }
    TfLiteStatus AddDepthwiseConv2D(const TFLMRegistration &registration) {
        return Add(registration);
    }
    TfLiteStatus AddMaxPool2D(const TFLMRegistration &registration) {
        return Add(registration);
    }
    TfLiteStatus AddMul(const TFLMRegistration &registration) {
        return Add(registration);
    }
    TfLiteStatus AddAdd(const TFLMRegistration &registration) {
        return Add(registration);
    }
    TfLiteStatus AddFullyConnected(const TFLMRegistration &registration) {
        return Add(registration);
    }

  private:
    TfLiteStatus Add(const TFLMRegistration &registration) {
        if (count_ == tOpCount || registration.name == nullptr) {
            return kTfLiteError;
        }
        count_++;
        return kTfLiteOk;
    }
    unsigned int count_ = 0;
};

} // namespace tflite

#endif /* TFLM_CONTRACT_H */
