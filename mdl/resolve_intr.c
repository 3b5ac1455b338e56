/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of interrupt causes: `intr` makes registers, causes and their wiring to irqs. */
#include <inttypes.h>
#include <string.h>

#include "resolve.h"

#define MAX_CAUSES 64

static const char *const roles[] = {"status", "enable", "mask", "test"};

enum { N_ROLES = 4 };

struct making {
	struct m_intr *intr;
	const struct node *regs[N_ROLES];
	unsigned own_dims; /* of the block itself, beside the groups' */
	unsigned bits;     /* one past the highest cause */
};

static int find_role(struct resolver *r, const struct node *node)
{
	const char *near;

	if (!node->type) {
		r->trouble++;
		return -1;
	}
	for (int i = 0; i < N_ROLES; i++)
		if (!strcmp(roles[i], node->type))
			return i;
	near = suggest(node->type, roles, N_ROLES);
	if (near)
		fail(r, UNKNOWN_WORD, node->type_loc,
		     "unknown kind of register '%s'; did you mean '%s'?", node->type, near);
	else if (fail(r, UNKNOWN_WORD, node->type_loc, "unknown kind of register '%s'", node->type))
		diag_help(r->diag, "an intr has: status enable mask test");
	return -1;
}

static void find_registers(struct resolver *r, const struct node *node, struct making *m)
{
	const unsigned start = r->trouble;

	for (const struct node *item = node->children; item; item = item->next) {
		int role;

		if (item->kind != NODE_INTR_REG)
			continue;
		role = find_role(r, item);
		if (role < 0)
			continue;
		if (m->regs[role]) {
			if (fail(r, REPEATED_WORD, item->type_loc, "'%s' is given twice",
				 item->type))
				diag_note(r->diag, m->regs[role]->type_loc, "first given here");
			continue;
		}
		m->regs[role] = item;
	}
	if (m->regs[0] || r->trouble != start)
		return;
	if (may_say_missing(r))
		fail(r, MISSING, node->name_loc, "intr '%s' has no status register", node->name);
	r->trouble++;
}

static void unknown_irq(struct resolver *r, const struct expr *name)
{
	const char *near;

	r->trouble++;
	if (!may_say_unknown(r, name->name))
		return;
	near = suggest_name(r, SPACE_IRQS, 1u << SYM_IRQ, name->name);
	if (near)
		fail(r, UNKNOWN_NAME, name->loc, "there is no irq '%s'; did you mean '%s'?",
		     name->name, near);
	else
		fail(r, UNKNOWN_NAME, name->loc, "there is no irq '%s'", name->name);
}

/* `-> irq` or `-> irq[index]`. */
static void wire(struct resolver *r, const struct map *map, const struct m_intr *intr,
		 const struct expr *target, struct m_intr_cause *cause)
{
	const bool indexed = target->kind == EXPR_BINARY && target->op == '[';
	const struct expr *name = indexed ? target->left : target;
	struct m_irq *irq;
	struct symbol *s;
	uint64_t index = 0;

	if (name->kind != EXPR_NAME) {
		if (name->kind == EXPR_BAD)
			r->trouble++;
		else
			fail(r, BAD_ARGUMENT, target->loc, "the name of an irq is wanted here");
		return;
	}
	s = names_find(&r->names, SPACE_IRQS, name->name);
	if (!s) {
		unknown_irq(r, name);
		return;
	}
	irq = &r->model->irqs[(uintptr_t)s->thing];
	irq->used = true;
	cause->irq_name = irq->name;
	if (irq->bad)
		return;
	if (indexed) {
		if (!eval_range(r, map->env, target->right, 0, irq->count - 1, "the index", &index))
			return;
	} else if (irq->count > 1 && irq->count == intr->count) {
		cause->irq_step = 1;
	} else if (irq->count > 1) {
		if (fail(r, IRQ_COUNT, target->loc,
			 "irq '%s' has %u elements, this block has %u: "
			 "give an index",
			 irq->name, irq->count, intr->count))
			diag_note(r->diag, irq->loc, "declared here");
		return;
	}
	cause->irq = (int)(irq->first + index);
}

static int cause_kind(const struct attrs *attrs)
{
	for (int i = 0; i < 4; i++)
		if (attrs->word[W_LEVEL + i])
			return i;
	return 0;
}

static void resolve_cause(struct resolver *r, const struct map *map, const struct node *node,
			  struct making *m, uint32_t space)
{
	struct m_intr *intr = m->intr;
	struct m_intr_cause *cause = &intr->causes[intr->ncauses];
	struct attrs attrs;
	struct symbol *s;

	read_attrs(r, node->attrs, IN_CAUSE, &attrs);
	*cause = (struct m_intr_cause){.name = node->name, .doc = attrs.doc, .loc = node->name_loc};
	cause->irq = -1;
	cause->kind = cause_kind(&attrs);
	cause->cname = join_cname(r, map, node->name);
	if (declare(r, space, SYM_CAUSE, node->name, node->name_loc, NULL)) {
		s = names_find(&r->names, SPACE_CAUSES, cause->cname);
		if (!s)
			names_add(&r->names, SPACE_CAUSES, cause->cname, SYM_CAUSE, node->name_loc,
				  NULL);
		else if (fail(r, NAME_COLLISION, node->name_loc, "two causes are %s in C",
			      cause->cname))
			diag_note(r->diag, s->loc, "the other one is here");
	}
	if (attrs.arrow && attrs.arrow->args)
		wire(r, map, intr, attrs.arrow->args, cause);
	if (!field_bits(r, map->env, node, 64, &cause->lsb, &cause->msb))
		return;
	if (cause->lsb != cause->msb) {
		fail(r, CAUSE_WIDTH, node->args->loc, "a cause is one bit, '%s' has %u", node->name,
		     cause->msb - cause->lsb + 1);
		return;
	}
	cause->mask = (uint64_t)1 << cause->lsb;
	if (cause->lsb >= m->bits)
		m->bits = cause->lsb + 1;
	intr->ncauses++;
}

static void resolve_causes(struct resolver *r, const struct map *map, const struct node *node,
			   struct making *m)
{
	const unsigned start = r->trouble;
	uint32_t space = r->next_space++;
	unsigned n = 0;

	for (const struct node *item = node->children; item; item = item->next)
		n += item->kind == NODE_FIELD;
	m->intr->causes = arena_array(r->arena, struct m_intr_cause, n + 1);
	for (const struct node *item = node->children; item; item = item->next) {
		if (item->kind == NODE_FIELD)
			resolve_cause(r, map, item, m, space);
		else if (item->kind != NODE_INTR_REG)
			fail(r, MISPLACED, item->loc, "this cannot stand in an intr");
	}
	if (!n && r->trouble == start && may_say_missing(r))
		fail(r, MISSING, node->name_loc, "intr '%s' has no causes", node->name);
}

static struct access role_access(enum m_intr_role role, const struct m_intr_cause *cause)
{
	struct access a = {.sw = SW_RW};

	if (role == M_INTR_TEST)
		a.sw = SW_WO;
	else if (role == M_INTR_STATUS && cause->kind == 0)
		a.sw = SW_RO;
	else if (role == M_INTR_STATUS)
		a.on_write = OW_WOCLR;
	return a;
}

static void cause_fields(struct resolver *r, struct reg_info *info, const struct m_intr *intr)
{
	struct m_reg *reg = info->reg;

	reg->fields = arena_array(r->arena, struct m_field, intr->ncauses);
	info->field_access = arena_array(r->arena, struct access, intr->ncauses);
	for (unsigned i = 0; i < intr->ncauses; i++) {
		struct m_intr_cause *cause = &intr->causes[i];
		struct m_field *field = &reg->fields[i];
		struct access a = role_access(reg->intr_role, cause);

		/* The level itself is what a level cause's status shows. */
		if (reg->intr_role != M_INTR_STATUS || cause->kind != 0)
			a = settle_access(merge_access(a, info->own->access));
		info->field_access[i] = a;
		*field = (struct m_field){.name = cause->name,
					  .doc = cause->doc,
					  .loc = cause->loc,
					  .lsb = cause->lsb,
					  .msb = cause->msb,
					  .width = 1,
					  .mask = cause->mask,
					  .access = access_text(r, a),
					  .is_volatile = info->own->is_volatile ||
							 reg->intr_role == M_INTR_STATUS,
					  .cause = cause};
		field->cname = is_c_keyword(cause->name)
				       ? arena_printf(r->arena, "%s_", cause->name)
				       : cause->name;
	}
	reg->nfields = intr->ncauses;
}

static unsigned intr_width(struct resolver *r, const struct making *m, const struct map *map,
			   const struct reg_info *info, unsigned block_width)
{
	const unsigned needed = m->bits <= 8 ? 1 : m->bits <= 16 ? 2 : m->bits <= 32 ? 4 : 8;
	unsigned width = info->own->width ? info->own->width : block_width;

	if (!width) {
		width = map->layer.width ? map->layer.width : map->default_width;
		return needed > width ? needed : width;
	}
	if (needed > width)
		fail(r, FIELD_RANGE, info->reg->loc, "cause [%u] is outside of the %u bits of '%s'",
		     m->bits - 1, width * 8, info->reg->name);
	return needed > width ? needed : width;
}

static struct m_reg *make_register(struct resolver *r, struct map *map, const struct making *m,
				   int role, unsigned block_width)
{
	const struct node *node = m->regs[role];
	const unsigned start = r->trouble;
	struct reg_info *info;
	struct attrs attrs;
	struct m_reg *reg;

	if (!node || !count_thing(r, map))
		return NULL;
	read_attrs(r, node->attrs, IN_INTR_REG, &attrs);
	info = new_reg(r, map, node, node->name, node->name_loc);
	reg = info->reg;
	reg->doc = attrs.doc;
	reg->intr_role = (enum m_intr_role)(M_INTR_STATUS + role);
	reg->intr = m->intr;
	reg->since = m->intr->since;
	own_layer(r, map->env, &attrs, NULL, info->own);
	*info->layer = *info->own;
	if (!info->layer->widths.max)
		info->layer->widths = map->layer.widths;
	if (!info->layer->endian)
		info->layer->endian = map->layer.endian;
	if (node->dims)
		fail(r, BAD_ARGUMENT, node->dims->loc,
		     "an array of interrupt registers is an array of "
		     "the whole intr, or of a group around it");
	place_reg(r, map, info, intr_width(r, m, map, info, block_width));
	reg->bad_place |= attrs.word[W_WIDTH] && !info->own->width;
	reg->group_dims -= m->own_dims;
	reg->pattern = join_pattern(r, map, reg->name, m->own_dims);
	cause_fields(r, info, m->intr);
	set_resets(r, info, NULL);
	keep_words(r, info);
	finish_reg(r, info);
	make_hooks(r, &attrs, reg->cname, &reg->hooks, &reg->nhooks);
	reg->has_read_hook = has_hook(reg->hooks, reg->nhooks, M_ON_READ);
	reg->bad |= r->trouble != start;
	return reg;
}

static void check_widths(struct resolver *r, const struct m_intr *intr)
{
	const struct m_reg *const others[] = {intr->enable, intr->mask, intr->test};

	for (int i = 0; i < 3; i++)
		if (others[i] && others[i]->width != intr->width &&
		    fail(r, CONTRADICTION, others[i]->loc,
			 "'%s' has %u bits, the status register %u", others[i]->name,
			 others[i]->width * 8, intr->width * 8))
			diag_note(r->diag, intr->status->loc, "the status register is here");
}

static void make_registers(struct resolver *r, struct map *map, struct making *m, unsigned width)
{
	struct m_intr *intr = m->intr;

	intr->status = make_register(r, map, m, 0, width);
	intr->enable = make_register(r, map, m, 1, width);
	intr->mask = make_register(r, map, m, 2, width);
	intr->test = make_register(r, map, m, 3, width);
	if (!intr->status)
		return;
	intr->width = intr->status->width;
	check_widths(r, intr);
}

void resolve_intr(struct resolver *r, struct map *map, const struct node *node)
{
	const unsigned start = r->trouble;
	struct m_intr *intr = arena_new(r->arena, struct m_intr);
	struct making m = {.intr = intr};
	struct position position;
	struct map inner = *map;
	struct layer block;
	struct attrs attrs;

	if (!count_thing(r, map))
		return;
	read_attrs(r, node->attrs, IN_INTR, &attrs);
	own_layer(r, map->env, &attrs, NULL, &block);
	find_position(r, map, node, 0, &position);
	*intr = (struct m_intr){.name = node->name,
				.path = join_path(r, map, node->name),
				.cname = join_cname(r, map, node->name),
				.doc = attrs.doc,
				.loc = node->name_loc,
				.ndims = position.ndims,
				.count = position.count,
				.since = read_since(r, map->env, &attrs),
				.via = map->via};
	memcpy(intr->dims, position.dims, sizeof(intr->dims));
	declare_in_map(r, map, SYM_INTR, node->name, intr->cname, node->name_loc, intr);
	if (!map->bar)
		fail(r, MISPLACED_WORD, node->name_loc, "config space has no intr");
	find_registers(r, node, &m);
	m.own_dims = position.ndims - map->ndims;
	inner.base = position.offset;
	inner.bad_place = position.bad;
	inner.ndims = position.ndims;
	memcpy(inner.dims, position.dims, sizeof(inner.dims));
	inner.count = position.count;
	if (block.widths.max)
		inner.layer.widths = block.widths;
	resolve_causes(r, &inner, node, &m);
	make_registers(r, &inner, &m, block.width);
	intr->bad = r->trouble != start;
	list_add(r, &r->intrs, intr);
}
