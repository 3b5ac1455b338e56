// SPDX-License-Identifier: BSD-2-Clause
/* A server process under test. */
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGUMENTS 32
#define PLACE         "{}" /* of the socket's path, among the arguments */

/* In the child: run it, or tell the parent why not. */
static void run_program(const char *const *argv, int report)
{
	int error;

	if (dup3(report, 3, O_CLOEXEC) < 0 && report != 3)
		_exit(125);
	closefrom(4);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	error = errno;
	if (write(3, &error, sizeof(error)) < 0)
		perror(argv[0]);
	_exit(126);
}

static void remove_folder(const struct server *server)
{
	unlink(server->path);
	rmdir(server->dir);
}

/* Start it; 0, or why that cannot be. */
static int spawn(struct server *server, const char *const *argv)
{
	pid_t parent = getpid();
	int report[2], error = 0;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	server->pid = fork();
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(125);
		run_program(argv, report[1]);
	}
	error = server->pid < 0 ? errno : 0;
	close(report[1]);
	/* the end of the pipe: it runs */
	if (!error && read(report[0], &error, sizeof(error)) == sizeof(error))
		waitpid(server->pid, NULL, 0);
	close(report[0]);
	if (error)
		server->pid = 0;
	return -error;
}

static bool has_place(const char *const *arguments)
{
	for (; arguments && *arguments; arguments++)
		if (!strcmp(*arguments, PLACE))
			return true;
	return false;
}

int server_start(struct server *server, const char *program, const char *const *arguments)
{
	const char *tmp = getenv("TMPDIR");
	const char *argv[MAX_ARGUMENTS] = {program};
	char option[128];
	int argc = 1, rc;

	memset(server, 0, sizeof(*server));
	snprintf(server->dir, sizeof(server->dir), "%.40s/mdl-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(server->dir))
		return -errno;
	snprintf(server->path, sizeof(server->path), "%s/sock", server->dir);
	snprintf(option, sizeof(option), "--socket-path=%s", server->path);
	if (!has_place(arguments))
		argv[argc++] = option;
	for (; arguments && *arguments && argc < MAX_ARGUMENTS - 1; arguments++)
		argv[argc++] = strcmp(*arguments, PLACE) ? *arguments : server->path;
	rc = spawn(server, argv);
	if (rc < 0)
		remove_folder(server);
	return rc;
}

bool server_ends(const struct server *server, int wait_ms)
{
	int pidfd = (int)syscall(SYS_pidfd_open, server->pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	bool ended = pidfd < 0 || poll(&p, 1, wait_ms) == 1;

	if (pidfd >= 0)
		close(pidfd);
	return ended;
}

bool server_alive(const struct server *server)
{
	return server->pid > 0 && !server_ends(server, 0);
}

int server_wait(const struct server *server)
{
	/* A socket's birth has no event to wait for but its folder's: look again soon. */
	for (int waited = 0; access(server->path, F_OK) < 0; waited += 2) {
		if (!server_alive(server))
			return -ECHILD;
		if (waited >= CLIENT_WAIT_MS)
			return -ETIMEDOUT;
		poll(NULL, 0, 2);
	}
	return 0;
}

static int end(struct server *server, int signal)
{
	int status = 0, result;

	if (server->pid <= 0)
		return -ESRCH;
	kill(server->pid, signal);
	result = server_ends(server, CLIENT_WAIT_MS) ? 0 : -ETIMEDOUT;
	if (result)
		kill(server->pid, SIGKILL);
	if (waitpid(server->pid, &status, 0) < 0)
		result = -errno;
	server->pid = 0;
	if (result == 0 && signal == SIGTERM && access(server->path, F_OK) == 0)
		result = -EEXIST; /* it left its socket behind */
	remove_folder(server);
	if (result)
		return result;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int server_stop(struct server *server)
{
	return end(server, SIGTERM);
}

int server_kill(struct server *server)
{
	return end(server, SIGKILL);
}

int server_descriptors(const struct server *server)
{
	char path[64];
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)server->pid);
	DIR *dir = opendir(path);

	if (!dir)
		return -errno;
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}
