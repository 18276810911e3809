#include "session.h"

#include <stdbool.h>
#include <string.h>

#include "../protocol/frame.h"
#include "ectopy/board.h"
#include "hello.h"
#include "inference.h"
#include "reply.h"
#include "stats.h"

#define WRITE_TIMEOUT_MS 2000u
#define REMEMBERED_BYTES (ECT_INFER_REPLY_BYTES + ECT_MAX_CLASSES)

/* The answer to an INFER, kept so that a repeat is neither computed nor counted again. */
typedef struct {
    bool used;
    uint16_t seq;
    uint32_t crc; /* of the request */
    ect_status_t status;
    size_t bytes;
    uint8_t body[REMEMBERED_BYTES];
} remembered_t;

static ect_decoder_t decoder;
static ect_reply_t reply;
static ect_status_t engine_status;
static bool opened; /* a HELLO has come since boot */
static remembered_t ring[ECT_REPLY_RING];
static size_t ring_next;

void ect_session_init(void) {
    ect_decoder_init(&decoder);
    engine_status = ect_inference_init();
    opened = false;
}

static void send_reply(const ect_frame_t *request, ect_status_t status) {
    static uint8_t encoded[ECT_ENCODED_BYTES];
    const bool has_body = status == ECT_OK || status == ECT_E_SELFTEST;
    const ect_frame_t frame = {.kind = (uint8_t)(request->kind | ECT_REPLY_BIT),
                               .status = (uint8_t)status,
                               .seq = request->seq,
                               .body = reply.body,
                               .body_bytes = has_body ? reply.bytes : 0};
    size_t written = 0;
    if (ect_frame_encode(&frame, encoded, sizeof encoded, &written) == ECT_OK) {
        /* Nothing to do where the link takes nothing: the host repeats its request. */
        const ect_status_t ignored = ect_board_write(encoded, written, WRITE_TIMEOUT_MS);
        (void)ignored;
    }
}

static ect_status_t open_session(const ect_frame_t *request) {
    memset(ring, 0, sizeof ring);
    ect_inference_forget();
    opened = true;
    if (engine_status != ECT_OK) {
        return engine_status;
    }
    size_t bytes = 0;
    memcpy(reply.body, request->body, ECT_HELLO_REPLY_BYTES);
    const ect_status_t status = ect_hello_json((char *)reply.body + ECT_HELLO_REPLY_BYTES,
                                               sizeof reply.body - ECT_HELLO_REPLY_BYTES, &bytes);
    reply.bytes = ECT_HELLO_REPLY_BYTES + bytes;
    return status;
}

static const remembered_t *find_reply(const ect_frame_t *request) {
    for (size_t i = 0; i < ECT_REPLY_RING; i++) {
        if (ring[i].used && ring[i].seq == request->seq && ring[i].crc == request->crc) {
            return &ring[i];
        }
    }
    return NULL;
}

static ect_status_t infer_once(const ect_frame_t *request) {
    const remembered_t *before = find_reply(request);
    if (before != NULL) {
        ect_stats()->repeats++;
        memcpy(reply.body, before->body, before->bytes);
        reply.bytes = before->bytes;
        return before->status;
    }
    ect_stats()->inferences++;
    const ect_status_t status = ect_infer(request->body, request->body_bytes, &reply);
    remembered_t *entry = &ring[ring_next];
    ring_next = (ring_next + 1u) % ECT_REPLY_RING;
    entry->used = true;
    entry->seq = request->seq;
    entry->crc = request->crc;
    entry->status = status;
    entry->bytes = status == ECT_OK ? reply.bytes : 0;
    memcpy(entry->body, reply.body, entry->bytes);
    return status;
}

static ect_status_t report_stats(void) {
    const ect_stats_t *stats = ect_stats();
    ect_put_u32(reply.body + ECT_STATS_REPLY_FRAMES_AT, stats->frames);
    ect_put_u32(reply.body + ECT_STATS_REPLY_DAMAGED_AT, stats->damaged);
    ect_put_u32(reply.body + ECT_STATS_REPLY_REPEATS_AT, stats->repeats);
    ect_put_u32(reply.body + ECT_STATS_REPLY_INFERENCES_AT, stats->inferences);
    ect_put_u32(reply.body + ECT_STATS_REPLY_STACK_HIGH_WATER_AT, ect_stats_stack_high_water());
    ect_put_u32(reply.body + ECT_STATS_REPLY_STACK_SIZE_AT, ect_stats_stack_size());
    ect_put_u32(reply.body + ECT_STATS_REPLY_LINE_ERRORS_AT, ect_board_line_errors());
    reply.bytes = ECT_STATS_REPLY_BYTES;
    return ECT_OK;
}

/* Bytes a request of this kind must have; INFER checks its own. */
static size_t request_bytes(uint8_t kind) {
    switch (kind) {
    case ECT_KIND_HELLO:
        return ECT_HELLO_REQUEST_BYTES;
    case ECT_KIND_DUMP:
        return ECT_DUMP_REQUEST_BYTES;
    default:
        return 0;
    }
}

static ect_status_t handle(const ect_frame_t *request) {
    if (request->kind < ECT_KIND_HELLO || request->kind > ECT_KIND_RESET) {
        return ECT_E_KIND;
    }
    if (request->kind != ECT_KIND_INFER && request->body_bytes != request_bytes(request->kind)) {
        return ECT_E_LENGTH;
    }
    if (request->kind == ECT_KIND_HELLO) {
        return open_session(request);
    }
    if (!opened || engine_status != ECT_OK) {
        return ECT_E_STATE;
    }
    switch (request->kind) {
    case ECT_KIND_INFER:
        return infer_once(request);
    case ECT_KIND_PROFILE:
        return ect_profile(&reply);
    case ECT_KIND_DUMP:
        return ect_dump(request->body, &reply);
    case ECT_KIND_STATS:
        return report_stats();
    case ECT_KIND_SELFTEST:
        return ect_selftest(&reply);
    default:
        return ECT_OK; /* RESET happens after its reply */
    }
}

static void answer(const ect_frame_t *request) {
    if ((request->kind & ECT_REPLY_BIT) != 0) {
        ect_stats()->damaged++; /* an echo of our own replies: answering it would never end */
        return;
    }
    ect_stats()->frames++;
    reply.bytes = 0;
    const ect_status_t status = handle(request);
    send_reply(request, status);
    if (request->kind == ECT_KIND_RESET && status == ECT_OK) {
        ect_board_reset();
    }
}

void ect_session_receive(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        ect_frame_t request;
        const ect_decode_t event = ect_decoder_push(&decoder, data[i], &request);
        if (event == ECT_DECODE_FRAME) {
            answer(&request);
        } else if (event == ECT_DECODE_DAMAGED) {
            ect_stats()->damaged++;
        }
    }
}
