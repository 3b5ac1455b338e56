/* SPDX-License-Identifier: BSD-2-Clause */
/* State, and what of everything migrates, in --emit=json. */
#include "facts.h"
#include "json.h"

static const char *const var_types[] = {"uint", "int", "bool", "layout", "host"};

static void put_versions(struct json *json, uint32_t since, uint32_t until)
{
	json_number(json, "since", since);
	if (until != UINT32_MAX)
		json_number(json, "until", until);
}

static void put_value(struct json *json, const char *key, const struct m_var *var)
{
	if (var->type == M_VAR_BOOL)
		json_bool(json, key, var->value != 0);
	else if (var->type == M_VAR_INT || var->type == M_VAR_HOST)
		json_signed(json, key, (int64_t)var->value);
	else
		json_hex(json, key, var->value);
}

static void put_var(struct json *json, const struct model *model, const struct m_var *var)
{
	json_open(json, NULL, '{');
	json_string(json, "name", var->name);
	json_string(json, "cname", var->cname);
	json_optional(json, "doc", var->doc);
	json_string(json, "type", var_types[var->type]);
	json_string(json, "ctype", var->ctype);
	json_number(json, "size", var->size);
	json_number(json, "count", var->count);
	if (var->ndims) {
		json_open(json, "dims", '[');
		for (unsigned i = 0; i < var->ndims; i++)
			json_number(json, NULL, var->dims[i]);
		json_close(json, ']');
	}
	json_flag(json, "bounded", var->bounded);
	json_flag(json, "transient", !is_migrated(var));
	put_versions(json, var->since, var->until);
	if (var->text)
		json_string(json, "value", var->text);
	else if (var->has_value)
		put_value(json, "value", var);
	if (var->layout)
		json_string(json, "layout", var->layout->name);
	if (var->section >= 0)
		json_string(json, "section", model->sections[var->section].name);
	json_close(json, '}');
}

static void put_section(struct json *json, const struct m_section *section)
{
	json_open(json, NULL, '{');
	json_string(json, "name", section->name);
	json_optional(json, "doc", section->doc);
	json_bool(json, "conditional", section->when || section->when_code);
	json_optional(json, "when", section->when);
	put_versions(json, section->since, section->until);
	json_close(json, '}');
}

void json_state(struct json *json, const struct model *model)
{
	json_open(json, "state", '{');
	json_open(json, "variables", '[');
	for (unsigned i = 0; i < model->nvars; i++)
		put_var(json, model, &model->vars[i]);
	json_close(json, ']');
	json_open(json, "sections", '[');
	for (unsigned i = 0; i < model->nsections; i++)
		put_section(json, &model->sections[i]);
	json_close(json, ']');
	json_close(json, '}');
}

/* ---- what migrates */

static void open_record(struct json *json, const char *kind, const char *name, uint64_t size,
			uint64_t count)
{
	json_open(json, NULL, '{');
	json_string(json, "kind", kind);
	json_string(json, "name", name);
	json_number(json, "size", size);
	json_number(json, "count", count);
}

static void put_record(struct json *json, const char *kind, const char *name, uint64_t size,
		       uint64_t count, uint32_t since)
{
	open_record(json, kind, name, size, count);
	json_since(json, since);
	json_close(json, '}');
}

static void put_register(struct json *json, const struct m_reg *reg)
{
	open_record(json, "register", reg->path, reg->width, reg->count);
	json_since(json, reg->since);
	if (reg->intr)
		json_string(json, "intr", reg->intr->path);
	json_close(json, '}');
}

static void put_registers(struct json *json, const struct model *model)
{
	for (unsigned i = 0; i < model->nregs; i++) {
		const struct m_reg *reg = model->regs[i];

		if (!reg->alias_of && reg->doorbell == M_DOORBELL_NONE)
			put_register(json, reg);
		if (reg->doorbell == M_DOORBELL_MMAP)
			put_record(json, "doorbell", reg->path, reg->width, reg->count, reg->since);
		if (reg->masks.once)
			put_record(json, "once", reg->path, reg->width, reg->count, reg->since);
	}
	for (unsigned i = 0; i < model->nintrs; i++) {
		const struct m_intr *intr = model->intrs[i];

		put_record(json, "interrupt", intr->path, 2ull * intr->width, intr->count,
			   intr->since);
	}
}

static void put_memory(struct json *json, const struct model *model)
{
	for (unsigned b = 0; b < model->nbars; b++) {
		for (unsigned i = 0; i < model->bars[b].nrams; i++) {
			const struct m_ram *ram = &model->bars[b].rams[i];

			if (!ram->transient)
				put_record(json, "ram", ram->path, ram->size, ram->count,
					   ram->since);
		}
	}
	for (unsigned i = 0; i < model->ntimers; i++) {
		const struct m_timer *timer = &model->timers[i];

		if (timer->transient)
			continue;
		open_record(json, "timer", timer->name, 16, timer->count);
		json_flag(json, "realtime", timer->realtime);
		json_since(json, timer->since);
		json_close(json, '}');
	}
}

static void put_variables(struct json *json, const struct model *model)
{
	for (unsigned i = 0; i < model->nvars; i++) {
		const struct m_var *var = &model->vars[i];

		if (!is_migrated(var))
			continue;
		open_record(json, "variable", var->name, var->size, var->count);
		json_string(json, "type", var_types[var->type]);
		json_flag(json, "bounded", var->bounded);
		put_versions(json, var->since, var->until);
		if (var->type != M_VAR_LAYOUT)
			put_value(json, "default", var);
		if (var->layout)
			json_string(json, "layout", var->layout->name);
		if (var->section >= 0)
			json_string(json, "section", model->sections[var->section].name);
		json_close(json, '}');
	}
}

void json_migration(struct json *json, const struct model *model)
{
	json_open(json, "migration", '{');
	json_number(json, "version", model->version);
	json_hex(json, "schema", model->schema);
	json_open(json, "records", '[');
	put_registers(json, model);
	put_memory(json, model);
	put_variables(json, model);
	json_close(json, ']');
	json_close(json, '}');
}
