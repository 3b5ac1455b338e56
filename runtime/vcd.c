/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace file: a Value Change Dump (IEEE 1364-2005, 18.2), which waveform viewers such as
 * GTKWave show.  A trace of a device is registers over time, which is what these viewers are for;
 * times are nanoseconds of the device's clock.
 *
 * Each register element and each of its fields is a variable, in a scope by BAR; interrupts are
 * single wires.  Values are seen when a client reads or writes them, and all of them after a reset.
 */
#include "vcd.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCOPES    (VU_NUM_REGIONS + 1) /* BARs by their number, config; one is for interrupts */
#define ID_SIZE   8
#define NAME_SIZE 160

/* The registers of one BAR, or of config space. */
struct scope {
	const struct mdl_reg *regs;
	uint32_t nregs;
	uint32_t *first_id;    /* by register: of its element 0; a field's follow it */
	uint32_t *first_value; /* by register: its place in `values` */
};

struct vcd {
	FILE *file;
	uint64_t now_ns; /* the last time written */
	bool begun;      /* some time was written */
	struct scope scopes[SCOPES];
	unsigned nscopes;
	uint64_t *values; /* as last written, by register element */
	uint32_t nvalues;
	uint32_t first_irq_id, nirqs;
	bool *levels;
};

/* A number in the printable characters. */
static const char *id_text(uint32_t id, char *buf)
{
	char *p = buf;

	do {
		*p++ = (char)('!' + id % 94);
		id /= 94;
	} while (id);
	*p = 0;
	return buf;
}

static void put_value(const struct vcd *vcd, uint32_t id, unsigned width, uint64_t value)
{
	char bits[65], text[ID_SIZE];
	unsigned n = 0;

	if (width == 1) {
		fprintf(vcd->file, "%c%s\n", value & 1 ? '1' : '0', id_text(id, text));
		return;
	}
	for (unsigned i = width; i-- > 0;)
		if (n || value >> i & 1 || i == 0)
			bits[n++] = value >> i & 1 ? '1' : '0';
	bits[n] = 0;
	fprintf(vcd->file, "b%s %s\n", bits, id_text(id, text));
}

/* Times never go back, though the clock may after a load. */
static void put_time(struct vcd *vcd, uint64_t now_ns)
{
	if (vcd->begun && now_ns <= vcd->now_ns)
		return;
	fprintf(vcd->file, "#%" PRIu64 "\n", now_ns);
	vcd->now_ns = now_ns;
	vcd->begun = true;
}

static uint64_t field_value(const struct mdl_field *field, uint64_t value)
{
	return (value >> field->lsb) & (UINT64_MAX >> (64 - field->width));
}

/* The register and those of its fields that changed; all if `force`. */
static void put_reg(struct vcd *vcd, const struct mdl_reg *reg, uint32_t id, uint64_t old,
		    uint64_t value, bool force)
{
	put_value(vcd, id, 8u * reg->width, value);
	for (uint32_t i = 0; i < reg->nfields; i++) {
		const struct mdl_field *field = &reg->fields[i];

		if (force || field_value(field, old) != field_value(field, value))
			put_value(vcd, id + 1 + i, field->width, field_value(field, value));
	}
}

static const struct scope *find_scope(const struct vcd *vcd, const struct mdl_reg *reg)
{
	for (unsigned i = 0; i < vcd->nscopes; i++)
		if (reg >= vcd->scopes[i].regs && reg < vcd->scopes[i].regs + vcd->scopes[i].nregs)
			return &vcd->scopes[i];
	return NULL;
}

static void note(struct mdl_dev *dev, struct vcd *vcd, const struct scope *scope, uint32_t index,
		 uint32_t element, uint64_t value)
{
	const struct mdl_reg *reg = &scope->regs[index];
	uint64_t *last = &vcd->values[scope->first_value[index] + element];

	if (*last == value)
		return;
	put_time(vcd, mdl_now_ns(dev));
	put_reg(vcd, reg, scope->first_id[index] + element * (1 + reg->nfields), *last, value,
		false);
	*last = value;
}

void vcd_reg(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
	     uint64_t value)
{
	const struct scope *scope = find_scope(vcd, reg);

	if (scope)
		note(dev, vcd, scope, (uint32_t)(reg - scope->regs), element, value);
}

void vcd_sample(struct mdl_dev *dev, struct vcd *vcd)
{
	for (unsigned s = 0; s < vcd->nscopes; s++) {
		const struct scope *scope = &vcd->scopes[s];

		for (uint32_t i = 0; i < scope->nregs; i++) {
			const struct mdl_reg *reg = &scope->regs[i];

			if (reg->flags & MDL_REG_DOORBELL)
				continue;
			for (uint32_t at = 0; at < reg->count; at++)
				note(dev, vcd, scope, i, at, reg_peek(dev, reg, at));
		}
	}
}

static void put_level(struct vcd *vcd, unsigned irq, bool level)
{
	put_value(vcd, vcd->first_irq_id + irq, 1, level);
	vcd->levels[irq] = level;
}

void vcd_irq(struct mdl_dev *dev, struct vcd *vcd, unsigned irq, bool level)
{
	if (irq >= vcd->nirqs || vcd->levels[irq] == level)
		return;
	put_time(vcd, mdl_now_ns(dev));
	put_level(vcd, irq, level);
}

/* One nanosecond long, or viewers do not show it. */
void vcd_irq_pulse(struct mdl_dev *dev, struct vcd *vcd, unsigned irq)
{
	if (irq >= vcd->nirqs)
		return;
	put_time(vcd, mdl_now_ns(dev));
	put_level(vcd, irq, !vcd->levels[irq]);
	put_time(vcd, vcd->now_ns + 1);
	put_level(vcd, irq, !vcd->levels[irq]);
}

/* ---- the head of the file */

/* "PORT[1].CTL" is PORT_1_CTL: brackets and dots mean something else in viewers. */
static void plain_name(const struct mdl_reg *reg, uint32_t element, char *buf, size_t size)
{
	char *to = buf;

	reg_name(reg, element, buf, size);
	for (const char *p = buf; *p; p++)
		if (*p != ']')
			*to++ = isalnum((unsigned char)*p) ? *p : '_';
	*to = 0;
}

static void put_reg_names(const struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
			  uint32_t id)
{
	char name[NAME_SIZE], text[ID_SIZE];

	plain_name(reg, element, name, sizeof(name));
	fprintf(vcd->file, "$var reg %u %s %s $end\n", 8u * reg->width, id_text(id, text), name);
	for (uint32_t i = 0; i < reg->nfields; i++)
		fprintf(vcd->file, "$var reg %u %s %s_%s $end\n", reg->fields[i].width,
			id_text(id + 1 + i, text), name, reg->fields[i].name);
}

/* Declare a table's variables; *id is the first that is free. */
static int add_scope(struct vcd *vcd, const char *name, const struct mdl_reg *regs, uint32_t nregs,
		     uint32_t *id)
{
	struct scope *scope = &vcd->scopes[vcd->nscopes];

	if (!nregs)
		return 0;
	scope->regs = regs;
	scope->nregs = nregs;
	scope->first_id = calloc(nregs, sizeof(*scope->first_id));
	scope->first_value = calloc(nregs, sizeof(*scope->first_value));
	vcd->nscopes++;
	if (!scope->first_id || !scope->first_value)
		return -ENOMEM;
	fprintf(vcd->file, "$scope module %s $end\n", name);
	for (uint32_t i = 0; i < nregs; i++) {
		scope->first_id[i] = *id;
		scope->first_value[i] = vcd->nvalues;
		vcd->nvalues += regs[i].count;
		for (uint32_t at = 0; at < regs[i].count; at++) {
			put_reg_names(vcd, &regs[i], at, *id);
			*id += 1 + regs[i].nfields;
		}
	}
	fprintf(vcd->file, "$upscope $end\n");
	return 0;
}

static void put_irq_names(const struct vcd *vcd, const struct mdl_device *desc)
{
	char text[ID_SIZE];

	fprintf(vcd->file, "$scope module irq $end\n");
	for (uint32_t i = 0; i < desc->nirqs; i++)
		for (uint32_t j = 0; j < desc->irqs[i].count; j++) {
			id_text(vcd->first_irq_id + desc->irqs[i].first + j, text);
			fprintf(vcd->file, "$var wire 1 %s %s", text, desc->irqs[i].name);
			if (desc->irqs[i].count > 1)
				fprintf(vcd->file, "_%u", j);
			fprintf(vcd->file, " $end\n");
		}
	fprintf(vcd->file, "$upscope $end\n");
}

static uint32_t count_irqs(const struct mdl_device *desc)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < desc->nirqs; i++)
		if (desc->irqs[i].first + desc->irqs[i].count > n)
			n = desc->irqs[i].first + desc->irqs[i].count;
	return n;
}

static int put_head(struct mdl_dev *dev, struct vcd *vcd)
{
	const struct mdl_device *desc = dev->desc;
	uint32_t id = 0;
	int rc = 0;

	fprintf(vcd->file,
		"$version libmdl " MDL_VERSION " $end\n$timescale 1ns $end\n"
		"$scope module %s $end\n",
		desc->name);
	for (uint32_t i = 0; i < desc->nbars && !rc; i++) {
		char name[8];

		snprintf(name, sizeof(name), "bar%u", desc->bars[i].index);
		rc = add_scope(vcd, name, desc->bars[i].regs, desc->bars[i].nregs, &id);
	}
	if (!rc)
		rc = add_scope(vcd, "config", desc->pci->regs, desc->pci->nregs, &id);
	vcd->first_irq_id = id;
	vcd->nirqs = count_irqs(desc);
	put_irq_names(vcd, desc);
	fprintf(vcd->file, "$upscope $end\n$enddefinitions $end\n");
	return rc;
}

/* Everything has a value from the first moment. */
static void put_first_values(struct mdl_dev *dev, struct vcd *vcd)
{
	put_time(vcd, mdl_now_ns(dev));
	fprintf(vcd->file, "$dumpvars\n");
	for (unsigned s = 0; s < vcd->nscopes; s++) {
		const struct scope *scope = &vcd->scopes[s];

		for (uint32_t i = 0; i < scope->nregs; i++)
			for (uint32_t at = 0; at < scope->regs[i].count; at++)
				put_reg(vcd, &scope->regs[i],
					scope->first_id[i] + at * (1 + scope->regs[i].nfields), 0,
					0, true);
	}
	for (unsigned i = 0; i < vcd->nirqs; i++)
		put_level(vcd, i, false);
	fprintf(vcd->file, "$end\n");
}

int vcd_create(struct mdl_dev *dev, const char *path, struct vcd **made)
{
	struct vcd *vcd = calloc(1, sizeof(*vcd));
	int rc;

	*made = vcd;
	if (!vcd)
		return -ENOMEM;
	vcd->file = fopen(path, "we");
	if (!vcd->file) {
		rc = -errno;
		log_error(dev, "the trace file %s cannot be written: %s", path, strerror(-rc));
		return rc;
	}
	rc = put_head(dev, vcd);
	vcd->values = calloc(vcd->nvalues + 1, sizeof(*vcd->values));
	vcd->levels = calloc(vcd->nirqs + 1, sizeof(*vcd->levels));
	if (rc || !vcd->values || !vcd->levels)
		return -ENOMEM;
	put_first_values(dev, vcd);
	return 0;
}

void vcd_flush(struct vcd *vcd)
{
	fflush(vcd->file);
}

void vcd_destroy(struct mdl_dev *dev, struct vcd *vcd)
{
	if (!vcd)
		return;
	if (vcd->file) {
		bool failed = fflush(vcd->file) || ferror(vcd->file);

		if (fclose(vcd->file) || failed)
			log_warn(dev, "the trace file is incomplete");
	}
	for (unsigned i = 0; i < vcd->nscopes; i++) {
		free(vcd->scopes[i].first_id);
		free(vcd->scopes[i].first_value);
	}
	free(vcd->values);
	free(vcd->levels);
	free(vcd);
}
