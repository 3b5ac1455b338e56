/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and what they stand for, in numbered spaces; one hash table for all. */
#ifndef NAMES_H
#define NAMES_H

#include "diag.h"

enum symbol_kind {
	SYM_CONST,
	SYM_ENUM,
	SYM_TEMPLATE,
	SYM_LAYOUT,
	SYM_REG,
	SYM_FIELD,
	SYM_GROUP,
	SYM_RAM,
	SYM_INTR,
	SYM_CAUSE,
	SYM_IRQ,
	SYM_TIMER,
	SYM_PARAM,
	SYM_VAR,
	SYM_SECTION,
	SYM_ENUMERATOR,
	SYM_MEMBER
};

struct symbol {
	const char *name;
	uint32_t space;
	enum symbol_kind kind;
	struct loc loc;
	void *thing;          /* by kind */
	const struct m_via *via;
	struct symbol *chain; /* in its bucket */
	struct symbol *next;  /* in order of declaration */
};

struct names {
	struct arena *arena;
	struct symbol **buckets;
	size_t nbuckets, count;
	struct symbol *first, *last;
};

void names_init(struct names *names, struct arena *arena);
struct symbol *names_find(const struct names *names, uint32_t space, const char *name);
/* Does not look whether it is there. */
struct symbol *names_add(struct names *names, uint32_t space, const char *name,
			 enum symbol_kind kind, struct loc loc, void *thing);
/* "register", "timer" … */
const char *kind_name(enum symbol_kind kind);
/* "a" or "an" */
const char *article(const char *noun);

/* A word that C, or the headers that every generated file includes, takes for itself. */
bool is_c_keyword(const char *name);

#endif
