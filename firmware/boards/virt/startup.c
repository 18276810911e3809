/* From reset to main, and the end of the run when the processor faults.
 * main runs on the process stack, handlers on their own, so that a stack overflow can be told. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "semihost.h"

#define SCB_SHCSR (*(volatile uint32_t *)0xe000ed24u)
#define SCB_CFSR  (*(volatile uint32_t *)0xe000ed28u)
#define SCB_HFSR  (*(volatile uint32_t *)0xe000ed2cu)
#define MPU_CTRL  (*(volatile uint32_t *)0xe000ed94u)
#define MPU_RBAR  (*(volatile uint32_t *)0xe000ed9cu)
#define MPU_RASR  (*(volatile uint32_t *)0xe000eda0u)
#define SCB_CPACR (*(volatile uint32_t *)0xe000ed88u)

#define CPACR_FPU    (0xfu << 20)
#define CONTROL_PSP  2u
#define SHCSR_FAULTS (7u << 16)

/* The mebibyte under the stack, where QEMU would ignore writes: no access, no execution. */
#define GUARD_BASE (0x1ff00000u | 1u << 4) /* VALID, region 0 */
#define GUARD_SIZE (1u << 28 | 19u << 1 | 1u)
#define MPU_ON     5u /* the default map for everything else */

extern uint8_t ect_stack_low[];
extern uint8_t ect_stack_high[];
extern uint8_t ect_handler_stack_high[];
extern uint8_t ect_data_image[];
extern uint8_t ect_data_low[];
extern uint8_t ect_data_high[];
extern uint8_t ect_bss_low[];
extern uint8_t ect_bss_high[];

int main(void);
_Noreturn void ect_reset_handler(void);
_Noreturn void ect_run(void);

_Noreturn void ect_run(void) {
    ect_semihost_exit(main() == 0);
}

static size_t bytes_between(const uint8_t *low, const uint8_t *high) {
    return (uintptr_t)high - (uintptr_t)low;
}

void ect_reset_handler(void) {
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

static void say_hex(const char *name, uint32_t value) {
    char digits[9] = {0};
    for (uint32_t i = 0; i < 8u; i++) {
        digits[i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 15u];
    }
    ect_semihost_say(name);
    ect_semihost_say(digits);
}

static _Noreturn void fault_handler(void) {
    uint32_t psp;
    __asm__ volatile("mrs %0, psp" : "=r"(psp));
    const uint32_t low = (uint32_t)(uintptr_t)ect_stack_low;
    const uint32_t high = (uint32_t)(uintptr_t)ect_stack_high;
    ect_semihost_say("ectopy: processor fault");
    if (psp < low || psp > high - 32u) {
        ect_semihost_say(": stack overflow");
    } else {
        say_hex(" at pc=", ((const uint32_t *)(uintptr_t)psp)[6]);
    }
    say_hex(" cfsr=", SCB_CFSR);
    say_hex(" hfsr=", SCB_HFSR);
    ect_semihost_say("\n");
    ect_semihost_exit(false);
}

typedef struct {
    uint8_t *stack;
    void (*handlers[15])(void);
} vectors_t;

__attribute__((section(".vectors"), used)) static const vectors_t VECTORS = {
    .stack = ect_handler_stack_high,
    .handlers =
        {
            ect_reset_handler,
            fault_handler, /* NMI */
            fault_handler, /* HardFault */
            fault_handler, /* MemManage */
            fault_handler, /* BusFault */
            fault_handler, /* UsageFault */
        },
};
