/* SPDX-License-Identifier: BSD-2-Clause */
/* Characters to tokens: numbers, strings, blocks of C, comments, places, broken bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"
#include "source.h"

struct reading {
	struct arena *arena;
	struct diag *diag;
	struct tree *tree;
};

static struct reading read_text(const char *text, size_t size)
{
	struct reading r = {.arena = arena_create()};

	r.diag = diag_create(r.arena, NULL);
	r.tree = parse_text(r.arena, r.diag, "t.mdl", text, size, NULL);
	return r;
}

static struct reading read_string(const char *text)
{
	return read_text(text, strlen(text));
}

/* `const X = TEXT;`: its value; errors are counted. */
static const struct expr *value_of(struct reading *r, const char *text)
{
	char source[256];

	snprintf(source, sizeof(source), "const X = %s;", text);
	*r = read_string(source);
	return r->tree->items ? r->tree->items->value : NULL;
}

static void numbers_have_their_value(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {
		{"0", 0},
		{"7", 7},
		{"1_000", 1000},
		{"0x1f", 31},
		{"0XdeadBEEF", 0xdeadbeef},
		{"0b1010_0101", 0xa5},
		{"0o17", 15},
		{"4K", 4096},
		{"0x10K", 16384},
		{"3M", 3u << 20},
		{"1G", 1u << 30},
		{"18446744073709551615", UINT64_MAX},
		{"0xffff_ffff_ffff_ffff", UINT64_MAX},
		{"17179869183G", 17179869183u * (1ull << 30)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading r;
		const struct expr *value = value_of(&r, cases[i].text);

		assert_int_equal(diag_errors(r.diag), 0);
		assert_int_equal(value->kind, EXPR_NUMBER);
		assert_true(value->value == cases[i].value);
		arena_destroy(r.arena);
	}
}

static void wrong_numbers_are_refused_and_poison(void **state)
{
	static const char *const texts[] = {
		"010",
		"00",
		"0_1",
		"0x",
		"0b",
		"0b2",
		"0o8",
		"0xg",
		"1_",
		"4k",
		"10u",
		"12abc",
		"18446744073709551616",
		"17179869184G",
		"0x1_0000_0000_0000_0000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct reading r;
		const struct expr *value = value_of(&r, texts[i]);

		if (diag_errors(r.diag) != 1 || value->kind != EXPR_BAD)
			fail_msg("'%s' gives %u errors", texts[i], diag_errors(r.diag));
		arena_destroy(r.arena);
	}
}

static const char *doc_of(struct reading *r, const char *doc)
{
	char source[256];

	snprintf(source, sizeof(source), "const X = 1 %s;", doc);
	*r = read_string(source);
	return r->tree->items && r->tree->items->attrs ? r->tree->items->attrs->text : NULL;
}

static void strings_have_cs_escapes(void **state)
{
	struct reading r;

	(void)state;
	assert_string_equal(doc_of(&r, "\"a\\tb\\n\\\"\\\\\\'\\?\\x41\\101\""), "a\tb\n\"\\'?AA");
	assert_int_equal(diag_errors(r.diag), 0);
	arena_destroy(r.arena);
	assert_string_equal(doc_of(&r, "\"one \" /* and */ \"two\" // and\n\" three\""),
			    "one two three");
	arena_destroy(r.arena);
	assert_string_equal(doc_of(&r, "\"// no comment %{ \xc3\xa9\""),
			    "// no comment %{ \xc3\xa9");
	arena_destroy(r.arena);
}

static void wrong_escapes_are_refused(void **state)
{
	static const char *const docs[] = {
		"\"\\d\"",   "\"\\x\"",   "\"\\0\"", "\"\\x01\"", "\"\\002\"",
		"\"\\xff\"", "\"\\x7f\"", "\"\\8\"", "\"\\377\"", "\"\\a\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
		struct reading r;

		doc_of(&r, docs[i]);
		if (diag_errors(r.diag) != 1)
			fail_msg("%s gives %u errors", docs[i], diag_errors(r.diag));
		arena_destroy(r.arena);
	}
}

static void blocks_of_c_are_raw(void **state)
{
	static const char text[] = "%{ a = \"%}\"; /* %} */ b = '%'; // %}\n\tc = '\"' % d; %}";
	struct reading r = read_string(text);
	const struct node *node = r.tree->items;

	(void)state;
	assert_int_equal(diag_errors(r.diag), 0);
	assert_int_equal(node->kind, NODE_CODE);
	assert_int_equal(strlen(node->code->text), sizeof(text) - 1 - 4);
	assert_memory_equal(node->code->text, text + 2, sizeof(text) - 1 - 4);
	assert_int_equal(node->code->loc.line, 1);
	assert_int_equal(node->code->loc.col, 3);
	assert_int_equal(node->code->loc.end_line, 2);
	assert_null(node->next);
	arena_destroy(r.arena);
}

static void crlf_is_a_line_end(void **state)
{
	struct reading r = read_string(
		"const A = 1;\r\n// c\r\n/* d\r\n */ %{ x\r\n y %}\r\nconst B = A;\r\n");
	const struct node *b = r.tree->items->next->next;

	(void)state;
	assert_int_equal(diag_errors(r.diag), 0);
	assert_string_equal(r.tree->items->next->code->text, " x\n y ");
	assert_string_equal(b->name, "B");
	assert_int_equal(b->loc.line, 6);
	assert_int_equal(b->name_loc.col, 7);
	arena_destroy(r.arena);
}

static void places_are_exact(void **state)
{
	struct reading r = read_string("/* a\n b */ const /* c */ LONG = (1 +\n\t2) * 3 \"d\"\n;");
	const struct node *node = r.tree->items;

	(void)state;
	assert_int_equal(node->loc.line, 2);
	assert_int_equal(node->loc.col, 7);
	assert_int_equal(node->loc.end_line, 4);
	assert_int_equal(node->loc.end_col, 2);
	assert_int_equal(node->name_loc.col, 21);
	assert_int_equal(node->name_loc.end_col, 25);
	assert_int_equal(node->value->loc.line, 2);
	assert_int_equal(node->value->loc.end_line, 3);
	assert_int_equal(node->value->right->loc.line, 3);
	assert_int_equal(node->value->right->loc.col, 7);
	arena_destroy(r.arena);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = {
		{"\0", 1},
		{"\x01", 1},
		{"\x02", 1},
		{"\x1b", 1},
		{"\x7f", 1},
		{"\r", 1},
		{"\xff", 1},
		{"\xc0\x80", 2},
		{"\xc3", 1},
		{"\xed\xa0\x80", 3},
		{"\xf5\x80\x80\x80", 4},
		{"\x80", 1},
		{"\xe0\x80\x80", 3},
		{"\xf4\x90\x80\x80", 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];
		size_t size = 0;
		struct reading r;

		/* In a comment, where nothing else could be wrong with it. */
		memcpy(text, "// ", 3);
		memcpy(text + 3, cases[i].bytes, cases[i].size);
		size = 3 + cases[i].size;
		memcpy(text + size, " x\nconst A = 1;", 15);
		r = read_text(text, size + 15);
		if (diag_errors(r.diag) < 1)
			fail_msg("case %zu is accepted", i);
		/* Behind a NUL nothing is read: it is no text. */
		if (cases[i].bytes[0])
			assert_string_equal(r.tree->items->name, "A");
		else
			assert_null(r.tree->items);
		arena_destroy(r.arena);
	}
}

static void utf8_is_decoded(void **state)
{
	uint32_t code;

	(void)state;
	assert_int_equal(utf8_decode("a", 1, &code), 1);
	assert_int_equal(utf8_decode("\xc3\xa9", 2, &code), 2);
	assert_int_equal(code, 0xe9);
	assert_int_equal(utf8_decode("\xe4\xb8\xad", 3, &code), 3);
	assert_int_equal(code, 0x4e2d);
	assert_int_equal(char_width(code), 2);
	assert_int_equal(utf8_decode("\xf0\x9f\x98\x80", 4, &code), 4);
	assert_int_equal(code, 0x1f600);
	assert_int_equal(char_width(0x301), 0);
	assert_int_equal(utf8_decode("\xe4\xb8\xad", 2, &code), 0);
}

static void a_byte_order_mark_is_skipped(void **state)
{
	struct reading r = read_string("\xef\xbb\xbf"
				       "const A = 1;");

	(void)state;
	assert_int_equal(diag_errors(r.diag), 0);
	assert_string_equal(r.tree->items->name, "A");
	arena_destroy(r.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_their_value),
		cmocka_unit_test(wrong_numbers_are_refused_and_poison),
		cmocka_unit_test(strings_have_cs_escapes),
		cmocka_unit_test(wrong_escapes_are_refused),
		cmocka_unit_test(blocks_of_c_are_raw),
		cmocka_unit_test(crlf_is_a_line_end),
		cmocka_unit_test(places_are_exact),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(utf8_is_decoded),
		cmocka_unit_test(a_byte_order_mark_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
