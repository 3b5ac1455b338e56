// SPDX-License-Identifier: BSD-2-Clause
/* Expressions: every operator, and every way that arithmetic can fail. */
#include "resolving.h"

/* The value of an expression, as a constant of the main file. */
static bool value_of(const char *expr, uint64_t *value)
{
	struct arena *arena = arena_create();
	char *text = arena_printf(arena,
				  "const Z = 0; enum e { ONE = 1, TWO, TEN = 10, ELEVEN }\n"
				  "const X = %s;\n"
				  "device d version 1 { pci { vendor Z; device e.ONE; } "
				  "param u64 p = X; on reset; }",
				  expr);
	struct resolved r = resolve_text(text);
	bool known = r.model != NULL;

	if (known)
		*value = r.model->params[0].value;
	release(&r);
	arena_destroy(arena);
	return known;
}

static void values(void **state)
{
	static const struct {
		const char *expr;
		uint64_t value;
	} cases[] = {
		{"0", 0},
		{"1 + 2 * 3", 7},
		{"(1 + 2) * 3", 9},
		{"7 / 2", 3},
		{"7 % 4", 3},
		{"10 - 3 - 2", 5},
		{"1 << 63", 1ull << 63},
		{"1 << 0", 1},
		{"0xff >> 4", 0xf},
		{"1 >> 63", 0},
		{"0 << 63", 0},
		{"~0", UINT64_MAX},
		{"~0xff & 0xfff", 0xf00},
		{"6 & 3", 2},
		{"6 | 3", 7},
		{"6 ^ 3", 5},
		{"!0", 1},
		{"!7", 0},
		{"-0", 0},
		{"+5", 5},
		{"1 < 2", 1},
		{"2 < 1", 0},
		{"2 > 1", 1},
		{"2 <= 2", 1},
		{"3 <= 2", 0},
		{"2 >= 3", 0},
		{"2 == 2", 1},
		{"2 != 2", 0},
		{"1 && 2", 1},
		{"1 && 0", 0},
		{"0 || 3", 1},
		{"0 || 0", 0},
		{"1 ? 2 : 3", 2},
		{"0 ? 2 : 3", 3},
		{"0 ? 1 : 0 ? 2 : 3", 3},
		{"4K", 4096},
		{"1G * 16", 1ull << 34},
		{"18446744073709551615", UINT64_MAX},
		{"0xffffffffffffffff - 1", UINT64_MAX - 1},
		{"0xffffffff * 0xffffffff", 0xfffffffe00000001},
		{"e.TWO", 2},
		{"e.ELEVEN + e.ONE", 12},
		{"true", 1},
		{"false", 0},
		{"Z ? 1 / Z : 5", 5},
		{"Z && 1 / Z", 0},
		{"!Z || 1 / Z", 1},
		{"1 | 2 == 2", 1},
		{"1 + 1 << 2", 8},
		{"1 ? 1 - 0 : 0 - 1", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0xdead;

		if (!value_of(cases[i].expr, &value))
			fail_msg("%s has no value", cases[i].expr);
		if (value != cases[i].value)
			fail_msg("%s is %#llx, not %#llx", cases[i].expr, (unsigned long long)value,
				 (unsigned long long)cases[i].value);
	}
}

static void failures(void **state)
{
	static const char *const cases[] = {
		"1 - 2",
		"Z - 1",
		"-1",
		"0 - (1 << 63)",
		"1 / 0",
		"1 % 0",
		"1 / Z",
		"1 / (5 - 5)",
		"0xffffffffffffffff + 1",
		"1 << 64",
		"1 >> 64",
		"1 << 0xffffffffffffffff",
		"2 << 63",
		"0x100000000 * 0x100000000",
		"NOTHING",
		"e",
		"e.THREE",
		"f.ONE",
		"Z.ONE",
		"e.ONE.TWO",
		"Z ? 1 : 1 / Z",
		"1 && 1 / Z",
		"0 || 1 / Z",
		"1 ? 2 : NOTHING",
		"0 && NOTHING",
		"1 / Z && 0",
		"X",
		"X + 1",
		"1 / Z ? 1 : 2",
		"!NOTHING",
		"~(1 - 2)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value;

		if (value_of(cases[i], &value))
			fail_msg("%s has a value", cases[i]);
	}
}

/* One mistake, one error: what depends on it says nothing. */
static void poison(void **state)
{
	struct resolved r = resolve_text(
		"const A = 1 / 0; const B = A + 1; const C = B ? A : B; enum e { P = C, Q }\n"
		"template t(N) { reg R[N] @ N rw = N; }\n"
		"device d version A { pci { vendor A; device B; }\n"
		"bar A mem32 size C access A..8 { reg X @ C width A rw = B; is t(A); group G[B] @ "
		"C += A is t(B);\n"
		"reg Y @ 8 { F [A:0] rw = A; H [B] enum e; } ram M @ 0 size C; }\n"
		"state { u8 v[<= A] ; u32 w = C; } timer t[A] on expire; irq q[A] = B; param u8 p "
		"= A; }\n");

	(void)state;
	assert_null(r.model);
	assert_int_equal(diag_errors(r.diag), 1);
	release(&r);
}

static void cycles(void **state)
{
	struct resolved r = resolve_text("const A = B; const B = C; const C = A; const D = D;\n"
					 "enum e { X = e.Y, Y }\n"
					 "device d { pci { vendor A; device D; } }");

	(void)state;
	assert_null(r.model);
	assert_int_equal(diag_errors(r.diag), 3);
	release(&r);
}

/* Constants need not be in order, and long chains are cut off with a message, not by the stack. */
static void chains(void **state)
{
	static const unsigned lengths[] = {500, 100000};

	(void)state;
	for (int k = 0; k < 2; k++) {
		size_t size = lengths[k] * 32ul + 200, used = 0;
		char *text = malloc(size);
		struct resolved r;

		assert_non_null(text);
		for (unsigned i = 0; i < lengths[k]; i++)
			used += (size_t)snprintf(text + used, size - used, "const C%u = C%u + 1;\n",
						 i, i + 1);
		used += (size_t)snprintf(text + used, size - used, "const C%u = 0;\n", lengths[k]);
		snprintf(text + used, size - used,
			 "device d { pci { vendor C0; device 1; } on reset; }");
		r = resolve_text(text);
		if (k == 0) {
			assert_non_null(r.model);
			assert_int_equal(r.model->pci.vendor, lengths[0]);
		} else {
			assert_null(r.model);
			assert_true(diag_errors(r.diag) >= 1);
		}
		release(&r);
		free(text);
	}
}

static void signed_values(void **state)
{
	struct resolved r = resolve_text(
		"device d { pci { vendor 1; device 1; } param i8 a = -128; param i8 b = 127;\n"
		"param i64 c = -9223372036854775808; param i16 e = -(2 + 3); param i32 f = -0; on "
		"reset; }");

	(void)state;
	assert_non_null(r.model);
	assert_true(r.model->params[0].value == (uint64_t)-128);
	assert_true(r.model->params[1].value == 127);
	assert_true(r.model->params[2].value == 1ull << 63);
	assert_true(r.model->params[3].value == (uint64_t)-5);
	assert_true(r.model->params[4].value == 0);
	release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(failures),
		cmocka_unit_test(poison), cmocka_unit_test(cycles),
		cmocka_unit_test(chains), cmocka_unit_test(signed_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
