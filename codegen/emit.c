/* SPDX-License-Identifier: BSD-2-Clause */
/* What mdlc can write, and how each is made. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "depend.h"
#include "emit.h"
#include "facts.h"
#include "filter.h"
#include "json.h"
#include "m4.h"
#include "output.h"
#include "sections.h"
#include "skeleton.h"
#include "stubs.h"

static const struct {
	const char *name; /* of --emit; NULL: an option of its own */
	const char *skeleton;
} kinds[] = {
	[EMIT_C] = {NULL, "c.m4"},
	[EMIT_FACTS] = {NULL, NULL},
	[EMIT_STUBS] = {NULL, "stubs.m4"},
	[EMIT_JSON] = {"json", NULL},
	[EMIT_HEADER] = {"header", "header.m4"},
	[EMIT_MARKDOWN] = {"markdown", "markdown.m4"},
	[EMIT_HTML] = {"html", "html.m4"},
};

bool emit_kind_find(const char *name, enum emit_kind *kind)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!kinds[i].name || strcmp(kinds[i].name, name) != 0)
			continue;
		*kind = (enum emit_kind)i;
		return true;
	}
	return false;
}

static int complain(const char *format, const char *what)
{
	fputs("mdlc: error: ", stderr);
	fprintf(stderr, format, what);
	putc('\n', stderr);
	return -1;
}

/* ---- the output's names */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool has_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(base_name(path)), length = strlen(suffix);

	return n > length && !strcmp(base_name(path) + n - length, suffix);
}

/* path with its suffix, if it has that, exchanged. */
static char *with_suffix(const char *path, const char *old, const char *new)
{
	size_t n = strlen(path);
	char *result;

	if (has_suffix(path, old))
		n -= strlen(old);
	return asprintf(&result, "%.*s%s", (int)n, path, new) < 0 ? NULL : result;
}

/* In #include "…" nothing can be escaped. */
static bool is_includable(const char *path)
{
	const char *name = base_name(path);

	for (const char *c = name; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ' || *c == 0x7f) {
			complain("%s: the name cannot stand in an #include", name);
			return false;
		}
	return true;
}

struct run {
	const struct model *model;
	const struct emit_options *options;
	struct output outputs[3]; /* at most: C, header, dependencies */
	unsigned noutputs;
};

static void add_output(struct run *run, const char *path, const struct buffer *text)
{
	run->outputs[run->noutputs++] =
		(struct output){.path = path, .data = text->data, .size = text->size};
}

/* ---- facts */

/* For people, all of them, with the names of their arguments before them. */
static int write_facts(struct buffer *out, const struct facts_options *options,
		       const struct model *model)
{
	struct facts facts = {.out = out, .open = "\302\253", .close = "\302\273"};

	for (unsigned i = 0; i < FACT_COUNT; i++) {
		const char *const parts[] = {
			"# " FACT_PREFIX, fact_name((enum fact)i), ": ", fact_what((enum fact)i),
			"\n#\t",          fact_args((enum fact)i), "\n"};

		for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]); n++)
			if (!buffer_string(out, parts[n]))
				facts.error = "out of memory";
	}
	facts_write(&facts, model, options);
	return facts.error ? complain("%s", facts.error) : 0;
}

/* For m4, behind the skeleton: those that it needs. */
static int add_facts(struct translation *skeleton, const struct facts_options *options,
		     const struct model *model)
{
	const char open[] = {QUOTE_OPEN, '\0'}, close[] = {QUOTE_CLOSE, '\0'};
	struct facts facts = {
		.out = &skeleton->m4, .open = open, .close = close, .needs = &skeleton->needs};

	facts_write(&facts, model, options);
	return facts.error ? complain("%s", facts.error) : 0;
}

/* Skeleton and facts through m4 into the filter's files. */
static int expand(const struct run *run, const struct facts_options *options, struct filter *filter)
{
	const char *dir = skeleton_dir(run->options->skeletons);
	struct sections sections = {0};
	struct translation skeleton;
	int result;

	if (!dir)
		return -1;
	result = skeleton_translate(&skeleton, dir, kinds[run->options->kind].skeleton,
				    run->model->cname);
	if (!result)
		result = add_facts(&skeleton, options, run->model);
	if (!result)
		result = m4_run(&skeleton.m4, &sections);
	filter->literals = &skeleton.literals;
	if (!result)
		result = sections_flush(&sections, filter);
	filter->literals = NULL;
	/* All but stubs begin with some line, whatever the device is. */
	if (!result && run->options->kind != EMIT_STUBS && !filter->files[0].text.size)
		result = complain("%s", "m4 wrote nothing");
	sections_free(&sections);
	translation_free(&skeleton);
	return result;
}

/* ---- dependencies */

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	return !stat(a, &first) && !stat(b, &second) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* Nothing that was read is overwritten, nor one output by another. */
static bool is_in_the_way(const struct run *run, const struct source *sources, const char *path)
{
	for (const struct source *s = sources; s; s = s->next)
		if (is_same_file(s->name, path)) {
			complain("%s: the description is in that file, and would be lost", path);
			return true;
		}
	for (unsigned i = 0; i < run->noutputs; i++)
		if (run->outputs[i].path != path && run->outputs[i].path &&
		    !strcmp(run->outputs[i].path, path)) {
			complain("%s: two outputs go into that file", path);
			return true;
		}
	return false;
}

/* NAME_logic.c is the author's: --stubs was forgotten.  What we wrote says so in its first line. */
static bool is_the_authors(const char *path)
{
	static const char ours[] = "/* Generated by mdlc ";
	char start[sizeof(ours)] = "";
	FILE *file = has_suffix(path, "_logic.c") || has_suffix(path, "_logic.h")
			     ? fopen(path, "re")
			     : NULL;
	bool result;

	if (!file)
		return false;
	result = fread(start, 1, sizeof(ours) - 1, file) > 0 && strcmp(start, ours) != 0;
	fclose(file);
	if (result)
		complain("%s: the author's file would be lost; what it lacks, --stubs tells", path);
	return result;
}

static int write_outputs(struct run *run, const struct source *sources)
{
	for (unsigned i = 0; i < run->noutputs; i++)
		if (run->outputs[i].path && (is_in_the_way(run, sources, run->outputs[i].path) ||
					     is_the_authors(run->outputs[i].path)))
			return -1;
	return output_write(run->outputs, run->noutputs);
}

static int finish(struct run *run, const struct source *sources, const char *default_target)
{
	const struct emit_options *options = run->options;
	struct buffer rule = {0};
	char *file = NULL;
	int result = -1;

	if (!options->depend)
		return write_outputs(run, sources);
	if (!options->depend_file && !options->output)
		return complain("%s", "-MD needs -o or -MF");
	file = options->depend_file ? strdup(options->depend_file)
				    : with_suffix(options->output, ".c", ".d");
	if (file && depend_rule(&rule, options->depend_target, default_target, sources,
				options->depend_phony)) {
		add_output(run, file, &rule);
		result = write_outputs(run, sources);
	} else {
		complain("%s", "out of memory");
	}
	free(rule.data);
	free(file);
	return result;
}

/* ---- the kinds */

static int emit_c(struct run *run, const struct source *sources)
{
	const char *given = run->options->output;
	char *c = given ? strdup(given) : with_suffix(base_name(run->model->source), ".mdl", ".c");
	char *h = c ? with_suffix(c, ".c", ".h") : NULL, *both = NULL;
	struct facts_options facts = {.output = c};
	struct filter filter = {0};
	int result = -1;

	if (!h || asprintf(&both, "%s\n%s", c, h) < 0) {
		both = NULL;
		complain("%s", "out of memory");
	} else if (!has_suffix(c, ".c")) {
		complain("%s: the output's name must end in .c (its header goes beside it)", c);
	} else if (is_includable(c)) {
		filter_add_file(&filter, "c", shown_path(c));
		filter_add_file(&filter, "h", shown_path(h));
		result = expand(run, &facts, &filter);
		add_output(run, c, &filter.files[0].text);
		add_output(run, h, &filter.files[1].text);
		if (!result)
			result = finish(run, sources, both);
	}
	filter_free(&filter);
	free(c);
	free(h);
	free(both);
	return result;
}

static const char *output_path(const struct emit_options *options)
{
	return options->output && strcmp(options->output, "-") != 0 ? options->output : NULL;
}

/* Outputs that are one file, or standard output. */
static int emit_one(struct run *run, const struct source *sources)
{
	const char *path = output_path(run->options);
	struct facts_options facts = {.output = path ? path : run->model->name};
	struct filter filter = {0};
	int result;

	filter_add_file(&filter, "out", path ? shown_path(path) : "standard output");
	result = expand(run, &facts, &filter);
	add_output(run, path, &filter.files[0].text);
	if (!result)
		result = finish(run, sources, path);
	filter_free(&filter);
	return result;
}

static int write_json(struct buffer *text, const struct model *model)
{
	FILE *out = open_memstream(&text->data, &text->size);
	int result;

	if (!out)
		return complain("%s", strerror(errno));
	result = json_write(out, model);
	if (fclose(out) != 0 && !result)
		result = complain("%s", strerror(errno));
	return result;
}

/* What C writes itself. */
static int emit_plain(struct run *run, const struct source *sources)
{
	const char *path = output_path(run->options);
	struct facts_options facts = {.output = path ? path : run->model->name};
	struct buffer text = {0};
	int result;

	if (run->options->kind == EMIT_JSON)
		result = write_json(&text, run->model);
	else
		result = write_facts(&text, &facts, run->model);
	add_output(run, path, &text);
	if (!result)
		result = finish(run, sources, path);
	free(text.data);
	return result;
}

/*
 * The author's file is the author's: made if it is not there, else what it lacks is printed.  It is
 * looked for where -o says, or beside the source.
 */
static int emit_stubs(struct run *run)
{
	const char *given = output_path(run->options);
	char *beside = given ? NULL : with_suffix(run->model->source, ".mdl", "_logic.c");
	const char *path = given ? given : beside;
	struct stubs stubs = {0};
	struct facts_options facts = {.defined = stubs_defined, .defined_arg = &stubs};
	struct filter filter = {0};
	int result = -1;

	if (!path)
		return complain("%s", "out of memory");
	facts.output = run->model->source;
	filter_add_file(&filter, "out", path);
	filter_add_file(&filter, "head", path);
	if (is_includable(facts.output) && stubs_read(&stubs, path) == 0)
		result = expand(run, &facts, &filter);
	if (!result)
		result = stubs_report_strays(&stubs, run->model->cname);
	if (!result)
		result = stubs_write(&stubs, path, given != NULL, &filter.files[1].text,
				     &filter.files[0].text);
	stubs_free(&stubs);
	filter_free(&filter);
	free(beside);
	return result;
}

int emit(const struct model *model, const struct source *sources,
	 const struct emit_options *options)
{
	struct run run = {.model = model, .options = options};
	int result = 0;

	switch (options->kind) {
	case EMIT_C:
		result = emit_c(&run, sources);
		break;
	case EMIT_STUBS:
		result = emit_stubs(&run);
		break;
	case EMIT_FACTS:
	case EMIT_JSON:
		result = emit_plain(&run, sources);
		break;
	case EMIT_HEADER:
	case EMIT_MARKDOWN:
	case EMIT_HTML:
		result = emit_one(&run, sources);
		break;
	}
	return result < 0 ? 1 : 0;
}
