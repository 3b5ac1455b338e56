/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies: in order, in batches, with their descriptors; and clients that do not read them. */
#include <fcntl.h>

#include "core_device.h"

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

static void a_batch(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[200 * 68];
	size_t size = 0;

	for (uint16_t i = 0; i < 200; i++) {
		size += put_write(buf + size, i, 0, 0, i);
		size += put_read(buf + size, i, 0, 4);
	}
	pair_send(pair, buf, size);
	pair_serve(pair);
	for (uint16_t i = 0; i < 200; i++) {
		pair_expect_reply(pair, i, VU_REGION_WRITE, 0);
		pair_expect_value(pair, i, i);
	}
	pair_expect_nothing(pair);
}

/* Read a reply of any size, serving meanwhile, and check that it is RAM's image. */
static void drain_ram(struct pair *pair, uint16_t id, uint32_t count)
{
	static uint8_t reply[CORE_RAM_SIZE + 64];
	const size_t size = 32 + count;
	struct vu_header header;
	size_t got = 0;

	while (got < size) {
		ssize_t n = recv(pair->fd, reply + got, size - got, MSG_DONTWAIT);

		assert_true(n > 0 || errno == EAGAIN);
		if (n > 0)
			got += (size_t)n;
		else
			assert_true(mdl_poll(pair->dev) > 0); /* it goes on now */
	}
	memcpy(&header, reply, sizeof(header));
	assert_int_equal(header.id, id);
	assert_int_equal(header.size, size);
	assert_memory_equal(reply + 32, pair->core->ram[0], count);
}

static void fill_ram(struct pair *pair)
{
	for (uint32_t i = 0; i < CORE_RAM_SIZE; i++)
		pair->core->ram[0][i] = (uint8_t)(i * 7 + i / 251);
}

static void large_reads(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[32];

	fill_ram(pair);
	for (uint32_t count = 1; count <= CORE_RAM_SIZE; count = count * 3 + 1) {
		pair_send(pair, buf, put_read(buf, 1, CORE_RAM_OFFSET, count));
		pair_serve(pair);
		drain_ram(pair, 1, count);
	}
	pair_send(pair, buf, put_read(buf, 2, CORE_RAM_OFFSET, CORE_RAM_SIZE));
	pair_serve(pair);
	drain_ram(pair, 2, CORE_RAM_SIZE);
}

static long resident_kib(void)
{
	long total = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_int_equal(fscanf(f, "%ld %ld", &total, &resident), 2);
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* 200 MiB are asked for and not read: nothing blocks, and what waits is one reply or two. */
static void a_client_that_does_not_read(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[32];
	long before;

	fill_ram(pair);
	before = resident_kib();
	for (uint16_t i = 0; i < 200; i++) {
		pair_send(pair, buf, put_read(buf, i, CORE_RAM_OFFSET, CORE_RAM_SIZE));
		assert_true(mdl_poll(pair->dev) >= 0);
	}
	assert_int_equal(mdl_poll(pair->dev), 0); /* nothing to do until it reads */
	assert_true(resident_kib() - before < 8 * 1024);
	for (uint16_t i = 0; i < 200; i++)
		drain_ram(pair, i, CORE_RAM_SIZE);
	pair_serve(pair);
	pair_expect_nothing(pair);
}

static void it_leaves_without_reading(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[32];

	for (uint16_t i = 0; i < 10; i++)
		pair_send(pair, buf, put_read(buf, i, CORE_RAM_OFFSET, CORE_RAM_SIZE));
	pair_serve(pair);
	close(pair->fd);
	pair->fd = -1;
	pair_serve(pair);
	assert_int_equal(pair->core->gone, 1);
	assert_false(conn_connected(pair->dev));
}

/* ---- descriptors, on the queue itself */

static struct vu_header header_for(const struct reply *reply, uint16_t id)
{
	return (struct vu_header){
		.id = id,
		.size = (uint32_t)(VU_HEADER_SIZE + reply->size + reply->tail_size),
		.flags = 1,
	};
}

static int queue(struct tx *tx, int fd, uint16_t id, size_t tail_size, unsigned nfds)
{
	static uint8_t tail[100000];
	struct reply reply = {.data = tx_begin(tx), .size = 8, .tail = tail};
	struct vu_header header;

	reply.tail_size = tail_size;
	memset(reply.data, id, 8);
	for (reply.nfds = 0; reply.nfds < nfds; reply.nfds++)
		reply.fds[reply.nfds] = 0;
	header = header_for(&reply, id);
	return tx_end(tx, fd, &header, &reply);
}

/* Receive one message as a careful client does; returns its number of descriptors. */
static unsigned receive_one(int fd, uint16_t id)
{
	struct rx rx;
	struct message m;
	struct vu_header header;
	unsigned nfds;

	assert_int_equal(rx_create(&rx, 200000, 64), 0);
	/* the header first, so that nothing of the next message is taken */
	for (size_t left = VU_HEADER_SIZE, known = 0; left > 0;) {
		ssize_t n;

		rx.size = rx.end + left;
		n = rx_receive(&rx, fd, MSG_DONTWAIT);
		assert_true(n > 0);
		left -= (size_t)n;
		if (!left && !known) {
			memcpy(&header, rx.buf, sizeof(header));
			left = header.size - VU_HEADER_SIZE;
			known = 1;
		}
	}
	assert_true(rx_next(&rx, &m));
	memcpy(&header, m.data, sizeof(header));
	assert_int_equal(header.id, id);
	nfds = m.nfds;
	for (unsigned i = 0; i < nfds; i++)
		close(m.fds[i]);
	rx.size = 2 * 200000 + 65536;
	rx_destroy(&rx);
	return nfds;
}

static void descriptors_travel_with_their_reply(void **state)
{
	struct tx tx;
	int fds[2];
	unsigned before;

	(void)state;
	assert_int_equal(tx_create(&tx, 1 << 20), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	before = count_fds();
	assert_int_equal(queue(&tx, fds[0], 1, 0, 0), 0);
	assert_int_equal(queue(&tx, fds[0], 2, 100, 2), 0);
	assert_int_equal(queue(&tx, fds[0], 3, 0, 0), 0);
	assert_int_equal(queue(&tx, fds[0], 4, 50000, 1), 0);
	assert_int_equal(queue(&tx, fds[0], 5, 0, 0), 0);
	assert_int_equal(tx_flush(&tx, fds[0]), 0);
	assert_int_equal(receive_one(fds[1], 1), 0);
	assert_int_equal(receive_one(fds[1], 2), 2);
	assert_int_equal(receive_one(fds[1], 3), 0);
	assert_int_equal(receive_one(fds[1], 4), 1);
	assert_int_equal(receive_one(fds[1], 5), 0);
	assert_int_equal(count_fds(), before);
	tx_destroy(&tx);
	close(fds[0]);
	close(fds[1]);
}

static void descriptors_wait_too(void **state)
{
	struct tx tx;
	int fds[2], small = 1;
	uint16_t n = 0;
	unsigned before;

	(void)state;
	assert_int_equal(tx_create(&tx, 1 << 20), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	while (queue(&tx, fds[0], n, 2000, 0) == 0 && tx_flush(&tx, fds[0]) == 0)
		n++;
	before = count_fds();
	assert_int_equal(queue(&tx, fds[0], (uint16_t)(n + 1), 100, 3), -EAGAIN);
	assert_int_equal(count_fds(), before + 3); /* our own */
	for (uint16_t i = 0; i <= n; i++) {
		tx_flush(&tx, fds[0]);
		assert_int_equal(receive_one(fds[1], i), 0);
	}
	assert_int_equal(tx_flush(&tx, fds[0]), 0);
	assert_int_equal(receive_one(fds[1], (uint16_t)(n + 1)), 3);
	assert_int_equal(count_fds(), before);
	/* dropped with the connection */
	while (queue(&tx, fds[0], 0, 0, 1) == 0)
		;
	tx_destroy(&tx);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(count_fds(), before - 2);
}

static void nobody_there(void **state)
{
	struct tx tx;
	int fds[2];

	(void)state;
	assert_int_equal(tx_create(&tx, 1 << 20), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[1]);
	assert_int_equal(queue(&tx, fds[0], 1, 90000, 0), -EPIPE); /* and no SIGPIPE */
	tx_clear(&tx);
	assert_int_equal(queue(&tx, fds[0], 1, 0, 1), -EPIPE);
	tx_destroy(&tx);
	close(fds[0]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_batch),
		TEST(large_reads),
		TEST(a_client_that_does_not_read),
		TEST(it_leaves_without_reading),
		cmocka_unit_test(descriptors_travel_with_their_reply),
		cmocka_unit_test(descriptors_wait_too),
		cmocka_unit_test(nobody_there),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
