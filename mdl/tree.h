/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The syntax tree: what was written, unevaluated, every part with its place.  The grammar builds it
 * (parse.h), resolve.c reads it.  Names are text; words other than the structure words (access types,
 * attributes, events, pci keys) are not judged here.
 */
#ifndef TREE_H
#define TREE_H

#include "diag.h"

enum expr_kind {
	EXPR_NUMBER,                 /* value */
	EXPR_NAME,                   /* name: a const, a template parameter, an enumerator */
	EXPR_PATH,                   /* left . name: KEY.UNLOCK, speed.FAST */
	EXPR_UNARY,                  /* op left */
	EXPR_BINARY,                 /* left op right */
	EXPR_CONDITIONAL,            /* cond ? left : right */
	EXPR_STRING,                 /* name: the text; only where strings are allowed */
	EXPR_BAD,                    /* stands where a syntax error was: say nothing more of it */
};

/* Operators: their character, or these. */
enum { OP_SHL = 256, OP_SHR, OP_EQ, OP_NE, OP_LE, OP_GE, OP_ANDAND, OP_OROR };

struct expr {
	enum expr_kind kind;
	struct loc loc;
	int op;
	unsigned depth;              /* of the tree below it, bounded by the parser */
	uint64_t value;
	const char *name;
	struct expr *cond, *left, *right;
	struct expr *next;           /* in a list */
};

/* A block of C between %{ and %}: text without the delimiters; loc is that of the text. */
struct code {
	const char *text;
	struct loc loc;
};

enum attr_kind {
	ATTR_WORD,                   /* rw, volatile, le, posedge, prefetchable, mem32 … */
	ATTR_CALL,                   /* name(args): swwe(KEY.UNLOCK), sticky(hard) */
	ATTR_VALUE,                  /* name args: width 64, size 4K, version 2, alias A.B, poll 100 */
	ATTR_RANGE,                  /* name args..args->next: access 1..4 */
	ATTR_RESET,                  /* = args, or `reset KIND = args`: name is the kind, else NULL */
	ATTR_DOC,                    /* text */
	ATTR_STRING,                 /* name text: file "vga.rom" */
	ATTR_ENUM,                   /* enum name, or enum { … }: name NULL, children the enumerators */
	ATTR_ARROW,                  /* -> args: the irq, a name, or with an index: EXPR_BINARY op '[' */
	ATTR_HOOK,                   /* on name code?, check name code? (is_check) */
	ATTR_WHEN,                   /* when name | when code: of a section */
};

struct node;

struct attr {
	enum attr_kind kind;
	struct loc loc;              /* the whole attribute */
	struct loc name_loc;
	const char *name;
	struct expr *args;
	const char *text;
	struct node *children;
	bool is_check;
	const struct code *code;     /* NULL: no inline body */
	struct attr *next;
};

enum node_kind {
	NODE_CONST,                  /* name = value */
	NODE_ENUM,                   /* name { NODE_ENUMERATOR } */
	NODE_ENUMERATOR,             /* name [= value] [doc] */
	NODE_TEMPLATE,               /* name(params: NODE_CONST without value) { map items } */
	NODE_LAYOUT,                 /* name attrs(le be size) { NODE_MEMBER } */
	NODE_MEMBER,                 /* type name dims { NODE_FIELD }: of a layout */
	NODE_DEVICE,                 /* name attrs(version, doc) { … } */
	NODE_PCI,                    /* { NODE_PCI_ITEM } */
	NODE_PCI_ITEM,               /* name args, attrs(size, file, …), children: msi { … }, config { map items } */
	NODE_PARAM,                  /* type name [= …] attrs */
	NODE_IRQ,                    /* name dims [= value] */
	NODE_BAR,                    /* value: the index; attrs { map items } */
	NODE_REG,                    /* name dims @ offset += strides attrs { NODE_FIELD } */
	NODE_FIELD,                  /* name [args: msb, lsb, or one bit] attrs */
	NODE_GROUP,                  /* name dims @ offset += strides attrs { map items }, or is (template, args) */
	NODE_RAM,                    /* name dims @ offset += strides attrs(size, mmap) */
	NODE_DOORBELL,               /* name dims @ offset += strides attrs */
	NODE_INTR,                   /* name dims? attrs { NODE_INTR_REG, NODE_FIELD } */
	NODE_INTR_REG,               /* role in `type`: status enable mask test; name @ offset attrs */
	NODE_DEFAULT,                /* default attrs; */
	NODE_IS,                     /* is type(args); */
	NODE_TIMER,                  /* name dims attrs */
	NODE_STATE,                  /* { NODE_VAR, NODE_SECTION, NODE_HOOK } */
	NODE_VAR,                    /* type name dims [<= args] attrs(transient since until reset doc) */
	NODE_SECTION,                /* name attrs(WHEN, since, until) { NODE_VAR } */
	NODE_HOOK,                   /* on name code?: of the device or of its state; name is the event */
	NODE_CODE,                   /* %{ … %} at file level */
};

struct node {
	enum node_kind kind;
	struct loc loc;              /* from the first token to the last */
	struct loc name_loc;
	const char *name;
	struct expr *dims;           /* list */
	struct expr *offset;
	struct expr *strides;        /* list, outermost first; may be fewer than dims: see resolve.c */
	struct expr *value;          /* const, enumerator, irq number, bar index */
	struct expr *args;           /* field bits; pci item's arguments; is: template arguments */
	struct attr *attrs;
	struct node *params;         /* of a template */
	struct node *children;
	bool has_body;               /* { } was written, perhaps empty */
	const char *type;            /* param, var, member: u8 … i64 bool string path int, a layout's or
					enum's name; is: template's name; intr reg: role */
	const char *type_class;      /* "layout", "enum", or NULL: the word before `type` */
	struct loc type_loc;
	bool bounded;                /* var: [<= n] */
	bool unbounded;              /* var: [] */
	const struct code *code;
	struct node *next;
};

/* A name in text that a syntax error made us skip: what refers to it is not to be reported. */
struct lost_name {
	const char *name;
	struct lost_name *next, *same_hash;
};

/* All files of one run, includes merged in place; in source order. */
struct tree {
	struct arena *arena;
	struct arena *nodes;         /* its child: expressions, attributes and nodes, which the model lacks */
	struct diag *diag;
	struct node *items;
	struct node *last;
	struct source *sources;      /* main file first; the rest for -MD */
	bool main_has_device;
	bool syntax_errors;
	bool nameless;               /* a declaration's name was missing: it may be any */
	struct lost_name *lost;
	struct lost_name **lost_by_hash;
};

/* Was the name in skipped text? */
bool tree_lost(const struct tree *tree, const char *name);

#endif
