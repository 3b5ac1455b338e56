/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What m4 wrote becomes the outputs: texts are escaped for where they stand, user code gets its
 * #line both ways, and leftovers of macro names are refused.
 */
#ifndef FILTER_H
#define FILTER_H

#include <limits.h>

#include "skeleton.h"

#define FILTER_MAX_FILES 2

struct filter_file {
	const char *key;  /* "c", "h": as the skeleton calls it */
	const char *name; /* for #line and for messages */
	struct buffer text;
	unsigned line; /* of the next byte */
};

enum filter_state { IN_OUTPUT, IN_KIND, IN_TEXT, IN_PLACE, IN_CODE, IN_SWITCH };

struct filter {
	struct filter_file files[FILTER_MAX_FILES];
	unsigned nfiles;
	struct filter_file *file;
	const struct literals *literals; /* of the skeleton; NULL: it has none */
	unsigned literal, digits;        /* a literal's number, and how much of it is to come */
	enum filter_state state;
	char kind;
	char previous;            /* in a text: the byte before */
	unsigned questions;       /* in a text: how many ? came just before */
	char word[PATH_MAX + 32]; /* a switch's name, or a place */
	size_t length;
	char name[64]; /* the word of output that is being read: a macro's name? */
	size_t name_length;
	bool joined; /* it began in a text, so it is the user's */
	unsigned errors;
	bool out_of_memory;
};

/* The first file is the one that text belongs to before any switch. */
void filter_add_file(struct filter *filter, const char *key, const char *name);
void filter_feed(struct filter *filter, const char *data, size_t size);
/* At the end.  Returns 0, or -1 if something was wrong; it has been said. */
int filter_finish(struct filter *filter);
void filter_free(struct filter *filter);

#endif
