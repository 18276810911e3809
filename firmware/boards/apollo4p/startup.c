/* From reset to main. main runs on the process stack, handlers on their own, so that a stack
 * overflow can be told from other faults. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fault.h"

#define SCB_VTOR  (*(volatile uint32_t *)0xe000ed08u)
#define SCB_SHCSR (*(volatile uint32_t *)0xe000ed24u)
#define SCB_CPACR (*(volatile uint32_t *)0xe000ed88u)
#define MPU_CTRL  (*(volatile uint32_t *)0xe000ed94u)
#define MPU_RBAR  (*(volatile uint32_t *)0xe000ed9cu)
#define MPU_RASR  (*(volatile uint32_t *)0xe000eda0u)

#define CPACR_FPU    (0xfu << 20)
#define CONTROL_PSP  2u
#define SHCSR_FAULTS (7u << 16)

/* The mebibyte under the stack, where nothing is: no access, no execution, so that an overflow is a
 * MemManage at once and not a bus error at the bus's leisure. */
#define GUARD_BASE (0x0ff00000u | 1u << 4) /* VALID, region 0 */
#define GUARD_SIZE (1u << 28 | 19u << 1 | 1u)
#define MPU_ON     5u /* the default map for everything else */

#define CORE_HANDLERS 15u
#define INTERRUPTS    84u /* 0 UART0 is 15; the last is the cache's */

typedef void (*function_t)(void);

extern uint8_t ect_stack_high[];
extern uint8_t ect_handler_stack_high[];
extern uint8_t ect_data_image[];
extern uint8_t ect_data_low[];
extern uint8_t ect_data_high[];
extern uint8_t ect_bss_low[];
extern uint8_t ect_bss_high[];
extern const function_t ect_init_low[];
extern const function_t ect_init_high[];

int main(void);
_Noreturn void ect_reset_handler(void);
_Noreturn void ect_run(void);

typedef struct {
    uint8_t *stack;
    function_t handlers[CORE_HANDLERS + INTERRUPTS];
} vectors_t;

extern const vectors_t ect_vectors;

static size_t bytes_between(const uint8_t *low, const uint8_t *high) {
    return (uintptr_t)high - (uintptr_t)low;
}

/* main comes back only where there is no link to answer on: then nobody can be told. */
_Noreturn void ect_run(void) {
    for (const function_t *init = ect_init_low; init != ect_init_high; init++) {
        (*init)();
    }
    (void)main();
    ect_fault_halt();
}

void ect_reset_handler(void) {
    SCB_VTOR = (uint32_t)(uintptr_t)&ect_vectors;
    SCB_CPACR |= CPACR_FPU;
    /* Their own exceptions: as a HardFault, a stack overflow would fault once more while its
     * registers are pushed and lock the processor up. */
    SCB_SHCSR |= SHCSR_FAULTS;
    MPU_RBAR = GUARD_BASE;
    MPU_RASR = GUARD_SIZE;
    MPU_CTRL = MPU_ON;
    __asm__ volatile("dsb\n isb" ::: "memory");
    memcpy(ect_data_low, ect_data_image, bytes_between(ect_data_low, ect_data_high));
    memset(ect_bss_low, 0, bytes_between(ect_bss_low, ect_bss_high));
    __asm__ volatile("msr psp, %0\n"
                     "msr control, %1\n"
                     "isb\n"
                     "b ect_run\n"
                     :
                     : "r"(ect_stack_high), "r"(CONTROL_PSP)
                     : "memory");
    __builtin_unreachable();
}

/* Interrupts come here too: none is ever enabled. */
__attribute__((naked)) static void on_fault(void) {
    __asm__ volatile("mov r0, lr\n mrs r1, msp\n b ect_fault_enter\n");
}

__attribute__((section(".vectors"), used)) const vectors_t ect_vectors = {
    .stack = ect_handler_stack_high,
    .handlers = {[0] = ect_reset_handler, [1 ... CORE_HANDLERS + INTERRUPTS - 1] = on_fault},
};
