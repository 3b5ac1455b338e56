/* SPDX-License-Identifier: BSD-2-Clause */
/* --help: see help.c. */
#ifndef MDL_HELP_H
#define MDL_HELP_H

#include "private.h"

struct help_line {
	char letter; /* or 0 */
	const char *name;
	const char *value; /* what it is called; NULL: it takes none */
	const char *doc;
};

void help_begin(const struct mdl_device *device, const char *program);
void help_option(const struct help_line *line);
void help_params(const struct mdl_device *device);

#endif
