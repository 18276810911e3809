#include "uart.h"

#include "vendor.h"

/* The FIFO functions only: the HAL's blocking transfers sleep a millisecond a turn, in which 92
 * bytes come at 921600 baud and the FIFO holds 32. */

static const am_hal_uart_config_t CONFIG = {
    .ui32BaudRate = ECT_BAUD,
    .eDataBits = AM_HAL_UART_DATA_BITS_8,
    .eParity = AM_HAL_UART_PARITY_NONE,
    .eStopBits = AM_HAL_UART_ONE_STOP_BIT,
    .eFlowControl = AM_HAL_UART_FLOW_CTRL_NONE,
    .eTXFifoLevel = AM_HAL_UART_FIFO_LEVEL_16,
    .eRXFifoLevel = AM_HAL_UART_FIFO_LEVEL_16,
};

static void *uart;
static uint32_t line_errors;

bool ect_uart_open(void) {
    line_errors = 0;
    return am_hal_uart_initialize(AM_BSP_UART_PRINT_INST, &uart) == AM_HAL_STATUS_SUCCESS &&
           am_hal_uart_power_control(uart, AM_HAL_SYSCTRL_WAKE, false) == AM_HAL_STATUS_SUCCESS &&
           am_hal_uart_configure(uart, &CONFIG) == AM_HAL_STATUS_SUCCESS &&
           am_hal_gpio_pinconfig(AM_BSP_GPIO_COM_UART_TX, g_AM_BSP_GPIO_COM_UART_TX) ==
               AM_HAL_STATUS_SUCCESS &&
           am_hal_gpio_pinconfig(AM_BSP_GPIO_COM_UART_RX, g_AM_BSP_GPIO_COM_UART_RX) ==
               AM_HAL_STATUS_SUCCESS;
}

size_t ect_uart_take(uint8_t *buffer, size_t capacity) {
    size_t taken = 0;
    while (taken < capacity) {
        uint32_t got = 0;
        const uint32_t status =
            am_hal_uart_fifo_read(uart, buffer + taken, (uint32_t)(capacity - taken), &got);
        taken += got;
        if (status == AM_HAL_STATUS_SUCCESS) {
            break;
        }
        line_errors++;
        buffer[taken++] = 0; /* there is room: the HAL stopped before the end */
    }
    return taken;
}

size_t ect_uart_put(const uint8_t *data, size_t bytes) {
    uint32_t put = 0;
    /* The HAL does not write through its pointer; it is only declared so. */
    const uint32_t status =
        am_hal_uart_fifo_write(uart, (uint8_t *)(uintptr_t)data, (uint32_t)bytes, &put);
    return status == AM_HAL_STATUS_SUCCESS ? put : 0;
}

bool ect_uart_busy(void) {
    /* Not am_hal_uart_tx_flush: of bytes that went straight into the FIFO it knows nothing. */
    uint32_t flags = 0;
    return am_hal_uart_flags_get(uart, &flags) == AM_HAL_STATUS_SUCCESS &&
           (flags & AM_HAL_UART_FR_BUSY) != 0;
}

uint32_t ect_uart_line_errors(void) {
    return line_errors;
}
