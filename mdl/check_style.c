/* SPDX-License-Identifier: BSD-2-Clause */
/* Matters of taste, off by default. */
#include "check_private.h"

#include <ctype.h>
#include <inttypes.h>

void check_undocumented(struct checking *c)
{
	const struct model *model = c->model;

	if (!model->doc)
		found(c, UNDOCUMENTED, NULL, model->loc, "device '%s' has no description",
		      model->name);
	for (unsigned i = 0; i < model->nregs; i++) {
		const struct m_reg *reg = model->regs[i];

		if (!reg->doc && !reg->bad && !reg->intr)
			found(c, UNDOCUMENTED, reg->via, reg->loc, "%s has no description",
			      describe_reg(c, reg));
	}
}

static bool has_letter(const char *name, int (*is_kind)(int))
{
	for (; *name; name++)
		if (is_kind((unsigned char)*name))
			return true;
	return false;
}

static void check_upper(struct checking *c, const struct m_via *via, struct loc loc,
			const char *kind, const char *name)
{
	if (has_letter(name, islower))
		found(c, NAME_CASE, via, loc, "the name of %s '%s' is not upper case", kind, name);
}

static void check_lower(struct checking *c, struct loc loc, const char *kind, const char *name)
{
	if (has_letter(name, isupper))
		found(c, NAME_CASE, NULL, loc, "the name of %s '%s' is not lower case", kind, name);
}

void check_name_case(struct checking *c)
{
	const struct model *model = c->model;

	for (unsigned i = 0; i < model->nregs; i++) {
		const struct m_reg *reg = model->regs[i];

		check_upper(c, reg->via, reg->loc, "register", reg->name);
		for (unsigned k = 0; k < reg->nfields; k++)
			check_upper(c, reg->via, reg->fields[k].loc, "field", reg->fields[k].name);
	}
	for (unsigned i = 0; i < model->nirqs; i++)
		check_lower(c, model->irqs[i].loc, "irq", model->irqs[i].name);
	for (unsigned i = 0; i < model->ntimers; i++)
		check_lower(c, model->timers[i].loc, "timer", model->timers[i].name);
	for (unsigned i = 0; i < model->nparams; i++)
		check_lower(c, model->params[i].loc, "param", model->params[i].name);
	for (unsigned i = 0; i < model->nvars; i++)
		check_lower(c, model->vars[i].loc, "variable", model->vars[i].name);
}

/* Within one source and one template: elsewhere, order of writing and of addresses differ freely.
 */
static void check_order(struct checking *c, struct m_reg *const *regs, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		const struct m_reg *reg = regs[i], *before = regs[i - 1];

		if (reg->bad_place || before->bad_place || reg->via || before->via ||
		    reg->offset == before->offset || reg->loc.source != before->loc.source ||
		    !loc_before(reg->loc, before->loc))
			continue;
		if (found(c, ADDRESS_ORDER, NULL, before->loc,
			  "%s (0x%" PRIx64 ") stands after register '%s' (0x%" PRIx64 ")",
			  describe_reg(c, before), before->offset, reg->path, reg->offset))
			diag_note(c->diag, reg->loc, "'%s' is declared here", reg->path);
	}
}

void check_address_order(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nbars; i++)
		check_order(c, c->model->bars[i].regs, c->model->bars[i].nregs);
	check_order(c, c->model->pci.regs, c->model->pci.nregs);
}
