/* What the device counts about itself since boot. */
#ifndef ECT_APP_STATS_H
#define ECT_APP_STATS_H

#include <stdint.h>

typedef struct {
    uint32_t frames;     /* valid frames received */
    uint32_t damaged;    /* frames dropped: checksum, coding, length, or not a request */
    uint32_t repeats;    /* INFER answered from remembered replies */
    uint32_t inferences; /* INFER computed */
} ect_stats_t;

ect_stats_t *ect_stats(void);

/* Fills the unused part of the stack with a pattern; to be called once, early. */
void ect_stats_paint_stack(void);

/* Most bytes of stack used since painting; 0 where the board does not know its stack. */
uint32_t ect_stats_stack_high_water(void);

/* Bytes of stack; 0 where the board does not know its stack. */
uint32_t ect_stats_stack_size(void);

#endif /* ECT_APP_STATS_H */
