/* SPDX-License-Identifier: BSD-2-Clause */
/* From the resolved model to files: what the mdlc program calls. */
#ifndef EMIT_H
#define EMIT_H

#include "model.h"

enum emit_kind {
	EMIT_C,     /* X.c and X.h */
	EMIT_FACTS, /* what m4 gets, readable */
	EMIT_STUBS, /* NAME_logic.c, what is missing in it */
	EMIT_JSON,
	EMIT_HEADER, /* for authors of drivers */
	EMIT_MARKDOWN,
	EMIT_HTML,
};

struct emit_options {
	enum emit_kind kind;
	/*
	 * -o.  NULL or "-": standard output; for EMIT_C NULL means the source's name with .c, in
	 * the current folder, and the name must end in .c.  For EMIT_STUBS the author's file:
	 * created if it is not there, never changed if it is (what it lacks goes to standard
	 * output).
	 */
	const char *output;
	const char *skeletons;     /* --skeletons DIR, or NULL: see skeleton_dir() */
	bool depend;               /* -MD: a make rule for the output, into depend_file */
	bool depend_phony;         /* -MP: empty rules for the sources */
	const char *depend_file;   /* -MF, or NULL: the output's name with .d */
	const char *depend_target; /* -MT, or NULL: the outputs */
};

/*
 * Returns 0, or 1 after a message on stderr.  Nothing is written on error, and a file that already
 * holds the same bytes is not touched.  sources: tree->sources, for -MD.
 */
int emit(const struct model *model, const struct source *sources,
	 const struct emit_options *options);

/* "json", "header", "markdown", "html": --emit=NAME.  False if there is no such kind. */
bool emit_kind_find(const char *name, enum emit_kind *kind);

/*
 * The folder of the skeletons: option if not NULL, $MDLC_SKELETONS, then beside the program:
 * ../share/mdl (installed), codegen/skel two or three folders up (build tree).  NULL after a
 * message if there is none.
 */
const char *skeleton_dir(const char *option);

#endif
