/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks: events, where each can happen, and the names of their functions. */
#include <string.h>
#include <strings.h>

#include "resolve.h"

#define IN_REGS (IN_REG | IN_FIELD | IN_INTR_REG)

static const struct {
	const char *word; /* after `on`; of `check` for the first */
	const char *name; /* in C */
	unsigned places;
} events[M_EVENTS] = {
	[M_CHECK_WRITE] = {"write", "check_write", IN_REGS},
	[M_ON_WRITE] = {"write", "on_write", IN_REGS | IN_DOORBELL},
	[M_ON_CHANGE] = {"change", "on_change", IN_REGS},
	[M_ON_READ] = {"read", "on_read", IN_REGS},
	[M_ON_RESET] = {"reset", "on_reset", IN_REGS | IN_DEVICE},
	[M_ON_EXPIRE] = {"expire", "on_expire", IN_TIMER},
	[M_BEFORE_SAVE] = {"before_save", "before_save", IN_DEVICE | IN_STATE},
	[M_AFTER_LOAD] = {"after_load", "after_load", IN_DEVICE | IN_STATE},
	[M_DMA_MAP] = {"dma_map", "dma_map", IN_DEVICE},
	[M_DMA_UNMAP] = {"dma_unmap", "dma_unmap", IN_DEVICE},
	[M_CONNECT] = {"connect", "connect", IN_DEVICE},
	[M_DISCONNECT] = {"disconnect", "disconnect", IN_DEVICE},
};

const char *event_name(enum m_event event)
{
	return events[event].name;
}

const char *hook_event(const char *name, enum place_kind place)
{
	for (int i = M_ON_WRITE; i < M_EVENTS; i++)
		if ((events[i].places & place) && !strcasecmp(events[i].word, name))
			return events[i].word;
	return NULL;
}

static const char *nearest_event(const char *name, unsigned places)
{
	const char *candidates[M_EVENTS];
	size_t n = 0;

	for (int i = M_ON_WRITE; i < M_EVENTS; i++)
		if (events[i].places & places)
			candidates[n++] = events[i].word;
	return suggest(name, candidates, n);
}

static void report_event(struct resolver *r, const char *name, struct loc loc,
			 enum place_kind place, bool known)
{
	const char *near = nearest_event(name, place);
	const char *separator = "";
	char words[200] = "";

	if (near && !known) {
		fail(r, UNKNOWN_EVENT, loc, "unknown event '%s'; did you mean '%s'?", name, near);
		return;
	}
	if (known ? !fail(r, MISPLACED_WORD, loc, "'on %s' does not happen to %s %s", name,
			  article(place_name(place)), place_name(place))
		  : !fail(r, UNKNOWN_EVENT, loc, "unknown event '%s'", name))
		return;
	for (int i = M_ON_WRITE; i < M_EVENTS; i++)
		if (events[i].places & place) {
			strncat(words, separator, sizeof(words) - strlen(words) - 1);
			strncat(words, events[i].word, sizeof(words) - strlen(words) - 1);
			separator = ", on ";
		}
	diag_help(r->diag, "%s %s has: on %s", article(place_name(place)), place_name(place),
		  words);
}

bool find_event(struct resolver *r, const char *name, struct loc loc, bool is_check,
		enum place_kind place, enum m_event *event)
{
	if (is_check) {
		*event = M_CHECK_WRITE;
		if (strcmp(name, "write") != 0) {
			fail(r, UNKNOWN_EVENT, loc, "only writes can be checked: 'check write'");
			return false;
		}
		if (events[M_CHECK_WRITE].places & place)
			return true;
		fail(r, MISPLACED_WORD, loc, "%s %s has no 'check write'",
		     article(place_name(place)), place_name(place));
		return false;
	}
	for (int i = M_ON_WRITE; i < M_EVENTS; i++) {
		if (strcmp(events[i].word, name) != 0)
			continue;
		*event = (enum m_event)i;
		if (events[i].places & place)
			return true;
		report_event(r, name, loc, place, true);
		return false;
	}
	report_event(r, name, loc, place, false);
	return false;
}

void make_hooks(struct resolver *r, const struct attrs *attrs, const char *prefix,
		const struct m_hook **hooks, unsigned *n)
{
	struct m_hook *made;

	if (!attrs->nhooks)
		return;
	made = arena_array(r->arena, struct m_hook, attrs->nhooks);
	for (unsigned i = 0; i < attrs->nhooks; i++) {
		const struct attr *attr = attrs->hooks[i];
		struct m_hook *hook = &made[i];

		find_event(r, attr->name, attr->name_loc, attr->is_check, attrs->place,
			   &hook->event);
		hook->cname = arena_printf(r->arena, "%s_%s", prefix, event_name(hook->event));
		hook->code = attr->code;
		hook->loc = attr->loc;
	}
	*hooks = made;
	*n = attrs->nhooks;
}

bool has_hook(const struct m_hook *hooks, unsigned n, enum m_event event)
{
	for (unsigned i = 0; i < n; i++)
		if (hooks[i].event == event)
			return true;
	return false;
}

void check_hooks(struct resolver *r, const struct m_hook *hooks, unsigned n, const char *what,
		 bool writable, bool readable)
{
	for (unsigned i = 0; i < n; i++) {
		const struct m_hook *hook = &hooks[i];
		bool writes = hook->event == M_CHECK_WRITE || hook->event == M_ON_WRITE ||
			      hook->event == M_ON_CHANGE;

		if (writes && !writable)
			fail(r, NOT_WRITABLE, hook->loc,
			     "this hook never runs: '%s' cannot be written", what);
		if (hook->event == M_ON_READ && !readable)
			fail(r, NOT_READABLE, hook->loc,
			     "this hook never runs: '%s' cannot be read", what);
	}
}
