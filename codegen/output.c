/* SPDX-License-Identifier: BSD-2-Clause */
/* Files written whole or not at all: beside their place first, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

static int complain(const char *path)
{
	fprintf(stderr, "mdlc: error: %s: %s\n", path, strerror(errno));
	return -1;
}

static bool holds_already(const struct output *output)
{
	FILE *file = fopen(output->path, "re");
	struct stat st;
	char data[65536];
	size_t at = 0, n;
	bool same = false;

	if (!file)
		return false;
	if (!fstat(fileno(file), &st) && S_ISREG(st.st_mode) &&
	    (size_t)st.st_size == output->size) {
		while ((n = fread(data, 1, sizeof(data), file)) > 0 && n <= output->size - at &&
		       !memcmp(data, output->data + at, n))
			at += n;
		same = at == output->size && !ferror(file);
	}
	fclose(file);
	return same;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/* A device, a pipe or a terminal is written to; it cannot be replaced. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int write_special(const struct output *output)
{
	int fd = output->path ? open(output->path, O_WRONLY | O_CLOEXEC) : STDOUT_FILENO, result;

	if (fd < 0)
		return complain(output->path);
	fflush(stdout);
	result = write_all(fd, output->data, output->size);
	if (result < 0)
		complain(output->path ? output->path : "standard output");
	if (output->path)
		close(fd);
	return result;
}

/* The rights that the file would have had without the detour. */
static mode_t mode_of(const char *path)
{
	struct stat st;
	mode_t mask;

	if (!stat(path, &st))
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int write_beside(struct output *output)
{
	int fd, result;
	struct stat st;

	if (!stat(output->path, &st) && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return complain(output->path);
	}
	if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0) {
		output->temporary = NULL;
		return complain(output->path);
	}
	fd = mkostemp(output->temporary, O_CLOEXEC);
	if (fd < 0) {
		free(output->temporary);
		output->temporary = NULL;
		return complain(output->path);
	}
	result = write_all(fd, output->data, output->size);
	if (!result)
		result = fchmod(fd, mode_of(output->path));
	if (close(fd) < 0)
		result = -1;
	return result < 0 ? complain(output->path) : 0;
}

static bool is_replaceable(const struct output *output)
{
	return output->path && !is_special(output->path);
}

static int prepare(struct output *outputs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		outputs[i].temporary = NULL;
		if (is_replaceable(&outputs[i]) && !holds_already(&outputs[i]) &&
		    write_beside(&outputs[i]) < 0)
			return -1;
	}
	return 0;
}

static int commit(struct output *outputs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct output *output = &outputs[i];

		if (!is_replaceable(output)) {
			if (write_special(output) < 0)
				return -1;
		} else if (output->temporary) {
			if (rename(output->temporary, output->path) < 0)
				return complain(output->path);
			free(output->temporary);
			output->temporary = NULL;
		}
	}
	return 0;
}

int output_write(struct output *outputs, unsigned n)
{
	int result;

	for (unsigned i = 0; i < n; i++)
		outputs[i].temporary = NULL;
	result = prepare(outputs, n);
	if (!result)
		result = commit(outputs, n);
	for (unsigned i = 0; i < n; i++) {
		if (outputs[i].temporary)
			unlink(outputs[i].temporary);
		free(outputs[i].temporary);
		outputs[i].temporary = NULL;
	}
	return result;
}
