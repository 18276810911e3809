/* What a processor fault leaves behind: a record in memory that start-up does not clear, told in
 * the HELLO after the restart. */
#ifndef ECT_APOLLO4P_FAULT_H
#define ECT_APOLLO4P_FAULT_H

#include <stdint.h>

/* Starts the image anew; does not return. */
_Noreturn void ect_fault_restart(void);

/* Nothing more can be done: waits for a debugger or the reset button. */
_Noreturn void ect_fault_halt(void);

/* Entered by the vector table with the values of LR, which tells the stack that holds the
 * registers, and of the handlers' stack pointer on entry. */
_Noreturn void ect_fault_enter(uint32_t exc_return, uint32_t msp);

/* Words on the fault that led to this start, once; "" if there was none. */
const char *ect_fault_take(void);

#endif /* ECT_APOLLO4P_FAULT_H */
