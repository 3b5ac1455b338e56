// SPDX-License-Identifier: BSD-2-Clause
/* The language's first example behaves as it is written. */
#include "made.h"

enum {
	CTRL = 0x00,
	LOAD = 0x04,
	COUNT = 0x08,
	DIR = 0x10,
	OUT = 0x14,
	IN = 0x18,
	ISR = 0x20,
	IER = 0x24,
	ITR = 0x28
};
enum { EN = 1, PERIODIC = 2, KICK = 0x100, EXPIRE = 1, PIN = 2 };

static int start(void **state)
{
	static const char *const arguments[] = {"--clock-hz=1000", NULL};

	return made_start(state, "gpiotmr", arguments);
}

static int connect_msi(struct made *made, unsigned vector)
{
	const uint64_t msi = made_capability(made, 5);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	/* Two vectors are offered, two are enabled. */
	assert_int_equal(get(made, VU_REGION_CONFIG, msi + 2, 2) & 0xe, 2);
	put(made, VU_REGION_CONFIG, msi + 2, 2, 0x11);
	assert_int_equal(client_set_irq(&made->client, VU_IRQ_MSI,
					VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, vector,
					1, fd),
			 0);
	return fd;
}

static void fields_and_resets(void **state)
{
	struct made *made = *state;

	IS(LOAD, 0xffffffff);
	PUT(CTRL, 0xfffffe06);
	IS(CTRL, 6);
	PUT(DIR, 0xffffffff);
	IS(DIR, 0xff);
	PUT(IN, 0xff);
	IS(IN, 0);
	PUT(LOAD, 5);
	assert_int_equal(client_reset(&made->client), 0);
	IS(LOAD, 0xffffffff);
	IS(CTRL, 0);
	IS(DIR, 0);
}

static void timer_counts_down_and_interrupts(void **state)
{
	struct made *made = *state;
	int fd = connect_msi(made, 0);

	PUT(LOAD, 50);
	PUT(IER, EXPIRE);
	PUT(CTRL, EN);
	IS(CTRL, EN);
	assert_in_range(GET(COUNT), 0, 50);
	assert_int_equal(client_wait_event(fd, CLIENT_WAIT_MS), 1);
	IS(ISR, EXPIRE);
	IS(COUNT, 0);
	PUT(ISR, EXPIRE);
	IS(ISR, 0);
	/* The pulse is seen by its hook alone, and starts anew. */
	PUT(CTRL, EN | KICK);
	IS(CTRL, EN);
	assert_int_equal(client_wait_event(fd, CLIENT_WAIT_MS), 1);
	close(fd);
}

static void disabling_cancels(void **state)
{
	struct made *made = *state;

	PUT(LOAD, 3600 * 1000);
	PUT(CTRL, EN);
	assert_in_range(GET(COUNT), 3500 * 1000, 3600 * 1000);
	PUT(CTRL, 0);
	IS(COUNT, 0);
	/* No change, no start. */
	PUT(CTRL, PERIODIC);
	IS(COUNT, 0);
}

static void level_follows_the_pin(void **state)
{
	struct made *made = *state;
	int fd = connect_msi(made, 1);

	PUT(OUT, 1);
	IS(IN, 1);
	IS(ISR, PIN);
	assert_int_equal(client_wait_event(fd, 0), 0);
	PUT(IER, PIN);
	assert_int_equal(client_wait_event(fd, 0), 1);
	PUT(ISR, PIN);
	IS(ISR, PIN);
	PUT(OUT, 0);
	IS(ISR, 0);
	close(fd);
}

static void test_register_sets_causes(void **state)
{
	struct made *made = *state;

	PUT(ITR, EXPIRE | PIN);
	IS(ISR, EXPIRE | PIN);
	PUT(ISR, EXPIRE | PIN);
	IS(ISR, PIN);
	PUT(ITR, 0);
	IS(ISR, 0);
}

static void widths_and_holes(void **state)
{
	struct made *made = *state;
	uint64_t value = 0;

	assert_int_equal(client_get(&made->client, 0, 0, 8, &value), REFUSED);
	assert_int_equal(client_get(&made->client, 0, 0x1000, 4, &value), REFUSED);
	PUT(0x800, 0xffffffff);
	IS(0x800, 0);
	PUT(LOAD, 0x11223344);
	put(made, 0, LOAD + 1, 2, 0xaabb);
	IS(LOAD, 0x11aabb44);
	/* From the hole behind COUNT into DIR. */
	put(made, 0, DIR - 2, 4, 0x00550000);
	IS(DIR, 0x55);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fields_and_resets, start, made_stop),
		cmocka_unit_test_setup_teardown(timer_counts_down_and_interrupts, start, made_stop),
		cmocka_unit_test_setup_teardown(disabling_cancels, start, made_stop),
		cmocka_unit_test_setup_teardown(level_follows_the_pin, start, made_stop),
		cmocka_unit_test_setup_teardown(test_register_sets_causes, start, made_stop),
		cmocka_unit_test_setup_teardown(widths_and_holes, start, made_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
