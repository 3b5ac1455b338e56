/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages: order, suppression, waivers, carets, colours; and the words that are suggested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "source.h"

static struct arena *arena;
static struct diag *diag;
static struct source *source;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create();
	diag = diag_create(arena, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void use(const char *text)
{
	source = source_of_text(arena, "t.mdl", text, strlen(text));
	source->number = 1;
}

static struct loc at(uint32_t line, uint32_t col, uint32_t end_col)
{
	return (struct loc){source, line, col, line, end_col};
}

/* What diag_flush() writes. */
static const char *flushed(bool *error)
{
	char *text = arena_alloc(arena, 65536);
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	bool failed;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	failed = diag_flush(diag);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	text[fread(text, 1, 65535, file)] = '\0';
	fclose(file);
	if (error)
		*error = failed;
	return text;
}

static void a_message_shows_its_place(void **state)
{
	bool failed;

	(void)state;
	use("const A = 1;\nconst  BC = 2;\n");
	assert_true(diag_report(diag, CHECK_SYNTAX, at(2, 8, 10), "so %s", "not"));
	diag_note(diag, at(1, 7, 8), "here");
	diag_help(diag, "do this");
	assert_string_equal(flushed(&failed), "t.mdl:2:8: error: so not [syntax]\n"
					      "    2 | const  BC = 2;\n"
					      "      |        ^~\n"
					      "t.mdl:1:7: note: here\n"
					      "    1 | const A = 1;\n"
					      "      |       ^\n"
					      "      = note: do this\n");
	assert_true(failed);
	assert_string_equal(flushed(&failed), "");
}

static void carets_stand_below_any_characters(void **state)
{
	static const struct {
		const char *line;
		uint32_t col, end_col;
		const char *expected;
	} cases[] = {
		/* a tab is shown as blanks; columns count characters */
		{"\tab", 2, 4, ":1:2: error: x [syntax]\n    1 |         ab\n      |         ^~\n"},
		{"a\tbc", 3, 5,
		 ":1:3: error: x [syntax]\n    1 | a       bc\n      |         ^~\n"},
		/* two bytes, one column */
		{"\xc3\xa9 ab", 4, 6,
		 ":1:3: error: x [syntax]\n    1 | \xc3\xa9 ab\n      |   ^~\n"},
		/* three bytes, two columns */
		{"\xe4\xb8\xad ab", 5, 7,
		 ":1:3: error: x [syntax]\n    1 | \xe4\xb8\xad ab\n      |    ^~\n"},
		/* the wide character itself */
		{"a\xe4\xb8\xad", 2, 5,
		 ":1:2: error: x [syntax]\n    1 | a\xe4\xb8\xad\n      |  ^~\n"},
		/* a combining mark takes no column */
		{"e\xcc\x81 ab", 5, 6,
		 ":1:4: error: x [syntax]\n    1 | e\xcc\x81 ab\n      |   ^\n"},
		/* behind the last character */
		{"ab\r\n", 3, 4, ":1:3: error: x [syntax]\n    1 | ab\n      |   ^\n"},
		/* what would steer a terminal does not reach it */
		{"\x1b[1m\xff", 6, 7, ":1:6: error: x [syntax]\n    1 | ?[1m?\n      |      ^\n"},
		{"a\xe2\x80\xae\xe2\x81\xa6 b", 9, 10,
		 ":1:5: error: x [syntax]\n    1 | a?? b\n      |     ^\n"},
		{"a", 1, 100, ":1:1: error: x [syntax]\n    1 | a\n      | ^\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		diag = diag_create(arena, NULL);
		use(cases[i].line);
		diag_report(diag, CHECK_SYNTAX, at(1, cases[i].col, cases[i].end_col), "x");
		assert_string_equal(flushed(NULL) + strlen("t.mdl"), cases[i].expected);
	}
}

static void messages_come_in_the_sources_order_once(void **state)
{
	const char *text;

	(void)state;
	use("a\nb\nc\n");
	diag_report(diag, CHECK_SYNTAX, at(3, 1, 2), "third");
	diag_report(diag, CHECK_SYNTAX, at(1, 1, 2), "first");
	diag_note(diag, at(2, 1, 2), "with its note");
	assert_false(diag_report(diag, CHECK_SYNTAX, at(3, 1, 2), "third"));
	diag_note(diag, at(2, 1, 2), "lost with the repetition");
	diag_report(diag, CHECK_SYNTAX, at(2, 1, 2), "second");
	assert_int_equal(diag_errors(diag), 3);
	text = flushed(NULL);
	assert_true(strstr(text, "first") < strstr(text, "its note"));
	assert_true(strstr(text, "its note") < strstr(text, "second"));
	assert_true(strstr(text, "second") < strstr(text, "third"));
	assert_null(strstr(text, "lost"));
	assert_null(strstr(strstr(text, "third") + 1, "third"));
}

static struct diag *with_setting(enum check_id check, unsigned char setting, bool werror, bool wall)
{
	struct diag_options options = {.werror = werror, .wall = wall};

	options.setting[check] = setting;
	return diag_create(arena, &options);
}

static void settings_choose_the_severity(void **state)
{
	enum check_id warning = CHECK_BAD_WAIVER, style = check_find("name-case");
	static const struct {
		bool style;
		unsigned char setting;
		bool werror, wall;
		int expected; /* 0 nothing, 1 warning or style, 2 error */
	} cases[] = {
		{false, 0, false, false, 1}, {false, 1, false, false, 0},
		{false, 2, false, false, 1}, {false, 3, false, false, 2},
		{false, 0, true, false, 2},  {false, 1, true, false, 0},
		{false, 4, true, false, 1},  {true, 0, false, false, 0},
		{true, 0, false, true, 1},   {true, 2, false, false, 1},
		{true, 1, false, true, 0},   {true, 3, false, false, 2},
		{true, 0, true, false, 0},   {true, 0, true, true, 2},
	};

	(void)state;
	use("a\n");
	assert_int_equal(check_severity(style), SEV_STYLE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum check_id check = cases[i].style ? style : warning;
		bool said;
		int found;

		diag = with_setting(check, cases[i].setting, cases[i].werror, cases[i].wall);
		assert_int_equal(diag_enabled(diag, check), cases[i].expected != 0);
		said = diag_report(diag, check, at(1, 1, 2), "x");
		found = !said ? 0 : diag_errors(diag) ? 2 : 1;
		if (found != cases[i].expected)
			fail_msg("case %zu gives %d", i, found);
	}
}

static void waivers_silence_one_check_on_one_line(void **state)
{
	const enum check_id check = check_find("unused-const");

	(void)state;
	use("a\nb\nc\nd\ne\nf\n");
	diag_add_waiver(diag, at(1, 3, 4), "unused-const", 12, false);
	diag_add_waiver(diag, at(2, 1, 4), "unused-enum", 11, true);
	diag_add_waiver(diag, at(3, 1, 4), "unused-const", 12, true);
	assert_false(diag_report(diag, check, at(1, 1, 2), "x"));
	assert_true(diag_report(diag, check, at(2, 1, 2), "x"));
	assert_true(diag_report(diag, check, at(3, 1, 2), "x"));
	assert_false(diag_report(diag, check, at(4, 1, 2), "x"));
	/* the one above, which stands above another */
	assert_false(diag_report(diag, check_find("unused-enum"), at(4, 1, 2), "x"));
	assert_true(diag_report(diag, check, at(5, 1, 2), "x"));
	/* unknown, and an error */
	diag_add_waiver(diag, at(6, 1, 2), "unused-cons", 11, false);
	diag_add_waiver(diag, at(6, 3, 4), "overlap", 7, false);
	assert_true(diag_report(diag, check_find("overlap"), at(6, 1, 2), "x"));
	assert_non_null(strstr(flushed(NULL), "did you mean 'unused-const'?"));
}

static void a_context_is_named_by_each_report(void **state)
{
	const char *text;

	(void)state;
	use("a\nb\n");
	diag_push_context(diag, at(1, 1, 2), "in template '%s', instantiated here", "T");
	diag_report(diag, CHECK_SYNTAX, at(2, 1, 2), "x");
	diag_pop_context(diag);
	diag_report(diag, CHECK_SYNTAX, at(2, 2, 3), "y");
	text = flushed(NULL);
	assert_non_null(strstr(text, "t.mdl:1:1: note: in template 'T', instantiated here\n"));
	assert_null(strstr(strstr(text, "error: y"), "template"));
}

static void errors_beyond_the_limit_are_counted(void **state)
{
	const struct diag_options options = {.max_errors = 2};
	const char *text;

	(void)state;
	use("abcdef\n");
	diag = diag_create(arena, &options);
	for (uint32_t i = 1; i <= 5; i++)
		diag_report(diag, CHECK_SYNTAX, at(1, i, i + 1), "number %u", i);
	assert_int_equal(diag_errors(diag), 5);
	text = flushed(NULL);
	assert_non_null(strstr(text, "number 2"));
	assert_null(strstr(text, "number 3"));
	assert_non_null(strstr(text, "3 more errors"));
}

static void colours_are_only_where_asked_for(void **state)
{
	const struct diag_options options = {.color = true};

	(void)state;
	use("abc\n");
	diag_report(diag, CHECK_SYNTAX, at(1, 1, 2), "x");
	assert_null(strchr(flushed(NULL), '\033'));
	diag = diag_create(arena, &options);
	diag_report(diag, CHECK_SYNTAX, at(1, 1, 2), "x\033[31m");
	assert_non_null(strstr(flushed(NULL), "\033[1;31merror:\033[0m"));
}

static void includes_are_named(void **state)
{
	static struct loc included;
	struct source *outer;

	(void)state;
	use("include \"b\";\n");
	outer = source;
	included = at(1, 9, 12);
	source = source_of_text(arena, "b.mdl", "x\n", 2);
	source->included_at = &included;
	source->number = 2;
	diag_report(diag, CHECK_SYNTAX, at(1, 1, 2), "x");
	assert_string_equal(flushed(NULL), "In file included from t.mdl:1:\n"
					   "b.mdl:1:1: error: x [syntax]\n"
					   "    1 | x\n"
					   "      | ^\n");
	source = outer;
}

static void near_words_are_suggested(void **state)
{
	static const char *const words[] = {"width", "woclr",   "volatile", "ro",
					    "rw",    "posedge", "MODE"};
	static const char *const cases[][2] = {
		{"widht", "width"},       {"wdth", "width"},
		{"widthh", "width"},      {"volatil", "volatile"},
		{"Volatile", "volatile"}, {"mode", "MODE"},
		{"w0clr", "woclr"},       {"posdege", "posedge"},
		{"xyzzy", NULL},          {"", NULL},
		{"banana", NULL},         {"x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found = suggest(cases[i][0], words, sizeof(words) / sizeof(words[0]));

		if (!cases[i][1])
			assert_null(found);
		else if (!found || strcmp(found, cases[i][1]) != 0)
			fail_msg("'%s' suggests '%s'", cases[i][0], found ? found : "nothing");
	}
}

static void every_check_has_a_whole_row(void **state)
{
	(void)state;
	for (int i = 0; i < CHECK_COUNT; i++) {
		const char *name = check_name((enum check_id)i);
		const char *explanation = check_explanation((enum check_id)i);

		assert_int_equal(check_find(name), i);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(name));
		if (strlen(explanation) < 60 || explanation[strlen(explanation) - 1] != '\n')
			fail_msg("'%s' explains nothing", name);
		for (const char *line = explanation; *line; line += strcspn(line, "\n") + 1)
			if (strcspn(line, "\n") > 100)
				fail_msg("'%s' has a line of more than 100 characters", name);
	}
	assert_int_equal(check_find("no-such-check"), CHECK_COUNT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_shows_its_place),
		TEST(carets_stand_below_any_characters),
		TEST(messages_come_in_the_sources_order_once),
		TEST(settings_choose_the_severity),
		TEST(waivers_silence_one_check_on_one_line),
		TEST(a_context_is_named_by_each_report),
		TEST(errors_beyond_the_limit_are_counted),
		TEST(colours_are_only_where_asked_for),
		TEST(includes_are_named),
		TEST(near_words_are_suggested),
		TEST(every_check_has_a_whole_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
