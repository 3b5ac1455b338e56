/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The declarations of a Value Change Dump.  Groups are scopes and so are registers with fields,
 * named as in the description, with indices as simulators write those of arrays of instances:
 *   gpiotmr / bar0 / PORT[1] / LANE[0] / CTL, and in a scope CTL its fields
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vcd.h"

/* ---- ids */

static int add_table(struct vcd_layout *layout, const char *name, const struct mdl_reg *regs,
		     uint32_t nregs, uint32_t *id)
{
	struct vcd_table *table = &layout->tables[layout->ntables];

	if (!nregs)
		return 0;
	*table = (struct vcd_table){
		.name = name,
		.regs = regs,
		.nregs = nregs,
		.first_id = calloc(nregs, sizeof(*table->first_id)),
		.first_value = calloc(nregs, sizeof(*table->first_value)),
	};
	layout->ntables++;
	if (!table->first_id || !table->first_value)
		return -ENOMEM;
	for (uint32_t i = 0; i < nregs; i++) {
		table->first_id[i] = *id;
		table->first_value[i] = layout->nvalues;
		*id += regs[i].count * (1 + regs[i].nfields);
		layout->nvalues += regs[i].count;
	}
	return 0;
}

int vcd_layout_create(const struct mdl_device *desc, struct vcd_layout *layout)
{
	static const char *const names[] = {"bar0", "bar1", "bar2", "bar3", "bar4", "bar5"};
	uint32_t id = 0;
	int rc = 0;

	for (uint32_t i = 0; i < desc->nbars && !rc; i++)
		rc = add_table(layout, names[desc->bars[i].index], desc->bars[i].regs,
			       desc->bars[i].nregs, &id);
	if (!rc)
		rc = add_table(layout, "config", desc->pci->regs, desc->pci->nregs, &id);
	layout->first_irq_id = id;
	for (uint32_t i = 0; i < desc->nirqs; i++)
		if (desc->irqs[i].first + desc->irqs[i].count > layout->nirqs)
			layout->nirqs = desc->irqs[i].first + desc->irqs[i].count;
	return rc;
}

void vcd_layout_destroy(struct vcd_layout *layout)
{
	for (unsigned i = 0; i < layout->ntables; i++) {
		free(layout->tables[i].first_id);
		free(layout->tables[i].first_value);
	}
}

const char *vcd_id(uint32_t id, char buf[VCD_ID_SIZE])
{
	char *p = buf;

	do {
		*p++ = (char)('!' + id % 94);
		id /= 94;
	} while (id);
	*p = 0;
	return buf;
}

/* ---- declarations */

struct head {
	struct mdl_dev *dev;
	struct vcd *vcd;
	const struct vcd_table *table;
	const struct mdl_reg **regs; /* those of a group stand together */
	uint32_t at[MDL_MAX_DIMS];   /* indices of the scopes that are open */
};

static const char *pattern_of(const struct mdl_reg *reg)
{
	return reg->pattern ? reg->pattern : reg->name;
}

/* The part that names groups, the final '.' included. */
static size_t groups_length(const char *pattern)
{
	const char *dot = strrchr(pattern, '.');

	return dot ? (size_t)(dot - pattern) + 1 : 0;
}

static int by_group(const void *a, const void *b)
{
	const struct mdl_reg *x = *(const struct mdl_reg *const *)a;
	const struct mdl_reg *y = *(const struct mdl_reg *const *)b;
	const size_t m = groups_length(pattern_of(x)), n = groups_length(pattern_of(y));
	const int order = memcmp(pattern_of(x), pattern_of(y), m < n ? m : n);

	if (order)
		return order;
	if (m != n)
		return m < n ? -1 : 1;
	return x < y ? -1 : x > y;
}

static unsigned count_brackets(const char *text, size_t length)
{
	unsigned n = 0;

	for (size_t i = 0; i + 1 < length; i++)
		n += text[i] == '[' && text[i + 1] == ']';
	return n;
}

/* The name, with indices in place of its brackets, and behind it for `more` dimensions. */
static void indexed(const char *name, size_t length, const uint32_t *at, unsigned more, char *buf,
		    size_t size)
{
	const char *bracket = memchr(name, '[', length);
	const unsigned inside = count_brackets(name, length);
	int used = snprintf(buf, size, "%.*s", (int)(bracket ? bracket - name : (ptrdiff_t)length),
			    name);

	for (unsigned d = 0; d < inside + more && used > 0 && (size_t)used < size; d++)
		used += snprintf(buf + used, size - (size_t)used, "[%" PRIu32 "]", at[d]);
}

static void put_var(const struct head *head, const char *name, unsigned width, uint32_t id)
{
	char text[VCD_ID_SIZE];

	if (width == 1)
		vcd_text(head->dev, head->vcd, "$var wire 1 %s %s $end\n", vcd_id(id, text), name);
	else
		vcd_text(head->dev, head->vcd, "$var reg %u %s %s [%u:0] $end\n", width,
			 vcd_id(id, text), name, width - 1);
}

static void open_scope(const struct head *head, const char *name)
{
	vcd_text(head->dev, head->vcd, "$scope module %s $end\n", name);
}

static void close_scope(const struct head *head)
{
	vcd_text(head->dev, head->vcd, "$upscope $end\n");
}

static void put_element(const struct head *head, const struct mdl_reg *reg, const char *name)
{
	uint32_t element = 0, id = head->table->first_id[reg - head->table->regs];

	for (unsigned d = 0; d < reg->ndims; d++)
		element = element * reg->dims[d].count + head->at[d];
	id += element * (1 + reg->nfields);
	put_var(head, name, 8u * reg->width, id);
	if (!reg->nfields)
		return;
	open_scope(head, name);
	for (uint32_t i = 0; i < reg->nfields; i++)
		put_var(head, reg->fields[i].name, reg->fields[i].width, id + 1 + i);
	close_scope(head);
}

/* Steps the indices from..to-1 of dims; false: they are all zero again. */
static bool step(const struct mdl_dim *dims, uint32_t *at, unsigned from, unsigned to)
{
	for (unsigned d = to; d-- > from;) {
		if (++at[d] < dims[d].count)
			return true;
		at[d] = 0;
	}
	return false;
}

/* The dims from `outer` on are the register's own. */
static void put_reg(struct head *head, const struct mdl_reg *reg, size_t length, unsigned outer)
{
	const char *own = pattern_of(reg) + length;
	const unsigned inside = count_brackets(own, strlen(own));
	char name[NAME_SIZE];

	do {
		indexed(own, strlen(own), head->at + outer, reg->ndims - outer - inside, name,
			sizeof(name));
		put_element(head, reg, name);
	} while (step(reg->dims, head->at, outer, reg->ndims));
}

/* n registers that share `length` characters of their pattern, and so the first `outer` dims. */
static void put_group(struct head *head, const struct mdl_reg **regs, uint32_t n, size_t length,
		      unsigned outer)
{
	while (n > 0) {
		const char *pattern = pattern_of(regs[0]), *dot = strchr(pattern + length, '.');
		const size_t end = dot ? (size_t)(dot - pattern) + 1 : 0;
		unsigned inner;
		uint32_t same = 1;
		char name[NAME_SIZE];

		if (!dot) {
			put_reg(head, *regs++, length, outer);
			n--;
			continue;
		}
		while (same < n && strncmp(pattern_of(regs[same]), pattern, end) == 0)
			same++;
		inner = outer + count_brackets(pattern + length, end - length);
		do {
			indexed(pattern + length, end - length - 1, head->at + outer, 0, name,
				sizeof(name));
			open_scope(head, name);
			put_group(head, regs, same, end, inner);
			close_scope(head);
		} while (step(regs[0]->dims, head->at, outer, inner));
		regs += same;
		n -= same;
	}
}

static int put_table(struct mdl_dev *dev, struct vcd *vcd, const struct vcd_table *table)
{
	struct head head = {.dev = dev, .vcd = vcd, .table = table};

	head.regs = calloc(table->nregs, sizeof(struct mdl_reg *));
	if (!head.regs)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->nregs; i++)
		head.regs[i] = &table->regs[i];
	qsort(head.regs, table->nregs, sizeof(struct mdl_reg *), by_group);
	open_scope(&head, table->name);
	put_group(&head, head.regs, table->nregs, 0, 0);
	close_scope(&head);
	free(head.regs);
	return 0;
}

static void put_irqs(struct mdl_dev *dev, struct vcd *vcd, const struct vcd_layout *layout)
{
	const struct mdl_device *desc = dev->desc;
	const struct head head = {.dev = dev, .vcd = vcd};
	char name[NAME_SIZE];

	if (!desc->nirqs)
		return;
	open_scope(&head, "irq");
	for (uint32_t i = 0; i < desc->nirqs; i++)
		for (uint32_t j = 0; j < desc->irqs[i].count; j++) {
			indexed(desc->irqs[i].name, strlen(desc->irqs[i].name), &j,
				desc->irqs[i].count > 1, name, sizeof(name));
			put_var(&head, name, 1, layout->first_irq_id + desc->irqs[i].first + j);
		}
	close_scope(&head);
}

int vcd_head(struct mdl_dev *dev, struct vcd *vcd, const struct vcd_layout *layout)
{
	int rc = 0;

	vcd_text(dev, vcd,
		 "$version libmdl " MDL_VERSION " $end\n$timescale 1ns $end\n"
		 "$scope module %s $end\n",
		 dev->desc->name);
	for (unsigned i = 0; i < layout->ntables && !rc; i++)
		rc = put_table(dev, vcd, &layout->tables[i]);
	put_irqs(dev, vcd, layout);
	vcd_text(dev, vcd, "$upscope $end\n$enddefinitions $end\n");
	return rc;
}
