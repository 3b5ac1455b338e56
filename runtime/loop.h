/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop, for timer.c, the connection and the listening socket. */
#ifndef MDL_LOOP_H
#define MDL_LOOP_H

#include <stdatomic.h>

#include "private.h"
#include "timer.h"

struct watch;

struct loop {
	int epoll_fd;
	int wake_fd; /* eventfd: mdl_stop(), loop_kick() */
	atomic_bool stop;
	bool turning;       /* inside loop_turn(): timers are armed at its end */
	bool hot;           /* the client was active: see loop.c */
	bool author_paused; /* the author's descriptors are not watched now */
	uint64_t looked_ns; /* when epoll was last asked, on the coarse clock */
	unsigned impatient; /* descriptors that cannot wait for CONN_LINGER_MS */
	struct watch *watches;
	struct watch *dead; /* removed in this turn */
	struct timers timers;
};

/* As loop_add(), for a descriptor whose events may wait for twice CONN_LINGER_MS. */
int loop_add_patient(struct mdl_dev *dev, int fd, uint32_t events, loop_callback *callback,
		     void *arg);
/* Was mdl_stop() called? */
bool loop_stopping(const struct mdl_dev *dev);
/* There is something to do that no descriptor tells of. */
void loop_kick(struct mdl_dev *dev);
/* Stop and resume watching the author's descriptors, while the device is not running. */
void loop_pause_author(struct mdl_dev *dev, bool pause);

#endif
