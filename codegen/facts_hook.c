/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks as facts, and the blocks and timers that have one. */
#include <inttypes.h>
#include <string.h>

#include "facts.h"

/* Is it the author's, and not in the author's file yet? */
static bool is_missing(const struct facts_run *run, const char *function)
{
	const struct facts_options *options = run->options;

	return !options->defined || !options->defined(options->defined_arg, function);
}

static bool hook_missing(const struct facts_run *run, const struct m_hook *hook)
{
	char function[600];

	if (hook->code)
		return false;
	snprintf(function, sizeof(function), "%s_%s", run->model->cname, hook->cname);
	return is_missing(run, function);
}

void facts_hooks(const struct facts_run *run, const struct facts_hook *of,
		 const struct m_hook *hooks, unsigned nhooks)
{
	struct facts *f = run->facts;

	for (unsigned i = 0; i < nhooks; i++) {
		facts_begin(f, FACT_hook);
		facts_text(f, "event", event_name(hooks[i].event));
		facts_text(f, "fn", hooks[i].cname);
		facts_text(f, "owner", of->owner);
		facts_text(f, "table", of->table);
		facts_text(f, "path", of->path);
		facts_text(f, "doc", of->doc);
		facts_text(f, "type", of->type);
		facts_number(f, "ndims", of->ndims);
		facts_flag(f, "indexed", of->ndims > 0);
		facts_flag(f, "external", !hooks[i].code);
		facts_flag(f, "missing", hook_missing(run, &hooks[i]));
		facts_code(f, hooks[i].code);
		facts_run(f, i, nhooks);
		facts_end(f);
	}
}

void facts_device_hooks(const struct facts_run *run)
{
	facts_hooks(
		run,
		&(struct facts_hook){
			.owner = "device", .table = "device", .path = run->model->name, .type = ""},
		run->model->hooks, run->model->nhooks);
}

static void write_cause(const struct facts_run *run, const struct m_intr *intr, unsigned n)
{
	static const char *const kinds[] = {"LEVEL", "POSEDGE", "NEGEDGE", "BOTHEDGE"};
	const struct m_intr_cause *cause = &intr->causes[n];
	struct facts *f = run->facts;

	facts_begin(f, FACT_cause);
	facts_text(f, "intr", intr->cname);
	facts_text(f, "path", intr->path);
	facts_text(f, "name", cause->name);
	facts_text(f, "cname", cause->cname);
	facts_text(f, "doc", cause->doc);
	facts_hex(f, "mask", cause->mask);
	facts_text(f, "suffix", intr->width == 8 ? "ull" : "u");
	facts_number(f, "lsb", cause->lsb);
	facts_number(f, "msb", cause->msb);
	facts_text(f, "kind", kinds[cause->kind & 3]);
	facts_format(f, "irq", "%d", cause->irq);
	facts_text(f, "irq_name", cause->irq_name);
	facts_number(f, "irq_step", cause->irq_step);
	facts_number(f, "ndims", intr->ndims);
	put_element(f, intr->dims, intr->ndims);
	facts_run(f, n, intr->ncauses);
	facts_end(f);
}

static void put_reg_index(const struct facts_run *run, const char *arg, const struct m_reg *reg)
{
	if (reg)
		facts_number(run->facts, arg, run->reg_index[reg->id]);
	else
		facts_text(run->facts, arg, NULL);
}

static void write_intr(const struct facts_run *run, unsigned n)
{
	const struct m_intr *intr = run->model->intrs[n];
	struct facts *f = run->facts;
	char array[MODEL_MAX_DIMS * 13];

	array_text(array, sizeof(array), intr->dims, intr->ndims);
	facts_begin(f, FACT_intr);
	facts_text(f, "name", intr->name);
	facts_text(f, "cname", intr->cname);
	facts_text(f, "path", intr->path);
	facts_text(f, "doc", intr->doc);
	facts_format(f, "type", "uint%u_t", 8 * intr->width);
	facts_number(f, "bits", 8 * intr->width);
	facts_number(f, "ndims", intr->ndims);
	facts_text(f, "array", array);
	facts_number(f, "count", intr->count);
	put_reg_index(run, "status", intr->status);
	put_reg_index(run, "enable", intr->enable);
	put_reg_index(run, "mask", intr->mask);
	put_reg_index(run, "test", intr->test);
	facts_number(f, "ncauses", intr->ncauses);
	facts_number(f, "index", n);
	facts_end(f);
	for (unsigned i = 0; i < intr->ncauses; i++)
		write_cause(run, intr, i);
}

static void write_timer(const struct facts_run *run, unsigned n)
{
	const struct m_timer *timer = &run->model->timers[n];
	struct facts *f = run->facts;

	facts_hooks(run,
		    &(struct facts_hook){.owner = "timer",
					 .table = timer->cname,
					 .path = timer->name,
					 .doc = timer->doc,
					 .type = "",
					 .ndims = timer->is_array},
		    timer->hook, timer->hook != NULL);
	facts_begin(f, FACT_timer);
	facts_text(f, "name", timer->name);
	facts_text(f, "cname", timer->cname);
	facts_text(f, "doc", timer->doc);
	facts_number(f, "count", timer->count);
	if (timer->is_array)
		facts_format(f, "array", "[%" PRIu32 "]", timer->count);
	else
		facts_text(f, "array", NULL);
	facts_flag(f, "realtime", timer->realtime);
	facts_flag(f, "transient", timer->transient);
	facts_since(f, "since", timer->since);
	facts_text(f, "hook", timer->hook ? timer->hook->cname : NULL);
	facts_run(f, n, run->model->ntimers);
	facts_end(f);
}

void facts_interrupts(const struct facts_run *run)
{
	for (unsigned i = 0; i < run->model->nintrs; i++)
		write_intr(run, i);
	for (unsigned i = 0; i < run->model->ntimers; i++)
		write_timer(run, i);
}
