/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory: the table of regions, direct access and access by messages, held pointers. */
#include "peer.h"

/* ---- a device that does what the test tells it, when its register is written */

struct prober {
	struct mdl_dev *mdl;
	uint32_t run;
};

static struct {
	void (*act)(struct mdl_dev *dev);
	uint64_t iova;
	size_t len;
	uint8_t buf[1 << 16];
	int result;
	struct iovec iov[8];
	unsigned flags;
	int max;
	/* hooks */
	unsigned maps, unmaps;
	uint64_t last_iova, last_size;
	void (*on_unmap)(struct mdl_dev *dev);
} probe;

static void run_written(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	(void)at;
	(void)value;
	(void)old;
	probe.act(((struct prober *)dev)->mdl);
}

static void mapped(void *dev, uint64_t iova, uint64_t size)
{
	(void)dev;
	probe.maps++;
	probe.last_iova = iova;
	probe.last_size = size;
}

static void unmapped(void *dev, uint64_t iova, uint64_t size)
{
	probe.unmaps++;
	probe.last_iova = iova;
	probe.last_size = size;
	if (probe.on_unmap)
		probe.on_unmap(((struct prober *)dev)->mdl);
}

static const struct mdl_reg_hooks run_hooks = {.on_write = run_written};
static const struct mdl_reg regs[] = {{
	.name = "RUN",
	.store = offsetof(struct prober, run),
	.count = 1,
	.width = 4,
	.readable = 0xffffffff,
	.writable = 0xffffffff,
	.hooks = &run_hooks,
}};
static const struct mdl_bar bars[] = {{
	.index = 0,
	.type = MDL_BAR_MEM32,
	.access_min = 4,
	.access_max = 4,
	.size = 4096,
	.nregs = 1,
	.regs = regs,
}};
static const struct mdl_pci pci = {.vendor = 0x1234, .device = 1, .intx = 1};
static const struct mdl_device_hooks hooks = {.dma_map = mapped, .dma_unmap = unmapped};
static const struct mdl_device device = {
	.abi = MDL_ABI,
	.version = 1,
	.name = "prober",
	.size = sizeof(struct prober),
	.nbars = 1,
	.pci = &pci,
	.bars = bars,
	.hooks = &hooks,
};

static void act(struct peer *peer, void (*what)(struct mdl_dev *dev))
{
	uint32_t one = 1;

	probe.act = what;
	assert_int_equal(peer_write(peer, 0, 0, &one, sizeof(one)), 0);
}

static void do_read(struct mdl_dev *dev)
{
	probe.result = mdl_dma_read(dev, probe.iova, probe.buf, probe.len);
}

static void do_write(struct mdl_dev *dev)
{
	probe.result = mdl_dma_write(dev, probe.iova, probe.buf, probe.len);
}

static void do_map(struct mdl_dev *dev)
{
	probe.result = mdl_dma_map(dev, probe.iova, probe.len, probe.flags, probe.iov, probe.max);
}

static void do_unmap(struct mdl_dev *dev)
{
	mdl_dma_unmap(dev, probe.iov, probe.result);
}

static int dma_read(struct peer *peer, uint64_t iova, size_t len)
{
	probe.iova = iova;
	probe.len = len;
	act(peer, do_read);
	return probe.result;
}

static int dma_write(struct peer *peer, uint64_t iova, size_t len)
{
	probe.iova = iova;
	probe.len = len;
	act(peer, do_write);
	return probe.result;
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

static int memory_file(size_t size)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static int set_up(void **state)
{
	memset(&probe, 0, sizeof(probe));
	*state = peer_start(&device, 1, 1024);
	peer_bus_master(*state, true);
	return 0;
}

static int tear_down(void **state)
{
	peer_stop(*state);
	return 0;
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

/* ---- messages */

/* The client's own memory, 64 KiB from GUEST on. */
#define GUEST 0x200000u
static struct {
	uint8_t memory[1 << 16];
	unsigned reads, writes;
	size_t largest;
	bool packed; /* as QEMU does it */
	int spoil;   /* what is wrong with the next reply */
} guest;

enum { FINE, WRONG_ADDRESS, WRONG_COUNT, TOO_SHORT, TOO_LONG, AN_ERROR };

static void answer_read(struct peer *peer, const struct vu_header *header, uint64_t iova,
			size_t count)
{
	struct vu_dma_access head = {iova, count};
	uint8_t filling[4] = {0};
	uint8_t *data = guest.memory + (iova - GUEST);
	size_t size = count;

	guest.reads++;
	if (guest.packed) {
		uint8_t *body = malloc(count + 4);

		memcpy(body, data, count);
		memcpy(body + count, filling, 4);
		peer_reply(peer, header, &head, 12, body, count + 4);
		free(body);
		return;
	}
	if (guest.spoil == WRONG_ADDRESS)
		head.address++;
	if (guest.spoil == WRONG_COUNT)
		head.count--;
	if (guest.spoil == TOO_SHORT)
		size--;
	if (guest.spoil == TOO_LONG)
		size++;
	peer_reply(peer, header, &head, sizeof(head), data, size);
}

static void answer_write(struct peer *peer, const struct vu_header *header, const uint8_t *payload,
			 size_t size)
{
	struct vu_dma_access head;
	size_t front = guest.packed ? 12 : 16, count;

	memcpy(&head, payload, sizeof(head));
	count = guest.packed ? (uint32_t)head.count : head.count;
	assert_true(count <= size - 16);
	if (count)
		guest.writes++;
	memcpy(guest.memory + (head.address - GUEST), payload + front, count);
	if (guest.spoil == WRONG_ADDRESS)
		head.address++;
	if (guest.spoil == WRONG_COUNT)
		head.count++;
	if (guest.packed)
		peer_reply(peer, header, NULL, 0, NULL, 0);
	else
		peer_reply(peer, header, &head, guest.spoil == TOO_SHORT ? 8 : 16, NULL, 0);
}

static void serve_guest(struct peer *peer, const struct vu_header *header, const uint8_t *payload,
			size_t size)
{
	struct vu_dma_access head;
	uint8_t *copy = malloc(size);

	assert_true(size >= sizeof(head));
	memcpy(copy, payload, size);
	memcpy(&head, copy, sizeof(head));
	if ((uint32_t)head.count > guest.largest)
		guest.largest = (uint32_t)head.count;
	assert_true(head.address >= GUEST &&
		    head.address + (uint32_t)head.count <= GUEST + sizeof(guest.memory));
	if (guest.spoil == AN_ERROR)
		peer_reply_error(peer, header, EPERM);
	else if (header->command == VU_DMA_READ)
		answer_read(peer, header, head.address, (size_t)head.count);
	else
		answer_write(peer, header, copy, size);
	free(copy);
}

static void check_messages(struct peer *peer)
{
	size_t i;

	peer->serve = serve_guest;
	for (i = 0; i < sizeof(guest.memory); i++)
		guest.memory[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(peer_map(peer, GUEST, sizeof(guest.memory), 0, -1), 0);
	assert_int_equal(dma_read(peer, GUEST + 5, 3000), 0);
	assert_memory_equal(probe.buf, guest.memory + 5, 3000);
	assert_int_equal(guest.reads, 3);
	assert_int_equal(guest.largest, 1024);
	for (i = 0; i < 3000; i++)
		probe.buf[i] = (uint8_t)(i ^ 0x5a);
	assert_int_equal(dma_write(peer, GUEST + 100, 3000), 0);
	assert_memory_equal(probe.buf, guest.memory + 100, 3000);
	assert_int_equal(guest.memory[99], (uint8_t)(99 * 7));
	assert_int_equal(guest.memory[3100], (uint8_t)(3100 * 7 + 12));
	assert_int_equal(guest.largest, 1024);
	/* Zeros in front tell nothing of the form. */
	memset(guest.memory, 0, 16);
	guest.memory[16] = 1;
	assert_int_equal(dma_read(peer, GUEST, 17), 0);
	assert_memory_equal(probe.buf, guest.memory, 17);
	memset(probe.buf, 0, 8);
	guest.memory[3] = guest.memory[8] = 0xee;
	assert_int_equal(dma_write(peer, GUEST, 8), 0);
	assert_int_equal(guest.memory[3], 0);
	assert_int_equal(guest.memory[8], 0xee);
}

static void test_messages(void **state)
{
	memset(&guest, 0, sizeof(guest));
	check_messages(*state);
}

static int set_up_minor_0(void **state)
{
	memset(&probe, 0, sizeof(probe));
	memset(&guest, 0, sizeof(guest));
	*state = peer_start(&device, 0, 1024);
	peer_bus_master(*state, true);
	return 0;
}

static void test_messages_minor_0(void **state)
{
	check_messages(*state);
}

static void test_messages_packed(void **state)
{
	guest.packed = true;
	check_messages(*state);
}

/* Found out by its replies, also when a write comes first. */
static void test_messages_packed_late(void **state)
{
	struct peer *peer = *state;

	memset(&guest, 0, sizeof(guest));
	guest.packed = true;
	peer->serve = serve_guest;
	assert_int_equal(peer_map(peer, GUEST, sizeof(guest.memory), 0, -1), 0);
	memset(guest.memory, 0x33, 64);
	memset(probe.buf, 0x44, 32);
	assert_int_equal(dma_write(peer, GUEST, 32), 0);
	assert_memory_equal(guest.memory, probe.buf, 32);
	assert_int_equal(guest.memory[32], 0x33);
	assert_int_equal(guest.writes, 2);
	assert_int_equal(dma_read(peer, GUEST + 1, 63), 0);
	assert_memory_equal(probe.buf, guest.memory + 1, 63);
}

static void test_bad_replies(void **state)
{
	struct peer *peer = *state;

	memset(&guest, 0, sizeof(guest));
	peer->serve = serve_guest;
	assert_int_equal(peer_map(peer, GUEST, sizeof(guest.memory), 0, -1), 0);
	for (guest.spoil = WRONG_ADDRESS; guest.spoil <= AN_ERROR; guest.spoil++) {
		assert_int_equal(dma_read(peer, GUEST, 100), -EIO);
		if (guest.spoil != TOO_LONG)
			assert_int_equal(dma_write(peer, GUEST, 100), -EIO);
	}
	guest.spoil = FINE;
	assert_int_equal(dma_read(peer, GUEST, 100), 0);
	assert_int_equal(dma_write(peer, GUEST, 100), 0);
}

/* One range: file, messages, file. */
static void test_mixed(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x2000);
	uint8_t byte;

	memset(&guest, 0, sizeof(guest));
	peer->serve = serve_guest;
	assert_int_equal(peer_map(peer, GUEST - 0x1000, 0x1000, 0, fd), 0);
	assert_int_equal(peer_map(peer, GUEST, 0x1000, 0, -1), 0);
	assert_int_equal(peer_map(peer, GUEST + 0x1000, 0x1000, 0x1000, fd), 0);
	memset(probe.buf, 0x99, 0x3000);
	assert_int_equal(dma_write(peer, GUEST - 0x1000, 0x3000), 0);
	assert_int_equal(guest.writes, 4);
	assert_int_equal(guest.memory[0xfff], 0x99);
	assert_int_equal(guest.memory[0x1000], 0);
	assert_int_equal(pread(fd, &byte, 1, 0x1fff), 1);
	assert_int_equal(byte, 0x99);
	memset(probe.buf, 0, 0x3000);
	assert_int_equal(dma_read(peer, GUEST - 1, 0x1002), 0);
	assert_int_equal(probe.buf[0] + probe.buf[1] + probe.buf[0x1001], 3 * 0x99);
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

#define WITH(test)   cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define WITH_0(test) cmocka_unit_test_setup_teardown(test, set_up_minor_0, tear_down)

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
		WITH(test_held),
		WITH(test_hook_sees_memory),
		WITH(test_truncated),
		WITH(test_truncated_while_held),
		WITH(test_messages),
		WITH_0(test_messages_minor_0),
		WITH_0(test_messages_packed),
		WITH(test_messages_packed_late),
		WITH(test_bad_replies),
		WITH(test_mixed),
		WITH(test_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
