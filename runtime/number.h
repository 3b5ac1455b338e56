/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of 1, 2, 4 or 8 bytes in the author's structure: in our byte order, perhaps unaligned. */
#ifndef MDL_NUMBER_H
#define MDL_NUMBER_H

#include <stdint.h>
#include <string.h>

static inline uint64_t number_get(const void *from, unsigned size)
{
	uint64_t value64;
	uint32_t value32;
	uint16_t value16;

	switch (size) {
	case 1:
		return *(const uint8_t *)from;
	case 2:
		memcpy(&value16, from, sizeof(value16));
		return value16;
	case 4:
		memcpy(&value32, from, sizeof(value32));
		return value32;
	default:
		memcpy(&value64, from, sizeof(value64));
		return value64;
	}
}

static inline void number_put(void *to, unsigned size, uint64_t value)
{
	const uint32_t value32 = (uint32_t)value;
	const uint16_t value16 = (uint16_t)value;

	switch (size) {
	case 1:
		*(uint8_t *)to = (uint8_t)value;
		break;
	case 2:
		memcpy(to, &value16, sizeof(value16));
		break;
	case 4:
		memcpy(to, &value32, sizeof(value32));
		break;
	default:
		memcpy(to, &value, sizeof(value));
		break;
	}
}

#endif
