/* The second half of matrix.h: eight sums to eight outputs, their words stored, and back to label 4
 * until the stream ends. Arithmetic: channel.h, and where there is a residual
 *
 *   (own factor * y + (factor * 256 * residual) / 2^16 + offset) / 2^22
 *
 * r0-r3 and r4-r7 hold the sums, r12 the stream. */
#ifndef ECTOPY_KERNELS_M4_MATRIX_OUTPUTS_H
#define ECTOPY_KERNELS_M4_MATRIX_OUTPUTS_H

/* One thought a line. */
/* clang-format off */

#define ECT_ALL(op, a, b, c, d, rest)                                                              \
    op " " #a ", " #a rest ";" op " " #b ", " #b rest ";"                                          \
    op " " #c ", " #c rest ";" op " " #d ", " #d rest ";"
#define ECT_SSAT(a, b, c, d, shift)                                                                \
    "ssat " #a ", #8, " #a shift "; ssat " #b ", #8, " #b shift ";"                                \
    "ssat " #c ", #8, " #c shift "; ssat " #d ", #8, " #d shift ";"

#define ECT_REQUANTIZE(a, b, c, d, multiplier, rounding, zero_point)                               \
    ECT_ALL("smmulr", a, b, c, d, ", " #multiplier)                                                \
    ECT_ALL("smmlar", a, b, c, d, ", " #rounding ", " #zero_point)                                 \
    ECT_SSAT(a, b, c, d, "")

/* Own factor, factor and offset are in r8 to r10, four residuals in r11. */
#define ECT_ADD_RESIDUAL(a, b, c, d)                                                               \
    ECT_ALL("mla", a, b, c, d, ", r8, r10")                                                        \
    "and lr, r11, #0xFF00FF00; lsl r11, r11, #8; and r11, r11, #0xFF00FF00;"                       \
    "smlawb " #a ", r9, r11, " #a "; smlawb " #b ", r9, lr, " #b ";"                               \
    "smlawt " #c ", r9, r11, " #c "; smlawt " #d ", r9, lr, " #d ";"                               \
    ECT_SSAT(a, b, c, d, ", asr #22")

#define ECT_PACK(a, b, c, d)                                                                       \
    "bfi " #a ", " #b ", #8, #8; bfi " #c ", " #d ", #8, #8;"                                      \
    "pkhbt " #a ", " #a ", " #c ", lsl #16;"

/* Single loads one after the other take a cycle each but the first. */
#define ECT_WRITE_PLAIN                                                                            \
    "ldr r10, %[zero_point]; ldr r11, %[out]; ldr r8, [r12], #4; ldr r9, [r12], #4;"               \
    ECT_REQUANTIZE(r0, r1, r2, r3, r8, r9, r10) ECT_PACK(r0, r1, r2, r3)                           \
    "ldr r1, %[row]; ldr r2, %[end]; ldr r8, [r12], #4; ldr r9, [r12], #4;"                        \
    "str r0, [r11]; add r11, r11, r1;"                                                             \
    ECT_REQUANTIZE(r4, r5, r6, r7, r8, r9, r10) ECT_PACK(r4, r5, r6, r7)                           \
    "str r4, [r11]; add r11, r11, r1; str r11, %[out]; teq r12, r2; bne 4b;"

#define ECT_WRITE_SUMS                                                                             \
    "ldr lr, %[zero_point]; ldm r12!, {r8-r11};"                                                   \
    ECT_REQUANTIZE(r0, r1, r2, r3, r8, r9, lr) ECT_REQUANTIZE(r4, r5, r6, r7, r10, r11, lr)        \
    "ldr lr, %[out]; ldr r11, %[from_out]; ldr r8, %[own]; ldr r9, %[factor]; ldr r10, %[offset];" \
    "ldr r11, [lr, r11];"                                                                          \
    ECT_ADD_RESIDUAL(r0, r1, r2, r3) ECT_PACK(r0, r1, r2, r3)                                      \
    "ldr r1, %[out]; ldr r2, %[row]; ldr r3, %[from_out]; str r0, [r1]; add r1, r1, r2;"           \
    "ldr r0, %[end]; ldr r11, [r1, r3];"                                                           \
    ECT_ADD_RESIDUAL(r4, r5, r6, r7) ECT_PACK(r4, r5, r6, r7)                                      \
    "str r4, [r1]; add r1, r1, r2; str r1, %[out]; teq r12, r0; bne 4b;"

#define ECT_WRITE "bcs 5f;" ECT_WRITE_PLAIN "b 6f; 5:" ECT_WRITE_SUMS "6:"

/* clang-format on */

#endif /* ECTOPY_KERNELS_M4_MATRIX_OUTPUTS_H */
