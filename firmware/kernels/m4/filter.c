#include "filter.h"

#include <stddef.h>

#include "channel.h"
#include "dsp.h"

#if defined(__ARM_FEATURE_DSP)

/* By hand, because this takes all 14 registers and gcc spills taps. Nine instructions and ten
 * cycles an output. Four sums are under way: each word of x is loaded once, ends one sum and begins
 * the next.
 *
 *   x[j]:      0  1  2  3 | 4  5  6  7        r0  reads x          r4-r8  taps
 *   r3         t0 t1 t2 t3  t4 t0 t1 t2       r1  word of x        r9     factor
 *   r11           t0 t1 t2  t3 t4 t0 t1       r2  writes outputs   r10    bias
 *   r12              t0 t1  t2 t3 t4 t0       r3 r11 r12 lr  sums
 *   lr                  t0  t1 t2 t3 t4
 *
 * What has no register waits on the stack: x, constants, end of x, count; `second` 52 above. */

/* Ends sum a, lets it begin again, and adds to b, c, d, from the youngest to the oldest. */
#define STEP(a, b, c, d, store)                                                                    \
    "ldr r1, [r0], #4\n\t"                                                                         \
    "smlad " #b ", r1, r5, " #b "\n\t"                                                             \
    "smlad " #c ", r1, r6, " #c "\n\t"                                                             \
    "smlad " #d ", r1, r7, " #d "\n\t"                                                             \
    "smlad " #a ", r1, r8, " #a "\n\t"                                                             \
    "smmulr " #a ", " #a ", r9\n\t"                                                                \
    "ssat " #a ", #8, " #a ", asr #10\n\t" /* ECT_M4_LINEAR_SHIFT */                               \
        store(a) "smlad " #a ", r1, r4, r10\n\t"

#define FOUR_STEPS(store)                                                                          \
    STEP(r3, lr, r12, r11, store)                                                                  \
    STEP(r11, r3, lr, r12, store)                                                                  \
    STEP(r12, r11, r3, lr, store)                                                                  \
    STEP(lr, r12, r11, r3, store)

#define BYTE(a)        "strb " #a ", [r2], #1\n\t"
#define EVERY_OTHER(a) "strb " #a ", [r2], #2\n\t"
#define HALF(a)        "strh " #a ", [r2], #2\n\t"

#define ENTER                                                                                      \
    "push {r0-r11, lr}\n\tadd r12, r0, r3, lsl #2\n\tadd r12, #16\n\t"                             \
    "str r12, [sp, #8]\n\tldm r1!, {r9, r10}\n\t"

#define LOOP                                                                                       \
    "ldr r1, [sp, #8]\n\t"                                                                         \
    "cmp r0, r1\n\t"                                                                               \
    "bne 2b\n\t"

/* A round of sixteen outputs, which a count that is no multiple of them enters behind the first
 * fours: 36 bytes a step. Where size counts a round is four. */
#if defined(__OPTIMIZE_SIZE__)
#define ENTER_ROUND
#define ROUND(store) FOUR_STEPS(store)
#else
#define ENTER_ROUND                                                                                \
    "ldr r1, [sp, #12]\n\tnegs r1, r1\n\tand r1, #12\n\tadd r1, r1, r1, lsl #3\n\t"                \
    "lsls r1, r1, #2\n\tadd pc, r1\n\tnop\n\t"
#define ROUND(store) FOUR_STEPS(store) FOUR_STEPS(store) FOUR_STEPS(store) FOUR_STEPS(store)
#endif

/* Four words of x, the sums they are part of, and the loop. */
#define RUN(store)                                                                                 \
    "1: ldm r1!, {r4-r8}\n\t"                                                                      \
    "str r1, [sp, #4]\n\t"                                                                         \
    "ldrd r1, lr, [r0], #16\n\t"                                                                   \
    "smlad r3, r1, r4, r10\n\t"                                                                    \
    "smlad r3, lr, r5, r3\n\t"                                                                     \
    "smlad r11, lr, r4, r10\n\t"                                                                   \
    "ldrd r1, lr, [r0, #-8]\n\t"                                                                   \
    "smlad r3, r1, r6, r3\n\t"                                                                     \
    "smlad r11, r1, r5, r11\n\t"                                                                   \
    "smlad r12, r1, r4, r10\n\t"                                                                   \
    "smlad r3, lr, r7, r3\n\t"                                                                     \
    "smlad r11, lr, r6, r11\n\t"                                                                   \
    "smlad r12, lr, r5, r12\n\t"                                                                   \
    "smlad lr, lr, r4, r10\n\t" ENTER_ROUND "2: " ROUND(store) LOOP

/* Once more for `second`. */
#define LEAVE                                                                                      \
    "ldr r2, [sp, #52]\n\t"                                                                        \
    "cbz r2, 4f\n\t"                                                                               \
    "movs r3, #0\n\t"                                                                              \
    "str r3, [sp, #52]\n\t"                                                                        \
    "ldrd r0, r1, [sp]\n\t"                                                                        \
    "b 1b\n\t"                                                                                     \
    "4: add sp, #16\n\t"                                                                           \
    "pop {r4-r11, pc}\n\t"

/* A function of its own registers, called as any other. */
#define ASM_FILTER(name, type, store)                                                              \
    __attribute__((naked)) void name(const uint32_t *x UNUSED, const int32_t *constants UNUSED,    \
                                     type *out UNUSED, int32_t count UNUSED,                       \
                                     type *second UNUSED) {                                        \
        __asm__ volatile(ENTER RUN(store) LEAVE);                                                  \
    }
#define UNUSED __attribute__((unused))

ASM_FILTER(ect_filter_bytes, int8_t, BYTE)
ASM_FILTER(ect_filter_every_other, int8_t, EVERY_OTHER)
ASM_FILTER(ect_filter_halves, int16_t, HALF)

#endif

/* Four words of x that were read, so that outputs may be written over them, and four sums. */
typedef struct {
    uint32_t x0, x1, x2, x3;
    int32_t sum[4];
} window_t;

static inline window_t first_window(const uint32_t *x) {
    return (window_t){.x0 = x[0], .x1 = x[1], .x2 = x[2], .x3 = x[3]};
}

/* The sums that begin with the four words, and the next four words. */
static inline void next_sums(window_t *w, const uint32_t *x, const int32_t *taps, int32_t bias) {
    const uint32_t words[8] = {w->x0, w->x1, w->x2, w->x3, x[0], x[1], x[2], x[3]};
    for (int32_t j = 0; j < 4; ++j) {
        w->sum[j] = bias;
    }
    for (int32_t k = 0; k < ECT_M4_TAP_WORDS; ++k) {
        for (int32_t j = 0; j < 4; ++j) {
            w->sum[j] = ect_smlad(words[j + k], (uint32_t)taps[k], w->sum[j]);
        }
    }
    w->x0 = words[4];
    w->x1 = words[5];
    w->x2 = words[6];
    w->x3 = words[7];
}

#if !defined(__ARM_FEATURE_DSP)

static inline int32_t linear(int32_t sum, const int32_t *constants) {
    return ect_ssat8(ect_smmulr(sum, constants[0]) >> ECT_M4_LINEAR_SHIFT);
}

#define FILTER_ROW(name, type, step)                                                               \
    static void name##_row(const uint32_t *x, const int32_t *constants, const int32_t *taps,       \
                           type *out, int32_t count) {                                             \
        window_t window = first_window(x);                                                         \
        for (int32_t j = 0; j < count; ++j) {                                                      \
            if (j % 4 == 0) {                                                                      \
                next_sums(&window, x + j + 4, taps, constants[1]);                                 \
            }                                                                                      \
            const type y = (type)linear(window.sum[j % 4], constants);                             \
            memcpy(out + step * j, &y, sizeof y);                                                  \
        }                                                                                          \
    }                                                                                              \
    void name(const uint32_t *x, const int32_t *constants, type *out, int32_t count,               \
              type *second) {                                                                      \
        const int32_t *taps = constants + 2;                                                       \
        name##_row(x, constants, taps, out, count);                                                \
        if (second != NULL) {                                                                      \
            name##_row(x, constants, taps + ECT_M4_TAP_WORDS, second, count);                      \
        }                                                                                          \
    }

FILTER_ROW(ect_filter_bytes, int8_t, 1)
FILTER_ROW(ect_filter_every_other, int8_t, 2)
FILTER_ROW(ect_filter_halves, int16_t, 1)

#endif

#if defined(__GNUC__)
#define ONE_COPY __attribute__((noinline, noclone))
#else
#define ONE_COPY
#endif

static ONE_COPY void any_row(const uint32_t *x, const int32_t *constants, const int32_t *taps,
                             int8_t *out, int32_t count, int32_t step) {
    const int32_t multiplier = constants[0], rounding = constants[2], zero_point = constants[3];
    window_t window = first_window(x);
    for (const uint32_t *end = x + count; x != end; x += 4) {
        next_sums(&window, x + 4, taps, constants[1]);
        for (int32_t j = 0; j < 4; ++j, out += step) {
            *out = (int8_t)ect_m4_requantize(window.sum[j], multiplier, rounding, zero_point);
        }
    }
}

void ect_filter_any_bytes(const uint32_t *x, const int32_t *constants, int8_t *out, int32_t count,
                          int8_t *second) {
    any_row(x, constants, constants + 4, out, count, 1);
    if (second != NULL) {
        any_row(x, constants, constants + 4 + ECT_M4_TAP_WORDS, second, count, 1);
    }
}

void ect_filter_any_every_other(const uint32_t *x, const int32_t *constants, int8_t *out,
                                int32_t count, int8_t *second) {
    any_row(x, constants, constants + 4, out, count, 2);
    if (second != NULL) {
        any_row(x, constants, constants + 4 + ECT_M4_TAP_WORDS, second, count, 2);
    }
}
