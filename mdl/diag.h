/* SPDX-License-Identifier: BSD-2-Clause */
/* Places in sources, and messages about them. */
#ifndef DIAG_H
#define DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* A source text, kept whole for carets.  Line ends may be CRLF. */
struct source {
	const char *name; /* as the user named it, or as found for an include */
	const char *text; /* NUL-terminated copy */
	size_t size;
	const uint32_t *line_starts; /* byte offset of each line; 0-based */
	uint32_t nlines;
	const struct loc *included_at; /* NULL for the main file */
	unsigned number;               /* 1 for the main file, in order of opening */
	struct source *next;           /* all sources, in order of opening */
};

/* A range of bytes; lines and columns count from 1, columns are bytes, the end is exclusive. */
struct loc {
	const struct source *source;
	uint32_t line, col;
	uint32_t end_line, end_col;
};

enum severity { SEV_NOTE, SEV_STYLE, SEV_WARNING, SEV_ERROR };

/*
 * The table of all checks: name, default severity, explanation.  checks.def includes as X-macro
 * rows `CHECK(identifier, "name", severity, "explanation")`; the syntax and file errors are rows
 * too.
 */
enum check_id {
#define CHECK(id, name, severity, explanation) CHECK_##id,
#include "checks.def"
#undef CHECK
	CHECK_COUNT
};

struct diag;

struct diag_options {
	bool color;
	bool werror;
	bool wall;           /* style checks too */
	unsigned max_errors; /* 0: no limit */
	/* per check: 0 default, 1 off, 2 on, 3 error, 4 on but no error under werror */
	unsigned char setting[CHECK_COUNT];
};

struct diag *diag_create(struct arena *arena, const struct diag_options *options);

/*
 * Report.  The text is one line without a final newline or check name; the check's name, the source
 * line and the caret with its range are added.  Suppressed (returns false) if the check is off or
 * waived in the source (`// allow(check-name): why` at the line's end or alone on the line above);
 * otherwise true, and diag_note() may add places to it.  A note after a suppressed report is
 * dropped. Messages are kept and written sorted by place (notes stay with theirs), without
 * repetitions, by diag_flush().
 */
bool diag_report(struct diag *diag, enum check_id check, struct loc loc, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void diag_note(struct diag *diag, struct loc loc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A note without a place, e.g. a list of allowed words. */
void diag_help(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * While a template is being instantiated: every report gets the note "in template NAME,
 * instantiated here".  Nests.
 */
void diag_push_context(struct diag *diag, struct loc loc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_pop_context(struct diag *diag);

bool diag_enabled(const struct diag *diag, enum check_id check);
/* Was an error found in these lines? */
bool diag_errors_in(const struct diag *diag, const struct loc *loc);
unsigned diag_errors(const struct diag *diag); /* errors so far, warnings made errors included */
/* Write everything to stderr; returns true if there was an error. */
bool diag_flush(struct diag *diag);

/* A waiver as the lexer saw it in a comment. */
void diag_add_waiver(struct diag *diag, struct loc loc, const char *check_name, size_t length,
		     bool alone_on_line);

/*
 * The candidate nearest to word by edit distance (transpositions count 1), or NULL if none is near
 * enough to be a typing mistake.
 */
const char *suggest(const char *word, const char *const *candidates, size_t n);

/* Look a check up by name; CHECK_COUNT if there is none. */
enum check_id check_find(const char *name);
const char *check_name(enum check_id check);
enum severity check_severity(enum check_id check);
const char *check_explanation(enum check_id check);

#endif
