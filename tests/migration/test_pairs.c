// SPDX-License-Identifier: BSD-2-Clause
/*
 * mdlc --check-compat against what the programs do: pairs of descriptions (pairs/), both built.
 * The first line of each X.sed says
 *
 *	# VERDICT; what its program does with a stream of base; VERDICT on the way back; what base
 *does
 *
 * with the verdicts goes or break, and back, not, or - (none: it is a break anyhow).  A break whose
 *stream loads all the same is one that no load can see: the bytes would mean something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/client.h"

#define PAIRS   "tests/migration/pairs/"
#define MAX_OUT 16384

struct expected {
	char verdict[16], loads[16], back[16], back_loads[16];
};

static char dir[] = "/tmp/mdl-pairs-XXXXXX";

static const char *build(void)
{
	const char *path = getenv("BUILD");

	return path ? path : "build";
}

static int run(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A command's exit status, and what it prints. */
static int run(char *out, const char *format, ...)
{
	char command[1024];
	va_list args;
	FILE *pipe;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	out[fread(out, 1, MAX_OUT - 1, pipe)] = '\0';
	return WEXITSTATUS(pclose(pipe));
}

static void expect(const char *name, struct expected *expected)
{
	char path[128], line[128];
	FILE *file;

	snprintf(path, sizeof(path), PAIRS "%s.sed", name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_int_equal(sscanf(line, "# %15[^;]; %15[^;]; %15[^;]; %15s", expected->verdict,
				expected->loads, expected->back, expected->back_loads),
			 4);
}

/* Serve a client with these options, end.  False: it did not come so far. */
static bool serve(const char *name, const char *const *options)
{
	char program[256];
	struct client client;
	struct server server;
	bool served;

	snprintf(program, sizeof(program), "%s/tests/migration/pairs/%s", build(), name);
	assert_int_equal(server_start(&server, program, options), 0);
	served = client_open(&client, server.path) == 0;
	if (served)
		client_close(&client);
	return server_stop(&server) == 0 && served;
}

/* A stream of the program, written as a device of version 1 writes it. */
static void save(const char *name, char *file, size_t size)
{
	char option[300];
	const char *const options[] = {option, "--stream-version=1", NULL};

	snprintf(file, size, "%s/%s.stream", dir, name);
	snprintf(option, sizeof(option), "--save=%s", file);
	assert_true(serve(name, options));
}

/* It begins with what the stream says, or it ends with the reason. */
static void load(const char *name, const char *file, const char *wanted)
{
	char out[MAX_OUT], option[300];
	const char *const options[] = {option, NULL};
	int status;

	snprintf(option, sizeof(option), "--restore=%s", file);
	if (strcmp(wanted, "loads") == 0) {
		if (!serve(name, options))
			fail_msg("%s does not take %s", name, file);
		return;
	}
	status = run(out, "timeout 20 %s/tests/migration/pairs/%s %s %s/sock 2>&1", build(), name,
		     option, dir);
	if (status != 1 || !strstr(out, "migration refused: "))
		fail_msg("%s, from %s: status %d, %s", name, file, status, out);
}

static void check_pair(const char *name)
{
	struct expected expected;
	char out[MAX_OUT], file[256];
	int status;

	expect(name, &expected);
	status = run(out,
		     "%s/bin/mdlc -Wno-irq-unused -Wno-unused-timer -Wno-woclr-unset "
		     "--check-compat %s/base.json %s/gen/tests/migration/pairs/%s.mdl",
		     build(), dir, build(), name);
	if (status != (strcmp(expected.verdict, "goes") != 0))
		fail_msg("%s: verdict %d: %s", name, status, out);
	if ((strstr(out, "back: streams of") != NULL) != (expected.back[0] != '-') ||
	    (strstr(out, "do not load in") != NULL) != (expected.back[0] == 'n'))
		fail_msg("%s: the way back: %s", name, out);
	/* Each break with what to write instead. */
	for (const char *at = out; (at = strstr(at, "break: ")); at++)
		assert_int_equal(strncmp(strchr(at, '\n') + 1, "       mend: ", 13), 0);
	save("base", file, sizeof(file));
	load(name, file, expected.loads);
	save(name, file, sizeof(file));
	load("base", file, expected.back_loads);
}

static void verdicts_and_programs(void **state)
{
	char out[MAX_OUT], name[64];
	glob_t found;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(run(out,
			     "%s/bin/mdlc -Wno-irq-unused -Wno-unused-timer --emit=json -o "
			     "%s/base.json " PAIRS "base.mdl",
			     build(), dir),
			 0);
	assert_int_equal(glob(PAIRS "*.sed", 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		assert_int_equal(sscanf(strrchr(found.gl_pathv[i], '/') + 1, "%63[^.]", name), 1);
		check_pair(name);
	}
	globfree(&found);
	assert_int_equal(run(out, "rm -r %s", dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_and_programs),
	};

	alarm(240);
	return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
