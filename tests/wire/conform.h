/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conformance suite: behaviours that a vfio-user server should have, each a row with a name,
 * the rule's source and a function.  Every row gets a connection of its own, negotiated unless it
 * says RAW.
 */
#ifndef TESTS_CONFORM_H
#define TESTS_CONFORM_H

#include "../lib/client.h"

enum verdict { HOLDS, FAILS, NOT_APPLICABLE };

/* What the server under test has, as it says itself. */
struct subject {
	const char *path; /* its socket */
	struct server *process; /* if we started it, else NULL */
	struct vu_device_info info;
	struct vu_region_info regions[VU_NUM_REGIONS];
	struct vu_irq_info irqs[VU_NUM_IRQS];
};

struct probe {
	struct client client; /* connected; the row may close it */
	const struct subject *subject;
	char why[256];  /* of FAILS and NOT_APPLICABLE */
	uint32_t error; /* errno of the last error reply */
	int fds[64];    /* closed after the row */
	unsigned nfds;
};

#define ROW_RAW  1u /* do not negotiate */
#define ROW_OURS 2u /* only with --ours: no specification demands it */

struct row {
	const char *name;
	const char *source; /* where the rule stands */
	unsigned flags;
	enum verdict (*run)(struct probe *probe);
};

/* Leave the row with a reason unless the condition holds. */
#define REQUIRE(probe, condition, ...)                           \
	do {                                                     \
		if (!(condition))                                \
			return conform_fail(probe, __VA_ARGS__); \
	} while (0)
#define APPLIES_IF(probe, condition, ...)                 \
	do {                                              \
		if (!(condition)) {                       \
			conform_fail(probe, __VA_ARGS__); \
			return NOT_APPLICABLE;            \
		}                                         \
	} while (0)

enum verdict conform_fail(struct probe *probe, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Does the connection still serve?  (A GET_INFO goes through.) */
bool conform_serves(struct client *client);
/* Does the server serve a new client? */
bool conform_serves_next(struct probe *probe);
/* A region one can read from without fear of side effects: config space if there, else a BAR; -1 if
 * none. */
int conform_config(const struct subject *subject);

/* Leave, and come again as a new client, which negotiates or (raw) does not yet. */
int conform_again(struct probe *probe, bool raw);
/*
 * Is this request answered with an error reply, well formed, and the connection left open?  If not,
 * probe->why says what happened instead.
 */
bool conform_refuses(struct probe *probe, uint16_t command, const void *data, size_t size,
		     const int *fds, unsigned nfds);
/* Was a call of client_call()'s answered with an error or by hanging up?  Silence is neither. */
bool conform_declined(ssize_t result);
/* Descriptors of the row's own; the suite closes them. */
int conform_keep(struct probe *probe, int fd);
int conform_eventfd(struct probe *probe);
int conform_memory(struct probe *probe, size_t size); /* a memfd */
/* Has the eventfd fired?  Whatever was asked for before has had its effect: the reply came later.
 */
bool conform_fired(int eventfd);

/* Tables, each ended by a row without a name. */
extern const struct row rows_framing[], rows_version[], rows_info[], rows_io_fds[], rows_region[],
	rows_config[], rows_irq[], rows_dma[], rows_feature[], rows_migration[], rows_logging[],
	rows_hostile[];

#endif
