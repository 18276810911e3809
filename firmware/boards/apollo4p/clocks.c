#include "clocks.h"

#include "vendor.h"

#define TIMER_NUMBER 0u
#define TEST_US      1000u
#define MHZ          1000000u

/* Architectural addresses (Armv7-M): Debug Exception and Monitor Control, Data Watchpoint. */
#define DEMCR      0xe000edfcu
#define DWT_CTRL   0xe0001000u
#define DWT_CYCCNT 0xe0001004u

#define DEMCR_TRCENA       (1u << 24)
#define DWT_CTRL_CYCCNTENA 1u

/* A debugger powers the debug unit; without one this has to. Whether it is enough only silicon can
 * tell, which is what the test is for: its status is no failure. */
static void power_cycles(void) {
    const uint32_t ignored = am_hal_pwrctrl_periph_enable(AM_HAL_PWRCTRL_PERIPH_DEBUG);
    (void)ignored;
}

static bool start_timer(void) {
    am_hal_timer_config_t config = {0}; /* the defaults below leave a field alone */
    if (am_hal_timer_default_config_set(&config) != AM_HAL_STATUS_SUCCESS) {
        return false;
    }
    config.eInputClock = AM_HAL_TIMER_CLOCK_HFRC_DIV4;
    config.eFunction = AM_HAL_TIMER_FN_UPCOUNT; /* the default stops at 2^32 - 1 */
    if (am_hal_timer_config(TIMER_NUMBER, &config) != AM_HAL_STATUS_SUCCESS ||
        am_hal_timer_enable(TIMER_NUMBER) != AM_HAL_STATUS_SUCCESS) {
        return false;
    }
    const uint32_t begin = ect_clocks_ticks();
    am_hal_delay_us(TEST_US);
    return ect_clocks_ticks() != begin;
}

bool ect_clocks_start(void) {
    power_cycles();
    return start_timer();
}

uint32_t ect_clocks_ticks(void) {
    return am_hal_timer_read(TIMER_NUMBER);
}

uint32_t ect_clocks_cycles(void) {
    /* Each time: a debugger that leaves may switch both off behind our back. */
    AM_REGVAL(DEMCR) |= DEMCR_TRCENA;
    AM_REGVAL(DWT_CTRL) |= DWT_CTRL_CYCCNTENA;
    return AM_REGVAL(DWT_CYCCNT);
}

const char *ect_clocks_test_cycles(uint32_t cpu_hz) {
    const uint32_t cycles_begin = ect_clocks_cycles();
    const uint32_t ticks_begin = ect_clocks_ticks();
    am_hal_delay_us(TEST_US);
    const uint32_t ticks = ect_clocks_ticks() - ticks_begin;
    const uint32_t cycles = ect_clocks_cycles() - cycles_begin;
    if (cycles == 0) {
        return "stalled";
    }
    const uint64_t counted = (uint64_t)cycles * (ECT_TIMER_HZ / MHZ);
    const uint64_t expected = (uint64_t)ticks * (cpu_hz / MHZ);
    const uint64_t apart = counted > expected ? counted - expected : expected - counted;
    return apart <= expected / 8u ? "running" : "off_rate";
}
