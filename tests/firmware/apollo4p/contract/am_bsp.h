/* Stands where AmbiqSuite has its header of this name. */
#ifndef CONTRACT_AM_BSP_H
#define CONTRACT_AM_BSP_H

#include "am_mcu_apollo.h"

#endif /* CONTRACT_AM_BSP_H */
