/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions: unsigned 64-bit arithmetic where nothing wraps. */
#include <inttypes.h>
#include <string.h>

#include "resolve.h"

#define MAX_DEPTH 4000 /* of expressions and constants that need each other */

/* An error of arithmetic: not in a branch that is not taken. */
#define arithmetic(r, check, at, ...) \
	((r)->dead ? (void)(r)->trouble++ : (void)fail(r, check, at, __VA_ARGS__))

/* What an expression is evaluated in. */
struct context {
	struct resolver *r;
	const struct env *env;
	const struct m_enum *names;
};

static bool eval_in(const struct context *c, const struct expr *e, uint64_t *value);

static bool poisoned(struct resolver *r)
{
	r->trouble++;
	return false;
}

static const struct m_value *find_value(const struct m_enum *e, const char *name)
{
	for (unsigned i = 0; e && i < e->nvalues; i++)
		if (!strcmp(e->values[i].name, name))
			return &e->values[i];
	return NULL;
}

/* The innermost one. */
static const struct binding *find_binding(const struct env *env, const char *name)
{
	for (unsigned i = env ? env->n : 0; i-- > 0;)
		if (!strcmp(env->bindings[i].name, name))
			return &env->bindings[i];
	return NULL;
}

/* A named enum that has this enumerator, for "speed.FAST". */
static const struct m_enum *enum_having(struct resolver *r, const char *name)
{
	for (struct symbol *s = r->names.first; s; s = s->next) {
		struct enumeration *e = s->thing;

		if (s->kind == SYM_ENUM && find_value(e->model, name))
			return e->model;
	}
	return NULL;
}

/* Words of other languages. */
static const char *truth(const char *name)
{
	static const char *const words[][2] = {
		{"yes", "true"}, {"on", "true"},   {"TRUE", "true"},   {"True", "true"},
		{"no", "false"}, {"off", "false"}, {"FALSE", "false"}, {"False", "false"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i][0], name))
			return words[i][1];
	return NULL;
}

static const char *nearest(const struct context *c, const char *name)
{
	const char *candidates[64];
	const char *near = NULL;
	size_t n = 0;

	for (unsigned i = 0; c->env && i < c->env->n && n < 32; i++)
		candidates[n++] = c->env->bindings[i].name;
	for (unsigned i = 0; c->names && i < c->names->nvalues && n < 64; i++)
		candidates[n++] = c->names->values[i].name;
	if (n)
		near = suggest(name, candidates, n);
	if (!near)
		near = suggest_name(c->r, SPACE_GLOBAL, 1u << SYM_CONST, name);
	return near ? near : truth(name);
}

static bool unknown_name(const struct context *c, const struct expr *e)
{
	const struct m_enum *owner;
	const char *near;

	if (!may_say_unknown(c->r, e->name))
		return poisoned(c->r);
	near = nearest(c, e->name);
	if (near) {
		fail(c->r, UNKNOWN_NAME, e->loc, "there is no constant '%s'; did you mean '%s'?",
		     e->name, near);
		return false;
	}
	if (!fail(c->r, UNKNOWN_NAME, e->loc, "there is no constant '%s'", e->name))
		return false;
	owner = c->r->suggestions < 100 ? enum_having(c->r, e->name) : NULL;
	if (owner && owner->name)
		diag_help(c->r->diag, "did you mean '%s.%s'?", owner->name, e->name);
	return false;
}

static bool eval_name(const struct context *c, const struct expr *e, uint64_t *value)
{
	const struct binding *binding = find_binding(c->env, e->name);
	const struct m_value *named = find_value(c->names, e->name);
	struct symbol *s;

	if (binding) {
		*value = binding->value;
		return binding->bad ? poisoned(c->r) : true;
	}
	if (named) {
		*value = named->value;
		return true;
	}
	s = names_find(&c->r->names, SPACE_GLOBAL, e->name);
	if (s && s->kind == SYM_CONST)
		return eval_const(c->r, s->thing, e->loc, value);
	if (s) {
		if (fail(c->r, UNKNOWN_NAME, e->loc, "'%s' is not a number but %s %s", e->name,
			 article(kind_name(s->kind)), kind_name(s->kind)))
			diag_note(c->r->diag, s->loc, "declared here");
		return false;
	}
	*value = !strcmp(e->name, "true");
	if (*value || !strcmp(e->name, "false"))
		return true;
	return unknown_name(c, e);
}

static bool eval_path(const struct context *c, const struct expr *e, uint64_t *value)
{
	struct enumeration *owner;
	const struct m_value *v;
	struct symbol *s;

	if (e->left->kind == EXPR_BAD)
		return poisoned(c->r);
	if (e->left->kind != EXPR_NAME) {
		fail(c->r, BAD_ARGUMENT, e->loc,
		     "this is not a number: only an enumerator has a dot");
		return false;
	}
	s = lookup_global(c->r, SYM_ENUM, e->left->name, e->left->loc);
	if (!s)
		return false;
	owner = s->thing;
	if (owner->state == ENUM_BUSY) {
		if (fail(c->r, CONST_CYCLE, e->loc, "enum '%s' needs itself", owner->model->name))
			diag_note(c->r->diag, s->loc, "declared here");
		return false;
	}
	make_enum(c->r, owner);
	owner->model->used = true;
	v = find_value(owner->model, e->name);
	if (v) {
		*value = v->value;
		return true;
	}
	if (owner->model->bad || !may_say_unknown(c->r, e->name))
		return poisoned(c->r);
	if (fail(c->r, UNKNOWN_NAME, e->loc, "enum '%s' has no '%s'", owner->model->name, e->name))
		diag_note(c->r->diag, s->loc, "declared here");
	return false;
}

static bool eval_unary(const struct context *c, const struct expr *e, uint64_t *value)
{
	uint64_t v;

	if (!eval_in(c, e->left, &v))
		return false;
	switch (e->op) {
	case '-':
		if (v) {
			arithmetic(c->r, NEGATIVE, e->loc,
				   "the result is negative: -%" PRIu64 "; arithmetic is unsigned",
				   v);
			return false;
		}
		*value = 0;
		return true;
	case '!':
		*value = !v;
		return true;
	case '~':
		*value = ~v;
		return true;
	default:
		*value = v;
		return true;
	}
}

static bool shift(const struct context *c, const struct expr *e, uint64_t a, uint64_t b,
		  uint64_t *value)
{
	if (b > 63) {
		arithmetic(c->r, SHIFT_RANGE, e->loc, "a shift by %" PRIu64 " bits; at most 63", b);
		return false;
	}
	if (e->op == OP_SHR) {
		*value = a >> b;
		return true;
	}
	*value = a << b;
	if (*value >> b == a)
		return true;
	arithmetic(c->r, OVERFLOW, e->loc, "%" PRIu64 " << %" PRIu64 " does not fit in 64 bits", a,
		   b);
	return false;
}

static bool overflow(const struct context *c, const struct expr *e, uint64_t a, uint64_t b)
{
	arithmetic(c->r, OVERFLOW, e->loc, "%" PRIu64 " %c %" PRIu64 " does not fit in 64 bits", a,
		   e->op, b);
	return false;
}

static bool compute(const struct context *c, const struct expr *e, uint64_t a, uint64_t b,
		    uint64_t *value)
{
	switch (e->op) {
	case '+':
		return __builtin_add_overflow(a, b, value) ? overflow(c, e, a, b) : true;
	case '*':
		return __builtin_mul_overflow(a, b, value) ? overflow(c, e, a, b) : true;
	case '-':
		if (!__builtin_sub_overflow(a, b, value))
			return true;
		arithmetic(c->r, NEGATIVE, e->loc,
			   "the result is negative: %" PRIu64 " - %" PRIu64
			   "; arithmetic is unsigned",
			   a, b);
		return false;
	case '/':
	case '%':
		if (b == 0) {
			arithmetic(c->r, DIVISION_BY_ZERO, e->loc, "division by zero");
			return false;
		}
		*value = e->op == '/' ? a / b : a % b;
		return true;
	case OP_SHL:
	case OP_SHR:
		return shift(c, e, a, b, value);
	case '&':
		*value = a & b;
		return true;
	case '|':
		*value = a | b;
		return true;
	case '^':
		*value = a ^ b;
		return true;
	case '<':
		*value = a < b;
		return true;
	case '>':
		*value = a > b;
		return true;
	case OP_EQ:
		*value = a == b;
		return true;
	case OP_NE:
		*value = a != b;
		return true;
	case OP_LE:
		*value = a <= b;
		return true;
	case OP_GE:
		*value = a >= b;
		return true;
	default:
		fail(c->r, BAD_ARGUMENT, e->loc, "this is not a number");
		return false;
	}
}

/* Only its names are checked. */
static void eval_dead(const struct context *c, const struct expr *e)
{
	unsigned trouble = c->r->trouble;
	unsigned errors = diag_errors(c->r->diag);
	uint64_t ignored;

	c->r->dead++;
	eval_in(c, e, &ignored);
	c->r->dead--;
	if (diag_errors(c->r->diag) == errors)
		c->r->trouble = trouble;
}

static bool eval_binary(const struct context *c, const struct expr *e, uint64_t *value)
{
	uint64_t a, b;
	bool a_known = eval_in(c, e->left, &a), b_known;

	if (e->op == OP_ANDAND || e->op == OP_OROR) {
		if (a_known && !a == (e->op == OP_ANDAND)) {
			eval_dead(c, e->right);
			*value = a != 0;
			return true;
		}
		b_known = eval_in(c, e->right, &b);
		*value = b_known && b;
		return a_known && b_known;
	}
	b_known = eval_in(c, e->right, &b);
	return a_known && b_known && compute(c, e, a, b, value);
}

static bool eval_conditional(const struct context *c, const struct expr *e, uint64_t *value)
{
	uint64_t condition;

	if (!eval_in(c, e->cond, &condition)) {
		eval_dead(c, e->left);
		eval_dead(c, e->right);
		return poisoned(c->r);
	}
	eval_dead(c, condition ? e->right : e->left);
	return eval_in(c, condition ? e->left : e->right, value);
}

static bool eval_kind(const struct context *c, const struct expr *e, uint64_t *value)
{
	switch (e->kind) {
	case EXPR_NUMBER:
		*value = e->value;
		return true;
	case EXPR_NAME:
		return eval_name(c, e, value);
	case EXPR_PATH:
		return eval_path(c, e, value);
	case EXPR_UNARY:
		return eval_unary(c, e, value);
	case EXPR_BINARY:
		return eval_binary(c, e, value);
	case EXPR_CONDITIONAL:
		return eval_conditional(c, e, value);
	case EXPR_STRING:
		fail(c->r, BAD_ARGUMENT, e->loc, "a string stands where a number is wanted");
		return false;
	case EXPR_BAD:
		break;
	}
	return poisoned(c->r);
}

static bool eval_in(const struct context *c, const struct expr *e, uint64_t *value)
{
	bool known;

	*value = 0;
	if (c->r->depth >= MAX_DEPTH) {
		fail(c->r, TOO_DEEP, e->loc, "this expression is too deep");
		return false;
	}
	c->r->depth++;
	known = eval_kind(c, e, value);
	c->r->depth--;
	return known;
}

bool eval_enum(struct resolver *r, const struct env *env, const struct expr *expr,
	       const struct m_enum *names, uint64_t *value)
{
	struct context c = {.r = r, .env = env, .names = names};

	*value = 0;
	if (!expr)
		return poisoned(r);
	return eval_in(&c, expr, value);
}

bool eval(struct resolver *r, const struct env *env, const struct expr *expr, uint64_t *value)
{
	return eval_enum(r, env, expr, NULL, value);
}

bool eval_const(struct resolver *r, struct constant *constant, struct loc used_at, uint64_t *value)
{
	unsigned dead = r->dead;

	constant->model->used |= used_at.source != NULL;
	if (constant->state == CONST_BUSY) {
		constant->model->bad = true;
		if (fail(r, CONST_CYCLE, constant->node->name_loc, "const '%s' needs its own value",
			 constant->node->name))
			diag_note(r->diag, used_at, "by way of this");
		return false;
	}
	if (constant->state == CONST_NEW) {
		constant->state = CONST_BUSY;
		r->dead = 0;
		if (!eval(r, NULL, constant->node->value, &constant->model->value))
			constant->model->bad = true;
		r->dead = dead;
		constant->state = CONST_READY;
	}
	*value = constant->model->value;
	return constant->model->bad ? poisoned(r) : true;
}

bool eval_range(struct resolver *r, const struct env *env, const struct expr *expr, uint64_t min,
		uint64_t max, const char *what, uint64_t *value)
{
	if (!eval(r, env, expr, value))
		return false;
	if (*value < min)
		fail(r, VALUE_RANGE, expr->loc, "%s is %" PRIu64 "; at least %" PRIu64 " is needed",
		     what, *value, min);
	else if (*value > max)
		fail(r, VALUE_RANGE, expr->loc,
		     "%s is %" PRIu64 " (0x%" PRIx64 "); at most %" PRIu64 " (0x%" PRIx64 ") fits",
		     what, *value, *value, max, max);
	else
		return true;
	return false;
}

bool eval_typed(struct resolver *r, const struct expr *expr, unsigned bytes, bool is_signed,
		const struct m_enum *names, uint64_t *value)
{
	const unsigned bits = bytes * 8;
	bool negative = is_signed && expr->kind == EXPR_UNARY && expr->op == '-';
	uint64_t max = UINT64_MAX >> (64 - bits + (is_signed ? 1 : 0));

	if (!eval_enum(r, NULL, negative ? expr->left : expr, names, value))
		return false;
	if (*value > max + (negative ? 1 : 0)) {
		fail(r, VALUE_RANGE, expr->loc, "%s%" PRIu64 " does not fit in %s%u",
		     negative ? "-" : "", *value, is_signed ? "i" : "u", bits);
		return false;
	}
	if (negative)
		*value = 0 - *value;
	return true;
}
