// SPDX-License-Identifier: BSD-2-Clause
/* Clients that mean harm: whatever they send, the next one is served. */
#include "conform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint64_t random_state;

/* Always the same numbers: what fails once fails again. */
static uint32_t random_number(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33);
}

/* Take whatever has come, so that the server is never stuck with replies. */
static void drain(struct client *client)
{
	char junk[65536];

	while (recv(client->fd, junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
}

static enum verdict random_bytes(struct probe *probe)
{
	random_state = 1;
	for (int i = 0; i < 40; i++) {
		uint8_t junk[2048];

		for (size_t k = 0; k < sizeof(junk); k++)
			junk[k] = (uint8_t)random_number();
		client_send_bytes(&probe->client, junk, sizeof(junk), NULL, 0);
		REQUIRE(probe, conform_serves_next(probe), "no service after junk %d", i);
	}
	return HOLDS;
}

/* A number of the kind that breaks things. */
static uint32_t nasty(void)
{
	static const uint32_t numbers[] = {
		0,    1,          2,           4,           8,           16,
		24,   32,         255,         256,         4095,        4096,
		4097, 0x7fffffff, 0x80000000u, 0xfffffff0u, 0xfffffffcu, UINT32_MAX};

	return random_number() % 3 ? numbers[random_number() % 18] : random_number() % 16;
}

/* Right headers, payloads of nasty numbers. */
static enum verdict random_messages(struct probe *probe)
{
	for (unsigned round = 0; round < 10; round++) {
		random_state = round + 100;
		for (int i = 0; i < 100; i++) {
			uint16_t command = (uint16_t)(2 + random_number() % 18);
			size_t size = random_number() % 3 ? (random_number() % 20) * 4
							  : random_number() % 80;
			uint32_t payload[20];
			struct client_message reply;

			if (command == VU_DMA_READ || command == VU_DMA_WRITE)
				continue;
			for (int k = 0; k < 20; k++)
				payload[k] = nasty();
			if (client_call_fds(&probe->client, command, payload, size, NULL, 0,
					    &reply) >= 0)
				client_message_free(&reply);
			REQUIRE(probe, conform_serves(&probe->client),
				"no service after command %u with %zu bytes (round %u, message %d)",
				command, size, round, i);
		}
		client_reset(&probe->client);
	}
	/* What the device is like now is known only after a reset. */
	client_put(&probe->client, VU_REGION_CONFIG, 0x3c, 1, 0);
	return HOLDS;
}

static enum verdict flipped_messages(struct probe *probe)
{
	struct {
		struct vu_header header;
		struct vu_region_info info;
	} m;

	for (unsigned bit = 0; bit < 8 * sizeof(m); bit++) {
		m.header = (struct vu_header){9, VU_DEVICE_GET_REGION_INFO, sizeof(m), 0, 0};
		m.info = (struct vu_region_info){.argsz = 64, .index = 7};
		((uint8_t *)&m)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		client_send_bytes(&probe->client, &m, sizeof(m), NULL, 0);
		if (bit < 8 * sizeof(m.header)) /* the stream may be out of step now */
			REQUIRE(probe, conform_serves_next(probe), "no service after bit %u", bit);
		drain(&probe->client);
	}
	REQUIRE(probe, conform_serves_next(probe), "no service after it");
	return HOLDS;
}

/* As many messages as the kernel and the server take without our reading one reply; then all
 * replies. */
static enum verdict reads_late(struct probe *probe)
{
	struct {
		struct vu_header header;
		struct vu_region_access access;
	} m;
	unsigned sent = 0, got = 0;
	struct client_message reply;

	for (; sent < 20000; sent++) {
		struct pollfd p = {.fd = probe->client.fd, .events = POLLOUT};

		m.header = (struct vu_header){(uint16_t)sent, VU_REGION_READ, sizeof(m), 0, 0};
		m.access = (struct vu_region_access){0, VU_REGION_CONFIG, 256};
		if (poll(&p, 1, 100) != 1 ||
		    send(probe->client.fd, &m, sizeof(m), MSG_DONTWAIT) != (ssize_t)sizeof(m))
			break;
	}
	for (; got < sent; got++) {
		if (client_receive(&probe->client, &reply) != 1)
			break;
		bool good = reply.header.id == (uint16_t)got && reply.size == 16 + 256;

		client_message_free(&reply);
		REQUIRE(probe, good, "reply %u of %u is wrong", got, sent);
	}
	REQUIRE(probe, got == sent, "%u requests were sent, %u replies came", sent, got);
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return HOLDS;
}

static enum verdict leaves_unread(struct probe *probe)
{
	struct vu_region_access access = {0, VU_REGION_CONFIG, 256};

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 100; i++)
			client_send(&probe->client, VU_REGION_READ, 0, &access, sizeof(access),
				    NULL, 0);
		REQUIRE(probe, conform_serves_next(probe),
			"no service after a client left with replies unread");
	}
	return HOLDS;
}

static enum verdict comes_and_goes(struct probe *probe)
{
	for (int i = 0; i < 100; i++)
		REQUIRE(probe, conform_again(probe, true) == 0, "cannot connect at the %dth time",
			i);
	REQUIRE(probe, conform_serves_next(probe), "no service after it");
	return HOLDS;
}

static enum verdict half_closed(struct probe *probe)
{
	struct vu_device_info info = {.argsz = sizeof(info)};
	struct client_message reply;

	client_send(&probe->client, VU_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0);
	shutdown(probe->client.fd, SHUT_WR);
	int rc = client_receive(&probe->client, &reply);

	if (rc == 1)
		client_message_free(&reply);
	REQUIRE(probe, rc >= 0, "neither a reply nor an end after half the connection was closed");
	REQUIRE(probe, conform_serves_next(probe), "no service after it");
	return HOLDS;
}

static enum verdict many_fds(struct probe *probe)
{
	struct vu_device_info info = {.argsz = sizeof(info)};
	int fds[64];

	for (int i = 0; i < 63; i++)
		fds[i] = conform_eventfd(probe);
	for (int i = 0; i < 30; i++)
		client_send(&probe->client, VU_DEVICE_GET_INFO, 0, &info, sizeof(info), fds, 63);
	/* So many may cost the client its connection, not more. */
	drain(&probe->client);
	REQUIRE(probe, conform_serves_next(probe), "no service after it");
	return HOLDS;
}

/* Descriptors with every byte of a message, at every place where it can be cut. */
static enum verdict fds_everywhere(struct probe *probe)
{
	struct {
		struct vu_header header;
		struct vu_device_info info;
	} m = {{5, VU_DEVICE_GET_INFO, sizeof(m), 0, 0}, {.argsz = 16}};
	int fd = conform_eventfd(probe);

	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < sizeof(m); i++)
			if (client_send_bytes(&probe->client, (uint8_t *)&m + i, 1, &fd, 1) < 0)
				break;
		drain(&probe->client);
		REQUIRE(probe, conform_serves_next(probe),
			"no service after a descriptor with every byte");
	}
	for (size_t cut = 1; cut < sizeof(m); cut += 5) {
		client_send_bytes(&probe->client, &m, cut, NULL, 0);
		client_send_bytes(&probe->client, (uint8_t *)&m + cut, sizeof(m) - cut, &fd, 1);
		struct client_message reply;

		if (client_receive(&probe->client, &reply) == 1)
			client_message_free(&reply);
		REQUIRE(probe, conform_serves_next(probe),
			"no service after a descriptor in a message's middle");
	}
	return HOLDS;
}

/* A descriptor that comes with a message that never ends. */
static enum verdict fds_unfinished(struct probe *probe)
{
	struct vu_header header = {5, VU_DMA_MAP, 48, 0, 0};
	int fd = conform_memory(probe, 4096);

	for (int i = 0; i < 20; i++) {
		client_send_bytes(&probe->client, &header, sizeof(header), &fd, 1);
		REQUIRE(probe, conform_again(probe, false) == 0, "cannot connect again");
	}
	return HOLDS;
}

/* Several requests with descriptors in a row: each keeps its own. */
static enum verdict fds_in_order(struct probe *probe)
{
	uint32_t index = probe->subject->irqs[VU_IRQ_MSIX].count >= 8 ? VU_IRQ_MSIX : VU_IRQ_MSI;
	int fds[8];

	APPLIES_IF(probe, probe->subject->irqs[index].count >= 4, "no interrupt with four vectors");
	uint32_t n = probe->subject->irqs[index].count < 8 ? 4 : 8;

	for (uint32_t i = 0; i < n; i++) {
		struct vu_irq_set set = {sizeof(set),
					 VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, index,
					 i, 1};

		fds[i] = conform_eventfd(probe);
		client_send(&probe->client, VU_DEVICE_SET_IRQS, 0, &set, sizeof(set), &fds[i], 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct client_message reply;

		REQUIRE(probe, client_receive(&probe->client, &reply) == 1, "reply %u is missing",
			i);
		uint32_t flags = reply.header.flags;

		client_message_free(&reply);
		REQUIRE(probe, flags == VU_TYPE_REPLY,
			"SET_IRQS of vector %u in a pipeline was refused", i);
	}
	for (uint32_t i = 0; i < n; i++) {
		client_set_irq(&probe->client, index,
			       VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_TRIGGER, i, 1, -1);
		for (uint32_t k = 0; k < n; k++)
			REQUIRE(probe, conform_fired(fds[k]) == (k == i),
				"vector %u has the wrong descriptor", i);
	}
	return HOLDS;
}

static enum verdict slow_giant(struct probe *probe)
{
	struct vu_header header = {1, VU_REGION_WRITE, VU_HEADER_SIZE + 16 + (1u << 20), 0, 0};
	static const uint8_t zeros[65536];

	for (int i = 1; i <= 4; i++) {
		client_send_bytes(&probe->client, &header, sizeof(header), NULL, 0);
		for (int k = 0; k < i * 3; k++)
			client_send_bytes(&probe->client, zeros, sizeof(zeros), NULL, 0);
		REQUIRE(probe, conform_serves_next(probe),
			"no service after part of a large message");
	}
	return HOLDS;
}

#define SPEC "vfio-user specification, "
const struct row rows_hostile[] = {
	{"hostile: random bytes", SPEC "Security Considerations", 0, random_bytes},
	{"hostile: random messages", SPEC "Security Considerations", 0, random_messages},
	{"hostile: a message with any one bit wrong", SPEC "Security Considerations", 0,
	 flipped_messages},
	{"hostile: a client that reads its replies late gets them all", SPEC "Command Concurrency",
	 0, reads_late},
	{"hostile: a client that leaves its replies unread", SPEC "Client Disconnection", 0,
	 leaves_unread},
	{"hostile: a client that comes and goes", SPEC "Client Disconnection", 0, comes_and_goes},
	{"hostile: a connection half closed", SPEC "Client Disconnection", 0, half_closed},
	{"hostile: 63 descriptors with each message", SPEC "File descriptors", 0, many_fds},
	{"hostile: descriptors with any byte of a message", SPEC "File descriptors", 0,
	 fds_everywhere},
	{"hostile: a descriptor with a message that never ends", SPEC "File descriptors", 0,
	 fds_unfinished},
	{"hostile: descriptors of pipelined messages stay apart", SPEC "File descriptors", 0,
	 fds_in_order},
	{"hostile: part of a large message", SPEC "Client Disconnection", 0, slow_giant},
	{0},
};
