/* What stands in for libam_bsp.a. */
#include "am_bsp.h"

#include "stub.h"

am_hal_gpio_pincfg_t g_AM_BSP_GPIO_COM_UART_TX = {.GP = {.cfg = 0x404}};
am_hal_gpio_pincfg_t g_AM_BSP_GPIO_COM_UART_RX = {.GP = {.cfg = 0x4}};

void am_bsp_low_power_init(void) {
    (void)stub_call("am_bsp_low_power_init", 0);
}
