/* UART0, which the EVB's J-Link passes on as its virtual serial port, by polling. */
#ifndef ECT_APOLLO4P_UART_H
#define ECT_APOLLO4P_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 8 data bits, no parity, one stop bit, no flow control, ECT_BAUD. */
bool ect_uart_open(void);

/* Takes what has come, at most `capacity` bytes, without waiting. A byte that came damaged, or
 * after others were lost, is given as 0x00: no frame holds one, so what it broke ends there. */
size_t ect_uart_take(uint8_t *buffer, size_t capacity);

/* Puts as many bytes as there is room for, without waiting. */
size_t ect_uart_put(const uint8_t *data, size_t bytes);

/* Whether something is still on its way out. */
bool ect_uart_busy(void);

/* Bytes that came damaged since the port was opened. */
uint32_t ect_uart_line_errors(void);

#endif /* ECT_APOLLO4P_UART_H */
