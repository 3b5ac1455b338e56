/* SPDX-License-Identifier: BSD-2-Clause */
/* What tokens mean: numbers, strings, and waivers in comments. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "parse.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : isalpha((unsigned char)c) ? 35 : 99;
}

static struct expr *bad_number(struct parse *parse, struct loc loc, const char *text, size_t size,
			       const char *why)
{
	diag_report(parse->tree->diag, CHECK_BAD_NUMBER, loc, "'%.*s' %s", (int)size, text, why);
	parse->bad_number = loc;
	return new_bad(parse, loc);
}

static bool all_digits(const char *text, size_t size, int base)
{
	for (size_t i = 0; i < size; i++)
		if (digit_of(text[i]) >= base)
			return false;
	return size > 0;
}

/* Other ways to say how much: what stands behind the digits, and what it is here. */
static const char *unit_of(const char *unit, size_t size)
{
	static const char *const units[][2] = {
		{"k", "K"},    {"kb", "K"},   {"kib", "K"},  {"m", "M"},   {"mb", "M"},
		{"mib", "M"},  {"g", "G"},    {"gb", "G"},   {"gib", "G"}, {"u", ""},
		{"l", ""},     {"ul", ""},    {"ull", ""},   {"ll", ""},   {"b", ""},
		{"ns", " ns"}, {"us", " us"}, {"ms", " ms"}, {"s", " s"},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i][0]) == size && !strncasecmp(units[i][0], unit, size))
			return units[i][1];
	return NULL;
}

/* It holds what is no digit of its base; at is the first such place. */
static struct expr *strange_number(struct parse *parse, struct loc loc, const char *text,
				   size_t size, int base, size_t at)
{
	struct diag *diag = parse->tree->diag;
	const char *unit = unit_of(text + at, size - at);

	if (unit && at && (base == 10 || text[at] != 'g'))
		diag_report(diag, CHECK_BAD_NUMBER, loc,
			    "'%.*s' is not a number; did you mean '%.*s%s'?", (int)size, text,
			    (int)at, text, unit);
	else if (base == 10 && text[size - 1] == 'h' && all_digits(text, size - 1, 16))
		diag_report(diag, CHECK_BAD_NUMBER, loc,
			    "'%.*s' is not a number; did you mean '0x%.*s'?", (int)size, text,
			    (int)size - 1, text);
	else if (base == 10 && all_digits(text, size, 16))
		diag_report(diag, CHECK_BAD_NUMBER, loc,
			    "'%.*s' is not a number; did you mean '0x%.*s'?", (int)size, text,
			    (int)size, text);
	else if (base != 10 && digit_of(text[at]) < 36)
		diag_report(diag, CHECK_BAD_NUMBER, loc,
			    "'%.*s' is not a number: '%c' is no %s digit", (int)size, text,
			    text[at],
			    base == 16  ? "hexadecimal"
			    : base == 2 ? "binary"
					: "octal");
	else
		diag_report(diag, CHECK_BAD_NUMBER, loc,
			    "'%.*s' is not a number: suffixes are K, M and G", (int)size, text);
	parse->bad_number = loc;
	return new_bad(parse, loc);
}

static unsigned suffix_shift(char c)
{
	return c == 'K' ? 10 : c == 'M' ? 20 : c == 'G' ? 30 : 0;
}

bool is_class_code(const struct parse *parse)
{
	static const char word[] = "class";
	const size_t size = sizeof(word) - 1;
	const char *text = parse->source->text;
	uint32_t at = parse->start;

	while (at && (text[at - 1] == ' ' || text[at - 1] == '\t'))
		at--;
	return at > size && !memcmp(text + at - size, word, size) &&
	       !isalnum((unsigned char)text[at - size - 1]) && text[at - size - 1] != '_';
}

/* 07:00:02, 020000: six digits of base 16. */
static struct expr *class_code(struct parse *parse, const char *text, size_t size, struct loc loc)
{
	char digits[] = "000000";
	size_t n = 0;

	for (size_t i = text[1] == 'x' || text[1] == 'X' ? 2 : 0; i < size; i++)
		if (n < 6 && text[i] != ':' && text[i] != '_')
			digits[n++] = text[i];
	return bad_number(
		parse, loc, text, size,
		arena_printf(parse->tree->arena, "is not a number; did you mean '0x%s'?", digits));
}

struct expr *number_value(struct parse *parse, const char *text, size_t size, struct loc loc)
{
	unsigned base = 10, shift = 0;
	size_t i = 0, digits = size;
	uint64_t value = 0;
	bool any = false;

	if (memchr(text, ':', size))
		return class_code(parse, text, size, loc);
	if (size > 1 && text[0] == '0') {
		char kind = text[1];

		base = kind == 'x' || kind == 'X'   ? 16
		       : kind == 'b' || kind == 'B' ? 2
		       : kind == 'o' || kind == 'O' ? 8
						    : 10;
		if (base != 10)
			i = 2;
		else if (is_class_code(parse))
			return class_code(parse, text, size, loc);
		else if (isdigit((unsigned char)kind) || kind == '_')
			return bad_number(
				parse, loc, text, size,
				"starts with 0: write 0o for octal, or drop the 0 for decimal");
	}
	shift = suffix_shift(text[size - 1]);
	digits -= shift != 0;
	for (; i < digits; i++) {
		if (text[i] == '_' && any && i + 1 < digits)
			continue;
		unsigned d = (unsigned)digit_of(text[i]);

		if (d >= base)
			return strange_number(parse, loc, text, size, (int)base, i);
		if (value > (UINT64_MAX - d) / base)
			return bad_number(parse, loc, text, size, "does not fit in 64 bits");
		value = value * base + d;
		any = true;
	}
	if (!any)
		return bad_number(parse, loc, text, size, "has no digits");
	if (shift && value > UINT64_MAX >> shift)
		return bad_number(parse, loc, text, size, "does not fit in 64 bits");
	return new_number(parse, value << shift, loc);
}

struct expr *verilog_number(struct parse *parse, const char *text, size_t size, struct loc loc)
{
	const char *kind = (const char *)memchr(text, '\'', size) + 1;
	const char *prefix;

	kind += *kind == 's' || *kind == 'S';
	prefix = strchr("hH", *kind)   ? "0x"
		 : strchr("bB", *kind) ? "0b"
		 : strchr("oO", *kind) ? "0o"
				       : "";
	diag_report(parse->tree->diag, CHECK_BAD_NUMBER, loc,
		    "'%.*s' is not a number; did you mean '%s%.*s'?", (int)size, text, prefix,
		    (int)(text + size - kind - 1), kind + 1);
	return new_bad(parse, loc);
}

/* Takes the escape after a backslash; returns its value, or -1 for none of ours. */
static int escape_value(const char *text, size_t size, size_t *used)
{
	static const char letters[] = "nt\\\"'?", values[] = "\n\t\\\"'?";
	const char *known = memchr(letters, text[0], sizeof(letters) - 1);
	int value = 0;

	*used = 1;
	if (known)
		return values[known - letters];
	if (text[0] == 'x') {
		while (*used < size && *used < 3 && digit_of(text[*used]) < 16)
			value = value * 16 + digit_of(text[(*used)++]);
		return *used > 1 ? value : -1;
	}
	if (digit_of(text[0]) >= 8)
		return -1;
	for (*used = 0; *used < size && *used < 3 && digit_of(text[*used]) < 8; (*used)++)
		value = value * 8 + digit_of(text[*used]);
	return value;
}

const char *string_value(struct parse *parse, const char *text, size_t size, const struct loc *loc)
{
	char *value = arena_copy(parse->tree->arena, text, size);
	size_t n = 0;

	if (!memchr(text, '\\', size))
		return value;
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\\') {
			value[n++] = text[i];
			continue;
		}
		size_t used = 1;
		int c = i + 1 < size ? escape_value(text + i + 1, size - i - 1, &used) : -1;

		/* Only ASCII can be spelled, so that the text stays UTF-8; and nothing that steers.
		 */
		if (c < 0 || c > 0x7e || (c < 0x20 && c != '\n' && c != '\t')) {
			struct loc at = *loc;

			at.col += (uint32_t)i + 1;
			at.end_col = at.col + (uint32_t)used + 1;
			diag_report(parse->tree->diag, CHECK_BAD_ESCAPE, at,
				    c < 0 ? "unknown escape '\\%.*s'"
					  : "'\\%.*s' is not a printable ASCII character",
				    (int)used, text + i + 1);
		} else {
			value[n++] = (char)c;
		}
		i += used;
	}
	value[n] = '\0';
	return value;
}

static bool alone_on_line(const struct loc *loc)
{
	const char *line = loc->source->text + loc->source->line_starts[loc->line - 1];

	for (uint32_t i = 0; i + 1 < loc->col; i++)
		if (!isspace((unsigned char)line[i]))
			return false;
	return true;
}

/* Between the parentheses: names of checks, with commas between. */
static void add_waivers(struct parse *parse, const char *list, const char *end,
			const struct loc *loc)
{
	while (list <= end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *next = comma ? comma : end, *stop = next;

		while (list < stop && isspace((unsigned char)*list))
			list++;
		while (stop > list && isspace((unsigned char)stop[-1]))
			stop--;
		diag_add_waiver(parse->tree->diag, *loc, list, (size_t)(stop - list),
				alone_on_line(loc));
		list = next + 1;
	}
}

static const char *skip_separators(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == ',' || *p == '\t'))
		p++;
	return p;
}

/* At `allow(…)`: where its names begin; *close: its ')'.  NULL: something else stands there. */
static const char *allowed_names(const char *p, const char *end, const char **close)
{
	if (end - p <= 6 || memcmp(p, "allow(", 6) != 0)
		return NULL;
	*close = memchr(p + 6, ')', (size_t)(end - p - 6));
	return *close ? p + 6 : NULL;
}

/* `// allow(check-name): why`, also `allow(this, that): why` and `allow(this) allow(that): why`. */
void comment_waiver(struct parse *parse, const char *text, size_t size, const struct loc *loc)
{
	const char *end = text + size, *p = skip_separators(text + 2, end), *names, *close, *why;
	const char *first = p;

	if (!allowed_names(p, end, &close))
		return;
	while (allowed_names(p, end, &close))
		p = skip_separators(close + 1, end);
	why = p < end && *p == ':' ? p + 1 : end;
	while (why < end && isspace((unsigned char)*why))
		why++;
	for (p = first; (names = allowed_names(p, end, &close));
	     p = skip_separators(close + 1, end)) {
		if (why < end)
			add_waivers(parse, names, close, loc);
		else
			diag_report(parse->tree->diag, CHECK_BAD_WAIVER, *loc,
				    "a waiver gives its reason: allow(%.*s): why",
				    (int)(close - names), names);
	}
}

static const char *instead_of_hash(const char *text, size_t size)
{
	const char *word = text + 1;

	while (word < text + size && (*word == ' ' || *word == '\t'))
		word++;
	if (memmem(text, size, "include", 7) && !memchr(text, '<', size))
		return "a description is included by include \"file\"; without '#'";
	if (!strncmp(word, "include", 7))
		return "C stands between %{ and %}, also what it includes";
	if (!strncmp(word, "define", 6))
		return "there is no preprocessor: const NAME = value;";
	if (!strncmp(word, "if", 2) || !strncmp(word, "el", 2) || !strncmp(word, "end", 3) ||
	    !strncmp(word, "un", 2) || !strncmp(word, "pragma", 6))
		return "there is no preprocessor";
	return "comments are // and /* */";
}

/* What text programs and web pages make of plain characters; what to write. */
static const char *look_alike(const char *text, size_t size)
{
	static const char *const pairs[][2] = {
		{"\xe2\x80\x9c", "a string stands in plain quotes: \"doc\""}, /* curly quotes */
		{"\xe2\x80\x9d", "a string stands in plain quotes: \"doc\""},
		{"\xe2\x80\x98", "a string stands in plain quotes: \"doc\""},
		{"\xe2\x80\x99", "a string stands in plain quotes: \"doc\""},
		{"\xc2\xab", "a string stands in plain quotes: \"doc\""}, /* angle quotes */
		{"\xe2\x86\x92", "an arrow is written ->"},
		{"\xe2\x80\x93", "a minus is written -"}, /* dashes */
		{"\xe2\x80\x94", "a minus is written -"},
		{"\xe2\x88\x92", "a minus is written -"},
		{"\xc2\xa0", "this is a no-break space: write a plain one"},
		{"\xe2\x80\x8b", "this is a space without width: remove it"},
		{"\xc3\x97", "times is written *"},
		{"\xe2\x89\xa4", "at most is written <="},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (size >= strlen(pairs[i][0]) && !memcmp(text, pairs[i][0], strlen(pairs[i][0])))
			return pairs[i][1];
	return NULL;
}

/* What stands outside of strings and comments and is nothing. */
void report_character(struct parse *parse, const char *text, size_t size, struct loc loc)
{
	const unsigned char c = (unsigned char)text[0];
	struct diag *diag = parse->tree->diag;

	parse->tree->syntax_errors = true;
	if (c < 0x20 || c == 0x7f)
		return; /* reported when the file was opened */
	if (c == '#')
		loc.end_col = loc.col + 1;
	if (c == '#' && diag_report(diag, CHECK_BAD_CHARACTER, loc, "unexpected '#'"))
		diag_help(diag, "%s", instead_of_hash(text, size));
	else if (c == '\'' && diag_report(diag, CHECK_BAD_CHARACTER, loc, "unexpected '\''"))
		diag_help(diag,
			  "a string stands in double quotes; there are no character constants");
	else if (c == '\\' && diag_report(diag, CHECK_BAD_CHARACTER, loc, "unexpected '\\'"))
		diag_help(diag, "a backslash stands before a name: \\name");
	else if (look_alike(text, size) &&
		 diag_report(diag, CHECK_BAD_CHARACTER, loc, "unexpected '%.*s'", (int)size, text))
		diag_help(diag, "%s", look_alike(text, size));
	else
		diag_report(diag, CHECK_BAD_CHARACTER, loc,
			    size > 40 ? "unexpected characters" : "unexpected '%.*s'", (int)size,
			    text);
}
