#include "uart.h"

#define UART_DATA    (*(volatile uint32_t *)0x40004000u)
#define UART_STATE   (*(volatile uint32_t *)0x40004004u)
#define UART_CTRL    (*(volatile uint32_t *)0x40004008u)
#define UART_INT     (*(volatile uint32_t *)0x4000400cu)
#define UART_BAUDDIV (*(volatile uint32_t *)0x40004010u)
#define NVIC_ISER0   (*(volatile uint32_t *)0xe000e100u)
#define NVIC_ICPR0   (*(volatile uint32_t *)0xe000e280u)

#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define CTRL_TX       1u
#define CTRL_RX       2u
#define CTRL_RX_INT   8u
#define INT_RX        2u
#define IRQ_UART0_RX  1u /* bit of interrupt 0 */

void ect_uart_init(void) {
    UART_BAUDDIV = 16u;
    UART_CTRL = CTRL_TX | CTRL_RX | CTRL_RX_INT;
    /* Interrupts stay masked: the line only ends a WFI, no handler runs. */
    __asm__ volatile("cpsid i" ::: "memory");
    NVIC_ISER0 = IRQ_UART0_RX;
}

bool ect_uart_get(uint8_t *byte) {
    if ((UART_STATE & STATE_RX_FULL) == 0) {
        return false;
    }
    *byte = (uint8_t)UART_DATA;
    return true;
}

void ect_uart_wait(void) {
    UART_INT = INT_RX;
    NVIC_ICPR0 = IRQ_UART0_RX;
    if ((UART_STATE & STATE_RX_FULL) == 0) {
        __asm__ volatile("wfi" ::: "memory");
    }
}

bool ect_uart_put(uint8_t byte) {
    if ((UART_STATE & STATE_TX_FULL) != 0) {
        return false;
    }
    UART_DATA = byte;
    return true;
}
