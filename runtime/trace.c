/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: what a driver does and what becomes of it, by name, in lines such as
 *   gpiotmr.CTRL <- 0x1 (EN=1 MODE=ONESHOT)
 *   gpiotmr.CTRL.EN 0 -> 1
 *   gpiotmr.LOAD read 0xff
 * and, if asked for, register values as a file for waveform viewers (vcd.c).  This file has the
 * lines, and the accesses to registers; trace_bus.c other accesses, trace_config.c those to config
 * space, trace_event.c what else happens.
 *
 * "->" lines tell of every change, whoever made it: each event first looks at what has changed
 * since the one before.
 */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "vcd.h"

#define SHOWN_BYTES 16u

/* ---- lines */

/* What does not fit is cut off, and shows that. */
static void add(struct line *line, const char *format, va_list args)
{
	const size_t left = sizeof(line->text) - line->used;
	const int n = vsnprintf(line->text + line->used, left, format, args);

	if (n > 0 && (size_t)n >= left) {
		line->used = sizeof(line->text) - 1;
		memcpy(line->text + line->used - 3, "...", 3);
	} else if (n > 0) {
		line->used += (size_t)n;
	}
}

void line_add(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(line, format, args);
	va_end(args);
}

void line_begin(const struct mdl_dev *dev, struct line *line, const char *format, ...)
{
	va_list args;

	line->used = 0;
	line_add(line, "%s.", dev->desc->name);
	va_start(args, format);
	add(line, format, args);
	va_end(args);
}

/* A trace was asked for, so its lines are shown whatever the log level is. */
void line_end(const struct mdl_dev *dev, const struct line *line)
{
	log_line(dev, MDL_LOG_INFO, line->text);
}

void line_bytes(struct line *line, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && i < SHOWN_BYTES; i++)
		line_add(line, " %02x", data[i]);
	if (size > SHOWN_BYTES)
		line_add(line, " ...");
}

static uint64_t field_mask(const struct mdl_field *field)
{
	return UINT64_MAX >> (64 - field->width) << field->lsb;
}

static void add_value(struct line *line, const struct mdl_field *field, uint64_t reg_value)
{
	const uint64_t value = (reg_value & field_mask(field)) >> field->lsb;

	for (uint32_t i = 0; i < field->nvalues; i++)
		if (field->values[i].value == value) {
			line_add(line, "%s", field->values[i].name);
			return;
		}
	line_add(line, value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
}

void line_fields(struct line *line, const struct mdl_field *fields, uint32_t nfields,
		 uint64_t value, uint64_t bits)
{
	const char *before = " (";

	for (uint32_t i = 0; i < nfields; i++) {
		if (!(field_mask(&fields[i]) & bits))
			continue;
		line_add(line, "%s%s=", before, fields[i].name);
		add_value(line, &fields[i], value);
		before = " ";
	}
	if (*before && before[1] == '\0')
		line_add(line, ")");
}

void lines_changed(const struct mdl_dev *dev, const char *name, const struct mdl_field *fields,
		   uint32_t nfields, uint64_t old, uint64_t value)
{
	uint64_t left = old ^ value;
	struct line line;

	for (uint32_t i = 0; i < nfields; i++) {
		const uint64_t mask = field_mask(&fields[i]);

		if (!((old ^ value) & mask))
			continue;
		left &= ~mask;
		line_begin(dev, &line, "%s.%s ", name, fields[i].name);
		add_value(&line, &fields[i], old);
		line_add(&line, " -> ");
		add_value(&line, &fields[i], value);
		line_end(dev, &line);
	}
	if (!left)
		return;
	line_begin(dev, &line, "%s 0x%" PRIx64 " -> 0x%" PRIx64, name, old, value);
	line_end(dev, &line);
}

/* ---- what changed since */

static void reg_changed(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
			uint64_t old, uint64_t value)
{
	const struct trace *trace = dev->trace;
	char name[NAME_SIZE];

	if (trace->vcd)
		vcd_reg(dev, trace->vcd, reg, element, value);
	/* An alias is another name for what was shown. */
	if (!trace->lines || trace->muted || (reg->flags & MDL_REG_ALIAS))
		return;
	reg_name(reg, element, name, sizeof(name));
	lines_changed(dev, name, reg->fields, reg->nfields, old, value);
}

void trace_look(struct mdl_dev *dev)
{
	struct trace *trace = dev->trace;

	if (trace->looking)
		return;
	trace->looking = true;
	if (trace->vcd)
		vcd_begin(trace->vcd);
	shadow_look(dev, trace->shadow, reg_changed);
	if (trace->lines)
		trace_config_look(dev);
	trace->looking = false;
}

void trace_turn(struct mdl_dev *dev)
{
	trace_look(dev);
	if (dev->trace->vcd)
		vcd_flush(dev, dev->trace->vcd);
}

/* ---- accesses to registers */

static uint64_t width_mask(const struct mdl_reg *reg)
{
	return UINT64_MAX >> (64 - 8 * reg->width);
}

/* Its name, with the bits that are accessed if these are not all. */
static void begin_reg(struct mdl_dev *dev, struct line *line, const struct mdl_reg *reg,
		      uint32_t element, uint64_t enabled)
{
	char name[NAME_SIZE];

	reg_name(reg, element, name, sizeof(name));
	line_begin(dev, line, "%s", name);
	if (enabled != width_mask(reg))
		line_add(line, "[%d:%d]", 63 - __builtin_clzll(enabled), __builtin_ctzll(enabled));
}

/* Of the bits that are accessed, as a number. */
static uint64_t shown(uint64_t value, uint64_t enabled)
{
	return (value & enabled) >> __builtin_ctzll(enabled);
}

void trace_read(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value,
		uint64_t enabled)
{
	struct trace *trace = dev->trace;
	struct line line;

	enabled &= width_mask(reg);
	if (trace->vcd && reg->has_read_hook) {
		const uint64_t seen = reg->readable & enabled;

		vcd_begin(trace->vcd);
		vcd_reg(dev, trace->vcd, reg, element,
			(value & seen) | (reg_peek(dev, reg, element) & ~seen));
	}
	if (trace->lines) {
		begin_reg(dev, &line, reg, element, enabled);
		line_add(&line, " read 0x%" PRIx64, shown(value, enabled));
		if ((reg->flags & MDL_REG_DOORBELL) || (!reg->readable && !reg->has_read_hook))
			line_add(&line, " (write-only)");
		else
			line_fields(&line, reg->fields, reg->nfields, value, enabled);
		line_end(dev, &line);
	}
	trace_look(dev);
}

/* Bits that some write can change, or that do something when written. */
static uint64_t writable_bits(const struct mdl_reg *reg)
{
	const struct mdl_effects *fx = reg->effects;
	uint64_t bits = reg->writable;

	if ((reg->flags & MDL_REG_DOORBELL) || reg->intr_role)
		return UINT64_MAX;
	if (fx)
		bits |= fx->woclr | fx->woset | fx->wot | fx->wzc | fx->wzs | fx->wzt | fx->wclr |
			fx->wset | fx->once | fx->pulse;
	return bits;
}

void trace_write(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t data,
		 uint64_t enabled)
{
	struct trace *trace = dev->trace;
	const bool doorbell = reg->flags & MDL_REG_DOORBELL;
	const uint64_t fixed = enabled & ~writable_bits(reg);
	uint64_t ignored;
	struct line line;

	trace_look(dev);
	if (trace->vcd && doorbell)
		vcd_doorbell(dev, trace->vcd, reg, element, data & enabled);
	if (!trace->lines)
		return;
	begin_reg(dev, &line, reg, element, enabled);
	line_add(&line, " <- 0x%" PRIx64, shown(data, enabled));
	line_fields(&line, reg->fields, reg->nfields, data, enabled);
	ignored = (data ^ reg_peek(dev, reg, element)) & fixed;
	if (fixed == enabled)
		line_add(&line, " (read-only)");
	else if (ignored)
		line_add(&line, " (0x%" PRIx64 " of it read-only)", shown(ignored, enabled));
	if (trace->via)
		line_add(&line, " (%s)", trace->via);
	trace->via = NULL;
	line_end(dev, &line);
}

static void note(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, const char *what,
		 uint64_t bits)
{
	struct line line;

	begin_reg(dev, &line, reg, element, width_mask(reg));
	line_add(&line, ": %s 0x%" PRIx64, what, bits);
	line_end(dev, &line);
}

void trace_checked(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t data,
		   uint64_t enabled, const struct trace_write_bits *bits)
{
	const uint64_t altered = ((data ^ bits->data) & enabled) | (bits->checked & ~enabled);

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	if (altered)
		note(dev, reg, element, "the check makes it", bits->data);
	if (bits->checked & ~bits->unlocked)
		note(dev, reg, element, "locked are bits", bits->checked & ~bits->unlocked);
	if (bits->unlocked & ~bits->enabled)
		note(dev, reg, element, "written before were bits",
		     bits->unlocked & ~bits->enabled);
}

void trace_stored(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value)
{
	const struct trace *trace = dev->trace;
	const uint64_t stored = reg_peek(dev, reg, element);
	char name[NAME_SIZE];

	if (value != stored && trace->vcd)
		vcd_pulse(dev, trace->vcd, reg, element, value, stored);
	trace_look(dev);
	if (value == stored || !trace->lines || trace->muted)
		return;
	reg_name(reg, element, name, sizeof(name));
	lines_changed(dev, name, reg->fields, reg->nfields, stored, value);
	lines_changed(dev, name, reg->fields, reg->nfields, value, stored);
}

void trace_doorbell(struct mdl_dev *dev, const char *via)
{
	dev->trace->via = via;
}

/* ---- life */

int trace_create(struct mdl_dev *dev)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int rc;

	if (!trace)
		return -ENOMEM;
	dev->trace = trace;
	trace->lines = dev->opt.trace;
	trace->config = malloc(config_size(dev));
	rc = shadow_create(dev, &trace->shadow);
	if (rc || !trace->config)
		return -ENOMEM;
	memcpy(trace->config, config_image(dev), config_size(dev));
	if (dev->opt.trace_file)
		rc = vcd_create(dev, dev->opt.trace_file, &trace->vcd);
	dev->tracing = true;
	return rc;
}

void trace_destroy(struct mdl_dev *dev)
{
	struct trace *trace = dev->trace;

	if (!trace)
		return;
	dev->tracing = false;
	vcd_destroy(dev, trace->vcd);
	shadow_destroy(trace->shadow);
	free(trace->config);
	free(trace);
	dev->trace = NULL;
}
