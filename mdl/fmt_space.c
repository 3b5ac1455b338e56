/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical layout: the blanks between tokens. */
#include "feed.h"
#include "fmt.h"

static bool is_name(int kind)
{
	return kind == IDENT || (kind >= WIDTH && kind <= FILE_WORD);
}

/* Words that a value follows. */
static bool takes_value(int kind)
{
	return (kind >= WIDTH && kind <= UNTIL) || kind == BAR;
}

static bool ends_value(int kind)
{
	return (is_name(kind) && !takes_value(kind)) || kind == NUMBER || kind == ')' ||
	       kind == ']' || kind == STRING;
}

static bool is_sign(const struct spacing *s, int kind)
{
	return kind == '~' || kind == '!' || ((kind == '-' || kind == '+') && !ends_value(s->last));
}

/* `struct foo *p`: a star among the words of a type. */
static bool is_pointer(const struct spacing *s, int kind)
{
	return kind == '*' && !s->assigned && !s->brackets && s->index > 0 &&
	       (s->first == IDENT || s->first == CONST || s->first == TRANSIENT) &&
	       (s->last == IDENT || s->last == CONST || s->last == '*');
}

static bool opens_call(const struct spacing *s)
{
	return is_name(s->last) && !(takes_value(s->last) && s->index > 2);
}

static bool wants_space(const struct spacing *s, int kind)
{
	if (s->last == 0 || kind < 0 || s->last < 0)
		return true;
	if (s->tight || s->last == '(' || s->last == '[' || s->last == '.' || s->last == DOTS)
		return false;
	switch (kind) {
	case ';':
	case ',':
	case ')':
	case ']':
	case '.':
	case DOTS:
		return false;
	case '(':
		return !opens_call(s);
	case '[':
		/* The bits of a field stand apart; dimensions do not. */
		return s->index == 1 && is_name(s->first);
	case ':':
		return s->questions > 0;
	default:
		return !(s->last == ':' && !s->questions);
	}
}

static void remember(struct spacing *s, const struct piece *piece)
{
	const int kind = piece->kind;
	const bool tight = is_sign(s, kind) || is_pointer(s, kind);

	if (piece->starts) {
		s->first = kind;
		s->index = 0;
		s->brackets = s->questions = 0;
		s->assigned = false;
	}
	s->tight = tight;
	s->assigned |= kind == '=';
	if (kind == '[' || kind == '(')
		s->brackets++;
	else if ((kind == ']' || kind == ')') && s->brackets)
		s->brackets--;
	else if (kind == '?')
		s->questions++;
	s->before = s->last;
	s->last = kind;
	s->index++;
}

bool space_before(struct spacing *s, const struct piece *piece)
{
	bool space = wants_space(s, piece->kind);

	if (piece->kind == PIECE_LINE_COMMENT || piece->kind == PIECE_BLOCK_COMMENT)
		return true;
	/* The second half of `a ? b : c` is open until the statement ends, but for the next ':'. */
	if (s->last == ':' && s->questions)
		s->questions--, space = true;
	remember(s, piece);
	return space;
}
