/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test device (devices/mdltest) as a process of its own, and a client of it.  For cmocka:
 * card_start() and card_stop() are the set-up and teardown of a test; the latter demands that the
 * process leaves no descriptor behind and ends cleanly.
 */
#ifndef TESTS_CARD_H
#define TESTS_CARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/client.h"
#include "mdltest.h"

#define CARD_FDS     64
#define COMMAND      0x04u
#define BUS_MASTER   0x0004u
#define INTX_DISABLE 0x0400u

struct card {
	struct server server;
	struct client client;
	int descriptors;   /* of the server while a client is there that did nothing */
	int fds[CARD_FDS]; /* ours, closed at the end */
	unsigned nfds;
};

static inline const char *card_program(char *path, size_t size)
{
	const char *build = getenv("BUILD");

	snprintf(path, size, "%s/bin/mdltest", build ? build : "build");
	return path;
}

static inline int card_launch(void **state, const char *const *arguments)
{
	struct card *card = calloc(1, sizeof(*card));
	char path[256];

	signal(SIGPIPE, SIG_IGN);
	assert_non_null(card);
	assert_int_equal(server_start(&card->server, card_program(path, sizeof(path)), arguments),
			 0);
	assert_int_equal(client_open(&card->client, card->server.path), 0);
	assert_int_equal(client_put(&card->client, VU_REGION_CONFIG, COMMAND, 2, 2 | BUS_MASTER),
			 0);
	card->descriptors = server_descriptors(&card->server);
	*state = card;
	return 0;
}

static inline int card_start(void **state)
{
	return card_launch(state, NULL);
}

/* Come again as another client. */
static inline void card_reopen(struct card *card)
{
	client_close(&card->client);
	assert_int_equal(client_open(&card->client, card->server.path), 0);
}

static inline int card_stop(void **state)
{
	struct card *card = *state;
	struct vu_device_info info = {.argsz = sizeof(info)};

	card_reopen(card);
	assert_int_equal(client_call(&card->client, VU_DEVICE_GET_INFO, &info, sizeof(info), &info,
				     sizeof(info)),
			 sizeof(info));
	assert_int_equal(server_descriptors(&card->server), card->descriptors);
	client_close(&card->client);
	assert_int_equal(server_stop(&card->server), 0);
	while (card->nfds)
		close(card->fds[--card->nfds]);
	free(card);
	return 0;
}

static inline int card_keep(struct card *card, int fd)
{
	assert_true(fd >= 0 && card->nfds < CARD_FDS);
	card->fds[card->nfds++] = fd;
	return fd;
}

static inline int card_eventfd(struct card *card)
{
	return card_keep(card, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

/* A memfd, and where it is mapped here. */
static inline int card_memory(struct card *card, size_t size, uint8_t **memory)
{
	int fd = card_keep(card, memfd_create("card", MFD_CLOEXEC | MFD_ALLOW_SEALING));

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	*memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(*memory, MAP_FAILED);
	return fd;
}

/* How often an eventfd has fired since it was last asked; what was requested before has had its
 * effect. */
static inline unsigned card_events(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? (unsigned)count : 0;
}

static inline uint64_t card_get(struct card *card, uint32_t region, uint64_t offset, uint32_t size)
{
	uint64_t value = 0;

	assert_int_equal(client_get(&card->client, region, offset, size, &value), 0);
	return value;
}

static inline void card_put(struct card *card, uint32_t region, uint64_t offset, uint32_t size,
			    uint64_t value)
{
	assert_int_equal(client_put(&card->client, region, offset, size, value), 0);
}

/* 32-bit registers of BAR 0 by name: GET(SCRATCH), PUT(SCRATCH, 7). */
#define GET(name)        ((uint32_t)card_get(card, 0, MDLTEST_##name##_OFFSET, 4))
#define PUT(name, value) card_put(card, 0, MDLTEST_##name##_OFFSET, 4, value)
#define CONFIG           ((uint32_t)VU_REGION_CONFIG)

/* Where a capability stands in config space. */
static inline uint32_t card_capability(struct card *card, uint8_t id)
{
	uint64_t at = card_get(card, CONFIG, 0x34, 1);

	while (at && card_get(card, CONFIG, at, 1) != id)
		at = card_get(card, CONFIG, at + 1, 1);
	assert_int_not_equal(at, 0);
	return (uint32_t)at;
}

#define IRQ_ATTACH  (VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER)
#define IRQ_TRIGGER (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_TRIGGER)
#define IRQ_MASK    (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_MASK)
#define IRQ_UNMASK  (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_UNMASK)

static inline void card_irq(struct card *card, uint32_t index, uint32_t flags, uint32_t start,
			    uint32_t count, int fd)
{
	assert_int_equal(client_set_irq(&card->client, index, flags, start, count, fd), 0);
}

/* An eventfd on one interrupt. */
static inline int card_attach(struct card *card, uint32_t index, uint32_t vector)
{
	int fd = card_eventfd(card);

	card_irq(card, index, IRQ_ATTACH, vector, 1, fd);
	return fd;
}

#define CARD_TEST(function) cmocka_unit_test_setup_teardown(function, card_start, card_stop)

#endif
