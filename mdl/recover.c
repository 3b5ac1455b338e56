/* SPDX-License-Identifier: BSD-2-Clause */
/* Syntax errors in the language's words, and what to forget after one. */
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "recover.h"
#include "words.h"

#define MOST_EXPECTED 6u
#define LOST_BUCKETS  65536u

uint32_t loc_offset(const struct loc *loc)
{
	return loc->source && loc->line ? loc->source->line_starts[loc->line - 1] + loc->col - 1
					: 0;
}

/* FNV-1a */
static unsigned hash(const char *text, size_t size)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < size; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h % LOST_BUCKETS;
}

static bool is_lost(const struct tree *tree, const char *text, size_t size)
{
	const struct lost_name *lost;

	if (!tree->lost)
		return false;
	for (lost = tree->lost_by_hash[hash(text, size)]; lost; lost = lost->same_hash)
		if (!strncmp(lost->name, text, size) && !lost->name[size])
			return true;
	return false;
}

bool tree_lost(const struct tree *tree, const char *name)
{
	return is_lost(tree, name, strlen(name));
}

bool name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void lose_name(struct tree *tree, const char *text, size_t size)
{
	struct lost_name *lost, **bucket;

	if (is_lost(tree, text, size))
		return;
	if (!tree->lost)
		tree->lost_by_hash = arena_array(tree->arena, struct lost_name *, LOST_BUCKETS);
	bucket = &tree->lost_by_hash[hash(text, size)];
	lost = arena_new(tree->arena, struct lost_name);
	*lost = (struct lost_name){.name = arena_copy(tree->arena, text, size),
				   .next = tree->lost,
				   .same_hash = *bucket};
	tree->lost = *bucket = lost;
}

void lose_names(struct parse *parse, struct loc from, uint32_t to)
{
	const char *text = parse->source->text;
	uint32_t i = loc_offset(&from);

	while (i < to) {
		uint32_t start = i;

		if (!name_start(text[i])) {
			i++;
			continue;
		}
		while (i < to && (name_start(text[i]) || (text[i] >= '0' && text[i] <= '9')))
			i++;
		lose_name(parse->tree, text + start, i - start);
	}
}

/* ---- what was expected */

bool expects(const struct expected *expected, const char *what)
{
	for (unsigned i = 0; i < expected->n; i++)
		if (!strcmp(expected->names[i], what))
			return true;
	return false;
}

/* Take the words of a blank-separated list out. */
static void drop(struct expected *expected, const char *words)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < expected->n; i++) {
		const char *name = expected->names[i];
		const char *found = words;
		size_t size = strlen(name);

		while ((found = strstr(found, name)) && ((found != words && found[-1] != ' ') ||
							 (found[size] && found[size] != ' ')))
			found++;
		if (!found)
			expected->names[kept++] = name;
	}
	expected->n = kept;
}

#define SOFT_WORDS                                                                             \
	" width size access version alias reset poll since until transient config vendor_cap " \
	"file "
#define OPERATORS " '+' '-' '*' '/' '%' '&' '|' '^' '<' '>' << >> <= >= == != && || '?' '.' "

/* Sets of tokens that have a name of their own. */
static void fold(struct expected *expected)
{
	static const struct {
		const char *first, *second; /* where both stand, all of */
		const char *words;          /* these are */
		const char *name;           /* this, or nothing worth saying */
	} folds[] = {
		{"on", "check",
		 " on check when %{ … %} name string '=' -> enum '(' number " SOFT_WORDS,
		 "an attribute"},
		{"number", "'~'", " number name '(' '-' '+' '~' '!' string " SOFT_WORDS, "a value"},
		{"'/'", "'+'", OPERATORS, NULL},
		{"include", "template", " include const enum template layout device %{ … %} ';' ",
		 "a declaration"},
		{"bar", "pci", " pci param irq bar timer state on const enum layout template ';' ",
		 "an item of a device"},
		{"reg", "group", " reg group ram doorbell intr default is const enum ';' ",
		 "an item of a register map"},
		{"name", "width", " name " SOFT_WORDS, "a name"},
		{"name", "name", " name ", "a name"},
		{"number", "number", " number ", "a number"},
		{"string", "string", " string ", "a string"},
	};

	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		if (!expects(expected, folds[i].first) || !expects(expected, folds[i].second))
			continue;
		drop(expected, folds[i].words);
		if (folds[i].name && expected->n < 64)
			expected->names[expected->n++] = folds[i].name;
	}
}

static bool is_quoted(const char *name)
{
	return name[0] == '\'' || !strncmp(name, "a ", 2) || !strncmp(name, "an ", 3) ||
	       !strcmp(name, "end of file");
}

static void list_expected(char *text, size_t size, const struct expected *expected)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < expected->n && used < size; i++) {
		const char *quote = is_quoted(expected->names[i]) ? "" : "'";

		used += (size_t)snprintf(text + used, size - used, "%s%s%s%s",
					 i == 0                 ? ""
					 : i + 1 == expected->n ? " or "
								: ", ",
					 quote, expected->names[i], quote);
	}
}

/* ---- what was found */

static const char *describe(const struct parse *parse, const char *found, const struct loc *loc)
{
	const uint32_t start = loc_offset(loc);
	uint32_t size = loc->end_col - loc->col;

	if (!strcmp(found, "end of file") || loc->end_line != loc->line || size == 0)
		return found;
	if (!strcmp(found, "string"))
		return found;
	if (!strcmp(found, "%{ … %}"))
		return "block of C";
	if (size > 40)
		return !strcmp(found, "name") ? found : "number";
	return arena_printf(parse->tree->arena, "'%.*s'", (int)size, parse->source->text + start);
}

static bool is_structure_word(const char *token)
{
	static const char *const words[] = {
		"include", "const",   "enum", "template", "layout",  "device",   "pci",  "param",
		"irq",     "bar",     "reg",  "group",    "ram",     "doorbell", "intr", "timer",
		"state",   "section", "on",   "check",    "default", "is",       "when",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i], token))
			return true;
	return false;
}

/* Where a word that starts a statement may stand. */
static const char *home_of(const char *token)
{
	static const char *const homes[][2] = {
		{"reg", "a bar, group or template, or in config"},
		{"group", "a bar, group or template"},
		{"ram", "a bar, group or template"},
		{"doorbell", "a bar, group or template"},
		{"intr", "a bar, group or template"},
		{"default", "a bar, group or template"},
		{"is", "a bar, group or template"},
		{"bar", "a device"},
		{"pci", "a device"},
		{"param", "a device"},
		{"irq", "a device"},
		{"timer", "a device"},
		{"state", "a device"},
		{"section", "state"},
		{"device", "a file, outside of everything"},
		{"include", "a file, outside of everything"},
		{"template", "a file or a device"},
		{"layout", "a file or a device"},
	};

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		if (!strcmp(homes[i][0], token))
			return homes[i][1];
	return NULL;
}

/* The place just behind a token. */
struct loc behind(struct loc loc)
{
	loc.line = loc.end_line;
	loc.col = loc.end_col;
	loc.end_col++;
	return loc;
}

void report_missing(struct parse *parse, int kind, const struct loc *before)
{
	struct diag *diag = parse->tree->diag;

	parse->tree->syntax_errors = true;
	/* The string without end, or the file's, was the mistake. */
	if (parse->swallowed)
		return;
	if (kind == ';' && (parse->current.line == parse->open_line ||
			    (parse->nbraces && before->col == before->end_col)))
		return;
	parse->invented += kind == '{';
	if (kind == ';' || kind == '{') {
		diag_report(diag, CHECK_SYNTAX, behind(parse->current), "expected '%c'", kind);
		return;
	}
	if (before->line == before->end_line && before->col == before->end_col) {
		/* It was put in, or the one that was put in took the end of this. */
		if (parse->invented) {
			parse->invented--;
			return;
		}
		if (diag_report(diag, CHECK_UNTERMINATED, parse->braces[parse->nbraces].loc,
				"this '{' is not closed"))
			diag_note(diag, *before, "the file ends here");
		return;
	}
	if (diag_report(diag, CHECK_UNTERMINATED, *before, "expected '}' before this"))
		diag_note(diag, parse->braces[parse->nbraces].loc, "to close this '{'");
}

static bool is_word(const struct parse *parse, const struct loc *loc)
{
	return name_start(parse->source->text[loc_offset(loc)]);
}

/* A statement that begins `word [` declares a field. */
static bool used_as_name(const struct parse *parse, const struct loc *loc)
{
	const char *text = parse->source->text + loc_offset(loc) + (loc->end_col - loc->col);

	return text[strspn(text, " \t")] == '[';
}

/* `device 0x1000;` */
static bool is_pci_key(const struct parse *parse, const char *found, const struct loc *loc)
{
	const char *text = parse->source->text + loc_offset(loc) + (loc->end_col - loc->col);

	text += strspn(text, " \t");
	return !strcmp(found, "device") && *text >= '0' && *text <= '9';
}

/* The slips that have a message of their own. */
static bool report_slip(struct parse *parse, const char *found, const struct expected *expected,
			const struct loc *loc)
{
	const bool semicolon = expects(expected, "';'");
	struct diag *diag = parse->tree->diag;

	if (semicolon && !parse->at_start && loc->line > parse->previous.end_line) {
		parse->goes_on = is_word(parse, loc);
		if (parse->previous.line == parse->open_line)
			return true;
		diag_report(diag, CHECK_SYNTAX, behind(parse->previous), "expected ';'");
		return true;
	}
	/* `EN [0] rw` and on the next line `MODE [1] rw`: MODE was taken for one more attribute. */
	if (semicolon && (!strcmp(found, "'['") || !strcmp(found, "'@'")) &&
	    parse->before_previous.source &&
	    parse->previous.line > parse->before_previous.end_line) {
		diag_report(diag, CHECK_SYNTAX, behind(parse->before_previous), "expected ';'");
		return true;
	}
	if (is_structure_word(found) && expects(expected, "name") &&
	    ((!expects(expected, "'}'") && !semicolon) || used_as_name(parse, loc))) {
		if (diag_report(diag, CHECK_RESERVED_WORD, *loc, "'%s' is a word of the language",
				found))
			diag_help(diag, "to use it as a name, write \\%s", found);
		return true;
	}
	if (home_of(found) && (expects(expected, "'}'") || expects(expected, "include"))) {
		if (diag_report(diag, CHECK_MISPLACED, *loc,
				"'%s' cannot stand here; it stands in %s", found,
				is_pci_key(parse, found, loc) ? "pci" : home_of(found)) &&
		    !parse->nbraces && parse->device_end.source)
			diag_note(diag, parse->device_end, "the device ends here");
		return true;
	}
	return false;
}

void report_unexpected(struct parse *parse, const char *found, const char *const *names,
		       unsigned nnames, const struct loc *loc)
{
	struct diag *diag = parse->tree->diag;
	struct expected expected = {.n = nnames}, folded;
	char list[300];

	parse->tree->syntax_errors = true;
	/* The string without end, or what is no number, was the mistake. */
	if (parse->gave_up || (loc->line == parse->open_line && !strcmp(found, "string")) ||
	    (!strcmp(found, "number") && loc->line == parse->bad_number.line &&
	     loc->col == parse->bad_number.col))
		return;
	for (unsigned i = 0; i < nnames; i++)
		expected.names[i] = names[i];
	parse->tree->nameless |= expects(&expected, "name") &&
				 (begins_statement(parse->kind_before) ||
				  parse->kind_before == CONST || parse->kind_before == ENUM);
	if (report_slip(parse, found, &expected, loc) || report_habit(parse, found, &expected, loc))
		return;
	folded = expected;
	fold(&folded);
	list_expected(list, sizeof(list), &folded);
	if (folded.n == 0 || folded.n > MOST_EXPECTED)
		diag_report(diag, CHECK_SYNTAX, *loc, "unexpected %s", describe(parse, found, loc));
	else
		diag_report(diag, CHECK_SYNTAX, *loc, "unexpected %s, expected %s",
			    describe(parse, found, loc), list);
	help_habit(parse, found, &expected, loc);
}
