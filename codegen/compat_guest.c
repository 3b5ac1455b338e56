/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a guest find the same device?  Its driver was bound to the ids, has mapped the BARs, walked
 * the capabilities and knows where the registers stand; none of it may change under it.
 */
#include <inttypes.h>
#include <string.h>

#include "compat.h"

static void compare_ids(struct compat *c)
{
	static const struct {
		const char *key, *word;
	} keys[] = {
		{"vendor", "vendor"},
		{"device", "device"},
		{"subsystem_vendor", "subsystem VENDOR:DEVICE, VENDOR being"},
		{"subsystem", "subsystem VENDOR:DEVICE, DEVICE being"},
		{"class", "class"},
		{"revision", "revision"},
		{"intx", "intx"},
		{"msi_vectors", "msi { vectors …; }, or none, as it was:"},
		{"msix", "msix { … }, or none, as it was:"},
		{"pm", "pm;, or not, as it was:"},
		{"express", "express endpoint;, or not, as it was:"},
		{"flr", "flr;, or not, as it was:"},
		{"dsn", "dsn"},
		{"rom_size", "rom size"},
	};
	struct json_object *old = compat_get(c->old, "pci"), *now = compat_get(c->now, "pci");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct json_object *was = compat_get(old, keys[i].key);
		const char *text = json_object_is_type(was, json_type_string)
					   ? json_object_get_string(was)
				   : was ? json_object_to_json_string(was)
					 : "absent";
		char mend[256];

		snprintf(mend, sizeof(mend), "%s %s", keys[i].word, text);
		compat_same(c, old, now, "pci", keys[i].key, mend);
	}
}

/* The chain in its order, each at its place. */
static void compare_caps(struct compat *c)
{
	struct json_object *old = compat_get(compat_get(c->old, "pci"), "capabilities");
	struct json_object *now = compat_get(compat_get(c->now, "pci"), "capabilities");
	struct json_object *x, *y;

	for (size_t i = 0; i < compat_length(old) || i < compat_length(now); i++) {
		x = i < compat_length(old) ? json_object_array_get_idx(old, i) : NULL;
		y = i < compat_length(now) ? json_object_array_get_idx(now, i) : NULL;
		if (json_object_equal(x, y))
			continue;
		compat_break(c, "leave the capabilities, their order and what stands in config { }",
			     "capability %zu was %s at 0x%" PRIx64 ", is %s at 0x%" PRIx64, i + 1,
			     x ? compat_text(x, "name") : "absent", compat_number(x, "offset"),
			     y ? compat_text(y, "name") : "absent", compat_number(y, "offset"));
	}
}

static void compare_ram(struct compat *c, struct json_object *old, struct json_object *now,
			const char *where)
{
	static const char *const keys[] = {"offset", "size", "count", "dims"};
	char what[256], mend[320];

	for (size_t i = 0; i < compat_length(old); i++) {
		struct json_object *x = json_object_array_get_idx(old, i);
		struct json_object *y = compat_find(now, x, "name", NULL);

		snprintf(what, sizeof(what), "%s: ram %.160s", where, compat_text(x, "name"));
		snprintf(mend, sizeof(mend), "ram %.160s @ 0x%" PRIx64 " size %" PRIu64 ";",
			 compat_text(x, "name"), compat_number(x, "offset"),
			 compat_number(x, "size"));
		for (size_t k = 0; y && k < sizeof(keys) / sizeof(keys[0]); k++)
			compat_same(c, x, y, what, keys[k], mend);
		if (!y)
			compat_break(c, mend, "%s is gone", what);
	}
}

static void compare_bars(struct compat *c)
{
	static const char *const keys[] = {"type", "size", "prefetchable", "big_endian"};
	struct json_object *old = compat_get(c->old, "bars"), *now = compat_get(c->now, "bars");
	char where[32], mend[96];

	for (size_t i = 0; i < compat_length(old); i++) {
		struct json_object *x = json_object_array_get_idx(old, i);
		struct json_object *y = compat_find(now, x, "index", NULL);

		snprintf(where, sizeof(where), "bar %" PRIu64, compat_number(x, "index"));
		snprintf(mend, sizeof(mend), "%s %.8s size %" PRIu64 "%s { … }", where,
			 compat_text(x, "type"), compat_number(x, "size"),
			 compat_get(x, "prefetchable") ? " prefetchable" : "");
		if (!y) {
			compat_break(c, mend, "%s is gone", where);
			continue;
		}
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			compat_same(c, x, y, where, keys[k], mend);
		compat_registers(c, compat_get(x, "registers"), compat_get(y, "registers"), where,
				 compat_access(c, x, y, where));
		compare_ram(c, compat_get(x, "ram"), compat_get(y, "ram"), where);
	}
	for (size_t i = 0; i < compat_length(now); i++) {
		struct json_object *y = json_object_array_get_idx(now, i);

		if (!compat_find(old, y, "index", NULL))
			compat_break(
				c, "give what is new another device id, or a place in another BAR",
				"bar %" PRIu64 " is new: a running guest gave it no place",
				compat_number(y, "index"));
	}
}

static void compare_irqs(struct compat *c)
{
	struct json_object *old = compat_get(c->old, "irqs"), *now = compat_get(c->now, "irqs");
	char what[128], mend[160];

	for (size_t i = 0; i < compat_length(old); i++) {
		struct json_object *x = json_object_array_get_idx(old, i);
		struct json_object *y = compat_find(now, x, "name", NULL);

		snprintf(what, sizeof(what), "irq %.100s", compat_text(x, "name"));
		snprintf(mend, sizeof(mend), "irq %.100s = %" PRIu64 ";", compat_text(x, "name"),
			 compat_number(x, "vector"));
		if (y)
			compat_same(c, x, y, what, "vector", mend);
		else
			compat_break(c, mend, "%s is gone", what);
	}
}

/* What makes a cause, and the interrupt that it raises. */
static void compare_causes(struct compat *c)
{
	static const char *const keys[] = {"kind", "irq"};
	struct json_object *old = compat_get(c->old, "intrs"), *now = compat_get(c->now, "intrs");
	struct json_object *x, *y, *cause, *other;
	char what[256];

	for (size_t i = 0; i < compat_length(old); i++) {
		x = json_object_array_get_idx(old, i);
		y = compat_find(now, x, "name", NULL);
		for (size_t k = 0; y && k < compat_length(compat_get(x, "causes")); k++) {
			cause = json_object_array_get_idx(compat_get(x, "causes"), k);
			other = compat_find(compat_get(y, "causes"), cause, "name", NULL);
			snprintf(what, sizeof(what), "intr %.100s.%.100s", compat_text(x, "name"),
				 compat_text(cause, "name"));
			for (size_t n = 0; other && n < 2; n++)
				compat_same(c, cause, other, what, keys[n],
					    "leave the cause as it was");
		}
	}
}

void compat_guest(struct compat *c)
{
	compare_ids(c);
	compare_caps(c);
	compat_registers(c, compat_get(compat_get(c->old, "pci"), "registers"),
			 compat_get(compat_get(c->now, "pci"), "registers"), "config space", false);
	compare_bars(c);
	compare_irqs(c);
	compare_causes(c);
}
