/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and replies over a real socket: what is answered, how, and what is not. */
#include <fcntl.h>

#include "core_device.h"

static int set_up(void **state)
{
	*state = pair_open();
	return 0;
}

static int tear_down(void **state)
{
	pair_close(*state);
	return 0;
}

static void version_comes_first(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];

	for (uint16_t command = 2; command < 20; command++) {
		uint8_t zeros[48] = {0};

		pair_send(pair, buf, put_message(buf, command, command, 0, zeros, sizeof(zeros)));
		pair_serve(pair);
		pair_expect_reply(pair, command, command,
				  command == 11 || command == 12 || command == 14 || command == 19
					  ? ENOSYS
					  : EINVAL);
	}
	pair_negotiate(pair);
	pair_send(pair, buf, put_read(buf, 3, 0, 4));
	pair_serve(pair);
	pair_expect_value(pair, 3, 0);
}

static void short_payloads(void **state)
{
	/* the least that each command needs */
	static const uint8_t least[] = {0,  4, 32, 24, 16, 32, 16, 16, 20, 16,
					16, 0, 0,  0,  0,  8,  8,  8,  8};
	struct pair *pair = *state;

	pair_negotiate(pair);
	for (uint16_t command = 1; command < sizeof(least); command++)
		for (size_t size = 0; size < least[command]; size++) {
			uint8_t buf[64], zeros[48] = {0};

			pair_send(pair, buf, put_message(buf, command, command, 0, zeros, size));
			pair_serve(pair);
			pair_expect_reply(pair, command, command, EINVAL);
		}
}

static void ids_are_echoed(void **state)
{
	struct pair *pair = *state;
	static const uint16_t ids[] = {0, 1, 0xffff, 7, 7, 7};
	uint8_t buf[6 * 32];
	size_t size = 0;

	pair_negotiate(pair);
	for (unsigned i = 0; i < 6; i++)
		size += put_read(buf + size, ids[i], 0, 4);
	pair_send(pair, buf, size);
	pair_serve(pair);
	for (unsigned i = 0; i < 6; i++)
		pair_expect_value(pair, ids[i], 0);
}

static void no_reply_is_never_answered(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[256];
	size_t size;

	pair_negotiate(pair);
	size = put_write(buf, 1, VU_NO_REPLY, 0, 42);
	size += put_message(buf + size, 2, 99, VU_NO_REPLY, NULL, 0);           /* unknown */
	size += put_message(buf + size, 3, VU_DMA_MAP, VU_NO_REPLY, "abc", 3);  /* short */
	size += put_write(buf + size, 4, VU_NO_REPLY, UINT64_MAX, 1);           /* nowhere */
	size += put_message(buf + size, 5, VU_VERSION, VU_NO_REPLY, "abcd", 4); /* twice */
	size += put_read(buf + size, 6, 0, 4);
	pair_send(pair, buf, size);
	pair_serve(pair);
	pair_expect_value(pair, 6, 42);
	pair_expect_nothing(pair);
}

static void other_types(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[128];
	size_t size;

	pair_negotiate(pair);
	size = put_message(buf, 5, VU_REGION_READ, VU_TYPE_REPLY, NULL, 0); /* nobody asked */
	size += put_message(buf + size, 6, VU_DEVICE_RESET, 2, NULL, 0);
	size += put_message(buf + size, 7, VU_DEVICE_RESET, 0xf, NULL, 0);
	pair_send(pair, buf, size);
	pair_serve(pair);
	pair_expect_reply(pair, 6, VU_DEVICE_RESET, EINVAL);
	pair_expect_reply(pair, 7, VU_DEVICE_RESET, EINVAL);
	pair_expect_nothing(pair);
	assert_true(core_logged(&pair->log, "nobody awaits"));
	assert_int_equal(pair->core->resets, 1); /* power on only */
}

static void surplus_descriptors(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];
	int fds[100] = {0};
	unsigned before;

	pair_negotiate(pair);
	before = count_fds();
	for (unsigned n = 1; n <= 100; n += 11) {
		send_with_fds(pair->fd, buf, put_read(buf, 1, 0, 4), fds, n);
		pair_serve(pair);
		pair_expect_value(pair, 1, 0);
		assert_int_equal(count_fds(), before);
		/* no_reply, unknown, short: closed all the same */
		send_with_fds(pair->fd, buf, put_message(buf, 1, 99, VU_NO_REPLY, NULL, 0), fds, n);
		send_with_fds(pair->fd, buf, put_message(buf, 1, VU_DMA_MAP, 0, NULL, 0), fds, n);
		pair_serve(pair);
		pair_expect_reply(pair, 1, VU_DMA_MAP, EINVAL);
		assert_int_equal(count_fds(), before);
	}
}

static void lost_descriptors(void **state)
{
	struct pair *pair = *state;
	const struct vu_irq_set set = {sizeof(set), 0x24, VU_IRQ_INTX, 0, 1};
	int fds[MSG_FDS + 1] = {0};
	uint8_t buf[64];
	unsigned before;

	pair_negotiate(pair);
	before = count_fds();
	send_with_fds(pair->fd, buf, put_message(buf, 1, VU_DEVICE_SET_IRQS, 0, &set, sizeof(set)),
		      fds, MSG_FDS + 1);
	pair_serve(pair);
	pair_expect_reply(pair, 1, VU_DEVICE_SET_IRQS, EMFILE);
	assert_int_equal(count_fds(), before);
}

static void bad_size_ends_the_connection(void **state)
{
	struct pair *pair = *state;
	struct vu_header bad = {.id = 1, .command = VU_REGION_READ, .size = 15};
	uint8_t buf[64];

	pair_negotiate(pair);
	pair_send(pair, buf, put_read(buf, 9, 0, 4));
	pair_send(pair, &bad, sizeof(bad));
	pair_serve(pair);
	pair_expect_value(pair, 9, 0); /* what came before is served */
	pair_expect_end(pair);
	assert_true(core_logged(&pair->log, "a message of 15 bytes"));
	assert_int_equal(pair->core->gone, 1);
	assert_int_equal(mdl_poll(pair->dev), -ENOTCONN);
}

static void every_split(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[36 + 32];
	size_t size;

	pair_negotiate(pair);
	for (size_t cut = 1; cut < sizeof(buf); cut++) {
		size = put_write(buf, 1, 0, 0, (uint32_t)cut);
		size += put_read(buf + size, 2, 0, 4);
		assert_int_equal(size, sizeof(buf));
		pair_send(pair, buf, cut);
		pair_serve(pair);
		if (cut < 36)
			pair_expect_nothing(pair);
		pair_send(pair, buf + cut, size - cut);
		pair_serve(pair);
		pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
		pair_expect_value(pair, 2, (uint32_t)cut);
	}
}

static void a_client_that_left_in_the_middle(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];
	const int fd[] = {0};

	pair_negotiate(pair);
	put_read(buf, 1, 0, 4);
	send_with_fds(pair->fd, buf, 20, fd, 1);
	close(pair->fd);
	pair->fd = -1;
	pair_serve(pair);
	assert_int_equal(pair->core->gone, 1);
	assert_true(core_logged(&pair->log, "in the middle of a message"));
}

static void device_info(void **state)
{
	struct pair *pair = *state;
	struct vu_device_info info = {.argsz = sizeof(info)};
	uint8_t buf[64];

	pair_negotiate(pair);
	pair_send(pair, buf, put_message(buf, 1, VU_DEVICE_GET_INFO, 0, &info, sizeof(info)));
	pair_serve(pair);
	assert_int_equal(pair_expect(pair, &info, sizeof(info)).size, 32);
	assert_int_equal(info.argsz, 16);
	assert_int_equal(info.flags, VU_DEVICE_FLAG_RESET | VU_DEVICE_FLAG_PCI);
	assert_int_equal(info.num_regions, 9);
	assert_int_equal(info.num_irqs, 5);
	info.argsz = 15;
	pair_send(pair, buf, put_message(buf, 2, VU_DEVICE_GET_INFO, 0, &info, sizeof(info)));
	pair_serve(pair);
	pair_expect_reply(pair, 2, VU_DEVICE_GET_INFO, EINVAL);
}

static void reset(void **state)
{
	struct pair *pair = *state;
	uint8_t buf[64];

	pair_negotiate(pair);
	pair->core->plain = 5;
	mdl_timer_start(&pair->core->tick[0], 1000000000);
	pair_send(pair, buf, put_message(buf, 1, VU_DEVICE_RESET, 0, NULL, 0));
	pair_serve(pair);
	pair_expect_reply(pair, 1, VU_DEVICE_RESET, 0);
	assert_int_equal(pair->core->plain, 0);
	assert_int_equal(pair->core->resets, 2); /* the hook's own reset does not recurse */
	assert_false(mdl_timer_pending(&pair->core->tick[0]));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(version_comes_first), TEST(short_payloads),
		TEST(ids_are_echoed),      TEST(no_reply_is_never_answered),
		TEST(other_types),         TEST(surplus_descriptors),
		TEST(lost_descriptors),    TEST(bad_size_ends_the_connection),
		TEST(every_split),         TEST(a_client_that_left_in_the_middle),
		TEST(device_info),         TEST(reset),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
