/* SPDX-License-Identifier: BSD-2-Clause */
/* Walk the items of a register map: groups, templates, defaults, RAM windows. */
#include <string.h>

#include "check.h"
#include "resolve.h"

/* Templates that instantiate templates could multiply without end. */
bool count_thing(struct resolver *r, const struct map *map)
{
	if (!map->via || r->things < MAX_THINGS) {
		r->things += map->via != NULL;
		return true;
	}
	if (r->things == MAX_THINGS) {
		const struct m_via *outermost = map->via;

		while (outermost->outer)
			outermost = outermost->outer;
		r->things++;
		fail(r, TOO_MANY, outermost->loc,
		     "templates make more than %u registers and groups from here", MAX_THINGS);
	}
	r->trouble++;
	return false;
}

const char *join_path(struct resolver *r, const struct map *map, const char *name)
{
	return map->path[0] ? arena_printf(r->arena, "%s%s", map->path, name) : name;
}

const char *join_pattern(struct resolver *r, const struct map *map, const char *name,
			 unsigned ndims)
{
	static const char brackets[] = "[][][][][][][][]";

	_Static_assert(sizeof(brackets) > 2 * MODEL_MAX_DIMS, "a pair for each dimension");
	return arena_printf(r->arena, "%s%s%.*s", map->pattern, name, (int)(2 * ndims), brackets);
}

const char *join_cname(struct resolver *r, const struct map *map, const char *name)
{
	return map->cname[0] ? arena_printf(r->arena, "%s%s", map->cname, name) : name;
}

void declare_in_map(struct resolver *r, const struct map *map, enum symbol_kind kind,
		    const char *name, const char *cname, struct loc loc, void *thing)
{
	struct symbol *s = declare(r, map->scope->space, kind, name, loc, thing);

	if (!s)
		return;
	s->via = map->via;
	if (kind == SYM_GROUP)
		return;
	s = names_find(&r->names, SPACE_REGS, cname);
	if (!s) {
		s = names_add(&r->names, SPACE_REGS, cname, kind, loc, thing);
		s->via = map->via;
		return;
	}
	if (fail(r, NAME_COLLISION, loc, "%s '%s' is %s in C, and so is another %s",
		 kind_name(kind), join_path(r, map, name), cname, kind_name(s->kind))) {
		diag_note(r->diag, s->loc, "the other one is here");
		note_via(r->diag, s->via);
	}
}

static struct scope *open_scope(struct resolver *r, const struct scope *outer, unsigned ndims)
{
	struct scope *scope = arena_new(r->arena, struct scope);

	*scope = (struct scope){.space = r->next_space++, .ndims = ndims, .outer = outer};
	return scope;
}

static void resolve_default(struct resolver *r, struct map *map, const struct node *node)
{
	struct layer layer;
	struct attrs attrs;

	read_attrs(r, node->attrs, IN_DEFAULT, &attrs);
	own_layer(r, map->env, &attrs, NULL, &layer);
	map->layer = merge_layers(&map->layer, &layer);
}

static void resolve_ram(struct resolver *r, struct map *map, const struct node *node)
{
	const unsigned start = r->trouble;
	struct m_ram *ram = arena_new(r->arena, struct m_ram);
	const struct attr *size;
	struct position position;
	struct attrs attrs;

	if (!count_thing(r, map))
		return;
	read_attrs(r, node->attrs, IN_RAM, &attrs);
	*ram = (struct m_ram){.name = node->name,
			      .path = join_path(r, map, node->name),
			      .cname = join_cname(r, map, node->name),
			      .doc = attrs.doc,
			      .loc = node->name_loc,
			      .mmap = attrs.word[W_MMAP] != NULL,
			      .transient = attrs.word[W_TRANSIENT] != NULL,
			      .since = read_since(r, map->env, &attrs),
			      .via = map->via};
	if (is_c_keyword(ram->cname))
		ram->cname = arena_printf(r->arena, "%s_", ram->cname);
	declare_in_map(r, map, SYM_RAM, node->name, ram->cname, node->name_loc, ram);
	size = attrs.word[W_SIZE];
	if (!size && r->trouble == start && may_say_missing(r))
		fail(r, MISSING, node->name_loc, "ram '%s' has no size", node->name);
	if (!map->bar)
		fail(r, MISPLACED_WORD, node->name_loc, "config space has no RAM");
	if (!size ||
	    !eval_range(r, map->env, size->args, 1, UINT64_MAX >> 2, "the size", &ram->size))
		ram->size = 0;
	find_position(r, map, node, ram->size ? ram->size : 1, &position);
	ram->offset = position.offset;
	ram->ndims = position.ndims;
	ram->group_dims = map->ndims;
	ram->pattern = join_pattern(r, map, ram->name, position.ndims - map->ndims);
	ram->count = position.count;
	memcpy(ram->dims, position.dims, sizeof(ram->dims));
	ram->offset_loc = position.offset_loc;
	ram->stride_loc = position.stride_loc;
	ram->bad_place = position.bad || !ram->size;
	ram->bad = ram->bad_place || r->trouble != start;
	if (map->bar)
		list_add(r, map->rams, ram);
}

static unsigned list_length(const struct expr *list)
{
	unsigned n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

static unsigned bind_arguments(struct resolver *r, const struct map *map, const struct node *node,
			       const struct template *template, struct env *env)
{
	struct binding *bindings = arena_array(r->arena, struct binding, list_length(node->args));
	const struct node *param = template->node->params;
	unsigned n = 0;

	for (const struct expr *arg = node->args; arg && param;
	     arg = arg->next, param = param->next) {
		bindings[n].name = param->name;
		bindings[n].loc = param->name_loc;
		bindings[n].bad = !eval(r, map->env, arg, &bindings[n].value);
		n++;
	}
	*env = (struct env){.bindings = bindings, .n = n};
	return n;
}

static bool arguments_fit(struct resolver *r, const struct node *node,
			  const struct template *template)
{
	unsigned given = list_length(node->args), wanted = 0;

	for (const struct node *param = template->node->params; param; param = param->next)
		wanted++;
	if (given == wanted)
		return true;
	if (fail(r, TEMPLATE_ARGUMENTS, node->type_loc, "template '%s' takes %u argument%s, not %u",
		 node->type, wanted, wanted == 1 ? "" : "s", given))
		diag_note(r->diag, template->node->name_loc, "declared here");
	return false;
}

/* Put a template's items into the map. */
static void instantiate(struct resolver *r, struct map *map, const struct node *node)
{
	const struct env *env = map->env;
	const struct m_via *via = map->via;
	const unsigned nouter = map->nouter;
	struct m_via *here;
	struct template *template;
	struct layer layer;
	struct symbol *s;
	struct env inner;

	s = lookup_global(r, SYM_TEMPLATE, node->type, node->type_loc);
	if (!s || !count_thing(r, map))
		return;
	template = s->thing;
	template->model->used = true;
	if (template->busy) {
		if (fail(r, TEMPLATE_CYCLE, node->type_loc, "template '%s' instantiates itself",
			 node->type))
			diag_note(r->diag, s->loc, "declared here");
		return;
	}
	if (!arguments_fit(r, node, template))
		return;
	bind_arguments(r, map, node, template, &inner);
	here = arena_new(r->arena, struct m_via);
	*here = (struct m_via){.name = node->type, .loc = node->loc, .outer = via};
	layer = map->layer;
	map->env = &inner;
	map->nouter = 0;
	map->via = here;
	template->busy = true;
	diag_push_context(r->diag, node->loc, "in template '%s', instantiated here", node->type);
	walk_map(r, map, template->node->children);
	diag_pop_context(r->diag);
	template->busy = false;
	map->env = env;
	map->nouter = nouter;
	map->via = via;
	map->layer = layer;
}

static void resolve_group(struct resolver *r, struct map *map, const struct node *node)
{
	struct position position;
	struct map inner = *map;
	struct scope *scope;
	struct layer layer;
	struct attrs attrs;

	if (!count_thing(r, map))
		return;
	read_attrs(r, node->attrs, IN_GROUP, &attrs);
	own_layer(r, map->env, &attrs, NULL, &layer);
	inner.layer = merge_layers(&map->layer, &layer);
	find_position(r, map, node, 0, &position);
	scope = open_scope(r, map->scope, position.ndims);
	declare_in_map(r, map, SYM_GROUP, node->name, "", node->name_loc, scope);
	inner.scope = scope;
	inner.nouter = map->env ? map->env->n : 0;
	inner.path = arena_printf(r->arena, "%s%s.", map->path, node->name);
	inner.pattern = arena_printf(r->arena, "%s.",
				     join_pattern(r, map, node->name, position.ndims - map->ndims));
	inner.cname = arena_printf(r->arena, "%s%s_", map->cname, node->name);
	inner.base = position.offset;
	inner.bad_place = position.bad;
	inner.ndims = position.ndims;
	memcpy(inner.dims, position.dims, sizeof(inner.dims));
	inner.count = position.count;
	if (node->type)
		instantiate(r, &inner, node);
	else
		walk_map(r, &inner, node->children);
}

/* One more name, from here to the end of the block; it hides those of blocks around. */
static void resolve_const(struct resolver *r, struct map *map, const struct node *node)
{
	const unsigned n = map->env ? map->env->n : 0;
	struct binding *bindings = arena_array(r->arena, struct binding, n + 1);
	struct env *env = arena_new(r->arena, struct env);
	struct attrs attrs;

	read_attrs(r, node->attrs, IN_CONST, &attrs);
	for (unsigned i = 0; i < n; i++) {
		bindings[i] = map->env->bindings[i];
		if (i >= map->nouter && !strcmp(bindings[i].name, node->name) &&
		    fail(r, DUPLICATE_NAME, node->name_loc, "there is a '%s' already", node->name))
			diag_note(r->diag, bindings[i].loc, "declared here");
	}
	bindings[n].name = node->name;
	bindings[n].loc = node->name_loc;
	bindings[n].bad = !eval(r, map->env, node->value, &bindings[n].value);
	*env = (struct env){.bindings = bindings, .n = n + 1};
	map->env = env;
}

void walk_map(struct resolver *r, struct map *map, const struct node *items)
{
	for (const struct node *node = items; node; node = node->next) {
		switch (node->kind) {
		case NODE_REG:
			resolve_reg(r, map, node);
			break;
		case NODE_DOORBELL:
			resolve_doorbell(r, map, node);
			break;
		case NODE_GROUP:
			resolve_group(r, map, node);
			break;
		case NODE_IS:
			instantiate(r, map, node);
			break;
		case NODE_RAM:
			resolve_ram(r, map, node);
			break;
		case NODE_INTR:
			resolve_intr(r, map, node);
			break;
		case NODE_DEFAULT:
			resolve_default(r, map, node);
			break;
		case NODE_CONST:
			resolve_const(r, map, node);
			break;
		default:
			fail(r, MISPLACED, node->loc, "this cannot stand in a register map");
		}
	}
}
