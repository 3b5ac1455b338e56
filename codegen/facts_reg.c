/* SPDX-License-Identifier: BSD-2-Clause */
/* BARs, registers, fields and memory as facts. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "facts.h"

void array_text(char *text, size_t size, const struct m_dim *dims, unsigned ndims)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < ndims && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "[%" PRIu32 "]", dims[i].count);
}

static void put_array(struct facts *f, const struct m_dim *dims, unsigned ndims)
{
	char text[MODEL_MAX_DIMS * 13];

	array_text(text, sizeof(text), dims, ndims);
	facts_text(f, "array", text);
}

/* Registers and memory have their names in spaces of their own. */
static void write_dims(struct facts *f, const char *space, const char *name,
		       const struct m_dim *dims, unsigned ndims)
{
	for (unsigned i = 0; i < ndims; i++) {
		facts_begin(f, FACT_dim);
		facts_format(f, "cname", "%s_%s", space, name);
		facts_number(f, "count", dims[i].count);
		facts_hex(f, "stride", dims[i].stride);
		facts_run(f, i, ndims);
		facts_end(f);
	}
}

/* The linear element of a block in arrays, from its indices. */
void put_element(struct facts *f, const struct m_dim *dims, unsigned ndims)
{
	char text[MODEL_MAX_DIMS * 32] = "0", next[sizeof(text)];

	for (unsigned i = 0; i < ndims; i++) {
		char index = "ijklmnop"[i];

		if (i == 0)
			snprintf(text, sizeof(text), "%c", index);
		else {
			snprintf(next, sizeof(next),
				 i == 1 ? "%.*s * %" PRIu32 " + %c" : "(%.*s) * %" PRIu32 " + %c",
				 (int)sizeof(next) - 32, text, dims[i].count, index);
			memcpy(text, next, sizeof(text));
		}
	}
	facts_text(f, "at", text);
}

/* Offset of the last byte of all elements, plus one. */
static uint64_t end_of(uint64_t offset, uint64_t size, const struct m_dim *dims, unsigned ndims)
{
	for (unsigned i = 0; i < ndims; i++)
		offset += (uint64_t)(dims[i].count - 1) * dims[i].stride;
	return offset + size;
}

static const struct {
	const char *name;
	size_t at;
} effects[] = {
#define EFFECT(name)                                  \
	{                                             \
#name, offsetof(struct m_masks, name) \
	}
	EFFECT(woclr), EFFECT(woset), EFFECT(wot),  EFFECT(wzc),  EFFECT(wzs),  EFFECT(wzt),
	EFFECT(wclr),  EFFECT(wset),  EFFECT(rclr), EFFECT(rset), EFFECT(once), EFFECT(pulse),
#undef EFFECT
};

#define NEFFECTS (sizeof(effects) / sizeof(effects[0]))

static uint64_t effect_mask(const struct m_reg *reg, size_t n)
{
	return *(const uint64_t *)(const void *)((const char *)&reg->masks + effects[n].at);
}

static unsigned count_effects(const struct m_reg *reg)
{
	unsigned n = 0;

	for (size_t i = 0; i < NEFFECTS; i++)
		n += effect_mask(reg, i) != 0;
	return n;
}

static void write_effects(struct facts *f, const struct m_reg *reg)
{
	unsigned total = count_effects(reg), n = 0;

	for (size_t i = 0; i < NEFFECTS; i++) {
		if (!effect_mask(reg, i))
			continue;
		facts_begin(f, FACT_effect);
		facts_text(f, "cname", reg->cname);
		facts_text(f, "kind", effects[i].name);
		facts_hex(f, "mask", effect_mask(reg, i));
		facts_run(f, n++, total);
		facts_end(f);
	}
}

static void write_locks(const struct facts_run *run, const struct m_reg *reg)
{
	struct facts *f = run->facts;

	for (unsigned i = 0; i < reg->nlocks; i++) {
		const struct m_lock *lock = &reg->locks[i];

		facts_begin(f, FACT_lock);
		facts_text(f, "cname", reg->cname);
		facts_hex(f, "mask", lock->mask);
		facts_flag(f, "low", lock->low);
		facts_text(f, "key", lock->key->cname);
		facts_number(f, "key_index", run->reg_index[lock->key->id]);
		facts_hex(f, "key_bits", lock->key_bits);
		facts_number(f, "shared", lock->shared_dims);
		facts_text(f, "path", lock->path);
		facts_run(f, i, reg->nlocks);
		facts_end(f);
	}
}

static const char *reg_type(unsigned width)
{
	switch (width) {
	case 1:
		return "uint8_t";
	case 2:
		return "uint16_t";
	case 8:
		return "uint64_t";
	default:
		return "uint32_t";
	}
}

static const char *reg_suffix(unsigned width)
{
	return width == 8 ? "ull" : "u";
}

static const struct m_reg *owner_of(const struct m_reg *reg)
{
	while (reg->alias_of)
		reg = reg->alias_of;
	return reg;
}

static bool has_storage(const struct m_reg *reg)
{
	return !reg->alias_of && reg->doorbell == M_DOORBELL_NONE;
}

/* "0x1, 0x1, 0x1, 0x1": mostly the same, and then formatted only once. */
static void put_resets(struct facts *f, const char *arg, const uint64_t *values)
{
	char text[MODEL_RESET_KINDS * 20], one[20] = "";
	size_t used = 0, length = 0;

	if (!facts_next_needed(f)) {
		facts_text(f, arg, NULL);
		return;
	}
	for (unsigned i = 0; i < MODEL_RESET_KINDS; i++) {
		if (!i || values[i] != values[i - 1])
			length = (size_t)snprintf(one, sizeof(one), "0x%" PRIx64, values[i]);
		memcpy(text + used, one, length);
		memcpy(text + used + length, ", ", 2);
		used += length + 2;
	}
	text[used - 2] = '\0';
	facts_text(f, arg, text);
}

/* The kinds of reset that leave some of it as it is. */
static void put_sticky(struct facts *f, const struct m_reg *reg)
{
	const uint64_t *masks = reg->reset_mask;

	facts_format(f, "sticky", "%s%s%s", masks[1] != masks[0] ? " hard" : "",
		     masks[2] != masks[0] ? " flr" : "", masks[3] != masks[0] ? " soft" : "");
}

/* Words, a space between. */
static void put_flags(struct facts *f, const struct m_reg *reg)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s%s", reg->is_volatile ? " VOLATILE" : "",
		 reg->alias_of ? " ALIAS" : "", reg->doorbell != M_DOORBELL_NONE ? " DOORBELL" : "",
		 reg->big_endian ? " BE" : "");
	facts_text(f, "flags", *text ? text + 1 : text);
}

static void put_bar(struct facts *f, const struct m_reg *reg)
{
	if (reg->bar < 0)
		facts_text(f, "bar", "config");
	else
		facts_number(f, "bar", (unsigned)reg->bar);
}

/* "0x1000 + 0x8*i": the place in words that a reader of documents understands. */
static void put_place(struct facts *f, uint64_t offset, const struct m_dim *dims, unsigned ndims)
{
	char text[32 + MODEL_MAX_DIMS * 24];
	size_t used;

	if (!facts_next_needed(f)) {
		facts_text(f, "place", NULL);
		return;
	}
	used = (size_t)snprintf(text, sizeof(text), "0x%02" PRIx64, offset);
	for (unsigned i = 0; i < ndims; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " + 0x%" PRIx32 "*%c",
					 dims[i].stride, "ijklmnop"[i]);
	facts_text(f, "place", text);
}

/* The same as C sees it, for macros with arguments. */
static void put_macro(struct facts *f, uint64_t offset, const struct m_dim *dims, unsigned ndims)
{
	char text[32 + MODEL_MAX_DIMS * 24];
	size_t used;

	if (!facts_next_needed(f)) {
		facts_text(f, "macro", NULL);
		return;
	}
	used = (size_t)snprintf(text, sizeof(text), "0x%02" PRIx64 "u", offset);
	for (unsigned i = 0; i < ndims; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 " + 0x%" PRIx32 "u * (%c)", dims[i].stride, "ijklmnop"[i]);
	facts_text(f, "macro", text);
}

/* An enumeration's table: its own name, or that of what it was written in. */
static void enum_id(char *id, size_t size, const struct m_enum *e, const char *owner,
		    const char *cname)
{
	if (!e)
		*id = '\0';
	else if (e->name)
		snprintf(id, size, "enum_%s", e->name);
	else
		snprintf(id, size, "%s%s", owner, cname);
}

static void put_reg_hooks(struct facts *f, const struct m_reg *reg)
{
	facts_number(f, "nlocks", reg->nlocks);
	facts_number(f, "nfields", reg->nfields);
	facts_flag(f, "hooks", reg->nhooks > 0);
	facts_flag(f, "field_hooks", reg->field_hooks);
	facts_flag(f, "read_hook", reg->has_read_hook);
}

/* An alias of an interrupt block's register acts on the block as that one does. */
static void put_role(struct facts *f, const struct m_reg *reg)
{
	static const char *const roles[] = {"", "STATUS", "ENABLE", "MASK", "TEST"};
	const struct m_reg *owner = owner_of(reg);

	facts_text(f, "role", roles[owner->intr_role]);
	facts_text(f, "intr", owner->intr ? owner->intr->cname : NULL);
	put_element(f, reg->dims, owner->intr ? reg->ndims : 0);
}

static void put_reg_relations(const struct facts_run *run, const struct m_reg *reg, const char *id)
{
	struct facts *f = run->facts;
	static const char *const doorbells[] = {"", "MESSAGE", "IOEVENTFD", "MMAP"};

	facts_text(f, "owner", owner_of(reg)->cname);
	facts_text(f, "alias", reg->alias_of ? reg->alias_of->path : NULL);
	if (reg->alias_of)
		facts_number(f, "alias_index", run->reg_index[reg->alias_of->id]);
	else
		facts_text(f, "alias_index", NULL);
	facts_text(f, "pair", reg->pair ? reg->pair->path : NULL);
	facts_flag(f, "storage", has_storage(reg));
	facts_flag(f, "once", reg->masks.once != 0);
	put_role(f, reg);
	facts_text(f, "doorbell", doorbells[reg->doorbell]);
	facts_number(f, "poll", reg->poll_ns);
	facts_text(f, "enum", id);
}

static void write_reg(const struct facts_run *run, const struct m_reg *reg, const char *id)
{
	struct facts *f = run->facts;

	facts_begin(f, FACT_reg);
	facts_text(f, "name", reg->name);
	facts_text(f, "path", reg->path);
	facts_text(f, "pattern", reg->group_dims ? reg->pattern : NULL);
	facts_text(f, "cname", reg->cname);
	facts_text(f, "doc", reg->doc);
	facts_text(f, "type", reg_type(reg->width));
	facts_text(f, "suffix", reg_suffix(reg->width));
	put_bar(f, reg);
	put_place(f, reg->offset, reg->dims, reg->ndims);
	put_macro(f, reg->offset, reg->dims, reg->ndims);
	facts_hex(f, "offset", reg->offset);
	facts_hex(f, "end", end_of(reg->offset, reg->width, reg->dims, reg->ndims));
	facts_number(f, "width", reg->width);
	facts_number(f, "bits", 8 * reg->width);
	facts_flag(f, "narrow", reg->narrowed);
	facts_number(f, "access_min", reg->access_min);
	facts_number(f, "access_max", reg->access_max);
	facts_number(f, "ndims", reg->ndims);
	put_array(f, reg->dims, reg->ndims);
	facts_number(f, "count", reg->count);
	facts_flag(f, "big", reg->big_endian);
	facts_flag(f, "volatile", reg->is_volatile);
	facts_text(f, "access", reg->access);
	facts_since(f, "since", reg->since);
	facts_flag(f, "has_reset", reg->has_reset);
	facts_hex(f, "reset", reg->reset[0]);
	put_sticky(f, reg);
	facts_hex(f, "readable", reg->masks.readable);
	facts_hex(f, "writable", reg->masks.writable);
	put_resets(f, "resets", reg->reset);
	put_resets(f, "reset_masks", reg->reset_mask);
	put_flags(f, reg);
	facts_number(f, "effects", count_effects(reg));
	put_reg_hooks(f, reg);
	put_reg_relations(run, reg, id);
	facts_end(f);
}

static void put_field_state(struct facts *f, const struct m_field *field)
{
	facts_text(f, "access", field->access);
	facts_flag(f, "reserved", field->reserved);
	facts_flag(f, "volatile", field->is_volatile);
	facts_flag(f, "pulse", field->pulse);
	facts_flag(f, "has_reset", field->has_reset);
	facts_hex(f, "reset", field->reset[0]);
	facts_format(f, "sticky", "%s%s%s", field->sticky[1] ? " hard" : "",
		     field->sticky[2] ? " flr" : "", field->sticky[3] ? " soft" : "");
}

static void write_field(const struct facts_run *run, const struct m_reg *reg, unsigned n)
{
	const struct m_field *field = &reg->fields[n];
	struct facts *f = run->facts;
	char full[512], path[512], id[540];

	snprintf(path, sizeof(path), "%s.%s", reg->path, field->name);
	if (snprintf(full, sizeof(full), "%s_%s", reg->cname, field->cname) >= (int)sizeof(full))
		f->error = "a name is too long";
	enum_id(id, sizeof(id), field->enumeration, "field_", full);
	facts_hooks(run,
		    &(struct facts_hook){.owner = "field",
					 .table = full,
					 .path = path,
					 .doc = field->doc,
					 .type = reg_type(reg->width),
					 .ndims = reg->ndims},
		    field->hooks, field->nhooks);
	facts_begin(f, FACT_field);
	facts_text(f, "reg", reg->cname);
	facts_text(f, "name", field->name);
	facts_text(f, "cname", field->cname);
	facts_text(f, "full", full);
	facts_text(f, "path", path);
	facts_text(f, "doc", field->doc);
	facts_text(f, "type", reg_type(reg->width));
	facts_flag(f, "promoted", reg->width < 4);
	facts_text(f, "suffix", reg_suffix(reg->width));
	facts_number(f, "lsb", field->lsb);
	facts_number(f, "msb", field->msb);
	facts_number(f, "width", field->width);
	facts_hex(f, "mask", field->mask);
	put_field_state(f, field);
	facts_text(f, "enum", id);
	facts_number(f, "nvalues", field->enumeration ? field->enumeration->nvalues : 0);
	facts_flag(f, "hooks", field->nhooks > 0);
	facts_number(f, "ndims", reg->ndims);
	facts_text(f, "owner", owner_of(reg)->cname);
	put_role(f, reg);
	facts_flag(f, "accessors", !field->reserved && reg->doorbell == M_DOORBELL_NONE);
	facts_run(f, n, reg->nfields);
	facts_end(f);
	if (field->enumeration) /* a named one has its table already */
		facts_enum(run, field->enumeration, field->enumeration->name ? NULL : id, full,
			   "field", reg_suffix(reg->width));
}

/* The field that holds the bit, or NULL; *top: the highest bit below it that belongs to one, or -1.
 */
static const struct m_field *field_at(const struct m_reg *reg, int bit, int *top)
{
	*top = -1;
	for (unsigned i = 0; i < reg->nfields; i++) {
		const struct m_field *field = &reg->fields[i];

		if ((int)field->lsb <= bit && bit <= (int)field->msb)
			return field;
		if ((int)field->msb < bit && (int)field->msb > *top)
			*top = (int)field->msb;
	}
	return NULL;
}

/* Rows of at most 32 bits; x counts from the left of its row. */
static void write_piece(const struct facts_run *run, const struct m_reg *reg,
			const struct m_field *field, unsigned msb, unsigned lsb)
{
	struct facts *f = run->facts;
	unsigned bits = 8 * reg->width, row_bits = bits > 32 ? 32 : bits;
	unsigned row = (bits - 1 - msb) / row_bits, top = bits - 1 - row * row_bits;

	facts_begin(f, FACT_piece);
	facts_text(f, "reg", reg->cname);
	facts_text(f, "name", field ? field->name : reg->nfields ? NULL : reg->name);
	facts_number(f, "x", top - msb);
	facts_number(f, "width", msb - lsb + 1);
	facts_number(f, "msb", msb);
	facts_number(f, "lsb", lsb);
	facts_flag(f, "gap", field ? field->reserved : reg->nfields > 0);
	facts_hex(f, "reset", (reg->reset[0] >> lsb) & (~0ull >> (63 - (msb - lsb))));
	facts_number(f, "row", row);
	facts_end(f);
}

static void write_picture(const struct facts_run *run, const struct m_reg *reg)
{
	unsigned bits = 8 * reg->width;
	int bit = (int)bits - 1;

	facts_begin(run->facts, FACT_picture);
	facts_text(run->facts, "reg", reg->cname);
	facts_number(run->facts, "bits", bits);
	facts_number(run->facts, "count", reg->nfields);
	facts_end(run->facts);
	while (bit >= 0) {
		int top, row_low = bits > 32 && bit >= 32 ? 32 : 0;
		const struct m_field *field = field_at(reg, bit, &top);
		int low = field ? (int)field->lsb : top + 1;

		if (low < row_low) /* it goes on in the next row */
			low = row_low;
		write_piece(run, reg, field, (unsigned)bit, (unsigned)low);
		bit = low - 1;
	}
}

static void write_register(const struct facts_run *run, const struct m_reg *reg)
{
	struct facts *f = run->facts;
	char id[540];

	enum_id(id, sizeof(id), reg->enumeration, "", reg->cname);
	write_reg(run, reg, id);
	write_dims(f, "reg", reg->cname, reg->dims, reg->ndims);
	write_effects(f, reg);
	write_locks(run, reg);
	facts_hooks(
		run,
		&(struct facts_hook){.owner = reg->doorbell != M_DOORBELL_NONE ? "doorbell" : "reg",
				     .table = reg->cname,
				     .path = reg->path,
				     .doc = reg->doc,
				     .type = reg_type(reg->width),
				     .ndims = reg->ndims},
		reg->hooks, reg->nhooks);
	if (reg->enumeration) /* the run time has no names for whole registers: no table */
		facts_enum(run, reg->enumeration, NULL, reg->cname, "reg", reg_suffix(reg->width));
	if (facts_needed(f, FACT_picture))
		write_picture(run, reg);
	for (unsigned i = 0; i < reg->nfields; i++)
		write_field(run, reg, i);
	facts_begin(f, FACT_reg_end);
	facts_text(f, "cname", reg->cname);
	facts_text(f, "path", reg->path);
	put_bar(f, reg);
	facts_number(f, "nfields", reg->nfields);
	facts_end(f);
}

static void write_ram(const struct facts_run *run, const struct m_bar *bar, unsigned n)
{
	const struct m_ram *ram = &bar->rams[n];
	struct facts *f = run->facts;

	facts_begin(f, FACT_ram);
	facts_text(f, "name", ram->name);
	facts_text(f, "path", ram->path);
	facts_text(f, "pattern", ram->group_dims ? ram->pattern : NULL);
	facts_text(f, "cname", ram->cname);
	facts_text(f, "doc", ram->doc);
	facts_number(f, "bar", bar->index);
	put_place(f, ram->offset, ram->dims, ram->ndims);
	put_macro(f, ram->offset, ram->dims, ram->ndims);
	facts_hex(f, "offset", ram->offset);
	facts_hex(f, "size", ram->size);
	facts_hex(f, "end", end_of(ram->offset, ram->size, ram->dims, ram->ndims));
	facts_number(f, "ndims", ram->ndims);
	put_array(f, ram->dims, ram->ndims);
	facts_number(f, "count", ram->count);
	facts_flag(f, "mmap", ram->mmap);
	facts_flag(f, "transient", ram->transient);
	facts_since(f, "since", ram->since);
	facts_run(f, n, bar->nrams);
	facts_end(f);
	write_dims(f, "ram", ram->cname, ram->dims, ram->ndims);
}

static void write_bar(const struct facts_run *run, unsigned n, unsigned first_reg)
{
	static const char *const types[] = {"", "IO", "MEM32", "MEM64"};
	const struct m_bar *bar = &run->model->bars[n];
	struct facts *f = run->facts;

	facts_begin(f, FACT_bar);
	facts_number(f, "index", bar->index);
	facts_text(f, "type", types[bar->type]);
	facts_text(f, "doc", bar->doc);
	facts_flag(f, "prefetchable", bar->prefetchable);
	facts_flag(f, "big", bar->big_endian);
	facts_hex(f, "size", bar->size);
	facts_number(f, "access_min", bar->access_min);
	facts_number(f, "access_max", bar->access_max);
	facts_number(f, "nregs", bar->nregs);
	facts_number(f, "nrams", bar->nrams);
	facts_number(f, "first_reg", first_reg);
	facts_run(f, n, run->model->nbars);
	facts_end(f);
	for (unsigned i = 0; i < bar->nregs; i++)
		write_register(run, bar->regs[i]);
	for (unsigned i = 0; i < bar->nrams; i++)
		write_ram(run, bar, i);
}

void facts_registers(const struct facts_run *run)
{
	unsigned first_reg = 0;

	for (unsigned i = 0; i < run->model->nbars; i++) {
		write_bar(run, i, first_reg);
		first_reg += run->model->bars[i].nregs;
	}
	for (unsigned i = 0; i < run->model->pci.nregs; i++)
		write_register(run, run->model->pci.regs[i]);
}
