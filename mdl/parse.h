/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From source files to the tree.  The scanner (lexer.l, lexer_text.c) makes tokens of characters,
 * the feed (feed.c) hands them to the parser (grammar.y), each of whose actions is a call of a
 * builder (tree_build.c); recover.c words the mistakes.
 */
#ifndef PARSE_H
#define PARSE_H

#include "tree.h"

struct parse_options {
	const char *const *include_folders; /* -I, in order */
	unsigned ninclude_folders;
	bool skip_includes; /* they are not read */
};

/*
 * Parse a file and all that it includes.  Mistakes are reported to the diag; what was understood is
 * in the tree all the same.  options may be NULL.
 */
struct tree *parse_file(struct arena *arena, struct diag *diag, const char *name,
			const struct parse_options *options);
/* The same for a text in memory. */
struct tree *parse_text(struct arena *arena, struct diag *diag, const char *name, const char *text,
			size_t size, const struct parse_options *options);

/*
 * Give a `const` of the tree another value: NAME=VALUE (-D).  False after a message on stderr if
 * there is none of that name, or the value is no number.
 */
bool override_const(struct tree *tree, const char *definition);

/* ---- inside of parsing */

#define MAX_BRACES        200u /* blocks in each other */
#define MAX_INCLUDE_DEPTH 64u  /* files in each other */
#define MAX_EXPR_DEPTH    1000u

struct word {
	const char *text;
	struct loc loc;
};

struct expr_list {
	struct expr *first, *last;
};

struct attr_list {
	struct attr *first, *last;
};

struct node_list {
	struct node *first, *last;
};

struct brace {
	struct loc loc;
	uint32_t indent; /* column where its line begins */
	int owner;       /* first token of what it is the body of */
	bool is_list;    /* of values, not of statements: enum, vendor_cap */
	bool is_attr;    /* such a list in the midst of a statement */
};

/* One source while it is parsed. */
struct parse {
	struct tree *tree;
	const struct parse_options *options;
	const struct source *source;
	const struct parse *outer; /* of the including file */
	unsigned depth;
	bool gave_up;

	/* The scanner: of the token it is at. */
	uint32_t start, offset; /* in the text: first byte, and behind the last */
	uint32_t line, line_start;
	struct loc code_loc; /* of a block of C that is being read, and of its text */
	uint32_t code_start;
	unsigned code_depth; /* of braces, where C was opened with one */
	bool code_merged;    /* another block began in it */
	bool swallowed;      /* the file's end, by a comment or block of C without one */
	struct loc bad_number; /* the last one, which has been reported */
	uint32_t open_line; /* of a string without end, which swallowed the rest */
	/* For fmt: told of each comment, which ends at offset, if not NULL. */
	void (*on_comment)(void *context, struct loc start);
	void *context;
	struct loc hidden_end; /* a %} inside of a string or comment of C */

	/* The feed: what the parser got last, and what it shall get before more is scanned. */
	int kind, kind_before, item_first, item_second;
	unsigned item_tokens;
	bool in_statement; /* though the last token was a '}' */
	bool at_start;     /* the parser's token is the first of a statement */
	struct loc current, previous, before_previous;
	uint32_t indent; /* column where the current line begins */
	struct loc device_end; /* its '}' */
	struct brace braces[MAX_BRACES];
	unsigned nbraces;
	int64_t surplus; /* of '}' in the file, */
	bool counted;    /* which have been counted */
	struct token *held;
	unsigned invented; /* of '{', not closed yet */
	bool made_up;  /* the token the parser has is the feed's invention */
	bool skipping; /* behind an error: invent nothing */
	bool goes_on;  /* the token of the error begins the next statement */
};

/* lexer.l: all tokens of the source, without the parser. */
struct token;
void scan_all(struct parse *parse, void (*on_token)(void *context, const struct token *token));
/* 0 if the file was read to its end without a syntax error. */
int parse_scan(struct parse *parse);

/* lexer_text.c */
struct expr *number_value(struct parse *parse, const char *text, size_t size, struct loc loc);
/* 8'hff */
struct expr *verilog_number(struct parse *parse, const char *text, size_t size, struct loc loc);
/* Does the token that is being read stand behind `class`?  There, numbers have colons elsewhere. */
bool is_class_code(const struct parse *parse);
const char *string_value(struct parse *parse, const char *text, size_t size, const struct loc *loc);
void comment_waiver(struct parse *parse, const char *text, size_t size, const struct loc *loc);
void report_character(struct parse *parse, const char *text, size_t size, struct loc loc);

/* habits_code.c: where a block of C that does not end before next was to end, if that can be seen. */
bool code_looks_over(const struct parse *parse, uint32_t next, struct loc *end);
/* Is what stands behind a '{' there C, and no list of fields? */
bool looks_like_c(const char *text);

/* parse.c */
void include_source(struct parse *parse, const char *name, struct loc loc);

/* recover.c */
bool name_start(char c);
uint32_t loc_offset(const struct loc *loc);
/* What is named from here to there is not to be missed later. */
void lose_names(struct parse *parse, struct loc from, uint32_t to);
void report_unexpected(struct parse *parse, const char *found, const char *const *expected,
		       unsigned nexpected, const struct loc *loc);
void report_missing(struct parse *parse, int kind, const struct loc *before);

/* tree_build.c */
struct expr *new_number(struct parse *parse, uint64_t value, struct loc loc);
struct expr *new_bad(struct parse *parse, struct loc loc);
struct expr *new_name(struct parse *parse, const char *name, struct loc loc);
struct expr *new_path(struct parse *parse, struct expr *left, const char *name, struct loc loc);
struct expr *new_string(struct parse *parse, const char *text, struct loc loc);
struct expr *new_unary(struct parse *parse, int op, struct expr *left, struct loc loc);
struct expr *new_binary(struct parse *parse, int op, struct expr *left, struct expr *right,
			struct loc loc);
struct expr *new_conditional(struct parse *parse, struct expr *cond, struct expr *left,
			     struct expr *right, struct loc loc);
struct expr_list add_expr(struct expr_list list, struct expr *expr);

struct attr *new_attr(struct parse *parse, enum attr_kind kind, const char *name,
		      struct loc name_loc, struct loc loc);
struct attr *new_value_attr(struct parse *parse, enum attr_kind kind, const char *name,
			    struct loc name_loc, struct expr *args, struct loc loc);
struct attr *new_text_attr(struct parse *parse, enum attr_kind kind, const char *name,
			   struct loc name_loc, const char *text, struct loc loc);
struct attr *new_hook_attr(struct parse *parse, bool is_check, struct word event, struct loc loc);
/* The C of the hook that stands last, but for doc strings. */
struct attr_list with_body(struct parse *parse, struct attr_list list, const struct code *code,
			   struct loc loc);
struct attr *new_when_attr(struct parse *parse, const struct code *code, struct loc code_loc,
			   struct loc loc);
struct attr *new_enum_attr(struct parse *parse, const struct word *name, struct node_list values,
			   struct loc loc);
/* Doc strings that follow each other become one. */
struct attr_list add_attr(struct parse *parse, struct attr_list list, struct attr *attr);

struct node *new_node(struct parse *parse, enum node_kind kind, struct word name, struct loc loc);
/* A variable of state or a member of a layout. */
struct node *new_variable(struct parse *parse, enum node_kind kind, struct expr_list words,
			  struct loc loc);
struct node *with_attrs(struct node *node, struct attr_list attrs);
struct node *with_place(struct node *node, struct expr_list dims, struct expr *offset,
			struct expr_list strides);
struct node *with_children(struct node *node, struct node_list children);
struct node *with_bound(struct node *node, struct expr *bound);
struct node *with_args(struct node *node, struct expr_list args);
struct node *with_value(struct node *node, struct expr *value);
struct node *with_type(struct node *node, const char *type_class, struct word type);
struct node *with_code(struct node *node, const struct code *code);
/* NULL adds nothing. */
struct node_list add_node(struct node_list list, struct node *node);
/* The text from start to end of the source, as C. */
const struct code *new_code(struct parse *parse, uint32_t start, uint32_t end, struct loc loc);

#endif
