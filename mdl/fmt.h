/* SPDX-License-Identifier: BSD-2-Clause */
/* `mdlc fmt`: the canonical layout of a source. */
#ifndef FMT_H
#define FMT_H

#include <stdio.h>

#include "parse.h"

/*
 * Write the source in canonical layout: indented by tabs, blanks between tokens as the language's
 * manual has them, offsets, bits and closing comments in columns.  Line breaks within a block,
 * comments and C stay as they are, so what is canonical already does not change.  The source must
 * be without syntax errors.
 */
void format_source(struct arena *arena, const struct source *source, FILE *out);

/* ---- inside: fmt.c makes lines of pieces, fmt_space.c spaces them, fmt_lines.c aligns them */

enum { PIECE_LINE_COMMENT = -1, PIECE_BLOCK_COMMENT = -2 };

/* A token or a comment. */
struct piece {
	int kind;
	const char *text;
	size_t size;
	uint32_t line, end_line;
	bool breaks;           /* begins a line */
	bool blank;            /* behind an empty one */
	bool starts;           /* begins a statement or an enumerator */
	bool multi;            /* a brace of a block over several lines */
	unsigned depth;        /* of blocks over several lines around */
	struct piece *partner; /* brace: the other one */
};

/* What the blank before a token depends on. */
struct spacing {
	int first, before, last; /* kinds: of the statement's first token, and of the two last */
	unsigned index;          /* of the token in its statement */
	unsigned brackets, questions;
	bool tight;    /* the last token was a sign or a pointer's star */
	bool assigned; /* a '=' was there */
};

/* Is there a blank before the token?  Call it for each, in order. */
bool space_before(struct spacing *s, const struct piece *piece);

void write_lines(struct arena *arena, const struct piece *pieces, size_t n, FILE *out);

#endif
