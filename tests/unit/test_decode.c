/* SPDX-License-Identifier: BSD-2-Clause */
/* Decode against a slow and obvious model, and what it must refuse. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sample_drive.h"

static uint64_t place(const struct mdl_reg *reg, uint32_t element)
{
	uint32_t at[MDL_MAX_DIMS] = {0};
	uint64_t offset = reg->offset;

	dims_split(reg->dims, reg->ndims, element, at);
	for (unsigned d = 0; d < reg->ndims; d++)
		offset += (uint64_t)at[d] * reg->dims[d].stride;
	return offset;
}

/* Every register's every byte is found, and nothing else is. */
static void check_all(const struct mdl_reg *regs, uint32_t nregs, uint64_t size)
{
	uint32_t *owner = calloc(size, sizeof(*owner));
	struct decode *decode;

	assert_non_null(owner);
	assert_int_equal(decode_create(&decode, regs, nregs, size), 0);
	for (uint32_t r = 0; r < nregs; r++) {
		for (uint32_t e = 0; e < regs[r].count; e++) {
			for (unsigned b = 0; b < regs[r].width; b++) {
				const uint64_t offset = place(&regs[r], e) + b;
				const struct decode_hit hit = decode_find(decode, offset, true);

				assert_ptr_equal(hit.reg, &regs[r]);
				assert_int_equal(hit.element, e);
				assert_int_equal(hit.byte, b);
				owner[offset]++;
			}
		}
	}
	for (uint64_t i = 0; i < size; i++) {
		assert_true(owner[i] <= 1);
		assert_int_equal(decode_find(decode, i, false).reg != NULL, owner[i]);
		assert_int_equal(decode_any(decode, i, 1), owner[i]);
	}
	decode_destroy(decode);
	free(owner);
}

static void interleaved_arrays_are_found(void **state)
{
	static const struct mdl_dim outer[] = {{4, 0x800}, {8, 0x40}, {3, 8}};
	static const struct mdl_dim bytes[] = {{16, 0x200}};
	static const struct mdl_reg regs[] = {
		{.offset = 0, ALL32, .count = 96, .width = 4, .ndims = 3, .dims = outer},
		{.offset = 4,
		 .readable = 1,
		 .writable = 1,
		 .count = 96,
		 .width = 1,
		 .ndims = 3,
		 .dims = outer},
		{.offset = 0x3f,
		 .readable = 1,
		 .writable = 1,
		 .count = 16,
		 .width = 1,
		 .ndims = 1,
		 .dims = bytes},
		{.offset = 0x30,
		 .readable = 1,
		 .writable = 1,
		 .count = 16,
		 .width = 8,
		 .ndims = 1,
		 .dims = bytes},
	};

	(void)state;
	check_all(regs, 4, 0x4000);
}

static void a_register_across_pages_is_found(void **state)
{
	static const struct mdl_reg regs[] = {
		{.offset = 0xffc, .readable = 1, .writable = 1, .count = 1, .width = 8},
		{.offset = 0x1004, .readable = 1, .writable = 1, .count = 1, .width = 1},
	};

	(void)state;
	check_all(regs, 2, 0x2000);
}

static void a_pair_decodes_by_direction(void **state)
{
	struct decode *decode;
	struct decode_hit hit;

	(void)state;
	assert_int_equal(decode_create(&decode, sample_regs, SAMPLE_NREGS, 0x1000), 0);
	hit = decode_find(decode, 0x24, false);
	assert_ptr_equal(hit.reg, &sample_regs[R_RBR]);
	hit = decode_find(decode, 0x24, true);
	assert_ptr_equal(hit.reg, &sample_regs[R_THR]);
	/* The rest of the page is the same from both sides. */
	assert_ptr_equal(decode_find(decode, 0x28, false).reg, &sample_regs[R_PULSE]);
	assert_ptr_equal(decode_find(decode, 0x28, true).reg, &sample_regs[R_PULSE]);
	assert_ptr_equal(decode_find(decode, 0x200 + 0x40 + 0x10 + 3, true).reg,
			 &sample_regs[R_GRID]);
	assert_int_equal(decode_find(decode, 0x200 + 0x40 + 0x10 + 3, true).element, 5);
	assert_int_equal(decode_find(decode, 0x200 + 0x40 + 0x10 + 3, true).byte, 3);
	decode_destroy(decode);
}

static void refused(const struct mdl_reg *regs, uint32_t nregs, uint64_t size)
{
	struct decode *decode = NULL;

	assert_int_equal(decode_create(&decode, regs, nregs, size), -EINVAL);
	assert_null(decode);
}

static void contradictions_are_refused(void **state)
{
	static const struct mdl_dim tight[] = {{4, 2}}, empty[] = {{0, 4}}, huge[] = {{2, ~0u}};
	static const struct mdl_dim many[] = {{1 << 16, 4}, {1 << 16, 4}};
	static const struct mdl_reg overlap[] = {{.offset = 0, ALL32, .count = 1, .width = 4},
						 {.offset = 2, ALL32, .count = 1, .width = 2}};
	static const struct mdl_reg twice[] = {{.offset = 0, ALL32, .count = 1, .width = 4},
					       {.offset = 0, ALL32, .count = 1, .width = 4}};
	static const struct mdl_reg three[] = {
		{.offset = 0, .readable = 1, .count = 1, .width = 1},
		{.offset = 0, .writable = 1, .count = 1, .width = 1},
		{.offset = 0, .readable = 1, .count = 1, .width = 1}};
	static const struct mdl_reg shifted[] = {
		{.offset = 0, .readable = 1, .count = 1, .width = 4},
		{.offset = 2, .writable = 1, .count = 1, .width = 2}};
	const struct mdl_reg self = {ALL32, .count = 4, .width = 4, .ndims = 1, .dims = tight};
	const struct mdl_reg none = {ALL32, .count = 0, .width = 4, .ndims = 1, .dims = empty};
	const struct mdl_reg far = {ALL32, .count = 2, .width = 4, .ndims = 1, .dims = huge};
	const struct mdl_reg wraps = {.offset = UINT64_MAX - 2, ALL32, .count = 1, .width = 4};
	const struct mdl_reg lies = {ALL32, .count = 3, .width = 4, .ndims = 1, .dims = tight};
	const struct mdl_reg product = {ALL32, .count = 0, .width = 4, .ndims = 2, .dims = many};
	const struct mdl_reg odd = {ALL32, .count = 1, .width = 3};
	const struct mdl_reg beyond = {.offset = 0xffd, ALL32, .count = 1, .width = 4};

	(void)state;
	refused(overlap, 2, 0x1000);
	refused(twice, 2, 0x1000);
	refused(three, 3, 0x1000);
	refused(shifted, 2, 0x1000);
	refused(&self, 1, 0x1000);
	refused(&none, 1, 0x1000);
	refused(&far, 1, 0x1000);
	refused(&wraps, 1, UINT64_MAX);
	refused(&lies, 1, 0x1000);
	refused(&product, 1, UINT64_MAX);
	refused(&odd, 1, 0x1000);
	refused(&beyond, 1, 0x1000);
}

static void a_huge_bar_costs_little(void **state)
{
	const struct mdl_reg regs[] = {
		{.offset = 8, ALL32, .count = 1, .width = 4},
		{.offset = (1ull << 40) - 4, ALL32, .count = 1, .width = 4},
	};
	struct decode *decode;

	(void)state;
	assert_int_equal(decode_create(&decode, regs, 2, 1ull << 40), 0);
	assert_ptr_equal(decode_find(decode, (1ull << 40) - 1, true).reg, &regs[1]);
	assert_int_equal(decode_find(decode, (1ull << 40) - 1, true).byte, 3);
	assert_null(decode_find(decode, 1ull << 39, true).reg);
	assert_null(decode_find(decode, UINT64_MAX, true).reg);
	assert_false(decode_any(decode, 12, 1 << 30));
	assert_true(decode_any(decode, 0, 9));
	assert_true(decode_any(decode, (1ull << 40) - 0x2000, 0x2000));
	assert_false(decode_any(decode, 8, 0));
	decode_destroy(decode);
}

/* Doorbells are often a page apart, for each guest process to map its own. */
static void a_register_a_page_costs_little(void **state)
{
	const struct mdl_dim pages = {65536, 0x1000};
	const struct mdl_reg regs[] = {
		{.offset = 0xff8, ALL32, .count = 65536, .width = 4, .ndims = 1, .dims = &pages},
	};
	struct rlimit limit, lower;
	struct decode *decode;
	long virtual;
	FILE *statm = fopen("/proc/self/statm", "re");
	int err;

	(void)state;
	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%ld", &virtual), 1);
	fclose(statm);
	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	lower = limit;
	lower.rlim_cur = (rlim_t) virtual * (rlim_t)sysconf(_SC_PAGESIZE) + (128u << 20);
	assert_int_equal(setrlimit(RLIMIT_AS, &lower), 0);
	err = decode_create(&decode, regs, 1, 1ull << 28);
	setrlimit(RLIMIT_AS, &limit);
	assert_int_equal(err, 0);
	for (uint32_t i = 0; i < 65536; i++) {
		const uint64_t offset = 0x1000ull * i + 0xff8;

		assert_int_equal(decode_find(decode, offset + 3, true).element, i);
		assert_null(decode_find(decode, offset - 1, true).reg);
		assert_null(decode_find(decode, offset + 4, false).reg);
		assert_false(decode_any(decode, offset - 0xff8, 0xff8));
		assert_true(decode_any(decode, offset - 0xff8, 0xff9));
	}
	decode_destroy(decode);
}

static void many_registers_are_quick(void **state)
{
	const uint32_t n = 100000;
	struct mdl_reg *regs = calloc(n, sizeof(*regs));
	struct timespec before, after;
	struct decode *decode;
	int64_t ns;

	(void)state;
	assert_non_null(regs);
	for (uint32_t i = 0; i < n; i++)
		regs[i] = (struct mdl_reg){.offset = 4ull * i, ALL32, .count = 1, .width = 4};
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_int_equal(decode_create(&decode, regs, n, 1 << 20), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	for (uint32_t i = 0; i < n; i++)
		assert_ptr_equal(decode_find(decode, 4ull * i + 1, false).reg, &regs[i]);
	decode_destroy(decode);
	free(regs);
	ns = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
	printf("set-up of %u registers: %lld us\n", n, (long long)ns / 1000);
	/* Generous, for sanitizers and valgrind. */
	assert_true(ns < 2000000000);
}

static void nothing_is_found_in_an_empty_table(void **state)
{
	struct decode *decode;

	(void)state;
	assert_int_equal(decode_create(&decode, NULL, 0, 0x1000), 0);
	assert_null(decode_find(decode, 0, false).reg);
	assert_false(decode_any(decode, 0, 0x1000));
	decode_destroy(decode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interleaved_arrays_are_found),
		cmocka_unit_test(a_register_across_pages_is_found),
		cmocka_unit_test(a_pair_decodes_by_direction),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(a_huge_bar_costs_little),
		cmocka_unit_test(a_register_a_page_costs_little),
		cmocka_unit_test(many_registers_are_quick),
		cmocka_unit_test(nothing_is_found_in_an_empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
