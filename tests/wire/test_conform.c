// SPDX-License-Identifier: BSD-2-Clause
/*
 * vfu-conform against servers that are bad on purpose.  This program is the server, too, when it is
 * started with --socket-path: it knows the commands that tell what a device is, and --mode says
 * what is wrong with it.
 */
#include "../lib/client.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the bad server */

/* Messages that a server of --mode=dies lives to answer. */
#define LIFE 30

static const char *own_path;
static int end_status;

static void on_term(int number)
{
	(void)number;
	unlink(own_path);
	_exit(end_status);
}

static void answer(struct client *client, const struct vu_header *request, const void *data,
		   size_t size, uint32_t error)
{
	struct vu_header header = *request;

	header.flags = error ? VU_TYPE_REPLY | VU_ERROR : VU_TYPE_REPLY;
	header.error = error;
	header.size = (uint32_t)(VU_HEADER_SIZE + size);
	if (client_send_bytes(client, &header, VU_HEADER_SIZE, NULL, 0) == 0 && size)
		client_send_bytes(client, data, size, NULL, 0);
}

static void answer_info(struct client *client, const struct client_message *message)
{
	struct vu_device_info device = {sizeof(device), 3, VU_NUM_REGIONS, VU_NUM_IRQS};
	struct vu_region_info region = {.argsz = sizeof(region)};
	struct vu_irq_info irq = {.argsz = sizeof(irq), .flags = 1, .count = 1};

	switch (message->header.command) {
	case VU_VERSION:
		answer(client, &message->header, "\0\0\0\0{}", 7, 0);
		break;
	case VU_DEVICE_GET_INFO:
		answer(client, &message->header, &device, sizeof(device), 0);
		break;
	case VU_DEVICE_GET_REGION_INFO:
		answer(client, &message->header, &region, sizeof(region), 0);
		break;
	case VU_DEVICE_GET_IRQ_INFO:
		answer(client, &message->header, &irq, sizeof(irq), 0);
		break;
	default:
		answer(client, &message->header, NULL, 0, EOPNOTSUPP);
	}
}

static void serve_client(int fd, const char *mode)
{
	static unsigned served;
	struct client client = {.fd = fd};
	struct client_message message;

	while (client_receive(&client, &message) == 1) {
		if (!strcmp(mode, "dies") && ++served > LIFE)
			abort();
		if (!strcmp(mode, "junk"))
			client_send_bytes(&client, "not what was asked for", 22, NULL, 0);
		else
			answer_info(&client, &message);
		client_message_free(&message);
	}
	client_close(&client);
}

static int be_server(const char *path, const char *mode)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	own_path = path;
	end_status = strcmp(mode, "ends badly") ? 0 : 3;
	signal(SIGTERM, on_term);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 8) < 0)
		return 1;
	for (;;)
		serve_client(accept4(listener, NULL, NULL, SOCK_CLOEXEC), mode);
}

/* ---- what the suite makes of it */

static char self[4096], suite[4096];
static char said[1 << 16];

/* Run vfu-conform with these words (a shell's); its exit status.  What it says goes to said[]. */
static int conform(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int conform(const char *format, ...)
{
	char words[8192], command[16384];
	size_t used = 0, n;
	va_list args;
	FILE *output;
	int status;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "'%s' %s 2>&1", suite, words);
	output = popen(command, "r");
	assert_non_null(output);
	while ((n = fread(said + used, 1, sizeof(said) - 1 - used, output)) > 0)
		used += n;
	said[used] = '\0';
	status = pclose(output);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static unsigned lines(const char *begin)
{
	unsigned n = 0;

	for (const char *at = said; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		n += !strncmp(at, begin, strlen(begin));
	}
	return n;
}

#define assert_said(text) assert_non_null(strstr(said, text))

static void only_must_match(void **state)
{
	(void)state;
	assert_int_equal(conform("--only 'no such row' -- '%s'", self), 2);
	assert_said("no row has 'no such row' in its name");
	assert_int_equal(conform("--list --only 'no such row'"), 2);
	assert_int_equal(conform("--list --only framing"), 0);
	assert_true(lines("framing: ") > 10);
}

static void programs_that_do_not_start(void **state)
{
	(void)state;
	assert_int_equal(conform("-- /nonexistent/program"), 2);
	assert_said("/nonexistent/program cannot be started: No such file");
	assert_int_equal(conform("-- false"), 2);
	assert_said("ended before its socket was there");
	assert_int_equal(conform("/nonexistent/socket/in/a/path/that/is/longer/than/any/socket/"
				 "address/can/be/"
				 "which/fails/at/once/and/does/not/wait/for/it"),
			 2);
	assert_said("nobody to connect to");
	assert_int_equal(conform("one two"), 2);
}

static void a_server_that_talks_nonsense(void **state)
{
	(void)state;
	assert_int_equal(conform("-- '%s' --mode=junk", self), 2);
	assert_said("VERSION is not answered");
}

/* It is started again, and no row is left out. */
static void a_server_that_dies(void **state)
{
	unsigned rows;

	(void)state;
	assert_int_equal(conform("--list --only info"), 0);
	rows = lines("info: ");
	assert_int_equal(conform("--only info -- '%s' --mode=dies", self), 1);
	assert_said("the server died of it");
	assert_int_equal(lines("ok     info") + lines("FAILS  info") + lines("n/a    info"), rows);
	assert_null(strstr(said, "stopped"));
}

static void a_server_that_is_lost(void **state)
{
	const char *const arguments[] = {"--mode=dies", NULL};
	struct server server;

	(void)state;
	assert_int_equal(server_start(&server, self, arguments), 0);
	assert_int_equal(server_wait(&server), 0);
	assert_int_equal(conform("--only info '%s'", server.path), 1);
	assert_said("the server serves nobody any more");
	assert_said("stopped: the server is lost");
	assert_int_equal(server_kill(&server), 128 + SIGABRT);
}

static void a_server_that_ends_badly(void **state)
{
	(void)state;
	assert_int_equal(conform("--only 'ids are echoed' -- '%s' '--mode=ends badly'", self), 1);
	assert_said("FAILS  process: ends on SIGTERM");
	assert_said("its exit status was 3");
}

static void a_place_for_the_path(void **state)
{
	(void)state;
	assert_int_equal(conform("--only 'ids are echoed' -- '%s' --mode=fine {}", self), 0);
	assert_said("2 passed, 0 failed");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_must_match),
		cmocka_unit_test(programs_that_do_not_start),
		cmocka_unit_test(a_server_that_talks_nonsense),
		cmocka_unit_test(a_server_that_dies),
		cmocka_unit_test(a_server_that_is_lost),
		cmocka_unit_test(a_server_that_ends_badly),
		cmocka_unit_test(a_place_for_the_path),
	};
	const char *path = NULL, *mode = "fine";
	ssize_t n;

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--mode=", 7))
			mode = argv[i] + 7;
		else
			path = strncmp(argv[i], "--socket-path=", 14) ? argv[i] : argv[i] + 14;
	}
	if (path)
		return be_server(path, mode);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return 1;
	snprintf(suite, sizeof(suite), "%s/bin/vfu-conform",
		 getenv("BUILD") ? getenv("BUILD") : "build");
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
