/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages as a person reads them: place, text, the source line, a caret with its range. */
#include "diag_private.h"
#include "source.h"

#define TAB_WIDTH 8u
/* Of a line longer than this only what is around the place is shown: hostile sources have them. */
#define LONGEST_COUNTED 10000u /* beyond, columns are those of bytes */
#define LONGEST_LINE    400u
#define EXCERPT         100u

static const char *const severity_names[] = {"note", "style", "warning", "error"};
static const char *const severity_colors[] = {"\033[1;36m", "\033[1;35m", "\033[1;35m",
					      "\033[1;31m"};
#define BOLD  "\033[1m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

static const char *paint(bool color, const char *code)
{
	return color ? code : "";
}

static const char *line_text(const struct source *source, uint32_t line, size_t *length)
{
	return line == 0 || line > source->nlines ? NULL : source_line(source, line, length);
}

/* The character at p: its length; what is none is taken by the byte. */
static unsigned decode(const char *p, size_t left, uint32_t *point)
{
	unsigned used = utf8_decode(p, left, point);

	if (used)
		return used;
	*point = '?';
	return 1;
}

/* The column as shown (tabs widen it) and as counted in characters, of a byte column. */
static void columns(const char *text, size_t length, size_t byte_col, unsigned *shown,
		    unsigned *characters)
{
	*shown = 0;
	*characters = 1;
	for (size_t p = 0; p < length && p + 1 < byte_col;) {
		uint32_t point;
		unsigned used = decode(text + p, length - p, &point);

		*shown += point == '\t' ? TAB_WIDTH - *shown % TAB_WIDTH : char_width(point);
		*characters += 1;
		p += used;
	}
}

/* What steers a terminal, or turns the order of what it shows around, is not; nor bytes that are
 * none. */
static bool is_shown(uint32_t point)
{
	return point != '?' && point >= 0x20 && point != 0x7f && !(point >= 0x80 && point < 0xa0) &&
	       !(point >= 0x202a && point <= 0x202e) && !(point >= 0x2066 && point <= 0x2069);
}

static void print_source_line(FILE *out, const char *text, size_t length, bool goes_on)
{
	unsigned shown = 0;

	for (size_t p = 0; p < length;) {
		uint32_t point;
		unsigned used = decode(text + p, length - p, &point);

		if (point == '\t') {
			unsigned n = TAB_WIDTH - shown % TAB_WIDTH;

			fprintf(out, "%*s", (int)n, "");
			shown += n;
		} else if (!is_shown(point)) {
			fputc('?', out); /* must not reach a terminal */
			shown++;
		} else {
			fwrite(text + p, 1, used, out);
			shown += char_width(point);
		}
		p += used;
	}
	fputs(goes_on ? "...\n" : "\n", out);
}

/* Cuts a long line down to what is around the column; returns how many bytes before it are left
 * out. */
static size_t excerpt(const char **text, size_t *length, size_t col)
{
	size_t from = 0, to = *length;

	if (*length <= LONGEST_LINE)
		return 0;
	if (col > EXCERPT / 2)
		from = col - EXCERPT / 2 < to ? col - EXCERPT / 2 : to;
	if (to - from > EXCERPT)
		to = from + EXCERPT;
	while (from > 0 && ((*text)[from] & 0xc0) == 0x80)
		from--;
	while (to < *length && ((*text)[to] & 0xc0) == 0x80)
		to++;
	*text += from;
	*length = to - from;
	return from;
}

static void print_snippet(FILE *out, const struct loc *loc, bool color)
{
	size_t length = 0;
	const char *text = line_text(loc->source, loc->line, &length);
	unsigned start, end, characters;

	if (!text || length == 0)
		return;
	/* A range over several lines is shown to the end of its first. */
	const size_t whole = length,
		     end_col = loc->end_line > loc->line ? length + 1 : loc->end_col;
	const size_t skipped = excerpt(&text, &length, loc->col);

	fprintf(out, "%5u | %s", loc->line, skipped ? "..." : "");
	print_source_line(out, text, length, skipped + length < whole);
	columns(text, length, loc->col - skipped, &start, &characters);
	columns(text, length, end_col - skipped, &end, &characters);
	fprintf(out, "      | %*s%s^", (int)start + (skipped ? 3 : 0), "", paint(color, GREEN));
	for (unsigned c = start + 1; c < end; c++)
		fputc('~', out);
	fprintf(out, "%s\n", paint(color, PLAIN));
}

static void print_includes(FILE *out, const struct source *source)
{
	const struct loc *at = source->included_at;

	for (unsigned depth = 0; at && depth < 64; at = at->source->included_at, depth++)
		fprintf(out, "%s %s:%u%s\n",
			depth ? "                from" : "In file included from", at->source->name,
			at->line, at->source->included_at ? "," : ":");
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
		size_t length = 0;
		const char *text = line_text(loc->source, loc->line, &length);
		unsigned shown, characters = loc->col;

		if (text && length <= LONGEST_COUNTED)
			columns(text, length, loc->col, &shown, &characters);
		if (!note)
			print_includes(out, loc->source);
		fprintf(out, "%s%s:%u:%u:%s ", paint(color, BOLD), loc->source->name, loc->line,
			characters, paint(color, PLAIN));
	}
	fprintf(out, "%s%s:%s %s%s%s", paint(color, severity_colors[message->severity]),
		severity_names[message->severity], paint(color, PLAIN),
		note ? "" : paint(color, BOLD), message->text, note ? "" : paint(color, PLAIN));
	if (!note)
		fprintf(out, " [%s]", check_name(message->check));
	fputc('\n', out);
	if (loc->source)
		print_snippet(out, loc, color);
	for (const struct message *n = message->notes; n; n = n->next)
		show_message(out, n, color);
}
