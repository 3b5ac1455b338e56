/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing one fact: quoting, and the check against the vocabulary. */
#include <inttypes.h>
#include <stdarg.h>
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

/* The next argument's name, checked: facts.c and facts.def must not drift apart. */
static void next_arg(struct facts *facts, const char *arg)
{
	size_t length = strlen(arg);

	if (strncmp(facts->next, arg, length) != 0 || !strchr(" ", facts->next[length])) {
		fprintf(stderr, "mdlc: internal error: fact %s: argument \"%s\" is out of place\n",
			fact_name(facts->fact), arg);
		abort();
	}
	if (!facts->skip)
		fputs_unlocked(facts->next == fact_args(facts->fact) ? "(" : ", ", facts->out);
	facts->next += length;
	facts->next += *facts->next == ' ';
}

void facts_begin(struct facts *facts, enum fact fact)
{
	facts->fact = fact;
	facts->next = fact_args(fact);
	facts->skip = facts->needed && !facts->needed[fact];
	if (!facts->skip)
		fprintf(facts->out, FACT_PREFIX "%s", fact_name(fact));
}

void facts_end(struct facts *facts)
{
	if (*facts->next) {
		fprintf(stderr, "mdlc: internal error: fact %s lacks \"%s\"\n",
			fact_name(facts->fact), facts->next);
		abort();
	}
	if (!facts->skip)
		fputs_unlocked(")\n", facts->out);
}

/* Is it one that sources cannot hold, and m4 must never see? */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\n' && c != '\t') || c == 0x7f;
}

static void put_quoted(struct facts *facts, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (is_control(text[i]))
			facts->error = "a control character in a name, text or block of C";
	if (facts->skip || facts->error)
		return;
	fputs_unlocked(facts->open, facts->out);
	fwrite_unlocked(text, 1, size, facts->out);
	fputs_unlocked(facts->close, facts->out);
}

void facts_text(struct facts *facts, const char *arg, const char *text)
{
	next_arg(facts, arg);
	put_quoted(facts, text ? text : "", text ? strlen(text) : 0);
}

/* Digits by hand: of the numbers there are very many. */
static void put_number(struct facts *facts, const char *arg, const char *prefix, uint64_t number,
		       unsigned base)
{
	char text[32], *at = text + sizeof(text);
	size_t length = strlen(prefix);

	next_arg(facts, arg);
	do {
		*--at = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	at -= length;
	memcpy(at, prefix, length);
	put_quoted(facts, at, (size_t)(text + sizeof(text) - at));
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

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) >= (int)sizeof(text))
		facts->error = "a name is too long";
	va_end(args);
	facts_text(facts, arg, text);
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
		putc_unlocked(line && line[i] == '\t' ? '\t' : ' ', facts->out);
}

static void put_code(struct facts *facts, const struct loc *loc, const char *text, size_t size)
{
	fputs_unlocked(facts->open, facts->out);
	if (size)
		put_padding(facts, loc);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\r' && text[i + 1] == '\n')
			continue;
		if (is_control(text[i]) && !strchr("\v\f", text[i]))
			facts->error = "a control character in a block of C";
		else
			putc_unlocked(text[i], facts->out);
	}
	fputs_unlocked(facts->close, facts->out);
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
	if (!facts->skip)
		put_code(facts, &loc, text, size);
	facts_number(facts, "line", loc.line);
	facts_text(facts, "file", loc.source ? loc.source->name : "");
}
