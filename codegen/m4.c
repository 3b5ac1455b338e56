/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * m4 as a child process, without a shell: it reads one file in memory and writes another.  (With
 * pipes it would wake us for every 4 KiB.)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "m4.h"

static const char *m4_program(void)
{
	const char *m4 = getenv("M4");

	return m4 && *m4 ? m4 : "m4";
}

static int complain(const char *what)
{
	fprintf(stderr, "mdlc: error: %s: %s\n", what, strerror(errno));
	return -1;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/*
 * In the child: never returns.  -E: what m4 warns of is a mistake in a skeleton, so it fails.
 * The language it speaks may not change what it writes.
 */
static void become_m4(int in, int out)
{
	const char *m4 = m4_program();

	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    setenv("LC_ALL", "C", 1) == 0)
		execlp(m4, m4, "-P", "-E", "-", (char *)NULL);
	fprintf(stderr, "mdlc: error: cannot run %s: %s%s\n", m4, strerror(errno),
		errno == ENOENT ? " (is GNU m4 installed?)" : "");
	_exit(127);
}

static int run_child(int in, int out)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become_m4(in, out);
	if (pid < 0)
		return complain("fork");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return complain("waiting for m4");
	if (WIFSIGNALED(status))
		fprintf(stderr, "mdlc: error: m4 was killed by signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status) && WEXITSTATUS(status) != 127)
		fprintf(stderr, "mdlc: error: m4 failed with status %d\n", WEXITSTATUS(status));
	return status == 0 ? 0 : -1;
}

/* In pieces: it is much, and will be there a second time. */
static int receive(int out, struct sections *sections)
{
	static const size_t size = 256 * 1024;
	char *data = malloc(size);
	ssize_t n = data ? lseek(out, 0, SEEK_SET) : -1;

	while (n >= 0 && (n = read(out, data, size)) > 0)
		sections_feed(sections, data, (size_t)n);
	free(data);
	return n < 0 ? complain("m4's output") : 0;
}

int m4_run(struct buffer *input, struct sections *sections)
{
	int in = memfd_create("m4-input", MFD_CLOEXEC),
	    out = memfd_create("m4-output", MFD_CLOEXEC);
	int result = -1;

	if (in < 0 || out < 0 || write_all(in, input->data, input->size) < 0 ||
	    lseek(in, 0, SEEK_SET) < 0) {
		complain("m4's input");
	} else {
		buffer_free(input); /* before m4 needs memory */
		if (run_child(in, out) == 0)
			result = receive(out, sections);
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return result;
}
