/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside DMA: the table of regions (dma.c), access to them (dma_access.c), access by messages
 * (dma_message.c) and what was written (dirty.c).
 */
#ifndef MDL_DMA_H
#define MDL_DMA_H

#include "private.h"

/* A client's memory in our address space.  It outlives its region while the device holds it. */
struct dma_mapping {
	struct guarded guard;
	uint32_t refs; /* the region's own and one per hold */
};

struct dma_region {
	uint64_t iova, size; /* iova + size - 1 does not wrap */
	uint32_t flags;      /* VU_DMA_MAP_… */
	uint8_t *host;       /* the first byte, or NULL: by messages only */
	struct dma_mapping *mapping;
	uint64_t order;  /* regions were registered in this order */
	uint64_t offset; /* in the client's file */
	int fd;          /* of it, kept where another process may take over; else -1 */
};

/* One mdl_dma_map()ped piece. */
struct dma_hold {
	struct dma_mapping *mapping;
	void *start;
	size_t size;
	uint64_t iova;
	bool write;
};

/* How the client lays out DMA messages; see dma_message.c. */
enum dma_form { DMA_FORM_UNKNOWN, DMA_FORM_SPEC, DMA_FORM_PACKED };

struct dma {
	struct dma_region *regions; /* sorted, disjoint */
	uint32_t nregions, room, max;
	uint32_t last; /* where the last access hit */
	struct dma_hold *holds;
	uint32_t nholds, holds_room;
	struct dirty *dirty; /* NULL: nothing is logged */
	uint8_t *bounce;     /* one message's data and what stands before it */
	size_t bounce_size;
	enum dma_form form;
	uint64_t registered; /* regions so far */
	bool always;         /* also while bus mastering is off */
	bool said_off;       /* that DMA is refused; once until it goes */
};

/* The region that has this address, or NULL. */
struct dma_region *dma_find(struct dma *dma, uint64_t iova);
void dma_mapping_put(struct dma_mapping *mapping);

/* ---- dma_message.c */
/* Regions without memory have come: see that a message's data has a place. */
int dma_message_prepare(struct mdl_dev *dev);
/* The client is another one. */
void dma_message_forget(struct dma *dma);
int dma_message_read(struct mdl_dev *dev, uint64_t iova, uint8_t *buf, size_t size);
int dma_message_write(struct mdl_dev *dev, uint64_t iova, const uint8_t *buf, size_t size);

/* ---- dirty.c */
/* [iova, iova + size) was written; size > 0.  Only while dma->dirty is set. */
void dirty_mark(struct dirty *dirty, uint64_t iova, uint64_t size);
/* Bytes of the bitmap that answers a report; -EINVAL: no such report; -E2BIG: beyond `max`. */
ssize_t dirty_bitmap_size(uint64_t iova, uint64_t length, uint64_t page_size, size_t max);

#endif
