/* Which taps of a sliding window lie inside the input, so that inner loops need no test. */
#ifndef ECTOPY_KERNELS_WINDOW_H
#define ECTOPY_KERNELS_WINDOW_H

#include <stdint.h>

typedef struct {
    int32_t first, end; /* taps first .. end - 1 are inside */
} ect_taps_t;

/* Taps t in [0, kernel) with 0 <= origin + t * dilation < extent. */
static inline ect_taps_t ect_taps_inside(int32_t origin, int32_t kernel, int32_t dilation,
                                         int32_t extent) {
    const int32_t first = origin >= 0 ? 0 : (dilation - 1 - origin) / dilation;
    const int32_t room = extent - origin; /* distance from the first tap to the far border */
    const int32_t fit = room <= 0 ? 0 : (room + dilation - 1) / dilation;
    return (ect_taps_t){.first = first, .end = fit < kernel ? fit : kernel};
}

#endif /* ECTOPY_KERNELS_WINDOW_H */
