/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of C whose ends or signs are missing: what is C, and what is a statement of ours. */
#include <ctype.h>
#include <string.h>

#include "recover.h"
#include "source.h"
#include "words.h"

bool starts_with_word(const char *text, const char *word)
{
	const size_t size = strlen(word);

	return !strncmp(text, word, size) && (text[size] == ' ' || text[size] == '\t');
}

/* A line that is MDL and hardly C: `reg NAME @`, `timer NAME on`, `bar 0 mem32`, … */
static bool is_statement_line(const char *line)
{
	static const char *const words[] = {"reg",   "bar", "irq",   "timer",    "intr", "ram",
					    "group", "pci", "state", "doorbell", "param"};
	const char *text = line + strspn(line, " \t");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!starts_with_word(text, words[i]))
			continue;
		text += strlen(words[i]);
		text += strspn(text, " \t");
		if (*text == '{')
			return true;
		text += strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_\\");
		text += strspn(text, " \t");
		return *text == '@' || *text == '[' || isalnum((unsigned char)*text) ||
		       *text == '{';
	}
	return false;
}

bool code_looks_over(const struct parse *parse, uint32_t next, struct loc *end)
{
	const struct source *source = parse->source;
	const uint32_t limit = next ? next : (uint32_t)source->size;
	const char *slip;

	for (uint32_t line = parse->code_loc.line + 1; line <= source->nlines; line++) {
		const uint32_t start = source->line_starts[line - 1];
		const char *text = source->text + start;
		const uint32_t blank = (uint32_t)strspn(text, " \t");

		if (start >= limit)
			break;
		if (is_statement_line(text)) {
			*end = (struct loc){source, line, blank + 1, line, blank + 2};
			return true;
		}
	}
	slip = memmem(source->text + parse->code_start, limit - parse->code_start, "}%", 2);
	if (!slip)
		return false;
	*end = source_place(source, (uint32_t)(slip - source->text), 2);
	return true;
}

/* `rw`, `ro`, … */
static bool is_our_word(const char *text)
{
	char word[16];
	const size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (!size || size >= sizeof(word) || isalnum((unsigned char)text[size]))
		return false;
	memcpy(word, text, size);
	word[size] = '\0';
	return find_word(word) != NULL;
}

bool looks_like_c(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n");
		if (text[0] != '/' || (text[1] != '/' && text[1] != '*'))
			break;
		if (text[1] == '/') {
			text += strcspn(text, "\n");
		} else {
			const char *end = strstr(text + 2, "*/");

			text = end ? end + 2 : text + strlen(text);
		}
	}
	if (*text == '}' || *text == ';' || *text == '\0')
		return false;
	text += *text == '\\';
	while (isalnum((unsigned char)*text) || *text == '_')
		text++;
	text += strspn(text, " \t");
	return *text != '[' && *text != '@' && !isdigit((unsigned char)*text) && !is_our_word(text);
}
