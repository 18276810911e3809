/* Four pixels of all channels times the weights of all outputs, two outputs at a time.
 *
 * The first eight channel pairs of the group (see tile.h) wait in s0 to s31, from where two words
 * take two cycles to core registers instead of the three of LDRD; the rest is read from the tile.
 * All that two outputs need is one stream; weights are int16 pairs, doubled, or bytes in the order
 * in which SXTB16 wants them:
 *
 *   wide:   | bias o | bias o+1 | o: c0,c1 | o+1: c0,c1 | o: c2,c3 | o+1: c2,c3 | ...
 *   narrow: | bias o | bias o+1 | o: c0, o+1: c0, o: c1, o+1: c1 | o: c2, ...
 *   both:   ... | multiplier o | rounding o | multiplier o+1 | rounding o+1 |
 *
 * By hand, because sums take all 14 registers and gcc spills them:
 *
 *   r0-r3  sums of output o     r8 r9    two inputs    r12  the stream
 *   r4-r7  sums of output o+1   r10 r11  two weights   lr   the rest of the group; before that a
 *                                                           second word of narrow weights
 *
 * 16 multiplications take 11 instructions (wide), or 12 to 13. Cycles held and not: wide 15 and 17,
 * narrow 15.5 and 18. Up to sixteen pairs of the rest are straight code, entered where the first
 * pair is. While outputs are written r8 to r11 and lr hold constants and the residual.
 * The file that includes this is compiled for core registers only and so leaves s0 to s31 alone. */
#ifndef ECTOPY_KERNELS_M4_MATRIX_H
#define ECTOPY_KERNELS_M4_MATRIX_H

#include "tile.h"

#define ECT_HELD_PAIRS 8
#define ECT_MORE_PAIRS 4 /* taken together; the compiler pads with zero weights */
/* Pairs without a loop; the first that are not there are jumped over. */
#if defined(__OPTIMIZE_SIZE__)
#define ECT_STRAIGHT_PAIRS 4
#else
#define ECT_STRAIGHT_PAIRS 16
#endif

/* What is not in registers. */
typedef struct {
    const uint32_t *group; /* its first pairs, which are held */
    const uint32_t *rest;
    const uint32_t *end;
    uintptr_t straight; /* sixteen pairs before `end`, maybe before the rest */
    int32_t enter;      /* bytes of code that are jumped over behind the held pairs */
    const uint32_t *stream, *stream_end; /* of an even number of outputs, at least two */
    const int8_t *residual;              /* of the first output, or NULL */
    intptr_t residual_from_out;
    int8_t *out; /* the next output */
    int32_t row; /* bytes from output to output */
    int32_t zero_point;
    ect_residual_m4_t constants; /* of the residual */
} ect_group_t;

#if defined(__ARM_FEATURE_DSP)

/* s16 to s31 belong to the caller. */
static inline void ect_save_floats(uint32_t *saved) {
    __asm__ volatile("vstmia %0, {s16-s31}" : : "r"(saved) : "memory");
}

static inline void ect_restore_floats(const uint32_t *saved) {
    __asm__ volatile("vldmia %0, {s16-s31}" : : "r"(saved) : "memory");
}

#include "matrix_outputs.h"

/* One thought a line. */
/* clang-format off */

#define ECT_01                                                                                     \
    "smlad r0, r8, r10, r0; smlad r4, r8, r11, r4; smlad r1, r9, r10, r1; smlad r5, r9, r11, r5;"
#define ECT_23                                                                                     \
    "smlad r2, r8, r10, r2; smlad r6, r8, r11, r6; smlad r3, r9, r10, r3; smlad r7, r9, r11, r7;"
/* Biases are loaded into the last sums. */
#define ECT_01_FIRST                                                                               \
    "smlad r0, r8, r10, r3; smlad r4, r8, r11, r7; smlad r1, r9, r10, r3; smlad r5, r9, r11, r7;"
#define ECT_23_FIRST                                                                               \
    "smlad r2, r8, r10, r3; smlad r6, r8, r11, r7; smlad r3, r9, r10, r3; smlad r7, r9, r11, r7;"

#define ECT_WIDE          "ldrd r10, r11, [r12], #8;"
#define ECT_NARROW        "ldr r10, [r12], #4; sxtb16 r11, r10, ror #8; sxtb16 r10, r10;"
#define ECT_NARROW_FIRST  "ldrd r10, lr, [r12], #8; sxtb16 r11, r10, ror #8; sxtb16 r10, r10;"
#define ECT_NARROW_SECOND "sxtb16 r11, lr, ror #8; sxtb16 r10, lr;"

#define ECT_FROM(s, t) "vmov r8, r9, s" #s ", s" #t ";"
#define ECT_ALL_HELD(first, second)                                                                \
    "ldrd r3, r7, [r12], #8;"                                                                      \
    first  ECT_FROM(0, 1)   ECT_01_FIRST ECT_FROM(2, 3)   ECT_23_FIRST                             \
    second ECT_FROM(4, 5)   ECT_01       ECT_FROM(6, 7)   ECT_23                                   \
    first  ECT_FROM(8, 9)   ECT_01       ECT_FROM(10, 11) ECT_23                                   \
    second ECT_FROM(12, 13) ECT_01       ECT_FROM(14, 15) ECT_23                                   \
    first  ECT_FROM(16, 17) ECT_01       ECT_FROM(18, 19) ECT_23                                   \
    second ECT_FROM(20, 21) ECT_01       ECT_FROM(22, 23) ECT_23                                   \
    first  ECT_FROM(24, 25) ECT_01       ECT_FROM(26, 27) ECT_23                                   \
    second ECT_FROM(28, 29) ECT_01       ECT_FROM(30, 31) ECT_23

#define ECT_PAIR(w, at)                                                                            \
    w "ldrd r8, r9, [lr, #16*" #at "];" ECT_01 "ldrd r8, r9, [lr, #16*" #at "+8];" ECT_23
#define ECT_FOUR(w, a, b, c, d) ECT_PAIR(w, a) ECT_PAIR(w, b) ECT_PAIR(w, c) ECT_PAIR(w, d)
#if defined(__OPTIMIZE_SIZE__)
#define ECT_STRAIGHT(w) ECT_FOUR(w, 0, 1, 2, 3)
#else
#define ECT_STRAIGHT(w)                                                                            \
    ECT_FOUR(w, 0, 1, 2, 3)   ECT_FOUR(w, 4, 5, 6, 7)                                              \
    ECT_FOUR(w, 8, 9, 10, 11) ECT_FOUR(w, 12, 13, 14, 15)
#endif
/* Label 1 is entered in the middle, or by way of the loop if there are more pairs. */
#define ECT_REST(w)                                                                                \
    "ldr lr, %[straight]; ldr r10, %[enter]; add pc, r10; nop.n; ldr.w lr, %[rest];"               \
    "2:" ECT_FOUR(w, 0, 1, 2, 3) "add.w lr, lr, #64; ldr.w r10, %[straight];"                      \
    "teq lr, r10; bne.w 2b;"                                                                       \
    "1:" ECT_STRAIGHT(w)

/* Bytes of code: a pair, and what is before label 1. */
#define ECT_PAIR_CODE(loads) (4 * (10 + (loads)))
#define ECT_LOOP_CODE(loads) (ECT_MORE_PAIRS * ECT_PAIR_CODE(loads) + 20)

#define ECT_DOUBLE                                                                                 \
    "lsl r0, r0, #1; lsl r1, r1, #1; lsl r2, r2, #1; lsl r3, r3, #1;"                              \
    "lsl r4, r4, #1; lsl r5, r5, #1; lsl r6, r6, #1; lsl r7, r7, #1;"

/* Defines ect_group_<kind>, and what `enter` is for it. From label 4 on nothing changes the carry,
 * which says whether there is a residual. */
#define ECT_GROUP(kind, first, second, each, loads, finish)                                        \
    static inline int32_t ect_enter_##kind(int32_t pairs) {                                        \
        const int32_t missing = ECT_HELD_PAIRS + ECT_STRAIGHT_PAIRS - pairs;                       \
        return missing < 0 ? 0 : ECT_LOOP_CODE(loads) + missing * ECT_PAIR_CODE(loads);            \
    }                                                                                              \
    static inline ECT_ALWAYS_INLINE void ect_group_##kind(ect_group_t *m) {                        \
        __asm__ volatile(                                                                          \
            "ldr r12, %[group]; vldmia r12, {s0-s31};"                                             \
            "ldr r10, %[residual]; ldr r12, %[stream]; cmp r10, #1;"                               \
            "4:" ECT_ALL_HELD(first, second) ECT_REST(each) finish ECT_WRITE                       \
            : [out] "+m"(m->out)                                                                   \
            : [group] "m"(m->group), [rest] "m"(m->rest), [straight] "m"(m->straight),             \
              [enter] "m"(m->enter), [stream] "m"(m->stream), [end] "m"(m->stream_end),            \
              [residual] "m"(m->residual), [from_out] "m"(m->residual_from_out),                   \
              [row] "m"(m->row), [zero_point] "m"(m->zero_point),                                  \
              [own] "m"(m->constants.own_factor), [factor] "m"(m->constants.factor),               \
              [offset] "m"(m->constants.offset)                                                    \
            : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",     \
              "lr", "cc", "memory");                                                               \
    }

/* clang-format on */

ECT_GROUP(wide, ECT_WIDE, ECT_WIDE, ECT_WIDE, 1, "")
ECT_GROUP(narrow, ECT_NARROW_FIRST, ECT_NARROW_SECOND, ECT_NARROW, 3, ECT_DOUBLE)

#else
#include "matrix_twin.h"
#endif

#endif /* ECTOPY_KERNELS_M4_MATRIX_H */
