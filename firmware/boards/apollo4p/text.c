#include "text.h"

#include <string.h>

void ect_text_add(ect_text_t *text, const char *more) {
    size_t length = strlen(text->characters);
    while (*more != '\0' && length + 1u < sizeof text->characters) {
        text->characters[length++] = *more++;
    }
    text->characters[length] = '\0';
}

void ect_text_add_hex(ect_text_t *text, uint32_t value) {
    char digits[9] = {0};
    for (uint32_t i = 0; i < 8u; i++) {
        digits[i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 15u];
    }
    ect_text_add(text, digits);
}
