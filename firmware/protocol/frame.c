#include "frame.h"

#include "crc32.h"

#define BLOCK 254u /* non-zero bytes that one code byte can announce */

static void begin(ect_decoder_t *decoder) {
    decoder->length = 0;
    decoder->left = 0;
    decoder->zero_pending = false;
    decoder->started = false;
    decoder->broken = false;
}

void ect_decoder_init(ect_decoder_t *decoder) {
    begin(decoder);
}

static void append(ect_decoder_t *decoder, uint8_t byte) {
    if (decoder->length < sizeof decoder->packet) {
        decoder->packet[decoder->length++] = byte;
    } else {
        decoder->broken = true;
    }
}

static bool parse(const ect_decoder_t *decoder, ect_frame_t *frame) {
    if (decoder->broken || decoder->left != 0 ||
        decoder->length < ECT_HEADER_BYTES + ECT_CRC_BYTES) {
        return false;
    }
    const uint8_t *packet = decoder->packet;
    const size_t content = decoder->length - ECT_CRC_BYTES;
    frame->crc = ect_crc32(0, packet, content);
    if (frame->crc != ect_get_u32(packet + content)) {
        return false;
    }
    frame->kind = packet[0];
    frame->status = packet[1];
    frame->seq = ect_get_u16(packet + 2);
    frame->body = packet + ECT_HEADER_BYTES;
    frame->body_bytes = content - ECT_HEADER_BYTES;
    return true;
}

ect_decode_t ect_decoder_push(ect_decoder_t *decoder, uint8_t byte, ect_frame_t *frame) {
    if (byte == 0) {
        const bool valid = decoder->started && parse(decoder, frame);
        const bool damaged = decoder->started && !valid;
        begin(decoder);
        return valid ? ECT_DECODE_FRAME : damaged ? ECT_DECODE_DAMAGED : ECT_DECODE_MORE;
    }
    decoder->started = true;
    if (decoder->broken) {
        return ECT_DECODE_MORE;
    }
    if (decoder->left != 0) {
        append(decoder, byte);
        decoder->left--;
    } else {
        if (decoder->zero_pending) {
            append(decoder, 0);
        }
        decoder->left = (uint8_t)(byte - 1u);
        decoder->zero_pending = byte <= BLOCK;
    }
    return ECT_DECODE_MORE;
}

typedef struct {
    uint8_t *out;
    size_t capacity;
    size_t length;  /* bytes written, counting those that did not fit */
    size_t code_at; /* where the code byte of the open block goes */
    uint8_t code;
} encoder_t;

static void store(encoder_t *encoder, size_t at, uint8_t byte) {
    if (at < encoder->capacity) {
        encoder->out[at] = byte;
    }
}

static void close_block(encoder_t *encoder) {
    store(encoder, encoder->code_at, encoder->code);
    encoder->code_at = encoder->length++;
    encoder->code = 1;
}

static void stuff(encoder_t *encoder, const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (data[i] == 0) {
            close_block(encoder);
            continue;
        }
        store(encoder, encoder->length++, data[i]);
        if (++encoder->code == BLOCK + 1u) {
            close_block(encoder);
        }
    }
}

ect_status_t ect_frame_encode(const ect_frame_t *frame, uint8_t *out, size_t capacity,
                              size_t *written) {
    if (frame->body_bytes > ECT_MAX_BODY) {
        return ECT_E_LENGTH;
    }
    uint8_t header[ECT_HEADER_BYTES] = {frame->kind, frame->status};
    ect_put_u16(header + 2, frame->seq);
    uint8_t checksum[ECT_CRC_BYTES];
    const uint32_t crc = ect_crc32(0, header, sizeof header);
    ect_put_u32(checksum, ect_crc32(crc, frame->body, frame->body_bytes));

    encoder_t encoder = {.out = out, .capacity = capacity, .length = 1, .code_at = 0, .code = 1};
    stuff(&encoder, header, sizeof header);
    stuff(&encoder, frame->body, frame->body_bytes);
    stuff(&encoder, checksum, sizeof checksum);
    store(&encoder, encoder.code_at, encoder.code);
    store(&encoder, encoder.length++, 0);
    *written = encoder.length;
    return encoder.length <= capacity ? ECT_OK : ECT_E_SIZE;
}
