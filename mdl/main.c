/* SPDX-License-Identifier: BSD-2-Clause */
/* The mdlc program: reads a description, checks it, and hands the model to a back end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "fmt.h"
#include "options.h"
#include "output.h"

#ifndef MDL_VERSION
#define MDL_VERSION "0.1"
#endif

static void explain(enum check_id check)
{
	static const char *const severities[] = {"note", "style", "warning", "error"};

	printf("%s (%s)\n\n%s", check_name(check), severities[check_severity(check)],
	       check_explanation(check));
	if (check_severity(check) != SEV_ERROR)
		printf("\nSwitch it off with -Wno-%s, or in the source, at the line's end or alone "
		       "above:\n"
		       "\n    // allow(%s): why\n",
		       check_name(check), check_name(check));
}

static void list_checks(void)
{
	static const char *const severities[] = {"note", "style", "warning", "error"};

	for (int i = 0; i < CHECK_COUNT; i++)
		printf("%-8s %s\n", severities[check_severity((enum check_id)i)],
		       check_name((enum check_id)i));
}

static struct tree *parse_input(const struct options *options, struct arena *arena,
				struct diag *diag, const char *name)
{
	const struct parse_options parse = {options->folders.names, options->folders.n,
					    options->action == DO_FORMAT};

	return parse_file(arena, diag, name, &parse);
}

/* Returns the exit status. */
static int compile(const struct options *options, const char *name)
{
	struct arena *arena = arena_create();
	struct diag *diag = diag_create(arena, &options->diag);
	struct tree *tree = parse_input(options, arena, diag, name);
	struct model *model = NULL;
	int status = 0;

	for (unsigned i = 0; i < options->constants.n && !status; i++)
		if (!override_const(tree, options->constants.names[i]))
			status = 2;
	if (!status && tree->sources)
		model = resolve(tree);
	if (diag_flush(diag) && !status)
		status = 1;
	arena_drop_child(tree->arena); /* the model is all that is needed now */
	tree->items = NULL;
	if (!status && (!model || (options->action == DO_COMPILE &&
				   emit(model, tree->sources, &options->emit))))
		status = 1;
	if (!status && options->action == DO_COMPAT)
		status = compat_check(stdout, model, options->compat_with);
	arena_destroy(arena);
	return status;
}

/* The canonical text of a source, to be freed; NULL if it has syntax errors, which are reported. */
static char *canonical_text(const struct options *options, const char *name, size_t *size)
{
	struct arena *arena = arena_create();
	struct diag *diag = diag_create(arena, &options->diag);
	struct tree *tree = parse_input(options, arena, diag, name);
	char *text = NULL;
	FILE *out;

	if (!tree->syntax_errors && !diag_errors(diag)) {
		out = open_memstream(&text, size);
		if (out) {
			format_source(arena, tree->sources, out);
			fclose(out);
		}
	}
	if (!text)
		diag_flush(diag);
	arena_destroy(arena);
	return text;
}

/* Where the text of a source goes: to the file itself, wherever a link to it leads.  To be freed.
 */
static char *format_target(const struct options *options, const char *name)
{
	const char *output = options->emit.output;

	if (options->in_place)
		return realpath(name, NULL);
	return strdup(output && strcmp(output, "-") != 0 ? output : "");
}

/* Returns the exit status. */
static int format(const struct options *options, const char *name)
{
	struct output output = {0};
	char *text = canonical_text(options, name, &output.size);
	char *path = text ? format_target(options, name) : NULL;
	bool failed = true;

	if (text && !path) {
		fprintf(stderr, "mdlc: error: %s: %s\n", name, strerror(errno));
	} else if (text) {
		output.path = *path ? path : NULL;
		output.data = text;
		failed = output_write(&output, 1) < 0;
	}
	free(path);
	free(text);
	return failed;
}

static int run(const struct options *options)
{
	int status = 0;

	switch (options->action) {
	case DO_HELP:
		options_help();
		return 0;
	case DO_VERSION:
		puts("mdlc " MDL_VERSION);
		return 0;
	case DO_EXPLAIN:
		explain(check_find(options->explain));
		return 0;
	case DO_LIST_CHECKS:
		list_checks();
		return 0;
	case DO_FORMAT:
	case DO_CHECK:
	case DO_COMPAT:
	case DO_COMPILE:
		break;
	}
	for (unsigned i = 0; i < options->inputs.n; i++) {
		const char *name = options->inputs.names[i];
		int now = options->action == DO_FORMAT ? format(options, name)
						       : compile(options, name);

		if (now > status)
			status = now;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_create();
	struct options options;
	int status = options_read(&options, arena, argc, argv) ? run(&options) : 2;

	arena_destroy(arena);
	if (fflush(stdout) || ferror(stdout)) {
		perror("mdlc: standard output");
		status = status ? status : 1;
	}
	return status;
}
