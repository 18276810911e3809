/* Stands where AmbiqSuite has its header of this name. */
#ifndef CONTRACT_AM_MCU_APOLLO_H
#define CONTRACT_AM_MCU_APOLLO_H

#include "vendor_types.h"

#include "vendor_functions.h"

#endif /* CONTRACT_AM_MCU_APOLLO_H */
