/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text of skeletons.  What m4 is not to act on becomes one quoted string, as long as can be, in
 * which text stands as the number of a literal and values as $N.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skeleton_private.h"

#define SHORT_LITERAL 3 /* its number would not be shorter */

static void check_memory(struct skeleton *s, bool done)
{
	if (!done)
		skeleton_fail(s, "out of memory");
}

static void put_bytes(struct skeleton *s, const char *data, size_t size)
{
	check_memory(s, buffer_add(&s->result->m4, data, size));
}

static void put_byte(struct skeleton *s, char byte)
{
	put_bytes(s, &byte, 1);
}

static void put_formatted(struct skeleton *s, const char *format, va_list args)
{
	char text[256];
	int size = vsnprintf(text, sizeof(text), format, args);

	if (size < 0 || size >= (int)sizeof(text))
		skeleton_fail(s, "too long a name");
	else
		put_bytes(s, text, (size_t)size);
}

void put_m4(struct skeleton *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_formatted(s, format, args);
	va_end(args);
}

/* ---- literals */

/* The marks at its ends apart: the rest goes to the output in one piece. */
static void measure(struct literal *literal)
{
	size_t start = literal->text[0] == TEXT_CLOSE, end = literal->size;

	if (end >= start + 2 && literal->text[end - 2] == TEXT_OPEN)
		end -= 2;
	literal->simple = true;
	for (size_t i = start; i < end; i++) {
		literal->newlines += literal->text[i] == '\n';
		if ((unsigned char)literal->text[i] < ' ' && !strchr("\n\t", literal->text[i]))
			literal->simple = false;
	}
	literal->start = start;
	literal->plain = end - start;
}

/* The number of this text, the same for the same text. */
static unsigned intern(struct skeleton *s, const struct buffer *text)
{
	struct literals *literals = &s->result->literals;
	struct literal *literal;

	for (unsigned i = 0; i < literals->n; i++)
		if (literals->items[i].size == text->size &&
		    !memcmp(literals->items[i].text, text->data, text->size))
			return i;
	if (!literals->items)
		literals->items = calloc(LITERALS_MAX, sizeof(*literals->items));
	if (!literals->items || literals->n == LITERALS_MAX) {
		skeleton_fail(s, literals->items ? "too much text" : "out of memory");
		return 0;
	}
	literal = &literals->items[literals->n];
	literal->text = malloc(text->size);
	if (!literal->text) {
		skeleton_fail(s, "out of memory");
		return 0;
	}
	memcpy(literal->text, text->data, text->size);
	literal->size = text->size;
	measure(literal);
	return literals->n++;
}

static void open_quote(struct skeleton *s)
{
	if (!s->quoted)
		put_byte(s, QUOTE_OPEN);
	s->quoted = true;
}

/* A $ would be m4's, and so would digits behind a value. */
static void flush_literal(struct skeleton *s)
{
	struct buffer *text = &s->literal;
	unsigned number;

	if (!text->size)
		return;
	open_quote(s);
	if (text->size > SHORT_LITERAL || memchr(text->data, '$', text->size) ||
	    isdigit((unsigned char)*text->data)) {
		number = intern(s, text);
		put_m4(s, "%c%c%c", LITERAL, '0' + number / 64, '0' + number % 64);
	} else {
		put_bytes(s, text->data, text->size);
	}
	text->size = 0;
}

void put_literal(struct skeleton *s, const char *text, size_t size)
{
	check_memory(s, buffer_add(&s->literal, text, size));
}

void put_mark(struct skeleton *s, const char *format, ...)
{
	va_list args;

	flush_literal(s);
	open_quote(s);
	va_start(args, format);
	put_formatted(s, format, args);
	va_end(args);
}

void end_text(struct skeleton *s)
{
	flush_literal(s);
	if (s->quoted)
		put_byte(s, QUOTE_CLOSE);
	s->quoted = false;
}

/* ---- values */

unsigned value_number(struct skeleton *s, const char *name, size_t length)
{
	unsigned arg;

	if (length == 1 && *name >= '1' && *name <= '9')
		return (unsigned)(*name - '0');
	arg = s->fact == FACT_COUNT ? 0 : fact_arg(s->fact, name, length);
	if (arg)
		return fact_need_value(&s->result->needs, s->fact, arg);
	skeleton_fail(s, "no argument is called %.*s here", (int)length, name);
	return 0;
}

unsigned truth_number(struct skeleton *s, const char *name, size_t length)
{
	unsigned arg = s->fact == FACT_COUNT ? 0 : fact_arg(s->fact, name, length);

	if (arg)
		return fact_need_truth(&s->result->needs, s->fact, arg);
	skeleton_fail(s, "no argument is called %.*s here", (int)length, name);
	return 0;
}

/* Of ${dev} and ${DEV}: known before any fact, unless the fact has an argument of that name. */
static const char *device_name(const struct skeleton *s, const char *name, size_t length)
{
	if (length != 3 || (s->fact != FACT_COUNT && fact_arg(s->fact, name, length)))
		return NULL;
	return !memcmp(name, "dev", 3) ? s->dev : !memcmp(name, "DEV", 3) ? s->DEV : NULL;
}

void put_value(struct skeleton *s, const char *name, size_t length)
{
	const char *dev = device_name(s, name, length);

	if (dev)
		put_literal(s, dev, strlen(dev));
	else
		put_mark(s, "$%u", value_number(s, name, length));
}

void put_quoted_value(struct skeleton *s, const char *name, size_t length)
{
	const char *dev = device_name(s, name, length);

	put_byte(s, QUOTE_OPEN);
	if (dev)
		put_bytes(s, dev, strlen(dev));
	else
		put_m4(s, "$%u", value_number(s, name, length));
	put_byte(s, QUOTE_CLOSE);
}

/* ${name}, ${kind:name} or ?{name}; returns the end. */
static const char *put_reference(struct skeleton *s, const char *at)
{
	const char *end = strchr(at, '}'), *name = at + 2;
	char mark[] = {TEXT_OPEN, 'r'};
	const char close[] = {TEXT_CLOSE};
	void (*put)(struct skeleton *, const char *, size_t) = s->in_call ? put_bytes : put_literal;

	if (!end) {
		skeleton_fail(s, "no } after %.2s", at);
		return name;
	}
	if (name[0] != '}' && name[1] == ':') {
		mark[1] = name[0];
		name += 2;
		if (!strchr("rschm", mark[1]))
			skeleton_fail(s, "no kind of text is called %c", mark[1]);
	}
	if (*at == '$')
		put(s, mark, sizeof(mark));
	if (s->in_call)
		put_quoted_value(s, name, (size_t)(end - name));
	else
		put_value(s, name, (size_t)(end - name));
	if (*at == '$')
		put(s, close, sizeof(close));
	return end + 1;
}

/* ---- lines */

static bool is_reference(const char *at)
{
	return (at[0] == '$' || at[0] == '?') && at[1] == '{';
}

/* « or »: 1 or -1; else 0. */
static int quote_at(const char *at)
{
	if (!strncmp(at, "\302\253", 2))
		return 1;
	return strncmp(at, "\302\273", 2) ? 0 : -1;
}

/* Inside of a macro's parentheses, up to their end or the line's. */
static const char *put_call(struct skeleton *s, const char *at)
{
	while (*at && s->in_call) {
		int quote = quote_at(at);

		if (is_reference(at)) {
			at = put_reference(s, at);
			continue;
		}
		if (quote) {
			put_byte(s, quote > 0 ? QUOTE_OPEN : QUOTE_CLOSE);
			s->quotes += quote;
			at += 2;
			continue;
		}
		if (!s->quotes && *at == '(')
			s->parens++;
		if (!s->quotes && *at == ')' && !--s->parens)
			s->in_call = false;
		put_byte(s, *at++);
	}
	return at;
}

static bool is_macro(const char *word)
{
	return !strncmp(word, "m4_", 3) || !strncmp(word, FACT_PREFIX, sizeof(FACT_PREFIX) - 1);
}

static bool holds_macro(const char *word, size_t length)
{
	for (size_t i = 1; i < length; i++)
		if (is_macro(word + i))
			return true;
	return false;
}

static bool has_call(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (is_macro(text + i))
			return true;
	return false;
}

/* ", «text»" at *at, moved past; the text has neither calls nor quotes.  NULL: it is no such. */
static const char *simple_text(const char **at, size_t *size)
{
	const char *text = *at + 2, *end;

	if (strncmp(*at, ", ", 2) != 0 || quote_at(text) <= 0)
		return NULL;
	text += 2;
	for (end = text; *end && !quote_at(end); end++)
		;
	*size = (size_t)(end - text);
	if (quote_at(end) >= 0 || has_call(text, *size))
		return NULL;
	*at = end + 2;
	return text;
}

static void put_part(struct skeleton *s, const char *text, size_t size)
{
	char *line = strndup(text, size);

	check_memory(s, line);
	if (line)
		put_line(s, line);
	free(line);
}

/* The rest of a condition that needs no m4; returns the end, or NULL if it is none. */
static const char *put_simple_condition(struct skeleton *s, const char *at, unsigned truth,
					bool is_if)
{
	size_t then_size, else_size = 0;
	const char *then = simple_text(&at, &then_size), *otherwise;

	if (!then)
		return NULL;
	otherwise = simple_text(&at, &else_size);
	if (*at != ')')
		return NULL;
	put_mark(s, "%c%d$%u", IF_OPEN, is_if, truth);
	put_part(s, then, then_size);
	if (otherwise) {
		put_mark(s, "%c", IF_ELSE);
		put_part(s, otherwise, else_size);
	}
	put_mark(s, "%c", IF_CLOSE);
	return at + 1;
}

static void note_call(struct skeleton *s)
{
	for (unsigned i = 0; i < s->open_ifs; i++)
		s->if_calls[s->ifs[i]] = true;
}

/*
 * d4_if(?{ARG}, «…», «…») and d4_ifnot: the facts tell if it is true, so one need only look.
 * Returns the end of it, or of the condition in m4's form; NULL if it is another macro.
 */
static const char *put_condition(struct skeleton *s, const char *word, size_t length)
{
	bool is_if = length == 5 && !memcmp(word, "d4_if", length);
	const char *name = word + length + 3, *end, *simple;
	unsigned truth;

	if (!is_if && (length != 8 || memcmp(word, "d4_ifnot", length) != 0))
		return NULL;
	if (strncmp(word + length, "(?{", 3) != 0 || s->fact == FACT_COUNT)
		return NULL;
	end = strchr(name, '}');
	if (!end)
		return NULL;
	truth = truth_number(s, name, (size_t)(end - name));
	simple = put_simple_condition(s, end + 1, truth, is_if);
	if (simple)
		return simple;
	note_call(s);
	end_text(s);
	put_m4(s, "m4_ifelse($%u,%d", truth, is_if);
	s->in_call = true;
	s->parens = 1;
	return end + 1;
}

/* A macro's name, and the beginning of its call; returns the end. */
static const char *put_macro(struct skeleton *s, const char *at, size_t length)
{
	const char *end = put_condition(s, at, length);

	if (end)
		return end;
	note_call(s);
	end_text(s);
	put_bytes(s, at, length);
	at += length;
	if (at[-1] == '_' && at[0] == '?' && at[1] == '{') { /* d4_x_?{ARG}: the name ends so */
		end = strchr(at, '}');
		if (!end)
			skeleton_fail(s, "no } after ?{");
		else
			put_m4(s, "$%u", value_number(s, at + 2, (size_t)(end - at - 2)));
		at = end ? end + 1 : at + 2;
	}
	s->in_call = *at == '(';
	return at;
}

/* A word of text, or a macro's name, with its call; returns the end. */
static const char *put_word(struct skeleton *s, const char *at)
{
	size_t length = 1;

	while (isalnum((unsigned char)at[length]) || at[length] == '_')
		length++;
	if (s->quotes || !is_macro(at)) {
		if (!s->quotes && holds_macro(at, length))
			skeleton_fail(s, "%.*s hides a macro's name from m4", (int)length, at);
		put_literal(s, at, length);
		return at + length;
	}
	if (length != 6 || memcmp(at, "m4_dnl", 6) != 0)
		return put_macro(s, at, length);
	flush_literal(s);
	open_quote(s); /* what is before and behind is apart; all up to the line's end is away */
	return at + strlen(at);
}

void put_line(struct skeleton *s, const char *at)
{
	while (*at) {
		int quote = s->in_call ? 0 : quote_at(at);

		if (s->in_call) {
			at = put_call(s, at);
		} else if (quote) {
			open_quote(s); /* also if nothing follows: what is before and behind is
					  apart */
			s->quotes += quote;
			at += 2;
		} else if (is_reference(at)) {
			at = put_reference(s, at);
		} else if (isalnum((unsigned char)*at) || *at == '_') {
			at = put_word(s, at);
		} else if (s->in_body) {
			put_literal(s, at++, 1);
		} else {
			put_byte(s, *at++);
		}
	}
}
