/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "buffer.h"

bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 16384;
	char *grown;

	while (capacity - buffer->size < more)
		capacity += capacity / 2;
	if (capacity == buffer->capacity)
		return true;
	grown = realloc(buffer->data, capacity);
	if (!grown)
		return false;
	buffer->data = grown;
	buffer->capacity = capacity;
	return true;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
