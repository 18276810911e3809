#include "semihost.h"

#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT = 0x18,
    STOPPED_RUN_TIME_ERROR = 0x20023,
    STOPPED_APPLICATION_EXIT = 0x20026
};

static uint32_t call(uint32_t operation, uintptr_t argument) {
    uint32_t result;
    __asm__ volatile("mov r0, %1\n"
                     "mov r1, %2\n"
                     "bkpt 0xab\n"
                     "mov %0, r0\n"
                     : "=r"(result)
                     : "r"(operation), "r"(argument)
                     : "r0", "r1", "memory");
    return result;
}

int32_t ect_semihost_open(const char *path, ect_file_mode_t mode) {
    const uintptr_t block[3] = {(uintptr_t)path, (uintptr_t)mode, strlen(path)};
    return (int32_t)call(SYS_OPEN, (uintptr_t)block);
}

size_t ect_semihost_read(int32_t handle, uint8_t *buffer, size_t capacity) {
    const uintptr_t block[3] = {(uintptr_t)handle, (uintptr_t)buffer, capacity};
    const uint32_t missing = call(SYS_READ, (uintptr_t)block);
    return missing <= capacity ? capacity - missing : 0;
}

bool ect_semihost_write(int32_t handle, const uint8_t *data, size_t bytes) {
    while (bytes > 0) {
        const uintptr_t block[3] = {(uintptr_t)handle, (uintptr_t)data, bytes};
        const uint32_t missing = call(SYS_WRITE, (uintptr_t)block);
        if (missing >= bytes) {
            return false;
        }
        data += bytes - missing;
        bytes = missing;
    }
    return true;
}

void ect_semihost_command_line(char *buffer, size_t capacity) {
    const uintptr_t block[2] = {(uintptr_t)buffer, capacity};
    if (call(SYS_GET_CMDLINE, (uintptr_t)block) != 0) {
        buffer[0] = '\0';
    }
}

void ect_semihost_say(const char *text) {
    (void)call(SYS_WRITE0, (uintptr_t)text);
}

void ect_semihost_exit(bool success) {
    for (;;) {
        (void)call(SYS_EXIT, success ? STOPPED_APPLICATION_EXIT : STOPPED_RUN_TIME_ERROR);
    }
}
