/* SPDX-License-Identifier: BSD-2-Clause */
/* Behind a syntax error: where the next statement begins. */
#include "feed.h"

/* The file ends in a broken statement: what is open around that is closed by the feed. */
static bool close_at_end(struct parse *parse, int *token, struct loc *loc, unsigned base)
{
	struct token end = {.kind = END, .loc = *loc};

	if (!base || parse->gave_up)
		return false;
	if (parse->nbraces > base && !parse->swallowed &&
	    diag_report(parse->tree->diag, CHECK_UNTERMINATED,
			parse->braces[parse->nbraces - 1].loc, "this '{' is not closed"))
		diag_note(parse->tree->diag, *loc, "the file ends here");
	parse->nbraces = base;
	feed_again(parse, &end);
	*token = MDL_EMPTY;
	return true;
}

/* A structure word that begins a line is the next statement, whose forerunner lacks its ';'. */
static bool begins_next(const struct parse *parse, int token, const struct loc *loc)
{
	return begins_statement(token) && loc->line > parse->previous.end_line &&
	       (!parse->nbraces || (token != BAR && token != DEVICE && token != LAYOUT));
}

static bool skip_to_end(struct parse *parse, void *scanner, int *token, MDL_STYPE *value,
			struct loc *loc, struct loc start)
{
	const uint32_t from = loc_offset(&start);
	unsigned base = 0;

	while (base < parse->nbraces && loc_offset(&parse->braces[base].loc) < from)
		base++;
	for (bool first = true;; first = false) {
		if (*token == MDL_EMPTY)
			*token = mdl_lex(value, loc, scanner, parse);
		if (*token == END || parse->gave_up) {
			lose_names(parse, start, parse->offset);
			return close_at_end(parse, token, loc, base);
		}
		if (first && parse->goes_on) {
			lose_names(parse, start, loc_offset(loc));
			start_again(parse, *token);
			return true;
		}
		if (*token == '}' && parse->nbraces < base) {
			lose_names(parse, start, loc_offset(loc));
			return true;
		}
		if (parse->nbraces == base && !(first && loc_offset(loc) <= from) &&
		    begins_next(parse, *token, loc)) {
			lose_names(parse, start, loc_offset(loc));
			return true;
		}
		bool ends = (*token == ';' || *token == '}') && parse->nbraces == base;

		*token = MDL_EMPTY;
		if (ends) {
			lose_names(parse, start, parse->offset);
			return true;
		}
	}
}

bool skip_statement(struct parse *parse, void *scanner, int *token, MDL_STYPE *value,
		    struct loc *loc, struct loc start)
{
	bool go_on;

	parse->skipping = true;
	parse->goes_on &= *token != MDL_EMPTY;
	go_on = skip_to_end(parse, scanner, token, value, loc, start);
	parse->skipping = false;
	parse->goes_on = false;
	return go_on;
}
