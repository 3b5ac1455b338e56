/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing one fact: quoting, and the check against the vocabulary. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"

struct vocabulary {
	const char *name, *args, *what;
};

static const struct vocabulary vocabulary[] = {
#define FACT(name, args, what) {#name, args, what},
#include "facts.def"
#undef FACT
};

const char *fact_name(enum fact fact)
{
	return vocabulary[fact].name;
}

const char *fact_args(enum fact fact)
{
	return vocabulary[fact].args;
}

const char *fact_what(enum fact fact)
{
	return vocabulary[fact].what;
}

enum fact fact_find(const char *name, size_t length)
{
	for (unsigned i = 0; i < FACT_COUNT; i++)
		if (strlen(vocabulary[i].name) == length &&
		    !memcmp(vocabulary[i].name, name, length))
			return (enum fact)i;
	return FACT_COUNT;
}

unsigned fact_arg(enum fact fact, const char *name, size_t length)
{
	const char *at = vocabulary[fact].args;

	for (unsigned i = 1; *at; i++) {
		size_t n = strcspn(at, " ");

		if (n == length && !memcmp(at, name, n))
			return i;
		at += n + (at[n] == ' ');
	}
	return 0;
}

/* ---- what is needed */

unsigned fact_need_value(struct fact_needs *needs, enum fact fact, unsigned arg)
{
	if (!needs->value[fact][arg])
		needs->value[fact][arg] = 1;
	return needs->value[fact][arg];
}

unsigned fact_need_truth(struct fact_needs *needs, enum fact fact, unsigned arg)
{
	if (!needs->truth[fact][arg])
		needs->truth[fact][arg] = 1;
	return needs->truth[fact][arg];
}

void fact_needs_number(struct fact_needs *needs)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		unsigned char n = 0;

		for (unsigned arg = 1; arg < FACT_ARGS_MAX; arg++) {
			if (needs->value[fact][arg])
				needs->value[fact][arg] = ++n;
			if (needs->truth[fact][arg])
				needs->truth[fact][arg] = ++n;
		}
	}
}

bool facts_next_needed(const struct facts *facts)
{
	const struct fact_needs *needs = facts->needs;
	const unsigned arg = facts->arg + 1;

	return !facts->skip &&
	       (!needs || needs->value[facts->fact][arg] || needs->truth[facts->fact][arg]);
}

bool facts_needed(const struct facts *facts, enum fact fact)
{
	return !facts->needs || facts->needs->fact[fact];
}

/* ---- writing */

static void put(struct facts *facts, const char *data, size_t size)
{
	if (!buffer_add(facts->out, data, size))
		facts->error = "out of memory";
}

static void put_string(struct facts *facts, const char *text)
{
	put(facts, text, strlen(text));
}

/* The next argument's name, checked: facts.c and facts.def must not drift apart. */
static void next_arg(struct facts *facts, const char *arg)
{
	const char *at = facts->next, *name = arg;

	while (*name && *name == *at) {
		name++;
		at++;
	}
	if (*name || (*at && *at != ' ')) {
		fprintf(stderr, "mdlc: internal error: fact %s: argument \"%s\" is out of place\n",
			fact_name(facts->fact), arg);
		abort();
	}
	facts->next = *at ? at + 1 : at;
	facts->arg++;
}

void facts_begin(struct facts *facts, enum fact fact)
{
	facts->fact = fact;
	facts->next = fact_args(fact);
	facts->skip = !facts_needed(facts, fact);
	facts->arg = 0;
	facts->first = true;
	if (facts->skip)
		return;
	put_string(facts, FACT_PREFIX);
	put_string(facts, fact_name(fact));
	put(facts, "(", 1);
}

void facts_end(struct facts *facts)
{
	if (*facts->next) {
		fprintf(stderr, "mdlc: internal error: fact %s lacks \"%s\"\n",
			fact_name(facts->fact), facts->next);
		abort();
	}
	if (!facts->skip)
		put(facts, ")\n", 2);
}

static void put_comma(struct facts *facts)
{
	if (!facts->first)
		put(facts, ", ", facts->needs ? 1 : 2);
	facts->first = false;
}

static bool is_value_needed(const struct facts *facts)
{
	return !facts->skip && (!facts->needs || facts->needs->value[facts->fact][facts->arg]);
}

static bool is_truth_needed(const struct facts *facts)
{
	return !facts->skip && facts->needs && facts->needs->truth[facts->fact][facts->arg];
}

static bool is_needed(const struct facts *facts)
{
	return is_value_needed(facts) || is_truth_needed(facts);
}

static void put_truth(struct facts *facts, bool is_true)
{
	if (!is_truth_needed(facts))
		return;
	put_comma(facts);
	put(facts, is_true ? "1" : "0", 1);
}

/* Is it one that sources cannot hold, and m4 must never see? */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\n' && c != '\t') || c == 0x7f;
}

/* A quote, of few bytes. */
static char *put_mark(char *at, const char *mark)
{
	while (*mark)
		*at++ = *mark++;
	return at;
}

/* Of which it is known that there is no control character in it. */
static void put_clean(struct facts *facts, const char *text, size_t size)
{
	if (is_value_needed(facts) && buffer_reserve(facts->out, size + 8)) {
		struct buffer *out = facts->out;
		char *at;

		put_comma(facts);
		at = put_mark(out->data + out->size, facts->open);
		memcpy(at, text, size);
		out->size = (size_t)(put_mark(at + size, facts->close) - out->data);
	}
	put_truth(facts, size > 1 || (size == 1 && *text != '0'));
}

static void put_quoted(struct facts *facts, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (is_control(text[i]))
			facts->error = "a control character in a name, text or block of C";
	if (!facts->error)
		put_clean(facts, text, size);
}

void facts_text(struct facts *facts, const char *arg, const char *text)
{
	next_arg(facts, arg);
	if (is_needed(facts))
		put_quoted(facts, text ? text : "", text ? strlen(text) : 0);
}

/* Digits by hand: of the numbers there are very many. */
static void put_number(struct facts *facts, const char *arg, const char *prefix, uint64_t number,
		       unsigned base)
{
	char text[32], *at = text + sizeof(text);
	size_t length = strlen(prefix);

	next_arg(facts, arg);
	if (!is_needed(facts))
		return;
	do { /* the compiler divides by constants quickly */
		*--at = "0123456789abcdef"[base == 16 ? number % 16 : number % 10];
		number = base == 16 ? number / 16 : number / 10;
	} while (number);
	at -= length;
	memcpy(at, prefix, length);
	put_clean(facts, at, (size_t)(text + sizeof(text) - at));
}

void facts_number(struct facts *facts, const char *arg, uint64_t number)
{
	put_number(facts, arg, "", number, 10);
}

void facts_hex(struct facts *facts, const char *arg, uint64_t number)
{
	put_number(facts, arg, "0x", number, 16);
}

void facts_flag(struct facts *facts, const char *arg, bool flag)
{
	facts_number(facts, arg, flag);
}

void facts_since(struct facts *facts, const char *arg, uint32_t since)
{
	facts_number(facts, arg, since > 1 ? since : 0);
}

void facts_format(struct facts *facts, const char *arg, const char *format, ...)
{
	char text[512];
	va_list args;

	next_arg(facts, arg);
	if (!is_needed(facts))
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) >= (int)sizeof(text))
		facts->error = "a name is too long";
	va_end(args);
	put_quoted(facts, text, strlen(text));
}

void facts_run(struct facts *facts, unsigned n, unsigned total)
{
	facts_flag(facts, "first", n == 0);
	facts_flag(facts, "last", n + 1 == total);
}

/* Spaces (and the source's tabs) up to the column, so that the C compiler's caret is right. */
static void put_padding(struct facts *facts, const struct loc *loc)
{
	const struct source *source = loc->source;
	const char *line = NULL;

	if (source && source->line_starts && loc->line >= 1 && loc->line <= source->nlines)
		line = source->text + source->line_starts[loc->line - 1];
	for (uint32_t i = 0; i + 1 < loc->col; i++)
		put(facts, line && line[i] == '\t' ? "\t" : " ", 1);
}

static void put_code(struct facts *facts, const struct loc *loc, const char *text, size_t size)
{
	put_comma(facts);
	put_string(facts, facts->open);
	if (size)
		put_padding(facts, loc);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\r' && text[i + 1] == '\n')
			continue;
		if (is_control(text[i]) && !strchr("\v\f", text[i]))
			facts->error = "a control character in a block of C";
		else
			put(facts, &text[i], 1);
	}
	put_string(facts, facts->close);
}

const char *shown_path(const char *path)
{
	return path[0] == '/' ? strrchr(path, '/') + 1 : path;
}

void facts_code(struct facts *facts, const struct code *code)
{
	struct loc loc = {0};
	const char *text = code ? code->text : "";
	size_t blank = strspn(text, " \t\r"), size;

	if (code)
		loc = code->loc;
	while (text[blank] == '\n') { /* leading blank lines: start at the first that is not */
		text += blank + 1;
		loc.line++;
		loc.col = 1;
		blank = strspn(text, " \t\r");
	}
	size = strlen(text);
	while (size && strchr(" \t\r\n", text[size - 1]))
		size--;
	next_arg(facts, "code");
	if (is_value_needed(facts))
		put_code(facts, &loc, text, size);
	put_truth(facts, size > 0);
	facts_number(facts, "line", loc.line);
	facts_text(facts, "file", loc.source ? shown_path(loc.source->name) : "");
}
