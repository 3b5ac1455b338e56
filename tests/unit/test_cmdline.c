/* SPDX-License-Identifier: BSD-2-Clause */
/* The program that mdl_main() makes: options, messages, exit statuses, signals. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "core_device.h"

#define MAX_ARGS 8
#define WAIT_MS  10000

struct result {
	int status; /* exit status; 128 + signal */
	char out[8192], err[8192];
};

struct program {
	pid_t pid;
	int out, err;
};

/* The program in a child process; `keep` stays open for it as descriptor 9. */
static struct program start_with(const char *const *args, int keep)
{
	const char *argv[MAX_ARGS + 2] = {"prog"};
	int out[2], err[2], argc = 1;
	struct program p;

	while (*args)
		argv[argc++] = *args++;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0) {
		int status;

		alarm(20);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		if (keep >= 0)
			dup2(keep, 9);
		status = mdl_main(&core_device, argc, (char **)(uintptr_t)argv);
		_exit(status);
	}
	close(out[1]);
	close(err[1]);
	p.out = out[0];
	p.err = err[0];
	return p;
}

static void read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used < size - 1 && (n = read(fd, buf + used, size - 1 - used)) > 0)
		used += (size_t)n;
	buf[used] = 0;
	close(fd);
}

static void finish(const struct program *p, struct result *r)
{
	int status;

	read_all(p->out, r->out, sizeof(r->out));
	read_all(p->err, r->err, sizeof(r->err));
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct result run(const char *const *args)
{
	static struct result r;
	const struct program p = start_with(args, -1);

	finish(&p, &r);
	return r;
}

static void expect_usage(const char *const *args, const char *said)
{
	struct result r = run(args);

	assert_int_equal(r.status, 2);
	assert_non_null(strstr(r.err, said));
	assert_non_null(strstr(r.err, "Try 'prog --help'."));
	assert_string_equal(r.out, "");
}

static void help(void **state)
{
	struct result r = run(ARGS("--help"));

	(void)state;
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_non_null(strstr(r.out, "Usage: prog [OPTION]... SOCKET"));
	assert_non_null(strstr(r.out, "--socket-path=PATH"));
	assert_non_null(strstr(r.out, "--fd=FDNUM"));
	assert_non_null(strstr(r.out, "--clock-hz=N"));
	assert_non_null(strstr(r.out, "timer clock, in Hz"));
	assert_non_null(strstr(r.out, "an integer from 0 to 4294967295; default: 1000000"));
	assert_non_null(strstr(r.out, "an integer from -128 to 127; default: -3"));
	assert_non_null(strstr(r.out, "one of SLOW, FAST; default: FAST"));
	assert_non_null(strstr(r.out, "a text; default: none"));
	assert_string_equal(run(ARGS("-h")).out, r.out);
	assert_string_equal(run(ARGS("--fast", "--help")).out, r.out);
}

static void version(void **state)
{
	struct result r = run(ARGS("--version"));

	(void)state;
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "core, device version 3, libmdl " MDL_VERSION "\n");
}

static void mistakes(void **state)
{
	(void)state;
	expect_usage(ARGS("-v"), "no socket");
	expect_usage(ARGS("--sokcet-path=x"), "did you mean '--socket-path'?");
	expect_usage(ARGS("--clock_mhz=3", "x"), "did you mean '--clock-hz'?");
	expect_usage(ARGS("--quite-something-else", "x"), "unknown option");
	expect_usage(ARGS("-x", "y"), "unknown option '-x'");
	expect_usage(ARGS("-vx", "y"), "unknown option '-x'");
	expect_usage(ARGS("--socket-path"), "needs a value");
	expect_usage(ARGS("--clock-hz"), "needs a value");
	expect_usage(ARGS("--trace=1", "x"), "takes no value");
	expect_usage(ARGS("a", "b"), "two sockets");
	expect_usage(ARGS("--socket-path=a", "b"), "two sockets");
	expect_usage(ARGS("--socket-path="), "empty");
	expect_usage(ARGS("--fd=3", "b"), "both");
	expect_usage(ARGS("--fd=3", "--fd=4"), "twice");
	expect_usage(ARGS("--fd=-1"), "not a number");
	expect_usage(ARGS("--fd=x"), "not a number");
	expect_usage(ARGS("--spin=9999999999999", "x"), "not a number from 0 to 1000000");
	expect_usage(ARGS("--max-transfer=1", "x"), "not a number from 4096");
	expect_usage(ARGS("--max-queued=0", "x"), "not a number from 1");
	expect_usage(ARGS("--max-dma-regions=65536", "x"), "not a number from 1 to 65535");
	expect_usage(ARGS("--offset=200", "x"), "'200' is not an integer from -128 to 127");
	expect_usage(ARGS("--mode=MEDIUM", "x"), "'MEDIUM' is not one of SLOW, FAST");
	expect_usage(ARGS("--fast=maybe", "x"), "'maybe' is not true or false");
}

static void it_does_not_work(void **state)
{
	(void)state;
	assert_int_equal(run(ARGS("/nowhere/at/all")).status, 1);
	assert_int_equal(run(ARGS("--fd=200")).status, 1);
	assert_int_equal(run(ARGS("--fd=0")).status, 1); /* no socket */
	assert_int_equal(run(ARGS("--trace-file=/nowhere/at/all", "x")).status, 1);
	assert_non_null(strstr(run(ARGS("/nowhere/at/all")).err, "No such file or directory"));
}

/* ---- serving */

struct place {
	char dir[64], path[80], option[96];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/mdl-cmdline-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/sock", p->dir);
	snprintf(p->option, sizeof(p->option), "--socket-path=%s", p->path);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	assert_int_equal(rmdir(p->dir), 0); /* nothing was left behind */
	free(p);
	return 0;
}

/* Connect as soon as it listens. */
static int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct pollfd never = {.fd = -1};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		if (!connect(fd, (const struct sockaddr *)&address, sizeof(address)))
			return fd;
		poll(&never, 1, 5);
	}
	fail_msg("nobody listens on %s", path);
	return -1;
}

/* False: refused, because another client is still there. */
static bool greeted(int fd)
{
	uint8_t buf[128];
	size_t size = put_version(buf, 2, "{}");

	return send(fd, buf, size, MSG_NOSIGNAL) == (ssize_t)size &&
	       recv(fd, buf, VU_HEADER_SIZE + 7, MSG_WAITALL) == VU_HEADER_SIZE + 7;
}

static void greet(int fd)
{
	assert_true(greeted(fd));
}

static uint32_t read_value(int fd, uint64_t offset)
{
	uint8_t buf[64];
	uint32_t value;

	assert_int_equal(send(fd, buf, put_read(buf, 1, offset, 4), MSG_NOSIGNAL), 32);
	assert_int_equal(recv(fd, buf, 36, MSG_WAITALL), 36);
	memcpy(&value, buf + 32, sizeof(value));
	return value;
}

static void serve_and_signal(const char *const *args, const char *path, int signal)
{
	const struct program p = start_with(args, -1);
	int fd = dial(path);
	struct result r;

	greet(fd);
	assert_int_equal(read_value(fd, 0), 0);
	assert_int_equal(kill(p.pid, signal), 0);
	finish(&p, &r);
	assert_int_equal(r.status, 0);
	close(fd);
}

static void spellings(void **state)
{
	const struct place *p = *state;

	serve_and_signal(ARGS(p->path), p->path, SIGTERM);
	serve_and_signal(ARGS(p->path), p->path, SIGINT);
	serve_and_signal(ARGS(p->option), p->path, SIGTERM);
	serve_and_signal(ARGS("--socket-path", p->path), p->path, SIGTERM);
	serve_and_signal(ARGS("-v", p->path), p->path, SIGTERM); /* as others' samples have it */
	serve_and_signal(ARGS("-vv", "--", p->path), p->path, SIGTERM);
	serve_and_signal(ARGS("--fast", p->path, "--spin", "20"), p->path, SIGTERM);
}

static void an_idle_one_is_stopped(void **state)
{
	const struct place *place = *state;
	const struct program p = start_with(ARGS(place->path), -1);
	struct result r;

	close(dial(place->path));
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	finish(&p, &r);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
}

static void inherited_connection(void **state)
{
	int fds[2];
	struct program p;
	struct result r;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	p = start_with(ARGS("--fd=9"), fds[0]);
	close(fds[0]);
	greet(fds[1]);
	shutdown(fds[1], SHUT_WR);
	/* the child also has our end, by fork */
	finish(&p, &r);
	assert_int_equal(r.status, 0);
	close(fds[1]);
}

static void inherited_listener(void **state)
{
	const struct place *place = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct program p;
	struct result r;

	strcpy(address.sun_path, place->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	p = start_with(ARGS("--fd=9"), fd);
	for (int i = 0; i < 3; i++) {
		int client = dial(place->path);

		while (!greeted(client)) { /* the last one is not gone yet */
			close(client);
			client = dial(place->path);
		}
		close(client);
	}
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	finish(&p, &r);
	assert_int_equal(r.status, 0);
	close(fd);
	unlink(place->path);
}

static void traced(void **state)
{
	const struct place *place = *state;
	const struct program p = start_with(ARGS("--trace", place->path), -1);
	int fd = dial(place->path);
	uint8_t buf[64];
	struct result r;

	greet(fd);
	assert_int_equal(send(fd, buf, put_write(buf, 1, 0, 8, 9), MSG_NOSIGNAL), 36);
	assert_int_equal(recv(fd, buf, 32, MSG_WAITALL), 32);
	kill(p.pid, SIGTERM);
	finish(&p, &r);
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.err, "core.reset power\n"));
	assert_non_null(strstr(r.err, "core.MODES.EN 0 -> 1\n"));
	assert_non_null(strstr(r.err, "core.MODES.MODE SLOW -> FAST\n"));
	close(fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help),
		cmocka_unit_test(version),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(it_does_not_work),
		TEST(spellings),
		TEST(an_idle_one_is_stopped),
		cmocka_unit_test(inherited_connection),
		TEST(inherited_listener),
		TEST(traced),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
