/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: one line per register access, interrupt and DMA, by name, as in
 *   gpiotmr.CTRL.EN 0 -> 1
 *   gpiotmr.LOAD read 0xff
 *   gpiotmr.irq expire raised
 *   gpiotmr.dma write 0x1000 +512
 *   gpiotmr.reset flr
 * and, if asked for, the same as a file for waveform viewers (vcd.c).  Registers are looked at
 * without their hooks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "vcd.h"

#define LINE_SIZE 512
#define NAME_SIZE 160

struct trace {
	bool lines;      /* text, to the log */
	struct vcd *vcd; /* or NULL */
};

struct line {
	char text[LINE_SIZE];
	size_t used;
};

static void append(struct line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What does not fit is cut off. */
static void append(struct line *line, const char *format, ...)
{
	size_t left = sizeof(line->text) - line->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->used, left, format, args);
	va_end(args);
	if (n > 0)
		line->used += (size_t)n < left ? (size_t)n : left - 1;
}

static void begin(const struct mdl_dev *dev, struct line *line)
{
	line->used = 0;
	append(line, "%s.", dev->desc->name);
}

/* A trace was asked for, so its lines are shown whatever the log level is. */
static void emit(const struct mdl_dev *dev, const struct line *line)
{
	log_line(dev, MDL_LOG_INFO, line->text);
}

int trace_create(struct mdl_dev *dev)
{
	dev->trace = calloc(1, sizeof(*dev->trace));
	if (!dev->trace)
		return -ENOMEM;
	dev->trace->lines = dev->opt.trace;
	dev->tracing = true;
	return dev->opt.trace_file ? vcd_create(dev, dev->opt.trace_file, &dev->trace->vcd) : 0;
}

void trace_destroy(struct mdl_dev *dev)
{
	if (!dev->trace)
		return;
	vcd_destroy(dev, dev->trace->vcd);
	free(dev->trace);
	dev->trace = NULL;
	dev->tracing = false;
}

static uint64_t field_value(const struct mdl_field *field, uint64_t value)
{
	return (value >> field->lsb) & (UINT64_MAX >> (64 - field->width));
}

static void append_value(struct line *line, const struct mdl_field *field, uint64_t value)
{
	for (uint32_t i = 0; i < field->nvalues; i++)
		if (field->values[i].value == value) {
			append(line, "%s", field->values[i].name);
			return;
		}
	append(line, value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static void trace_read(struct mdl_dev *dev, const struct mdl_reg *reg, const char *name,
		       uint64_t value)
{
	struct line line;

	begin(dev, &line);
	append(&line, "%s read 0x%" PRIx64, name, value);
	for (uint32_t i = 0; i < reg->nfields; i++) {
		append(&line, "%s%s=", i ? " " : " (", reg->fields[i].name);
		append_value(&line, &reg->fields[i], field_value(&reg->fields[i], value));
	}
	if (reg->nfields)
		append(&line, ")");
	emit(dev, &line);
}

/* A line for each field that changed. False: none did. */
static bool trace_fields(struct mdl_dev *dev, const struct mdl_reg *reg, const char *name,
			 uint64_t old, uint64_t value)
{
	bool any = false;

	for (uint32_t i = 0; i < reg->nfields; i++) {
		const struct mdl_field *field = &reg->fields[i];
		uint64_t before = field_value(field, old), after = field_value(field, value);
		struct line line;

		if (before == after)
			continue;
		any = true;
		begin(dev, &line);
		append(&line, "%s.%s ", name, field->name);
		append_value(&line, field, before);
		append(&line, " -> ");
		append_value(&line, field, after);
		emit(dev, &line);
	}
	return any;
}

static void trace_write(struct mdl_dev *dev, const struct mdl_reg *reg, const char *name,
			uint64_t old, uint64_t value)
{
	bool changed = old != value && !(reg->flags & MDL_REG_DOORBELL);
	struct line line;

	if (changed && trace_fields(dev, reg, name, old, value))
		return;
	begin(dev, &line);
	if (!changed)
		append(&line, "%s write 0x%" PRIx64, name, value);
	else
		append(&line, "%s 0x%" PRIx64 " -> 0x%" PRIx64, name, old, value);
	emit(dev, &line);
}

void trace_reg(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, bool is_write,
	       uint64_t old, uint64_t value)
{
	char name[NAME_SIZE];

	if (dev->trace->vcd)
		vcd_reg(dev, dev->trace->vcd, reg, element, value);
	if (!dev->trace->lines)
		return;
	reg_name(reg, element, name, sizeof(name));
	if (is_write)
		trace_write(dev, reg, name, old, value);
	else
		trace_read(dev, reg, name, value);
}

void trace_region(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size, bool is_write)
{
	static const char *const names[] = {"bar0", "bar1", "bar2",   "bar3", "bar4",
					    "bar5", "rom",  "config", "vga"};
	struct line line;

	if (!dev->trace->lines)
		return;
	begin(dev, &line);
	append(&line, "%s %s 0x%" PRIx64 " +%zu",
	       region < VU_NUM_REGIONS ? names[region] : "region", is_write ? "write" : "read",
	       offset, size);
	emit(dev, &line);
}

static void append_irq(struct line *line, const struct mdl_device *desc, unsigned irq)
{
	for (uint32_t i = 0; i < desc->nirqs; i++) {
		const struct mdl_irq_desc *d = &desc->irqs[i];

		if (irq < d->first || irq - d->first >= d->count)
			continue;
		append(line, "%s", d->name);
		if (d->count > 1)
			append(line, "[%u]", irq - d->first);
		return;
	}
	append(line, "%u", irq);
}

void trace_irq(struct mdl_dev *dev, unsigned irq, const char *what)
{
	struct vcd *vcd = dev->trace->vcd;
	struct line line;

	if (vcd && !strcmp(what, "pulsed"))
		vcd_irq_pulse(dev, vcd, irq);
	else if (vcd)
		vcd_irq(dev, vcd, irq, !strcmp(what, "raised"));
	if (!dev->trace->lines)
		return;
	begin(dev, &line);
	append(&line, "irq ");
	append_irq(&line, dev->desc, irq);
	append(&line, " %s", what);
	emit(dev, &line);
}

void trace_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	static const char *const names[] = {"power", "hard", "flr", "soft"};
	struct line line;

	if (dev->trace->vcd)
		vcd_sample(dev, dev->trace->vcd);
	if (!dev->trace->lines)
		return;
	begin(dev, &line);
	append(&line, "reset %s", names[kind]);
	emit(dev, &line);
}

void trace_client_gone(struct mdl_dev *dev)
{
	if (dev->trace->vcd)
		vcd_flush(dev->trace->vcd);
}

void trace_dma(struct mdl_dev *dev, uint64_t iova, size_t size, bool is_write, int result)
{
	struct line line;

	if (!dev->trace->lines)
		return;
	begin(dev, &line);
	append(&line, "dma %s 0x%" PRIx64 " +%zu", is_write ? "write" : "read", iova, size);
	if (result < 0)
		append(&line, ": %s", strerror(-result));
	emit(dev, &line);
}
