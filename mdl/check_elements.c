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

static void check_fields_of(struct checking *c, const struct m_reg *reg)
{
	for (unsigned i = 1; i < reg->nfields; i++) {
		const struct m_field *field = &reg->fields[i];

		for (unsigned k = 0; k < i && !field->bad; k++) {
			const struct m_field *other = &reg->fields[k];

			if (other->bad || !(other->mask & field->mask))
				continue;
			if (found(c, FIELD_OVERLAP, reg->via, field->loc,
				  "field '%s' [%u:%u] overlaps field '%s' of %s", field->name,
				  field->msb, field->lsb, other->name, describe_reg(c, reg)))
				diag_note(c->diag, other->loc, "'%s' takes [%u:%u]", other->name,
					  other->msb, other->lsb);
			break;
		}
	}
}

void check_field_overlap(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nregs; i++)
		if (declares_fields(c->model->regs[i]))
			check_fields_of(c, c->model->regs[i]);
}
