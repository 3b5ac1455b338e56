/* SPDX-License-Identifier: BSD-2-Clause */
/* --emit=json: the device and what it has besides registers and state. */
#include <stdio.h>
#include <string.h>

#include "json.h"

static void put_cap(struct json *json, const struct m_cap *cap)
{
	json_open(json, NULL, '{');
	json_string(json, "name", cap->name);
	json_number(json, "id", cap->id);
	json_number(json, "offset", cap->offset);
	json_number(json, "size", cap->size);
	json_flag(json, "extended", cap->extended);
	if (cap->data_size) {
		json_open(json, "data", '[');
		for (unsigned i = 0; i < cap->data_size; i++)
			json_number(json, NULL, cap->data[i]);
		json_close(json, ']');
	}
	json_close(json, '}');
}

static void put_msix(struct json *json, const struct m_pci *pci)
{
	json_open(json, "msix", '{');
	json_number(json, "vectors", pci->msix_vectors);
	json_number(json, "table_bar", pci->msix_table_bar);
	json_number(json, "table_offset", pci->msix_table_offset);
	json_number(json, "pba_bar", pci->msix_pba_bar);
	json_number(json, "pba_offset", pci->msix_pba_offset);
	json_close(json, '}');
}

static void put_pci(struct json *json, const struct m_pci *pci)
{
	json_open(json, "pci", '{');
	json_hex(json, "vendor", pci->vendor);
	json_hex(json, "device", pci->device);
	json_hex(json, "subsystem_vendor", pci->subsystem_vendor);
	json_hex(json, "subsystem", pci->subsystem);
	json_hex(json, "class", pci->class_code);
	json_hex(json, "revision", pci->revision);
	if (pci->intx)
		json_string(json, "intx",
			    (const char *const[]){"", "A", "B", "C", "D"}[pci->intx % 5]);
	if (pci->msi_vectors)
		json_number(json, "msi_vectors", pci->msi_vectors);
	if (pci->msix_vectors)
		put_msix(json, pci);
	json_flag(json, "pm", pci->pm);
	json_flag(json, "express", pci->express);
	json_flag(json, "flr", pci->flr);
	if (pci->has_dsn)
		json_hex(json, "dsn", pci->dsn);
	if (pci->rom_size)
		json_number(json, "rom_size", pci->rom_size);
	json_optional(json, "rom_file", pci->rom_file);
	json_open(json, "capabilities", '[');
	for (unsigned i = 0; i < pci->ncaps; i++)
		put_cap(json, &pci->caps[i]);
	json_close(json, ']');
	json_open(json, "registers", '[');
	for (unsigned i = 0; i < pci->nregs; i++)
		json_register(json, pci->regs[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void put_param(struct json *json, const struct m_param *p)
{
	static const char *const types[] = {"uint", "int", "bool", "string", "path", "enum"};

	json_open(json, NULL, '{');
	json_string(json, "name", p->name);
	json_string(json, "option", p->option);
	json_optional(json, "doc", p->doc);
	json_string(json, "type", types[p->type]);
	json_string(json, "ctype", p->ctype);
	if (p->type == M_PARAM_BOOL)
		json_bool(json, "default", p->value != 0);
	else if (p->type == M_PARAM_INT)
		json_signed(json, "default", (int64_t)p->value);
	else if (p->type == M_PARAM_STRING || p->type == M_PARAM_PATH)
		json_optional(json, "default", p->text);
	else
		json_hex(json, "default", p->value);
	json_enum(json, "enum", p->enumeration);
	json_close(json, '}');
}

static void put_irq(struct json *json, const struct m_irq *irq)
{
	json_open(json, NULL, '{');
	json_string(json, "name", irq->name);
	json_optional(json, "doc", irq->doc);
	json_number(json, "first", irq->first);
	json_number(json, "count", irq->count);
	json_number(json, "vector", irq->vector);
	json_close(json, '}');
}

static void put_intr(struct json *json, const struct m_intr *intr)
{
	static const char *const kinds[] = {"level", "posedge", "negedge", "bothedge"};

	json_open(json, NULL, '{');
	json_string(json, "name", intr->path);
	json_optional(json, "doc", intr->doc);
	json_number(json, "count", intr->count);
	json_dims(json, intr->dims, intr->ndims);
	json_string(json, "status", intr->status->path);
	json_optional(json, "enable", intr->enable ? intr->enable->path : NULL);
	json_optional(json, "mask", intr->mask ? intr->mask->path : NULL);
	json_optional(json, "test", intr->test ? intr->test->path : NULL);
	json_open(json, "causes", '[');
	for (unsigned i = 0; i < intr->ncauses; i++) {
		const struct m_intr_cause *cause = &intr->causes[i];

		json_open(json, NULL, '{');
		json_string(json, "name", cause->name);
		json_optional(json, "doc", cause->doc);
		json_number(json, "msb", cause->msb);
		json_number(json, "lsb", cause->lsb);
		json_string(json, "kind", kinds[cause->kind & 3]);
		if (cause->irq >= 0) {
			json_signed(json, "irq", cause->irq);
			json_number(json, "irq_step", cause->irq_step);
			json_optional(json, "irq_name", cause->irq_name);
		}
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void put_timer(struct json *json, const struct m_timer *timer)
{
	json_open(json, NULL, '{');
	json_string(json, "name", timer->name);
	json_optional(json, "doc", timer->doc);
	json_number(json, "count", timer->count);
	json_flag(json, "realtime", timer->realtime);
	json_flag(json, "transient", timer->transient);
	json_since(json, timer->since);
	json_hooks(json, timer->hook, timer->hook != NULL);
	json_close(json, '}');
}

static void put_bits(struct json *json, const struct m_member *m)
{
	if (!m->nfields)
		return;
	json_open(json, "fields", '[');
	for (unsigned i = 0; i < m->nfields; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", m->fields[i].name);
		json_optional(json, "doc", m->fields[i].doc);
		json_number(json, "msb", m->fields[i].msb);
		json_number(json, "lsb", m->fields[i].lsb);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_layout(struct json *json, const struct m_layout *layout)
{
	json_open(json, NULL, '{');
	json_string(json, "name", layout->name);
	json_optional(json, "doc", layout->doc);
	json_number(json, "size", layout->size);
	json_bool(json, "big_endian", layout->big_endian);
	json_open(json, "members", '[');
	for (unsigned i = 0; i < layout->nmembers; i++) {
		const struct m_member *m = &layout->members[i];

		json_open(json, NULL, '{');
		json_string(json, "name", m->name);
		json_optional(json, "doc", m->doc);
		json_number(json, "offset", m->offset);
		json_number(json, "size", m->size);
		json_number(json, "count", m->count);
		if (m->layout)
			json_string(json, "layout", m->layout->name);
		else
			json_string(json, "ctype", m->ctype);
		put_bits(json, m);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void put_names(struct json *json, const struct model *model)
{
	json_open(json, "consts", '[');
	for (unsigned i = 0; i < model->nconsts; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", model->consts[i].name);
		json_optional(json, "doc", model->consts[i].doc);
		json_hex(json, "value", model->consts[i].value);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "enums", '[');
	for (unsigned i = 0; i < model->nenums; i++)
		json_enum(json, NULL, model->enums[i]);
	json_close(json, ']');
	json_open(json, "layouts", '[');
	for (unsigned i = 0; i < model->nlayouts; i++)
		put_layout(json, model->layouts[i]);
	json_close(json, ']');
}

static void put_wiring(struct json *json, const struct model *model)
{
	json_open(json, "params", '[');
	for (unsigned i = 0; i < model->nparams; i++)
		put_param(json, &model->params[i]);
	json_close(json, ']');
	json_open(json, "irqs", '[');
	for (unsigned i = 0; i < model->nirqs; i++)
		put_irq(json, &model->irqs[i]);
	json_close(json, ']');
	json_open(json, "intrs", '[');
	for (unsigned i = 0; i < model->nintrs; i++)
		put_intr(json, model->intrs[i]);
	json_close(json, ']');
	json_open(json, "timers", '[');
	for (unsigned i = 0; i < model->ntimers; i++)
		put_timer(json, &model->timers[i]);
	json_close(json, ']');
}

int json_write(FILE *out, const struct model *model)
{
	struct json json = {.out = out, .empty = true};
	const char *slash = strrchr(model->source, '/');

	json_open(&json, NULL, '{');
	json_number(&json, "format", JSON_FORMAT);
	json_string(&json, "name", model->name);
	json_optional(&json, "doc", model->doc);
	json_number(&json, "version", model->version);
	json_string(&json, "source", slash ? slash + 1 : model->source);
	put_pci(&json, &model->pci);
	put_names(&json, model);
	put_wiring(&json, model);
	json_open(&json, "bars", '[');
	for (unsigned i = 0; i < model->nbars; i++)
		json_bar(&json, &model->bars[i]);
	json_close(&json, ']');
	json_state(&json, model);
	json_hooks(&json, model->hooks, model->nhooks);
	json_migration(&json, model);
	json_close(&json, '}');
	return ferror(out) ? -1 : 0;
}
