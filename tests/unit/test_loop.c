/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop: descriptors, stopping, and that it neither burns nor misses anything. */
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "core_device.h"
#include "loop.h"

static int set_up(void **state)
{
	*state = pair_open();
	pair_negotiate(*state);
	return 0;
}

static int tear_down(void **state)
{
	pair_close(*state);
	return 0;
}

static bool readable(struct pair *pair)
{
	struct pollfd p = {.fd = mdl_fd(pair->dev), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* ---- the author's descriptors */

struct seen {
	unsigned calls;
	void *dev;
	uint32_t events;
	struct pair *pair;
	int other;
};

static void see(void *dev, int fd, uint32_t events, void *arg)
{
	struct seen *seen = arg;
	uint64_t value;

	seen->calls++;
	seen->dev = dev;
	seen->events = events;
	assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
}

static void fire(int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void watched(void **state)
{
	struct pair *pair = *state;
	struct seen seen = {0};
	int fd = eventfd(0, EFD_NONBLOCK);

	assert_int_equal(mdl_watch_fd(pair->dev, fd, EPOLLIN, NULL, &seen), -EINVAL);
	assert_int_equal(mdl_unwatch_fd(pair->dev, fd), -ENOENT);
	assert_int_equal(mdl_watch_fd(pair->dev, fd, EPOLLIN, see, &seen), 0);
	assert_int_equal(mdl_watch_fd(pair->dev, fd, EPOLLIN, see, &seen), -EEXIST);
	assert_false(readable(pair));
	fire(fd);
	assert_true(readable(pair));
	assert_int_equal(mdl_poll(pair->dev), 1);
	assert_int_equal(seen.calls, 1);
	assert_ptr_equal(seen.dev, pair->core);
	assert_int_equal(seen.events, EPOLLIN);
	assert_int_equal(mdl_poll(pair->dev), 0);
	assert_int_equal(mdl_unwatch_fd(pair->dev, fd), 0);
	fire(fd);
	assert_int_equal(mdl_poll(pair->dev), 0);
	assert_int_equal(seen.calls, 1);
	/* the run time's own are not the author's to remove */
	assert_int_equal(mdl_unwatch_fd(pair->dev, pair->dev->conn->fd), -ENOENT);
	close(fd);
	assert_int_equal(mdl_watch_fd(pair->dev, fd, EPOLLIN, see, &seen), -EBADF);
}

static void unwatch_other(void *dev, int fd, uint32_t events, void *arg)
{
	struct seen *seen = arg;

	see(dev, fd, events, arg);
	assert_int_equal(mdl_unwatch_fd(seen->pair->dev, seen->other), 0);
	assert_int_equal(mdl_unwatch_fd(seen->pair->dev, fd), 0);
}

/* Two are ready; whichever is first removes both, and the other's event must not be delivered. */
static void removed_while_events_are_pending(void **state)
{
	struct pair *pair = *state;
	int fds[2] = {eventfd(0, EFD_NONBLOCK), eventfd(0, EFD_NONBLOCK)};
	struct seen seen[2] = {{.pair = pair, .other = fds[1]}, {.pair = pair, .other = fds[0]}};

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(mdl_watch_fd(pair->dev, fds[i], EPOLLIN, unwatch_other, &seen[i]),
				 0);
		fire(fds[i]);
	}
	pair_serve(pair);
	assert_int_equal(seen[0].calls + seen[1].calls, 1);
	close(fds[0]);
	close(fds[1]);
}

static void not_while_paused(void **state)
{
	struct pair *pair = *state;
	struct seen seen = {0}, later = {0};
	int fd = eventfd(0, EFD_NONBLOCK), fd2 = eventfd(0, EFD_NONBLOCK);

	assert_int_equal(mdl_watch_fd(pair->dev, fd, EPOLLIN, see, &seen), 0);
	timers_pause(pair->dev);
	assert_int_equal(mdl_watch_fd(pair->dev, fd2, EPOLLIN, see, &later), 0);
	fire(fd);
	fire(fd2);
	assert_false(readable(pair)); /* and it does not spin either */
	assert_int_equal(mdl_poll(pair->dev), 0);
	assert_int_equal(seen.calls + later.calls, 0);
	timers_resume(pair->dev);
	pair_serve(pair);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(later.calls, 1);
	close(fd);
	close(fd2);
}

/* ---- running and stopping */

static void poll_never_blocks(void **state)
{
	struct pair *pair = *state;

	for (int i = 0; i < 100; i++)
		assert_int_equal(mdl_poll(pair->dev), 0);
	assert_false(readable(pair));
}

static void until_the_client_leaves(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];

	pair_send(pair, buf, put_write(buf, 1, VU_NO_REPLY, 0, 42));
	close(pair->fd);
	pair->fd = -1;
	assert_int_equal(mdl_run(pair->dev), 0);
	assert_int_equal(pair->core->plain, 42);
	assert_int_equal(pair->core->gone, 1);
	assert_int_equal(mdl_run(pair->dev), 0);
	assert_int_equal(mdl_poll(pair->dev), -ENOTCONN);
}

static void nothing_to_serve(void **state)
{
	struct mdl_dev *dev;

	(void)state;
	assert_int_equal(mdl_create(&dev, &core_device, NULL), 0);
	assert_int_equal(mdl_run(dev), -ENOTCONN);
	assert_true(mdl_poll(dev) >= 0);
	mdl_destroy(dev);
}

static void stopped_before_it_runs(void **state)
{
	struct pair *pair = *state;

	mdl_stop(pair->dev);
	assert_int_equal(mdl_run(pair->dev), 0);
}

static void *stop_soon(void *arg)
{
	mdl_stop(arg);
	return NULL;
}

static void stopped_by_a_thread(void **state)
{
	struct pair *pair = *state;

	for (int i = 0; i < 50; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, stop_soon, pair->dev), 0);
		assert_int_equal(mdl_run(pair->dev), 0);
		pthread_join(thread, NULL);
	}
}

static struct mdl_dev *alarmed;

static void on_signal(int signal)
{
	(void)signal;
	mdl_stop(alarmed);
}

static void stopped_by_a_signal(void **state)
{
	struct pair *pair = *state;
	struct sigaction action = {.sa_handler = on_signal};
	timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};

	alarmed = pair->dev;
	sigaction(SIGUSR1, &action, NULL);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	for (long ns = 1000; ns < 5000000; ns = ns * 3 / 2) {
		const struct itimerspec when = {.it_value = {0, ns}};

		assert_int_equal(timer_settime(timer, 0, &when, NULL), 0);
		assert_int_equal(mdl_run(pair->dev), 0);
	}
	timer_delete(timer);
}

static void stop_from_hook(struct core *core, uint64_t value)
{
	(void)value;
	mdl_stop(core->mdl);
}

static void stopped_by_a_hook(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];

	pair->core->on_plain = stop_from_hook;
	pair_send(pair, buf, put_write(buf, 1, 0, 0, 1));
	assert_int_equal(mdl_run(pair->dev), 0);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0); /* answered first */
}

/* ---- a client that talks, and one that does not */

#define ACCESSES 2000

static void *talk(void *arg)
{
	struct pair *pair = arg;
	uint8_t buf[64];

	for (int i = 0; i < ACCESSES; i++) {
		if (send(pair->fd, buf, put_read(buf, (uint16_t)i, 0, 4), MSG_NOSIGNAL) != 32 ||
		    recv(pair->fd, buf, 36, MSG_WAITALL) != 36)
			break;
	}
	mdl_stop(pair->dev);
	return NULL;
}

/* While the client is active the loop waits in its socket; the others are not forgotten. */
static void others_beside_an_active_client(void **state)
{
	struct pair *pair = *state;
	struct seen seen = {0};
	int fd = eventfd(0, EFD_NONBLOCK);
	pthread_t thread;

	for (int round = 0; round < 2; round++) {
		mdl_timer_start_periodic(&pair->core->tick[0], 300000);
		if (round)
			assert_int_equal(mdl_watch_fd(pair->dev, fd, EPOLLIN, see, &seen), 0);
		fire(fd);
		assert_int_equal(pthread_create(&thread, NULL, talk, pair), 0);
		assert_int_equal(mdl_run(pair->dev), 0);
		pthread_join(thread, NULL);
		assert_true(pair->core->expired[0] > 3);
		pair->core->expired[0] = 0;
	}
	assert_int_equal(seen.calls, 1);
	close(fd);
}

static void spinning(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.spin_ns = 50000});
	pthread_t thread;

	(void)state;
	pair_negotiate(pair);
	mdl_timer_start_periodic(&pair->core->tick[0], 300000);
	assert_int_equal(pthread_create(&thread, NULL, talk, pair), 0);
	assert_int_equal(mdl_run(pair->dev), 0);
	pthread_join(thread, NULL);
	assert_true(pair->core->expired[0] > 3);
	pair_close(pair);
}

static void *stop_after_idling(void *arg)
{
	struct pollfd never = {.fd = -1};

	poll(&never, 1, 300); /* the time that must cost nothing */
	mdl_stop(arg);
	return NULL;
}

/* After an active phase: at most one lingering wait, then sleep. */
static void idle_costs_nothing(void **state)
{
	struct pair *pair = *state;
	struct rusage before, after;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, talk, pair), 0);
	assert_int_equal(mdl_run(pair->dev), 0);
	pthread_join(thread, NULL);
	mdl_timer_start(&pair->core->tick[0], UINT64_C(3600000000000));
	assert_int_equal(pthread_create(&thread, NULL, stop_after_idling, pair->dev), 0);
	getrusage(RUSAGE_THREAD, &before);
	assert_int_equal(mdl_run(pair->dev), 0);
	getrusage(RUSAGE_THREAD, &after);
	pthread_join(thread, NULL);
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 5);
}

/* ---- several devices */

static void *serve_thread(void *arg)
{
	mdl_run(arg);
	return NULL;
}

static void a_thread_each(void **state)
{
	struct pair *pairs[3];
	pthread_t threads[3];
	uint8_t buf[128];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		pairs[i] = pair_open();
		pair_negotiate(pairs[i]);
		assert_int_equal(pthread_create(&threads[i], NULL, serve_thread, pairs[i]->dev), 0);
	}
	for (uint32_t k = 0; k < 300; k++)
		for (unsigned i = 0; i < 3; i++) {
			size_t size = put_write(buf, 1, VU_NO_REPLY, 0, k * 3 + i);
			uint32_t value;

			size += put_read(buf + size, 2, 0, 4);
			pair_send(pairs[i], buf, size);
			assert_int_equal(recv(pairs[i]->fd, buf, 36, MSG_WAITALL), 36);
			memcpy(&value, buf + 32, 4);
			assert_int_equal(value, k * 3 + i);
		}
	for (unsigned i = 0; i < 3; i++) {
		mdl_stop(pairs[i]->dev);
		pthread_join(threads[i], NULL);
		pair_close(pairs[i]);
	}
}

/* In one foreign loop: mdl_fd() and mdl_poll(). */
static void in_another_loop(void **state)
{
	struct pair *pairs[3];
	int ep = epoll_create1(0);
	unsigned answered = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
		uint8_t buf[64];

		pairs[i] = pair_open();
		pair_negotiate(pairs[i]);
		assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, mdl_fd(pairs[i]->dev), &event), 0);
		pair_send(pairs[i], buf, put_read(buf, 1, 0, 4));
	}
	while (answered < 3) {
		struct epoll_event event;

		assert_int_equal(epoll_wait(ep, &event, 1, 5000), 1);
		if (mdl_poll(pairs[event.data.u32]->dev) > 0) {
			pair_expect_value(pairs[event.data.u32], 1, 0);
			answered++;
		}
	}
	for (unsigned i = 0; i < 3; i++)
		pair_close(pairs[i]);
	close(ep);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(watched),
		TEST(removed_while_events_are_pending),
		TEST(not_while_paused),
		TEST(poll_never_blocks),
		TEST(until_the_client_leaves),
		cmocka_unit_test(nothing_to_serve),
		TEST(stopped_before_it_runs),
		TEST(stopped_by_a_thread),
		TEST(stopped_by_a_signal),
		TEST(stopped_by_a_hook),
		TEST(others_beside_an_active_client),
		cmocka_unit_test(spinning),
		TEST(idle_costs_nothing),
		cmocka_unit_test(a_thread_each),
		cmocka_unit_test(in_another_loop),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
