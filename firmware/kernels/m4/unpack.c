#include "unpack.h"

#include "dsp.h"

void ect_unpack_filter(const int32_t *packed, int32_t *linear) {
    const int8_t *taps = (const int8_t *)(packed + 2);
    const int32_t gain = packed[4] >> 16;
    int32_t *second = linear + ECT_M4_LINEAR_WORDS(1);
    uint32_t before = 0;
    linear[0] = packed[0];
    linear[1] = packed[1];
    for (int32_t i = 0; i < ECT_M4_TAP_WORDS; ++i) {
        const int32_t first = taps[2 * i] * gain, next = taps[2 * i + 1] * gain;
        const uint32_t word = ect_pkhbt_lsl16((uint32_t)first, (uint32_t)next);
        linear[2 + i] = (int32_t)word;
        second[i] = (int32_t)((word << 16) | (before >> 16));
        before = word;
    }
}
