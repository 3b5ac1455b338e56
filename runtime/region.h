/* SPDX-License-Identifier: BSD-2-Clause */
/* What region.c, region_ram.c and region_vfio.c share. */
#ifndef MDL_REGION_H
#define MDL_REGION_H

#include "private.h"

#define NUM_BARS 6

/* A stretch of a BAR that is no register: RAM, or (window NULL) the MSI-X table or PBA. */
struct span {
	uint64_t start;
	uint64_t size;
	struct ram_window *window;
};

struct bar {
	const struct mdl_bar *desc; /* NULL: there is no such BAR */
	struct decode *decode;
	bool narrowed; /* some register takes fewer widths than the BAR */
	struct span *spans; /* by start; they do not overlap */
	uint32_t nspans;
	int memfd;       /* -1: nothing is mmappable */
	uint8_t *shared; /* its mapping; BAR offset 0 first */
	size_t shared_size;
	bool given;      /* a client has memfd, or had it and may still have it mapped */
	uint8_t *hidden; /* RAM that the client cannot map */
	size_t hidden_size;
	struct vu_sparse_area *areas; /* what the client may map; by offset */
	uint32_t nareas;
	uint8_t *caps;    /* capabilities of the region info, ready to send */
	size_t caps_size; /* 0: none is needed */
};

struct regions {
	struct bar bars[NUM_BARS];
	struct ram_window *windows;
	uint32_t nwindows;
	uint8_t *rom;
	uint8_t *scratch; /* large reads that are not one piece of memory */
	size_t scratch_size;
};

uint64_t region_size(const struct mdl_dev *dev, uint32_t region); /* 0: there is no such region */

/* region_refuse.c */
const char *region_name(uint32_t region);
/* An access got an error: tell why. */
void region_refused(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size,
		    bool is_write);

/* region_ram.c: memory of a BAR and the table of spans. */
int bar_memory_create(struct mdl_dev *dev, struct bar *bar);
void bar_memory_destroy(struct bar *bar);
/* Another file, of the same size, in place of memfd: it becomes the BAR's. */
int bar_memory_replace(struct mdl_dev *dev, struct bar *bar, int fd);
int windows_count(const struct mdl_dev *dev, uint32_t *count);
const struct span *span_find(const struct bar *bar,
			     uint64_t offset); /* first that ends behind it */
/* One piece of plain memory at [offset, offset + size)?  NULL: not, or not only. */
const uint8_t *region_memory(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size);

/* The client gets this BAR's memory: doorbells in it may ring (doorbell_page.c). */
void doorbells_shared(struct mdl_dev *dev, const struct bar *bar);

#endif
