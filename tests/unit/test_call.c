/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands to the client from inside a handler.  What the client will send is put into the socket
 * beforehand (our ids count from 0), or a thread sends it later.
 */
#include <pthread.h>
#include <sys/eventfd.h>

#include "core_device.h"

#define ASK   4
#define BYTES "abcdefgh"

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

static size_t put_answer(uint8_t *to, uint16_t id)
{
	uint8_t payload[24] = {0};

	memcpy(payload + 16, BYTES, 8);
	return put_message(to, id, VU_DMA_READ, VU_TYPE_REPLY, payload, sizeof(payload));
}

static void expect_command(struct pair *pair, uint16_t id)
{
	struct vu_dma_access access;
	struct vu_header header = pair_expect(pair, &access, sizeof(access));

	assert_int_equal(header.id, id);
	assert_int_equal(header.command, VU_DMA_READ);
	assert_int_equal(header.flags, 0);
	assert_int_equal(header.size, 32);
	assert_int_equal(access.address, 0x1000);
	assert_int_equal(access.count, 8);
}

static void expect_answered(const struct pair *pair)
{
	assert_int_equal(pair->core->asked, 24);
	assert_memory_equal(pair->core->answer + 16, BYTES, 8);
}

static void an_answer(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[128];
	size_t size = put_write(buf, 5, 0, ASK, 0x1000);

	size += put_answer(buf + size, 0);
	pair_send(pair, buf, size);
	pair_serve(pair);
	expect_answered(pair);
	expect_command(pair, 0);
	pair_expect_reply(pair, 5, VU_REGION_WRITE, 0);
	pair_expect_nothing(pair);
}

/* Cut anywhere: what lies behind the request is in the buffer, or not, or in part. */
static void requests_meanwhile_at_every_cut(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[512];
	uint16_t ids = 0;

	for (size_t cut = 36;; cut++) {
		size_t size = put_write(buf, 1, 0, ASK, 0x1000);

		size += put_write(buf + size, 2, 0, 0, (uint32_t)cut);
		size += put_read(buf + size, 3, 0, 4);
		size += put_answer(buf + size, ids);
		size += put_write(buf + size, 4, 0, 0, 7);
		size += put_read(buf + size, 5, 0, 4);
		if (cut > size)
			break;
		/* two skbs: one receive takes both, unless descriptors end it */
		send_with_fds(pair->fd, buf, cut, (const int[]){0}, 1);
		if (cut < size)
			pair_send(pair, buf + cut, size - cut);
		pair_serve(pair);
		expect_answered(pair);
		memset(pair->core->answer, 0, sizeof(pair->core->answer));
		expect_command(pair, ids++);
		pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
		pair_expect_reply(pair, 2, VU_REGION_WRITE, 0);
		pair_expect_value(pair, 3, (uint32_t)cut);
		pair_expect_reply(pair, 4, VU_REGION_WRITE, 0);
		pair_expect_value(pair, 5, 7);
		pair_expect_nothing(pair);
	}
	assert_true(ids > 100);
}

static void earlier_replies_leave_first(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[256];
	size_t size = put_read(buf, 9, 0, 4);

	size += put_write(buf + size, 5, 0, ASK, 0x1000);
	size += put_answer(buf + size, 0);
	pair_send(pair, buf, size);
	pair_serve(pair);
	pair_expect_value(pair, 9, 0);
	expect_command(pair, 0);
	pair_expect_reply(pair, 5, VU_REGION_WRITE, 0);
}

static void two_calls_while_queued(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[512];
	size_t size = put_write(buf, 1, 0, ASK, 0x1000);

	size += put_write(buf + size, 2, 0, ASK, 0x1000); /* asks too, once it is served */
	size += put_read(buf + size, 3, ASK, 4);
	size += put_answer(buf + size, 0);
	size += put_answer(buf + size, 1);
	pair_send(pair, buf, size);
	pair_serve(pair);
	expect_answered(pair);
	expect_command(pair, 0);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
	expect_command(pair, 1);
	pair_expect_reply(pair, 2, VU_REGION_WRITE, 0);
	pair_expect_value(pair, 3, 0x1000);
}

static void answers_that_are_not_ours(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[512];
	size_t size = put_write(buf, 1, 0, ASK, 0x1000);

	size += put_answer(buf + size, 77);                                       /* another id */
	size += put_message(buf + size, 0, VU_DMA_WRITE, VU_TYPE_REPLY, NULL, 0); /* command */
	size += put_answer(buf + size, 0);
	size += put_answer(buf + size, 0); /* once more */
	pair_send(pair, buf, size);
	pair_serve(pair);
	expect_answered(pair);
	expect_command(pair, 0);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
	pair_expect_nothing(pair);
}

static void ask_and_get_error(struct pair *pair, uint16_t id, uint32_t error, int expected)
{
	struct vu_header reply = {id, VU_DMA_READ, 16, VU_TYPE_REPLY | VU_ERROR, error};
	uint8_t buf[128];
	size_t size = put_write(buf, 1, 0, ASK, 0x1000);

	memcpy(buf + size, &reply, sizeof(reply));
	pair_send(pair, buf, size + sizeof(reply));
	pair_serve(pair);
	assert_int_equal(pair->core->asked, expected);
	expect_command(pair, id);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
}

static void errors(void **state)
{
	ask_and_get_error(*state, 0, EFAULT, -EFAULT);
	ask_and_get_error(*state, 1, 0, -EIO);
	ask_and_get_error(*state, 2, 4096, -EIO);
	ask_and_get_error(*state, 3, UINT32_MAX, -EIO);
}

static void a_short_and_a_long_answer(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[512], payload[200];
	size_t size = put_write(buf, 1, 0, ASK, 0x1000);

	size += put_message(buf + size, 0, VU_DMA_READ, VU_TYPE_REPLY, NULL, 0);
	pair_send(pair, buf, size);
	pair_serve(pair);
	assert_int_equal(pair->core->asked, 0);
	memset(payload, 'x', sizeof(payload));
	size = put_write(buf, 1, 0, ASK, 0x1000);
	size += put_message(buf + size, 1, VU_DMA_READ, VU_TYPE_REPLY, payload, sizeof(payload));
	pair_send(pair, buf, size);
	pair_serve(pair);
	assert_int_equal(pair->core->asked, 200); /* 64 of them were stored */
	assert_memory_equal(pair->core->answer, payload, 64);
}

static void the_client_leaves(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];

	pair_send(pair, buf, put_write(buf, 1, 0, ASK, 0x1000));
	shutdown(pair->fd, SHUT_WR);
	pair_serve(pair);
	assert_int_equal(pair->core->asked, -ENOTCONN);
	assert_int_equal(pair->core->gone, 1);
	assert_false(conn_connected(pair->dev));
}

static void nonsense_instead(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];
	size_t size = put_write(buf, 1, 0, ASK, 0x1000);

	memset(buf + size, 0xff, 16);
	pair_send(pair, buf, size);
	pair_send(pair, buf + size, 16);
	/* one receive: what came before the nonsense is served, the call ends at it */
	pair_serve(pair);
	assert_int_equal(pair->core->asked, -ENOTCONN);
	assert_int_equal(pair->core->gone, 1);
}

static void too_many_requests(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.max_queued = 50});
	uint8_t buf[64 * 40];
	size_t size = put_write(buf, 1, 0, ASK, 0x1000);

	(void)state;
	pair_negotiate(pair);
	for (unsigned i = 0; i < 51; i++)
		size += put_read(buf + size, 2, 0, 4);
	pair_send(pair, buf, size);
	pair_serve(pair);
	assert_int_equal(pair->core->asked, -ENOTCONN);
	assert_true(core_logged(&pair->log, "too much is queued"));
	pair_close(pair);
}

static void as_many_as_allowed(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.max_queued = 50});
	uint8_t buf[64 * 40];
	size_t size = put_write(buf, 1, 0, ASK, 0x1000);

	(void)state;
	pair_negotiate(pair);
	for (uint16_t i = 0; i < 50; i++)
		size += put_read(buf + size, i, 0, 4);
	size += put_answer(buf + size, 0);
	pair_send(pair, buf, size);
	pair_serve(pair);
	expect_answered(pair);
	expect_command(pair, 0);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
	for (uint16_t i = 0; i < 50; i++)
		pair_expect_value(pair, i, 0);
	pair_close(pair);
}

/* From outside the loop: what came meanwhile makes mdl_fd() readable. */
static void a_call_outside_the_loop(void **state)
{
	struct pair *pair = *state;
	struct pollfd p = {.fd = mdl_fd(pair->dev), .events = POLLIN};
	const uint32_t at = 0;
	uint8_t buf[128];
	size_t size = put_read(buf, 3, 0, 4);

	size += put_answer(buf + size, 0);
	pair_send(pair, buf, size);
	core_ask(pair->core, &at, 0x1000, 0);
	expect_answered(pair);
	expect_command(pair, 0);
	assert_int_equal(poll(&p, 1, 0), 1);
	pair_serve(pair);
	pair_expect_value(pair, 3, 0);
	assert_int_equal(poll(&p, 1, 0), 0);
}

static void nobody_to_ask(void **state)
{
	struct pair *pair = pair_open();
	const uint32_t at = 0;

	(void)state;
	core_ask(pair->core, &at, 0, 0);
	assert_int_equal(pair->core->asked, -ENOTCONN); /* before VERSION */
	pair_expect_nothing(pair);
	close(pair->fd);
	pair->fd = -1;
	pair_serve(pair);
	core_ask(pair->core, &at, 0, 0);
	assert_int_equal(pair->core->asked, -ENOTCONN);
	pair_close(pair);
}

/* ---- with a client that acts while the server waits */

struct client {
	pthread_t thread;
	int fd;
	int started; /* eventfd: the command was seen */
	struct mdl_dev *dev;
};

static void see_command(struct client *c)
{
	uint8_t command[32];

	assert_int_equal(recv(c->fd, command, sizeof(command), MSG_WAITALL), sizeof(command));
}

static void *answer_byte_by_byte(void *arg)
{
	struct client *c = arg;
	uint8_t buf[128];
	size_t size = put_read(buf, 8, 0, 4);

	see_command(c);
	size += put_answer(buf + size, 0);
	for (size_t i = 0; i < size; i++)
		if (send(c->fd, buf + i, 1, MSG_NOSIGNAL) != 1)
			return NULL;
	return NULL;
}

static void a_slow_answer(void **state)
{
	struct pair *pair = *state;
	struct client c = {.fd = pair->fd};
	uint8_t buf[64];

	pair_send(pair, buf, put_write(buf, 1, 0, ASK, 0x1000));
	assert_int_equal(pthread_create(&c.thread, NULL, answer_byte_by_byte, &c), 0);
	while (mdl_poll(pair->dev) == 0)
		;
	pthread_join(c.thread, NULL);
	expect_answered(pair);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
	pair_serve(pair);
	pair_expect_value(pair, 8, 0);
}

/*
 * As QEMU does: it answers nothing of ours before its write has been answered, and then before a read
 * has been.
 */
static void *answer_after_its_own(void *arg)
{
	struct client *c = arg;
	uint8_t buf[128], reply[64];
	struct vu_header header;

	see_command(c);
	if (recv(c->fd, reply, 32, MSG_WAITALL) != 32)
		return NULL;
	memcpy(&header, reply, sizeof(header));
	if (header.id != 1 || header.command != VU_REGION_WRITE || header.flags != VU_TYPE_REPLY)
		return NULL;
	send(c->fd, buf, put_read(buf, 8, 0, 4), MSG_NOSIGNAL);
	if (recv(c->fd, reply, 36, MSG_WAITALL) != 36)
		return NULL;
	memcpy(&header, reply, sizeof(header));
	if (header.id == 8 && header.command == VU_REGION_READ)
		send(c->fd, buf, put_answer(buf, 0), MSG_NOSIGNAL);
	return NULL;
}

static void a_client_that_waits_for_us(void **state)
{
	struct pair *pair = pair_open();
	struct client c = {.fd = pair->fd};
	uint8_t buf[256];

	(void)state;
	pair_send(pair, buf, put_version(buf, 0, "{\"capabilities\":{\"max_msg_fds\":8}}"));
	pair_serve(pair);
	pair_expect_reply(pair, 1, VU_VERSION, 0);
	pair_send(pair, buf, put_write(buf, 1, 0, ASK, 0x1000));
	assert_int_equal(pthread_create(&c.thread, NULL, answer_after_its_own, &c), 0);
	while (mdl_poll(pair->dev) == 0)
		;
	pthread_join(c.thread, NULL);
	expect_answered(pair);
	pair_serve(pair);
	pair_expect_nothing(pair);
	pair_close(pair);
}

static void *stop_it(void *arg)
{
	struct client *c = arg;

	see_command(c);
	mdl_stop(c->dev);
	return NULL;
}

static void stopped_while_waiting(void **state)
{
	struct pair *pair = *state;
	struct client c = {.fd = pair->fd, .dev = pair->dev};
	uint8_t buf[64];

	pair_send(pair, buf, put_write(buf, 1, 0, ASK, 0x1000));
	assert_int_equal(pthread_create(&c.thread, NULL, stop_it, &c), 0);
	assert_int_equal(mdl_run(pair->dev), 0);
	pthread_join(c.thread, NULL);
	assert_int_equal(pair->core->asked, -ECANCELED);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
}

/* ---- the twin socket */

static int negotiate_twin(struct pair *pair)
{
	uint8_t buf[256];
	struct rx rx;
	struct message m;
	int fd;

	pair_send(pair, buf,
		  put_version(buf, 2, "{\"capabilities\":{\"twin_socket\":{\"supported\":true}}}"));
	pair_serve(pair);
	assert_int_equal(rx_create(&rx, 4096, 8), 0);
	assert_true(rx_receive(&rx, pair->fd, MSG_DONTWAIT) > 0);
	assert_true(rx_next(&rx, &m));
	assert_int_equal(m.nfds, 1);
	assert_non_null(strstr((const char *)m.data + 20,
			       "\"twin_socket\":{\"supported\":true,\"fd_index\":0}"));
	fd = m.fds[0];
	rx_destroy(&rx);
	return fd;
}

static void commands_go_to_the_twin(void **state)
{
	unsigned before = count_fds();
	struct pair *pair = pair_open();
	int main_fd = pair->fd, twin = negotiate_twin(pair);
	uint8_t buf[256];
	size_t size;

	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		size = put_write(buf, 1, 0, ASK, 0x1000);
		size += put_read(buf + size, 2, 0, 4);
		pair_send(pair, buf, size);
		size = put_read(buf, 3, 0, 4); /* no request belongs there: dropped */
		size += put_answer(buf + size, i);
		send_with_fds(twin, buf, size, NULL, 0);
		pair_serve(pair);
		expect_answered(pair);
		pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
		pair_expect_value(pair, 2, 0);
		pair_expect_nothing(pair);
		pair->fd = twin;
		expect_command(pair, i);
		pair_expect_nothing(pair);
		pair->fd = main_fd;
	}
	pair_close(pair);
	close(twin);
	assert_int_equal(count_fds(), before);
}

static void the_twin_is_closed(void **state)
{
	struct pair *pair = pair_open();
	int twin = negotiate_twin(pair);
	uint8_t buf[64];

	(void)state;
	close(twin);
	pair_send(pair, buf, put_write(buf, 1, 0, ASK, 0x1000));
	pair_serve(pair);
	assert_int_equal(pair->core->asked, -ENOTCONN);
	assert_int_equal(pair->core->gone, 1);
	pair_close(pair);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_answer),
		TEST(requests_meanwhile_at_every_cut),
		TEST(earlier_replies_leave_first),
		TEST(two_calls_while_queued),
		TEST(answers_that_are_not_ours),
		TEST(errors),
		TEST(a_short_and_a_long_answer),
		TEST(the_client_leaves),
		TEST(nonsense_instead),
		cmocka_unit_test(too_many_requests),
		cmocka_unit_test(as_many_as_allowed),
		TEST(a_call_outside_the_loop),
		cmocka_unit_test(nobody_to_ask),
		TEST(a_slow_answer),
		cmocka_unit_test(a_client_that_waits_for_us),
		TEST(stopped_while_waiting),
		cmocka_unit_test(commands_go_to_the_twin),
		cmocka_unit_test(the_twin_is_closed),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
