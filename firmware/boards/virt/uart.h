/* CMSDK APB UART0 of the MPS2. Source: Arm DUI 0475 (MPS2) and DDI 0479 (CMSDK). */
#ifndef ECT_VIRT_UART_H
#define ECT_VIRT_UART_H

#include <stdbool.h>
#include <stdint.h>

void ect_uart_init(void);

/* Takes a byte if there is one. */
bool ect_uart_get(uint8_t *byte);

/* Sleeps until a byte may have come. */
void ect_uart_wait(void);

/* Puts a byte if there is room. */
bool ect_uart_put(uint8_t byte);

#endif /* ECT_VIRT_UART_H */
