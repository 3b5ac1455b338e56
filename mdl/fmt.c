/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical layout: where lines begin, and how deep. */
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "fmt.h"

struct collecting {
	struct arena *arena;
	struct parse *parse;
	struct piece *pieces;
	size_t n, room;
};

static void add_piece(struct collecting *c, int kind, struct loc start, uint32_t end_line)
{
	uint32_t from = loc_offset(&start);
	struct piece *piece;

	if (c->n == c->room) {
		struct piece *more;

		c->room = c->room ? 2 * c->room : 256;
		more = arena_array(c->arena, struct piece, c->room);
		if (c->n)
			memcpy(more, c->pieces, c->n * sizeof(*more));
		c->pieces = more;
	}
	piece = &c->pieces[c->n++];
	*piece = (struct piece){.kind = kind,
				.text = c->parse->source->text + from,
				.size = c->parse->offset - from,
				.line = start.line,
				.end_line = end_line};
}

static void on_token(void *context, const struct token *token)
{
	add_piece(context, token->kind, token->loc, token->loc.end_line);
}

static void on_comment(void *context, struct loc start)
{
	struct collecting *c = context;
	bool is_line = c->parse->source->text[loc_offset(&start) + 1] == '/';
	struct piece *piece;

	add_piece(c, is_line ? PIECE_LINE_COMMENT : PIECE_BLOCK_COMMENT, start, start.end_line);
	piece = &c->pieces[c->n - 1];
	while (is_line && strchr(" \t\r", piece->text[piece->size - 1]))
		piece->size--;
}

static bool is_comment(const struct piece *piece)
{
	return piece->kind == PIECE_LINE_COMMENT || piece->kind == PIECE_BLOCK_COMMENT;
}

static void pair_braces(struct piece *pieces, size_t n)
{
	struct piece *open = NULL;

	/* While a brace is open, its partner is the one around it. */
	for (size_t i = 0; i < n; i++) {
		struct piece *piece = &pieces[i], *outer;

		if (piece->kind == '{') {
			piece->partner = open;
			open = piece;
		} else if (piece->kind == '}' && open) {
			outer = open->partner;
			open->partner = piece;
			piece->partner = open;
			piece->multi = open->multi = piece->line > open->line;
			open = outer;
		}
	}
}

static bool breaks_before(const struct piece *piece, const struct piece *last)
{
	bool given = piece->line > last->end_line;

	if (last->kind == PIECE_LINE_COMMENT)
		return true;
	if (is_comment(piece))
		return given;
	if (piece->kind == '}')
		return piece->multi;
	if (last->kind == '{')
		return last->multi;
	if (piece->kind == '{' || piece->kind == ';' || piece->kind == ',')
		return is_comment(last) && given;
	return given;
}

/* Braces around values: what stands behind their commas begins anew. */
struct block {
	bool is_list, in_statement;
};

static void find_starts(struct arena *arena, struct piece *pieces, size_t n)
{
	struct block *blocks = arena_array(arena, struct block, n + 1);
	const struct piece *last = NULL;
	int first = 0;
	size_t depth = 0;
	bool start = true;

	for (size_t i = 0; i < n; i++) {
		struct piece *piece = &pieces[i];

		piece->starts = start;
		if (is_comment(piece))
			continue;
		if (start)
			first = piece->kind;
		start = piece->kind == ';' || (piece->kind == ',' && blocks[depth].is_list) ||
			(piece->kind == CODE && (first == CODE || first == ON));
		if (piece->kind == '{') {
			bool in_statement = last && last->kind == ENUM && first != ENUM;

			blocks[++depth] = (struct block){.is_list = in_statement || first == ENUM ||
								    first == VENDOR_CAP,
							 .in_statement = in_statement};
			start = true;
		} else if (piece->kind == '}' && depth) {
			start = !blocks[depth--].in_statement;
		}
		last = piece;
	}
}

static void break_lines(struct piece *pieces, size_t n)
{
	unsigned depth = 0;

	for (size_t i = 0; i < n; i++) {
		struct piece *piece = &pieces[i];
		const struct piece *last = i ? piece - 1 : NULL;

		piece->breaks = !last || breaks_before(piece, last);
		piece->blank = last && piece->breaks && piece->line > last->end_line + 1 &&
			       last->kind != '{' && piece->kind != '}';
		if (piece->kind == '}' && piece->multi)
			depth--;
		piece->depth = depth;
		if (piece->kind == '{' && piece->multi)
			depth++;
	}
}

void format_source(struct arena *arena, const struct source *source, FILE *out)
{
	struct collecting c = {.arena = arena};
	/* Mistakes were reported when it was parsed. */
	struct tree tree = {.arena = arena, .nodes = arena, .diag = diag_create(arena, NULL)};
	struct parse parse = {
		.tree = &tree, .source = source, .on_comment = on_comment, .context = &c};

	c.parse = &parse;
	scan_all(&parse, on_token);
	pair_braces(c.pieces, c.n);
	find_starts(arena, c.pieces, c.n);
	break_lines(c.pieces, c.n);
	write_lines(arena, c.pieces, c.n, out);
}
