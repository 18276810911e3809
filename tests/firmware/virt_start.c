/* Vectors for a program of newlib with semihosting on QEMU's mps2-an386: the console is the host's
 * input and output. */
#include <stdlib.h>

extern char stack_top[];
extern void _mainCRTStartup(void);

static void fault(void) {
    _Exit(99);
}

typedef void (*vector_t)(void);

__attribute__((section(".vectors"), used)) static const vector_t vectors[] = {
    (vector_t)stack_top, _mainCRTStartup, fault, fault, fault, fault, fault,
};
