/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts: the model as m4 macro calls, one per object, in final order. */
#ifndef FACTS_H
#define FACTS_H

#include <stdio.h>

#include "buffer.h"
#include "model.h"

#define FACT_PREFIX "d4_"

enum fact {
#define FACT(name, args, what) FACT_##name,
#include "facts.def"
#undef FACT
	FACT_COUNT
};

#define FACT_ARGS_MAX 64

/*
 * What a skeleton needs: of which facts, which arguments.  The others are not even written: an
 * argument is its number in the macro call, 0 if it is not there.  (m4 takes a third of a
 * microsecond for each.)
 */
struct fact_needs {
	bool fact[FACT_COUNT];
	unsigned char value[FACT_COUNT][FACT_ARGS_MAX];
	unsigned char truth[FACT_COUNT][FACT_ARGS_MAX]; /* 1 if it is neither empty nor 0, or 0 */
};

/* Note that it is needed (arguments count from 1); its number, once there are numbers. */
unsigned fact_need_value(struct fact_needs *needs, enum fact fact, unsigned arg);
unsigned fact_need_truth(struct fact_needs *needs, enum fact fact, unsigned arg);
void fact_needs_number(struct fact_needs *needs);

/* Where facts go.  Errors stick. */
struct facts {
	struct buffer *out;
	const char *open, *close;       /* the quotes */
	const struct fact_needs *needs; /* NULL: all */
	enum fact fact;                 /* being written */
	bool skip;                      /* nobody needs it */
	const char *next;               /* names of its arguments still to come */
	unsigned arg;                   /* the one that is being written, from 1 on */
	bool first;                     /* nothing stands in the parentheses yet */
	const char *error;
};

void facts_begin(struct facts *facts, enum fact fact);
/* Each names the argument that comes next: a wrong name is a mistake in the compiler. */
void facts_text(struct facts *facts, const char *arg, const char *text);
void facts_number(struct facts *facts, const char *arg, uint64_t number);
void facts_hex(struct facts *facts, const char *arg, uint64_t number);
void facts_flag(struct facts *facts, const char *arg, bool flag);
/* 0 for what was there from the beginning. */
void facts_since(struct facts *facts, const char *arg, uint32_t since);
void facts_format(struct facts *facts, const char *arg, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The two that mark a run: element n of total. */
void facts_run(struct facts *facts, unsigned n, unsigned total);
void facts_end(struct facts *facts);
bool facts_needed(const struct facts *facts, enum fact fact);
/* Of the fact that is being written: if not, any text will do. */
bool facts_next_needed(const struct facts *facts);
/* A block of C: its text, cleaned and padded to its column; line and file. */
void facts_code(struct facts *facts, const struct code *code);

const char *fact_name(enum fact fact);
const char *fact_args(enum fact fact);
const char *fact_what(enum fact fact);
enum fact fact_find(const char *name, size_t length);               /* FACT_COUNT: none */
unsigned fact_arg(enum fact fact, const char *name, size_t length); /* 1 …, 0: none */

/* What facts need besides the model. */
struct facts_options {
	const char *output; /* the main output, as named */
	/* Does the author's file define this function?  NULL: not asked. */
	bool (*defined)(void *arg, const char *function);
	void *defined_arg;
};

/* All facts of a model. */
void facts_write(struct facts *facts, const struct model *model,
		 const struct facts_options *options);

/* Parts of facts_write(), in facts_*.c. */
struct facts_run {
	struct facts *facts;
	const struct model *model;
	const struct facts_options *options;
	const unsigned *reg_index; /* by m_reg.id: place in the one table of registers */
};

void facts_registers(const struct facts_run *run);
void facts_layouts(const struct facts_run *run);
void facts_interrupts(const struct facts_run *run);
void facts_state(const struct facts_run *run);
void facts_device_hooks(const struct facts_run *run);
void facts_pci(const struct facts_run *run);
void facts_callees(const struct facts_run *run);
void facts_includes(const struct facts_run *run);

struct facts_hook {
	const char *owner; /* "reg", "field", "timer", "device" */
	const char *table; /* names the table that holds it */
	const char *path, *doc, *type;
	unsigned ndims;
	bool indexed;
};
void facts_hooks(const struct facts_run *run, const struct facts_hook *of,
		 const struct m_hook *hooks, unsigned nhooks);
/* id: the name of its table, or NULL: the enumeration's own. */
void facts_enum(const struct facts_run *run, const struct m_enum *e, const char *id,
		const char *prefix, const char *owner, const char *suffix);

/*
 * A file's name in outputs, which hold no absolute path: the same source makes the same bytes
 * wherever it lies, and a relative path is what debuggers and editors can follow.
 */
const char *shown_path(const char *path);
/* "[4][2]" */
void array_text(char *text, size_t size, const struct m_dim *dims, unsigned ndims);
/* The argument `at`. */
void put_element(struct facts *f, const struct m_dim *dims, unsigned ndims);
bool is_migrated(const struct m_var *var);

#endif
