/* SPDX-License-Identifier: BSD-2-Clause */
/* m4 as a child process. */
#ifndef M4_H
#define M4_H

#include "sections.h"

/* Feed m4 the input, which is freed, and the sections what it writes.  Returns 0, or -1 after a
 * message. */
int m4_run(struct buffer *input, struct sections *sections);

#endif
