/* Power, cache, floating point and clock, in the vendor's order. */
#ifndef ECT_APOLLO4P_BRINGUP_H
#define ECT_APOLLO4P_BRINGUP_H

#include <stdint.h>

/* Sets the chip up for CLOCK= and reads back which clock it runs at, 0 if that is neither of the
 * two. Goes on after a failure, so that the link can tell.
 * Returns the first failure; "" if there was none. */
const char *ect_bringup(uint32_t *cpu_hz);

#endif /* ECT_APOLLO4P_BRINGUP_H */
