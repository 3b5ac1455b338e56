/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens to the tree: shapes, precedence, recovery, includes, depth and growth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "parse.h"

static struct arena *arena;
static struct diag *diag;

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

static struct tree *read_string(const char *text)
{
	return parse_text(arena, diag, "t.mdl", text, strlen(text), NULL);
}

static const struct node *find(const struct node *list, const char *name)
{
	for (; list; list = list->next)
		if (list->name && !strcmp(list->name, name))
			return list;
	fail_msg("there is no '%s'", name);
	return NULL;
}

static const struct node *items_of_bar(const struct tree *tree)
{
	const struct node *device = tree->items;

	while (device->kind != NODE_DEVICE)
		device = device->next;
	return find(device->children, "bar")->children;
}

/* An expression with all its parentheses. */
static void print_expr(char **out, const struct expr *e)
{
	static const char *const ops[] = {"<<", ">>", "==", "!=", "<=", ">=", "&&", "||"};

	switch (e->kind) {
	case EXPR_NUMBER:
		*out += sprintf(*out, "%u", (unsigned)e->value);
		break;
	case EXPR_NAME:
		*out += sprintf(*out, "%s", e->name);
		break;
	case EXPR_PATH:
		print_expr(out, e->left);
		*out += sprintf(*out, ".%s", e->name);
		break;
	case EXPR_UNARY:
		*out += sprintf(*out, "(%c", e->op);
		print_expr(out, e->left);
		*out += sprintf(*out, ")");
		break;
	case EXPR_BINARY:
		*out += sprintf(*out, "(");
		print_expr(out, e->left);
		if (e->op < 256)
			*out += sprintf(*out, "%c", e->op);
		else
			*out += sprintf(*out, "%s", ops[e->op - 256]);
		print_expr(out, e->right);
		*out += sprintf(*out, ")");
		break;
	case EXPR_CONDITIONAL:
		*out += sprintf(*out, "(");
		print_expr(out, e->cond);
		*out += sprintf(*out, "?");
		print_expr(out, e->left);
		*out += sprintf(*out, ":");
		print_expr(out, e->right);
		*out += sprintf(*out, ")");
		break;
	default:
		*out += sprintf(*out, "!");
	}
}

static void expressions_group_as_in_c(void **state)
{
	static const char *const cases[][2] = {
		{"1 + 2 * 3 - 4", "((1+(2*3))-4)"},
		{"1 - 2 - 3", "((1-2)-3)"},
		{"1 << 2 + 3 < 4", "((1<<(2+3))<4)"},
		{"1 | 2 ^ 3 & 4 == 5", "(1|(2^(3&(4==5))))"},
		{"a && b || c && d", "((a&&b)||(c&&d))"},
		{"a ? b : c ? d : e", "(a?b:(c?d:e))"},
		{"-~!+1", "(-(~(!(+1))))"},
		{"-1 * 2", "((-1)*2)"},
		{"(1 + 2) * e.X", "((1+2)*e.X)"},
		{"a >= b != c <= d", "((a>=b)!=(c<=d))"},
		{"10 / 5 % 3 >> 1", "(((10/5)%3)>>1)"},
		{"width + version", "(width+version)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char source[128], text[256] = "", *out = text;
		struct tree *tree;

		snprintf(source, sizeof(source), "const X = %s;", cases[i][0]);
		tree = read_string(source);
		assert_int_equal(diag_errors(diag), 0);
		print_expr(&out, tree->items->value);
		assert_string_equal(text, cases[i][1]);
	}
}

static unsigned count(const struct expr *list)
{
	unsigned n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

static void a_register_has_all_its_parts(void **state)
{
	struct tree *tree = read_string(
		"device d version 1 { bar 0 mem32 size 4K { reg R[4][2] @ 8 += 0x20, 8 width 16 rw "
		"swwe(K.U, 1) reset soft = 3 = 1 \"a\" \"b\" on write %{x%} check write alias Q "
		"w1c { \\reg [7:0]; } "
		"group G is t(1, 2); group H[2] @ 1 += 2 += 3 { } } }");
	const struct node *reg = find(items_of_bar(tree), "R");
	const struct node *group = find(items_of_bar(tree), "G");
	const enum attr_kind kinds[] = {ATTR_VALUE, ATTR_WORD, ATTR_CALL, ATTR_RESET, ATTR_RESET,
					ATTR_DOC,   ATTR_HOOK, ATTR_HOOK, ATTR_VALUE, ATTR_WORD};
	const struct attr *attr = reg->attrs;

	(void)state;
	assert_int_equal(diag_errors(diag), 0);
	assert_int_equal(reg->kind, NODE_REG);
	assert_int_equal(count(reg->dims), 2);
	assert_int_equal(count(reg->strides), 2);
	assert_int_equal(reg->offset->value, 8);
	assert_true(reg->has_body);
	assert_string_equal(reg->children->name, "reg");
	assert_int_equal(count(reg->children->args), 2);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++, attr = attr->next) {
		assert_non_null(attr);
		assert_int_equal(attr->kind, kinds[i]);
		if (i == 3)
			assert_string_equal(attr->name, "soft");
		if (i == 4)
			assert_null(attr->name);
		if (i == 5)
			assert_string_equal(attr->text, "ab");
		if (i == 6)
			assert_string_equal(attr->code->text, "x");
		if (i == 7)
			assert_true(attr->is_check && !attr->code);
	}
	assert_null(attr);
	assert_string_equal(group->type, "t");
	assert_int_equal(count(group->args), 2);
	assert_null(group->offset);
	assert_int_equal(count(find(items_of_bar(tree), "H")->strides), 2);
}

static void a_group_lists_what_it_holds(void **state)
{
	struct tree *tree = read_string(
		"device d { bar 0 io { default rw; is t(); ram M @ 0 size 1; "
		"doorbell D @ 4 mmap; intr I { status S @ 0; X [0] level -> q[1]; } } }");
	const enum node_kind kinds[] = {NODE_DEFAULT, NODE_IS, NODE_RAM, NODE_DOORBELL, NODE_INTR};
	const struct node *node = items_of_bar(tree);

	(void)state;
	assert_int_equal(diag_errors(diag), 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++, node = node->next) {
		assert_non_null(node);
		assert_int_equal(node->kind, kinds[i]);
	}
	node = find(items_of_bar(tree), "I")->children;
	assert_int_equal(node->kind, NODE_INTR_REG);
	assert_string_equal(node->type, "status");
	assert_int_equal(node->next->kind, NODE_FIELD);
	assert_int_equal(node->next->attrs->next->kind, ATTR_ARROW);
	assert_int_equal(node->next->attrs->next->args->op, '[');
}

static void state_takes_any_type_of_c(void **state)
{
	struct tree *tree = read_string(
		"device d { state { u8 f[<= 4 * 2]; u8 g[]; u32 m[2][3] = 1; since 2 until 3 u8 h "
		"= 1; "
		"transient struct foo *p; const char *q; layout l i[<= 2]; enum e x since 2; "
		"u32 size; section s when f since 2 { u8 z; } section t when %{c%} { } on "
		"after_load; } }");
	const struct node *vars = tree->items->children->children;

	(void)state;
	assert_int_equal(diag_errors(diag), 0);
	assert_true(find(vars, "f")->bounded);
	assert_int_equal(find(vars, "f")->args->op, '*');
	assert_null(find(vars, "f")->dims);
	assert_true(find(vars, "g")->unbounded);
	assert_int_equal(count(find(vars, "m")->dims), 2);
	assert_int_equal(find(vars, "h")->attrs->next->next->kind, ATTR_RESET);
	assert_string_equal(find(vars, "p")->type, "struct foo *");
	assert_string_equal(find(vars, "q")->type, "const char *");
	assert_string_equal(find(vars, "i")->type_class, "layout");
	assert_string_equal(find(vars, "i")->type, "l");
	assert_string_equal(find(vars, "x")->attrs->name, "since");
	assert_string_equal(find(vars, "size")->type, "u32");
	assert_int_equal(find(vars, "s")->attrs->kind, ATTR_WHEN);
	assert_string_equal(find(vars, "t")->attrs->code->text, "c");
	assert_int_equal(find(vars, "after_load")->kind, NODE_HOOK);
}

static void pci_has_its_items(void **state)
{
	struct tree *tree = read_string("device d { pci { vendor 1; device 2; subsystem 3:4; pm; "
					"msix { vectors N + 1; table bar 4 @ 16; } "
					"config { reg X @ 64 rw; } vendor_cap { 1 N, (2 + 3) } dsn "
					"5; rom size 64K file \"r.bin\"; } }");
	const struct node *items = tree->items->children->children;
	const struct node *table = find(find(items, "msix")->children, "table");

	(void)state;
	assert_int_equal(diag_errors(diag), 0);
	assert_int_equal(find(items, "device")->args->value, 2);
	assert_int_equal(find(items, "subsystem")->args->next->value, 4);
	assert_null(find(items, "pm")->args);
	assert_int_equal(table->value->value, 4);
	assert_int_equal(table->offset->value, 16);
	assert_int_equal(find(items, "config")->children->kind, NODE_REG);
	assert_int_equal(count(find(items, "vendor_cap")->args), 3);
	assert_string_equal(find(items, "rom")->attrs->next->text, "r.bin");
}

static void what_stands_around_a_mistake_is_kept(void **state)
{
	struct tree *tree =
		read_string("const A = 1;\n"
			    "device d version 1 {\n"
			    "	bar 0 mem32 size 4K {\n"
			    "		reg R0 @ 0 rw\n"
			    "		reg R1 @ 4 { F0 [0] rw; F1 [) rw; F2 [2] rw; }\n"
			    "		reg R2 @ ) { G [0] rw; } ;\n"
			    "		reg R3 @ 12 rw;\n"
			    "	}\n"
			    "	timer t on expire;\n"
			    "}\n"
			    "const B = ;\n"
			    "const C = 2;\n");
	const struct node *regs = items_of_bar(tree);

	(void)state;
	assert_int_equal(diag_errors(diag), 4);
	assert_true(tree->syntax_errors);
	assert_non_null(find(regs, "R0")->attrs);
	assert_non_null(find(find(regs, "R1")->children, "F0"));
	assert_non_null(find(find(regs, "R1")->children, "F2"));
	assert_non_null(find(regs, "R3"));
	assert_true(tree_lost(tree, "R2"));
	assert_true(tree_lost(tree, "F1"));
	assert_true(tree_lost(tree, "B"));
	assert_false(tree_lost(tree, "R3"));
	assert_false(tree_lost(tree, "C"));
	find(tree->items, "C");
	find(find(tree->items, "d")->children, "t");
}

/* Cut the source at every byte: nothing but reports may come of it, and one cut is one mistake or
 * few. */
static void a_source_cut_anywhere_is_reported_briefly(void **state)
{
	static const char text[] = "device d version 1 \"doc\" {\n"
				   "	pci { vendor 1; device 2; subsystem 1:2; msix { vectors 2; "
				   "table bar 4 @ 0; } }\n"
				   "	param enum e x = A \"p\";\n"
				   "	irq q[2] = 0;\n"
				   "	bar 0 mem32 size 4K access 1..4 {\n"
				   "		reg R[2] @ 0 += 4 rw = 1 { F [1:0] rw enum { A = 0 "
				   "\"a\", B } on write %{ x(); %}; }\n"
				   "		intr I { status S @ 8; C [0] level -> q[1]; }\n"
				   "		group G is t(1, 2);\n"
				   "	}\n"
				   "	state { since 2 u8 f[<= 4]; section s when w { u8 b; } }\n"
				   "}\n";

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 2; size++) {
		struct arena *own = arena_create();
		struct diag *reports = diag_create(own, NULL);
		struct tree *tree = parse_text(own, reports, "t.mdl", text, size, NULL);
		bool whole = size == 0;

		if (!whole && !diag_errors(reports))
			fail_msg("cut at %zu: no error", size);
		if (diag_errors(reports) > 8)
			fail_msg("cut at %zu: %u errors", size, diag_errors(reports));
		/* Once its head is there, the device is in the tree. */
		if (size > 28 && !(tree->items && tree->items->kind == NODE_DEVICE))
			fail_msg("cut at %zu: the device is lost", size);
		arena_destroy(own);
	}
}

/* Take each byte out, and double each: never more than a few reports. */
static void a_small_slip_is_no_avalanche(void **state)
{
	static const char text[] =
		"const N = 2;\n"
		"device d version 1 {\n"
		"	bar 0 mem32 size 4K {\n"
		"		reg A @ 0 rw = N { F [0] rw; G [1] rw; H [3:2] rw enum { X, Y }; "
		"}\n"
		"		group P[2] @ 0x100 += 8 { reg B @ 0 rw; reg C @ 4 rw; }\n"
		"		reg D @ 8 rw on write %{ x(); %};\n"
		"	}\n"
		"	timer t on expire;\n"
		"	state { u8 a; u8 b; }\n"
		"	on reset;\n"
		"}\n";
	char slip[sizeof(text) + 1];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		for (int more = 0; more < 2; more++) {
			struct arena *own = arena_create();
			struct diag *reports = diag_create(own, NULL);
			size_t size = sizeof(text) - 2 + 2 * (size_t)more;

			memcpy(slip, text, i + (size_t)more);
			memcpy(slip + i + more, text + i + 1 - more,
			       sizeof(text) - i - 2 + (size_t)more);
			parse_text(own, reports, "t.mdl", slip, size, NULL);
			/* A brace too many ends the block around early, with all that follows. */
			if (diag_errors(reports) > (more && text[i] == '}' ? 8 : 4))
				fail_msg("byte %zu ('%c') %s: %u errors", i, text[i],
					 more ? "doubled" : "gone", diag_errors(reports));
			arena_destroy(own);
		}
	}
}

static char *repeat(char *to, const char *text, unsigned n)
{
	for (size_t size = strlen(text); n > 0; n--, to += size)
		memcpy(to, text, size);
	*to = '\0';
	return to;
}

static void depth_is_bounded(void **state)
{
	static const char *const openers[] = {"(", "-", "1 ? ", "1 ? 1 : ", "1+("};
	char *text = malloc(1000000), *end;

	(void)state;
	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
		end = repeat(text, "const X = ", 1);
		repeat(end, openers[i], 100000);
		parse_text(arena, diag, "t.mdl", text, strlen(text), NULL);
		assert_int_equal(diag_errors(diag), i + 1);
	}
	end = repeat(text, "device d { bar 0 io {", 1);
	repeat(end, "group g {", 100000);
	parse_text(arena, diag, "t.mdl", text, strlen(text), NULL);
	assert_true(diag_errors(diag) > sizeof(openers) / sizeof(openers[0]));
	free(text);
}

/* What the grammar cannot bound: long lists are loops, not recursion. */
static void long_sources_take_linear_time(void **state)
{
	static const char line[] = "reg R @ 0 rw = 1 { EN [0] rw; MODE [3:1] rw \"doc\"; }\n";
	char *text = malloc(100000 * sizeof(line) + 100), *end;
	double seconds[2];

	(void)state;
	for (unsigned i = 0, n = 10000; i < 2; i++, n *= 10) {
		struct arena *own = arena_create();
		struct tree *tree;
		unsigned nregs = 0;
		clock_t start;

		end = repeat(text, "device d { bar 0 io {\n", 1);
		end = repeat(end, line, n);
		repeat(end, "} }\n", 1);
		start = clock();
		tree = parse_text(own, diag_create(own, NULL), "t.mdl", text, strlen(text), NULL);
		seconds[i] = (double)(clock() - start) / CLOCKS_PER_SEC;
		for (const struct node *reg = items_of_bar(tree); reg; reg = reg->next)
			nregs++;
		assert_int_equal(nregs, n);
		arena_destroy(own);
	}
	if (seconds[1] > 30 * seconds[0] + 0.5)
		fail_msg("10000 lines take %.3f s, 100000 take %.3f s", seconds[0], seconds[1]);
	free(text);
}

/* Nor is what is wrong in all of its lines, or is nothing but one long mistake. */
static void broken_sources_take_linear_time(void **state)
{
	static const char *const units[] = {
		"reg R @ ) rw FOO;\n", "x;", "$ ", "}", "%{ /* \n", "\"\n", "/*/", "enum {", "\x01",
		"device d {\n}\n",
	};
	char *text = malloc(4000000);

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct arena *own = arena_create();
		struct diag *reports = diag_create(own, NULL);
		clock_t start = clock();
		double seconds;

		repeat(text, units[i], 100000);
		parse_text(own, reports, "t.mdl", text, strlen(text), NULL);
		memset(text, 0, 100000);
		parse_text(own, reports, "t.mdl", text, 100000, NULL);
		seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
		if (seconds > 20)
			fail_msg("'%s' takes %.1f s", units[i], seconds);
		assert_true(diag_errors(reports) > 0);
		arena_destroy(own);
	}
	free(text);
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void includes_are_found_once_and_in_order(void **state)
{
	char folder[] = "/tmp/mdl-include-XXXXXX", path[64];
	const char *folders[1];
	struct parse_options options = {.include_folders = folders, .ninclude_folders = 1};
	const struct source *source;
	struct tree *tree;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(system("mkdir -p sub inc"), 0);
	write_file("main.mdl",
		   "const A = 1; include \"sub/a.mdl\"; include \"c.mdl\"; device d { }");
	write_file("sub/a.mdl", "const B = 2; include \"b.mdl\"; const D = 4;");
	write_file("sub/b.mdl", "const C = 3; include \"c.mdl\";");
	write_file("inc/c.mdl", "const E = 5; device other { }");
	snprintf(path, sizeof(path), "%s/inc", folder);
	folders[0] = path;
	tree = parse_file(arena, diag, "main.mdl", &options);
	assert_int_equal(diag_errors(diag), 0);
	assert_true(tree->main_has_device);
	for (const char *name = "A\0B\0C\0E\0other\0D\0d\0"; *name; name += strlen(name) + 1) {
		assert_non_null(tree->items);
		assert_string_equal(tree->items->name, name);
		tree->items = tree->items->next;
	}
	assert_null(tree->items);
	source = tree->sources;
	assert_string_equal(source->name, "main.mdl");
	source = source->next;
	assert_string_equal(source->name, "sub/a.mdl");
	assert_string_equal(source->included_at->source->name, "main.mdl");
	assert_string_equal(source->next->name, "sub/b.mdl");
	write_file("inc/c.mdl", "include \"../main.mdl\";");
	parse_file(arena, diag, "main.mdl", &options);
	assert_int_equal(diag_errors(diag), 1);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(arena_printf(arena, "rm -r %s", folder)), 0);
}

static void a_const_can_be_overridden(void **state)
{
	struct tree *tree = read_string("const N = 2; device d { const M = N; }");

	(void)state;
	assert_true(override_const(tree, "N=3*4"));
	assert_int_equal(tree->items->value->op, '*');
	assert_true(override_const(tree, "M=0x10"));
	assert_int_equal(find(tree->items, "d")->children->value->value, 16);
	assert_false(override_const(tree, "L=1"));
	assert_false(override_const(tree, "N"));
	assert_false(override_const(tree, "=1"));
	assert_false(override_const(tree, "N="));
	assert_false(override_const(tree, "N=1; const X = 2"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(expressions_group_as_in_c),
		TEST(a_register_has_all_its_parts),
		TEST(a_group_lists_what_it_holds),
		TEST(state_takes_any_type_of_c),
		TEST(pci_has_its_items),
		TEST(what_stands_around_a_mistake_is_kept),
		TEST(a_source_cut_anywhere_is_reported_briefly),
		TEST(a_small_slip_is_no_avalanche),
		TEST(depth_is_bounded),
		TEST(long_sources_take_linear_time),
		TEST(broken_sources_take_linear_time),
		TEST(includes_are_found_once_and_in_order),
		TEST(a_const_can_be_overridden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
