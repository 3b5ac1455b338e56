// SPDX-License-Identifier: BSD-2-Clause
/* The spellings that the language's examples leave open. */
#include "made.h"

enum {
	MODE = 0,
	PORT = 0x100,
	KEY = 0x500,
	LOCKED = 0x504,
	CTL = 0x508,
	RBR = 0x600,
	RSV = 0x604,
	SOFT = 0x608,
	SETSTAT = 0x60c,
	WS = 0x700,
	RCL = 0x710,
	LOOK = 0x714,
	HIDE = 0x720,
	FB = 0x800
};

static int start(void **state)
{
	return made_start(state, "spell", NULL);
}

static void config_registers(void **state)
{
	struct made *made = *state;

	assert_int_equal(get(made, VU_REGION_CONFIG, 0x60, 2), 0);
	put(made, VU_REGION_CONFIG, 0x60, 2, 0xffff);
	put(made, VU_REGION_CONFIG, 0x61, 1, 0x12);
	assert_int_equal(get(made, VU_REGION_CONFIG, 0x60, 4) & 0xffff, 0x12ff);
	const uint64_t vendor = made_capability(made, 9);

	assert_int_equal(get(made, VU_REGION_CONFIG, vendor + 2, 1), 6);
	assert_int_equal(get(made, VU_REGION_CONFIG, vendor + 3, 2), 0x0201);
	assert_int_equal(get(made, VU_REGION_CONFIG, vendor + 5, 1), 3);
}

static void locks_that_lock_themselves(void **state)
{
	struct made *made = *state;

	put(made, 0, CTL, 1, 6);
	assert_int_equal(get(made, 0, CTL, 1), 6);
	put(made, 0, CTL, 1, 1);
	assert_int_equal(get(made, 0, CTL, 1), 1);
	put(made, 0, CTL, 1, 6);
	assert_int_equal(get(made, 0, CTL, 1), 5);
	assert_int_equal(client_reset(&made->client), 0);
	put(made, 0, CTL, 1, 2);
	assert_int_equal(get(made, 0, CTL, 1), 2);
}

static void locks(void **state)
{
	struct made *made = *state;

	PUT(LOCKED, 7);
	IS(LOCKED, 1);
	PUT(KEY, 1);
	PUT(LOCKED, 7);
	IS(LOCKED, 7);
	PUT(KEY, 0);
	PUT(LOCKED, 8);
	IS(LOCKED, 7);
}

static void groups_in_groups(void **state)
{
	struct made *made = *state;

	for (uint32_t i = 0; i < 8; i++)
		PUT(PORT + i / 2 * 0x20 + i % 2 * 0x10, i % 3 == 0);
	for (uint32_t i = 0; i < 8; i++)
		IS(PORT + i / 2 * 0x20 + i % 2 * 0x10, i % 3 == 0);
	PUT(PORT, 0xfffffffe);
	IS(PORT, 0);
}

static void resets(void **state)
{
	struct made *made = *state;

	for (uint32_t i = 0; i < 4; i++) {
		IS(PORT + 8 + i * 0x20, 1);
		PUT(SETSTAT, (i + 5) << 8 | i);
		IS(PORT + 8 + i * 0x20, i + 5);
	}
	PUT(SOFT, 1);
	IS(PORT + 8, 5);
	IS(LOCKED, 3);
	assert_int_equal(client_reset(&made->client), 0);
	IS(PORT + 8, 1);
	IS(LOCKED, 1);
}

static void fields(void **state)
{
	struct made *made = *state;

	PUT(RSV, 0xff);
	IS(RSV, 0x0f);
	PUT(MODE, 0xff);
	IS(MODE, 0x0e);
	IS(WS + 4, 3);
	/* A field's own access stands instead of its register's. */
	PUT(WS + 4, 1);
	IS(WS + 4, 0);
	PUT(WS, 2);
	IS(WS, 3);
	IS(HIDE, 5);
	IS(HIDE + 4, 6);
	IS(HIDE + 8, 5);
	IS(LOOK, 3);
	IS(RCL, 3);
	IS(LOOK, 2);
	IS(RCL, 2);
}

static void pairs_and_memory(void **state)
{
	struct made *made = *state;

	put(made, 0, RBR, 1, 0x55);
	assert_int_equal(get(made, 0, RBR, 1), 0);
	PUT(FB, 0x11223344);
	assert_int_equal(get(made, 0, FB + 1, 2), 0x2233);
	for (uint32_t i = 0; i < 10; i++)
		IS(0x400 + 4 * i, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(config_registers, start, made_stop),
		cmocka_unit_test_setup_teardown(locks, start, made_stop),
		cmocka_unit_test_setup_teardown(locks_that_lock_themselves, start, made_stop),
		cmocka_unit_test_setup_teardown(groups_in_groups, start, made_stop),
		cmocka_unit_test_setup_teardown(resets, start, made_stop),
		cmocka_unit_test_setup_teardown(fields, start, made_stop),
		cmocka_unit_test_setup_teardown(pairs_and_memory, start, made_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
