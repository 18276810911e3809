#include "hello.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../protocol/messages.h"
#include "ectopy/board.h"
#include "ectopy/engine.h"
#include "ectopy/model.h"

#ifndef ECT_BUILD_ID
#define ECT_BUILD_ID "unknown"
#endif

/* A writer that counts what does not fit instead of storing it. No printf: its floating point and
 * heap would be most of the image. */
typedef struct {
    char *out;
    size_t capacity;
    size_t length;
    bool first; /* no comma before the next key */
} json_t;

static void put(json_t *json, char letter) {
    if (json->length < json->capacity) {
        json->out[json->length] = letter;
    }
    json->length++;
}

static void put_string(json_t *json, const char *text) {
    put(json, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            put(json, '\\');
        }
        put(json, (unsigned char)*text < 0x20u ? '?' : *text);
    }
    put(json, '"');
}

static void comma(json_t *json) {
    if (!json->first) {
        put(json, ',');
    }
    json->first = false;
}

static void key(json_t *json, const char *name) {
    comma(json);
    put_string(json, name);
    put(json, ':');
}

static void open_group(json_t *json, char bracket) {
    put(json, bracket);
    json->first = true;
}

static void close_group(json_t *json, char bracket) {
    put(json, bracket);
    json->first = false;
}

static void text_item(json_t *json, const char *name, const char *value) {
    key(json, name);
    put_string(json, value);
}

static void flag_item(json_t *json, const char *name, bool value) {
    key(json, name);
    for (const char *at = value ? "true" : "false"; *at != '\0'; at++) {
        put(json, *at);
    }
}

static void count_item(json_t *json, const char *name, uint32_t value) {
    key(json, name);
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    while (count != 0) {
        put(json, digits[--count]);
    }
}

static void tensor_item(json_t *json, const char *name, const ect_tensor_t *tensor) {
    uint32_t bits;
    char digits[9] = {0};
    memcpy(&bits, &tensor->scale, sizeof bits);
    for (uint32_t i = 0; i < 8u; i++) {
        digits[i] = "0123456789abcdef"[(bits >> (28u - 4u * i)) & 15u];
    }
    key(json, name);
    open_group(json, '{');
    count_item(json, "bytes", tensor->bytes);
    text_item(json, "scale_bits", digits);
    key(json, "zero_point");
    const int32_t zero_point = tensor->zero_point; /* -128..127 */
    const uint32_t size = (uint32_t)(zero_point < 0 ? -zero_point : zero_point);
    if (zero_point < 0) {
        put(json, '-');
    }
    if (size >= 100u) {
        put(json, (char)('0' + size / 100u));
    }
    if (size >= 10u) {
        put(json, (char)('0' + size / 10u % 10u));
    }
    put(json, (char)('0' + size % 10u));
    close_group(json, '}');
}

static void board_item(json_t *json) {
    const ect_board_info_t *board = ect_board_info();
    key(json, "board");
    open_group(json, '{');
    text_item(json, "name", board->name);
    text_item(json, "cpu", board->cpu);
    flag_item(json, "emulated", board->emulated);
    count_item(json, "clock_hz", board->clock_hz);
    text_item(json, "tick_unit", board->tick_unit);
    count_item(json, "cpu_hz", board->cpu_hz);
    text_item(json, "cycle_counter", board->cycle_counter);
    text_item(json, "setup_error", board->setup_error);
    text_item(json, "last_fault", board->last_fault);
    close_group(json, '}');
}

static void engine_item(json_t *json) {
    const ect_engine_info_t *engine = ect_engine_info();
    key(json, "engine");
    open_group(json, '{');
    text_item(json, "name", engine->name);
    text_item(json, "version", engine->version);
    count_item(json, "arena_used_bytes", engine->arena_used_bytes);
    count_item(json, "arena_reserved_bytes", engine->arena_reserved_bytes);
    count_item(json, "op_count", engine->op_count);
    close_group(json, '}');
}

static void model_item(json_t *json) {
    const ect_model_info_t *model = &ect_model_info;
    const ect_tensor_t input = ect_engine_input();
    const ect_tensor_t output = ect_engine_output();
    key(json, "model");
    open_group(json, '{');
    text_item(json, "name", model->name);
    text_item(json, "tflite_sha256", model->tflite_sha256);
    count_item(json, "frame_samples", model->frame_samples);
    count_item(json, "sampling_hz", model->sampling_hz);
    count_item(json, "golden_vectors", model->golden_count);
    key(json, "classes");
    open_group(json, '[');
    for (uint16_t i = 0; i < model->class_count; i++) {
        comma(json);
        put_string(json, model->class_names[i]);
    }
    close_group(json, ']');
    tensor_item(json, "input", &input);
    tensor_item(json, "output", &output);
    close_group(json, '}');
}

ect_status_t ect_hello_json(char *out, size_t capacity, size_t *written) {
    const ect_board_info_t *board = ect_board_info();
    json_t json = {.out = out, .capacity = capacity, .length = 0, .first = true};
    open_group(&json, '{');
    count_item(&json, "protocol", ECT_PROTOCOL_VERSION);
    text_item(&json, "build_id", ECT_BUILD_ID);
    count_item(&json, "credits",
               board->rx_credits < ECT_REPLY_RING ? board->rx_credits : ECT_REPLY_RING);
    board_item(&json);
    engine_item(&json);
    model_item(&json);
    close_group(&json, '}');
    *written = json.length;
    return json.length <= capacity ? ECT_OK : ECT_E_SIZE;
}
