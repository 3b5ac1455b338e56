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
 * would mend it.  Returns 0: compatible; 1: not; 2: no such file, or not of mdlc (after a message).
 */
int compat_check(FILE *out, const struct model *model, const char *old_path);

/* ---- between compat.c and its parts */

struct compat {
	FILE *out;
	struct json_object *old, *now;
	uint64_t old_version, version;
	unsigned breaks;
};

/* One break, and what to write in the description so that there is none; mend may be NULL. */
void compat_break(struct compat *c, const char *mend, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Members of a JSON object; NULL, 0, "" if they are not there.  Numbers also as "0x…". */
struct json_object *compat_get(struct json_object *object, const char *key);
uint64_t compat_number(struct json_object *object, const char *key);
const char *compat_text(struct json_object *object, const char *key);
/* Elements of an array; 0 if it is none. */
size_t compat_length(struct json_object *array);
/* The entry of an array whose members `key` (and `also`, unless NULL) are as in like; or NULL. */
struct json_object *compat_find(struct json_object *array, struct json_object *like,
				const char *key, const char *also);

/* Does a stream of the old version load? */
void compat_streams(struct compat *c);
/* Does a guest find the same device? */
void compat_guest(struct compat *c);

#endif
