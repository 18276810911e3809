/* Requests that run the engine. Each reads a request's body and makes the reply's body. */
#ifndef ECT_APP_INFERENCE_H
#define ECT_APP_INFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "ectopy/status.h"
#include "reply.h"

/* More classes than a beat classifier has; bounds a remembered reply. */
#define ECT_MAX_CLASSES 32u

/* Starts the engine. ECT_E_SIZE if the model is beyond this application's limits or does not
 * agree with the engine, else what ect_engine_init says. */
ECT_NODISCARD ect_status_t ect_inference_init(void);

/* Forgets the last window. */
void ect_inference_forget(void);

/* ECT_E_LENGTH, ECT_E_FORMAT, ECT_E_RANGE (NaN) or what the engine says. */
ECT_NODISCARD ect_status_t ect_infer(const uint8_t *body, size_t bytes, ect_reply_t *reply);

/* The last window again. ECT_E_STATE without one, ECT_E_SIZE for too many operators. */
ECT_NODISCARD ect_status_t ect_profile(ect_reply_t *reply);

/* The last window again. ECT_E_STATE without one, ECT_E_RANGE for no such operator or offset. */
ECT_NODISCARD ect_status_t ect_dump(const uint8_t *body, ect_reply_t *reply);

/* ECT_E_SELFTEST if an output differs from its golden vector. */
ECT_NODISCARD ect_status_t ect_selftest(ect_reply_t *reply);

#endif /* ECT_APP_INFERENCE_H */
