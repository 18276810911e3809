/* Generated from tools/ectopy/protocol/schema.py by
 * `python -m ectopy.protocol.generate`: do not edit. */
#ifndef ECT_PROTOCOL_MESSAGES_H
#define ECT_PROTOCOL_MESSAGES_H

#define ECT_PROTOCOL_VERSION 2u
#define ECT_MAX_BODY         2304u
#define ECT_HEADER_BYTES     4u
#define ECT_CRC_BYTES        4u
#define ECT_REPLY_BIT        128u
#define ECT_REPLY_RING       16u

typedef enum {
    ECT_KIND_HELLO = 1,
    ECT_KIND_INFER = 2,
    ECT_KIND_PROFILE = 3,
    ECT_KIND_DUMP = 4,
    ECT_KIND_STATS = 5,
    ECT_KIND_SELFTEST = 6,
    ECT_KIND_RESET = 7
} ect_kind_t;

typedef enum {
    ECT_FORMAT_INT8 = 0,
    ECT_FORMAT_INT16_UV = 1,
    ECT_FORMAT_FLOAT32_MV = 2
} ect_format_t;

/* Offsets (_AT) of the scalars in each body, and the bytes before its tail. */
#define ECT_HELLO_REQUEST_SESSION_AT 0u
#define ECT_HELLO_REQUEST_BYTES      4u

#define ECT_HELLO_REPLY_SESSION_AT 0u
#define ECT_HELLO_REPLY_BYTES      4u

#define ECT_INFER_REQUEST_FORMAT_AT 0u
#define ECT_INFER_REQUEST_BYTES     1u

#define ECT_INFER_REPLY_TICKS_TOTAL_AT      0u
#define ECT_INFER_REPLY_TICKS_PREPROCESS_AT 4u
#define ECT_INFER_REPLY_TICKS_INVOKE_AT     8u
#define ECT_INFER_REPLY_CYCLES_INVOKE_AT    12u
#define ECT_INFER_REPLY_BYTES               16u

#define ECT_PROFILE_REQUEST_BYTES 0u

#define ECT_PROFILE_REPLY_BYTES 0u

#define ECT_DUMP_REQUEST_OP_AT     0u
#define ECT_DUMP_REQUEST_LENGTH_AT 2u
#define ECT_DUMP_REQUEST_OFFSET_AT 4u
#define ECT_DUMP_REQUEST_BYTES     8u

#define ECT_DUMP_REPLY_TOTAL_AT 0u
#define ECT_DUMP_REPLY_BYTES    4u

#define ECT_STATS_REQUEST_BYTES 0u

#define ECT_STATS_REPLY_FRAMES_AT           0u
#define ECT_STATS_REPLY_DAMAGED_AT          4u
#define ECT_STATS_REPLY_REPEATS_AT          8u
#define ECT_STATS_REPLY_INFERENCES_AT       12u
#define ECT_STATS_REPLY_STACK_HIGH_WATER_AT 16u
#define ECT_STATS_REPLY_STACK_SIZE_AT       20u
#define ECT_STATS_REPLY_LINE_ERRORS_AT      24u
#define ECT_STATS_REPLY_BYTES               28u

#define ECT_SELFTEST_REQUEST_BYTES 0u

#define ECT_SELFTEST_REPLY_VECTORS_AT    0u
#define ECT_SELFTEST_REPLY_MISMATCHES_AT 2u
#define ECT_SELFTEST_REPLY_BYTES         4u

#define ECT_RESET_REQUEST_BYTES 0u

#define ECT_RESET_REPLY_BYTES 0u

#endif /* ECT_PROTOCOL_MESSAGES_H */
