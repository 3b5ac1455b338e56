/* SPDX-License-Identifier: BSD-2-Clause */
/* RAM windows in the migration stream: what to send, and where what comes is kept. */
#include "migration.h"
#include "ram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Fewer pages of zeros than this are sent as they are. */
#define ZERO_PAGES 16u
/* A run of data has at most so many pages, a run of zeros so many. */
#define RUN_PAGES      64u
#define ZERO_RUN_PAGES 65536u

static uint64_t pages_of(const struct ram_window *window)
{
	return (window->size + RAM_PAGE - 1) / RAM_PAGE;
}

static size_t page_size(const struct ram_window *window, uint64_t page)
{
	uint64_t left = window->size - page * RAM_PAGE;

	return left < RAM_PAGE ? (size_t)left : RAM_PAGE;
}

static bool bit_get(const uint64_t *bits, uint64_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static void bit_set(uint64_t *bits, uint64_t i)
{
	bits[i / 64] |= 1ull << i % 64;
}

/* Is it in the stream?  Memory that the next process has too is not. */
static bool travels(const struct mdl_dev *dev, const struct ram_window *window)
{
	return !window->ram->transient && !(dev->migration->in_place && window->fd >= 0);
}

/* ---- the shadow */

static int shadow_window(const struct ram_window *window, struct ram_shadow_window *shadow,
			 uint8_t *memory)
{
	shadow->memory = memory;
	shadow->bits = calloc(pages_of(window) / 64 + 1, sizeof(uint64_t));
	return shadow->bits ? 0 : -ENOMEM;
}

int ram_shadow_create(struct mdl_dev *dev, uint32_t version, struct ram_shadow *shadow)
{
	struct ram_window *window;
	size_t at = 0;
	int result = 0;
	uint32_t i;

	*shadow = (struct ram_shadow){0};
	for (; (window = region_ram(dev, shadow->n)); shadow->n++)
		if (travels(dev, window) && window->ram->since <= version)
			shadow->size += pages_of(window) * RAM_PAGE;
	shadow->windows = calloc(shadow->n + 1u, sizeof(*shadow->windows));
	if (!shadow->windows)
		return -ENOMEM;
	if (shadow->size == 0)
		return 0;
	shadow->base = mmap(NULL, shadow->size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shadow->base == MAP_FAILED) {
		shadow->base = NULL;
		result = -ENOMEM;
	}
	for (i = 0; result == 0 && i < shadow->n; i++) {
		window = region_ram(dev, i);
		if (!travels(dev, window) || window->ram->since > version)
			continue;
		result = shadow_window(window, &shadow->windows[i], shadow->base + at);
		at += pages_of(window) * RAM_PAGE;
	}
	if (result < 0)
		ram_shadow_destroy(shadow);
	return result;
}

void ram_shadow_destroy(struct ram_shadow *shadow)
{
	uint32_t i;

	for (i = 0; shadow->windows && i < shadow->n; i++)
		free(shadow->windows[i].bits);
	free(shadow->windows);
	if (shadow->base)
		munmap(shadow->base, shadow->size);
	*shadow = (struct ram_shadow){0};
}

/* ---- sending */

int ram_sender_create(struct mdl_dev *dev, uint32_t version, struct ram_sender *sender)
{
	sender->dev = dev;
	sender->keep = true;
	ram_sender_rewind(sender);
	return ram_shadow_create(dev, version, &sender->sent);
}

void ram_sender_destroy(struct ram_sender *sender)
{
	ram_shadow_destroy(&sender->sent);
}

void ram_sender_rewind(struct ram_sender *sender)
{
	sender->window = 0;
	sender->page = 0;
}

void ram_sender_forget(struct ram_sender *sender)
{
	const struct ram_window *window;
	uint32_t i;

	for (i = 0; (window = region_ram(sender->dev, i)); i++)
		if (sender->sent.windows[i].bits)
			memset(sender->sent.windows[i].bits, 0,
			       (pages_of(window) / 64 + 1) * sizeof(uint64_t));
	ram_sender_rewind(sender);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* The current window of a pass, and its page. */
struct place {
	const struct ram_window *window;
	struct ram_shadow_window *sent;
	uint64_t pages;
};

/* Is there anything to say of this page? */
static bool is_news(const struct place *at, uint64_t page)
{
	size_t offset = page * RAM_PAGE;

	return !bit_get(at->sent->bits, page) ||
	       memcmp(at->window->memory + offset, at->sent->memory + offset,
		      page_size(at->window, page)) != 0;
}

/* Zeros that the other side has not heard of; there memory begins with zeros, but may have held
 * others. */
static uint64_t count_zeros(const struct place *at, uint64_t page)
{
	uint64_t first = page;

	while (page < at->pages && page - first < ZERO_RUN_PAGES &&
	       !bit_get(at->sent->bits, page) &&
	       is_zero(at->window->memory + page * RAM_PAGE, page_size(at->window, page)))
		page++;
	return page - first;
}

/* How many pages from this one go in one run of data: up to a stretch of zeros that is worth its
 * own. */
static uint64_t count_data(const struct place *at, uint64_t page)
{
	uint64_t first = page;

	while (page < at->pages && page - first < RUN_PAGES && is_news(at, page)) {
		if (page != first && is_zero(at->window->memory + page * RAM_PAGE, 1) &&
		    count_zeros(at, page) >= ZERO_PAGES)
			break;
		page++;
	}
	return page - first;
}

static void make_run(struct ram_sender *sender, const struct place *at, uint64_t pages, bool zeros,
		     struct ram_run *run)
{
	uint64_t first = sender->page, i;
	size_t offset = first * RAM_PAGE;

	sender->page += pages;
	run->window = at->window;
	run->offset = offset;
	run->size = (uint32_t)((pages - 1) * RAM_PAGE + page_size(at->window, sender->page - 1));
	run->data = zeros ? NULL : at->window->memory + offset;
	for (i = 0; i < pages; i++)
		bit_set(at->sent->bits, first + i);
	/* The copy is what is sent: the client may write to the window while it is. */
	if (sender->keep && !zeros) {
		memcpy(at->sent->memory + offset, at->window->memory + offset, run->size);
		run->data = at->sent->memory + offset;
	}
}

bool ram_sender_next(struct ram_sender *sender, struct ram_run *run)
{
	struct place at;
	uint64_t zeros;

	for (; (at.window = region_ram(sender->dev, sender->window));
	     sender->window++, sender->page = 0) {
		at.sent = &sender->sent.windows[sender->window];
		at.pages = pages_of(at.window);
		if (!at.sent->memory)
			continue;
		while (sender->page < at.pages && !is_news(&at, sender->page))
			sender->page++;
		if (sender->page == at.pages)
			continue;
		zeros = count_zeros(&at, sender->page);
		if (zeros >= ZERO_PAGES)
			make_run(sender, &at, zeros, true, run);
		else
			make_run(sender, &at, count_data(&at, sender->page), false, run);
		return true;
	}
	return false;
}

/* ---- receiving */

int64_t ram_find(struct mdl_dev *dev, const uint8_t *name, size_t size)
{
	const struct ram_window *window;
	uint32_t i;

	for (i = 0; (window = region_ram(dev, i)); i += window->ram->count)
		if (travels(dev, window) && strlen(window->ram->name) == size &&
		    memcmp(window->ram->name, name, size) == 0)
			return i;
	return -1;
}

uint8_t *ram_place(struct mdl_dev *dev, struct ram_shadow *shadow, uint32_t first, uint64_t offset,
		   uint32_t size)
{
	const struct mdl_ram *ram = region_ram(dev, first)->ram;
	uint64_t element = offset / ram->size, at = offset % ram->size, page;
	struct ram_shadow_window *window;

	if (size == 0 || element >= ram->count || size > ram->size - at || at % RAM_PAGE)
		return NULL;
	if (size % RAM_PAGE && at + size != ram->size)
		return NULL;
	window = &shadow->windows[first + element];
	for (page = at / RAM_PAGE; page <= (at + size - 1) / RAM_PAGE; page++)
		bit_set(window->bits, page);
	return window->memory + at;
}

void ram_place_zeros(uint8_t *place, uint32_t size)
{
	size_t whole = size & ~(size_t)(RAM_PAGE - 1);

	/* What was never written takes no memory for being zero. */
	if (whole && madvise(place, whole, MADV_DONTNEED) < 0)
		memset(place, 0, whole);
	memset(place + whole, 0, size - whole);
}

bool ram_complete(struct mdl_dev *dev, const struct ram_shadow *shadow, bool may_lack,
		  const char **lacking)
{
	const struct ram_window *window;
	uint64_t page, came;
	uint32_t i;

	for (i = 0; (window = region_ram(dev, i)); i++) {
		if (!travels(dev, window))
			continue;
		for (page = came = 0; page < pages_of(window); page++)
			came += bit_get(shadow->windows[i].bits, page);
		if (came == pages_of(window) || (came == 0 && may_lack))
			continue;
		*lacking = window->ram->name;
		return false;
	}
	return true;
}

void ram_expect(struct mdl_dev *dev, uint32_t first, uint64_t offset, uint32_t size)
{
	const struct mdl_ram *ram = region_ram(dev, first)->ram;
	struct ram_window *window = region_ram(dev, first + (uint32_t)(offset / ram->size));
	uintptr_t start =
		(uintptr_t)(window->memory + offset % ram->size) & ~(uintptr_t)(RAM_PAGE - 1);
	uintptr_t end = (uintptr_t)(window->memory + offset % ram->size) + size;

#ifdef MADV_POPULATE_WRITE
	/* Older kernels do not know it; then it takes its time later. */
	madvise((void *)start, end - start, MADV_POPULATE_WRITE);
#else
	(void)start, (void)end;
#endif
}

static void exchange_page(uint8_t *a, uint8_t *b, size_t size)
{
	uint8_t between[RAM_PAGE];

	if (memcmp(a, b, size) == 0)
		return;
	memcpy(between, a, size);
	memcpy(a, b, size);
	memcpy(b, between, size);
}

void ram_exchange(struct mdl_dev *dev, struct ram_shadow *shadow)
{
	const struct ram_window *window;
	uint64_t page;
	uint32_t i;

	for (i = 0; (window = region_ram(dev, i)); i++)
		for (page = 0; shadow->windows[i].memory && page < pages_of(window); page++)
			exchange_page(window->memory + page * RAM_PAGE,
				      shadow->windows[i].memory + page * RAM_PAGE,
				      page_size(window, page));
}

void ram_take(struct mdl_dev *dev, const struct ram_shadow *shadow)
{
	const struct ram_window *window;
	const uint8_t *from;
	uint64_t page;
	uint8_t *to;
	uint32_t i;

	for (i = 0; (window = region_ram(dev, i)); i++)
		for (page = 0; shadow->windows[i].memory && page < pages_of(window); page++) {
			to = window->memory + page * RAM_PAGE;
			from = shadow->windows[i].memory + page * RAM_PAGE;
			/* What is equal, zeros above all, takes no memory. */
			if (memcmp(to, from, page_size(window, page)) != 0)
				memcpy(to, from, page_size(window, page));
		}
}
