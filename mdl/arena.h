/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One arena holds everything of one run of the compiler; nothing in it is freed by itself.  What is
 * not needed to the end has an arena of its own, a child.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena;

/* Never returns NULL: a compiler out of memory says so and exits with 2. */
struct arena *arena_create(void);
void arena_destroy(struct arena *arena); /* its child too */
/* Its one child: its own memory, which goes with the parent's, or before. */
struct arena *arena_child(struct arena *arena);
void arena_drop_child(struct arena *arena);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text, size_t size); /* adds a NUL */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define arena_new(arena, type)      ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(n)))

#endif
