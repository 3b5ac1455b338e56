/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client of fuzz_wire.c: reads a program of bytes, connects over a socketpair, sends and
 * receives. A device that waits for a reply would wait for seconds: a timer stops it after
 * PATIENCE_NS.
 */
#ifndef TESTS_FUZZ_WIRE_CLIENT_H
#define TESTS_FUZZ_WIRE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mdltest.h"
#include "vfio_user.h"

#define MEMORY_SIZE 0x10000
#define MAX_PAYLOAD 4096
#define MAX_STREAM  0x40000
#define PIECE       0x4000
#define MAX_KEPT    8

struct fuzz {
	const uint8_t *data; /* the program not yet run */
	size_t size;
	struct mdl_dev *dev;
	int fd;                 /* the client's end */
	int memory;             /* a memfd that DMA may go to */
	uint16_t id, server_id; /* of our next message; of the server's last command */
	int kept[MAX_KEPT];     /* descriptors that came with replies */
	unsigned nkept;
	uint8_t stream[MAX_STREAM]; /* of migration, as it was read */
	size_t stream_size;
};

/* The program: numbers and bytes that come next; zeros behind its end. */
uint64_t take(struct fuzz *f, unsigned n);
uint32_t below(struct fuzz *f, uint32_t n);
size_t take_bytes(struct fuzz *f, uint8_t *to, size_t n);
uint64_t number(struct fuzz *f); /* small, or of the kind that breaks things */

/* Let a device be stopped when it waits too long; NULL: none is there. */
void client_watch(struct mdl_dev *dev);
/* Leave, if there is a connection, and come again. */
void connect_client(struct fuzz *f);
/* Let the device do what it can, and take what it sends. */
void serve(struct fuzz *f);
void send_bytes(struct fuzz *f, const void *data, size_t size, const int *fds, unsigned nfds);
/* A message; its descriptors are of the kinds that the program says, closed here afterwards. */
void send_message(struct fuzz *f, uint16_t command, const void *payload, size_t size,
		  unsigned nfds);

#endif
