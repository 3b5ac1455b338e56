/* SPDX-License-Identifier: BSD-2-Clause */
/* The `pci` block: identity, interrupts, capabilities. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

/* One pci block while it is read. */
struct reading {
	struct resolver *r;
	struct m_pci *pci;
	const struct node *node; /* the item */
	struct attrs attrs;
	struct list vendor_caps;
	bool unknown_key; /* in msi or msix: perhaps what is missing there */
};

static bool no_argument(struct reading *p)
{
	if (!p->node->args)
		return true;
	fail(p->r, BAD_ARGUMENT, p->node->args->loc, "'%s' stands alone", p->node->name);
	return false;
}

/* `msi 1;` */
static void no_count(struct reading *p)
{
	if (!p->node->args)
		return;
	p->unknown_key = true; /* the vectors were meant */
	fail(p->r, BAD_ARGUMENT, p->node->args->loc,
	     "the vectors stand in braces: %s { vectors 1; %s}", p->node->name,
	     p->node->name[3] ? "… " : "");
}

/* The n-th argument as a number up to max. */
static bool number(struct reading *p, unsigned n, uint64_t max, const char *what, uint64_t *value)
{
	const struct expr *e = p->node->args;

	while (e && n--)
		e = e->next;
	if (e)
		return eval_range(p->r, NULL, e, 0, max, what, value);
	if (may_say_missing(p->r))
		fail(p->r, BAD_ARGUMENT, p->node->loc, "'%s' takes a number", p->node->name);
	else
		p->r->trouble++;
	return false;
}

static void single(struct reading *p)
{
	if (p->node->args && p->node->args->next)
		fail(p->r, BAD_ARGUMENT, p->node->args->next->loc, "'%s' takes one number",
		     p->node->name);
}

static uint16_t number16(struct reading *p, unsigned n, const char *what)
{
	uint64_t value;

	return number(p, n, 0xffff, what, &value) ? (uint16_t)value : 0;
}

static void read_vendor(struct reading *p)
{
	p->pci->vendor = number16(p, 0, "the vendor id");
	single(p);
}

static void read_device(struct reading *p)
{
	p->pci->device = number16(p, 0, "the device id");
	single(p);
}

static void read_subsystem(struct reading *p)
{
	if (!p->node->args || !p->node->args->next || p->node->args->next->next) {
		if (p->node->args && p->node->args->kind == EXPR_BAD)
			p->r->trouble++;
		else
			fail(p->r, BAD_ARGUMENT, p->node->loc,
			     "'subsystem' takes two numbers: subsystem 0x1af4:0x1100");
		return;
	}
	p->pci->subsystem_vendor = number16(p, 0, "the subsystem's vendor id");
	p->pci->subsystem = number16(p, 1, "the subsystem id");
}

static void read_class(struct reading *p)
{
	uint64_t value;

	if (number(p, 0, 0xffffff, "the class code", &value))
		p->pci->class_code = (uint32_t)value;
	single(p);
}

static void read_revision(struct reading *p)
{
	uint64_t value;

	if (number(p, 0, 0xff, "the revision", &value))
		p->pci->revision = (uint8_t)value;
	single(p);
}

static void read_intx(struct reading *p)
{
	const struct expr *pin = p->node->args;

	if (pin && pin->kind == EXPR_NAME && !pin->next && pin->name[0] >= 'A' &&
	    pin->name[0] <= 'D' && !pin->name[1])
		p->pci->intx = (uint8_t)(pin->name[0] - 'A' + 1);
	else if (pin && pin->kind == EXPR_BAD)
		p->r->trouble++;
	else
		fail(p->r, BAD_ARGUMENT, pin ? pin->loc : p->node->loc,
		     "'intx' takes the pin: A, B, C or D");
}

static void read_pm(struct reading *p)
{
	no_argument(p);
	p->pci->pm = true;
}

static void read_flr(struct reading *p)
{
	no_argument(p);
	p->pci->flr = true;
}

static void read_express(struct reading *p)
{
	const struct expr *kind = p->node->args;

	p->pci->express = true;
	if (kind && kind->kind == EXPR_BAD)
		p->r->trouble++;
	else if (kind &&
		 (kind->kind != EXPR_NAME || kind->next || strcmp(kind->name, "endpoint") != 0))
		fail(p->r, BAD_ARGUMENT, kind->loc, "the kind of express device is 'endpoint'");
}

static void read_dsn(struct reading *p)
{
	p->pci->has_dsn = true;
	number(p, 0, UINT64_MAX, "the serial number", &p->pci->dsn);
	single(p);
}

static void read_rom(struct reading *p)
{
	const struct attr *size = p->attrs.word[W_SIZE], *file = p->attrs.word[W_FILE];

	no_argument(p);
	p->pci->has_rom = true;
	p->pci->rom_loc = p->node->loc;
	p->pci->rom_file = file ? file->text : NULL;
	if (!size && may_say_missing(p->r))
		fail(p->r, MISSING, p->node->loc,
		     "the ROM has no size: rom size 64K file \"x.rom\"");
	if (!size || !size->args)
		return;
	p->pci->rom_loc = size->args->loc;
	if (!eval(p->r, NULL, size->args, &p->pci->rom_size))
		return;
	if (p->pci->rom_size < 2048 || p->pci->rom_size & (p->pci->rom_size - 1) ||
	    p->pci->rom_size > 16u << 20)
		fail(p->r, ROM_SIZE, size->args->loc,
		     "a ROM is a power of two from 2K to 16M; this is %" PRIu64, p->pci->rom_size);
}

static void read_vendor_cap(struct reading *p)
{
	struct m_cap *cap = arena_new(p->r->arena, struct m_cap);
	unsigned n = 0;
	uint8_t *data;

	for (const struct expr *e = p->node->args; e; e = e->next)
		n++;
	if (n > 252) {
		fail(p->r, VALUE_RANGE, p->node->loc,
		     "a vendor capability holds 252 bytes; this has %u", n);
		return;
	}
	data = arena_alloc(p->r->arena, n + 1);
	n = 0;
	for (const struct expr *e = p->node->args; e; e = e->next, n++) {
		uint64_t value;

		if (eval_range(p->r, NULL, e, 0, 255, "the byte", &value))
			data[n] = (uint8_t)value;
	}
	*cap = (struct m_cap){.name = "Vendor Specific",
			      .id = 9,
			      .size = (uint16_t)((3 + n + 3) & ~3u),
			      .data = data,
			      .data_size = n,
			      .loc = p->node->loc};
	list_add(p->r, &p->vendor_caps, cap);
}

static void read_config(struct reading *p)
{
	no_argument(p);
	resolve_config(p->r, p->node->children);
}

/* Items within msi { } and msix { }. */
static const struct node *sub_item(struct reading *p, const char *const *names, unsigned n,
				   unsigned which)
{
	const struct node *found = NULL;

	for (const struct node *item = p->node->children; item; item = item->next) {
		const char *near;
		unsigned i = 0;

		while (i < n && strcmp(names[i], item->name) != 0)
			i++;
		if (i == which && found) {
			if (fail(p->r, REPEATED_WORD, item->name_loc, "'%s' is given twice",
				 item->name))
				diag_note(p->r->diag, found->name_loc, "first given here");
		} else if (i == which) {
			found = item;
		}
		if (i < n || which)
			continue;
		p->unknown_key = true;
		near = suggest(item->name, names, n);
		if (near)
			fail(p->r, UNKNOWN_KEY, item->name_loc,
			     "'%s' has no '%s'; did you mean '%s'?", p->node->name, item->name,
			     near);
		else
			fail(p->r, UNKNOWN_KEY, item->name_loc, "'%s' has no '%s'", p->node->name,
			     item->name);
	}
	return found;
}

/* The checks say which numbers are right; here they only must not be cut off. */
static unsigned vectors(struct reading *p, const struct node *item, unsigned max, struct loc *loc)
{
	uint64_t value;

	*loc = p->node->name_loc;
	if (!item) {
		if (may_say_missing(p->r) && !p->unknown_key)
			fail(p->r, MISSING, p->node->name_loc,
			     "'%s' has no number of vectors: %s { vectors 1; }", p->node->name,
			     p->node->name);
		p->r->trouble++;
		return 1;
	}
	if (!item->args) {
		fail(p->r, BAD_ARGUMENT, item->loc, "'vectors' takes a number");
		return 1;
	}
	*loc = item->args->loc;
	if (!eval(p->r, NULL, item->args, &value))
		return 1;
	return value > max ? max : (unsigned)value;
}

static void read_msi(struct reading *p)
{
	static const char *const names[] = {"vectors"};

	no_count(p);
	p->pci->has_msi = true;
	p->pci->msi_vectors =
		(uint8_t)vectors(p, sub_item(p, names, 1, 0), UINT8_MAX, &p->pci->msi_loc);
}

/* table bar N @ offset */
static void read_table(struct reading *p, const struct node *item, const char *what, uint8_t *bar,
		       uint32_t *offset, struct loc *loc)
{
	uint64_t value;

	*loc = p->node->name_loc;
	if (!item) {
		if (may_say_missing(p->r) && !p->unknown_key)
			fail(p->r, MISSING, p->node->name_loc,
			     "'msix' does not say where its %s is: "
			     "%s bar 4 @ 0;",
			     what, what);
		p->r->trouble++;
		return;
	}
	*loc = item->loc;
	if (!item->value || !item->offset) {
		p->r->trouble++;
		if (may_say_missing(p->r))
			fail(p->r, BAD_ARGUMENT, item->loc, "write: %s bar 4 @ 0;", what);
		return;
	}
	if (eval_range(p->r, NULL, item->value, 0, 5, "the bar", &value))
		*bar = (uint8_t)value;
	*loc = item->offset->loc;
	if (!eval_range(p->r, NULL, item->offset, 0, UINT32_MAX & ~7u, "the offset", &value))
		return;
	*offset = (uint32_t)value;
	if (value % 8)
		fail(p->r, MISALIGNED, item->offset->loc, "the %s stands at a multiple of 8", what);
}

static void read_msix(struct reading *p)
{
	static const char *const names[] = {"vectors", "table", "pba"};

	no_count(p);
	p->pci->has_msix = true;
	p->pci->msix_vectors =
		(uint16_t)vectors(p, sub_item(p, names, 3, 0), UINT16_MAX, &p->pci->msix_loc);
	read_table(p, sub_item(p, names, 3, 1), "table", &p->pci->msix_table_bar,
		   &p->pci->msix_table_offset, &p->pci->table_loc);
	read_table(p, sub_item(p, names, 3, 2), "pba", &p->pci->msix_pba_bar,
		   &p->pci->msix_pba_offset, &p->pci->pba_loc);
}

static const struct {
	const char *name;
	void (*read)(struct reading *p);
	bool many; /* may be given more than once */
} items[] = {
	{"vendor", read_vendor, false},
	{"device", read_device, false},
	{"subsystem", read_subsystem, false},
	{"class", read_class, false},
	{"revision", read_revision, false},
	{"intx", read_intx, false},
	{"msi", read_msi, false},
	{"msix", read_msix, false},
	{"pm", read_pm, false},
	{"express", read_express, false},
	{"flr", read_flr, false},
	{"dsn", read_dsn, false},
	{"rom", read_rom, false},
	{"vendor_cap", read_vendor_cap, true},
	{"config", read_config, false},
};

#define N_ITEMS (sizeof(items) / sizeof(items[0]))

static size_t find_item(struct resolver *r, const struct node *node)
{
	const char *names[N_ITEMS], *near;
	size_t i;

	for (i = 0; i < N_ITEMS; i++) {
		if (!strcmp(items[i].name, node->name))
			return i;
		names[i] = items[i].name;
	}
	near = suggest(node->name, names, N_ITEMS);
	if (near)
		fail(r, UNKNOWN_KEY, node->name_loc, "pci has no '%s'; did you mean '%s'?",
		     node->name, near);
	else if (fail(r, UNKNOWN_KEY, node->name_loc, "pci has no '%s'", node->name))
		diag_help(r->diag,
			  "it has: vendor device subsystem class revision intx msi msix pm express "
			  "flr dsn rom vendor_cap config");
	return i;
}

static void need(struct resolver *r, const struct node *node, bool there, const char *what)
{
	if (there)
		return;
	if (may_say_missing(r))
		fail(r, MISSING, node->loc, "pci has no %s: write '%s 0x1234;'", what, what);
	r->trouble++;
}

static void check_express(struct resolver *r, const struct m_pci *pci, const struct node *dsn)
{
	if (dsn && !pci->express && may_say_missing(r))
		fail(r, CONTRADICTION, dsn->loc,
		     "'dsn' is in extended config space, which needs 'express'");
}

static struct loc head_loc(const struct node *node)
{
	struct loc loc = node->loc;

	/* The word `pci`, not the whole block. */
	loc.end_line = loc.line;
	loc.end_col = loc.col + 3;
	return loc;
}

void resolve_pci(struct resolver *r, const struct node *node)
{
	const unsigned start = r->trouble;
	const struct node *seen[N_ITEMS + 1] = {0};
	struct reading p = {.r = r, .pci = &r->model->pci};
	struct node at = {.loc = head_loc(node)};
	bool unknown = false; /* perhaps what is missing */

	p.pci->loc = at.loc;
	for (const struct node *item = node->children; item; item = item->next) {
		size_t i;

		if (item->kind != NODE_PCI_ITEM || !item->name) {
			r->trouble++;
			continue;
		}
		i = find_item(r, item);
		if (i == N_ITEMS) {
			unknown = true;
			continue;
		}
		if (seen[i] && !items[i].many) {
			if (fail(r, REPEATED_WORD, item->name_loc, "'%s' is given twice",
				 item->name))
				diag_note(r->diag, seen[i]->name_loc, "first given here");
			continue;
		}
		seen[i] = item;
		p.node = item;
		p.unknown_key = false;
		read_attrs(r, item->attrs, IN_ROM, &p.attrs);
		if (item->attrs && items[i].read != read_rom)
			fail(r, MISPLACED_WORD, item->attrs->loc, "'%s' takes no attributes",
			     item->name);
		items[i].read(&p);
	}
	if (!unknown) {
		need(r, &at, seen[0], "vendor");
		need(r, &at, seen[1], "device");
	}
	check_express(r, p.pci, seen[11]);
	p.pci->caps = arena_array(r->arena, struct m_cap, p.vendor_caps.n + 8);
	for (unsigned i = 0; i < p.vendor_caps.n; i++)
		p.pci->caps[p.pci->ncaps++] = *(struct m_cap *)p.vendor_caps.items[i];
	p.pci->bad = r->trouble != start;
}
