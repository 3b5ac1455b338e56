/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's session with the timer device, and what it needs from a virtual machine: a bit of
 * memory, an interrupt line, and a wall clock.  Functions return 0 or a count, or -errno; what went
 * wrong has been printed.
 */
#ifndef TESTS_CLIENT_SESSION_H
#define TESTS_CLIENT_SESSION_H

#include <pthread.h>

#include "lib/client.h"

#define NREGIONS    4
#define REGION_SIZE 0x4000u
#define PIECE       1024u   /* what this client takes in a message */
#define RAM_SIZE    0x3000u /* of BAR 1 */
#define SECOND      UINT64_C(1000000000)

struct session {
	struct server server;
	struct client client;
	pthread_mutex_t turn; /* one command at a time */
	int memfd;
	uint8_t *memory; /* NREGIONS regions, one after the other */
	int irq;         /* eventfd of INTx */
	uint8_t *bar1;   /* mapped, as far as the device allows */
	bool several;    /* the server takes REGION_WRITE_MULTI */
};

/* Where a server is: a program to be started, or the socket of one that runs. */
struct place {
	const char *name;
	bool runs;
};

__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* Print and return rc; errors that the server replied with are shown as such. */
int failed(const char *what, int rc);
/* rc < 0: failed(); otherwise "what" is said to be done. */
int done(const char *what, int rc);
uint64_t now_realtime_ns(void);

/* Start the server if need be, and connect; no VERSION yet. */
int session_start(struct session *session, const struct place *place);
/* VERSION; and the guest's side: memory, INTx. */
int session_agree(struct session *session);
int session_attach(struct session *session);
/* Close; stop the server if it was started: it must end well. */
int session_end(struct session *session);
/* BAR 1's mappable parts, as the device describes them. */
int session_map_bar1(struct session *session);

/* Both at once: one message across all windows, or as many as this client's limit takes. */
int write_bar1(struct session *session, const uint8_t *data);
int read_bar1(struct session *session, uint8_t *data);

/* Set the alarm, in seconds since the Epoch. */
int set_alarm(struct session *session, uint64_t at);
/* Wait for the interrupt; serve and check the DMA that follows. */
int await_alarm(struct session *session, uint64_t at);

/* ---- steps */
int walk(struct session *session);
/* place: of the destination, whose session goes on. */
int migrate(struct session *source, struct session *destination, const struct place *place);

#endif
