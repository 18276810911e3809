/* In a file of its own, so that no compiler merges it into its caller: the cycle model counts on
 * its name. */
#include "tflm_model.h"

#include <stddef.h>

void ect_tflm_after_op(ect_tflm_hook_t *hook, uint16_t op) {
    if (hook->observer == NULL) {
        return;
    }
    const ect_tensor_t output = ect_tflm_tensor(&ect_tflm_model.op_outputs[op]);
    if (!hook->observer(hook->context, op, &output)) {
        hook->observer = NULL; /* TFLM cannot stop halfway: the rest runs unobserved */
    }
}
