/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "buffer.h"

bool buffer_grow(struct buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 16384;
	char *grown;

	while (capacity - buffer->size < more)
		capacity += capacity < 16 << 20 ? capacity : capacity / 2;
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
