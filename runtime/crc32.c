/* SPDX-License-Identifier: BSD-2-Clause */
/* Eight bytes a step: table[k] tells what a byte does that is followed by k others. */
#include "crc32.h"

void crc32_init(struct crc32 *crc)
{
	uint32_t i, k, sum;

	for (i = 0; i < 256; i++) {
		sum = i;
		for (k = 0; k < 8; k++)
			sum = sum & 1 ? sum >> 1 ^ 0xedb88320u : sum >> 1;
		crc->table[0][i] = sum;
	}
	for (k = 1; k < 8; k++)
		for (i = 0; i < 256; i++) {
			sum = crc->table[k - 1][i];
			crc->table[k][i] = sum >> 8 ^ crc->table[0][sum & 0xff];
		}
}

static uint32_t word(const uint8_t *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint32_t crc32_add(const struct crc32 *crc, uint32_t sum, const void *bytes, size_t size)
{
	const uint32_t(*t)[256] = crc->table;
	const uint8_t *b = bytes;
	uint32_t low, high;

	sum = ~sum;
	for (; size >= 8; size -= 8, b += 8) {
		low = sum ^ word(b);
		high = word(b + 4);
		sum = t[7][low & 0xff] ^ t[6][low >> 8 & 0xff] ^ t[5][low >> 16 & 0xff] ^
		      t[4][low >> 24] ^ t[3][high & 0xff] ^ t[2][high >> 8 & 0xff] ^
		      t[1][high >> 16 & 0xff] ^ t[0][high >> 24];
	}
	for (; size; size--, b++)
		sum = sum >> 8 ^ t[0][(sum ^ *b) & 0xff];
	return ~sum;
}
