/* A bare image of one model on any board with a link: reads inputs, writes for each the output of
 * every operator and then, little-endian, the ticks of an inference that nobody watches. */
#include <string.h>

#include "ectopy/board.h"
#include "ectopy/engine.h"

static bool send(void *context, uint16_t op, const ect_tensor_t *output) {
    bool *sent = context;
    static uint8_t block[256];
    uint32_t used = 0;
    (void)op;
    for (uint32_t i = 0; i < output->bytes && *sent; ++i) {
        block[used++] = (uint8_t)ect_tensor_at(output, i);
        if (used == sizeof block || i + 1u == output->bytes) {
            *sent = ect_board_write(block, used, ECT_WAIT_FOREVER) == ECT_OK;
            used = 0;
        }
    }
    return *sent;
}

/* The input tensor does not outlive an inference, so it is kept here. */
static int8_t *receive(uint32_t bytes) {
    static uint8_t kept[16384];
    size_t have = 0;
    while (bytes <= sizeof kept && have < bytes) {
        size_t more = 0;
        if (ect_board_read(kept + have, bytes - have, &more, ECT_WAIT_FOREVER) != ECT_OK) {
            return NULL;
        }
        have += more;
    }
    return have == bytes ? (int8_t *)kept : NULL;
}

static bool one_inference(void) {
    const ect_tensor_t input = ect_engine_input();
    const int8_t *values = receive(input.bytes);
    if (values == NULL) {
        return false;
    }
    bool sent = true;
    memcpy(input.data, values, input.bytes);
    if (ect_engine_profile(send, &sent) != ECT_OK || !sent) {
        return false;
    }
    memcpy(input.data, values, input.bytes);
    const uint32_t begin = ect_board_ticks();
    const bool done = ect_engine_invoke() == ECT_OK;
    const uint32_t ticks = ect_board_ticks() - begin;
    const uint8_t wire[4] = {(uint8_t)ticks, (uint8_t)(ticks >> 8), (uint8_t)(ticks >> 16),
                             (uint8_t)(ticks >> 24)};
    return done && ect_board_write(wire, sizeof wire, ECT_WAIT_FOREVER) == ECT_OK;
}

int main(void) {
    if (ect_board_init() != ECT_OK || ect_engine_init() != ECT_OK) {
        return 1;
    }
    while (one_inference()) {
    }
    return 0;
}
