/* Arm semihosting, as QEMU gives it: files of the host, the command line, the end of the run.
 * Source: Arm, "Semihosting for AArch32 and AArch64". */
#ifndef ECT_VIRT_SEMIHOST_H
#define ECT_VIRT_SEMIHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    ECT_FILE_READ = 1, /* "rb" */
    ECT_FILE_WRITE = 5 /* "wb" */
} ect_file_mode_t;

/* A handle, or -1. Waits until the other side of a FIFO is open too. */
int32_t ect_semihost_open(const char *path, ect_file_mode_t mode);

/* Bytes read, waiting for at least one; 0 at the end of the file or on an error. */
size_t ect_semihost_read(int32_t handle, uint8_t *buffer, size_t capacity);

/* Whether all bytes were written. */
bool ect_semihost_write(int32_t handle, const uint8_t *data, size_t bytes);

/* Words given by `-semihosting-config arg=...`, separated by blanks; empty if there are none. */
void ect_semihost_command_line(char *buffer, size_t capacity);

/* A text on QEMU's stderr. */
void ect_semihost_say(const char *text);

/* Ends QEMU with exit code 0 or 1. */
_Noreturn void ect_semihost_exit(bool success);

#endif /* ECT_VIRT_SEMIHOST_H */
