// SPDX-License-Identifier: BSD-2-Clause
/* REGION_READ, REGION_WRITE and REGION_WRITE_MULTI, whatever the region means. */
#include "conform.h"

#include <stdlib.h>
#include <string.h>
#include <poll.h>

#define CONFIG         ((uint32_t)VU_REGION_CONFIG)
#define INTERRUPT_LINE 0x3cu /* a byte of config space that keeps what is written */
#define MAX_DATA       (1u << 20)

static ssize_t raw(struct probe *probe, uint16_t command, uint32_t region, uint64_t offset,
		   uint32_t count, size_t data_size, struct client_message *reply)
{
	struct vu_region_access access = {offset, region, count};
	uint8_t *payload = calloc(1, sizeof(access) + data_size);
	ssize_t n;

	if (!payload)
		return -1;
	memcpy(payload, &access, sizeof(access));
	n = client_call_fds(&probe->client, command, payload, sizeof(access) + data_size, NULL, 0,
			    reply);
	free(payload);
	return n;
}

static bool refused(struct probe *probe, uint16_t command, uint32_t region, uint64_t offset,
		    uint32_t count, size_t data_size)
{
	struct client_message reply;
	ssize_t n = raw(probe, command, region, offset, count, data_size, &reply);

	if (n >= 0)
		client_message_free(&reply);
	if (n > -CLIENT_REMOTE)
		conform_fail(
			probe,
			"command %u of %u bytes (%zu there) at 0x%llx of region %u: %zd, no error",
			command, count, data_size, (unsigned long long)offset, region, n);
	return n <= -CLIENT_REMOTE;
}

static enum verdict echo(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_access access;
	ssize_t n = raw(probe, VU_REGION_READ, CONFIG, 2, 2, 0, &reply);

	REQUIRE(probe, n == sizeof(access) + 2, "%zd bytes of payload for a read of 2", n);
	memcpy(&access, reply.data, sizeof(access));
	client_message_free(&reply);
	REQUIRE(probe, access.offset == 2 && access.region == CONFIG && access.count == 2,
		"the reply to a read does not repeat offset, region and count");
	n = raw(probe, VU_REGION_WRITE, CONFIG, INTERRUPT_LINE, 1, 1, &reply);
	REQUIRE(probe, n == sizeof(access), "%zd bytes of payload for a write", n);
	memcpy(&access, reply.data, sizeof(access));
	client_message_free(&reply);
	REQUIRE(probe,
		access.offset == INTERRUPT_LINE && access.region == CONFIG && access.count == 1,
		"the reply to a write does not repeat offset, region and count");
	return HOLDS;
}

static enum verdict beyond(struct probe *probe)
{
	for (uint32_t i = 0; i < VU_NUM_REGIONS; i++) {
		uint64_t size = probe->subject->regions[i].size;
		const uint64_t offsets[] = {
			size,           size ? size - 1 : 0, size + 4096,      UINT64_MAX - 3,
			UINT64_MAX - 1, UINT64_C(1) << 63,   UINT64_C(1) << 32};

		for (size_t o = 0; o < sizeof(offsets) / sizeof(offsets[0]); o++) {
			if (offsets[o] < size && size - offsets[o] >= 4)
				continue;
			if (!refused(probe, VU_REGION_READ, i, offsets[o], 4, 0) ||
			    !refused(probe, VU_REGION_WRITE, i, offsets[o], 4, 4))
				return FAILS;
		}
	}
	return HOLDS;
}

static enum verdict no_such_region(struct probe *probe)
{
	const uint32_t regions[] = {probe->subject->info.num_regions, 100, 0x80000000u, UINT32_MAX};

	for (size_t i = 0; i < 4; i++)
		if (!refused(probe, VU_REGION_READ, regions[i], 0, 4, 0) ||
		    !refused(probe, VU_REGION_WRITE, regions[i], 0, 4, 4))
			return FAILS;
	return HOLDS;
}

static enum verdict data_missing(struct probe *probe)
{
	static const struct {
		uint32_t count;
		size_t size;
	} rows[] = {{1, 0},      {4, 3},        {4, 0},          {256, 4},
		    {4096, 100}, {MAX_DATA, 4}, {UINT32_MAX, 4}, {UINT32_MAX - 15, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!refused(probe, VU_REGION_WRITE, CONFIG, 0, rows[i].count, rows[i].size))
			return FAILS;
	return HOLDS;
}

static enum verdict data_surplus(struct probe *probe)
{
	return refused(probe, VU_REGION_WRITE, CONFIG, INTERRUPT_LINE, 1, 2) ? HOLDS : FAILS;
}

static enum verdict count_limits(struct probe *probe)
{
	static const uint32_t counts[] = {MAX_DATA + 1, 0x7fffffff, 0x80000000u, UINT32_MAX};

	for (size_t i = 0; i < 4; i++)
		for (uint32_t region = 0; region < VU_NUM_REGIONS; region++)
			if (!refused(probe, VU_REGION_READ, region, 0, counts[i], 0))
				return FAILS;
	return HOLDS;
}

/* The largest message that the server said it takes: it must not end the connection. */
static enum verdict largest(struct probe *probe)
{
	for (uint32_t region = 0; region < VU_NUM_REGIONS; region++) {
		struct client_message reply;
		uint64_t size = probe->subject->regions[region].size;
		ssize_t n;

		if (size >= MAX_DATA) /* would change the device */
			continue;
		n = raw(probe, VU_REGION_WRITE, region, 0, MAX_DATA, MAX_DATA, &reply);
		if (n >= 0)
			client_message_free(&reply);
		REQUIRE(probe, n <= -CLIENT_REMOTE,
			"1 MiB written to the %llu bytes of region %u: %zd",
			(unsigned long long)size, region, n);
		REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	}
	return HOLDS;
}

static enum verdict count_zero(struct probe *probe)
{
	struct client_message reply;

	for (uint32_t region = 0; region < VU_NUM_REGIONS; region++) {
		if (raw(probe, VU_REGION_READ, region, 0, 0, 0, &reply) >= 0)
			client_message_free(&reply);
		if (raw(probe, VU_REGION_WRITE, region, 0, 0, 0, &reply) >= 0)
			client_message_free(&reply);
		REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	}
	return HOLDS;
}

static enum verdict read_everything(struct probe *probe)
{
	for (uint32_t region = 0; region < VU_NUM_REGIONS; region++) {
		uint64_t size = probe->subject->regions[region].size;
		struct client_message reply;
		ssize_t n;

		/* All at once, and odd widths: allowed or refused, but soundly. */
		static const uint32_t counts[] = {3, 5, 7, 16, 63, 4096, 65536, MAX_DATA};

		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]) && counts[i] <= size;
		     i++) {
			n = raw(probe, VU_REGION_READ, region, 0, counts[i], 0, &reply);
			if (n >= 0)
				client_message_free(&reply);
			REQUIRE(probe, n <= -CLIENT_REMOTE || n == (ssize_t)(16 + counts[i]),
				"%u bytes of region %u: %zd", counts[i], region, n);
		}
	}
	return HOLDS;
}

/* The old value of the byte that these rows play with; they put it back. */
static bool line(struct probe *probe, uint64_t *value)
{
	if (client_get(&probe->client, CONFIG, INTERRUPT_LINE, 1, value) == 0)
		return true;
	conform_fail(probe, "the interrupt line register cannot be read");
	return false;
}

static int send_line(struct probe *probe, uint32_t flags, uint8_t value)
{
	struct {
		struct vu_region_access access;
		uint8_t value;
	} m = {{INTERRUPT_LINE, CONFIG, 1}, value};

	return client_send(&probe->client, VU_REGION_WRITE, flags, &m, sizeof(m.access) + 1, NULL,
			   0);
}

static enum verdict posted(struct probe *probe)
{
	uint64_t old, value;

	if (!line(probe, &old))
		return FAILS;
	for (unsigned i = 0; i < 200; i++) {
		send_line(probe, VU_NO_REPLY, (uint8_t)i);
		send_line(probe, VU_NO_REPLY, (uint8_t)(i + 7));
		REQUIRE(probe, client_get(&probe->client, CONFIG, INTERRUPT_LINE, 1, &value) == 0,
			"a read after posted writes failed");
		REQUIRE(probe, value == (uint8_t)(i + 7), "a read overtook a posted write");
	}
	return client_put(&probe->client, CONFIG, INTERRUPT_LINE, 1, old) == 0
		       ? HOLDS
		       : conform_fail(probe, "the old value cannot be written");
}

static enum verdict in_order(struct probe *probe)
{
	struct vu_region_access read = {INTERRUPT_LINE, CONFIG, 1};
	uint64_t old;

	if (!line(probe, &old))
		return FAILS;
	for (unsigned i = 0; i < 100; i++) {
		send_line(probe, 0, (uint8_t)i);
		client_send(&probe->client, VU_REGION_READ, 0, &read, sizeof(read), NULL, 0);
	}
	for (unsigned i = 0; i < 200; i++) {
		struct client_message reply;

		REQUIRE(probe, client_receive(&probe->client, &reply) == 1, "reply %u is missing",
			i);
		bool good = reply.header.command == (i & 1 ? VU_REGION_READ : VU_REGION_WRITE) &&
			    (!(i & 1) || (reply.size == 17 && reply.data[16] == i / 2));

		client_message_free(&reply);
		REQUIRE(probe, good, "reply %u of pipelined writes and reads is wrong", i);
	}
	client_put(&probe->client, CONFIG, INTERRUPT_LINE, 1, old);
	return HOLDS;
}

static ssize_t multi(struct probe *probe, uint64_t says, const struct vu_write_multi *writes,
		     unsigned n, uint64_t *done)
{
	uint8_t payload[8 + 64 * sizeof(*writes)];

	memcpy(payload, &says, 8);
	for (unsigned i = 0; i < n; i++)
		memcpy(payload + 8 + i * 24, &writes[i], 24);
	return client_call(&probe->client, VU_REGION_WRITE_MULTI, payload, 8 + n * 24u, done,
			   sizeof(*done));
}

static enum verdict write_multi(struct probe *probe)
{
	struct vu_write_multi writes[32];
	uint64_t old, value, done;

	if (!line(probe, &old))
		return FAILS;
	for (unsigned n = 1; n <= 32; n += 31) {
		for (unsigned i = 0; i < n; i++)
			writes[i] = (struct vu_write_multi){
				INTERRUPT_LINE, CONFIG, 1, {(uint8_t)(i + n)}};
		ssize_t size = multi(probe, n, writes, n, &done);

		APPLIES_IF(probe, size > -CLIENT_REMOTE, "the server has no WRITE_MULTI");
		REQUIRE(probe, size == 8 && done == n,
			"%u writes: %zd bytes of payload, count %llu", n, size,
			(unsigned long long)done);
		REQUIRE(probe,
			client_get(&probe->client, CONFIG, INTERRUPT_LINE, 1, &value) == 0 &&
				value == n - 1 + n,
			"%u writes: not done in order", n);
	}
	client_put(&probe->client, CONFIG, INTERRUPT_LINE, 1, old);
	return HOLDS;
}

static enum verdict multi_hostile(struct probe *probe)
{
	const struct vu_write_multi good = {INTERRUPT_LINE, CONFIG, 1, {0}};
	const struct vu_write_multi bad[] = {
		{INTERRUPT_LINE, CONFIG, 9, {0}}, {INTERRUPT_LINE, CONFIG, UINT32_MAX, {0}},
		{INTERRUPT_LINE, 77, 1, {0}},     {UINT64_MAX, CONFIG, 1, {0}},
		{UINT64_MAX - 3, CONFIG, 8, {0}},
	};
	static const uint64_t counts[] = {
		2,         3, 1000, UINT64_C(1) << 32, UINT64_MAX / 24 + 1, UINT64_MAX / 24 + 2,
		UINT64_MAX};
	uint64_t done;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		ssize_t n = multi(probe, counts[i], &good, 1, &done);

		REQUIRE(probe, n <= -CLIENT_REMOTE,
			"count %llu with one write behind it: %zd, no error",
			(unsigned long long)counts[i], n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ssize_t n = multi(probe, 1, &bad[i], 1, &done);

		REQUIRE(probe, n <= -CLIENT_REMOTE || (n == 8 && done == 0),
			"a write of %u bytes to region %u was done (%zd)", bad[i].count,
			bad[i].region, n);
	}
	return HOLDS;
}

#define SPEC "vfio-user specification, VFIO_USER_REGION_"
const struct row rows_region[] = {
	{"region: replies repeat offset, region and count", SPEC "READ, _WRITE", 0, echo},
	{"region: beyond a region's end is refused", SPEC "READ, _WRITE", 0, beyond},
	{"region: regions out of range are refused", SPEC "READ, _WRITE", 0, no_such_region},
	{"region: a write with less data than its count is refused", SPEC "WRITE", 0, data_missing},
	{"region: a write with more data than its count is refused", SPEC "WRITE", ROW_OURS,
	 data_surplus},
	{"region: a count above max_data_xfer_size is refused", "Read and Write Operations", 0,
	 count_limits},
	{"region: a message of max_data_xfer_size is taken", "Read and Write Operations", 0,
	 largest},
	{"region: a count of 0 does no harm", SPEC "READ, _WRITE", 0, count_zero},
	{"region: large and odd reads are answered or refused", SPEC "READ", 0, read_everything},
	{"region: posted writes are done before what follows", "Command Concurrency", 0, posted},
	{"region: pipelined accesses are done in order", "Command Concurrency", 0, in_order},
	{"region: several writes in one message", SPEC "WRITE_MULTI", 0, write_multi},
	{"region: several writes: lies are refused", SPEC "WRITE_MULTI", 0, multi_hostile},
	{0},
};
