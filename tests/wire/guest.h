/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a client that the server reaches by messages only, and the client's side of it: in the
 * specification's form, in QEMU's, or with lies.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <errno.h>
#include <poll.h>

#include "card.h"

#define GUEST_IOVA UINT64_C(0x40000000)
#define GUEST_SIZE 0x20000u
#define DMA_RW     (VU_DMA_MAP_READ | VU_DMA_MAP_WRITE)

enum guest_form { FORM_SPEC, FORM_QEMU };

struct guest {
	struct card *card;
	struct client *socket; /* where commands arrive: the card's client, or a twin socket */
	enum guest_form form;
	uint8_t memory[GUEST_SIZE];
	unsigned commands;      /* that moved data */
	uint64_t largest, next; /* the largest count; the address behind the last command */
	bool in_order;          /* each command began where the one before ended */
	/* Instead of the right answer; returns false to let the right one follow. */
	bool (*lie)(struct guest *guest, const struct client_message *command, uint64_t iova,
		    uint64_t count);
	unsigned lies;
};

static inline void guest_reply(struct guest *guest, const struct client_message *command,
			       uint32_t flags, uint32_t error, const void *payload, size_t size)
{
	struct vu_header header = command->header;
	uint8_t *message = malloc(sizeof(header) + size);

	assert_non_null(message);
	header.flags = VU_TYPE_REPLY | flags;
	header.error = error;
	header.size = (uint32_t)(sizeof(header) + size);
	memcpy(message, &header, sizeof(header));
	if (size)
		memcpy(message + sizeof(header), payload, size);
	assert_int_equal(client_send_bytes(guest->socket, message, sizeof(header) + size, NULL, 0),
			 0);
	free(message);
}

static inline void guest_read(struct guest *guest, const struct client_message *command,
			      uint64_t iova, uint64_t count)
{
	const size_t head = guest->form == FORM_QEMU ? 12 : 16;
	uint8_t *payload = calloc(1, 16 + count);

	assert_non_null(payload);
	memcpy(payload, &iova, 8);
	memcpy(payload + 8, &count, head - 8);
	memcpy(payload + head, guest->memory + (iova - GUEST_IOVA), count);
	guest_reply(guest, command, 0, 0, payload, 16 + count);
	free(payload);
}

static inline void guest_write(struct guest *guest, const struct client_message *command,
			       uint64_t iova, uint64_t count)
{
	const size_t head = guest->form == FORM_QEMU ? 12 : 16;

	assert_true(command->size >= 16 + count);
	memcpy(guest->memory + (iova - GUEST_IOVA), command->data + head, count);
	/* QEMU answers with the header alone. */
	guest_reply(guest, command, 0, 0, command->data, guest->form == FORM_QEMU ? 0 : 16);
}

static inline void guest_answer(struct guest *guest, const struct client_message *command)
{
	uint64_t iova, count = 0;

	assert_true(command->size >= 16);
	memcpy(&iova, command->data, 8);
	memcpy(&count, command->data + 8, guest->form == FORM_QEMU ? 4 : 8);
	if (iova < GUEST_IOVA || count > GUEST_SIZE || iova - GUEST_IOVA > GUEST_SIZE - count) {
		guest_reply(guest, command, VU_ERROR, EFAULT, NULL, 0);
		return;
	}
	if (count) {
		guest->in_order &= guest->commands == 0 || iova == guest->next;
		guest->commands++;
		guest->next = iova + count;
		guest->largest = count > guest->largest ? count : guest->largest;
	}
	if (count && guest->lie && guest->lie(guest, command, iova, count))
		return;
	if (command->header.command == VU_DMA_READ)
		guest_read(guest, command, iova, count);
	else
		guest_write(guest, command, iova, count);
}

/* The next message on either socket; true if it is the server's command. */
static inline bool guest_receive(struct guest *guest, struct client_message *message)
{
	struct pollfd p[2] = {{.fd = guest->card->client.fd, .events = POLLIN},
			      {.fd = guest->socket->fd, .events = POLLIN}};

	assert_true(poll(p, 2, CLIENT_WAIT_MS) > 0);
	assert_int_equal(
		client_receive(p[1].revents ? guest->socket : &guest->card->client, message), 1);
	return (message->header.flags & VU_TYPE_MASK) == VU_TYPE_REQUEST;
}

/* Serve the server's commands until the reply with this id has come. */
static inline void guest_serve(struct guest *guest, int id)
{
	struct client_message message;

	while (guest_receive(guest, &message)) {
		guest_answer(guest, &message);
		client_message_free(&message);
	}
	assert_int_equal(message.header.id, id);
	assert_int_equal(message.header.flags, VU_TYPE_REPLY);
	client_message_free(&message);
}

static inline void guest_init(struct guest *guest, struct card *card)
{
	memset(guest, 0, sizeof(*guest));
	guest->card = card;
	guest->socket = &card->client;
	guest->in_order = true;
	assert_int_equal(client_dma_map(&card->client, GUEST_IOVA, GUEST_SIZE, 0, DMA_RW, -1), 0);
}

#define GO      MDLTEST_DMA_CTRL_GO_MASK
#define WRITE   MDLTEST_DMA_CTRL_WRITE_MASK
#define DIRECT  MDLTEST_DMA_CTRL_DIRECT_MASK
#define HOLD    MDLTEST_DMA_CTRL_HOLD_MASK
#define RAISE   MDLTEST_DMA_CTRL_IRQ_MASK
#define RELEASE MDLTEST_DMA_CTRL_RELEASE_MASK

static inline int dma_send_go(struct card *card, uint32_t control)
{
	struct {
		struct vu_region_access access;
		uint32_t value;
	} m = {{MDLTEST_DMA_CTRL_OFFSET, 0, 4}, control | GO};

	return client_send(&card->client, VU_REGION_WRITE, 0, &m, 20, NULL, 0);
}

static inline int dma_begin(struct card *card, uint64_t iova, uint32_t size, uint32_t control)
{
	card_put(card, 0, MDLTEST_DMA_ADDR_OFFSET, 8, iova);
	PUT(DMA_LEN, size);
	return dma_send_go(card, control);
}

/* One DMA with messages; returns its errno. */
static inline uint32_t guest_dma(struct guest *guest, uint64_t iova, uint32_t size,
				 uint32_t control)
{
	struct card *card = guest->card;

	guest_serve(guest, dma_begin(card, iova, size, control));
	return GET(DMA_STATUS);
}

/* One DMA without. */
static inline uint32_t dma(struct card *card, uint64_t iova, uint32_t size, uint32_t control)
{
	card_put(card, 0, MDLTEST_DMA_ADDR_OFFSET, 8, iova);
	PUT(DMA_LEN, size);
	PUT(DMA_CTRL, control | GO);
	return GET(DMA_STATUS);
}

/* The device's own buffer. */
static inline void buffer_fill(struct card *card, uint8_t seed, uint32_t size)
{
	static uint8_t data[MDLTEST_BUF_SIZE];

	for (uint32_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 31 + i / 251 + seed);
	assert_int_equal(client_write(&card->client, 2, 0, data, size), 0);
}

static inline void buffer_is(struct card *card, const uint8_t *expected, uint32_t size)
{
	static uint8_t data[MDLTEST_BUF_SIZE];

	assert_int_equal(client_read(&card->client, 2, 0, data, size), 0);
	assert_memory_equal(data, expected, size);
}

#endif
