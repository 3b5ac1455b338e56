// SPDX-License-Identifier: BSD-2-Clause
/* Which hooks run, in which order, with which values and indices; and what they act upon. */
#include "made.h"

enum {
	COUNT = 0,
	NOTES = 0x100,
	F = 0x10,
	G = 0x14,
	H = 0x18,
	Q = 0x20,
	E = 0x28,
	E64 = 0x30,
	OPS = 0x38,
	GA = 0x400,
	IL = 0x800,
	HOLE = 0x900,
	M2 = 0xa00,
	ENUMS = 0xb00,
	W1 = 0xb04,
	RW1 = 0xb08,
	SETS = 0xb0c,
	CHANGE = 0xb10,
	INT = 0xc00
};

enum op {
	OP_SOFT_RESET = 1,
	OP_FORGET,
	OP_TIMER,
	OP_LEVEL,
	OP_LEVEL_OFF,
	OP_P,
	OP_NE,
	OP_BE,
	OP_WIDE,
	OP_DMA
};

struct note {
	unsigned id;
	uint32_t value, old;
};

static int start(void **state)
{
	int err = made_start(state, "hooks", NULL);

	put(*state, 0, OPS, 4, OP_FORGET);
	return err;
}

static void op(struct made *made, enum op op, uint32_t value)
{
	PUT(OPS, op | value << 8);
}

/* Exactly these hooks ran since they were last asked for. */
static void ran(struct made *made, const struct note *notes, uint32_t n)
{
	IS(COUNT, n);
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t found = get(made, 0, NOTES + 8 * i, 8);

		assert_int_equal(found >> 48, notes[i].id);
		assert_int_equal(found >> 24 & 0xffffff, notes[i].value);
		assert_int_equal(found & 0xffffff, notes[i].old);
	}
	op(made, OP_FORGET, 0);
}

#define RAN(...)                                      \
	ran(made, (const struct note[]){__VA_ARGS__}, \
	    sizeof((const struct note[]){__VA_ARGS__}) / sizeof(struct note))
#define NONE_RAN ran(made, NULL, 0)

static void hooks_of_touched_fields(void **state)
{
	struct made *made = *state;

	put(made, 0, F, 1, 0x12);
	RAN({1, 0x12, 0});
	put(made, 0, F + 1, 1, 0x12);
	RAN({2, 0x12, 0});
	put(made, 0, F + 1, 1, 0x12);
	NONE_RAN;
	put(made, 0, F + 2, 1, 1);
	RAN({3, 1, 0});
	put(made, 0, F + 3, 1, 0x0f);
	RAN({4, 0xf0, 0xff});
	IS(F, 0xf0001212);
	PUT(F, 0xff011212);
	RAN({1, 0x12, 0x12}, {3, 1, 0}, {4, 0, 0xf0});
	IS(F, 0x1212);
}

static void check_comes_before(void **state)
{
	struct made *made = *state;

	PUT(G, 0x130);
	RAN({5, 0, 0});
	PUT(G, 0x120);
	RAN({5, 0x120, 0}, {6, 0x120, 0});
	PUT(G, 0x130);
	RAN({5, 0x120, 0x120});
	/* One byte: the field's other bits are what they were. */
	put(made, 0, G, 1, 0x50);
	RAN({5, 0x150, 0x120}, {6, 0x150, 0x120});
	IS(G, 0x1150);
	put(made, 0, H, 2, 0xffff);
	assert_int_equal(get(made, 0, H, 2), 0xf000);
	assert_int_equal(get(made, 0, H + 1, 1), 0xf0);
}

static void halves_of_64_bits(void **state)
{
	struct made *made = *state;

	PUT(Q + 4, 0x11111111);
	PUT(Q, 0x222222);
	assert_true(get(made, 0, Q, 8) == UINT64_C(0x1111111100222222));
	RAN({7, 0, 0}, {7, 0x222222, 0});
	put(made, 0, E, 1, 0xaa);
	RAN({8, 0, 0});
	IS(E, 0xaa);
	PUT(E, 0x44332200);
	RAN({8, 0x223344, 0});
	put(made, 0, E64, 8, UINT64_C(0x1122334455667788));
	assert_true(get(made, 0, E64, 8) == UINT64_C(0x1100000000000088));
}

static void indices_locks_aliases(void **state)
{
	struct made *made = *state;
	/* GA[1].GB[1].L[1] */
	const uint32_t at = GA + 0x100 + 0x10 + 0x20 + 4;

	PUT(at, 0x77);
	IS(at, 0);
	/* The key of the other group does not open it. */
	PUT(GA, 1);
	PUT(at, 0x77);
	IS(at, 0);
	NONE_RAN;
	PUT(GA + 0x100, 1);
	PUT(at, 0x77);
	RAN({9 + 111, 0x77, 0});
	PUT(at + 8, 0x70);
	RAN({500 + 111, 0x07, 0x77});
	IS(at, 0x07);
	IS(at + 8, 0x07);
	IS(GA + 0x100 + 0x10 + 0x40 + 0x10, 0x12);
	PUT(GA + 0x100 + 0x10 + 0x40 + 0x10, 9);
	RAN({1000 + 0x12, 9, 0});
}

/* The register's own `on change` runs whichever way its bits changed, `on write` for its own
 * writes. */
static void changes_through_aliases(void **state)
{
	struct made *made = *state;

	PUT(CHANGE + 0x14, 0x0a);
	NONE_RAN;
	PUT(CHANGE + 0x14, 0x01);
	RAN({7011, 4, 5}, {7001, 0x54, 0x55});
	PUT(CHANGE + 0x14, 0x40);
	RAN({7001, 0x14, 0x54});
	PUT(CHANGE + 8, 0x80000000);
	NONE_RAN;
	PUT(CHANGE + 8, 0x8000000f);
	RAN({7030, 0x5a, 0x55}, {7010, 0xa, 5}, {7000, 0x5a, 0x55});
	PUT(CHANGE, 0x5b);
	RAN({7010, 0xb, 0xa}, {7020, 5, 5}, {7000, 0x5b, 0x5a});
}

static void arrays_in_each_other(void **state)
{
	struct made *made = *state;

	for (uint32_t i = 0; i < 4; i++) {
		PUT(IL + 8 * i, i + 7);
		RAN({2000 + i, i + 7, 0});
		PUT(IL + 8 * i + 4, i + 1);
		PUT(HOLE + 16 * i, i + 0x10);
		put(made, 0, HOLE + 16 * i + 4, 2, i + 0x20);
	}
	for (uint32_t i = 0; i < 4; i++) {
		IS(IL + 8 * i, 0);
		IS(IL + 8 * i + 4, i + 1);
		assert_true(get(made, 0, HOLE + 16 * i, 8) ==
			    ((uint64_t)(i + 0x20) << 32 | (i + 0x10)));
	}
	NONE_RAN;
	/* Both at once, low address first. */
	put(made, 0, IL + 8, 8, UINT64_C(0x0000000500000006));
	RAN({2001, 6, 0});
	IS(IL + 12, 5);
	for (uint32_t i = 0; i < 6; i++) {
		PUT(M2 + i / 3 * 0x40 + i % 3 * 8, i);
		RAN({3000 + i / 3 * 10 + i % 3, i, 0});
	}
}

static void kinds_of_reset(void **state)
{
	struct made *made = *state;

	IS(ENUMS, 3);
	IS(SETS, 0x5431);
	PUT(SETS, 0xffff);
	op(made, OP_SOFT_RESET, 0);
	RAN({5000, 3, 0});
	IS(SETS, 0x5ff2);
	PUT(SETS, 0xffff);
	assert_int_equal(client_reset(&made->client), 0);
	IS(SETS, 0x8f31);
}

static void first_write_counts(void **state)
{
	struct made *made = *state;

	IS(W1, 0);
	IS(RW1, 5);
	put(made, 0, RW1, 1, 7);
	PUT(RW1, 0x909);
	IS(RW1, 0x907);
	assert_int_equal(client_reset(&made->client), 0);
	PUT(RW1, 1);
	IS(RW1, 1);
}

static void timers_of_an_array(void **state)
{
	struct made *made = *state;

	op(made, OP_TIMER, 2);
	/* the device answers between its other events */
	while (GET(COUNT) == 0)
		;
	RAN({4002, 0, 0});
}

static void big_endian_bar(void **state)
{
	struct made *made = *state;
	uint8_t bytes[4];

	assert_int_equal(client_read(&made->client, 2, 0, bytes, 4), 0);
	assert_memory_equal(bytes, "\x11\x22\x33\x44", 4);
	assert_int_equal(client_write(&made->client, 2, 2, "\x01\x02", 2), 0);
	assert_int_equal(client_read(&made->client, 2, 2, bytes, 4), 0);
	assert_memory_equal(bytes, "\x01\x02\x11\x22", 4);
	assert_int_equal(client_read(&made->client, 2, 0, bytes, 1), REFUSED);
}

static void layouts_in_guest_memory(void **state)
{
	static const char record[25] = "\xab\xcd\xf0\x0a\0\0\0\1\0\0\0\2\xff"
				       "abc\x11\x22\x33\x44\x55\x66\x77\x88";
	struct made *made = *state;
	int fd = memfd_create("guest", MFD_CLOEXEC);
	uint8_t *memory;

	assert_int_equal(ftruncate(fd, 4096), 0);
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(client_dma_map(&made->client, 0x1000, 4096, 0,
					VU_DMA_MAP_READ | VU_DMA_MAP_WRITE, fd),
			 0);
	memcpy(memory, record, 24);
	memcpy(memory + 24, "\x77\x88", 2);
	memory[63] = 6;
	op(made, OP_DMA, 0);
	RAN({6000, 0xabcd, 0xf00a}, {6001, 0x7788, 6});
	assert_memory_equal(memory + 0x40, "\x12\x34", 2);
	assert_memory_equal(memory + 0x42, record + 2, 22);
	munmap(memory, 4096);
	close(fd);
}

static void causes_of_all_kinds(void **state)
{
	struct made *made = *state;

	op(made, OP_LEVEL, 0);
	IS(INT, 1);
	PUT(INT, 1);
	IS(INT, 1);
	op(made, OP_LEVEL_OFF, 0);
	IS(INT, 0);
	op(made, OP_P, 1);
	IS(INT, 2);
	op(made, OP_P, 0);
	PUT(INT, 2);
	IS(INT, 0);
	op(made, OP_NE, 1);
	IS(INT, 0);
	op(made, OP_NE, 0);
	IS(INT, 4);
	PUT(INT, 4);
	for (uint32_t i = 0; i < 2; i++) {
		op(made, OP_BE, !i);
		IS(INT, 8);
		PUT(INT, 8);
		IS(INT, 0);
	}
	op(made, OP_WIDE, 0);
	IS(INT, 0);
	IS(INT + 0x20, 0x80);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, made_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hooks_of_touched_fields), TEST(check_comes_before),
		TEST(halves_of_64_bits),       TEST(indices_locks_aliases),
		TEST(changes_through_aliases), TEST(arrays_in_each_other),
		TEST(kinds_of_reset),          TEST(first_write_counts),
		TEST(timers_of_an_array),      TEST(big_endian_bar),
		TEST(layouts_in_guest_memory), TEST(causes_of_all_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
