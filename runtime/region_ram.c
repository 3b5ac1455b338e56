/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory behind BARs.  What the client may map lies in one memfd a BAR, at the BAR's own offsets
 * and sealed against resizing; other RAM is memory that no client can reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "region.h"

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

int windows_count(const struct mdl_dev *dev, uint32_t *count)
{
	uint64_t sum = 0;

	for (uint32_t b = 0; b < dev->desc->nbars; b++)
		for (uint32_t i = 0; i < dev->desc->bars[b].nrams; i++)
			sum += dev->desc->bars[b].rams[i].count;
	if (sum >= UINT32_MAX)
		return -EINVAL;
	*count = (uint32_t)sum;
	return 0;
}

/* ---- what may be mapped */

static bool is_shared_doorbell(const struct mdl_reg *reg)
{
	return (reg->flags & MDL_REG_DOORBELL) && reg->doorbell &&
	       reg->doorbell->mode == MDL_DOORBELL_MMAP;
}

static uint64_t element_offset(const struct mdl_dim *dims, unsigned ndims, uint32_t element)
{
	uint32_t at[MDL_MAX_DIMS] = {0};
	uint64_t offset = 0;

	dims_split(dims, ndims, element, at);
	for (unsigned d = 0; d < ndims; d++)
		offset += (uint64_t)at[d] * dims[d].stride;
	return offset;
}

/* A page can be shared for its doorbells only if nothing in it needs to be asked. */
static bool page_is_doorbells(const struct bar *bar, uint64_t page)
{
	const uint64_t size = page_size();
	const struct span *span = span_find(bar, page);

	if (page + size > bar->desc->size)
		return false;
	if (span != bar->spans + bar->nspans && span->start < page + size)
		return false;
	for (uint64_t i = 0; i < size; i++) {
		const struct decode_hit hit = decode_find(bar->decode, page + i, true);

		if (hit.reg && !is_shared_doorbell(hit.reg))
			return false;
	}
	return true;
}

static int area_add(struct bar *bar, uint64_t offset, uint64_t size)
{
	struct vu_sparse_area *areas;

	areas = realloc(bar->areas, (bar->nareas + 1) * sizeof(*areas));
	if (!areas)
		return -ENOMEM;
	bar->areas = areas;
	areas[bar->nareas++] = (struct vu_sparse_area){offset, size};
	return 0;
}

static int doorbell_areas(struct mdl_dev *dev, struct bar *bar, const struct mdl_reg *reg)
{
	uint64_t last = UINT64_MAX;

	for (uint32_t i = 0; i < reg->count; i++) {
		const uint64_t offset = reg->offset + element_offset(reg->dims, reg->ndims, i);
		const uint64_t page = offset / page_size() * page_size();
		int err;

		if (page == last)
			continue;
		last = page;
		if (!page_is_doorbells(bar, page)) {
			log_warn(dev,
				 "doorbell %s: its page at %#llx of BAR %u holds more than "
				 "doorbells and cannot be mapped",
				 reg->name, (unsigned long long)page, bar->desc->index);
			continue;
		}
		err = area_add(bar, page, page_size());
		if (err)
			return err;
	}
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct vu_sparse_area *one = a, *two = b;

	return (one->offset > two->offset) - (one->offset < two->offset);
}

/* In order, and neighbours as one. */
static void areas_merge(struct bar *bar)
{
	uint32_t n = 0;

	if (bar->nareas == 0)
		return;
	qsort(bar->areas, bar->nareas, sizeof(*bar->areas), by_offset);
	for (uint32_t i = 1; i < bar->nareas; i++) {
		struct vu_sparse_area *last = &bar->areas[n];
		const struct vu_sparse_area next = bar->areas[i];

		if (next.offset > last->offset + last->size)
			bar->areas[++n] = next;
		else if (next.offset + next.size > last->offset + last->size)
			last->size = next.offset + next.size - last->offset;
	}
	bar->nareas = n + 1;
}

static int areas_create(struct mdl_dev *dev, struct bar *bar)
{
	const uint64_t page = page_size();
	int err = 0;

	for (uint32_t i = 0; !err && i < bar->nspans; i++) {
		const struct span *span = &bar->spans[i];
		const uint64_t start = round_up(span->start, page);
		const uint64_t end = (span->start + span->size) / page * page;

		if (span->window && span->window->ram->mmap && end > start)
			err = area_add(bar, start, end - start);
	}
	for (uint32_t i = 0; !err && i < bar->desc->nregs; i++)
		if (is_shared_doorbell(&bar->desc->regs[i]))
			err = doorbell_areas(dev, bar, &bar->desc->regs[i]);
	areas_merge(bar);
	return err;
}

/* The capability that names the areas, unless it is the whole BAR. */
static int caps_create(struct bar *bar)
{
	struct vu_sparse_mmap cap = {{VU_REGION_CAP_SPARSE_MMAP, 1, 0}, bar->nareas, 0};

	if (bar->nareas == 0 || (bar->nareas == 1 && bar->areas[0].size == bar->desc->size))
		return 0;
	bar->caps_size = sizeof(cap) + bar->nareas * sizeof(*bar->areas);
	bar->caps = malloc(bar->caps_size);
	if (!bar->caps)
		return -ENOMEM;
	memcpy(bar->caps, &cap, sizeof(cap));
	memcpy(bar->caps + sizeof(cap), bar->areas, bar->nareas * sizeof(*bar->areas));
	return 0;
}

/* ---- spans */

static int span_order(const void *a, const void *b)
{
	const struct span *one = a, *two = b;

	return (one->start > two->start) - (one->start < two->start);
}

static void ram_spans(struct mdl_dev *dev, struct bar *bar, const struct mdl_ram *ram)
{
	struct regions *regions = dev->regions;

	for (uint32_t i = 0; i < ram->count; i++) {
		struct ram_window *window = &regions->windows[regions->nwindows++];

		*window = (struct ram_window){.ram = ram, .element = i, .fd = -1};
		window->bar = bar->desc->index;
		window->size = ram->size;
		bar->spans[bar->nspans++] = (struct span){
			ram->offset + element_offset(ram->dims, ram->ndims, i), ram->size, window};
	}
}

static void msix_spans(const struct mdl_dev *dev, struct bar *bar)
{
	const struct mdl_pci *pci = dev->desc->pci;

	if (pci->msix_vectors == 0)
		return;
	if (pci->msix_table_bar == bar->desc->index)
		bar->spans[bar->nspans++] =
			(struct span){pci->msix_table_offset, 16ull * pci->msix_vectors, NULL};
	if (pci->msix_pba_bar == bar->desc->index)
		bar->spans[bar->nspans++] = (struct span){
			pci->msix_pba_offset, (pci->msix_vectors + 63ull) / 64 * 8, NULL};
}

static int spans_judge(struct mdl_dev *dev, const struct bar *bar)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < bar->nspans; i++) {
		const struct span *span = &bar->spans[i];

		if (span->size == 0 || span->start < end || span->size > bar->desc->size ||
		    span->start > bar->desc->size - span->size ||
		    decode_any(bar->decode, span->start, span->size)) {
			log_error(dev, "BAR %u: memory at %#llx overlaps or lies outside",
				  bar->desc->index, (unsigned long long)span->start);
			return -EINVAL;
		}
		end = span->start + span->size;
	}
	return 0;
}

static int spans_create(struct mdl_dev *dev, struct bar *bar)
{
	size_t count = 2; /* MSI-X table and PBA */

	for (uint32_t i = 0; i < bar->desc->nrams; i++) {
		if (bar->desc->rams[i].ndims > MDL_MAX_DIMS)
			return -EINVAL;
		count += bar->desc->rams[i].count;
	}
	bar->spans = calloc(count, sizeof(*bar->spans));
	if (!bar->spans)
		return -ENOMEM;
	for (uint32_t i = 0; i < bar->desc->nrams; i++)
		ram_spans(dev, bar, &bar->desc->rams[i]);
	msix_spans(dev, bar);
	qsort(bar->spans, bar->nspans, sizeof(*bar->spans), span_order);
	return spans_judge(dev, bar);
}

const struct span *span_find(const struct bar *bar, uint64_t offset)
{
	uint32_t low = 0, high = bar->nspans;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (bar->spans[middle].start + bar->spans[middle].size > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return &bar->spans[low];
}

/* ---- memory */

/* Memory to share.  No client can cut it off under us. */
static int file_create(size_t size)
{
	int fd = memfd_create("mdl-bar", MFD_CLOEXEC | MFD_ALLOW_SEALING), err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int shared_create(struct bar *bar)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < bar->nspans; i++)
		if (bar->spans[i].window && bar->spans[i].window->ram->mmap)
			end = bar->spans[i].start + bar->spans[i].size;
	if (bar->nareas > 0 &&
	    bar->areas[bar->nareas - 1].offset + bar->areas[bar->nareas - 1].size > end)
		end = bar->areas[bar->nareas - 1].offset + bar->areas[bar->nareas - 1].size;
	if (end == 0)
		return 0;
	bar->shared_size = round_up(end, page_size());
	bar->memfd = file_create(bar->shared_size);
	if (bar->memfd < 0)
		return bar->memfd;
	bar->shared =
		mmap(NULL, bar->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED, bar->memfd, 0);
	if (bar->shared == MAP_FAILED) {
		bar->shared = NULL;
		return -errno;
	}
	return 0;
}

static size_t hidden_place(const struct span *span, size_t at)
{
	return round_up(at, span->size >= 4096 ? 4096 : 64);
}

static int hidden_create(struct bar *bar)
{
	size_t size = 0;

	for (uint32_t i = 0; i < bar->nspans; i++)
		if (bar->spans[i].window && !bar->spans[i].window->ram->mmap)
			size = hidden_place(&bar->spans[i], size) + bar->spans[i].size;
	if (size == 0)
		return 0;
	bar->hidden = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bar->hidden == MAP_FAILED) {
		bar->hidden = NULL;
		return -errno;
	}
	bar->hidden_size = size;
	return 0;
}

static void windows_place(struct mdl_dev *dev, struct bar *bar)
{
	size_t at = 0;

	for (uint32_t i = 0; i < bar->nspans; i++) {
		const struct span *span = &bar->spans[i];
		struct ram_window *window = span->window;
		uint8_t **pointers;

		if (!window)
			continue;
		if (window->ram->mmap) {
			window->memory = bar->shared + span->start;
			window->fd = bar->memfd;
		} else {
			at = hidden_place(span, at);
			window->memory = bar->hidden + at;
			at += span->size;
		}
		pointers = (uint8_t **)(void *)((uint8_t *)dev->instance + window->ram->store);
		pointers[window->element] = window->memory;
	}
}

int bar_memory_create(struct mdl_dev *dev, struct bar *bar)
{
	int err;

	err = spans_create(dev, bar);
	if (!err)
		err = areas_create(dev, bar);
	if (!err)
		err = caps_create(bar);
	if (!err)
		err = shared_create(bar);
	if (!err)
		err = hidden_create(bar);
	if (err) {
		log_error(dev, "BAR %u: memory: %s", bar->desc->index, strerror(-err));
		return err;
	}
	windows_place(dev, bar);
	return 0;
}

int bar_memory_replace(struct mdl_dev *dev, struct bar *bar, int fd)
{
	struct ram_window *window;

	/* where it was: the author's pointers stay as they are */
	if (mmap(bar->shared, bar->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED)
		return -errno;
	for (uint32_t i = 0; (window = region_ram(dev, i)); i++)
		if (window->fd == bar->memfd)
			window->fd = fd;
	close(bar->memfd);
	bar->memfd = fd;
	return 0;
}

/* What was never written takes no memory in the copy either. */
static int copy_shared(const struct bar *bar, int fd)
{
	off_t at = 0;

	while ((at = lseek(bar->memfd, at, SEEK_DATA)) >= 0) {
		const off_t end = lseek(bar->memfd, at, SEEK_HOLE);

		if (end < 0)
			return -errno;
		while (at < end) {
			ssize_t n = pwrite(fd, bar->shared + at, (size_t)(end - at), at);

			if (n < 0)
				return -errno;
			at += n;
		}
	}
	return errno == ENXIO ? 0 : -errno;
}

static int renew(struct mdl_dev *dev, struct bar *bar)
{
	int fd = file_create(bar->shared_size), err;

	if (fd < 0)
		return fd;
	err = copy_shared(bar, fd);
	if (!err)
		err = bar_memory_replace(dev, bar, fd);
	if (err)
		close(fd);
	return err;
}

void regions_client_comes(struct mdl_dev *dev)
{
	for (unsigned i = 0; i < NUM_BARS; i++) {
		struct bar *bar = &dev->regions->bars[i];
		int err = bar->given ? renew(dev, bar) : 0;

		bar->given = err != 0;
		if (err)
			log_client(dev, "BAR %u: the former client may still have its memory: %s",
				   i, strerror(-err));
	}
}

void bar_memory_destroy(struct bar *bar)
{
	if (bar->shared)
		munmap(bar->shared, bar->shared_size);
	if (bar->hidden)
		munmap(bar->hidden, bar->hidden_size);
	if (bar->memfd >= 0)
		close(bar->memfd);
	free(bar->areas);
	free(bar->caps);
	free(bar->spans);
}

const uint8_t *region_memory(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size)
{
	const uint64_t limit = region_size(dev, region);
	const struct span *span;
	const struct bar *bar;

	if (region >= NUM_BARS || size > limit || offset > limit - size || !config_powered(dev))
		return NULL;
	bar = &dev->regions->bars[region];
	span = span_find(bar, offset);
	if (span == bar->spans + bar->nspans || !span->window || span->start > offset ||
	    span->start + span->size < offset + size)
		return NULL;
	return span->window->memory + (offset - span->start);
}
