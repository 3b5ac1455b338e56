/* SPDX-License-Identifier: BSD-2-Clause */
/* --stubs: the author's functions that are missing in NAME_logic.c. */
#ifndef STUBS_H
#define STUBS_H

#include "filter.h"

struct stubs {
	const char *path;
	char *text; /* the author's file, but for comments, strings and directives; NULL: there is
		       none */
	bool blank; /* it is there, but holds comments at most: the shell has made it for `>>` */
	/* Names of functions between blanks: global and static ones, and those of the header beside
	 * it. */
	struct buffer reached, hidden, header, header_static;
	struct buffer asked; /* what the description asks for, the same way */
};

/* Returns 0, also if the file is not there; or -1 after a message. */
int stubs_read(struct stubs *stubs, const char *path);
/* Does the author's file define it?  For facts_options.defined; arg: struct stubs. */
bool stubs_defined(void *arg, const char *function);
/* Says which of the author's functions look like hooks of the device, but are none: of a register
 * that has another name by now, or whose hook has a body in the description.  0, or -1 after an
 * error. */
int stubs_report_strays(struct stubs *stubs, const char *device);
/* head: what a new file starts with.  create: make the file if it is not there. */
int stubs_write(const struct stubs *stubs, const char *path, bool create, const struct buffer *head,
		const struct buffer *functions);
void stubs_free(struct stubs *stubs);

#endif
