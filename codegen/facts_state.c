/* SPDX-License-Identifier: BSD-2-Clause */
/* State variables, layouts and PCI identity as facts. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "c_words.h"
#include "facts.h"

/* ---- state */

/* `return dev->n != 0;` instead of the mere condition. */
static bool has_statements(const struct code *code)
{
	const char *text = code ? code->text : "";
	struct c_token token;

	while ((token = c_next_token(&text)).kind != C_END)
		if (c_token_is(token, "return"))
			return true;
	return false;
}

static void write_section(const struct facts_run *run, unsigned n)
{
	const struct m_section *section = &run->model->sections[n];
	const struct facts_options *options = run->options;
	struct facts *f = run->facts;
	bool missing = section->when && (!options->defined ||
					 !options->defined(options->defined_arg, section->when));

	facts_begin(f, FACT_section);
	facts_text(f, "name", section->name);
	facts_text(f, "cname", section->cname);
	facts_text(f, "doc", section->doc);
	facts_number(f, "index", n);
	facts_text(f, "when", section->when);
	facts_flag(f, "missing", missing);
	facts_number(f, "since", section->since);
	facts_number(f, "until", section->until);
	facts_flag(f, "conditional", section->when || section->when_code);
	facts_flag(f, "inline", section->when_code != NULL);
	facts_flag(f, "statements", has_statements(section->when_code));
	facts_code(f, section->when_code);
	facts_run(f, n, run->model->nsections);
	facts_end(f);
}

static void put_var_value(struct facts *f, const struct m_var *var)
{
	facts_flag(f, "has_value", var->has_value);
	facts_hex(f, "value", var->value);
	facts_flag(f, "is_text", var->text != NULL);
	if (var->text)
		facts_text(f, "initial", var->text);
	else if (var->type == M_VAR_BOOL)
		facts_text(f, "initial", var->value ? "true" : "false");
	else if (var->type != M_VAR_UINT && (int64_t)var->value == INT64_MIN)
		facts_text(f, "initial", "INT64_MIN");
	else if (var->type != M_VAR_UINT)
		facts_format(f, "initial", "%" PRId64, (int64_t)var->value);
	else
		facts_format(f, "initial", "%" PRIu64 "%s", var->value,
			     var->value > INT64_MAX ? "ull" : "");
}

static void write_var(const struct facts_run *run, unsigned n)
{
	static const char *const types[] = {"UINT", "INT", "BOOL", "LAYOUT", "HOST"};
	const struct m_var *var = &run->model->vars[n];
	struct facts *f = run->facts;
	struct m_dim dims[MODEL_MAX_DIMS];
	char array[MODEL_MAX_DIMS * 13], zeros[MODEL_MAX_DIMS * 3 + 1] = "";

	for (unsigned i = 0; i < var->ndims; i++) {
		dims[i].count = var->dims[i];
		memcpy(zeros + 3 * i, "[0]", 4);
	}
	array_text(array, sizeof(array), dims, var->ndims);
	facts_begin(f, FACT_var);
	facts_text(f, "name", var->name);
	facts_text(f, "cname", var->cname);
	facts_text(f, "doc", var->doc);
	facts_text(f, "type", types[var->type]);
	facts_text(f, "ctype", var->ctype);
	facts_number(f, "size", var->size);
	facts_text(f, "array", array);
	facts_number(f, "count", var->count);
	facts_flag(f, "bounded", var->bounded);
	facts_flag(f, "transient", !is_migrated(var));
	facts_number(f, "since", var->since);
	facts_number(f, "until", var->until);
	put_var_value(f, var);
	facts_flag(f, "scalar", var->ndims == 0);
	facts_text(f, "first_element", zeros);
	facts_text(f, "layout", var->layout ? var->layout->cname : NULL);
	facts_format(f, "section", "%d", var->section);
	facts_text(f, "section_name",
		   var->section < 0 ? NULL : run->model->sections[var->section].name);
	facts_run(f, n, run->model->nvars);
	facts_end(f);
}

void facts_state(const struct facts_run *run)
{
	for (unsigned i = 0; i < run->model->nsections; i++)
		write_section(run, i);
	for (unsigned i = 0; i < run->model->nvars; i++)
		write_var(run, i);
}

/* ---- layouts */

static unsigned count_leaves(const struct m_layout *layout)
{
	unsigned n = 0;

	for (unsigned i = 0; i < layout->nmembers; i++) {
		const struct m_member *m = &layout->members[i];

		n += m->layout ? m->count * count_leaves(m->layout) : 1;
	}
	return n;
}

struct leaves {
	struct facts *facts;
	const char *layout;
	unsigned n, total;
};

static void write_leaves(struct leaves *leaves, const struct m_layout *layout, uint64_t base)
{
	for (unsigned i = 0; i < layout->nmembers; i++) {
		const struct m_member *m = &layout->members[i];

		for (uint32_t k = 0; m->layout && k < m->count; k++)
			write_leaves(leaves, m->layout, base + m->offset + (uint64_t)k * m->size);
		if (m->layout)
			continue;
		facts_begin(leaves->facts, FACT_leaf);
		facts_text(leaves->facts, "layout", leaves->layout);
		facts_number(leaves->facts, "offset", base + m->offset);
		facts_number(leaves->facts, "size", m->size);
		facts_number(leaves->facts, "count", m->count);
		facts_run(leaves->facts, leaves->n++, leaves->total);
		facts_end(leaves->facts);
	}
}

static void write_bits(struct facts *f, const struct m_layout *layout, const struct m_member *m)
{
	for (unsigned i = 0; i < m->nfields; i++) {
		const struct m_field *field = &m->fields[i];

		facts_begin(f, FACT_bits);
		facts_text(f, "layout", layout->cname);
		facts_text(f, "member", m->cname);
		facts_text(f, "name", field->name);
		facts_text(f, "cname", field->cname);
		facts_text(f, "doc", field->doc);
		facts_text(f, "ctype", m->ctype);
		facts_flag(f, "promoted", m->size < 4);
		facts_number(f, "lsb", field->lsb);
		facts_number(f, "msb", field->msb);
		facts_number(f, "width", field->width);
		facts_hex(f, "mask", field->mask);
		facts_text(f, "suffix", m->size == 8 ? "ull" : "u");
		facts_flag(f, "scalar", !m->is_array);
		facts_end(f);
	}
}

static void write_member(struct facts *f, const struct m_layout *layout, unsigned n)
{
	const struct m_member *m = &layout->members[n];

	facts_begin(f, FACT_member);
	facts_text(f, "layout", layout->cname);
	facts_text(f, "name", m->name);
	facts_text(f, "cname", m->cname);
	facts_text(f, "doc", m->doc);
	facts_text(f, "ctype", m->ctype);
	if (m->is_array)
		facts_format(f, "array", "[%" PRIu32 "]", m->count);
	else
		facts_text(f, "array", NULL);
	facts_number(f, "offset", m->offset);
	facts_number(f, "size", m->size);
	facts_number(f, "bits", 8ull * m->size);
	facts_number(f, "count", m->count);
	facts_flag(f, "big", layout->big_endian);
	facts_text(f, "nested", m->layout ? m->layout->cname : NULL);
	facts_run(f, n, layout->nmembers);
	facts_end(f);
	write_bits(f, layout, m);
}

void facts_layouts(const struct facts_run *run)
{
	for (unsigned i = 0; i < run->model->nlayouts; i++) {
		const struct m_layout *layout = run->model->layouts[i];
		struct leaves leaves = {run->facts, layout->cname, 0, count_leaves(layout)};
		struct facts *f = run->facts;

		facts_begin(f, FACT_layout);
		facts_text(f, "name", layout->name);
		facts_text(f, "cname", layout->cname);
		facts_text(f, "doc", layout->doc);
		facts_number(f, "size", layout->size);
		facts_flag(f, "big", layout->big_endian);
		facts_number(f, "nleaves", leaves.total);
		facts_end(f);
		for (unsigned m = 0; m < layout->nmembers; m++)
			write_member(f, layout, m);
		write_leaves(&leaves, layout, 0);
		facts_begin(f, FACT_layout_end);
		facts_text(f, "name", layout->name);
		facts_text(f, "cname", layout->cname);
		facts_number(f, "size", layout->size);
		facts_flag(f, "big", layout->big_endian);
		facts_number(f, "nleaves", leaves.total);
		facts_end(f);
	}
}

/* ---- PCI */

static void write_cap(const struct facts_run *run, unsigned i, unsigned n, unsigned total)
{
	const struct m_cap *cap = &run->model->pci.caps[i];
	struct facts *f = run->facts;
	char *data = malloc((size_t)cap->data_size * 6 + 1), *at = data;

	if (!data) {
		f->error = "out of memory";
		return;
	}
	*at = '\0';
	for (unsigned k = 0; k < cap->data_size; k++)
		at += sprintf(at, "%s0x%02x", k ? ", " : "", cap->data[k]);
	facts_begin(f, FACT_cap);
	facts_number(f, "index", i);
	facts_text(f, "name", cap->name);
	facts_format(f, "id", "0x%02x", cap->id);
	facts_format(f, "offset", "0x%02x", cap->offset);
	facts_number(f, "size", cap->size);
	facts_flag(f, "extended", cap->extended);
	facts_number(f, "ndata", cap->data_size);
	facts_text(f, "data", data);
	facts_run(f, n, total);
	facts_end(f);
	free(data);
}

static void put_msix(struct facts *f, const struct m_pci *pci)
{
	facts_number(f, "msix", pci->msix_vectors);
	facts_number(f, "table_bar", pci->msix_table_bar);
	facts_hex(f, "table_offset", pci->msix_table_offset);
	facts_number(f, "pba_bar", pci->msix_pba_bar);
	facts_hex(f, "pba_offset", pci->msix_pba_offset);
}

static void write_pci(const struct facts_run *run, unsigned ncaps, unsigned nextcaps)
{
	const struct m_pci *pci = &run->model->pci;
	struct facts *f = run->facts;

	facts_begin(f, FACT_pci);
	facts_format(f, "vendor", "0x%04x", pci->vendor);
	facts_format(f, "device", "0x%04x", pci->device);
	facts_format(f, "subvendor", "0x%04x", pci->subsystem_vendor);
	facts_format(f, "subsystem", "0x%04x", pci->subsystem);
	facts_format(f, "class", "0x%06" PRIx32, pci->class_code);
	facts_format(f, "revision", "0x%02x", pci->revision);
	facts_number(f, "intx", pci->intx);
	facts_text(f, "intx_name",
		   (const char *const[]){"", "INTA", "INTB", "INTC", "INTD"}[pci->intx % 5]);
	facts_number(f, "msi", pci->msi_vectors);
	facts_flag(f, "pm", pci->pm);
	facts_flag(f, "express", pci->express);
	facts_flag(f, "flr", pci->flr);
	put_msix(f, pci);
	facts_flag(f, "has_dsn", pci->has_dsn);
	facts_format(f, "dsn", "0x%016" PRIx64, pci->dsn);
	facts_hex(f, "rom_size", pci->rom_size);
	facts_flag(f, "has_rom", pci->rom_size != 0);
	facts_text(f, "rom_file", pci->rom_file);
	facts_number(f, "ncaps", ncaps);
	facts_number(f, "nextcaps", nextcaps);
	facts_end(f);
}

void facts_pci(const struct facts_run *run)
{
	const struct m_pci *pci = &run->model->pci;
	unsigned ncaps[2] = {0, 0}, n[2] = {0, 0};

	for (unsigned i = 0; i < pci->ncaps; i++)
		ncaps[pci->caps[i].extended]++;
	write_pci(run, ncaps[0], ncaps[1]);
	for (unsigned i = 0; i < pci->ncaps; i++) {
		bool extended = pci->caps[i].extended;

		write_cap(run, i, n[extended]++, ncaps[extended]);
	}
}
