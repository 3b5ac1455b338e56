/* SPDX-License-Identifier: BSD-2-Clause */
/* From the syntax tree to the resolved model: what is declared, in which order it is resolved. */
#include <string.h>

#include "check.h"
#include "resolve.h"

#define MAX_SUGGESTIONS 100
#define MAX_CANDIDATES  4096

void list_add(struct resolver *r, struct list *list, void *item)
{
	if (list->n == list->capacity) {
		unsigned capacity = list->capacity ? list->capacity * 2 : 8;
		void **items = arena_array(r->arena, void *, capacity);

		if (list->n)
			memcpy(items, list->items, list->n * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->n++] = item;
}

bool in_main(const struct resolver *r, struct loc loc)
{
	return loc.source == r->tree->sources;
}

bool may_say_missing(const struct resolver *r)
{
	return !r->tree->syntax_errors;
}

/* Where no names are lost but something is, it was a whole file. */
bool may_say_unknown(const struct resolver *r, const char *name)
{
	if (!r->tree->syntax_errors)
		return true;
	return !r->tree->nameless && r->tree->lost && !tree_lost(r->tree, name);
}

struct symbol *declare(struct resolver *r, uint32_t space, enum symbol_kind kind, const char *name,
		       struct loc loc, void *thing)
{
	struct symbol *s = names_find(&r->names, space, name);

	if (!s)
		return names_add(&r->names, space, name, kind, loc, thing);
	if (space == SPACE_MEMBERS && s->kind == SYM_MEMBER) {
		fail(r, NAME_COLLISION, loc,
		     "every device's structure has a member '%s' of its own", name);
		return NULL;
	}
	if (fail(r, DUPLICATE_NAME, loc, "there is %s %s '%s' already", article(kind_name(s->kind)),
		 kind_name(s->kind), name)) {
		diag_note(r->diag, s->loc, "declared here");
		note_via(r->diag, s->via);
	}
	return NULL;
}

bool check_keyword(struct resolver *r, const char *what, const char *name, struct loc loc)
{
	if (!is_c_keyword(name))
		return true;
	fail(r, KEYWORD_NAME, loc, "%s '%s' has the name of a word of C", what, name);
	return false;
}

/* The nearest name of a space among some kinds; bounded, as it walks over all names. */
const char *suggest_name(struct resolver *r, uint32_t space, unsigned kinds, const char *word)
{
	const char **candidates;
	size_t n = 0;

	if (r->suggestions >= MAX_SUGGESTIONS)
		return NULL;
	r->suggestions++;
	candidates = arena_array(r->arena, const char *, MAX_CANDIDATES);
	for (struct symbol *s = r->names.first; s && n < MAX_CANDIDATES; s = s->next)
		if (s->space == space && kinds & 1u << s->kind)
			candidates[n++] = s->name;
	return n ? suggest(word, candidates, n) : NULL;
}

struct symbol *lookup_global(struct resolver *r, enum symbol_kind kind, const char *name,
			     struct loc loc)
{
	struct symbol *s = names_find(&r->names, SPACE_GLOBAL, name);
	const char *near;

	if (s && s->kind == kind)
		return s;
	if (s) {
		if (fail(r, UNKNOWN_NAME, loc, "'%s' is %s %s, not %s %s", name,
			 article(kind_name(s->kind)), kind_name(s->kind), article(kind_name(kind)),
			 kind_name(kind)))
			diag_note(r->diag, s->loc, "declared here");
		return NULL;
	}
	r->trouble++;
	if (!may_say_unknown(r, name))
		return NULL;
	near = suggest_name(r, SPACE_GLOBAL, 1u << kind, name);
	if (near)
		fail(r, UNKNOWN_NAME, loc, "there is no %s '%s'; did you mean '%s'?",
		     kind_name(kind), name, near);
	else
		fail(r, UNKNOWN_NAME, loc, "there is no %s '%s'", kind_name(kind), name);
	return NULL;
}

/* Everything with a name that may be used before its declaration. */
struct globals {
	struct list consts, enums, templates, layouts, codes;
};

static void add_const(struct resolver *r, const struct node *node, struct globals *g)
{
	struct constant *c = arena_new(r->arena, struct constant);
	struct attrs attrs;

	read_attrs(r, node->attrs, IN_CONST, &attrs);
	c->node = node;
	c->model = arena_new(r->arena, struct m_const);
	*c->model = (struct m_const){.name = node->name,
				     .cname = node->name,
				     .doc = attrs.doc,
				     .from_main = in_main(r, node->loc),
				     .loc = node->name_loc};
	if (!declare(r, SPACE_GLOBAL, SYM_CONST, node->name, node->name_loc, c))
		c->model->bad = true;
	list_add(r, &g->consts, c);
}

static void add_enum(struct resolver *r, const struct node *node, struct globals *g)
{
	struct enumeration *e = arena_new(r->arena, struct enumeration);

	e->node = node;
	e->model = arena_new(r->arena, struct m_enum);
	e->model->name = node->name;
	e->model->loc = node->name_loc;
	if (!declare(r, SPACE_GLOBAL, SYM_ENUM, node->name, node->name_loc, e))
		e->model->bad = true;
	list_add(r, &g->enums, e);
}

static void check_params(struct resolver *r, const struct node *node)
{
	uint32_t space = r->next_space++;

	for (const struct node *param = node->params; param; param = param->next)
		declare(r, space, SYM_PARAM, param->name, param->name_loc, NULL);
}

static void add_template(struct resolver *r, const struct node *node, struct globals *g)
{
	struct template *t = arena_new(r->arena, struct template);

	t->node = node;
	t->model = arena_new(r->arena, struct m_template);
	*t->model = (struct m_template){
		.name = node->name, .loc = node->name_loc, .from_main = in_main(r, node->loc)};
	check_params(r, node);
	if (!declare(r, SPACE_GLOBAL, SYM_TEMPLATE, node->name, node->name_loc, t))
		t->model->used = true;
	list_add(r, &g->templates, t);
}

/* What mdl.h and the headers that it includes have already. */
static void check_struct_name(struct resolver *r, const char *name, struct loc loc)
{
	static const char *const host[] = {"iovec", "timespec", "timeval", "epoll_event"};

	if (!strcmp(name, "mdl") || !strncmp(name, "mdl_", 4))
		fail(r, NAME_COLLISION, loc,
		     "'mdl' and what begins with 'mdl_' are the library's own names");
	for (size_t i = 0; i < sizeof(host) / sizeof(host[0]); i++)
		if (!strcmp(name, host[i]))
			fail(r, NAME_COLLISION, loc,
			     "struct %s is the host's own: call it another name", name);
}

static void add_layout(struct resolver *r, const struct node *node, struct globals *g)
{
	struct layout *layout = arena_new(r->arena, struct layout);

	layout->node = node;
	layout->model = arena_new(r->arena, struct m_layout);
	*layout->model = (struct m_layout){.name = node->name,
					   .cname = node->name,
					   .loc = node->name_loc,
					   .from_main = in_main(r, node->loc)};
	check_keyword(r, "layout", node->name, node->name_loc);
	if (!declare(r, SPACE_GLOBAL, SYM_LAYOUT, node->name, node->name_loc, layout))
		layout->model->bad = true;
	check_struct_name(r, node->name, node->name_loc);
	list_add(r, &g->layouts, layout);
}

static void add_device(struct resolver *r, const struct node *node)
{
	if (!r->device) {
		r->device = node;
		return;
	}
	if (fail(r, ONE_DEVICE, node->name_loc, "a second device; a source describes one"))
		diag_note(r->diag, r->device->name_loc, "the first one is here");
}

/* Those in the device are as global as those beside it. */
static void declare_globals(struct resolver *r, const struct node *items, struct globals *g)
{
	for (const struct node *node = items; node; node = node->next) {
		switch (node->kind) {
		case NODE_CONST:
			add_const(r, node, g);
			break;
		case NODE_ENUM:
			add_enum(r, node, g);
			break;
		case NODE_TEMPLATE:
			add_template(r, node, g);
			break;
		case NODE_LAYOUT:
			add_layout(r, node, g);
			break;
		case NODE_DEVICE:
			add_device(r, node);
			declare_globals(r, node->children, g);
			break;
		case NODE_CODE:
			list_add(r, &g->codes, (void *)node->code);
			break;
		default:
			break;
		}
	}
}

static void evaluate_globals(struct resolver *r, const struct globals *g)
{
	const struct loc nowhere = {0};
	uint64_t value;

	for (unsigned i = 0; i < g->consts.n; i++)
		eval_const(r, g->consts.items[i], nowhere, &value);
	for (unsigned i = 0; i < g->enums.n; i++)
		make_enum(r, g->enums.items[i]);
	for (unsigned i = 0; i < g->layouts.n; i++)
		make_layout(r, g->layouts.items[i]);
}

static void resolve_hooks(struct resolver *r, const struct node *items, enum place_kind place,
			  struct list *hooks)
{
	for (const struct node *node = items; node; node = node->next) {
		struct m_hook *hook;
		enum m_event event;
		bool repeated = false;

		if (node->kind == NODE_STATE)
			resolve_hooks(r, node->children, IN_STATE, hooks);
		if (node->kind != NODE_HOOK ||
		    !find_event(r, node->name, node->name_loc, false, place, &event))
			continue;
		for (unsigned i = 0; i < hooks->n && !repeated; i++) {
			const struct m_hook *other = hooks->items[i];

			repeated = other->event == event;
			if (repeated &&
			    fail(r, REPEATED_WORD, node->loc, "'on %s' is given twice", node->name))
				diag_note(r->diag, other->loc, "first given here");
		}
		if (repeated)
			continue;
		hook = arena_new(r->arena, struct m_hook);
		*hook = (struct m_hook){.event = event, .code = node->code, .loc = node->loc};
		hook->cname = event == M_ON_RESET
				      ? "on_reset"
				      : arena_printf(r->arena, "on_%s", event_name(event));
		list_add(r, hooks, hook);
	}
}

/* Layouts are structures beside the device's. */
static void check_device_name(struct resolver *r, const struct node *device)
{
	const struct symbol *same = names_find(&r->names, SPACE_GLOBAL, device->name);

	if (same && same->kind == SYM_LAYOUT &&
	    fail(r, NAME_COLLISION, same->loc, "layout '%s' has the device's name", device->name))
		diag_note(r->diag, device->name_loc, "both would be struct %s", device->name);
	same = names_find(&r->names, SPACE_GLOBAL, arena_printf(r->arena, "%s_irq", device->name));
	if (same && same->kind == SYM_LAYOUT)
		fail(r, NAME_COLLISION, same->loc, "'%s' is the enumeration of irqs in C",
		     same->name);
	check_struct_name(r, device->name, device->name_loc);
}

static void resolve_head(struct resolver *r, const struct node *node)
{
	struct model *model = r->model;
	struct attrs attrs;
	uint64_t version;

	read_attrs(r, node->attrs, IN_DEVICE, &attrs);
	model->name = model->cname = node->name;
	model->doc = attrs.doc;
	model->loc = node->name_loc;
	model->version = 1;
	check_keyword(r, "device", node->name, node->name_loc);
	check_device_name(r, node);
	r->version_lost = !attrs.word[W_VERSION] && r->tree->syntax_errors &&
			  diag_errors_in(r->diag, &node->name_loc);
	if (attrs.word[W_VERSION] && eval_range(r, NULL, attrs.word[W_VERSION]->args, 1,
						UINT32_MAX - 1, "the version", &version))
		model->version = (uint32_t)version;
}

static void find_pci(struct resolver *r)
{
	const struct node *found = NULL;

	for (const struct node *node = r->device->children; node; node = node->next) {
		if (node->kind != NODE_PCI)
			continue;
		if (found) {
			if (fail(r, REPEATED_WORD, node->loc, "'pci' is given twice"))
				diag_note(r->diag, found->loc, "first given here");
			continue;
		}
		found = node;
		resolve_pci(r, node);
	}
	if (found)
		return;
	if (may_say_missing(r))
		fail(r, MISSING, r->device->name_loc, "device '%s' has no pci block",
		     r->device->name);
	r->trouble++;
	r->model->pci.bad = true;
}

static void resolve_device(struct resolver *r)
{
	struct model *model = r->model;
	struct list hooks = {0};
	struct m_hook *all;

	resolve_head(r, r->device);
	resolve_irqs(r);
	resolve_bars(r);
	find_pci(r);
	lay_out_capabilities(r);
	resolve_members(r);
	link_registers(r);
	check_collisions(r);
	order_registers(r);
	resolve_hooks(r, r->device->children, IN_DEVICE, &hooks);
	all = arena_array(r->arena, struct m_hook, hooks.n + 1);
	for (unsigned i = 0; i < hooks.n; i++)
		all[i] = *(struct m_hook *)hooks.items[i];
	model->hooks = all;
	model->nhooks = hooks.n;
	model->intrs = (struct m_intr **)r->intrs.items;
	model->nintrs = r->intrs.n;
	for (unsigned i = 0; i < r->intrs.n; i++)
		model->intrs[i]->id = i;
}

static void mark_used(struct m_layout *layout)
{
	if (layout->used)
		return;
	layout->used = true;
	for (unsigned i = 0; i < layout->nmembers; i++)
		if (layout->members[i].layout)
			mark_used((struct m_layout *)layout->members[i].layout);
}

static void hand_on_globals(struct resolver *r, const struct globals *g)
{
	struct model *model = r->model;
	struct m_template *templates;
	struct m_const *consts = arena_array(r->arena, struct m_const, g->consts.n + 1);

	for (unsigned i = 0; i < g->consts.n; i++)
		consts[i] = *((struct constant *)g->consts.items[i])->model;
	model->consts = consts;
	model->nconsts = g->consts.n;
	model->enums = arena_array(r->arena, struct m_enum *, g->enums.n + 1);
	for (unsigned i = 0; i < g->enums.n; i++)
		model->enums[model->nenums++] = ((struct enumeration *)g->enums.items[i])->model;
	templates = arena_array(r->arena, struct m_template, g->templates.n + 1);
	for (unsigned i = 0; i < g->templates.n; i++)
		templates[i] = *((struct template *)g->templates.items[i])->model;
	model->templates = templates;
	model->ntemplates = g->templates.n;
	model->codes = (const struct code *const *)g->codes.items;
	model->ncodes = g->codes.n;
	for (unsigned i = 0; i < model->nvars; i++)
		if (model->vars[i].layout)
			mark_used((struct m_layout *)model->vars[i].layout);
	for (unsigned i = 0; i < r->layouts.n; i++) {
		struct m_layout *layout = r->layouts.items[i];

		for (unsigned j = 0; layout->from_main && j < layout->nmembers; j++)
			if (layout->members[j].layout)
				mark_used((struct m_layout *)layout->members[j].layout);
	}
	model->layouts = arena_array(r->arena, struct m_layout *, r->layouts.n + 1);
	for (unsigned i = 0; i < r->layouts.n; i++) {
		struct m_layout *layout = r->layouts.items[i];

		if (layout->used || layout->from_main)
			model->layouts[model->nlayouts++] = layout;
	}
}

/* Mistakes in templates that nothing uses; an included one may lack what it is made for. */
static void try_templates(struct resolver *r, const struct globals *g)
{
	bool *used = arena_array(r->arena, bool, g->templates.n + 1);

	for (unsigned i = 0; i < g->templates.n; i++)
		used[i] = ((struct template *)g->templates.items[i])->model->used;
	for (unsigned i = 0; i < g->templates.n; i++) {
		struct template *template = g->templates.items[i];

		if (!template->model->used && template->model->from_main)
			try_template(r, template);
	}
	for (unsigned i = 0; i < g->templates.n; i++)
		((struct template *)g->templates.items[i])->model->used = used[i];
}

static void no_device(struct resolver *r)
{
	struct loc loc = {
		.source = r->tree->sources, .line = 1, .col = 1, .end_line = 1, .end_col = 1};

	if (may_say_missing(r))
		fail(r, ONE_DEVICE, loc, "no device is described here");
}

struct model *resolve(struct tree *tree)
{
	struct resolver r = {.tree = tree, .arena = tree->arena, .diag = tree->diag};
	struct globals globals = {0};
	struct scope top = {0};

	r.model = arena_new(tree->arena, struct model);
	r.model->source = tree->sources ? tree->sources->name : "";
	r.next_space = SPACE_FIRST_FREE;
	top.space = r.next_space++;
	r.top = &top;
	names_init(&r.names, tree->arena);
	declare_globals(&r, tree->items, &globals);
	evaluate_globals(&r, &globals);
	if (r.device) {
		resolve_device(&r);
		try_templates(&r, &globals);
	} else {
		no_device(&r);
	}
	hand_on_globals(&r, &globals);
	if (r.device) {
		check_macros(&r);
		r.model->schema = schema_hash(r.model);
		run_checks(tree, r.model);
	}
	return diag_errors(tree->diag) || tree->syntax_errors ? NULL : r.model;
}
