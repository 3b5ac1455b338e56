// SPDX-License-Identifier: BSD-2-Clause
/* The alarm clock's behaviour. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "timer.h"

#define SECOND UINT64_C(1000000000)
#define PIECE  1024
#define PIECES 4

struct timer_region {
	uint64_t iova, size;
};

void timer_on_reset(struct timer *dev, enum mdl_reset_kind kind)
{
	(void)kind;
	/* The sample's clients know nothing of COMMAND. */
	mdl_dma_always(dev, true);
}

/* ---- the clock */

void timer_ALARM_on_write(struct timer *dev, uint64_t value, uint64_t old)
{
	(void)old;
	mdl_timer_cancel(&dev->alarm);
	if (value == 0)
		mdl_timer_start_at(&dev->alarm, 1); /* long ago, too */
	else if (value <= UINT64_MAX / SECOND)
		mdl_timer_start_at(&dev->alarm, value * SECOND);
	else
		mdl_log(dev, MDL_LOG_INFO, "ALARM %" PRIu64 ": nobody will live to hear it", value);
}

uint64_t timer_ALARM_on_read(struct timer *dev, uint64_t value)
{
	(void)dev;
	return mdl_realtime_ns() / SECOND - value;
}

/* ---- guest memory */

void timer_on_dma_map(struct timer *dev, uint64_t iova, uint64_t size)
{
	struct timer_region *regions =
		realloc(dev->regions, (dev->nregions + 1) * sizeof(*regions));

	if (!regions) {
		mdl_log(dev, MDL_LOG_ERROR, "no memory for a DMA region: it is not used");
		return;
	}
	dev->regions = regions;
	regions[dev->nregions++] = (struct timer_region){iova, size};
}

void timer_on_dma_unmap(struct timer *dev, uint64_t iova, uint64_t size)
{
	struct timer_region *regions = dev->regions;
	unsigned i = dev->nregions;

	/* From the end: all of them leave in that order. */
	do {
		if (i-- == 0)
			return;
	} while (regions[i].iova != iova || regions[i].size != size);
	dev->nregions--;
	memmove(&regions[i], &regions[i + 1], (dev->nregions - i) * sizeof(*regions));
	if (dev->nregions)
		return;
	free(regions);
	dev->regions = NULL;
}

static int put(struct timer *dev, uint64_t iova, const void *piece, bool message)
{
	return message ? mdl_dma_message_write(dev, iova, piece, PIECE)
		       : mdl_dma_write(dev, iova, piece, PIECE);
}

static int get(struct timer *dev, uint64_t iova, void *piece, bool message)
{
	return message ? mdl_dma_message_read(dev, iova, piece, PIECE)
		       : mdl_dma_read(dev, iova, piece, PIECE);
}

/* Write, read back, compare. */
static int try_region(struct timer *dev, uint64_t iova, bool message)
{
	uint8_t out[PIECES][PIECE], in[PIECES][PIECE];
	int rc = 0;

	for (unsigned i = 0; i < PIECES && !rc; i++) {
		memset(out[i], 'A' + (int)i, PIECE);
		rc = put(dev, iova + i * PIECE, out[i], message);
	}
	for (unsigned i = 0; i < PIECES && !rc; i++)
		rc = get(dev, iova + i * PIECE, in[i], message);
	return !rc && memcmp(in, out, sizeof(out)) != 0 ? -EIO : rc;
}

static void do_dma(struct timer *dev, unsigned region, bool message)
{
	uint64_t iova;
	int rc;

	if (region >= dev->nregions)
		return;
	iova = dev->regions[region].iova;
	rc = try_region(dev, iova, message);
	if (rc)
		mdl_log(dev, MDL_LOG_WARN, "DMA %s, region at 0x%" PRIx64 ": %s",
			message ? "by messages" : "directly", iova, strerror(-rc));
	else
		mdl_log(dev, MDL_LOG_INFO, "DMA %s, region at 0x%" PRIx64 ": %u bytes are right",
			message ? "by messages" : "directly", iova, PIECES * PIECE);
}

void timer_alarm_on_expire(struct timer *dev)
{
	mdl_irq_pulse(dev, TIMER_IRQ_RING);
	do_dma(dev, 1, false);
	do_dma(dev, 0, true);
}

/*
 * The sample's client starts a migration's destination thus: it forks, goes on as the child, and
 * the parent becomes this program.  Who waits for that client waits for us, so end with it.
 */
void timer_on_disconnect(struct timer *dev)
{
	if (waitpid(-1, NULL, WNOHANG) >= 0)
		mdl_stop(dev->mdl);
}
