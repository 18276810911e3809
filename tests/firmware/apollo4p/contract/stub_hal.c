/* What stands in for libam_hal.a: calls are told to the test, bytes and time come from the
 * registers that the documentation names, which the test plays. */
#include "am_mcu_apollo.h"

#include "stub.h"

#define UART_DR      (*(volatile uint32_t *)0x4001c000u)
#define UART_FR      (*(volatile uint32_t *)0x4001c018u)
#define TIMER0_COUNT (*(volatile uint32_t *)0x40008204u)

#define FR_RX_EMPTY (1u << 4)
#define FR_TX_FULL  (1u << 5)
#define DR_ERRORS   0xf00u

const am_hal_cachectrl_config_t am_hal_cachectrl_defaults = {0};

static uint32_t uart_state;

uint32_t am_hal_pwrctrl_sram_config(am_hal_pwrctrl_sram_memcfg_t *config) {
    return stub_call("am_hal_pwrctrl_sram_config", config->eSRAMCfg);
}

uint32_t am_hal_pwrctrl_mcu_mode_select(am_hal_pwrctrl_mcu_mode_e mode) {
    return stub_call("am_hal_pwrctrl_mcu_mode_select", mode);
}

uint32_t am_hal_pwrctrl_periph_enable(am_hal_pwrctrl_periph_e peripheral) {
    return stub_call("am_hal_pwrctrl_periph_enable", peripheral);
}

uint32_t am_hal_cachectrl_config(const am_hal_cachectrl_config_t *config) {
    return stub_call("am_hal_cachectrl_config", config == &am_hal_cachectrl_defaults);
}

uint32_t am_hal_cachectrl_enable(void) {
    return stub_call("am_hal_cachectrl_enable", 0);
}

void am_hal_sysctrl_fpu_enable(void) {
    (void)stub_call("am_hal_sysctrl_fpu_enable", 0);
}

void am_hal_sysctrl_fpu_stacking_enable(bool lazy) {
    (void)stub_call("am_hal_sysctrl_fpu_stacking_enable", lazy);
}

void am_hal_delay_us(uint32_t us) {
    (void)stub_call("am_hal_delay_us", us);
}

uint32_t am_hal_timer_default_config_set(am_hal_timer_config_t *config) {
    /* What the real one leaves alone must not have been left to chance. */
    const uint32_t low_jitter = config->bLowJitter;
    config->eInputClock = (am_hal_timer_clock_e)1;
    config->eFunction = (am_hal_timer_function_e)1;
    return stub_call("am_hal_timer_default_config_set", low_jitter);
}

uint32_t am_hal_timer_config(uint32_t number, am_hal_timer_config_t *config) {
    const uint32_t what = number << 16 | (uint32_t)config->eInputClock << 8 | config->eFunction;
    return stub_call("am_hal_timer_config", what);
}

uint32_t am_hal_timer_enable(uint32_t number) {
    return stub_call("am_hal_timer_enable", number);
}

uint32_t am_hal_timer_read(uint32_t number) {
    (void)number;
    return TIMER0_COUNT;
}

uint32_t am_hal_uart_initialize(uint32_t module, void **handle) {
    *handle = &uart_state;
    return stub_call("am_hal_uart_initialize", module);
}

uint32_t am_hal_uart_power_control(void *handle, uint32_t state, bool retain) {
    (void)handle;
    (void)retain;
    return stub_call("am_hal_uart_power_control", state);
}

uint32_t am_hal_uart_configure(void *handle, const am_hal_uart_config_t *config) {
    (void)handle;
    return stub_call("am_hal_uart_configure", config->ui32BaudRate);
}

/* Stops at a byte with an error mark, which is then gone. */
uint32_t am_hal_uart_fifo_read(void *handle, uint8_t *data, uint32_t bytes, uint32_t *done) {
    (void)handle;
    uint32_t count = 0;
    uint32_t status = AM_HAL_STATUS_SUCCESS;
    while (count < bytes && (UART_FR & FR_RX_EMPTY) == 0) {
        const uint32_t value = UART_DR;
        if ((value & DR_ERRORS) != 0) {
            status = AM_HAL_UART_STATUS_BUS_ERROR;
            break;
        }
        data[count++] = (uint8_t)value;
    }
    *done = count;
    return status;
}

uint32_t am_hal_uart_fifo_write(void *handle, uint8_t *data, uint32_t bytes, uint32_t *done) {
    (void)handle;
    uint32_t count = 0;
    while (count < bytes && (UART_FR & FR_TX_FULL) == 0) {
        UART_DR = data[count++];
    }
    *done = count;
    return AM_HAL_STATUS_SUCCESS;
}

uint32_t am_hal_uart_flags_get(void *handle, uint32_t *flags) {
    (void)handle;
    *flags = UART_FR;
    return AM_HAL_STATUS_SUCCESS;
}

uint32_t am_hal_gpio_pinconfig(uint32_t pad, const am_hal_gpio_pincfg_t config) {
    return stub_call("am_hal_gpio_pinconfig", pad << 16 | config.GP.cfg);
}
