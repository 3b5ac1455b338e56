/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of the author's that inline hooks call as `start(dev);` and that nothing in the
 * description declares: all that C needs to know of them shows in the call, so the generated file
 * declares them.
 */
#include <stdlib.h>
#include <string.h>

#include "c_words.h"
#include "facts.h"

struct callee {
	struct c_token name;
	bool known; /* declared by somebody, or used in other ways too */
};

struct callees {
	const struct facts_run *run;
	struct callee *all;
	size_t count, size;
};

typedef void visit_text(struct callees *callees, const char *text);

static void visit_hooks(struct callees *callees, const struct m_hook *hooks, unsigned nhooks,
			visit_text *visit)
{
	for (unsigned i = 0; i < nhooks; i++)
		if (hooks[i].code)
			visit(callees, hooks[i].code->text);
}

static void visit_bodies(struct callees *callees, visit_text *visit)
{
	const struct model *model = callees->run->model;

	for (unsigned i = 0; i < model->nregs; i++) {
		const struct m_reg *reg = model->regs[i];

		visit_hooks(callees, reg->hooks, reg->nhooks, visit);
		for (unsigned k = 0; reg->field_hooks && k < reg->nfields; k++)
			visit_hooks(callees, reg->fields[k].hooks, reg->fields[k].nhooks, visit);
	}
	for (unsigned i = 0; i < model->ntimers; i++)
		if (model->timers[i].hook)
			visit_hooks(callees, model->timers[i].hook, 1, visit);
	visit_hooks(callees, model->hooks, model->nhooks, visit);
}

static struct callee *find(const struct callees *callees, struct c_token name)
{
	for (size_t i = 0; i < callees->count; i++)
		if (callees->all[i].name.length == name.length &&
		    !memcmp(callees->all[i].name.start, name.start, name.length))
			return &callees->all[i];
	return NULL;
}

static void add(struct callees *callees, struct c_token name)
{
	if (find(callees, name))
		return;
	if (callees->count == callees->size) {
		const size_t size = callees->size ? callees->size * 2 : 16;
		struct callee *all = realloc(callees->all, size * sizeof(*all));

		if (!all) {
			callees->run->facts->error = "out of memory";
			return;
		}
		callees->all = all;
		callees->size = size;
	}
	callees->all[callees->count++] = (struct callee){.name = name};
}

/* May a statement begin behind this token? */
static bool ends_statement(struct c_token token)
{
	static const char *const ends[] = {";", "{", "}", ")", ":", "else", "do"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (c_token_is(token, ends[i]))
			return true;
	return token.kind == C_END;
}

/* From behind the name: "(dev);"? */
static bool calls_with_dev(const char *text)
{
	static const char *const wanted[] = {"(", "dev", ")", ";"};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!c_token_is(c_next_token(&text), wanted[i]))
			return false;
	return true;
}

static bool is_statement_word(struct c_token token)
{
	static const char *const words[] = {"if", "while", "for", "switch", "return", "sizeof"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (c_token_is(token, words[i]))
			return true;
	return false;
}

static void collect_calls(struct callees *callees, const char *text)
{
	struct c_token before = {.kind = C_END}, token;

	for (; (token = c_next_token(&text)).kind != C_END; before = token)
		if (token.kind == C_WORD && ends_statement(before) && calls_with_dev(text) &&
		    !is_statement_word(token))
			add(callees, token);
}

/* What stands anywhere else than in such a call may have another type. */
static void mark_other_uses(struct callees *callees, const char *text)
{
	struct c_token before = {.kind = C_END}, token;

	for (; (token = c_next_token(&text)).kind != C_END; before = token) {
		struct callee *callee;

		if (token.kind != C_WORD || c_token_is(before, ".") || c_token_is(before, "->"))
			continue;
		callee = find(callees, token);
		if (callee && !(ends_statement(before) && calls_with_dev(text)))
			callee->known = true;
	}
}

/* Blocks at file level, and files that they include, declare what they like. */
static void mark_declared(struct callees *callees, const char *text)
{
	struct c_token before = {.kind = C_END}, token;

	for (; (token = c_next_token(&text)).kind != C_END; before = token) {
		struct callee *callee = token.kind == C_WORD ? find(callees, token) : NULL;

		if (callee)
			callee->known = true;
		if (token.kind != C_LITERAL || !c_token_is(before, "include"))
			continue;
		for (size_t i = 0; i < callees->count; i++)
			callees->all[i].known = true;
	}
}

/* The run time's and our own functions, by their names. */
static bool is_generated(const struct model *model, const char *name)
{
	static const char *const ours[] = {"get_", "set_", "intr_"};
	const size_t prefix = strlen(model->cname);

	if (!strncmp(name, "mdl_", 4))
		return true;
	if (strncmp(name, model->cname, prefix) != 0 || name[prefix] != '_')
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strncmp(name + prefix + 1, ours[i], strlen(ours[i])))
			return true;
	for (unsigned i = 0; i < model->ntimers; i++)
		if (model->timers[i].hook &&
		    !strcmp(name + prefix + 1, model->timers[i].hook->cname))
			return true;
	for (unsigned i = 0; i < model->nhooks; i++)
		if (!strcmp(name + prefix + 1, model->hooks[i].cname))
			return true;
	return false;
}

static void write_callee(const struct facts_run *run, struct c_token token)
{
	const struct facts_options *options = run->options;
	char *name = strndup(token.start, token.length);

	if (!name) {
		run->facts->error = "out of memory";
	} else if (!is_generated(run->model, name)) {
		facts_begin(run->facts, FACT_callee);
		facts_text(run->facts, "name", name);
		facts_flag(run->facts, "missing",
			   !options->defined || !options->defined(options->defined_arg, name));
		facts_end(run->facts);
	}
	free(name);
}

void facts_callees(const struct facts_run *run)
{
	struct callees callees = {.run = run};
	const struct model *model = run->model;

	visit_bodies(&callees, collect_calls);
	if (callees.count) {
		visit_bodies(&callees, mark_other_uses);
		for (unsigned i = 0; i < model->nsections; i++)
			if (model->sections[i].when_code)
				mark_other_uses(&callees, model->sections[i].when_code->text);
		for (unsigned i = 0; i < model->ncodes; i++)
			mark_declared(&callees, model->codes[i]->text);
	}
	for (size_t i = 0; i < callees.count; i++)
		if (!callees.all[i].known)
			write_callee(run, callees.all[i].name);
	free(callees.all);
}
