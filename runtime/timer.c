/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers and the device's clock.
 *
 * Three heaps, by clock: the run time's own timers (monotonic), the author's on the device's clock,
 * which stands still while the device is not running, and the author's `realtime` ones.  A timerfd
 * wakes the loop.  It is set only for an earlier deadline than it has: a timer that is moved away
 * at each access costs nothing but one idle wake-up.
 *
 * A periodic timer that comes late fires once for all that was missed, and keeps its phase.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S   UINT64_C(1000000000)
#define OWN_TIMERS 8 /* to begin with */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t mdl_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* Never wraps: far is far. */
static uint64_t add_ns(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* ---- heap: the earliest deadline first; items know where they stand */

static void heap_put(struct heap *heap, uint32_t i, struct heap_item item)
{
	heap->items[i] = item;
	*item.slot = i + 1;
}

static void heap_up(struct heap *heap, uint32_t i, struct heap_item item)
{
	while (i > 0 && heap->items[(i - 1) / 2].deadline > item.deadline) {
		heap_put(heap, i, heap->items[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(heap, i, item);
}

static void heap_down(struct heap *heap, uint32_t i, struct heap_item item)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < heap->count &&
		    heap->items[child + 1].deadline < heap->items[child].deadline)
			child++;
		if (child >= heap->count || heap->items[child].deadline >= item.deadline)
			break;
		heap_put(heap, i, heap->items[child]);
		i = child;
	}
	heap_put(heap, i, item);
}

static void heap_place(struct heap *heap, uint32_t i, struct heap_item item)
{
	if (i > 0 && heap->items[(i - 1) / 2].deadline > item.deadline)
		heap_up(heap, i, item);
	else
		heap_down(heap, i, item);
}

static void heap_remove(struct heap *heap, uint32_t *slot)
{
	uint32_t i = *slot - 1;

	if (!*slot)
		return;
	*slot = 0;
	heap->count--;
	if (i != heap->count)
		heap_place(heap, i, heap->items[heap->count]);
}

/* Insert or move. False: no room. */
static bool heap_set(struct heap *heap, uint32_t *slot, void *owner, uint64_t deadline)
{
	struct heap_item item = {deadline, slot, owner};

	if (*slot) {
		heap_place(heap, *slot - 1, item);
	} else {
		if (heap->count == heap->size)
			return false;
		heap_up(heap, heap->count++, item);
	}
	return true;
}

static int heap_grow(struct heap *heap, uint32_t size)
{
	struct heap_item *items = realloc(heap->items, (size ? size : 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	heap->items = items;
	heap->size = size;
	return 0;
}

static uint64_t heap_first(const struct heap *heap)
{
	return heap->count ? heap->items[0].deadline : NO_DEADLINE;
}

/* ---- the device's clock */

uint64_t mdl_now_ns(const struct mdl_dev *dev)
{
	const struct timers *timers = &dev->loop->timers;

	return timers->paused ? timers->frozen_ns : clock_monotonic_ns() - timers->offset_ns;
}

void clock_set(struct mdl_dev *dev, uint64_t now_ns)
{
	struct timers *timers = &dev->loop->timers;

	timers->frozen_ns = now_ns;
	timers->offset_ns = clock_monotonic_ns() - now_ns;
	timers->armed = NO_DEADLINE;
}

static void timers_changed(struct mdl_dev *dev)
{
	if (!dev->loop->turning)
		timers_arm(dev);
}

void timers_pause(struct mdl_dev *dev)
{
	struct timers *timers = &dev->loop->timers;

	if (timers->paused)
		return;
	timers->frozen_ns = mdl_now_ns(dev);
	timers->paused = true;
	loop_pause_author(dev, true);
}

void timers_resume(struct mdl_dev *dev)
{
	struct timers *timers = &dev->loop->timers;

	if (!timers->paused)
		return;
	timers->paused = false;
	clock_set(dev, timers->frozen_ns);
	loop_pause_author(dev, false);
	timers_changed(dev);
}

/* ---- waking the loop */

static void timer_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	struct timers *timers = &dev->loop->timers;

	(void)events;
	(void)arg;
	/* edge-triggered: nothing needs to be read; the next turn runs what is due */
	if (fd == timers->fd)
		timers->armed = NO_DEADLINE;
	else
		timers->realtime_armed = NO_DEADLINE;
}

static int make_timerfd(struct mdl_dev *dev, clockid_t clock, int *made)
{
	int fd = timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK);

	*made = fd;
	if (fd < 0)
		return -errno;
	return loop_add_patient(dev, fd, EPOLLIN | EPOLLET, timer_event, NULL);
}

static void arm(struct mdl_dev *dev, int fd, int flags, uint64_t *armed, uint64_t deadline)
{
	struct itimerspec when = {
		.it_value = {(time_t)(deadline / NS_PER_S), (long)(deadline % NS_PER_S)},
	};

	if (deadline >= *armed)
		return;
	if (deadline == 0)
		when.it_value.tv_nsec = 1; /* 0 would disarm */
	if (timerfd_settime(fd, TFD_TIMER_ABSTIME | flags, &when, NULL))
		log_error(dev, "a timer cannot be set: %s", strerror(errno));
	*armed = deadline;
}

static uint64_t next_monotonic(const struct timers *timers)
{
	uint64_t deadline = heap_first(&timers->own), device = heap_first(&timers->device);

	if (device != NO_DEADLINE && !timers->paused) {
		/* wraps back where the offset is "negative", as after a migration */
		uint64_t mono = device + timers->offset_ns;

		if ((int64_t)timers->offset_ns >= 0)
			mono = add_ns(device, timers->offset_ns);
		else if (device < (uint64_t)0 - timers->offset_ns)
			mono = 0;
		deadline = mono < deadline ? mono : deadline;
	}
	return deadline;
}

void timers_arm(struct mdl_dev *dev)
{
	struct timers *timers = &dev->loop->timers;

	arm(dev, timers->fd, 0, &timers->armed, next_monotonic(timers));
	if (timers->realtime_fd >= 0 && !timers->paused)
		arm(dev, timers->realtime_fd, TFD_TIMER_CANCEL_ON_SET, &timers->realtime_armed,
		    heap_first(&timers->realtime));
}

static uint64_t until(uint64_t deadline, uint64_t now)
{
	return deadline > now ? deadline - now : 0;
}

uint64_t timers_next_ns(const struct mdl_dev *dev)
{
	const struct timers *timers = &dev->loop->timers;
	uint64_t deadline = next_monotonic(timers), next = NO_DEADLINE, other;

	if (deadline != NO_DEADLINE)
		next = until(deadline, clock_monotonic_ns());
	if (timers->realtime.count && !timers->paused) {
		other = until(heap_first(&timers->realtime), mdl_realtime_ns());
		next = other < next ? other : next;
	}
	return next;
}

/* ---- firing */

static void fire(struct mdl_dev *dev, struct heap *heap, struct mdl_timer *timer, uint64_t now)
{
	if (timer->period_ns) {
		uint64_t missed = (now - timer->deadline_ns) / timer->period_ns;

		timer->deadline_ns =
			add_ns(timer->deadline_ns + missed * timer->period_ns, timer->period_ns);
		heap_set(heap, &timer->heap_slot, timer, timer->deadline_ns);
	} else {
		heap_remove(heap, &timer->heap_slot);
	}
	if (dev->tracing)
		trace_timer(dev, timer);
	if (timer->desc->on_expire)
		timer->desc->on_expire(dev->instance, &timer->at);
	if (dev->tracing)
		trace_look(dev);
}

/* At most as many as there are now: a hook that starts its timer anew does not hold up the rest. */
static int run_author(struct mdl_dev *dev, struct heap *heap, uint64_t now)
{
	uint32_t limit = heap->count;
	int fired = 0;

	while (limit-- > 0 && heap_first(heap) <= now && heap->count && !dev->loop->timers.paused) {
		fire(dev, heap, heap->items[0].owner, now);
		fired++;
	}
	return fired;
}

static int run_own(struct mdl_dev *dev)
{
	struct heap *heap = &dev->loop->timers.own;
	uint64_t now = clock_monotonic_ns();
	uint32_t limit = heap->count;
	int fired = 0;

	while (limit-- > 0 && heap->count && heap_first(heap) <= now) {
		struct loop_timer *timer = heap->items[0].owner;

		heap_remove(heap, &timer->heap_slot);
		timer->expire(dev, timer);
		fired++;
	}
	return fired;
}

int timers_run(struct mdl_dev *dev)
{
	struct timers *timers = &dev->loop->timers;
	int fired = 0;

	if (timers->own.count)
		fired += run_own(dev);
	if (timers->device.count && !timers->paused)
		fired += run_author(dev, &timers->device, mdl_now_ns(dev));
	if (timers->realtime.count && !timers->paused)
		fired += run_author(dev, &timers->realtime, mdl_realtime_ns());
	return fired;
}

/* ---- the author's timers */

static struct heap *heap_of(const struct mdl_timer *timer)
{
	struct timers *timers = &timer->dev->loop->timers;

	return timer->desc->realtime ? &timers->realtime : &timers->device;
}

static uint64_t timer_now(const struct mdl_timer *timer)
{
	return timer->desc->realtime ? mdl_realtime_ns() : mdl_now_ns(timer->dev);
}

static void set_timer(struct mdl_timer *timer, uint64_t deadline_ns, uint64_t period_ns)
{
	timer->deadline_ns = deadline_ns;
	timer->period_ns = period_ns;
	/* there is always room: one place for each timer */
	heap_set(heap_of(timer), &timer->heap_slot, timer, deadline_ns);
	timers_changed(timer->dev);
}

void mdl_timer_start(struct mdl_timer *timer, uint64_t delay_ns)
{
	set_timer(timer, add_ns(timer_now(timer), delay_ns), 0);
}

void mdl_timer_start_at(struct mdl_timer *timer, uint64_t deadline_ns)
{
	set_timer(timer, deadline_ns, 0);
}

void mdl_timer_start_periodic(struct mdl_timer *timer, uint64_t period_ns)
{
	if (!period_ns)
		period_ns = 1;
	set_timer(timer, add_ns(timer_now(timer), period_ns), period_ns);
}

void mdl_timer_cancel(struct mdl_timer *timer)
{
	heap_remove(heap_of(timer), &timer->heap_slot);
	timer->period_ns = 0;
}

bool mdl_timer_pending(const struct mdl_timer *timer)
{
	return timer->heap_slot != 0;
}

uint64_t mdl_timer_remaining(const struct mdl_timer *timer)
{
	return timer->heap_slot ? until(timer->deadline_ns, timer_now(timer)) : 0;
}

void timer_restore(struct mdl_timer *timer, uint64_t deadline_ns, uint64_t period_ns)
{
	if (deadline_ns)
		set_timer(timer, deadline_ns, period_ns);
	else
		mdl_timer_cancel(timer);
}

static struct mdl_timer *timers_of(const struct mdl_dev *dev, const struct mdl_timer_desc *desc)
{
	return (struct mdl_timer *)(void *)((char *)dev->instance + desc->store);
}

void timers_init(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->ntimers; i++) {
		const struct mdl_timer_desc *desc = &dev->desc->timers[i];
		struct mdl_timer *timers = timers_of(dev, desc);

		for (uint32_t at = 0; at < desc->count; at++)
			timers[at] = (struct mdl_timer){.dev = dev, .desc = desc, .at = at};
	}
}

void timers_reset(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->ntimers; i++)
		for (uint32_t at = 0; at < dev->desc->timers[i].count; at++)
			mdl_timer_cancel(&timers_of(dev, &dev->desc->timers[i])[at]);
}

/* ---- the run time's own timers */

void loop_timer_start(struct mdl_dev *dev, struct loop_timer *timer, uint64_t delay_ns)
{
	struct heap *heap = &dev->loop->timers.own;

	timer->deadline_ns = add_ns(clock_monotonic_ns(), delay_ns);
	if (!timer->heap_slot && heap->count == heap->size && heap_grow(heap, 2 * heap->size)) {
		log_error(dev, "no memory for a timer");
		return;
	}
	heap_set(heap, &timer->heap_slot, timer, timer->deadline_ns);
	timers_changed(dev);
}

void loop_timer_cancel(struct mdl_dev *dev, struct loop_timer *timer)
{
	heap_remove(&dev->loop->timers.own, &timer->heap_slot);
}

int timers_create(struct mdl_dev *dev)
{
	struct timers *timers = &dev->loop->timers;
	uint32_t plain = 0, realtime = 0;
	int rc;

	for (uint32_t i = 0; i < dev->desc->ntimers; i++)
		*(dev->desc->timers[i].realtime ? &realtime : &plain) += dev->desc->timers[i].count;
	timers->fd = timers->realtime_fd = -1;
	timers->armed = timers->realtime_armed = NO_DEADLINE;
	rc = heap_grow(&timers->own, OWN_TIMERS);
	rc = rc ? rc : heap_grow(&timers->device, plain);
	rc = rc ? rc : heap_grow(&timers->realtime, realtime);
	rc = rc ? rc : make_timerfd(dev, CLOCK_MONOTONIC, &timers->fd);
	if (!rc && realtime)
		rc = make_timerfd(dev, CLOCK_REALTIME, &timers->realtime_fd);
	clock_set(dev, 0);
	return rc;
}

void timers_destroy(struct mdl_dev *dev)
{
	struct timers *timers = &dev->loop->timers;

	if (timers->fd >= 0)
		close(timers->fd);
	if (timers->realtime_fd >= 0)
		close(timers->realtime_fd);
	free(timers->own.items);
	free(timers->device.items);
	free(timers->realtime.items);
}
