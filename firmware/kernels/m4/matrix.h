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
 *   r0-r3  sums of output o       r8 r9    two inputs       r12  the stream
 *   r4-r7  sums of output o+1     r10 r11  two weights      lr   the rest of the group, or a second
 *                                                                word of weights while inputs are held
 *
 * 16 multiplications take 11 instructions (wide), or 12 to 13. Cycles held and not: wide 15 and 17,
 * narrow 15.5 and 18. While outputs are written r8 to r11 and lr hold constants and the residual.
 * The file that includes this is compiled for core registers only and so leaves s0 to s31 alone. */
#ifndef ECTOPY_KERNELS_M4_MATRIX_H
#define ECTOPY_KERNELS_M4_MATRIX_H

#include "tile.h"

#define ECT_HELD_PAIRS 8
#define ECT_MORE_PAIRS 4 /* taken together; the compiler pads with zero weights */

/* What is not in registers. */
typedef struct {
    const uint32_t *group;       /* its first pairs, which are held */
    const uint32_t *rest;
    const uint32_t *end;
    int32_t enter;               /* the rest by eights: 0 whole, 1 half of one first, -1 no rest */
    const uint32_t *stream;
    const int8_t *residual;      /* of the next output, or NULL */
    int8_t *out;                 /* the next output */
    int32_t row;                 /* bytes from output to output */
    int32_t left;                /* outputs, at least one */
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

#define ECT_L(text) text "\n\t"

#define ECT_SMLADS(i, j, k, l, a_i, b_i, a_j, b_j)                                                 \
    ECT_L("smlad " #i ", r8, r10, " #a_i)                                                          \
    ECT_L("smlad " #k ", r8, r11, " #b_i)                                                          \
    ECT_L("smlad " #j ", r9, r10, " #a_j) ECT_L("smlad " #l ", r9, r11, " #b_j)
#define ECT_01       ECT_SMLADS(r0, r1, r4, r5, r0, r4, r1, r5)
#define ECT_23       ECT_SMLADS(r2, r3, r6, r7, r2, r6, r3, r7)
#define ECT_01_FIRST ECT_SMLADS(r0, r1, r4, r5, r3, r7, r3, r7) /* biases, loaded into the last */
#define ECT_23_FIRST ECT_SMLADS(r2, r3, r6, r7, r3, r7, r3, r7)

#define ECT_WIDE          ECT_L("ldrd r10, r11, [r12], #8")
#define ECT_WIDEN(word)   ECT_L("sxtb16 r11, " #word ", ror #8") ECT_L("sxtb16 r10, " #word)
#define ECT_NARROW        ECT_L("ldr r10, [r12], #4") ECT_WIDEN(r10)
#define ECT_NARROW_FIRST  ECT_L("ldrd r10, lr, [r12], #8") ECT_WIDEN(r10)
#define ECT_NARROW_SECOND ECT_WIDEN(lr)

#define ECT_HELD(w, i, j, k, l)                                                                    \
    w ECT_L("vmov r8, r9, s" #i ", s" #j) ECT_01 ECT_L("vmov r8, r9, s" #k ", s" #l) ECT_23
#define ECT_ALL_HELD(first, second)                                                                \
    ECT_L("ldrd r3, r7, [r12], #8")                                                                \
    first ECT_L("vmov r8, r9, s0, s1") ECT_01_FIRST ECT_L("vmov r8, r9, s2, s3") ECT_23_FIRST      \
    ECT_HELD(second, 4, 5, 6, 7) ECT_HELD(first, 8, 9, 10, 11)                                     \
    ECT_HELD(second, 12, 13, 14, 15) ECT_HELD(first, 16, 17, 18, 19)                               \
    ECT_HELD(second, 20, 21, 22, 23) ECT_HELD(first, 24, 25, 26, 27)                               \
    ECT_HELD(second, 28, 29, 30, 31)
#define ECT_PAIR(w)                                                                                \
    w ECT_L("ldrd r8, r9, [lr], #8") ECT_01 ECT_L("ldrd r8, r9, [lr], #8") ECT_23
#define ECT_FOUR(w) ECT_PAIR(w) ECT_PAIR(w) ECT_PAIR(w) ECT_PAIR(w)
#define ECT_REST(w)                                                                                \
    ECT_L("ldr lr, %[rest]") ECT_L("ldr r10, %[enter]") ECT_L("cmp r10, #0")                      \
    ECT_L("bgt 2f") ECT_L("bmi 3f")                                                                \
    ECT_L("1:") ECT_FOUR(w) ECT_L("2:") ECT_FOUR(w)                                                \
    ECT_L("ldr r10, %[end]") ECT_L("cmp lr, r10") ECT_L("bne 1b") ECT_L("3:")

#define ECT_EACH(instruction, a, b, c, d, operands)                                                \
    ECT_L(instruction " " #a ", " #a operands) ECT_L(instruction " " #b ", " #b operands)          \
    ECT_L(instruction " " #c ", " #c operands) ECT_L(instruction " " #d ", " #d operands)
#define ECT_SSAT(a, b, c, d, shift)                                                                \
    ECT_L("ssat " #a ", #8, " #a shift) ECT_L("ssat " #b ", #8, " #b shift)                        \
    ECT_L("ssat " #c ", #8, " #c shift) ECT_L("ssat " #d ", #8, " #d shift)
#define ECT_REQUANTIZE(a, b, c, d, multiplier, rounding, zero_point)                               \
    ECT_EACH("smmulr", a, b, c, d, ", " #multiplier)                                               \
    ECT_EACH("smmlar", a, b, c, d, ", " #rounding ", " #zero_point) ECT_SSAT(a, b, c, d, "")
/* The residual's word is in r11, own factor, factor and offset in r8 to r10. */
#define ECT_ADD_RESIDUAL(a, b, c, d)                                                               \
    ECT_EACH("mla", a, b, c, d, ", r8, r10")                                                       \
    ECT_L("and lr, r11, #0xFF00FF00") ECT_L("lsl r11, r11, #8")                                    \
    ECT_L("and r11, r11, #0xFF00FF00")                                                             \
    ECT_L("smlawb " #a ", r9, r11, " #a) ECT_L("smlawb " #b ", r9, lr, " #b)                       \
    ECT_L("smlawt " #c ", r9, r11, " #c) ECT_L("smlawt " #d ", r9, lr, " #d)                       \
    ECT_SSAT(a, b, c, d, ", asr #22")
#define ECT_PACK(a, b, c, d)                                                                       \
    ECT_L("bfi " #a ", " #b ", #8, #8") ECT_L("bfi " #c ", " #d ", #8, #8")                        \
    ECT_L("pkhbt " #a ", " #a ", " #c ", lsl #16")
/* Stores the first output; its neighbour's address to r1, flags of what is left behind both. */
#define ECT_NEXT                                                                                   \
    ECT_L("ldr r1, %[out]") ECT_L("ldr r3, %[row]") ECT_L("ldr r2, %[left]")                       \
    ECT_L("str r0, [r1]") ECT_L("subs r2, r2, #2") ECT_L("str r2, %[left]") ECT_L("bmi 6f")        \
    ECT_L("add r1, r1, r3") ECT_L("add r0, r1, r3") ECT_L("str r0, %[out]")
#define ECT_WRITE                                                                                  \
    ECT_L("ldrd r8, r9, [r12], #8") ECT_L("ldr r10, %[zero_point]") ECT_L("ldr lr, %[residual]")   \
    ECT_REQUANTIZE(r0, r1, r2, r3, r8, r9, r10)                                                    \
    ECT_L("cmp lr, #0") ECT_L("beq 5f")                                                            \
    ECT_L("ldr r11, [lr]") ECT_L("ldr r8, %[own]")                                                 \
    ECT_L("ldr r9, %[factor]") ECT_L("ldr r10, %[offset]")                                         \
    ECT_ADD_RESIDUAL(r0, r1, r2, r3) ECT_PACK(r0, r1, r2, r3) ECT_NEXT                             \
    ECT_L("ldr lr, %[residual]") ECT_L("add lr, lr, r3") ECT_L("add r0, lr, r3")                   \
    ECT_L("ldr r11, [lr]") ECT_L("str r0, %[residual]")                                            \
    ECT_L("ldrd r0, r2, [r12], #8") ECT_L("ldr r3, %[zero_point]")                                 \
    ECT_REQUANTIZE(r4, r5, r6, r7, r0, r2, r3)                                                     \
    ECT_ADD_RESIDUAL(r4, r5, r6, r7) ECT_PACK(r4, r5, r6, r7)                                      \
    ECT_L("str r4, [r1]") ECT_L("bgt 4b") ECT_L("b 6f")                                            \
    ECT_L("5:") ECT_PACK(r0, r1, r2, r3) ECT_NEXT                                                  \
    ECT_L("ldrd r8, r9, [r12], #8")                                                                \
    ECT_REQUANTIZE(r4, r5, r6, r7, r8, r9, r10) ECT_PACK(r4, r5, r6, r7)                           \
    ECT_L("str r4, [r1]") ECT_L("bgt 4b") ECT_L("6:")

#define ECT_DOUBLE                                                                                 \
    ECT_L("lsl r0, r0, #1") ECT_L("lsl r1, r1, #1") ECT_L("lsl r2, r2, #1")                        \
    ECT_L("lsl r3, r3, #1") ECT_L("lsl r4, r4, #1") ECT_L("lsl r5, r5, #1")                        \
    ECT_L("lsl r6, r6, #1") ECT_L("lsl r7, r7, #1")

/* Defines ect_group_<kind>. */
#define ECT_GROUP(kind, first, second, each, finish)                                               \
    static inline void ect_group_##kind(ect_group_t m) {                                          \
        __asm__ volatile(                                                                          \
            ECT_L("ldr r12, %[group]") ECT_L("vldmia r12, {s0-s31}") ECT_L("ldr r12, %[stream]")                          \
            ECT_L("4:") ECT_ALL_HELD(first, second) ECT_REST(each) finish ECT_WRITE                \
            : [residual] "+m"(m.residual), [out] "+m"(m.out), [left] "+m"(m.left)                  \
            : [stream] "m"(m.stream), [group] "m"(m.group), [rest] "m"(m.rest), [end] "m"(m.end),    \
              [enter] "m"(m.enter), [row] "m"(m.row), [zero_point] "m"(m.zero_point),              \
              [own] "m"(m.constants.own_factor), [factor] "m"(m.constants.factor),                 \
              [offset] "m"(m.constants.offset)                                                     \
            : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",     \
              "lr", "cc", "memory");                                                               \
    }

ECT_GROUP(wide, ECT_WIDE, ECT_WIDE, ECT_WIDE, "")
ECT_GROUP(narrow, ECT_NARROW_FIRST, ECT_NARROW_SECOND, ECT_NARROW, ECT_DOUBLE)

#else
#include "matrix_twin.h"
#endif

#endif /* ECTOPY_KERNELS_M4_MATRIX_H */
