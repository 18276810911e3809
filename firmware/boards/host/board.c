/* A native process on stdin and stdout: for debugging, sanitizers and fuzzing. */
#define _POSIX_C_SOURCE 200809L

#include "ectopy/board.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const ect_board_info_t INFO = {
    .name = "host",
    .cpu = "native",
    .tick_unit = "nanoseconds",
    .clock_hz = 1000000000u,
    .emulated = false,
    .cpu_hz = 0,
    .cycle_counter = "none",
    .setup_error = "",
    .last_fault = "",
    .rx_credits = 4,
};

ect_status_t ect_board_init(void) {
    return ECT_OK;
}

static ect_status_t wait_for(int file, short events, uint32_t timeout_ms) {
    struct pollfd waited = {.fd = file, .events = events, .revents = 0};
    const int forever = -1;
    const int ready = poll(&waited, 1, timeout_ms == ECT_WAIT_FOREVER ? forever : (int)timeout_ms);
    return ready > 0 ? ECT_OK : ready == 0 ? ECT_E_TIMEOUT : ECT_E_CLOSED;
}

ect_status_t ect_board_read(uint8_t *buffer, size_t capacity, size_t *received,
                            uint32_t timeout_ms) {
    const ect_status_t status = wait_for(STDIN_FILENO, POLLIN, timeout_ms);
    if (status != ECT_OK) {
        return status;
    }
    const ssize_t bytes = read(STDIN_FILENO, buffer, capacity);
    *received = bytes > 0 ? (size_t)bytes : 0;
    return bytes > 0 ? ECT_OK : ECT_E_CLOSED;
}

ect_status_t ect_board_write(const uint8_t *data, size_t bytes, uint32_t timeout_ms) {
    while (bytes > 0) {
        const ect_status_t status = wait_for(STDOUT_FILENO, POLLOUT, timeout_ms);
        if (status != ECT_OK) {
            return status;
        }
        const ssize_t written = write(STDOUT_FILENO, data, bytes);
        if (written < 0) {
            return ECT_E_CLOSED;
        }
        data += written;
        bytes -= (size_t)written;
    }
    return ECT_OK;
}

uint32_t ect_board_ticks(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (uint32_t)now.tv_sec * 1000000000u + (uint32_t)now.tv_nsec;
}

uint32_t ect_board_cycles(void) {
    return 0;
}

uint32_t ect_board_line_errors(void) {
    return 0;
}

const ect_board_info_t *ect_board_info(void) {
    return &INFO;
}

ect_stack_bounds_t ect_board_stack(void) {
    return (ect_stack_bounds_t){.low = NULL, .high = NULL};
}

void ect_board_reset(void) {
    execl("/proc/self/exe", "firmware", (char *)NULL);
    _Exit(EXIT_FAILURE);
}
