/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether what software reads can ever be something, and whether reading or writing it is safe. */
#include "check_private.h"

/* A field, or all of a register that has none. */
struct bits {
	const struct m_reg *reg;
	const struct m_field *field; /* or NULL */
	uint64_t mask;
	unsigned lsb, msb;
	struct loc loc;
	bool has_reset;
};

/* False: it is broken, and was reported. */
static bool reg_bits_of(const struct m_reg *reg, struct bits *bits)
{
	if (reg->bad || reg->bad_place || reg->width == 0)
		return false;
	*bits = (struct bits){.reg = reg, .loc = reg->loc, .has_reset = reg->has_reset};
	bits->msb = reg->width * 8 - 1;
	bits->mask = UINT64_MAX >> (63 - bits->msb);
	return true;
}

/* False: there is nothing to say of it. */
static bool field_bits_of(const struct m_reg *reg, unsigned i, struct bits *bits)
{
	const struct m_field *field = &reg->fields[i];

	if (field->bad || field->reserved)
		return false;
	*bits = (struct bits){.reg = reg,
			      .field = field,
			      .mask = field->mask,
			      .lsb = field->lsb,
			      .msb = field->msb,
			      .loc = field->loc,
			      .has_reset = field->has_reset};
	return true;
}

/* Call for each field that is worth looking at. */
static void for_each_field(struct checking *c,
			   void (*look)(struct checking *c, const struct bits *bits))
{
	struct bits bits;

	for (unsigned i = 0; i < c->model->nregs; i++) {
		const struct m_reg *reg = c->model->regs[i];

		if (!reg_bits_of(reg, &bits))
			continue;
		if (reg->nfields == 0)
			look(c, &bits);
		for (unsigned k = 0; k < reg->nfields; k++)
			if (field_bits_of(reg, k, &bits))
				look(c, &bits);
	}
}

static const char *describe(const struct checking *c, const struct bits *bits)
{
	if (!bits->field)
		return describe_reg(c, bits->reg);
	return arena_printf(c->arena, "field '%s' of %s", bits->field->name,
			    describe_reg(c, bits->reg));
}

static const struct m_reg *owner_of(const struct m_reg *reg)
{
	return reg->alias_of ? reg->alias_of : reg;
}

/* Bits that software can make 1 through this register. */
static uint64_t bits_software_sets(const struct m_masks *m)
{
	return m->writable | m->woset | m->wot | m->wzs | m->wzt | m->wset | m->rset;
}

/* The same through all views of the storage: by id of the register that owns it. */
static const uint64_t *settable(struct checking *c)
{
	if (c->settable)
		return c->settable;
	c->settable = arena_array(c->arena, uint64_t, c->model->nregs + 1);
	for (unsigned i = 0; i < c->model->nregs; i++) {
		const struct m_reg *reg = c->model->regs[i];

		c->settable[owner_of(reg)->id] |= bits_software_sets(&reg->masks);
	}
	return c->settable;
}

static bool reset_sets(const struct m_reg *reg, uint64_t mask)
{
	for (int kind = 0; kind < MODEL_RESET_KINDS; kind++)
		if (reg->reset[kind] & mask)
			return true;
	return false;
}

/* Can the bits be anything but 0? */
static bool is_set_by_anything(struct checking *c, const struct bits *bits)
{
	const struct m_reg *reg = bits->reg, *owner = owner_of(reg);

	if ((settable(c)[owner->id] & bits->mask) || reset_sets(owner, bits->mask))
		return true;
	if (bits->field && bits->field->cause)
		return (owner->intr && owner->intr->test) || sets_cause(c, owner, bits->field);
	return sets_register(c, reg, bits->field) ||
	       (owner != reg && sets_register(c, owner, NULL));
}

/* Storage that came out broken says nothing. */
static bool is_judged(const struct bits *bits)
{
	const struct m_reg *owner = owner_of(bits->reg);

	return !owner->bad && !owner->doorbell && !(owner->intr && owner->intr->bad);
}

static void look_at_woclr(struct checking *c, const struct bits *bits)
{
	const struct m_masks *m = &bits->reg->masks;
	uint64_t cleared = m->woclr | m->wzc | m->wclr;

	if (!(cleared & bits->mask) || !is_judged(bits) || is_set_by_anything(c, bits))
		return;
	found(c, WOCLR_UNSET, bits->reg->via, bits->loc, "nothing ever sets %s", describe(c, bits));
}

void check_woclr_unset(struct checking *c)
{
	for_each_field(c, look_at_woclr);
}

static bool has_event(const struct m_hook *hooks, unsigned n, enum m_event event)
{
	for (unsigned i = 0; i < n; i++)
		if (hooks[i].event == event)
			return true;
	return false;
}

static bool supplies_value(const struct bits *bits)
{
	return has_event(bits->reg->hooks, bits->reg->nhooks, M_ON_READ) ||
	       (bits->field && has_event(bits->field->hooks, bits->field->nhooks, M_ON_READ));
}

/*
 * `volatile` says that the device changes it, by means that the description need not show.  An
 * intr's status is volatile by itself, and set by its causes alone.
 */
static bool is_called_volatile(const struct bits *bits)
{
	return (bits->reg->masks.volatile_ & bits->mask) == bits->mask &&
	       !(bits->field && bits->field->cause);
}

static bool is_constant(struct checking *c, const struct bits *bits)
{
	const struct m_masks *m = &bits->reg->masks;

	if (!(m->readable & bits->mask) || (written_bits(m) & bits->mask) || bits->has_reset ||
	    supplies_value(bits) || is_called_volatile(bits))
		return false;
	return is_judged(bits) && !is_set_by_anything(c, bits);
}

static void report_constant(struct checking *c, const struct m_reg *reg, struct loc loc,
			    const char *what)
{
	found(c, RO_CONSTANT, reg->via, loc,
	      "%s always reads as 0: it has no reset value and no `on read` hook, and nothing sets "
	      "it",
	      what);
}

/* If no field can be anything but 0, one message is enough. */
static void check_constant_fields(struct checking *c, const struct m_reg *reg)
{
	unsigned constant = 0, judged = 0;
	struct bits bits;

	for (unsigned i = 0; i < reg->nfields; i++) {
		judged += !reg->fields[i].reserved;
		constant += field_bits_of(reg, i, &bits) && is_constant(c, &bits);
	}
	if (constant && constant == judged) {
		report_constant(c, reg, reg->loc, describe_reg(c, reg));
		return;
	}
	for (unsigned i = 0; i < reg->nfields && constant; i++)
		if (field_bits_of(reg, i, &bits) && is_constant(c, &bits))
			report_constant(c, reg, bits.loc, describe(c, &bits));
}

void check_ro_constant(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nregs; i++) {
		const struct m_reg *reg = c->model->regs[i];
		struct bits bits;

		if (!reg_bits_of(reg, &bits))
			continue;
		if (reg->nfields)
			check_constant_fields(c, reg);
		else if (is_constant(c, &bits))
			report_constant(c, reg, reg->loc, describe_reg(c, reg));
	}
}

/* Another field that can be written, which a driver would change by reading all. */
static const struct m_field *find_writable(const struct m_reg *reg, const struct m_field *but)
{
	for (unsigned i = 0; i < reg->nfields; i++) {
		const struct m_field *field = &reg->fields[i];

		if (field != but && !field->reserved && !field->bad &&
		    (written_bits(&reg->masks) & field->mask))
			return field;
	}
	return NULL;
}

static void look_at_read(struct checking *c, const struct bits *bits)
{
	const struct m_reg *reg = bits->reg;
	const struct m_field *field = bits->field, *other = find_writable(reg, field);
	bool acts = field && read_hook_acts(c, field->hooks, field->nhooks);
	bool changes = ((reg->masks.rclr | reg->masks.rset) & bits->mask) != 0;

	if (!field || !other || reg->intr || (!acts && !changes))
		return;
	if (found(c, READ_EFFECT, reg->via, field->loc,
		  "reading %s changes it, but a driver must read it to write '%s'",
		  describe(c, bits), other->name))
		diag_note(c->diag, other->loc, "'%s' can be written", other->name);
}

static void check_read_hook(struct checking *c, const struct m_reg *reg)
{
	if (reg->bad || reg->pair || !written_bits(&reg->masks) ||
	    !read_hook_acts(c, reg->hooks, reg->nhooks))
		return;
	found(c, READ_EFFECT, reg->via, reg->loc,
	      "the `on read` hook of %s acts, but a driver may read it just to write it",
	      describe_reg(c, reg));
}

void check_read_effect(struct checking *c)
{
	for_each_field(c, look_at_read);
	for (unsigned i = 0; i < c->model->nregs; i++)
		check_read_hook(c, c->model->regs[i]);
}

static unsigned access_of(const struct checking *c, const struct m_reg *reg)
{
	const struct m_bar *bar;

	if (reg->bar < 0)
		return reg->access_max;
	bar = find_bar(c->model, (unsigned)reg->bar);
	return bar && !bar->bad ? reg->access_max : 0;
}

/* Where the first and last byte of the bits are, from the register's start. */
static void find_bytes(const struct bits *bits, unsigned *first, unsigned *last)
{
	*first = bits->lsb / 8;
	*last = bits->msb / 8;
	if (bits->reg->big_endian) {
		unsigned top = bits->reg->width - 1;

		*first = top - bits->msb / 8;
		*last = top - bits->lsb / 8;
	}
}

static bool is_cut(const struct m_reg *reg, uint64_t offset, const struct bits *bits,
		   unsigned access)
{
	unsigned first, last;

	find_bytes(bits, &first, &last);
	if ((offset + first) / access != (offset + last) / access)
		return true;
	/* Elements between which the alignment changes: the second one of some dimension shows it.
	 */
	for (unsigned i = 0; i < reg->ndims; i++) {
		uint64_t at = offset + reg->dims[i].stride;

		if (reg->dims[i].count > 1 && (at + first) / access != (at + last) / access)
			return true;
	}
	return false;
}

static void look_at_width(struct checking *c, const struct bits *bits)
{
	unsigned access = access_of(c, bits->reg);

	if (!access || is_misaligned(bits->reg) ||
	    !(written_bits(&bits->reg->masks) & bits->mask) ||
	    !is_cut(bits->reg, bits->reg->offset, bits, access))
		return;
	found(c, TORN_FIELD, bits->reg->via, bits->loc,
	      "%s takes more than one write: %s is accessed by at most %u byte%s, at multiples of "
	      "that",
	      describe(c, bits), bits->reg->narrowed ? "it" : describe_space(c, bits->reg->bar),
	      access, access == 1 ? "" : "s");
}

void check_torn_field(struct checking *c)
{
	for_each_field(c, look_at_width);
}
