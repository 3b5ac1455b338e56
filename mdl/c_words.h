/* SPDX-License-Identifier: BSD-2-Clause */
/* What a piece of C shows without being parsed: the identifiers in it, and a few patterns. */
#ifndef C_WORDS_H
#define C_WORDS_H

#include "arena.h"

#include <stdbool.h>
#include <stdint.h>

enum c_token_kind { C_END, C_WORD, C_NUMBER, C_LITERAL, C_PUNCTUATION };

struct c_token {
	enum c_token_kind kind;
	const char *start;
	size_t length;
};

/* The next token at *text, which moves on.  Comments and white space are passed over. */
struct c_token c_next_token(const char **text);
bool c_token_is(struct c_token token, const char *text);

/* A set of identifiers. */
struct c_words;

struct c_words *c_words_create(struct arena *arena);
/* Add all identifiers of a text: a body of statements, or declarations of a file. */
void c_words_scan(struct c_words *words, const char *text);
bool c_words_have(const struct c_words *words, const char *word);
/*
 * Is a function called with `dev` as its first argument that is not defined in what was scanned,
 * nor begins with one of the prefixes?
 */
bool c_words_call_out(const struct c_words *words, const char *const *prefixes, unsigned n);

/* Does this body assign to something in the device, or call a function that acts on it? */
bool c_body_acts(const char *text, const char *const *acting_prefixes, unsigned n);

#endif
