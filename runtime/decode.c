/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an offset to a register, in constant time whatever the interleaving: for each 4 KiB page
 * that has registers a dense table of slots, from its first register to its last.  A slot is as
 * wide as the page's registers allow (1, 2, 4 or 8 bytes), and a two-level directory keeps huge
 * BARs cheap.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

#define PAGE_SHIFT  12
#define PAGE_MASK   ((1u << PAGE_SHIFT) - 1)
#define BLOCK_SHIFT 12 /* pages in a block of the directory */
#define BLOCK_MASK  ((1u << BLOCK_SHIFT) - 1)

/* code: 0 is a hole; else (index + 1) << 3 | byte of the register at which the slot begins. */
struct slot {
	uint32_t code;
	uint32_t element;
};

struct page {
	struct slot *read;
	struct slot
		*write; /* the same table, unless the page has a read-only and write-only pair */
	uint16_t first; /* bytes of the page that its registers span: the table has these alone */
	uint16_t end;
	uint8_t bits; /* all offsets and widths, or-ed: the lowest bit is the slots' width */
	uint8_t shift;
};

struct decode {
	const struct mdl_reg *regs;
	uint64_t npages;
	struct page **blocks;
};

/* Steps through the elements of a register, in the order of their numbers. */
struct walk {
	const struct mdl_reg *reg;
	uint32_t element;
	uint32_t at[MDL_MAX_DIMS];
	uint64_t offset;
};

static void walk_start(struct walk *walk, const struct mdl_reg *reg)
{
	*walk = (struct walk){.reg = reg, .offset = reg->offset};
}

static bool walk_next(struct walk *walk)
{
	const struct mdl_reg *reg = walk->reg;

	if (++walk->element >= reg->count)
		return false;
	for (unsigned d = reg->ndims; d-- > 0;) {
		walk->offset += reg->dims[d].stride;
		if (++walk->at[d] < reg->dims[d].count)
			break;
		walk->offset -= (uint64_t)reg->dims[d].stride * reg->dims[d].count;
		walk->at[d] = 0;
	}
	return true;
}

/* First byte behind the last element, or 0 if the table contradicts itself or leaves `size`. */
static uint64_t reg_end(const struct mdl_reg *reg, uint64_t size)
{
	uint64_t end = reg->offset, count = 1;

	if (reg->width == 0 || reg->width > 8 || (reg->width & (reg->width - 1)) != 0)
		return 0;
	if (reg->ndims > MDL_MAX_DIMS || reg->count == 0)
		return 0;
	for (unsigned d = 0; d < reg->ndims; d++) {
		const struct mdl_dim *dim = &reg->dims[d];

		if (dim->count == 0 || dim->count > reg->count)
			return 0;
		count *= dim->count;
		if (count > reg->count)
			return 0;
		if (__builtin_add_overflow(end, (uint64_t)(dim->count - 1) * dim->stride, &end))
			return 0;
	}
	if (count != reg->count || __builtin_add_overflow(end, reg->width, &end) || end > size)
		return 0;
	return end;
}

static struct page *page_find(const struct decode *decode, uint64_t number)
{
	const uint64_t block = number >> BLOCK_SHIFT;

	if (number >= decode->npages || !decode->blocks[block])
		return NULL;
	return &decode->blocks[block][number & BLOCK_MASK];
}

static struct page *page_make(struct decode *decode, uint64_t number)
{
	const uint64_t block = number >> BLOCK_SHIFT;
	uint64_t pages = decode->npages - (block << BLOCK_SHIFT);

	if (!decode->blocks[block]) {
		if (pages > BLOCK_MASK + 1)
			pages = BLOCK_MASK + 1;
		decode->blocks[block] = calloc(pages, sizeof(struct page));
		if (!decode->blocks[block])
			return NULL;
	}
	return &decode->blocks[block][number & BLOCK_MASK];
}

/* The page's part of the bytes from offset on. */
static void page_measure(struct page *page, uint64_t start, uint64_t offset, uint32_t width)
{
	const uint64_t first = offset > start ? offset - start : 0;
	const uint64_t end = offset + width - start;

	if (!page->bits || first < page->first)
		page->first = (uint16_t)first;
	if (end > page->end)
		page->end = (uint16_t)(end > PAGE_MASK ? PAGE_MASK + 1 : end);
	page->bits |= (uint8_t)((offset & 7) | width);
}

/* First pass: which bytes does each page's table hold, and how fine must its slots be? */
static int measure(struct decode *decode, const struct mdl_reg *reg)
{
	struct walk walk;

	walk_start(&walk, reg);
	do {
		const uint64_t first = walk.offset >> PAGE_SHIFT;
		const uint64_t last = (walk.offset + reg->width - 1) >> PAGE_SHIFT;

		for (uint64_t n = first; n <= last; n++) {
			struct page *page = page_make(decode, n);

			if (!page)
				return -ENOMEM;
			page_measure(page, n << PAGE_SHIFT, walk.offset, reg->width);
		}
	} while (walk_next(&walk));
	return 0;
}

static bool can_read(const struct mdl_reg *reg)
{
	return reg->readable != 0 || reg->has_read_hook;
}

static bool can_write(const struct mdl_reg *reg)
{
	const struct mdl_effects *fx = reg->effects;

	if (reg->writable != 0 || (reg->flags & MDL_REG_DOORBELL))
		return true;
	return fx && (fx->woclr | fx->woset | fx->wot | fx->wzc | fx->wzs | fx->wzt | fx->wclr |
		      fx->wset | fx->once | fx->pulse) != 0;
}

/* One that is only read and one that is only written may share a place. */
static bool is_pair(const struct mdl_reg *a, const struct mdl_reg *b)
{
	return can_read(a) && !can_write(a) && can_write(b) && !can_read(b);
}

static size_t page_slots(const struct page *page)
{
	return (size_t)(page->end - page->first) >> page->shift;
}

/* The slot that an offset is in; a number past the last one if it is in none. */
static size_t slot_index(const struct page *page, uint64_t offset)
{
	return ((uint32_t)(offset & PAGE_MASK) - page->first) >> page->shift;
}

static int page_alloc(struct page *page)
{
	if (page->read)
		return 0;
	page->shift = (uint8_t)__builtin_ctz(page->bits | 8u);
	page->read = calloc(page_slots(page), sizeof(struct slot));
	page->write = page->read;
	return page->read ? 0 : -ENOMEM;
}

static int page_split_sides(struct page *page)
{
	struct slot *write;

	if (page->write != page->read)
		return 0;
	write = calloc(page_slots(page), sizeof(*write));
	if (!write)
		return -ENOMEM;
	for (size_t i = 0; i < page_slots(page); i++)
		write[i] = page->read[i];
	page->write = write;
	return 0;
}

static int fill_slot(struct decode *decode, struct page *page, size_t i, struct slot slot)
{
	const struct mdl_reg *reg = &decode->regs[(slot.code >> 3) - 1];
	const struct slot taken = page->read[i];
	const struct mdl_reg *other;
	int err;

	if (!taken.code && !page->write[i].code) {
		page->read[i] = slot;
		page->write[i] = slot;
		return 0;
	}
	/* A third one, or one that begins elsewhere, is no pair. */
	if (taken.code != page->write[i].code || (taken.code & 7) != (slot.code & 7))
		return -EINVAL;
	other = &decode->regs[(taken.code >> 3) - 1];
	if (!is_pair(other, reg) && !is_pair(reg, other))
		return -EINVAL;
	err = page_split_sides(page);
	if (err)
		return err;
	if (can_read(reg))
		page->read[i] = slot;
	else
		page->write[i] = slot;
	return 0;
}

static int fill(struct decode *decode, uint32_t index)
{
	const struct mdl_reg *reg = &decode->regs[index];
	struct walk walk;
	int err;

	walk_start(&walk, reg);
	do {
		for (uint32_t byte = 0; byte < reg->width;) {
			const uint64_t offset = walk.offset + byte;
			struct page *page = page_find(decode, offset >> PAGE_SHIFT);
			const struct slot slot = {(index + 1) << 3 | byte, walk.element};

			err = page_alloc(page);
			if (err)
				return err;
			err = fill_slot(decode, page, slot_index(page, offset), slot);
			if (err)
				return err;
			byte += 1u << page->shift;
		}
	} while (walk_next(&walk));
	return 0;
}

int decode_create(struct decode **result, const struct mdl_reg *regs, uint32_t nregs, uint64_t size)
{
	struct decode *decode = calloc(1, sizeof(*decode));
	uint64_t last = 0;
	int err = 0;

	if (!decode)
		return -ENOMEM;
	decode->regs = regs;
	if (nregs >= UINT32_MAX >> 3)
		err = -EINVAL;
	for (uint32_t i = 0; !err && i < nregs; i++) {
		const uint64_t end = reg_end(&regs[i], size);

		if (end == 0)
			err = -EINVAL;
		else if (end > last)
			last = end;
	}
	decode->npages = (last + PAGE_MASK) >> PAGE_SHIFT;
	if (!err) {
		decode->blocks =
			calloc((decode->npages >> BLOCK_SHIFT) + 1, sizeof(*decode->blocks));
		if (!decode->blocks)
			err = -ENOMEM;
	}
	for (uint32_t i = 0; !err && i < nregs; i++)
		err = measure(decode, &regs[i]);
	for (uint32_t i = 0; !err && i < nregs; i++)
		err = fill(decode, i);
	if (err) {
		decode_destroy(decode);
		return err;
	}
	*result = decode;
	return 0;
}

void decode_destroy(struct decode *decode)
{
	if (!decode)
		return;
	for (uint64_t n = 0; decode->blocks && n < decode->npages; n++) {
		struct page *page = page_find(decode, n);

		if (!page) {
			n |= BLOCK_MASK;
			continue;
		}
		if (page->write != page->read)
			free(page->write);
		free(page->read);
	}
	for (uint64_t b = 0; decode->blocks && b <= decode->npages >> BLOCK_SHIFT; b++)
		free(decode->blocks[b]);
	free(decode->blocks);
	free(decode);
}

struct decode_hit decode_find(const struct decode *decode, uint64_t offset, bool is_write)
{
	const struct page *page = page_find(decode, offset >> PAGE_SHIFT);
	const struct slot *slot;
	uint32_t inside;
	size_t index;

	if (!page || !page->read)
		return (struct decode_hit){0};
	index = slot_index(page, offset);
	if (index >= page_slots(page))
		return (struct decode_hit){0};
	slot = &(is_write ? page->write : page->read)[index];
	if (!slot->code)
		return (struct decode_hit){0};
	inside = (uint32_t)offset & ((1u << page->shift) - 1);
	return (struct decode_hit){
		.reg = &decode->regs[(slot->code >> 3) - 1],
		.element = slot->element,
		.byte = (uint8_t)((slot->code & 7) + inside),
	};
}

static bool page_any(const struct page *page, uint64_t first, uint64_t last)
{
	if (!page->read || first >= page->end || last < page->first)
		return false;
	if (first < page->first)
		first = page->first;
	if (last >= page->end)
		last = page->end - 1u;
	for (size_t i = slot_index(page, first); i <= slot_index(page, last); i++)
		if (page->read[i].code || page->write[i].code)
			return true;
	return false;
}

bool decode_any(const struct decode *decode, uint64_t offset, uint64_t size)
{
	const uint64_t last = offset + size - 1; /* the caller has proven the bounds */

	if (size == 0)
		return false;
	for (uint64_t n = offset >> PAGE_SHIFT; n <= last >> PAGE_SHIFT; n++) {
		const struct page *page = page_find(decode, n);
		const uint64_t start = n << PAGE_SHIFT;

		if (n >= decode->npages)
			return false;
		if (page && page_any(page, offset > start ? offset - start : 0,
				     last - start < PAGE_MASK ? last - start : PAGE_MASK))
			return true;
	}
	return false;
}
