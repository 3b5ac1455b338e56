/* SPDX-License-Identifier: BSD-2-Clause */
/* Migration by a client's commands, and a device's state in which nothing is as at power-on. */
#ifndef TESTS_UNIT_MIG_PEER_H
#define TESTS_UNIT_MIG_PEER_H

#include "mig_device.h"
#include "stream.h"

enum {
	E = VU_MIG_ERROR,
	S = VU_MIG_STOP,
	R = VU_MIG_RUNNING,
	C = VU_MIG_STOP_COPY,
	L = VU_MIG_RESUMING,
	P = VU_MIG_PRE_COPY
};
#define MAX_STREAM (4u << 20)
#define STATE      VU_FEATURE_MIG_DEVICE_STATE

static inline struct mig *mig_of(struct peer *peer)
{
	return mdl_instance(peer->dev);
}

static inline int set_state(struct peer *peer, uint32_t state)
{
	struct vu_mig_device_state data = {state, 0}, echo;
	ssize_t n = peer_feature(peer, VU_FEATURE_SET | STATE, 16, &data, sizeof(data), &echo,
				 sizeof(echo));

	if (n < 0)
		return (int)n;
	assert_int_equal(n, sizeof(echo));
	assert_memory_equal(&echo, &data, sizeof(data));
	return 0;
}

static inline uint32_t get_state(struct peer *peer)
{
	struct vu_mig_device_state data;

	assert_int_equal(
		peer_feature(peer, VU_FEATURE_GET | STATE, 16, NULL, 0, &data, sizeof(data)),
		sizeof(data));
	return data.state;
}

static inline ssize_t mig_read(struct peer *peer, void *to, uint32_t size)
{
	struct vu_mig_data head = {8 + size, size};
	uint8_t *reply = malloc(sizeof(head) + size);
	ssize_t n = peer_call(peer, VU_MIG_DATA_READ, &head, sizeof(head), NULL, 0, NULL, 0, reply,
			      sizeof(head) + size);

	if (n >= 0) {
		memcpy(&head, reply, sizeof(head));
		assert_int_equal(head.size, n - 8);
		assert_int_equal(head.argsz, n);
		memcpy(to, reply + sizeof(head), head.size);
		n = head.size;
	}
	free(reply);
	return n;
}

static inline int mig_write(struct peer *peer, const void *from, uint32_t size)
{
	struct vu_mig_data head = {8 + size, size};

	return (int)peer_call(peer, VU_MIG_DATA_WRITE, &head, sizeof(head), from, size, NULL, 0,
			      NULL, 0);
}

/* Read until a short reply. */
static inline size_t read_all(struct peer *peer, uint8_t *to, uint32_t chunk)
{
	size_t done = 0;
	ssize_t n;

	do {
		assert_true(done + chunk <= MAX_STREAM);
		n = mig_read(peer, to + done, chunk);
		assert_true(n >= 0);
		done += (size_t)n;
	} while (n == (ssize_t)chunk);
	return done;
}

static inline int write_all(struct peer *peer, const uint8_t *from, size_t size, uint32_t chunk)
{
	size_t done, part;
	int result = 0;

	for (done = 0; result == 0 && done < size; done += part) {
		part = size - done < chunk ? size - done : chunk;
		result = mig_write(peer, from + done, (uint32_t)part);
	}
	return result;
}

static inline struct peer *start(const struct mdl_device *device)
{
	mig_act = NULL;
	mig_prepare();
	return peer_start(device, 1, 1 << 20);
}

static inline void in_thread(struct peer *peer, void (*act)(struct mig *mig, uint64_t value),
			     uint32_t value)
{
	mig_act = act;
	assert_int_equal(peer_write(peer, 0, 16, &value, sizeof(value)), 0);
	mig_act = NULL;
}

static inline void put(struct peer *peer, uint64_t offset, uint32_t value)
{
	assert_int_equal(peer_write(peer, 0, offset, &value, 4), 0);
}

static inline uint32_t get(struct peer *peer, uint64_t offset)
{
	uint32_t value = 0;

	assert_int_equal(peer_read(peer, 0, offset, &value, 4), 0);
	return value;
}

/* ---- a state in which everything is different from power-on */

static inline void fill_state(struct mig *mig, uint64_t value)
{
	unsigned i;

	(void)value;
	mdl_timer_start_at(&mig->tick[1], UINT64_C(1) << 60);
	mdl_timer_start_periodic(&mig->tick[0], UINT64_C(1) << 50);
	mdl_timer_start_at(&mig->alarm, UINT64_C(1) << 62);
	mdl_intr_set(mig->mdl, &mig_intr, 0, 1);
	mdl_intr_input(mig->mdl, &mig_intr, 0, 2, true);
	mig->deadline = 0x1122334455667788;
	mig->offset = -12345;
	mig->flag = true;
	mig->fifo_length = 33;
	for (i = 0; i < 33; i++)
		mig->fifo[i] = (uint8_t)(i * 5);
	mig->entries_length = 2;
	mig->entries[0] = (struct entry){.id = 1, .value = 100};
	mig->entries[1] = (struct entry){.id = 2, .value = 200};
	mig->burst = 4711;
	mig->gone = 5;
	mig->fresh = 6;
	mig->backend = 99;
}

static inline void fill(struct peer *peer)
{
	uint8_t *bytes = malloc(RAM_SIZE);
	uint16_t element = 0x4321, command = 7;
	uint32_t i;

	put(peer, 0, 0xdeadbeef);
	put(peer, 4, 0x0f);
	put(peer, 12, 3);
	assert_int_equal(peer_write(peer, 0, 32 + 3 * 4, &element, 2), 0);
	assert_int_equal(peer_write(peer, VU_REGION_CONFIG, 4, &command, 2), 0);
	for (i = 0; i < RAM_SIZE; i++)
		bytes[i] = (uint8_t)(i / 4096 % 3 ? i * 7 + i / 256 : 0);
	assert_int_equal(peer_write(peer, 2, 0, bytes, RAM_SIZE), 0);
	for (i = 0; i < 2; i++) {
		memset(bytes, (int)(0x50 + i), ODD_SIZE);
		assert_int_equal(peer_write(peer, 2, RAM_SIZE + i * 0x2000, bytes, ODD_SIZE), 0);
	}
	assert_int_equal(peer_write(peer, 2, RAM_SIZE + 0x4000, bytes, 0x1000), 0);
	free(bytes);
	in_thread(peer, fill_state, 0);
}

static inline void check_ram(struct peer *from, struct peer *to)
{
	struct mig *a = mig_of(from), *b = mig_of(to);

	assert_memory_equal(a->ram[0], b->ram[0], RAM_SIZE);
	assert_memory_equal(a->odd[0], b->odd[0], ODD_SIZE);
	assert_memory_equal(a->odd[1], b->odd[1], ODD_SIZE);
}

static inline void check_copy(struct peer *from, struct peer *to)
{
	struct mig *a = mig_of(from), *b = mig_of(to);
	uint8_t config[2][256];

	assert_int_equal(get(to, 0), 0xdeadbeef);
	assert_int_equal(get(to, 4), 0x0f);
	/* Written once, for good: also here. */
	put(to, 4, 0xf0);
	assert_int_equal(get(to, 4), 0x0f);
	assert_int_equal(b->once_done, a->once_done);
	assert_int_equal(get(to, 8), 3);
	assert_int_equal(b->latch, 1);
	assert_int_equal(b->input, 2);
	assert_int_equal(get(to, 12), 3);
	assert_memory_equal(a->table, b->table, sizeof(a->table));
	assert_int_equal(b->table[3], 0x4321);
	assert_int_equal(b->table[2], 9);
	assert_int_equal(peer_read(from, VU_REGION_CONFIG, 0, config[0], 256), 0);
	assert_int_equal(peer_read(to, VU_REGION_CONFIG, 0, config[1], 256), 0);
	assert_memory_equal(config[0], config[1], 256);
	assert_true(mdl_timer_pending(&b->tick[1]));
	assert_true(b->tick[1].deadline_ns == UINT64_C(1) << 60);
	assert_true(b->tick[0].deadline_ns == a->tick[0].deadline_ns);
	assert_true(b->tick[0].period_ns == UINT64_C(1) << 50);
	assert_true(b->alarm.deadline_ns == UINT64_C(1) << 62);
	assert_true(b->deadline == 0x1122334455667788);
	assert_int_equal(b->offset, -12345);
	assert_true(b->flag);
	assert_int_equal(b->fifo_length, 33);
	assert_memory_equal(a->fifo, b->fifo, 33);
	assert_int_equal(b->fifo[33], 0);
	assert_int_equal(b->entries_length, 2);
	assert_int_equal(b->entries[1].value, 200);
	assert_int_equal(b->burst, 4711);
	assert_int_equal(b->backend, 0);
	assert_int_equal(b->scratch[0][0], 0);
	check_ram(from, to);
}

#endif
