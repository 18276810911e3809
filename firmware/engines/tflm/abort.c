/* TFLM calls abort where it finds its own state impossible. newlib's raises a signal, and signals
 * bring a heap into the image; here it is a processor fault, which the board reports. */
#include <stdlib.h>

#ifdef __NEWLIB__
void abort(void) {
    __builtin_trap();
}
#endif
