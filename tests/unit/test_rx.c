/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive buffer: every split, every size, and whose descriptors are whose. */
#include <fcntl.h>

#include "core_device.h"

#define MAX_MESSAGE 8192u

struct stream {
	struct rx rx;
	int fds[2]; /* we write to [1] */
	unsigned open_fds;
};

static int set_up(void **state)
{
	struct stream *s = calloc(1, sizeof(*s));

	assert_int_equal(rx_create(&s->rx, MAX_MESSAGE, 64), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s->fds), 0);
	s->open_fds = count_fds();
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stream *s = *state;

	rx_clear(&s->rx);
	assert_int_equal(count_fds(), s->open_fds); /* nothing leaked */
	rx_destroy(&s->rx);
	close(s->fds[0]);
	close(s->fds[1]);
	free(s);
	return 0;
}

static ssize_t take(struct stream *s)
{
	return rx_receive(&s->rx, s->fds[0], MSG_DONTWAIT);
}

/* A message of this size whose payload tells its id. */
static size_t put(uint8_t *to, uint16_t id, size_t size)
{
	struct vu_header header = {.id = id, .command = 9, .size = (uint32_t)size};

	memset(to, (int)(id & 0xff), size);
	memcpy(to, &header, sizeof(header));
	return size;
}

static void expect(struct stream *s, uint16_t id, size_t size)
{
	struct message m;
	struct vu_header header;

	assert_true(rx_next(&s->rx, &m));
	assert_int_equal(m.size, size);
	memcpy(&header, m.data, sizeof(header));
	assert_int_equal(header.id, id);
	for (size_t i = VU_HEADER_SIZE; i < size; i++)
		assert_int_equal(m.data[i], id & 0xff);
	assert_int_equal(m.nfds, 0);
}

static void every_split(void **state)
{
	struct stream *s = *state;
	uint8_t buf[2 * 40];
	struct message m;

	put(buf, 1, 40);
	put(buf + 40, 2, 40);
	for (size_t cut = 1; cut < 40; cut++) {
		send_with_fds(s->fds[1], buf, cut, NULL, 0);
		assert_int_equal(take(s), cut);
		assert_false(rx_next(&s->rx, &m));
		assert_int_equal(take(s), -EAGAIN);
		/* the rest, and a piece of the next */
		send_with_fds(s->fds[1], buf + cut, 40, NULL, 0);
		assert_int_equal(take(s), 40);
		expect(s, 1, 40);
		assert_false(rx_next(&s->rx, &m));
		send_with_fds(s->fds[1], buf + cut + 40, 40 - cut, NULL, 0);
		assert_int_equal(take(s), 40 - cut);
		expect(s, 2, 40);
	}
}

/* What live upgrade hands over of an empty buffer: all its places lie in it. */
static void empty_after_a_batch(void **state)
{
	struct stream *s = *state;
	uint8_t buf[2 * 40];

	put(buf, 1, 40);
	put(buf + 40, 2, 40);
	send_with_fds(s->fds[1], buf, sizeof(buf), NULL, 0);
	assert_int_equal(take(s), sizeof(buf));
	expect(s, 1, 40);
	expect(s, 2, 40);
	assert_int_equal(take(s), -EAGAIN);
	assert_int_equal(s->rx.end, 0);
	assert_int_equal(s->rx.last, 0);
	assert_int_equal(s->rx.scan, 0);
}

static void single_bytes(void **state)
{
	struct stream *s = *state;
	uint8_t buf[64];
	struct message m;

	put(buf, 7, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++) {
		assert_false(rx_next(&s->rx, &m));
		send_with_fds(s->fds[1], buf + i, 1, NULL, 0);
		assert_int_equal(take(s), 1);
	}
	expect(s, 7, sizeof(buf));
}

/* Sizes and chunks at random, far more than the buffer holds. */
static void a_long_stream(void **state)
{
	struct stream *s = *state;
	static uint8_t out[4 * MAX_MESSAGE];
	size_t queued = 0, sizes[65536];
	unsigned next_out = 0, next_in = 0, seed = 1;
	struct message m;

	for (int round = 0; round < 3000; round++) {
		size_t chunk, taken = 0;

		while (queued < MAX_MESSAGE) {
			seed = seed * 1103515245 + 12345;
			sizes[next_out] = 16 + (seed >> 8) % (seed & 64 ? 64 : MAX_MESSAGE - 15);
			queued += put(out + queued, (uint16_t)next_out, sizes[next_out]);
			next_out = (next_out + 1) & 0xffff;
		}
		seed = seed * 1103515245 + 12345;
		chunk = 1 + (seed >> 8) % queued;
		send_with_fds(s->fds[1], out, chunk, NULL, 0);
		memmove(out, out + chunk, queued - chunk);
		queued -= chunk;
		while (taken < chunk) {
			ssize_t n = take(s);

			assert_true(n > 0);
			taken += (size_t)n;
			while (rx_complete(&s->rx, 0)) {
				expect(s, (uint16_t)next_in, sizes[next_in]);
				next_in = (next_in + 1) & 0xffff;
			}
		}
	}
	assert_false(rx_next(&s->rx, &m));
	assert_true(next_in > 1000);
}

static void refuse_size(struct stream *s, uint32_t size)
{
	uint8_t buf[80];
	uint32_t bad;

	put(buf, 1, 40);
	put(buf + 40, 2, 40);
	memcpy(buf + 40 + offsetof(struct vu_header, size), &size, sizeof(size));
	send_with_fds(s->fds[1], buf, sizeof(buf), NULL, 0);
	assert_int_equal(take(s), -EPROTO);
	assert_true(rx_bad(&s->rx, &bad));
	assert_int_equal(bad, size);
	expect(s, 1, 40); /* what came before it is good */
	assert_int_equal(rx_complete(&s->rx, 0), 0);
	rx_clear(&s->rx);
}

static void bad_sizes(void **state)
{
	refuse_size(*state, 0);
	refuse_size(*state, 15);
	refuse_size(*state, MAX_MESSAGE + 1);
	refuse_size(*state, UINT32_MAX);
}

static void largest_size(void **state)
{
	struct stream *s = *state;
	uint8_t buf[MAX_MESSAGE];

	send_with_fds(s->fds[1], buf, put(buf, 3, MAX_MESSAGE), NULL, 0);
	assert_int_equal(take(s), MAX_MESSAGE);
	expect(s, 3, MAX_MESSAGE);
}

static void expect_fds(struct stream *s, unsigned nfds, bool lost)
{
	struct message m;

	assert_true(rx_next(&s->rx, &m));
	assert_int_equal(m.nfds, nfds + lost);
	for (unsigned i = 0; i < nfds; i++) {
		assert_true(fcntl(m.fds[i], F_GETFD) & FD_CLOEXEC);
		close(m.fds[i]);
	}
	if (lost)
		assert_int_equal(m.fds[nfds], -1);
}

static void descriptors_go_to_the_last_that_begins(void **state)
{
	struct stream *s = *state;
	uint8_t buf[3 * 40];
	const int two[] = {0, 0};

	for (unsigned i = 0; i < 3; i++)
		put(buf + i * 40, (uint16_t)i, 40);
	/* three messages sent one by one, the second with descriptors: the receive ends with it */
	send_with_fds(s->fds[1], buf, 40, NULL, 0);
	send_with_fds(s->fds[1], buf + 40, 40, two, 2);
	send_with_fds(s->fds[1], buf + 80, 40, NULL, 0);
	assert_int_equal(take(s), 80);
	assert_int_equal(take(s), 40);
	expect_fds(s, 0, false);
	expect_fds(s, 2, false);
	expect_fds(s, 0, false);
}

static void descriptors_with_any_piece(void **state)
{
	struct stream *s = *state;
	uint8_t buf[80];
	const int one[] = {0};

	put(buf, 1, 40);
	put(buf + 40, 2, 40);
	for (size_t cut = 1; cut < 40; cut++) {
		/* with the head of the message */
		send_with_fds(s->fds[1], buf, cut, one, 1);
		assert_int_equal(take(s), cut);
		send_with_fds(s->fds[1], buf + cut, 80 - cut, NULL, 0);
		assert_int_equal(take(s), 80 - cut);
		expect_fds(s, 1, false);
		expect_fds(s, 0, false);
		/* with its tail, in which no message begins */
		send_with_fds(s->fds[1], buf, cut, NULL, 0);
		assert_int_equal(take(s), cut);
		send_with_fds(s->fds[1], buf + cut, 40 - cut, one, 1);
		assert_int_equal(take(s), 40 - cut);
		expect_fds(s, 1, false);
	}
}

static void too_many_descriptors(void **state)
{
	struct stream *s = *state;
	uint8_t buf[40];
	int many[MSG_FDS + 1] = {0};

	put(buf, 1, 40);
	send_with_fds(s->fds[1], buf, 40, many, MSG_FDS);
	assert_int_equal(take(s), 40);
	expect_fds(s, MSG_FDS, false);
	send_with_fds(s->fds[1], buf, 40, many, MSG_FDS + 1);
	assert_int_equal(take(s), 40);
	expect_fds(s, MSG_FDS, true);
	/* the limit holds also where they come in pieces */
	send_with_fds(s->fds[1], buf, 20, many, MSG_FDS);
	assert_int_equal(take(s), 20);
	send_with_fds(s->fds[1], buf + 20, 20, many, 3);
	assert_int_equal(take(s), 20);
	expect_fds(s, MSG_FDS, true);
}

static void more_descriptors_than_can_be_held(void **state)
{
	struct stream *s = *state;
	uint8_t buf[40];
	int many[MSG_FDS] = {0};
	ssize_t n = 0;
	int i;

	put(buf, 1, 40);
	for (i = 0; i < 8 && n >= 0; i++) {
		send_with_fds(s->fds[1], buf, 40, many, MSG_FDS);
		n = take(s);
	}
	assert_int_equal(n, -ENOBUFS);
	assert_int_equal(i, 5); /* 64 = 4 * 16 can be held */
}

static void held_descriptors_are_closed(void **state)
{
	struct stream *s = *state;
	uint8_t buf[40];
	const int one[] = {0};

	put(buf, 1, 40);
	send_with_fds(s->fds[1], buf, 40, one, 1);
	assert_int_equal(take(s), 40);
	send_with_fds(s->fds[1], buf, 10, one, 1);
	assert_int_equal(take(s), 10);
	assert_int_equal(count_fds(), s->open_fds + 2);
	/* tear_down: rx_clear() closes them */
}

static void remove_from_the_middle(void **state)
{
	struct stream *s = *state;
	uint8_t buf[4 * 40];
	const int one[] = {0};

	for (unsigned i = 0; i < 4; i++) {
		put(buf, (uint16_t)i, 40);
		send_with_fds(s->fds[1], buf, i == 3 ? 20 : 40, one, i ? 1 : 0);
		assert_int_equal(take(s), i == 3 ? 20 : 40);
	}
	rx_remove(&s->rx, 40); /* the second, and its descriptor */
	assert_int_equal(count_fds(), s->open_fds + 2);
	expect(s, 0, 40);
	expect_fds(s, 1, false);
	send_with_fds(s->fds[1], buf + 20, 20, NULL, 0);
	assert_int_equal(take(s), 20);
	expect_fds(s, 1, false);
}

static void move_to_another(void **state)
{
	struct stream *s = *state;
	struct rx other, old;
	uint8_t buf[40];
	const int one[] = {0};
	struct message m;

	assert_int_equal(rx_create(&other, MAX_MESSAGE, 64), 0);
	for (unsigned i = 0; i < 3; i++) {
		put(buf, (uint16_t)i, 40);
		send_with_fds(s->fds[1], buf, i == 2 ? 30 : 40, one, i == 1 ? 1 : 0);
		assert_int_equal(take(s), i == 2 ? 30 : 40);
	}
	assert_true(rx_next(&s->rx, &m));
	rx_move(&other, &s->rx);
	assert_int_equal(m.data[20], 0); /* what is being served stays as it was */
	assert_false(rx_next(&s->rx, &m));
	old = s->rx;
	s->rx = other; /* go on there */
	rx_destroy(&old);
	expect_fds(s, 1, false);
	send_with_fds(s->fds[1], buf + 30, 10, one, 1);
	assert_int_equal(take(s), 10);
	expect_fds(s, 1, false);
}

static void a_full_buffer(void **state)
{
	struct stream *s = *state;
	uint8_t buf[MAX_MESSAGE];
	ssize_t n = 0;
	size_t total = 0;

	put(buf, 5, MAX_MESSAGE);
	while (n >= 0) {
		send_with_fds(s->fds[1], buf, MAX_MESSAGE, NULL, 0);
		n = take(s);
		if (n > 0)
			total += (size_t)n;
	}
	assert_int_equal(n, -ENOBUFS);
	assert_in_range(total, 2 * MAX_MESSAGE, s->rx.size);
	expect(s, 5, MAX_MESSAGE);
}

static void the_end(void **state)
{
	struct stream *s = *state;

	shutdown(s->fds[1], SHUT_WR);
	assert_int_equal(take(s), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_split),
		TEST(empty_after_a_batch),
		TEST(single_bytes),
		TEST(a_long_stream),
		TEST(bad_sizes),
		TEST(largest_size),
		TEST(descriptors_go_to_the_last_that_begins),
		TEST(descriptors_with_any_piece),
		TEST(too_many_descriptors),
		TEST(more_descriptors_than_can_be_held),
		TEST(held_descriptors_are_closed),
		TEST(remove_from_the_middle),
		TEST(move_to_another),
		TEST(a_full_buffer),
		TEST(the_end),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
