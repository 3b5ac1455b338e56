/* SPDX-License-Identifier: BSD-2-Clause */
/* --check-compat: what an earlier description promised, and whether this one keeps it. */
#ifndef COMPAT_H
#define COMPAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "model.h"

/*
 * Compare with what --emit=json wrote of an earlier version, and print each break and the line that
 * would mend it; and whether streams go back to the earlier version, which no version must do.
 * Returns 0: compatible; 1: not; 2: no such file, or not of mdlc (after a message).
 */
int compat_check(FILE *out, const struct model *model, const char *old_path);

/* ---- between compat.c and its parts */

struct compat {
	FILE *out;
	struct json_object *old, *now;
	uint64_t old_version, version;
	unsigned breaks;
	bool back; /* judging what this version's streams are to the old one */
};

/* One break, and what to write in the description so that there is none; mend may be NULL. */
void compat_break(struct compat *c, const char *mend, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What is no break, but may be one some day. */
void compat_remark(struct compat *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Members of a JSON object; NULL, 0, "" if they are not there.  Numbers also as "0x…". */
struct json_object *compat_get(struct json_object *object, const char *key);
uint64_t compat_number(struct json_object *object, const char *key);
const char *compat_text(struct json_object *object, const char *key);
/* Elements of an array; 0 if it is none. */
size_t compat_length(struct json_object *array);
/* The entry of an array whose members `key` (and `also`, unless NULL) are as in like; or NULL. */
struct json_object *compat_find(struct json_object *array, struct json_object *like,
				const char *key, const char *also);

/* For long arrays: their entries by the texts of two members (also: or NULL); release with
 * json_object_put(). */
struct json_object *compat_index(struct json_object *array, const char *key, const char *also);
struct json_object *compat_lookup(struct json_object *index, struct json_object *like,
				  const char *key, const char *also);

/* Does a stream of the old version load? */
void compat_streams(struct compat *c);
/* And one of this version in the old one? */
void compat_streams_back(struct compat *c);
/* Registers of one BAR, or of config space.  widths: whether those of accesses are to be compared,
 * too. */
void compat_registers(struct compat *c, struct json_object *old, struct json_object *now,
		      const char *where, bool widths);
/* The widths of accesses, of a BAR or a register.  True: all that was allowed is. */
bool compat_access(struct compat *c, struct json_object *old, struct json_object *now,
		   const char *where);
/* One member of an object; `what` names the object for the reader, mend is its line as it was. */
void compat_same(struct compat *c, struct json_object *old, struct json_object *now,
		 const char *what, const char *key, const char *mend);
/* Does a guest find the same device? */
void compat_guest(struct compat *c);

#endif
