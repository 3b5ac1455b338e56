/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset of registers, and their names: what is done with whole tables of them. */
#include <stdio.h>
#include <string.h>

#include "private.h"

static void once_reset(struct mdl_dev *dev, const struct mdl_reg *reg, enum mdl_reset_kind kind)
{
	/* The record of what was written has the register's shape: reach it as one. */
	const struct mdl_reg record = {.store = reg->effects->once_store, .width = reg->width};

	for (uint32_t i = 0; i < reg->count; i++)
		reg_poke(dev, &record, i, reg_peek(dev, &record, i) & ~reg->reset_mask[kind]);
}

void reg_reset(struct mdl_dev *dev, const struct mdl_reg *reg, enum mdl_reset_kind kind)
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

void reg_reset_hooks(struct mdl_dev *dev, const struct mdl_reg *reg, enum mdl_reset_kind kind)
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

/* ---- names */

struct text {
	char *buf;
	size_t size;
	size_t used;
};

static void put(struct text *text, const char *part, size_t length)
{
	for (size_t i = 0; i < length && text->used + 1 < text->size; i++)
		text->buf[text->used++] = part[i];
}

static void put_index(struct text *text, uint32_t index)
{
	char digits[16];
	const int n = snprintf(digits, sizeof(digits), "[%u]", index);

	if (n > 0)
		put(text, digits, (size_t)n);
}

void reg_name(const struct mdl_reg *reg, uint32_t element, char *buf, size_t size)
{
	struct text text = {buf, size, 0};
	uint32_t at[MDL_MAX_DIMS] = {0};
	const char *name = reg->name, *place;
	unsigned d = 0;

	if (size == 0)
		return;
	dims_split(reg->dims, reg->ndims, element, at);
	while (d < reg->ndims && (place = strstr(name, "[]")) != NULL) {
		put(&text, name, (size_t)(place - name));
		put_index(&text, at[d++]);
		name = place + 2;
	}
	put(&text, name, strlen(name));
	while (d < reg->ndims)
		put_index(&text, at[d++]);
	buf[text.used] = '\0';
}
