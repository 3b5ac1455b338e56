/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * measure N COMMAND…: runs it N times, without its output, and prints the least processor time in
 * microseconds (its children's too) and the most memory in KiB (of the largest process).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long microseconds(const struct timeval *time)
{
	return time->tv_sec * 1000000L + time->tv_usec;
}

static int run(char **command, struct rusage *usage)
{
	int status, null;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0)
			execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, usage) < 0) {
		perror("measure");
		return -1;
	}
	return status == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	long least = 0, most = 0;
	int rounds = argc > 2 ? atoi(argv[1]) : 0;

	if (rounds < 1) {
		fprintf(stderr, "usage: measure N COMMAND…\n");
		return 2;
	}
	for (int i = 0; i < rounds; i++) {
		struct rusage usage;
		long time;

		if (run(argv + 2, &usage) < 0)
			return 1;
		time = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
		if (i == 0 || time < least)
			least = time;
		if (usage.ru_maxrss > most)
			most = usage.ru_maxrss;
	}
	printf("%ld %ld\n", least, most);
	return 0;
}
