/* Frames on a byte stream: COBS(header, body, crc32) 0x00, see PROTOCOL.md.
 * Pure functions of bytes and caller's buffers, freestanding; every length is checked before use,
 * so any bytes at all may be fed to the decoder. */
#ifndef ECT_PROTOCOL_FRAME_H
#define ECT_PROTOCOL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ectopy/status.h"
#include "messages.h"

/* A decoded packet, and a coded one with its closing zero, never exceed these. */
#define ECT_PACKET_BYTES  (ECT_HEADER_BYTES + ECT_MAX_BODY + ECT_CRC_BYTES)
#define ECT_ENCODED_BYTES (ECT_PACKET_BYTES + ECT_PACKET_BYTES / 254u + 2u)

typedef struct {
    uint8_t kind;
    uint8_t status;
    uint16_t seq;
    const uint8_t *body;
    size_t body_bytes;
    uint32_t crc; /* checksum of header and body; set by the decoder, not read by the encoder */
} ect_frame_t;

typedef enum {
    ECT_DECODE_MORE,   /* the frame is not complete */
    ECT_DECODE_FRAME,  /* a valid frame is in the decoder's buffer */
    ECT_DECODE_DAMAGED /* a frame ended and was dropped */
} ect_decode_t;

typedef struct {
    uint8_t packet[ECT_PACKET_BYTES];
    size_t length;     /* decoded bytes so far */
    uint8_t left;      /* bytes until the next code byte */
    bool zero_pending; /* the block that just ended stands for a zero, unless it is the last */
    bool started;      /* a byte other than 0x00 has come since the last 0x00 */
    bool broken;       /* too long: drop until the next 0x00 */
} ect_decoder_t;

/* Ready for the first byte of a stream. */
void ect_decoder_init(ect_decoder_t *decoder);

/* Takes one byte. After ECT_DECODE_FRAME `frame` points into the decoder until the next push. */
ect_decode_t ect_decoder_push(ect_decoder_t *decoder, uint8_t byte, ect_frame_t *frame);

/* Writes the coded frame and its closing zero to `out`.
 * ECT_E_SIZE if `capacity` is less than needed; ECT_ENCODED_BYTES is always enough.
 * ECT_E_LENGTH if the body is longer than ECT_MAX_BODY. */
ECT_NODISCARD ect_status_t ect_frame_encode(const ect_frame_t *frame, uint8_t *out, size_t capacity,
                                            size_t *written);

static inline uint16_t ect_get_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | (uint16_t)(at[1] << 8));
}

static inline uint32_t ect_get_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void ect_put_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void ect_put_u32(uint8_t *at, uint32_t value) {
    ect_put_u16(at, (uint16_t)value);
    ect_put_u16(at + 2, (uint16_t)(value >> 16));
}

#endif /* ECT_PROTOCOL_FRAME_H */
