/* SPDX-License-Identifier: BSD-2-Clause */
/* What the client maps it reaches without the device: nothing there may need the device. */
#include "check_private.h"
#include "extents.h"

#include <stdlib.h>

#define PAGE ((uint64_t)4096)

enum { TAKES_WINDOW, TAKES_REG, TAKES_RAM, TAKES_TABLE, TAKES_PBA };

struct mapped {
	struct checking *c;
	struct extent *extents;
	size_t n;
	const struct m_reg *doorbell; /* the last one reported, */
	unsigned nnotes;              /* and how much was named beside it */
};

#define MAX_NOTES 3

static void add(struct mapped *mapped, unsigned kind, const void *owner, uint64_t offset,
		uint64_t width, const struct m_dim *dims, unsigned ndims)
{
	struct extent *extent = &mapped->extents[mapped->n];

	if (!extent_init(extent, offset, width, dims, ndims))
		return;
	extent->kind = kind;
	extent->owner = owner;
	extent->order = (unsigned)mapped->n++; /* windows were added first */
}

static void report_hidden_hook(void *arg, const struct extent *a, const struct extent *b)
{
	struct checking *c = ((struct mapped *)arg)->c;

	if (a->kind != TAKES_WINDOW || b->kind != TAKES_REG)
		return;
	const struct m_ram *ram = a->owner;
	const struct m_reg *reg = b->owner;

	if (found(c, MMAP_READ_HOOK, reg->via, reg->loc,
		  "the `on read` hook of %s never runs: it stands inside mapped ram '%s'",
		  describe_reg(c, reg), ram->path))
		diag_note(c->diag, ram->loc, "'%s' is mapped here", ram->path);
}

void check_mmap_read_hook(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nbars; i++) {
		const struct m_bar *bar = &c->model->bars[i];
		struct mapped mapped = {.c = c};

		mapped.extents = arena_array(c->arena, struct extent, bar->nrams + bar->nregs);
		for (unsigned k = 0; k < bar->nrams; k++) {
			const struct m_ram *ram = &bar->rams[k];

			if (ram->mmap && !ram->bad_place)
				add(&mapped, TAKES_WINDOW, ram, ram->offset, ram->size, ram->dims,
				    ram->ndims);
		}
		if (mapped.n == 0)
			continue;
		for (unsigned k = 0; k < bar->nregs; k++) {
			const struct m_reg *reg = bar->regs[k];

			if (reg->has_read_hook && !reg->bad_place)
				add(&mapped, TAKES_REG, reg, reg->offset, reg->width, reg->dims,
				    reg->ndims);
		}
		extents_find_clashes(c->arena, mapped.extents, mapped.n, report_hidden_hook,
				     &mapped);
	}
}

/* Pages are found element by element: a BAR with more mapped doorbells than this is not looked at.
 */
#define MAX_DOORBELLS (1u << 20)

struct pages {
	const struct m_reg **owner; /* by page of the BAR; NULL: not mapped */
	uint64_t n;
};

static void mark_pages(struct pages *pages, const struct m_reg *reg, unsigned dim, uint64_t offset)
{
	if (dim < reg->ndims) {
		for (uint32_t k = 0; k < reg->dims[dim].count; k++)
			mark_pages(pages, reg, dim + 1,
				   offset + (uint64_t)k * reg->dims[dim].stride);
		return;
	}
	if (offset / PAGE < pages->n && !pages->owner[offset / PAGE])
		pages->owner[offset / PAGE] = reg;
}

static void note_hidden(struct checking *c, const struct extent *extent)
{
	const struct m_pci *pci = &c->model->pci;
	const struct m_reg *reg = extent->owner;
	const struct m_ram *ram = extent->owner;

	switch (extent->kind) {
	case TAKES_REG:
		diag_note(c->diag, reg->loc, "%s stands there", describe_reg(c, reg));
		break;
	case TAKES_RAM:
		diag_note(c->diag, ram->loc, "%s stands there", describe_ram(c, ram));
		break;
	case TAKES_TABLE:
		diag_note(c->diag, pci->table_loc, "the MSI-X table stands there");
		break;
	default:
		diag_note(c->diag, pci->pba_loc, "the array of MSI-X pending bits stands there");
	}
}

/* One report for a doorbell, whose mistake it is, with the first few things that it hides. */
static void report_shared_page(void *arg, const struct extent *a, const struct extent *b)
{
	struct mapped *mapped = arg;
	struct checking *c = mapped->c;
	const struct m_reg *doorbell = a->owner;

	if (a->kind != TAKES_WINDOW || b->kind == TAKES_WINDOW)
		return;
	if (doorbell != mapped->doorbell) {
		mapped->doorbell = doorbell;
		mapped->nnotes = 0;
		found(c, MMAP_PAGE, doorbell->via, doorbell->loc,
		      "doorbell '%s' is mapped with its page, 0x%llx-0x%llx, "
		      "in which other things are then out of reach",
		      doorbell->path, (unsigned long long)a->offset,
		      (unsigned long long)(a->offset + PAGE - 1));
	}
	if (mapped->nnotes++ < MAX_NOTES)
		note_hidden(c, b);
}

static bool is_mapped(const struct m_reg *reg)
{
	return reg->doorbell == M_DOORBELL_MMAP && !reg->bad_place;
}

/* Returns how many there are. */
static size_t find_pages(struct checking *c, const struct m_bar *bar, struct pages *pages)
{
	size_t used = 0;

	pages->n = bar->size / PAGE;
	if (pages->n > MAX_DOORBELLS)
		pages->n = 0;
	pages->owner = arena_array(c->arena, const struct m_reg *, pages->n + 1);
	for (unsigned k = 0; k < bar->nregs; k++)
		if (is_mapped(bar->regs[k]) && bar->regs[k]->count <= MAX_DOORBELLS)
			mark_pages(pages, bar->regs[k], 0, bar->regs[k]->offset);
	for (uint64_t page = 0; page < pages->n; page++)
		used += pages->owner[page] != NULL;
	return used;
}

static void add_msix(struct mapped *mapped, const struct m_bar *bar)
{
	const struct m_pci *pci = &mapped->c->model->pci;

	if (!pci->has_msix || pci->bad)
		return;
	if (pci->msix_table_bar == bar->index)
		add(mapped, TAKES_TABLE, pci, pci->msix_table_offset, msix_table_size(pci), NULL,
		    0);
	if (pci->msix_pba_bar == bar->index)
		add(mapped, TAKES_PBA, pci, pci->msix_pba_offset, msix_pba_size(pci), NULL, 0);
}

static void check_pages(struct checking *c, const struct m_bar *bar)
{
	struct mapped mapped = {.c = c};
	struct pages pages;
	size_t used = find_pages(c, bar, &pages);

	mapped.extents = arena_array(c->arena, struct extent, used + bar->nregs + bar->nrams + 2);
	for (uint64_t page = 0; page < pages.n; page++)
		if (pages.owner[page])
			add(&mapped, TAKES_WINDOW, pages.owner[page], page * PAGE, PAGE, NULL, 0);
	for (unsigned k = 0; k < bar->nregs; k++) {
		const struct m_reg *reg = bar->regs[k];

		if (!is_mapped(reg) && !reg->bad_place)
			add(&mapped, TAKES_REG, reg, reg->offset, reg->width, reg->dims,
			    reg->ndims);
	}
	for (unsigned k = 0; k < bar->nrams; k++) {
		const struct m_ram *ram = &bar->rams[k];

		if (!ram->mmap && !ram->bad_place)
			add(&mapped, TAKES_RAM, ram, ram->offset, ram->size, ram->dims, ram->ndims);
	}
	add_msix(&mapped, bar);
	extents_find_clashes(c->arena, mapped.extents, mapped.n, report_shared_page, &mapped);
}

static void report_io(struct checking *c, const struct m_bar *bar, struct loc loc,
		      const struct m_via *via, const char *what)
{
	if (found(c, MMAP_PAGE, via, loc, "%s cannot be mapped: BAR %u is in I/O space", what,
		  bar->index))
		diag_note(c->diag, bar->loc, "BAR %u is declared here", bar->index);
}

void check_mmap_page(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nbars; i++) {
		const struct m_bar *bar = &c->model->bars[i];
		bool io = bar->type == M_BAR_IO && !bar->bad, doorbells = false;

		for (unsigned k = 0; k < bar->nregs; k++) {
			doorbells |= is_mapped(bar->regs[k]);
			if (io && bar->regs[k]->doorbell == M_DOORBELL_MMAP)
				report_io(c, bar, bar->regs[k]->loc, bar->regs[k]->via,
					  describe_reg(c, bar->regs[k]));
		}
		for (unsigned k = 0; k < bar->nrams; k++)
			if (io && bar->rams[k].mmap)
				report_io(c, bar, bar->rams[k].loc, bar->rams[k].via,
					  describe_ram(c, &bar->rams[k]));
		if (doorbells && !io && !bar->bad)
			check_pages(c, bar);
	}
}
