/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of an output, put in order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sections.h"
#include "skeleton.h"

/* "number;", or with a condition, "number,1;". */
static void feed_mark(struct sections *sections, char c)
{
	if (sections->condition && (c == '0' || c == '1')) {
		if ((c == '1') != (sections->condition == SECTION_IF))
			sections->number = 0;
		sections->condition = 0;
		return;
	}
	if (c >= '0' && c <= '9' && sections->number < SECTIONS_MAX) {
		sections->number = 10 * sections->number + (unsigned)(c - '0');
		return;
	}
	if ((c == SECTION_IF || c == SECTION_UNLESS) && !sections->condition) {
		sections->condition = c;
		return;
	}
	sections->state = IN_TEXT_OF_PART;
	if (c != ';' || sections->condition || sections->number >= SECTIONS_MAX)
		sections->failed = true;
	else if (!sections->skipping)
		sections->current = sections->number;
}

/* IF_OPEN, what is wanted, what there is. */
static void feed_if(struct sections *sections, char c)
{
	if (sections->state == IN_IF) {
		sections->condition = c;
		sections->state = IN_IF_WANTED;
		return;
	}
	if (sections->skipping || c != sections->condition)
		sections->skipping++;
	sections->state = IN_TEXT_OF_PART;
}

static bool is_mark(char c)
{
	return c >= SECTION_SWITCH && c <= IF_CLOSE && c != LITERAL;
}

static void begin_mark(struct sections *sections, char mark)
{
	switch (mark) {
	case SECTION_SWITCH:
		sections->state = IN_MARK;
		sections->number = 0;
		sections->condition = 0;
		break;
	case IF_OPEN:
		sections->state = IN_IF;
		break;
	case IF_ELSE:
		if (sections->skipping < 2)
			sections->skipping = !sections->skipping;
		break;
	case IF_CLOSE:
		if (sections->skipping)
			sections->skipping--;
		break;
	}
}

void sections_feed(struct sections *sections, const char *data, size_t size)
{
	const char *end = data + size;

	while (data < end) {
		const char *start = data;

		if (sections->state == IN_MARK) {
			feed_mark(sections, *data++);
		} else if (sections->state != IN_TEXT_OF_PART) {
			feed_if(sections, *data++);
		} else {
			while (data < end && !is_mark(*data))
				data++;
			if (sections->current && !sections->skipping &&
			    !buffer_add(&sections->parts[sections->current], start,
					(size_t)(data - start)))
				sections->failed = true;
			if (data < end)
				begin_mark(sections, *data++);
		}
	}
}

int sections_flush(struct sections *sections, struct filter *filter)
{
	if (sections->failed || sections->state != IN_TEXT_OF_PART || sections->skipping) {
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
