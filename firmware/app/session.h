/* The device's side of the wire: bytes in, replies out through the board. */
#ifndef ECT_APP_SESSION_H
#define ECT_APP_SESSION_H

#include <stddef.h>
#include <stdint.h>

/* Starts the engine; if that fails every HELLO says so. */
void ect_session_init(void);

/* Takes bytes as they come, any bytes at all, and answers the requests they complete. */
void ect_session_receive(const uint8_t *data, size_t bytes);

#endif /* ECT_APP_SESSION_H */
