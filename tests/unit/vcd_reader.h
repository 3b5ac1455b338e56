/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A strict reader of Value Change Dumps (IEEE 1364-2005, 18.2), for cmocka: anything that is not as
 * it should be fails the test.  Names are unique, ids too, scopes are opened once in their scope
 * and closed; values fit their variables and come without leading zeros, times rise; everything has
 * a value from the first time on; the last line is whole.
 */
#ifndef VCD_READER_H
#define VCD_READER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vcd_change {
	uint64_t time;
	unsigned var; /* in the order of ids */
	char value[65];
};

struct vcd_variable {
	char name[200]; /* with its scopes: "gpiotmr.bar0.CTRL.EN" */
	char id[8];
	unsigned width;
	bool dumped;
};

struct vcd_file {
	struct vcd_variable *vars; /* by id */
	unsigned nvars;
	struct vcd_change *changes;
	unsigned nchanges;
	char (*scopes)[200]; /* all that were opened, by name */
	unsigned nscopes;
	char *history; /* the last that was asked for */
};

static inline int vcd_by_id(const void *a, const void *b)
{
	return strcmp(((const struct vcd_variable *)a)->id, ((const struct vcd_variable *)b)->id);
}

static inline int vcd_by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static inline void *vcd_grow(void *array, unsigned n, size_t size)
{
	if (n & (n - 1)) /* not a power of two: there is room */
		return array;
	array = realloc(array, (n ? 2u * n : 1) * size);
	assert_non_null(array);
	return array;
}

static inline void vcd_line(char *line, size_t size, FILE *f)
{
	assert_non_null(fgets(line, (int)size, f));
	assert_int_equal(line[strlen(line) - 1], '\n');
	line[strlen(line) - 1] = 0;
}

static inline void vcd_variable(struct vcd_file *vcd, const char *line, const char *scope)
{
	char type[8], name[200], range[16] = "", end[8], want[16];
	struct vcd_variable *var;
	unsigned width;
	char id[8];
	int n;

	assert_int_equal(sscanf(line, "$var %7s %u %7s %199s", type, &width, id, name), 4);
	n = sscanf(line, "$var %*s %*s %*s %*s %15s %7s", range, end);
	assert_in_range(width, 1, 64);
	if (width == 1) {
		assert_string_equal(range, "$end");
	} else {
		assert_int_equal(n, 2);
		snprintf(want, sizeof(want), "[%u:0]", width - 1);
		assert_string_equal(range, want);
		assert_string_equal(end, "$end");
	}
	assert_true(!strcmp(type, "reg") || !strcmp(type, "wire"));
	for (const char *p = id; *p; p++)
		assert_in_range(*p, 33, 126);
	vcd->vars = vcd_grow(vcd->vars, vcd->nvars, sizeof(*vcd->vars));
	var = &vcd->vars[vcd->nvars++];
	*var = (struct vcd_variable){.width = width};
	assert_in_range(snprintf(var->name, sizeof(var->name), "%.99s.%.99s", scope, name), 1, 199);
	strcpy(var->id, id);
}

/* No two scopes, or two variables, of the same name. */
static inline void vcd_unique(const struct vcd_file *vcd)
{
	const char **names = calloc(vcd->nvars + vcd->nscopes + 1, sizeof(*names));

	for (unsigned i = 0; i < vcd->nvars; i++) {
		names[i] = vcd->vars[i].name;
		if (i)
			assert_true(vcd_by_id(&vcd->vars[i - 1], &vcd->vars[i]) < 0);
	}
	qsort(names, vcd->nvars, sizeof(*names), vcd_by_name);
	for (unsigned i = 1; i < vcd->nvars; i++)
		assert_string_not_equal(names[i - 1], names[i]);
	for (unsigned i = 0; i < vcd->nscopes; i++)
		names[i] = vcd->scopes[i];
	qsort(names, vcd->nscopes, sizeof(*names), vcd_by_name);
	for (unsigned i = 1; i < vcd->nscopes; i++)
		assert_string_not_equal(names[i - 1], names[i]);
	free(names);
}

static inline void vcd_declarations(struct vcd_file *vcd, FILE *f)
{
	char line[512], scope[512] = "", name[200], end[8];

	vcd_line(line, sizeof(line), f);
	assert_memory_equal(line, "$version ", 9);
	vcd_line(line, sizeof(line), f);
	assert_string_equal(line, "$timescale 1ns $end");
	for (;;) {
		vcd_line(line, sizeof(line), f);
		if (!strcmp(line, "$enddefinitions $end"))
			break;
		if (sscanf(line, "$scope module %199s %7s", name, end) == 2) {
			size_t used = strlen(scope);

			assert_string_equal(end, "$end");
			assert_in_range(used + strlen(name), 1, sizeof(vcd->scopes[0]) - 2);
			sprintf(scope + used, "%s%s", used ? "." : "", name);
			vcd->scopes = vcd_grow(vcd->scopes, vcd->nscopes, sizeof(*vcd->scopes));
			strcpy(vcd->scopes[vcd->nscopes++], scope);
		} else if (!strcmp(line, "$upscope $end")) {
			char *dot = strrchr(scope, '.');

			assert_true(scope[0]);
			*(dot ? dot : scope) = 0;
		} else {
			assert_true(scope[0]);
			vcd_variable(vcd, line, scope);
		}
	}
	assert_string_equal(scope, "");
	qsort(vcd->vars, vcd->nvars, sizeof(*vcd->vars), vcd_by_id);
	vcd_unique(vcd);
}

static inline void vcd_value(struct vcd_file *vcd, const char *line, uint64_t now, bool dump)
{
	struct vcd_variable key, *var;
	struct vcd_change *change;
	char value[70], id[8];

	if (line[0] == 'b') {
		assert_int_equal(sscanf(line, "b%65[01x] %7s", value, id), 2);
	} else {
		assert_int_equal(sscanf(line, "%1[01x]%7s", value, id), 2);
	}
	strcpy(key.id, id);
	var = bsearch(&key, vcd->vars, vcd->nvars, sizeof(key), vcd_by_id);
	assert_non_null(var);
	assert_int_equal(line[0] == 'b', var->width > 1);
	assert_in_range(strlen(value), 1, var->width);
	assert_true(value[0] != '0' || !value[1]);
	assert_int_equal(var->dumped, !dump);
	var->dumped = true;
	vcd->changes = vcd_grow(vcd->changes, vcd->nchanges, sizeof(*vcd->changes));
	change = &vcd->changes[vcd->nchanges++];
	*change = (struct vcd_change){.time = now, .var = (unsigned)(var - vcd->vars)};
	strcpy(change->value, value);
}

static inline void vcd_read(struct vcd_file *vcd, const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned long long now = 0;
	bool begun = false, dump = false;
	char line[512];
	int c;

	assert_non_null(f);
	*vcd = (struct vcd_file){0};
	vcd_declarations(vcd, f);
	while ((c = fgetc(f)) != EOF) {
		unsigned long long next;

		ungetc(c, f);
		vcd_line(line, sizeof(line), f);
		if (!strcmp(line, "$dumpvars")) {
			assert_int_equal(vcd->nchanges, 0);
			dump = true;
		} else if (!strcmp(line, "$end")) {
			assert_true(dump);
			dump = false;
			for (unsigned i = 0; i < vcd->nvars; i++)
				assert_true(vcd->vars[i].dumped);
		} else if (sscanf(line, "#%llu", &next) == 1) {
			assert_true(!begun || next > now);
			begun = true;
			now = next;
		} else {
			assert_true(begun);
			vcd_value(vcd, line, now, dump);
		}
	}
	assert_false(dump);
	fclose(f);
}

static inline void vcd_free(struct vcd_file *vcd)
{
	free(vcd->vars);
	free(vcd->changes);
	free(vcd->scopes);
	free(vcd->history);
}

static inline unsigned vcd_find(const struct vcd_file *vcd, const char *name)
{
	for (unsigned i = 0; i < vcd->nvars; i++)
		if (!strcmp(vcd->vars[i].name, name))
			return i;
	fail_msg("there is no variable %s", name);
	return 0;
}

static inline unsigned vcd_width(const struct vcd_file *vcd, const char *name)
{
	return vcd->vars[vcd_find(vcd, name)].width;
}

/* How many values it had. */
static inline unsigned vcd_changes(const struct vcd_file *vcd, const char *name)
{
	const unsigned var = vcd_find(vcd, name);
	unsigned n = 0;

	for (unsigned i = 0; i < vcd->nchanges; i++)
		n += vcd->changes[i].var == var;
	return n;
}

/* Its values, with spaces between; valid until the next call. */
static inline const char *vcd_history(struct vcd_file *vcd, const char *name)
{
	const unsigned var = vcd_find(vcd, name);
	size_t used = 0;

	free(vcd->history);
	vcd->history = calloc(vcd_changes(vcd, name) + 1, sizeof(vcd->changes->value) + 1);
	for (unsigned i = 0; i < vcd->nchanges; i++)
		if (vcd->changes[i].var == var)
			used += (size_t)sprintf(vcd->history + used, "%s%s", used ? " " : "",
						vcd->changes[i].value);
	return vcd->history;
}

/* When it got its nth value (0: the first). */
static inline uint64_t vcd_time(const struct vcd_file *vcd, const char *name, unsigned nth)
{
	const unsigned var = vcd_find(vcd, name);

	for (unsigned i = 0; i < vcd->nchanges; i++)
		if (vcd->changes[i].var == var && nth-- == 0)
			return vcd->changes[i].time;
	fail_msg("%s has not so many values", name);
	return 0;
}

#endif
