/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset of registers: what is done with whole tables of them. */
#include "private.h"

static void once_reset(struct mdl_dev *dev, const struct mdl_reg *reg, enum mdl_reset_kind kind)
{
	/* The record of what was written has the register's shape: reach it as one. */
	const struct mdl_reg record = {.store = reg->effects->once_store, .width = reg->width};

	for (uint32_t i = 0; i < reg->count; i++)
		reg_poke(dev, &record, i, reg_peek(dev, &record, i) & ~reg->reset_mask[kind]);
}

static void reg_reset(struct mdl_dev *dev, const struct mdl_reg *reg, enum mdl_reset_kind kind)
{
	const uint64_t mask = reg->reset_mask[kind];

	if (reg->flags & MDL_REG_DOORBELL)
		return;
	if (reg->effects && reg->effects->once)
		once_reset(dev, reg, kind);
	if (reg->flags & MDL_REG_ALIAS)
		return;
	for (uint32_t i = 0; i < reg->count; i++)
		reg_poke(dev, reg, i, (reg_peek(dev, reg, i) & ~mask) | (reg->reset[kind] & mask));
}

static void reg_reset_hooks(struct mdl_dev *dev, const struct mdl_reg *reg,
			    enum mdl_reset_kind kind)
{
	uint32_t at[MDL_MAX_DIMS] = {0};

	if (!reg->field_hooks && !(reg->hooks && reg->hooks->on_reset))
		return;
	for (uint32_t i = 0; i < reg->count; i++) {
		dims_split(reg->dims, reg->ndims, i, at);
		for (uint32_t f = 0; reg->field_hooks && f < reg->nfields; f++)
			if (reg->fields[f].hooks && reg->fields[f].hooks->on_reset)
				reg->fields[f].hooks->on_reset(dev->instance, at, kind);
		if (reg->hooks && reg->hooks->on_reset)
			reg->hooks->on_reset(dev->instance, at, kind);
	}
}

typedef void reset_function(struct mdl_dev *dev, const struct mdl_reg *reg,
			    enum mdl_reset_kind kind);

static void each_reg(struct mdl_dev *dev, enum mdl_reset_kind kind, reset_function *function)
{
	const struct mdl_device *desc = dev->desc;

	for (uint32_t b = 0; b < desc->nbars; b++)
		for (uint32_t i = 0; i < desc->bars[b].nregs; i++)
			function(dev, &desc->bars[b].regs[i], kind);
	for (uint32_t i = 0; i < desc->pci->nregs; i++)
		function(dev, &desc->pci->regs[i], kind);
}

void regs_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	each_reg(dev, kind, reg_reset);
}

void regs_reset_hooks(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	each_reg(dev, kind, reg_reset_hooks);
}
