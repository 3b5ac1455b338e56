/* SPDX-License-Identifier: BSD-2-Clause */
/* Migration through the commands: states, data, pre-copy, versions, and everything that is refused.
 */
#include "mig_device.h"
#include "stream.h"

#include <sys/eventfd.h>
#include <poll.h>

#define MAX_STREAM (4u << 20)
#define STATE      VU_FEATURE_MIG_DEVICE_STATE

static struct mig *mig_of(struct peer *peer)
{
	return mdl_instance(peer->dev);
}

static int set_state(struct peer *peer, uint32_t state)
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

static uint32_t get_state(struct peer *peer)
{
	struct vu_mig_device_state data;

	assert_int_equal(
		peer_feature(peer, VU_FEATURE_GET | STATE, 16, NULL, 0, &data, sizeof(data)),
		sizeof(data));
	return data.state;
}

static ssize_t mig_read(struct peer *peer, void *to, uint32_t size)
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

static int mig_write(struct peer *peer, const void *from, uint32_t size)
{
	struct vu_mig_data head = {8 + size, size};

	return (int)peer_call(peer, VU_MIG_DATA_WRITE, &head, sizeof(head), from, size, NULL, 0,
			      NULL, 0);
}

/* Read until a short reply. */
static size_t read_all(struct peer *peer, uint8_t *to, uint32_t chunk)
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

static int write_all(struct peer *peer, const uint8_t *from, size_t size, uint32_t chunk)
{
	size_t done, part;
	int result = 0;

	for (done = 0; result == 0 && done < size; done += part) {
		part = size - done < chunk ? size - done : chunk;
		result = mig_write(peer, from + done, (uint32_t)part);
	}
	return result;
}

static struct peer *start(const struct mdl_device *device)
{
	mig_act = NULL;
	mig_prepare();
	return peer_start(device, 1, 1 << 20);
}

static void in_thread(struct peer *peer, void (*act)(struct mig *mig, uint64_t value),
		      uint32_t value)
{
	mig_act = act;
	assert_int_equal(peer_write(peer, 0, 16, &value, sizeof(value)), 0);
	mig_act = NULL;
}

static void put(struct peer *peer, uint64_t offset, uint32_t value)
{
	assert_int_equal(peer_write(peer, 0, offset, &value, 4), 0);
}

static uint32_t get(struct peer *peer, uint64_t offset)
{
	uint32_t value = 0;

	assert_int_equal(peer_read(peer, 0, offset, &value, 4), 0);
	return value;
}

/* ---- a state in which everything is different from power-on */

static void fill_state(struct mig *mig, uint64_t value)
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

static void fill(struct peer *peer)
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

static void check_ram(struct peer *from, struct peer *to)
{
	struct mig *a = mig_of(from), *b = mig_of(to);

	assert_memory_equal(a->ram[0], b->ram[0], RAM_SIZE);
	assert_memory_equal(a->odd[0], b->odd[0], ODD_SIZE);
	assert_memory_equal(a->odd[1], b->odd[1], ODD_SIZE);
}

static void check_copy(struct peer *from, struct peer *to)
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

/* ---- states */

enum {
	E = VU_MIG_ERROR,
	S = VU_MIG_STOP,
	R = VU_MIG_RUNNING,
	C = VU_MIG_STOP_COPY,
	L = VU_MIG_RESUMING,
	P = VU_MIG_PRE_COPY
};
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
	uint64_t flags = 0, reply[4];
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
		cmocka_unit_test(test_arcs),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_data_refused),
		cmocka_unit_test(test_quiesced),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_whole_replies),
		cmocka_unit_test(test_thirteen_replies),
		cmocka_unit_test(test_pre_copy),
		cmocka_unit_test(test_pre_copy_live),
		cmocka_unit_test(test_older_version),
		cmocka_unit_test(test_section),
		cmocka_unit_test(test_author_refuses),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_client_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
