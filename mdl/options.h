/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of mdlc. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "diag.h"
#include "emit.h"

enum action {
	DO_COMPILE, DO_CHECK, DO_COMPAT, DO_FORMAT, DO_EXPLAIN, DO_LIST_CHECKS, DO_HELP, DO_VERSION
};

struct name_list {
	const char **names;
	unsigned n;
};

struct options {
	enum action action;
	struct emit_options emit;
	struct diag_options diag;
	struct name_list inputs;
	struct name_list folders;   /* -I */
	struct name_list constants; /* -D */
	const char *explain;
	const char *compat_with; /* --check-compat */
	bool in_place; /* fmt -i */
};

/* False after a message on stderr: the command line makes no sense. */
bool options_read(struct options *options, struct arena *arena, int argc, char **argv);
void options_help(void);

#endif
