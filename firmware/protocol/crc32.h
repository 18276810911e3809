/* CRC-32 as zlib's: reflected, polynomial 0xEDB88320, all ones in and out. Freestanding. */
#ifndef ECT_PROTOCOL_CRC32_H
#define ECT_PROTOCOL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Checksum of `data` continued from `crc`; 0 begins a new one. */
uint32_t ect_crc32(uint32_t crc, const uint8_t *data, size_t bytes);

#endif /* ECT_PROTOCOL_CRC32_H */
