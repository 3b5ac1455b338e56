/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes and slots of BARs (PCI 3.0, 6.2.5.1). */
#include "check_private.h"

#include <inttypes.h>

#define PAGE            4096u
#define MIN_IO_SIZE     4u
#define MAX_IO_SIZE     0x10000u
#define ADVISED_IO_SIZE 256u
#define MIN_MEMORY_SIZE 16u
#define MAX_MEM32_SIZE  0x80000000u
#define LAST_SLOT       5

const struct m_bar *find_bar(const struct model *model, unsigned index)
{
	for (unsigned i = 0; i < model->nbars; i++)
		if (model->bars[i].index == index)
			return &model->bars[i];
	return NULL;
}

static uint64_t next_power_of_two(uint64_t size)
{
	uint64_t power = 1;

	while (power < size && power < (uint64_t)1 << 63)
		power <<= 1;
	return power;
}

static void check_range(struct checking *c, const struct m_bar *bar)
{
	bool io = bar->type == M_BAR_IO;
	uint64_t min = io ? MIN_IO_SIZE : MIN_MEMORY_SIZE;
	uint64_t max = io ? MAX_IO_SIZE : bar->type == M_BAR_MEM32 ? MAX_MEM32_SIZE : UINT64_MAX;
	const char *kind = io ? "an I/O" : bar->type == M_BAR_MEM32 ? "a mem32" : "a mem64";

	if (bar->size < min)
		found(c, BAR_SIZE, NULL, bar->size_loc,
		      "BAR %u has %" PRIu64 " bytes: %s BAR has at least %" PRIu64, bar->index,
		      bar->size, kind, min);
	else if (bar->size > max)
		found(c, BAR_SIZE, NULL, bar->size_loc,
		      "BAR %u has 0x%" PRIx64 " bytes: %s BAR has at most 0x%" PRIx64, bar->index,
		      bar->size, kind, max);
	else if (bar->size & (bar->size - 1))
		found(c, BAR_SIZE, NULL, bar->size_loc,
		      "the size of BAR %u, 0x%" PRIx64
		      ", is not a power of two; the next is 0x%" PRIx64,
		      bar->index, bar->size, next_power_of_two(bar->size));
}

/* In I/O space nothing is mapped at all: check_mmap_page() says so. */
static void check_page(struct checking *c, const struct m_bar *bar)
{
	bool mapped = false;

	if (bar->type == M_BAR_IO || bar->size < MIN_MEMORY_SIZE || bar->size >= PAGE)
		return;
	for (unsigned i = 0; i < bar->nrams; i++)
		mapped |= bar->rams[i].mmap;
	for (unsigned i = 0; i < bar->nregs; i++)
		mapped |= bar->regs[i]->doorbell == M_DOORBELL_MMAP;
	if (mapped)
		found(c, BAR_SIZE, NULL, bar->size_loc,
		      "BAR %u has %" PRIu64 " bytes: to be mapped it needs a page, 4096",
		      bar->index, bar->size);
}

void check_bar_size(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nbars; i++) {
		const struct m_bar *bar = &c->model->bars[i];

		if (bar->bad)
			continue;
		check_range(c, bar);
		check_page(c, bar);
	}
}

void check_io_bar_size(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nbars; i++) {
		const struct m_bar *bar = &c->model->bars[i];

		if (!bar->bad && bar->type == M_BAR_IO && bar->size > ADVISED_IO_SIZE)
			found(c, IO_BAR_SIZE, NULL, bar->size_loc,
			      "BAR %u takes 0x%" PRIx64 " bytes of I/O space, more than 256",
			      bar->index, bar->size);
	}
}

static const char *widths_text(const struct checking *c, unsigned min, unsigned max)
{
	return min == max ? arena_printf(c->arena, "%u", min)
			  : arena_printf(c->arena, "%u to %u", min, max);
}

/* One `access` may be that of many registers: the message is the same for all, and said once. */
static void check_widths(struct checking *c, const struct m_bar *bar)
{
	for (unsigned i = 0; i < bar->nregs; i++) {
		const struct m_reg *reg = bar->regs[i];

		if (reg->access_min >= bar->access_min && reg->access_max <= bar->access_max)
			continue;
		if (found(c, ACCESS_WIDTH, reg->via, reg->access_loc,
			  "accesses of %s bytes, but BAR %u allows only %s",
			  widths_text(c, reg->access_min, reg->access_max), bar->index,
			  widths_text(c, bar->access_min, bar->access_max)))
			diag_note(c->diag, bar->access_loc, "BAR %u is declared here", bar->index);
	}
}

/* PCI has none that are wider in I/O space. */
#define IO_ACCESS 4u

void check_access_width(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nbars; i++) {
		const struct m_bar *bar = &c->model->bars[i];

		if (bar->bad)
			continue;
		if (bar->type == M_BAR_IO && bar->access_max > IO_ACCESS)
			found(c, ACCESS_WIDTH, NULL, bar->access_loc,
			      "accesses to I/O space are %u bytes at most", IO_ACCESS);
		check_widths(c, bar);
	}
}

void check_bar_slot(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nbars; i++) {
		const struct m_bar *bar = &c->model->bars[i], *next;

		if (bar->bad || bar->type != M_BAR_MEM64)
			continue;
		next = find_bar(c->model, bar->index + 1);
		if (bar->index >= LAST_SLOT)
			found(c, BAR_SLOT, NULL, bar->loc,
			      "BAR %u cannot be mem64: it would need the slot after the last",
			      bar->index);
		else if (next && found(c, BAR_SLOT, NULL, next->loc,
				       "slot %u is taken by the upper half of BAR %u, a mem64 one",
				       next->index, bar->index))
			diag_note(c->diag, bar->loc, "BAR %u is declared here", bar->index);
	}
}
