#include "gate.h"

/* x times the gate of its channel is (x * 256 * factor / 2^16 + offset) / 2^16, each quotient
 * rounded down. */
typedef struct {
    int32_t factor, offset;
} gain_t;

/* What a loop over pairs of channels needs, in the order in which its registers are loaded. */
typedef struct {
    const int8_t *in;
    int32_t row;
    uint32_t *tile;
    int32_t gate_zero_point; /* times 2^20 */
    int32_t step;            /* low half: bytes from group to group; high: rounds but the first */
    int32_t factor;
    int32_t zero_point; /* times 2^8 */
    int32_t offset;
    const int8_t *end, *gate;
    int32_t skip; /* bytes of code: the first round may be of fewer groups */
} pairs_t;

/* Groups a round. */
#if defined(__OPTIMIZE_SIZE__)
#define AHEAD 1
#define ROUND GROUP
#else
#define AHEAD 4
#define ROUND GROUP GROUP GROUP GROUP
#endif
#define GROUP_CODE 116 /* bytes */

static inline gain_t gain(const pairs_t *p, int32_t gate) {
    const int32_t factor = ect_smmulr(gate * (1 << 20) - p->gate_zero_point, p->factor);
    return (gain_t){factor, p->offset - ect_smlawb(factor, (uint32_t)p->zero_point, 0)};
}

static inline uint32_t products(int32_t a, int32_t b) {
    return ect_ssat16_8(ect_pkhtb_asr16((uint32_t)b, (uint32_t)a));
}

/* As ect_interleave of tile.h, of products: the wanted byte is in the high half of a sum. */
static inline void interleave_products(uint32_t a, uint32_t b, gain_t of_a, gain_t of_b,
                                       uint32_t *words) {
    const uint32_t a02 = ect_raise02(a);
    const uint32_t a13 = ect_raise13(a);
    const uint32_t b02 = ect_raise02(b);
    const uint32_t b13 = ect_raise13(b);
    words[0] = products(ect_smlawb(of_a.factor, a02, of_a.offset),
                        ect_smlawb(of_b.factor, b02, of_b.offset));
    words[1] = products(ect_smlawb(of_a.factor, a13, of_a.offset),
                        ect_smlawb(of_b.factor, b13, of_b.offset));
    words[2] = products(ect_smlawt(of_a.factor, a02, of_a.offset),
                        ect_smlawt(of_b.factor, b02, of_b.offset));
    words[3] = products(ect_smlawt(of_a.factor, a13, of_a.offset),
                        ect_smlawt(of_b.factor, b13, of_b.offset));
}

static void one_pair(const ect_gather_t *g, const int8_t *a, const int8_t *b, gain_t of_a,
                     gain_t of_b, uint32_t *words) {
    for (int32_t left = g->groups; left > 0; --left) {
        interleave_products(ect_load_s8x4(a), ect_load_s8x4(b), of_a, of_b, words);
        a += ECT_PIXELS;
        b += ECT_PIXELS;
        words += g->group_words;
    }
}

#if defined(__ARM_FEATURE_DSP)

/* By hand, because a pair takes all 14 registers:
 *
 *   r0 r1  read the channels   r4 r5  factor and offset of the first   r3 r9-r12 lr  at work
 *   r2     writes words        r6 r7  of the second                    r8            step
 *
 * A group takes 29 instructions and 30 cycles. The half of a word that SMLAWB takes is clean after
 * a shift by 8, the other one only after the AND. */
/* clang-format off */
#define GROUP                                                                                      \
    "ldr r9, [r0], #4; ldr r10, [r1], #4;"                                                         \
    "lsl r11, r9, #8; lsl r12, r10, #8;"                                                           \
    "smlawb r3, r4, r11, r5; smlawb lr, r6, r12, r7; pkhtb r3, lr, r3, asr #16;"                   \
    "and r11, r11, #0xFF00FF00; and r12, r12, #0xFF00FF00;"                                        \
    "smlawt r11, r4, r11, r5; smlawt r12, r6, r12, r7; pkhtb r12, r12, r11, asr #16;"              \
    "and r9, r9, #0xFF00FF00; and r10, r10, #0xFF00FF00;"                                          \
    "smlawb r11, r4, r9, r5; smlawb lr, r6, r10, r7; pkhtb r11, lr, r11, asr #16;"                 \
    "smlawt r9, r4, r9, r5; smlawt r10, r6, r10, r7; pkhtb lr, r10, r9, asr #16;"                  \
    "ssat16 r3, #8, r3; ssat16 r11, #8, r11; ssat16 r12, #8, r12; ssat16 lr, #8, lr;"              \
    "str.w r3, [r2]; str r11, [r2, #4]; str r12, [r2, #8]; str lr, [r2, #12]; uxtah r2, r2, r8;"

/* pairs_t lies at sp, `skip` in it as an address. */
#define NEXT_PAIR                                                                                  \
    "ldm sp, {r0-r3, r8-r12, lr}; cmp lr, r12; beq 3f;"                                            \
    "add r12, r0, r1, lsl #1; str r12, [sp]; add r12, r2, #16; str r12, [sp, #8]; add r1, r0;"     \
    "ldrsb r4, [lr], #1; ldrsb r6, [lr], #1; ldr r12, [sp, #40]; str lr, [sp, #36];"               \
    "rsb r4, r3, r4, lsl #20; rsb r6, r3, r6, lsl #20; smmulr r4, r4, r9; smmulr r6, r6, r9;"      \
    "smulwb r5, r4, r10; smulwb r7, r6, r10; sub r5, r11, r5; sub r7, r11, r7; mov pc, r12;"

/* ADR counts from a whole word, and code made for size may begin in the middle of one. */
__attribute__((naked, aligned(4))) static void ect_gather_pairs(const pairs_t *p __attribute__((unused)),
                                                    const ect_gather_t *g __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}; ldm r0, {r1-r11}; adr r0, 1f; add r11, r0; push {r1-r11};"
                     "b 2f;"
                     "1:" ROUND "subs r8, r8, #0x10000; bpl 1b;"
                     "2:" NEXT_PAIR
                     "3: add sp, #44; pop {r4-r11, pc}");
}
/* clang-format on */

#else

static void ect_gather_pairs(const pairs_t *p, const ect_gather_t *g) {
    const int8_t *a = p->in;
    uint32_t *words = p->tile;
    for (const int8_t *gate = p->gate; gate != p->end; gate += 2) {
        one_pair(g, a, a + p->row, gain(p, gate[0]), gain(p, gate[1]), words);
        a += 2 * p->row;
        words += ECT_PIXELS;
    }
}

#endif

void ect_gather_products(const ect_gather_t *g, const ect_gate_m4_t *p, const int8_t *gate) {
    const int32_t rounds = (g->groups + AHEAD - 1) / AHEAD;
    const int32_t even = g->in_c & ~1;
    const pairs_t pairs = {.in = g->in,
                           .row = g->row,
                           .tile = g->tile,
                           .gate_zero_point = p->gate_zero_point * (1 << 20),
                           .step = (rounds - 1) * (1 << 16) + 4 * g->group_words,
                           .factor = p->factor,
                           .zero_point = p->in_zero_point * (1 << 8),
                           .offset = p->offset,
                           .gate = gate,
                           .end = gate + even,
                           .skip = (AHEAD * rounds - g->groups) * GROUP_CODE};
    ect_gather_pairs(&pairs, g);
    if (even != g->in_c) {
        const int8_t *last = g->in + even * g->row;
        const gain_t of_last = gain(&pairs, gate[even]);
        one_pair(g, last, last, of_last, of_last, g->tile + ECT_PIXELS / 2 * even);
    }
}
