/* SPDX-License-Identifier: BSD-2-Clause */
/* What the C in a description does to the device, as far as the names in it tell. */
#include "check_private.h"

#include <ctype.h>
#include <string.h>

static bool is_template_used(const struct model *model, const char *name)
{
	for (unsigned i = 0; i < model->ntemplates; i++)
		if (!strcmp(model->templates[i].name, name))
			return model->templates[i].used;
	return false;
}

static void read_hook(struct behaviour *b, const char *event, const struct code *code)
{
	bool load = event && !strcmp(event, "after_load");

	b->has_load |= load;
	if (!code) {
		b->external = true;
		b->external_load |= load;
		return;
	}
	c_words_scan(b->words, code->text);
	if (load)
		c_words_scan(b->load_words, code->text);
}

static void read_nodes(struct checking *c, const struct node *nodes)
{
	struct behaviour *b = &c->behaviour;

	for (const struct node *node = nodes; node; node = node->next) {
		if (node->kind == NODE_TEMPLATE && !is_template_used(c->model, node->name))
			continue;
		if (node->kind == NODE_HOOK)
			read_hook(b, node->name, node->code);
		if (node->kind == NODE_CODE && node->code) {
			c_words_scan(b->words, node->code->text);
			c_words_scan(b->load_words, node->code->text);
		}
		for (const struct attr *attr = node->attrs; attr; attr = attr->next) {
			if (attr->kind == ATTR_HOOK)
				read_hook(b, attr->name, attr->code);
			else if (attr->kind == ATTR_WHEN && attr->code)
				c_words_scan(b->conditions, attr->code->text);
		}
		read_nodes(c, node->children);
	}
}

/* Functions that are generated or the run time's do what their names say, and nothing else. */
static bool calls_out(const struct checking *c, const struct c_words *words)
{
	const struct model *model = c->model;
	unsigned n = 0;
	const char **known = arena_array(c->arena, const char *, model->nlayouts * 2 + 4);

	known[n++] = "mdl_";
	known[n++] = arena_printf(c->arena, "%s_get_", model->cname);
	known[n++] = arena_printf(c->arena, "%s_set_", model->cname);
	known[n++] = arena_printf(c->arena, "%s_intr_", model->cname);
	for (unsigned i = 0; i < model->nlayouts; i++) {
		known[n++] = arena_printf(c->arena, "%s_read", model->layouts[i]->cname);
		known[n++] = arena_printf(c->arena, "%s_write", model->layouts[i]->cname);
	}
	return c_words_call_out(words, known, n);
}

void read_behaviour(struct checking *c)
{
	struct behaviour *b = &c->behaviour;

	b->words = c_words_create(c->arena);
	b->load_words = c_words_create(c->arena);
	b->conditions = c_words_create(c->arena);
	read_nodes(c, c->tree->items);
	b->external |= calls_out(c, b->words);
	b->external_load |= b->has_load && calls_out(c, b->load_words);
}

static bool has_call(const struct checking *c, const char *verb, const char *name)
{
	return c_words_have(c->behaviour.words,
			    arena_printf(c->arena, "%s_%s_%s", c->model->cname, verb, name));
}

bool sets_register(const struct checking *c, const struct m_reg *reg, const struct m_field *field)
{
	if (c->behaviour.external || c_words_have(c->behaviour.words, reg->cname) ||
	    has_call(c, "set", reg->cname))
		return true;
	for (unsigned i = 0; i < reg->nfields; i++)
		if ((!field || field == &reg->fields[i]) &&
		    has_call(c, "set",
			     arena_printf(c->arena, "%s_%s", reg->cname, reg->fields[i].cname)))
			return true;
	return false;
}

bool sets_cause(const struct checking *c, const struct m_reg *status, const struct m_field *field)
{
	const struct m_intr_cause *cause = field->cause;

	return c->behaviour.external || has_call(c, "intr_set", cause->cname) ||
	       has_call(c, "intr_input", cause->cname) || has_call(c, "set", status->cname) ||
	       has_call(c, "set", arena_printf(c->arena, "%s_%s", status->cname, field->cname));
}

static const char *upper(const struct checking *c, const char *text)
{
	char *copy = arena_copy(c->arena, text, strlen(text));

	for (char *at = copy; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return copy;
}

bool raises_irq(const struct checking *c, const struct m_irq *irq)
{
	const char *name = arena_printf(c->arena, "%s_IRQ_%s", c->model->cname, irq->cname);

	return irq->used || c->behaviour.external || c_words_have(c->behaviour.words, name) ||
	       c_words_have(c->behaviour.words, upper(c, name));
}

static bool has_word(const struct checking *c, const char *word)
{
	return c_words_have(c->behaviour.words, word) ||
	       c_words_have(c->behaviour.conditions, word);
}

bool names_const(const struct checking *c, const char *name)
{
	return has_word(c, arena_printf(c->arena, "%s_%s", upper(c, c->model->cname), name));
}

bool names_value(const struct checking *c, const struct m_enum *e, const struct m_value *value)
{
	return names_const(c, arena_printf(c->arena, "%s_%s", e->name, value->cname));
}

bool names_layout(const struct checking *c, const struct m_layout *layout)
{
	return has_word(c, layout->cname) ||
	       has_word(c, arena_printf(c->arena, "%s_read", layout->cname)) ||
	       has_word(c, arena_printf(c->arena, "%s_write", layout->cname));
}

static bool body_acts(const struct checking *c, const char *text)
{
	const char *const acting[] = {"mdl_irq_raise",
				      "mdl_irq_lower",
				      "mdl_irq_pulse",
				      "mdl_irq_set",
				      "mdl_timer_start",
				      "mdl_timer_cancel",
				      "mdl_dma_write",
				      "mdl_intr_set",
				      "mdl_intr_clear",
				      "mdl_intr_input",
				      "mdl_layout_write",
				      "mdl_reset",
				      arena_printf(c->arena, "%s_set_", c->model->cname),
				      arena_printf(c->arena, "%s_intr_", c->model->cname)};

	return c_body_acts(text, acting, sizeof(acting) / sizeof(acting[0]));
}

bool read_hook_acts(const struct checking *c, const struct m_hook *hooks, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (hooks[i].event == M_ON_READ && hooks[i].code &&
		    body_acts(c, hooks[i].code->text))
			return true;
	return false;
}
