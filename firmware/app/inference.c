#include "inference.h"

#include <stdbool.h>
#include <string.h>

#include "../protocol/frame.h"
#include "ectopy/board.h"
#include "ectopy/engine.h"
#include "ectopy/model.h"
#include "preprocess.h"

static int8_t window[ECT_MAX_SAMPLES]; /* the last window, quantized */
static bool has_window;

ect_status_t ect_inference_init(void) {
    has_window = false;
    const ect_status_t status = ect_engine_init();
    if (status != ECT_OK) {
        return status;
    }
    const ect_model_info_t *model = &ect_model_info;
    const bool fits = model->frame_samples <= ECT_MAX_SAMPLES &&
                      model->class_count <= ECT_MAX_CLASSES &&
                      ect_engine_input().bytes == model->frame_samples &&
                      ect_engine_output().bytes == model->class_count;
    return fits ? ECT_OK : ECT_E_SIZE;
}

void ect_inference_forget(void) {
    has_window = false;
}

static ect_status_t samples_of(uint8_t format, const uint8_t *data, int16_t *samples_uv) {
    for (size_t i = 0; i < ect_model_info.frame_samples; i++) {
        if (format == ECT_FORMAT_INT16_UV) {
            samples_uv[i] = (int16_t)ect_get_u16(data + 2u * i);
            continue;
        }
        const uint32_t bits = ect_get_u32(data + 4u * i);
        float millivolts;
        memcpy(&millivolts, &bits, sizeof millivolts);
        const ect_status_t status = ect_round_microvolts(millivolts, &samples_uv[i]);
        if (status != ECT_OK) {
            return status;
        }
    }
    return ECT_OK;
}

/* Makes `window` of an INFER body. */
static ect_status_t load_window(const uint8_t *body, size_t bytes) {
    static const uint8_t SAMPLE_BYTES[] = {
        [ECT_FORMAT_INT8] = 1, [ECT_FORMAT_INT16_UV] = 2, [ECT_FORMAT_FLOAT32_MV] = 4};
    static int16_t samples_uv[ECT_MAX_SAMPLES];
    const uint8_t format = body[ECT_INFER_REQUEST_FORMAT_AT];
    const uint8_t *data = body + ECT_INFER_REQUEST_BYTES;
    if (format >= sizeof SAMPLE_BYTES) {
        return ECT_E_FORMAT;
    }
    if (bytes - ECT_INFER_REQUEST_BYTES !=
        (size_t)SAMPLE_BYTES[format] * ect_model_info.frame_samples) {
        return ECT_E_LENGTH;
    }
    if (format == ECT_FORMAT_INT8) {
        memcpy(window, data, ect_model_info.frame_samples);
        return ECT_OK;
    }
    const ect_status_t status = samples_of(format, data, samples_uv);
    if (status == ECT_OK) {
        ect_preprocess(&ect_model_info, samples_uv, window);
    }
    return status;
}

/* An inference may destroy its input, so it is written before each. */
static void set_input(const int8_t *values) {
    const ect_tensor_t input = ect_engine_input();
    memcpy(input.data, values, input.bytes);
}

ect_status_t ect_infer(const uint8_t *body, size_t bytes, ect_reply_t *reply) {
    if (bytes < ECT_INFER_REQUEST_BYTES) {
        return ECT_E_LENGTH;
    }
    has_window = false;
    const uint32_t begin = ect_board_ticks();
    ect_status_t status = load_window(body, bytes);
    if (status != ECT_OK) {
        return status;
    }
    const uint32_t loaded = ect_board_ticks();
    set_input(window);
    /* Around the ticks, not between them: those count what they always counted. */
    const uint32_t cycles = ect_board_cycles();
    const uint32_t ready = ect_board_ticks();
    status = ect_engine_invoke();
    const uint32_t invoked = ect_board_ticks();
    const uint32_t cycles_invoke = ect_board_cycles() - cycles;
    if (status != ECT_OK) {
        return status;
    }
    has_window = true;
    const ect_tensor_t output = ect_engine_output();
    memcpy(reply->body + ECT_INFER_REPLY_BYTES, output.data, output.bytes);
    reply->bytes = ECT_INFER_REPLY_BYTES + output.bytes;
    ect_put_u32(reply->body + ECT_INFER_REPLY_TICKS_PREPROCESS_AT, loaded - begin);
    ect_put_u32(reply->body + ECT_INFER_REPLY_TICKS_INVOKE_AT, invoked - ready);
    ect_put_u32(reply->body + ECT_INFER_REPLY_CYCLES_INVOKE_AT, cycles_invoke);
    ect_put_u32(reply->body + ECT_INFER_REPLY_TICKS_TOTAL_AT, ect_board_ticks() - begin);
    return ECT_OK;
}

typedef struct {
    ect_reply_t *reply;
    uint32_t last;
    bool overflow;
} profile_t;

static bool take_ticks(void *context, uint16_t op_index, const ect_tensor_t *output) {
    (void)op_index;
    (void)output;
    profile_t *profile = context;
    const uint32_t now = ect_board_ticks();
    if (profile->reply->bytes + 4u > ECT_MAX_BODY) {
        profile->overflow = true;
        return false;
    }
    ect_put_u32(profile->reply->body + profile->reply->bytes, now - profile->last);
    profile->reply->bytes += 4u;
    profile->last = ect_board_ticks();
    return true;
}

ect_status_t ect_profile(ect_reply_t *reply) {
    if (!has_window) {
        return ECT_E_STATE;
    }
    set_input(window);
    profile_t profile = {.reply = reply, .last = ect_board_ticks(), .overflow = false};
    const ect_status_t status = ect_engine_profile(take_ticks, &profile);
    return status == ECT_OK && profile.overflow ? ECT_E_SIZE : status;
}

typedef struct {
    ect_reply_t *reply;
    size_t offset;
    size_t length;
    uint16_t op;
    bool found;
} dump_t;

static bool take_piece(void *context, uint16_t op_index, const ect_tensor_t *output) {
    dump_t *dump = context;
    if (op_index != dump->op) {
        return true;
    }
    if (dump->offset <= output->bytes) {
        const size_t there = output->bytes - dump->offset;
        const size_t room = ECT_MAX_BODY - ECT_DUMP_REPLY_BYTES;
        const size_t wanted = dump->length < room ? dump->length : room;
        const size_t bytes = wanted < there ? wanted : there;
        ect_put_u32(dump->reply->body + ECT_DUMP_REPLY_TOTAL_AT, output->bytes);
        for (size_t i = 0; i < bytes; i++) {
            const int8_t value = ect_tensor_at(output, (uint32_t)(dump->offset + i));
            dump->reply->body[ECT_DUMP_REPLY_BYTES + i] = (uint8_t)value;
        }
        dump->reply->bytes = ECT_DUMP_REPLY_BYTES + bytes;
        dump->found = true;
    }
    return false;
}

ect_status_t ect_dump(const uint8_t *body, ect_reply_t *reply) {
    if (!has_window) {
        return ECT_E_STATE;
    }
    set_input(window);
    dump_t dump = {.reply = reply,
                   .offset = ect_get_u32(body + ECT_DUMP_REQUEST_OFFSET_AT),
                   .length = ect_get_u16(body + ECT_DUMP_REQUEST_LENGTH_AT),
                   .op = ect_get_u16(body + ECT_DUMP_REQUEST_OP_AT),
                   .found = false};
    const ect_status_t status = ect_engine_profile(take_piece, &dump);
    return status == ECT_OK && !dump.found ? ECT_E_RANGE : status;
}

ect_status_t ect_selftest(ect_reply_t *reply) {
    const ect_model_info_t *model = &ect_model_info;
    uint16_t mismatches = 0;
    for (size_t i = 0; i < model->golden_count; i++) {
        set_input(model->golden_inputs + i * model->frame_samples);
        const ect_status_t status = ect_engine_invoke();
        if (status != ECT_OK) {
            return status;
        }
        const int8_t *golden = model->golden_outputs + i * model->class_count;
        if (memcmp(ect_engine_output().data, golden, model->class_count) != 0) {
            mismatches++;
        }
    }
    ect_put_u16(reply->body + ECT_SELFTEST_REPLY_VECTORS_AT, model->golden_count);
    ect_put_u16(reply->body + ECT_SELFTEST_REPLY_MISMATCHES_AT, mismatches);
    reply->bytes = ECT_SELFTEST_REPLY_BYTES;
    return mismatches == 0 ? ECT_OK : ECT_E_SELFTEST;
}
