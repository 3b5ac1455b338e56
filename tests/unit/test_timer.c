/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers and the device's clock.  Waits are for mdl_fd() to become readable, never for a time. */
#include "core_device.h"

#define MS       UINT64_C(1000000)
#define LONG_AGO 1u

static int set_up(void **state)
{
	struct mdl_dev *dev;

	assert_int_equal(mdl_create(&dev, &core_device, NULL), 0);
	assert_int_equal(mdl_start(dev), 0);
	*state = mdl_instance(dev);
	return 0;
}

static int tear_down(void **state)
{
	mdl_destroy(((struct core *)*state)->mdl);
	return 0;
}

static void wait_for(struct core *core)
{
	struct pollfd p = {.fd = mdl_fd(core->mdl), .events = POLLIN};

	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_true(mdl_poll(core->mdl) >= 0);
}

static void run_until(struct core *core, const unsigned *count, unsigned wanted)
{
	while (*count < wanted)
		wait_for(core);
}

static unsigned order[MAX_TIMERS], norder;

static void note_order(struct core *core, uint32_t at)
{
	(void)core;
	order[norder++ % MAX_TIMERS] = at;
}

static void the_earliest_first(void **state)
{
	struct core *core = *state;
	const uint64_t now = mdl_now_ns(core->mdl);

	core->on_expire = note_order;
	norder = 0;
	mdl_timer_start_at(&core->tick[2], now + 3 * MS);
	mdl_timer_start_at(&core->tick[0], now + 4 * MS);
	mdl_timer_start_at(&core->tick[3], now + 1 * MS);
	mdl_timer_start_at(&core->tick[1], now + 2 * MS);
	run_until(core, &norder, 4);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[1], 1);
	assert_int_equal(order[2], 2);
	assert_int_equal(order[3], 0);
	for (unsigned i = 0; i < MAX_TIMERS; i++) {
		assert_int_equal(core->expired[i], 1);
		assert_false(mdl_timer_pending(&core->tick[i]));
		assert_int_equal(mdl_timer_remaining(&core->tick[i]), 0);
	}
}

/* Against a plain model: start, move and cancel at random; the fd stays right for the earliest. */
static void at_random(void **state)
{
	struct core *core = *state;
	uint64_t deadline[MAX_TIMERS] = {0};
	unsigned seed = 7;

	timers_pause(core->mdl); /* nothing fires: the clock stands */
	for (int i = 0; i < 20000; i++) {
		unsigned at;

		seed = seed * 1103515245 + 12345;
		at = seed >> 16 & 3;
		if (seed >> 20 & 1) {
			deadline[at] = 1 + (seed >> 21);
			mdl_timer_start_at(&core->tick[at], deadline[at]);
		} else {
			deadline[at] = 0;
			mdl_timer_cancel(&core->tick[at]);
		}
		for (at = 0; at < MAX_TIMERS; at++) {
			assert_int_equal(mdl_timer_pending(&core->tick[at]), deadline[at] != 0);
			if (deadline[at])
				assert_int_equal(core->tick[at].deadline_ns, deadline[at]);
		}
	}
	clock_set(core->mdl, UINT64_C(1) << 40);
	timers_resume(core->mdl);
	while (mdl_poll(core->mdl) > 0)
		;
	for (unsigned at = 0; at < MAX_TIMERS; at++)
		assert_int_equal(core->expired[at], deadline[at] != 0);
}

static void move_and_cancel(void **state)
{
	struct core *core = *state;

	mdl_timer_start(&core->tick[0], 1);
	mdl_timer_start(&core->tick[0], 1000000 * MS); /* moved away */
	mdl_timer_start(&core->tick[1], 1);
	mdl_timer_cancel(&core->tick[1]);
	mdl_timer_cancel(&core->tick[1]);
	mdl_timer_start(&core->tick[2], 2 * MS);
	run_until(core, &core->expired[2], 1);
	assert_int_equal(core->expired[0], 0);
	assert_int_equal(core->expired[1], 0);
	assert_in_range(mdl_timer_remaining(&core->tick[0]), 900000 * MS, 1000000 * MS);
	mdl_timer_start_at(&core->tick[0], LONG_AGO);
	run_until(core, &core->expired[0], 1);
}

static void far_away(void **state)
{
	struct core *core = *state;

	mdl_timer_start(&core->tick[0], UINT64_MAX);
	assert_true(mdl_timer_pending(&core->tick[0]));
	assert_int_equal(core->tick[0].deadline_ns, UINT64_MAX);
	mdl_timer_start(&core->tick[1], UINT64_MAX - 1000000 * MS);
	mdl_timer_start_periodic(&core->tick[2], UINT64_MAX);
	assert_true(mdl_poll(core->mdl) >= 0);
	assert_int_equal(core->expired[0] + core->expired[1] + core->expired[2], 0);
}

static void stop_after_five(struct core *core, uint32_t at)
{
	if (core->expired[at] == 5)
		mdl_timer_cancel(&core->tick[at]);
}

static void periodic(void **state)
{
	struct core *core = *state;
	uint64_t first;

	core->on_expire = stop_after_five;
	mdl_timer_start_periodic(&core->tick[0], MS);
	first = core->tick[0].deadline_ns;
	run_until(core, &core->expired[0], 5);
	assert_false(mdl_timer_pending(&core->tick[0]));
	assert_int_equal((core->tick[0].deadline_ns - first) % MS, 0); /* no drift */
	mdl_timer_start_periodic(&core->tick[1], 0);                   /* is 1 */
	assert_int_equal(core->tick[1].period_ns, 1);
	run_until(core, &core->expired[1], 5);
}

/* What was missed fires once, and the phase stays. */
static void periodic_that_was_late(void **state)
{
	struct core *core = *state;
	uint64_t first, now;

	timers_pause(core->mdl);
	mdl_timer_start_periodic(&core->tick[0], 1000 * MS);
	first = core->tick[0].deadline_ns;
	clock_set(core->mdl, first + 10500 * MS);
	timers_resume(core->mdl);
	assert_true(mdl_poll(core->mdl) >= 0);
	assert_int_equal(core->expired[0], 1);
	now = mdl_now_ns(core->mdl);
	assert_true(core->tick[0].deadline_ns > now);
	assert_true(core->tick[0].deadline_ns <= now + 1000 * MS);
	assert_int_equal((core->tick[0].deadline_ns - first) % (1000 * MS), 0);
}

static void start_again(struct core *core, uint32_t at)
{
	mdl_timer_start(&core->tick[at], 0);
}

/* A hook that starts its timer anew, due at once, does not hold up anything. */
static void a_hook_that_starts_itself(void **state)
{
	struct core *core = *state;

	core->on_expire = start_again;
	mdl_timer_start(&core->tick[0], 0);
	run_until(core, &core->expired[0], 100);
	assert_true(mdl_timer_pending(&core->tick[0]));
}

static void cancel_the_others(struct core *core, uint32_t at)
{
	for (unsigned i = 0; i < MAX_TIMERS; i++)
		if (i != at)
			mdl_timer_cancel(&core->tick[i]);
}

static void a_hook_that_cancels_what_is_due(void **state)
{
	struct core *core = *state;

	core->on_expire = cancel_the_others;
	timers_pause(core->mdl);
	for (unsigned i = 0; i < MAX_TIMERS; i++)
		mdl_timer_start_at(&core->tick[i], 1 + i);
	timers_resume(core->mdl);
	run_until(core, &core->expired[0], 1);
	assert_true(mdl_poll(core->mdl) >= 0);
	assert_int_equal(core->expired[1] + core->expired[2] + core->expired[3], 0);
}

static void the_clock_stands_while_paused(void **state)
{
	struct core *core = *state;
	uint64_t now;

	mdl_timer_start(&core->tick[0], 1);
	mdl_timer_start_at(&core->wall[0], LONG_AGO);
	timers_pause(core->mdl);
	timers_pause(core->mdl);
	now = mdl_now_ns(core->mdl);
	for (int i = 0; i < 10; i++)
		assert_true(mdl_poll(core->mdl) >= 0);
	assert_int_equal(mdl_now_ns(core->mdl), now);
	assert_int_equal(core->expired[0] + core->wall_expired, 0);
	timers_resume(core->mdl);
	timers_resume(core->mdl);
	run_until(core, &core->expired[0], 1);
	run_until(core, &core->wall_expired, 1);
	assert_true(mdl_now_ns(core->mdl) >= now);
}

/* As a load does: another clock, deadlines on it. */
static void a_clock_that_was_loaded(void **state)
{
	struct core *core = *state;
	const uint64_t there = UINT64_C(1) << 50; /* far ahead of our own uptime */

	timers_pause(core->mdl);
	clock_set(core->mdl, there);
	assert_int_equal(mdl_now_ns(core->mdl), there);
	timer_restore(&core->tick[0], there + 2 * MS, 0);
	timer_restore(&core->tick[1], there + 1000000 * MS, 5);
	timer_restore(&core->tick[2], 5, 0); /* was due before */
	timer_restore(&core->tick[3], 0, 0);
	timers_resume(core->mdl);
	run_until(core, &core->expired[0], 1);
	assert_int_equal(core->expired[1], 0);
	assert_int_equal(core->tick[1].period_ns, 5);
	assert_int_equal(core->expired[2], 1);
	assert_false(mdl_timer_pending(&core->tick[3]));
	assert_in_range(mdl_now_ns(core->mdl), there, there + 100000 * MS);
	timer_restore(&core->tick[1], 0, 0);
	assert_false(mdl_timer_pending(&core->tick[1]));
}

static void wall_clock(void **state)
{
	struct core *core = *state;

	mdl_timer_start_at(&core->wall[0], mdl_realtime_ns() + 2 * MS);
	assert_in_range(mdl_timer_remaining(&core->wall[0]), 1, 2 * MS);
	run_until(core, &core->wall_expired, 1);
	assert_false(mdl_timer_pending(&core->wall[0]));
}

static void reset_stops_all(void **state)
{
	struct core *core = *state;

	mdl_timer_start(&core->tick[1], 0);
	mdl_timer_start_periodic(&core->tick[2], MS);
	mdl_timer_start_at(&core->wall[0], LONG_AGO);
	mdl_reset(core->mdl, MDL_RESET_SOFT);
	assert_true(mdl_poll(core->mdl) >= 0);
	assert_int_equal(core->expired[1] + core->expired[2] + core->wall_expired, 0);
	mdl_reset(core->mdl, (enum mdl_reset_kind)77); /* refused */
	assert_int_equal(core->resets, 2);
}

static unsigned own_fired;

static void own_expire(struct mdl_dev *dev, struct loop_timer *timer)
{
	if (++own_fired < 50)
		loop_timer_start(dev, timer, 0);
}

/* The run time's own timers do not stand still, and there is no limit to their number. */
static void own_timers(void **state)
{
	struct core *core = *state;
	static struct loop_timer own[100];

	own_fired = 0;
	timers_pause(core->mdl);
	for (unsigned i = 0; i < 100; i++) {
		own[i] = (struct loop_timer){.expire = own_expire};
		loop_timer_start(core->mdl, &own[i], i < 99 ? 1000000 * MS : 0);
	}
	run_until(core, &own_fired, 50);
	for (unsigned i = 0; i < 100; i++)
		loop_timer_cancel(core->mdl, &own[i]);
	assert_true(mdl_poll(core->mdl) >= 0);
	assert_int_equal(own_fired, 50);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_earliest_first),
		TEST(at_random),
		TEST(move_and_cancel),
		TEST(far_away),
		TEST(periodic),
		TEST(periodic_that_was_late),
		TEST(a_hook_that_starts_itself),
		TEST(a_hook_that_cancels_what_is_due),
		TEST(the_clock_stands_while_paused),
		TEST(a_clock_that_was_loaded),
		TEST(wall_clock),
		TEST(reset_stops_all),
		TEST(own_timers),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
