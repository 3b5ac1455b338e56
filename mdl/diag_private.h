/* SPDX-License-Identifier: BSD-2-Clause */
/* Between diag.c, which keeps messages, and diag_print.c, which shows them. */
#ifndef DIAG_PRIVATE_H
#define DIAG_PRIVATE_H

#include <stdio.h>

#include "diag.h"

struct message {
	enum severity severity;
	enum check_id check;
	struct loc loc; /* source NULL: no place */
	const char *text;
	unsigned order;
	struct message *notes, *last_note;
	struct message *next;
};

void show_message(FILE *out, const struct message *message, bool color);

#endif
