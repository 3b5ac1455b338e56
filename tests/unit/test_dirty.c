/* SPDX-License-Identifier: BSD-2-Clause */
/* DMA logging: START, REPORT, STOP, on the table alone and through the command. */
#include "peer.h"

#include "dma.h"

struct writer {
	struct mdl_dev *mdl;
	uint64_t where;
};

static struct iovec held[4];
static int nheld;

enum { WRITE_ONE, HOLD, LET_GO };
static int what;

static void where_written(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	struct mdl_dev *mdl = ((struct writer *)dev)->mdl;
	uint8_t byte = 1;

	(void)at;
	(void)old;
	if (what == WRITE_ONE)
		assert_int_equal(mdl_dma_write(mdl, value, &byte, 1), 0);
	else if (what == HOLD)
		nheld = mdl_dma_map(mdl, value, 0x1000, MDL_DMA_WRITE, held, 4);
	else
		mdl_dma_unmap(mdl, held, nheld);
}

static const struct mdl_reg_hooks where_hooks = {.on_write = where_written};
static const struct mdl_reg regs[] = {{
	.name = "WHERE",
	.store = offsetof(struct writer, where),
	.count = 1,
	.width = 8,
	.readable = UINT64_MAX,
	.writable = UINT64_MAX,
	.hooks = &where_hooks,
}};
static const struct mdl_bar bars[] = {{
	.type = MDL_BAR_MEM32,
	.access_min = 4,
	.access_max = 8,
	.size = 4096,
	.nregs = 1,
	.regs = regs,
}};
static const struct mdl_pci pci = {.vendor = 0x1234, .device = 2};
static const struct mdl_device device = {
	.abi = MDL_ABI,
	.version = 1,
	.name = "writer",
	.size = sizeof(struct writer),
	.nbars = 1,
	.pci = &pci,
	.bars = bars,
};

#define BASE 0x10000000u
#define SIZE 0x1000000u

static int set_up(void **state)
{
	struct peer *peer = peer_start(&device, 1, 1 << 20);
	int fd = memfd_create("guest", MFD_CLOEXEC);

	what = WRITE_ONE;
	assert_int_equal(ftruncate(fd, SIZE), 0);
	peer_bus_master(peer, true);
	assert_int_equal(peer_map(peer, BASE, SIZE, 0, fd), 0);
	close(fd);
	*state = peer;
	return 0;
}

static int tear_down(void **state)
{
	peer_stop(*state);
	return 0;
}

#define START  (VU_FEATURE_SET | VU_FEATURE_DMA_LOGGING_START)
#define STOP   (VU_FEATURE_SET | VU_FEATURE_DMA_LOGGING_STOP)
#define REPORT (VU_FEATURE_GET | VU_FEATURE_DMA_LOGGING_REPORT)

static int start(struct peer *peer, uint64_t page_size, uint32_t n,
		 const struct vu_dma_logging_range *ranges, uint64_t *chosen)
{
	struct vu_dma_logging_control control = {page_size, n, 0};
	uint8_t request[1024], reply[1024];
	size_t size = sizeof(control) + n * sizeof(*ranges);
	ssize_t got;

	memcpy(request, &control, sizeof(control));
	if (n)
		memcpy(request + sizeof(control), ranges, n * sizeof(*ranges));
	got = peer_feature(peer, START, (uint32_t)(8 + size), request, size, reply, sizeof(reply));
	if (got < 0)
		return (int)got;
	assert_int_equal(got, size);
	assert_memory_equal(reply + 8, request + 8, size - 8);
	memcpy(chosen, reply, 8);
	return 0;
}

static void touch(struct peer *peer, uint64_t where)
{
	assert_int_equal(peer_write(peer, 0, 0, &where, sizeof(where)), 0);
}

/* The bitmap's first word; the others must be zero. */
static int report(struct peer *peer, uint64_t iova, uint64_t length, uint64_t page_size,
		  uint64_t *bits)
{
	struct vu_dma_logging_report request = {iova, length, page_size};
	uint64_t reply[3 + 256] = {0};
	ssize_t got = peer_feature(peer, REPORT, 8 + sizeof(reply), &request, sizeof(request),
				   reply, sizeof(reply));
	uint64_t pages, i;

	if (got < 0)
		return (int)got;
	pages = (length - 1) / page_size + 1;
	assert_int_equal(got, 24 + (pages + 63) / 64 * 8);
	assert_memory_equal(reply, &request, sizeof(request));
	*bits = reply[3];
	for (i = 4; i < (size_t)got / 8; i++)
		assert_int_equal(reply[i], 0);
	return 0;
}

static void test_pages(void **state)
{
	struct peer *peer = *state;
	uint64_t chosen, bits;

	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), -EINVAL);
	touch(peer, BASE + 0x3000);
	assert_int_equal(start(peer, 4096, 0, NULL, &chosen), 0);
	assert_int_equal(chosen, 4096);
	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), 0);
	assert_int_equal(bits, 0);
	touch(peer, BASE);
	touch(peer, BASE + 0x1fff);
	touch(peer, BASE + 0xf000);
	touch(peer, BASE + 0x10000);
	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), 0);
	assert_int_equal(bits, 0x8003);
	/* Told once. */
	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), 0);
	assert_int_equal(bits, 0);
	assert_int_equal(report(peer, BASE + 0x10000, 0x1000, 4096, &bits), 0);
	assert_int_equal(bits, 1);
	assert_int_equal(peer_feature(peer, STOP, 8, NULL, 0, &bits, 8), 0);
	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), -EINVAL);
	/* Whoever starts again has a clean slate. */
	assert_int_equal(start(peer, 4096, 0, NULL, &chosen), 0);
	touch(peer, BASE + 0x5000);
	assert_int_equal(peer_feature(peer, STOP, 8, NULL, 0, &bits, 8), 0);
	assert_int_equal(start(peer, 4096, 0, NULL, &chosen), 0);
	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), 0);
	assert_int_equal(bits, 0);
}

static void test_page_sizes(void **state)
{
	struct peer *peer = *state;
	uint64_t chosen, bits, size;

	assert_int_equal(start(peer, 1 << 16, 0, NULL, &chosen), 0);
	assert_int_equal(chosen, 1 << 16);
	/* Asked for in other sizes than START's, larger and smaller. */
	for (size = 4096; size; size <<= 1) {
		touch(peer, BASE + 0x21000);
		assert_int_equal(report(peer, BASE, 0x40000, size, &bits), 0);
		assert_int_equal(bits, size <= 0x40000 ? 1ull << 0x21000 / size : 1);
		assert_int_equal(report(peer, BASE, 0x40000, size, &bits), 0);
		assert_int_equal(bits, 0);
	}
	for (size = 0; size < 4096; size = size * 2 + 1)
		assert_int_equal(report(peer, BASE, 0x1000, size, &bits), -EINVAL);
	assert_int_equal(report(peer, BASE, 0x1000, 2048, &bits), -EINVAL);
	assert_int_equal(report(peer, BASE, 0x1000, 4097, &bits), -EINVAL);
	assert_int_equal(report(peer, BASE, 0x1000, 12288, &bits), -EINVAL);
	assert_int_equal(report(peer, BASE, 0, 4096, &bits), -EINVAL);
	assert_int_equal(report(peer, UINT64_MAX - 0xfff, 0x2000, 4096, &bits), -EINVAL);
	assert_int_equal(report(peer, UINT64_MAX - 0xfff, 0x1000, 4096, &bits), 0);
	assert_int_equal(report(peer, 0, UINT64_MAX, 1ull << 60, &bits), 0);
	assert_int_equal(bits, 0);
}

static void test_sub_ranges(void **state)
{
	struct peer *peer = *state;
	uint64_t chosen, bits;

	assert_int_equal(start(peer, 4096, 0, NULL, &chosen), 0);
	touch(peer, BASE + 0x4000);
	touch(peer, BASE + 0x6000);
	assert_int_equal(report(peer, BASE + 0x5000, 0x1000, 4096, &bits), 0);
	assert_int_equal(bits, 0);
	assert_int_equal(report(peer, BASE + 0x6000, 0x1000, 4096, &bits), 0);
	assert_int_equal(bits, 1);
	/* A range that begins and ends within pages tells, but does not forget. */
	assert_int_equal(report(peer, BASE + 0x4800, 0x400, 4096, &bits), 0);
	assert_int_equal(bits, 1);
	assert_int_equal(report(peer, BASE + 0x3000, 0x1800, 4096, &bits), 0);
	assert_int_equal(bits, 2);
	assert_int_equal(report(peer, BASE, 0x8000, 4096, &bits), 0);
	assert_int_equal(bits, 1 << 4);
	/* Pages larger than the range: a bit outside of it stays zero. */
	touch(peer, BASE + 0x2000);
	assert_int_equal(report(peer, BASE, 0x2000, 1 << 20, &bits), 0);
	assert_int_equal(bits, 0);
	/* A piece of the log ends at each 128 MiB. */
	touch(peer, BASE + SIZE - 1);
	assert_int_equal(report(peer, 0, 1ull << 40, 1ull << 30, &bits), 0);
	assert_int_equal(bits, 1);
}

static void test_ranges(void **state)
{
	/* Not in order, two overlap, two touch. */
	static const struct vu_dma_logging_range ranges[] = {
		{BASE + 0x8000, 0x2000}, {BASE + 0x1000, 0x1000}, {BASE + 0x2000, 0x1000},
		{BASE + 0x9000, 0x2000}, {BASE + 0x8000, 0x1000},
	};
	static const struct vu_dma_logging_range bad[] = {{BASE, 0}, {UINT64_MAX, 2}};
	struct vu_dma_logging_control control = {4096, 2, 0};
	struct peer *peer = *state;
	uint64_t chosen, bits, i;
	uint8_t reply[64];

	assert_int_equal(start(peer, 4096, 1, &bad[0], &chosen), -EINVAL);
	assert_int_equal(start(peer, 4096, 1, &bad[1], &chosen), -EINVAL);
	/* Fewer ranges than it says. */
	assert_int_equal(peer_feature(peer, START, 64, &control, sizeof(control), reply, 64),
			 -EINVAL);
	control.num_ranges = UINT32_MAX;
	assert_int_equal(peer_feature(peer, START, 64, &control, sizeof(control), reply, 64),
			 -EINVAL);
	assert_int_equal(peer_feature(peer, START, 64, &control, 8, reply, 64), -EINVAL);
	assert_int_equal(start(peer, 4096, 5, ranges, &chosen), 0);
	for (i = 0; i < 16; i++)
		touch(peer, BASE + i * 0x1000);
	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), 0);
	assert_int_equal(bits, 0x0706);
	/* The same once more changes nothing, another one is refused. */
	touch(peer, BASE + 0x1000);
	assert_int_equal(start(peer, 4096, 5, ranges, &chosen), 0);
	assert_int_equal(start(peer, 8192, 5, ranges, &chosen), -EINVAL);
	assert_int_equal(start(peer, 4096, 2, ranges, &chosen), -EINVAL);
	assert_int_equal(start(peer, 4096, 0, NULL, &chosen), -EINVAL);
	assert_int_equal(report(peer, BASE, 0x10000, 4096, &bits), 0);
	assert_int_equal(bits, 2);
}

static void test_hints(void **state)
{
	static const uint64_t odd[] = {0, 1, 512, 2048, 5000, UINT64_MAX};
	struct peer *peer = *state;
	uint64_t chosen, bits;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(start(peer, odd[i], 0, NULL, &chosen), 0);
		assert_int_equal(chosen, 4096);
		assert_int_equal(peer_feature(peer, STOP, 8, NULL, 0, &bits, 8), 0);
	}
	assert_int_equal(start(peer, 1ull << 63, 0, NULL, &chosen), 0);
	assert_true(chosen == 1ull << 63);
}

static void test_sizes_of_replies(void **state)
{
	struct vu_dma_logging_report request = {BASE, 65 * 4096, 4096};
	struct peer *peer = *state;
	uint64_t chosen, reply[8];
	uint32_t back[2];

	assert_int_equal(start(peer, 4096, 0, NULL, &chosen), 0);
	touch(peer, BASE + 64 * 4096);
	/* Too little room: only how much it takes; and nothing is forgotten. */
	{
		struct vu_feature head = {47, REPORT};

		assert_int_equal(peer_call(peer, VU_DEVICE_FEATURE, &head, sizeof(head), &request,
					   sizeof(request), NULL, 0, back, sizeof(back)),
				 8);
		assert_int_equal(back[0], 48);
		assert_int_equal(back[1], REPORT);
	}
	assert_int_equal(peer_feature(peer, REPORT, 48, &request, sizeof(request), reply, 64), 40);
	assert_int_equal(reply[3], 0);
	assert_int_equal(reply[4], 1);
	/* More than a message holds. */
	request.length = 1ull << 40;
	assert_int_equal(
		peer_feature(peer, REPORT, UINT32_MAX, &request, sizeof(request), reply, 64),
		-E2BIG);
	request.length = UINT64_MAX - BASE;
	assert_int_equal(
		peer_feature(peer, REPORT, UINT32_MAX, &request, sizeof(request), reply, 64),
		-E2BIG);
	assert_int_equal(peer_feature(peer, REPORT, 48, &request, 23, reply, 64), -EINVAL);
	/* The largest that is. */
	request.length = ((1ull << 20) - 24) * 8 * 4096;
	{
		uint8_t *large = malloc(1 << 20);

		assert_int_equal(peer_feature(peer, REPORT, UINT32_MAX, &request, sizeof(request),
					      large, 1 << 20),
				 1 << 20);
		request.length += 4096;
		assert_int_equal(peer_feature(peer, REPORT, UINT32_MAX, &request, sizeof(request),
					      large, 1 << 20),
				 -E2BIG);
		free(large);
	}
}

/* What the device holds for writing may change at any moment. */
static void test_held(void **state)
{
	struct peer *peer = *state;
	uint64_t chosen, bits;

	assert_int_equal(start(peer, 4096, 0, NULL, &chosen), 0);
	what = HOLD;
	touch(peer, BASE + 0x1800);
	assert_int_equal(nheld, 1);
	assert_int_equal(report(peer, BASE, 0x8000, 4096, &bits), 0);
	assert_int_equal(bits, 6);
	assert_int_equal(report(peer, BASE, 0x8000, 4096, &bits), 0);
	assert_int_equal(bits, 6);
	what = LET_GO;
	touch(peer, 0);
	assert_int_equal(report(peer, BASE, 0x8000, 4096, &bits), 0);
	assert_int_equal(bits, 6);
	assert_int_equal(report(peer, BASE, 0x8000, 4096, &bits), 0);
	assert_int_equal(bits, 0);
}

/* Far apart, so that the table of pieces grows. */
static void test_sparse(void **state)
{
	struct mdl_dev *dev = ((struct peer *)*state)->dev;
	uint64_t page_size, start_all[2] = {4096, 0}, bitmap[16], i;

	assert_int_equal(
		dma_logging_start(dev, (uint8_t *)start_all, sizeof(start_all), &page_size), 0);
	for (i = 0; i < 1000; i++)
		dirty_mark(dev->dma->dirty, i << 40, 1);
	dirty_mark(dev->dma->dirty, UINT64_MAX, 1);
	dirty_mark(dev->dma->dirty, (1ull << 39) - 1, 2);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(
			dma_logging_report(dev, i << 40, 0x10000, 4096, (uint8_t *)bitmap, 8), 0);
		assert_int_equal(bitmap[0], 1);
	}
	assert_int_equal(
		dma_logging_report(dev, UINT64_MAX - 0xfff, 0x1000, 4096, (uint8_t *)bitmap, 8), 0);
	assert_int_equal(bitmap[0], 1);
	assert_int_equal(
		dma_logging_report(dev, (1ull << 39) - 4096, 8192, 4096, (uint8_t *)bitmap, 8), 0);
	assert_int_equal(bitmap[0], 3);
	assert_int_equal(dma_logging_report(dev, 0, UINT64_MAX, 1ull << 58, (uint8_t *)bitmap, 8),
			 0);
	assert_int_equal(bitmap[0], 0);
	dma_logging_stop(dev);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_pages),  WITH(test_page_sizes), WITH(test_sub_ranges),
		WITH(test_ranges), WITH(test_hints),      WITH(test_sizes_of_replies),
		WITH(test_held),   WITH(test_sparse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
