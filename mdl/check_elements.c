/* SPDX-License-Identifier: BSD-2-Clause */
/* Things that get in their own way: elements of one array, fields of one register. */
#include "check_private.h"
#include "extents.h"

static bool overlaps_itself(uint64_t offset, uint64_t width, const struct m_dim *dims,
			    unsigned ndims)
{
	struct extent extent;

	return extent_init(&extent, offset, width, dims, ndims) && extent_meets_itself(&extent);
}

void check_element_overlap(struct checking *c)
{
	const struct model *model = c->model;
	char range[RANGE_TEXT];

	for (unsigned i = 0; i < model->nregs; i++) {
		const struct m_reg *reg = model->regs[i];

		if (reg->bad_place || reg->ndims == 0 ||
		    !overlaps_itself(reg->offset, reg->width, reg->dims, reg->ndims))
			continue;
		describe_range(range, reg->offset, reg->width, reg->dims, reg->ndims);
		found(c, ELEMENT_OVERLAP, reg->via, reg->stride_loc, "elements of %s overlap: %s",
		      describe_reg(c, reg), range);
	}
	for (unsigned i = 0; i < model->nbars; i++) {
		for (unsigned k = 0; k < model->bars[i].nrams; k++) {
			const struct m_ram *ram = &model->bars[i].rams[k];

			if (ram->bad_place || ram->ndims == 0 ||
			    !overlaps_itself(ram->offset, ram->size, ram->dims, ram->ndims))
				continue;
			describe_range(range, ram->offset, ram->size, ram->dims, ram->ndims);
			found(c, ELEMENT_OVERLAP, ram->via, ram->stride_loc,
			      "elements of %s overlap: %s", describe_ram(c, ram), range);
		}
	}
}

/* An intr's causes are fields of all its registers: look at one of them. */
static bool declares_fields(const struct m_reg *reg)
{
	return reg->intr_role == M_INTR_NONE || reg->intr_role == M_INTR_STATUS;
}

/* What has fields: a register, or a member of a layout. */
struct owner {
	const struct m_reg *reg;
	const struct m_layout *layout;
	const struct m_member *member;
};

static const char *describe_owner(struct checking *c, const struct owner *owner)
{
	if (owner->reg)
		return describe_reg(c, owner->reg);
	return arena_printf(c->arena, "'%s' in layout '%s'", owner->member->name,
			    owner->layout->name);
}

static void check_fields_of(struct checking *c, const struct m_field *fields, unsigned n,
			    struct owner owner)
{
	const struct m_via *via = owner.reg ? owner.reg->via : NULL;

	for (unsigned i = 1; i < n; i++) {
		const struct m_field *field = &fields[i];

		for (unsigned k = 0; k < i && !field->bad; k++) {
			const struct m_field *other = &fields[k];

			if (other->bad || !(other->mask & field->mask))
				continue;
			if (found(c, FIELD_OVERLAP, via, field->loc,
				  "field '%s' [%u:%u] overlaps field '%s' of %s", field->name,
				  field->msb, field->lsb, other->name, describe_owner(c, &owner)))
				diag_note(c->diag, other->loc, "'%s' takes [%u:%u]", other->name,
					  other->msb, other->lsb);
			break;
		}
	}
}

static void check_layout(struct checking *c, const struct m_layout *layout)
{
	for (unsigned i = 0; i < layout->nmembers; i++)
		check_fields_of(c, layout->members[i].fields, layout->members[i].nfields,
				(struct owner){.layout = layout, .member = &layout->members[i]});
}

void check_field_overlap(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nregs; i++) {
		const struct m_reg *reg = c->model->regs[i];

		if (declares_fields(reg))
			check_fields_of(c, reg->fields, reg->nfields, (struct owner){.reg = reg});
	}
	for (unsigned i = 0; i < c->model->nlayouts; i++)
		check_layout(c, c->model->layouts[i]);
}
