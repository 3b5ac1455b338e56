/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the checksums of a changed migration stream right again, as far as its sizes can be followed. */
#ifndef MEND_STREAM_H
#define MEND_STREAM_H

#include "crc32.h"
#include "stream.h"

static inline void mend_stream(const struct crc32 *crc, uint8_t *bytes, size_t size)
{
	uint32_t records = 0, chain = 0, sum;
	size_t at, payload;
	uint64_t type;

	for (at = 0; size - at >= RECORD_HEAD; at += RECORD_HEAD + payload) {
		payload = (size_t)get_le(bytes + at, 4);
		if (payload > size - at - RECORD_HEAD)
			return;
		type = get_le(bytes + at + 4, 2);
		if ((type == RECORD_END && payload == RECORD_END_SIZE) ||
		    (type == RECORD_RESTART && payload >= RECORD_RESTART_HEAD)) {
			put_le(bytes + at + RECORD_HEAD, 4, records);
			put_le(bytes + at + RECORD_HEAD + 4, 4, chain);
		}
		if (type == RECORD_RESTART)
			records = chain = 0;
		sum = crc32_add(crc, 0, bytes + at, 8);
		put_le(bytes + at + 8, 4, crc32_add(crc, sum, bytes + at + RECORD_HEAD, payload));
		chain = crc32_add(crc, chain, bytes + at + 8, 4);
		records++;
	}
}

#endif
