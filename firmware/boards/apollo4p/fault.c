#include "fault.h"

#include <stdbool.h>

#include "text.h"

#define SCB_AIRCR (*(volatile uint32_t *)0xe000ed0cu)
#define SCB_CFSR  (*(volatile uint32_t *)0xe000ed28u)
#define SCB_HFSR  (*(volatile uint32_t *)0xe000ed2cu)

#define SYSTEM_RESET   0x05fa0004u
#define RECORD_MARK    0xfa017ec7u
#define FRAME_BYTES    32u
#define FRAME_PC       6u
#define USES_PSP       4u
#define EXCEPTION_MASK 0x1ffu

typedef struct {
    uint32_t mark;
    uint32_t overflow;
    uint32_t exception;
    uint32_t pc;
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t check;
} record_t;

extern uint8_t ect_stack_low[];
extern uint8_t ect_stack_high[];
extern uint8_t ect_handler_stack_high[];

__attribute__((section(".noinit"))) static volatile record_t record;

/* Chance must not look like a record: at power-on the memory holds anything. */
static uint32_t check_of(const volatile record_t *of) {
    return ~(of->mark ^ of->overflow ^ of->exception ^ of->pc ^ of->cfsr ^ of->hfsr);
}

static bool is_valid(void) {
    return record.mark == RECORD_MARK && record.check == check_of(&record);
}

void ect_fault_restart(void) {
    __asm__ volatile("dsb" ::: "memory");
    SCB_AIRCR = SYSTEM_RESET;
    for (;;) {
    }
}

/* A place of its own, for breakpoints. */
__attribute__((noinline)) void ect_fault_halt(void) {
    for (;;) {
        __asm__ volatile("wfi" ::: "memory");
    }
}

void ect_fault_enter(uint32_t exc_return, uint32_t msp) {
    if (is_valid()) {
        /* The record of an earlier fault was not even read: starting again would go on for ever. */
        ect_fault_halt();
    }
    const bool in_main = (exc_return & USES_PSP) != 0;
    uint32_t sp = msp;
    if (in_main) {
        __asm__ volatile("mrs %0, psp" : "=r"(sp));
    }
    const uint32_t low = (uint32_t)(uintptr_t)(in_main ? ect_stack_low : ect_stack_high);
    const uint32_t high = (uint32_t)(uintptr_t)(in_main ? ect_stack_high : ect_handler_stack_high);
    uint32_t exception;
    __asm__ volatile("mrs %0, ipsr" : "=r"(exception));
    record.mark = RECORD_MARK;
    record.overflow = sp < low || sp > high - FRAME_BYTES;
    record.exception = exception & EXCEPTION_MASK;
    record.pc = record.overflow ? 0 : ((const uint32_t *)(uintptr_t)sp)[FRAME_PC];
    record.cfsr = SCB_CFSR;
    record.hfsr = SCB_HFSR;
    record.check = check_of(&record);
    ect_fault_restart();
}

const char *ect_fault_take(void) {
    static ect_text_t text;
    text.characters[0] = '\0';
    if (!is_valid()) {
        return text.characters;
    }
    ect_text_add(&text, record.overflow ? "stack overflow" : "processor fault");
    ect_text_add(&text, ", exception ");
    ect_text_add_hex(&text, record.exception);
    ect_text_add(&text, " pc ");
    ect_text_add_hex(&text, record.pc);
    ect_text_add(&text, " cfsr ");
    ect_text_add_hex(&text, record.cfsr);
    ect_text_add(&text, " hfsr ");
    ect_text_add_hex(&text, record.hfsr);
    record.mark = 0;
    return text.characters;
}
