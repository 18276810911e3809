/* Runs generated models on the host: reads (case number, input) pairs from stdin, writes every
 * operator's output to stdout. The arena is spoiled before each run, so that reading what was not
 * written shows. */
#include <stdio.h>
#include <string.h>

#include "aot_model.h"

extern const ect_aot_model_t *const cases[];
extern const uint32_t case_count;

static const ect_aot_model_t *current;

bool ect_aot_after_op(const ect_aot_hook_t *hook, uint16_t op) {
    const ect_aot_tensor_t *output = &current->op_outputs[op];
    const ect_tensor_t tensor = {
        .data = current->arena + output->offset, .bytes = output->bytes, .planes = output->planes};
    (void)hook;
    for (uint32_t i = 0; i < tensor.bytes; ++i) {
        if (putchar((uint8_t)ect_tensor_at(&tensor, i)) == EOF) {
            return false;
        }
    }
    return true;
}

int main(void) {
    uint32_t number = 0;
    while (fread(&number, sizeof(number), 1, stdin) == 1) {
        if (number >= case_count) {
            return 2;
        }
        current = cases[number];
        memset(current->arena, 0xA5, current->arena_bytes);
        int8_t *input = current->arena + current->input.offset;
        if (fread(input, 1, current->input.bytes, stdin) != current->input.bytes) {
            return 3;
        }
        const ect_aot_hook_t hook = {.observer = NULL, .context = NULL};
        current->run(&hook);
    }
    return 0;
}
