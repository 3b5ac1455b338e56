/* SPDX-License-Identifier: BSD-2-Clause */
/* m4 as a child process: a pipe in, a pipe out, no shell. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "m4.h"

struct child {
	pid_t pid;
	int in, out; /* our ends: its input, its output; -1: closed */
};

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

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In the child: never returns. */
static void become_m4(int in, int out)
{
	const char *m4 = m4_program();

	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0) {
		signal(SIGPIPE, SIG_DFL);
		execlp(m4, m4, "-P", "-E", "-", (char *)NULL);
	}
	fprintf(stderr, "mdlc: error: cannot run %s: %s%s\n", m4, strerror(errno),
		errno == ENOENT ? " (is GNU m4 installed?)" : "");
	_exit(127);
}

/* -E: what m4 warns of is a mistake in a skeleton, so it fails. */
static int start(struct child *child)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return complain("pipe");
	if (pipe2(out, O_CLOEXEC) < 0) {
		complain("pipe");
		close(in[0]);
		close(in[1]);
		return -1;
	}
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0)
		become_m4(in[0], out[1]);
	close(in[0]);
	close(out[1]);
	child->in = in[1];
	child->out = out[0];
	if (child->pid < 0) {
		complain("fork");
		close_end(&child->in);
		close_end(&child->out);
		return -1;
	}
	return fcntl(child->in, F_SETFL, O_NONBLOCK) < 0 ? complain("pipe") : 0;
}

/* An m4 that stops reading is one that failed: its exit status will tell. */
static void send_some(struct child *child, const char **input, size_t *size)
{
	ssize_t n = write(child->in, *input, *size);

	if (n > 0) {
		*input += n;
		*size -= (size_t)n;
	}
	if (*size == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&child->in);
}

static int receive_some(struct child *child, struct sections *sections)
{
	char data[65536];
	ssize_t n = read(child->out, data, sizeof(data));

	if (n > 0)
		sections_feed(sections, data, (size_t)n);
	else if (n == 0)
		close_end(&child->out);
	else if (errno != EINTR)
		return complain("m4's output");
	return 0;
}

static int exchange(struct child *child, const char *input, size_t size, struct sections *sections)
{
	while (child->out >= 0) {
		struct pollfd fds[2] = {{.fd = child->out, .events = POLLIN},
					{.fd = child->in, .events = POLLOUT}};

		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return complain("poll");
		}
		if (fds[1].revents)
			send_some(child, &input, &size);
		if (fds[0].revents && receive_some(child, sections) < 0)
			return -1;
	}
	return 0;
}

static int finish(struct child *child)
{
	int status;

	close_end(&child->in);
	close_end(&child->out);
	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return complain("waiting for m4");
	if (WIFSIGNALED(status))
		fprintf(stderr, "mdlc: error: m4 was killed by signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status) && WEXITSTATUS(status) != 127)
		fprintf(stderr, "mdlc: error: m4 failed with status %d\n", WEXITSTATUS(status));
	return status == 0 ? 0 : -1;
}

int m4_run(const char *input, size_t size, struct sections *sections)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	struct child child = {.in = -1, .out = -1};
	int result = -1;

	sigaction(SIGPIPE, &ignore, &old);
	if (start(&child) == 0)
		result = exchange(&child, input, size, sections);
	if (child.pid > 0 && finish(&child) < 0)
		result = -1;
	sigaction(SIGPIPE, &old, NULL);
	return result;
}
