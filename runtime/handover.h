/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live upgrade: a process that serves a client hands the device over to another one, which is
 * perhaps of a newer version, while the client and its guest notice nothing but a pause.
 *
 * On a control socket (SOCK_SEQPACKET) the new process asks; the old one stands still between two
 * messages of its client and offers a parcel: connection, listening socket, memory, interrupts.
 * The new one takes all of it, as quietly as a load, and says that it is ready.  Then the old one
 * says GO, which is the point of no return, and ends.  Whatever goes wrong before it, the old one
 * goes on as if nothing had been.
 */
#ifndef MDL_HANDOVER_H
#define MDL_HANDOVER_H

#include "parcel.h"
#include "private.h"

#define HANDOVER_VERSION 1u
/* How long one side waits for the other, which may hold up a guest. */
#define HANDOVER_WAIT_MS 2000

enum handover_type {
	HANDOVER_ASK = 1,
	HANDOVER_OFFER,
	HANDOVER_FDS,
	HANDOVER_READY,
	HANDOVER_GO,
	HANDOVER_REFUSED
};

struct handover_message {
	uint32_t version;
	uint32_t type;     /* enum handover_type */
	uint64_t size;     /* ASK: the device's version; OFFER: of the parcel's bytes; FDS: how many */
	uint64_t since_ns; /* OFFER: when the device stopped, on CLOCK_MONOTONIC */
	uint32_t nfds;     /* OFFER: how many come altogether */
	uint32_t retry;    /* REFUSED: soon it may work */
	char text[232];    /* ASK: the device's name; REFUSED: why */
};

/* One message.  0, or -errno; -ETIMEDOUT after HANDOVER_WAIT_MS, -ECONNRESET at the end. */
int handover_send(int fd, const struct handover_message *message, const int *fds, unsigned nfds);
/* At most max descriptors, the number in *nfds; all that is beyond is closed. */
int handover_receive(int fd, struct handover_message *message, int *fds, unsigned max,
		     unsigned *nfds);

/* ---- parts of the parcel.  give: while the device stands still.  take: 0 or -errno. */

void conn_give(struct mdl_dev *dev, struct parcel *parcel);
int conn_take(struct mdl_dev *dev, struct parcel *parcel);
void server_give(struct mdl_dev *dev, struct parcel *parcel);
int server_take(struct mdl_dev *dev, struct parcel *parcel);
void control_give(struct mdl_dev *dev, struct parcel *parcel);
int control_take(struct mdl_dev *dev, struct parcel *parcel);
void regions_give(struct mdl_dev *dev, struct parcel *parcel);
int regions_take(struct mdl_dev *dev, struct parcel *parcel);
void dma_give(struct mdl_dev *dev, struct parcel *parcel);
int dma_take(struct mdl_dev *dev, struct parcel *parcel);
void irqs_give(struct mdl_dev *dev, struct parcel *parcel);
int irqs_take(struct mdl_dev *dev, struct parcel *parcel);
void io_fds_give(struct mdl_dev *dev, struct parcel *parcel);
int io_fds_take(struct mdl_dev *dev, struct parcel *parcel);

/* Point of no return, new side: what was taken begins to work. */
int server_begin(struct mdl_dev *dev);
int control_begin(struct mdl_dev *dev);
/* Old side: all is another's now, close and tell nobody. */
void server_leave(struct mdl_dev *dev);
void control_leave(struct mdl_dev *dev);

/* control.c */
void control_destroy(struct mdl_dev *dev);

#endif
