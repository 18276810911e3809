#include "preprocess.h"

#include <math.h>

/* Beyond what int8 holds for any zero point, and far inside what int32 holds. */
#define CLAMP_STEPS 512.0f

static float clampf(float value, float low, float high) {
    return value < low ? low : value > high ? high : value;
}

/* Nearest integer, halves away from zero, of a value inside int32. Adding 0.5 first would round
 * the largest float below a half up; the fraction is exact instead. */
static int32_t round_half_away(float value) {
    const int32_t whole = (int32_t)value;
    return whole + (int32_t)((value - (float)whole) * 2.0f);
}

void ect_preprocess(const ect_model_info_t *model, const int16_t *samples_uv, int8_t *out) {
    const int32_t n = model->frame_samples;
    int32_t sum = 0;
    int64_t squares = 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t x = samples_uv[i];
        sum += x;
        squares += (int64_t)x * x;
    }
    const int64_t spread = n * squares - (int64_t)sum * sum + model->epsilon_n2;
    const float gain = spread > 0 ? 1.0f / (sqrtf((float)spread) * model->input_scale) : 0.0f;
    for (int32_t i = 0; i < n; i++) {
        const float steps = (float)(n * samples_uv[i] - sum) * gain;
        int32_t q = round_half_away(clampf(steps, -CLAMP_STEPS, CLAMP_STEPS));
        q += model->input_zero_point;
        out[i] = (int8_t)(q < INT8_MIN ? INT8_MIN : q > INT8_MAX ? INT8_MAX : q);
    }
}

ect_status_t ect_round_microvolts(float millivolts, int16_t *microvolts) {
    if (isnan(millivolts)) {
        return ECT_E_RANGE;
    }
    const float clamped = clampf(millivolts * 1000.0f, (float)INT16_MIN, (float)INT16_MAX);
    *microvolts = (int16_t)round_half_away(clamped);
    return ECT_OK;
}
