/* SPDX-License-Identifier: BSD-2-Clause */
/* What refers to other registers, by path: `alias`, `swwe` and `swwel`. */
#include <string.h>

#include "resolve.h"

#define MAX_PARTS 16

/* What a path leads to. */
struct target {
	struct reg_info *info;
	const struct m_field *field; /* or NULL: the whole register */
	unsigned shared_dims;        /* of the scope where it was found */
	struct loc loc;
};

static unsigned enter_via(struct resolver *r, const struct m_via *via)
{
	unsigned n = 0;

	if (via) {
		n = enter_via(r, via->outer) + 1;
		diag_push_context(r->diag, via->loc, "in template '%s', instantiated here",
				  via->name);
	}
	return n;
}

/* A.B.C as its parts, or 0, reported. */
static unsigned split_path(struct resolver *r, const struct expr *path, const char **parts)
{
	const struct expr *e = path;
	unsigned n = 1;

	for (; e && e->kind == EXPR_PATH; e = e->left)
		n++;
	if (!e || e->kind == EXPR_BAD) {
		r->trouble++;
		return 0;
	}
	if (e->kind != EXPR_NAME || path->next || n > MAX_PARTS) {
		if (fail(r, BAD_ARGUMENT, path->loc,
			 "the path of one register or field is wanted here") &&
		    e->kind == EXPR_BINARY && e->op == '[')
			diag_help(r->diag,
				  "without an index: elements of arrays correspond to each other");
		return 0;
	}
	e = path;
	for (unsigned i = n; i-- > 0; e = e->left)
		parts[i] = e->name;
	return n;
}

static const struct m_field *find_field(const struct m_reg *reg, const char *name)
{
	for (unsigned i = 0; i < reg->nfields; i++)
		if (!strcmp(reg->fields[i].name, name))
			return &reg->fields[i];
	return NULL;
}

static bool no_such(struct resolver *r, const struct expr *path, const char *name, uint32_t space)
{
	const unsigned kinds = 1u << SYM_REG | 1u << SYM_GROUP | 1u << SYM_INTR;
	const char *near;

	r->trouble++;
	if (!may_say_unknown(r, name))
		return false;
	near = suggest_name(r, space, kinds, name);
	if (near)
		fail(r, UNKNOWN_NAME, path->loc,
		     "there is no register '%s' here; did you mean '%s'?", name, near);
	else
		fail(r, UNKNOWN_NAME, path->loc, "there is no register '%s' here", name);
	return false;
}

static bool no_field(struct resolver *r, const struct expr *path, const struct m_reg *reg,
		     const char *name)
{
	const char *names[64], *near;
	unsigned n = 0;

	if (reg->bad || !may_say_unknown(r, name)) {
		r->trouble++;
		return false;
	}
	for (; n < reg->nfields && n < 64; n++)
		names[n] = reg->fields[n].name;
	near = n ? suggest(name, names, n) : NULL;
	if (near ? fail(r, UNKNOWN_NAME, path->loc,
			"register '%s' has no field '%s'; did you mean '%s'?", reg->path, name,
			near)
		 : fail(r, UNKNOWN_NAME, path->loc, "register '%s' has no field '%s'", reg->path,
			name))
		diag_note(r->diag, reg->loc, "the register is declared here");
	return false;
}

/* From the innermost scope outwards for the first part; the rest lies within what that names. */
static bool find_path(struct resolver *r, const struct scope *scope, const struct expr *path,
		      struct target *target)
{
	const char *parts[MAX_PARTS];
	unsigned n = split_path(r, path, parts), i = 0;
	const struct scope *inner;
	struct symbol *s = NULL;

	if (!n)
		return false;
	for (inner = scope; inner && !s; inner = inner->outer) {
		s = names_find(&r->names, inner->space, parts[0]);
		target->shared_dims = inner->ndims;
	}
	while (s && s->kind == SYM_GROUP && i + 1 < n) {
		inner = s->thing;
		s = names_find(&r->names, inner->space, parts[++i]);
		if (!s)
			return no_such(r, path, parts[i], inner->space);
	}
	if (!s)
		return no_such(r, path, parts[0], scope->space);
	if (s->kind != SYM_REG || n - i > 2) {
		if (fail(r, BAD_ARGUMENT, path->loc, "'%s' is %s %s, not a register", parts[i],
			 article(kind_name(s->kind)), kind_name(s->kind)))
			diag_note(r->diag, s->loc, "declared here");
		return false;
	}
	target->info = s->thing;
	target->loc = s->loc;
	target->field = NULL;
	if (i + 1 == n)
		return true;
	target->field = find_field(target->info->reg, parts[i + 1]);
	return target->field ? true : no_field(r, path, target->info->reg, parts[i + 1]);
}

/* The names of the original's fields, with the access words given to the alias. */
static void copy_fields(struct resolver *r, struct reg_info *info, const struct reg_info *original)
{
	const struct m_reg *from = original->reg;
	struct m_reg *reg = info->reg;

	reg->fields = arena_array(r->arena, struct m_field, from->nfields);
	info->field_access = arena_array(r->arena, struct access, from->nfields);
	reg->nfields = from->nfields;
	for (unsigned i = 0; i < from->nfields; i++) {
		struct m_field *field = &reg->fields[i];
		struct access access = merge_access(original->field_access[i], info->own_access);

		*field = from->fields[i];
		field->hooks = NULL;
		field->nhooks = 0;
		field->loc = reg->loc;
		access = settle_access(access);
		info->field_access[i] = access;
		if (!field->reserved)
			field->access = access_text(r, access);
	}
}

static bool same_shape(const struct m_reg *a, const struct m_reg *b)
{
	if (a->width != b->width || a->ndims != b->ndims)
		return false;
	for (unsigned i = 0; i < a->ndims; i++)
		if (a->dims[i].count != b->dims[i].count)
			return false;
	return true;
}

static void link_alias(struct resolver *r, struct reg_info *info);

static bool alias_target(struct resolver *r, struct reg_info *info, struct target *target)
{
	const struct m_reg *reg = info->reg;

	if (!find_path(r, info->scope, info->alias->args, target))
		return false;
	if (target->field || target->info->reg->doorbell) {
		fail(r, BAD_ARGUMENT, info->alias->args->loc, "an alias is of a whole register");
		return false;
	}
	if (target->info->alias_state == ALIAS_BUSY || target->info == info) {
		if (fail(r, ALIAS_MISMATCH, info->alias->loc, "'%s' is an alias of itself",
			 reg->path))
			diag_note(r->diag, target->loc, "by way of this");
		return false;
	}
	link_alias(r, target->info);
	if (target->info->reg->bad_place || reg->bad_place ||
	    (target->info->alias && !target->info->reg->alias_of)) {
		r->trouble++;
		return false;
	}
	if (same_shape(reg, target->info->reg))
		return true;
	if (fail(r, ALIAS_MISMATCH, info->alias->loc,
		 "'%s' and the register that it is an alias of differ in width or dimensions",
		 reg->path))
		diag_note(r->diag, target->loc, "'%s' is declared here", target->info->reg->path);
	return false;
}

static void take_resets(struct m_reg *reg, const struct m_reg *root)
{
	memcpy(reg->reset, root->reset, sizeof(reg->reset));
	memcpy(reg->reset_mask, root->reset_mask, sizeof(reg->reset_mask));
	reg->has_reset = root->has_reset;
	for (unsigned i = 0; i < reg->nfields; i++) {
		struct m_field *field = &reg->fields[i];

		for (int kind = 0; kind < MODEL_RESET_KINDS && field->mask; kind++) {
			field->reset[kind] = (root->reset[kind] & field->mask) >> field->lsb;
			field->sticky[kind] = !(root->reset_mask[kind] & field->mask);
		}
		field->has_reset = root->has_reset;
	}
}

static void link_alias(struct resolver *r, struct reg_info *info)
{
	const unsigned start = r->trouble;
	struct m_reg *reg = info->reg, *original;
	struct target target = {0};
	bool own_fields = reg->nfields != 0;

	if (!info->alias || info->alias_state != ALIAS_NEW)
		return;
	info->alias_state = ALIAS_BUSY;
	if (alias_target(r, info, &target)) {
		original = target.info->reg;
		reg->alias_of = original->alias_of ? original->alias_of : original;
		if (!own_fields) {
			copy_fields(r, info, target.info);
			info->given_access = merge_access(target.info->access, info->own_access);
			reg->is_volatile |= original->is_volatile;
			if (!reg->enumeration)
				reg->enumeration = original->enumeration;
		}
		take_resets(reg, reg->alias_of);
		finish_reg(r, info);
		if (!own_fields && !reg->bad && !original->bad)
			check_hooks(r, reg->hooks, reg->nhooks, reg->name,
				    writable_bits(&reg->masks) != 0,
				    (reg->masks.readable & ~reg->masks.reserved) != 0);
	}
	reg->bad |= r->trouble != start;
	info->alias_state = ALIAS_READY;
}

/* Which element of the key locks?  Leading dimensions are shared by place, or by being alike. */
static bool share_dims(struct resolver *r, const struct m_reg *reg, const struct m_reg *key,
		       const struct expr *path, const struct target *target, unsigned *shared)
{
	*shared = target->shared_dims;
	if (reg->bad_place || key->bad_place) {
		r->trouble++;
		return false;
	}
	while (*shared < key->ndims && *shared < reg->ndims &&
	       key->dims[*shared].count == reg->dims[*shared].count)
		++*shared;
	if (*shared >= key->ndims) {
		*shared = key->ndims;
		return true;
	}
	if (fail(r, LOCK_TARGET, path->loc,
		 "'%s' is an array that '%s' is not: which element would lock?", key->path,
		 reg->path))
		diag_note(r->diag, key->loc, "'%s' is declared here", key->path);
	return false;
}

bool is_lock(const struct attr *attr)
{
	return attr->kind == ATTR_CALL &&
	       (!strcmp(attr->name, "swwe") || !strcmp(attr->name, "swwel"));
}

static bool make_lock(struct resolver *r, const struct reg_info *info, const struct attr *attr,
		      uint64_t mask, struct m_lock *lock)
{
	struct target target = {0};
	const struct m_reg *key;

	if (!attr->args) {
		fail(r, BAD_ARGUMENT, attr->loc, "'%s' takes the path of a field", attr->name);
		return false;
	}
	if (!find_path(r, info->scope, attr->args, &target))
		return false;
	key = target.info->reg;
	if (key->doorbell) {
		fail(r, LOCK_TARGET, attr->args->loc, "'%s' is a doorbell, which holds no value",
		     key->path);
		return false;
	}
	lock->mask = mask;
	lock->low = !strcmp(attr->name, "swwel");
	lock->key = key;
	lock->key_bits = target.field      ? target.field->mask
			 : key->width == 8 ? UINT64_MAX
					   : ((uint64_t)1 << key->width * 8) - 1;
	lock->path = target.field ? arena_printf(r->arena, "%s.%s", key->path, target.field->name)
				  : key->path;
	return share_dims(r, info->reg, key, attr->args, &target, &lock->shared_dims);
}

static void link_locks(struct resolver *r, struct reg_info *info)
{
	const unsigned start = r->trouble;
	struct m_reg *reg = info->reg;
	const struct node *node = info->node->kind == NODE_REG ? info->node->children : NULL;
	struct m_lock *locks;
	unsigned n = 0, field = 0;

	for (const struct lock_words *words = info->locks; words; words = words->next)
		n++;
	for (const struct node *f = node; f; f = f->next)
		for (const struct attr *attr = f->attrs; attr; attr = attr->next)
			n += is_lock(attr);
	if (!n)
		return;
	locks = arena_array(r->arena, struct m_lock, n);
	n = 0;
	for (const struct lock_words *words = info->locks; words; words = words->next)
		n += make_lock(r, info, words->attr, writable_bits(&reg->masks), &locks[n]);
	for (const struct node *f = node; f; f = f->next) {
		if (f->kind != NODE_FIELD)
			continue;
		for (const struct attr *attr = f->attrs; attr; attr = attr->next)
			if (is_lock(attr))
				n += make_lock(r, info, attr, reg->fields[field].mask, &locks[n]);
		field++;
	}
	reg->locks = locks;
	reg->nlocks = n;
	reg->bad |= r->trouble != start;
}

void link_registers(struct resolver *r)
{
	for (unsigned i = 0; i < r->reg_infos.n; i++) {
		struct reg_info *info = r->reg_infos.items[i];
		unsigned depth = enter_via(r, info->reg->via);

		link_alias(r, info);
		link_locks(r, info);
		while (depth--)
			diag_pop_context(r->diag);
	}
}
