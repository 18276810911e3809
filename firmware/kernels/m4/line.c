#include "line.h"

#if defined(__ARM_FEATURE_DSP)

/* Four elements in `odd` to the words `even` and `odd`. */
#define WIDEN(even, odd)                                                                           \
    "sxtb16 r12, " #odd "\n\t"                                                                     \
    "sxtb16 " #odd ", " #odd ", ror #8\n\t"                                                        \
    "pkhbt " #even ", r12, " #odd ", lsl #16\n\t"                                                  \
    "pkhtb " #odd ", " #odd ", r12, asr #16\n\t"

#define SIXTEEN                                                                                    \
    "ldm r1!, {r4, r6, r8, r10}\n\t" /* words between are for the halves */                        \
        WIDEN(r3, r4) WIDEN(r5, r6) WIDEN(r7, r8) WIDEN(r9, r10) "stm r0!, {r3-r10}\n\t"

#define FOUR "ldr r4, [r1], #4\n\t" WIDEN(r3, r4) "strd r3, r4, [r0], #8\n\t"

/* By hand for the sake of LDM and STM: two sixteens a round, the first of which an odd one enters
 * behind, then the rest by fours. r0 writes, r1 reads, up to lr and then to r2. */
#define WIDEN_ROW                                                                                  \
    "push {r4-r10, lr}\n\t"                                                                        \
    "bic lr, r2, #15\n\t"                                                                          \
    "add lr, r1\n\t"                                                                               \
    "add r2, r1\n\t"                                                                               \
    "cmp r1, lr\n\t"                                                                               \
    "beq 2f\n\t"                                                                                   \
    "sub r12, r2, r1\n\t"                                                                          \
    "lsls r12, r12, #28\n\t"                                                                       \
    "bcs 5f\n\t"                                                                                   \
    "1: " SIXTEEN "5: " SIXTEEN "cmp r1, lr\n\t"                                                   \
    "bne 1b\n\t"                                                                                   \
    "2: cmp r1, r2\n\t"                                                                            \
    "beq 4f\n\t"                                                                                   \
    "3: " FOUR "cmp r1, r2\n\t"                                                                    \
    "bne 3b\n\t"                                                                                   \
    "4: pop {r4-r10, pc}\n\t"

__attribute__((naked)) void ect_widen_row(uint32_t *to __attribute__((unused)),
                                          const int8_t *x __attribute__((unused)),
                                          int32_t count __attribute__((unused))) {
    __asm__ volatile(WIDEN_ROW);
}

#else

void ect_widen_row(uint32_t *to, const int8_t *x, int32_t count) {
    for (const int8_t *end = x + count; x != end; x += 4, to += 2) {
        const uint32_t bytes = ect_load_s8x4(x);
        const uint32_t even = ect_sxtb16(bytes);
        const uint32_t odd = ect_sxtb16_ror8(bytes);
        to[0] = ect_pkhbt_lsl16(even, odd);
        to[1] = ect_pkhtb_asr16(odd, even);
    }
}

#endif
