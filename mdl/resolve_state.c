/* SPDX-License-Identifier: BSD-2-Clause */
/* The state that migrates: variables, sections, versions. */
#include <inttypes.h>
#include <string.h>

#include "resolve.h"

/* Versions that a section or variable is in. */
struct versions {
	uint32_t since, until;
};

/* From the word to the end of its number. */
static struct loc words_loc(const struct attr *attr)
{
	struct loc loc = attr->name_loc;

	if (attr->args) {
		loc.end_line = attr->args->loc.end_line;
		loc.end_col = attr->args->loc.end_col;
	}
	return loc;
}

static struct versions read_versions(struct resolver *r, const struct env *env,
				     const struct attrs *attrs, struct versions outer)
{
	const struct attr *since = attrs->word[W_SINCE], *until = attrs->word[W_UNTIL];
	struct versions v = outer;
	uint64_t value;

	if (since && eval(r, env, since->args, &value)) {
		if (r->version_lost)
			r->trouble++;
		else if (value < 1 || value > r->model->version)
			fail(r, SINCE_RANGE, words_loc(since),
			     "since %" PRIu64 ", but the device is version %u", value,
			     r->model->version);
		else if (value > v.since)
			v.since = (uint32_t)value;
	}
	if (until && eval(r, env, until->args, &value)) {
		if (r->version_lost)
			r->trouble++;
		else if (value < 1 || value > r->model->version)
			fail(r, SINCE_RANGE, words_loc(until),
			     "until %" PRIu64 ", but the device is version %u", value,
			     r->model->version);
		else if (value < v.since)
			fail(r, SINCE_RANGE, words_loc(until),
			     "until %" PRIu64 " is before since %u", value, v.since);
		else if (value < v.until)
			v.until = (uint32_t)value;
	}
	return v;
}

uint32_t read_since(struct resolver *r, const struct env *env, const struct attrs *attrs)
{
	const struct versions all = {.since = 1, .until = UINT32_MAX};
	const struct attr *since = attrs->word[W_SINCE], *transient = attrs->word[W_TRANSIENT];

	if (since && transient &&
	    fail(r, CONTRADICTION, words_loc(since), "'since' contradicts 'transient'"))
		diag_note(r->diag, transient->loc, "'transient' is given here");
	return read_versions(r, env, attrs, all).since;
}

static bool layout_type(struct resolver *r, const char *name, struct loc loc, struct m_var *var)
{
	struct symbol *s = lookup_global(r, SYM_LAYOUT, name, loc);
	struct layout *layout;

	if (!s)
		return false;
	layout = s->thing;
	make_layout(r, layout);
	var->type = M_VAR_LAYOUT;
	var->layout = layout->model;
	var->ctype = arena_printf(r->arena, "struct %s", name);
	var->size = (unsigned)layout->model->size;
	if (layout->model->bad) {
		r->trouble++;
		return false;
	}
	return true;
}

static bool enum_type(struct resolver *r, const struct node *node, struct m_var *var,
		      const struct m_enum **names)
{
	struct symbol *s = lookup_global(r, SYM_ENUM, node->type, node->type_loc);
	struct enumeration *e;

	if (!s)
		return false;
	e = s->thing;
	make_enum(r, e);
	e->model->used = true;
	*names = e->model;
	var->type = M_VAR_UINT;
	var->ctype = "uint32_t";
	var->size = 4;
	for (unsigned i = 0; i < e->model->nvalues; i++)
		if (e->model->values[i].value > UINT32_MAX) {
			fail(r, ENUMERATOR_WIDTH, node->type_loc,
			     "enumerator '%s' does not fit in the 32 bits of a variable",
			     e->model->values[i].name);
			return false;
		}
	return true;
}

/* What C and others call our types. */
static const char *our_type(const char *name)
{
	static const char *const pairs[][2] = {
		{"uint8_t", "u8"}, {"uint16_t", "u16"}, {"uint32_t", "u32"}, {"uint64_t", "u64"},
		{"int8_t", "i8"},  {"int16_t", "i16"},  {"int32_t", "i32"},  {"int64_t", "i64"},
		{"uint8", "u8"},   {"uint16", "u16"},   {"uint32", "u32"},   {"uint64", "u64"},
		{"int8", "i8"},    {"int16", "i16"},    {"int32", "i32"},    {"int64", "i64"},
		{"s8", "i8"},      {"s16", "i16"},      {"s32", "i32"},      {"s64", "i64"},
		{"_Bool", "bool"}, {"boolean", "bool"}, {"byte", "u8"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!strcmp(pairs[i][0], name))
			return pairs[i][1];
	return NULL;
}

const char *suggest_type(struct resolver *r, const char *name)
{
	static const char *const ours[] = {"u8",  "u16", "u32", "u64", "i8",
					   "i16", "i32", "i64", "bool"};
	static const char *const of_c[] = {"int",    "char",  "short",  "long", "unsigned",
					   "signed", "float", "double", "void", "size_t"};
	const char *near = our_type(name);

	/* C's `struct desc` */
	if (!near && !strncmp(name, "struct ", 7)) {
		const struct symbol *s = names_find(&r->names, SPACE_GLOBAL, name + 7);

		if (s && s->kind == SYM_LAYOUT)
			return arena_printf(r->arena, "layout %s", name + 7);
	}
	for (size_t i = 0; i < sizeof(of_c) / sizeof(of_c[0]) && !near; i++)
		if (!strcmp(of_c[i], name))
			return NULL;
	if (!near)
		near = suggest(name, ours, sizeof(ours) / sizeof(ours[0]));
	return near ? near : suggest_name(r, SPACE_GLOBAL, 1u << SYM_LAYOUT, name);
}

/* In a type of C our names for integers are known, too: `const u8 *`. */
static const char *c_type(struct resolver *r, const char *type)
{
	const char *text = "", *ctype;
	bool is_signed;
	unsigned size;

	while (*type) {
		size_t length = strcspn(type, " *"), gap = strspn(type + length, " *");
		const char *word = arena_copy(r->arena, type, length);

		if (!integer_type(word, &size, &is_signed, &ctype))
			ctype = word;
		text = arena_printf(r->arena, "%s%s%.*s", text, ctype, (int)gap, type + length);
		type += length + gap;
	}
	return text;
}

/* Types of C: their size and meaning are the host's, so they cannot travel. */
static bool host_type(struct resolver *r, const struct node *node, struct m_var *var)
{
	const char *near;

	var->type = M_VAR_HOST;
	var->ctype = c_type(r, node->type);
	var->size = 0;
	if (var->transient)
		return true;
	near = strchr(node->type, '*') ? NULL : suggest_type(r, node->type);
	if (near) {
		fail(r, UNKNOWN_TYPE, node->type_loc, "unknown type '%s'; did you mean '%s'?",
		     node->type, near);
	} else if (fail(r, HOST_TYPE, node->type_loc,
			"'%s' is a type of this host and cannot migrate", node->type)) {
		diag_help(r->diag,
			  "say 'transient %s %s', or use u8 to u64, i8 to i64, bool or a layout",
			  node->type, node->name);
	}
	return false;
}

static bool var_type(struct resolver *r, const struct node *node, struct m_var *var,
		     const struct m_enum **names)
{
	struct symbol *s;
	bool is_signed;

	if (!node->type) {
		r->trouble++;
		return false;
	}
	if (node->type_class && !strcmp(node->type_class, "layout"))
		return layout_type(r, node->type, node->type_loc, var);
	if (node->type_class && !strcmp(node->type_class, "enum"))
		return enum_type(r, node, var, names);
	if (node->type_class)
		return host_type(r, node, var);
	if (integer_type(node->type, &var->size, &is_signed, &var->ctype)) {
		var->type = is_signed ? M_VAR_INT : M_VAR_UINT;
		return true;
	}
	if (!strcmp(node->type, "bool")) {
		var->type = M_VAR_BOOL;
		var->ctype = "bool";
		var->size = 1;
		return true;
	}
	s = names_find(&r->names, SPACE_GLOBAL, node->type);
	if (s && s->kind == SYM_LAYOUT)
		return layout_type(r, node->type, node->type_loc, var);
	return host_type(r, node, var);
}

static void var_shape(struct resolver *r, const struct node *node, struct m_var *var)
{
	const struct expr *dims = node->bounded ? node->args : node->dims;

	var->count = 1;
	if (node->unbounded) {
		if (fail(r, UNBOUNDED_ARRAY, node->name_loc, "'%s' has no bound", node->name))
			diag_help(r->diag, "write [N], or [<= N] where the length varies");
		return;
	}
	if (node->bounded && node->dims)
		fail(r, UNBOUNDED_ARRAY, node->name_loc,
		     "an array of variable length has one dimension, [<= N]");
	eval_dims(r, NULL, dims, node->bounded ? 1 : MODEL_MAX_DIMS, "this array", var->dims,
		  &var->ndims);
	for (unsigned i = 0; i < var->ndims; i++)
		var->count *= var->dims[i];
	var->bounded = node->bounded;
}

/* `= NULL` is what a pointer begins with anyhow. */
static bool is_null(struct resolver *r, const struct m_var *var, const struct expr *value)
{
	return var->type == M_VAR_HOST && strchr(var->ctype, '*') && value->kind == EXPR_NAME &&
	       !strcmp(value->name, "NULL") && !names_find(&r->names, SPACE_GLOBAL, "NULL");
}

static bool is_c_string(const struct m_var *var)
{
	return var->type == M_VAR_HOST &&
	       (!strcmp(var->ctype, "const char *") || !strcmp(var->ctype, "char const *") ||
		!strcmp(var->ctype, "char *"));
}

/* Itself, not what it points to. */
static bool is_const(const char *ctype)
{
	const char *star = strrchr(ctype, '*');

	return strstr(star ? star : ctype, "const") != NULL;
}

static void host_value(struct resolver *r, const struct expr *value, struct m_var *var)
{
	var->has_value = eval_typed(r, value, 8, true, NULL, &var->value) && var->value;
	if (!var->has_value)
		return; /* all begins as zero */
	if (is_const(var->ctype))
		fail(r, CONTRADICTION, value->loc,
		     "'%s' is const, and its value is assigned: drop the 'const'", var->name);
	else if (strchr(var->ctype, '*'))
		fail(r, VALUE_RANGE, value->loc, "a pointer begins as NULL%s",
		     is_c_string(var) ? ", or as a string" : "");
	else if (!strncmp(var->ctype, "struct ", 7) || !strncmp(var->ctype, "union ", 6))
		fail(r, VALUE_RANGE, value->loc, "a structure of C begins as zero");
}

static void var_value(struct resolver *r, const struct attr *attr, const struct m_enum *names,
		      struct m_var *var)
{
	if (!attr || !attr->args || is_null(r, var, attr->args))
		return;
	var->has_value = true;
	if (attr->args->kind == EXPR_STRING && is_c_string(var))
		var->text = attr->args->name;
	else if (var->type == M_VAR_HOST)
		host_value(r, attr->args, var);
	else if (var->type == M_VAR_LAYOUT)
		eval_range(r, NULL, attr->args, 0, 0, "the value of a layout", &var->value);
	else if (var->type == M_VAR_BOOL)
		eval_range(r, NULL, attr->args, 0, 1, "the value", &var->value);
	else
		eval_typed(r, attr->args, var->size, var->type == M_VAR_INT, names, &var->value);
}

static void check_versions(struct resolver *r, const struct attrs *attrs, const struct m_var *var,
			   bool section_when)
{
	const struct attr *since = attrs->word[W_SINCE], *until = attrs->word[W_UNTIL];
	const struct attr *versioned = since ? since : until;

	if (var->transient && versioned) {
		if (fail(r, CONTRADICTION, words_loc(versioned), "'%s' contradicts 'transient'",
			 versioned->name))
			diag_note(r->diag, attrs->word[W_TRANSIENT]->loc,
				  "'transient' is given here");
		return;
	}
	/* What a section with a condition lacks as a whole is as if the condition were false. */
	if (var->transient || var->since <= 1 || var->has_value || (section_when && !since))
		return;
	if (fail(r, SINCE_DEFAULT, since ? words_loc(since) : var->loc,
		 "'%s' is absent in streams of older versions and has no value for them",
		 var->name))
		diag_help(r->diag, "give it one: %s = 0", var->name);
}

static void declare_var(struct resolver *r, const struct m_var *var)
{
	if (!var->name[0])
		return;
	check_keyword(r, "variable", var->name, var->loc);
	declare(r, SPACE_MEMBERS, SYM_VAR, var->name, var->loc, NULL);
	if (var->bounded)
		declare(r, SPACE_MEMBERS, SYM_VAR, arena_printf(r->arena, "%s_len", var->name),
			var->loc, NULL);
}

static void resolve_var(struct resolver *r, const struct node *node, int section,
			struct versions versions)
{
	const unsigned start = r->trouble;
	struct m_var *var = &r->model->vars[r->model->nvars++];
	bool when = section >= 0 &&
		    (r->model->sections[section].when || r->model->sections[section].when_code);
	const struct m_enum *names = NULL;
	struct attrs attrs;

	read_attrs(r, node->attrs, IN_VAR, &attrs);
	*var = (struct m_var){.name = node->name,
			      .cname = node->name,
			      .doc = attrs.doc,
			      .loc = node->name_loc,
			      .transient = attrs.word[W_TRANSIENT] != NULL,
			      .section = section};
	versions = read_versions(r, NULL, &attrs, versions);
	var->since = versions.since;
	var->until = versions.until;
	var_shape(r, node, var);
	declare_var(r, var);
	if (var_type(r, node, var, &names))
		var_value(r, attrs.reset[GENERAL_RESET], names, var);
	if (r->trouble == start)
		check_versions(r, &attrs, var, when);
	if (var->transient && section >= 0)
		fail(r, CONTRADICTION, attrs.word[W_TRANSIENT]->loc,
		     "a section is what is sent: a transient variable stands outside of it");
	var->bad = r->trouble != start;
}

static void read_condition(struct resolver *r, const struct attr *when, struct m_section *section)
{
	if (!when)
		return;
	section->when_code = when->code;
	section->when = when->code ? NULL : when->name;
	if (section->when && is_c_keyword(section->when))
		fail(r, KEYWORD_NAME, when->name_loc, "'%s' is a word of C", section->when);
}

static void resolve_section(struct resolver *r, const struct node *node)
{
	struct m_section *section = &r->model->sections[r->model->nsections];
	const struct versions all = {.since = 1, .until = UINT32_MAX};
	int index = (int)r->model->nsections++;
	struct versions versions;
	struct attrs attrs;

	read_attrs(r, node->attrs, IN_SECTION, &attrs);
	*section = (struct m_section){
		.name = node->name, .cname = node->name, .doc = attrs.doc, .loc = node->name_loc};
	declare(r, SPACE_SECTIONS, SYM_SECTION, node->name, node->name_loc, NULL);
	read_condition(r, attrs.when, section);
	versions = read_versions(r, NULL, &attrs, all);
	section->since = versions.since;
	section->until = versions.until;
	for (const struct node *item = node->children; item; item = item->next) {
		if (item->kind == NODE_VAR)
			resolve_var(r, item, index, versions);
		else
			fail(r, MISPLACED, item->loc, "a section holds only variables");
	}
}

static void count_items(const struct node *items, unsigned *vars, unsigned *sections)
{
	for (const struct node *item = items; item; item = item->next) {
		*vars += item->kind == NODE_VAR;
		*sections += item->kind == NODE_SECTION;
		if (item->kind == NODE_SECTION)
			count_items(item->children, vars, sections);
	}
}

void prepare_state(struct resolver *r)
{
	unsigned vars = 0, sections = 0;

	for (const struct node *node = r->device->children; node; node = node->next)
		if (node->kind == NODE_STATE)
			count_items(node->children, &vars, &sections);
	r->model->vars = arena_array(r->arena, struct m_var, vars);
	r->model->sections = arena_array(r->arena, struct m_section, sections);
}

void resolve_state(struct resolver *r, const struct node *state)
{
	const struct versions all = {.since = 1, .until = UINT32_MAX};

	for (const struct node *item = state->children; item; item = item->next) {
		if (item->kind == NODE_VAR)
			resolve_var(r, item, -1, all);
		else if (item->kind == NODE_SECTION)
			resolve_section(r, item);
	}
}
