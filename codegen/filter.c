/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter between m4 and the outputs; knows each output's line. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "filter.h"
#include "skeleton.h"

#define MAX_LEFTOVERS 10 /* enough to see what is wrong with a skeleton */

void filter_add_file(struct filter *filter, const char *key, const char *name)
{
	filter->files[filter->nfiles++] = (struct filter_file){.key = key, .name = name, .line = 1};
	filter->file = &filter->files[0];
}

static void put(struct filter *filter, const char *data, size_t size)
{
	if (!buffer_add(&filter->file->text, data, size))
		filter->out_of_memory = true;
	for (size_t i = 0; i < size; i++)
		filter->file->line += data[i] == '\n';
}

static void put_string(struct filter *filter, const char *text)
{
	put(filter, text, strlen(text));
}

static bool at_line_start(const struct filter *filter)
{
	const struct buffer *text = &filter->file->text;

	return !text->size || text->data[text->size - 1] == '\n';
}

/* ---- texts */

/* What starts the current line, for the lines of a comment that follow it. */
static void put_comment_newline(struct filter *filter)
{
	const struct buffer *text = &filter->file->text;
	size_t start = text->size, tabs;

	while (start && text->data[start - 1] != '\n')
		start--;
	for (tabs = 0; start + tabs < text->size && text->data[start + tabs] == '\t'; tabs++)
		;
	put(filter, "\n", 1);
	while (tabs--)
		put(filter, "\t", 1);
	put(filter, " * ", 3);
}

/* Inside of a C comment: nothing that ends it, starts another, or is a trigraph. */
static void put_comment(struct filter *filter, char c)
{
	if ((filter->previous == '*' && c == '/') || (filter->previous == '/' && c == '*') ||
	    (filter->questions >= 2 && strchr("=/'()!<>-", c)))
		put(filter, " ", 1);
	if (c == '\n')
		put_comment_newline(filter);
	else
		put(filter, &c, 1);
}

/* Inside of a C string. */
static void put_c_string(struct filter *filter, char c)
{
	char octal[8];

	if (c == '"' || c == '\\' || (c == '?' && filter->previous == '?'))
		put(filter, "\\", 1);
	if (c == '\n') {
		put(filter, "\\n", 2);
	} else if ((unsigned char)c < ' ' || c == 0x7f) {
		snprintf(octal, sizeof(octal), "\\%03o", (unsigned char)c);
		put_string(filter, octal);
	} else {
		put(filter, &c, 1);
	}
}

static void put_html(struct filter *filter, char c)
{
	switch (c) {
	case '&':
		put_string(filter, "&amp;");
		break;
	case '<':
		put_string(filter, "&lt;");
		break;
	case '>':
		put_string(filter, "&gt;");
		break;
	case '"':
		put_string(filter, "&quot;");
		break;
	default:
		put(filter, &c, 1);
	}
}

/* Also in the cell of a table, where a line must not end. */
static void put_markdown(struct filter *filter, char c)
{
	if (c == '\n') {
		put(filter, " ", 1);
	} else if (c == '<' || c == '>' || c == '&') {
		put_html(filter, c);
	} else {
		if (strchr("\\`*_[]|#~", c))
			put(filter, "\\", 1);
		put(filter, &c, 1);
	}
}

static void put_text(struct filter *filter, char c)
{
	switch (filter->kind) {
	case 's':
		put_c_string(filter, c);
		break;
	case 'c':
		put_comment(filter, c);
		break;
	case 'h':
		put_html(filter, c);
		break;
	case 'm':
		put_markdown(filter, c);
		break;
	default:
		put(filter, &c, 1);
	}
	filter->previous = c;
	filter->questions = c == '?' ? filter->questions + 1 : 0;
}

/* May the byte need more than to be copied?  After a ? everything may. */
static bool is_special(const struct filter *filter, char c)
{
	if ((unsigned char)c < ' ' || c == 0x7f)
		return true;
	switch (filter->kind) {
	case 's':
		return c == '"' || c == '\\' || c == '?';
	case 'c':
		return c == '*' || c == '/' || c == '?';
	case 'h':
		return c == '&' || c == '<' || c == '>' || c == '"';
	case 'm':
		return strchr("\\`*_[]|#~<>&", c);
	default:
		return false;
	}
}

/* ---- user code */

static void put_line_directive(struct filter *filter, unsigned line, const char *name)
{
	char number[32];

	if (!at_line_start(filter))
		put(filter, "\n", 1);
	snprintf(number, sizeof(number), "#line %u \"", line);
	put_string(filter, number);
	filter->previous = 0;
	filter->questions = 0;
	for (; *name; name++)
		put_c_string(filter, *name);
	put_string(filter, "\"\n");
}

static void begin_code(struct filter *filter)
{
	char *colon = strchr(filter->word, ':');

	put_line_directive(filter, (unsigned)strtoul(filter->word, NULL, 10),
			   colon ? colon + 1 : "");
}

/* The directive takes a line itself: what follows it is two lines on, or one at a line's start. */
static void end_code(struct filter *filter)
{
	if (!at_line_start(filter))
		put(filter, "\n", 1);
	put_line_directive(filter, filter->file->line + 1, filter->file->name);
}

/* ---- leftovers */

/* Also at the end of a word: m4 does not know a name that text has been glued to. */
static bool is_leftover(const char *name)
{
	return strchr(name, '4') && (strstr(name, "m4_") || strstr(name, FACT_PREFIX));
}

static void end_name(struct filter *filter)
{
	filter->name[filter->name_length < sizeof(filter->name) - 1 ? filter->name_length
								    : sizeof(filter->name) - 1] = 0;
	if (filter->name_length && !filter->joined && is_leftover(filter->name) &&
	    filter->errors++ < MAX_LEFTOVERS)
		fprintf(stderr, "mdlc: error: %s:%u: the skeleton left %s\n", filter->file->name,
			filter->file->line, filter->name);
	filter->name_length = 0;
	filter->joined = false;
}

static void watch_name(struct filter *filter, char c)
{
	if (!isalnum((unsigned char)c) && c != '_') {
		if (filter->name_length || filter->joined)
			end_name(filter);
		return;
	}
	if (filter->name_length < sizeof(filter->name) - 1)
		filter->name[filter->name_length] = c;
	filter->name_length++;
}

/* ---- bytes */

static void switch_file(struct filter *filter)
{
	for (unsigned i = 0; i < filter->nfiles; i++) {
		if (!strcmp(filter->files[i].key, filter->word)) {
			filter->file = &filter->files[i];
			return;
		}
	}
	fprintf(stderr, "mdlc: error: the skeleton writes an output \"%s\" that there is not\n",
		filter->word);
	filter->errors++;
}

static void feed_output(struct filter *filter, char c)
{
	switch (c) {
	case TEXT_OPEN:
		end_name(filter);
		filter->state = IN_KIND;
		break;
	case CODE_OPEN:
	case FILE_SWITCH:
		end_name(filter);
		filter->length = 0;
		filter->state = c == CODE_OPEN ? IN_PLACE : IN_SWITCH;
		break;
	case QUOTE_OPEN:
	case QUOTE_CLOSE:
	case TEXT_CLOSE:
	case CODE_CLOSE:
		fprintf(stderr, "mdlc: error: %s:%u: the skeleton's quotes do not match\n",
			filter->file->name, filter->file->line);
		filter->errors++;
		break;
	default:
		watch_name(filter, c);
		put(filter, &c, 1);
	}
}

static void feed_word(struct filter *filter, char c)
{
	if (c != '\n') {
		if (filter->length < sizeof(filter->word) - 1)
			filter->word[filter->length++] = c;
		else if (!filter->errors++)
			fprintf(stderr, "mdlc: error: the name of a file is too long\n");
		return;
	}
	filter->word[filter->length] = '\0';
	if (filter->state == IN_PLACE)
		begin_code(filter);
	else
		switch_file(filter);
	filter->state = filter->state == IN_PLACE ? IN_CODE : IN_OUTPUT;
}

static void feed_byte(struct filter *filter, char c)
{
	switch (filter->state) {
	case IN_OUTPUT:
		feed_output(filter, c);
		break;
	case IN_KIND:
		filter->kind = c;
		filter->previous = 0;
		filter->questions = 0;
		filter->state = IN_TEXT;
		break;
	case IN_TEXT:
		if (c == TEXT_CLOSE) {
			filter->state = IN_OUTPUT;
			filter->joined = true;
		} else {
			put_text(filter, c);
		}
		break;
	case IN_PLACE:
	case IN_SWITCH:
		feed_word(filter, c);
		break;
	case IN_CODE:
		if (c == CODE_CLOSE) {
			end_code(filter);
			filter->state = IN_OUTPUT;
		} else {
			put(filter, &c, 1);
		}
		break;
	}
}

/* ---- runs of bytes: most of the output */

/* All of them go to the output as they are, and leave the state as it is. */
static size_t plain_run(const struct filter *filter, const char *data, size_t size)
{
	size_t n = 0;

	switch (filter->state) {
	case IN_OUTPUT:
	case IN_CODE:
		while (n < size &&
		       ((unsigned char)data[n] >= ' ' || data[n] == '\n' || data[n] == '\t'))
			n++;
		return n;
	case IN_TEXT:
		while (n < size && !filter->questions && !is_special(filter, data[n]))
			n++;
		return n;
	default:
		return 0;
	}
}

static void feed_run(struct filter *filter, const char *data, size_t size)
{
	for (size_t i = 0; filter->state == IN_OUTPUT && i < size; i++)
		watch_name(filter, data[i]);
	if (filter->state == IN_TEXT)
		filter->previous = data[size - 1];
	put(filter, data, size);
}

static void feed_bytes(struct filter *filter, const char *data, size_t size);

/* A text of the skeleton's: the state must be the one that its first mark expects. */
static void feed_literal(struct filter *filter)
{
	const struct literals *literals = filter->literals;
	const struct literal *literal;

	if (!literals || filter->literal >= literals->n) {
		filter->errors++;
		return;
	}
	literal = &literals->items[filter->literal];
	if (!literal->simple) {
		feed_bytes(filter, literal->text, literal->size);
		return;
	}
	if (literal->start)
		feed_byte(filter, TEXT_CLOSE);
	if (filter->state != IN_OUTPUT) {
		feed_bytes(filter, literal->text + literal->start, literal->plain);
	} else if (literal->plain) {
		end_name(filter); /* the translation has seen to the names in it */
		if (!buffer_add(&filter->file->text, literal->text + literal->start,
				literal->plain))
			filter->out_of_memory = true;
		filter->file->line += literal->newlines;
	}
	for (size_t i = literal->start + literal->plain; i < literal->size; i++)
		feed_byte(filter, literal->text[i]);
}

static void feed_digit(struct filter *filter, char c)
{
	if (c < '0' || c >= '0' + 64)
		filter->errors++;
	filter->literal = filter->literal * 64 + ((unsigned)(c - '0') & 63);
	if (!--filter->digits)
		feed_literal(filter);
}

static void feed_bytes(struct filter *filter, const char *data, size_t size)
{
	while (size) {
		size_t n = filter->digits ? 0 : plain_run(filter, data, size);

		if (n) {
			feed_run(filter, data, n);
		} else {
			if (filter->digits) {
				feed_digit(filter, *data);
			} else if (*data == LITERAL) {
				filter->digits = 2;
				filter->literal = 0;
			} else {
				feed_byte(filter, *data);
			}
			n = 1;
		}
		data += n;
		size -= n;
	}
}

void filter_feed(struct filter *filter, const char *data, size_t size)
{
	feed_bytes(filter, data, size);
}

int filter_finish(struct filter *filter)
{
	end_name(filter);
	if (filter->state != IN_OUTPUT || filter->digits) {
		fprintf(stderr, "mdlc: error: m4's output ends too early\n");
		filter->errors++;
	}
	if (filter->out_of_memory) {
		fprintf(stderr, "mdlc: error: out of memory\n");
		filter->errors++;
	}
	return filter->errors ? -1 : 0;
}

void filter_free(struct filter *filter)
{
	for (unsigned i = 0; i < filter->nfiles; i++)
		free(filter->files[i].text.data);
}
