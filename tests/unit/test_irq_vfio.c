/* SPDX-License-Identifier: BSD-2-Clause */
/* GET_IRQ_INFO and SET_IRQS: triggers, ERR and REQ, what must be refused, whose descriptors are
 * whose. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "irq_drive.h"

/* ---- the client's triggers, ERR and REQ */

static void triggers_are_for_tests(void **state)
{
	static const uint8_t bools[] = {1, 0, 1};
	struct mdl_dev *dev = *state;
	int fds[3];

	for (unsigned i = 0; i < 3; i++)
		fds[i] = new_eventfd();
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 7, 3, fds, 3, NULL), 0);
	assert_int_equal(set_irqs(dev, TRIGGER_BOOL, MSIX, 7, 3, NULL, 0, bools), 0);
	assert_int_equal(signals(fds[0]), 1);
	assert_int_equal(signals(fds[1]), 0);
	assert_int_equal(signals(fds[2]), 1);
	/* Masked: pends, and comes once. */
	assert_int_equal(set(dev, MASK_NONE, MSIX, 8, 1), 0);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 8, 1), 0);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 8, 1), 0);
	assert_int_equal(pba(dev, 0), 0x100);
	assert_int_equal(set(dev, UNMASK_NONE, MSIX, 8, 1), 0);
	assert_int_equal(signals(fds[1]), 1);
	assert_int_equal(pba(dev, 0), 0);
	/* On INTx it masks as a real one does. */
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 0), 0);
	attach(dev, INTX, 0, fds[0]);
	assert_int_equal(set(dev, TRIGGER_NONE, INTX, 0, 1), 0);
	assert_int_equal(set(dev, TRIGGER_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(fds[0]), 1);
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(fds[0]), 1);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
}

static void err_and_req_take_an_eventfd(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	for (uint32_t index = VU_IRQ_ERR; index <= VU_IRQ_REQ; index++) {
		attach(dev, index, 0, fd);
		assert_int_equal(set(dev, TRIGGER_NONE, index, 0, 1), 0);
		assert_int_equal(signals(fd), 1);
		assert_int_equal(set(dev, MASK_NONE, index, 0, 1), -EINVAL);
		assert_int_equal(set(dev, TRIGGER_NONE, index, 0, 0), 0);
		assert_int_equal(set(dev, TRIGGER_NONE, index, 0, 1), 0);
		assert_int_equal(signals(fd), 0);
	}
	close(fd);
}

/* ---- what must be refused, and what must not block or kill */

static void wrong_requests_are_refused(void **state)
{
	static const uint32_t flags[] = {0,
					 VU_IRQ_SET_DATA_NONE,
					 VU_IRQ_SET_ACTION_TRIGGER,
					 TRIGGER_NONE | VU_IRQ_SET_DATA_BOOL,
					 TRIGGER_NONE | VU_IRQ_SET_ACTION_MASK,
					 TRIGGER_NONE | 64,
					 UINT32_MAX,
					 VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_MASK};
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd(), two[] = {fd, fd};

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		assert_int_equal(set(dev, flags[i], INTX, 0, 1), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, 5, 0, 0), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, UINT32_MAX, 0, 1), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 71), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 70, 1), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 69, 2), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 1, UINT32_MAX), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, UINT32_MAX, 1), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 1, 0), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_FD, MSIX, 0, 0), -EINVAL);
	assert_int_equal(set(dev, UNMASK_FD, MSIX, 0, 1), -EINVAL);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 0, 3, two, 2, NULL), -EINVAL);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 0, 1, two, 2, NULL), -EINVAL);
	assert_int_equal(set_irqs(dev, UNMASK_FD, INTX, 0, 1, two, 2, NULL), -EINVAL);
	close(fd);
}

static void short_messages_are_refused(void **state)
{
	struct {
		struct vu_irq_set set;
		uint8_t bools[4];
	} message = {{sizeof(message), TRIGGER_BOOL, MSIX, 0, 4}, {1, 1, 1, 1}};
	struct mdl_dev *dev = *state;
	struct reply reply = {0};

	for (size_t size = 0; size < sizeof(message); size++)
		assert_int_equal(command(dev, irq_set_handle, &message, size, NULL, 0, &reply),
				 -EINVAL);
	assert_int_equal(command(dev, irq_set_handle, &message, sizeof(message), NULL, 0, &reply),
			 0);
	message.set.argsz = 19;
	assert_int_equal(command(dev, irq_set_handle, &message, sizeof(message), NULL, 0, &reply),
			 -EINVAL);
}

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void only_eventfds_are_taken(void **state)
{
	struct mdl_dev *dev = *state;
	const unsigned before = open_fds();
	int pipes[2], sockets[2], mixed[2];
	const int fd = new_eventfd(), file = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, INTX, 0, 1, &pipes[1], 1, NULL), -EINVAL);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, INTX, 0, 1, &sockets[0], 1, NULL), -EINVAL);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, INTX, 0, 1, &file, 1, NULL), -EINVAL);
	assert_int_equal(set_irqs(dev, UNMASK_FD, INTX, 0, 1, &pipes[0], 1, NULL), -EINVAL);
	/* All or none. */
	mixed[0] = fd;
	mixed[1] = pipes[1];
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 0, 2, mixed, 2, NULL), -EINVAL);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 1), 0);
	assert_int_equal(signals(fd), 0);
	close(pipes[0]);
	close(pipes[1]);
	close(sockets[0]);
	close(sockets[1]);
	close(file);
	close(fd);
	assert_int_equal(open_fds(), before);
}

static void a_full_counter_does_not_block(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = eventfd(0, EFD_CLOEXEC); /* a blocking one */
	uint64_t count;

	assert_true(fd >= 0);
	assert_int_equal(eventfd_write(fd, UINT64_MAX - 1), 0);
	attach(dev, MSIX, 0, fd);
	mdl_irq_pulse(dev, 0);
	assert_int_equal(eventfd_read(fd, &count), 0);
	assert_true(count >= UINT64_MAX - 1); /* or beyond: only the kernel gets it there */
	mdl_irq_pulse(dev, 0);
	assert_int_equal(eventfd_read(fd, &count), 0);
	assert_int_equal(count, 1);
	close(fd);
}

static void *fill(void *arg)
{
	const int fd = *(const int *)arg;

	for (unsigned i = 0; i < 20000; i++)
		eventfd_write(fd, UINT64_MAX - 1);
	return NULL;
}

/* It is emptied, and full again at once: perhaps between our look and our signal. */
static void a_counter_that_fills_now_does_not_block(void **state)
{
	struct mdl_dev *dev = *state;
	int fd = eventfd(0, EFD_CLOEXEC);
	pthread_t thread;
	eventfd_t count;

	assert_true(fd >= 0);
	attach(dev, MSIX, 0, fd);
	assert_int_equal(pthread_create(&thread, NULL, fill, &fd), 0);
	for (unsigned i = 0; i < 20000; i++) {
		do
			assert_int_equal(eventfd_read(fd, &count), 0);
		while (count < UINT64_MAX - 1);
		mdl_irq_pulse(dev, 0);
	}
	pthread_join(thread, NULL);
	close(fd);
}

static void descriptors_are_owned_once(void **state)
{
	struct mdl_dev *dev = *state;
	const unsigned before = open_fds();
	const int fd = new_eventfd();

	for (uint32_t i = 0; i < 200; i++)
		attach(dev, MSIX, i % 70, fd);
	attach(dev, MSI, 1, fd);
	attach(dev, INTX, 0, fd);
	attach(dev, INTX, 0, fd);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(set_irqs(dev, UNMASK_FD, INTX, 0, 1, &fd, 1, NULL), 0);
	assert_int_equal(open_fds(), before + 1 + 70 + 3);
	irqs_client_gone(dev);
	assert_int_equal(open_fds(), before + 1);
	close(fd);
}

static void interrupts_are_described(void **state)
{
	static const struct {
		uint32_t flags, count;
	} want[] = {{7, 1}, {11, 4}, {11, 70}, {1, 1}, {1, 1}};
	struct mdl_dev *dev = *state;
	uint8_t out[REPLY_SPACE];

	for (uint32_t i = 0; i <= VU_NUM_IRQS; i++) {
		struct vu_irq_info info = {.argsz = 16, .index = i};
		struct reply reply = {.data = out};
		const int err = command(dev, irq_get_info, &info, sizeof(info), NULL, 0, &reply);

		assert_int_equal(err, i < VU_NUM_IRQS ? 0 : -EINVAL);
		if (err)
			continue;
		memcpy(&info, out, sizeof(info));
		assert_int_equal(reply.size, sizeof(info));
		assert_int_equal(info.argsz, sizeof(info));
		assert_int_equal(info.flags, want[i].flags);
		assert_int_equal(info.count, want[i].count);
		info.argsz = 15;
		assert_int_equal(command(dev, irq_get_info, &info, sizeof(info), NULL, 0, &reply),
				 -EINVAL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(triggers_are_for_tests),
		TEST(err_and_req_take_an_eventfd),
		TEST(wrong_requests_are_refused),
		TEST(short_messages_are_refused),
		TEST(only_eventfds_are_taken),
		TEST(a_full_counter_does_not_block),
		TEST(a_counter_that_fills_now_does_not_block),
		TEST(descriptors_are_owned_once),
		TEST(interrupts_are_described),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
