/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the scanner and the parser. */
#ifndef FEED_H
#define FEED_H

#include "parse.h"
#include "grammar.h"

struct token {
	int kind;
	MDL_STYPE value;
	struct loc loc;
};

/* lexer.l: the next token of the text. */
int scan_token(MDL_STYPE *value, struct loc *loc, void *scanner);
/* lexer.l: the next token is C, up to the brace that closes the one at loc, just scanned. */
void scan_braces(struct parse *parse, void *scanner, struct loc loc);
/* feed.c: the next token for the parser. */
int mdl_lex(MDL_STYPE *value, struct loc *loc, void *scanner, struct parse *parse);

/* The feed's next token is this one. */
void feed_again(struct parse *parse, const struct token *token);
/* The token that the parser has begins a statement, though nothing ended the one before. */
void start_again(struct parse *parse, int kind);
/* correct.c: a word that begins a statement in the body of that, and is nearly one of the language's. */
void correct_word(struct parse *parse, struct token *token, int owner);
/*
 * resume.c: take tokens up to the end of the statement that is broken since start.  False at the end
 * of the file.
 */
bool skip_statement(struct parse *parse, void *scanner, int *token, MDL_STYPE *value,
		    struct loc *loc, struct loc start);
/* Is the word the first of a statement wherever it stands? */
bool begins_statement(int kind);

#endif
