/* The kernels' requantization as a function that Python can call. */
#include "requantize.h"

int32_t requantize(int32_t acc, int32_t multiplier, int32_t shift);

int32_t requantize(int32_t acc, int32_t multiplier, int32_t shift) {
    return ect_requantize(acc, multiplier, shift);
}
