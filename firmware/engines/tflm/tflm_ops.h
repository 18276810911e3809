/* The operators of one model, known to TFLM; defined by generated code (model_tflm_ops.cc). */
#ifndef ECTOPY_TFLM_OPS_H
#define ECTOPY_TFLM_OPS_H

#include "tensorflow/lite/micro/micro_op_resolver.h"

/* Null if TFLM does not take one. To be called once. */
const tflite::MicroOpResolver *ect_tflm_make_resolver();

#endif /* ECTOPY_TFLM_OPS_H */
