/* An engine and a model small enough to predict: operator 0 copies the input, operator 1 sums its
 * halves, operator 2 is the output. Windows that begin with a magic word misbehave; -DFAKE_...
 * makes images that are wrong from the start. */
#include <stddef.h>
#include <string.h>

#include "ectopy/board.h"
#include "ectopy/engine.h"
#include "ectopy/model.h"

#define SAMPLES 512
#define CLASSES 3

#ifndef FAKE_INIT
#define FAKE_INIT ECT_OK
#endif
#ifndef FAKE_GOLDEN
#define FAKE_GOLDEN 0 /* an output of the second golden vector; 0 is right */
#endif
#ifndef FAKE_FRAME_SAMPLES
#define FAKE_FRAME_SAMPLES SAMPLES
#endif

static const char *const CLASS_NAMES[CLASSES] = {"N", "PAC", "PV\"C"};
static int8_t golden_inputs[2 * SAMPLES];
static const int8_t GOLDEN_OUTPUTS[2 * CLASSES] = {[CLASSES] = FAKE_GOLDEN};

const ect_model_info_t ect_model_info = {
    .name = "fake-3",
    .tflite_sha256 = "0000000000000000000000000000000000000000000000000000000000000000",
    .class_names = CLASS_NAMES,
    .class_count = CLASSES,
    .frame_samples = FAKE_FRAME_SAMPLES,
    .sampling_hz = 100,
    .input_scale = 0.047f,
    .input_zero_point = -5,
    .output_scale = 0.00390625f,
    .output_zero_point = -128,
    .epsilon_n2 = 2621440000,
    .golden_count = 2,
    .golden_inputs = golden_inputs,
    .golden_outputs = GOLDEN_OUTPUTS,
};

static const ect_engine_info_t INFO = {
    .name = "fake",
    .version = "1",
    .arena_used_bytes = 1027,
    .arena_reserved_bytes = 1027,
    .op_count = 3,
};

static int8_t input[SAMPLES];
static int8_t copy[SAMPLES];
static int8_t halves[2];
static int8_t output[CLASSES];

static ect_tensor_t tensor(int8_t *data, uint32_t bytes) {
    return (ect_tensor_t){.data = data, .bytes = bytes, .scale = 0.047f, .zero_point = -5};
}

ect_status_t ect_engine_init(void) {
    return FAKE_INIT;
}

ect_tensor_t ect_engine_input(void) {
    return tensor(input, sizeof input);
}

ect_tensor_t ect_engine_output(void) {
    ect_tensor_t result = tensor(output, sizeof output);
    result.scale = ect_model_info.output_scale;
    result.zero_point = ect_model_info.output_zero_point;
    return result;
}

static uint32_t recurse(uint32_t depth) {
    volatile uint8_t frame[256];
    frame[depth % sizeof frame] = (uint8_t)depth;
    return depth == UINT32_MAX ? 0 : recurse(depth + 1u) + frame[depth % sizeof frame];
}

/* Ticks of one and the same code, begun at every phase of a slower timer: least and most. */
static void measure_ticks(int8_t *least, int8_t *most) {
    *least = INT8_MAX;
    *most = 0;
    for (uint32_t round = 0; round < 200u; round++) {
        for (uint32_t i = 0; i < round * 7u % 11u; i++) {
            __asm__ volatile("nop");
        }
        const uint32_t begin = ect_board_ticks();
        __asm__ volatile("nop\n nop\n nop\n nop\n nop\n nop\n nop");
        const int8_t ticks = (int8_t)(ect_board_ticks() - begin);
        *least = ticks < *least ? ticks : *least;
        *most = ticks > *most ? ticks : *most;
    }
}

static ect_status_t misbehave(void) {
    if (memcmp(input, "FAIL", 4) == 0) {
        return ECT_E_ENGINE;
    }
    if (memcmp(input, "TRAP", 4) == 0) {
        __builtin_trap();
    }
    if (memcmp(input, "DEEP", 4) == 0) {
        output[0] = (int8_t)recurse(0);
    }
    while (memcmp(input, "HANG", 4) == 0) {
    }
    return ECT_OK;
}

ect_status_t ect_engine_profile(ect_op_observer_t observer, void *context) {
    ect_tensor_t result = tensor(copy, sizeof copy);
    memcpy(copy, input, sizeof copy);
    if (observer != NULL && !observer(context, 0, &result)) {
        return ECT_OK;
    }
    if (memcmp(copy, "TICK", 4) == 0) {
        measure_ticks(&output[0], &output[1]);
        return ECT_OK;
    }
    uint32_t sums[2] = {0, 0};
    for (size_t i = 0; i < SAMPLES; i++) {
        sums[i >= SAMPLES / 2] += (uint8_t)copy[i];
    }
    halves[0] = (int8_t)(sums[0] & 0x7fu);
    halves[1] = (int8_t)(sums[1] & 0x7fu);
    result = tensor(halves, sizeof halves);
    if (observer != NULL && !observer(context, 1, &result)) {
        return ECT_OK;
    }
    output[0] = halves[0];
    output[1] = halves[1];
    output[2] = input[SAMPLES - 1];
    memset(input, 0x55, sizeof input); /* an inference may destroy its input */
    result = ect_engine_output();
    if (observer != NULL) {
        (void)observer(context, 2, &result);
    }
    return ECT_OK;
}

ect_status_t ect_engine_invoke(void) {
    const ect_status_t status = misbehave();
    return status == ECT_OK ? ect_engine_profile(NULL, NULL) : status;
}

const ect_engine_info_t *ect_engine_info(void) {
    return &INFO;
}
