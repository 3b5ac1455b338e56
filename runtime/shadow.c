/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers are plain members of the author's structure: device logic stores to them and nobody is
 * told.  So a trace keeps a copy of them, and compares it after whatever may have changed them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "trace.h"

#define CHUNK 256u

/* A register's storage in the structure; several registers (aliases) may have the same. */
struct place {
	uint32_t start;
	uint32_t end;
	const struct mdl_reg *reg;
};

struct shadow {
	uint32_t start, end; /* what is compared: from the first register to the last */
	uint8_t *copy;
	struct place *places; /* by start */
	uint32_t nplaces;
};

static void add_regs(struct shadow *shadow, const struct mdl_reg *regs, uint32_t nregs)
{
	for (uint32_t i = 0; i < nregs; i++) {
		if (regs[i].flags & MDL_REG_DOORBELL)
			continue;
		if (shadow->places)
			shadow->places[shadow->nplaces] = (struct place){
				.start = regs[i].store,
				.end = regs[i].store + regs[i].width * regs[i].count,
				.reg = &regs[i],
			};
		shadow->nplaces++;
	}
}

static void add_all(struct shadow *shadow, const struct mdl_device *desc)
{
	shadow->nplaces = 0;
	for (uint32_t b = 0; b < desc->nbars; b++)
		add_regs(shadow, desc->bars[b].regs, desc->bars[b].nregs);
	add_regs(shadow, desc->pci->regs, desc->pci->nregs);
}

/* Where the storage is the same, the order is the tables'. */
static int by_start(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->reg < y->reg ? -1 : x->reg > y->reg;
}

static int fill(struct mdl_dev *dev, struct shadow *shadow)
{
	add_all(shadow, dev->desc);
	shadow->places = calloc(shadow->nplaces + 1, sizeof(*shadow->places));
	if (!shadow->places)
		return -ENOMEM;
	add_all(shadow, dev->desc);
	qsort(shadow->places, shadow->nplaces, sizeof(*shadow->places), by_start);
	if (shadow->nplaces)
		shadow->start = shadow->places[0].start;
	for (uint32_t i = 0; i < shadow->nplaces; i++)
		if (shadow->places[i].end > shadow->end)
			shadow->end = shadow->places[i].end;
	shadow->copy = calloc(1, dev->desc->size);
	if (!shadow->copy)
		return -ENOMEM;
	memcpy(shadow->copy + shadow->start, (const uint8_t *)dev->instance + shadow->start,
	       shadow->end - shadow->start);
	return 0;
}

int shadow_create(struct mdl_dev *dev, struct shadow **made)
{
	*made = calloc(1, sizeof(**made));
	return *made ? fill(dev, *made) : -ENOMEM;
}

void shadow_destroy(struct shadow *shadow)
{
	if (!shadow)
		return;
	free(shadow->places);
	free(shadow->copy);
	free(shadow);
}

/* The first byte from `at` on that changed, or the end. */
static uint32_t next_change(const struct shadow *shadow, const uint8_t *now, uint32_t at)
{
	const uint8_t *copy = shadow->copy;

	if (memcmp(copy + at, now + at, shadow->end - at) == 0)
		return shadow->end;
	while (shadow->end - at > CHUNK && memcmp(copy + at, now + at, CHUNK) == 0)
		at += CHUNK;
	while (copy[at] == now[at])
		at++;
	return at;
}

/* The first of those whose storage holds the byte; NULL: it is no register's. */
static const struct place *find_place(const struct shadow *shadow, uint32_t at)
{
	uint32_t low = 0, high = shadow->nplaces;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (shadow->places[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == shadow->nplaces || shadow->places[low].start > at)
		return NULL;
	return &shadow->places[low];
}

/* Returns where its element ends. */
static uint32_t report(struct mdl_dev *dev, struct shadow *shadow, const struct place *place,
		       uint32_t at, shadow_found *found)
{
	const struct mdl_reg *reg = place->reg;
	const uint32_t element = (at - place->start) / reg->width;
	const uint32_t start = place->start + element * reg->width;
	const uint64_t old = number_get(shadow->copy + start, reg->width),
		       value = reg_peek(dev, reg, element);

	memcpy(shadow->copy + start, (const uint8_t *)dev->instance + start, reg->width);
	for (; found && place < shadow->places + shadow->nplaces; place++) {
		if (place->start != reg->store)
			break;
		found(dev, place->reg, element, old, value);
	}
	return start + reg->width;
}

void shadow_look(struct mdl_dev *dev, struct shadow *shadow, shadow_found *found)
{
	const uint8_t *now = dev->instance;
	uint32_t at = shadow->start;

	while (at < shadow->end && (at = next_change(shadow, now, at)) < shadow->end) {
		const struct place *place = find_place(shadow, at);

		if (place) {
			at = report(dev, shadow, place, at, found);
			continue;
		}
		shadow->copy[at] = now[at]; /* between registers */
		at++;
	}
}
