/* The kernels' requantizations as functions that Python can call. */
#include "m4/channel.h"
#include "ref/requantize.h"

int32_t requantize(int32_t acc, int32_t multiplier, int32_t shift);
int32_t requantize_m4(int32_t acc, int32_t multiplier, int32_t rounding, int32_t zero_point);

int32_t requantize(int32_t acc, int32_t multiplier, int32_t shift) {
    return ect_requantize(acc, multiplier, shift);
}

int32_t requantize_m4(int32_t acc, int32_t multiplier, int32_t rounding, int32_t zero_point) {
    const ect_m4_channel_t channel = {.bias = 0, .multiplier = multiplier, .rounding = rounding};
    return ect_m4_output(2 * acc, &channel, zero_point);
}
