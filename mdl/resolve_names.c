/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of registers and fields that come out the same in C, where a field's name follows its
 * register's: field MODE of CTRL, register CTRL_MODE, field EN of CTRL_MODE and field MODE_EN of
 * CTRL. Only registers of which one's name begins with the other's can meet, so only those are
 * compared.
 */
#include <string.h>

#include "resolve.h"

static bool is_later(struct loc a, struct loc b)
{
	if (a.source != b.source)
		return a.source->number > b.source->number;
	return a.line != b.line ? a.line > b.line : a.col > b.col;
}

static void report(struct resolver *r, struct loc a, struct loc b, const char *what_a,
		   const char *what_b, const char *cname)
{
	bool swap = is_later(b, a);

	if (fail(r, NAME_COLLISION, swap ? b : a, "%s is %s in C, and so is %s",
		 swap ? what_b : what_a, cname, swap ? what_a : what_b))
		diag_note(r->diag, swap ? a : b, "the other one is here");
}

static const char *describe_field(struct resolver *r, const struct m_reg *reg,
				  const struct m_field *field)
{
	return arena_printf(r->arena, "field '%s.%s'", reg->path, field->name);
}

/* reg's C name is that of `shorter`, an underscore and `rest`. */
static void compare(struct resolver *r, const struct m_reg *shorter, const struct m_reg *reg,
		    const char *rest)
{
	const size_t size = strlen(rest);

	for (unsigned i = 0; i < shorter->nfields; i++) {
		const struct m_field *field = &shorter->fields[i];

		if (strncmp(field->name, rest, size) != 0)
			continue;
		if (!field->name[size])
			report(r, field->loc, reg->loc, describe_field(r, shorter, field),
			       arena_printf(r->arena, "register '%s'", reg->path), reg->cname);
		for (unsigned j = 0; j < reg->nfields && field->name[size] == '_'; j++)
			if (!strcmp(field->name + size + 1, reg->fields[j].name))
				report(r, field->loc, reg->fields[j].loc,
				       describe_field(r, shorter, field),
				       describe_field(r, reg, &reg->fields[j]),
				       arena_printf(r->arena, "%s_%s", shorter->cname,
						    field->name));
	}
}

static void check_register(struct resolver *r, const struct m_reg *reg)
{
	char *prefix = NULL;

	for (const char *c = strchr(reg->cname, '_'); c; c = strchr(c + 1, '_')) {
		size_t size = (size_t)(c - reg->cname);
		struct symbol *s;

		if (!size || !c[1])
			continue;
		if (!prefix)
			prefix = arena_copy(r->arena, reg->cname, strlen(reg->cname));
		prefix[size] = '\0';
		s = names_find(&r->names, SPACE_REGS, prefix);
		if (s && s->kind == SYM_REG)
			compare(r, ((struct reg_info *)s->thing)->reg, reg, c + 1);
		prefix[size] = '_';
	}
}

void check_collisions(struct resolver *r)
{
	for (unsigned i = 0; i < r->reg_infos.n; i++)
		check_register(r, ((struct reg_info *)r->reg_infos.items[i])->reg);
}
