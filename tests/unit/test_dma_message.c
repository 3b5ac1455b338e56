/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory by messages: both forms, pieces, replies that lie. */
#include "dma_device.h"

/* The client's own memory, 64 KiB from GUEST on. */
#define GUEST 0x200000u
static struct {
	uint8_t memory[1 << 16];
	unsigned reads, writes;
	size_t largest;
	bool packed; /* as QEMU does it */
	int spoil;   /* what is wrong with the next reply */
} guest;

enum { FINE, WRONG_ADDRESS, WRONG_COUNT, TOO_SHORT, TOO_LONG, AN_ERROR };

static void answer_read(struct peer *peer, const struct vu_header *header, uint64_t iova,
			size_t count)
{
	struct vu_dma_access head = {iova, count};
	uint8_t filling[4] = {0};
	uint8_t *data = guest.memory + (iova - GUEST);
	size_t size = count;

	guest.reads++;
	if (guest.packed) {
		uint8_t *body = malloc(count + 4);

		memcpy(body, data, count);
		memcpy(body + count, filling, 4);
		peer_reply(peer, header, &head, 12, body, count + 4);
		free(body);
		return;
	}
	if (guest.spoil == WRONG_ADDRESS)
		head.address++;
	if (guest.spoil == WRONG_COUNT)
		head.count--;
	if (guest.spoil == TOO_SHORT)
		size--;
	if (guest.spoil == TOO_LONG)
		size++;
	peer_reply(peer, header, &head, sizeof(head), data, size);
}

static void answer_write(struct peer *peer, const struct vu_header *header, const uint8_t *payload,
			 size_t size)
{
	struct vu_dma_access head;
	size_t front = guest.packed ? 12 : 16, count;

	memcpy(&head, payload, sizeof(head));
	count = guest.packed ? (uint32_t)head.count : head.count;
	assert_true(count <= size - 16);
	if (count)
		guest.writes++;
	memcpy(guest.memory + (head.address - GUEST), payload + front, count);
	if (guest.spoil == WRONG_ADDRESS)
		head.address++;
	if (guest.spoil == WRONG_COUNT)
		head.count++;
	if (guest.packed)
		peer_reply(peer, header, NULL, 0, NULL, 0);
	else
		peer_reply(peer, header, &head, guest.spoil == TOO_SHORT ? 8 : 16, NULL, 0);
}

static void serve_guest(struct peer *peer, const struct vu_header *header, const uint8_t *payload,
			size_t size)
{
	struct vu_dma_access head;
	uint8_t *copy = malloc(size);

	assert_true(size >= sizeof(head));
	memcpy(copy, payload, size);
	memcpy(&head, copy, sizeof(head));
	if ((uint32_t)head.count > guest.largest)
		guest.largest = (uint32_t)head.count;
	assert_true(head.address >= GUEST &&
		    head.address + (uint32_t)head.count <= GUEST + sizeof(guest.memory));
	if (guest.spoil == AN_ERROR)
		peer_reply_error(peer, header, EPERM);
	else if (header->command == VU_DMA_READ)
		answer_read(peer, header, head.address, (size_t)head.count);
	else
		answer_write(peer, header, copy, size);
	free(copy);
}

static void check_messages(struct peer *peer)
{
	size_t i;

	peer->serve = serve_guest;
	for (i = 0; i < sizeof(guest.memory); i++)
		guest.memory[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(peer_map(peer, GUEST, sizeof(guest.memory), 0, -1), 0);
	assert_int_equal(dma_read(peer, GUEST + 5, 3000), 0);
	assert_memory_equal(probe.buf, guest.memory + 5, 3000);
	assert_int_equal(guest.reads, 3);
	assert_int_equal(guest.largest, 1024);
	for (i = 0; i < 3000; i++)
		probe.buf[i] = (uint8_t)(i ^ 0x5a);
	assert_int_equal(dma_write(peer, GUEST + 100, 3000), 0);
	assert_memory_equal(probe.buf, guest.memory + 100, 3000);
	assert_int_equal(guest.memory[99], (uint8_t)(99 * 7));
	assert_int_equal(guest.memory[3100], (uint8_t)(3100 * 7 + 12));
	assert_int_equal(guest.largest, 1024);
	/* Zeros in front tell nothing of the form. */
	memset(guest.memory, 0, 16);
	guest.memory[16] = 1;
	assert_int_equal(dma_read(peer, GUEST, 17), 0);
	assert_memory_equal(probe.buf, guest.memory, 17);
	memset(probe.buf, 0, 8);
	guest.memory[3] = guest.memory[8] = 0xee;
	assert_int_equal(dma_write(peer, GUEST, 8), 0);
	assert_int_equal(guest.memory[3], 0);
	assert_int_equal(guest.memory[8], 0xee);
}

static void test_messages(void **state)
{
	memset(&guest, 0, sizeof(guest));
	check_messages(*state);
}

static int set_up_minor_0(void **state)
{
	memset(&probe, 0, sizeof(probe));
	memset(&guest, 0, sizeof(guest));
	*state = peer_start(&device, 0, 1024);
	peer_bus_master(*state, true);
	return 0;
}

static void test_messages_minor_0(void **state)
{
	check_messages(*state);
}

static void test_messages_packed(void **state)
{
	guest.packed = true;
	check_messages(*state);
}

/* Found out by its replies, also when a write comes first. */
static void test_messages_packed_late(void **state)
{
	struct peer *peer = *state;

	memset(&guest, 0, sizeof(guest));
	guest.packed = true;
	peer->serve = serve_guest;
	assert_int_equal(peer_map(peer, GUEST, sizeof(guest.memory), 0, -1), 0);
	memset(guest.memory, 0x33, 64);
	memset(probe.buf, 0x44, 32);
	assert_int_equal(dma_write(peer, GUEST, 32), 0);
	assert_memory_equal(guest.memory, probe.buf, 32);
	assert_int_equal(guest.memory[32], 0x33);
	assert_int_equal(guest.writes, 2);
	assert_int_equal(dma_read(peer, GUEST + 1, 63), 0);
	assert_memory_equal(probe.buf, guest.memory + 1, 63);
}

static void test_bad_replies(void **state)
{
	struct peer *peer = *state;

	memset(&guest, 0, sizeof(guest));
	peer->serve = serve_guest;
	assert_int_equal(peer_map(peer, GUEST, sizeof(guest.memory), 0, -1), 0);
	for (guest.spoil = WRONG_ADDRESS; guest.spoil <= AN_ERROR; guest.spoil++) {
		assert_int_equal(dma_read(peer, GUEST, 100), -EIO);
		if (guest.spoil != TOO_LONG)
			assert_int_equal(dma_write(peer, GUEST, 100), -EIO);
	}
	guest.spoil = FINE;
	assert_int_equal(dma_read(peer, GUEST, 100), 0);
	assert_int_equal(dma_write(peer, GUEST, 100), 0);
}

/* One range: file, messages, file. */
static void test_mixed(void **state)
{
	struct peer *peer = *state;
	int fd = memory_file(0x2000);
	uint8_t byte;

	memset(&guest, 0, sizeof(guest));
	peer->serve = serve_guest;
	assert_int_equal(peer_map(peer, GUEST - 0x1000, 0x1000, 0, fd), 0);
	assert_int_equal(peer_map(peer, GUEST, 0x1000, 0, -1), 0);
	assert_int_equal(peer_map(peer, GUEST + 0x1000, 0x1000, 0x1000, fd), 0);
	memset(probe.buf, 0x99, 0x3000);
	assert_int_equal(dma_write(peer, GUEST - 0x1000, 0x3000), 0);
	assert_int_equal(guest.writes, 4);
	assert_int_equal(guest.memory[0xfff], 0x99);
	assert_int_equal(guest.memory[0x1000], 0);
	assert_int_equal(pread(fd, &byte, 1, 0x1fff), 1);
	assert_int_equal(byte, 0x99);
	memset(probe.buf, 0, 0x3000);
	assert_int_equal(dma_read(peer, GUEST - 1, 0x1002), 0);
	assert_int_equal(probe.buf[0] + probe.buf[1] + probe.buf[0x1001], 3 * 0x99);
	close(fd);
}

#define WITH(test)   cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define WITH_0(test) cmocka_unit_test_setup_teardown(test, set_up_minor_0, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_messages),          WITH_0(test_messages_minor_0),
		WITH_0(test_messages_packed), WITH(test_messages_packed_late),
		WITH(test_bad_replies),       WITH(test_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
