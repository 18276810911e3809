/* Two windows by two filters on channels-last tensors, see ect_conv2d_s8_m4.c. */
#ifndef ECTOPY_KERNELS_M4_PRODUCTS_H
#define ECTOPY_KERNELS_M4_PRODUCTS_H

#include "dsp.h"

/* sums: first window by both filters, second by both. Registers: 4 sums, 2 distances, 2 words of
 * weights and what one is widened to, 3 pointers and the end; 13 of 14, so in assembly, with four
 * inputs a round. */
#if defined(__ARM_FEATURE_DSP)

#define ECT_WIDENED(rotation)                                                                      \
    "ldr %[d], [%[x]], #4\n\tldr %[e], [%[x]], #4\n\t"                                             \
    "sxtb16 %[t], %[f]" rotation "\n\t"                                                            \
    "smlad %[d0], %[d], %[t], %[d0]\n\tsmlad %[e0], %[e], %[t], %[e0]\n\t"                         \
    "sxtb16 %[t], %[g]" rotation "\n\t"                                                            \
    "smlad %[d1], %[d], %[t], %[d1]\n\tsmlad %[e1], %[e], %[t], %[e1]\n\t"

static ECT_NOINLINE void ect_add_products(int32_t *sums, const uint32_t *x, const uint32_t *end,
                                          const int8_t *w0, const int8_t *w1) {
    int32_t d0 = sums[0], d1 = sums[1], e0 = sums[2], e1 = sums[3];
    uint32_t d, e, f, g, t;
    __asm__("1:\n\t"
            "ldr %[f], [%[w0]], #4\n\tldr %[g], [%[w1]], #4\n\t" ECT_WIDENED("")
                ECT_WIDENED(", ror #8") "cmp %[x], %[end]\n\tbne 1b"
            : [d0] "+&r"(d0), [d1] "+&r"(d1), [e0] "+&r"(e0), [e1] "+&r"(e1), [x] "+&r"(x),
              [w0] "+&r"(w0), [w1] "+&r"(w1), [d] "=&r"(d), [e] "=&r"(e), [f] "=&r"(f),
              [g] "=&r"(g), [t] "=&r"(t)
            : [end] "r"(end)
            : "cc", "memory");
    sums[0] = d0;
    sums[1] = d1;
    sums[2] = e0;
    sums[3] = e1;
}

#else

static ECT_NOINLINE void ect_add_products(int32_t *sums, const uint32_t *x, const uint32_t *end,
                                          const int8_t *w0, const int8_t *w1) {
    for (; x != end; x += 4, w0 += 4, w1 += 4) {
        const uint32_t f = ect_load_s8x4(w0), g = ect_load_s8x4(w1);
        const uint32_t weights[4] = {ect_sxtb16(f), ect_sxtb16(g), ect_sxtb16_ror8(f),
                                     ect_sxtb16_ror8(g)};
        for (int32_t half = 0; half < 4; half += 2) {
            sums[0] = ect_smlad(x[half], weights[half], sums[0]);
            sums[1] = ect_smlad(x[half], weights[half + 1], sums[1]);
            sums[2] = ect_smlad(x[half + 1], weights[half], sums[2]);
            sums[3] = ect_smlad(x[half + 1], weights[half + 1], sums[3]);
        }
    }
}

#endif

#endif /* ECTOPY_KERNELS_M4_PRODUCTS_H */
