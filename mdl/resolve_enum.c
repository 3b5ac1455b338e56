/* SPDX-License-Identifier: BSD-2-Clause */
/* Enumerations, named and inline. */
#include <inttypes.h>
#include <string.h>

#include "resolve.h"

#define FEW 32 /* names: up to here compared one by one */

static void check_duplicate(struct resolver *r, struct m_enum *e, unsigned n, uint32_t space)
{
	const struct m_value *value = &e->values[n];
	const struct loc *other = NULL;

	if (n < FEW) {
		for (unsigned i = 0; i < n && !other; i++)
			if (!strcmp(e->values[i].name, value->name))
				other = &e->values[i].loc;
	} else {
		struct symbol *s;

		for (unsigned i = n == FEW ? 0 : n; i <= n; i++) {
			s = names_find(&r->names, space, e->values[i].name);
			if (s)
				other = &s->loc;
			else
				names_add(&r->names, space, e->values[i].name, SYM_ENUMERATOR,
					  e->values[i].loc, NULL);
		}
	}
	if (!other)
		return;
	if (fail(r, DUPLICATE_NAME, value->loc, "there are two enumerators '%s'", value->name))
		diag_note(r->diag, *other, "the other one is here");
	e->bad = true;
}

static bool enumerator_value(struct resolver *r, const struct env *env, const struct node *node,
			     struct m_enum *e, bool *next_known, uint64_t *next)
{
	/* Earlier enumerators may be named in later ones. */
	if (node->value) {
		*next_known = eval_enum(r, env, node->value, e, next);
		return *next_known;
	}
	if (*next_known && e->nvalues && *next == 0) {
		fail(r, OVERFLOW, node->name_loc,
		     "the value after 0x%" PRIx64 " does not fit in 64 bits", UINT64_MAX);
		*next_known = false;
	}
	return *next_known;
}

static void fill_enum(struct resolver *r, const struct env *env, const struct node *children,
		      struct m_enum *e)
{
	struct m_value *values;
	uint32_t space = r->next_space++;
	bool next_known = true;
	uint64_t next = 0;
	unsigned n = 0;

	for (const struct node *node = children; node; node = node->next)
		n++;
	values = arena_array(r->arena, struct m_value, n);
	e->values = values;
	for (const struct node *node = children; node; node = node->next) {
		struct m_value *value = &values[e->nvalues];
		struct attrs attrs;

		read_attrs(r, node->attrs, IN_ENUMERATOR, &attrs);
		if (!enumerator_value(r, env, node, e, &next_known, &next))
			e->bad = true;
		*value = (struct m_value){.name = node->name,
					  .cname = node->name,
					  .value = next_known ? next : 0,
					  .doc = attrs.doc,
					  .loc = node->name_loc};
		check_duplicate(r, e, e->nvalues, space);
		e->nvalues++;
		next = value->value + 1;
	}
}

void make_enum(struct resolver *r, struct enumeration *e)
{
	const unsigned start = r->trouble;
	struct attrs attrs;

	if (e->state != ENUM_NEW)
		return;
	e->state = ENUM_BUSY;
	read_attrs(r, e->node->attrs, IN_CONST, &attrs);
	e->model->doc = attrs.doc;
	fill_enum(r, NULL, e->node->children, e->model);
	e->model->bad |= r->trouble != start;
	e->state = ENUM_READY;
}

struct m_enum *enum_of_attr(struct resolver *r, const struct env *env, const struct attr *attr)
{
	const unsigned start = r->trouble;
	struct enumeration *named;
	struct symbol *s;
	struct m_enum *e;

	if (!attr)
		return NULL;
	if (attr->name) {
		s = lookup_global(r, SYM_ENUM, attr->name, attr->name_loc);
		if (!s)
			return NULL;
		named = s->thing;
		make_enum(r, named);
		named->model->used = true;
		return named->model;
	}
	e = arena_new(r->arena, struct m_enum);
	e->loc = attr->loc;
	e->used = true;
	fill_enum(r, env, attr->children, e);
	e->bad |= r->trouble != start;
	return e;
}

void check_enum_fits(struct resolver *r, const struct attr *attr, const struct m_enum *e,
		     unsigned bits)
{
	for (unsigned i = 0; i < e->nvalues && bits < 64; i++) {
		const struct m_value *value = &e->values[i];

		if (!(value->value >> bits))
			continue;
		if (!e->name) {
			fail(r, ENUMERATOR_WIDTH, value->loc,
			     "'%s' is %" PRIu64 " and does not fit in %u bit%s", value->name,
			     value->value, bits, bits == 1 ? "" : "s");
			continue;
		}
		if (fail(r, ENUMERATOR_WIDTH, attr->loc,
			 "enum '%s' does not fit in %u bit%s: '%s' is %" PRIu64, e->name, bits,
			 bits == 1 ? "" : "s", value->name, value->value))
			diag_note(r->diag, value->loc, "'%s' is declared here", value->name);
		return;
	}
}
