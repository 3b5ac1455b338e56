/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace file: a Value Change Dump (IEEE 1364-2005, 18.2), which waveform viewers such as
 * GTKWave show.  A trace of a device is registers over time, which is what these viewers are for;
 * times are nanoseconds of the device's clock.
 *
 * Each register element and each of its fields is a variable (vcd_head.c says under which name);
 * interrupts are single wires.  Doorbells, which hold nothing, are unknown (x) until they are first
 * rung.
 *
 * Only whole lines leave the process, so a file of one that was killed can be read up to its end.
 */
#include "vcd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE 65536u
#define LINE_MOST   1024u /* the longest line, generously */

struct vcd {
	int fd;            /* -1: it could not be written any more */
	uint64_t last_ns;  /* the last time written */
	uint64_t ahead_ns; /* file's time less device's: grows where the clock stands still or goes
			      back */
	bool begun;        /* some time was written */
	bool fresh;        /* the next change gets a time of its own */
	struct vcd_layout layout;
	uint64_t *values; /* as last written, by register element */
	uint8_t *rung;    /* by register element: a doorbell that has a value */
	bool *levels;
	size_t used;
	char buffer[BUFFER_SIZE];
};

/* ---- text */

/* What cannot be written is told once; the device goes on without.  A torn line is taken back. */
static void give_up(struct mdl_dev *dev, struct vcd *vcd, off_t good)
{
	const int error = errno, fd = vcd->fd;
	const bool whole = good >= 0 && ftruncate(fd, good) == 0;

	vcd->fd = -1;
	close(fd);
	log_warn(dev, "the trace file ends %s: %s", whole ? "here" : "here, perhaps within a line",
		 strerror(error));
}

void vcd_flush(struct mdl_dev *dev, struct vcd *vcd)
{
	const off_t good = vcd->fd >= 0 && vcd->used ? lseek(vcd->fd, 0, SEEK_CUR) : -1;
	size_t done = 0;

	while (vcd->fd >= 0 && done < vcd->used) {
		const ssize_t n = write(vcd->fd, vcd->buffer + done, vcd->used - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			give_up(dev, vcd, good);
	}
	vcd->used = 0;
}

void vcd_text(struct mdl_dev *dev, struct vcd *vcd, const char *format, ...)
{
	va_list args;
	int n;

	if (BUFFER_SIZE - vcd->used < LINE_MOST)
		vcd_flush(dev, vcd);
	va_start(args, format);
	n = vsnprintf(vcd->buffer + vcd->used, BUFFER_SIZE - vcd->used, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < BUFFER_SIZE - vcd->used)
		vcd->used += (size_t)n;
}

/* ---- times and values */

void vcd_begin(struct vcd *vcd)
{
	vcd->fresh = true;
}

/* Times rise strictly: of two values at the same time only the second would be seen. */
static void put_time(struct mdl_dev *dev, struct vcd *vcd)
{
	uint64_t now = mdl_now_ns(dev);

	if (!vcd->fresh)
		return;
	vcd->fresh = false;
	if (vcd->begun && now + vcd->ahead_ns <= vcd->last_ns)
		vcd->ahead_ns = vcd->last_ns + 1 - now;
	vcd->last_ns = now + vcd->ahead_ns;
	vcd->begun = true;
	vcd_text(dev, vcd, "#%" PRIu64 "\n", vcd->last_ns);
}

static void put_value(struct mdl_dev *dev, struct vcd *vcd, uint32_t id, unsigned width,
		      uint64_t value)
{
	char bits[65], text[VCD_ID_SIZE];
	unsigned n = 0;

	if (width == 1) {
		vcd_text(dev, vcd, "%c%s\n", value & 1 ? '1' : '0', vcd_id(id, text));
		return;
	}
	for (unsigned i = width; i-- > 0;)
		if (n || value >> i & 1 || i == 0)
			bits[n++] = value >> i & 1 ? '1' : '0';
	bits[n] = 0;
	vcd_text(dev, vcd, "b%s %s\n", bits, vcd_id(id, text));
}

static void put_unknown(struct mdl_dev *dev, struct vcd *vcd, uint32_t id, unsigned width)
{
	char text[VCD_ID_SIZE];

	vcd_text(dev, vcd, width == 1 ? "x%s\n" : "bx %s\n", vcd_id(id, text));
}

static uint64_t field_value(const struct mdl_field *field, uint64_t value)
{
	return (value >> field->lsb) & (UINT64_MAX >> (64 - field->width));
}

/* The register and those of its fields that changed; all if `all`. */
static void put_reg(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t id,
		    uint64_t old, uint64_t value, bool all)
{
	put_value(dev, vcd, id, 8u * reg->width, value);
	for (uint32_t i = 0; i < reg->nfields; i++) {
		const struct mdl_field *field = &reg->fields[i];

		if (all || field_value(field, old) != field_value(field, value))
			put_value(dev, vcd, id + 1 + i, field->width, field_value(field, value));
	}
}

/* Where a register's element is kept. */
struct variable {
	uint32_t id;
	uint32_t value;
};

static bool find_variable(const struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
			  struct variable *variable)
{
	for (unsigned i = 0; i < vcd->layout.ntables; i++) {
		const struct vcd_table *table = &vcd->layout.tables[i];

		if (reg < table->regs || reg >= table->regs + table->nregs)
			continue;
		variable->id = table->first_id[reg - table->regs] + element * (1 + reg->nfields);
		variable->value = table->first_value[reg - table->regs] + element;
		return true;
	}
	return false;
}

void vcd_reg(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
	     uint64_t value)
{
	struct variable variable;
	uint64_t *last;

	if (!find_variable(vcd, reg, element, &variable))
		return;
	last = &vcd->values[variable.value];
	if (*last == value)
		return;
	put_time(dev, vcd);
	put_reg(dev, vcd, reg, variable.id, *last, value, false);
	*last = value;
}

void vcd_pulse(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
	       uint64_t pulse, uint64_t value)
{
	vcd_begin(vcd);
	vcd_reg(dev, vcd, reg, element, pulse);
	vcd_begin(vcd);
	vcd_reg(dev, vcd, reg, element, value);
}

void vcd_doorbell(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
		  uint64_t value)
{
	struct variable variable;

	if (!find_variable(vcd, reg, element, &variable))
		return;
	vcd_begin(vcd);
	if (vcd->rung[variable.value] && vcd->values[variable.value] == value) {
		put_time(dev, vcd);
		put_unknown(dev, vcd, variable.id, 8u * reg->width);
		vcd_begin(vcd);
	}
	put_time(dev, vcd);
	put_reg(dev, vcd, reg, variable.id, 0, value, true);
	vcd->values[variable.value] = value;
	vcd->rung[variable.value] = true;
}

static void put_level(struct mdl_dev *dev, struct vcd *vcd, unsigned irq, bool level)
{
	put_value(dev, vcd, vcd->layout.first_irq_id + irq, 1, level);
	vcd->levels[irq] = level;
}

void vcd_irq(struct mdl_dev *dev, struct vcd *vcd, unsigned irq, bool level)
{
	if (irq >= vcd->layout.nirqs || vcd->levels[irq] == level)
		return;
	vcd_begin(vcd);
	put_time(dev, vcd);
	put_level(dev, vcd, irq, level);
}

void vcd_irq_pulse(struct mdl_dev *dev, struct vcd *vcd, unsigned irq)
{
	if (irq >= vcd->layout.nirqs)
		return;
	vcd_irq(dev, vcd, irq, !vcd->levels[irq]);
	vcd_irq(dev, vcd, irq, !vcd->levels[irq]);
}

void vcd_irqs(struct mdl_dev *dev, struct vcd *vcd)
{
	for (unsigned irq = 0; irq < vcd->layout.nirqs; irq++)
		vcd_irq(dev, vcd, irq, mdl_irq_level(dev, irq));
}

/* ---- life */

static void put_first_value(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg,
			    uint32_t element)
{
	struct variable variable;
	uint64_t value;

	if (!find_variable(vcd, reg, element, &variable))
		return;
	if (reg->flags & MDL_REG_DOORBELL) {
		put_unknown(dev, vcd, variable.id, 8u * reg->width);
		for (uint32_t i = 0; i < reg->nfields; i++)
			put_unknown(dev, vcd, variable.id + 1 + i, reg->fields[i].width);
		return;
	}
	value = reg_peek(dev, reg, element);
	put_reg(dev, vcd, reg, variable.id, 0, value, true);
	vcd->values[variable.value] = value;
}

/* Everything has a value from the first moment. */
static void put_first_values(struct mdl_dev *dev, struct vcd *vcd)
{
	vcd_begin(vcd);
	put_time(dev, vcd);
	vcd_text(dev, vcd, "$dumpvars\n");
	for (unsigned t = 0; t < vcd->layout.ntables; t++) {
		const struct vcd_table *table = &vcd->layout.tables[t];

		for (uint32_t i = 0; i < table->nregs; i++)
			for (uint32_t at = 0; at < table->regs[i].count; at++)
				put_first_value(dev, vcd, &table->regs[i], at);
	}
	for (uint32_t i = 0; i < dev->desc->nirqs; i++)
		for (uint32_t j = 0; j < dev->desc->irqs[i].count; j++) {
			const unsigned irq = dev->desc->irqs[i].first + j;

			put_level(dev, vcd, irq, mdl_irq_level(dev, irq));
		}
	vcd_text(dev, vcd, "$end\n");
}

int vcd_create(struct mdl_dev *dev, const char *path, struct vcd **made)
{
	struct vcd *vcd = calloc(1, sizeof(*vcd));
	int rc;

	*made = vcd;
	if (!vcd)
		return -ENOMEM;
	vcd->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (vcd->fd < 0) {
		rc = -errno;
		log_error(dev, "the trace file %s cannot be written: %s", path, strerror(-rc));
		return rc;
	}
	rc = vcd_layout_create(dev->desc, &vcd->layout);
	if (rc)
		return rc;
	vcd->values = calloc(vcd->layout.nvalues + 1, sizeof(*vcd->values));
	vcd->rung = calloc(vcd->layout.nvalues + 1, sizeof(*vcd->rung));
	vcd->levels = calloc(vcd->layout.nirqs + 1, sizeof(*vcd->levels));
	if (!vcd->values || !vcd->rung || !vcd->levels)
		return -ENOMEM;
	rc = vcd_head(dev, vcd, &vcd->layout);
	if (rc)
		return rc;
	put_first_values(dev, vcd);
	vcd_flush(dev, vcd);
	return 0;
}

void vcd_destroy(struct mdl_dev *dev, struct vcd *vcd)
{
	if (!vcd)
		return;
	vcd_flush(dev, vcd);
	if (vcd->fd >= 0 && close(vcd->fd))
		log_warn(dev, "the trace file may be incomplete: %s", strerror(errno));
	vcd_layout_destroy(&vcd->layout);
	free(vcd->values);
	free(vcd->rung);
	free(vcd->levels);
	free(vcd);
}
