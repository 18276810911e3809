#include "stats.h"

#include "ectopy/board.h"

#define PAINT        0xa5u
#define MARGIN_BYTES 64 /* room for the painter's own frame */

static ect_stats_t stats;

ect_stats_t *ect_stats(void) {
    return &stats;
}

void ect_stats_paint_stack(void) {
    const ect_stack_bounds_t stack = ect_board_stack();
    if (stack.low == stack.high) {
        return;
    }
    volatile uint8_t here = 0;
    const uintptr_t end = (uintptr_t)&here - MARGIN_BYTES;
    for (volatile uint8_t *at = stack.low; (uintptr_t)at < end; at++) {
        *at = PAINT;
    }
}

uint32_t ect_stats_stack_high_water(void) {
    const ect_stack_bounds_t stack = ect_board_stack();
    const volatile uint8_t *at = stack.low;
    while (at < stack.high && *at == PAINT) {
        at++;
    }
    return (uint32_t)(stack.high - at);
}

uint32_t ect_stats_stack_size(void) {
    const ect_stack_bounds_t stack = ect_board_stack();
    return (uint32_t)(stack.high - stack.low);
}
