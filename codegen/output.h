/* SPDX-License-Identifier: BSD-2-Clause */
/* Files written whole or not at all. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

struct output {
	const char *path; /* NULL: standard output */
	const char *data;
	size_t size;
	char *temporary; /* output_write()'s own */
};

/*
 * Write all of them or, on error, none; each is in its place at once or not at all, and one that
 * holds the same bytes already is not touched.  Returns 0, or -1 after a message.
 */
int output_write(struct output *outputs, unsigned n);

#endif
