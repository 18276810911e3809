/* Facts of the model compiled into this image; defined by generated code (model_info.c).
 * Engines and the application read them, nobody writes them. */
#ifndef ECTOPY_MODEL_H
#define ECTOPY_MODEL_H

#include <stdint.h>

/* Before the initialiser of every array of the model's constants. They stay where they are loaded,
 * unless the board has a faster place for them: its linker script copies this section there. */
#ifndef ECT_MODEL_SECTION
#ifdef ECT_MODEL_IN_TCM
#define ECT_MODEL_SECTION __attribute__((section(".model_tcm")))
#else
#define ECT_MODEL_SECTION
#endif
#endif

/* Preprocess of a window of n samples x (integer microvolts):
 *   y = (x - mean) / sqrt(var + epsilon), computed as
 *   (n*x - sum) / sqrt(n*sumsq - sum^2 + epsilon_n2), see app/preprocess.c */
typedef struct {
    const char *name;
    const char *tflite_sha256; /* 64 hex digits */
    const char *const *class_names;
    uint16_t class_count;
    uint16_t frame_samples;
    uint16_t sampling_hz;
    float input_scale;
    int32_t input_zero_point;
    float output_scale;
    int32_t output_zero_point;
    int64_t epsilon_n2; /* epsilon (uV^2) * n^2 */
    uint16_t golden_count;
    const int8_t *golden_inputs;  /* golden_count * frame_samples, already quantized */
    const int8_t *golden_outputs; /* golden_count * class_count */
} ect_model_info_t;

extern const ect_model_info_t ect_model_info;

#endif /* ECTOPY_MODEL_H */
