/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of a register. */
#include <inttypes.h>

#include "resolve.h"

static struct loc args_loc(const struct node *node)
{
	struct loc loc = node->args->loc;
	const struct expr *last = node->args;

	while (last->next)
		last = last->next;
	loc.end_line = last->loc.end_line;
	loc.end_col = last->loc.end_col;
	return loc;
}

bool field_bits(struct resolver *r, const struct env *env, const struct node *node, unsigned width,
		unsigned *lsb, unsigned *msb)
{
	uint64_t high, low;
	bool known;

	if (!node->args) {
		if (may_say_missing(r))
			fail(r, MISSING, node->name_loc,
			     "'%s' has no bits: write [msb:lsb] or [bit]", node->name);
		r->trouble++;
		return false;
	}
	known = eval(r, env, node->args, &high);
	low = high;
	if (node->args->next && !eval(r, env, node->args->next, &low))
		known = false;
	if (!known)
		return false;
	if (high < low) {
		fail(r, FIELD_RANGE, args_loc(node),
		     "the range is reversed: write the highest bit first, [%" PRIu64 ":%" PRIu64
		     "]",
		     low, high);
		return false;
	}
	if (high >= width) {
		fail(r, FIELD_RANGE, args_loc(node),
		     "bit %" PRIu64 " is outside of the %u bits here", high, width);
		return false;
	}
	*lsb = (unsigned)low;
	*msb = (unsigned)high;
	return true;
}

static void declare_field(struct resolver *r, const struct reg_info *info, struct m_field *field,
			  const char *cname)
{
	struct symbol *s = names_find(&r->names, SPACE_FIELDS, cname);

	if (s && s->thing == info) {
		if (fail(r, DUPLICATE_NAME, field->loc,
			 "there are two fields '%s' in this register", field->name))
			diag_note(r->diag, s->loc, "the other one is here");
		field->bad = true;
		return;
	}
	if (!s)
		s = names_find(&r->names, SPACE_REGS, cname);
	if (s && s->kind != SYM_GROUP) {
		if (fail(r, NAME_COLLISION, field->loc,
			 "field '%s' of '%s' is %s in C, and so is this %s", field->name,
			 info->reg->path, cname, kind_name(s->kind)))
			diag_note(r->diag, s->loc, "'%s'", s->name);
		return;
	}
	names_add(&r->names, SPACE_FIELDS, cname, SYM_FIELD, field->loc, (void *)info);
}

static void check_reserved(struct resolver *r, const struct attrs *attrs)
{
	const struct attr *word = attrs->word[W_RESERVED];

	for (enum attr_word w = W_RW; w <= W_SINGLEPULSE; w++)
		if (w != W_RO && attrs->word[w]) {
			if (fail(r, CONTRADICTION, attrs->word[w]->loc,
				 "'%s' contradicts 'reserved'", attrs->word[w]->name))
				diag_note(r->diag, word->loc, "'reserved' is given here");
			return;
		}
	if (attrs->nhooks)
		fail(r, CONTRADICTION, attrs->hooks[0]->loc, "a reserved field has no hooks");
}

static void set_bits(struct resolver *r, const struct map *map, const struct node *node,
		     unsigned width, struct m_field *field)
{
	if (!field_bits(r, map->env, node, width, &field->lsb, &field->msb)) {
		field->bad = true;
		return;
	}
	field->width = field->msb - field->lsb + 1;
	field->mask = (field->width == 64 ? UINT64_MAX : ((uint64_t)1 << field->width) - 1)
		      << field->lsb;
}

static void check_pulse(struct resolver *r, const struct attrs *attrs, const struct m_field *field)
{
	const struct attr *attr = attrs->word[W_SINGLEPULSE];

	if (field->pulse && field->width > 1)
		fail(r, SINGLEPULSE_WIDTH, attr ? attr->loc : field->loc,
		     "'singlepulse' is for one bit; '%s' has %u", field->name, field->width);
}

static void resolve_field(struct resolver *r, const struct map *map, struct reg_info *info,
			  const struct node *node, unsigned index)
{
	struct m_field *field = &info->reg->fields[index];
	struct layer *layer = &r->field_layers[index];
	const unsigned start = r->trouble;
	struct access access;
	struct m_enum *names;
	const char *cname;
	struct attrs attrs;

	read_attrs(r, node->attrs, IN_FIELD, &attrs);
	field->name = node->name;
	field->loc = node->name_loc;
	field->doc = attrs.doc;
	field->cname =
		is_c_keyword(node->name) ? arena_printf(r->arena, "%s_", node->name) : node->name;
	set_bits(r, map, node, info->reg->width * 8, field);
	names = enum_of_attr(r, map->env, attrs.enumeration);
	if (names && field->mask)
		check_enum_fits(r, attrs.enumeration, names, field->width);
	field->enumeration = names;
	own_layer(r, map->env, &attrs, names, layer);
	access = settle_access(merge_access(info->layer.access, layer->access));
	field->is_volatile = layer->is_volatile || info->layer.is_volatile;
	field->pulse = access.pulse;
	field->reserved = attrs.word[W_RESERVED] != NULL;
	if (field->reserved)
		check_reserved(r, &attrs);
	check_pulse(r, &attrs, field);
	info->field_access[index] = access;
	field->access = field->reserved ? "reserved" : access_text(r, access);
	cname = arena_printf(r->arena, "%s_%s", info->reg->cname, node->name);
	make_hooks(r, &attrs, cname, &field->hooks, &field->nhooks);
	if (!field->reserved && r->trouble == start)
		check_hooks(r, field->hooks, field->nhooks, field->name, can_write(access),
			    can_read(access));
	declare_field(r, info, field, cname);
	field->bad |= r->trouble != start;
}

void resolve_fields(struct resolver *r, const struct map *map, struct reg_info *info)
{
	struct m_reg *reg = info->reg;
	const struct node *node;
	unsigned n = 0;

	for (node = info->node->children; node; node = node->next)
		n += node->kind == NODE_FIELD;
	if (n > r->max_field_layers) {
		r->max_field_layers = n * 2;
		r->field_layers = arena_array(r->arena, struct layer, n * 2);
	}
	reg->fields = arena_array(r->arena, struct m_field, n);
	info->field_access = arena_array(r->arena, struct access, n);
	reg->nfields = n;
	n = 0;
	for (node = info->node->children; node; node = node->next) {
		if (node->kind != NODE_FIELD)
			continue;
		resolve_field(r, map, info, node, n);
		reg->field_hooks |= reg->fields[n].nhooks != 0;
		reg->has_read_hook |=
			has_hook(reg->fields[n].hooks, reg->fields[n].nhooks, M_ON_READ);
		n++;
	}
}
