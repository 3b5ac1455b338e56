/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device that does DMA as the test tells it, when its register is written; for unit tests in
 * which the test is the client.  `probe` says what it shall do, and what came of it.
 */
#ifndef DMA_DEVICE_H
#define DMA_DEVICE_H

#include "peer.h"

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

#endif
