/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena: chunks that are freed together. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define CHUNK_SIZE (256u * 1024)

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

struct arena {
	struct chunk *chunks;
	char *free; /* in the newest chunk of the usual size */
	size_t left;
	struct arena *child;
};

static void *must(void *memory)
{
	if (memory)
		return memory;
	fputs("mdlc: out of memory\n", stderr);
	exit(2);
}

struct arena *arena_create(void)
{
	return must(calloc(1, sizeof(struct arena)));
}

struct arena *arena_child(struct arena *arena)
{
	if (!arena->child)
		arena->child = arena_create();
	return arena->child;
}

void arena_drop_child(struct arena *arena)
{
	if (arena->child)
		arena_destroy(arena->child);
	arena->child = NULL;
}

void arena_destroy(struct arena *arena)
{
	struct chunk *next;

	arena_drop_child(arena);
	for (struct chunk *chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static char *add_chunk(struct arena *arena, size_t size)
{
	struct chunk *chunk;

	if (size > SIZE_MAX - sizeof(*chunk))
		must(NULL);
	chunk = must(calloc(1, sizeof(*chunk) + size));
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return (char *)chunk->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t unit = sizeof(max_align_t);
	void *memory;

	if (size > SIZE_MAX - unit)
		must(NULL);
	size = (size + unit - 1) / unit * unit;
	if (size > CHUNK_SIZE / 4)
		return add_chunk(arena, size);
	if (size > arena->left) {
		arena->free = add_chunk(arena, CHUNK_SIZE);
		arena->left = CHUNK_SIZE;
	}
	memory = arena->free;
	arena->free += size;
	arena->left -= size;
	return memory;
}

char *arena_copy(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	if (size)
		memcpy(copy, text, size);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int size;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0)
		must(NULL);
	text = arena_alloc(arena, (size_t)size + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)size + 1, format, args);
	va_end(args);
	return text;
}
