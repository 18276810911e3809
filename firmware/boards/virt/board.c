/* The virtual EVB: QEMU's mps2-an386. Frames travel over UART0, or, where the command line says
 * "fast <in> <out>", over two pipes of the host through semihosting, many times faster. */
#include "ectopy/board.h"

#include <string.h>

#include "semihost.h"
#include "uart.h"

#define TIMER_CTRL   (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE  (*(volatile uint32_t *)0x40000004u)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008u)
#define SCB_AIRCR    (*(volatile uint32_t *)0xe000ed0cu)

#define SYSTEM_RESET 0x05fa0004u

/* An instruction takes 64 ns of virtual time (-icount shift=6), a timer tick 40 ns. */
#define TICK_NS             40u
#define INSTRUCTION_NS      64u
#define INSTRUCTIONS_PER_MS (1000000u / INSTRUCTION_NS)

extern uint8_t ect_stack_low[];
extern uint8_t ect_stack_high[];

static const ect_board_info_t INFO = {
    .name = "virt",
    .cpu = "cortex-m4f",
    .tick_unit = "instructions",
    .clock_hz = 0,
    .emulated = true,
    .cpu_hz = 0,
    .cycle_counter = "none",
    .setup_error = "",
    .last_fault = "",
    .rx_credits = 4,
};

static bool fast;
static int32_t fast_in;
static int32_t fast_out;
static uint32_t instructions_before; /* counted before the timer was last started */

static void timer_start(void) {
    TIMER_CTRL = 0;
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = 1u;
}

uint32_t ect_board_ticks(void) {
    /* The timer was started on an instruction's edge: at every instruction the ticks make up 24 to
     * 56 ns more than a whole number of instructions, so the quotient never hesitates. */
    const uint64_t ticks = UINT32_MAX - TIMER_VALUE;
    return instructions_before + (uint32_t)(ticks * TICK_NS / INSTRUCTION_NS);
}

uint32_t ect_board_cycles(void) {
    return 0;
}

/* While the processor sleeps virtual time goes on by itself and leaves the edges. */
static void timer_realign(void) {
    instructions_before = ect_board_ticks();
    timer_start();
}

static char *next_word(char **rest) {
    char *word = *rest;
    char *blank = strchr(word, ' ');
    *rest = blank == NULL ? word + strlen(word) : blank + 1;
    if (blank != NULL) {
        *blank = '\0';
    }
    return word;
}

ect_status_t ect_board_init(void) {
    static char line[256];
    timer_start();
    ect_uart_init();
    ect_semihost_command_line(line, sizeof line);
    char *rest = line;
    (void)next_word(&rest); /* the image's name */
    fast = strcmp(next_word(&rest), "fast") == 0;
    if (!fast) {
        return ECT_OK;
    }
    fast_in = ect_semihost_open(next_word(&rest), ECT_FILE_READ);
    fast_out = ect_semihost_open(next_word(&rest), ECT_FILE_WRITE);
    if (fast_in < 0 || fast_out < 0) {
        ect_semihost_say("ectopy: cannot open the pipes of the fast link\n");
        ect_semihost_exit(false);
    }
    return ECT_OK;
}

static bool time_is_over(uint32_t begin, uint32_t timeout_ms) {
    return timeout_ms != ECT_WAIT_FOREVER &&
           (ect_board_ticks() - begin) / INSTRUCTIONS_PER_MS >= timeout_ms;
}

/* The fast link waits inside a system call and knows no timeout. */
ect_status_t ect_board_read(uint8_t *buffer, size_t capacity, size_t *received,
                            uint32_t timeout_ms) {
    *received = 0;
    if (fast) {
        *received = ect_semihost_read(fast_in, buffer, capacity);
        timer_realign();
        return *received > 0 ? ECT_OK : ECT_E_CLOSED;
    }
    const uint32_t begin = ect_board_ticks();
    while (*received == 0) {
        while (*received < capacity && ect_uart_get(&buffer[*received])) {
            (*received)++;
        }
        if (*received == 0 && time_is_over(begin, timeout_ms)) {
            return ECT_E_TIMEOUT;
        }
        if (*received == 0 && timeout_ms == ECT_WAIT_FOREVER) {
            ect_uart_wait();
        }
    }
    timer_realign();
    return ECT_OK;
}

ect_status_t ect_board_write(const uint8_t *data, size_t bytes, uint32_t timeout_ms) {
    if (fast) {
        return ect_semihost_write(fast_out, data, bytes) ? ECT_OK : ECT_E_CLOSED;
    }
    const uint32_t begin = ect_board_ticks();
    for (size_t i = 0; i < bytes; i++) {
        while (!ect_uart_put(data[i])) {
            if (time_is_over(begin, timeout_ms)) {
                return ECT_E_TIMEOUT;
            }
        }
    }
    return ECT_OK;
}

/* QEMU's UART receives nothing damaged. */
uint32_t ect_board_line_errors(void) {
    return 0;
}

const ect_board_info_t *ect_board_info(void) {
    return &INFO;
}

ect_stack_bounds_t ect_board_stack(void) {
    return (ect_stack_bounds_t){.low = ect_stack_low, .high = ect_stack_high};
}

void ect_board_reset(void) {
    __asm__ volatile("dsb" ::: "memory");
    SCB_AIRCR = SYSTEM_RESET;
    for (;;) {
    }
}
