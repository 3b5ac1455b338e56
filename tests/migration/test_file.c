// SPDX-License-Identifier: BSD-2-Clause
/* --save and --restore, with the test device's program; files that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/client.h"

#define SCRATCH  0x04
#define APPEND   0x50
#define LOG      0x54
#define TIMER_US 0x58
#define TICKS    0x5c

struct folder {
	char path[64], file[96];
};

static const char *program(char *path, size_t size, const char *device)
{
	const char *build = getenv("BUILD");

	snprintf(path, size, "%s/bin/%s", build ? build : "build", device);
	return path;
}

static int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/mdl-file-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	snprintf(folder->file, sizeof(folder->file), "%s/state", folder->path);
	*state = folder;
	return 0;
}

/* Nothing but the file may be left: no temporary one. */
static int remove_folder(void **state)
{
	struct folder *folder = *state;
	int rc;

	unlink(folder->file);
	rc = rmdir(folder->path);
	free(folder);
	return rc;
}

static void start(struct server *server, struct client *client, const char *option,
		  const char *file)
{
	char path[256], text[160];
	const char *const arguments[] = {text, NULL};

	snprintf(text, sizeof(text), "--%s=%s", option, file);
	assert_int_equal(server_start(server, program(path, sizeof(path), "mdltest"), arguments),
			 0);
	assert_int_equal(client_open(client, server->path), 0);
}

static uint64_t get(struct client *client, uint32_t region, uint64_t offset)
{
	uint64_t value = 0;

	assert_int_equal(client_get(client, region, offset, 4, &value), 0);
	return value;
}

static void put(struct client *client, uint32_t region, uint64_t offset, uint64_t value)
{
	assert_int_equal(client_put(client, region, offset, 4, value), 0);
}

/* A bit of everything. */
static void write_state(struct client *client)
{
	put(client, 0, SCRATCH, 0xfeedbeef);
	put(client, 0, APPEND, 'x');
	put(client, 0, APPEND, 'y');
	put(client, 2, 0x8000, 0x01020304);
	put(client, 2, 0x10000 + 0x3ffc, 0x05060708);
	put(client, VU_REGION_CONFIG, 0x10, 0xfebf0000);
	put(client, 0, TIMER_US, 3000000000u); /* 50 minutes */
}

static void check_state(struct client *client)
{
	assert_int_equal(get(client, 0, SCRATCH), 0xfeedbeef);
	assert_int_equal(get(client, 0, LOG), 'x');
	assert_int_equal(get(client, 0, LOG), 'y');
	assert_int_equal(get(client, 0, LOG), UINT32_MAX);
	assert_int_equal(get(client, 2, 0x8000), 0x01020304);
	assert_int_equal(get(client, 2, 0x10000 + 0x3ffc), 0x05060708);
	assert_int_equal(get(client, VU_REGION_CONFIG, 0x10), 0xfebf0000);
	assert_int_equal(get(client, 0, TICKS), 0);
}

static void saved_at_the_end(void **state)
{
	struct folder *folder = *state;
	struct server server;
	struct client client;
	struct stat st;

	start(&server, &client, "save", folder->file);
	write_state(&client);
	assert_int_equal(access(folder->file, F_OK), -1);
	assert_int_equal(server_stop(&server), 0);
	client_close(&client);
	assert_int_equal(stat(folder->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	start(&server, &client, "restore", folder->file);
	check_state(&client);
	client_close(&client);
	assert_int_equal(server_stop(&server), 0);
}

/* The device goes on after a SIGUSR1; what it does later is not in the file. */
static void saved_by_signal(void **state)
{
	struct folder *folder = *state;
	struct pollfd p = {.fd = inotify_init1(IN_CLOEXEC), .events = POLLIN};
	struct server server;
	struct client client;
	char saved[96];

	snprintf(saved, sizeof(saved), "%s/copy", folder->path);
	assert_true(inotify_add_watch(p.fd, folder->path, IN_MOVED_TO) >= 0);
	start(&server, &client, "save", folder->file);
	write_state(&client);
	assert_int_equal(kill(server.pid, SIGUSR1), 0);
	assert_int_equal(poll(&p, 1, CLIENT_WAIT_MS), 1);
	assert_int_equal(rename(folder->file, saved), 0);
	put(&client, 0, SCRATCH, 1);
	assert_int_equal(get(&client, 0, SCRATCH), 1);
	client_close(&client);
	assert_int_equal(server_stop(&server), 0);
	start(&server, &client, "restore", saved);
	check_state(&client);
	client_close(&client);
	assert_int_equal(server_stop(&server), 0);
	unlink(saved);
	close(p.fd);
}

/* What the program says when it is to restore or save this file; it must end with status 1. */
static void expect_refusal_of(const char *option, const char *device, const char *file,
			      const char *said)
{
	char path[256], command[512], text[4096];
	size_t n;
	FILE *out;

	snprintf(command, sizeof(command), "timeout 10 %s --%s=%s %s.sock 2>&1",
		 program(path, sizeof(path), device), option, file, file);
	out = popen(command, "r");
	assert_non_null(out);
	n = fread(text, 1, sizeof(text) - 1, out);
	text[n] = '\0';
	assert_int_equal(WEXITSTATUS(pclose(out)), 1);
	if (!strstr(text, said))
		print_error("%s", text);
	assert_non_null(strstr(text, said));
}

static void expect_refusal(const char *device, const char *file, const char *said)
{
	expect_refusal_of("restore", device, file, said);
}

static void make_file(struct folder *folder)
{
	struct server server;
	struct client client;

	start(&server, &client, "save", folder->file);
	write_state(&client);
	assert_int_equal(server_stop(&server), 0);
	client_close(&client);
}

static void flip(const char *file, off_t at)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void bad_files(void **state)
{
	struct folder *folder = *state;

	expect_refusal("mdltest", folder->file, "No such file");
	make_file(folder);
	expect_refusal("gpio-idio16", folder->file, "it is of another device, mdltest");
	flip(folder->file, 5000);
	expect_refusal("mdltest", folder->file, "a checksum is wrong");
	flip(folder->file, 5000);
	flip(folder->file, 4);
	expect_refusal("mdltest", folder->file, "this is no record");
	flip(folder->file, 4);
	assert_int_equal(truncate(folder->file, 4096), 0);
	expect_refusal("mdltest", folder->file, "it is incomplete");
	assert_int_equal(truncate(folder->file, 0), 0);
	expect_refusal("mdltest", folder->file, "is empty");
	expect_refusal("mdltest", folder->path, "Is a directory");
}

/* Where nothing can be written, the program says so at the end. */
/* Said when the program starts, and at the latest when it ends. */
static void no_place(void **state)
{
	struct folder *folder = *state;
	char inner[80], file[96];
	struct server server;
	struct client client;

	expect_refusal_of("save", "mdltest", "/nowhere/at/all", "No such file");
	expect_refusal_of("save", "mdltest", folder->path, "it is no regular file");
	snprintf(inner, sizeof(inner), "%s/inner", folder->path);
	snprintf(file, sizeof(file), "%s/state", inner);
	assert_int_equal(mkdir(inner, 0700), 0);
	start(&server, &client, "save", file);
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(server_stop(&server), 1);
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(saved_at_the_end, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(saved_by_signal, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(bad_files, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(no_place, make_folder, remove_folder),
	};

	alarm(120);
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
