// SPDX-License-Identifier: BSD-2-Clause
/* A server process under test. */
#include "client.h"

#include <dirent.h>
#include <errno.h>
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

int server_start(struct server *server, const char *program, const char *const *arguments)
{
	const char *tmp = getenv("TMPDIR");
	char option[128];
	const char *argv[MAX_ARGUMENTS] = {program, option};
	int argc = 2;

	memset(server, 0, sizeof(*server));
	snprintf(server->dir, sizeof(server->dir), "%.40s/mdl-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(server->dir))
		return -errno;
	snprintf(server->path, sizeof(server->path), "%s/sock", server->dir);
	snprintf(option, sizeof(option), "--socket-path=%s", server->path);
	for (; arguments && *arguments && argc < MAX_ARGUMENTS - 1; arguments++)
		argv[argc++] = *arguments;

	pid_t parent = getpid();

	server->pid = fork();
	if (server->pid < 0)
		return -errno;
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(125);
		closefrom(3);
		execv(program, (char *const *)(uintptr_t)argv);
		perror(program);
		_exit(126);
	}
	return 0;
}

bool server_alive(const struct server *server)
{
	return server->pid > 0 && waitpid(server->pid, NULL, WNOHANG) == 0;
}

int server_stop(struct server *server)
{
	int status = 0, result = 0;

	if (server->pid <= 0)
		return -ESRCH;
	kill(server->pid, SIGTERM);
	int pidfd = (int)syscall(SYS_pidfd_open, server->pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (pidfd >= 0 && poll(&p, 1, CLIENT_WAIT_MS) != 1) {
		kill(server->pid, SIGKILL);
		result = -ETIMEDOUT;
	}
	if (pidfd >= 0)
		close(pidfd);
	if (waitpid(server->pid, &status, 0) < 0)
		result = -errno;
	server->pid = 0;
	if (result == 0 && access(server->path, F_OK) == 0)
		result = -EEXIST; /* it left its socket behind */
	unlink(server->path);
	rmdir(server->dir);
	if (result)
		return result;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
