/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory: the table of regions, direct access, held pointers, structures. */
#include "dma_device.h"

static void do_map(struct mdl_dev *dev)
{
	probe.result = mdl_dma_map(dev, probe.iova, probe.len, probe.flags, probe.iov, probe.max);
}

static void do_unmap(struct mdl_dev *dev)
{
	mdl_dma_unmap(dev, probe.iov, probe.result);
}

static int dma_map(struct peer *peer, uint64_t iova, size_t len, unsigned flags, int max)
{
	probe.iova = iova;
	probe.len = len;
	probe.flags = flags;
	probe.max = max;
	act(peer, do_map);
	return probe.result;
}

/* ---- the table */

static void test_map_refusals(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x4000);
	struct vu_dma_map small = {31, 3, 0, 0, 0x1000};

	assert_int_equal(peer_map(peer, 0x1000, 0, 0, -1), -EINVAL);
	assert_int_equal(peer_map(peer, UINT64_MAX - 0xfff, 0x1001, 0, -1), -EINVAL);
	assert_int_equal(peer_map(peer, UINT64_MAX, 2, 0, -1), -EINVAL);
	assert_int_equal(peer_map_flags(peer, 0x1000, 0x1000, 0, 4, -1), -EINVAL);
	/* More than there is behind the descriptor. */
	assert_int_equal(peer_map(peer, 0x1000, 0x5000, 0, fd), -EINVAL);
	assert_int_equal(peer_map(peer, 0x1000, 0x4000, 0x1000, fd), -EINVAL);
	assert_int_equal(peer_map(peer, 0x1000, 0x1000, UINT64_MAX - 0xfff, fd), -EINVAL);
	assert_int_equal(peer_map(peer, 0x1000, 0x1000, (uint64_t)INT64_MAX + 1, fd), -EINVAL);
	assert_int_equal(peer_map(peer, 0, UINT64_MAX, 0, fd), -EINVAL);
	assert_int_equal(
		peer_call(peer, VU_DMA_MAP, &small, sizeof(small), NULL, 0, NULL, 0, NULL, 0),
		-EINVAL);
	assert_int_equal(probe.maps, 0);
	/* The table is as empty as before. */
	assert_int_equal(peer_map(peer, 0x1000, 0x4000, 0, fd), 0);
	assert_int_equal(probe.maps, 1);
	assert_int_equal(probe.last_iova, 0x1000);
	assert_int_equal(probe.last_size, 0x4000);
	close(fd);
}

static void test_map_overlaps(void **state)
{
	struct peer *peer = *state;

	assert_int_equal(peer_map(peer, 0x10000, 0x1000, 0, -1), 0);
	assert_int_equal(peer_map(peer, 0x12000, 0x1000, 0, -1), 0);
	assert_int_equal(peer_map(peer, 0x10000, 0x1000, 0, -1), -EEXIST);
	assert_int_equal(peer_map(peer, 0xf000, 0x1001, 0, -1), -EEXIST);
	assert_int_equal(peer_map(peer, 0x10fff, 1, 0, -1), -EEXIST);
	assert_int_equal(peer_map(peer, 0x10800, 0x2000, 0, -1), -EEXIST);
	assert_int_equal(peer_map(peer, 0, 0x100000, 0, -1), -EEXIST);
	/* Between, below, above: neighbours touch but do not overlap. */
	assert_int_equal(peer_map(peer, 0x11000, 0x1000, 0, -1), 0);
	assert_int_equal(peer_map(peer, 0xf000, 0x1000, 0, -1), 0);
	assert_int_equal(peer_map(peer, 0x13000, 7, 0, -1), 0);
	assert_int_equal(peer_map(peer, 0x13007, 1, 0, -1), 0);
}

static void test_unmap(void **state)
{
	struct peer *peer = *state;
	uint64_t i;

	for (i = 0; i < 8; i++)
		assert_int_equal(peer_map(peer, i * 0x10000, 0x10000, 0, -1), 0);
	assert_int_equal(peer_unmap(peer, 0, 0), -EINVAL);
	assert_int_equal(peer_unmap(peer, 0x100000, 0x10000), -ENOENT);
	/* What cuts a region. */
	assert_int_equal(peer_unmap(peer, 0x1000, 0x1000), -EINVAL);
	assert_int_equal(peer_unmap(peer, 0, 0x8000), -EINVAL);
	assert_int_equal(peer_unmap(peer, 0x8000, 0x8000), -EINVAL);
	assert_int_equal(peer_unmap(peer, 0x8000, 0x18000), -EINVAL);
	assert_int_equal(peer_unmap(peer, UINT64_MAX, 2), -EINVAL);
	assert_int_equal(peer_unmap_flags(peer, 0, 0x10000, 1), -EINVAL);
	assert_int_equal(peer_unmap_flags(peer, 0, 0x10000, 4), -EINVAL);
	assert_int_equal(peer_unmap_flags(peer, 0, 0x10000, 2), -EINVAL);
	assert_int_equal(probe.unmaps, 0);
	/* One, three at once, the rest. */
	assert_int_equal(peer_unmap(peer, 0x10000, 0x10000), 0);
	assert_int_equal(probe.unmaps, 1);
	assert_int_equal(probe.last_iova, 0x10000);
	assert_int_equal(peer_unmap(peer, 0x10000, 0x10000), -ENOENT);
	assert_int_equal(peer_unmap(peer, 0x20000, 0x30000), 0);
	assert_int_equal(probe.unmaps, 4);
	assert_int_equal(peer_unmap_flags(peer, 0, 0, VU_DMA_UNMAP_ALL), 0);
	assert_int_equal(probe.unmaps, 8);
	assert_int_equal(peer_unmap_flags(peer, 0, 0, VU_DMA_UNMAP_ALL), 0);
	assert_int_equal(peer_map(peer, 0, 0x100000, 0, -1), 0);
}

/* The last byte that there is belongs to somebody, too. */
static void test_end_of_space(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x2000);

	assert_int_equal(peer_map(peer, UINT64_MAX - 0x1fff, 0x2000, 0, fd), 0);
	assert_int_equal(peer_map(peer, UINT64_MAX, 1, 0, -1), -EEXIST);
	probe.buf[0] = 0x42;
	assert_int_equal(dma_write(peer, UINT64_MAX, 1), 0);
	assert_int_equal(pread(fd, probe.buf + 1, 1, 0x1fff), 1);
	assert_int_equal(probe.buf[1], 0x42);
	assert_int_equal(dma_read(peer, UINT64_MAX, 2), -EOVERFLOW);
	assert_int_equal(peer_unmap(peer, UINT64_MAX - 0xfff, 0x1000), -EINVAL);
	assert_int_equal(peer_unmap(peer, UINT64_MAX - 0x1fff, 0x2000), 0);
	assert_int_equal(peer_unmap(peer, UINT64_MAX - 0x1fff, 0x2000), -ENOENT);
	close(fd);
}

static void test_many_regions(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x100000);
	uint64_t i;

	/* In an order that is neither up nor down; every second page stays free. */
	for (i = 0; i < 128; i++)
		assert_int_equal(
			peer_map(peer, i * 37 % 128 * 0x2000, 0x1000, i * 37 % 128 * 0x1000, fd),
			0);
	for (i = 0; i < 128; i++) {
		assert_int_equal(pwrite(fd, &i, sizeof(i), (off_t)(i * 0x1000 + 8)), sizeof(i));
		assert_int_equal(dma_read(peer, i * 0x2000 + 8, sizeof(i)), 0);
		assert_memory_equal(probe.buf, &i, sizeof(i));
		assert_int_equal(dma_read(peer, i * 0x2000 + 0x1000, 1), -EFAULT);
	}
	close(fd);
}

/* ---- access */

static void test_direct(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x4000);
	uint8_t byte;

	assert_int_equal(peer_map(peer, 0x100000, 0x2000, 0x1000, fd), 0);
	memset(probe.buf, 0xa5, 0x2000);
	assert_int_equal(dma_write(peer, 0x100000, 0x2000), 0);
	assert_int_equal(pread(fd, &byte, 1, 0xfff), 1);
	assert_int_equal(byte, 0);
	assert_int_equal(pread(fd, &byte, 1, 0x1000), 1);
	assert_int_equal(byte, 0xa5);
	assert_int_equal(pread(fd, &byte, 1, 0x2fff), 1);
	assert_int_equal(byte, 0xa5);
	memset(probe.buf, 0, 0x2000);
	assert_int_equal(dma_read(peer, 0x100001, 0x1fff), 0);
	assert_int_equal(probe.buf[0x1ffe], 0xa5);
	/* One byte too much: as far as it went, no further. */
	memset(probe.buf, 0, 0x2001);
	assert_int_equal(dma_read(peer, 0x100000, 0x2001), -EFAULT);
	assert_int_equal(probe.buf[0x1fff], 0xa5);
	assert_int_equal(probe.buf[0x2000], 0);
	assert_int_equal(dma_read(peer, 0xfffff, 1), -EFAULT);
	assert_int_equal(dma_read(peer, UINT64_MAX, 2), -EOVERFLOW);
	assert_int_equal(dma_read(peer, UINT64_MAX, 1), -EFAULT);
	assert_int_equal(dma_read(peer, 0x100000, 0), 0);
	close(fd);
}

static void test_offset_within_page(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x3000);

	assert_int_equal(pwrite(fd, "needle", 6, 0x1234), 6);
	assert_int_equal(peer_map(peer, 0x5000, 0x800, 0x1234, fd), 0);
	assert_int_equal(dma_read(peer, 0x5000, 6), 0);
	assert_memory_equal(probe.buf, "needle", 6);
	close(fd);
}

static void test_permissions(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x4000);

	assert_int_equal(peer_map_flags(peer, 0x0000, 0x1000, 0, 1, fd), 0);
	assert_int_equal(peer_map_flags(peer, 0x1000, 0x1000, 0, 2, fd), 0);
	assert_int_equal(peer_map_flags(peer, 0x2000, 0x1000, 0, 0, fd), 0);
	assert_int_equal(peer_map_flags(peer, 0x3000, 0x1000, 0, 0, -1), 0);
	assert_int_equal(dma_read(peer, 0, 16), 0);
	assert_int_equal(dma_write(peer, 0, 16), -EACCES);
	assert_int_equal(dma_read(peer, 0x1000, 16), -EACCES);
	assert_int_equal(dma_write(peer, 0x1000, 16), 0);
	assert_int_equal(dma_read(peer, 0x2000, 16), -EACCES);
	assert_int_equal(dma_write(peer, 0x2000, 16), -EACCES);
	assert_int_equal(dma_read(peer, 0x3000, 16), -EACCES);
	assert_int_equal(dma_map(peer, 0, 16, MDL_DMA_READ | MDL_DMA_WRITE, 8), -EACCES);
	assert_int_equal(dma_map(peer, 0, 16, 0, 8), -EINVAL);
	assert_int_equal(dma_map(peer, 0, 16, 8, 8), -EINVAL);
	peer_bus_master(peer, false);
	assert_int_equal(dma_read(peer, 0, 16), -EPERM);
	assert_int_equal(dma_map(peer, 0, 16, MDL_DMA_READ, 8), -EPERM);
	peer_bus_master(peer, true);
	assert_int_equal(dma_read(peer, 0, 16), 0);
	close(fd);
}

/* Said once for each time that the driver leaves it off. */
static void test_bus_master_said(void **state)
{
	struct peer *peer = *state;

	assert_int_equal(peer_map(peer, 0, 0x1000, 0, -1), 0);
	peer_bus_master(peer, false);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(dma_write(peer, 0, 16), -EPERM);
	assert_int_equal(peer_said_times(peer, "bus mastering is off"), 1);
	peer_bus_master(peer, true);
	assert_int_equal(dma_write(peer, 0x1000, 16), -EFAULT);
	peer_bus_master(peer, false);
	assert_int_equal(dma_map(peer, 0, 16, MDL_DMA_READ, 8), -EPERM);
	assert_int_equal(peer_said_times(peer, "bus mastering is off"), 2);
}

static void test_held(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x3000);
	uint8_t byte;

	assert_int_equal(peer_map(peer, 0x1000, 0x1000, 0, fd), 0);
	assert_int_equal(peer_map(peer, 0x2000, 0x1000, 0x2000, fd), 0);
	assert_int_equal(peer_map(peer, 0x3000, 0x1000, 0, -1), 0);
	assert_int_equal(dma_map(peer, 0x1800, 0x1000, MDL_DMA_WRITE, 1), -ENOBUFS);
	assert_int_equal(dma_map(peer, 0x2800, 0x1000, MDL_DMA_WRITE, 8), -EREMOTE);
	assert_int_equal(dma_map(peer, 0x4000, 1, MDL_DMA_WRITE, 8), -EFAULT);
	assert_int_equal(dma_map(peer, 0x1800, 0x1000, MDL_DMA_WRITE, 2), 2);
	assert_int_equal(probe.iov[0].iov_len, 0x800);
	assert_int_equal(probe.iov[1].iov_len, 0x800);
	memset(probe.iov[1].iov_base, 0x77, 1);
	assert_int_equal(pread(fd, &byte, 1, 0x2000), 1);
	assert_int_equal(byte, 0x77);
	/* The client takes both away; what is held stays. */
	assert_int_equal(peer_unmap(peer, 0x1000, 0x2000), 0);
	memset(probe.iov[0].iov_base, 0x55, 0x800);
	memset(probe.iov[1].iov_base, 0x55, 0x800);
	assert_int_equal(pread(fd, &byte, 1, 0x27ff), 1);
	assert_int_equal(byte, 0x55);
	act(peer, do_unmap);
	assert_false(peer_said(peer, "not mapped"));
	/* Once more is once too often: said, and nothing else. */
	act(peer, do_unmap);
	assert_true(peer_said(peer, "not mapped"));
	close(fd);
}

static void read_in_hook(struct mdl_dev *dev)
{
	probe.result = mdl_dma_read(dev, probe.last_iova, probe.buf, 8);
}

static void test_hook_sees_memory(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x1000);

	assert_int_equal(pwrite(fd, "farewell", 8, 0), 8);
	assert_int_equal(peer_map(peer, 0x7000, 0x1000, 0, fd), 0);
	probe.on_unmap = read_in_hook;
	probe.result = -1;
	assert_int_equal(peer_unmap(peer, 0x7000, 0x1000), 0);
	assert_int_equal(probe.result, 0);
	assert_memory_equal(probe.buf, "farewell", 8);
	close(fd);
}

static void read_first_in_hook(struct mdl_dev *dev)
{
	probe.result += mdl_dma_read(dev, 0x7000, probe.buf, 8) == 0;
}

/* Unmapped by one message, regions go together: each hook still sees them all. */
static void test_hooks_see_all(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x1000);

	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(peer_map(peer, 0x7000 + 0x1000 * i, 0x1000, 0, fd), 0);
	probe.on_unmap = read_first_in_hook;
	assert_int_equal(peer_unmap_flags(peer, 0, 0, VU_DMA_UNMAP_ALL), 0);
	assert_int_equal(probe.unmaps, 3);
	assert_int_equal(probe.result, 3);
	assert_int_equal(dma_read(peer, 0x7000, 8), -EFAULT);
	close(fd);
}

static void test_truncated(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x4000);

	assert_int_equal(peer_map(peer, 0, 0x2000, 0, fd), 0);
	assert_int_equal(peer_map(peer, 0x10000, 0x1000, 0, fd), 0);
	assert_int_equal(dma_read(peer, 0x1000, 16), 0);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	assert_int_equal(dma_read(peer, 0x1000, 16), -EIO);
	assert_int_equal(dma_write(peer, 0x1000, 16), -EIO);
	/* That memory is not to be trusted any more; other memory is. */
	assert_int_equal(dma_read(peer, 0, 16), -EIO);
	assert_int_equal(dma_read(peer, 0x10000, 16), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(dma_write(peer, 0x10000, 0x1000), -EIO);
	assert_int_equal(dma_map(peer, 0x10000, 16, MDL_DMA_READ, 8), -EIO);
	assert_int_equal(peer_unmap(peer, 0, 0x2000), 0);
	assert_int_equal(ftruncate(fd, 0x4000), 0);
	assert_int_equal(peer_map(peer, 0, 0x2000, 0, fd), 0);
	assert_int_equal(dma_read(peer, 0x1000, 16), 0);
	close(fd);
}

static void test_truncated_while_held(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x2000);
	volatile uint8_t *memory;

	assert_int_equal(peer_map(peer, 0, 0x2000, 0, fd), 0);
	assert_int_equal(dma_map(peer, 0, 0x2000, MDL_DMA_READ | MDL_DMA_WRITE, 8), 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	memory = probe.iov[0].iov_base;
	memory[0] = memory[0x1fff] = 1;
	assert_int_equal(memory[0x1fff], 1);
	act(peer, do_unmap);
	assert_int_equal(dma_read(peer, 0, 1), -EIO);
	close(fd);
}
/* ---- structures */

struct record {
	uint16_t a;
	uint32_t b[2];
	uint64_t c;
};

static const struct mdl_member members[] = {
	{offsetof(struct record, a), 2, 1},
	{offsetof(struct record, b), 4, 2},
	{offsetof(struct record, c), 8, 1},
};

static void do_layouts(struct mdl_dev *dev)
{
	struct mdl_layout le = {"le", sizeof(struct record), false, 3, members};
	struct mdl_layout be = {"be", sizeof(struct record), true, 3, members};
	struct record out = {.a = 0x1234, .b = {0x11223344, 0x55667788}, .c = 0x0102030405060708};
	struct record in;

	probe.result = -1;
	if (mdl_layout_write(dev, 0x1000, &out, &le) || mdl_layout_write(dev, 0x1100, &out, &be))
		return;
	if (mdl_layout_read(dev, 0x1000, &in, &le) || in.a != out.a || in.b[1] != out.b[1] ||
	    in.c != out.c)
		return;
	if (mdl_layout_read(dev, 0x1100, &in, &be) || in.a != out.a || in.b[1] != out.b[1] ||
	    in.c != out.c)
		return;
	probe.result = mdl_layout_read(dev, 0x2000 - 4, &in, &be);
}

static void test_layouts(void **state)
{
	static const uint8_t le_a[] = {0x34, 0x12}, be_a[] = {0x12, 0x34};
	static const uint8_t be_c[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct peer *peer = *state;
	int fd = memory_file(0x1000);
	uint8_t page[0x1000];

	assert_int_equal(peer_map(peer, 0x1000, 0x1000, 0, fd), 0);
	act(peer, do_layouts);
	assert_int_equal(probe.result, -EFAULT);
	assert_int_equal(pread(fd, page, sizeof(page), 0), sizeof(page));
	assert_memory_equal(page, le_a, 2);
	assert_memory_equal(page + 0x100, be_a, 2);
	assert_memory_equal(page + 0x100 + offsetof(struct record, c), be_c, 8);
	close(fd);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_map_refusals),
		WITH(test_map_overlaps),
		WITH(test_unmap),
		WITH(test_end_of_space),
		WITH(test_many_regions),
		WITH(test_direct),
		WITH(test_offset_within_page),
		WITH(test_permissions),
		WITH(test_bus_master_said),
		WITH(test_held),
		WITH(test_hook_sees_memory),
		WITH(test_hooks_see_all),
		WITH(test_truncated),
		WITH(test_truncated_while_held),
		WITH(test_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
