/* Vectors for a program of newlib with semihosting on QEMU's mps2-an386: the console is the host's
 * input and output. */
#include <stdint.h>
#include <stdlib.h>

#define SCB_CPACR (*(volatile uint32_t *)0xe000ed88u)
#define CPACR_FPU (0xfu << 20)

extern char stack_top[];
extern void _mainCRTStartup(void);

static void fault(void) {
    _Exit(99);
}

static void reset(void) {
    SCB_CPACR |= CPACR_FPU;
    __asm__ volatile("dsb\n isb" ::: "memory");
    _mainCRTStartup();
}

typedef void (*vector_t)(void);

__attribute__((section(".vectors"), used)) static const vector_t vectors[] = {
    (vector_t)stack_top, reset, fault, fault, fault, fault, fault,
};
