/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset values: of a register, of its fields, and the two together. */
#include <inttypes.h>

#include "resolve.h"

static uint64_t low_bits(unsigned n)
{
	return n >= 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
}

static void check_fits(struct resolver *r, struct resets *resets, unsigned bits, const char *name)
{
	for (int i = 0; i <= GENERAL_RESET; i++) {
		if (!resets->at[i].given || resets->at[i].bad ||
		    !(resets->at[i].value & ~low_bits(bits)))
			continue;
		fail(r, RESET_WIDTH, resets->at[i].loc,
		     "the reset value 0x%" PRIx64 " does not fit in the %u bit%s of '%s'",
		     resets->at[i].value, bits, bits == 1 ? "" : "s", name);
		resets->at[i].bad = true;
		resets->at[i].value &= low_bits(bits);
	}
}

/* The register's own value says something else about the field's bits than the field. */
static void check_conflict(struct resolver *r, const struct reg_info *info,
			   const struct m_field *field, const struct resets *resets)
{
	for (int i = 0; i <= GENERAL_RESET; i++) {
		uint64_t value =
			info->layer->resets.at[i].value >> field->lsb & low_bits(field->width);

		if (!info->own->resets.at[i].given || info->layer->resets.at[i].bad ||
		    !resets->at[i].given || resets->at[i].bad || value == resets->at[i].value)
			continue;
		if (fail(r, RESET_CONFLICT, resets->at[i].loc,
			 "field '%s' resets to 0x%" PRIx64 ", but its register says 0x%" PRIx64,
			 field->name, resets->at[i].value, value))
			diag_note(r->diag, info->own->resets.at[i].loc,
				  "the register's reset value");
	}
}

/* A kind's own value counts more than the general one, and the field's more than the register's. */
static uint64_t field_value(const struct reg_info *info, const struct m_field *field, int kind,
			    const struct resets *resets, uint64_t reg_value)
{
	uint64_t inherited = reg_value >> field->lsb & low_bits(field->width);

	if (!resets)
		return inherited;
	if (resets->at[kind].given)
		return resets->at[kind].value;
	if (resets->at[GENERAL_RESET].given && !info->layer->resets.at[kind].given)
		return resets->at[GENERAL_RESET].value;
	return inherited;
}

static bool any_given(const struct resets *resets)
{
	for (int i = 0; i <= GENERAL_RESET; i++)
		if (resets->at[i].given)
			return true;
	return false;
}

static void set_kind(struct reg_info *info, int kind, const struct layer *field_layers)
{
	const struct resets *resets = &info->layer->resets;
	struct m_reg *reg = info->reg;
	const uint64_t full = low_bits(reg->width * 8);
	uint64_t base =
		resets->at[kind].given ? resets->at[kind].value : resets->at[GENERAL_RESET].value;
	int reg_sticky = info->layer->sticky;
	uint64_t sticky = reg_sticky >= 0 && kind >= reg_sticky ? full : 0;

	reg->reset[kind] = base;
	for (unsigned i = 0; i < reg->nfields; i++) {
		struct m_field *field = &reg->fields[i];
		const struct layer *layer = field_layers ? &field_layers[i] : NULL;
		int strongest = layer && layer->sticky >= 0 ? layer->sticky : reg_sticky;
		uint64_t value;

		if (field->bad && !field->mask)
			continue;
		value = field_value(info, field, kind, layer ? &layer->resets : NULL, base);
		field->reset[kind] = value;
		field->sticky[kind] = strongest >= 0 && kind >= strongest;
		reg->reset[kind] = (reg->reset[kind] & ~field->mask) | value << field->lsb;
		sticky = field->sticky[kind] ? sticky | field->mask : sticky & ~field->mask;
	}
	reg->reset[kind] &= full;
	reg->reset_mask[kind] = full & ~sticky;
}

void set_resets(struct resolver *r, struct reg_info *info, struct layer *field_layers)
{
	struct m_reg *reg = info->reg;

	check_fits(r, &info->layer->resets, reg->width * 8, reg->path);
	reg->has_reset = any_given(&info->layer->resets);
	for (unsigned i = 0; i < reg->nfields; i++) {
		struct m_field *field = &reg->fields[i];

		field->has_reset = any_given(&info->layer->resets);
		if (!field_layers || !field->mask)
			continue;
		check_fits(r, &field_layers[i].resets, field->width, field->name);
		check_conflict(r, info, field, &field_layers[i].resets);
		field->has_reset |= any_given(&field_layers[i].resets);
		reg->has_reset |= field->has_reset;
	}
	for (int kind = 0; kind < MODEL_RESET_KINDS; kind++)
		set_kind(info, kind, field_layers);
}
