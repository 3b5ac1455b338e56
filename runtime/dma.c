/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's memory: a sorted table of regions, filled and emptied by DMA_MAP and DMA_UNMAP.
 * A region that came with a descriptor is mapped here; others are reached by messages.
 */
#include "dma.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DEFAULT_MAX_REGIONS 65535u

/* ---- the table */

/* Index of the first region that ends beyond this address. */
static uint32_t first_beyond(const struct dma *dma, uint64_t iova)
{
	uint32_t low = 0, high = dma->nregions;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct dma_region *region = &dma->regions[middle];

		if (region->iova + region->size - 1 < iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct dma_region *dma_find(struct dma *dma, uint64_t iova)
{
	uint32_t i = dma->last;

	if (i < dma->nregions && iova - dma->regions[i].iova < dma->regions[i].size)
		return &dma->regions[i];
	i = first_beyond(dma, iova);
	if (i == dma->nregions || iova < dma->regions[i].iova)
		return NULL;
	dma->last = i;
	return &dma->regions[i];
}

static int make_room(struct dma *dma)
{
	struct dma_region *regions;
	uint32_t room = dma->room ? 2 * dma->room : 32;

	if (dma->nregions == dma->max)
		return -ENOSPC;
	if (dma->nregions < dma->room)
		return 0;
	regions = realloc(dma->regions, room * sizeof(*regions));
	if (!regions)
		return -ENOMEM;
	dma->regions = regions;
	dma->room = room;
	return 0;
}

static void insert(struct dma *dma, const struct dma_region *region, uint32_t at)
{
	memmove(&dma->regions[at + 1], &dma->regions[at],
		(dma->nregions - at) * sizeof(dma->regions[0]));
	dma->regions[at] = *region;
	dma->nregions++;
}

/* Regions first .. end - 1 in one go: a client may have 65535. */
static void take_out(struct dma *dma, uint32_t first, uint32_t end)
{
	uint32_t i;

	if (first == end)
		return;
	for (i = first; i < end; i++) {
		dma_mapping_put(dma->regions[i].mapping);
		if (dma->regions[i].fd >= 0)
			close(dma->regions[i].fd);
	}
	memmove(&dma->regions[first], &dma->regions[end],
		(dma->nregions - end) * sizeof(dma->regions[0]));
	dma->nregions -= end - first;
}

/* ---- memory */

void dma_mapping_put(struct dma_mapping *mapping)
{
	if (!mapping || --mapping->refs)
		return;
	guard_remove(&mapping->guard);
	munmap(mapping->guard.start, mapping->guard.size);
	free(mapping);
}

/* What mmap wants offsets to be multiples of. */
static uint64_t file_alignment(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC && fs.f_bsize > 0)
		return (uint64_t)fs.f_bsize;
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Is [offset, offset + size) in the file?  What is no regular file is left to mmap. */
static bool file_has(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;
	uint64_t end;

	if (__builtin_add_overflow(offset, size, &end) || end > INT64_MAX || fstat(fd, &st) < 0)
		return false;
	return !S_ISREG(st.st_mode) || end <= (uint64_t)st.st_size;
}

static int map_memory(struct dma_region *region, int fd, uint64_t offset)
{
	uint64_t align, skip, size;
	struct dma_mapping *mapping;
	int prot = PROT_READ, result;
	void *start;

	if (!file_has(fd, offset, region->size))
		return -EINVAL;
	align = file_alignment(fd);
	skip = offset & (align - 1);
	if (__builtin_add_overflow(region->size, skip + align - 1, &size) || size > PTRDIFF_MAX)
		return -EINVAL;
	size &= ~(align - 1);
	if (region->flags & VU_DMA_MAP_WRITE)
		prot |= PROT_WRITE;
	mapping = calloc(1, sizeof(*mapping));
	if (!mapping)
		return -ENOMEM;
	start = mmap(NULL, size, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)(offset - skip));
	if (start == MAP_FAILED) {
		result = -errno;
		free(mapping);
		return result;
	}
	result = guard_add(&mapping->guard, start, size);
	if (result < 0) {
		munmap(start, size);
		free(mapping);
		return result;
	}
	mapping->refs = 1;
	region->mapping = mapping;
	region->host = (uint8_t *)start + skip;
	return 0;
}

/* ---- the commands */

static void call_hook(struct mdl_dev *dev, bool mapped, uint64_t iova, uint64_t size)
{
	const struct mdl_device_hooks *hooks = dev->desc->hooks;
	void (*hook)(void *, uint64_t, uint64_t);

	if (!hooks)
		return;
	hook = mapped ? hooks->dma_map : hooks->dma_unmap;
	if (hook)
		hook(dev->instance, iova, size);
}

static int check_map(struct mdl_dev *dev, const struct vu_dma_map *map)
{
	struct dma *dma = dev->dma;
	uint64_t last;
	uint32_t at;

	if (map->argsz < sizeof(*map) || map->flags & ~(VU_DMA_MAP_READ | VU_DMA_MAP_WRITE))
		return -EINVAL;
	if (map->size == 0 || __builtin_add_overflow(map->address, map->size - 1, &last))
		return -EINVAL;
	at = first_beyond(dma, map->address);
	if (at < dma->nregions && dma->regions[at].iova <= last)
		return -EEXIST;
	return make_room(dma);
}

int dma_map_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct dma_region region = {.fd = -1};
	struct vu_dma_map map;
	int result, fd;

	(void)reply;
	if (req->size < sizeof(map))
		return -EINVAL;
	memcpy(&map, req->data, sizeof(map));
	result = check_map(dev, &map);
	if (result < 0) {
		log_client(dev, "DMA_MAP of 0x%llx bytes at 0x%llx, flags 0x%x: %s",
			   (unsigned long long)map.size, (unsigned long long)map.address, map.flags,
			   strerror(-result));
		return result;
	}
	region.iova = map.address;
	region.size = map.size;
	region.flags = map.flags;
	region.offset = map.offset;
	region.order = dev->dma->registered++;
	fd = request_take_fd(req, 0);
	if (fd >= 0) {
		/* Memory that may be neither read nor written need not be mapped. */
		if (map.flags)
			result = map_memory(&region, fd, map.offset);
		if (result == 0 && dev->control)
			region.fd = fd;
		else
			close(fd);
	} else {
		result = dma_message_prepare(dev);
	}
	if (result < 0) {
		log_client(dev, "DMA_MAP at 0x%llx, file offset 0x%llx, size 0x%llx: %s",
			   (unsigned long long)map.address, (unsigned long long)map.offset,
			   (unsigned long long)map.size, strerror(-result));
		return result;
	}
	insert(dev->dma, &region, first_beyond(dev->dma, map.address));
	call_hook(dev, true, map.address, map.size);
	return 0;
}

/*
 * Forget all regions in [iova, last].  The hooks see them all still there, and may do DMA: while
 * they wait for the client no other DMA_MAP or DMA_UNMAP is served, so the table stays as it is.
 * From the back: a device that keeps a list of its own removes from the list's end.
 */
static void forget_regions(struct mdl_dev *dev, uint64_t iova, uint64_t last)
{
	struct dma *dma = dev->dma;
	uint32_t first = first_beyond(dma, iova), end = first, i;

	while (end < dma->nregions && dma->regions[end].iova <= last)
		end++;
	for (i = end; i > first; i--)
		call_hook(dev, false, dma->regions[i - 1].iova, dma->regions[i - 1].size);
	take_out(dma, first, end);
}

static int unmap_range(struct mdl_dev *dev, const struct vu_dma_unmap *unmap)
{
	struct dma *dma = dev->dma;
	uint64_t last;
	uint32_t at, past;

	if (unmap->size == 0 || __builtin_add_overflow(unmap->address, unmap->size - 1, &last))
		return -EINVAL;
	at = first_beyond(dma, unmap->address);
	past = last < UINT64_MAX ? first_beyond(dma, last + 1) : dma->nregions;
	if (at < dma->nregions && dma->regions[at].iova < unmap->address)
		return -EINVAL;
	if (past < dma->nregions && dma->regions[past].iova <= last)
		return -EINVAL;
	if (at == past)
		return -ENOENT;
	forget_regions(dev, unmap->address, last);
	return 0;
}

int dma_unmap_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_dma_unmap unmap;
	int result = -EINVAL;

	if (req->size < sizeof(unmap))
		return -EINVAL;
	memcpy(&unmap, req->data, sizeof(unmap));
	if (unmap.argsz >= sizeof(unmap)) {
		if (unmap.flags == 0) {
			result = unmap_range(dev, &unmap);
		} else if (unmap.flags == VU_DMA_UNMAP_ALL && !unmap.address && !unmap.size) {
			forget_regions(dev, 0, UINT64_MAX);
			result = 0;
		}
	}
	if (result < 0) {
		log_client(dev, "DMA_UNMAP of 0x%llx bytes at 0x%llx, flags 0x%x: %s",
			   (unsigned long long)unmap.size, (unsigned long long)unmap.address,
			   unmap.flags, strerror(-result));
		return result;
	}
	memcpy(reply->data, &unmap, sizeof(unmap));
	reply->size = sizeof(unmap);
	return 0;
}

/* ---- life */

int dma_create(struct mdl_dev *dev)
{
	struct dma *dma = calloc(1, sizeof(*dma));

	if (!dma)
		return -ENOMEM;
	dma->max = dev->opt.max_dma_regions ? dev->opt.max_dma_regions : DEFAULT_MAX_REGIONS;
	dev->dma = dma;
	return 0;
}

void dma_client_gone(struct mdl_dev *dev)
{
	struct dma *dma = dev->dma;

	forget_regions(dev, 0, UINT64_MAX);
	dma_logging_stop(dev);
	dma_message_forget(dma);
}

void dma_destroy(struct mdl_dev *dev)
{
	struct dma *dma = dev->dma;

	if (!dma)
		return;
	dma_logging_stop(dev);
	take_out(dma, 0, dma->nregions);
	while (dma->nholds)
		dma_mapping_put(dma->holds[--dma->nholds].mapping);
	free(dma->holds);
	free(dma->regions);
	free(dma->bounce);
	free(dma);
	dev->dma = NULL;
}
