/* Statuses of firmware functions and of wire replies: one table, shared with Python
 * (tools/ectopy/protocol/schema.py; a test compares the two). */
#ifndef ECTOPY_STATUS_H
#define ECTOPY_STATUS_H

typedef enum {
    ECT_OK = 0,
    ECT_E_KIND = 1,        /* unknown message kind */
    ECT_E_LENGTH = 2,      /* body length wrong for its kind, or frame too long */
    ECT_E_CRC = 3,         /* checksum of a frame wrong (counted, never sent back) */
    ECT_E_FORMAT = 4,      /* unknown input format byte */
    ECT_E_RANGE = 5,       /* index or offset outside what exists */
    ECT_E_SIZE = 6,        /* a buffer, the arena or scratch memory is too small */
    ECT_E_ARG = 7,         /* a caller's mistake: null pointer, impossible parameter */
    ECT_E_ENGINE = 8,      /* the inference engine failed */
    ECT_E_SELFTEST = 9,    /* golden vectors did not match */
    ECT_E_TIMEOUT = 10,    /* the link gave nothing in time */
    ECT_E_CLOSED = 11,     /* the link was closed by the other side */
    ECT_E_STATE = 12,      /* asked in the wrong state, e.g. DUMP before any INFER */
    ECT_E_UNSUPPORTED = 13 /* the engine as it was linked cannot do this */
} ect_status_t;

#if defined(__GNUC__)
#define ECT_NODISCARD __attribute__((warn_unused_result))
#else
#define ECT_NODISCARD
#endif

#endif /* ECTOPY_STATUS_H */
