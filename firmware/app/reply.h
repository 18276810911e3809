/* The body of the reply that is being made. */
#ifndef ECT_APP_REPLY_H
#define ECT_APP_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "../protocol/messages.h"

typedef struct {
    uint8_t body[ECT_MAX_BODY];
    size_t bytes;
} ect_reply_t;

#endif /* ECT_APP_REPLY_H */
