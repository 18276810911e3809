/* The types and constants of AmbiqSuite R4.5.0 that firmware/boards/apollo4p uses, as far as it
 * uses them. tests/firmware/apollo4p/test_contract.py compares every value, size and offset with
 * the real headers.
 */
#ifndef CONTRACT_VENDOR_TYPES_H
#define CONTRACT_VENDOR_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#define AM_REGVAL(x) (*((volatile uint32_t *)(x)))

typedef enum {
    AM_HAL_STATUS_SUCCESS = 0,
    AM_HAL_STATUS_FAIL = 1,
    AM_HAL_STATUS_TIMEOUT = 4,
    AM_HAL_STATUS_INVALID_OPERATION = 7,
    AM_HAL_STATUS_MODULE_SPECIFIC_START = 0x08000000
} am_hal_status_e;

typedef enum { AM_HAL_SYSCTRL_WAKE = 0 } am_hal_sysctrl_power_state_e;

typedef enum {
    AM_HAL_PWRCTRL_MCU_MODE_LOW_POWER = 1,
    AM_HAL_PWRCTRL_MCU_MODE_HIGH_PERFORMANCE = 2
} am_hal_pwrctrl_mcu_mode_e;

typedef enum { AM_HAL_PWRCTRL_PERIPH_DEBUG = 24 } am_hal_pwrctrl_periph_e;

typedef enum { AM_HAL_PWRCTRL_SRAM_NONE = 0 } am_hal_pwrctrl_sram_select_e;

typedef struct {
    am_hal_pwrctrl_sram_select_e eSRAMCfg;
    am_hal_pwrctrl_sram_select_e eActiveWithMCU;
    am_hal_pwrctrl_sram_select_e eActiveWithGFX;
    am_hal_pwrctrl_sram_select_e eActiveWithDISP;
    am_hal_pwrctrl_sram_select_e eActiveWithDSP;
    am_hal_pwrctrl_sram_select_e eSRAMRetain;
} am_hal_pwrctrl_sram_memcfg_t;

/* Handed through, never looked into. */
typedef struct {
    uint8_t eDescript;
    uint8_t eMode;
    bool bLRU;
} am_hal_cachectrl_config_t;

typedef enum { AM_HAL_TIMER_CLOCK_HFRC_DIV4 = 0 } am_hal_timer_clock_e;

typedef enum { AM_HAL_TIMER_FN_UPCOUNT = 2 } am_hal_timer_function_e;

typedef struct {
    am_hal_timer_clock_e eInputClock;
    am_hal_timer_function_e eFunction;
    bool bInvertOutput0;
    bool bInvertOutput1;
    uint8_t eTriggerType;
    uint8_t eTriggerSource;
    bool bLowJitter;
    uint32_t ui32PatternLimit;
    uint32_t ui32Compare0;
    uint32_t ui32Compare1;
} am_hal_timer_config_t;

typedef enum { AM_HAL_UART_STATUS_BUS_ERROR = 0x08000000 } am_hal_uart_errors_t;

enum { AM_HAL_UART_FR_BUSY = 8 };

typedef enum { AM_HAL_UART_FIFO_LEVEL_16 = 2 } am_hal_uart_fifo_level_e;

typedef enum { AM_HAL_UART_DATA_BITS_8 = 3 } am_hal_uart_data_bits_e;

typedef enum { AM_HAL_UART_PARITY_NONE = 2 } am_hal_uart_parity_e;

typedef enum { AM_HAL_UART_ONE_STOP_BIT = 0 } am_hal_uart_stop_bits_e;

typedef enum {
    AM_HAL_UART_FLOW_CTRL_NONE = 0,
    AM_HAL_UART_FLOW_CTRL_CTS_ONLY = 0x8000 /* not used: it makes the type two bytes wide */
} am_hal_uart_flow_control_e;

typedef struct {
    uint32_t ui32BaudRate;
    am_hal_uart_data_bits_e eDataBits;
    am_hal_uart_parity_e eParity;
    am_hal_uart_stop_bits_e eStopBits;
    am_hal_uart_flow_control_e eFlowControl;
    am_hal_uart_fifo_level_e eTXFifoLevel;
    am_hal_uart_fifo_level_e eRXFifoLevel;
} am_hal_uart_config_t;

typedef struct {
    union {
        volatile uint32_t cfg;
    } GP;
} am_hal_gpio_pincfg_t;

enum { AM_BSP_UART_PRINT_INST = 0, AM_BSP_GPIO_COM_UART_TX = 60, AM_BSP_GPIO_COM_UART_RX = 47 };

#endif /* CONTRACT_VENDOR_TYPES_H */
