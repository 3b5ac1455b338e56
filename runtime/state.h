/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything of a device that migrates, but RAM: a list of named objects, made from the tables,
 * each with a place where its bytes stand as they do in the stream.  A save captures into it and
 * sends; a load collects in it, judges, and applies.
 */
#ifndef MDL_STATE_H
#define MDL_STATE_H

#include "private.h"
#include "stream.h"

struct object {
	uint8_t kind;   /* enum item_kind */
	uint16_t width; /* bytes of one element */
	uint32_t size;  /* bytes of all elements, at most */
	const char *name;
	const void *desc;      /* the table's entry, by kind */
	uint8_t *bytes;        /* `size` of them; little-endian elements */
	uint8_t *wide;         /* NULL, or bytes: of wider elements than the device's */
	bool present;          /* captured, or found in the stream: */
	uint16_t stream_width; /* … with elements of this width, */
	uint32_t stream_size;  /* … and so many bytes */
};

struct state {
	struct object *objects;
	uint32_t n;
	struct object **by_name;
	uint8_t *bytes;
};

int state_create(struct mdl_dev *dev, struct state *state);
void state_destroy(struct state *state);
/* version: only what a device of that version sends; 0: everything, to be able to put it back. */
void state_capture(struct mdl_dev *dev, struct state *state, uint32_t version);
/* Nothing is present; bytes are what a device has that never heard of the object. */
void state_clear(struct state *state);
struct object *state_find(const struct state *state, uint8_t kind, const uint8_t *name,
			  size_t size);
/* Is it whole, for a stream that a device of this version wrote?  -EINVAL (logged): no. */
int state_judge(struct mdl_dev *dev, const struct state *state, uint32_t version);
/* Into the device.  -EINVAL (logged): some of it was refused; then put back what was captured. */
int state_apply(struct mdl_dev *dev, const struct state *state);

#endif
