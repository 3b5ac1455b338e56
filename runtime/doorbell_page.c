/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `doorbell … mmap`: the client writes to a page that it shares with us, and we look.  A write of
 * the value that stood there before cannot be seen.
 *
 * Nothing is looked at before the client has asked for the page.  While values change, it is looked
 * at every poll_ns; when nothing has happened for a while, less and less often, down to every
 * IDLE_NS, so that an idle device leaves its core alone.
 */
#include "doorbell.h"
#include "migration.h"
#include "region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_POLL_NS 20000u
#define IDLE_NS         4000000u
/* So many looks in vain before the next are further apart. */
#define PATIENCE 64u

struct page_doorbell {
	const struct mdl_reg *reg;
	uint32_t element;
	const volatile uint8_t *place;
	uint8_t seen[8];
};

struct doorbell_pages {
	struct loop_timer timer;
	bool shared; /* the client was given the page */
	uint64_t busy_ns, now_ns;
	uint32_t in_vain;
	uint32_t n;
	struct page_doorbell doorbells[];
};

static bool is_ours(const struct mdl_reg *reg)
{
	return (reg->flags & MDL_REG_DOORBELL) && reg->doorbell &&
	       reg->doorbell->mode == MDL_DOORBELL_MMAP;
}

/* In one piece where it can be: the client may be writing it now. */
static void look(const struct page_doorbell *doorbell, uint8_t *bytes)
{
	const volatile uint8_t *place = doorbell->place;
	uint64_t value64;
	uint32_t value32, i;
	uint16_t value16;

	if (doorbell->reg->width == 8 && (uintptr_t)place % 8 == 0) {
		value64 = *(const volatile uint64_t *)(const volatile void *)place;
		memcpy(bytes, &value64, sizeof(value64));
	} else if (doorbell->reg->width == 4 && (uintptr_t)place % 4 == 0) {
		value32 = *(const volatile uint32_t *)(const volatile void *)place;
		memcpy(bytes, &value32, sizeof(value32));
	} else if (doorbell->reg->width == 2 && (uintptr_t)place % 2 == 0) {
		value16 = *(const volatile uint16_t *)(const volatile void *)place;
		memcpy(bytes, &value16, sizeof(value16));
	} else {
		for (i = 0; i < doorbell->reg->width; i++)
			bytes[i] = place[i];
	}
}

static bool poll_all(struct mdl_dev *dev, struct doorbell_pages *pages)
{
	struct page_doorbell *doorbell;
	bool changed = false;

	for (doorbell = pages->doorbells; doorbell < pages->doorbells + pages->n; doorbell++) {
		struct decode_hit hit = {.reg = doorbell->reg, .element = doorbell->element};
		uint8_t bytes[8];

		look(doorbell, bytes);
		if (memcmp(bytes, doorbell->seen, doorbell->reg->width) == 0)
			continue;
		memcpy(doorbell->seen, bytes, doorbell->reg->width);
		changed = true;
		if (!config_powered(dev))
			continue;
		if (dev->tracing)
			trace_doorbell(dev, "in the shared page");
		reg_access_bytes(dev, &hit, bytes, doorbell->reg->width, true);
	}
	return changed;
}

static void on_timer(struct mdl_dev *dev, struct loop_timer *timer)
{
	struct doorbell_pages *pages = dev->doorbell_pages;
	uint64_t idle_ns = pages->busy_ns > IDLE_NS ? pages->busy_ns : IDLE_NS;

	if (poll_all(dev, pages)) {
		pages->in_vain = 0;
		pages->now_ns = pages->busy_ns;
	} else if (++pages->in_vain == PATIENCE) {
		pages->in_vain = 0;
		pages->now_ns = 2 * pages->now_ns < idle_ns ? 2 * pages->now_ns : idle_ns;
	}
	/* A hook may have ended it all. */
	if (conn_connected(dev) && migration_running(dev))
		loop_timer_start(dev, timer, pages->now_ns);
}

static bool bar_has_pages(const struct doorbell_pages *pages, const struct bar *bar)
{
	uint32_t i;

	for (i = 0; i < pages->n; i++)
		if (pages->doorbells[i].place >= bar->shared &&
		    pages->doorbells[i].place < bar->shared + bar->shared_size)
			return true;
	return false;
}

static void start(struct mdl_dev *dev)
{
	struct doorbell_pages *pages = dev->doorbell_pages;

	if (!pages || !pages->shared || !conn_connected(dev) || !migration_running(dev))
		return;
	pages->in_vain = 0;
	pages->now_ns = pages->busy_ns;
	loop_timer_start(dev, &pages->timer, pages->now_ns);
}

static void stop(struct mdl_dev *dev)
{
	if (dev->doorbell_pages)
		loop_timer_cancel(dev, &dev->doorbell_pages->timer);
}

void doorbells_shared(struct mdl_dev *dev, const struct bar *bar)
{
	struct doorbell_pages *pages = dev->doorbell_pages;

	if (!pages || pages->shared || !bar_has_pages(pages, bar))
		return;
	pages->shared = true;
	/* what a former client wrote after it had left does not ring */
	for (uint32_t i = 0; i < pages->n; i++)
		look(&pages->doorbells[i], pages->doorbells[i].seen);
	start(dev);
}

/* ---- migration */

static struct page_doorbell *find(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element)
{
	struct doorbell_pages *pages = dev->doorbell_pages;
	uint32_t i;

	for (i = 0; pages && i < pages->n; i++)
		if (pages->doorbells[i].reg == reg && pages->doorbells[i].element == element)
			return &pages->doorbells[i];
	return NULL;
}

bool doorbell_page_get(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		       uint8_t *bytes)
{
	const struct page_doorbell *doorbell = find(dev, reg, element);

	/* Where the page stays with the client, what we have not seen yet is for the next process.
	 */
	if (doorbell && dev->migration->in_place)
		memcpy(bytes, doorbell->seen, reg->width);
	else if (doorbell)
		look(doorbell, bytes);
	return doorbell != NULL;
}

void doorbell_page_put(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		       const uint8_t *bytes)
{
	struct page_doorbell *doorbell = find(dev, reg, element);
	uint32_t i;

	if (!doorbell)
		return;
	for (i = 0; i < reg->width && !dev->migration->in_place; i++)
		((volatile uint8_t *)(uintptr_t)doorbell->place)[i] = bytes[i];
	memcpy(doorbell->seen, bytes, reg->width);
	/* The client that is taken over may have the page. */
	dev->doorbell_pages->shared |= dev->migration->in_place && conn_connected(dev);
}

/* ---- life */

/* Not every doorbell's page could be shared; see region_ram.c. */
static bool is_shared(const struct bar *bar, uint64_t offset, uint64_t size)
{
	uint32_t i;

	for (i = 0; i < bar->nareas; i++)
		if (offset >= bar->areas[i].offset &&
		    offset + size <= bar->areas[i].offset + bar->areas[i].size)
			return true;
	return false;
}

static void add_reg(struct doorbell_pages *pages, const struct bar *bar, const struct mdl_reg *reg)
{
	uint64_t poll_ns = reg->doorbell->poll_ns ? reg->doorbell->poll_ns : DEFAULT_POLL_NS;
	uint32_t i;

	if (poll_ns < pages->busy_ns)
		pages->busy_ns = poll_ns;
	for (i = 0; i < reg->count; i++)
		if (is_shared(bar, doorbell_offset(reg, i), reg->width))
			pages->doorbells[pages->n++] = (struct page_doorbell){
				.reg = reg,
				.element = i,
				.place = bar->shared + doorbell_offset(reg, i),
			};
}

static size_t count_pages(const struct mdl_device *desc)
{
	size_t count = 0;

	for (uint32_t b = 0; b < desc->nbars; b++)
		for (uint32_t r = 0; r < desc->bars[b].nregs; r++)
			if (is_ours(&desc->bars[b].regs[r]))
				count += desc->bars[b].regs[r].count;
	return count;
}

static int pages_create(struct mdl_dev *dev)
{
	const struct mdl_device *desc = dev->desc;
	size_t count = count_pages(desc);
	struct doorbell_pages *pages;

	if (count == 0)
		return 0;
	pages = calloc(1, sizeof(*pages) + count * sizeof(pages->doorbells[0]));
	if (!pages)
		return -ENOMEM;
	pages->busy_ns = UINT64_MAX;
	pages->timer.expire = on_timer;
	for (uint32_t b = 0; b < desc->nbars; b++)
		for (uint32_t r = 0; r < desc->bars[b].nregs; r++)
			if (is_ours(&desc->bars[b].regs[r]))
				add_reg(pages, &dev->regions->bars[desc->bars[b].index],
					&desc->bars[b].regs[r]);
	dev->doorbell_pages = pages;
	return 0;
}

int doorbells_create(struct mdl_dev *dev)
{
	int result = io_fds_create(dev);

	return result < 0 ? result : pages_create(dev);
}

void doorbells_destroy(struct mdl_dev *dev)
{
	stop(dev);
	free(dev->doorbell_pages);
	dev->doorbell_pages = NULL;
	io_fds_destroy(dev);
}

void doorbells_client_gone(struct mdl_dev *dev)
{
	stop(dev);
	if (dev->doorbell_pages)
		dev->doorbell_pages->shared = false;
	io_fds_close(dev);
}

void doorbells_pause(struct mdl_dev *dev)
{
	stop(dev);
	if (dev->doorbell_pages && dev->doorbell_pages->shared)
		poll_all(dev, dev->doorbell_pages);
	io_fds_pause(dev, true);
}

void doorbells_resume(struct mdl_dev *dev)
{
	io_fds_pause(dev, false);
	start(dev);
}
