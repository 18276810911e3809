/* The two clocks of a measurement. A timer, which runs whether or not a debugger is there, gives
 * the ticks; the processor's cycle counter lies in the debug unit, so it is tested before anybody
 * believes it. */
#ifndef ECT_APOLLO4P_CLOCKS_H
#define ECT_APOLLO4P_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* HFRC / 4; nominal, an RC oscillator's. */
#define ECT_TIMER_HZ 24000000u

/* Starts both. False: the timer does not count, nothing can be timed. */
bool ect_clocks_start(void);

/* Timer ticks, wrapping after 179 s. */
uint32_t ect_clocks_ticks(void);

/* The cycle counter, switched on if it was not; where it has no power it does not move. */
uint32_t ect_clocks_cycles(void);

/* Counts cycles over a millisecond of the timer: "running" if they are those of `cpu_hz` within an
 * eighth, "stalled" if none came, "off_rate" if too few or too many. */
const char *ect_clocks_test_cycles(uint32_t cpu_hz);

#endif /* ECT_APOLLO4P_CLOCKS_H */
