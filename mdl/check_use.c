/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Things that are declared and not used, or not made again.  The author's own C, where there is
 * any, may use what the generated header has.
 */
#include "check_private.h"

/* Includes are shared by devices: not each uses all of one. */
static bool is_main(const struct checking *c, struct loc loc)
{
	return loc.source == c->tree->sources;
}

void check_irq_unused(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nirqs; i++) {
		const struct m_irq *irq = &c->model->irqs[i];

		if (!irq->bad && !raises_irq(c, irq))
			found(c, IRQ_UNUSED, NULL, irq->loc, "irq '%s' is never raised", irq->name);
	}
}

void check_unused_const(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nconsts; i++) {
		const struct m_const *constant = &c->model->consts[i];

		if (!constant->used && !constant->bad && is_main(c, constant->loc) &&
		    !c->behaviour.external && !names_const(c, constant->cname))
			found(c, UNUSED_CONST, NULL, constant->loc, "const '%s' is not used",
			      constant->name);
	}
}

void check_unused_enum(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nenums; i++) {
		const struct m_enum *e = c->model->enums[i];
		bool used = e->used || e->bad || c->behaviour.external || !is_main(c, e->loc);

		for (unsigned k = 0; k < e->nvalues && !used; k++)
			used = names_value(c, e, &e->values[k]);
		if (!used)
			found(c, UNUSED_ENUM, NULL, e->loc, "enum '%s' is not used", e->name);
	}
}

void check_unused_template(struct checking *c)
{
	for (unsigned i = 0; i < c->model->ntemplates; i++) {
		const struct m_template *template = &c->model->templates[i];

		if (!template->used && is_main(c, template->loc))
			found(c, UNUSED_TEMPLATE, NULL, template->loc, "template '%s' is not used",
			      template->name);
	}
}

void check_unused_layout(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nlayouts; i++) {
		const struct m_layout *layout = c->model->layouts[i];

		if (!layout->used && !layout->bad && is_main(c, layout->loc) &&
		    !c->behaviour.external && !names_layout(c, layout))
			found(c, UNUSED_LAYOUT, NULL, layout->loc, "layout '%s' is not used",
			      layout->name);
	}
}

void check_unused_timer(struct checking *c)
{
	for (unsigned i = 0; i < c->model->ntimers; i++) {
		const struct m_timer *timer = &c->model->timers[i];

		if (!timer->bad && !c->behaviour.external &&
		    !c_words_have(c->behaviour.words, timer->cname))
			found(c, UNUSED_TIMER, NULL, timer->loc, "timer '%s' is never started",
			      timer->name);
	}
}

static bool is_rebuilt(const struct checking *c, const char *member)
{
	const struct behaviour *b = &c->behaviour;

	return b->has_load && (b->external_load || c_words_have(b->load_words, member));
}

static void check_lost(struct checking *c, const char *kind, const char *name, const char *member,
		       struct loc loc)
{
	if (!is_rebuilt(c, member) &&
	    found(c, TRANSIENT_LOST, NULL, loc,
		  "%s '%s' is transient, and nothing makes it anew after a migration", kind,
		  name) &&
	    !c->behaviour.has_load)
		diag_help(c->diag, "there is no `on after_load` hook");
}

void check_transient_lost(struct checking *c)
{
	const struct model *model = c->model;

	for (unsigned i = 0; i < model->nvars; i++)
		if (model->vars[i].transient && !model->vars[i].bad)
			check_lost(c, "variable", model->vars[i].name, model->vars[i].cname,
				   model->vars[i].loc);
	for (unsigned i = 0; i < model->ntimers; i++)
		if (model->timers[i].transient && !model->timers[i].bad)
			check_lost(c, "timer", model->timers[i].name, model->timers[i].cname,
				   model->timers[i].loc);
	for (unsigned i = 0; i < model->nbars; i++) {
		const struct m_bar *bar = &model->bars[i];

		for (unsigned k = 0; k < bar->nrams; k++)
			if (bar->rams[k].transient && !bar->rams[k].bad)
				check_lost(c, "ram", bar->rams[k].path, bar->rams[k].cname,
					   bar->rams[k].loc);
	}
}
