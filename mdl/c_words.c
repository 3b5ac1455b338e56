/* SPDX-License-Identifier: BSD-2-Clause */
/* Identifiers and a few patterns of C, found by its tokens alone. */
#include "c_words.h"

#include <string.h>

struct set {
	const char **slots; /* a power of two of them, at most half full */
	size_t capacity, count;
};

struct c_words {
	struct arena *arena;
	struct set words, calls, defined;
};

static bool is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_comment(const char *at)
{
	if (at[1] == '/') {
		while (*at && *at != '\n')
			at += at[0] == '\\' && at[1] ? 2 : 1;
		return at;
	}
	const char *end = strstr(at + 2, "*/");

	return end ? end + 2 : at + strlen(at);
}

static const char *skip_blanks(const char *at)
{
	for (;;) {
		if (*at == '/' && (at[1] == '/' || at[1] == '*'))
			at = skip_comment(at);
		else if (*at == '\\' && at[1] == '\n')
			at += 2;
		else if (*at && strchr(" \t\r\n\f\v", *at))
			at++;
		else
			return at;
	}
}

static const char *skip_literal(const char *at)
{
	char quote = *at++;

	while (*at && *at != quote && *at != '\n')
		at += at[0] == '\\' && at[1] ? 2 : 1;
	return *at == quote ? at + 1 : at;
}

static const char *skip_punctuation(const char *at)
{
	static const char *const longer[] = {
		"<<=", ">>=", "...", "->", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=",
		"|=",  "^=",  "==",  "!=", "<=", ">=", "&&", "||", "<<", ">>", "##"};

	for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++)
		if (!strncmp(at, longer[i], strlen(longer[i])))
			return at + strlen(longer[i]);
	return at + 1;
}

struct c_token c_next_token(const char **text)
{
	struct c_token token = {.kind = C_END, .start = skip_blanks(*text)};
	const char *at = token.start;

	if (is_word_start(*at)) {
		token.kind = C_WORD;
		while (is_word_start(*at) || is_digit(*at))
			at++;
	} else if (is_digit(*at) || (*at == '.' && is_digit(at[1]))) {
		token.kind = C_NUMBER;
		while (is_word_start(*at) || is_digit(*at) || *at == '.')
			at++;
	} else if (*at == '"' || *at == '\'') {
		token.kind = C_LITERAL;
		at = skip_literal(at);
	} else if (*at) {
		token.kind = C_PUNCTUATION;
		at = skip_punctuation(at);
	}
	token.length = (size_t)(at - token.start);
	*text = at;
	return token;
}

bool c_token_is(struct c_token token, const char *text)
{
	return strlen(text) == token.length && !memcmp(token.start, text, token.length);
}

static const char **find_slot(const struct set *set, const char *word, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)word[i]) * 16777619u;
	for (size_t at = hash & (set->capacity - 1);; at = (at + 1) & (set->capacity - 1)) {
		const char **slot = &set->slots[at];

		if (!*slot || (!strncmp(*slot, word, length) && !(*slot)[length]))
			return slot;
	}
}

static void set_grow(struct arena *arena, struct set *set)
{
	struct set larger = {.capacity = set->capacity ? set->capacity * 4 : 64,
			     .count = set->count};

	larger.slots = arena_array(arena, const char *, larger.capacity);
	for (size_t i = 0; i < set->capacity; i++)
		if (set->slots[i])
			*find_slot(&larger, set->slots[i], strlen(set->slots[i])) = set->slots[i];
	*set = larger;
}

static void set_add(struct arena *arena, struct set *set, const char *word, size_t length)
{
	if (set->count * 2 >= set->capacity)
		set_grow(arena, set);
	const char **slot = find_slot(set, word, length);

	if (*slot)
		return;
	*slot = arena_copy(arena, word, length);
	set->count++;
}

static bool set_has(const struct set *set, const char *word)
{
	return set->capacity && *find_slot(set, word, strlen(word));
}

struct c_words *c_words_create(struct arena *arena)
{
	struct c_words *words = arena_new(arena, struct c_words);

	words->arena = arena;
	return words;
}

/* After the '(' at *text: does the first argument consist of `dev` alone? */
static bool passes_dev(const char *text)
{
	if (!c_token_is(c_next_token(&text), "dev"))
		return false;
	struct c_token after = c_next_token(&text);

	return c_token_is(after, ",") || c_token_is(after, ")");
}

#define MAX_PARENTHESES 64 /* of a parameter list; bounds the looking ahead */

/* After the '(' at *text: does a body follow the matching ')'? */
static bool body_follows(const char *text)
{
	unsigned depth = 1;

	while (depth) {
		struct c_token token = c_next_token(&text);

		if (token.kind == C_END || c_token_is(token, ";") || depth > MAX_PARENTHESES)
			return false;
		depth += c_token_is(token, "(");
		depth -= c_token_is(token, ")");
	}
	return c_token_is(c_next_token(&text), "{");
}

static bool is_member_access(struct c_token token)
{
	return c_token_is(token, ".") || c_token_is(token, "->");
}

void c_words_scan(struct c_words *words, const char *text)
{
	struct c_token before = {.kind = C_END}, token;
	unsigned depth = 0;

	for (; (token = c_next_token(&text)).kind != C_END; before = token) {
		const char *ahead = text;

		if (token.kind != C_WORD) {
			depth += c_token_is(token, "{");
			depth -= depth && c_token_is(token, "}");
			continue;
		}
		set_add(words->arena, &words->words, token.start, token.length);
		if (c_token_is(before, "define")) {
			set_add(words->arena, &words->defined, token.start, token.length);
			continue;
		}
		if (is_member_access(before) || !c_token_is(c_next_token(&ahead), "("))
			continue;
		if (passes_dev(ahead))
			set_add(words->arena, &words->calls, token.start, token.length);
		else if (depth == 0 && body_follows(ahead))
			set_add(words->arena, &words->defined, token.start, token.length);
	}
}

bool c_words_have(const struct c_words *words, const char *word)
{
	return set_has(&words->words, word);
}

static bool has_prefix(const char *word, const char *const *prefixes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!strncmp(word, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

bool c_words_call_out(const struct c_words *words, const char *const *prefixes, unsigned n)
{
	static const char *const statements[] = {"if",     "while",  "for",
						 "switch", "return", "sizeof"};

	for (size_t i = 0; i < words->calls.capacity; i++) {
		const char *call = words->calls.slots[i];
		bool known =
			!call || set_has(&words->defined, call) || has_prefix(call, prefixes, n);

		for (size_t k = 0; k < sizeof(statements) / sizeof(statements[0]) && !known; k++)
			known = !strcmp(call, statements[k]);
		if (!known)
			return true;
	}
	return false;
}

static bool is_step(struct c_token token)
{
	return c_token_is(token, "++") || c_token_is(token, "--");
}

static bool is_assignment(struct c_token token)
{
	if (token.kind != C_PUNCTUATION || token.start[token.length - 1] != '=')
		return false;
	return !c_token_is(token, "==") && !c_token_is(token, "!=") && !c_token_is(token, "<=") &&
	       !c_token_is(token, ">=");
}

/* From behind `dev`: pass over ->a.b[c] and look what is done to it. */
static bool changes_member(const char *text)
{
	struct c_token token = c_next_token(&text);

	if (!c_token_is(token, "->"))
		return false;
	for (unsigned depth = 0;; token = c_next_token(&text)) {
		if (token.kind == C_END)
			return false;
		if (c_token_is(token, "["))
			depth++;
		else if (c_token_is(token, "]") && depth)
			depth--;
		else if (!depth && token.kind != C_WORD && !is_member_access(token))
			return is_assignment(token) || is_step(token);
	}
}

bool c_body_acts(const char *text, const char *const *acting_prefixes, unsigned n)
{
	struct c_token before = {.kind = C_END}, token;

	for (; (token = c_next_token(&text)).kind != C_END; before = token) {
		if (token.kind != C_WORD)
			continue;
		if (c_token_is(token, "dev") && !is_member_access(before)) {
			const char *ahead = text;

			if (changes_member(text) ||
			    (is_step(before) && c_token_is(c_next_token(&ahead), "->")))
				return true;
		}
		for (unsigned i = 0; i < n; i++)
			if (!strncmp(token.start, acting_prefixes[i], strlen(acting_prefixes[i])))
				return true;
	}
	return false;
}
