/* SPDX-License-Identifier: BSD-2-Clause */
/* BARs and config space: their own words, then the map in them; and the final order of all. */
#include <inttypes.h>
#include <stdlib.h>

#include "resolve.h"

#define CONFIG_ACCESS 4 /* bytes, the widest access to config space */

/* Registers and RAM of one space while it is being walked. */
struct space {
	struct list regs, rams;
};

static void read_access(struct resolver *r, const struct attr *attr, struct m_bar *bar)
{
	struct widths widths;

	bar->bad |= !own_widths(r, NULL, attr, &widths);
	bar->access_min = widths.min;
	bar->access_max = widths.max;
	bar->access_loc = attr ? attr->loc : bar->loc;
}

static void need(struct resolver *r, struct m_bar *bar, const char *what, const char *example)
{
	bar->bad = true;
	if (!may_say_missing(r))
		r->trouble++;
	else if (fail(r, MISSING, bar->loc, "bar %u has no %s", bar->index, what))
		diag_help(r->diag, "for example: bar %u %s", bar->index, example);
}

/* A word that was not understood may have been the missing one. */
static void read_bar(struct resolver *r, const struct attrs *attrs, struct m_bar *bar,
		     bool understood)
{
	bar->doc = attrs->doc;
	bar->prefetchable = attrs->word[W_PREFETCHABLE] != NULL;
	bar->big_endian = attrs->word[W_BE] != NULL;
	bar->type = attrs->word[W_IO] ? M_BAR_IO : attrs->word[W_MEM64] ? M_BAR_MEM64 : M_BAR_MEM32;
	bar->bad = !understood;
	if (!attrs->word[W_IO] && !attrs->word[W_MEM32] && !attrs->word[W_MEM64] && understood)
		need(r, bar, "kind", "mem32 size 4K { }");
	if (bar->prefetchable && bar->type == M_BAR_IO)
		fail(r, CONTRADICTION, attrs->word[W_PREFETCHABLE]->loc,
		     "I/O space is never prefetchable");
	if (!attrs->word[W_SIZE]) {
		if (understood)
			need(r, bar, "size", "mem32 size 4K { }");
	} else {
		const struct expr *size = attrs->word[W_SIZE]->args;

		if (size)
			bar->size_loc = size->loc;
		if (!eval(r, NULL, size, &bar->size))
			bar->bad = true;
	}
	read_access(r, attrs->word[W_ACCESS], bar);
}

/* Without `access`: what every client does; 64 bits at once where something is that wide. */
static void default_access(struct m_bar *bar, const struct list *regs)
{
	if (bar->access_max)
		return;
	bar->access_min = 1;
	bar->access_max = bar->type == M_BAR_MEM64 ? 8 : 4;
	for (unsigned i = 0; i < regs->n && bar->type == M_BAR_MEM32; i++)
		if (((struct m_reg *)regs->items[i])->width == 8)
			bar->access_max = 8;
}

/* A register's own widths, where it has some, else those of its space. */
static void settle_widths(const struct list *regs, unsigned min, unsigned max)
{
	for (unsigned i = 0; i < regs->n; i++) {
		struct m_reg *reg = regs->items[i];

		if (!reg->access_max) {
			reg->access_min = min;
			reg->access_max = max;
		}
		reg->narrowed = reg->access_min != min || reg->access_max != max;
	}
}

static int by_offset(const void *a, const void *b)
{
	const struct m_reg *x = *(struct m_reg *const *)a, *y = *(struct m_reg *const *)b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int ram_by_offset(const void *a, const void *b)
{
	const struct m_ram *x = *(struct m_ram *const *)a, *y = *(struct m_ram *const *)b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->loc.line != y->loc.line ? (x->loc.line < y->loc.line ? -1 : 1)
					  : (x->loc.col < y->loc.col ? -1 : 1);
}

/* Ids number the registers of a space in order of declaration until they are sorted. */
static struct m_reg **sort_regs(struct resolver *r, const struct list *list)
{
	struct m_reg **regs = arena_array(r->arena, struct m_reg *, list->n + 1);

	for (unsigned i = 0; i < list->n; i++) {
		regs[i] = list->items[i];
		regs[i]->id = i;
	}
	qsort(regs, list->n, sizeof(*regs), by_offset);
	return regs;
}

static void fill_bar(struct resolver *r, struct m_bar *bar, const struct space *space)
{
	struct m_ram **rams = (struct m_ram **)space->rams.items;

	bar->regs = sort_regs(r, &space->regs);
	bar->nregs = space->regs.n;
	if (!space->rams.n)
		return;
	qsort(rams, space->rams.n, sizeof(*rams), ram_by_offset);
	bar->rams = arena_array(r->arena, struct m_ram, space->rams.n);
	bar->nrams = space->rams.n;
	for (unsigned i = 0; i < bar->nrams; i++)
		bar->rams[i] = *rams[i];
}

static struct map open_map(struct resolver *r, struct m_bar *bar, struct space *space)
{
	struct map map = {.model = r->model,
			  .bar = bar,
			  .scope = r->top,
			  .path = "",
			  .pattern = "",
			  .cname = "",
			  .count = 1,
			  .default_width = 4,
			  .regs = &space->regs,
			  .rams = &space->rams};

	map.layer.sticky = -1;
	if (bar && bar->access_max && bar->access_max < 4)
		map.default_width = bar->access_max;
	if (bar && bar->big_endian)
		map.layer.endian = ENDIAN_BIG;
	return map;
}

static bool bar_index(struct resolver *r, const struct node *node, const struct m_bar *seen[6],
		      unsigned *index)
{
	uint64_t value;

	if (!eval(r, NULL, node->value, &value))
		return false;
	if (value > 5) {
		fail(r, BAR_INDEX, node->value->loc,
		     "there is no bar %" PRIu64 ": a device has 0 to 5", value);
		return false;
	}
	*index = (unsigned)value;
	if (!seen[value])
		return true;
	if (fail(r, DUPLICATE_NAME, node->value->loc, "there are two bars %" PRIu64, value))
		diag_note(r->diag, seen[value]->loc, "the other one is here");
	return false;
}

static struct loc bar_loc(const struct node *node)
{
	struct loc loc = node->loc;

	/* From `bar` to its number, not the whole body. */
	if (node->value) {
		loc.end_line = node->value->loc.end_line;
		loc.end_col = node->value->loc.end_col;
	}
	return loc;
}

static void resolve_bar(struct resolver *r, const struct node *node, struct m_bar *bar, bool known)
{
	struct space *space = arena_new(r->arena, struct space);
	const unsigned start = r->trouble;
	struct attrs attrs;
	struct map map;

	bar->loc = bar_loc(node);
	bar->size_loc = bar->loc;
	read_attrs(r, node->attrs, IN_BAR, &attrs);
	if (known)
		read_bar(r, &attrs, bar, r->trouble == start);
	map = open_map(r, bar, space);
	walk_map(r, &map, node->children);
	default_access(bar, &space->regs);
	settle_widths(&space->regs, bar->access_min, bar->access_max);
	fill_bar(r, bar, space);
}

/* One that has no place in the model: only for the mistakes in it. */
static void resolve_lost_bar(struct resolver *r, const struct node *node)
{
	struct m_bar lost = {.bad = true};
	unsigned n = r->reg_infos.n, intrs = r->intrs.n;

	resolve_bar(r, node, &lost, false);
	r->intrs.n = intrs;
	for (; n < r->reg_infos.n; n++) {
		struct m_reg *reg = ((struct reg_info *)r->reg_infos.items[n])->reg;

		reg->bad = reg->bad_place = true;
	}
}

void resolve_bars(struct resolver *r)
{
	struct m_bar found[6] = {0};
	const struct m_bar *seen[6] = {0};

	for (const struct node *node = r->device->children; node; node = node->next) {
		unsigned index;

		if (node->kind != NODE_BAR)
			continue;
		if (bar_index(r, node, seen, &index)) {
			found[index].index = index;
			resolve_bar(r, node, &found[index], true);
			seen[index] = &found[index];
		} else {
			resolve_lost_bar(r, node);
		}
	}
	for (unsigned i = 0; i < 6; i++)
		if (seen[i])
			r->model->bars[r->model->nbars++] = found[i];
}

void try_template(struct resolver *r, struct template *template)
{
	struct space *space = arena_new(r->arena, struct space);
	struct scope *scope = arena_new(r->arena, struct scope);
	struct m_bar lost = {.bad = true, .access_min = 1, .access_max = 8};
	struct map map = open_map(r, &lost, space);
	const unsigned infos = r->reg_infos.n, intrs = r->intrs.n;
	struct binding *bindings;
	struct env env = {0};

	*scope = (struct scope){.space = r->next_space++, .outer = r->top};
	for (const struct node *p = template->node->params; p; p = p->next)
		env.n++;
	bindings = arena_array(r->arena, struct binding, env.n + 1);
	env.n = 0;
	for (const struct node *p = template->node->params; p; p = p->next)
		bindings[env.n++] = (struct binding){.name = p->name, .bad = true};
	env.bindings = bindings;
	map.env = &env;
	map.scope = scope;
	/* No names of C meet those of what is there. */
	map.cname = arena_printf(r->arena, "%s/", template->node->name);
	template->busy = true;
	walk_map(r, &map, template->node->children);
	template->busy = false;
	r->reg_infos.n = infos;
	r->intrs.n = intrs;
}

void resolve_config(struct resolver *r, const struct node *items)
{
	struct space *space = arena_new(r->arena, struct space);
	struct map map = open_map(r, NULL, space);

	walk_map(r, &map, items);
	settle_widths(&space->regs, 1, CONFIG_ACCESS);
	r->model->pci.regs = sort_regs(r, &space->regs);
	r->model->pci.nregs = space->regs.n;
}

void order_registers(struct resolver *r)
{
	struct model *model = r->model;
	unsigned n = model->pci.nregs;

	for (unsigned i = 0; i < model->nbars; i++)
		n += model->bars[i].nregs;
	model->regs = arena_array(r->arena, struct m_reg *, n + 1);
	for (unsigned i = 0; i < model->nbars; i++)
		for (unsigned j = 0; j < model->bars[i].nregs; j++)
			model->regs[model->nregs++] = model->bars[i].regs[j];
	for (unsigned i = 0; i < model->pci.nregs; i++)
		model->regs[model->nregs++] = model->pci.regs[i];
	for (unsigned i = 0; i < n; i++)
		model->regs[i]->id = i;
}
