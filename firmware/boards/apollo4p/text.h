/* Short messages put together without printf, which would bring its heap along. */
#ifndef ECT_APOLLO4P_TEXT_H
#define ECT_APOLLO4P_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    char characters[96];
} ect_text_t;

/* Appends; what does not fit is cut off. */
void ect_text_add(ect_text_t *text, const char *more);

/* Appends 8 hex digits. */
void ect_text_add_hex(ect_text_t *text, uint32_t value);

#endif /* ECT_APOLLO4P_TEXT_H */
