/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statements that begin with a word that is nearly one of the language's: it is named, and read as
 * that word, so that all behind it is understood.
 */
#include <string.h>
#include <strings.h>

#include "feed.h"

struct starter {
	const char *name;
	int kind;
	unsigned homes; /* HOME_… */
};

#define HOME_FILE   1u
#define HOME_DEVICE 2u
#define HOME_MAP    4u

static const struct starter starters[] = {
	{"include", INCLUDE, HOME_FILE},
	{"device", DEVICE, HOME_FILE},
	{"const", CONST, HOME_FILE | HOME_DEVICE},
	{"enum", ENUM, HOME_FILE | HOME_DEVICE},
	{"layout", LAYOUT, HOME_FILE | HOME_DEVICE},
	{"template", TEMPLATE, HOME_FILE | HOME_DEVICE},
	{"pci", PCI, HOME_DEVICE},
	{"param", PARAM, HOME_DEVICE},
	{"irq", IRQ, HOME_DEVICE},
	{"bar", BAR, HOME_DEVICE},
	{"timer", TIMER, HOME_DEVICE},
	{"state", STATE, HOME_DEVICE},
	{"on", ON, HOME_DEVICE},
	{"reg", REG, HOME_MAP},
	{"group", GROUP, HOME_MAP},
	{"ram", RAM, HOME_MAP},
	{"doorbell", DOORBELL, HOME_MAP},
	{"intr", INTR, HOME_MAP},
	{"default", DEFAULT, HOME_MAP},
	{"is", IS, HOME_MAP},
};

#define N_STARTERS (sizeof(starters) / sizeof(starters[0]))

/* Other languages' words for ours. */
static const char *const foreign[][2] = {
	{"register", "reg"},    {"registers", "reg"},  {"memory", "ram"},
	{"mem", "ram"},         {"sram", "ram"},       {"regfile", "group"},
	{"block", "group"},     {"import", "include"}, {"struct", "layout"},
	{"constant", "const"},  {"define", "const"},   {"localparam", "const"},
	{"parameter", "param"}, {"option", "param"},   {"property", "param"},
	{"macro", "template"},  {"addrmap", "device"}, {"interrupts", "intr"},
	{"interrupt", "irq"},   {"var", "state"},      {"vars", "state"},
};

/* Where names begin no statement: 0 where they may. */
static unsigned home_in(int owner)
{
	switch (owner) {
	case 0:
		return HOME_FILE;
	case DEVICE:
		return HOME_DEVICE;
	case BAR:
	case GROUP:
	case TEMPLATE:
	case CONFIG:
		return HOME_MAP;
	default:
		return 0;
	}
}

static const struct starter *find_starter(const char *name, unsigned home)
{
	for (size_t i = 0; i < N_STARTERS; i++)
		if ((starters[i].homes & home) && !strcmp(starters[i].name, name))
			return &starters[i];
	return NULL;
}

static const struct starter *nearest(const char *word, unsigned home)
{
	const char *names[N_STARTERS], *found;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const struct starter *starter = find_starter(foreign[i][1], home);

		if (starter && !strcasecmp(foreign[i][0], word))
			return starter;
	}
	for (size_t i = 0; i < N_STARTERS; i++)
		if (starters[i].homes & home)
			names[n++] = starters[i].name;
	found = suggest(word, names, n);
	return found ? find_starter(found, home) : NULL;
}

/* A name, a number, a string or a body stands behind the first word of every statement. */
static bool goes_on_like_one(const char *text)
{
	text += strspn(text, " \t");
	return (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') ||
	       (*text >= 'A' && *text <= 'Z') || (*text && strchr("_\\\"{", *text));
}

/* `bar0`: the number stands for itself. */
static void split_number(struct parse *parse, struct token *token)
{
	const size_t size = strlen(token->value.text);
	struct token number = {.kind = NUMBER, .loc = token->loc};

	number.loc.col += 3;
	number.value.expr =
		new_number(parse, (uint64_t)(token->value.text[size - 1] - '0'), number.loc);
	token->loc.end_col = number.loc.col;
	feed_again(parse, &number);
}

static bool is_numbered_bar(const char *word)
{
	return strlen(word) == 4 && !strncasecmp(word, "bar", 3) && word[3] >= '0' &&
	       word[3] <= '9';
}

void correct_word(struct parse *parse, struct token *token, int owner)
{
	const unsigned home = home_in(owner);
	const char *const text = parse->source->text;
	const struct starter *starter;

	if (token->kind != IDENT || !home || text[loc_offset(&token->loc)] == '\\' ||
	    !goes_on_like_one(text + parse->offset) || (parse->held && parse->held->kind >= 0))
		return;
	starter = nearest(token->value.text, home);
	if (!starter)
		return;
	if (starter->kind == BAR && is_numbered_bar(token->value.text)) {
		diag_report(parse->tree->diag, CHECK_SYNTAX, token->loc,
			    "unexpected '%s'; did you mean 'bar %c'?", token->value.text,
			    token->value.text[3]);
		split_number(parse, token);
	} else {
		diag_report(parse->tree->diag, CHECK_SYNTAX, token->loc,
			    "unexpected '%s'; did you mean '%s'?", token->value.text,
			    starter->name);
	}
	token->kind = starter->kind;
	token->value.text = starter->name;
}
