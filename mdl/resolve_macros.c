/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that the generated header makes of others, behind the device's own: X_OFFSET and
 * X_RESET_VALUE of a register, X_SHIFT and X_MASK of a field, X_A for an enumerator, IRQ_X.  A
 * const or an enumerator may come out the same.
 */
#include <ctype.h>
#include <string.h>

#include "resolve.h"

static const char *const reg_suffixes[] = {"OFFSET", "RESET_VALUE", NULL};
static const char *const field_suffixes[] = {"SHIFT", "MASK", NULL};

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static bool has_value(const struct m_enum *e, const char *name)
{
	for (unsigned i = 0; e && i < e->nvalues; i++)
		if (!strcmp(e->values[i].name, name))
			return true;
	return false;
}

/* Does the register make this of its own name and what follows it? */
static bool makes(const struct m_reg *reg, const char *rest)
{
	if (is_one_of(rest, reg_suffixes) || has_value(reg->enumeration, rest))
		return true;
	for (unsigned i = 0; i < reg->nfields; i++) {
		const struct m_field *field = &reg->fields[i];
		size_t size = strlen(field->name);

		if (strncmp(rest, field->name, size) != 0 || rest[size] != '_')
			continue;
		if (is_one_of(rest + size + 1, field_suffixes) ||
		    has_value(field->enumeration, rest + size + 1))
			return true;
	}
	return false;
}

static const struct m_reg *find_maker(struct resolver *r, const char *name)
{
	char *prefix = arena_copy(r->arena, name, strlen(name));

	for (char *c = strchr(prefix, '_'); c; c = strchr(c + 1, '_')) {
		const struct m_reg *reg;
		struct symbol *s;

		*c = '\0';
		s = names_find(&r->names, SPACE_REGS, prefix);
		*c = '_';
		if (!s || s->kind != SYM_REG)
			continue;
		reg = ((struct reg_info *)s->thing)->reg;
		if (makes(reg, c + 1))
			return reg;
	}
	return NULL;
}

static void add_macro(struct resolver *r, enum symbol_kind kind, const char *name,
		      const char *macro, struct loc loc)
{
	struct symbol *s = names_find(&r->names, SPACE_MACROS, macro);
	const struct m_reg *reg = s ? NULL : find_maker(r, macro);

	if (!s && !reg) {
		names_add(&r->names, SPACE_MACROS, macro, kind, loc, (void *)name);
		return;
	}
	/* Two of the same name: that was said. */
	if (s && s->kind == kind && !strcmp(s->thing, name))
		return;
	if (!fail(r, NAME_COLLISION, loc, "%s '%s' is %s in C, and so is what %s '%s' gets there",
		  kind_name(kind), name, macro, reg ? "register" : kind_name(s->kind),
		  reg ? reg->path : (const char *)s->thing))
		return;
	diag_note(r->diag, reg ? reg->loc : s->loc, "the other one is here");
}

static const char *upper(struct resolver *r, const char *name)
{
	char *text = arena_printf(r->arena, "IRQ_%s", name);

	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text;
}

static void check_values(struct resolver *r, const struct m_enum *e, const char *const *suffixes,
			 const char *what, const char *path)
{
	for (unsigned i = 0; e && i < e->nvalues; i++)
		if (is_one_of(e->values[i].name, suffixes) &&
		    fail(r, NAME_COLLISION, e->values[i].loc,
			 "'%s' of %s '%s' is %s_%s in C, which the %s has already",
			 e->values[i].name, what, path, path, e->values[i].name, what))
			diag_help(r->diag, "call it something else: %s_ would do",
				  e->values[i].name);
}

static void check_inline_enums(struct resolver *r, const struct m_reg *reg)
{
	check_values(r, reg->enumeration, reg_suffixes, "register", reg->cname);
	for (unsigned i = 0; i < reg->nfields; i++)
		if (reg->fields[i].enumeration)
			check_values(
				r, reg->fields[i].enumeration, field_suffixes, "field",
				arena_printf(r->arena, "%s_%s", reg->cname, reg->fields[i].name));
}

void check_macros(struct resolver *r)
{
	const struct model *model = r->model;

	for (unsigned i = 0; i < model->nirqs; i++)
		add_macro(r, SYM_IRQ, model->irqs[i].name, upper(r, model->irqs[i].name),
			  model->irqs[i].loc);
	for (unsigned i = 0; i < model->nconsts; i++)
		if (model->consts[i].from_main && !model->consts[i].bad)
			add_macro(r, SYM_CONST, model->consts[i].name, model->consts[i].name,
				  model->consts[i].loc);
	for (unsigned i = 0; i < model->nenums; i++) {
		const struct m_enum *e = model->enums[i];

		for (unsigned j = 0; j < e->nvalues && !e->bad; j++)
			add_macro(r, SYM_ENUMERATOR, e->values[j].name,
				  arena_printf(r->arena, "%s_%s", e->name, e->values[j].name),
				  e->values[j].loc);
	}
	for (unsigned i = 0; i < model->nregs; i++)
		check_inline_enums(r, model->regs[i]);
}
