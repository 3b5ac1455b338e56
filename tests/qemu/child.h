/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes and line-wise conversation with them, every wait with a deadline.
 */
#ifndef TESTS_QEMU_CHILD_H
#define TESTS_QEMU_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int pidfd;
};

/* A monotonic clock in milliseconds; a deadline is a value of it. */
int64_t now_ms(void);

/* Waits until fd is readable: 1, 0 when the deadline has passed, or -errno. */
int wait_readable(int fd, int64_t deadline);

/*
 * Starts argv with fds[0..count) as its descriptors 3, 4, ... and output (stdout and stderr) in
 * out_fd, or with ours where that is -1. A program that cannot be executed is an error here.
 */
int child_start(struct child *child, const char *const argv[], const int *fds, size_t count,
		int out_fd);

/* Waits for the child's end and reaps it. Returns its wait status, or -ETIMEDOUT. */
int child_wait(struct child *child, int64_t deadline);

/*
 * Sends the signal, waits, and kills what has not ended by then. The child is always reaped.
 * Returns the wait status, or -ETIMEDOUT where it had to be killed.
 */
int child_stop(struct child *child, int signal_number, int64_t deadline);

/*
 * Waits until there is a Unix socket at path, or the child that should make it has ended
 * (-ECHILD; it still wants reaping).
 */
int socket_wait(const char *path, const struct child *server, int64_t deadline);

/* Text arriving on a descriptor, taken line by line. */
struct lines {
	int fd;
	char *text;
	size_t length;
	size_t taken;
	size_t room;
};

void lines_init(struct lines *lines, int fd);
void lines_free(struct lines *lines);

/*
 * The next line, without its end, valid until the next call; NULL in *line when the deadline has
 * passed. Returns -errno when the other side is gone or sends nonsense.
 */
int lines_next(struct lines *lines, int64_t deadline, char **line);

#endif
