/* SPDX-License-Identifier: BSD-2-Clause */
/* Migration through the commands: states, data, versions, and everything that is refused. */
#include "mig_peer.h"

#include <sys/eventfd.h>
#include <poll.h>

/* ---- states */

static const uint32_t states[] = {S, R, C, L, P};

static void test_arcs(void **state)
{
	struct peer *peer = start(&mig_device);
	unsigned i, k;

	(void)state;
	for (i = 0; i < 5; i++) {
		for (k = 0; k < 5; k++) {
			assert_int_equal(set_state(peer, R), 0);
			assert_int_equal(set_state(peer, states[i]), 0);
			assert_int_equal(get_state(peer), states[i]);
			if (states[i] == C && states[k] == P) {
				assert_int_equal(set_state(peer, P), -EINVAL);
				assert_int_equal(get_state(peer), C);
				continue;
			}
			assert_int_equal(set_state(peer, states[k]), 0);
			assert_int_equal(get_state(peer), states[k]);
		}
		assert_int_equal(set_state(peer, E), -EINVAL);
		assert_int_equal(set_state(peer, 5), -EINVAL);
		assert_int_equal(set_state(peer, 7), -EINVAL);
		assert_int_equal(set_state(peer, 0xabcd), -EINVAL);
		assert_int_equal(set_state(peer, UINT32_MAX), -EINVAL);
		assert_int_equal(get_state(peer), states[i] == C ? C : P);
	}
	peer_stop(peer);
}

static void test_features(void **state)
{
	struct peer *peer = start(&mig_device);
	uint64_t flags = 0, reply[4] = {0};
	uint32_t index, back[2];
	struct vu_feature head = {15, VU_FEATURE_GET | VU_FEATURE_MIGRATION};

	(void)state;
	assert_int_equal(peer_feature(peer, VU_FEATURE_GET | 1, 16, NULL, 0, &flags, 8), 8);
	assert_int_equal(flags, VU_MIGRATION_STOP_COPY | VU_MIGRATION_PRE_COPY);
	/* No room: only how much it takes. */
	assert_int_equal(peer_call(peer, VU_DEVICE_FEATURE, &head, 8, NULL, 0, NULL, 0, back, 8),
			 8);
	assert_int_equal(back[0], 16);
	assert_int_equal(peer_feature(peer, VU_FEATURE_GET | 1, 7, NULL, 0, &flags, 8), -EINVAL);
	assert_int_equal(peer_feature(peer, VU_FEATURE_SET | 1, 16, reply, 8, reply, 32), -EINVAL);
	assert_int_equal(
		peer_feature(peer, VU_FEATURE_GET | VU_FEATURE_SET | 2, 16, reply, 8, reply, 32),
		-EINVAL);
	assert_int_equal(peer_feature(peer, 2, 16, reply, 8, reply, 32), -EINVAL);
	assert_int_equal(peer_feature(peer, VU_FEATURE_SET | 2, 16, reply, 7, reply, 32), -EINVAL);
	assert_int_equal(peer_feature(peer, VU_FEATURE_SET | 2, 16, NULL, 0, reply, 32), -EINVAL);
	/* No room for the reply, which has as much as the request: nothing is done. */
	assert_int_equal(
		peer_feature(peer, VU_FEATURE_SET | 2, 15, (uint32_t[]){S, 0}, 8, reply, 32),
		-EINVAL);
	assert_int_equal(get_state(peer), R);
	for (index = 0; index <= 0xffff; index += index < 20 ? 1 : 6999) {
		uint32_t get = index == 1 || index == 2 || index == 8;
		uint32_t set = index == 2 || index == 6 || index == 7;

		assert_int_equal(peer_feature(peer, VU_FEATURE_PROBE | VU_FEATURE_GET | index, 8,
					      NULL, 0, reply, 32),
				 get ? 0 : -EINVAL);
		assert_int_equal(peer_feature(peer, VU_FEATURE_PROBE | VU_FEATURE_SET | index, 8,
					      NULL, 0, reply, 32),
				 set ? 0 : -EINVAL);
		assert_int_equal(
			peer_feature(peer,
				     VU_FEATURE_PROBE | VU_FEATURE_SET | VU_FEATURE_GET | index, 8,
				     NULL, 0, reply, 32),
			get && set ? 0 : -EINVAL);
	}
	assert_int_equal(peer_feature(peer, VU_FEATURE_PROBE | 1u << 20 | 1, 8, NULL, 0, reply, 32),
			 -EINVAL);
	peer_stop(peer);
}

static void test_data_refused(void **state)
{
	struct peer *peer = start(&mig_device);
	struct vu_mig_data head = {8 + 16, 16};
	uint8_t bytes[64] = {0};
	unsigned i;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(set_state(peer, R), 0);
		assert_int_equal(set_state(peer, states[i]), 0);
		assert_int_equal(mig_read(peer, bytes, 16),
				 states[i] == C || states[i] == P ? 16 : -EINVAL);
		if (states[i] != L)
			assert_int_equal(mig_write(peer, bytes, 16), -EINVAL);
	}
	assert_int_equal(set_state(peer, R), 0);
	assert_int_equal(set_state(peer, C), 0);
	assert_int_equal(mig_read(peer, bytes, 0), 0);
	/* More than the client says it takes, or than a message may have. */
	head.argsz = 23;
	assert_int_equal(peer_call(peer, VU_MIG_DATA_READ, &head, 8, NULL, 0, NULL, 0, bytes, 64),
			 -EINVAL);
	head = (struct vu_mig_data){UINT32_MAX, (1 << 20) + 1};
	assert_int_equal(peer_call(peer, VU_MIG_DATA_READ, &head, 8, NULL, 0, NULL, 0, bytes, 64),
			 -EINVAL);
	head = (struct vu_mig_data){UINT32_MAX, UINT32_MAX};
	assert_int_equal(peer_call(peer, VU_MIG_DATA_READ, &head, 8, NULL, 0, NULL, 0, bytes, 64),
			 -EINVAL);
	assert_int_equal(peer_call(peer, VU_MIG_DATA_READ, &head, 7, NULL, 0, NULL, 0, bytes, 64),
			 -EINVAL);
	assert_int_equal(set_state(peer, L), 0);
	/* Sizes that lie. */
	head = (struct vu_mig_data){8 + 16, 16};
	assert_int_equal(
		peer_call(peer, VU_MIG_DATA_WRITE, &head, 8, bytes, 15, NULL, 0, bytes, 64),
		-EINVAL);
	assert_int_equal(
		peer_call(peer, VU_MIG_DATA_WRITE, &head, 8, bytes, 17, NULL, 0, bytes, 64),
		-EINVAL);
	peer_stop(peer);
}

/* ---- the device while it is stopped */

static int dma_result;

static void try_dma(struct mig *mig, uint64_t value)
{
	uint8_t byte;

	(void)value;
	dma_result = mdl_dma_read(mig->mdl, 0x1000, &byte, 1);
}

static void start_tick(struct mig *mig, uint64_t value)
{
	mdl_timer_start(&mig->tick[0], value);
}

static void raise_line(struct mig *mig, uint64_t value)
{
	(void)value;
	mdl_irq_raise(mig->mdl, 0);
}

static bool fires(int fd, int limit_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t times;

	return poll(&p, 1, limit_ms) == 1 && read(fd, &times, sizeof(times)) == sizeof(times);
}

static void test_quiesced(void **state)
{
	struct peer *peer = start(&mig_device);
	struct vu_irq_set set = {20, VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 0, 1};
	int fd = memfd_create("guest", MFD_CLOEXEC), line = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t before;

	(void)state;
	assert_int_equal(ftruncate(fd, 4096), 0);
	peer_bus_master(peer, true);
	assert_int_equal(peer_map(peer, 0x1000, 4096, 0, fd), 0);
	assert_int_equal(
		peer_call(peer, VU_DEVICE_SET_IRQS, &set, sizeof(set), NULL, 0, &line, 1, NULL, 0),
		0);
	in_thread(peer, try_dma, 0);
	assert_int_equal(dma_result, 0);
	in_thread(peer, start_tick, 1000000);
	assert_int_equal(set_state(peer, P), 0);
	/* In PRE_COPY it runs. */
	assert_true(fires(line, PEER_WAIT_S * 1000));
	in_thread(peer, try_dma, 0);
	assert_int_equal(dma_result, 0);
	in_thread(peer, start_tick, 20000000);
	assert_int_equal(set_state(peer, C), 0);
	before = mdl_now_ns(peer->dev);
	/* Registers are answered, DMA is not done, time stands still, interrupts wait. */
	put(peer, 0, 0x55);
	assert_int_equal(get(peer, 0), 0x55);
	in_thread(peer, try_dma, 0);
	assert_int_equal(dma_result, -EBUSY);
	in_thread(peer, raise_line, 0);
	assert_false(fires(line, 60));
	assert_true(mdl_now_ns(peer->dev) == before);
	assert_int_equal(mig_of(peer)->expired, 1);
	assert_int_equal(set_state(peer, R), 0);
	in_thread(peer, try_dma, 0);
	assert_int_equal(dma_result, 0);
	{
		struct timespec pause = {0, 1000000};
		int patience;

		for (patience = PEER_WAIT_S * 1000;
		     patience && __atomic_load_n(&mig_of(peer)->expired, __ATOMIC_SEQ_CST) < 2;
		     patience--)
			nanosleep(&pause, NULL);
	}
	assert_int_equal(mig_of(peer)->expired, 2);
	close(fd);
	close(line);
	peer_stop(peer);
}

/* ---- there and back */

static void test_chunks(void **state)
{
	static const uint32_t chunks[] = {1024, 61,   131,  512,   1000,  1023,
					  1025, 1500, 4096, 65536, 70000, 1 << 20};
	uint8_t *stream = malloc(MAX_STREAM);
	struct peer *from, *to;
	size_t size, i;

	(void)state;
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		from = start(&mig_device);
		to = start(&mig_device);
		fill(from);
		assert_int_equal(set_state(from, C), 0);
		assert_int_equal(mig_of(from)->saves, 1);
		size = read_all(from, stream, chunks[i]);
		assert_int_equal(size % 1024, 0);
		assert_int_equal(mig_read(from, stream + size, 1024), 0);
		assert_int_equal(set_state(to, L), 0);
		assert_int_equal(
			write_all(to, stream, size, chunks[sizeof(chunks) / 4 - 1 - i % 3]), 0);
		assert_int_equal(set_state(to, R), 0);
		assert_int_equal(mig_of(to)->loads, 1);
		check_copy(from, to);
		assert_in_range(mdl_now_ns(to->dev) - mdl_now_ns(from->dev), 0, 10000000000);
		peer_stop(from);
		peer_stop(to);
	}
	free(stream);
}

/* By the byte, and more than all of it at a time. */
static void test_odd_chunks(void **state)
{
	static const uint32_t chunks[] = {1, 7, 1000, 1024, 1025, 4096, 1 << 20};
	struct peer *from = start(&mig_small_device), *to = start(&mig_small_device);
	uint8_t *stream = malloc(MAX_STREAM);
	size_t size, i, k;

	(void)state;
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
		for (k = 0; k < sizeof(chunks) / sizeof(chunks[0]); k += 3) {
			put(from, 0, 0x1000 + 16 * (uint32_t)i + (uint32_t)k);
			assert_int_equal(set_state(from, C), 0);
			size = read_all(from, stream, chunks[i]);
			assert_int_equal(size % 1024, 0);
			assert_int_equal(set_state(from, R), 0);
			assert_int_equal(set_state(to, L), 0);
			assert_int_equal(write_all(to, stream, size, chunks[k]), 0);
			assert_int_equal(set_state(to, R), 0);
			assert_int_equal(get(to, 0), 0x1000 + 16 * i + k);
		}
	free(stream);
	peer_stop(from);
	peer_stop(to);
}

static void test_whole_replies(void **state)
{
	uint8_t *stream = malloc(MAX_STREAM), *more = stream + (MAX_STREAM - 8192);
	struct peer *peer = start(&mig_device);
	size_t size, at, block, end, raw = RAM_SIZE + 2 * ODD_SIZE;
	uint32_t chunk;

	(void)state;
	fill(peer);
	/* No zeros to be spared. */
	memset(mig_of(peer)->ram[0], 0x3c, RAM_SIZE);
	for (chunk = 1024; chunk <= 4096; chunk += 333) {
		assert_int_equal(set_state(peer, C), 0);
		size = read_all(peer, stream, chunk);
		for (block = 0; block < size; block = end) {
			end = block + chunk < size ? block + chunk : size;
			for (at = block; at < end; at += RECORD_HEAD + get_le(stream + at, 4))
				assert_true(end - at >= RECORD_HEAD);
			assert_int_equal(at, end);
		}
		/* At most 7 % more than what is sent. */
		assert_in_range(size, raw, raw + raw * 7 / 100);
		assert_int_equal(mig_read(peer, more, 1024), 0);
		assert_int_equal(set_state(peer, R), 0);
	}
	peer_stop(peer);
	free(stream);
}

/* ---- versions */

static size_t record(const struct mdl_device *device, uint8_t *stream)
{
	struct peer *from = start(device);
	size_t size;

	fill(from);
	assert_int_equal(set_state(from, C), 0);
	size = read_all(from, stream, 1 << 20);
	peer_stop(from);
	return size;
}

static void test_older_version(void **state)
{
	uint8_t *stream = malloc(MAX_STREAM);
	struct peer *to = start(&mig_device);
	size_t size = record(&mig_device_1, stream);

	(void)state;
	mig_of(to)->fresh = 1;
	assert_int_equal(set_state(to, L), 0);
	assert_int_equal(write_all(to, stream, size, 1 << 20), 0);
	assert_int_equal(set_state(to, R), 0);
	assert_int_equal(mig_of(to)->offset, -12345);
	assert_int_equal(mig_of(to)->fresh, 77);
	assert_int_equal(mig_of(to)->gone, 5);
	assert_int_equal(mig_of(to)->burst, 4711);
	peer_stop(to);
	/* And the other way: from the future. */
	size = record(&mig_device, stream);
	to = start(&mig_device_1);
	assert_int_equal(set_state(to, L), 0);
	assert_int_equal(write_all(to, stream, size, 1 << 20), -EINVAL);
	assert_true(peer_said(to, "version 2"));
	assert_int_equal(set_state(to, S), -EINVAL);
	assert_int_equal(get_state(to), E);
	peer_stop(to);
	free(stream);
}

/* A section that was not sent: its variables are as at power-on. */
static void clear_burst(struct mig *mig, uint64_t value)
{
	mig->burst = (uint32_t)value;
}

static void test_section(void **state)
{
	uint8_t *stream = malloc(MAX_STREAM);
	struct peer *from = start(&mig_device), *to = start(&mig_device);
	size_t size;

	(void)state;
	in_thread(from, clear_burst, 0);
	in_thread(to, clear_burst, 5);
	assert_int_equal(set_state(from, C), 0);
	size = read_all(from, stream, 1024);
	assert_int_equal(set_state(to, L), 0);
	assert_int_equal(write_all(to, stream, size, 1024), 0);
	assert_int_equal(set_state(to, R), 0);
	assert_int_equal(mig_of(to)->burst, 0);
	peer_stop(from);
	peer_stop(to);
	free(stream);
}

/* ---- refused, and the device as it was */

static void check_untouched(struct peer *from, struct peer *to)
{
	assert_int_equal(get_state(to), E);
	/* Only a reset leads out. */
	assert_int_equal(set_state(to, R), -EINVAL);
	assert_int_equal(set_state(to, S), -EINVAL);
	check_copy(from, to);
	assert_int_equal(peer_call(to, VU_DEVICE_RESET, NULL, 0, NULL, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(get_state(to), R);
}

static void test_author_refuses(void **state)
{
	uint8_t *stream = malloc(MAX_STREAM);
	struct peer *from = start(&mig_device), *to = start(&mig_device), *empty;
	size_t size;

	(void)state;
	/* `to` has its own state, which must be there afterwards: compare with one that is the
	 * same. */
	fill(from);
	fill(to);
	mig_of(to)->backend = 0;
	memset(mig_of(to)->scratch[0], 0, 0x1000);
	empty = start(&mig_device);
	assert_int_equal(set_state(empty, C), 0);
	size = read_all(empty, stream, 1024);
	peer_stop(empty);
	mig_of(to)->refuse = true;
	assert_int_equal(set_state(to, L), 0);
	assert_int_equal(write_all(to, stream, size, 1024), 0);
	assert_int_equal(set_state(to, S), -EINVAL);
	assert_int_equal(mig_of(to)->loads, 1);
	assert_true(peer_said(to, "the author does not like it"));
	mig_of(from)->tick[0].deadline_ns = mig_of(to)->tick[0].deadline_ns;
	check_untouched(from, to);
	mig_of(to)->refuse = false;
	assert_int_equal(set_state(to, L), 0);
	assert_int_equal(write_all(to, stream, size, 1024), 0);
	assert_int_equal(set_state(to, R), 0);
	assert_int_equal(get(to, 0), 7);
	peer_stop(from);
	peer_stop(to);
	free(stream);
}

/* Feed it whole; how does it end? */
static int try_stream(struct peer *to, const uint8_t *stream, size_t size)
{
	int result;

	assert_int_equal(set_state(to, L), 0);
	write_all(to, stream, size, 1 << 20);
	result = set_state(to, S);
	if (result == 0)
		assert_int_equal(set_state(to, R), 0);
	else
		assert_int_equal(peer_call(to, VU_DEVICE_RESET, NULL, 0, NULL, 0, NULL, 0, NULL, 0),
				 0);
	return result;
}

static void test_truncated(void **state)
{
	uint8_t *stream = malloc(MAX_STREAM);
	struct peer *to = start(&mig_device);
	size_t size = record(&mig_device, stream), cut, at, end = 0;

	(void)state;
	for (at = 0; at < size; at += RECORD_HEAD + get_le(stream + at, 4))
		if (get_le(stream + at + 4, 2) == RECORD_END)
			end = at;
	/* Nothing at all asks for nothing. */
	assert_int_equal(try_stream(to, stream, 0), 0);
	for (cut = 1; cut < end; cut += 1 + cut / 9)
		assert_int_equal(try_stream(to, stream, cut), -EINVAL);
	assert_int_equal(try_stream(to, stream, end + RECORD_HEAD + 7), -EINVAL);
	assert_int_equal(mig_of(to)->loads, 0);
	assert_int_equal(get(to, 0), 7);
	assert_int_equal(try_stream(to, stream, size), 0);
	assert_int_equal(get(to, 0), 0xdeadbeef);
	peer_stop(to);
	free(stream);
}

/* A client that goes away in the middle leaves a device that runs. */
static void test_client_leaves(void **state)
{
	struct peer *peer = start(&mig_device);

	(void)state;
	assert_int_equal(set_state(peer, L), 0);
	assert_int_equal(mig_write(peer, "MDL", 3), 0);
	close(peer->fd);
	pthread_join(peer->thread, NULL);
	assert_true(migration_running(peer->dev));
	mdl_destroy(peer->dev);
	free(peer->buf);
	free(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arcs),          cmocka_unit_test(test_features),
		cmocka_unit_test(test_data_refused),  cmocka_unit_test(test_quiesced),
		cmocka_unit_test(test_chunks),        cmocka_unit_test(test_odd_chunks),
		cmocka_unit_test(test_whole_replies), cmocka_unit_test(test_older_version),
		cmocka_unit_test(test_section),       cmocka_unit_test(test_author_refuses),
		cmocka_unit_test(test_truncated),     cmocka_unit_test(test_client_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
