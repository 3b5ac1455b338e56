/* SPDX-License-Identifier: BSD-2-Clause */
/* Skeletons to m4: the sugar, mistakes in it, and that facts are documented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "facts.h"
#include "filter.h"
#include "m4.h"
#include "sections.h"
#include "skeleton.h"

static char folder[] = "/tmp/mdl-skeleton-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static void path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", folder, name);
}

static int remove_folder(void **state)
{
	char path[64];

	(void)state;
	path_of(path, sizeof(path), "x.m4");
	unlink(path);
	return rmdir(folder);
}

/* Translate the text; returns plain m4, or NULL if it was refused. */
static char *translate(const char *text, bool *needed)
{
	char path[64], *m4 = NULL;
	size_t size = 0;
	FILE *file;
	int result;

	path_of(path, sizeof(path), "x.m4");
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	file = open_memstream(&m4, &size);
	assert_non_null(file);
	result = skeleton_translate(file, folder, "x.m4", needed);
	fclose(file);
	if (result) {
		free(m4);
		return NULL;
	}
	return m4;
}

/* What a skeleton and facts make together. */
static void expect(const char *skeleton, const char *facts, const char *output)
{
	bool needed[FACT_COUNT];
	char *m4 = translate(skeleton, needed), *input;
	struct sections sections = {0};
	struct filter filter = {0};

	assert_non_null(m4);
	assert_true(asprintf(&input, "%s%s", m4, facts) > 0);
	filter_add_file(&filter, "out", "out");
	assert_int_equal(m4_run(input, strlen(input), &sections), 0);
	assert_int_equal(sections_flush(&sections, &filter), 0);
	assert_int_equal(filter.files[0].text.size, strlen(output));
	if (*output)
		assert_memory_equal(filter.files[0].text.data, output, strlen(output));
	filter_free(&filter);
	free(input);
	free(m4);
}

#define HEAD    "@sections out: a b\n@fact end\n@to a\n"
#define Q(text) "\001" text "\002"

/* FACT_end is (nconfig, first_config, init). */
static void conditions_choose(void **state)
{
	static const char skeleton[] = HEAD "@if nconfig\nif ${nconfig}\n@else\nelse\n@endif\n"
					    "@ifnot first_config\nnot\n@endif\n"
					    "@ifeq init x,y\nsame\n@endif\n@end\n";

	(void)state;
	expect(skeleton, "d4_end(" Q("1") "," Q("0") "," Q("x,y") ")\n", "if 1\nnot\nsame\n");
	expect(skeleton, "d4_end(" Q("0") "," Q("") "," Q("x") ")\n", "else\nnot\n");
	expect(skeleton, "d4_end(" Q("") "," Q("10") "," Q("") ")\n", "else\n");
	expect(skeleton, "d4_end(" Q("a,0,b") "," Q(",") "," Q("") ")\n", "if a,0,b\n");
}

static void sections_have_an_order(void **state)
{
	(void)state;
	expect("@sections out: a b\n@fact end\n@to b\n2\n@to a\n1\n@to b unless nconfig\n3\n"
	       "@to b if nconfig\n4\n@end\n",
	       "d4_end(" Q("0") ",,)\nd4_end(" Q("7") ",,)\n", "1\n1\n2\n3\n2\n4\n");
}

static void text_is_not_expanded(void **state)
{
	(void)state;
	expect(HEAD "${nconfig} \"${s:nconfig}\" $x\n@@x @y\n@# gone\n@end\n",
	       "d4_end(" Q("m4_exit(1) $1 ), \"") ",,)\n",
	       "m4_exit(1) $1 ), \" \"m4_exit(1) $1 ), \\\"\" $x\n@x @y\n");
}

static void mistakes_are_refused(void **state)
{
	static const char *const wrong[] = {
		"text\n",
		"@fact nothing\n@end\n",
		"@fact end\n",
		"@fact end\n@fact end\n@end\n@end\n",
		"@fact end\n@end\n@fact end\n@end\n",
		"@fact end\n${other}\n@end\n",
		"@fact end\n${x:nconfig}\n@end\n",
		"@fact end\n${nconfig\n@end\n",
		"@fact end\n@if nconfig\n@end\n",
		"@fact end\n@endif\n@end\n",
		"@fact end\n@to elsewhere\n@end\n",
		HEAD "@to a when nconfig\n@end\n",
		"@fact end\n«\n@end\n",
		"@define end\n@end\n",
		"m4_define(«d4_end», 1)\n",
		"@end\n",
		"@wrong\n",
		"@include x.m4\n",
		"@include missing.m4\n",
	};
	bool needed[FACT_COUNT];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (translate(wrong[i], needed))
			fail_msg("taken: %s", wrong[i]);
}

static void needed_facts_are_told(void **state)
{
	bool needed[FACT_COUNT];
	char *m4 = translate(HEAD "@end\n", needed);

	(void)state;
	assert_non_null(m4);
	assert_true(needed[FACT_end]);
	assert_true(needed[FACT_device]); /* everybody's name */
	assert_false(needed[FACT_reg]);
	free(m4);
}

/* In pieces of every size; what belongs nowhere is gone; broken marks are refused. */
static void parts_are_put_in_order(void **state)
{
	static const char input[] = "x\0172;b1\0170;gone\01712;c\0171;a\0172;b2\017";
	static const char *const broken[] = {"\017", "\0171", "\0171x", "\01764;",
					     "\0179999999999;"};

	(void)state;
	for (size_t piece = 1; piece < sizeof(input); piece++) {
		struct sections sections = {0};
		struct filter filter = {0};

		filter_add_file(&filter, "out", "out");
		for (size_t at = 0; at < sizeof(input) - 1; at += piece)
			sections_feed(&sections, input + at,
				      piece < sizeof(input) - 1 - at ? piece
								     : sizeof(input) - 1 - at);
		sections_feed(&sections, "0;", 2);
		assert_int_equal(sections_flush(&sections, &filter), 0);
		assert_int_equal(filter.files[0].text.size, 6);
		assert_memory_equal(filter.files[0].text.data, "ab1b2c", 6);
		sections_free(&sections);
		filter_free(&filter);
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct sections sections = {0};
		struct filter filter = {0};

		filter_add_file(&filter, "out", "out");
		sections_feed(&sections, broken[i], strlen(broken[i]));
		assert_int_equal(sections_flush(&sections, &filter), -1);
		sections_free(&sections);
		filter_free(&filter);
	}
}

static void vocabulary_is_sound(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FACT_COUNT; i++) {
		enum fact fact = (enum fact)i;
		char args[1024], *save = NULL;
		unsigned n = 0;

		assert_int_equal(fact_find(fact_name(fact), strlen(fact_name(fact))), fact);
		snprintf(args, sizeof(args), "%s", fact_args(fact));
		for (char *arg = strtok_r(args, " ", &save); arg; arg = strtok_r(NULL, " ", &save))
			assert_int_equal(fact_arg(fact, arg, strlen(arg)), ++n); /* no name twice */
		assert_true(n > 0);
	}
	assert_int_equal(fact_find("no", 2), FACT_COUNT);
	assert_int_equal(fact_arg(FACT_end, "no", 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_choose),     cmocka_unit_test(sections_have_an_order),
		cmocka_unit_test(text_is_not_expanded),  cmocka_unit_test(mistakes_are_refused),
		cmocka_unit_test(needed_facts_are_told), cmocka_unit_test(parts_are_put_in_order),
		cmocka_unit_test(vocabulary_is_sound),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
