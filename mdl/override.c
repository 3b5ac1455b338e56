/* SPDX-License-Identifier: BSD-2-Clause */
/* -D NAME=VALUE: a const of the description gets another value. */
#include <stdio.h>
#include <string.h>

#include "parse.h"

#define MOST_CONSTS 256u /* among which a mistyped one is looked for */

static struct node *find_const(struct node *items, const char *name, const char **names,
			       unsigned *n)
{
	struct node *found = NULL;

	for (struct node *node = items; node && !found; node = node->next) {
		if (node->kind == NODE_DEVICE)
			found = find_const(node->children, name, names, n);
		if (node->kind != NODE_CONST)
			continue;
		if (!strcmp(node->name, name))
			found = node;
		else if (*n < MOST_CONSTS)
			names[(*n)++] = node->name;
	}
	return found;
}

/* The value is an expression of the language: `const NAME = VALUE;` is what it means. */
static struct expr *parse_value(struct tree *tree, const char *name, const char *value)
{
	const char *text = arena_printf(tree->arena, "const \\%s = %s;", name, value);
	struct tree *definition =
		parse_text(tree->arena, tree->diag, "<command line>", text, strlen(text), NULL);

	if (definition->syntax_errors || !definition->items || definition->items->next)
		return NULL;
	return definition->items->value;
}

bool override_const(struct tree *tree, const char *definition)
{
	const char *equals = strchr(definition, '=');
	const char *names[MOST_CONSTS];
	const char *name, *near;
	struct node *node;
	unsigned n = 0;

	if (!equals || equals == definition) {
		fprintf(stderr, "mdlc: -D %s: write NAME=VALUE\n", definition);
		return false;
	}
	name = arena_copy(tree->arena, definition, (size_t)(equals - definition));
	node = find_const(tree->items, name, names, &n);
	if (!node) {
		near = suggest(name, names, n);
		fprintf(stderr, "mdlc: -D %s: there is no const '%s'%s%s%s\n", definition, name,
			near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		return tree->syntax_errors;
	}
	node->value = parse_value(tree, name, equals + 1);
	if (node->value)
		return true;
	fprintf(stderr, "mdlc: -D %s: the value is no expression\n", definition);
	return false;
}
