/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32 as in Ethernet and zip (reflected, polynomial 0xedb88320). */
#ifndef MDL_CRC32_H
#define MDL_CRC32_H

#include <stddef.h>
#include <stdint.h>

struct crc32 {
	uint32_t table[8][256];
};

void crc32_init(struct crc32 *crc);
/* Of `before`, whose checksum is `sum` (0: of nothing), followed by these bytes. */
uint32_t crc32_add(const struct crc32 *crc, uint32_t sum, const void *bytes, size_t size);

#endif
