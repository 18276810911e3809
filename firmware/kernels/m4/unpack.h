/* Constants of the form "packed" (ectopy/kernels.h) to "linear" ones of filter.h, of two filters:
 *
 *   packed:   | factor | bias | t0 t1 t2 t3 | t4 t5 t6 t7 | t8 t9 gain |
 *   linear:   | factor | bias | t0,t1 | t2,t3 | ... | t8,t9 | 0,t0 | t1,t2 | ... | t7,t8 |
 */
#ifndef ECTOPY_KERNELS_M4_UNPACK_H
#define ECTOPY_KERNELS_M4_UNPACK_H

#include "ectopy/kernels.h"

/* Words of constants of a line that `filters` filters share; packed ones hold them all. */
static inline int32_t ect_words_of_line(int32_t linear, int32_t packed, int32_t filters) {
    const int32_t of_linear = packed ? ECT_M4_PACKED_WORDS : ECT_M4_LINEAR_WORDS(filters);
    return linear ? of_linear : ECT_M4_ANY_WORDS(filters);
}

void ect_unpack_filter(const int32_t *packed, int32_t *linear);

/* Constants as they are, or unpacked. */
static inline const int32_t *ect_constants(const int32_t *constants, int32_t packed,
                                           int32_t *unpacked) {
    if (packed) {
        ect_unpack_filter(constants, unpacked);
        return unpacked;
    }
    return constants;
}

#endif /* ECTOPY_KERNELS_M4_UNPACK_H */
