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

/* Translate the text.  False if it was refused; the translation is to be freed anyway. */
static bool translate(struct translation *translation, const char *text)
{
	char path[64];
	FILE *file;

	path_of(path, sizeof(path), "x.m4");
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return skeleton_translate(translation, folder, "x.m4", "gpio") == 0;
}

static void add_end(struct translation *translation, const char *nconfig, const char *first_config,
		    const char *init)
{
	struct facts facts = {.out = &translation->m4,
			      .open = "\001",
			      .close = "\002",
			      .needs = &translation->needs};

	facts_begin(&facts, FACT_end);
	facts_text(&facts, "nconfig", nconfig);
	facts_text(&facts, "first_config", first_config);
	facts_text(&facts, "init", init);
	facts_end(&facts);
	assert_null(facts.error);
}

/* What m4 and the filter make of it. */
static void expect_output(struct translation *translation, const char *output)
{
	struct sections sections = {0};
	struct filter filter = {.literals = &translation->literals};

	filter_add_file(&filter, "out", "out");
	assert_int_equal(m4_run(&translation->m4, &sections), 0);
	assert_int_equal(sections_flush(&sections, &filter), 0);
	assert_int_equal(filter.files[0].text.size, strlen(output));
	if (*output)
		assert_memory_equal(filter.files[0].text.data, output, strlen(output));
	filter_free(&filter);
	translation_free(translation);
}

/* What a skeleton makes of one fact, end(nconfig, first_config, init). */
static void expect(const char *skeleton, const char *nconfig, const char *first_config,
		   const char *init, const char *output)
{
	struct translation translation;

	assert_true(translate(&translation, skeleton));
	add_end(&translation, nconfig, first_config, init);
	expect_output(&translation, output);
}

#define HEAD "@sections out: a b\n@fact end\n@to a\n"

static void conditions_choose(void **state)
{
	static const char skeleton[] = HEAD "@if nconfig\nif ${nconfig}\n@else\nelse\n@endif\n"
					    "@ifnot first_config\nnot\n@endif\n"
					    "@ifeq init x,y\nsame\n@endif\n@end\n";

	(void)state;
	expect(skeleton, "1", "0", "x,y", "if 1\nnot\nsame\n");
	expect(skeleton, "0", "", "x", "else\nnot\n");
	expect(skeleton, "", "10", "", "else\n");
	expect(skeleton, "a,0,b", ",", "", "if a,0,b\n");
}

/* With macros in them, and without: to the translation these are not the same. */
static void conditions_nest(void **state)
{
	static const char plain[] =
		HEAD "1\n@if nconfig\n2\n@ifnot first_config\n3\n@else\n4\n@endif\n5\n@else\n"
		     "@if init\n6\n@to b\n7\n@else\n8\n@endif\n9\n@endif\n0\n@end\n";
	static const char calling[] =
		"m4_define(«d4_x», «»)\n" HEAD
		"1\n@if nconfig\n2\n@ifnot first_config\nd4_x()3\n@else\n4\n@endif\n5\n@else\n"
		"@if init\n6\n@to b\n7\n@else\n«»d4_x()8\n@endif\n9\n@endif\n0\n@end\n";
	static const char *const skeletons[] = {plain, calling};

	(void)state;
	for (int i = 0; i < 2; i++) {
		expect(skeletons[i], "1", "0", "1", "1\n2\n3\n5\n0\n");
		expect(skeletons[i], "1", "1", "0", "1\n2\n4\n5\n0\n");
		expect(skeletons[i], "0", "1", "1", "1\n6\n7\n9\n0\n");
		expect(skeletons[i], "0", "0", "0", "1\n8\n9\n0\n");
	}
}

static void conditions_stand_in_lines(void **state)
{
	static const char skeleton[] =
		"m4_define(«d4_if», «m4_ifelse(«$1», «», «$3», «$1», «0», «$3», «$2»)»)\n"
		"m4_define(«d4_ifnot», «d4_if(«$1», «$3», «$2»)»)\n"
		"m4_define(«d4_b», «b»)\n" HEAD "a«»d4_if(?{nconfig}, «<${nconfig}>»)b\n"
		"d4_ifnot(?{nconfig}, «no», «yes, (»)m4_dnl\n"
		"d4_if(?{nconfig}, «d4_b», «c»)m4_dnl gone\n"
		"«»d4_if(?{first_config}, «two\nlines»)\n@end\n";

	(void)state;
	expect(skeleton, "x)", "1", "", "a<x)>b\nyes, (btwo\nlines\n");
	expect(skeleton, "0", "0", "", "ab\nnoc\n");
}

static void sections_have_an_order(void **state)
{
	struct translation translation;

	(void)state;
	assert_true(translate(&translation,
			      "@sections out: a b\n@fact end\n@to b\n2\n@to a\n1\n"
			      "@to b unless nconfig\n3\n@to b if nconfig\n4\n@end\n"));
	add_end(&translation, "0", "", "");
	add_end(&translation, "7", "", "");
	expect_output(&translation, "1\n1\n2\n3\n2\n4\n");
}

static void text_is_not_expanded(void **state)
{
	static const char skeleton[] = HEAD "${nconfig} \"${s:nconfig}\" $x $1 m4 d4x M4_\n"
					    "@@x @y\n@# gone\n?{init}5 ${dev}_${DEV}\n@end\n";

	(void)state;
	expect(skeleton, "m4_exit(1) $1 ), \"", "", "1",
	       "m4_exit(1) $1 ), \" \"m4_exit(1) $1 ), \\\"\" $x $1 m4 d4x M4_\n"
	       "@x @y\n15 gpio_GPIO\n");
}

/* A name may end in a value: one macro for each. */
static void names_are_made_of_values(void **state)
{
	(void)state;
	expect("m4_define(«d4_n_1», «one»)\nm4_define(«d4_n_2», «$1 two»)\n" HEAD
	       "<d4_n_?{init}> <d4_n_?{nconfig}(x)>\n@end\n",
	       "2", "", "1", "<one> <x two>\n");
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
		"@fact end\n@else\n@end\n",
		"@fact end\nxd4_doc()\n@end\n",
		"@fact end\nd4_x(\n@end\n",
		"@fact end\nd4_x_?{nconfig\n@end\n",
		"@fact end\n@if nothing\n@endif\n@end\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct translation translation;

		if (translate(&translation, wrong[i]))
			fail_msg("taken: %s", wrong[i]);
		translation_free(&translation);
	}
}

/* Facts and arguments that a skeleton does not use are not even written. */
static void needs_are_told(void **state)
{
	struct translation translation;
	struct fact_needs *needs = &translation.needs;

	(void)state;
	assert_true(translate(&translation, HEAD "${init}\n@if nconfig\n${init}\n@endif\n@end\n"));
	assert_true(needs->fact[FACT_end]);
	assert_false(needs->fact[FACT_device]);
	assert_int_equal(needs->truth[FACT_end][1], 1);
	assert_int_equal(needs->value[FACT_end][1], 0);
	assert_int_equal(needs->value[FACT_end][2], 0);
	assert_int_equal(needs->truth[FACT_end][2], 0);
	assert_int_equal(needs->value[FACT_end][3], 2);
	translation.m4.size = 0;
	add_end(&translation, "7", "8", "9");
	assert_int_equal(translation.m4.size, 14);
	assert_memory_equal(translation.m4.data, "d4_end(1,\0019\002)\n", 14);
	translation_free(&translation);
}

/* In pieces of every size; what belongs nowhere is gone; broken marks are refused. */
static void parts_are_put_in_order(void **state)
{
	static const char input[] = "x\0172;b1\0170;gone\01712;c\0171;a\0172!1;gone"
				    "\0172,1;b2\02110no\02111no\022\023\022\02101no\023\023\017";
	static const char *const broken[] = {"\017",     "\0171",           "\0171x",
					     "\01764;",  "\0179999999999;", "\0171,;",
					     "\0171,2;", "\02110x",         "\0211"};

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
		assert_true(n > 0 && n < FACT_ARGS_MAX);
	}
	assert_int_equal(fact_find("no", 2), FACT_COUNT);
	assert_int_equal(fact_arg(FACT_end, "no", 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_choose),
		cmocka_unit_test(conditions_nest),
		cmocka_unit_test(conditions_stand_in_lines),
		cmocka_unit_test(sections_have_an_order),
		cmocka_unit_test(text_is_not_expanded),
		cmocka_unit_test(names_are_made_of_values),
		cmocka_unit_test(mistakes_are_refused),
		cmocka_unit_test(needs_are_told),
		cmocka_unit_test(parts_are_put_in_order),
		cmocka_unit_test(vocabulary_is_sound),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
