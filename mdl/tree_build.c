/* SPDX-License-Identifier: BSD-2-Clause */
/* Builders of the syntax tree: one call for each action of the grammar. */
#include <string.h>

#include "c_words.h"
#include "parse.h"
#include "source.h"
#include "words.h"

static struct expr *new_expr(struct parse *parse, enum expr_kind kind, struct loc loc)
{
	struct expr *expr = arena_new(parse->tree->nodes, struct expr);

	expr->kind = kind;
	expr->loc = loc;
	return expr;
}

/* Chains of operators make deep trees; what walks them recurses. */
static struct expr *deepen(struct parse *parse, struct expr *expr, const struct expr *a,
			   const struct expr *b, const struct expr *c)
{
	unsigned depth = a->depth;

	if (b && b->depth > depth)
		depth = b->depth;
	if (c && c->depth > depth)
		depth = c->depth;
	expr->depth = depth + 1;
	if (expr->depth == MAX_EXPR_DEPTH)
		diag_report(parse->tree->diag, CHECK_TOO_DEEP, expr->loc,
			    "the expression has more than %u levels", MAX_EXPR_DEPTH);
	if (expr->depth >= MAX_EXPR_DEPTH) {
		expr->kind = EXPR_BAD;
		expr->left = expr->right = expr->cond = NULL;
	}
	return expr;
}

struct expr *new_number(struct parse *parse, uint64_t value, struct loc loc)
{
	struct expr *expr = new_expr(parse, EXPR_NUMBER, loc);

	expr->value = value;
	return expr;
}

struct expr *new_bad(struct parse *parse, struct loc loc)
{
	return new_expr(parse, EXPR_BAD, loc);
}

struct expr *new_name(struct parse *parse, const char *name, struct loc loc)
{
	struct expr *expr = new_expr(parse, EXPR_NAME, loc);

	expr->name = name;
	return expr;
}

struct expr *new_path(struct parse *parse, struct expr *left, const char *name, struct loc loc)
{
	struct expr *expr = new_expr(parse, EXPR_PATH, loc);

	expr->left = left;
	expr->name = name;
	return deepen(parse, expr, left, NULL, NULL);
}

struct expr *new_string(struct parse *parse, const char *text, struct loc loc)
{
	struct expr *expr = new_expr(parse, EXPR_STRING, loc);

	expr->name = text;
	return expr;
}

struct expr *new_unary(struct parse *parse, int op, struct expr *left, struct loc loc)
{
	struct expr *expr = new_expr(parse, EXPR_UNARY, loc);

	expr->op = op;
	expr->left = left;
	return deepen(parse, expr, left, NULL, NULL);
}

struct expr *new_binary(struct parse *parse, int op, struct expr *left, struct expr *right,
			struct loc loc)
{
	struct expr *expr = new_expr(parse, EXPR_BINARY, loc);

	expr->op = op;
	expr->left = left;
	expr->right = right;
	return deepen(parse, expr, left, right, NULL);
}

struct expr *new_conditional(struct parse *parse, struct expr *cond, struct expr *left,
			     struct expr *right, struct loc loc)
{
	struct expr *expr = new_expr(parse, EXPR_CONDITIONAL, loc);

	expr->cond = cond;
	expr->left = left;
	expr->right = right;
	return deepen(parse, expr, cond, left, right);
}

struct expr_list add_expr(struct expr_list list, struct expr *expr)
{
	if (list.last)
		list.last->next = expr;
	else
		list.first = expr;
	list.last = expr;
	return list;
}

struct attr *new_attr(struct parse *parse, enum attr_kind kind, const char *name,
		      struct loc name_loc, struct loc loc)
{
	struct attr *attr = arena_new(parse->tree->nodes, struct attr);

	attr->kind = kind;
	attr->name = name;
	attr->name_loc = name_loc;
	attr->loc = loc;
	return attr;
}

struct attr *new_value_attr(struct parse *parse, enum attr_kind kind, const char *name,
			    struct loc name_loc, struct expr *args, struct loc loc)
{
	struct attr *attr = new_attr(parse, kind, name, name_loc, loc);

	attr->args = args;
	return attr;
}

struct attr *new_text_attr(struct parse *parse, enum attr_kind kind, const char *name,
			   struct loc name_loc, const char *text, struct loc loc)
{
	struct attr *attr = new_attr(parse, kind, name, name_loc, loc);

	attr->text = text;
	return attr;
}

struct attr *new_hook_attr(struct parse *parse, bool is_check, struct word event, struct loc loc)
{
	struct attr *attr = new_attr(parse, ATTR_HOOK, event.text, event.loc, loc);

	attr->is_check = is_check;
	return attr;
}

/* `on_read %{`, `check_write %{`, `expire %{` */
static bool means_event(const char *name)
{
	static const char *const events[] = {"write", "change", "read", "reset", "expire"};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (!strcmp(events[i], name))
			return true;
	return (!strncmp(name, "on", 2) || !strncmp(name, "check", 5)) && !find_word(name);
}

struct attr_list with_body(struct parse *parse, struct attr_list list, const struct code *code,
			   struct loc loc)
{
	struct attr *hook = NULL;

	for (struct attr *attr = list.first; attr; attr = attr->next)
		if (attr->kind != ATTR_DOC)
			hook = attr;
	if (hook && hook->kind == ATTR_HOOK && !hook->code) {
		hook->code = code;
		hook->loc.end_line = loc.end_line;
		hook->loc.end_col = loc.end_col;
		return list;
	}
	parse->tree->syntax_errors = true;
	lose_names(parse, loc, parse->offset);
	if (hook && hook->kind == ATTR_WORD && means_event(hook->name))
		return list; /* that it is no word is said later */
	if (diag_report(parse->tree->diag, CHECK_SYNTAX, loc,
			"this block of C belongs to no event"))
		diag_help(parse->tree->diag, "it stands behind one, e.g. on write %%{ ... %%}");
	return list;
}

struct attr *new_when_attr(struct parse *parse, const struct code *code, struct loc code_loc,
			   struct loc loc)
{
	struct attr *attr = new_attr(parse, ATTR_WHEN, NULL, code_loc, loc);

	attr->code = code;
	return attr;
}

struct attr *new_enum_attr(struct parse *parse, const struct word *name, struct node_list values,
			   struct loc loc)
{
	struct attr *attr =
		new_attr(parse, ATTR_ENUM, name ? name->text : NULL, name ? name->loc : loc, loc);

	attr->children = values.first;
	return attr;
}

struct attr_list add_attr(struct parse *parse, struct attr_list list, struct attr *attr)
{
	if (list.last && list.last->kind == ATTR_DOC && attr->kind == ATTR_DOC) {
		list.last->text =
			arena_printf(parse->tree->arena, "%s%s", list.last->text, attr->text);
		list.last->loc.end_line = attr->loc.end_line;
		list.last->loc.end_col = attr->loc.end_col;
		return list;
	}
	if (list.last)
		list.last->next = attr;
	else
		list.first = attr;
	list.last = attr;
	return list;
}

struct node *new_node(struct parse *parse, enum node_kind kind, struct word name, struct loc loc)
{
	struct node *node = arena_new(parse->tree->nodes, struct node);

	node->kind = kind;
	node->loc = loc;
	node->name = name.text;
	node->name_loc = name.text ? name.loc : loc;
	return node;
}

/* Behind the attributes that are there. */
struct node *with_attrs(struct node *node, struct attr_list attrs)
{
	struct attr **end = &node->attrs;

	while (*end)
		end = &(*end)->next;
	*end = attrs.first;
	return node;
}

struct node *with_place(struct node *node, struct expr_list dims, struct expr *offset,
			struct expr_list strides)
{
	node->dims = dims.first;
	node->offset = offset;
	node->strides = strides.first;
	return node;
}

struct node *with_children(struct node *node, struct node_list children)
{
	node->children = children.first;
	node->has_body = true;
	return node;
}

/* [<= bound], or [] with none. */
struct node *with_bound(struct node *node, struct expr *bound)
{
	node->args = bound;
	node->bounded = bound != NULL;
	node->unbounded = !bound;
	return node;
}

struct node *with_args(struct node *node, struct expr_list args)
{
	node->args = args.first;
	return node;
}

struct node *with_value(struct node *node, struct expr *value)
{
	node->value = value;
	return node;
}

struct node *with_type(struct node *node, const char *type_class, struct word type)
{
	node->type_class = type_class;
	node->type = type.text;
	node->type_loc = type.loc;
	return node;
}

struct node *with_code(struct node *node, const struct code *code)
{
	node->code = code;
	return node;
}

struct node_list add_node(struct node_list list, struct node *node)
{
	if (!node)
		return list;
	if (list.last)
		list.last->next = node;
	else
		list.first = node;
	list.last = node;
	return list;
}

/* A type that is one word, so that nothing but a name, and then the end, can follow it. */
static bool is_one_word(const struct expr *type, const char *type_class)
{
	static const char *const ours[] = {"u8",  "u16", "u32", "u64", "i8",
					   "i16", "i32", "i64", "bool"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strcmp(ours[i], type->name))
			return true;
	return type_class != NULL;
}

/* `u32 a` and `u8 b;` on the next line: the first of the words that the ';' belongs to. */
static struct expr *behind_missing(struct parse *parse, struct expr *first, const char *type_class)
{
	struct expr *name = first->next, *rest = name ? name->next : NULL;
	struct loc loc;

	if (!rest || !rest->next || rest->loc.line == name->loc.line ||
	    !is_one_word(first, type_class))
		return first;
	loc = name->loc;
	loc.col = loc.end_col++;
	parse->tree->syntax_errors = true;
	lose_names(parse, name->loc, loc_offset(&loc));
	diag_report(parse->tree->diag, CHECK_SYNTAX, loc, "expected ';'");
	return behind_missing(parse, rest, NULL);
}

/* The words are a type, or a class word (a string) and a type, or C's own; the last is the name. */
struct node *new_variable(struct parse *parse, enum node_kind kind, struct expr_list words,
			  struct loc loc)
{
	struct expr *first = words.first, *last = words.last;
	const char *type_class = NULL, *type = NULL;
	struct loc type_loc = first->loc;

	if (first->kind == EXPR_STRING) {
		type_class = first->name;
		first = first->next;
	}
	first = behind_missing(parse, first, type_class);
	if (first != words.first && first->loc.line != words.first->loc.line)
		type_class = NULL;
	type_loc = first->loc;
	if (first == last || !strcmp(last->name, "*")) {
		diag_report(parse->tree->diag, CHECK_SYNTAX, last->loc,
			    "expected a type and a name");
		return new_node(parse, kind, (struct word){"", last->loc}, loc);
	}
	for (struct expr *w = first; w != last; w = w->next) {
		type = type ? arena_printf(parse->tree->arena, "%s %s", type, w->name) : w->name;
		type_loc.end_line = w->loc.end_line;
		type_loc.end_col = w->loc.end_col;
	}
	return with_type(new_node(parse, kind, (struct word){last->name, last->loc}, loc),
			 type_class, (struct word){type, type_loc});
}

/* Line ends become those of the generated file. */
static const char *copy_code(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_copy(arena, text, size);
	size_t n = 0;

	if (!memchr(copy, '\r', size))
		return copy;
	for (size_t i = 0; i < size; i++)
		if (copy[i] != '\r')
			copy[n++] = copy[i];
	copy[n] = '\0';
	return copy;
}

/* The brace without its other one, or NULL.  What the preprocessor takes out is not known here. */
static const char *odd_brace(const char *text)
{
	const char *open[32];
	unsigned depth = 0;
	struct c_token token;

	while ((token = c_next_token(&text)).kind != C_END) {
		if (c_token_is(token, "#"))
			return NULL;
		if (c_token_is(token, "}") && depth-- == 0)
			return token.start;
		if (c_token_is(token, "{") && depth++ < 32)
			open[depth - 1] = token.start;
	}
	return depth ? open[depth <= 32 ? depth - 1 : 31] : NULL;
}

/* In a hook the compiler would find it in the next function of the generated file. */
static void check_braces(struct parse *parse, const struct code *code, uint32_t start,
			 uint32_t size)
{
	const bool ended = parse->nbraces && !parse->code_merged && !parse->swallowed;
	const char *odd = ended ? odd_brace(code->text) : NULL;
	struct loc loc = code->loc;

	if (!odd)
		return;
	if (strlen(code->text) == size)
		loc = source_place(parse->source, start + (uint32_t)(odd - code->text), 1);
	diag_report(parse->tree->diag, CHECK_SYNTAX, loc,
		    *odd == '{' ? "this '{' is not closed in its block of C"
				: "this '}' closes nothing in its block of C");
}

const struct code *new_code(struct parse *parse, uint32_t start, uint32_t end, struct loc loc)
{
	struct code *code = arena_new(parse->tree->arena, struct code);

	code->text = copy_code(parse->tree->arena, parse->source->text + start, end - start);
	code->loc = loc;
	check_braces(parse, code, start, end - start);
	return code;
}
