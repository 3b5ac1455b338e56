/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical layout: lines of text, with offsets, bits and closing comments in columns. */
#include <string.h>

#include "feed.h"
#include "fmt.h"
#include "source.h"

#define MAX_PADDING 24u /* what stands farther out is not lined up with */

enum column { NO_COLUMN, OFFSET_COLUMN, BITS_COLUMN };

/* A line in up to three parts, which may begin in columns. */
struct line {
	const struct piece *first;
	char *text;    /* up to the column */
	char *tail;    /* from it on, or NULL */
	char *comment; /* at the end, or NULL */
	enum column column;
	unsigned width, tail_width;
	bool whole; /* no part goes over several lines */
};

static unsigned text_width(const char *text)
{
	size_t size = strlen(text);
	unsigned width = 0;
	uint32_t code;

	for (size_t i = 0; i < size;) {
		unsigned used = utf8_decode(text + i, size - i, &code);

		width += used ? char_width(code) : 1;
		i += used ? used : 1;
	}
	return width;
}

/* Texts that grow: lines are short, but a block of C may be one. */
struct buffer {
	struct arena *arena;
	char *text;
	size_t size, room;
};

static void append(struct buffer *b, const char *text, size_t size)
{
	if (b->size + size + 1 > b->room) {
		char *more;

		b->room = 2 * (b->size + size) + 128;
		more = arena_alloc(b->arena, b->room);
		if (b->size)
			memcpy(more, b->text, b->size);
		b->text = more;
	}
	memcpy(b->text + b->size, text, size);
	b->size += size;
	b->text[b->size] = '\0';
}

static char *take(struct buffer *b)
{
	char *text = b->text ? b->text : arena_copy(b->arena, "", 0);

	b->text = NULL;
	b->size = b->room = 0;
	return text;
}

/* Does the line go into columns before this piece? */
static enum column column_at(const struct spacing *s, const struct piece *piece,
			     const struct line *line)
{
	if (line->column != NO_COLUMN || !line->first->starts)
		return NO_COLUMN;
	if (piece->kind == '@' &&
	    (s->first == REG || s->first == RAM || s->first == GROUP || s->first == DOORBELL))
		return OFFSET_COLUMN;
	if (piece->kind == '[' && s->index == 1 && s->first == IDENT)
		return BITS_COLUMN;
	return NO_COLUMN;
}

/* Carriage returns are not canonical. */
static void append_piece(struct buffer *b, const struct piece *piece)
{
	const char *text = piece->text, *end = text + piece->size, *stop;

	while ((stop = memchr(text, '\r', (size_t)(end - text)))) {
		append(b, text, (size_t)(stop - text));
		text = stop + 1;
	}
	append(b, text, (size_t)(end - text));
}

static size_t make_line(struct arena *arena, struct spacing *s, const struct piece *pieces,
			size_t n, struct line *line)
{
	struct buffer b = {.arena = arena};
	bool over = false;
	char *head = NULL;
	size_t i;

	*line = (struct line){.first = pieces, .whole = true};
	for (i = 0; i < n && (i == 0 || !pieces[i].breaks); i++) {
		const struct piece *piece = &pieces[i];
		const bool closing = i && piece->kind == PIECE_LINE_COMMENT;
		enum column column = column_at(s, piece, line);
		bool space = space_before(s, piece);

		if (closing || column != NO_COLUMN) {
			char *text = take(&b);

			if (head)
				line->tail = text;
			else
				head = text;
			line->column = closing ? line->column : column;
		} else if (i && space && b.size) {
			append(&b, " ", 1);
		}
		append_piece(&b, piece);
		over |= piece->end_line > piece->line;
		if (closing)
			line->comment = take(&b);
	}
	if (!line->comment) {
		char *text = take(&b);

		if (head)
			line->tail = text;
		else
			head = text;
	}
	line->text = head;
	line->whole = !over;
	line->width = text_width(head);
	line->tail_width = line->tail ? text_width(line->tail) : 0;
	return i;
}

/* Neighbours whose columns are one. */
static bool same_block(const struct line *a, const struct line *b)
{
	return !b->first->blank && a->first->depth == b->first->depth;
}

static void align_columns(struct line *lines, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		unsigned widest = lines[i].width, narrowest = lines[i].width;

		end = i + 1;
		if (lines[i].column == NO_COLUMN || !lines[i].whole)
			continue;
		while (end < n && lines[end].column == lines[i].column && lines[end].whole &&
		       same_block(&lines[end - 1], &lines[end])) {
			unsigned width = lines[end].width;
			unsigned low = width < narrowest ? width : narrowest;
			unsigned high = width > widest ? width : widest;

			if (high - low > MAX_PADDING)
				break;
			narrowest = low;
			widest = high;
			end++;
		}
		for (size_t k = i; k < end; k++)
			lines[k].width = widest;
	}
}

static unsigned whole_width(const struct line *line)
{
	return line->width + (line->tail ? 1 + line->tail_width : 0);
}

static void write_line(const struct line *line, unsigned comment_column, FILE *out)
{
	unsigned depth =
		line->first->depth + (line->first->starts || line->first->kind == '}' ? 0 : 1);
	unsigned width = text_width(line->text);

	if (line->first->blank)
		fputc('\n', out);
	for (unsigned i = 0; i < depth; i++)
		fputc('\t', out);
	fputs(line->text, out);
	if (line->tail)
		fprintf(out, "%*s%s", (int)(line->width - width + 1), "", line->tail);
	if (line->comment)
		fprintf(out, "%*s%s", (int)(comment_column - whole_width(line) + 1), "",
			line->comment);
	fputc('\n', out);
}

/* The lines from i on whose closing comments stand below each other. */
static size_t comment_block(const struct line *lines, size_t i, size_t n, unsigned *column)
{
	size_t end = i + 1;
	unsigned narrowest = whole_width(&lines[i]);

	*column = narrowest;
	if (!lines[i].comment || !lines[i].whole)
		return end;
	for (; end < n && lines[end].comment && lines[end].whole &&
	       same_block(&lines[end - 1], &lines[end]);
	     end++) {
		unsigned width = whole_width(&lines[end]);
		unsigned low = width < narrowest ? width : narrowest;
		unsigned high = width > *column ? width : *column;

		if (high - low > 2 * MAX_PADDING)
			break;
		narrowest = low;
		*column = high;
	}
	return end;
}

void write_lines(struct arena *arena, const struct piece *pieces, size_t n, FILE *out)
{
	struct line *lines = arena_array(arena, struct line, n + 1);
	struct spacing spacing = {0};
	size_t nlines = 0, end;
	unsigned column;

	for (size_t i = 0; i < n;)
		i += make_line(arena, &spacing, pieces + i, n - i, &lines[nlines++]);
	align_columns(lines, nlines);
	for (size_t i = 0; i < nlines; i = end) {
		end = comment_block(lines, i, nlines, &column);
		for (size_t k = i; k < end; k++)
			write_line(&lines[k], lines[k].comment ? column : 0, out);
	}
}
