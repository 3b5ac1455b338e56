/* SPDX-License-Identifier: BSD-2-Clause */
/* Between recover.c, which words syntax errors, and habits.c, which knows what people are used
 * to. */
#ifndef RECOVER_H
#define RECOVER_H

#include "parse.h"

struct expected {
	const char *names[64]; /* of tokens, as the grammar spells them */
	unsigned n;
};

bool expects(const struct expected *expected, const char *what);
/* The place just behind a token. */
struct loc behind(struct loc loc);

/* The word, and a blank behind it. */
bool starts_with_word(const char *text, const char *word);

/* A slip from another language, reported as such; false if it is none that is known. */
bool report_habit(struct parse *parse, const char *found, const struct expected *expected,
		  const struct loc *loc);
/* Adds to the message just reported what to write instead. */
void help_habit(struct parse *parse, const char *found, const struct expected *expected,
		const struct loc *loc);

#endif
