/* SPDX-License-Identifier: BSD-2-Clause */
/* Migration streams for fuzz_loader.c: a good one, taken apart, changed as the input says, put
 * together. */
#ifndef TESTS_FUZZ_STREAM_PROGRAM_H
#define TESTS_FUZZ_STREAM_PROGRAM_H

#include "../lib/mend_stream.h"
#include "stream.h"
#include "wire_client.h"

struct bytes {
	uint8_t *at;
	size_t size, room;
};

/* More of them, at the end; NULL: zeros. */
void bytes_add(struct bytes *bytes, const void *from, size_t size);

/* Does it begin as a stream of some device does? */
bool is_stream(const uint8_t *bytes, size_t size);
/* `good` as the program that comes next in the input changes it. */
void make_stream(struct fuzz *f, const struct crc32 *crc, const struct bytes *good,
		 struct bytes *stream);

#endif
