/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one process hands to the next: bytes and descriptors, put in and taken out in the same
 * order.  An error stays: who puts or takes a lot looks once, at the end.
 */
#ifndef MDL_PARCEL_H
#define MDL_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parcel {
	uint8_t *bytes;
	size_t size, room, at;
	int *fds; /* put: borrowed; taken: -1 */
	unsigned nfds, fds_room, next_fd;
	bool owns_fds; /* it was received: what nobody took is closed */
	int error;     /* -errno */
};

void parcel_put(struct parcel *parcel, const void *bytes, size_t size);
void parcel_put_number(struct parcel *parcel, uint64_t number);
void parcel_put_text(struct parcel *parcel, const char *text);
/* fd: stays the owner's, until the parcel is sent; -1 is taken out as -1. */
void parcel_put_fd(struct parcel *parcel, int fd);

/* Bytes are zeros after an error. */
void parcel_take(struct parcel *parcel, void *bytes, size_t size);
uint64_t parcel_take_number(struct parcel *parcel);
/* At most size - 1 bytes; longer is an error. */
void parcel_take_text(struct parcel *parcel, char *text, size_t size);
int parcel_take_fd(struct parcel *parcel);
/* A mark between parts: the other side must be at the same one. */
void parcel_put_mark(struct parcel *parcel, uint32_t mark);
void parcel_take_mark(struct parcel *parcel, uint32_t mark);

void parcel_destroy(struct parcel *parcel);

#endif
