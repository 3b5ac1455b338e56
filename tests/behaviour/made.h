/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device made from a description of this folder, as a process of its own, and a client of it. For
 * cmocka: made_start() and made_stop() in a set-up and a teardown.
 */
#ifndef TESTS_MADE_H
#define TESTS_MADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/client.h"

#define REFUSED (-(CLIENT_REMOTE + EINVAL))

struct made {
	struct server server;
	struct client client;
};

static inline void put(struct made *made, uint32_t region, uint64_t offset, uint32_t size,
		       uint64_t value)
{
	assert_int_equal(client_put(&made->client, region, offset, size, value), 0);
}

static inline uint64_t get(struct made *made, uint32_t region, uint64_t offset, uint32_t size)
{
	uint64_t value = 0;

	assert_int_equal(client_get(&made->client, region, offset, size, &value), 0);
	return value;
}

/* 32 bits of BAR 0. */
#define PUT(offset, value) put(made, 0, offset, 4, value)
#define GET(offset)        ((uint32_t)get(made, 0, offset, 4))
#define IS(offset, value)  assert_int_equal(GET(offset), value)

/* Memory and bus mastering on. */
static inline void made_enable(struct made *made)
{
	put(made, VU_REGION_CONFIG, 4, 2, 6);
}

static inline int made_start(void **state, const char *name, const char *const *arguments)
{
	struct made *made = calloc(1, sizeof(*made));
	const char *build = getenv("BUILD");
	char path[256];

	assert_non_null(made);
	snprintf(path, sizeof(path), "%s/tests/behaviour/%s", build ? build : "build", name);
	assert_int_equal(server_start(&made->server, path, arguments), 0);
	assert_int_equal(client_open(&made->client, made->server.path), 0);
	made_enable(made);
	*state = made;
	return 0;
}

static inline int made_stop(void **state)
{
	struct made *made = *state;

	client_close(&made->client);
	assert_int_equal(server_stop(&made->server), 0);
	free(made);
	return 0;
}

/* Where a capability stands in config space. */
static inline uint64_t made_capability(struct made *made, unsigned id)
{
	uint64_t at = get(made, VU_REGION_CONFIG, 0x34, 1);

	for (int i = 0; at && i < 48; i++) {
		if (get(made, VU_REGION_CONFIG, at, 1) == id)
			return at;
		at = get(made, VU_REGION_CONFIG, at + 1, 1);
	}
	fail_msg("no capability 0x%x", id);
	return 0;
}

#endif
