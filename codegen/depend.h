/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule for make that -MD writes. */
#ifndef DEPEND_H
#define DEPEND_H

#include "diag.h"
#include "filter.h"

/*
 * target: -MT, as it is; or NULL: default_target, names with newlines between them, is quoted for
 * make.  False: out of memory.
 */
bool depend_rule(struct buffer *rule, const char *target, const char *default_target,
		 const struct source *sources, bool phony);

#endif
