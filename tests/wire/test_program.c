// SPDX-License-Identifier: BSD-2-Clause
/* The test device as a program: options, exit statuses, its socket, signals. */
#include "card.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define USAGE 2

struct folder {
	char dir[64], path[96];
};

static int folder_make(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	const char *tmp = getenv("TMPDIR");

	signal(SIGPIPE, SIG_IGN);
	assert_non_null(folder);
	snprintf(folder->dir, sizeof(folder->dir), "%.40s/mdl-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(folder->dir));
	snprintf(folder->path, sizeof(folder->path), "%s/sock", folder->dir);
	*state = folder;
	return 0;
}

/* Whatever a program made must be gone. */
static int folder_remove(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(rmdir(folder->dir), 0);
	free(folder);
	return 0;
}

/* Start it with these arguments; keep: a descriptor that it inherits as number 9, or -1. */
static pid_t start(const char *const *arguments, int keep, int *output)
{
	char program[256];
	const char *argv[16] = {card_program(program, sizeof(program))};
	int argc = 1, p[2];
	pid_t parent = getpid(), pid;

	for (; *arguments && argc < 15; arguments++)
		argv[argc++] = *arguments;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(125);
		dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0);
		dup2(p[1], 1);
		dup2(p[1], 2);
		if (keep >= 0)
			dup2(keep, 9);
		closefrom(keep >= 0 ? 10 : 3);
		if (keep >= 0)
			syscall(SYS_close_range, 3u, 8u, 0u);
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(126);
	}
	close(p[1]);
	if (output)
		*output = p[0];
	else
		close(p[0]);
	return pid;
}

/* Wait for its end; its exit status, or 128 + signal. */
static int finish(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status;
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	assert_true(pidfd >= 0);
	if (poll(&p, 1, CLIENT_WAIT_MS) != 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		fail_msg("the program did not end");
	}
	close(pidfd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Run it to its end, with its output (both kinds) in text. */
static int run(const char *const *arguments, char *text, size_t size)
{
	int output;
	pid_t pid = start(arguments, -1, &output);
	size_t got = 0;

	for (;;) {
		struct pollfd p = {.fd = output, .events = POLLIN};

		if (poll(&p, 1, CLIENT_WAIT_MS) != 1)
			break;
		ssize_t n = read(output, text + got, size - 1 - got);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	text[got] = '\0';
	close(output);
	return finish(pid);
}

#define RUN(text, ...) run((const char *const[]){__VA_ARGS__, NULL}, text, sizeof(text))
#define START(...)     start((const char *const[]){__VA_ARGS__, NULL}, -1, NULL)

/* A client that gets an answer. */
static void is_served(const char *path)
{
	struct client client;
	uint64_t vendor = 0;

	assert_int_equal(client_open(&client, path), 0);
	assert_int_equal(client_get(&client, VU_REGION_CONFIG, 0, 2, &vendor), 0);
	assert_int_equal(vendor, 0x1b36);
	client_close(&client);
}

/* ---- the command line */

static void help_and_version(void **state)
{
	char text[8192];

	(void)state;
	assert_int_equal(RUN(text, "--help"), 0);
	assert_non_null(strstr(text, "--socket-path"));
	assert_non_null(strstr(text, "--fd"));
	assert_non_null(strstr(text, "--start"));
	assert_non_null(strstr(text, "value of SCRATCH at power-on"));
	assert_int_equal(RUN(text, "--version"), 0);
	assert_non_null(strstr(text, MDL_VERSION));
}

static void mistakes_are_told(void **state)
{
	struct folder *folder = *state;
	char text[8192], option[128];

	snprintf(option, sizeof(option), "--socket-path=%s", folder->path);
	assert_int_equal(RUN(text, "--no-such-option", folder->path), USAGE);
	assert_non_null(strstr(text, "no-such-option"));
	assert_int_equal(run((const char *const[]){NULL}, text, sizeof(text)), USAGE);
	assert_int_equal(RUN(text, folder->path, "another"), USAGE);
	assert_int_equal(RUN(text, option, "--fd=0"), USAGE);
	assert_int_equal(RUN(text, "--fd=x"), USAGE);
	assert_int_equal(RUN(text, "--start=lots", folder->path), USAGE);
	assert_non_null(strstr(text, "start"));
	assert_int_equal(RUN(text, "--start=0x100000000", folder->path), USAGE);
	assert_int_equal(RUN(text, "--strat=1", folder->path), USAGE);
	assert_non_null(strstr(text, "--start")); /* did you mean */
	assert_int_equal(RUN(text, "--fussy=maybe", folder->path), USAGE);
}

static void what_cannot_be(void **state)
{
	struct folder *folder = *state;
	char text[8192], path[256];

	snprintf(path, sizeof(path), "%s/missing/sock", folder->dir);
	assert_int_equal(RUN(text, path), 1);
	memset(path, 'x', 200);
	path[200] = '\0';
	assert_int_not_equal(RUN(text, path), 0);
	assert_int_equal(RUN(text, "--fd=77"), 1);
	assert_int_equal(RUN(text, "--fd=0"), 1); /* no socket */
}

/* ---- the socket */

static void signals_leave_nothing(void **state)
{
	struct folder *folder = *state;
	static const int signals[] = {SIGTERM, SIGINT};

	for (int i = 0; i < 4; i++) {
		struct client client = {.fd = -1};
		pid_t pid = START(folder->path);

		is_served(folder->path);
		if (i & 2) /* also while a client is there */
			assert_int_equal(client_open(&client, folder->path), 0);
		kill(pid, signals[i & 1]);
		assert_int_equal(finish(pid), 0);
		assert_int_equal(access(folder->path, F_OK), -1);
		client_close(&client);
	}
}

static void private_socket(void **state)
{
	struct folder *folder = *state;
	pid_t pid = START(folder->path);
	struct stat st;

	is_served(folder->path);
	assert_int_equal(stat(folder->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);
}

static void stale_sockets_are_replaced(void **state)
{
	struct folder *folder = *state;
	pid_t pid = START(folder->path);

	is_served(folder->path);
	kill(pid, SIGKILL);
	assert_int_equal(finish(pid), 128 + SIGKILL);
	assert_int_equal(access(folder->path, F_OK), 0);
	pid = START(folder->path);
	is_served(folder->path);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);
}

static void live_sockets_are_not(void **state)
{
	struct folder *folder = *state;
	pid_t pid = START(folder->path);
	struct client client;
	uint64_t vendor = 0;
	char text[8192];

	assert_int_equal(client_open(&client, folder->path), 0);
	assert_int_equal(RUN(text, folder->path), 1);
	assert_non_null(strstr(text, "in use"));
	assert_int_equal(client_get(&client, VU_REGION_CONFIG, 0, 2, &vendor), 0);
	assert_int_equal(vendor, 0x1b36);
	client_close(&client);
	is_served(folder->path);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);
}

static void other_files_are_not(void **state)
{
	struct folder *folder = *state;
	char text[8192];
	struct stat st;
	int fd = open(folder->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_int_equal(RUN(text, folder->path), 1);
	assert_int_equal(stat(folder->path, &st), 0);
	assert_int_equal(st.st_size, 4);
	unlink(folder->path);
	assert_int_equal(symlink("/dev/null", folder->path), 0);
	assert_int_equal(RUN(text, folder->path), 1);
	assert_int_equal(unlink(folder->path), 0);
}

static void another_socket_in_its_place_stays(void **state)
{
	struct folder *folder = *state;
	pid_t pid = START(folder->path);
	char aside[128];

	is_served(folder->path);
	snprintf(aside, sizeof(aside), "%s/aside", folder->dir);
	assert_int_equal(rename(folder->path, aside), 0);
	assert_int_equal(close(open(folder->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);
	assert_int_equal(unlink(folder->path), 0);
	assert_int_equal(unlink(aside), 0);
}

static void second_clients_are_refused(void **state)
{
	struct folder *folder = *state;
	pid_t pid = START(folder->path);
	struct client first, second;
	uint64_t vendor = 0;

	assert_int_equal(client_open(&first, folder->path), 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(client_connect(&second, folder->path), 0);
		assert_int_equal(client_wait_closed(&second), 0);
		client_close(&second);
		assert_int_equal(client_get(&first, VU_REGION_CONFIG, 0, 2, &vendor), 0);
	}
	client_close(&first);
	is_served(folder->path);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);
}

/* ---- inherited sockets */

static void inherited_connection(void **state)
{
	int s[2];
	struct client client = {.next_id = 1};
	uint64_t vendor = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
	client.fd = s[0];
	pid_t pid = start((const char *const[]){"--fd=9", NULL}, s[1], NULL);

	close(s[1]);
	assert_int_equal(client_negotiate(&client, NULL), 0);
	assert_int_equal(client_get(&client, VU_REGION_CONFIG, 0, 2, &vendor), 0);
	assert_int_equal(vendor, 0x1b36);
	client_close(&client);
	assert_int_equal(finish(pid), 0); /* there will be no other client */
}

static void inherited_listener(void **state)
{
	struct folder *folder = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, folder->path, strlen(folder->path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	pid_t pid = start((const char *const[]){"--fd", "9", NULL}, fd, NULL);

	close(fd);
	is_served(folder->path);
	is_served(folder->path);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);
	/* whoever made the file removes it */
	assert_int_equal(unlink(folder->path), 0);
}

/* A device with many vectors needs many descriptors. */
static void as_many_descriptors_as_allowed(void **state)
{
	struct folder *folder = *state;
	struct rlimit before, low, its;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	pid_t pid = START(folder->path);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	is_served(folder->path);
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &its), 0);
	assert_true(its.rlim_cur == before.rlim_max);
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(help_and_version),
		TEST(mistakes_are_told),
		TEST(what_cannot_be),
		TEST(signals_leave_nothing),
		TEST(private_socket),
		TEST(stale_sockets_are_replaced),
		TEST(live_sockets_are_not),
		TEST(other_files_are_not),
		TEST(another_socket_in_its_place_stays),
		TEST(second_clients_are_refused),
		TEST(inherited_connection),
		TEST(inherited_listener),
		TEST(as_many_descriptors_as_allowed),
	};

	return cmocka_run_group_tests_name("the program", tests, NULL, NULL);
}
