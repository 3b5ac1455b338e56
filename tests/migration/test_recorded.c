// SPDX-License-Identifier: BSD-2-Clause
/*
 * Streams that earlier versions wrote (recorded/, by --save) load today; what mdl-dump-stream says
 * of them.  A change that makes one of these fail breaks the migration of running guests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/client.h"

#define RECORDED "tests/migration/recorded/"
#define TEXT_MAX (1u << 20)

struct device {
	struct server server;
	struct client client;
};

static const char *build(void)
{
	const char *path = getenv("BUILD");

	return path ? path : "build";
}

/* Start program, which is below build/, with a recorded state; save it at the end, with an option.
 */
static void restore_and_save(struct device *device, const char *name, const char *file,
			     const char *save, const char *option)
{
	char program[256], from[256], to[256];
	const char *const arguments[] = {from, save ? to : NULL, option, NULL};

	snprintf(program, sizeof(program), "%s/%s", build(), name);
	snprintf(from, sizeof(from), "--restore=%s", file);
	snprintf(to, sizeof(to), "--save=%s", save ? save : "");
	assert_int_equal(server_start(&device->server, program, arguments), 0);
	assert_int_equal(client_open(&device->client, device->server.path), 0);
}

static void restore(struct device *device, const char *name, const char *file, const char *save)
{
	restore_and_save(device, name, file, save, NULL);
}

static void stop(struct device *device)
{
	client_close(&device->client);
	assert_int_equal(server_stop(&device->server), 0);
}

static uint64_t get(struct device *device, uint32_t region, uint64_t offset, uint32_t size)
{
	uint64_t value = 0;

	assert_int_equal(client_get(&device->client, region, offset, size, &value), 0);
	return value;
}

/* What a command prints, to be freed; *status is its exit status. */
static char *output_of(const char *command, int *status)
{
	char *text = calloc(1, TEXT_MAX);
	FILE *out = popen(command, "r");

	assert_non_null(text);
	assert_non_null(out);
	assert_true(fread(text, 1, TEXT_MAX - 1, out) < TEXT_MAX - 1);
	*status = WEXITSTATUS(pclose(out));
	return text;
}

static char *dump(const char *file, int *status)
{
	char command[512];

	snprintf(command, sizeof(command), "%s/bin/mdl-dump-stream %s 2>&1", build(), file);
	return output_of(command, status);
}

static void expect_in_dump(const char *file, int wanted, const char *const *texts)
{
	int status;
	char *text = dump(file, &status);

	assert_int_equal(status, wanted);
	for (; *texts; texts++) {
		if (!strstr(text, *texts))
			print_error("'%s' is not in:\n%s", *texts, text);
		assert_non_null(strstr(text, *texts));
	}
	free(text);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void check_gauge(struct device *gauge)
{
	static const uint8_t ends[] = "migrates";
	uint8_t pad[8];

	assert_int_equal(get(gauge, 0, 0x08, 8), 42);
	assert_true(get(gauge, 0, 0x18, 8) == UINT64_C(0x123456789a));
	assert_int_equal(get(gauge, 0, 0x28, 4), 3600000000u);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(get(gauge, 0, 0x40 + 4 * i, 4), 0x1111 * (i + 1));
	assert_int_equal(client_read(&gauge->client, 2, 0x1ffc, pad, 8), 0);
	assert_memory_equal(pad, ends, 8);
	assert_int_equal(get(gauge, 2, 0x801f, 1), 31);
	assert_int_equal(get(gauge, VU_REGION_CONFIG, 4, 2), 6);
}

static void gauge_in_its_version(void **state)
{
	struct device gauge;

	(void)state;
	restore(&gauge, "tests/migration/gauge1", RECORDED "gauge-v1.stream", NULL);
	check_gauge(&gauge);
	assert_int_equal(get(&gauge, 0, 0x10, 4), 1);
	stop(&gauge);
}

/* A wider variable, one that is no more, a new one, a new register. */
static void gauge_in_the_next_version(void **state)
{
	char file[] = "/tmp/mdl-recorded-XXXXXX", command[512];
	struct device gauge;
	int status;
	char *text;

	(void)state;
	assert_true(close(mkstemp(file)) == 0);
	restore(&gauge, "tests/migration/gauge2", RECORDED "gauge-v1.stream", file);
	check_gauge(&gauge);
	assert_int_equal(get(&gauge, 0, 0x10, 4), 2);
	assert_int_equal(get(&gauge, 0, 0x60, 4), 5);
	stop(&gauge);
	expect_in_dump(file, 0,
		       TEXTS("device       gauge version 2", "variable     added 0x2\n",
			     "variable     step 0x3\n", "register     EXTRA 0x5\n"));
	text = dump(file, &status);
	assert_null(strstr(text, "obsolete"));
	free(text);
	/* and not back, unless it is written for that */
	snprintf(command, sizeof(command),
		 "timeout 10 %s/tests/migration/gauge1 --restore=%s %s.sock 2>&1", build(), file,
		 file);
	text = output_of(command, &status);
	assert_int_equal(status, 1);
	assert_non_null(strstr(text, "it is of version 2, this is 1"));
	free(text);
	unlink(file);
}

/* What gauge2 saves for version 1: a wider variable whose value fits, the one that is no more
 * there, not the new ones. */
static void gauge_in_the_version_before(void **state)
{
	char file[] = "/tmp/mdl-recorded-XXXXXX";
	struct device gauge;
	int status;
	char *text;

	(void)state;
	assert_true(close(mkstemp(file)) == 0);
	restore_and_save(&gauge, "tests/migration/gauge2", RECORDED "gauge-v1.stream", file,
			 "--stream-version=1");
	assert_int_equal(client_put(&gauge.client, 0, 0, 4, 0), 0);
	stop(&gauge);
	expect_in_dump(file, 0,
		       TEXTS("device       gauge version 1", "variable     added 0x3\n",
			     "variable     obsolete 0x7\n"));
	text = dump(file, &status);
	assert_null(strstr(text, "step"));
	assert_null(strstr(text, "EXTRA"));
	free(text);
	restore(&gauge, "tests/migration/gauge1", file, NULL);
	check_gauge(&gauge);
	assert_int_equal(get(&gauge, 0, 0x10, 4), 1);
	stop(&gauge);
	/* and on again */
	restore(&gauge, "tests/migration/gauge2", file, NULL);
	check_gauge(&gauge);
	assert_int_equal(get(&gauge, 0, 0x60, 4), 5);
	stop(&gauge);
	unlink(file);
}

static void check_timer(const char *file)
{
	struct device device;
	uint8_t ram[0x3000];
	uint64_t since;

	restore(&device, "bin/timer", file, NULL);
	assert_int_equal(client_read(&device.client, 1, 0, ram, sizeof(ram)), 0);
	for (unsigned i = 0; i < sizeof(ram); i++)
		assert_int_equal(ram[i], (uint8_t)(i * 7));
	/* 2100-01-01 */
	since = (uint64_t)time(NULL) - 4102444800u;
	assert_true(get(&device, 0, 0, 8) - since <= 1);
	stop(&device);
}

static void timer(void **state)
{
	(void)state;
	check_timer(RECORDED "timer-v1.stream");
}

/* By way of PRE_COPY, 6 KiB of it, while RAM had other bytes; then it begins anew. */
static void timer_by_pre_copy(void **state)
{
	(void)state;
	check_timer(RECORDED "timer-v1-restart.stream");
	expect_in_dump(RECORDED "timer-v1-restart.stream", 0,
		       TEXTS("device       timer version 1", "000000: ee ee",
			     "restart      what stands above does not count\n",
			     "register     ALARM 0xf4865700\n", "000000: 00 07 0e"));
}

static void gpio(void **state)
{
	struct device device;

	(void)state;
	restore(&device, "bin/gpio-idio16", RECORDED "gpio-idio16-v1.stream", NULL);
	assert_int_equal(get(&device, 2, 0, 1), 0xa5);
	assert_int_equal(get(&device, 2, 4, 1), 0x5a);
	assert_int_equal(get(&device, VU_REGION_CONFIG, 4, 2) & 3, 1);
	stop(&device);
}

static void dump_is_as_recorded(void **state)
{
	int status;
	char *text = dump(RECORDED "gauge-v1.stream", &status), *wanted;

	(void)state;
	assert_int_equal(status, 0);
	wanted = output_of("cat " RECORDED "gauge-v1.dump", &status);
	assert_string_equal(text, wanted);
	free(text);
	free(wanted);
}

/* The first `size` bytes of the recorded stream with one byte flipped, in a new file. */
static void damage(char *file, size_t size, size_t at)
{
	static uint8_t bytes[1 << 17];
	int from = open(RECORDED "gauge-v1.stream", O_RDONLY | O_CLOEXEC), to = mkstemp(file);
	ssize_t n = read(from, bytes, size);

	assert_true(n == (ssize_t)size && at < size);
	bytes[at] ^= 4;
	assert_int_equal(write(to, bytes, size), n);
	close(from);
	close(to);
}

static void dump_of_damaged_files(void **state)
{
	char cut[] = "/tmp/mdl-recorded-XXXXXX", flipped[] = "/tmp/mdl-recorded-XXXXXX";

	(void)state;
	damage(cut, 30000, 29999);
	expect_in_dump(cut, 1, TEXTS("device       gauge version 1", "it is incomplete"));
	damage(flipped, 66560, 100);
	expect_in_dump(flipped, 1, TEXTS("device       gauge version 1", "a checksum is wrong"));
	expect_in_dump("Makefile", 1, TEXTS("this is no record"));
	expect_in_dump("/nowhere", 1, TEXTS("No such file"));
	expect_in_dump("", 2, TEXTS("usage:"));
	unlink(cut);
	unlink(flipped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gauge_in_its_version),
		cmocka_unit_test(gauge_in_the_next_version),
		cmocka_unit_test(gauge_in_the_version_before),
		cmocka_unit_test(timer),
		cmocka_unit_test(timer_by_pre_copy),
		cmocka_unit_test(gpio),
		cmocka_unit_test(dump_is_as_recorded),
		cmocka_unit_test(dump_of_damaged_files),
	};

	alarm(120);
	return cmocka_run_group_tests_name("recorded", tests, NULL, NULL);
}
