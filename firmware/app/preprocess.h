/* From samples to the model's int8 input; the host repeats it bit for bit
 * (tools/ectopy/preprocess.py). */
#ifndef ECT_APP_PREPROCESS_H
#define ECT_APP_PREPROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "ectopy/model.h"
#include "ectopy/status.h"

/* Windows longer than this do not fit a frame, and could overflow the int32 deviation. */
#define ECT_MAX_SAMPLES 512u

/* Normalizes and quantizes one window of model->frame_samples int16 microvolts. */
void ect_preprocess(const ect_model_info_t *model, const int16_t *samples_uv, int8_t *out);

/* Rounds millivolts to microvolts, half away from zero, saturating. ECT_E_RANGE for NaN. */
ECT_NODISCARD ect_status_t ect_round_microvolts(float millivolts, int16_t *microvolts);

#endif /* ECT_APP_PREPROCESS_H */
