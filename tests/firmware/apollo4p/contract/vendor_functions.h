/* The functions and objects of AmbiqSuite R4.5.0 that firmware/boards/apollo4p uses. Declared after
 * the real headers too, where the compiler names what differs. */
#ifndef CONTRACT_VENDOR_FUNCTIONS_H
#define CONTRACT_VENDOR_FUNCTIONS_H

extern const am_hal_cachectrl_config_t am_hal_cachectrl_defaults;
extern am_hal_gpio_pincfg_t g_AM_BSP_GPIO_COM_UART_TX;
extern am_hal_gpio_pincfg_t g_AM_BSP_GPIO_COM_UART_RX;

extern void am_bsp_low_power_init(void);
extern uint32_t am_hal_pwrctrl_sram_config(am_hal_pwrctrl_sram_memcfg_t *config);
extern uint32_t am_hal_pwrctrl_mcu_mode_select(am_hal_pwrctrl_mcu_mode_e mode);
extern uint32_t am_hal_pwrctrl_periph_enable(am_hal_pwrctrl_periph_e peripheral);
extern uint32_t am_hal_cachectrl_config(const am_hal_cachectrl_config_t *config);
extern uint32_t am_hal_cachectrl_enable(void);
extern void am_hal_sysctrl_fpu_enable(void);
extern void am_hal_sysctrl_fpu_stacking_enable(bool lazy);
extern void am_hal_delay_us(uint32_t us);
extern uint32_t am_hal_timer_default_config_set(am_hal_timer_config_t *config);
extern uint32_t am_hal_timer_config(uint32_t number, am_hal_timer_config_t *config);
extern uint32_t am_hal_timer_enable(uint32_t number);
extern uint32_t am_hal_timer_read(uint32_t number);
extern uint32_t am_hal_uart_initialize(uint32_t module, void **handle);
extern uint32_t am_hal_uart_power_control(void *handle, uint32_t state, bool retain);
extern uint32_t am_hal_uart_configure(void *handle, const am_hal_uart_config_t *config);
extern uint32_t am_hal_uart_fifo_read(void *handle, uint8_t *data, uint32_t bytes, uint32_t *done);
extern uint32_t am_hal_uart_fifo_write(void *handle, uint8_t *data, uint32_t bytes, uint32_t *done);
extern uint32_t am_hal_uart_flags_get(void *handle, uint32_t *flags);
extern uint32_t am_hal_gpio_pinconfig(uint32_t pad, const am_hal_gpio_pincfg_t config);

#endif /* CONTRACT_VENDOR_FUNCTIONS_H */
