// SPDX-License-Identifier: BSD-2-Clause
/*
 * Live upgrades under load: a client writes, reads, has DMA done and counts interrupts, all the
 * time, while one process after the other takes the device over.  No write, no interrupt may be
 * lost or come twice.
 */
#include "upgrade_rig.h"

#define UPGRADES 50
#define FIRST_V2 10 /* upgrades from 1 to 1 before */

/* ---- the guest: keeps the device busy, and checks every answer */

/* One round; what is wrong, or NULL. */
static const char *work(struct rig *rig, uint32_t i)
{
	struct client *client = &rig->client;
	uint64_t value, at = i * 8 % PAD_SIZE;

	rig->sum += i % 1000;
	if (client_put(client, 0, ADD, 4, i % 1000) || client_get(client, 0, TOTAL, 8, &value))
		return "an access failed";
	if (value != rig->sum)
		return "TOTAL is not the sum";
	if (client_put(client, 0, PLACE, 8, IOVA + i % 1024 * 8) ||
	    client_put(client, 0, STORE, 4, 1) || client_get(client, 0, STATUS, 4, &value))
		return "an access failed";
	if (value || memcmp(rig->memory + i % 1024 * 8, &rig->sum, 8) != 0)
		return "DMA did not store TOTAL";
	/* by the mapping, seen by a message, and the other way round */
	memcpy(rig->pad + at, &rig->sum, 8);
	if (client_get(client, 2, at, 8, &value) || value != rig->sum)
		return "what was written to the mapping is not there";
	if (client_put(client, 2, at, 8, ~rig->sum) ||
	    memcmp(rig->pad + at, &(uint64_t){~rig->sum}, 8))
		return "the mapping is another memory";
	return NULL;
}

static void *run_guest(void *arg)
{
	struct rig *rig = arg;

	for (uint32_t i = 0; !atomic_load(&rig->stop) && !rig->wrong; i++) {
		uint64_t begin = now_ns(), took;

		rig->wrong = work(rig, i);
		took = now_ns() - begin;
		if (took > rig->worst_ns)
			rig->worst_ns = took;
		atomic_fetch_add(&rig->adds, 1);
	}
	return NULL;
}

/* Wait until the guest has got on by some rounds. */
static void wait_progress(struct rig *rig, unsigned rounds)
{
	unsigned to = atomic_load(&rig->adds) + rounds;
	uint64_t end = now_ns() + 10000000000u;

	while (atomic_load(&rig->adds) < to && !rig->wrong && now_ns() < end)
		poll(NULL, 0, 1);
	if (rig->wrong)
		fail_msg("%s", rig->wrong);
	assert_true(now_ns() < end);
}

static int by_size(const void *a, const void *b)
{
	const long *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

static void stop_guest(struct rig *rig)
{
	atomic_store(&rig->stop, true);
	pthread_join(rig->thread, NULL);
	if (rig->wrong)
		fail_msg("%s", rig->wrong);
}

static void fifty_in_a_row(void **state)
{
	struct rig *rig = *state;
	long pauses[UPGRADES];
	uint64_t ticks;

	put(rig, NOTE + 12, 0xabcd);
	put(rig, PERIOD, PERIOD_US);
	assert_int_equal(pthread_create(&rig->thread, NULL, run_guest, rig), 0);
	for (int i = 0; i < UPGRADES; i++) {
		wait_progress(rig, 5);
		upgrade(rig, i < FIRST_V2 ? "tests/migration/gauge1" : "tests/migration/gauge2",
			&pauses[i]);
	}
	wait_progress(rig, 5);
	stop_guest(rig);
	put(rig, PERIOD, 0);
	assert_int_equal(get(rig, VERSION, 4), 2);
	assert_int_equal(get(rig, EXTRA, 4), 5);
	assert_int_equal(get(rig, NOTE + 12, 4), 0xabcd);
	assert_true(get(rig, TOTAL, 8) == rig->sum);
	/* one interrupt for each */
	assert_int_equal(events(rig->added), atomic_load(&rig->adds));
	ticks = get(rig, TICKS, 4);
	assert_true(ticks > UPGRADES);
	assert_int_equal(events(rig->tick), ticks);
	qsort(pauses, UPGRADES, sizeof(pauses[0]), by_size);
	printf("pause of %d upgrades: median %ld us, worst %ld us; %u rounds of I/O, "
	       "the slowest %lu us\n",
	       UPGRADES, pauses[UPGRADES / 2], pauses[UPGRADES - 1], atomic_load(&rig->adds),
	       (unsigned long)(rig->worst_ns / 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(fifty_in_a_row),
	};

	alarm(300);
	return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
