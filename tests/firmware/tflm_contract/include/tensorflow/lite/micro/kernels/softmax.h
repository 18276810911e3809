#include "tflm_contract.h"
