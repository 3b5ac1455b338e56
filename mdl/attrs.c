/* SPDX-License-Identifier: BSD-2-Clause */
/* Sort the attributes of one declaration by meaning, and report the words that make none. */
#include <string.h>
#include <strings.h>

#include "resolve.h"

static void report_repeated(struct resolver *r, const struct attr *attr, const struct attr *first,
			    const char *what)
{
	if (fail(r, REPEATED_WORD, attr->loc, "%s is given twice", what))
		diag_note(r->diag, first->loc, "first given here");
}

/* The sign that is here what this word says. */
static const char *sign_of(const char *name)
{
	static const char *const words[][2] = {
		{"at", "@"}, {"offset", "@"}, {"address", "@"}, {"stride", "+="}, {"step", "+="}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(words[i][0], name))
			return words[i][1];
	return NULL;
}

bool spells_sign(const struct node *node, const char *sign)
{
	for (const struct attr *attr = node->attrs; attr; attr = attr->next) {
		const char *spelt =
			attr->name && attr->kind != ATTR_HOOK ? sign_of(attr->name) : NULL;

		if (spelt && !strcmp(spelt, sign))
			return true;
	}
	return false;
}

/* What is written with another word, or a sign, before it; NULL: nothing that is known. */
static const char *whole_spelling(struct resolver *r, const char *name, enum place_kind place)
{
	const char *event = name;

	if (sign_of(name))
		return sign_of(name);
	const struct symbol *global = names_find(&r->names, SPACE_GLOBAL, name);

	if ((place & (IN_FIELD | IN_PARAM)) && global && global->kind == SYM_ENUM)
		return arena_printf(r->arena, "enum %s", name);
	if (!strncasecmp(name, "on", 2))
		event += name[2] == '_' ? 3 : 2;
	if (strcasecmp(event, "check_write") && strcasecmp(event, "checkwrite"))
		return hook_event(event, place)
			       ? arena_printf(r->arena, "on %s", hook_event(event, place))
			       : NULL;
	return hook_event("write", place) ? "check write" : NULL;
}

static void report_unknown(struct resolver *r, const struct attr *attr, enum place_kind place)
{
	const char *near = whole_spelling(r, attr->name, place);
	char known[400];

	if (!near)
		near = suggest_word(attr->name, place);
	if (near) {
		fail(r, UNKNOWN_WORD, attr->name_loc, "unknown word '%s'; did you mean '%s'?",
		     attr->name, near);
		return;
	}
	if (!fail(r, UNKNOWN_WORD, attr->name_loc, "unknown word '%s'", attr->name))
		return;
	list_words(place, known, sizeof(known));
	if (known[0])
		diag_help(r->diag, "%s %s takes: %s", article(place_name(place)), place_name(place),
			  known);
	else
		diag_help(r->diag, "%s %s takes only a doc string", article(place_name(place)),
			  place_name(place));
}

static const char *takes(unsigned forms)
{
	if (forms == F_WORD)
		return "stands alone";
	if (forms == F_CALL)
		return "takes its argument in parentheses";
	if (forms == F_STRING)
		return "takes a string";
	if (forms & F_RANGE)
		return "takes a number, or a range a..b";
	if (forms & F_VALUE)
		return "takes a value";
	return "stands alone, or takes its argument in parentheses";
}

static bool word_fits(struct resolver *r, const struct attr *attr, const struct word_info *info,
		      enum place_kind place)
{
	const char *near;
	char places[200];

	if (!(info->places & place)) {
		if (!fail(r, MISPLACED_WORD, attr->name_loc, "'%s' has no meaning for %s %s",
			  attr->name, article(place_name(place)), place_name(place)))
			return false;
		near = suggest_word(attr->name, place);
		if (near)
			diag_help(r->diag, "did you mean '%s'?", near);
		list_places(info->places, places, sizeof(places));
		diag_help(r->diag, "'%s' is a word for: %s", attr->name, places);
		return false;
	}
	if (info->word == W_ACCESS && attr->args && attr->args->kind == EXPR_BINARY &&
	    attr->args->op == '-') {
		fail(r, BAD_ARGUMENT, attr->args->loc, "a range of widths is written a..b");
		return false;
	}
	if (info->forms & (1u << attr->kind))
		return true;
	if (fail(r, BAD_ARGUMENT, attr->loc, "'%s' %s", attr->name, takes(info->forms)) &&
	    info->forms == F_WORD && attr->kind == ATTR_VALUE)
		diag_help(r->diag, place == IN_BAR
					   ? "a size is written size 4K"
					   : "a reset value is written = 1, a size width 32");
	return false;
}

/* Words that exclude each other: is one of the same group there already? */
static const struct attr *rival(const struct attrs *attrs, const struct word_info *info)
{
	if (info->group == G_NONE)
		return NULL;
	for (int w = 1; w < W_COUNT; w++) {
		const struct attr *other = attrs->word[w];

		if (other && w != (int)info->word && find_word(other->name)->group == info->group)
			return other;
	}
	return NULL;
}

static void read_word(struct resolver *r, const struct attr *attr, struct attrs *attrs)
{
	const struct word_info *info = find_word(attr->name);
	const struct attr *other;

	if (!info) {
		report_unknown(r, attr, attrs->place);
		return;
	}
	if (!word_fits(r, attr, info, attrs->place))
		return;
	if (info->word == W_SWWE || info->word == W_SWWEL) {
		if (!attrs->locks)
			attrs->locks = attr;
		return;
	}
	if (attrs->word[info->word]) {
		report_repeated(r, attr, attrs->word[info->word],
				arena_printf(r->arena, "'%s'", attr->name));
		return;
	}
	other = rival(attrs, info);
	if (other) {
		if (fail(r, CONTRADICTION, attr->loc, "'%s' contradicts '%s'", attr->name,
			 other->name))
			diag_note(r->diag, other->loc, "'%s' is given here", other->name);
		return;
	}
	attrs->word[info->word] = attr;
}

int reset_kind(struct resolver *r, const char *name, struct loc loc)
{
	static const char *const kinds[MODEL_RESET_KINDS] = {"power", "hard", "flr", "soft"};
	const char *near;

	for (int i = 0; i < MODEL_RESET_KINDS; i++)
		if (!strcmp(kinds[i], name))
			return i;
	near = suggest(name, kinds, MODEL_RESET_KINDS);
	if (near)
		fail(r, UNKNOWN_WORD, loc, "unknown reset kind '%s'; did you mean '%s'?", name,
		     near);
	else if (fail(r, UNKNOWN_WORD, loc, "unknown reset kind '%s'", name))
		diag_help(r->diag, "the kinds of reset are: power hard flr soft");
	return -1;
}

static bool place_takes(struct resolver *r, const struct attr *attr, unsigned places,
			enum place_kind place, const char *what)
{
	if (places & place)
		return true;
	fail(r, MISPLACED_WORD, attr->loc, "%s %s takes no %s", article(place_name(place)),
	     place_name(place), what);
	return false;
}

static void read_reset(struct resolver *r, const struct attr *attr, struct attrs *attrs)
{
	const unsigned with_kinds = IN_REG | IN_FIELD | IN_INTR_REG | IN_DEFAULT;
	int kind = GENERAL_RESET;

	if (attr->name) {
		if (!place_takes(r, attr, with_kinds, attrs->place, "reset value"))
			return;
		kind = reset_kind(r, attr->name, attr->name_loc);
	} else if (!place_takes(r, attr, with_kinds | IN_PARAM | IN_VAR, attrs->place, "value")) {
		return;
	}
	if (kind < 0)
		return;
	if (attrs->reset[kind])
		report_repeated(r, attr, attrs->reset[kind],
				attr->name ? "this kind of reset value" : "the value");
	else
		attrs->reset[kind] = attr;
}

static void read_one(struct resolver *r, const struct attr *attr, const struct attr **slot,
		     const char *what)
{
	if (*slot)
		report_repeated(r, attr, *slot, what);
	else
		*slot = attr;
}

static void read_hook(struct resolver *r, const struct attr *attr, struct attrs *attrs)
{
	const unsigned places = IN_REG | IN_FIELD | IN_INTR_REG | IN_DOORBELL | IN_TIMER;
	enum m_event event;

	if (!place_takes(r, attr, places, attrs->place, "hook") ||
	    !find_event(r, attr->name, attr->name_loc, attr->is_check, attrs->place, &event))
		return;
	for (unsigned i = 0; i < attrs->nhooks; i++) {
		const struct attr *other = attrs->hooks[i];

		if (other->is_check == attr->is_check && !strcmp(other->name, attr->name)) {
			report_repeated(r, attr, other, "this hook");
			return;
		}
	}
	if (attrs->nhooks < MAX_HOOKS)
		attrs->hooks[attrs->nhooks++] = attr;
}

void read_attrs(struct resolver *r, const struct attr *list, enum place_kind place,
		struct attrs *attrs)
{
	*attrs = (struct attrs){.place = place};
	for (const struct attr *attr = list; attr; attr = attr->next) {
		switch (attr->kind) {
		case ATTR_WORD:
		case ATTR_CALL:
		case ATTR_VALUE:
		case ATTR_RANGE:
		case ATTR_STRING:
			read_word(r, attr, attrs);
			break;
		case ATTR_RESET:
			read_reset(r, attr, attrs);
			break;
		case ATTR_DOC:
			read_one(r, attr, &attrs->doc_attr, "the description");
			break;
		case ATTR_ENUM:
			if (place_takes(r, attr, IN_REG | IN_FIELD | IN_BITS | IN_PARAM, place,
					"enum"))
				read_one(r, attr, &attrs->enumeration, "the enum");
			break;
		case ATTR_ARROW:
			if (place_takes(r, attr, IN_CAUSE, place, "irq"))
				read_one(r, attr, &attrs->arrow, "the irq");
			break;
		case ATTR_HOOK:
			read_hook(r, attr, attrs);
			break;
		case ATTR_WHEN:
			if (place_takes(r, attr, IN_SECTION, place, "condition"))
				read_one(r, attr, &attrs->when, "the condition");
			break;
		}
	}
	attrs->doc = attrs->doc_attr ? attrs->doc_attr->text : NULL;
}
