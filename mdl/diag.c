/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages: what is reported, suppressed, waived, kept, sorted and counted. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "diag_private.h"

/* Of one check about one place so many are shown. */
#define MAX_SAME_PLACE 4u

static const struct {
	const char *name;
	enum severity severity;
	const char *explanation;
} table[] = {
#define CHECK(id, name, severity, explanation) {name, severity, explanation},
#include "checks.def"
#undef CHECK
};

struct context {
	struct loc loc;
	const char *text;
	struct context *outer;
};

struct waiver {
	const struct source *source;
	uint32_t line; /* that it speaks of */
	enum check_id check;
	struct waiver *next;
};

#define WAIVER_BUCKETS 256

struct diag {
	struct arena *arena;
	struct diag_options options;
	struct message **messages;
	unsigned nmessages, room;
	struct message *latest; /* notes go to it; NULL after a suppressed report */
	struct context *context;
	struct waiver *waivers[WAIVER_BUCKETS];
	unsigned errors;
};

struct diag *diag_create(struct arena *arena, const struct diag_options *options)
{
	struct diag *diag = arena_new(arena, struct diag);

	diag->arena = arena;
	if (options)
		diag->options = *options;
	return diag;
}

enum check_id check_find(const char *name)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if (!strcmp(table[i].name, name))
			return (enum check_id)i;
	return CHECK_COUNT;
}

const char *check_name(enum check_id check)
{
	return table[check].name;
}

enum severity check_severity(enum check_id check)
{
	return table[check].severity;
}

const char *check_explanation(enum check_id check)
{
	return table[check].explanation;
}

static enum severity effective(const struct diag *diag, enum check_id check)
{
	enum severity severity = table[check].severity;
	unsigned char setting = diag->options.setting[check];

	if (setting == 3 || (setting != 4 && diag->options.werror))
		return SEV_ERROR;
	return severity;
}

bool diag_enabled(const struct diag *diag, enum check_id check)
{
	unsigned char setting = diag->options.setting[check];

	if (table[check].severity == SEV_ERROR)
		return true;
	if (table[check].severity == SEV_STYLE)
		return setting >= 2 || (setting == 0 && diag->options.wall);
	return setting != 1;
}

static unsigned bucket(const struct source *source, uint32_t line)
{
	return (unsigned)(((uintptr_t)source >> 4) + line) % WAIVER_BUCKETS;
}

/* Only what is no error by itself can be waived: the rest would not compile to anything sound. */
static bool waived(const struct diag *diag, enum check_id check, const struct loc *loc)
{
	if (!loc->source || table[check].severity == SEV_ERROR)
		return false;
	for (const struct waiver *w = diag->waivers[bucket(loc->source, loc->line)]; w; w = w->next)
		if (w->source == loc->source && w->line == loc->line && w->check == check)
			return true;
	return false;
}

static struct message *new_message(struct diag *diag, enum severity severity, struct loc loc,
				   const char *format, va_list args)
{
	struct message *message = arena_new(diag->arena, struct message);
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?'; /* quoted source text must not steer a terminal */
	message->severity = severity;
	message->loc = loc;
	message->text = arena_copy(diag->arena, text, strlen(text));
	return message;
}

static void add_note(struct message *to, struct message *note)
{
	if (to->last_note)
		to->last_note->next = note;
	else
		to->notes = note;
	to->last_note = note;
}

static bool already_said(const struct diag *diag, const struct message *message)
{
	/* Repetitions come from templates and arrays, close together. */
	for (unsigned i = diag->nmessages, n = 0; i > 0 && n < 64; n++) {
		const struct message *old = diag->messages[--i];

		if (old->check == message->check && old->loc.source == message->loc.source &&
		    old->loc.line == message->loc.line && old->loc.col == message->loc.col &&
		    !strcmp(old->text, message->text))
			return true;
	}
	return false;
}

static void keep(struct diag *diag, struct message *message)
{
	if (diag->nmessages == diag->room) {
		unsigned room = diag->room ? diag->room * 2 : 64;
		struct message **grown = arena_array(diag->arena, struct message *, room);

		if (diag->nmessages)
			memcpy(grown, diag->messages, diag->nmessages * sizeof(*grown));
		diag->messages = grown;
		diag->room = room;
	}
	message->order = diag->nmessages;
	diag->messages[diag->nmessages++] = message;
}

bool diag_report(struct diag *diag, enum check_id check, struct loc loc, const char *format, ...)
{
	va_list args;

	diag->latest = NULL;
	if (!diag_enabled(diag, check) || waived(diag, check, &loc))
		return false;
	va_start(args, format);
	struct message *message = new_message(diag, effective(diag, check), loc, format, args);

	va_end(args);
	message->check = check;
	if (already_said(diag, message))
		return false;
	keep(diag, message);
	diag->latest = message;
	diag->errors += message->severity == SEV_ERROR;
	for (const struct context *c = diag->context; c; c = c->outer)
		diag_note(diag, c->loc, "%s", c->text);
	return true;
}

void diag_note(struct diag *diag, struct loc loc, const char *format, ...)
{
	va_list args;

	if (!diag->latest)
		return;
	va_start(args, format);
	add_note(diag->latest, new_message(diag, SEV_NOTE, loc, format, args));
	va_end(args);
}

void diag_help(struct diag *diag, const char *format, ...)
{
	const struct loc nowhere = {0};
	va_list args;

	if (!diag->latest)
		return;
	va_start(args, format);
	add_note(diag->latest, new_message(diag, SEV_NOTE, nowhere, format, args));
	va_end(args);
}

void diag_push_context(struct diag *diag, struct loc loc, const char *format, ...)
{
	struct context *context = arena_new(diag->arena, struct context);
	va_list args;

	va_start(args, format);
	context->text = new_message(diag, SEV_NOTE, loc, format, args)->text;
	va_end(args);
	context->loc = loc;
	context->outer = diag->context;
	diag->context = context;
}

void diag_pop_context(struct diag *diag)
{
	if (diag->context)
		diag->context = diag->context->outer;
}

bool diag_errors_in(const struct diag *diag, const struct loc *loc)
{
	for (unsigned i = 0; i < diag->nmessages; i++) {
		const struct message *message = diag->messages[i];

		if (message->severity == SEV_ERROR && message->loc.source == loc->source &&
		    message->loc.line >= loc->line && message->loc.line <= loc->end_line)
			return true;
	}
	return false;
}

unsigned diag_errors(const struct diag *diag)
{
	return diag->errors;
}

/* By source in the order of first mention, then by place; what has no place comes first. */
static int by_place(const void *a, const void *b)
{
	const struct message *x = *(const struct message *const *)a,
			     *y = *(const struct message *const *)b;

	if (x->loc.source != y->loc.source) {
		unsigned nx = x->loc.source ? x->loc.source->number : 0;
		unsigned ny = y->loc.source ? y->loc.source->number : 0;

		return nx < ny ? -1 : 1;
	}
	if (x->loc.line != y->loc.line)
		return x->loc.line < y->loc.line ? -1 : 1;
	if (x->loc.col != y->loc.col)
		return x->loc.col < y->loc.col ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* How many messages from here on are of one check about one place: one line of a template, many
 * instances. */
static unsigned same_place(const struct diag *diag, unsigned first)
{
	const struct message *message = diag->messages[first];
	unsigned i = first + 1;

	while (i < diag->nmessages && diag->messages[i]->check == message->check &&
	       diag->messages[i]->severity == message->severity &&
	       diag->messages[i]->loc.source == message->loc.source &&
	       diag->messages[i]->loc.line == message->loc.line &&
	       diag->messages[i]->loc.col == message->loc.col)
		i++;
	return i - first;
}

/* The first of each run of such messages; the rest are counted. */
static void show_run(const struct diag *diag, unsigned first, unsigned n)
{
	const unsigned shown =
		n > MAX_SAME_PLACE + 1 && diag->messages[first]->loc.source ? MAX_SAME_PLACE : n;

	for (unsigned i = 0; i < shown; i++)
		show_message(stderr, diag->messages[first + i], diag->options.color);
	if (shown < n)
		fprintf(stderr, "      = note: and %u more like it at this place\n", n - shown);
}

static void show_all(const struct diag *diag)
{
	const unsigned max = diag->options.max_errors;
	unsigned errors = 0, n;

	for (unsigned i = 0; i < diag->nmessages; i += n) {
		const bool counts = max && diag->messages[i]->severity == SEV_ERROR;

		n = same_place(diag, i);
		if (!counts || errors < max)
			show_run(diag, i, counts && n > max - errors ? max - errors : n);
		errors += counts ? n : 0;
	}
	if (errors > max)
		fprintf(stderr, "mdlc: %u more errors are not shown (--max-errors=%u; 0 is all)\n",
			errors - max, max);
}

bool diag_flush(struct diag *diag)
{
	char buffer[8192];

	/* stderr is not buffered by itself: thousands of messages would be millions of writes */
	setvbuf(stderr, buffer, _IOFBF, sizeof(buffer));
	if (diag->nmessages)
		qsort(diag->messages, diag->nmessages, sizeof(struct message *), by_place);
	show_all(diag);
	fflush(stderr);
	setvbuf(stderr, NULL, _IONBF, 0);
	diag->nmessages = 0;
	diag->latest = NULL;
	return diag->errors > 0;
}

static void file_waiver(struct diag *diag, struct waiver *waiver)
{
	unsigned b = bucket(waiver->source, waiver->line);

	waiver->next = diag->waivers[b];
	diag->waivers[b] = waiver;
}

/* Waivers on lines of their own may stand above each other: what is for this line is for the next.
 */
static void move_waivers(struct diag *diag, const struct source *source, uint32_t line)
{
	struct waiver **link = &diag->waivers[bucket(source, line)];

	while (*link) {
		struct waiver *waiver = *link;

		if (waiver->source != source || waiver->line != line) {
			link = &waiver->next;
			continue;
		}
		*link = waiver->next;
		waiver->line++;
		file_waiver(diag, waiver);
	}
}

void diag_add_waiver(struct diag *diag, struct loc loc, const char *name, size_t length,
		     bool alone_on_line)
{
	const char *text = arena_copy(diag->arena, name, length);
	enum check_id check = check_find(text);

	if (check == CHECK_COUNT) {
		const char *names[CHECK_COUNT];

		for (unsigned i = 0; i < CHECK_COUNT; i++)
			names[i] = table[i].name;
		if (diag_report(diag, CHECK_BAD_WAIVER, loc, "there is no check called '%s'",
				text)) {
			const char *near = suggest(text, names, CHECK_COUNT);

			if (near)
				diag_help(diag, "did you mean '%s'?", near);
		}
		return;
	}
	if (table[check].severity == SEV_ERROR) {
		diag_report(diag, CHECK_BAD_WAIVER, loc, "'%s' is an error and cannot be waived",
			    text);
		return;
	}
	struct waiver *waiver = arena_new(diag->arena, struct waiver);

	waiver->source = loc.source;
	waiver->line = alone_on_line ? loc.line + 1 : loc.line;
	waiver->check = check;
	file_waiver(diag, waiver);
	if (alone_on_line)
		move_waivers(diag, loc.source, loc.line);
}
