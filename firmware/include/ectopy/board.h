/* What the application needs from a board: a byte link, a tick counter, the bounds of its stack. */
#ifndef ECTOPY_BOARD_H
#define ECTOPY_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ectopy/status.h"

#define ECT_WAIT_FOREVER UINT32_MAX

typedef struct {
    const char *name;      /* "virt", "apollo4p", "host" */
    const char *cpu;       /* e.g. "cortex-m4f" */
    const char *tick_unit; /* "instructions", "timer_ticks", "nanoseconds" */
    uint32_t clock_hz;     /* ticks per second on silicon; 0 where ticks are not time */
    bool emulated;
    uint32_t cpu_hz;           /* the processor's clock, read back from the hardware; 0 unknown */
    const char *cycle_counter; /* its self-test: "none", "running", "stalled", "off_rate" */
    const char *setup_error;   /* what failed in ect_board_init; "" if nothing did */
    const char *last_fault;    /* the processor fault that led to this start; "" if none did */
    uint16_t rx_credits; /* requests that may be on their way to the board without loss; >= 1 */
} ect_board_info_t;

typedef struct {
    uint8_t *low;  /* lowest address that belongs to the stack */
    uint8_t *high; /* one past the highest; low == high: not known on this board */
} ect_stack_bounds_t;

ECT_NODISCARD ect_status_t ect_board_init(void);

/* Waits for at least one byte, then returns what is there, at most `capacity` bytes.
 * ECT_E_TIMEOUT after timeout_ms without a byte, ECT_E_CLOSED when the link is gone. */
ECT_NODISCARD ect_status_t ect_board_read(uint8_t *buffer, size_t capacity, size_t *received,
                                          uint32_t timeout_ms);

/* Writes all bytes or fails. */
ECT_NODISCARD ect_status_t ect_board_write(const uint8_t *data, size_t bytes, uint32_t timeout_ms);

/* Monotonic, wraps at 2^32; differences are exact in the board's tick unit. */
uint32_t ect_board_ticks(void);

/* The processor's cycle counter, wraps at 2^32; does not move where there is none or it stands. */
uint32_t ect_board_cycles(void);

/* Bytes that came damaged since boot; ect_board_read gave a 0x00 for each, which ends its frame. */
uint32_t ect_board_line_errors(void);

const ect_board_info_t *ect_board_info(void);

ect_stack_bounds_t ect_board_stack(void);

/* Starts the image anew; does not return. */
_Noreturn void ect_board_reset(void);

#endif /* ECTOPY_BOARD_H */
