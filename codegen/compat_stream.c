/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a stream of the one load in the other?  The rules are the run time's, which judges streams
 * (docs/migration-stream.md, "Loading").
 */
#include <inttypes.h>
#include <string.h>

#include "compat.h"

/* A stream that `from` writes for a device of `version`, and `to`, of version `reader`, loads. */
struct way {
	struct compat *c;
	struct json_object *from, *to;
	uint64_t version, reader;
};

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

/* Has a device of this version it? */
static bool exists(struct json_object *record, uint64_t version)
{
	uint64_t until = compat_get(record, "until") ? compat_number(record, "until") : UINT64_MAX;

	return version >= compat_number(record, "since") && version <= until;
}

/* Of a device's variable, outermost first; NULL: it is no array. */
static struct json_object *dims_of(struct json_object *device, struct json_object *record)
{
	struct json_object *variables = compat_get(compat_get(device, "state"), "variables");

	return compat_get(compat_find(variables, record, "name", NULL), "dims");
}

static uint64_t dim_at(struct json_object *dims, size_t i)
{
	return json_object_get_uint64(json_object_array_get_idx(dims, i));
}

/* The variable's declaration, without versions: u32 x[4]. */
static void declare(struct json_object *device, struct json_object *record, char *text, size_t size)
{
	const char *type = compat_text(record, "type");
	struct json_object *of = dims_of(device, record);
	char what[64], dims[96] = "";

	if (!strcmp(type, "layout"))
		snprintf(what, sizeof(what), "layout %.48s", compat_text(record, "layout"));
	else if (!strcmp(type, "bool"))
		snprintf(what, sizeof(what), "bool");
	else
		snprintf(what, sizeof(what), "%c%" PRIu64, *type,
			 8 * compat_number(record, "size"));
	if (is_flag(record, "bounded"))
		snprintf(dims, sizeof(dims), "[<= %" PRIu64 "]", compat_number(record, "count"));
	else
		for (size_t i = 0, at = 0; i < compat_length(of) && at < sizeof(dims); i++)
			at += (size_t)snprintf(dims + at, sizeof(dims) - at, "[%" PRIu64 "]",
					       dim_at(of, i));
	snprintf(text, size, "%s %s%s", what, compat_text(record, "name"), dims);
}

/* The version at which what is new in this description begins. */
static uint64_t next_version(const struct compat *c)
{
	return c->version > c->old_version ? c->version : c->old_version + 1;
}

/* "", or what must change before anything can have a `since`. */
static void put_raise(const struct compat *c, char *text, size_t size)
{
	*text = '\0';
	if (c->version <= c->old_version)
		snprintf(text, size, "device %s version %" PRIu64 " …, and ",
			 compat_text(c->now, "name"), next_version(c));
}

/* ---- in the stream, unknown to who loads it */

/* A thing of the old description that this one does not have any more. */
static void mend_gone(const struct way *way, struct json_object *record, char *mend, size_t size)
{
	char declared[256];

	if (is_variable(record)) {
		declare(way->c->old, record, declared, sizeof(declared));
		snprintf(mend, size, "until %" PRIu64 " %s;", way->c->old_version, declared);
	} else {
		snprintf(mend, size, "keep the %s %s: a load refuses what it does not know",
			 kind_of(record), compat_text(record, "name"));
	}
}

/* What declares it: `reg NAME`.  The registers of an interrupt block come with that. */
static const char *statement_of(struct json_object *record, char *text, size_t size)
{
	const char *kind = kind_of(record), *name = compat_text(record, "name");

	if (compat_get(record, "intr")) {
		kind = "intr";
		name = compat_text(record, "intr");
	} else if (!strcmp(kind, "register") || !strcmp(kind, "once")) {
		kind = "reg";
	} else if (!strcmp(kind, "interrupt")) {
		kind = "intr";
	}
	snprintf(text, size, "%s %s", kind, name);
	return text;
}

/* A thing of this description that the old one did not have yet. */
static void mend_since(const struct way *way, struct json_object *record, char *mend, size_t size)
{
	const struct compat *c = way->c;
	char declared[256], raise[160];

	put_raise(c, raise, sizeof(raise));
	if (is_variable(record)) {
		declare(c->now, record, declared, sizeof(declared));
		snprintf(mend, size, "%ssince %" PRIu64 " %s = …;", raise, next_version(c),
			 declared);
	} else {
		snprintf(mend, size, "%s%s … since %" PRIu64, raise,
			 statement_of(record, declared, sizeof(declared)), next_version(c));
	}
}

static void unknown(const struct way *way, struct json_object *record)
{
	const char *name = compat_text(record, "name");
	char mend[512];

	if (way->from == way->c->old) {
		mend_gone(way, record, mend, sizeof(mend));
		compat_break(way->c, mend, "%s %s is gone: streams of version %" PRIu64 " have it",
			     kind_of(record), name, way->version);
		return;
	}
	mend_since(way, record, mend, sizeof(mend));
	compat_break(way->c, mend, "%s %s is new: version %" PRIu64 " does not know it",
		     kind_of(record), name, way->reader);
}

/* ---- wanted by who loads it, not in the stream */

static bool is_wanted(const struct way *way, struct json_object *record)
{
	if (is_variable(record))
		return exists(record, way->version) && !compat_get(record, "section");
	/* A device that is newer may have more. */
	return way->reader == way->version;
}

static void missing(const struct way *way, struct json_object *record)
{
	const char *name = compat_text(record, "name");
	char mend[512];

	if (!is_wanted(way, record))
		return;
	if (way->to == way->c->old) {
		mend_gone(way, record, mend, sizeof(mend));
		compat_break(way->c, mend, "%s %s is gone: version %" PRIu64 " wants it",
			     kind_of(record), name, way->reader);
		return;
	}
	mend_since(way, record, mend, sizeof(mend));
	compat_break(way->c, mend, "%s %s is new: streams of version %" PRIu64 " lack it",
		     kind_of(record), name, way->version);
}

/* ---- in both */

static void changed(const struct way *way, struct json_object *from, struct json_object *to,
		    const char *what, const char *key)
{
	struct json_object *old = way->from == way->c->old ? from : to;
	struct json_object *now = old == from ? to : from;
	char declared[256], mend[384];

	if (is_variable(old)) {
		declare(way->c->old, old, declared, sizeof(declared));
		snprintf(mend, sizeof(mend),
			 "%s;   (what is new can stand beside it, since %" PRIu64 ")", declared,
			 next_version(way->c));
	} else {
		snprintf(mend, sizeof(mend), "leave %s as it was", compat_text(old, "name"));
	}
	compat_break(way->c, mend, "%s %s: %s was %" PRIu64 ", is %" PRIu64, kind_of(now),
		     compat_text(now, "name"), what, compat_number(old, key),
		     compat_number(now, key));
}

static bool is_number(struct json_object *record)
{
	const char *type = compat_text(record, "type");

	return !strcmp(type, "uint") || !strcmp(type, "int");
}

/* Integers may have another size: in a smaller one, the values must fit.  On the way back that is
 * all that can be asked for. */
static void compare_sizes(const struct way *way, struct json_object *from, struct json_object *to)
{
	uint64_t have = compat_number(from, "size"), want = compat_number(to, "size");
	bool numbers = is_variable(from) && is_number(from) && is_number(to);

	bool back = way->from == way->c->now;

	if (have != want && !(numbers && (have < want || back)))
		changed(way, from, to, "an element's size", "size");
	else if (have > want)
		compat_remark(way->c, "variable %s: must fit in %" PRIu64 " bytes there",
			      compat_text(to, "name"), want);
	have = compat_number(from, "count");
	want = compat_number(to, "count");
	if (have > want && is_flag(from, "bounded") && back)
		compat_remark(way->c, "variable %s: at most %" PRIu64 " elements fit there",
			      compat_text(to, "name"), want);
	else if (have > want ||
		 (have < want && way->version == way->reader && !is_flag(to, "bounded")))
		changed(way, from, to, "the number of elements", "count");
}

static void compare_meaning(const struct way *way, struct json_object *from, struct json_object *to)
{
	struct json_object *old = way->from == way->c->old ? from : to;
	struct json_object *now = old == from ? to : from;
	char mend[128];

	if (is_variable(old) && strcmp(compat_text(old, "type"), compat_text(now, "type")) != 0)
		compat_break(way->c, "give what is new another name", "variable %s: was %s, is %s",
			     compat_text(old, "name"), compat_text(old, "type"),
			     compat_text(now, "type"));
	if (is_flag(old, "realtime") != is_flag(now, "realtime")) {
		snprintf(mend, sizeof(mend), "timer %s%s …", compat_text(old, "name"),
			 is_flag(old, "realtime") ? " realtime" : "");
		compat_break(way->c, mend, "timer %s: its deadline is on another clock",
			     compat_text(old, "name"));
	}
	/* A stream of the loading device's version has as many elements as it wants, no fewer. */
	if (is_flag(from, "bounded") && !is_flag(to, "bounded") && way->version == way->reader)
		compat_break(way->c, "let its number of elements be [<= n] as it was, or not",
			     "variable %s: its length varies, or does no longer",
			     compat_text(old, "name"));
	if (compat_get(from, "section") && is_wanted(way, to))
		compat_break(way->c, "leave it in its section, or outside of one, as it was",
			     "variable %s: section %s is not always sent", compat_text(old, "name"),
			     compat_text(from, "section"));
}

static struct json_object *find_layout(struct json_object *device, struct json_object *record)
{
	struct json_object *like = json_object_new_object(), *found;

	json_object_object_add(like, "name", json_object_new_string(compat_text(record, "layout")));
	found = compat_find(compat_get(device, "layouts"), like, "name", NULL);
	json_object_put(like);
	return found;
}

/* Layouts are bytes in the stream: each member must stand where it stood. */
static void compare_layouts(struct compat *c, struct json_object *old, struct json_object *now)
{
	static const char *const keys[] = {"offset", "size", "count"};
	struct json_object *a = compat_get(find_layout(c->old, old), "members"), *x, *y;
	struct json_object *b = compat_get(find_layout(c->now, now), "members");

	for (size_t i = 0; b && i < compat_length(a); i++) {
		x = json_object_array_get_idx(a, i);
		y = compat_find(b, x, "name", NULL);
		for (unsigned k = 0; k < 3 && y; k++)
			if (compat_number(x, keys[k]) != compat_number(y, keys[k]))
				y = NULL;
		if (!y)
			compat_break(c, "let new state have a layout of its own",
				     "variable %s: layout %s.%s is not where it was",
				     compat_text(old, "name"), compat_text(old, "layout"),
				     compat_text(x, "name"));
	}
}

/* The stream has them row-major, without dimensions: only the outermost can grow. */
static bool elements_move(struct json_object *old, struct json_object *now, bool same_count)
{
	size_t n = compat_length(old);

	if (n == 0 || compat_length(now) < 2)
		return false;
	if (n == 1)
		return !same_count;
	if (n != compat_length(now))
		return true;
	for (size_t i = 1; i < n; i++)
		if (dim_at(old, i) != dim_at(now, i))
			return true;
	return false;
}

static void compare_dims(const struct way *way, struct json_object *old, struct json_object *now)
{
	const struct compat *c = way->c;
	bool same_count = compat_number(old, "count") == compat_number(now, "count");
	char was[256], is[256], mend[384];

	if (!elements_move(dims_of(c->old, old), dims_of(c->now, now), same_count))
		return;
	declare(c->old, old, was, sizeof(was));
	declare(c->now, now, is, sizeof(is));
	snprintf(mend, sizeof(mend), "%s;   (what is new can stand beside it, since %" PRIu64 ")",
		 was, next_version(c));
	compat_break(way->c, mend, "variable %s: in %s its elements are not where %s had them",
		     compat_text(now, "name"), is, was);
}

static void compare(const struct way *way, struct json_object *from, struct json_object *to)
{
	compare_sizes(way, from, to);
	compare_meaning(way, from, to);
	if (!is_variable(from) || way->from != way->c->old)
		return;
	compare_dims(way, from, to);
	if (compat_get(from, "layout") && compat_get(to, "layout"))
		compare_layouts(way->c, from, to);
}

/* ---- all of it */

static void compare_records(const struct way *way)
{
	struct json_object *from = compat_get(compat_get(way->from, "migration"), "records");
	struct json_object *to = compat_get(compat_get(way->to, "migration"), "records");
	struct json_object *have = compat_index(from, "name", "kind");
	struct json_object *want = compat_index(to, "name", "kind");
	struct json_object *record, *other;

	for (size_t i = 0; i < compat_length(from); i++) {
		record = json_object_array_get_idx(from, i);
		if (!exists(record, way->version))
			continue;
		other = compat_lookup(want, record, "name", "kind");
		if (other)
			compare(way, record, other);
		else
			unknown(way, record);
	}
	for (size_t i = 0; i < compat_length(to); i++) {
		record = json_object_array_get_idx(to, i);
		other = compat_lookup(have, record, "name", "kind");
		if (!other || !exists(other, way->version))
			missing(way, record);
	}
	json_object_put(have);
	json_object_put(want);
}

static uint64_t irq_total(struct json_object *device)
{
	struct json_object *irqs = compat_get(device, "irqs");
	uint64_t total = 0;

	for (size_t i = 0; i < compat_length(irqs); i++)
		total += compat_number(json_object_array_get_idx(irqs, i), "count");
	return total;
}

/* Their levels are one record of the stream, a byte for each in order. */
static void compare_irqs(struct compat *c)
{
	struct json_object *old = compat_get(c->old, "irqs"), *now = compat_get(c->now, "irqs");
	struct json_object *x, *y;

	if (irq_total(c->old) != irq_total(c->now))
		compat_break(c,
			     "leave the number of irqs: their levels are one record of the stream",
			     "there were %" PRIu64 " irqs, there are %" PRIu64, irq_total(c->old),
			     irq_total(c->now));
	for (size_t i = 0; i < compat_length(old); i++) {
		x = json_object_array_get_idx(old, i);
		y = compat_find(now, x, "name", NULL);
		if (y && compat_number(x, "first") != compat_number(y, "first"))
			compat_break(c, "declare the irqs in their order: it is that of the stream",
				     "irq %s: its number was %" PRIu64 ", is %" PRIu64,
				     compat_text(x, "name"), compat_number(x, "first"),
				     compat_number(y, "first"));
	}
}

static uint64_t lower_version(const struct compat *c)
{
	return c->version < c->old_version ? c->version : c->old_version;
}

void compat_streams(struct compat *c)
{
	const struct way way = {c, c->old, c->now, lower_version(c), c->version};
	char mend[128];

	if (c->version < c->old_version) {
		snprintf(mend, sizeof(mend), "device %s version %" PRIu64 " …",
			 compat_text(c->now, "name"), c->old_version);
		compat_break(c, mend,
			     "version %" PRIu64 " takes no streams of version %" PRIu64
			     ", but those of --stream-version=%" PRIu64,
			     c->version, c->old_version, c->version);
	}
	compare_irqs(c);
	compare_records(&way);
}

void compat_streams_back(struct compat *c)
{
	const struct way way = {c, c->now, c->old, lower_version(c), c->old_version};

	compare_records(&way);
}
