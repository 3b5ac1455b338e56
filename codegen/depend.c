/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule for make that -MD writes: the outputs depend on every source read. */
#include <string.h>

#include "depend.h"

static bool add(struct buffer *rule, const char *text)
{
	return buffer_add(rule, text, strlen(text));
}

/*
 * A name as make reads it: $ doubled, blanks, #, : and, in targets only, % escaped, backslashes
 * before those doubled.
 */
static bool add_name(struct buffer *rule, const char *name, bool is_target)
{
	bool ok = true;
	size_t slashes = 0;

	for (; *name; name++) {
		if (*name == '$')
			ok = ok && add(rule, "$");
		if (strchr(is_target ? " \t#:%" : " \t#:", *name)) {
			while (slashes--)
				ok = ok && add(rule, "\\");
			ok = ok && add(rule, "\\");
		}
		slashes = *name == '\\' ? slashes + 1 : 0;
		ok = ok && buffer_add(rule, name, 1);
	}
	return ok;
}

static bool add_names(struct buffer *rule, const char *names)
{
	char name[4096];
	bool ok = true;

	while (*names) {
		size_t length = strcspn(names, "\n"), n = length;

		if (n >= sizeof(name))
			n = sizeof(name) - 1;
		memcpy(name, names, n);
		name[n] = '\0';
		ok = ok && add_name(rule, name, true);
		names += length;
		if (*names++ != '\n')
			break;
		ok = ok && add(rule, " ");
	}
	return ok;
}

bool depend_rule(struct buffer *rule, const char *target, const char *default_target,
		 const struct source *sources, bool phony)
{
	bool ok =
		target ? add(rule, target) : add_names(rule, default_target ? default_target : "-");

	ok = ok && add(rule, ":");
	for (const struct source *s = sources; s; s = s->next)
		ok = ok && add(rule, " \\\n  ") && add_name(rule, s->name, false);
	ok = ok && add(rule, "\n");
	for (const struct source *s = sources ? sources->next : NULL; phony && s; s = s->next)
		ok = ok && add(rule, "\n") && add_name(rule, s->name, true) && add(rule, ":\n");
	return ok;
}
