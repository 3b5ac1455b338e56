/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of C that `transient` variables have come from headers: what the blocks of C at file level
 * include is included by the generated header, too, where the device's structure needs it.
 */
#include <stdlib.h>
#include <string.h>

#include "c_words.h"
#include "facts.h"

static bool has_host_types(const struct model *model)
{
	for (unsigned i = 0; i < model->nvars; i++)
		if (model->vars[i].type == M_VAR_HOST)
			return true;
	return false;
}

/* Once: several blocks may include the same.  names: those that were written, with their brackets.
 */
static void write_include(const struct facts_run *run, struct buffer *names, const char *name,
			  size_t length)
{
	char text[256];

	if (length >= sizeof(text))
		return;
	memcpy(text, name, length);
	text[length] = '\0';
	if (names->size && memmem(names->data, names->size, name, length))
		return;
	if (!buffer_add(names, name, length))
		run->facts->error = "out of memory";
	facts_begin(run->facts, FACT_include);
	facts_text(run->facts, "name", text);
	facts_end(run->facts);
}

/* At the name's "<": its length with both brackets, 0 if it is no such name. */
static size_t bracketed(const char *at)
{
	size_t length = strcspn(at, ">\n");

	return *at == '<' && at[length] == '>' ? length + 1 : 0;
}

/*
 * "#include <…>" outside of #if: what is conditional may depend on what the header does not know.
 * Names in quotes are left alone: where they are looked for depends on where the including file is.
 */
static void write_block(const struct facts_run *run, struct buffer *names, const char *text)
{
	unsigned depth = 0;
	struct c_token token;

	while ((token = c_next_token(&text)).kind != C_END) {
		if (!c_token_is(token, "#"))
			continue;
		token = c_next_token(&text);
		if (c_token_is(token, "if") || c_token_is(token, "ifdef") ||
		    c_token_is(token, "ifndef"))
			depth++;
		else if (c_token_is(token, "endif") && depth)
			depth--;
		if (depth || !c_token_is(token, "include"))
			continue;
		token = c_next_token(&text);
		if (bracketed(token.start))
			write_include(run, names, token.start, bracketed(token.start));
	}
}

void facts_includes(const struct facts_run *run)
{
	struct buffer names = {0};

	if (!has_host_types(run->model))
		return;
	for (unsigned i = 0; i < run->model->ncodes; i++)
		write_block(run, &names, run->model->codes[i]->text);
	free(names.data);
}
