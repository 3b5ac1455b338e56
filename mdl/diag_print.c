/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages as a person reads them: place, text, the source line, a caret with its range. */
#include "diag_private.h"

#include <string.h>

#define TAB_WIDTH 8u
/* A line longer than this is not shown: nobody reads it, and hostile sources have them. */
#define LONGEST_LINE 400u

static const char *const severity_names[] = {"note", "style", "warning", "error"};
static const char *const severity_colors[] = {"\033[1;36m", "\033[1;35m", "\033[1;35m", "\033[1;31m"};
#define BOLD "\033[1m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

static const char *paint(bool color, const char *code)
{
	return color ? code : "";
}

static const char *line_text(const struct source *source, uint32_t line, uint32_t *length)
{
	if (line == 0 || line > source->nlines)
		return NULL;
	uint32_t start = source->line_starts[line - 1];
	uint32_t end = line < source->nlines ? source->line_starts[line] - 1 : (uint32_t)source->size;

	if (end > start && source->text[end - 1] == '\r')
		end--;
	*length = end - start;
	return source->text + start;
}

static uint32_t decode(const char *p, uint32_t left, unsigned *used)
{
	unsigned char c = (unsigned char)p[0];
	unsigned n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t point = n == 1 ? c : c & (0xffu >> (n + 1));

	if (n > left)
		n = 1;
	for (unsigned i = 1; i < n; i++)
		point = point << 6 | ((unsigned char)p[i] & 0x3f);
	*used = n;
	return point;
}

/* Columns on a terminal: combining marks take none, East Asian wide characters and emoji two. */
static unsigned width_of(uint32_t point)
{
	if ((point >= 0x300 && point <= 0x36f) || (point >= 0x200b && point <= 0x200f) ||
	    (point >= 0xfe00 && point <= 0xfe0f))
		return 0;
	if ((point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
	    (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
	    (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
	    (point >= 0x1f300 && point <= 0x1faff) || (point >= 0x20000 && point <= 0x3fffd))
		return 2;
	return 1;
}

/* The column as shown (tabs widen it) and as counted in characters, of a byte column. */
static void columns(const char *text, uint32_t length, uint32_t byte_col, unsigned *shown,
		    unsigned *characters)
{
	*shown = 0;
	*characters = 1;
	for (uint32_t p = 0; p < length && p + 1 < byte_col;) {
		unsigned used;
		uint32_t point = decode(text + p, length - p, &used);

		*shown += point == '\t' ? TAB_WIDTH - *shown % TAB_WIDTH : width_of(point);
		*characters += 1;
		p += used;
	}
}

static void print_source_line(FILE *out, const char *text, uint32_t length)
{
	unsigned shown = 0;

	for (uint32_t p = 0; p < length;) {
		unsigned used;
		uint32_t point = decode(text + p, length - p, &used);

		if (point == '\t') {
			unsigned n = TAB_WIDTH - shown % TAB_WIDTH;

			fprintf(out, "%*s", (int)n, "");
			shown += n;
		} else if (point < 0x20 || point == 0x7f) {
			fputc('?', out); /* must not reach a terminal */
			shown++;
		} else {
			fwrite(text + p, 1, used, out);
			shown += width_of(point);
		}
		p += used;
	}
	fputc('\n', out);
}

static void print_snippet(FILE *out, const struct loc *loc, bool color)
{
	uint32_t length = 0;
	const char *text = line_text(loc->source, loc->line, &length);
	unsigned start, end, characters;

	if (!text || length == 0 || length > LONGEST_LINE)
		return;
	fprintf(out, "%5u | ", loc->line);
	print_source_line(out, text, length);
	columns(text, length, loc->col, &start, &characters);
	/* A range over several lines is shown to the end of its first. */
	columns(text, length, loc->end_line > loc->line ? length + 1 : loc->end_col, &end, &characters);
	fprintf(out, "      | %*s%s^", (int)start, "", paint(color, GREEN));
	for (unsigned c = start + 1; c < end; c++)
		fputc('~', out);
	fprintf(out, "%s\n", paint(color, PLAIN));
}

static void print_includes(FILE *out, const struct source *source)
{
	const struct loc *at = source->included_at;

	for (unsigned depth = 0; at && depth < 64; at = at->source->included_at, depth++)
		fprintf(out, "%s %s:%u%s\n", depth ? "                from" : "In file included from",
			at->source->name, at->line, at->source->included_at ? "," : ":");
}

void show_message(FILE *out, const struct message *message, bool color)
{
	const struct loc *loc = &message->loc;
	bool note = message->severity == SEV_NOTE;

	if (!loc->source && note) {
		fputs("      = ", out);
	} else if (!loc->source) {
		fprintf(out, "%smdlc:%s ", paint(color, BOLD), paint(color, PLAIN));
	} else {
		uint32_t length = 0;
		const char *text = line_text(loc->source, loc->line, &length);
		unsigned shown, characters = loc->col;

		if (text)
			columns(text, length, loc->col, &shown, &characters);
		if (!note)
			print_includes(out, loc->source);
		fprintf(out, "%s%s:%u:%u:%s ", paint(color, BOLD), loc->source->name, loc->line,
			characters, paint(color, PLAIN));
	}
	fprintf(out, "%s%s:%s %s%s%s", paint(color, severity_colors[message->severity]),
		severity_names[message->severity], paint(color, PLAIN), note ? "" : paint(color, BOLD),
		message->text, note ? "" : paint(color, PLAIN));
	if (!note)
		fprintf(out, " [%s]", check_name(message->check));
	fputc('\n', out);
	if (loc->source)
		print_snippet(out, loc, color);
	for (const struct message *n = message->notes; n; n = n->next)
		show_message(out, n, color);
}
