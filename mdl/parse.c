/* SPDX-License-Identifier: BSD-2-Clause */
/* Files into a tree: the main file and, merged in place, what it includes. */
#include <string.h>
#include <sys/stat.h>

#include "parse.h"
#include "source.h"

static const struct parse_options no_options;

/* A file is included once: the second time its declarations are known already. */
static const struct source *opened_before(const struct tree *tree, const char *path)
{
	struct stat a, b;

	if (stat(path, &a) != 0)
		return NULL;
	for (const struct source *s = tree->sources; s; s = s->next)
		if (stat(s->name, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return s;
	return NULL;
}

static bool being_parsed(const struct parse *parse, const struct source *source)
{
	for (; parse; parse = parse->outer)
		if (parse->source == source)
			return true;
	return false;
}

static void report_cycle(struct parse *parse, const struct source *source, struct loc loc)
{
	if (!diag_report(parse->tree->diag, CHECK_INCLUDE_CYCLE, loc, "'%s' includes itself",
			 source->name))
		return;
	for (const struct parse *p = parse; p && p->source != source; p = p->outer)
		if (p->source->included_at)
			diag_note(parse->tree->diag, *p->source->included_at,
				  "by way of '%s', included here", p->source->name);
}

static void run(struct parse *parse)
{
	if (parse_scan(parse) != 0)
		parse->tree->syntax_errors = true;
}

void include_source(struct parse *parse, const char *name, struct loc loc)
{
	struct tree *tree = parse->tree;
	const char *path;

	if (parse->options->skip_includes)
		return;
	path = source_find(tree, parse->source, name, parse->options->include_folders,
			   parse->options->ninclude_folders);

	if (!path) {
		if (diag_report(tree->diag, CHECK_FILE, loc, "cannot find '%s'", name))
			diag_help(tree->diag, "it is looked for beside '%s'%s", parse->source->name,
				  parse->options->ninclude_folders ? " and in the -I folders"
								   : "; -I DIR adds a folder");
		tree->syntax_errors = true;
		return;
	}
	const struct source *before = opened_before(tree, path);

	if (before) {
		if (being_parsed(parse, before))
			report_cycle(parse, before, loc);
		return;
	}
	if (parse->depth == MAX_INCLUDE_DEPTH) {
		diag_report(tree->diag, CHECK_TOO_DEEP, loc,
			    "includes are nested more than %u deep", MAX_INCLUDE_DEPTH);
		return;
	}
	struct source *source = source_open(tree, path, &loc);

	if (!source) {
		tree->syntax_errors = true;
		return;
	}
	struct loc *at = arena_new(tree->arena, struct loc);

	*at = loc;
	source->included_at = at;
	struct parse *inner = arena_new(tree->arena, struct parse);

	inner->tree = tree;
	inner->options = parse->options;
	inner->source = source;
	inner->outer = parse;
	inner->depth = parse->depth + 1;
	run(inner);
}

static struct tree *new_tree(struct arena *arena, struct diag *diag)
{
	struct tree *tree = arena_new(arena, struct tree);

	tree->arena = arena;
	tree->nodes = arena_child(arena);
	tree->diag = diag;
	return tree;
}

static struct tree *parse_source(struct tree *tree, struct source *source,
				 const struct parse_options *options)
{
	if (!source) {
		tree->syntax_errors = true;
		return tree;
	}
	struct parse *parse = arena_new(tree->arena, struct parse);

	parse->tree = tree;
	parse->options = options ? options : &no_options;
	parse->source = source;
	run(parse);
	for (const struct node *node = tree->items; node; node = node->next)
		if (node->kind == NODE_DEVICE && node->loc.source == source)
			tree->main_has_device = true;
	return tree;
}

struct tree *parse_file(struct arena *arena, struct diag *diag, const char *name,
			const struct parse_options *options)
{
	struct tree *tree = new_tree(arena, diag);

	return parse_source(tree, source_open(tree, name, NULL), options);
}

struct tree *parse_text(struct arena *arena, struct diag *diag, const char *name, const char *text,
			size_t size, const struct parse_options *options)
{
	struct tree *tree = new_tree(arena, diag);

	return parse_source(tree, source_from_text(tree, name, text, size), options);
}
