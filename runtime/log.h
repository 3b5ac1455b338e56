/* SPDX-License-Identifier: BSD-2-Clause */
/* What log.c offers beyond private.h. */
#ifndef MDL_LOG_H
#define MDL_LOG_H

#include "private.h"

/* The final newline included: so much goes to a pipe in one piece (PIPE_BUF). */
#define LOG_LINE_SIZE 4096

/* Hand a finished line on, whatever the level shown is. */
void log_line(const struct mdl_dev *dev, enum mdl_log_level level, const char *line);

#endif
