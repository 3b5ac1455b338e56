/* SPDX-License-Identifier: BSD-2-Clause */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_CHILD_FD = 3,
	SAFE_FD = 64,		/* above every number handed to a child */
	MAX_CHILD_FDS = 8,
	LINE_LIMIT = 1 << 24,
};

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int ms_left(int64_t deadline)
{
	int64_t left = deadline - now_ms();

	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int wait_readable(int fd, int64_t deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int ready;

	do {
		ready = poll(&poll_fd, 1, ms_left(deadline));
	} while (ready < 0 && errno == EINTR);
	return ready < 0 ? -errno : ready;
}

static void report_and_exit(int report_fd)
{
	int error = errno;

	if (write(report_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Between fork and exec: only calls that are safe there. */
static void run_child(const char *const argv[], const int *fds, size_t count, int out_fd,
		      int report_fd)
{
	int safe[MAX_CHILD_FDS];
	int null_fd;

	/* A test that dies must not leave a QEMU behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	null_fd = open("/dev/null", O_RDONLY);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
		report_and_exit(report_fd);
	if (out_fd >= 0 && (dup2(out_fd, STDOUT_FILENO) < 0 || dup2(out_fd, STDERR_FILENO) < 0))
		report_and_exit(report_fd);
	/* Out of the way first, so that no dup2 below overwrites one still wanted. */
	report_fd = fcntl(report_fd, F_DUPFD_CLOEXEC, SAFE_FD);
	for (size_t i = 0; i < count; i++)
		safe[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SAFE_FD);
	for (size_t i = 0; i < count; i++)
		if (dup2(safe[i], FIRST_CHILD_FD + (int)i) < 0)
			report_and_exit(report_fd);
	/* execvp takes char *const[], but does not write there. */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	report_and_exit(report_fd);
}

int child_start(struct child *child, const char *const argv[], const int *fds, size_t count,
		int out_fd)
{
	int report[2];
	int error = 0;
	ssize_t got;

	if (count > MAX_CHILD_FDS)
		return -EINVAL;
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid < 0) {
		error = errno;
		close(report[0]);
		close(report[1]);
		return -error;
	}
	if (child->pid == 0)
		run_child(argv, fds, count, out_fd, report[1]);
	close(report[1]);
	/* Ends without a byte when exec closes the other end. */
	got = read(report[0], &error, sizeof(error));
	close(report[0]);
	child->pidfd = got > 0 ? -1 : (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd >= 0)
		return 0;
	if (got <= 0)
		error = errno;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	return -error;
}

int child_wait(struct child *child, int64_t deadline)
{
	int ready = wait_readable(child->pidfd, deadline);
	int status = 0;

	if (ready <= 0)
		return ready < 0 ? ready : -ETIMEDOUT;
	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	close(child->pidfd);
	child->pidfd = -1;
	child->pid = -1;
	return status;
}

int child_stop(struct child *child, int signal_number, int64_t deadline)
{
	int status;

	if (child->pid <= 0)
		return 0;
	kill(child->pid, signal_number);
	status = child_wait(child, deadline);
	if (status != -ETIMEDOUT)
		return status;
	kill(child->pid, SIGKILL);
	while (child_wait(child, INT64_MAX / 2) < 0)
		continue;
	return -ETIMEDOUT;
}

/* The file appears once its server listens. */
static bool is_socket(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISSOCK(info.st_mode);
}

int socket_wait(const char *path, const struct child *server, int64_t deadline)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	char events[4096];
	struct pollfd fds[2];
	int notify, error = 0;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (notify < 0)
		return -errno;
	if (inotify_add_watch(notify, folder, IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0)
		error = -errno;
	fds[0] = (struct pollfd){ .fd = notify, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = server ? server->pidfd : -1, .events = POLLIN };
	while (!error && !is_socket(path)) {
		int left = ms_left(deadline);

		if (left == 0)
			error = -ETIMEDOUT;
		else if (poll(fds, 2, left) > 0 && fds[1].revents)
			error = -ECHILD;
		while (read(notify, events, sizeof(events)) > 0)
			continue;
	}
	close(notify);
	return error;
}

void lines_init(struct lines *lines, int fd)
{
	*lines = (struct lines){ .fd = fd };
}

void lines_free(struct lines *lines)
{
	free(lines->text);
	lines_init(lines, -1);
}

static int lines_make_room(struct lines *lines)
{
	size_t room = lines->room ? lines->room * 2 : 4096;
	char *text;

	if (lines->length < lines->room)
		return 0;
	if (room > LINE_LIMIT)
		return -EMSGSIZE;
	text = realloc(lines->text, room);
	if (!text)
		return -ENOMEM;
	lines->text = text;
	lines->room = room;
	return 0;
}

static int lines_receive(struct lines *lines, int64_t deadline)
{
	int error = lines_make_room(lines);
	ssize_t got;

	if (error)
		return error;
	error = wait_readable(lines->fd, deadline);
	if (error <= 0)
		return error;
	got = read(lines->fd, lines->text + lines->length, lines->room - lines->length);
	if (got < 0)
		return errno == EINTR ? 1 : -errno;
	if (got == 0)
		return -EPIPE;
	lines->length += (size_t)got;
	return 1;
}

int lines_next(struct lines *lines, int64_t deadline, char **line)
{
	size_t searched = 0;

	*line = NULL;
	if (lines->taken) {
		lines->length -= lines->taken;
		memmove(lines->text, lines->text + lines->taken, lines->length);
		lines->taken = 0;
	}
	for (;;) {
		char *end = lines->length > searched ?
			memchr(lines->text + searched, '\n', lines->length - searched) : NULL;
		int got;

		if (end) {
			lines->taken = (size_t)(end - lines->text) + 1;
			*end = '\0';
			if (end > lines->text && end[-1] == '\r')
				end[-1] = '\0';
			*line = lines->text;
			return 0;
		}
		searched = lines->length;
		got = lines_receive(lines, deadline);
		if (got <= 0)
			return got;
	}
}
