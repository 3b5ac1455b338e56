/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that grow. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buffer {
	char *data;
	size_t size, capacity;
};

bool buffer_grow(struct buffer *buffer, size_t more);

/* Room for so many bytes more.  False: no memory. */
static inline bool buffer_reserve(struct buffer *buffer, size_t more)
{
	return more <= buffer->capacity - buffer->size || buffer_grow(buffer, more);
}

static inline bool buffer_add(struct buffer *buffer, const char *data, size_t size)
{
	if (!size)
		return true;
	if (!buffer_reserve(buffer, size))
		return false;
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
	return true;
}

static inline bool buffer_string(struct buffer *buffer, const char *text)
{
	return buffer_add(buffer, text, strlen(text));
}

static inline bool buffer_byte(struct buffer *buffer, char byte)
{
	return buffer_add(buffer, &byte, 1);
}

void buffer_free(struct buffer *buffer);

#endif
