/* SPDX-License-Identifier: BSD-2-Clause */
/* --stubs: looks through the author's file for what it defines; never changes it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "c_words.h"
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

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Preprocessor lines, with the lines that continue them, and what `#if 0` hides. */
static void blank_directives(char *at)
{
	unsigned hidden = 0; /* conditions open inside of an #if 0, that one included */

	while (*at) {
		char *word = at + strspn(at, " \t"), *end = at + strcspn(at, "\n");
		const bool directive = *word == '#';

		while (directive && *end &&
		       (end[-1] == '\\' || (end[-1] == '\r' && end[-2] == '\\')))
			end += 1 + strcspn(end + 1, "\n");
		word += directive;
		word += strspn(word, " \t");
		if (directive && !strncmp(word, "if", 2))
			hidden += hidden ||
				  (word[2] == ' ' && word[3 + strspn(word + 3, " \t")] == '0' &&
				   !is_word(word[4 + strspn(word + 3, " \t")]));
		else if (directive && hidden && !strncmp(word, "endif", 5))
			hidden--;
		else if (directive && hidden == 1 && !strncmp(word, "el", 2))
			hidden = 0;
		if (directive || hidden)
			memset(at, ' ', (size_t)(end - at));
		at = end + (*end == '\n');
	}
}

/* *text is NULL if the file is not there. */
static int read_source(const char *path, char **text)
{
	struct buffer all = {0};
	FILE *file = fopen(path, "re");
	char data[4096];
	size_t n;
	bool ok = true;

	*text = NULL;
	if (!file)
		return errno == ENOENT ? 0 : complain(path);
	while (ok && (n = fread(data, 1, sizeof(data), file)) > 0)
		ok = buffer_add(&all, data, n);
	ok = ok && !ferror(file) && buffer_add(&all, "", 1);
	fclose(file);
	if (!ok) {
		free(all.data);
		return complain(path);
	}
	blank_literals(all.data);
	*text = all.data;
	return 0;
}

/* ---- what is defined at file level */

/* The beginning of a declaration, up to its ';' or its body. */
struct head {
	struct buffer *names;     /* what it may define, each between blanks */
	bool is_static, has_list; /* of parameters */
	bool is_value;            /* = … */
	bool is_extern_c;
};

static bool add_word(struct buffer *names, struct c_token word)
{
	return buffer_add(names, word.start, word.length) && buffer_add(names, " ", 1);
}

static bool is_macro(struct c_token word)
{
	for (size_t i = 0; i < word.length; i++)
		if (islower((unsigned char)word.start[i]))
			return false;
	return word.kind == C_WORD;
}

/* `name(`, or a macro's arguments, one of which the name may be; *text moves behind the ')'. */
static bool read_list(struct head *head, struct c_token before, const char **text)
{
	bool ok = before.kind != C_WORD || add_word(head->names, before);
	struct c_token only = {.kind = C_END}, token;
	unsigned depth = 1, ntokens = 0;

	head->has_list = true;
	while (ok && depth && (token = c_next_token(text)).kind != C_END) {
		only = ntokens++ ? only : token;
		depth += c_token_is(token, "(");
		depth -= c_token_is(token, ")");
		if (token.kind == C_WORD && is_macro(before))
			ok = add_word(head->names, token);
	}
	/* `void (name)(…)` */
	if (ok && ntokens == 2 && only.kind == C_WORD)
		ok = add_word(head->names, only);
	return ok;
}

static struct c_token skip_body(const char **text)
{
	struct c_token token = {.kind = C_END};
	unsigned depth = 1;

	while (depth && (token = c_next_token(text)).kind != C_END) {
		depth += c_token_is(token, "{");
		depth -= c_token_is(token, "}");
	}
	return token;
}

/* Reads to the end of one declaration; true if it defined a function.  *more: is there another? */
static bool read_head(struct head *head, const char **text, bool *more)
{
	struct c_token before = {.kind = C_END}, token;

	*more = true;
	for (; (token = c_next_token(text)).kind != C_END; before = token) {
		head->is_static |= c_token_is(token, "static");
		head->is_value |= c_token_is(token, "=");
		if (c_token_is(token, ";") || c_token_is(token, "}"))
			return false;
		if (c_token_is(token, "(") && !read_list(head, before, text))
			break;
		if (!c_token_is(token, "{"))
			continue;
		if (c_token_is(before, "extern"))
			return false;
		skip_body(text);
		if (head->has_list && !head->is_value)
			return true;
	}
	*more = false;
	return false;
}

/* The functions that a text defines, into those that others reach, and those that they do not. */
static int find_definitions(const char *text, struct buffer *reached, struct buffer *hidden)
{
	bool more = true, ok = buffer_add(reached, " ", 1) && buffer_add(hidden, " ", 1);

	while (ok && more) {
		struct buffer names = {0};
		struct head head = {.names = &names};
		struct buffer *to;

		if (read_head(&head, &text, &more) && names.size) {
			to = head.is_static ? hidden : reached;
			ok = buffer_add(to, names.data, names.size);
		}
		free(names.data);
	}
	ok = ok && buffer_add(reached, "", 1) && buffer_add(hidden, "", 1);
	return ok ? 0 : complain("functions");
}

/* The header beside it, which inline hooks see: what it defines can be static. */
static int read_header(struct stubs *stubs, const char *path)
{
	const size_t length = strlen(path);
	char *header, *text = NULL;
	int result = 0;

	if (length < 3 || strcmp(path + length - 2, ".c") != 0)
		return 0;
	header = strdup(path);
	if (!header)
		return complain(path);
	header[length - 1] = 'h';
	result = read_source(header, &text);
	if (!result && text) {
		blank_directives(text);
		result = find_definitions(text, &stubs->header, &stubs->header_static);
	}
	free(header);
	free(text);
	return result;
}

int stubs_read(struct stubs *stubs, const char *path)
{
	const char *text;

	stubs->path = path;
	if (read_source(path, &stubs->text) < 0)
		return -1;
	if (stubs->text) {
		text = stubs->text;
		stubs->blank = c_next_token(&text).kind == C_END;
		blank_directives(stubs->text);
		if (find_definitions(stubs->text, &stubs->reached, &stubs->hidden) < 0)
			return -1;
	}
	return read_header(stubs, path);
}

static bool holds(const struct buffer *names, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = names->data; at && (at = strstr(at, name)); at += length)
		if (at[-1] == ' ' && at[length] == ' ')
			return true;
	return false;
}

bool stubs_defined(void *arg, const char *function)
{
	struct stubs *stubs = arg;

	if (!buffer_string(&stubs->asked, stubs->asked.size ? "" : " ") ||
	    !buffer_string(&stubs->asked, function) || !buffer_string(&stubs->asked, " "))
		complain("functions");
	if (holds(&stubs->reached, function) || holds(&stubs->header, function) ||
	    holds(&stubs->header_static, function))
		return true;
	if (!holds(&stubs->hidden, function))
		return false;
	fprintf(stderr, "mdlc: %s: '%s' is static there, and out of reach of the generated file\n",
		stubs->path, function);
	return true;
}

static bool is_hook_name(const char *name, const char *device)
{
	static const char *const ends[] = {
		"_check_write", "_on_write",     "_on_change",      "_on_read",
		"_on_reset",    "_on_expire",    "_on_connect",     "_on_disconnect",
		"_on_dma_map",  "_on_dma_unmap", "_on_before_save", "_on_after_load",
	};
	const size_t length = strlen(name), prefix = strlen(device);

	if (strncmp(name, device, prefix) != 0 || name[prefix] != '_')
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const size_t size = strlen(ends[i]);

		if (length >= prefix + size && !strcmp(name + length - size, ends[i]))
			return true;
	}
	return false;
}

int stubs_report_strays(struct stubs *stubs, const char *device)
{
	char *names, *rest = NULL;

	if (!stubs->reached.data)
		return 0;
	names = strdup(stubs->reached.data);
	if (!names || !buffer_byte(&stubs->asked, '\0')) {
		free(names);
		return complain(stubs->path);
	}
	for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		if (is_hook_name(name, device) && !holds(&stubs->asked, name))
			fprintf(stderr, "mdlc: %s: '%s' is no hook that the description asks for\n",
				stubs->path, name);
	free(names);
	return 0;
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
	if (stubs->text && !stubs->blank) {
		fprintf(stderr, "mdlc: %s is yours and stays as it is; it lacks what follows\n",
			path);
		return output_write(&output, 1);
	}
	if (!buffer_add(&whole, head->data, head->size) ||
	    !buffer_add(&whole, functions->data, functions->size))
		return complain(path);
	output = (struct output){.path = create && !stubs->text ? path : NULL,
				 .data = whole.data,
				 .size = whole.size};
	result = output_write(&output, 1);
	free(whole.data);
	return result;
}

void stubs_free(struct stubs *stubs)
{
	free(stubs->text);
	free(stubs->reached.data);
	free(stubs->hidden.data);
	free(stubs->header.data);
	free(stubs->header_static.data);
	free(stubs->asked.data);
}
