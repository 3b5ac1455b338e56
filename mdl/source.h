/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading source files. */
#ifndef SOURCE_H
#define SOURCE_H

#include "tree.h"

/*
 * Open a file for the tree: read, checked, in the list of its sources.  NULL, and reported, if it
 * cannot be read or is no text; at is the include, or NULL.
 */
struct source *source_open(struct tree *tree, const char *name, const struct loc *at);
struct source *source_from_text(struct tree *tree, const char *name, const char *text, size_t size);
/* Where an included file is: beside the including one, or in one of the folders.  NULL: nowhere. */
const char *source_find(struct tree *tree, const struct source *from, const char *name,
			const char *const *folders, unsigned nfolders);

/*
 * Read a whole file; "-" is standard input.  NULL with *error set (an errno) if that fails.  The
 * line table is made, the text is not judged.
 */
struct source *source_read(struct arena *arena, const char *name, int *error);
/* The same for text that is already in memory. */
struct source *source_of_text(struct arena *arena, const char *name, const char *text, size_t size);
/*
 * Report NUL bytes, control characters and what is not UTF-8.  What follows may rely on text that
 * passed to hold none of them.
 */
bool source_check(const struct source *source, struct diag *diag);

/* A NUL byte is in it, behind which nothing was read. */
bool source_is_binary(const struct source *source);
struct loc source_place(const struct source *source, uint32_t offset, uint32_t length);

/* One UTF-8 character of at most `size` bytes: its length and code point; 0 if it is malformed. */
unsigned utf8_decode(const char *text, size_t size, uint32_t *code);
/* Columns on a terminal: 0, 1 or 2. */
unsigned char_width(uint32_t code);
/* The text of a line, without its end. */
const char *source_line(const struct source *source, uint32_t line, size_t *size);

#endif
