/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a stream of the old version load in this one?  The rules are the run time's, which judges
 * streams (docs/migration-stream.md, "Loading").
 */
#include <inttypes.h>
#include <string.h>

#include "compat.h"

static const char *kind_of(struct json_object *record)
{
	return compat_text(record, "kind");
}

static bool is_variable(struct json_object *record)
{
	return !strcmp(kind_of(record), "variable");
}

static bool is_flag(struct json_object *record, const char *key)
{
	return json_object_get_boolean(compat_get(record, key));
}

/* Has a device of this version the variable? */
static bool has_variable(struct json_object *record, uint64_t version)
{
	uint64_t until = compat_get(record, "until") ? compat_number(record, "until") : UINT64_MAX;

	return version >= compat_number(record, "since") && version <= until;
}

/* The variable's declaration, without versions: u32 x[4]. */
static void declare(struct json_object *record, char *text, size_t size)
{
	const char *type = compat_text(record, "type");
	uint64_t count = compat_number(record, "count");
	char what[64], dims[32] = "";

	if (!strcmp(type, "layout"))
		snprintf(what, sizeof(what), "layout %.48s", compat_text(record, "layout"));
	else if (!strcmp(type, "bool"))
		snprintf(what, sizeof(what), "bool");
	else
		snprintf(what, sizeof(what), "%c%" PRIu64, *type,
			 8 * compat_number(record, "size"));
	if (is_flag(record, "bounded"))
		snprintf(dims, sizeof(dims), "[<= %" PRIu64 "]", count);
	else if (count != 1)
		snprintf(dims, sizeof(dims), "[%" PRIu64 "]", count);
	snprintf(text, size, "%s %s%s", what, compat_text(record, "name"), dims);
}

/* ---- in the old, not in this one */

static void gone(struct compat *c, struct json_object *record)
{
	const char *name = compat_text(record, "name");
	char declared[256], mend[384];

	if (is_variable(record)) {
		if (!has_variable(record, c->old_version))
			return;
		declare(record, declared, sizeof(declared));
		snprintf(mend, sizeof(mend), "until %" PRIu64 " %s;", c->old_version, declared);
	} else {
		snprintf(mend, sizeof(mend), "keep the %s %s: a load refuses what it does not know",
			 kind_of(record), name);
	}
	compat_break(c, mend, "%s %s is gone: streams of version %" PRIu64 " have it",
		     kind_of(record), name, c->old_version);
}

/* ---- in this one, not in the old */

static void new_variable(struct compat *c, struct json_object *record)
{
	char declared[256], mend[384];

	if (!has_variable(record, c->old_version) || compat_get(record, "section"))
		return;
	declare(record, declared, sizeof(declared));
	if (c->version > c->old_version)
		snprintf(mend, sizeof(mend), "since %" PRIu64 " %s = …;", c->version, declared);
	else
		snprintf(mend, sizeof(mend),
			 "device %s version %" PRIu64 " …, and since %" PRIu64 " %s = …;",
			 compat_text(c->now, "name"), c->version + 1, c->version + 1, declared);
	compat_break(c, mend, "variable %s is new: streams of version %" PRIu64 " lack it",
		     compat_text(record, "name"), c->old_version);
}

static void new_record(struct compat *c, struct json_object *record)
{
	char mend[256];

	if (is_variable(record)) {
		new_variable(c, record);
		return;
	}
	/* A device that is newer may have more. */
	if (c->version > c->old_version)
		return;
	snprintf(mend, sizeof(mend), "device %s version %" PRIu64 " …", compat_text(c->now, "name"),
		 c->version + 1);
	compat_break(c, mend, "%s %s is new: streams of the same version lack it", kind_of(record),
		     compat_text(record, "name"));
}

/* ---- in both */

static void changed(struct compat *c, struct json_object *old, struct json_object *now,
		    const char *what, uint64_t was, uint64_t is)
{
	char declared[256], mend[384];

	if (is_variable(old)) {
		declare(old, declared, sizeof(declared));
		snprintf(mend, sizeof(mend),
			 "%s;   (what is new can stand beside it, since %" PRIu64 ")", declared,
			 c->old_version + 1);
	} else {
		snprintf(mend, sizeof(mend), "leave %s as it was", compat_text(old, "name"));
	}
	compat_break(c, mend, "%s %s: %s was %" PRIu64 ", is %" PRIu64, kind_of(now),
		     compat_text(now, "name"), what, was, is);
}

static bool is_number(struct json_object *record)
{
	const char *type = compat_text(record, "type");

	return !strcmp(type, "uint") || !strcmp(type, "int");
}

/* Integers may have grown, and an array of a newer version. */
static void compare_sizes(struct compat *c, struct json_object *old, struct json_object *now)
{
	uint64_t was = compat_number(old, "size"), is = compat_number(now, "size");
	bool may_grow = is_variable(old) && is_number(old) && is_number(now);
	bool newer = c->version > c->old_version;

	if (was != is && !(may_grow && is > was))
		changed(c, old, now, "an element's size", was, is);
	was = compat_number(old, "count");
	is = compat_number(now, "count");
	may_grow = newer || is_flag(now, "bounded");
	if (was != is && !(may_grow && is > was))
		changed(c, old, now, "the number of elements", was, is);
}

static void compare_meaning(struct compat *c, struct json_object *old, struct json_object *now)
{
	char mend[128];

	if (is_variable(old) && is_number(old) != is_number(now) &&
	    strcmp(compat_text(old, "type"), compat_text(now, "type")) != 0)
		compat_break(c, "give what is new another name", "variable %s: was %s, is %s",
			     compat_text(old, "name"), compat_text(old, "type"),
			     compat_text(now, "type"));
	if (is_flag(old, "realtime") != is_flag(now, "realtime")) {
		snprintf(mend, sizeof(mend), "timer %s%s …", compat_text(old, "name"),
			 is_flag(old, "realtime") ? " realtime" : "");
		compat_break(c, mend, "timer %s: its deadline is on another clock",
			     compat_text(old, "name"));
	}
	/* A stream of this version has as many elements as there were, no fewer. */
	if (is_flag(old, "bounded") && !is_flag(now, "bounded") && c->version == c->old_version)
		compat_break(c, "let its number of elements be [<= n] again",
			     "variable %s: its length no longer varies", compat_text(old, "name"));
}

static void compare_layouts(struct compat *c, struct json_object *old, struct json_object *now)
{
	static const char *const keys[] = {"offset", "size", "count"};
	struct json_object *like = json_object_new_object(), *a, *b, *x, *y;
	const char *name = compat_text(old, "layout");

	json_object_object_add(like, "name", json_object_new_string(name));
	a = compat_find(compat_get(c->old, "layouts"), like, "name", NULL);
	json_object_object_add(like, "name", json_object_new_string(compat_text(now, "layout")));
	b = compat_find(compat_get(c->now, "layouts"), like, "name", NULL);
	json_object_put(like);
	a = compat_get(a, "members");
	b = compat_get(b, "members");
	for (size_t i = 0; b && i < compat_length(a); i++) {
		x = json_object_array_get_idx(a, i);
		y = compat_find(b, x, "name", NULL);
		for (unsigned k = 0; k < 3 && y; k++)
			if (compat_number(x, keys[k]) != compat_number(y, keys[k]))
				y = NULL;
		if (!y)
			compat_break(c, "let new state have a layout of its own",
				     "variable %s: layout %s.%s is not where it was",
				     compat_text(old, "name"), name, compat_text(x, "name"));
	}
}

static void compare(struct compat *c, struct json_object *old, struct json_object *now)
{
	if (is_variable(old) && !has_variable(old, c->old_version))
		return;
	compare_sizes(c, old, now);
	compare_meaning(c, old, now);
	if (is_variable(old) && compat_get(old, "layout"))
		compare_layouts(c, old, now);
}

/* ---- all of it */

static uint64_t irq_total(struct json_object *device)
{
	struct json_object *irqs = compat_get(device, "irqs");
	uint64_t total = 0;

	for (size_t i = 0; i < compat_length(irqs); i++)
		total += compat_number(json_object_array_get_idx(irqs, i), "count");
	return total;
}

static void compare_versions(struct compat *c)
{
	char mend[128];

	if (c->version < c->old_version) {
		snprintf(mend, sizeof(mend), "device %s version %" PRIu64 " …",
			 compat_text(c->now, "name"), c->old_version);
		compat_break(c, mend, "version %" PRIu64 " takes no streams of version %" PRIu64,
			     c->version, c->old_version);
	}
	if (irq_total(c->old) != irq_total(c->now))
		compat_break(c,
			     "leave the number of irqs: their levels are one record of the stream",
			     "there were %" PRIu64 " irqs, there are %" PRIu64, irq_total(c->old),
			     irq_total(c->now));
}

void compat_streams(struct compat *c)
{
	struct json_object *old = compat_get(compat_get(c->old, "migration"), "records");
	struct json_object *now = compat_get(compat_get(c->now, "migration"), "records");
	struct json_object *record, *other;

	compare_versions(c);
	for (size_t i = 0; i < compat_length(old); i++) {
		record = json_object_array_get_idx(old, i);
		other = compat_find(now, record, "kind", "name");
		if (other)
			compare(c, record, other);
		else
			gone(c, record);
	}
	for (size_t i = 0; i < compat_length(now); i++) {
		record = json_object_array_get_idx(now, i);
		if (!compat_find(old, record, "kind", "name"))
			new_record(c, record);
	}
}
