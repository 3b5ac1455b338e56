/* SPDX-License-Identifier: BSD-2-Clause */
/* From skeletons to plain m4: quotes, @ lines and ${names}. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit.h"
#include "facts.h"
#include "sections.h"
#include "skeleton.h"

#define MAX_DEPTH 4

struct section {
	char name[32];
};

struct skeleton {
	FILE *out;
	const char *dir;
	const char *name; /* the file */
	unsigned line;
	enum fact fact; /* whose body we are in, or FACT_COUNT */
	bool in_body;   /* of @fact or @define */
	unsigned open_ifs;
	int quotes; /* how many « are open */
	unsigned depth;
	struct section sections[SECTIONS_MAX];
	unsigned nsections;
	bool defined[FACT_COUNT];
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void fail(struct skeleton *s, const char *format, ...)
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

/* The value of ${name}, quoted: an argument of the fact, a positional one, or the device's name. */
static void put_value(struct skeleton *s, const char *name, size_t length)
{
	unsigned n = 0;

	if (length == 3 && (!memcmp(name, "dev", 3) || !memcmp(name, "DEV", 3)) &&
	    (s->fact == FACT_COUNT || !fact_arg(s->fact, name, length))) {
		fprintf(s->out, "%c%c" FACT_PREFIX "%.3s%c%c", QUOTE_OPEN, QUOTE_CLOSE, name,
			QUOTE_OPEN, QUOTE_CLOSE);
		return;
	}
	if (length == 1 && isdigit((unsigned char)*name))
		n = (unsigned)(*name - '0');
	else if (s->fact != FACT_COUNT)
		n = fact_arg(s->fact, name, length);
	if (!n)
		fail(s, "no argument is called %.*s here", (int)length, name);
	fprintf(s->out, "%c$%u%c", QUOTE_OPEN, n, QUOTE_CLOSE);
}

/* ${name}, ${kind:name} or ?{name}; returns the end. */
static const char *put_reference(struct skeleton *s, const char *at)
{
	const char *end = strchr(at, '}'), *name = at + 2;
	char kind = 'r';

	if (!end) {
		fail(s, "no } after %.2s", at);
		return name;
	}
	if (name[0] != '}' && name[1] == ':') {
		kind = name[0];
		name += 2;
		if (!strchr("rschm", kind))
			fail(s, "no kind of text is called %c", kind);
	}
	if (*at == '$')
		fprintf(s->out, "%c%c", TEXT_OPEN, kind);
	put_value(s, name, (size_t)(end - name));
	if (*at == '$')
		putc(TEXT_CLOSE, s->out);
	return end + 1;
}

static void put_line(struct skeleton *s, const char *at)
{
	while (*at) {
		if (!strncmp(at, "\302\253", 2)) { /* « */
			putc(QUOTE_OPEN, s->out);
			s->quotes++;
			at += 2;
		} else if (!strncmp(at, "\302\273", 2)) { /* » */
			putc(QUOTE_CLOSE, s->out);
			s->quotes--;
			at += 2;
		} else if ((at[0] == '$' || at[0] == '?') && at[1] == '{') {
			at = put_reference(s, at);
		} else {
			putc(*at++, s->out);
		}
	}
}

/* A macro of a skeleton's own must not be called as a fact is: they would call each other. */
static void check_macro(struct skeleton *s, const char *line)
{
	static const char start[] = "m4_define(\302\253" FACT_PREFIX;
	const char *name = line + sizeof(start) - 1;

	if (strncmp(line, start, sizeof(start) - 1) != 0)
		return;
	if (fact_find(name, strcspn(name, "\302")) != FACT_COUNT)
		fail(s, "a macro called as a fact is");
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
		if (is_word(word, length, s->sections[i].name))
			return i + 1;
	fail(s, "no section is called %.*s", (int)length, word);
	return 0;
}

/* Empty and 0, between commas, are found in ",0,,"; nothing else is: -1 is true. */
static void put_condition(struct skeleton *s, const char *arg, size_t length)
{
	fprintf(s->out, "m4_index(%c,0,,%c,%c,%c", QUOTE_OPEN, QUOTE_CLOSE, QUOTE_OPEN,
		QUOTE_CLOSE);
	put_value(s, arg, length);
	fprintf(s->out, "%c,%c)", QUOTE_OPEN, QUOTE_CLOSE);
}

/*
 * @to SECTION, @to SECTION if ARG, @to SECTION unless ARG.  The text that follows goes to nowhere
 * if the condition fails: for much text this is far cheaper than @if, which m4 reads twice.
 */
static void put_section(struct skeleton *s, const char *at)
{
	const char *word, *arg;
	size_t length = next_word(&at, &word);
	unsigned section = find_section(s, word, length);

	length = next_word(&at, &word);
	if (!length) {
		fprintf(s->out, "%c%u;", SECTION_SWITCH, section);
		return;
	}
	if (!is_word(word, length, "if") && !is_word(word, length, "unless"))
		fail(s, "%.*s is neither if nor unless", (int)length, word);
	fprintf(s->out, "%cm4_ifelse(", SECTION_SWITCH);
	length = next_word(&at, &arg);
	put_condition(s, arg, length);
	if (*word == 'i')
		fprintf(s->out, ",-1,%u,0);", section);
	else
		fprintf(s->out, ",-1,0,%u);", section);
}

/* @sections NAME … FILE: NAME …: the order of the output; a word with a colon starts a file. */
static void add_sections(struct skeleton *s, const char *at)
{
	const char *word;
	size_t length;

	while ((length = next_word(&at, &word))) {
		if (s->nsections + 1 == SECTIONS_MAX || length >= sizeof(s->sections[0].name)) {
			fail(s, "too many sections, or too long a name");
			return;
		}
		memcpy(s->sections[s->nsections].name, word, length);
		s->sections[s->nsections++].name[length] = '\0';
		if (word[length - 1] == ':')
			fprintf(s->out, "%c%u;%c%.*s\n%c0;", SECTION_SWITCH, s->nsections,
				FILE_SWITCH, (int)length - 1, word, SECTION_SWITCH);
	}
}

/* ${dev} and ${DEV} are known everywhere after the device's fact. */
static void define_names(struct skeleton *s)
{
	static const char *const names[] = {"dev", "DEV"};

	for (int i = 0; i < 2; i++)
		fprintf(s->out, "m4_define(%c" FACT_PREFIX "%s%c,%c%c$%u%c%c)", QUOTE_OPEN,
			names[i], QUOTE_CLOSE, QUOTE_OPEN, QUOTE_OPEN,
			fact_arg(FACT_device, names[i], 3), QUOTE_CLOSE, QUOTE_CLOSE);
}

static void begin_body(struct skeleton *s, const char *at, bool is_fact)
{
	const char *word;
	size_t length = next_word(&at, &word);

	if (s->in_body)
		fail(s, "one body inside another");
	s->in_body = true;
	if (!is_fact && fact_find(word, length) != FACT_COUNT)
		fail(s, "a macro called as a fact is");
	if (is_fact) {
		s->fact = fact_find(word, length);
		if (s->fact == FACT_COUNT) {
			fail(s, "no fact is called %.*s", (int)length, word);
			return;
		}
		if (s->defined[s->fact])
			fail(s, "fact %.*s a second time", (int)length, word);
		s->defined[s->fact] = true;
	}
	fprintf(s->out, "m4_define(%c" FACT_PREFIX "%.*s%c,%c", QUOTE_OPEN, (int)length, word,
		QUOTE_CLOSE, QUOTE_OPEN);
	if (s->fact == FACT_device)
		define_names(s);
}

static void end_body(struct skeleton *s)
{
	if (!s->in_body || s->open_ifs)
		fail(s, s->in_body ? "@end before @endif" : "@end of nothing");
	if (s->quotes)
		fail(s, "the quotes do not match");
	if (s->fact != FACT_COUNT)
		fprintf(s->out, "%c0;", SECTION_SWITCH);
	fprintf(s->out, "%c)", QUOTE_CLOSE);
	s->in_body = false;
	s->fact = FACT_COUNT;
	s->open_ifs = 0;
}

/*
 * @if ARG (neither empty nor 0), @ifnot ARG, @ifeq ARG WORD: what stands between is quoted until it
 * is known.  One call of a builtin each: a macro between would copy the whole text once more.
 */
static void begin_if(struct skeleton *s, const char *kind, size_t kind_length, const char *at)
{
	bool is_not = kind_length > 2 && kind[2] == 'n';
	const char *word, *value;
	size_t length = next_word(&at, &word), value_length;

	s->open_ifs++;
	if (is_word(kind, kind_length, "ifeq")) {
		value_length = next_word(&at, &value);
		fputs("m4_ifelse(", s->out);
		put_value(s, word, length);
		fprintf(s->out, ",%c%.*s%c,%c", QUOTE_OPEN, (int)value_length, value, QUOTE_CLOSE,
			QUOTE_OPEN);
		return;
	}
	fprintf(s->out, "m4_ifelse(%s", is_not ? "m4_eval(" : "");
	put_condition(s, word, length);
	fprintf(s->out, "%s,%s,%c", is_not ? " < 0)" : "", is_not ? "0" : "-1", QUOTE_OPEN);
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
		fprintf(s->out, "%c,%c", QUOTE_CLOSE, QUOTE_OPEN);
	} else if (is_word(word, length, "endif")) {
		if (!s->open_ifs--)
			fail(s, "@endif of nothing");
		fprintf(s->out, "%c)", QUOTE_CLOSE);
	} else if (is_word(word, length, "code")) {
		putc(CODE_OPEN, s->out);
		put_value(s, "line", 4);
		putc(':', s->out);
		put_value(s, "file", 4);
		putc('\n', s->out);
		put_value(s, "code", 4);
		putc(CODE_CLOSE, s->out);
	} else if (is_word(word, length, "include")) {
		length = next_word(&at, &arg);
		snprintf(name, sizeof(name), "%.*s", (int)length, arg);
		translate_file(s, name);
	} else {
		fail(s, "@%.*s is not known", (int)length, word);
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
		else if (s->in_body || s->quotes || !strncmp(line, "m4_", 3)) {
			check_macro(s, line);
			put_line(s, line);
		} else if (line[strspn(line, " \t\n")])
			fail(s, "text outside of a body");
	}
	if (s->in_body)
		fail(s, "no @end");
	if (s->quotes)
		fail(s, "the quotes do not match");
	free(line);
	fclose(file);
	s->name = outer.name;
	s->line = outer.line;
	s->depth--;
}

int skeleton_translate(FILE *out, const char *dir, const char *name, bool *needed)
{
	struct skeleton s = {.out = out, .dir = dir, .fact = FACT_COUNT};

	fprintf(out, "m4_changequote(%c,%c)m4_changecom()\n", QUOTE_OPEN, QUOTE_CLOSE);
	translate_file(&s, name);
	if (!s.defined[FACT_device]) { /* ${dev} is everybody's */
		begin_body(&s, "device", true);
		end_body(&s);
	}
	memcpy(needed, s.defined, sizeof(s.defined));
	return s.failed ? -1 : 0;
}

/* ---- where they are */

static bool is_folder(const char *path)
{
	return !access(path, R_OK | X_OK);
}

static const char *beside_program(char *path, size_t size)
{
	/* installed; in build/bin of the tree; in build/asan/bin of the tree */
	static const char *const places[] = {"../share/mdl", "../../codegen/skel",
					     "../../../codegen/skel"};
	char exe[PATH_MAX], file[PATH_MAX + 32];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (length <= 0)
		return NULL;
	exe[length] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (snprintf(path, size, "%s/%s", exe, places[i]) >= (int)size)
			continue;
		snprintf(file, sizeof(file), "%s/base.m4", path);
		if (!access(file, R_OK))
			return path;
	}
	return NULL;
}

const char *skeleton_dir(const char *option)
{
	static char path[PATH_MAX];
	const char *dir = option ? option : getenv("MDLC_SKELETONS");

	if (dir && !is_folder(dir)) {
		fprintf(stderr, "mdlc: error: skeletons: %s: %s\n", dir, strerror(errno));
		return NULL;
	}
	if (!dir)
		dir = beside_program(path, sizeof(path));
	if (!dir)
		fprintf(stderr, "mdlc: error: skeletons not found; say --skeletons DIR\n");
	return dir;
}
