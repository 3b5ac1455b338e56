/* SPDX-License-Identifier: BSD-2-Clause */
/* Enumerators of the same value. */
#include "check_private.h"

#include <inttypes.h>
#include <stdlib.h>

static int by_value(const void *left, const void *right)
{
	const struct m_value *a = *(const struct m_value *const *)left;
	const struct m_value *b = *(const struct m_value *const *)right;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return (a > b) - (a < b);
}

static void check_enum(struct checking *c, const struct m_enum *e)
{
	const struct m_value **sorted, *first;

	if (e->bad || e->nvalues < 2)
		return;
	sorted = arena_array(c->arena, const struct m_value *, e->nvalues);
	for (unsigned i = 0; i < e->nvalues; i++)
		sorted[i] = &e->values[i];
	qsort(sorted, e->nvalues, sizeof(*sorted), by_value);
	first = sorted[0];
	for (unsigned i = 1; i < e->nvalues; i++) {
		if (sorted[i]->value != first->value)
			first = sorted[i];
		else if (found(c, ENUM_REPEAT, NULL, sorted[i]->loc,
			       "'%s' has the same value as '%s', %" PRIu64, sorted[i]->name,
			       first->name, first->value))
			diag_note(c->diag, first->loc, "'%s' is here", first->name);
	}
}

/* Named ones are in the model's list. */
static void check_inline(struct checking *c, const struct m_enum *e)
{
	if (e && !e->name)
		check_enum(c, e);
}

static void check_fields(struct checking *c, const struct m_field *fields, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		check_inline(c, fields[i].enumeration);
}

void check_enum_repeat(struct checking *c)
{
	const struct model *model = c->model;

	for (unsigned i = 0; i < model->nenums; i++)
		check_enum(c, model->enums[i]);
	for (unsigned i = 0; i < model->nregs; i++) {
		check_inline(c, model->regs[i]->enumeration);
		check_fields(c, model->regs[i]->fields, model->regs[i]->nfields);
	}
	for (unsigned i = 0; i < model->nparams; i++)
		check_inline(c, model->params[i].enumeration);
	for (unsigned i = 0; i < model->nlayouts; i++)
		for (unsigned k = 0; k < model->layouts[i]->nmembers; k++)
			check_fields(c, model->layouts[i]->members[k].fields,
				     model->layouts[i]->members[k].nfields);
}
