/* Every stub tells the test that it was called, with what, and is told what to return. */
#ifndef CONTRACT_STUB_H
#define CONTRACT_STUB_H

#include <stdint.h>

#define STUB_ARGUMENT (*(volatile uint32_t *)0x4f000000u)
#define STUB_CALL     (*(volatile uint32_t *)0x4f000004u)

static inline uint32_t stub_call(const char *name, uint32_t argument) {
    STUB_ARGUMENT = argument;
    STUB_CALL = (uint32_t)(uintptr_t)name;
    return STUB_CALL;
}

#endif /* CONTRACT_STUB_H */
