/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people write who come from C, Verilog, SystemRDL or a data sheet, and what it is here.  All
 * of it is judged by the tokens around the place where the parser stopped.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "feed.h"
#include "recover.h"
#include "words.h"

static const char *text_at(const struct parse *parse, const struct loc *loc)
{
	return parse->source->text + loc_offset(loc);
}

/* Is the token there this word, in small or capital letters? */
static bool is_text(const struct parse *parse, const struct loc *loc, const char *word)
{
	const size_t size = strlen(word);

	return loc->source && loc->line == loc->end_line && loc->end_col - loc->col == size &&
	       !strncasecmp(text_at(parse, loc), word, size);
}

static bool is_one_of(const struct parse *parse, const struct loc *loc, const char *const *words)
{
	for (; *words; words++)
		if (is_text(parse, loc, *words))
			return true;
	return false;
}

/* What the statement at the error stands in; an opening brace there is counted as open already. */
static int owner_of(const struct parse *parse, const char *found)
{
	unsigned n = parse->nbraces;

	if (n && !strcmp(found, "'{'"))
		n--;
	return n ? parse->braces[n - 1].owner : 0;
}

static bool in_pci(const struct parse *parse, const char *found)
{
	const int owner = owner_of(parse, found);

	return owner == PCI || (owner == IDENT && parse->nbraces > 1 &&
				parse->braces[parse->nbraces - 2].owner == PCI);
}

static bool in_fields(const struct parse *parse, const char *found)
{
	const int owner = owner_of(parse, found);

	return owner == REG || owner == INTR;
}

/* ---- access */

/* `r/w`, `read-only`: two words and what is between. */
static const char *access_of(const struct parse *parse, const struct loc *loc)
{
	static const char *const pairs[][2] = {
		{"r/w1c", "woclr"},  {"r/wc", "woclr"},    {"rw/1c", "woclr"},   {"rw/c", "woclr"},
		{"r/w", "rw"},       {"read/write", "rw"}, {"read-write", "rw"}, {"r-w", "rw"},
		{"read-only", "ro"}, {"r/o", "ro"},        {"write-only", "wo"}, {"w/o", "wo"},
		{"w/r", "rw"},       {"r/", "rw"},
	};
	const char *text = text_at(parse, loc);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const size_t size = strlen(pairs[i][0]);

		if (!strncasecmp(text, pairs[i][0], size) && !isalnum((unsigned char)text[size]))
			return pairs[i][1];
	}
	return NULL;
}

static bool report_access(struct parse *parse, const char *found, const struct loc *loc)
{
	const char *access;
	struct loc all = parse->previous;

	if (strcmp(found, "'/'") != 0 && strcmp(found, "'-'") != 0)
		return false;
	access = parse->previous.source ? access_of(parse, &parse->previous) : NULL;
	if (!access)
		return false;
	all.end_col = loc->end_col;
	while (isalnum(
		(unsigned char)parse->source->text[loc_offset(&all) + all.end_col - all.col]))
		all.end_col++;
	diag_report(parse->tree->diag, CHECK_UNKNOWN_WORD, all,
		    "unknown access '%.*s'; did you mean '%s'?", (int)(all.end_col - all.col),
		    text_at(parse, &all), access);
	return true;
}

/* ---- bits and brackets */

/* Of `:1` or `..1` behind a number, with what blanks there are; 0 if it is something else. */
static size_t second_bit(const char *text)
{
	size_t size = strspn(text, " \t"), digits;

	if (text[size] == ':')
		size++;
	else if (!strncmp(text + size, "..", 2))
		size += 2;
	else
		return 0;
	size += strspn(text + size, " \t");
	digits = strspn(text + size, "0123456789");
	return digits ? size + digits : 0;
}

/* `EN 0`, `MODE 3:1`, `MODE 3..1` */
static bool report_bare_bits(struct parse *parse, const char *found,
			     const struct expected *expected, const struct loc *loc)
{
	const char *text = text_at(parse, loc);
	struct loc all = *loc;
	size_t first, size, last;

	if (strcmp(found, "number") != 0 || !expects(expected, "'['") || !in_fields(parse, found))
		return false;
	first = strspn(text, "0123456789");
	size = first + second_bit(text + first);
	if (isalnum((unsigned char)text[size]))
		return false;
	for (last = size; last > first && isdigit((unsigned char)text[last - 1]); last--)
		;
	all.end_col = all.col + (uint32_t)size;
	diag_report(parse->tree->diag, CHECK_SYNTAX, all, "bits stand in brackets: [%.*s%s%.*s]",
		    (int)first, text, size > first ? ":" : "", (int)(size - last), text + last);
	return true;
}

/* `A [0] rw B [1] rw;` and `vectors 2 table bar 4`: the ';' is missing between. */
static bool report_joined(struct parse *parse, const char *found, const struct expected *expected)
{
	struct diag *diag = parse->tree->diag;
	const struct loc *word = &parse->previous;
	char name[64] = "";

	if (!expects(expected, "';'") || parse->at_start)
		return false;
	if (!strcmp(found, "name") && in_pci(parse, found)) {
		parse->goes_on = true;
		diag_report(diag, CHECK_SYNTAX, behind(*word), "expected ';'");
		return true;
	}
	if (strcmp(found, "'['") != 0 || !in_fields(parse, found) || parse->item_tokens < 5 ||
	    word->end_col - word->col >= sizeof(name))
		return false;
	memcpy(name, text_at(parse, word), word->end_col - word->col);
	if (!(isalpha((unsigned char)name[0]) || name[0] == '_') || find_word(name))
		return false;
	diag_report(diag, CHECK_SYNTAX, behind(parse->before_previous), "expected ';'");
	return true;
}

bool report_habit(struct parse *parse, const char *found, const struct expected *expected,
		  const struct loc *loc)
{
	return report_access(parse, found, loc) || report_bare_bits(parse, found, expected, loc) ||
	       report_joined(parse, found, expected);
}

/* ---- what to write instead */

static const char *help_bracket(const struct parse *parse, const struct expected *expected)
{
	static const char *const items[] = {"reg", "ram", "doorbell", "group", "intr", NULL};

	if (expects(expected, "check"))
		return "dimensions and bits stand right after the name";
	if (is_one_of(parse, &parse->previous, items))
		return "dimensions stand behind the name; how wide a register is, says width 8, "
		       "16, 32 "
		       "or 64";
	if (parse->at_start && in_fields(parse, "'['"))
		return "the bits stand behind the name: NAME [7:0]";
	return NULL;
}

/* `{ on write …` */
static bool starts_with_hook(const struct parse *parse, const struct loc *brace)
{
	const char *text = text_at(parse, brace) + 1;

	text += strspn(text, " \t\r\n");
	return starts_with_word(text, "on") || starts_with_word(text, "check");
}

static const char *help_brace(const struct parse *parse, bool expects_attribute,
			      const struct loc *loc)
{
	static const char *const items[] = {"reg",  "ram",   "doorbell", "group",
					    "intr", "timer", "irq",      NULL};

	if (is_text(parse, &parse->previous, "field") && parse->item_tokens == 2)
		return "a field is written NAME [msb:lsb] …; between the braces of its register";
	if (in_fields(parse, "'{'") && expects_attribute && starts_with_hook(parse, loc))
		return "hooks stand behind the other words, without braces around them";
	if (in_fields(parse, "'{'") && expects_attribute)
		return parse->item_tokens == 2
			       ? "bits stand in brackets: NAME [7:0]"
			       : "the values of a field are written enum { A = 0, B = 1 }";
	if (is_one_of(parse, &parse->previous, items))
		return "the name stands before the body: reg NAME @ 0x10 { … }";
	if (parse->item_first == TIMER)
		return "a timer is written: timer NAME on expire %{ … %};";
	return NULL;
}

static const char *help_paren(const struct parse *parse, const struct expected *expected)
{
	static const char *const hooks[] = {"on", "check", NULL};

	if (is_one_of(parse, &parse->before_previous, hooks))
		return "an event has no arguments: on write %{ … %}";
	if (in_fields(parse, "'('"))
		return "bits stand in brackets: NAME [7:0]";
	if (expects(expected, "'['"))
		return "an array is written NAME[4]";
	return NULL;
}

static const char *help_colon(const struct parse *parse, const struct expected *expected,
			      const struct loc *loc)
{
	if (expects(expected, "']'"))
		return "[N] makes an array; how wide a register is, says width 8, 16, 32 or 64";
	if (text_at(parse, loc)[1] == '=')
		return parse->item_first == CONST ? "a value stands behind '='"
						  : "a reset value stands behind '='";
	if (in_pci(parse, "':'") && is_text(parse, &parse->before_previous, "class"))
		return "a class is written 0x020000";
	if (in_pci(parse, "':'"))
		return "no ':' stands there: vendor 0x1b36;";
	if (parse->item_first == BAR || parse->item_first == REG)
		return "no ':' stands there";
	return NULL;
}

static const char reset_usage[] =
	"a reset value is written = 5, or for one kind of reset: reset soft = 5";

static const char *help_equals(const struct parse *parse, const struct expected *expected)
{
	static const char *const with_argument[] = {"width", "size",  "access", "version", "poll",
						    "since", "until", "alias",  NULL};

	if (in_pci(parse, "'='"))
		return "no '=' stands there: vendor 0x1b36;";
	if (expects(expected, "'@'"))
		return "the offset stands after '@', the reset value after '='";
	if (is_text(parse, &parse->previous, "reset"))
		return reset_usage;
	if (is_one_of(parse, &parse->previous, with_argument))
		return "no '=' stands there: width 32, size 4K, access 1..4, since 2";
	return expects(expected, "'~'") ? "equality is ==" : NULL;
}

static const char *help_number(const struct parse *parse, const struct expected *expected)
{
	if (parse->at_start && expects(expected, "reg"))
		return "a register is written: reg NAME @ 0x10 …;";
	if (expects(expected, "'@'"))
		return "an offset is written @ 0x10";
	if (is_text(parse, &parse->previous, "reset"))
		return reset_usage;
	if (!expects(expected, "check"))
		return NULL;
	if (parse->item_first == REG)
		return "a register's size is written width 32, its reset value = 1";
	return parse->item_first == RAM || parse->item_first == BAR ? "a size is written size 4K"
								    : NULL;
}

static const char *help_name(const struct parse *parse, const struct loc *loc)
{
	static const char *const c[] = {"static",   "extern",   "int",     "unsigned", "void",
					"char",     "typedef",  "uint8_t", "uint16_t", "uint32_t",
					"uint64_t", "volatile", "inline",  "bool",     NULL};
	static const char *const rdl[] = {"field", "property", "addrmap", "signal", NULL};

	static const char *const pci[] = {"vendor", "class", "subsystem", "revision", "intx",
					  "msi",    "msix",  "pm",        "express",  NULL};

	if (!parse->at_start)
		return NULL;
	if (owner_of(parse, "name") == DEVICE && is_one_of(parse, loc, pci))
		return "it stands in pci { … }";
	if (is_text(parse, loc, "field"))
		return "a field is written NAME [msb:lsb] …; between the braces of its register";
	if (is_one_of(parse, loc, rdl))
		return "a register is written: reg NAME @ 0x10 …;";
	if (is_one_of(parse, loc, c))
		return "C stands between %{ and %}";
	return NULL;
}

static const char *help_comma(const struct parse *parse, const struct expected *expected)
{
	const int owner = owner_of(parse, "','");

	if (!expects(expected, "';'"))
		return NULL;
	if (owner == LAYOUT || owner == STATE || owner == SECTION)
		return "each name has a declaration of its own: u32 a;  u32 b;";
	if (expects(expected, ".."))
		return "a range of widths is written a..b";
	if (in_pci(parse, "','"))
		return NULL;
	return "blanks stand between words; a declaration ends with ';'";
}

static const char *help_angle(const struct parse *parse, const struct expected *expected,
			      const struct loc *loc)
{
	const char *text = text_at(parse, loc);

	return expects(expected, "->") || (loc->col > 1 && text[-1] == '=')
		       ? "an arrow is written ->"
		       : NULL;
}

static const char *help_at(const struct parse *parse, const struct expected *expected)
{
	static const char *const items[] = {"reg",    "ram",    "doorbell", "group", "intr",
					    "status", "enable", "mask",     "test",  NULL};

	if (expects(expected, "check"))
		return "the offset stands before the attributes, right after the name";
	return is_one_of(parse, &parse->previous, items)
		       ? "the name stands before the offset: NAME @ 0x10"
		       : NULL;
}

/* `reg A @ 0 { … } on write;` */
static const char *help_behind_body(const struct parse *parse, const char *found,
				    const struct loc *loc)
{
	static const char *const begin[] = {"on", "check", "'='", "string"};
	char word[32] = "";
	bool is_late = false;

	if (!parse->at_start || !is_text(parse, &parse->previous, "}") ||
	    parse->nbraces == MAX_BRACES || parse->braces[parse->nbraces].owner != REG)
		return NULL;
	for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		is_late |= !strcmp(found, begin[i]);
	if (loc->end_line == loc->line && loc->end_col - loc->col < sizeof(word))
		memcpy(word, text_at(parse, loc), loc->end_col - loc->col);
	return is_late || find_word(word)
		       ? "what is not a field stands before the fields: reg NAME "
			 "@ 0x10 rw on write { … }"
		       : NULL;
}

/* How a statement that begins with that word is written. */
static const char *usage_of(int first)
{
	static const struct {
		int first;
		const char *usage;
	} usages[] = {
		{INCLUDE, "include \"file.mdl\";"},
		{CONST, "const NAME = 4;"},
		{ENUM, "enum NAME { A = 0, B = 1 }"},
		{TEMPLATE, "template NAME(PARAMETER) { … }"},
		{LAYOUT, "layout NAME le size 4 { u32 a; }"},
		{DEVICE, "device NAME version 1 \"doc\" { … }"},
		{PARAM, "param u32 NAME = 1 \"doc\";"},
		{IRQ, "irq NAME = 0 \"doc\";"},
		{BAR, "bar 0 mem32 size 4K { … }"},
		{REG, "reg NAME @ 0x10 rw = 0 \"doc\";"},
		{GROUP, "group NAME[2] @ 0x100 += 0x20 { … }"},
		{RAM, "ram NAME @ 0x1000 size 4K;"},
		{DOORBELL, "doorbell NAME @ 0x10 on write;"},
		{INTR, "intr NAME { status ISR @ 0x10;  CAUSE [0] posedge -> irq; }"},
		{TIMER, "timer NAME on expire %{ … %};"},
		{STATE, "state { u32 NAME = 0; }"},
		{SECTION, "section NAME when FUNCTION { u32 NAME; }"},
		{ON, "on reset %{ … %}"},
		{IS, "is TEMPLATE(1, 2);"},
	};

	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++)
		if (usages[i].first == first)
			return usages[i].usage;
	return NULL;
}

/* What stands in pci, by the word that the statement begins with. */
static const char *usage_in_pci(const struct parse *parse, const struct loc *loc)
{
	static const struct {
		const char *word, *usage;
	} usages[] = {
		{"subsystem", "subsystem 0x1b36:0x1100;"},
		{"class", "class 0x020000;"},
		{"intx", "intx A;"},
		{"msi", "msi { vectors 4; }"},
		{"msix", "msix { vectors 8; table bar 4 @ 0; pba bar 4 @ 0x800; }"},
		{"express", "express endpoint;"},
		{"dsn", "dsn 0x0011223344556677;"},
		{"vendor_cap", "vendor_cap { 0x01 0x02 }"},
		{"rom", "rom size 64K file \"vga.rom\";"},
	};

	const char *start = text_at(parse, loc);

	while (start > parse->source->text && !strchr(";{}", start[-1]))
		start--;
	start += strspn(start, " \t\r\n");
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++)
		if (starts_with_word(start, usages[i].word))
			return usages[i].usage;
	return "vendor 0x1b36;";
}

/* The same of what begins with a name, and stands in the body of that. */
static const char *usage_in(const struct parse *parse, int owner, const struct loc *loc)
{
	switch (owner) {
	case REG:
		return "NAME [7:0] rw = 0 \"doc\";";
	case INTR:
		return "status ISR @ 0x20;  CAUSE [0] posedge -> irq;";
	case LAYOUT:
	case STATE:
	case SECTION:
		return "u32 NAME;";
	case PCI:
		return usage_in_pci(parse, loc);
	default:
		return NULL;
	}
}

static void help_usage(struct parse *parse, const char *found, const struct loc *loc)
{
	const char *usage = usage_of(parse->item_first);

	if (parse->item_first == PARAM && parse->item_second == ENUM)
		usage = "param enum TYPE NAME = VALUE \"doc\";";
	if (parse->item_first == IDENT || parse->at_start)
		usage = usage_in(parse, owner_of(parse, found), loc);
	if (usage)
		diag_help(parse->tree->diag, "it is written: %s", usage);
}

static const char *help_found(const struct parse *parse, const char *found,
			      const struct expected *expected, const struct loc *loc)
{
	const char *help = NULL;

	if (!strcmp(found, "'['"))
		help = help_bracket(parse, expected);
	else if (!strcmp(found, "'{'"))
		help = help_brace(parse, expects(expected, "check") || expects(expected, "'~'"),
				  loc);
	else if (!strcmp(found, "'('"))
		help = help_paren(parse, expected);
	else if (!strcmp(found, "':'"))
		help = help_colon(parse, expected, loc);
	else if (!strcmp(found, "'='"))
		help = help_equals(parse, expected);
	else if (!strcmp(found, "number"))
		help = help_number(parse, expected);
	else if (!strcmp(found, "name") || !strcmp(found, "volatile"))
		help = help_name(parse, loc);
	else if (!strcmp(found, "'>'"))
		help = help_angle(parse, expected, loc);
	else if (!strcmp(found, "'@'"))
		help = help_at(parse, expected);
	else if (!strcmp(found, "'..'") || !strcmp(found, ".."))
		help = expects(expected, "':'") ? "a range of bits is written [msb:lsb]" : NULL;
	else if (!strcmp(found, "'.'"))
		help = parse->item_first == DEVICE ? "a version is a whole number" : NULL;
	else if (!strcmp(found, "default"))
		help = expects(expected, "check") ? "a reset value is written = 5" : NULL;
	else if (!strcmp(found, "when"))
		help = "a condition stands before the body: section NAME when FUNCTION { … }";
	else if (!strcmp(found, "','"))
		help = help_comma(parse, expected);
	else if (!strcmp(found, "';'") && expects(expected, "','"))
		help = "enumerators are separated by commas";
	return help;
}

void help_habit(struct parse *parse, const char *found, const struct expected *expected,
		const struct loc *loc)
{
	const char *help = help_behind_body(parse, found, loc);

	if (!help)
		help = help_found(parse, found, expected, loc);
	if (help)
		diag_help(parse->tree->diag, "%s", help);
	else
		help_usage(parse, found, loc);
}
