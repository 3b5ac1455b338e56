/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's way to guest memory: reads, writes, and direct pointers. */
#include "dma.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void mdl_dma_always(struct mdl_dev *dev, bool on)
{
	dev->dma->always = on;
}

/* A driver that forgot pci_set_master() is hard to see from its side; a device may try often. */
static int refuse(struct mdl_dev *dev, const char *when)
{
	if (!dev->dma->said_off)
		log_limited(dev, MDL_LOG_INFO, "DMA is refused %s", when);
	dev->dma->said_off = true;
	return -EPERM;
}

/* May the device do DMA now, to these addresses at all? */
static int check_access(struct mdl_dev *dev, uint64_t iova, size_t len)
{
	uint64_t last;

	if (len && __builtin_add_overflow(iova, (uint64_t)len - 1, &last))
		return -EOVERFLOW;
	if (!config_powered(dev))
		return refuse(dev, "in D3hot");
	if (!config_bus_master(dev) && !dev->dma->always)
		return refuse(dev, "while bus mastering is off (bit 2 of COMMAND)");
	dev->dma->said_off = false;
	if (!migration_running(dev))
		return -EBUSY;
	return 0;
}

/* The region at iova, and how many of len bytes it has. */
static int look_up(struct mdl_dev *dev, uint64_t iova, size_t len, uint32_t flags,
		   struct dma_region **region, size_t *part)
{
	struct dma_region *found = dma_find(dev->dma, iova);
	uint64_t left;

	if (!found)
		return conn_connected(dev) ? -EFAULT : -ENOTCONN;
	if ((found->flags & flags) != flags)
		return -EACCES;
	left = found->size - (iova - found->iova);
	*region = found;
	*part = left < len ? (size_t)left : len;
	return 0;
}

/* Did the client take away some of it?  For good: what was replaced stays replaced. */
static inline int memory_state(const struct dma_mapping *mapping)
{
	/* Copies stay on their side of the look. */
	atomic_signal_fence(memory_order_seq_cst);
	return mapping->guard.failed ? -EIO : 0;
}

static int read_region(struct mdl_dev *dev, const struct dma_region *region, uint64_t iova,
		       uint8_t *buf, size_t len)
{
	const struct dma_mapping *mapping = region->mapping;

	if (!region->host)
		return dma_message_read(dev, iova, buf, len);
	if (memory_state(mapping) < 0)
		return -EIO;
	memcpy(buf, region->host + (iova - region->iova), len);
	return memory_state(mapping);
}

static int write_region(struct mdl_dev *dev, const struct dma_region *region, uint64_t iova,
			const uint8_t *buf, size_t len)
{
	const struct dma_mapping *mapping = region->mapping;

	if (!region->host)
		return dma_message_write(dev, iova, buf, len);
	if (memory_state(mapping) < 0)
		return -EIO;
	memcpy(region->host + (iova - region->iova), buf, len);
	return memory_state(mapping);
}

/* How the bytes of a DMA travel, for the trace: bits. */
enum { DIRECT = 1, MESSAGE = 2 };

static const char *const way_names[] = {NULL, "direct", "message", "direct and message"};

static unsigned way_to(const struct dma_region *region, bool message)
{
	return message || !region->host ? MESSAGE : DIRECT;
}

static int read_memory(struct mdl_dev *dev, uint64_t iova, void *buf, size_t len, bool message)
{
	int result = check_access(dev, iova, len);
	struct dma_region *region;
	uint8_t *to = buf;
	size_t done, part;
	unsigned ways = 0;

	if (dev->tracing) /* a DMA by messages takes its time */
		trace_look(dev);
	for (done = 0; result == 0 && done < len; done += part) {
		result = look_up(dev, iova + done, len - done, VU_DMA_MAP_READ, &region, &part);
		if (result < 0)
			break;
		ways |= way_to(region, message);
		result = message ? dma_message_read(dev, iova + done, to + done, part)
				 : read_region(dev, region, iova + done, to + done, part);
	}
	if (dev->tracing)
		trace_dma(dev, iova, buf, len, false, way_names[ways], result);
	return result;
}

static int write_memory(struct mdl_dev *dev, uint64_t iova, const void *buf, size_t len,
			bool message)
{
	int result = check_access(dev, iova, len);
	const uint8_t *from = buf;
	struct dma_region *region;
	size_t done, part;
	unsigned ways = 0;

	if (dev->tracing)
		trace_look(dev);
	for (done = 0; result == 0 && done < len; done += part) {
		result = look_up(dev, iova + done, len - done, VU_DMA_MAP_WRITE, &region, &part);
		if (result < 0)
			break;
		ways |= way_to(region, message);
		result = message ? dma_message_write(dev, iova + done, from + done, part)
				 : write_region(dev, region, iova + done, from + done, part);
		/* A write that failed half way wrote the other half. */
		if (__builtin_expect(dev->dma->dirty != NULL, 0))
			dirty_mark(dev->dma->dirty, iova + done, part);
	}
	if (dev->tracing)
		trace_dma(dev, iova, buf, len, true, way_names[ways], result);
	return result;
}

int mdl_dma_read(struct mdl_dev *dev, uint64_t iova, void *buf, size_t len)
{
	return read_memory(dev, iova, buf, len, false);
}

int mdl_dma_write(struct mdl_dev *dev, uint64_t iova, const void *buf, size_t len)
{
	return write_memory(dev, iova, buf, len, false);
}

/* Mapped regions had no need of the messages' buffer yet. */
int mdl_dma_message_read(struct mdl_dev *dev, uint64_t iova, void *buf, size_t len)
{
	int result = dma_message_prepare(dev);

	return result < 0 ? result : read_memory(dev, iova, buf, len, true);
}

int mdl_dma_message_write(struct mdl_dev *dev, uint64_t iova, const void *buf, size_t len)
{
	int result = dma_message_prepare(dev);

	return result < 0 ? result : write_memory(dev, iova, buf, len, true);
}

/* ---- direct pointers */

static int add_hold(struct dma *dma, const struct dma_region *region, uint64_t iova, size_t size,
		    bool write)
{
	uint32_t room = dma->holds_room ? 2 * dma->holds_room : 64;
	struct dma_hold *holds;

	if (dma->nholds == dma->holds_room) {
		holds = realloc(dma->holds, room * sizeof(*holds));
		if (!holds)
			return -ENOMEM;
		dma->holds = holds;
		dma->holds_room = room;
	}
	dma->holds[dma->nholds++] = (struct dma_hold){
		.mapping = region->mapping,
		.start = region->host + (iova - region->iova),
		.size = size,
		.iova = iova,
		.write = write,
	};
	region->mapping->refs++;
	return 0;
}

static int hold_part(struct mdl_dev *dev, uint64_t iova, size_t len, unsigned flags,
		     struct iovec *iov)
{
	struct dma_region *region;
	size_t part;
	int result;

	/* MDL_DMA_READ and MDL_DMA_WRITE are the wire's bits. */
	result = look_up(dev, iova, len, flags, &region, &part);
	if (result < 0)
		return result;
	if (!region->host)
		return -EREMOTE;
	if (memory_state(region->mapping) < 0)
		return -EIO;
	result = add_hold(dev->dma, region, iova, part, flags & MDL_DMA_WRITE);
	if (result < 0)
		return result;
	iov->iov_base = region->host + (iova - region->iova);
	iov->iov_len = part;
	return 0;
}

int mdl_dma_map(struct mdl_dev *dev, uint64_t iova, size_t len, unsigned flags, struct iovec *iov,
		int max)
{
	int result = check_access(dev, iova, len);
	size_t done;
	int n = 0;

	if (!flags || flags & ~(MDL_DMA_READ | MDL_DMA_WRITE))
		result = -EINVAL;
	for (done = 0; result == 0 && done < len; done += iov[n++].iov_len) {
		result = n < max ? hold_part(dev, iova + done, len - done, flags, &iov[n])
				 : -ENOBUFS;
		if (result < 0)
			break;
	}
	if (result < 0)
		mdl_dma_unmap(dev, iov, n);
	if (dev->tracing)
		trace_dma_map(dev, iova, len, flags, result);
	return result < 0 ? result : n;
}

/* The latest first: that is what most devices let go. */
static struct dma_hold *find_hold(struct dma *dma, const struct iovec *iov)
{
	uint32_t i;

	for (i = dma->nholds; i-- > 0;)
		if (dma->holds[i].start == iov->iov_base && dma->holds[i].size == iov->iov_len)
			return &dma->holds[i];
	return NULL;
}

void mdl_dma_unmap(struct mdl_dev *dev, const struct iovec *iov, int n)
{
	struct dma *dma = dev->dma;
	struct dma_hold *hold;
	int i;

	for (i = 0; i < n; i++) {
		hold = find_hold(dma, &iov[i]);
		if (!hold) {
			log_error(dev, "mdl_dma_unmap: %zu bytes at %p are not mapped",
				  iov[i].iov_len, iov[i].iov_base);
			continue;
		}
		if (hold->write && dma->dirty)
			dirty_mark(dma->dirty, hold->iova, hold->size);
		dma_mapping_put(hold->mapping);
		*hold = dma->holds[--dma->nholds];
	}
}
