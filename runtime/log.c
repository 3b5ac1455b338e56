/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines: one call, one line, to stderr or to the embedder's function.  Control characters are
 * replaced, since parts of a line may come from a client.
 */
#include "private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define CLIENT_LINES_PER_SECOND 10

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static void sanitize(char *line)
{
	for (; *line; line++) {
		unsigned char c = (unsigned char)*line;

		if (c < 0x20 || c == 0x7f)
			*line = '?';
	}
}

/* One write per line, so that lines of several devices do not mix. */
static void write_stderr(const char *line)
{
	char out[LOG_LINE_SIZE];
	size_t length = strnlen(line, sizeof(out) - 1);
	ssize_t n;

	memcpy(out, line, length);
	out[length++] = '\n';
	do { /* other errors have nowhere to be reported to */
		n = write(STDERR_FILENO, out, length);
	} while (n < 0 && errno == EINTR);
}

void log_line(const struct mdl_dev *dev, enum mdl_log_level level, const char *line)
{
	if (dev->opt.log)
		dev->opt.log(dev->opt.log_arg, level, line);
	else
		write_stderr(line);
}

static void log_format(struct mdl_dev *dev, enum mdl_log_level level, const char *format,
		       va_list args)
{
	char line[LOG_LINE_SIZE];
	int n;

	if (dev->tracing) /* what was done before the line stands before it */
		trace_look(dev);
	n = snprintf(line, sizeof(line), "%s: %s: ", dev->desc->name, level_names[level]);

	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	if (vsnprintf(line + n, sizeof(line) - (size_t)n, format, args) < 0)
		return;
	sanitize(line);
	log_line(dev, level, line);
}

void mdl_log(struct mdl_dev *dev, enum mdl_log_level level, const char *format, ...)
{
	va_list args;

	if ((unsigned)level > MDL_LOG_DEBUG || level > dev->opt.log_level)
		return;
	va_start(args, format);
	log_format(dev, level, format, args);
	va_end(args);
}

void log_limited(struct mdl_dev *dev, enum mdl_log_level level, const char *format, ...)
{
	struct log_budget *budget = &dev->client_log[level];
	uint64_t second;
	va_list args;

	if (dev->opt.log_level < level)
		return;
	second = mdl_realtime_ns() / 1000000000u;
	if (second != budget->second) {
		if (budget->dropped)
			mdl_log(dev, level, "%lu more lines like that were not shown",
				budget->dropped);
		*budget = (struct log_budget){.second = second};
	}
	if (budget->lines >= CLIENT_LINES_PER_SECOND) {
		budget->dropped++;
		return;
	}
	budget->lines++;
	va_start(args, format);
	log_format(dev, level, format, args);
	va_end(args);
}
