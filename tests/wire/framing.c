// SPDX-License-Identifier: BSD-2-Clause
/* Messages on a stream: cut anywhere, joined, with descriptors, with wrong headers. */
#include "conform.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static size_t get_info(uint8_t *message, uint16_t id, uint32_t flags)
{
	struct vu_header header = {id, VU_DEVICE_GET_INFO, VU_HEADER_SIZE + 16, flags, 0};
	struct vu_device_info info = {.argsz = 16};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), &info, sizeof(info));
	return VU_HEADER_SIZE + 16;
}

static bool reply_is(struct client *client, uint16_t id, uint16_t command, uint32_t error)
{
	struct client_message reply;

	if (client_receive(client, &reply) != 1)
		return false;
	bool good = reply.header.id == id && reply.header.command == command &&
		    (reply.header.flags & VU_TYPE_MASK) == VU_TYPE_REPLY &&
		    reply.header.error == error &&
		    (error == 0) == !(reply.header.flags & VU_ERROR) && (!error || reply.size == 0);

	client_message_free(&reply);
	return good;
}

/* Let the server take what was sent before more comes: it has when its queue is empty. */
static void settle(struct client *client)
{
	struct pollfd p = {.fd = client->fd, .events = POLLIN};

	poll(&p, 1, 2);
}

static enum verdict cut_everywhere(struct probe *probe)
{
	uint8_t message[64];

	for (size_t cut = 1; cut < VU_HEADER_SIZE + 16; cut++) {
		size_t size = get_info(message, (uint16_t)cut, 0);

		REQUIRE(probe, client_send_bytes(&probe->client, message, cut, NULL, 0) == 0,
			"send");
		settle(&probe->client);
		REQUIRE(probe,
			client_send_bytes(&probe->client, message + cut, size - cut, NULL, 0) == 0,
			"send");
		REQUIRE(probe, reply_is(&probe->client, (uint16_t)cut, VU_DEVICE_GET_INFO, 0),
			"a message cut after byte %zu was not answered", cut);
	}
	return HOLDS;
}

static enum verdict byte_by_byte(struct probe *probe)
{
	uint8_t message[64];
	size_t size = get_info(message, 77, 0);

	for (size_t i = 0; i < size; i++)
		REQUIRE(probe, client_send_bytes(&probe->client, message + i, 1, NULL, 0) == 0,
			"send");
	REQUIRE(probe, reply_is(&probe->client, 77, VU_DEVICE_GET_INFO, 0), "not answered");
	return HOLDS;
}

static enum verdict many_in_one(struct probe *probe)
{
	uint8_t messages[64 * 100];
	size_t size = 0;

	for (uint16_t i = 0; i < 100; i++)
		size += get_info(messages + size, i, 0);
	/* and half of one more */
	get_info(messages + size, 100, 0);
	REQUIRE(probe, client_send_bytes(&probe->client, messages, size + 20, NULL, 0) == 0,
		"send");
	for (uint16_t i = 0; i < 100; i++)
		REQUIRE(probe, reply_is(&probe->client, i, VU_DEVICE_GET_INFO, 0),
			"reply %u of 100 is missing or out of order", i);
	REQUIRE(probe, client_send_bytes(&probe->client, messages + size + 20, 12, NULL, 0) == 0,
		"send");
	REQUIRE(probe, reply_is(&probe->client, 100, VU_DEVICE_GET_INFO, 0),
		"the message whose second half came later was not answered");
	return HOLDS;
}

static enum verdict same_id_twice(struct probe *probe)
{
	uint8_t messages[128];
	size_t size = get_info(messages, 5, 0);

	size += get_info(messages + size, 5, 0);
	REQUIRE(probe, client_send_bytes(&probe->client, messages, size, NULL, 0) == 0, "send");
	REQUIRE(probe,
		reply_is(&probe->client, 5, VU_DEVICE_GET_INFO, 0) &&
			reply_is(&probe->client, 5, VU_DEVICE_GET_INFO, 0),
		"two requests with one id need two replies with it");
	return HOLDS;
}

static enum verdict no_reply(struct probe *probe)
{
	uint8_t messages[128];
	size_t size = get_info(messages, 6, VU_NO_REPLY);

	size += get_info(messages + size, 7, 0);
	REQUIRE(probe, client_send_bytes(&probe->client, messages, size, NULL, 0) == 0, "send");
	REQUIRE(probe, reply_is(&probe->client, 7, VU_DEVICE_GET_INFO, 0),
		"a no_reply request was answered");
	return HOLDS;
}

static enum verdict no_reply_error(struct probe *probe)
{
	struct vu_region_access access = {UINT64_MAX - 3, 3, 4};
	uint8_t message[64];
	size_t size = get_info(message, 9, 0);

	client_send(&probe->client, VU_REGION_READ, VU_NO_REPLY, &access, sizeof(access), NULL, 0);
	client_send(&probe->client, 999, VU_NO_REPLY, NULL, 0, NULL, 0);
	REQUIRE(probe, client_send_bytes(&probe->client, message, size, NULL, 0) == 0, "send");
	REQUIRE(probe, reply_is(&probe->client, 9, VU_DEVICE_GET_INFO, 0),
		"an error was sent for a no_reply request");
	return HOLDS;
}

static enum verdict surplus_fds(struct probe *probe)
{
	uint8_t message[64];
	int fds[CLIENT_MAX_FDS];
	bool good;

	for (int i = 0; i < 8; i++)
		fds[i] = eventfd(0, EFD_CLOEXEC);
	size_t size = get_info(message, 11, 0);
	good = client_send_bytes(&probe->client, message, size, fds, 8) == 0 &&
	       reply_is(&probe->client, 11, VU_DEVICE_GET_INFO, 0);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	REQUIRE(probe, good, "a GET_INFO with 8 descriptors was not answered");
	return HOLDS; /* the descriptor count afterwards is checked for all rows */
}

static enum verdict fds_with_error(struct probe *probe)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	struct vu_irq_set bad = {sizeof(bad), VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER,
				 77, 0, 1};
	struct client_message reply;
	ssize_t n = client_call_fds(&probe->client, VU_DEVICE_SET_IRQS, &bad, sizeof(bad), &fd, 1,
				    &reply);

	close(fd);
	REQUIRE(probe, n <= -CLIENT_REMOTE, "SET_IRQS of index 77 was not refused (%zd)", n);
	REQUIRE(probe, conform_serves(&probe->client), "the connection does not serve any more");
	return HOLDS;
}

static enum verdict unknown_command(struct probe *probe)
{
	static const uint16_t commands[] = {0, 14, 19, 100, 0xffff};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		ssize_t n = client_call(&probe->client, commands[i], NULL, 0, NULL, 0);

		REQUIRE(probe, n <= -CLIENT_REMOTE,
			"command %u was not answered with an error (%zd)", commands[i], n);
	}
	return HOLDS;
}

static enum verdict size_too_small(struct probe *probe)
{
	for (uint32_t size = 0; size < VU_HEADER_SIZE; size += 5) {
		struct vu_header header = {1, VU_DEVICE_GET_INFO, size, 0, 0};

		client_close(&probe->client);
		REQUIRE(probe, client_open(&probe->client, probe->subject->path) == 0,
			"cannot connect");
		client_send_bytes(&probe->client, &header, sizeof(header), NULL, 0);
		int rc = client_wait_closed(&probe->client);

		REQUIRE(probe, rc == 0, "a header with size %u left the connection open", size);
	}
	REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

static enum verdict size_too_large(struct probe *probe)
{
	struct vu_header header = {1, VU_REGION_WRITE, 0xfffffff0u, 0, 0};

	client_send_bytes(&probe->client, &header, sizeof(header), NULL, 0);
	REQUIRE(probe, client_wait_closed(&probe->client) == 0,
		"a message of 4 GiB was announced and the connection stayed open");
	REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

static enum verdict stray_reply(struct probe *probe)
{
	client_send(&probe->client, VU_DMA_READ, VU_TYPE_REPLY, NULL, 0, NULL, 0);
	/* Ignoring it and hanging up are both sound; serving nobody afterwards is not. */
	if (!conform_serves(&probe->client))
		REQUIRE(probe, conform_serves_next(probe),
			"a reply nobody awaits stopped the server");
	return HOLDS;
}

static enum verdict leaves_midway(struct probe *probe)
{
	uint8_t message[64];
	size_t size = get_info(message, 1, 0);

	for (size_t cut = 1; cut < size; cut += 3) {
		client_send_bytes(&probe->client, message, cut, NULL, 0);
		REQUIRE(probe, conform_serves_next(probe),
			"no service after a client left at byte %zu", cut);
	}
	return HOLDS;
}

static enum verdict short_payloads(struct probe *probe)
{
	static const struct {
		uint16_t command;
		size_t size;
	} rows[] = {
		{VU_DMA_MAP, 32},
		{VU_DMA_UNMAP, 24},
		{VU_DEVICE_GET_INFO, 16},
		{VU_DEVICE_GET_REGION_INFO, 32},
		{VU_DEVICE_GET_REGION_IO_FDS, 16},
		{VU_DEVICE_GET_IRQ_INFO, 16},
		{VU_DEVICE_SET_IRQS, 20},
		{VU_REGION_READ, 16},
		{VU_REGION_WRITE, 16},
		{VU_REGION_WRITE_MULTI, 8},
		{VU_DEVICE_FEATURE, 8},
		{VU_MIG_DATA_READ, 8},
		{VU_MIG_DATA_WRITE, 8},
	};
	static const uint8_t zeros[64],
		ones[64] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
			    255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t size = 0; size < rows[i].size; size++) {
			const uint8_t *data = size & 1 ? zeros : ones;
			ssize_t n =
				client_call(&probe->client, rows[i].command, data, size, NULL, 0);

			REQUIRE(probe, n <= -CLIENT_REMOTE,
				"command %u with %zu bytes of payload was not refused (%zd)",
				rows[i].command, size, n);
		}
	return HOLDS;
}

static enum verdict second_client(struct probe *probe)
{
	struct client other;
	int rc = client_connect(&other, probe->subject->path);

	/* Refused at once, or left waiting: both leave the first alone. */
	if (rc == 0)
		client_send(&other, VU_VERSION, 0, "\0\0\0\0{}", 7, NULL, 0);
	for (int i = 0; i < 10; i++)
		REQUIRE(probe, conform_serves(&probe->client),
			"a second client disturbed the first");
	client_close(&other);
	return HOLDS;
}

#define SPEC "vfio-user specification, "
const struct row rows_framing[] = {
	{"framing: a message cut after any byte", SPEC "Transport", 0, cut_everywhere},
	{"framing: a message byte by byte", SPEC "Transport", 0, byte_by_byte},
	{"framing: a hundred messages and a half in one write", SPEC "Transport", 0, many_in_one},
	{"framing: ids are echoed, also twice the same", SPEC "Header", 0, same_id_twice},
	{"framing: no_reply is never answered", SPEC "Header, No_reply", 0, no_reply},
	{"framing: no_reply is not answered with an error either", SPEC "Header, No_reply", 0,
	 no_reply_error},
	{"framing: descriptors nobody asked for are closed", SPEC "File descriptors", 0,
	 surplus_fds},
	{"framing: descriptors of a refused request are closed", SPEC "File descriptors", 0,
	 fds_with_error},
	{"framing: an unknown command is answered with an error", SPEC "Commands", 0,
	 unknown_command},
	{"framing: a size below the header's ends the connection only", SPEC "Header", 0,
	 size_too_small},
	{"framing: a size beyond any limit ends the connection only", SPEC "Header", 0,
	 size_too_large},
	{"framing: a reply that nobody awaits does no harm", SPEC "Header", 0, stray_reply},
	{"framing: a client may leave in the middle of a message", SPEC "Connection", 0,
	 leaves_midway},
	{"framing: payloads shorter than the command's are refused", SPEC "Commands", 0,
	 short_payloads},
	{"framing: a second client does not disturb the first", SPEC "Connection", 0,
	 second_client},
	{0},
};
