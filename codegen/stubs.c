/* SPDX-License-Identifier: BSD-2-Clause */
/* --stubs: looks through the author's file for what it defines; never changes it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "stubs.h"

static int complain(const char *path)
{
	fprintf(stderr, "mdlc: error: %s: %s\n", path, strerror(errno));
	return -1;
}

/* The end of a comment, string or character constant that starts here, or NULL. */
static char *skip_literal(char *at)
{
	char quote = *at;

	if (at[0] == '/' && at[1] == '/')
		return at + strcspn(at, "\n");
	if (at[0] == '/' && at[1] == '*') {
		char *end = strstr(at + 2, "*/");

		return end ? end + 2 : at + strlen(at);
	}
	if (quote != '"' && quote != '\'')
		return NULL;
	for (at++; *at && *at != quote && *at != '\n'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

/* Comments and strings become blanks: a function that is only mentioned is not there. */
static void blank_literals(char *at)
{
	while (*at) {
		char *end = skip_literal(at);

		if (!end)
			at++;
		else
			while (at < end)
				*at++ = ' ';
	}
}

int stubs_read(struct stubs *stubs, const char *path)
{
	struct buffer text = {0};
	FILE *file = fopen(path, "re");
	char data[4096];
	size_t n;
	bool ok = true;

	if (!file)
		return errno == ENOENT ? 0 : complain(path);
	while (ok && (n = fread(data, 1, sizeof(data), file)) > 0)
		ok = buffer_add(&text, data, n);
	ok = ok && !ferror(file) && buffer_add(&text, "", 1);
	fclose(file);
	if (!ok) {
		free(text.data);
		return complain(path);
	}
	/* The shell has made it just now: mdlc --stubs X.mdl >> X_logic.c */
	if (text.size == 1) {
		free(text.data);
		return 0;
	}
	blank_literals(text.data);
	stubs->text = text.data;
	return 0;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* A definition: its parameters are followed by a body. */
static bool is_definition(const char *at)
{
	int depth = 0;

	at += strspn(at, " \t\r\n");
	if (*at != '(')
		return false;
	do {
		depth += *at == '(';
		depth -= *at == ')';
		at++;
	} while (*at && depth);
	return at[strspn(at, " \t\r\n")] == '{';
}

bool stubs_defined(void *arg, const char *function)
{
	const struct stubs *stubs = arg;
	size_t length = strlen(function);

	for (const char *at = stubs->text; at && (at = strstr(at, function)); at += length)
		if ((at == stubs->text || !is_word(at[-1])) && !is_word(at[length]) &&
		    is_definition(at + length))
			return true;
	return false;
}

int stubs_write(const struct stubs *stubs, const char *path, bool create, const struct buffer *head,
		const struct buffer *functions)
{
	struct output output = {.path = NULL, .data = functions->data, .size = functions->size};
	struct buffer whole = {0};
	int result;

	if (!functions->size) {
		fprintf(stderr, "mdlc: nothing is missing%s%s\n", stubs->text ? " in " : "",
			stubs->text ? path : "");
		return 0;
	}
	if (stubs->text) {
		fprintf(stderr, "mdlc: %s is yours and stays as it is; it lacks what follows\n",
			path);
		return output_write(&output, 1);
	}
	if (!buffer_add(&whole, head->data, head->size) ||
	    !buffer_add(&whole, functions->data, functions->size))
		return complain(path);
	output = (struct output){
		.path = create ? path : NULL, .data = whole.data, .size = whole.size};
	result = output_write(&output, 1);
	free(whole.data);
	return result;
}

void stubs_free(struct stubs *stubs)
{
	free(stubs->text);
}
