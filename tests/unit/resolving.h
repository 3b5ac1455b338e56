/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of the compiler's middle: a model from a text, or how many errors it has. */
#ifndef RESOLVING_H
#define RESOLVING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"
#include "parse.h"

struct resolved {
	struct arena *arena;
	struct diag *diag;
	struct model *model; /* NULL if there were errors */
};

static inline struct resolved resolve_text(const char *text)
{
	struct resolved r = {.arena = arena_create()};
	struct diag_options *options = arena_new(r.arena, struct diag_options);
	struct tree *tree;

	r.diag = diag_create(r.arena, options);
	tree = parse_text(r.arena, r.diag, "test.mdl", text, strlen(text), NULL);
	r.model = resolve(tree);
	return r;
}

/* A device around the items of BAR 0 and, before the device, declarations. */
static inline struct resolved resolve_map_items(const char *globals, const char *items)
{
	struct arena *arena = arena_create();
	struct resolved r = resolve_text(arena_printf(
		arena,
		"%s\ndevice d version 3 { pci { vendor 1; device 2; intx A; } irq a; irq b[4];\n"
		"bar 0 mem32 size 64K { %s } on reset; }\n",
		globals, items));

	arena_destroy(arena);
	return r;
}

static inline void release(struct resolved *r)
{
	arena_destroy(r->arena);
}

static inline const struct m_reg *find_reg(const struct model *model, const char *path)
{
	assert_non_null(model);
	for (unsigned i = 0; i < model->nregs; i++)
		if (!strcmp(model->regs[i]->path, path))
			return model->regs[i];
	fail_msg("no register %s", path);
	return NULL;
}

static inline const struct m_field *find_field(const struct m_reg *reg, const char *name)
{
	for (unsigned i = 0; i < reg->nfields; i++)
		if (!strcmp(reg->fields[i].name, name))
			return &reg->fields[i];
	fail_msg("no field %s.%s", reg->path, name);
	return NULL;
}

#endif
