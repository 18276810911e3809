/* The AOT engine through engine.h, with whatever model is linked. Exit code 0: all as promised. */
#include <stdio.h>
#include <string.h>

#include "ectopy/engine.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

typedef struct {
    uint16_t calls, stop_after;
    int8_t last[16];
    uint32_t last_bytes;
} watch_t;

static bool watch(void *context, uint16_t op, const ect_tensor_t *output) {
    watch_t *seen = context;
    if (op != seen->calls) {
        return false;
    }
    seen->calls++;
    seen->last_bytes = output->bytes;
    memcpy(seen->last, output->data, output->bytes < 16u ? output->bytes : 16u);
    return seen->calls != seen->stop_after;
}

static void fill(void) {
    const ect_tensor_t input = ect_engine_input();
    for (uint32_t i = 0; i < input.bytes; ++i) {
        input.data[i] = (int8_t)(37u * i);
    }
}

int main(void) {
    CHECK(ect_engine_init() == ECT_OK);
    const ect_engine_info_t *info = ect_engine_info();
    CHECK(strcmp(info->name, "aot") == 0 && strlen(info->version) > 0);
    CHECK(info->op_count == 5 && info->arena_used_bytes == info->arena_reserved_bytes);
    const ect_tensor_t output = ect_engine_output();
    CHECK(ect_engine_input().bytes == 64 && output.bytes == 3);

    fill();
    watch_t whole = {.stop_after = UINT16_MAX};
    CHECK(ect_engine_profile(watch, &whole) == ECT_OK);
    CHECK(whole.calls == info->op_count && whole.last_bytes == output.bytes);
    CHECK(memcmp(whole.last, ect_engine_output().data, output.bytes) == 0);

    fill();
    CHECK(ect_engine_invoke() == ECT_OK);
    CHECK(memcmp(whole.last, ect_engine_output().data, output.bytes) == 0);

    for (uint16_t stop = 1; stop <= info->op_count; ++stop) {
        fill();
        watch_t part = {.stop_after = stop};
        CHECK(ect_engine_profile(watch, &part) == ECT_OK && part.calls == stop);
    }
    return 0;
}
