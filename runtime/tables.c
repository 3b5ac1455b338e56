/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that were not made by mdlc, or for another structure, are refused before anything is
 * built on them: every place lies in the author's structure, every size and index is one that
 * exists.
 */
#include "tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int wrong(struct mdl_dev *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(struct mdl_dev *dev, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	log_error(dev, "the device's tables are wrong: %s", what);
	return -EINVAL;
}

static bool inside(const struct mdl_dev *dev, uint64_t at, uint64_t count, uint64_t size)
{
	return at <= dev->desc->size && count * size <= dev->desc->size - at;
}

static bool is_width(unsigned bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

/* bar: NULL in config space, which takes every width. */
static int check_widths(struct mdl_dev *dev, const struct mdl_reg *reg, const struct mdl_bar *bar)
{
	if (reg->access_min == 0 && reg->access_max == 0)
		return 0;
	if (!bar || !is_width(reg->access_min) || !is_width(reg->access_max) ||
	    reg->access_min > reg->access_max || reg->access_min < bar->access_min ||
	    reg->access_max > bar->access_max)
		return wrong(dev, "%s has accesses of %u to %u bytes", reg->name, reg->access_min,
			     reg->access_max);
	return 0;
}

/* "[]" in what names come from: no more than there are indices. */
static int check_pattern(struct mdl_dev *dev, const struct mdl_reg *reg)
{
	const char *at = reg->pattern ? reg->pattern : reg->name;
	unsigned n = 0;

	while ((at = strstr(at, "[]")) != NULL) {
		at += 2;
		n++;
	}
	if (n <= reg->ndims)
		return 0;
	return wrong(dev, "%s has %u dimensions, its name %u", reg->name, reg->ndims, n);
}

static int check_reg(struct mdl_dev *dev, const struct mdl_reg *reg, const struct mdl_bar *bar,
		     uint64_t space)
{
	uint64_t count = 1, last = reg->offset;

	if (!is_width(reg->width))
		return wrong(dev, "%s is %u bytes wide", reg->name, reg->width);
	for (unsigned i = 0; i < reg->ndims; i++) {
		if (!reg->dims[i].count)
			return wrong(dev, "%s has an empty dimension", reg->name);
		count *= reg->dims[i].count;
		last += (uint64_t)(reg->dims[i].count - 1) * reg->dims[i].stride;
		if (count > UINT32_MAX || last > space)
			break;
	}
	if (count != reg->count)
		return wrong(dev, "%s has %u elements, not the product of its dimensions",
			     reg->name, reg->count);
	if (last + reg->width > space)
		return wrong(dev, "%s ends beyond its space", reg->name);
	if (!(reg->flags & MDL_REG_DOORBELL) && !inside(dev, reg->store, count, reg->width))
		return wrong(dev, "%s is not stored in the structure", reg->name);
	return check_pattern(dev, reg) ? -EINVAL : check_widths(dev, reg, bar);
}

static int check_bar(struct mdl_dev *dev, const struct mdl_bar *bar)
{
	if (bar->index > 5 || bar->type > MDL_BAR_MEM64)
		return wrong(dev, "BAR %u of type %u", bar->index, bar->type);
	if (bar->size < 4 || bar->size & (bar->size - 1))
		return wrong(dev, "BAR %u has %" PRIu64 " bytes", bar->index, bar->size);
	if (!is_width(bar->access_min) || !is_width(bar->access_max) ||
	    bar->access_min > bar->access_max)
		return wrong(dev, "BAR %u has accesses of %u to %u bytes", bar->index,
			     bar->access_min, bar->access_max);
	for (uint32_t i = 0; i < bar->nregs; i++) {
		int rc = check_reg(dev, &bar->regs[i], bar, bar->size);

		if (rc)
			return rc;
	}
	for (uint32_t i = 0; i < bar->nrams; i++) {
		const struct mdl_ram *ram = &bar->rams[i];

		if (!ram->size || ram->offset > bar->size || ram->size > bar->size - ram->offset ||
		    !inside(dev, ram->store, ram->count, sizeof(void *)))
			return wrong(dev, "memory %s does not fit", ram->name);
	}
	return 0;
}

static int check_bars(struct mdl_dev *dev)
{
	unsigned used = 0;

	for (uint32_t i = 0; i < dev->desc->nbars; i++) {
		const struct mdl_bar *bar = &dev->desc->bars[i];
		int rc = check_bar(dev, bar);

		if (rc)
			return rc;
		if (used & 1u << bar->index)
			return wrong(dev, "BAR %u is there twice", bar->index);
		used |= 1u << bar->index;
	}
	return 0;
}

static int check_pci(struct mdl_dev *dev)
{
	const struct mdl_pci *pci = dev->desc->pci;
	uint64_t space;

	if (!pci)
		return wrong(dev, "no PCI identity");
	space = pci->express ? 4096 : 256;
	if (pci->intx > 4 || pci->msi_vectors > 32 || pci->msix_vectors > 2048)
		return wrong(dev, "INTx pin %u, %u MSI and %u MSI-X vectors", pci->intx,
			     pci->msi_vectors, pci->msix_vectors);
	for (uint32_t i = 0; i < pci->nregs; i++) {
		int rc = check_reg(dev, &pci->regs[i], NULL, space);

		if (rc)
			return rc;
	}
	for (uint32_t i = 0; i < pci->ncaps; i++)
		if (pci->caps[i].offset < 0x40 || pci->caps[i].offset + pci->caps[i].size > 256)
			return wrong(dev, "capability %u at 0x%x", pci->caps[i].id,
				     pci->caps[i].offset);
	for (uint32_t i = 0; i < pci->nextcaps; i++)
		if (pci->extcaps[i].offset < 256 ||
		    pci->extcaps[i].offset + pci->extcaps[i].size > space)
			return wrong(dev, "extended capability %u at 0x%x", pci->extcaps[i].id,
				     pci->extcaps[i].offset);
	return 0;
}

static int check_params(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->nparams; i++) {
		const struct mdl_param *param = &dev->desc->params[i];
		uint64_t size = param->size;

		if (param->type > MDL_PARAM_ENUM)
			return wrong(dev, "parameter %s of type %u", param->name, param->type);
		if (param->type == MDL_PARAM_STRING || param->type == MDL_PARAM_PATH)
			size = sizeof(char *);
		else if (param->type == MDL_PARAM_BOOL)
			size = sizeof(bool);
		else if (!is_width(param->size))
			return wrong(dev, "parameter %s of %u bytes", param->name, param->size);
		if (!inside(dev, param->store, 1, size))
			return wrong(dev, "parameter %s is not stored in the structure",
				     param->name);
	}
	return 0;
}

static int check_vars(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->nvars; i++) {
		const struct mdl_var *var = &dev->desc->vars[i];

		if (!inside(dev, var->store, var->count, var->size) ||
		    (var->length_store != MDL_NO_LENGTH &&
		     !inside(dev, var->length_store, 1, sizeof(uint32_t))))
			return wrong(dev, "variable %s is not stored in the structure", var->name);
		if (var->section >= 0 && (uint32_t)var->section >= dev->desc->nsections)
			return wrong(dev, "variable %s in section %d", var->name, var->section);
		if (var->type == MDL_VAR_LAYOUT && !var->layout)
			return wrong(dev, "variable %s without its layout", var->name);
		if (var->type != MDL_VAR_LAYOUT && !is_width(var->size))
			return wrong(dev, "variable %s of %u bytes", var->name, var->size);
	}
	return 0;
}

static int check_timers(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->ntimers; i++) {
		const struct mdl_timer_desc *timer = &dev->desc->timers[i];

		if (!inside(dev, timer->store, timer->count, sizeof(struct mdl_timer)))
			return wrong(dev, "timer %s is not stored in the structure", timer->name);
	}
	return 0;
}

int tables_check(struct mdl_dev *dev)
{
	int rc;

	if (!dev->desc->name || dev->desc->size < sizeof(struct mdl_dev *))
		return -EINVAL; /* nothing could be logged in its name */
	rc = check_pci(dev);
	rc = rc ? rc : check_bars(dev);
	rc = rc ? rc : check_params(dev);
	rc = rc ? rc : check_vars(dev);
	return rc ? rc : check_timers(dev);
}
