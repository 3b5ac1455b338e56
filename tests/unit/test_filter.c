/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter between m4 and the outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "filter.h"

/* What the filter makes of the bytes, fed in pieces of every size: one must not differ from
 * another. */
static void expect_with(const struct literals *literals, const char *input, const char *c,
			const char *h, int result)
{
	size_t size = strlen(input);

	for (size_t piece = 1; piece <= size + 1; piece++) {
		struct filter filter = {.literals = literals};

		filter_add_file(&filter, "c", "x.c");
		filter_add_file(&filter, "h", "x.h");
		for (size_t at = 0; at < size; at += piece)
			filter_feed(&filter, input + at, piece < size - at ? piece : size - at);
		assert_int_equal(filter_finish(&filter), result);
		if (c) {
			assert_int_equal(filter.files[0].text.size, strlen(c));
			assert_memory_equal(filter.files[0].text.data ? filter.files[0].text.data
								      : "",
					    c, strlen(c));
		}
		if (h) {
			assert_int_equal(filter.files[1].text.size, strlen(h));
			assert_memory_equal(filter.files[1].text.data, h, strlen(h));
		}
		filter_free(&filter);
	}
}

static void expect(const char *input, const char *c, const char *h, int result)
{
	expect_with(NULL, input, c, h, result);
}

/* The skeleton's texts: their marks, lines and names count, at every size of piece. */
static void literals_are_put_in(void **state)
{
	static struct literal items[65] = {
		{.text = "struct \003r", .size = 9, .plain = 7, .simple = true},
		{.text = "\004 {\n\tint x;\n\003s",
		 .size = 14,
		 .start = 1,
		 .plain = 11,
		 .newlines = 2,
		 .simple = true},
		{.text = "\004\003ra\004b", .size = 6, .start = 1, .plain = 5},
		[64] = {.text = "last\n", .size = 5, .plain = 5, .newlines = 1, .simple = true},
	};
	static const struct literals literals = {items, 65};

	(void)state;
	expect_with(&literals, "\02000dev\02001\"\02002\n\0051:a\nq\006\02010",
		    "struct dev {\n\tint x;\n\\\"ab\n#line 1 \"a\"\nq\n#line 7 \"x.c\"\nlast\n",
		    NULL, 0);
	expect_with(&literals, "\02011", NULL, NULL, -1);
	expect_with(&literals, "\0201", NULL, NULL, -1);
	expect_with(&literals, "\020  ", NULL, NULL, -1);
	expect("\02000", NULL, NULL, -1);
}

static void plain_passes(void **state)
{
	(void)state;
	expect("", "", NULL, 0);
	expect("int x;\n", "int x;\n", NULL, 0);
	expect("a\n\016h\nb\n\016c\nc\n", "a\nc\n", "b\n", 0);
	expect("\016z\nb\n", NULL, NULL, -1);
}

static void code_has_lines_both_ways(void **state)
{
	(void)state;
	expect("{\n\00507:dir/a.mdl\n\tfoo;\n\tbar;\006}\n",
	       "{\n#line 7 \"dir/a.mdl\"\n\tfoo;\n\tbar;\n#line 6 \"x.c\"\n}\n", NULL, 0);
	expect("\0057:a\"b\\c.mdl\nx\n\006\n",
	       "#line 7 \"a\\\"b\\\\c.mdl\"\nx\n#line 4 \"x.c\"\n\n", NULL, 0);
	expect("\0051:a\n\006", "#line 1 \"a\"\n#line 3 \"x.c\"\n", NULL, 0);
}

static void lines_count_per_file(void **state)
{
	(void)state;
	expect("1\n2\n\016h\n\0051:a\nq\006\016c\n\0051:a\nq\006",
	       "1\n2\n#line 1 \"a\"\nq\n#line 6 \"x.c\"\n", "#line 1 \"a\"\nq\n#line 4 \"x.h\"\n",
	       0);
}

static void leftovers_are_refused(void **state)
{
	(void)state;
	expect("a\nb m4_define c\n", NULL, NULL, -1);
	expect("a d4_reg(x)\n", NULL, NULL, -1);
	expect("d4_\003rname\004\n", NULL, NULL, -1);
	expect("xm4_define\n", NULL, NULL, -1);
	expect("M4_define D4_x d4 m4\n", "M4_define D4_x d4 m4\n", NULL, 0);
}

/* The user's own words may be anything, also where they are part of a longer one. */
static void user_words_pass(void **state)
{
	(void)state;
	expect("\0051:a\nm4_dnl d4_reg\n\006", "#line 1 \"a\"\nm4_dnl d4_reg\n#line 4 \"x.c\"\n",
	       NULL, 0);
	expect("struct \003rm4_dev\004;\n", "struct m4_dev;\n", NULL, 0);
	expect("\003rd4\004_reg;\n", "d4_reg;\n", NULL, 0);
	expect("get_\003rd4_x\004_m4_y\n", "get_d4_x_m4_y\n", NULL, 0);
}

static void strings_are_safe(void **state)
{
	(void)state;
	expect("\"\003sa\"b\\c\nd\te?"
	       "?/f\004\"\n",
	       "\"a\\\"b\\\\c\\nd\\011e?\\?/f\"\n", NULL, 0);
	expect("\"\003s\303\251\004\"", "\"\303\251\"", NULL, 0);
}

static void comments_are_safe(void **state)
{
	(void)state;
	expect("\t/* \003ca */ b /* c\004 */\n", "\t/* a * / b / * c */\n", NULL, 0);
	expect("\t/* \003cone\ntwo\004 */\n", "\t/* one\n\t * two */\n", NULL, 0);
	expect("/* \003c*\004\003c/\004 */\n", "/* */ */\n", NULL, 0);
	expect("/* \003c?"
	       "?/\n\004 */\n",
	       "/* ?"
	       "? /\n *  */\n",
	       NULL, 0);
}

static void documents_are_escaped(void **state)
{
	(void)state;
	expect("<b>\003h<i>&\"x\004</b>", "<b>&lt;i&gt;&amp;&quot;x</b>", NULL, 0);
	expect("| \003ma|b_c*<d>\ne\004 |", "| a\\|b\\_c\\*&lt;d&gt; e |", NULL, 0);
}

static void broken_output_is_refused(void **state)
{
	(void)state;
	expect("a\002b", NULL, NULL, -1);
	expect("a\001b", NULL, NULL, -1);
	expect("\003rname", NULL, NULL, -1);
	expect("\0057:a\ncode", NULL, NULL, -1);
	expect("\0057:a", NULL, NULL, -1);
	expect("\016c", NULL, NULL, -1);
	expect("a\004", NULL, NULL, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_passes),
		cmocka_unit_test(literals_are_put_in),
		cmocka_unit_test(code_has_lines_both_ways),
		cmocka_unit_test(lines_count_per_file),
		cmocka_unit_test(leftovers_are_refused),
		cmocka_unit_test(user_words_pass),
		cmocka_unit_test(strings_are_safe),
		cmocka_unit_test(comments_are_safe),
		cmocka_unit_test(documents_are_escaped),
		cmocka_unit_test(broken_output_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
