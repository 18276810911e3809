/* Lets a test drive the decoder without knowing its struct. */
#include <string.h>

#include "../../firmware/protocol/frame.h"

static ect_decoder_t decoder;
static uint32_t damaged;

void shim_start(void) {
    ect_decoder_init(&decoder);
    damaged = 0;
}

uint32_t shim_damaged(void) {
    return damaged;
}

/* Appends to `out` each completed frame as u16 body bytes, kind, status, u16 seq, body; returns the
 * bytes appended. */
size_t shim_feed(const uint8_t *data, size_t bytes, uint8_t *out) {
    size_t length = 0;
    for (size_t i = 0; i < bytes; i++) {
        ect_frame_t frame;
        const ect_decode_t event = ect_decoder_push(&decoder, data[i], &frame);
        damaged += event == ECT_DECODE_DAMAGED;
        if (event != ECT_DECODE_FRAME) {
            continue;
        }
        ect_put_u16(out + length, (uint16_t)frame.body_bytes);
        out[length + 2u] = frame.kind;
        out[length + 3u] = frame.status;
        ect_put_u16(out + length + 4u, frame.seq);
        memcpy(out + length + 6u, frame.body, frame.body_bytes);
        length += 6u + frame.body_bytes;
    }
    return length;
}

size_t shim_encode(uint8_t kind, uint8_t status, uint16_t seq, const uint8_t *body, size_t bytes,
                   uint8_t *out, size_t capacity) {
    const ect_frame_t frame = {
        .kind = kind, .status = status, .seq = seq, .body = body, .body_bytes = bytes};
    size_t written = 0;
    return ect_frame_encode(&frame, out, capacity, &written) == ECT_OK ? written : 0;
}
