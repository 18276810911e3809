/* The one door to the vendor's SDK (AmbiqSuite, reached by NEURALSPOT=). What of it this folder
 * uses is declared once more by tests/firmware/apollo4p/contract, so that a build needs no SDK. */
#ifndef ECT_APOLLO4P_VENDOR_H
#define ECT_APOLLO4P_VENDOR_H

#include "am_mcu_apollo.h"

#include "am_bsp.h"

#endif /* ECT_APOLLO4P_VENDOR_H */
