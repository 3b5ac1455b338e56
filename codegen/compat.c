/* SPDX-License-Identifier: BSD-2-Clause */
/* --check-compat: both sides are read as --emit=json writes them, and compared. */
#include "compat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "json_memory.h"

#define MAX_FILE (256u << 20)

/* ---- for the parts */

void compat_break(struct compat *c, const char *mend, const char *format, ...)
{
	va_list args;

	c->breaks++;
	fputs(c->back ? "not back: " : "break: ", c->out);
	va_start(args, format);
	vfprintf(c->out, format, args);
	va_end(args);
	fputc('\n', c->out);
	if (mend)
		fprintf(c->out, "       mend: %s\n", mend);
}

void compat_remark(struct compat *c, const char *format, ...)
{
	va_list args;

	fputs(c->back ? "back: " : "remark: ", c->out);
	va_start(args, format);
	vfprintf(c->out, format, args);
	va_end(args);
	fputc('\n', c->out);
}

void compat_same(struct compat *c, struct json_object *old, struct json_object *now,
		 const char *what, const char *key, const char *mend)
{
	struct json_object *was = compat_get(old, key), *is = compat_get(now, key);

	if (json_object_equal(was, is))
		return;
	compat_break(c, mend, "%s: %s was %s, is %s", what, key,
		     was ? json_object_to_json_string(was) : "absent",
		     is ? json_object_to_json_string(is) : "absent");
}

struct json_object *compat_get(struct json_object *object, const char *key)
{
	struct json_object *member = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &member);
	return member;
}

uint64_t compat_number(struct json_object *object, const char *key)
{
	struct json_object *member = compat_get(object, key);

	if (json_object_is_type(member, json_type_string))
		return strtoull(json_object_get_string(member), NULL, 0);
	return member ? json_object_get_uint64(member) : 0;
}

const char *compat_text(struct json_object *object, const char *key)
{
	struct json_object *member = compat_get(object, key);

	return json_object_is_type(member, json_type_string) ? json_object_get_string(member) : "";
}

size_t compat_length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static bool is_same(struct json_object *a, struct json_object *b, const char *key)
{
	return !key || (compat_number(a, key) == compat_number(b, key) &&
			!strcmp(compat_text(a, key), compat_text(b, key)));
}

struct json_object *compat_find(struct json_object *array, struct json_object *like,
				const char *key, const char *also)
{
	size_t n =
		json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *entry = json_object_array_get_idx(array, i);

		if (is_same(entry, like, key) && is_same(entry, like, also))
			return entry;
	}
	return NULL;
}

static void index_name(struct json_object *entry, const char *key, const char *also, char *name,
		       size_t size)
{
	snprintf(name, size, "%s\n%s", also ? compat_text(entry, also) : "",
		 compat_text(entry, key));
}

struct json_object *compat_index(struct json_object *array, const char *key, const char *also)
{
	struct json_object *index = json_object_new_object(), *entry;
	char name[1024];

	for (size_t i = 0; i < compat_length(array); i++) {
		entry = json_object_array_get_idx(array, i);
		index_name(entry, key, also, name, sizeof(name));
		json_object_object_add(index, name, json_object_get(entry));
	}
	return index;
}

struct json_object *compat_lookup(struct json_object *index, struct json_object *like,
				  const char *key, const char *also)
{
	char name[1024];

	index_name(like, key, also, name, sizeof(name));
	return compat_get(index, name);
}

/* ---- reading */

static struct json_object *parse(const char *text, size_t size, const char **why)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object = NULL;

	if (!tokener)
		return NULL;
	object = json_tokener_parse_ex(tokener, text, (int)size);
	*why = json_tokener_error_desc(json_tokener_get_error(tokener));
	json_tokener_free(tokener);
	return object;
}

/* The model as --emit=json has it. */
static struct json_object *describe(const struct model *model)
{
	size_t size = 0;
	const char *why = "out of memory";
	char *text = json_in_memory(model, &size);
	struct json_object *object = text ? parse(text, size, &why) : NULL;

	if (!object)
		fprintf(stderr, "mdlc: the description as JSON: %s\n", why);
	free(text);
	return object;
}

/* The whole file, to be freed; NULL: errno says why. */
static char *read_file(const char *path, size_t *size)
{
	FILE *in = fopen(path, "r"), *copy;
	char *text = NULL, buf[4096];
	size_t n, total = 0;
	bool failed;

	if (!in)
		return NULL;
	copy = open_memstream(&text, size);
	while (copy && total < MAX_FILE && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		total += fwrite(buf, 1, n, copy);
	failed = ferror(in) || !copy;
	fclose(in);
	if (copy)
		failed |= fclose(copy) != 0;
	if (!failed)
		return text;
	free(text);
	return NULL;
}

static struct json_object *read_old(const char *path, uint64_t format)
{
	const char *why = NULL;
	size_t size;
	char *text = read_file(path, &size);
	struct json_object *old;

	if (!text) {
		fprintf(stderr, "mdlc: cannot read '%s': %s\n", path, strerror(errno));
		return NULL;
	}
	old = size < MAX_FILE ? parse(text, size, &why) : NULL;
	free(text);
	if (old && compat_number(old, "format") == format &&
	    compat_get(compat_get(old, "migration"), "records") && *compat_text(old, "name"))
		return old;
	fprintf(stderr, "mdlc: '%s' is not what this mdlc's --emit=json writes%s%s\n", path,
		old || !why ? "" : ": ", old || !why ? "" : why);
	json_object_put(old);
	return NULL;
}

/* ---- all of it */

static void conclude(const struct compat *c, const char *old_path)
{
	const char *name = compat_text(c->now, "name");

	if (c->breaks)
		fprintf(c->out,
			"%s version %" PRIu64 " does not go with %s (version %" PRIu64
			"): %u break%s\n",
			name, c->version, old_path, c->old_version, c->breaks,
			c->breaks == 1 ? "" : "s");
	else
		fprintf(c->out,
			"%s version %" PRIu64 ": streams of version %" PRIu64 " load; "
			"a guest sees the same device\n",
			name, c->version, c->old_version);
}

/* The guest's side is the same either way. */
static void judge_back(struct compat *c)
{
	struct compat back = *c;

	if (c->breaks)
		return;
	back.back = true;
	compat_streams_back(&back);
	fprintf(c->out, "back: streams of version %" PRIu64 " ", c->version);
	if (back.breaks)
		fprintf(c->out, "do not load in version %" PRIu64 "\n", c->old_version);
	else if (c->version == c->old_version)
		fprintf(c->out, "load in the old one, too\n");
	else
		fprintf(c->out, "load in version %" PRIu64 " with --stream-version=%" PRIu64 "\n",
			c->old_version, c->old_version);
}

int compat_check(FILE *out, const struct model *model, const char *old_path)
{
	struct compat c = {.out = out, .now = describe(model)};
	int status = 2;

	if (c.now)
		c.old = read_old(old_path, compat_number(c.now, "format"));
	if (c.old) {
		c.old_version = compat_number(c.old, "version");
		c.version = compat_number(c.now, "version");
		if (strcmp(compat_text(c.old, "name"), compat_text(c.now, "name")) != 0) {
			compat_break(&c, NULL, "it is another device: %s was %s",
				     compat_text(c.now, "name"), compat_text(c.old, "name"));
		} else {
			compat_guest(&c);
			compat_streams(&c);
		}
		conclude(&c, old_path);
		judge_back(&c);
		status = c.breaks > 0;
	}
	json_object_put(c.old);
	json_object_put(c.now);
	return status;
}
