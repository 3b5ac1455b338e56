/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop: epoll over the client's socket, the listening socket, timers, and the author's
 * and the run time's descriptors.
 *
 * A client that talks synchronously costs two system calls a reply, not three.  While it is active,
 * and nothing else is watched that must be seen at once, mdl_run() does not ask epoll first but
 * waits in the client's recvmsg, for at most CONN_LINGER_MS (the socket's receive timeout).
 * - No timer is delayed: the loop lingers only if none is due by then.
 * - The listening socket and mdl_stop() from another thread are "patient": epoll is asked after
 * each wait that brought nothing and at least every CONN_LINGER_MS, so they wait twice that at
 * most. Signals interrupt recvmsg.
 * - A wait that brought nothing is followed by epoll without a time limit: an idle device sleeps.
 * Any other descriptor (the author's, eventfds) is impatient and keeps the loop on epoll.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "server.h"

#define EVENTS_A_TURN 16
#define LINGER_NS     (CONN_LINGER_MS * UINT64_C(1000000))
/* The receive timeout is rounded up to the kernel's ticks. */
#define LINGER_MARGIN_NS UINT64_C(12000000)

struct watch {
	int fd;
	uint32_t events;
	loop_callback *callback; /* the run time's */
	mdl_fd_callback *author; /* or the author's */
	void *arg;
	bool impatient;
	bool removed;
	struct watch *next;
};

static struct watch **find_watch(struct loop *loop, int fd)
{
	struct watch **p = &loop->watches;

	while (*p && (*p)->fd != fd)
		p = &(*p)->next;
	return p;
}

static int control(struct loop *loop, int op, struct watch *watch)
{
	struct epoll_event event = {.events = watch->events, .data.ptr = watch};

	return epoll_ctl(loop->epoll_fd, op, watch->fd, &event) ? -errno : 0;
}

static int add_watch(struct loop *loop, const struct watch *model)
{
	struct watch *watch;
	int rc = 0;

	if (*find_watch(loop, model->fd))
		return -EEXIST;
	watch = malloc(sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	*watch = *model;
	if (!(watch->author && loop->author_paused))
		rc = control(loop, EPOLL_CTL_ADD, watch);
	if (rc) {
		free(watch);
		return rc;
	}
	watch->next = loop->watches;
	loop->watches = watch;
	loop->impatient += watch->impatient;
	return 0;
}

int loop_add(struct mdl_dev *dev, int fd, uint32_t events, loop_callback *callback, void *arg)
{
	const struct watch model = {
		.fd = fd, .events = events, .callback = callback, .arg = arg, .impatient = true};

	return add_watch(dev->loop, &model);
}

int loop_add_patient(struct mdl_dev *dev, int fd, uint32_t events, loop_callback *callback,
		     void *arg)
{
	const struct watch model = {.fd = fd, .events = events, .callback = callback, .arg = arg};

	return add_watch(dev->loop, &model);
}

int loop_change(struct mdl_dev *dev, int fd, uint32_t events)
{
	struct watch *watch = *find_watch(dev->loop, fd);

	if (!watch)
		return -ENOENT;
	watch->events = events;
	return control(dev->loop, EPOLL_CTL_MOD, watch);
}

/* Freed at the end of the turn, since an event for it may have been fetched already. */
int loop_remove(struct mdl_dev *dev, int fd)
{
	struct loop *loop = dev->loop;
	struct watch **p = find_watch(loop, fd), *watch = *p;

	if (!watch)
		return -ENOENT;
	/* fails if it was closed, or is not watched now: just as well */
	(void)control(loop, EPOLL_CTL_DEL, watch);
	*p = watch->next;
	loop->impatient -= watch->impatient;
	watch->removed = true;
	watch->next = loop->dead;
	loop->dead = watch;
	return 0;
}

static void bury_dead(struct loop *loop)
{
	while (loop->dead) {
		struct watch *watch = loop->dead;

		loop->dead = watch->next;
		free(watch);
	}
}

int mdl_watch_fd(struct mdl_dev *dev, int fd, uint32_t events, mdl_fd_callback *callback, void *arg)
{
	const struct watch model = {
		.fd = fd, .events = events, .author = callback, .arg = arg, .impatient = true};

	if (!callback)
		return -EINVAL;
	return add_watch(dev->loop, &model);
}

int mdl_unwatch_fd(struct mdl_dev *dev, int fd)
{
	struct watch *watch = *find_watch(dev->loop, fd);

	return watch && watch->author ? loop_remove(dev, fd) : -ENOENT;
}

void loop_pause_author(struct mdl_dev *dev, bool pause)
{
	struct loop *loop = dev->loop;

	loop->author_paused = pause;
	for (struct watch *watch = loop->watches; watch; watch = watch->next) {
		int rc = 0;

		if (watch->author)
			rc = control(loop, pause ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, watch);
		if (rc)
			log_warn(dev, "descriptor %d was closed while it was watched", watch->fd);
	}
}

bool loop_stopping(const struct mdl_dev *dev)
{
	return atomic_load_explicit(&dev->loop->stop, memory_order_acquire);
}

static void wake(struct loop *loop)
{
	const uint64_t one = 1;
	int saved = errno;
	ssize_t n = write(loop->wake_fd, &one, sizeof(one));

	(void)n; /* full means that it is awake */
	errno = saved;
}

void loop_kick(struct mdl_dev *dev)
{
	if (!dev->loop->turning)
		wake(dev->loop);
}

void mdl_stop(struct mdl_dev *dev)
{
	atomic_store_explicit(&dev->loop->stop, true, memory_order_release);
	wake(dev->loop);
}

static void wake_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n;
	(void)dev;
	(void)events;
	(void)arg;
}

bool eventfd_take(int fd, uint64_t *count)
{
	struct iovec iov = {count, sizeof(*count)};
	ssize_t n = preadv2(fd, &iov, 1, -1, RWF_NOWAIT);

	/* a kernel before 5.8: better to wait than to be deaf */
	if (n < 0 && errno == EOPNOTSUPP)
		n = read(fd, count, sizeof(*count));
	return n == (ssize_t)sizeof(*count);
}

int loop_create(struct mdl_dev *dev)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int rc;

	if (!loop)
		return -ENOMEM;
	dev->loop = loop;
	loop->timers.fd = loop->timers.realtime_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->wake_fd < 0)
		return -errno;
	rc = loop_add_patient(dev, loop->wake_fd, EPOLLIN, wake_event, NULL);
	return rc ? rc : timers_create(dev);
}

void loop_destroy(struct mdl_dev *dev)
{
	struct loop *loop = dev->loop;

	if (!loop)
		return;
	while (loop->watches)
		loop_remove(dev, loop->watches->fd);
	bury_dead(loop);
	timers_destroy(dev);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	free(loop);
	dev->loop = NULL;
}

static uint64_t coarse_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* Was epoll asked recently enough for those who are patient? */
static bool looked(const struct loop *loop)
{
	return coarse_ns() - loop->looked_ns < LINGER_NS;
}

/* Busy-poll the client's socket. As conn_receive(). */
static int spin(struct mdl_dev *dev)
{
	uint64_t end = clock_monotonic_ns() + dev->opt.spin_ns;
	int rc;

	do {
		rc = conn_receive(dev, false);
	} while (rc == -EAGAIN && clock_monotonic_ns() < end && !loop_stopping(dev) &&
		 timers_next_ns(dev) > 0);
	return rc;
}

/* Receive without asking epoll, if nothing else can come to harm. -EAGAIN: nothing came. */
static int receive_directly(struct mdl_dev *dev)
{
	struct loop *loop = dev->loop;
	int rc = -EAGAIN;

	if (!loop->hot || !conn_receiving(dev) || !looked(loop))
		return -EAGAIN;
	if (dev->opt.spin_ns)
		rc = spin(dev);
	if (rc == -EAGAIN && !loop->impatient && timers_next_ns(dev) > LINGER_NS + LINGER_MARGIN_NS)
		rc = conn_receive(dev, true);
	loop->hot = rc != -EAGAIN;
	return rc;
}

static void dispatch(struct mdl_dev *dev, const struct epoll_event *event)
{
	struct watch *watch = event->data.ptr;

	if (watch->removed)
		return;
	if (watch->callback)
		watch->callback(dev, watch->fd, event->events, watch->arg);
	else if (!dev->loop->author_paused)
		watch->author(dev->instance, watch->fd, event->events, watch->arg);
	if (dev->tracing)
		trace_look(dev);
}

static int wait_events(struct mdl_dev *dev, bool block)
{
	struct loop *loop = dev->loop;
	struct epoll_event events[EVENTS_A_TURN];
	int n;

	timers_arm(dev);
	n = epoll_wait(loop->epoll_fd, events, EVENTS_A_TURN, block ? -1 : 0);
	loop->looked_ns = coarse_ns();
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++)
		dispatch(dev, &events[i]);
	return n;
}

static int turn(struct mdl_dev *dev, bool block)
{
	int done = timers_run(dev), n;

	if (conn_has_work(dev))
		done += conn_serve(dev);
	if (block && !done) {
		n = receive_directly(dev);
		if (n != -EAGAIN)
			return n == -EINTR ? 0 : n;
	}
	n = wait_events(dev, block && !done && !server_over(dev));
	if (n < 0)
		return n;
	if (conn_has_work(dev))
		done += conn_serve(dev);
	return done + n;
}

static int loop_turn(struct mdl_dev *dev, bool block)
{
	int n;

	dev->loop->turning = true;
	if (dev->tracing) /* what was done between the turns, in a loop that embeds this one */
		trace_look(dev);
	n = turn(dev, block);
	if (dev->tracing)
		trace_turn(dev);
	bury_dead(dev->loop);
	dev->loop->turning = false;
	return n;
}

int mdl_run(struct mdl_dev *dev)
{
	int rc = 0;

	if (!server_ready(dev))
		return -ENOTCONN;
	conn_set_patient(dev, true);
	while (rc >= 0 && !loop_stopping(dev) && !server_over(dev))
		rc = loop_turn(dev, true);
	conn_set_patient(dev, false);
	atomic_store_explicit(&dev->loop->stop, false, memory_order_release);
	timers_arm(dev);
	return rc < 0 ? rc : 0;
}

int mdl_poll(struct mdl_dev *dev)
{
	int n;

	if (server_over(dev))
		return -ENOTCONN;
	n = loop_turn(dev, false);
	atomic_store_explicit(&dev->loop->stop, false, memory_order_release);
	timers_arm(dev);
	return n;
}

int mdl_fd(const struct mdl_dev *dev)
{
	return dev->loop->epoll_fd;
}
