/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of an output, put in order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sections.h"
#include "skeleton.h"

static void feed_mark(struct sections *sections, char c)
{
	if (c >= '0' && c <= '9' && sections->number < SECTIONS_MAX) {
		sections->number = 10 * sections->number + (unsigned)(c - '0');
		return;
	}
	sections->in_mark = false;
	if (c == ';' && sections->number < SECTIONS_MAX)
		sections->current = sections->number;
	else
		sections->failed = true;
}

void sections_feed(struct sections *sections, const char *data, size_t size)
{
	while (size) {
		const char *mark;
		size_t n;

		if (sections->in_mark) {
			feed_mark(sections, *data);
			data++;
			size--;
			continue;
		}
		mark = memchr(data, SECTION_SWITCH, size);
		n = mark ? (size_t)(mark - data) : size;
		if (sections->current && !buffer_add(&sections->parts[sections->current], data, n))
			sections->failed = true;
		data += n;
		size -= n;
		if (mark) {
			data++;
			size--;
			sections->in_mark = true;
			sections->number = 0;
		}
	}
}

int sections_flush(struct sections *sections, struct filter *filter)
{
	if (sections->failed || sections->in_mark) {
		fprintf(stderr,
			"mdlc: error: m4's output is damaged, or there is no memory for it\n");
		return -1;
	}
	for (unsigned i = 1; i < SECTIONS_MAX; i++) {
		filter_feed(filter, sections->parts[i].data, sections->parts[i].size);
		free(sections->parts[i].data);
		sections->parts[i] = (struct buffer){0};
	}
	return filter_finish(filter);
}

void sections_free(struct sections *sections)
{
	for (unsigned i = 0; i < SECTIONS_MAX; i++)
		free(sections->parts[i].data);
}
