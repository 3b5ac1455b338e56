/* SPDX-License-Identifier: BSD-2-Clause */
/* What a device declares besides its registers: irqs, timers, parameters. */
#include <inttypes.h>
#include <string.h>

#include "resolve.h"

#define MAX_VECTORS 65536

static unsigned count_kind(const struct node *items, enum node_kind kind)
{
	unsigned n = 0;

	for (const struct node *node = items; node; node = node->next)
		n += node->kind == kind;
	return n;
}

static void take_vectors(unsigned char *taken, const struct m_irq *irq)
{
	for (uint64_t v = irq->vector; v < (uint64_t)irq->vector + irq->count && v < MAX_VECTORS;
	     v++)
		taken[v] = 1;
}

/* The first free run of vectors that is long enough. */
static void find_vectors(const unsigned char *taken, uint32_t *first_free, struct m_irq *irq)
{
	uint32_t run = 0, v = *first_free;

	while (v < MAX_VECTORS && taken[v])
		v++;
	*first_free = v;
	for (; v < MAX_VECTORS && run < irq->count; v++)
		run = taken[v] ? 0 : run + 1;
	irq->vector = v - run;
}

static void resolve_irq(struct resolver *r, const struct node *node, struct m_irq *irq,
			uintptr_t index)
{
	const unsigned start = r->trouble;
	struct attrs attrs;
	uint64_t vector;
	unsigned ndims;

	read_attrs(r, node->attrs, IN_IRQ, &attrs);
	*irq = (struct m_irq){.name = node->name,
			      .cname = node->name,
			      .doc = attrs.doc,
			      .loc = node->name_loc,
			      .vector_loc = node->value ? node->value->loc : node->name_loc,
			      .count = 1};
	check_keyword(r, "irq", node->name, node->name_loc);
	declare(r, SPACE_IRQS, SYM_IRQ, node->name, node->name_loc, (void *)index);
	eval_dims(r, NULL, node->dims, 1, "an array of irqs", &irq->count, &ndims);
	if (node->value && eval_range(r, NULL, node->value, 0, UINT32_MAX, "the vector", &vector))
		irq->vector = (uint32_t)vector;
	irq->first = r->model->irq_total;
	r->model->irq_total += irq->count;
	irq->bad = r->trouble != start;
}

void resolve_irqs(struct resolver *r)
{
	struct model *model = r->model;
	unsigned char *taken = arena_alloc(r->arena, MAX_VECTORS);
	uint32_t first_free = 0;
	unsigned i = 0;

	model->irqs =
		arena_array(r->arena, struct m_irq, count_kind(r->device->children, NODE_IRQ));
	for (const struct node *node = r->device->children; node; node = node->next) {
		struct m_irq *irq = &model->irqs[model->nirqs];

		if (node->kind != NODE_IRQ)
			continue;
		resolve_irq(r, node, irq, model->nirqs);
		model->nirqs++;
		if (node->value && !irq->bad)
			take_vectors(taken, irq);
	}
	for (const struct node *node = r->device->children; node; node = node->next) {
		if (node->kind != NODE_IRQ)
			continue;
		if (!node->value) {
			find_vectors(taken, &first_free, &model->irqs[i]);
			take_vectors(taken, &model->irqs[i]);
		}
		i++;
	}
}

static void resolve_timer(struct resolver *r, const struct node *node, struct m_timer *timer)
{
	const unsigned start = r->trouble;
	struct attrs attrs;
	unsigned n = 0, ndims;

	read_attrs(r, node->attrs, IN_TIMER, &attrs);
	*timer = (struct m_timer){.name = node->name,
				  .cname = node->name,
				  .doc = attrs.doc,
				  .loc = node->name_loc,
				  .count = 1,
				  .is_array = node->dims != NULL,
				  .realtime = attrs.word[W_REALTIME] != NULL,
				  .transient = attrs.word[W_TRANSIENT] != NULL,
				  .since = read_since(r, NULL, &attrs)};
	check_keyword(r, "timer", node->name, node->name_loc);
	declare(r, SPACE_MEMBERS, SYM_TIMER, node->name, node->name_loc, NULL);
	eval_dims(r, NULL, node->dims, 1, "an array of timers", &timer->count, &ndims);
	make_hooks(r, &attrs, node->name, &timer->hook, &n);
	timer->bad = r->trouble != start;
}

static const char *option_name(struct resolver *r, const char *name)
{
	char *option = arena_copy(r->arena, name, strlen(name));

	for (char *c = option; *c; c++)
		if (*c == '_')
			*c = '-';
	return option;
}

static bool param_type(struct resolver *r, const struct node *node, struct m_param *param)
{
	static const char *const names[] = {"u8",  "u16", "u32",  "u64",    "i8",  "i16",
					    "i32", "i64", "bool", "string", "path"};
	const char *near;
	bool is_signed;

	if (!node->type) {
		r->trouble++;
		return false;
	}
	if (node->type_class) {
		fail(r, UNKNOWN_TYPE, node->type_loc, "a parameter cannot be a %s",
		     node->type_class);
		return false;
	}
	if (integer_type(node->type, &param->size, &is_signed, &param->ctype)) {
		param->type = is_signed ? M_PARAM_INT : M_PARAM_UINT;
		return true;
	}
	if (!strcmp(node->type, "bool")) {
		*param = (struct m_param){.type = M_PARAM_BOOL, .size = 1, .ctype = "bool"};
		return true;
	}
	if (!strcmp(node->type, "string") || !strcmp(node->type, "path")) {
		param->type = node->type[0] == 's' ? M_PARAM_STRING : M_PARAM_PATH;
		param->ctype = "const char *";
		return true;
	}
	near = suggest_type(r, node->type);
	if (!near)
		near = suggest(node->type, names, sizeof(names) / sizeof(names[0]));
	if (near)
		fail(r, UNKNOWN_TYPE, node->type_loc, "unknown type '%s'; did you mean '%s'?",
		     node->type, near);
	else if (fail(r, UNKNOWN_TYPE, node->type_loc, "unknown type '%s'", node->type))
		diag_help(r->diag,
			  "a parameter is: u8 u16 u32 u64 i8 i16 i32 i64 bool string path, or "
			  "enum NAME");
	return false;
}

/* Options that every built device has; a parameter of that name could not be given. */
static void check_option(struct resolver *r, const struct m_param *param)
{
	static const char *const taken[] = {
		"help",          "version",    "verbose", "socket-path",     "fd",
		"trace",         "trace-file", "spin",    "max-dma-regions", "max-queued",
		"max-transfer",  "restore",    "save",    "control",         "takeover",
		"stream-version"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (!strcmp(taken[i], param->option))
			fail(r, NAME_COLLISION, param->loc,
			     "param '%s' would be --%s, an option that every device has",
			     param->name, param->option);
}

static bool enum_param(struct resolver *r, const struct node *node, const struct attrs *attrs,
		       struct m_param *param)
{
	struct enumeration *e;
	struct symbol *s;

	if (node->type && node->type_class && !strcmp(node->type_class, "enum")) {
		s = lookup_global(r, SYM_ENUM, node->type, node->type_loc);
		if (!s)
			return false;
		e = s->thing;
		make_enum(r, e);
		e->model->used = true;
		param->enumeration = e->model;
	} else {
		param->enumeration = enum_of_attr(r, NULL, attrs->enumeration);
	}
	if (!param->enumeration)
		return false;
	param->type = M_PARAM_ENUM;
	param->size = 4;
	param->ctype = "uint32_t";
	for (unsigned i = 0; i < param->enumeration->nvalues; i++)
		if (param->enumeration->values[i].value > UINT32_MAX) {
			fail(r, ENUMERATOR_WIDTH, node->type_loc,
			     "enumerator '%s' does not fit in the 32 bits of a parameter",
			     param->enumeration->values[i].name);
			break;
		}
	return true;
}

static void enum_default(struct resolver *r, const struct attr *attr, struct m_param *param)
{
	const struct m_enum *e = param->enumeration;

	if (!attr) {
		/* The first one, so that the value has a name. */
		param->value = e->nvalues ? e->values[0].value : 0;
		return;
	}
	if (!eval_enum(r, NULL, attr->args, e, &param->value) || e->bad)
		return;
	for (unsigned i = 0; i < e->nvalues; i++)
		if (e->values[i].value == param->value)
			return;
	fail(r, VALUE_RANGE, attr->args->loc, "%" PRIu64 " is none of the enum's values",
	     param->value);
}

static void param_default(struct resolver *r, const struct attr *attr, struct m_param *param)
{
	bool text = param->type == M_PARAM_STRING || param->type == M_PARAM_PATH;

	if (param->type == M_PARAM_ENUM) {
		enum_default(r, attr, param);
		return;
	}
	if (!attr || !attr->args)
		return;
	if (text && attr->args->kind == EXPR_STRING)
		param->text = attr->args->name;
	else if (text && attr->args->kind != EXPR_BAD)
		fail(r, BAD_ARGUMENT, attr->args->loc, "a string in quotes is wanted here");
	else if (param->type == M_PARAM_BOOL)
		eval_range(r, NULL, attr->args, 0, 1, "the value", &param->value);
	else if (!text)
		eval_typed(r, attr->args, param->size, param->type == M_PARAM_INT, NULL,
			   &param->value);
}

static void resolve_param(struct resolver *r, const struct node *node, struct m_param *param)
{
	struct attrs attrs;
	bool known;

	read_attrs(r, node->attrs, IN_PARAM, &attrs);
	if (attrs.enumeration || (node->type_class && !strcmp(node->type_class, "enum")))
		known = enum_param(r, node, &attrs, param);
	else
		known = param_type(r, node, param);
	param->name = param->cname = node->name;
	param->option = option_name(r, node->name);
	param->doc = attrs.doc;
	param->loc = node->name_loc;
	check_option(r, param);
	check_keyword(r, "param", node->name, node->name_loc);
	declare(r, SPACE_MEMBERS, SYM_PARAM, node->name, node->name_loc, NULL);
	if (known)
		param_default(r, attrs.reset[GENERAL_RESET], param);
}

void resolve_members(struct resolver *r)
{
	/* What every device's structure has. */
	static const char *const taken[] = {"mdl", "reg", "ram", "mdl_latches"};
	const struct node *items = r->device->children;
	struct model *model = r->model;

	model->params = arena_array(r->arena, struct m_param, count_kind(items, NODE_PARAM));
	model->timers = arena_array(r->arena, struct m_timer, count_kind(items, NODE_TIMER));
	prepare_state(r);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		names_add(&r->names, SPACE_MEMBERS, taken[i], SYM_MEMBER, r->device->name_loc,
			  NULL);
	for (const struct node *node = items; node; node = node->next) {
		if (node->kind == NODE_PARAM)
			resolve_param(r, node, &model->params[model->nparams++]);
		else if (node->kind == NODE_TIMER)
			resolve_timer(r, node, &model->timers[model->ntimers++]);
		else if (node->kind == NODE_STATE)
			resolve_state(r, node);
	}
}
