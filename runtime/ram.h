/* SPDX-License-Identifier: BSD-2-Clause */
/* RAM windows in the migration stream. */
#ifndef MDL_RAM_H
#define MDL_RAM_H

#include "private.h"

#define RAM_PAGE 4096u

/* A second memory for each window that migrates, and a bit for each of its pages. */
struct ram_shadow {
	uint8_t *base;
	size_t size;
	uint32_t n;
	struct ram_shadow_window {
		uint8_t *memory; /* NULL: the window is transient */
		uint64_t *bits;
	} * windows;
};

/* For windows that a device of this version has. */
int ram_shadow_create(struct mdl_dev *dev, uint32_t version, struct ram_shadow *shadow);
void ram_shadow_destroy(struct ram_shadow *shadow);

/*
 * Sending.  The client maps windows and the author has pointers to them, so nobody tells what was
 * written.  Therefore pre-copy keeps what it sent and compares.
 */
struct ram_run {
	const struct ram_window *window;
	uint64_t offset; /* in the window; whole pages, or up to its end */
	uint32_t size;
	const uint8_t *data; /* NULL: zeros */
};

struct ram_sender {
	struct mdl_dev *dev;
	struct ram_shadow sent; /* bits: which pages were sent at all */
	bool keep;              /* what is sent may change once more */
	uint32_t window;        /* how far this pass has come */
	uint64_t page;
};

int ram_sender_create(struct mdl_dev *dev, uint32_t version, struct ram_sender *sender);
void ram_sender_destroy(struct ram_sender *sender);
void ram_sender_rewind(struct ram_sender *sender);
/* Nothing was sent yet, after all. */
void ram_sender_forget(struct ram_sender *sender);
/* What is to be sent next; its data stays as it is until the next call. False: the pass is over. */
bool ram_sender_next(struct ram_sender *sender, struct ram_run *run);

/* Receiving, into the shadow. */
/* The first window of the RAM of this name; -1: there is none. */
int64_t ram_find(struct mdl_dev *dev, const uint8_t *name, size_t size);
/* Where a run goes that begins at this offset of a RAM array; NULL: there is no such place. */
uint8_t *ram_place(struct mdl_dev *dev, struct ram_shadow *shadow, uint32_t first, uint64_t offset,
		   uint32_t size);
void ram_place_zeros(uint8_t *place, uint32_t size);
/* Did all pages come?  lacking: NULL, or it is allowed that a window did not come at all. */
bool ram_complete(struct mdl_dev *dev, const struct ram_shadow *shadow, bool may_lack,
		  const char **lacking);
/*
 * A run came for this place, and will go into the device: see that the device's pages are there
 * already, which takes longer than to write to them, while the guest does not wait yet.
 */
void ram_expect(struct mdl_dev *dev, uint32_t first, uint64_t offset, uint32_t size);
/* Exchange what the device has and what the shadow has. */
void ram_exchange(struct mdl_dev *dev, struct ram_shadow *shadow);
/* Into the device for good. */
void ram_take(struct mdl_dev *dev, const struct ram_shadow *shadow);

#endif
