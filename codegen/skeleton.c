/* SPDX-License-Identifier: BSD-2-Clause */
/* From skeletons to plain m4: quotes, @ lines and ${names}. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skeleton_private.h"

#define MAX_DEPTH 4

void skeleton_fail(struct skeleton *s, const char *format, ...)
{
	va_list args;

	if (s->failed)
		return;
	fprintf(stderr, "mdlc: error: %s/%s:%u: ", s->dir, s->name, s->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
	s->failed = true;
}

/* A macro of a skeleton's own must not be called as a fact is: they would call each other. */
static void check_macro(struct skeleton *s, const char *line)
{
	static const char start[] = "m4_define(\302\253" FACT_PREFIX;
	const char *name = line + sizeof(start) - 1;

	if (strncmp(line, start, sizeof(start) - 1) != 0)
		return;
	if (fact_find(name, strcspn(name, "\302")) != FACT_COUNT)
		skeleton_fail(s, "a macro called as a fact is");
}

/* The word at *at, moved past; "" at the end of the line. */
static size_t next_word(const char **at, const char **word)
{
	size_t length;

	*at += strspn(*at, " \t\n");
	*word = *at;
	length = strcspn(*at, " \t\n");
	*at += length;
	return length;
}

static bool is_word(const char *word, size_t length, const char *what)
{
	return strlen(what) == length && !memcmp(word, what, length);
}

static unsigned find_section(struct skeleton *s, const char *word, size_t length)
{
	if (is_word(word, length, "nowhere"))
		return 0;
	for (unsigned i = 0; i < s->nsections; i++)
		if (is_word(word, length, s->sections[i]))
			return i + 1;
	skeleton_fail(s, "no section is called %.*s", (int)length, word);
	return 0;
}

/*
 * @to SECTION, @to SECTION if ARG, @to SECTION unless ARG.  If the condition fails, what follows
 * goes nowhere.
 */
static void put_section(struct skeleton *s, const char *at)
{
	const char *word, *arg;
	size_t length = next_word(&at, &word);
	unsigned section = find_section(s, word, length);

	length = next_word(&at, &word);
	if (!length) {
		put_mark(s, "%c%u;", SECTION_SWITCH, section);
		return;
	}
	if (!is_word(word, length, "if") && !is_word(word, length, "unless"))
		skeleton_fail(s, "%.*s is neither if nor unless", (int)length, word);
	length = next_word(&at, &arg);
	put_mark(s, "%c%u%c$%u;", SECTION_SWITCH, section,
		 *word == 'i' ? SECTION_IF : SECTION_UNLESS, truth_number(s, arg, length));
}

/* @sections NAME … FILE: NAME …: the order of the output; a word with a colon starts a file. */
static void add_sections(struct skeleton *s, const char *at)
{
	const char *word;
	size_t length;

	while ((length = next_word(&at, &word))) {
		if (s->nsections + 1 == SECTIONS_MAX || length >= sizeof(s->sections[0])) {
			skeleton_fail(s, "too many sections, or too long a name");
			return;
		}
		memcpy(s->sections[s->nsections], word, length);
		s->sections[s->nsections++][length] = '\0';
		if (word[length - 1] == ':')
			put_m4(s, "%c%u;%c%.*s\n%c0;", SECTION_SWITCH, s->nsections, FILE_SWITCH,
			       (int)length - 1, word, SECTION_SWITCH);
	}
}

static void begin_body(struct skeleton *s, const char *at, bool is_fact)
{
	const char *word;
	size_t length = next_word(&at, &word);

	if (s->in_body)
		skeleton_fail(s, "one body inside another");
	s->in_body = true;
	if (!is_fact && fact_find(word, length) != FACT_COUNT)
		skeleton_fail(s, "a macro called as a fact is");
	if (is_fact) {
		s->fact = fact_find(word, length);
		if (s->fact == FACT_COUNT) {
			skeleton_fail(s, "no fact is called %.*s", (int)length, word);
			return;
		}
		if (s->defined[s->fact])
			skeleton_fail(s, "fact %.*s a second time", (int)length, word);
		s->defined[s->fact] = true;
	}
	put_m4(s, "m4_define(%c" FACT_PREFIX "%.*s%c,%c", QUOTE_OPEN, (int)length, word,
	       QUOTE_CLOSE, QUOTE_OPEN);
}

static void end_body(struct skeleton *s)
{
	if (!s->in_body || s->open_ifs)
		skeleton_fail(s, s->in_body ? "@end before @endif" : "@end of nothing");
	if (s->quotes)
		skeleton_fail(s, "the quotes do not match");
	if (s->fact != FACT_COUNT)
		put_mark(s, "%c0;", SECTION_SWITCH);
	end_text(s);
	put_m4(s, "%c)\n", QUOTE_CLOSE);
	s->in_body = false;
	s->fact = FACT_COUNT;
	s->open_ifs = 0;
}

/* Is the innermost @if m4's? */
static bool is_m4_if(const struct skeleton *s)
{
	return s->if_calls[s->ifs[s->open_ifs - 1]];
}

/*
 * @if ARG (neither empty nor 0), @ifnot ARG, @ifeq ARG WORD.  If there are macros between it is
 * quoted until it is known: one call of a builtin, for a macro would copy the text once more.
 */
static void begin_if(struct skeleton *s, const char *kind, size_t kind_length, const char *at)
{
	const char *word, *value;
	size_t length = next_word(&at, &word), value_length;
	bool is_not = is_word(kind, kind_length, "ifnot");

	if (s->open_ifs == IFS_OPEN_MAX || s->nifs == IFS_MAX) {
		skeleton_fail(s, "too many @if");
		return;
	}
	s->ifs[s->open_ifs++] = s->nifs++;
	if (is_word(kind, kind_length, "ifeq")) {
		value_length = next_word(&at, &value);
		for (unsigned i = 0; i < s->open_ifs; i++)
			s->if_calls[s->ifs[i]] = true;
		end_text(s);
		put_m4(s, "m4_ifelse(");
		put_quoted_value(s, word, length);
		put_m4(s, ",%c%.*s%c,%c", QUOTE_OPEN, (int)value_length, value, QUOTE_CLOSE,
		       QUOTE_OPEN);
	} else if (is_m4_if(s)) {
		end_text(s);
		put_m4(s, "m4_ifelse($%u,%d,%c", truth_number(s, word, length), !is_not,
		       QUOTE_OPEN);
	} else {
		put_mark(s, "%c%d$%u", IF_OPEN, !is_not, truth_number(s, word, length));
	}
}

static void put_else(struct skeleton *s)
{
	if (!s->open_ifs) {
		skeleton_fail(s, "@else of nothing");
	} else if (is_m4_if(s)) {
		end_text(s);
		put_m4(s, "%c,%c", QUOTE_CLOSE, QUOTE_OPEN);
	} else {
		put_mark(s, "%c", IF_ELSE);
	}
}

static void end_if(struct skeleton *s)
{
	if (!s->open_ifs) {
		skeleton_fail(s, "@endif of nothing");
		return;
	}
	if (is_m4_if(s)) {
		end_text(s);
		put_m4(s, "%c)", QUOTE_CLOSE);
	} else {
		put_mark(s, "%c", IF_CLOSE);
	}
	s->open_ifs--;
}

/* @code: its place, then the text as it is. */
static void put_code(struct skeleton *s)
{
	put_mark(s, "%c", CODE_OPEN);
	put_value(s, "line", 4);
	put_mark(s, ":");
	put_value(s, "file", 4);
	put_mark(s, "\n");
	put_value(s, "code", 4);
	put_mark(s, "%c", CODE_CLOSE);
}

static void translate_file(struct skeleton *s, const char *name);

/* A line that starts with @. */
static void put_directive(struct skeleton *s, const char *at)
{
	const char *word, *arg;
	size_t length = next_word(&at, &word);
	char name[64];

	if (!length || *word == '#')
		return;
	if (s->in_call)
		skeleton_fail(s, "@%.*s in the middle of a call", (int)length, word);
	if (is_word(word, length, "sections")) {
		add_sections(s, at);
	} else if (is_word(word, length, "to")) {
		put_section(s, at);
	} else if (is_word(word, length, "fact") || is_word(word, length, "define")) {
		begin_body(s, at, *word == 'f');
	} else if (is_word(word, length, "end")) {
		end_body(s);
	} else if (length >= 2 && !memcmp(word, "if", 2)) {
		begin_if(s, word, length, at);
	} else if (is_word(word, length, "else")) {
		put_else(s);
	} else if (is_word(word, length, "endif")) {
		end_if(s);
	} else if (is_word(word, length, "code")) {
		put_code(s);
	} else if (is_word(word, length, "include")) {
		length = next_word(&at, &arg);
		snprintf(name, sizeof(name), "%.*s", (int)length, arg);
		translate_file(s, name);
	} else {
		skeleton_fail(s, "@%.*s is not known", (int)length, word);
	}
}

static void translate_file(struct skeleton *s, const char *name)
{
	struct skeleton outer = *s;
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	file = s->depth < MAX_DEPTH ? fopen(path, "re") : NULL;
	if (!file) {
		fprintf(stderr, "mdlc: error: skeleton %s: %s\n", path,
			s->depth < MAX_DEPTH ? strerror(errno) : "includes itself");
		s->failed = true;
		return;
	}
	s->name = name;
	s->line = 0;
	s->depth++;
	while (!s->failed && getline(&line, &size, file) >= 0) {
		s->line++;
		if (!strncmp(line, "@@", 2)) /* a line of text that starts with @ */
			put_line(s, line + 1);
		else if (*line == '@')
			put_directive(s, line + 1);
		else if (s->in_body || s->in_call || !strncmp(line, "m4_", 3)) {
			check_macro(s, line);
			put_line(s, line);
		} else if (line[strspn(line, " \t\n")])
			skeleton_fail(s, "text outside of a body");
	}
	if (s->in_body)
		skeleton_fail(s, "no @end");
	if (s->quotes || s->in_call)
		skeleton_fail(s, "the quotes do not match");
	free(line);
	fclose(file);
	s->name = outer.name;
	s->line = outer.line;
	s->depth--;
}

/* Once: what `s` is known to need is there already. */
static int translate(struct skeleton *start, const char *name)
{
	struct skeleton s = *start;

	s.result->m4.size = 0;
	put_m4(&s, "m4_changequote(%c,%c)m4_changecom()\n", QUOTE_OPEN, QUOTE_CLOSE);
	translate_file(&s, name);
	memcpy(s.result->needs.fact, s.defined, sizeof(s.defined));
	buffer_free(&s.literal);
	return s.failed ? -1 : 0;
}

/* Twice: the first time tells which arguments are needed, and where macros are. */
int skeleton_translate(struct translation *result, const char *dir, const char *name,
		       const char *dev)
{
	struct skeleton start = {.result = result, .dir = dir, .dev = dev, .fact = FACT_COUNT};
	int failed = -1;

	*result = (struct translation){0};
	start.DEV = strdup(dev);
	start.if_calls = calloc(IFS_MAX, sizeof(*start.if_calls));
	if (start.DEV && start.if_calls) {
		for (char *c = start.DEV; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		failed = translate(&start, name);
		fact_needs_number(&result->needs);
		if (!failed)
			failed = translate(&start, name);
	} else {
		fprintf(stderr, "mdlc: error: out of memory\n");
	}
	free(start.DEV);
	free(start.if_calls);
	return failed;
}

void translation_free(struct translation *translation)
{
	for (unsigned i = 0; i < translation->literals.n; i++)
		free(translation->literals.items[i].text);
	free(translation->literals.items);
	buffer_free(&translation->m4);
}
