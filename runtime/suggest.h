/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MDL_SUGGEST_H
#define MDL_SUGGEST_H

#include <stddef.h>

/* The closest of the names offered so far to a word that was mistyped. */
struct suggestion {
	const char *word;
	size_t length;
	const char *best; /* NULL: none is close */
	unsigned distance;
};

void suggest_begin(struct suggestion *s, const char *word, size_t length);
void suggest_offer(struct suggestion *s, const char *name);

#endif
