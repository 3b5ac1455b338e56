/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of mdlc, by a table of its options. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

struct reading {
	struct options *options;
	struct arena *arena;
};

struct option {
	const char *name;
	const char *value; /* what its argument is, or NULL: takes none */
	bool (*set)(struct reading *r, const char *value);
	const char *help; /* NULL: not listed */
};

static bool usage_error(const char *text, const char *what)
{
	fprintf(stderr, "mdlc: %s '%s'\n", text, what);
	return false;
}

static void add_name(struct reading *r, struct name_list *list, const char *name)
{
	const char **names = arena_array(r->arena, const char *, list->n + 1);

	if (list->n)
		memcpy(names, list->names, list->n * sizeof(*names));
	names[list->n++] = name;
	list->names = names;
}

static bool set_emit(struct reading *r, enum emit_kind kind)
{
	r->options->emit.kind = kind;
	return true;
}

static bool set_output(struct reading *r, const char *value)
{
	r->options->emit.output = value;
	return true;
}

static bool set_folder(struct reading *r, const char *value)
{
	add_name(r, &r->options->folders, value);
	return true;
}

static bool set_constant(struct reading *r, const char *value)
{
	add_name(r, &r->options->constants, value);
	return true;
}

static bool set_facts(struct reading *r, const char *value)
{
	(void)value;
	return set_emit(r, EMIT_FACTS);
}

static bool set_stubs(struct reading *r, const char *value)
{
	(void)value;
	return set_emit(r, EMIT_STUBS);
}

static bool set_kind(struct reading *r, const char *value)
{
	static const char *const kinds[] = {"c",      "facts",    "stubs", "json",
					    "header", "markdown", "html"};
	const char *near;

	if (emit_kind_find(value, &r->options->emit.kind))
		return true;
	if (!strcmp(value, "c"))
		return set_emit(r, EMIT_C);
	if (!strcmp(value, "facts"))
		return set_emit(r, EMIT_FACTS);
	if (!strcmp(value, "stubs"))
		return set_emit(r, EMIT_STUBS);
	near = suggest(value, kinds, sizeof(kinds) / sizeof(kinds[0]));
	fprintf(stderr, "mdlc: there is no --emit=%s; ", value);
	if (near)
		fprintf(stderr, "did you mean '%s'?\n", near);
	else
		fputs("it can be c, json, header, markdown, html, facts or stubs\n", stderr);
	return false;
}

static bool set_skeletons(struct reading *r, const char *value)
{
	r->options->emit.skeletons = value;
	return true;
}

static bool set_depend(struct reading *r, const char *value)
{
	(void)value;
	r->options->emit.depend = true;
	return true;
}

static bool set_depend_phony(struct reading *r, const char *value)
{
	(void)value;
	r->options->emit.depend_phony = true;
	return true;
}

static bool set_depend_file(struct reading *r, const char *value)
{
	r->options->emit.depend_file = value;
	return set_depend(r, value);
}

static bool set_depend_target(struct reading *r, const char *value)
{
	r->options->emit.depend_target = value;
	return true;
}

static bool set_color(struct reading *r, const char *value)
{
	if (!strcmp(value, "always") || !strcmp(value, "never"))
		r->options->diag.color = value[0] == 'a';
	else if (strcmp(value, "auto") != 0)
		return usage_error("--color is auto, always or never, not", value);
	return true;
}

static bool set_max_errors(struct reading *r, const char *value)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || n > 1000000000)
		return usage_error("--max-errors takes a number, not", value);
	r->options->diag.max_errors = (unsigned)n;
	return true;
}

static bool set_in_place(struct reading *r, const char *value)
{
	(void)value;
	r->options->in_place = true;
	return true;
}

#define ACTION(function, what)                                     \
	static bool function(struct reading *r, const char *value) \
	{                                                          \
		(void)value;                                       \
		r->options->action = (what);                       \
		return true;                                       \
	}

ACTION(do_check, DO_CHECK)
ACTION(do_format, DO_FORMAT)
ACTION(do_list, DO_LIST_CHECKS)
ACTION(do_help, DO_HELP)
ACTION(do_version, DO_VERSION)

static bool do_explain(struct reading *r, const char *value)
{
	r->options->action = DO_EXPLAIN;
	r->options->explain = value;
	return true;
}

static bool do_compat(struct reading *r, const char *value)
{
	r->options->action = DO_COMPAT;
	r->options->compat_with = value;
	return true;
}

static const struct option options_table[] = {
	{"-o", "FILE", set_output, "write to FILE (X.c also makes X.h); - is standard output"},
	{"-I", "DIR", set_folder, "look for included files in DIR, after the including file's own"},
	{"-D", "NAME=VALUE", set_constant, "give a const of the description another value"},
	{"--check", NULL, do_check, "only check"},
	{"--check-compat", "FILE", do_compat,
	 "compare with --emit=json of an earlier version: do its streams\n"
	 "load, does a guest see the same device?"},
	{"--emit", "KIND", set_kind, "c (default), json, header, markdown, html"},
	{"--facts", NULL, set_facts, "print the facts that the skeletons get"},
	{"--stubs", NULL, set_stubs, "write the functions that NAME_logic.c lacks"},
	{"--skeletons", "DIR", set_skeletons,
	 "take the skeletons from DIR, not from $MDLC_SKELETONS or\n"
	 "their place beside mdlc"},
	{"-MD", NULL, set_depend, "also write a make rule with the sources that were read"},
	{"-MP", NULL, set_depend_phony, "with an empty rule for each source"},
	{"-MF", "FILE", set_depend_file, "into FILE, not beside the output"},
	{"-MT", "TARGET", set_depend_target, "for TARGET, not the output"},
	{"--format", NULL, do_format,
	 "print the sources in canonical layout; also `mdlc fmt FILE…`"},
	{"-i", NULL, set_in_place, "with fmt: rewrite the files in place"},
	{"--explain", "CHECK", do_explain, "say more about a check"},
	{"--list-checks", NULL, do_list, "list all checks"},
	{"--max-errors", "N", set_max_errors, "show the first N errors only (1000); 0 is all"},
	{"--color", "WHEN", set_color, "auto, always or never"},
	{"--help", NULL, do_help, "this"},
	{"--version", NULL, do_version, "version"},
	{"-h", NULL, do_help, NULL},
	{"--colour", "WHEN", set_color, NULL},
};

#define N_OPTIONS (sizeof(options_table) / sizeof(options_table[0]))

static void print_option(const char *name, const char *value, const char *help)
{
	char left[64];
	const char *newline;

	snprintf(left, sizeof(left), "%s%s%s", name,
		 !value                    ? ""
		 : !strncmp(name, "--", 2) ? "="
					   : " ",
		 value ? value : "");
	while ((newline = strchr(help, '\n'))) {
		printf("  %-22s%.*s\n", left, (int)(newline - help), help);
		help = newline + 1;
		left[0] = '\0';
	}
	printf("  %-22s%s\n", left, help);
}

void options_help(void)
{
	puts("usage: mdlc [option…] FILE.mdl\n"
	     "       mdlc fmt [-i] FILE.mdl…\n"
	     "\n"
	     "Compiles a description of a PCI device to C.\n");
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (options_table[i].help)
			print_option(options_table[i].name, options_table[i].value,
				     options_table[i].help);
	print_option("-Wall", NULL, "style checks too");
	print_option("-Werror", NULL, "warnings are errors");
	print_option("-W[no-]CHECK", NULL, "switch one check on or off");
	print_option("-Werror=CHECK", NULL, "make one check an error");
	puts("\nColumns in messages count characters from 1.");
}

/* ---- -W… */

static bool unknown_check(const char *name)
{
	const char *names[CHECK_COUNT];
	const char *near;

	for (int i = 0; i < CHECK_COUNT; i++)
		names[i] = check_name((enum check_id)i);
	near = suggest(name, names, CHECK_COUNT);
	fprintf(stderr, "mdlc: there is no check '%s'%s%s%s\n", name,
		near ? "; did you mean '" : "", near ? near : "; mdlc --list-checks lists them",
		near ? "'?" : "");
	return false;
}

static bool set_check(struct reading *r, const char *name, unsigned char setting)
{
	enum check_id check = check_find(name);

	if (check == CHECK_COUNT)
		return unknown_check(name);
	if (setting == 1 && check_severity(check) == SEV_ERROR)
		return usage_error("this is an error and cannot be switched off:", name);
	r->options->diag.setting[check] = setting;
	return true;
}

static bool set_warning(struct reading *r, const char *text)
{
	if (!strcmp(text, "all")) {
		r->options->diag.wall = true;
		return true;
	}
	if (!strcmp(text, "error")) {
		r->options->diag.werror = true;
		return true;
	}
	if (!strncmp(text, "error=", 6))
		return set_check(r, text + 6, 3);
	if (!strncmp(text, "no-error=", 9))
		return set_check(r, text + 9, 4);
	if (!strncmp(text, "no-", 3) && check_find(text) == CHECK_COUNT)
		return set_check(r, text + 3, 1);
	return set_check(r, text, 2);
}

/* ---- words of the command line */

static bool unknown_option(const char *word)
{
	const char *names[N_OPTIONS];
	char *name = strdup(word);
	const char *near;

	if (!name)
		return usage_error("unknown option", word);
	name[strcspn(name, "=")] = '\0';
	for (size_t i = 0; i < N_OPTIONS; i++)
		names[i] = options_table[i].name;
	near = suggest(name, names, N_OPTIONS);
	fprintf(stderr, "mdlc: unknown option '%s'%s%s%s\n", name, near ? "; did you mean '" : "",
		near ? near : "; mdlc --help lists them", near ? "'?" : "");
	free(name);
	return false;
}

/* Is it this option?  *value is what is glued to it: --name=value, -Ivalue. */
static bool matches(const struct option *option, const char *word, const char **value)
{
	size_t size = strlen(option->name);

	*value = NULL;
	if (strncmp(word, option->name, size) != 0)
		return false;
	if (!word[size])
		return true;
	if (!strncmp(option->name, "--", 2)) {
		if (word[size] != '=')
			return false;
		*value = word + size + 1;
		return true;
	}
	*value = word + size;
	return option->value && size == 2;
}

/* Returns how many words it took; 0 is a mistake. */
static int read_option(struct reading *r, const char *word, const char *next)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option *option = &options_table[i];
		const char *value;

		if (!matches(option, word, &value))
			continue;
		if (!option->value) {
			if (value)
				return usage_error("takes no value:", word);
			return option->set(r, NULL);
		}
		if (value)
			return option->set(r, value);
		if (!next) {
			fprintf(stderr, "mdlc: %s needs its %s\n", word, option->value);
			return 0;
		}
		return option->set(r, next) ? 2 : 0;
	}
	if (!strncmp(word, "-W", 2) && word[2])
		return set_warning(r, word + 2);
	return unknown_option(word);
}

static bool complete(struct options *options)
{
	const enum action action = options->action;

	if (action == DO_EXPLAIN && check_find(options->explain) == CHECK_COUNT)
		return unknown_check(options->explain);
	if (action != DO_COMPILE && action != DO_CHECK && action != DO_COMPAT &&
	    action != DO_FORMAT)
		return true;
	if (!options->inputs.n) {
		fputs("mdlc: no file to read; see mdlc --help\n", stderr);
		return false;
	}
	if (options->in_place && action != DO_FORMAT) {
		fputs("mdlc: -i goes with fmt\n", stderr);
		return false;
	}
	if (options->inputs.n > 1 && (action == DO_COMPILE || action == DO_COMPAT ||
				      (action == DO_FORMAT && options->emit.output)))
		return usage_error("one file at a time; this is another:",
				   options->inputs.names[1]);
	return true;
}

bool options_read(struct options *options, struct arena *arena, int argc, char **argv)
{
	struct reading r = {.options = options, .arena = arena};
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool only_files = false;
	int i = 1;

	*options = (struct options){.action = DO_COMPILE, .diag.max_errors = 1000};
	options->diag.color = isatty(STDERR_FILENO) && !(no_color && *no_color) &&
			      !(term && !strcmp(term, "dumb"));
	if (argc > 1 && !strcmp(argv[1], "fmt")) {
		options->action = DO_FORMAT;
		i++;
	}
	while (i < argc) {
		int used = 1;

		if (only_files || argv[i][0] != '-' || !argv[i][1])
			add_name(&r, &options->inputs, argv[i]);
		else if (!strcmp(argv[i], "--"))
			only_files = true;
		else
			used = read_option(&r, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
		if (!used)
			return false;
		i += used;
	}
	return complete(options);
}
