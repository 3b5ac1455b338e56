/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Are a driver's registers where it knows them, and do they do what they did?  What is new may
 * come where nothing was: in holes, and in bits that belonged to no field.
 */
#include <inttypes.h>
#include <string.h>

#include "compat.h"

/* What the names in messages are of. */
struct place {
	const char *where; /* "bar 0" */
	const char *name;
};

static bool is_flag(struct json_object *object, const char *key)
{
	return json_object_get_boolean(compat_get(object, key));
}

static uint64_t field_mask(struct json_object *field)
{
	return compat_number(field, "mask");
}

/* Bits that a driver knew: of the fields, or all of it. */
static uint64_t known_bits(struct json_object *reg)
{
	struct json_object *fields = compat_get(reg, "fields"), *field;
	uint64_t known = 0;

	if (!compat_length(fields))
		return UINT64_MAX;
	for (size_t i = 0; i < compat_length(fields); i++) {
		field = json_object_array_get_idx(fields, i);
		if (!is_flag(field, "reserved"))
			known |= field_mask(field);
	}
	return known;
}

/* ---- fields */

static struct json_object *field_at(struct json_object *fields, uint64_t mask)
{
	struct json_object *field;

	for (size_t i = 0; i < compat_length(fields); i++) {
		field = json_object_array_get_idx(fields, i);
		if (field_mask(field) == mask && !is_flag(field, "reserved"))
			return field;
	}
	return NULL;
}

static void compare_enums(struct compat *c, struct json_object *old, struct json_object *now,
			  const char *what)
{
	struct json_object *a = compat_get(compat_get(old, "enum"), "values"), *x, *y;
	struct json_object *b = compat_get(compat_get(now, "enum"), "values");
	char mend[256];

	for (size_t i = 0; i < compat_length(a); i++) {
		x = json_object_array_get_idx(a, i);
		y = compat_find(b, x, "name", NULL);
		/* Another name for the same is nothing that a driver sees. */
		if (y ? compat_number(x, "value") == compat_number(y, "value")
		      : compat_find(b, x, "value", NULL) != NULL)
			continue;
		snprintf(mend, sizeof(mend), "%.160s = %" PRIu64, compat_text(x, "name"),
			 compat_number(x, "value"));
		if (y)
			compat_break(c, mend, "%s: %s was %" PRIu64 ", is %" PRIu64, what,
				     compat_text(x, "name"), compat_number(x, "value"),
				     compat_number(y, "value"));
		else
			compat_break(c, mend, "%s: the value %s is gone", what,
				     compat_text(x, "name"));
	}
}

static void compare_fields(struct compat *c, struct json_object *old, struct json_object *now,
			   const struct place *place)
{
	struct json_object *a = compat_get(old, "fields"), *b = compat_get(now, "fields"), *x, *y;
	char what[400], mend[256];

	for (size_t i = 0; i < compat_length(a); i++) {
		x = json_object_array_get_idx(a, i);
		if (is_flag(x, "reserved"))
			continue;
		snprintf(what, sizeof(what), "%s: %.160s.%.160s", place->where, place->name,
			 compat_text(x, "name"));
		snprintf(mend, sizeof(mend), "%.160s [%" PRIu64 ":%" PRIu64 "] %.40s",
			 compat_text(x, "name"), compat_number(x, "msb"), compat_number(x, "lsb"),
			 compat_text(x, "access"));
		y = compat_find(b, x, "name", NULL);
		if (!y)
			y = field_at(b, field_mask(x));
		if (!y)
			compat_break(c, mend, "%s is gone", what);
		else if (field_mask(x) != field_mask(y))
			compat_break(c, mend,
				     "%s: was [%" PRIu64 ":%" PRIu64 "], is [%" PRIu64 ":%" PRIu64
				     "]",
				     what, compat_number(x, "msb"), compat_number(x, "lsb"),
				     compat_number(y, "msb"), compat_number(y, "lsb"));
		else
			compare_enums(c, x, y, what);
	}
}

/* ---- registers */

/* Members that are numbers of bits: readable, woclr, power, … */
static void compare_bits(struct compat *c, struct json_object *old, struct json_object *now,
			 const char *what, const char *key, uint64_t known, const char *mend)
{
	static const char *const keys[] = {
		"readable", "writable", "woclr", "woset", "wot",   "wzc",   "wzs",  "wzt", "wclr",
		"wset",     "rclr",     "rset",  "once",  "pulse", "power", "hard", "flr", "soft",
	};

	old = compat_get(old, key);
	now = compat_get(now, key);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint64_t was = compat_number(old, keys[i]), is = compat_number(now, keys[i]);

		if ((was ^ is) & known)
			compat_break(c, mend, "%s: %s %s was 0x%" PRIx64 ", is 0x%" PRIx64, what,
				     strcmp(key, "masks") ? key : "bits", keys[i], was & known,
				     is & known);
	}
}

bool compat_access(struct compat *c, struct json_object *old, struct json_object *now,
		   const char *where)
{
	uint64_t min = compat_number(old, "access_min"), max = compat_number(old, "access_max");
	char mend[64];

	if (compat_number(now, "access_min") <= min && compat_number(now, "access_max") >= max)
		return true;
	snprintf(mend, sizeof(mend), "access %" PRIu64 "..%" PRIu64, min, max);
	compat_break(c, mend, "%s: widths that a driver used are no longer allowed", where);
	return false;
}

static void compare_register(struct compat *c, struct json_object *old, struct json_object *now,
			     const struct place *place, bool widths)
{
	static const char *const keys[] = {"offset", "width",      "count",
					   "dims",   "big_endian", "doorbell"};
	const char *access = compat_text(old, "access");
	bool by_fields = !strcmp(access, "fields");
	uint64_t known = known_bits(old);
	char what[256], mend[400];

	snprintf(what, sizeof(what), "%s: %.160s", place->where, place->name);
	snprintf(mend, sizeof(mend),
		 "reg %.160s @ 0x%" PRIx64 " width %" PRIu64 "%s%.60s = %.20s %s", place->name,
		 compat_number(old, "offset"), 8 * compat_number(old, "width"),
		 by_fields ? "" : " ", by_fields ? "" : access,
		 compat_text(compat_get(old, "reset"), "power"), by_fields ? "{ … }" : "…");
	if (!now) {
		compat_break(c, mend, "%s is gone", what);
		return;
	}
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		compat_same(c, old, now, what, keys[k], mend);
	if (widths && compat_get(old, "access_max"))
		compat_access(c, old, now, what);
	compare_fields(c, old, now, place);
	compare_enums(c, old, now, what);
	/* A field that moved was named. */
	if (compat_length(compat_get(old, "fields")))
		known &= known_bits(now);
	compare_bits(c, old, now, what, "masks", known, mend);
	compare_bits(c, old, now, what, "reset", known, mend);
	compare_bits(c, old, now, what, "reset_mask", known, mend);
}

void compat_registers(struct compat *c, struct json_object *old, struct json_object *now,
		      const char *where, bool widths)
{
	struct json_object *index = compat_index(now, "name", NULL), *reg;
	struct place place = {.where = where};

	for (size_t i = 0; i < compat_length(old); i++) {
		reg = json_object_array_get_idx(old, i);
		place.name = compat_text(reg, "name");
		compare_register(c, reg, compat_lookup(index, reg, "name", NULL), &place, widths);
	}
	json_object_put(index);
}
