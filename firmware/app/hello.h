/* What the device says about itself. */
#ifndef ECT_APP_HELLO_H
#define ECT_APP_HELLO_H

#include <stddef.h>

#include "ectopy/status.h"

/* Writes the JSON of a HELLO reply (PROTOCOL.md) without a final zero.
 * ECT_E_SIZE if it does not fit. */
ECT_NODISCARD ect_status_t ect_hello_json(char *out, size_t capacity, size_t *written);

#endif /* ECT_APP_HELLO_H */
