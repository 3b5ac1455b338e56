/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA logging: which pages the device has written.  Always at 4 KiB, whatever page size was asked
 * for, in pieces of a bitmap that stand for 128 MiB each and are made when first written to; so the
 * size of the client's regions costs nothing.  Where a piece cannot be had, all pages count as
 * written from then on.
 */
#include "dma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SHIFT  12
#define MIN_PAGE    (1ull << PAGE_SHIFT)
#define CHUNK_SHIFT 27
#define CHUNK_PAGES (1u << (CHUNK_SHIFT - PAGE_SHIFT))
#define CHUNK_WORDS (CHUNK_PAGES / 64)
/* 256 MiB of bitmaps, 8 TiB of memory: nobody who behaves gets there. */
#define MAX_CHUNKS 65536u

struct chunk {
	uint64_t number; /* address >> CHUNK_SHIFT */
	uint64_t words[CHUNK_WORDS];
};

struct dirty {
	uint64_t page_size; /* as was answered to START; for who asks again */
	uint32_t nranges;   /* 0: all of memory */
	struct vu_dma_logging_range *ranges;
	struct chunk **table;    /* by hash of the number, linear probing; NULL: free */
	uint32_t nchunks, slots; /* slots: a power of two */
	struct chunk *last;
	bool lost; /* memory ran out: everything is dirty */
};

/* ---- marking */

static uint32_t slot_of(const struct dirty *dirty, uint64_t number)
{
	uint64_t hash = number * 0x9e3779b97f4a7c15u;

	return (uint32_t)(hash >> 32) & (dirty->slots - 1);
}

/* Where a chunk is, or would be put. */
static struct chunk **find_slot(const struct dirty *dirty, uint64_t number)
{
	uint32_t i = slot_of(dirty, number);

	while (dirty->table[i] && dirty->table[i]->number != number)
		i = (i + 1) & (dirty->slots - 1);
	return &dirty->table[i];
}

static bool grow_table(struct dirty *dirty)
{
	struct chunk **old = dirty->table;
	uint32_t i, old_slots = dirty->slots;

	dirty->table = calloc(2u * old_slots, sizeof(*old));
	if (!dirty->table) {
		dirty->table = old;
		return false;
	}
	dirty->slots = 2u * old_slots;
	for (i = 0; i < old_slots; i++)
		if (old[i])
			*find_slot(dirty, old[i]->number) = old[i];
	free(old);
	return true;
}

static struct chunk *get_chunk(struct dirty *dirty, uint64_t number)
{
	struct chunk **slot, *chunk;

	if (dirty->last && dirty->last->number == number)
		return dirty->last;
	slot = find_slot(dirty, number);
	if (*slot)
		return dirty->last = *slot;
	if (dirty->nchunks == MAX_CHUNKS)
		return NULL;
	if (dirty->nchunks >= dirty->slots / 2) {
		if (!grow_table(dirty))
			return NULL;
		slot = find_slot(dirty, number);
	}
	chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return NULL;
	chunk->number = number;
	*slot = chunk;
	dirty->nchunks++;
	return dirty->last = chunk;
}

void dirty_mark(struct dirty *dirty, uint64_t iova, uint64_t size)
{
	uint64_t page = iova >> PAGE_SHIFT, last = (iova + size - 1) >> PAGE_SHIFT;

	if (dirty->lost)
		return;
	for (;; page++) {
		struct chunk *chunk = get_chunk(dirty, page / CHUNK_PAGES);
		uint32_t bit = (uint32_t)(page % CHUNK_PAGES);

		if (!chunk) {
			dirty->lost = true;
			return;
		}
		chunk->words[bit / 64] |= 1ull << bit % 64;
		if (page == last)
			return;
	}
}

/* ---- start and stop */

static bool is_page_size(uint64_t size)
{
	return size >= MIN_PAGE && (size & (size - 1)) == 0;
}

static int by_iova(const void *a, const void *b)
{
	const struct vu_dma_logging_range *x = a, *y = b;

	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

/* Copy, check, sort, and join what touches: one look then tells whether a page is in. */
static int take_ranges(struct dirty *dirty, const uint8_t *data, uint32_t n)
{
	struct vu_dma_logging_range *ranges;
	uint32_t i, kept = 0;

	if (n == 0)
		return 0;
	ranges = calloc(n, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	dirty->ranges = ranges;
	memcpy(ranges, data, n * sizeof(*ranges));
	for (i = 0; i < n; i++)
		if (!ranges[i].length || ranges[i].iova + (ranges[i].length - 1) < ranges[i].iova)
			return -EINVAL;
	qsort(ranges, n, sizeof(*ranges), by_iova);
	for (i = 1; i < n; i++) {
		uint64_t last = ranges[kept].iova + (ranges[kept].length - 1);
		uint64_t next_last = ranges[i].iova + (ranges[i].length - 1);

		if (ranges[i].iova > last)
			ranges[++kept] = ranges[i];
		else if (next_last > last)
			ranges[kept].length = next_last - ranges[kept].iova + 1;
	}
	dirty->nranges = kept + 1;
	return 0;
}

static void dirty_free(struct dirty *dirty)
{
	uint32_t i;

	for (i = 0; dirty->table && i < dirty->slots; i++)
		free(dirty->table[i]);
	free(dirty->table);
	free(dirty->ranges);
	free(dirty);
}

static bool same_request(const struct dirty *a, const struct dirty *b)
{
	return a->page_size == b->page_size && a->nranges == b->nranges &&
	       (a->nranges == 0 ||
		memcmp(a->ranges, b->ranges, a->nranges * sizeof(a->ranges[0])) == 0);
}

int dma_logging_start(struct mdl_dev *dev, const uint8_t *payload, size_t size, uint64_t *page_size)
{
	struct vu_dma_logging_control control;
	struct dma *dma = dev->dma;
	struct dirty *dirty;
	int result;

	if (size < sizeof(control))
		return -EINVAL;
	memcpy(&control, payload, sizeof(control));
	if ((size - sizeof(control)) / sizeof(struct vu_dma_logging_range) < control.num_ranges)
		return -EINVAL;
	dirty = calloc(1, sizeof(*dirty));
	if (!dirty)
		return -ENOMEM;
	/* The page size is a hint; any that could be meant is as good as another to us. */
	dirty->page_size = is_page_size(control.page_size) ? control.page_size : MIN_PAGE;
	dirty->slots = 16;
	dirty->table = calloc(dirty->slots, sizeof(dirty->table[0]));
	result = dirty->table ? take_ranges(dirty, payload + sizeof(control), control.num_ranges)
			      : -ENOMEM;
	/* Asked once more for the same, what was logged stays. */
	if (result == 0 && dma->dirty && !same_request(dirty, dma->dirty))
		result = -EINVAL;
	if (result == 0)
		*page_size = dirty->page_size;
	if (result < 0 || dma->dirty)
		dirty_free(dirty);
	else
		dma->dirty = dirty;
	return result;
}

int dma_logging_stop(struct mdl_dev *dev)
{
	struct dma *dma = dev->dma;

	if (dma->dirty)
		dirty_free(dma->dirty);
	dma->dirty = NULL;
	return 0;
}

/* ---- reports */

struct report {
	uint64_t iova, last; /* the range, both ends included */
	unsigned shift;      /* of the report's page size */
	uint8_t *bitmap;
};

ssize_t dirty_bitmap_size(uint64_t iova, uint64_t length, uint64_t page_size, size_t max)
{
	uint64_t pages;

	if (!is_page_size(page_size) || length == 0 || iova + (length - 1) < iova)
		return -EINVAL;
	pages = (length - 1) / page_size + 1;
	if ((pages - 1) / 64 >= max / 8)
		return -E2BIG;
	return (ssize_t)((pages + 63) / 64 * 8);
}

static void set_bits(const struct report *report, uint64_t first, uint64_t last)
{
	uint64_t i = (first - report->iova) >> report->shift;
	uint64_t end = (last - report->iova) >> report->shift;
	uint64_t word;

	for (; i <= end; i++) {
		memcpy(&word, report->bitmap + i / 64 * 8, 8);
		word |= 1ull << i % 64;
		memcpy(report->bitmap + i / 64 * 8, &word, 8);
	}
}

/* Does logging cover any of [first, last]? */
static bool in_ranges(const struct dirty *dirty, uint64_t first, uint64_t last)
{
	uint32_t low = 0, high = dirty->nranges;

	if (high == 0)
		return true;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct vu_dma_logging_range *range = &dirty->ranges[middle];

		if (range->iova + (range->length - 1) < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < dirty->nranges && dirty->ranges[low].iova <= last;
}

/* A dirty page: into the report, as far as it lies there; clean again if all of it did. */
static bool report_page(const struct dirty *dirty, const struct report *report, uint64_t page)
{
	uint64_t first = page << PAGE_SHIFT, last = first + (MIN_PAGE - 1);
	bool whole = first >= report->iova && last <= report->last;

	if (last < report->iova || first > report->last)
		return false;
	if (in_ranges(dirty, first, last))
		set_bits(report, first < report->iova ? report->iova : first,
			 last > report->last ? report->last : last);
	return whole;
}

static void report_chunk(const struct dirty *dirty, struct chunk *chunk,
			 const struct report *report)
{
	uint64_t base = chunk->number * CHUNK_PAGES, word;
	uint32_t i, bit;

	for (i = 0; i < CHUNK_WORDS; i++) {
		for (word = chunk->words[i]; word; word &= word - 1) {
			bit = (uint32_t)__builtin_ctzll(word);
			if (report_page(dirty, report, base + i * 64 + bit))
				chunk->words[i] &= ~(1ull << bit);
		}
	}
}

static void report_chunks(const struct dirty *dirty, const struct report *report)
{
	uint64_t number = report->iova >> CHUNK_SHIFT, last = report->last >> CHUNK_SHIFT;
	struct chunk *chunk;
	uint32_t i;

	if (last - number < dirty->slots) {
		for (; number <= last; number++) {
			chunk = *find_slot(dirty, number);
			if (chunk)
				report_chunk(dirty, chunk, report);
		}
		return;
	}
	for (i = 0; i < dirty->slots; i++) {
		chunk = dirty->table[i];
		if (chunk && chunk->number >= number && chunk->number <= last)
			report_chunk(dirty, chunk, report);
	}
}

int dma_logging_report(struct mdl_dev *dev, uint64_t iova, uint64_t length, uint64_t page_size,
		       uint8_t *bitmap, size_t bitmap_size)
{
	struct dma *dma = dev->dma;
	struct report report = {.iova = iova, .last = iova + (length - 1), .bitmap = bitmap};
	ssize_t size = dirty_bitmap_size(iova, length, page_size, bitmap_size);
	uint32_t i;

	if (!dma->dirty)
		return -EINVAL;
	if (size < 0)
		return (int)size;
	report.shift = (unsigned)__builtin_ctzll(page_size);
	memset(bitmap, 0, bitmap_size);
	/* What the device may be writing at this moment is dirty, again and again. */
	for (i = 0; i < dma->nholds; i++)
		if (dma->holds[i].write)
			dirty_mark(dma->dirty, dma->holds[i].iova, dma->holds[i].size);
	if (dma->dirty->lost)
		set_bits(&report, report.iova, report.last);
	else
		report_chunks(dma->dirty, &report);
	return 0;
}
