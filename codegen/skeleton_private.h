/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the two halves of the translation: directives (skeleton.c) and text between them. */
#ifndef SKELETON_PRIVATE_H
#define SKELETON_PRIVATE_H

#include "sections.h"
#include "skeleton.h"

#define IFS_MAX      1024
#define IFS_OPEN_MAX 8

struct skeleton {
	struct translation *result;
	const char *dir, *dev;
	char *DEV;
	const char *name; /* the file */
	unsigned line;
	enum fact fact; /* whose body we are in, or FACT_COUNT */
	bool in_body;   /* of @fact or @define */
	bool *if_calls; /* by number of an @if: there are macros in it, so it is m4's */
	unsigned nifs;
	unsigned ifs[IFS_OPEN_MAX]; /* the open ones */
	unsigned open_ifs;
	unsigned depth;
	char sections[SECTIONS_MAX][32];
	unsigned nsections;
	bool defined[FACT_COUNT];
	bool failed;

	/* Text. */
	struct buffer literal; /* not yet written */
	bool quoted;           /* a quote is open in the output, for text and values */
	bool in_call;          /* of a macro: what stands in its parentheses is m4's */
	unsigned parens;       /* open in the call, outside of quotes */
	int quotes;            /* how many « are open */
};

__attribute__((format(printf, 2, 3))) void skeleton_fail(struct skeleton *s, const char *format,
							 ...);

/* To m4 as it is. */
void put_m4(struct skeleton *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text of the output. */
void put_literal(struct skeleton *s, const char *text, size_t size);
/* The number of an argument, as $N: its value, or whether it is true (neither empty nor 0). */
unsigned value_number(struct skeleton *s, const char *name, size_t length);
unsigned truth_number(struct skeleton *s, const char *name, size_t length);
/* The value among text, or quoted for m4. */
void put_value(struct skeleton *s, const char *name, size_t length);
void put_quoted_value(struct skeleton *s, const char *name, size_t length);
/* A mark that m4 hands on, among text: the format makes it. */
void put_mark(struct skeleton *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Before anything that m4 is to act on. */
void end_text(struct skeleton *s);
/* A line of text, values and calls. */
void put_line(struct skeleton *s, const char *line);

#endif
