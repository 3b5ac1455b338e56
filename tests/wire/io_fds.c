// SPDX-License-Identifier: BSD-2-Clause
/* DEVICE_GET_REGION_IO_FDS: descriptors instead of messages. */
#include "conform.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define MAX_ARGSZ 65536u

static ssize_t get(struct probe *probe, uint32_t index, uint32_t argsz,
		   struct client_message *reply, struct vu_region_io_fds *info)
{
	struct vu_region_io_fds request = {.argsz = argsz, .index = index};
	ssize_t n = client_call_fds(&probe->client, VU_DEVICE_GET_REGION_IO_FDS, &request,
				    sizeof(request), NULL, 0, reply);

	if (n >= (ssize_t)sizeof(*info))
		memcpy(info, reply->data, sizeof(*info));
	else if (n >= 0)
		client_message_free(reply);
	return n;
}

/* The first region that has some; -1: none. */
static int find(struct probe *probe, struct client_message *reply, struct vu_region_io_fds *info)
{
	for (uint32_t i = 0; i < probe->subject->info.num_regions; i++) {
		if (get(probe, i, MAX_ARGSZ, reply, info) < (ssize_t)sizeof(*info))
			continue;
		if (info->count)
			return (int)i;
		client_message_free(reply);
	}
	return -1;
}

static const char *judge(const struct client_message *reply, const struct vu_region_io_fds *info,
			 uint64_t region_size)
{
	if (info->argsz != reply->size || (reply->size - sizeof(*info)) / info->count < 40)
		return "argsz, count and the payload's size disagree";
	if (info->flags)
		return "flags are not zero";
	for (uint32_t i = 0; i < info->count; i++) {
		size_t step = (reply->size - sizeof(*info)) / info->count;
		struct vu_sub_region sub;

		memcpy(&sub, reply->data + sizeof(*info) + i * step, 40);
		if (sub.offset >= region_size || sub.size > region_size - sub.offset)
			return "a sub-region lies outside the region";
		if (sub.type > VU_IO_FD_SHADOW)
			return "a sub-region is of unknown type";
		if (sub.fd_index >= reply->nfds)
			return "a sub-region's descriptor did not come";
	}
	return NULL;
}

static enum verdict sub_regions(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_io_fds info;
	int index = find(probe, &reply, &info);
	const char *wrong;

	APPLIES_IF(probe, index >= 0, "no region has such descriptors");
	wrong = judge(&reply, &info, probe->subject->regions[index].size);
	client_message_free(&reply);
	REQUIRE(probe, !wrong, "region %d: %s", index, wrong);
	REQUIRE(probe, (int)info.index == index, "region %d: the reply is of %u", index,
		info.index);
	return HOLDS;
}

static enum verdict argsz_rule(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_io_fds info, small;
	int index = find(probe, &reply, &info);

	APPLIES_IF(probe, index >= 0, "no region has such descriptors");
	client_message_free(&reply);
	ssize_t n = get(probe, (uint32_t)index, sizeof(info), &reply, &small);

	REQUIRE(probe, n == sizeof(info), "%zd bytes of payload for an argsz of %zu", n,
		sizeof(info));
	unsigned nfds = reply.nfds;

	client_message_free(&reply);
	REQUIRE(probe, small.argsz == info.argsz && nfds == 0,
		"argsz is %u where %u is needed, with %u descriptors", small.argsz, info.argsz,
		nfds);
	return HOLDS;
}

static enum verdict same_twice(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_io_fds info;
	int index = find(probe, &reply, &info);

	APPLIES_IF(probe, index >= 0, "no region has such descriptors");
	client_message_free(&reply);
	for (int i = 0; i < 50; i++) {
		ssize_t n = get(probe, (uint32_t)index, MAX_ARGSZ, &reply, &info);

		REQUIRE(probe, n > (ssize_t)sizeof(info), "no reply at the %dth time", i);
		client_message_free(&reply);
	}
	return HOLDS;
}

static enum verdict bad_requests(struct probe *probe)
{
	struct vu_region_io_fds requests[] = {
		{16, 0, probe->subject->info.num_regions, 0},
		{16, 0, UINT32_MAX, 0},
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (!conform_refuses(probe, VU_DEVICE_GET_REGION_IO_FDS, &requests[i],
				     sizeof(requests[i]), NULL, 0))
			return FAILS;
	return HOLDS;
}

/* A client may do with an eventfd what it likes: fill it, over and over, or close it. */
static enum verdict filled(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_io_fds info;
	int index = find(probe, &reply, &info);
	const uint64_t most = UINT64_MAX - 1;

	APPLIES_IF(probe, index >= 0, "no region has such descriptors");
	REQUIRE(probe, reply.nfds > 0, "region %d: no descriptors came", index);
	for (int i = 0; i < 100; i++) {
		struct pollfd p = {.fd = reply.fds[0], .events = POLLOUT};

		if (poll(&p, 1, 50) == 1 && write(p.fd, &most, sizeof(most)) < 0)
			break;
		if (!conform_serves(&probe->client))
			break;
	}
	client_message_free(&reply);
	REQUIRE(probe, conform_serves(&probe->client), "no service while its eventfd is full");
	return HOLDS;
}

static bool set_state(struct client *client, uint32_t state)
{
	struct vu_mig_device_state data = {state, UINT32_MAX}, echo;

	return client_feature(client, VU_FEATURE_SET | VU_FEATURE_MIG_DEVICE_STATE, &data,
			      sizeof(data), &echo, sizeof(echo)) == sizeof(echo);
}

/* Flags belong to all who hold an eventfd: an empty one may now make its reader wait. */
static enum verdict waiting(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_io_fds info;
	int index = find(probe, &reply, &info);
	bool stopped;

	APPLIES_IF(probe, index >= 0, "no region has such descriptors");
	for (unsigned i = 0; i < reply.nfds; i++)
		fcntl(reply.fds[i], F_SETFL, 0);
	/* where a server may look at them without having been told */
	stopped = set_state(&probe->client, VU_MIG_STOP);
	if (stopped)
		set_state(&probe->client, VU_MIG_RUNNING);
	client_message_free(&reply);
	REQUIRE(probe, conform_serves(&probe->client),
		"no service with eventfds that are not O_NONBLOCK");
	return HOLDS;
}

#define SPEC "vfio-user specification, VFIO_USER_DEVICE_GET_REGION_IO_FDS"
const struct row rows_io_fds[] = {
	{"io fds: sub-regions are sound", SPEC ", Reply", 0, sub_regions},
	{"io fds: sub-regions only where argsz has room", "Message sizes", 0, argsz_rule},
	{"io fds: asking often opens nothing new", SPEC, 0, same_twice},
	{"io fds: bad requests are refused", SPEC ", Request", 0, bad_requests},
	{"io fds: events without end do no harm", "Security Considerations", 0, filled},
	{"io fds: a client that clears O_NONBLOCK does no harm", "Security Considerations", 0,
	 waiting},
	{0},
};
