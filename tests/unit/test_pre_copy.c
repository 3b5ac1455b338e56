/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream of a device that is still in use, and how much of it there is. */
#include "mig_peer.h"

/* A device of a known size: 12 KiB of RAM, one register, one timer, INTx. */
struct clock {
	struct mdl_dev *mdl;
	uint64_t when;
	struct mdl_timer alarm;
	uint8_t *ram[3];
};

static const struct mdl_reg clock_reg = {
	.name = "WHEN",
	.store = offsetof(struct clock, when),
	.count = 1,
	.width = 8,
	.readable = UINT64_MAX,
	.writable = UINT64_MAX,
};
static const struct mdl_ram clock_rams[] = {
	{.name = "LOW",
	 .size = 4096,
	 .store = offsetof(struct clock, ram),
	 .count = 1,
	 .mmap = true},
	{.name = "MIDDLE",
	 .offset = 4096,
	 .size = 4096,
	 .store = offsetof(struct clock, ram) + 8,
	 .count = 1},
	{.name = "HIGH",
	 .offset = 8192,
	 .size = 4096,
	 .store = offsetof(struct clock, ram) + 16,
	 .count = 1,
	 .mmap = true},
};
static const struct mdl_bar clock_bars[] = {
	{.index = 0,
	 .type = MDL_BAR_MEM32,
	 .access_min = 8,
	 .access_max = 8,
	 .size = 16,
	 .nregs = 1,
	 .regs = &clock_reg},
	{.index = 1,
	 .type = MDL_BAR_MEM32,
	 .access_min = 1,
	 .access_max = 8,
	 .size = 16384,
	 .nrams = 3,
	 .rams = clock_rams},
};
static const struct mdl_timer_desc clock_timer = {
	.name = "alarm",
	.store = offsetof(struct clock, alarm),
	.count = 1,
	.realtime = true,
};
static const struct mdl_irq_desc clock_irq = {.name = "expired", .count = 1};
static const struct mdl_pci clock_pci = {.vendor = 0xdead, .device = 0xbeef, .intx = 1};
static const struct mdl_device clock_device = {
	.abi = MDL_ABI,
	.version = 1,
	.name = "timer",
	.size = sizeof(struct clock),
	.nbars = 2,
	.nirqs = 1,
	.ntimers = 1,
	.pci = &clock_pci,
	.bars = clock_bars,
	.irqs = &clock_irq,
	.timers = &clock_timer,
};

static void test_thirteen_replies(void **state)
{
	struct peer *peer = peer_start(&clock_device, 1, 1024);
	uint8_t whole[13 * 1024], bytes[0x400], *reply;
	size_t at;
	unsigned i;

	(void)state;
	memset(bytes, 0x77, sizeof(bytes));
	assert_int_equal(peer_write(peer, 1, 0, bytes, sizeof(bytes)), 0);
	assert_int_equal(set_state(peer, C), 0);
	for (i = 0; i < 13; i++) {
		reply = whole + i * 1024;
		assert_int_equal(mig_read(peer, reply, 1024), 1024);
		for (at = 0; at < 1024; at += RECORD_HEAD + get_le(reply + at, 4))
			assert_true(1024 - at >= RECORD_HEAD);
		assert_int_equal(at, 1024);
	}
	assert_int_equal(mig_read(peer, bytes, 1024), 0);
	/* Byte by byte it is the same. */
	assert_int_equal(set_state(peer, S), 0);
	assert_int_equal(set_state(peer, C), 0);
	for (at = 0; at < sizeof(whole); at++) {
		assert_int_equal(mig_read(peer, bytes, 1), 1);
		assert_int_equal(bytes[0], whole[at]);
	}
	assert_int_equal(mig_read(peer, bytes, 1), 0);
	peer_stop(peer);
}

/* ---- little RAM: what PRE_COPY brought may be thrown away */

static void write_clock(struct peer *peer, uint8_t seed)
{
	uint8_t bytes[0x3000];
	uint64_t when = 0x1000 + seed;
	unsigned i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256 + seed);
	assert_int_equal(peer_write(peer, 1, 0, bytes, sizeof(bytes)), 0);
	assert_int_equal(peer_write(peer, 0, 0, &when, 8), 0);
}

/* n replies while the device is in use, then the 13 that stand for themselves. */
static size_t save_clock(unsigned n, uint8_t *stream)
{
	struct peer *peer = peer_start(&clock_device, 1, 1 << 20);
	size_t size;

	write_clock(peer, 1);
	assert_int_equal(set_state(peer, P), 0);
	for (size = 0; size < n * 1024u; size += 1024) {
		assert_int_equal(mig_read(peer, stream + size, 1024), 1024);
		write_clock(peer, (uint8_t)(2 + size / 1024));
	}
	write_clock(peer, 99);
	assert_int_equal(set_state(peer, C), 0);
	assert_int_equal(read_all(peer, stream + size, 1024), 13 * 1024);
	assert_int_equal(set_state(peer, S), 0);
	peer_stop(peer);
	return size;
}

static int load_clock(struct peer *peer, const uint8_t *stream, size_t size)
{
	int result;

	write_clock(peer, 0);
	assert_int_equal(set_state(peer, L), 0);
	write_all(peer, stream, size, 1024);
	result = set_state(peer, S);
	assert_int_equal(peer_call(peer, VU_DEVICE_RESET, NULL, 0, NULL, 0, NULL, 0, NULL, 0), 0);
	return result;
}

static void loads_clock(const uint8_t *stream, size_t size)
{
	struct peer *peer = peer_start(&clock_device, 1, 1 << 20);
	struct clock *clock = mdl_instance(peer->dev);
	unsigned i;

	assert_int_equal(load_clock(peer, stream, size), 0);
	for (i = 0; i < 0x3000; i++)
		assert_int_equal(clock->ram[i / 4096][i % 4096], (uint8_t)(i * 7 + i / 256 + 99));
	assert_true(clock->when == 0x1000 + 99);
	peer_stop(peer);
}

static void test_first_part_not_needed(void **state)
{
	uint8_t *stream = malloc(MAX_STREAM);
	unsigned n;

	(void)state;
	for (n = 0; n <= 13; n++) {
		size_t size = save_clock(n, stream);

		loads_clock(stream + size, 13 * 1024);
		loads_clock(stream, size + 13 * 1024);
	}
	free(stream);
}

/* All of the first part or nothing; and nothing twice. */
static void test_first_part_damaged(void **state)
{
	struct peer *peer = peer_start(&clock_device, 1, 1 << 20);
	uint8_t *stream = malloc(MAX_STREAM), *other = malloc(MAX_STREAM);
	size_t size = save_clock(5, stream), whole = size + 13 * 1024, record, at;

	(void)state;
	for (at = 0; at < size; at += 1024) {
		memcpy(other, stream, at);
		memcpy(other + at, stream + at + 1024, whole - at - 1024);
		assert_int_equal(load_clock(peer, other, whole - 1024), -EINVAL);
		memcpy(other, stream, at + 1024);
		memcpy(other + at + 1024, stream + at, whole - at);
		assert_int_equal(load_clock(peer, other, whole + 1024), -EINVAL);
	}
	assert_int_equal(get_le(stream + size + 4, 2), RECORD_RESTART);
	record = RECORD_HEAD + (size_t)get_le(stream + size, 4);
	memcpy(other, stream + size, record);
	memcpy(other + record, stream + size, whole - size);
	assert_int_equal(load_clock(peer, other, record + whole - size), -EINVAL);
	/* The end of the first part is no end. */
	assert_int_equal(load_clock(peer, stream, size), -EINVAL);
	assert_int_equal(load_clock(peer, stream, whole), 0);
	peer_stop(peer);
	free(other);
	free(stream);
}

/* Who reads less than a block at a time gets the rest of the block first. */
static void test_first_part_in_portions(void **state)
{
	struct peer *peer = peer_start(&clock_device, 1, 1 << 20);
	uint8_t *stream = malloc(MAX_STREAM);
	size_t size;

	(void)state;
	for (size = 50; size < 3000; size += 777) {
		assert_int_equal(set_state(peer, R), 0);
		write_clock(peer, 5);
		assert_int_equal(set_state(peer, P), 0);
		assert_int_equal(mig_read(peer, stream, 50), 50);
		assert_int_equal(mig_read(peer, stream + 50, (uint32_t)size - 50), size - 50);
		write_clock(peer, 99);
		assert_int_equal(set_state(peer, C), 0);
		loads_clock(stream, size + read_all(peer, stream + size, 100));
	}
	peer_stop(peer);
	free(stream);
}

/* ---- pre-copy */

static uint8_t *map_window(struct peer *peer)
{
	struct vu_region_info info = {.argsz = 256, .index = 2};
	uint8_t reply[256];
	void *window;

	assert_true(peer_call(peer, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0, NULL,
			      0, reply, sizeof(reply)) > 0);
	assert_int_equal(peer->nfds, 1);
	window = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, peer->fds[0], 0);
	assert_ptr_not_equal(window, MAP_FAILED);
	close(peer->fds[0]);
	return window;
}

static void test_pre_copy(void **state)
{
	uint8_t *stream = malloc(MAX_STREAM), *window;
	struct peer *from = start(&mig_device), *to = start(&mig_device);
	size_t size, pass;
	uint32_t value = 1;

	(void)state;
	fill(from);
	window = map_window(from);
	assert_int_equal(set_state(from, P), 0);
	assert_int_equal(mig_of(from)->saves, 0);
	size = read_all(from, stream, 4096);
	assert_true(size > RAM_SIZE / 2);
	/* Nothing changed: nothing is sent. */
	assert_int_equal(mig_read(from, stream + size, 4096), 0);
	assert_int_equal(mig_read(from, stream + size, 4096), 0);
	/* By the client in its mapping, by message, by the device: three pages. */
	window[0x5000] ^= 0xff;
	assert_int_equal(peer_write(from, 2, 0x9ffc, &value, 4), 0);
	mig_of(from)->odd[1][0x1001] ^= 0xff;
	pass = read_all(from, stream + size, 65536);
	assert_in_range(pass, 2 * 4096 + 2048, 3 * 4096 + 1024);
	size += pass;
	window[0x7000] ^= 0xff;
	/* What was zero, is known to be, and becomes zero again. */
	window[0x5000] ^= 0xff;
	assert_int_equal(set_state(from, C), 0);
	assert_int_equal(mig_of(from)->saves, 1);
	pass = read_all(from, stream + size, 1024);
	assert_in_range(pass, 2 * 4096, 3 * 4096 + 1024);
	size += pass;
	assert_int_equal(set_state(to, L), 0);
	assert_int_equal(write_all(to, stream, size, 777), 0);
	assert_int_equal(set_state(to, R), 0);
	check_copy(from, to);
	/* Back to RUNNING, and all over again. */
	assert_int_equal(set_state(from, R), 0);
	assert_int_equal(set_state(from, P), 0);
	assert_true(mig_read(from, stream, 4096) == 4096);
	assert_int_equal(set_state(from, R), 0);
	munmap(window, RAM_SIZE);
	peer_stop(from);
	peer_stop(to);
	free(stream);
}

struct scribbler {
	uint8_t *window;
	bool stop;
};

static void *scribble(void *arg)
{
	struct scribbler *scribbler = arg;
	uint32_t i = 0;

	while (!__atomic_load_n(&scribbler->stop, __ATOMIC_SEQ_CST)) {
		scribbler->window[i * 997 % RAM_SIZE] += (uint8_t)(i | 1);
		if (++i % 1000 == 0)
			usleep(100);
	}
	return NULL;
}

/* While somebody keeps writing, a pass ends all the same, and what arrives is exact. */
static void test_pre_copy_live(void **state)
{
	uint8_t *stream = malloc(2 * MAX_STREAM);
	struct peer *from = start(&mig_device), *to = start(&mig_device);
	struct scribbler scribbler = {0};
	pthread_t thread;
	size_t size = 0;
	unsigned pass;

	(void)state;
	fill(from);
	scribbler.window = map_window(from);
	assert_int_equal(pthread_create(&thread, NULL, scribble, &scribbler), 0);
	assert_int_equal(set_state(from, P), 0);
	for (pass = 0; pass < 4; pass++)
		size += read_all(from, stream + size, 5000);
	/* In the middle of a pass, too. */
	size += (size_t)mig_read(from, stream + size, 5000);
	__atomic_store_n(&scribbler.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	assert_int_equal(set_state(from, C), 0);
	size += read_all(from, stream + size, 1024);
	assert_int_equal(set_state(to, L), 0);
	assert_int_equal(write_all(to, stream, size, 100000), 0);
	assert_int_equal(set_state(to, R), 0);
	check_copy(from, to);
	munmap(scribbler.window, RAM_SIZE);
	peer_stop(from);
	peer_stop(to);
	free(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thirteen_replies),
		cmocka_unit_test(test_first_part_not_needed),
		cmocka_unit_test(test_first_part_damaged),
		cmocka_unit_test(test_first_part_in_portions),
		cmocka_unit_test(test_pre_copy),
		cmocka_unit_test(test_pre_copy_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
