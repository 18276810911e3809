/* Apollo4 Plus EVB: frames over the J-Link's serial port, ticks by a timer. */
#include "ectopy/board.h"

#include "bringup.h"
#include "clocks.h"
#include "fault.h"
#include "uart.h"

#define TICKS_PER_MS     (ECT_TIMER_HZ / 1000u)
#define DRAIN_TIMEOUT_MS 100u

extern uint8_t ect_stack_low[];
extern uint8_t ect_stack_high[];

static ect_board_info_t info = {
    .name = "apollo4p",
    .cpu = "cortex-m4f",
    .tick_unit = "timer_ticks",
    .clock_hz = ECT_TIMER_HZ,
    .emulated = false,
    .cpu_hz = 0,
    .cycle_counter = "none",
    .setup_error = "",
    .last_fault = "",
    /* During an inference nobody reads the UART, and its FIFO holds 32 bytes. Interrupts would
     * read it, and make the inference longer by an amount that nobody knows. */
    .rx_credits = 1,
};

ect_status_t ect_board_init(void) {
    info.last_fault = ect_fault_take();
    info.setup_error = ect_bringup(&info.cpu_hz);
    if (!ect_clocks_start() && info.setup_error[0] == '\0') {
        info.setup_error = "the timer does not count";
    }
    info.cycle_counter = ect_clocks_test_cycles(info.cpu_hz);
    return ect_uart_open() ? ECT_OK : ECT_E_CLOSED;
}

static bool time_is_over(uint32_t begin, uint32_t timeout_ms) {
    return timeout_ms != ECT_WAIT_FOREVER &&
           (ect_clocks_ticks() - begin) / TICKS_PER_MS >= timeout_ms;
}

ect_status_t ect_board_read(uint8_t *buffer, size_t capacity, size_t *received,
                            uint32_t timeout_ms) {
    const uint32_t begin = ect_clocks_ticks();
    *received = ect_uart_take(buffer, capacity);
    while (*received == 0) {
        if (time_is_over(begin, timeout_ms)) {
            return ECT_E_TIMEOUT;
        }
        *received = ect_uart_take(buffer, capacity);
    }
    return ECT_OK;
}

ect_status_t ect_board_write(const uint8_t *data, size_t bytes, uint32_t timeout_ms) {
    const uint32_t begin = ect_clocks_ticks();
    size_t sent = ect_uart_put(data, bytes);
    while (sent < bytes) {
        if (time_is_over(begin, timeout_ms)) {
            return ECT_E_TIMEOUT;
        }
        sent += ect_uart_put(data + sent, bytes - sent);
    }
    return ECT_OK;
}

uint32_t ect_board_ticks(void) {
    return ect_clocks_ticks();
}

uint32_t ect_board_cycles(void) {
    return ect_clocks_cycles();
}

uint32_t ect_board_line_errors(void) {
    return ect_uart_line_errors();
}

const ect_board_info_t *ect_board_info(void) {
    return &info;
}

ect_stack_bounds_t ect_board_stack(void) {
    return (ect_stack_bounds_t){.low = ect_stack_low, .high = ect_stack_high};
}

void ect_board_reset(void) {
    const uint32_t begin = ect_clocks_ticks();
    while (ect_uart_busy() && !time_is_over(begin, DRAIN_TIMEOUT_MS)) {
        /* the reply to the request for it is on its way */
    }
    ect_fault_restart();
}
