/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Skeletons: m4 with a little sugar, so that they can be read.  See FACTS.md for what stands in
 * them.
 */
#ifndef SKELETON_H
#define SKELETON_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "facts.h"

/* Control bytes between facts, skeletons, m4 and the filter; sources cannot hold them. */
#define QUOTE_OPEN     '\001' /* m4's quotes */
#define QUOTE_CLOSE    '\002'
#define TEXT_OPEN      '\003' /* the model's text: a letter, how to escape it, then the text */
#define TEXT_CLOSE     '\004'
#define CODE_OPEN      '\005' /* user code: "line:file\ntext" */
#define CODE_CLOSE     '\006'
#define FILE_SWITCH    '\016' /* "name\n": what follows belongs to that output */
#define SECTION_SWITCH '\017' /* "number;": what follows belongs to that part of the output */
#define LITERAL        '\020' /* two digits of base 64, from '0' on: that text of the skeleton */
/*
 * Conditionals without a macro in them: m4 need not read their text twice.  IF_OPEN is followed by
 * two digits, and holds if they are the same; then there may be IF_ELSE.  (All marks of the
 * sections' are neighbours.)
 */
#define IF_OPEN  '\021'
#define IF_ELSE  '\022'
#define IF_CLOSE '\023'

#define LITERALS_MAX 4096

/*
 * A text of the skeleton's, which m4 sees only as its number: most of the time that m4 takes is for
 * reading text again and again.
 */
struct literal {
	char *text; /* may begin with TEXT_CLOSE and end with TEXT_OPEN and the letter */
	size_t size;
	size_t start, plain; /* the part between these */
	unsigned newlines;   /* in that */
	bool simple;         /* there are no other marks */
};

struct literals {
	struct literal *items;
	unsigned n;
};

/* A skeleton, ready for facts. */
struct translation {
	struct buffer m4;
	struct fact_needs needs;
	struct literals literals;
};

/*
 * Translate the skeleton `name` of the folder and what it includes into plain m4.  dev: the
 * device's name, ${dev} to all.  Returns 0, or -1 after a message; free the translation anyway.
 */
int skeleton_translate(struct translation *result, const char *dir, const char *name,
		       const char *dev);
void translation_free(struct translation *translation);

#endif
