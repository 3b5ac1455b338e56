/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The feed: hands the scanner's tokens to the parser.  Structure words begin statements and nothing
 * else, so a missing ';' or '}' shows before the parser stumbles: it is put in, and what stands
 * around it is understood as if it had been there.
 */
#include <string.h>

#include "feed.h"

static bool first_on_line(const struct parse *parse, const struct loc *loc)
{
	return loc->line > parse->current.end_line || !parse->current.source;
}

/* Nothing is open: the parser is between two statements. */
static bool between_statements(const struct parse *parse)
{
	switch (parse->kind) {
	case 0:
	case ';':
	case '{':
		return true;
	case '}':
		return !parse->in_statement;
	case CODE:
		/* `on reset %{ … %}` and the C at file level end there. */
		return parse->item_first == CODE || parse->item_first == ON;
	default:
		return false;
	}
}

bool begins_statement(int kind)
{
	switch (kind) {
	case INCLUDE:
	case TEMPLATE:
	case LAYOUT:
	case DEVICE:
	case PCI:
	case PARAM:
	case IRQ:
	case BAR:
	case REG:
	case GROUP:
	case RAM:
	case DOORBELL:
	case INTR:
	case TIMER:
	case STATE:
	case SECTION:
		return true;
	default:
		return false;
	}
}

/* What the block that is open is the body of. */
static int open_owner(const struct parse *parse)
{
	return parse->nbraces ? parse->braces[parse->nbraces - 1].owner : 0;
}

/* Behind the string or comment that starts here; NULL: none does. */
static const char *behind_quote(const char *text)
{
	const char *end;

	if (!strncmp(text, "//", 2))
		return text + strcspn(text, "\n");
	if (!strncmp(text, "/*", 2)) {
		end = strstr(text + 2, "*/");
		return end ? end + 2 : text + strlen(text);
	}
	if (*text != '"')
		return NULL;
	for (end = text + 1; *end && *end != '"' && *end != '\n'; end++)
		end += *end == '\\' && end[1];
	return end + (*end != '\0');
}

/* Behind what holds no braces of ours: also a block of C. */
static const char *behind_text(const char *text)
{
	if (strncmp(text, "%{", 2) != 0)
		return behind_quote(text);
	for (text += 2; *text && strncmp(text, "%}", 2) != 0;) {
		const char *end = strncmp(text, "'\"'", 3) ? behind_quote(text) : text + 3;

		text = end ? end : text + 1;
	}
	return *text ? text + 2 : text;
}

/* How many blocks more the file closes than it opens, beyond what has been reported. */
static int64_t surplus(struct parse *parse)
{
	const char *text = parse->source->text, *end;

	while (*text && !parse->counted) {
		end = behind_text(text);
		parse->surplus += (*text == '}') - (*text == '{');
		text = end ? end : text + 1;
	}
	parse->counted = true;
	return parse->surplus;
}

/* May the statement stand in the body of that? */
static bool belongs(int owner, int kind)
{
	switch (kind) {
	case INCLUDE:
		return !owner;
	case DEVICE:
		return !owner || owner == PCI;
	case PCI:
	case PARAM:
	case IRQ:
	case BAR:
	case TIMER:
	case STATE:
		return owner == DEVICE;
	case REG:
	case GROUP:
	case RAM:
	case DOORBELL:
	case INTR:
		return owner == BAR || owner == GROUP || owner == TEMPLATE || owner == CONFIG;
	case ON:
		return owner == DEVICE || owner == STATE;
	case CONFIG:
		return owner == PCI;
	case IDENT: /* a type */
		return owner == LAYOUT || owner == STATE || owner == SECTION;
	default:
		return true;
	}
}

/* `on reset` where only one block of state is open too many. */
static bool is_hook_behind_state(struct parse *parse, int kind)
{
	return kind == ON && open_owner(parse) == STATE && surplus(parse) < 0;
}

/* Misplaced, and no deeper indented than the block around: that block was to end before. */
static bool lacks_brace(struct parse *parse, const struct token *token)
{
	const char *text = parse->source->text + parse->offset;

	if (!parse->nbraces || !(begins_statement(token->kind) || token->kind == ON) ||
	    (belongs(open_owner(parse), token->kind) && !is_hook_behind_state(parse, token->kind)))
		return false;
	/* `device 0x1000;` outside of pci */
	text += strspn(text, " \t");
	if (token->kind == DEVICE && *text >= '0' && *text <= '9')
		return false;
	return first_on_line(parse, &token->loc) && between_statements(parse) &&
	       token->loc.col <= parse->braces[parse->nbraces - 1].indent;
}

/* Does the line close more than it opens, from here? */
static bool line_closes(const char *text)
{
	int depth = 0;

	for (; *text && *text != '\n' && depth >= 0; text++)
		depth += (*text == '{') - (*text == '}');
	return depth < 0;
}

/* `reg A @ 0 rw` with a field behind it, `EN [0] …`, and not an attribute. */
static bool is_field(const struct parse *parse, const struct token *token)
{
	const char *text = parse->source->text + parse->offset;

	if (parse->item_first != REG || token->kind != IDENT || text[strspn(text, " \t")] != '[')
		return false;
	if (parse->kind == ARROW || parse->kind == '.' || parse->item_tokens < 3)
		return false;
	return first_on_line(parse, &token->loc) || line_closes(text);
}

/* `enum A, B }` */
static bool is_enumerator(const struct parse *parse, const struct token *token)
{
	const char *text = parse->source->text + parse->offset;

	if (parse->kind != ENUM || token->kind != IDENT)
		return false;
	text += strspn(text, " \t");
	/* `enum speed = FAST;` is a named one and a reset value. */
	return *text == ',' || (*text == '=' && text[strcspn(text, ",;{}\n")] == ',');
}

/* `msi vectors 2; }`: nothing but a block stands behind it. */
static bool lacks_vectors_brace(struct parse *parse, const struct token *token)
{
	const char *text = parse->source->text + loc_offset(&parse->current);
	const size_t size = parse->current.end_col - parse->current.col;

	return parse->item_tokens == 1 && parse->kind == IDENT && open_owner(parse) == PCI &&
	       token->kind == IDENT && (size == 3 || size == 4) && !strncmp(text, "msix", size) &&
	       surplus(parse) > 0;
}

/* `section NAME when FUNCTION u32 x; }` */
static bool is_variable(const struct parse *parse, const struct token *token)
{
	const char *text = parse->source->text + parse->offset;

	return parse->item_first == SECTION && parse->item_tokens > 1 && token->kind == IDENT &&
	       name_start(text[strspn(text, " \t\r\n")]) &&
	       (parse->kind == IDENT || parse->kind == CODE || parse->kind == STRING ||
		parse->kind == NUMBER);
}

/* `layout NAME le u8 x;` */
static bool is_member(const struct parse *parse, const struct token *token)
{
	static const char *const types[] = {"u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"};

	if (parse->item_first != LAYOUT || parse->item_tokens < 2 || token->kind != IDENT)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i], token->value.text))
			return true;
	return false;
}

/* `bar 4 mem64 size 4K }` */
static bool ends_body(struct parse *parse, const struct token *token)
{
	return token->kind == '}' && (parse->item_first == BAR || parse->item_first == GROUP) &&
	       surplus(parse) > 0;
}

/* It would stand in the body of the statement before, had that one begun. */
static bool lacks_body(struct parse *parse, const struct token *token)
{
	if (between_statements(parse))
		return false;
	if (parse->item_tokens == 1 && (parse->kind == STATE || parse->kind == PCI))
		return token->kind != '{' && token->kind != STRING && token->kind != 0;
	if (is_field(parse, token) || is_enumerator(parse, token) || is_variable(parse, token) ||
	    is_member(parse, token) || ends_body(parse, token) || lacks_vectors_brace(parse, token))
		return true;
	if (!begins_statement(token->kind) || parse->item_tokens < 2 ||
	    !belongs(parse->item_first, token->kind))
		return false;
	return !belongs(open_owner(parse), token->kind) || parse->item_first == TEMPLATE ||
	       (parse->item_first == GROUP && parse->kind != ')');
}

/* `MODE [0] rw enum { A = 0, B = 1;` */
static bool lacks_list_end(struct parse *parse, const struct token *token)
{
	return token->kind == ';' && parse->nbraces && parse->braces[parse->nbraces - 1].is_attr &&
	       surplus(parse) < 0;
}

static bool lacks_semicolon(const struct parse *parse, const struct token *token)
{
	const struct brace *brace = parse->nbraces ? &parse->braces[parse->nbraces - 1] : NULL;

	if (between_statements(parse) || (brace && brace->is_list))
		return false;
	if (token->kind == '}')
		return parse->nbraces > 0;
	if (token->kind == 0)
		return true;
	/* The second word of a statement is a name or a type, wherever it stands. */
	return begins_statement(token->kind) && parse->item_tokens > 1 &&
	       first_on_line(parse, &token->loc);
}

static void open_brace(struct parse *parse, const struct loc *loc)
{
	struct brace *brace;

	if (parse->nbraces == MAX_BRACES) {
		if (!parse->gave_up)
			diag_report(parse->tree->diag, CHECK_TOO_DEEP, *loc,
				    "more than %u blocks in each other", MAX_BRACES);
		parse->gave_up = true;
		return;
	}
	brace = &parse->braces[parse->nbraces++];
	*brace = (struct brace){.loc = *loc,
				.indent = parse->indent,
				.owner = parse->item_first,
				.is_list = parse->kind == ENUM || parse->kind == VENDOR_CAP ||
					   parse->item_first == ENUM,
				.is_attr = parse->kind == ENUM && parse->item_first != ENUM};
}

static void close_brace(struct parse *parse, const struct loc *loc)
{
	const struct brace *brace = &parse->braces[--parse->nbraces];

	if (brace->owner == DEVICE)
		parse->device_end = *loc;
	parse->in_statement = brace->is_attr;
	parse->item_first = brace->owner;
}

/* Remember what the parser gets. */
static void pass_on(struct parse *parse, const struct token *token)
{
	bool fresh = between_statements(parse);

	if (first_on_line(parse, &token->loc))
		parse->indent = token->loc.col;
	if (fresh) {
		parse->item_first = token->kind;
		parse->item_tokens = 0;
	}
	if (++parse->item_tokens == 2)
		parse->item_second = token->kind;
	if (token->kind == '{') {
		if (fresh)
			parse->item_first = 0;
		open_brace(parse, &token->loc);
	} else if (token->kind == '}' && parse->nbraces) {
		close_brace(parse, &token->loc);
	}
	parse->at_start = fresh;
	parse->before_previous = parse->previous;
	parse->previous = parse->current;
	parse->current = token->loc;
	parse->kind_before = parse->kind;
	parse->kind = token->kind;
}

void feed_again(struct parse *parse, const struct token *token)
{
	if (!parse->held)
		parse->held = arena_new(parse->tree->arena, struct token);
	*parse->held = *token;
}

void start_again(struct parse *parse, int kind)
{
	parse->at_start = true;
	parse->item_first = kind;
	parse->item_tokens = 1;
}

/* A ';' or a brace just behind the last token. */
static void invent(struct parse *parse, struct token *token, int kind)
{
	parse->surplus += (kind == '}') - (kind == '{');
	feed_again(parse, token);
	parse->made_up = true;
	token->kind = kind;
	token->loc = parse->current;
	token->loc.line = token->loc.end_line;
	token->loc.col = token->loc.end_col;
}

static void next_token(struct parse *parse, void *scanner, struct token *token)
{
	if (parse->held && parse->held->kind >= 0) {
		*token = *parse->held;
		parse->held->kind = -1;
	} else {
		token->kind = scan_token(&token->value, &token->loc, scanner);
	}
}

static bool closes_nothing(const struct parse *parse, const struct token *token)
{
	if (token->kind != '}' || parse->nbraces)
		return false;
	parse->tree->syntax_errors = true;
	if (!parse->skipping)
		diag_report(parse->tree->diag, CHECK_SYNTAX, token->loc, "this '}' closes nothing");
	return true;
}

/* The kind of the word that the next statement begins with; 0: it tells nothing. */
static int next_statement(const struct parse *parse)
{
	static const struct {
		const char *word;
		int kind;
	} words[] = {
		{"reg", REG},       {"group", GROUP},       {"ram", RAM},
		{"intr", INTR},     {"doorbell", DOORBELL}, {"pci", PCI},
		{"param", PARAM},   {"irq", IRQ},           {"bar", BAR},
		{"timer", TIMER},   {"state", STATE},       {"on", ON},
		{"config", CONFIG}, {"vendor_cap", CONFIG}, {"vendor", CONFIG},
		{"class", CONFIG},  {"subsystem", CONFIG},  {"revision", CONFIG},
		{"intx", CONFIG},   {"msi", CONFIG},        {"msix", CONFIG},
		{"pm", CONFIG},     {"express", CONFIG},    {"flr", CONFIG},
		{"dsn", CONFIG},    {"rom", CONFIG},        {"u8", IDENT},
		{"u16", IDENT},     {"u32", IDENT},         {"u64", IDENT},
	};
	const char *text = parse->source->text + parse->offset;
	size_t size;

	for (const char *end = text; end; end = behind_text(text))
		text = end + strspn(end, " \t\r\n");
	size = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == size && !strncmp(words[i].word, text, size))
			return words[i].kind;
	return 0;
}

/* What follows goes on in the block that this would close, and cannot stand around it. */
static bool closes_early(struct parse *parse, const struct token *token)
{
	const struct brace *brace;
	int next;

	if (token->kind != '}' || !parse->nbraces || parse->skipping || !between_statements(parse))
		return false;
	brace = &parse->braces[parse->nbraces - 1];
	next = next_statement(parse);
	if (!next || !belongs(brace->owner, next) ||
	    belongs(parse->nbraces > 1 ? brace[-1].owner : 0, next) || surplus(parse) <= 0)
		return false;
	parse->surplus--;
	parse->tree->syntax_errors = true;
	if (diag_report(parse->tree->diag, CHECK_SYNTAX, token->loc, "this '}' is one too many"))
		diag_note(parse->tree->diag, brace->loc, "it would close this, which goes on");
	return true;
}

/* No statement begins with a '{', and one of those that were opened is not closed. */
static bool opens_twice(struct parse *parse, const struct token *token)
{
	if (token->kind != '{' || !parse->nbraces || parse->skipping ||
	    parse->braces[parse->nbraces - 1].is_list || !between_statements(parse) ||
	    surplus(parse) >= 0)
		return false;
	parse->surplus++;
	parse->tree->syntax_errors = true;
	diag_report(parse->tree->diag, CHECK_SYNTAX, token->loc, "this '{' is one too many");
	return true;
}

/* `on write { … }`: the braces of C, but for those of a register's fields. */
static void correct_braces(struct parse *parse, void *scanner, struct token *token)
{
	if (token->kind != '{' ||
	    (parse->kind_before != ON && parse->kind_before != CHECK_WORD && parse->kind != WHEN) ||
	    between_statements(parse) || (parse->held && parse->held->kind >= 0))
		return;
	if (parse->item_first == REG && !looks_like_c(parse->source->text + parse->offset))
		return;
	const struct loc at = token->loc;
	struct loc end;

	scan_braces(parse, scanner, at);
	next_token(parse, scanner, token);
	if (diag_report(parse->tree->diag, CHECK_SYNTAX, at,
			"unexpected '{'; C stands between %%{ and %%}") &&
	    code_looks_over(parse, parse->offset, &end)) {
		diag_note(parse->tree->diag, end, "it looks as if it was to end before this");
		parse->swallowed = true; /* with the '}' of what is around */
	}
}

int mdl_lex(MDL_STYPE *value, struct loc *loc, void *scanner, struct parse *parse)
{
	struct token token;

	do
		next_token(parse, scanner, &token);
	while (closes_nothing(parse, &token) || closes_early(parse, &token) ||
	       opens_twice(parse, &token));
	/* The parser took what was made up: so that was all that is wrong. */
	if (parse->made_up)
		report_missing(parse, parse->kind, &token.loc);
	parse->made_up = false;
	if (!parse->gave_up && !parse->skipping && between_statements(parse))
		correct_word(parse, &token, open_owner(parse));
	if (!parse->gave_up && !parse->skipping)
		correct_braces(parse, scanner, &token);
	if (parse->gave_up)
		token.kind = 0;
	else if (parse->skipping)
		;
	else if (lacks_body(parse, &token))
		invent(parse, &token, '{');
	else if (lacks_semicolon(parse, &token))
		invent(parse, &token, ';');
	else if (lacks_brace(parse, &token) || lacks_list_end(parse, &token) ||
		 (token.kind == 0 && parse->nbraces))
		invent(parse, &token, '}');
	pass_on(parse, &token);
	*value = token.value;
	*loc = token.loc;
	return token.kind;
}
