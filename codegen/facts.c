/* SPDX-License-Identifier: BSD-2-Clause */
/* The device as facts: what belongs to no register. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool is_migrated(const struct m_var *var)
{
	return !var->transient && var->type != M_VAR_HOST;
}

static void upper(char *text)
{
	for (; *text; text++)
		*text = (char)toupper((unsigned char)*text);
}

/* "dir/gpio-x.c": base "gpio-x", guard "GPIO_X". */
static void write_output(const struct facts_run *run)
{
	const char *output = run->options->output ? run->options->output : run->model->name;
	char base[256], guard[258];
	char *dot;

	if (snprintf(base, sizeof(base), "%s", base_name(output)) >= (int)sizeof(base))
		run->facts->error = "the output's name is too long";
	dot = strrchr(base, '.');
	if (dot && dot != base)
		*dot = '\0';
	snprintf(guard, sizeof(guard), "%s%s", isdigit((unsigned char)*base) ? "_" : "", base);
	upper(guard);
	for (char *c = guard; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	facts_begin(run->facts, FACT_output);
	facts_text(run->facts, "source", base_name(run->model->source));
	facts_text(run->facts, "base", base);
	facts_text(run->facts, "guard", guard);
	facts_text(run->facts, "file", base_name(output));
	facts_end(run->facts);
}

static bool needs_init(const struct model *model)
{
	for (unsigned i = 0; i < model->nvars; i++)
		if (!is_migrated(&model->vars[i]) && model->vars[i].has_value)
			return true;
	return false;
}

static unsigned count_migrated(const struct model *model)
{
	unsigned n = 0;

	for (unsigned i = 0; i < model->nvars; i++)
		n += is_migrated(&model->vars[i]);
	return n;
}

static void write_device(const struct facts_run *run)
{
	const struct model *model = run->model;
	struct facts *f = run->facts;
	char *name = strdup(model->cname);

	if (!name) {
		f->error = "out of memory";
		return;
	}
	upper(name);
	facts_begin(f, FACT_device);
	facts_text(f, "name", model->name);
	facts_text(f, "dev", model->cname);
	facts_text(f, "DEV", name);
	facts_text(f, "doc", model->doc);
	facts_number(f, "version", model->version);
	facts_format(f, "schema", "0x%016" PRIx64, model->schema);
	facts_number(f, "nbars", model->nbars);
	facts_number(f, "nregs", model->nregs);
	facts_number(f, "nirqs", model->nirqs);
	facts_number(f, "irq_total", model->irq_total);
	facts_number(f, "nintrs", model->nintrs);
	facts_number(f, "ntimers", model->ntimers);
	facts_number(f, "nparams", model->nparams);
	facts_number(f, "nvars", count_migrated(model));
	facts_number(f, "nsections", model->nsections);
	facts_flag(f, "hooks", model->nhooks > 0);
	facts_flag(f, "init", needs_init(model));
	facts_end(f);
	free(name);
}

static void write_consts(const struct facts_run *run)
{
	const struct model *model = run->model;
	unsigned total = 0, n = 0;

	for (unsigned i = 0; i < model->nconsts; i++)
		total += model->consts[i].from_main;
	for (unsigned i = 0; i < model->nconsts; i++) {
		const struct m_const *c = &model->consts[i];

		if (!c->from_main)
			continue;
		facts_begin(run->facts, FACT_const);
		facts_text(run->facts, "name", c->name);
		facts_text(run->facts, "cname", c->cname);
		facts_format(run->facts, "value", "%" PRIu64 "%s", c->value,
			     c->value > UINT32_MAX  ? "ull"
			     : c->value > INT32_MAX ? "u"
						    : "");
		facts_text(run->facts, "doc", c->doc);
		facts_run(run->facts, n++, total);
		facts_end(run->facts);
	}
}

void facts_enum(const struct facts_run *run, const struct m_enum *e, const char *id,
		const char *prefix, const char *owner, const char *suffix)
{
	bool local = !strcmp(owner, "field") || !strcmp(owner, "reg");
	struct facts *f = run->facts;

	facts_begin(f, FACT_enum);
	facts_text(f, "id", id);
	facts_text(f, "owner", owner);
	facts_flag(f, "local", local);
	facts_text(f, "prefix", prefix);
	facts_text(f, "name", e->name);
	facts_number(f, "nvalues", e->nvalues);
	facts_text(f, "doc", e->doc);
	facts_end(f);
	for (unsigned i = 0; i < e->nvalues; i++) {
		const struct m_value *value = &e->values[i];

		facts_begin(f, FACT_value);
		facts_text(f, "id", id);
		facts_text(f, "owner", owner);
		facts_flag(f, "local", local);
		facts_text(f, "prefix", prefix);
		facts_text(f, "name", value->name);
		facts_text(f, "cname", value->cname);
		facts_hex(f, "number", value->value);
		facts_text(f, "suffix", value->value > UINT32_MAX ? "ull" : suffix);
		facts_text(f, "doc", value->doc);
		facts_run(f, i, e->nvalues);
		facts_end(f);
	}
}

/* Does a table of the run time's need the enumeration's names? */
static bool is_shown(const struct model *model, const struct m_enum *e)
{
	for (unsigned i = 0; i < model->nparams; i++)
		if (model->params[i].enumeration == e)
			return true;
	for (unsigned i = 0; i < model->nregs; i++)
		for (unsigned k = 0; k < model->regs[i]->nfields; k++)
			if (model->regs[i]->fields[k].enumeration == e)
				return true;
	return false;
}

static void write_enums(const struct facts_run *run)
{
	for (unsigned i = 0; i < run->model->nenums; i++) {
		const struct m_enum *e = run->model->enums[i];
		char id[300];

		if (snprintf(id, sizeof(id), "enum_%s", e->name) >= (int)sizeof(id))
			run->facts->error = "a name is too long";
		facts_enum(run, e, is_shown(run->model, e) ? id : NULL, e->name, "enum", "u");
	}
}

static const char *param_default(const struct m_param *p, char *text, size_t size)
{
	switch (p->type) {
	case M_PARAM_UINT:
		snprintf(text, size, "%" PRIu64, p->value);
		return text;
	case M_PARAM_INT:
		snprintf(text, size, "%" PRId64, (int64_t)p->value);
		return text;
	case M_PARAM_BOOL:
		return p->value ? "true" : "false";
	case M_PARAM_STRING:
	case M_PARAM_PATH:
		return p->text;
	case M_PARAM_ENUM:
		for (unsigned i = 0; p->enumeration && i < p->enumeration->nvalues; i++)
			if (p->enumeration->values[i].value == p->value)
				return p->enumeration->values[i].name;
	}
	return "";
}

static void write_param(const struct facts_run *run, unsigned n)
{
	static const char *const types[] = {"UINT", "INT", "BOOL", "STRING", "PATH", "ENUM"};
	const struct m_param *p = &run->model->params[n];
	const struct m_enum *e = p->enumeration;
	struct facts *f = run->facts;
	char id[300] = "", text[32];

	if (e && e->name)
		snprintf(id, sizeof(id), "enum_%s", e->name);
	else if (e)
		snprintf(id, sizeof(id), "param_%s", p->cname);
	if (e && !e->name)
		facts_enum(run, e, id, p->cname, "param", "u");
	facts_begin(f, FACT_param);
	facts_text(f, "name", p->name);
	facts_text(f, "cname", p->cname);
	facts_text(f, "option", p->option);
	facts_text(f, "doc", p->doc);
	facts_text(f, "type", types[p->type]);
	facts_text(f, "ctype", p->ctype);
	facts_number(f, "size", p->size);
	facts_hex(f, "value", p->value);
	facts_text(f, "text", p->text);
	facts_flag(f, "has_text", p->text != NULL);
	facts_text(f, "enum", id);
	facts_number(f, "nvalues", e ? e->nvalues : 0);
	facts_text(f, "default", param_default(p, text, sizeof(text)));
	facts_run(f, n, run->model->nparams);
	facts_end(f);
}

static void write_irqs(const struct facts_run *run)
{
	struct facts *f = run->facts;

	for (unsigned i = 0; i < run->model->nirqs; i++) {
		const struct m_irq *irq = &run->model->irqs[i];
		char name[300];

		snprintf(name, sizeof(name), "%s", irq->cname);
		upper(name);
		facts_begin(f, FACT_irq);
		facts_text(f, "name", irq->name);
		facts_text(f, "cname", irq->cname);
		facts_text(f, "CNAME", name);
		facts_text(f, "doc", irq->doc);
		facts_number(f, "first_number", irq->first);
		facts_number(f, "count", irq->count);
		facts_number(f, "vector", irq->vector);
		facts_run(f, i, run->model->nirqs);
		facts_end(f);
	}
}

static void write_codes(const struct facts_run *run)
{
	for (unsigned i = 0; i < run->model->ncodes; i++) {
		facts_begin(run->facts, FACT_code);
		facts_code(run->facts, run->model->codes[i]);
		facts_end(run->facts);
	}
}

/* The one table of registers holds them by BAR, then those of config space. */
static unsigned *index_registers(const struct model *model)
{
	unsigned *index = calloc((size_t)model->nregs + 1, sizeof(*index)), n = 0;

	if (!index)
		return NULL;
	for (unsigned b = 0; b < model->nbars; b++)
		for (unsigned i = 0; i < model->bars[b].nregs; i++)
			index[model->bars[b].regs[i]->id] = n++;
	for (unsigned i = 0; i < model->pci.nregs; i++)
		index[model->pci.regs[i]->id] = n++;
	return index;
}

void facts_write(struct facts *facts, const struct model *model,
		 const struct facts_options *options)
{
	unsigned *index = index_registers(model);
	struct facts_run run = {facts, model, options, index};

	if (!index) {
		facts->error = "out of memory";
		return;
	}
	write_output(&run);
	facts_includes(&run);
	write_device(&run);
	facts_pci(&run);
	write_consts(&run);
	write_enums(&run);
	facts_layouts(&run);
	for (unsigned i = 0; i < model->nparams; i++)
		write_param(&run, i);
	write_irqs(&run);
	facts_registers(&run);
	facts_interrupts(&run);
	facts_state(&run);
	facts_device_hooks(&run);
	facts_callees(&run);
	write_codes(&run);
	facts_begin(facts, FACT_end);
	facts_number(facts, "nconfig", model->pci.nregs);
	facts_number(facts, "first_config", model->nregs - model->pci.nregs);
	facts_flag(facts, "init", needs_init(model));
	facts_end(facts);
	free(index);
}
