/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and what they stand for: a chained hash table that grows, in one arena. */
#include <string.h>

#include "names.h"

static uint32_t hash_name(uint32_t space, const char *name)
{
	uint32_t hash = 2166136261u ^ (space * 2654435761u);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash ^ (hash >> 15);
}

void names_init(struct names *names, struct arena *arena)
{
	*names = (struct names){.arena = arena, .nbuckets = 256};
	names->buckets = arena_array(arena, struct symbol *, names->nbuckets);
}

static void grow(struct names *names)
{
	size_t n = names->nbuckets * 4;
	struct symbol **buckets = arena_array(names->arena, struct symbol *, n);

	for (struct symbol *s = names->first; s; s = s->next) {
		struct symbol **bucket = &buckets[hash_name(s->space, s->name) & (n - 1)];

		s->chain = *bucket;
		*bucket = s;
	}
	names->buckets = buckets;
	names->nbuckets = n;
}

struct symbol *names_find(const struct names *names, uint32_t space, const char *name)
{
	struct symbol *s = names->buckets[hash_name(space, name) & (names->nbuckets - 1)];

	while (s && (s->space != space || strcmp(s->name, name) != 0))
		s = s->chain;
	return s;
}

struct symbol *names_add(struct names *names, uint32_t space, const char *name,
			 enum symbol_kind kind, struct loc loc, void *thing)
{
	struct symbol *s = arena_new(names->arena, struct symbol);
	struct symbol **bucket;

	if (names->count >= names->nbuckets)
		grow(names);
	*s = (struct symbol){
		.name = name, .space = space, .kind = kind, .loc = loc, .thing = thing};
	bucket = &names->buckets[hash_name(space, name) & (names->nbuckets - 1)];
	s->chain = *bucket;
	*bucket = s;
	if (names->last)
		names->last->next = s;
	else
		names->first = s;
	names->last = s;
	names->count++;
	return s;
}

const char *article(const char *noun)
{
	return strchr("aeiou", *noun) ? "an" : "a";
}

const char *kind_name(enum symbol_kind kind)
{
	static const char *const kinds[] = {
		[SYM_CONST] = "const",       [SYM_ENUM] = "enum",
		[SYM_TEMPLATE] = "template", [SYM_LAYOUT] = "layout",
		[SYM_REG] = "register",      [SYM_FIELD] = "field",
		[SYM_GROUP] = "group",       [SYM_RAM] = "ram",
		[SYM_INTR] = "intr",         [SYM_CAUSE] = "cause",
		[SYM_IRQ] = "irq",           [SYM_TIMER] = "timer",
		[SYM_PARAM] = "param",       [SYM_VAR] = "variable",
		[SYM_SECTION] = "section",   [SYM_ENUMERATOR] = "enumerator",
		[SYM_MEMBER] = "member"};

	return kinds[kind];
}

bool is_c_keyword(const char *name)
{
	/* C11, C23, GNU C; macros of stdbool.h, stddef.h, errno.h, stdio.h; and of gnu11 itself. */
	static const char *const words[] = {"alignas",
					    "alignof",
					    "asm",
					    "auto",
					    "bool",
					    "break",
					    "case",
					    "char",
					    "const",
					    "constexpr",
					    "continue",
					    "default",
					    "do",
					    "double",
					    "else",
					    "enum",
					    "errno",
					    "extern",
					    "false",
					    "float",
					    "for",
					    "goto",
					    "i386",
					    "if",
					    "inline",
					    "int",
					    "linux",
					    "long",
					    "nullptr",
					    "offsetof",
					    "register",
					    "restrict",
					    "return",
					    "short",
					    "signed",
					    "sizeof",
					    "static",
					    "static_assert",
					    "stderr",
					    "stdin",
					    "stdout",
					    "struct",
					    "switch",
					    "thread_local",
					    "true",
					    "typedef",
					    "typeof",
					    "typeof_unqual",
					    "union",
					    "unix",
					    "unsigned",
					    "void",
					    "volatile",
					    "wchar_t",
					    "while",
					    "EOF",
					    "NULL",
					    "_Alignas",
					    "_Alignof",
					    "_Atomic",
					    "_BitInt",
					    "_Bool",
					    "_Complex",
					    "_Generic",
					    "_Imaginary",
					    "_Noreturn",
					    "_Static_assert",
					    "_Thread_local"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i][0] == name[0] && !strcmp(words[i], name))
			return true;
	return false;
}
