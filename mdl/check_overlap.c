/* SPDX-License-Identifier: BSD-2-Clause */
/* Things that take the same bytes or bits. */
#include "check.h"
#include "check_private.h"
#include "extents.h"

#include <stdlib.h>

enum { TAKES_REG, TAKES_RAM, TAKES_TABLE, TAKES_PBA };

#define MAX_SHARED_OFFSET 8 /* more registers at one offset than this are a mistake anyway */

/* Everything in one space; -1: config space. */
struct space {
	struct checking *c;
	int bar;
	struct extent *extents;
	size_t n;
};

static void add_extent(struct space *space, unsigned kind, const void *owner, uint64_t offset,
		       uint64_t width, const struct m_dim *dims, unsigned ndims)
{
	struct extent *extent = &space->extents[space->n];

	if (!extent_init(extent, offset, width, dims, ndims))
		return;
	extent->owner = owner;
	extent->kind = kind;
	extent->order = (unsigned)space->n++;
}

static void add_reg(struct space *space, const struct m_reg *reg)
{
	if (!reg->bad_place)
		add_extent(space, TAKES_REG, reg, reg->offset, reg->width, reg->dims, reg->ndims);
}

static void add_ram(struct space *space, const struct m_ram *ram)
{
	if (!ram->bad_place)
		add_extent(space, TAKES_RAM, ram, ram->offset, ram->size, ram->dims, ram->ndims);
}

static void add_msix(struct space *space)
{
	const struct m_pci *pci = &space->c->model->pci;

	if (!pci->has_msix || pci->bad)
		return;
	if (pci->msix_table_bar == space->bar)
		add_extent(space, TAKES_TABLE, pci, pci->msix_table_offset, msix_table_size(pci),
			   NULL, 0);
	if (pci->msix_pba_bar == space->bar)
		add_extent(space, TAKES_PBA, pci, pci->msix_pba_offset, msix_pba_size(pci), NULL,
			   0);
}

static struct loc loc_of(const struct extent *extent)
{
	const struct m_pci *pci;

	switch (extent->kind) {
	case TAKES_REG:
		return ((const struct m_reg *)extent->owner)->loc;
	case TAKES_RAM:
		return ((const struct m_ram *)extent->owner)->loc;
	default:
		pci = extent->owner;
		return extent->kind == TAKES_TABLE ? pci->table_loc : pci->pba_loc;
	}
}

struct thing {
	struct loc loc;
	const struct m_via *via;
	const char *name; /* "register 'A'" */
	char range[RANGE_TEXT];
};

static struct thing thing_of(struct checking *c, const struct extent *extent)
{
	struct thing thing = {.loc = loc_of(extent)};

	if (extent->kind == TAKES_REG) {
		const struct m_reg *reg = extent->owner;

		thing.via = reg->via;
		thing.name = describe_reg(c, reg);
		describe_range(thing.range, reg->offset, reg->width, reg->dims, reg->ndims);
	} else if (extent->kind == TAKES_RAM) {
		const struct m_ram *ram = extent->owner;

		thing.via = ram->via;
		thing.name = describe_ram(c, ram);
		describe_range(thing.range, ram->offset, ram->size, ram->dims, ram->ndims);
	} else {
		thing.name = extent->kind == TAKES_TABLE ? "the MSI-X table"
							 : "the array of MSI-X pending bits";
		describe_range(thing.range, extent->offset, extent->width, NULL, 0);
	}
	return thing;
}

/* Is the one in another's mapped window, and has a hook?  check_mmap_read_hook() tells. */
static bool is_hidden_hook(const struct extent *reg, const struct extent *ram)
{
	return reg->kind == TAKES_REG && ram->kind == TAKES_RAM &&
	       ((const struct m_reg *)reg->owner)->has_read_hook &&
	       ((const struct m_ram *)ram->owner)->mmap;
}

static void report_overlap(void *arg, const struct extent *a, const struct extent *b)
{
	struct space *space = arg;
	struct checking *c = space->c;

	if (is_hidden_hook(a, b) || is_hidden_hook(b, a))
		return;
	struct thing first = thing_of(c, a), second = thing_of(c, b);

	if (found(c, OVERLAP, second.via, second.loc, "%s (%s) overlaps %s in %s", second.name,
		  second.range, first.name, describe_space(c, space->bar))) {
		diag_note(c->diag, first.loc, "%s takes %s", first.name, first.range);
		if (first.via != second.via)
			note_via(c->diag, first.via);
	}
}

static int by_place(const void *left, const void *right)
{
	const struct m_reg *a = *(struct m_reg *const *)left, *b = *(struct m_reg *const *)right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static bool same_shape(const struct m_reg *a, const struct m_reg *b)
{
	if (a->offset != b->offset || a->width != b->width || a->ndims != b->ndims)
		return false;
	for (unsigned i = 0; i < a->ndims; i++)
		if (a->dims[i].count != b->dims[i].count ||
		    (a->dims[i].count > 1 && a->dims[i].stride != b->dims[i].stride))
			return false;
	return true;
}

static bool is_write_only(const struct m_reg *reg)
{
	return (written_bits(&reg->masks) || reg->doorbell) && !reg->masks.readable &&
	       !reg->has_read_hook;
}

static bool is_read_only(const struct m_reg *reg)
{
	return !written_bits(&reg->masks) && !reg->doorbell &&
	       (reg->masks.readable || reg->has_read_hook);
}

static bool may_pair(const struct m_reg *reg)
{
	return reg->bad || is_read_only(reg) || is_write_only(reg);
}

static bool makes_pair(const struct m_reg *a, const struct m_reg *b)
{
	if (a->pair || b->pair || !same_shape(a, b))
		return false;
	/* A word that was not understood may have been the one that makes it. */
	if (a->bad || b->bad)
		return may_pair(a) && may_pair(b);
	return (is_read_only(a) && is_write_only(b)) || (is_write_only(a) && is_read_only(b));
}

/* The registers of a space by offset, less the second of each ro+wo pair, which are linked. */
static struct m_reg **link_pairs(struct checking *c, struct m_reg *const *regs, unsigned *n)
{
	struct m_reg **sorted = arena_array(c->arena, struct m_reg *, *n + 1);
	unsigned kept = 0;

	for (unsigned i = 0; i < *n; i++)
		sorted[i] = regs[i];
	qsort(sorted, *n, sizeof(*sorted), by_place);
	for (unsigned i = 0; i < *n; i++) {
		struct m_reg *mate = NULL;

		for (unsigned k = kept; k > 0 && kept - k < MAX_SHARED_OFFSET && !mate; k--) {
			if (sorted[k - 1]->offset != sorted[i]->offset)
				break;
			if (makes_pair(sorted[k - 1], sorted[i]))
				mate = sorted[k - 1];
		}
		if (mate) {
			mate->pair = sorted[i];
			sorted[i]->pair = mate;
		} else {
			sorted[kept++] = sorted[i];
		}
	}
	*n = kept;
	return sorted;
}

static int by_declaration(const void *left, const void *right)
{
	const struct extent *a = left, *b = right;
	struct loc at_a = loc_of(a), at_b = loc_of(b);

	if (loc_before(at_a, at_b))
		return -1;
	if (loc_before(at_b, at_a))
		return 1;
	return (a->order > b->order) - (a->order < b->order);
}

/* What was written later is what is reported. */
static void order_by_declaration(struct space *space)
{
	qsort(space->extents, space->n, sizeof(*space->extents), by_declaration);
	for (size_t i = 0; i < space->n; i++)
		space->extents[i].order = (unsigned)i;
}

static void check_space(struct checking *c, int bar, struct m_reg *const *regs, unsigned nregs,
			const struct m_ram *rams, unsigned nrams)
{
	struct space space = {.c = c, .bar = bar};
	struct m_reg **sorted = link_pairs(c, regs, &nregs);

	space.extents = arena_array(c->arena, struct extent, nregs + nrams + 2);
	add_msix(&space);
	for (unsigned i = 0; i < nregs; i++)
		add_reg(&space, sorted[i]);
	for (unsigned i = 0; i < nrams; i++)
		add_ram(&space, &rams[i]);
	order_by_declaration(&space);
	extents_find_clashes(c->arena, space.extents, space.n, report_overlap, &space);
}

void check_overlap(struct checking *c)
{
	const struct model *model = c->model;

	for (unsigned i = 0; i < model->nbars; i++) {
		const struct m_bar *bar = &model->bars[i];

		check_space(c, (int)bar->index, bar->regs, bar->nregs, bar->rams, bar->nrams);
	}
	check_space(c, -1, model->pci.regs, model->pci.nregs, NULL, 0);
}
