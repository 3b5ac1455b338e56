/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of an output: m4 writes them mixed, as the facts come, with a mark before each piece;
 * here they are kept apart and put in order.  (m4's own diversions would do the same by temporary
 * files, which it opens and closes at each change: for a large device a third of all time.)
 */
#ifndef SECTIONS_H
#define SECTIONS_H

#include "filter.h"

#define SECTIONS_MAX 64 /* number 0 is for what nobody wants */

/* "number,1;": nowhere if there is a 0 instead; "number!0;": nowhere if there is a 1. */
#define SECTION_IF     ','
#define SECTION_UNLESS '!'

struct sections {
	struct buffer parts[SECTIONS_MAX];
	unsigned current;
	unsigned number; /* being read, in a mark */
	char condition;  /* in a mark: what it began with, or 0 */
	enum { IN_TEXT_OF_PART, IN_MARK, IN_IF, IN_IF_WANTED } state;
	unsigned skipping; /* how many conditionals are open, from the one on that does not hold */
	bool failed;
};

void sections_feed(struct sections *sections, const char *data, size_t size);
/* Hand all to the filter, in order; the memory goes with it.  Returns 0, or -1 after a message. */
int sections_flush(struct sections *sections, struct filter *filter);
void sections_free(struct sections *sections);

#endif
