// SPDX-License-Identifier: BSD-2-Clause
/* DMA by messages: the device waits for its client, which may do anything meanwhile. */
#include "guest.h"

#include <sys/socket.h>

static struct guest guest;

static void pattern(uint8_t *data, uint32_t size, uint8_t seed)
{
	for (uint32_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 13 + i / 255 + seed);
}

/* Both ways, so much, from an odd place. */
static void both_ways(struct card *card, uint32_t size)
{
	static uint8_t expected[MDLTEST_BUF_SIZE];

	pattern(guest.memory + 5, size, 3);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA + 5, size, 0), 0);
	buffer_is(card, guest.memory + 5, size);
	buffer_fill(card, 77, size);
	assert_int_equal(client_read(&card->client, 2, 0, expected, size), 0);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA + 9, size, WRITE), 0);
	assert_memory_equal(guest.memory + 9, expected, size);
}

static void as_specified(void **state)
{
	guest_init(&guest, *state);
	for (uint32_t size = 1; size <= 0x10000; size *= 16)
		both_ways(*state, size);
}

static void as_qemu_does_it(void **state)
{
	guest_init(&guest, *state);
	guest.form = FORM_QEMU;
	for (uint32_t size = 1; size <= 0x10000; size *= 16)
		both_ways(*state, size);
	/* with zeros at the start, where the two forms look alike */
	memset(guest.memory, 0, 64);
	guest.memory[63] = 1;
	assert_int_equal(guest_dma(&guest, GUEST_IOVA, 64, 0), 0);
	buffer_is(*state, guest.memory, 64);
}

static void negotiate(struct card *card, const char *json)
{
	client_close(&card->client);
	assert_int_equal(client_connect(&card->client, card->server.path), 0);
	assert_int_equal(client_negotiate(&card->client, json), 0);
}

static void split_as_negotiated(void **state)
{
	static const struct {
		const char *json;
		uint32_t limit, size;
	} rows[] = {
		{"{\"capabilities\":{\"max_data_xfer_size\":1024}}", 1024, 0x10000},
		{"{\"capabilities\":{\"max_data_xfer_size\":1000}}", 1000, 4001},
		{"{\"capabilities\":{\"max_data_xfer_size\":1}}", 1, 7},
		{"{\"capabilities\":{\"max_data_xfer_size\":4096}}", 4096, 4096},
	};
	struct card *card = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		negotiate(card, rows[i].json);
		guest_init(&guest, card);
		pattern(guest.memory, rows[i].size, (uint8_t)i);
		assert_int_equal(guest_dma(&guest, GUEST_IOVA, rows[i].size, 0), 0);
		assert_true(guest.largest <= rows[i].limit && guest.in_order);
		assert_int_equal(guest.commands,
				 (rows[i].size + rows[i].limit - 1) / rows[i].limit);
		guest.commands = 0;
		assert_int_equal(guest_dma(&guest, GUEST_IOVA, rows[i].size, WRITE), 0);
		assert_true(guest.largest <= rows[i].limit && guest.in_order);
		/* larger than the client takes in a reply: in pieces, too */
		for (uint32_t at = 0; at < rows[i].size; at++) {
			uint64_t byte = 0;

			if (at > 64 && at < rows[i].size - 64)
				continue;
			assert_int_equal(client_get(&card->client, 2, at, 1, &byte), 0);
			assert_int_equal(byte, guest.memory[at]);
		}
	}
}

static void over_a_twin_socket(void **state)
{
	static const char json[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8,"
				   "\"twin_socket\":{\"supported\":true}}}";
	struct card *card = *state;
	struct client_message reply;
	struct client twin = {.fd = -1, .next_id = 1};

	client_close(&card->client);
	assert_int_equal(client_connect(&card->client, card->server.path), 0);
	assert_true(client_call_fds(&card->client, VU_VERSION, json, sizeof(json), NULL, 0,
				    &reply) > 0);
	assert_int_equal(reply.nfds, 1);
	twin.fd = reply.fds[0];
	reply.nfds = 0;
	client_message_free(&reply);
	guest_init(&guest, card);
	guest.socket = &twin;
	for (uint32_t size = 1; size <= 0x10000; size *= 16)
		both_ways(card, size);
	assert_true(guest.commands > 0);
	client_close(&twin);
	/* Without its twin the connection is none any more; the next is. */
	dma_begin(card, GUEST_IOVA, 64, 0);
	assert_int_equal(client_wait_closed(&card->client), 0);
	card_reopen(card);
	assert_int_equal(GET(ID), MDLTEST_ID_RESET_VALUE);
	assert_int_not_equal(GET(DMA_STATUS), 0);
}

/* ---- what arrives meanwhile */

static void send_append(struct card *card, uint32_t value, uint32_t flags)
{
	struct {
		struct vu_region_access access;
		uint32_t value;
	} m = {{MDLTEST_APPEND_OFFSET, 0, 4}, value};

	client_send(&card->client, VU_REGION_WRITE, flags, &m, 20, NULL, 0);
}

static bool requests_first(struct guest *g, const struct client_message *command, uint64_t iova,
			   uint64_t count)
{
	struct vu_device_info info = {.argsz = 16};

	(void)command, (void)iova, (void)count;
	if (g->lies++)
		return false;
	send_append(g->card, 1, 0);
	send_append(g->card, 2, VU_NO_REPLY);
	send_append(g->card, 3, 0);
	client_send(&g->card->client, VU_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0);
	return false;
}

static void requests_meanwhile_wait_in_order(void **state)
{
	static const uint16_t commands[] = {VU_REGION_WRITE, VU_REGION_WRITE, VU_DEVICE_GET_INFO};
	struct card *card = *state;

	guest_init(&guest, card);
	guest.lie = requests_first;
	pattern(guest.memory, 4096, 1);
	guest_serve(&guest, dma_begin(card, GUEST_IOVA, 4096, 0));
	/* the device's own reply came first, then those of what was queued, in order */
	for (int i = 0; i < 3; i++) {
		struct client_message reply;

		assert_int_equal(client_receive(&card->client, &reply), 1);
		assert_int_equal(reply.header.command, commands[i]);
		assert_int_equal(reply.header.flags, VU_TYPE_REPLY);
		client_message_free(&reply);
	}
	assert_int_equal(GET(DMA_STATUS), 0);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(GET(LOG), i);
	buffer_is(card, guest.memory, 4096);
}

/* Every access of BAR 0 during a DMA starts another one: the deadlock that others have. */
static bool more_dma_first(struct guest *g, const struct client_message *command, uint64_t iova,
			   uint64_t count)
{
	(void)command, (void)iova, (void)count;
	if (g->lies++ < 5)
		dma_send_go(g->card, 0);
	return false;
}

static void dma_asked_for_during_dma(void **state)
{
	struct card *card = *state;
	struct client_message message;
	unsigned replies = 0;

	guest_init(&guest, card);
	guest.lie = more_dma_first;
	dma_begin(card, GUEST_IOVA, 4096, 0);
	while (replies < 6) {
		if (guest_receive(&guest, &message))
			guest_answer(&guest, &message);
		else
			replies++;
		client_message_free(&message);
	}
	assert_int_equal(GET(DMA_COUNT), 6);
	assert_int_equal(GET(DMA_STATUS), 0);
}

static bool unmap_first(struct guest *g, const struct client_message *command, uint64_t iova,
			uint64_t count)
{
	struct vu_dma_unmap unmap = {sizeof(unmap), 0, GUEST_IOVA, GUEST_SIZE};

	(void)command, (void)iova, (void)count;
	if (!g->lies++)
		client_send(&g->card->client, VU_DMA_UNMAP, 0, &unmap, sizeof(unmap), NULL, 0);
	return false;
}

static void unmapped_meanwhile(void **state)
{
	struct card *card = *state;
	struct client_message reply;

	guest_init(&guest, card);
	guest.lie = unmap_first;
	guest_serve(&guest, dma_begin(card, GUEST_IOVA, 4096, WRITE));
	assert_int_equal(client_receive(&card->client, &reply), 1);
	assert_int_equal(reply.header.command, VU_DMA_UNMAP);
	assert_int_equal(reply.header.flags, VU_TYPE_REPLY);
	client_message_free(&reply);
	assert_int_equal(GET(DMA_STATUS), 0); /* it was in time */
	assert_int_equal(dma(card, GUEST_IOVA, 64, WRITE), EFAULT);
}

static bool descriptors_first(struct guest *g, const struct client_message *command, uint64_t iova,
			      uint64_t count)
{
	struct vu_irq_set set = {sizeof(set), IRQ_ATTACH, VU_IRQ_MSIX, 0, 1};

	(void)command, (void)iova, (void)count;
	for (uint32_t i = 0; i < 4 && !g->lies; i++) {
		set.start = i;
		client_send(&g->card->client, VU_DEVICE_SET_IRQS, 0, &set, sizeof(set),
			    &g->card->fds[i], 1);
	}
	g->lies++;
	return false;
}

static void queued_requests_keep_their_descriptors(void **state)
{
	struct card *card = *state;
	struct client_message reply;

	for (int i = 0; i < 4; i++)
		card_eventfd(card);
	guest_init(&guest, card);
	guest.lie = descriptors_first;
	guest_serve(&guest, dma_begin(card, GUEST_IOVA, 4096, 0));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(client_receive(&card->client, &reply), 1);
		assert_int_equal(reply.header.flags, VU_TYPE_REPLY);
		client_message_free(&reply);
	}
	for (int i = 0; i < 4; i++) {
		PUT(IRQ_PULSE, 1u << i);
		for (int k = 0; k < 4; k++)
			assert_int_equal(card_events(card->fds[k]), k == i);
	}
}

/* ---- lies */

enum lie {
	LIE_COUNT_SMALL,
	LIE_COUNT_LARGE,
	LIE_ADDRESS,
	LIE_SHORT,
	LIE_LONG,
	LIE_EMPTY,
	LIE_HALF_HEAD,
	LIE_ERROR,
	LIE_ERROR_ODD,
	LIES
};
static enum lie lie_now;

static bool tell_lie(struct guest *g, const struct client_message *command, uint64_t iova,
		     uint64_t count)
{
	static uint8_t payload[16 + 2 * GUEST_SIZE];
	bool is_read = command->header.command == VU_DMA_READ;
	size_t size = is_read ? 16 + count : 16;
	uint64_t says = count;

	says -= lie_now == LIE_COUNT_SMALL;
	says += lie_now == LIE_COUNT_LARGE ? 1000 : 0;
	iova += lie_now == LIE_ADDRESS ? 4096 : 0;
	memcpy(payload, &iova, 8);
	memcpy(payload + 8, &says, 8);
	switch (lie_now) {
	case LIE_SHORT:
		size = is_read ? size - 1 : 8;
		break;
	case LIE_LONG:
		size += 5000;
		break;
	case LIE_EMPTY:
		size = is_read ? 0 : 1;
		break;
	case LIE_HALF_HEAD:
		size = 7;
		break;
	case LIE_ERROR:
		guest_reply(g, command, VU_ERROR, EACCES, NULL, 0);
		return true;
	case LIE_ERROR_ODD:
		guest_reply(g, command, VU_ERROR, 0xffffffff, payload, 16);
		return true;
	default:
		break;
	}
	guest_reply(g, command, 0, 0, payload, size);
	return true;
}

static void lies_cost_the_dma_only(void **state)
{
	struct card *card = *state;

	for (lie_now = 0; lie_now < LIES; lie_now++) {
		card_reopen(card);
		guest_init(&guest, card);
		guest.lie = tell_lie;
		uint32_t error = guest_dma(&guest, GUEST_IOVA, 256, 0);

		if (lie_now == LIE_LONG && error == 0)
			error = EIO; /* what is too much may be left aside */
		if (error != (lie_now == LIE_ERROR ? EACCES : EIO))
			fail_msg("DMA_READ, lie %u: error %u", lie_now, error);
		error = guest_dma(&guest, GUEST_IOVA, 256, WRITE);
		if (lie_now == LIE_LONG && error == 0)
			error = EIO;
		if (error != (lie_now == LIE_ERROR ? EACCES : EIO))
			fail_msg("DMA_WRITE, lie %u: error %u", lie_now, error);
		guest.lie = NULL;
		guest.form = FORM_SPEC;
		assert_int_equal(guest_dma(&guest, GUEST_IOVA, 256, 0), 0);
	}
}

static bool other_replies_first(struct guest *g, const struct client_message *command,
				uint64_t iova, uint64_t count)
{
	struct client_message wrong = *command;

	(void)iova, (void)count;
	wrong.header.id++;
	guest_reply(g, &wrong, 0, 0, command->data, 16);
	wrong = *command;
	wrong.header.command = VU_DMA_WRITE + VU_DMA_READ - command->header.command;
	guest_reply(g, &wrong, 0, 0, command->data, 16);
	return false;
}

static void replies_nobody_awaits_are_dropped(void **state)
{
	struct card *card = *state;

	guest_init(&guest, card);
	guest.lie = other_replies_first;
	both_ways(card, 4096);
}

static bool descriptors_too(struct guest *g, const struct client_message *command, uint64_t iova,
			    uint64_t count)
{
	struct {
		struct vu_header header;
		uint64_t iova, count;
		uint8_t data[64];
	} m = {command->header, iova, count, {7}};

	assert_int_equal(count, sizeof(m.data));
	m.header.size = sizeof(m);
	m.header.flags = VU_TYPE_REPLY;
	client_send_bytes(g->socket, &m, sizeof(m), g->card->fds, 3);
	return true;
}

static void descriptors_of_replies_are_closed(void **state)
{
	struct card *card = *state;

	for (int i = 0; i < 3; i++)
		card_eventfd(card);
	guest_init(&guest, card);
	guest.lie = descriptors_too;
	for (int i = 0; i < 5; i++)
		assert_int_equal(guest_dma(&guest, GUEST_IOVA, 64, 0), 0);
	assert_int_equal(card_get(card, 2, 0, 1), 7);
}

static bool byte_by_byte(struct guest *g, const struct client_message *command, uint64_t iova,
			 uint64_t count)
{
	struct {
		struct vu_header header;
		uint64_t iova, count;
		uint8_t data[16];
	} m = {command->header, iova, count, "piece by piece."};

	m.header.size = sizeof(m);
	m.header.flags = VU_TYPE_REPLY;
	for (size_t i = 0; i < sizeof(m); i++)
		client_send_bytes(g->socket, (uint8_t *)&m + i, 1, NULL, 0);
	return true;
}

static void replies_may_come_in_pieces(void **state)
{
	guest_init(&guest, *state);
	guest.lie = byte_by_byte;
	assert_int_equal(guest_dma(&guest, GUEST_IOVA, 16, 0), 0);
	buffer_is(*state, (const uint8_t *)"piece by piece.", 16);
}

/* ---- silence */

static void no_answer_ends(void **state)
{
	struct card *card = *state;
	struct client_message command, reply;
	int id;

	guest_init(&guest, card);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA, 64, 0), 0); /* the form is known now */
	id = dma_begin(card, GUEST_IOVA, 64, 0);
	assert_true(guest_receive(&guest, &command));
	/* the write is answered early: a client may serve nothing of ours before it has that */
	assert_false(guest_receive(&guest, &reply));
	assert_int_equal(reply.header.id, id);
	client_message_free(&reply);
	/* and so are reads, until the server's limit is reached and the device has its error */
	while (GET(DMA_STATUS) == 0)
		;
	assert_int_equal(GET(DMA_STATUS), EIO);
	/* the answer after all: nobody awaits it */
	guest_answer(&guest, &command);
	client_message_free(&command);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA, 64, 0), 0);
}

/* As QEMU acknowledges INTx: nothing of ours is served before it has its answer. */
static void interrupts_are_set_meanwhile(void **state)
{
	struct vu_irq_set set = {sizeof(set), IRQ_ATTACH, VU_IRQ_INTX, 0, 1};
	struct card *card = *state;
	struct client_message command, reply;

	card_eventfd(card);
	guest_init(&guest, card);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA, 64, 0), 0); /* the form is known now */
	dma_begin(card, GUEST_IOVA, 64, 0);
	assert_true(guest_receive(&guest, &command));
	client_send(&card->client, VU_DEVICE_SET_IRQS, 0, &set, sizeof(set), card->fds, 1);
	set.flags = VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_UNMASK;
	client_send(&card->client, VU_DEVICE_SET_IRQS, 0, &set, sizeof(set), NULL, 0);
	assert_false(guest_receive(&guest, &reply));
	assert_int_equal(reply.header.command, VU_REGION_WRITE);
	client_message_free(&reply);
	for (int i = 0; i < 2; i++) {
		assert_false(guest_receive(&guest, &reply));
		assert_int_equal(reply.header.command, VU_DEVICE_SET_IRQS);
		assert_int_equal(reply.header.flags, VU_TYPE_REPLY);
		client_message_free(&reply);
	}
	guest_answer(&guest, &command);
	client_message_free(&command);
	assert_int_equal(GET(DMA_STATUS), 0);
	PUT(IRQ_PULSE, 1);
	assert_int_equal(card_events(card->fds[0]), 1);
}

/* The device waits; the client says something first, and gets this reply before it serves anything. */
static void expect_reply_first(struct card *card, uint16_t command, const void *data, size_t size)
{
	int id = client_send(&card->client, command, 0, data, size, NULL, 0);
	struct client_message reply;

	do {
		assert_false(guest_receive(&guest, &reply));
		assert_int_equal(reply.header.flags, VU_TYPE_REPLY);
		client_message_free(&reply);
	} while (reply.header.id != id);
}

/* Of a client that is known to serve nothing meanwhile: the DMA fails, and nothing waits. */
static void given_up_for_what_must_wait(void **state)
{
	struct vu_region_access read = {MDLTEST_ID_OFFSET, 0, 4};
	struct vu_dma_unmap unmap = {sizeof(unmap), 0, GUEST_IOVA, GUEST_SIZE};
	struct card *card = *state;
	struct client_message command;

	guest_init(&guest, card);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA, 64, 0), 0); /* the form is known now */
	dma_begin(card, GUEST_IOVA, 64, 0);
	assert_true(guest_receive(&guest, &command));
	expect_reply_first(card, VU_REGION_READ, &read, sizeof(read));
	guest_answer(&guest, &command);
	client_message_free(&command);
	assert_int_equal(GET(DMA_STATUS), 0);

	dma_begin(card, GUEST_IOVA, 64, 0);
	assert_true(guest_receive(&guest, &command));
	expect_reply_first(card, VU_DMA_UNMAP, &unmap, sizeof(unmap));
	assert_int_equal(GET(DMA_STATUS), EBUSY);
	guest_answer(&guest, &command); /* nobody awaits it */
	client_message_free(&command);
	guest_init(&guest, card);
	both_ways(card, 256);
}

static void leaving_meanwhile(void **state)
{
	struct card *card = *state;
	struct client_message command;

	for (int i = 0; i < 3; i++) {
		guest_init(&guest, card);
		dma_begin(card, GUEST_IOVA, 4096, i == 1 ? WRITE : 0);
		assert_true(guest_receive(&guest, &command));
		client_message_free(&command);
		if (i == 2) /* half an answer */
			client_send_bytes(&card->client, "\1\0\1\0\0", 5, NULL, 0);
		card_reopen(card);
		assert_int_not_equal(GET(DMA_STATUS), 0);
	}
	assert_int_equal(GET(DMA_COUNT), 3);
}

static int start_with_small_queue(void **state)
{
	return card_launch(state, (const char *const[]){"--max-queued=10", NULL});
}

static void too_much_meanwhile(void **state)
{
	struct card *card = *state;
	struct client_message command;

	guest_init(&guest, card);
	dma_begin(card, GUEST_IOVA, 4096, 0);
	assert_true(guest_receive(&guest, &command));
	client_message_free(&command);
	for (uint32_t i = 0; i < 20; i++)
		send_append(card, i, 0);
	assert_int_equal(client_wait_closed(&card->client), 0);
	card_reopen(card);
	assert_int_equal(GET(ID), MDLTEST_ID_RESET_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(as_specified),
		CARD_TEST(as_qemu_does_it),
		CARD_TEST(split_as_negotiated),
		CARD_TEST(over_a_twin_socket),
		CARD_TEST(requests_meanwhile_wait_in_order),
		CARD_TEST(dma_asked_for_during_dma),
		CARD_TEST(unmapped_meanwhile),
		CARD_TEST(queued_requests_keep_their_descriptors),
		CARD_TEST(lies_cost_the_dma_only),
		CARD_TEST(replies_nobody_awaits_are_dropped),
		CARD_TEST(descriptors_of_replies_are_closed),
		CARD_TEST(replies_may_come_in_pieces),
		CARD_TEST(no_answer_ends),
		CARD_TEST(interrupts_are_set_meanwhile),
		CARD_TEST(given_up_for_what_must_wait),
		CARD_TEST(leaving_meanwhile),
		cmocka_unit_test_setup_teardown(too_much_meanwhile, start_with_small_queue,
						card_stop),
	};

	return cmocka_run_group_tests_name("DMA by messages", tests, NULL, NULL);
}
