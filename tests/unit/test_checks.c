/* SPDX-License-Identifier: BSD-2-Clause */
/* The arithmetic under the checks of overlaps, and the scanner of C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "c_words.h"
#include "extents.h"
#include "progression.h"

/* Numbers that look random and are the same each time. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static bool reach_by_hand(const struct term *terms, unsigned n, int64_t base, int64_t lo,
			  int64_t hi)
{
	if (n == 0)
		return lo <= base && base <= hi;
	for (uint64_t x = 0; x <= terms->max; x++)
		if (reach_by_hand(terms + 1, n - 1, base + (int64_t)(x * terms->stride), lo, hi))
			return true;
	return false;
}

static void test_reach_agrees_with_trying(void **unused)
{
	uint64_t seed = 1;
	unsigned yes = 0;

	(void)unused;
	for (unsigned round = 0; round < 60000; round++) {
		struct term terms[3], copy[3];
		unsigned n = 1 + next_random(&seed) % 3;
		int64_t base = (int64_t)(next_random(&seed) % 200) - 150;
		int64_t lo = (int64_t)(next_random(&seed) % 100) - 40;
		int64_t hi = lo + (int64_t)(next_random(&seed) % 8) - 1;

		for (unsigned i = 0; i < n; i++) {
			terms[i].stride = next_random(&seed) % 40;
			terms[i].max = next_random(&seed) % 12;
		}
		memcpy(copy, terms, sizeof(copy));
		bool expected = reach_by_hand(terms, n, base, lo, hi);

		if (terms_reach(copy, n, base, lo, hi) != expected)
			fail_msg("round %u: expected %d", round, expected);
		yes += expected;
	}
	/* The trial is worth something only if it sees both answers often. */
	assert_in_range(yes, 6000, 54000);
}

static void test_reach_of_large_numbers(void **unused)
{
	const uint64_t a = 999999937, b = 1000000007; /* primes */
	struct term terms[2] = {{a, UINT32_MAX}, {b, UINT32_MAX}};
	int64_t sum = (int64_t)(123456789 * a + 987654321 * b);

	(void)unused;
	assert_true(terms_reach(terms, 2, 0, sum, sum));
	terms[0] = (struct term){a, 123456788};
	terms[1] = (struct term){b, 987654320};
	assert_false(terms_reach(terms, 2, 0, sum, sum));
	terms[0] = (struct term){1 << 20, 1 << 20};
	terms[1] = (struct term){1 << 21, 1 << 20};
	assert_false(terms_reach(terms, 2, 0, (1 << 20) + 1, (1 << 21) - 1));
}

static struct extent make(uint64_t offset, uint64_t width, unsigned ndims, const struct m_dim *dims)
{
	struct extent extent;

	assert_true(extent_init(&extent, offset, width, dims, ndims));
	return extent;
}

#define BYTES 4096

static void mark(const struct extent *extent, unsigned ndims, uint64_t at, unsigned char *hits)
{
	if (ndims == 0) {
		for (uint64_t i = 0; i < extent->width; i++)
			hits[at + i]++;
		return;
	}
	for (uint64_t k = 0; k < extent->dims[ndims - 1].count; k++)
		mark(extent, ndims - 1, at + k * extent->dims[ndims - 1].stride, hits);
}

static struct extent random_extent(uint64_t *seed)
{
	struct m_dim dims[2];
	unsigned ndims = next_random(seed) % 3;
	uint64_t offset = next_random(seed) % 200 * 4, width = 1u << next_random(seed) % 4;

	for (unsigned i = 0; i < 2; i++)
		dims[i] = (struct m_dim){1 + next_random(seed) % 6, 4 * (next_random(seed) % 40)};
	return make(offset, width, ndims, dims);
}

static void test_meeting_agrees_with_marking(void **unused)
{
	uint64_t seed = 2;
	unsigned met = 0;

	(void)unused;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned char a_hits[BYTES] = {0}, b_hits[BYTES] = {0};
		struct extent a = random_extent(&seed), b = random_extent(&seed);
		bool both = false, twice = false;

		mark(&a, a.ndims, a.offset, a_hits);
		mark(&b, b.ndims, b.offset, b_hits);
		for (unsigned i = 0; i < BYTES; i++) {
			both |= a_hits[i] && b_hits[i];
			twice |= a_hits[i] > 1;
		}
		if (extents_meet(&a, &b) != both || extents_meet(&b, &a) != both)
			fail_msg("round %u: two meet: expected %d", round, both);
		if (extent_meets_itself(&a) != twice)
			fail_msg("round %u: one meets itself: expected %d", round, twice);
		met += both;
	}
	assert_in_range(met, 1000, 19000);
}

static void count_clash(void *arg, const struct extent *a, const struct extent *b)
{
	assert_true(a->order < b->order);
	++*(unsigned *)arg;
}

static unsigned clashes(struct extent *extents, size_t n)
{
	struct arena *arena = arena_create();
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		extents[i].order = (unsigned)i;
	extents_find_clashes(arena, extents, n, count_clash, &count);
	arena_destroy(arena);
	return count;
}

static void test_search_agrees_with_pairs(void **unused)
{
	uint64_t seed = 3;
	unsigned clean = 0;

	(void)unused;
	for (unsigned round = 0; round < 20000; round++) {
		struct extent extents[6];
		size_t n = 2 + next_random(&seed) % 5;
		bool expected = false;

		for (size_t i = 0; i < n; i++)
			extents[i] = random_extent(&seed);
		/* Often with common steps, as the members of a group have. */
		for (size_t i = 1; i < n && next_random(&seed) % 2; i++) {
			uint64_t offset = extents[i].offset, width = extents[i].width;

			extents[i] = extents[0];
			extents[i].offset = offset % 64;
			extents[i].width = width;
		}
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < i; k++)
				expected |= extents_meet(&extents[i], &extents[k]);
		unsigned found = clashes(extents, n);

		if ((found > 0) != expected || found >= n)
			fail_msg("round %u: %u clashes, expected %d", round, found, expected);
		clean += !expected;
	}
	assert_in_range(clean, 1000, 19000);
}

static void test_interleaved_arrays(void **unused)
{
	const struct m_dim queues = {64, 8}, other = {64, 12};
	struct extent extents[] = {make(0x1000, 4, 1, &queues), make(0x1004, 4, 1, &queues)};

	(void)unused;
	assert_int_equal(clashes(extents, 2), 0);
	extents[1] = make(0x1002, 4, 1, &queues);
	assert_int_equal(clashes(extents, 2), 1);
	/* A register in the hole of an array, and one across an element. */
	extents[0] = make(0x1000, 4, 1, &queues);
	extents[1] = make(0x1014, 4, 0, NULL);
	assert_int_equal(clashes(extents, 2), 0);
	extents[1] = make(0x1016, 4, 0, NULL);
	assert_int_equal(clashes(extents, 2), 1);
	/* Different steps meet somewhere, though not at first. */
	extents[0] = make(0, 4, 1, &queues);
	extents[1] = make(4, 4, 1, &other);
	assert_int_equal(clashes(extents, 2), 1);
}

static void test_wrapping_is_no_place(void **unused)
{
	const struct m_dim large = {UINT32_MAX, UINT32_MAX}, none = {0, 4};
	struct extent extent;

	(void)unused;
	assert_false(extent_init(&extent, UINT64_MAX - 3, 4, NULL, 0));
	assert_false(extent_init(&extent, 0, UINT64_MAX, NULL, 0));
	assert_false(extent_init(&extent, 0, 4, &large, 1));
	assert_false(extent_init(&extent, 0, 0, NULL, 0));
	assert_false(extent_init(&extent, 0, 4, &none, 1));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#define MANY 100000u

/* Under valgrind and sanitizers everything is slower; nothing here may be quadratic though. */
#define PATIENCE 10.0

static void check_many(unsigned ndims, const struct m_dim *dims, unsigned expected)
{
	struct extent *extents = calloc(MANY + 1, sizeof(*extents));
	double start = seconds();

	assert_non_null(extents);
	for (unsigned i = 0; i < MANY; i++)
		extents[i] = make((uint64_t)i * 4, 4, ndims, dims);
	extents[MANY] = make((uint64_t)MANY * 4 + 16, 4, 0, NULL);
	assert_int_equal(clashes(extents, MANY + 1), expected);
	assert_true(seconds() - start < PATIENCE);
	free(extents);
}

static void test_many_registers(void **unused)
{
	const struct m_dim plain = {1, 0};
	const struct m_dim group[2] = {{1000, 1 << 21}, {4, 1 << 19}};
	const struct m_dim tight = {2, 4 * MANY - 4};

	(void)unused;
	check_many(1, &plain, 0);
	check_many(2, group, 0);
	check_many(1, &tight, 2);
}

static struct c_words *scan(struct arena *arena, const char *text)
{
	struct c_words *words = c_words_create(arena);

	c_words_scan(words, text);
	return words;
}

static void test_words(void **unused)
{
	struct arena *arena = arena_create();
	struct c_words *words =
		scan(arena, "dev->reg.CTRL = 0x1Fu + A_B; // dev_set_X\n"
			    "/* hidden */ puts(\"inner\"); c = 'q'; L\"wide\" \\\n z9");

	(void)unused;
	assert_true(c_words_have(words, "CTRL"));
	assert_true(c_words_have(words, "A_B"));
	assert_true(c_words_have(words, "puts"));
	assert_true(c_words_have(words, "z9"));
	assert_false(c_words_have(words, "dev_set_X"));
	assert_false(c_words_have(words, "hidden"));
	assert_false(c_words_have(words, "inner"));
	assert_false(c_words_have(words, "q"));
	assert_false(c_words_have(words, "Fu"));
	assert_false(c_words_have(words, "x1Fu"));
	assert_false(c_words_have(words, "B"));
	assert_false(c_words_have(words, "CTR"));
	arena_destroy(arena);
}

static void test_broken_text_ends(void **unused)
{
	const char *const broken[] = {"",      "\"open",  "'",     "/* open", "// open",
				      "\\",    "a\\",     "\"\\",  "((((",    "f(",
				      "dev->", "dev->a[", "++dev", "#define", "0x"};
	struct arena *arena = arena_create();

	(void)unused;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		/* In a block of its own, so that sanitizers see a step too far. */
		char *text = strdup(broken[i]);
		const char *at = text;
		unsigned tokens = 0;

		assert_non_null(text);
		while (c_next_token(&at).kind != C_END)
			assert_true(++tokens < 10);
		assert_ptr_equal(at, text + strlen(text));
		scan(arena, text);
		assert_false(c_body_acts(text, NULL, 0));
		free(text);
	}
	arena_destroy(arena);
}

static void test_many_words(void **unused)
{
	struct arena *arena = arena_create();
	struct c_words *words = c_words_create(arena);
	char text[32];

	(void)unused;
	assert_false(c_words_have(words, "w0"));
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "w%d w%d", i, i / 2);
		c_words_scan(words, text);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "w%d", i);
		assert_true(c_words_have(words, text));
	}
	assert_false(c_words_have(words, "w5000"));
	arena_destroy(arena);
}

static bool calls_out(const char *text)
{
	const char *const known[] = {"mdl_", "tst_set_"};
	struct arena *arena = arena_create();
	bool out = c_words_call_out(scan(arena, text), known, 2);

	arena_destroy(arena);
	return out;
}

static void test_calls(void **unused)
{
	(void)unused;
	assert_true(calls_out("rebuild(dev);"));
	assert_true(calls_out("if (value) start( dev , 1);"));
	assert_false(calls_out("mdl_reset(dev, 1); tst_set_CTRL(dev, 2);"));
	assert_false(calls_out("memset(buffer, 0, 4); log(dev->name);"));
	assert_false(calls_out("if (dev) while (dev) return (dev);"));
	assert_false(calls_out("dev->ops.start(dev);"));
	/* Defined here: its body was seen. */
	assert_false(calls_out(
		"static void rebuild(struct tst *dev) { } void f(void) { rebuild(dev); }"));
	assert_false(calls_out("#define REBUILD(d) ((d)->x = 1)\n void f(void) { REBUILD(dev); }"));
	assert_true(calls_out("void rebuild(struct tst *dev); void f(void) { rebuild(dev); }"));
}

static bool acts(const char *text)
{
	const char *const acting[] = {"mdl_irq_raise", "tst_set_"};

	return c_body_acts(text, acting, 2);
}

static void test_acting(void **unused)
{
	(void)unused;
	assert_true(acts("dev->count = 0; return 1;"));
	assert_true(acts("return dev->reg.FIFO[dev->head + 1]++;"));
	assert_true(acts("++dev->reads; return 0;"));
	assert_true(acts("dev->a.b[i][j] <<= 1;"));
	assert_true(acts("mdl_irq_raise(dev, 0); return 0;"));
	assert_true(acts("tst_set_CTRL(dev, 1); return 0;"));
	assert_false(acts("uint32_t x = dev->count; x += 2; return x;"));
	assert_false(acts("return dev->count == 3 || dev->count <= 7 || dev->a[2] != 1;"));
	assert_false(acts("return value;"));
	assert_false(acts("return tst_get_CTRL(dev);"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reach_agrees_with_trying),
		cmocka_unit_test(test_reach_of_large_numbers),
		cmocka_unit_test(test_meeting_agrees_with_marking),
		cmocka_unit_test(test_search_agrees_with_pairs),
		cmocka_unit_test(test_interleaved_arrays),
		cmocka_unit_test(test_wrapping_is_no_place),
		cmocka_unit_test(test_many_registers),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_broken_text_ends),
		cmocka_unit_test(test_many_words),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_acting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
