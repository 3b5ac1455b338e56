/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of a register. */
#include <inttypes.h>
#include <string.h>

#include "resolve.h"

#define MANY 64

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

/* A range of other languages, [11-8], is a number here. */
static void check_difference(struct resolver *r, const struct expr *bit)
{
	if (bit->next || bit->kind != EXPR_BINARY || bit->op != '-' ||
	    bit->left->kind != EXPR_NUMBER || bit->right->kind != EXPR_NUMBER)
		return;
	diag_report(r->diag, CHECK_BIT_DIFFERENCE, bit->loc,
		    "this is bit %" PRIu64 "; the bits from %" PRIu64 " to %" PRIu64
		    " are written [%" PRIu64 ":%" PRIu64 "]",
		    bit->left->value - bit->right->value, bit->left->value, bit->right->value,
		    bit->left->value, bit->right->value);
}

bool field_bits(struct resolver *r, const struct env *env, const struct node *node, unsigned width,
		unsigned *lsb, unsigned *msb)
{
	uint64_t high, low;
	bool known;

	if (!node->args) {
		fail(r, MISSING, node->name_loc, "'%s' has no bits: write [msb:lsb] or [bit]",
		     node->name);
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
	check_difference(r, node->args);
	*lsb = (unsigned)low;
	*msb = (unsigned)high;
	return true;
}

/* Few fields are compared one by one; more than bits are wrong anyhow, but must not take long. */
static void check_duplicate(struct resolver *r, const struct reg_info *info, unsigned index,
			    uint32_t space)
{
	struct m_field *fields = info->reg->fields;
	const struct loc *other = NULL;
	struct symbol *s;

	for (unsigned i = 0; i < index && index < MANY && !other; i++)
		if (!strcmp(fields[i].name, fields[index].name))
			other = &fields[i].loc;
	if (index >= MANY) {
		s = names_find(&r->names, space, fields[index].name);
		if (s)
			other = &s->loc;
		else
			names_add(&r->names, space, fields[index].name, SYM_FIELD,
				  fields[index].loc, NULL);
	}
	if (other && fail(r, DUPLICATE_NAME, fields[index].loc,
			  "there are two fields '%s' in this register", fields[index].name))
		diag_note(r->diag, *other, "the other one is here");
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
			  const struct node *node, unsigned index, uint32_t space)
{
	struct m_field *field = &info->reg->fields[index];
	struct layer *layer = &r->field_layers[index];
	const unsigned start = r->trouble;
	struct access access;
	struct m_enum *names;
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
	access = settle_access(merge_access(info->layer->access, layer->access));
	field->is_volatile = layer->is_volatile || info->layer->is_volatile;
	field->pulse = access.pulse;
	field->reserved = attrs.word[W_RESERVED] != NULL;
	if (field->reserved)
		check_reserved(r, &attrs);
	check_pulse(r, &attrs, field);
	info->field_access[index] = access;
	field->access = field->reserved ? "reserved" : access_text(r, access);
	if (attrs.nhooks)
		make_hooks(r, &attrs, arena_printf(r->arena, "%s_%s", info->reg->cname, node->name),
			   &field->hooks, &field->nhooks);
	if (!field->reserved && r->trouble == start)
		check_hooks(r, field->hooks, field->nhooks, field->name, can_write(access),
			    can_read(access));
	check_duplicate(r, info, index, space);
	field->bad |= r->trouble != start;
}

void resolve_fields(struct resolver *r, const struct map *map, struct reg_info *info)
{
	struct m_reg *reg = info->reg;
	const uint32_t space = r->next_space++;
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
		resolve_field(r, map, info, node, n, space);
		reg->field_hooks |= reg->fields[n].nhooks != 0;
		reg->has_read_hook |=
			has_hook(reg->fields[n].hooks, reg->fields[n].nhooks, M_ON_READ);
		n++;
	}
}
