/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop's timers: see timer.c. */
#ifndef MDL_TIMER_H
#define MDL_TIMER_H

#include "private.h"

#define NO_DEADLINE UINT64_MAX

struct heap_item {
	uint64_t deadline;
	uint32_t *slot; /* the owner's note of where it stands, 1-based */
	void *owner;
};

struct heap {
	struct heap_item *items;
	uint32_t count, size;
};

struct timers {
	struct heap own;      /* the run time's: struct loop_timer, monotonic clock */
	struct heap device;   /* the author's, device clock */
	struct heap realtime; /* the author's, wall clock */
	bool paused;
	uint64_t offset_ns;             /* monotonic clock - device clock, while not paused */
	uint64_t frozen_ns;             /* the device clock, while paused */
	int fd;                         /* timerfd on the monotonic clock */
	int realtime_fd;                /* timerfd on the wall clock, or -1: no such timers */
	uint64_t armed, realtime_armed; /* when they will fire; NO_DEADLINE: not */
};

uint64_t clock_monotonic_ns(void);

int timers_create(struct mdl_dev *dev);
void timers_destroy(struct mdl_dev *dev);
/* Call what is due. How many. */
int timers_run(struct mdl_dev *dev);
/* Set the timerfds for what comes next. */
void timers_arm(struct mdl_dev *dev);
/* Nanoseconds until the next timer; 0: due; NO_DEADLINE: none. */
uint64_t timers_next_ns(const struct mdl_dev *dev);

#endif
