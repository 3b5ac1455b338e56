/* SPDX-License-Identifier: BSD-2-Clause */
/* Files written whole or not at all. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "output.h"

static char folder[] = "/tmp/mdl-output-XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int leave(void **state)
{
	static const char *const names[] = {"a", "b", "link", "sub", "ro"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(names[i]);
	return chdir("/") || rmdir(folder);
}

static struct output make(const char *path, const char *text)
{
	return (struct output){.path = path, .data = text, .size = strlen(text)};
}

static void holds(const char *path, const char *text)
{
	char data[64] = "";
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	data[fread(data, 1, sizeof(data) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(data, text);
}

static unsigned count_files(void)
{
	DIR *dir = opendir(".");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void writes_all(void **state)
{
	struct output outputs[] = {make("a", "one\n"), make("b", "")};
	struct stat st;

	(void)state;
	umask(027);
	assert_int_equal(output_write(outputs, 2), 0);
	holds("a", "one\n");
	holds("b", "");
	assert_int_equal(count_files(), 2);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void same_is_untouched(void **state)
{
	struct output outputs[] = {make("a", "one\n"), make("b", "two\n")};
	struct stat before, after;

	(void)state;
	assert_int_equal(chmod("a", 0604), 0);
	assert_int_equal(stat("a", &before), 0);
	assert_int_equal(output_write(outputs, 2), 0);
	assert_int_equal(stat("a", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	holds("b", "two\n");
	outputs[0] = make("a", "onE\n"); /* as long, but not the same; it keeps its rights */
	assert_int_equal(output_write(outputs, 2), 0);
	holds("a", "onE\n");
	assert_int_equal(stat("a", &after), 0);
	assert_int_equal(after.st_mode & 0777, 0604);
}

/* The second cannot be written: the first stays as it was, and nothing is left lying about. */
static void error_changes_nothing(void **state)
{
	struct output outputs[] = {make("a", "new\n"), make("missing/b", "new\n")};
	unsigned n = count_files();

	(void)state;
	assert_int_equal(output_write(outputs, 2), -1);
	holds("a", "onE\n");
	assert_int_equal(count_files(), n);
	assert_int_equal(mkdir("sub", 0700), 0);
	outputs[1] = make("sub", "new\n");
	assert_int_equal(output_write(outputs, 2), -1);
	holds("a", "onE\n");
	assert_int_equal(count_files(), n + 1);
}

static void devices_are_written_to(void **state)
{
	struct output outputs[] = {make("/dev/null", "gone\n")};
	struct stat st;

	(void)state;
	assert_int_equal(output_write(outputs, 1), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	outputs[0] = make("/dev/full", "no room\n");
	assert_int_equal(output_write(outputs, 1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_all),
		cmocka_unit_test(same_is_untouched),
		cmocka_unit_test(error_changes_nothing),
		cmocka_unit_test(devices_are_written_to),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
