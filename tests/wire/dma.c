// SPDX-License-Identifier: BSD-2-Clause
/* DMA_MAP and DMA_UNMAP: the client's memory, as it is announced.  What a device does with it is
 * its own affair. */
#include "conform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define RW   (VU_DMA_MAP_READ | VU_DMA_MAP_WRITE)
#define PAGE UINT64_C(4096)
#define IOVA UINT64_C(0x10000000)

static bool map(struct probe *probe, uint64_t iova, uint64_t size, uint64_t offset, uint32_t flags,
		int fd)
{
	int rc = client_dma_map(&probe->client, iova, size, offset, flags, fd);

	if (rc < 0)
		conform_fail(probe, "0x%llx bytes at 0x%llx, flags %u, %s: refused (%d)",
			     (unsigned long long)size, (unsigned long long)iova, flags,
			     fd < 0 ? "no descriptor" : "with a descriptor", rc);
	return rc == 0;
}

static bool unmap(struct probe *probe, uint64_t iova, uint64_t size)
{
	int rc = client_dma_unmap(&probe->client, iova, size);

	if (rc < 0)
		conform_fail(probe, "unmapping 0x%llx bytes at 0x%llx: refused (%d)",
			     (unsigned long long)size, (unsigned long long)iova, rc);
	return rc == 0;
}

static bool refuses_map(struct probe *probe, uint64_t iova, uint64_t size, uint64_t offset,
			uint32_t flags, int fd)
{
	struct vu_dma_map m = {sizeof(m), flags, offset, iova, size};

	if (conform_refuses(probe, VU_DMA_MAP, &m, sizeof(m), &fd, fd >= 0))
		return true;
	conform_fail(probe, "0x%llx bytes at 0x%llx, offset 0x%llx, flags 0x%x, %s: not refused",
		     (unsigned long long)size, (unsigned long long)iova, (unsigned long long)offset,
		     flags, fd < 0 ? "no descriptor" : "with a descriptor");
	return false;
}

static bool refuses_unmap(struct probe *probe, uint64_t iova, uint64_t size)
{
	struct vu_dma_unmap m = {sizeof(m), 0, iova, size};

	if (conform_refuses(probe, VU_DMA_UNMAP, &m, sizeof(m), NULL, 0))
		return true;
	conform_fail(probe, "unmapping 0x%llx bytes at 0x%llx: not refused",
		     (unsigned long long)size, (unsigned long long)iova);
	return false;
}

static enum verdict without_fd(struct probe *probe)
{
	for (uint32_t flags = 1; flags <= 3; flags++)
		if (!map(probe, IOVA, 16 * PAGE, 0, flags, -1) || !unmap(probe, IOVA, 16 * PAGE))
			return FAILS;
	return HOLDS;
}

static enum verdict with_fd(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);

	for (uint32_t flags = 1; flags <= 3; flags++)
		if (!map(probe, IOVA, 16 * PAGE, 0, flags, fd) || !unmap(probe, IOVA, 16 * PAGE) ||
		    !map(probe, 0, 4 * PAGE, 12 * PAGE, flags, fd) || !unmap(probe, 0, 4 * PAGE))
			return FAILS;
	return HOLDS;
}

static enum verdict unmap_echo(struct probe *probe)
{
	struct vu_dma_unmap m = {sizeof(m), 0, IOVA, PAGE}, reply = {0};

	if (!map(probe, IOVA, PAGE, 0, RW, -1))
		return FAILS;
	ssize_t n = client_call(&probe->client, VU_DMA_UNMAP, &m, sizeof(m), &reply, sizeof(reply));

	REQUIRE(probe, n == sizeof(reply), "%zd bytes of payload", n);
	REQUIRE(probe, reply.address == IOVA && reply.size == PAGE,
		"the reply is of 0x%llx at 0x%llx", (unsigned long long)reply.size,
		(unsigned long long)reply.address);
	return HOLDS;
}

static enum verdict overlaps(struct probe *probe)
{
	static const struct {
		uint64_t iova, size;
	} rows[] = {
		{IOVA, 4 * PAGE},        {IOVA, PAGE},
		{IOVA + 3 * PAGE, PAGE}, {IOVA + PAGE, 2 * PAGE},
		{IOVA - PAGE, 2 * PAGE}, {IOVA - PAGE, 6 * PAGE},
		{0, IOVA + 1},           {IOVA + 4 * PAGE - 1, 1},
	};
	int fd = conform_memory(probe, 16 * PAGE);

	for (int with = -1; with <= fd; with += fd + 1) {
		if (!map(probe, IOVA, 4 * PAGE, 0, RW, with))
			return FAILS;
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (!refuses_map(probe, rows[i].iova, rows[i].size, 0, RW, -1))
				return FAILS;
			REQUIRE(probe, probe->error == EEXIST, "refused with error %u, not EEXIST",
				probe->error);
		}
		if (!unmap(probe, IOVA, 4 * PAGE))
			return FAILS;
	}
	return HOLDS;
}

static enum verdict neighbours(struct probe *probe)
{
	for (uint64_t i = 0; i < 8; i++) /* evens first, then odds between them */
		if (!map(probe, IOVA + (2 * i + (i >= 4) * UINT64_C(-7)) * PAGE, PAGE, 0, RW, -1))
			return FAILS;
	for (uint64_t i = 0; i < 8; i++)
		if (!unmap(probe, IOVA + i * PAGE, PAGE))
			return FAILS;
	return HOLDS;
}

static enum verdict unmap_not_exact(struct probe *probe)
{
	if (!map(probe, IOVA, 4 * PAGE, 0, RW, -1))
		return FAILS;
	if (!refuses_unmap(probe, IOVA, PAGE) || !refuses_unmap(probe, IOVA + PAGE, PAGE) ||
	    !refuses_unmap(probe, IOVA + PAGE, 3 * PAGE) ||
	    !refuses_unmap(probe, IOVA - PAGE, 2 * PAGE) ||
	    !refuses_unmap(probe, IOVA + 3 * PAGE, 4 * PAGE))
		return FAILS;
	return unmap(probe, IOVA, 4 * PAGE) ? HOLDS : FAILS;
}

static enum verdict unmap_unknown(struct probe *probe)
{
	if (!refuses_unmap(probe, IOVA, PAGE) || !refuses_unmap(probe, 0, PAGE) ||
	    !refuses_unmap(probe, IOVA, 0) || !refuses_unmap(probe, UINT64_MAX - 1, PAGE))
		return FAILS;
	if (!map(probe, IOVA, PAGE, 0, RW, -1) || !unmap(probe, IOVA, PAGE))
		return FAILS;
	return refuses_unmap(probe, IOVA, PAGE) ? HOLDS : FAILS;
}

static enum verdict bad_sizes(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);

	for (int with = -1; with <= fd; with += fd + 1)
		if (!refuses_map(probe, IOVA, 0, 0, RW, with) ||
		    !refuses_map(probe, UINT64_MAX - PAGE + 1, 2 * PAGE, 0, RW, with) ||
		    !refuses_map(probe, UINT64_MAX, 2, 0, RW, with) ||
		    !refuses_map(probe, PAGE, UINT64_MAX, 0, RW, with) ||
		    !refuses_map(probe, IOVA, UINT64_MAX - PAGE, 0, RW, with))
			return FAILS;
	return HOLDS;
}

static enum verdict bad_offsets(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);

	return refuses_map(probe, IOVA, PAGE, UINT64_MAX - PAGE + 1, RW, fd) &&
			       refuses_map(probe, IOVA, PAGE, UINT64_MAX, RW, fd) &&
			       refuses_map(probe, IOVA, PAGE, UINT64_C(1) << 63, RW, fd) &&
			       refuses_map(probe, IOVA, UINT64_C(1) << 62, UINT64_C(1) << 62, RW,
					   fd)
		       ? HOLDS
		       : FAILS;
}

static enum verdict beyond_file(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);

	return refuses_map(probe, IOVA, 17 * PAGE, 0, RW, fd) &&
			       refuses_map(probe, IOVA, PAGE, 16 * PAGE, RW, fd) &&
			       refuses_map(probe, IOVA, 2 * PAGE, 15 * PAGE, RW, fd) &&
			       refuses_map(probe, IOVA, UINT64_C(1) << 40, 0, RW, fd) &&
			       map(probe, IOVA, 16 * PAGE, 0, RW, fd)
		       ? HOLDS
		       : FAILS;
}

static enum verdict odd_areas(struct probe *probe)
{
	static const struct {
		uint64_t iova, size;
		uint32_t flags;
	} rows[] = {{0, 0xa0000, 3},         {0xa0000, 0x10000, 1},       {0xc0000, 0x4000, 1},
		    {0xc4000, 0x1c000, 3},   {0xe0000, 0x20000, 1},       {0xfffc0000, 0x40000, 1},
		    {0xfeda0000, 0x2000, 3}, {0x123456789000, 0x1000, 2}, {IOVA + 5, 7, 3}};

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (!map(probe, rows[i].iova, rows[i].size, 0, rows[i].flags, -1))
				return FAILS;
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (!unmap(probe, rows[i].iova, rows[i].size))
				return FAILS;
	}
	return HOLDS;
}

static enum verdict last_page(struct probe *probe)
{
	uint64_t iova = UINT64_MAX - PAGE + 1;

	return map(probe, iova, PAGE, 0, RW, -1) && unmap(probe, iova, PAGE) ? HOLDS : FAILS;
}

static enum verdict pipelined(struct probe *probe)
{
	int fd = conform_memory(probe, 300 * PAGE);

	for (uint64_t i = 0; i < 300; i++) {
		struct vu_dma_map m = {sizeof(m), RW, i * PAGE, IOVA + 2 * i * PAGE, PAGE};

		client_send(&probe->client, VU_DMA_MAP, i % 3 == 2 ? VU_NO_REPLY : 0, &m, sizeof(m),
			    &fd, i % 3 != 1);
	}
	for (int i = 0; i < 200; i++) {
		struct client_message reply;

		REQUIRE(probe, client_receive(&probe->client, &reply) == 1, "reply %d is missing",
			i);
		uint32_t flags = reply.header.flags;

		client_message_free(&reply);
		REQUIRE(probe, flags == VU_TYPE_REPLY, "DMA_MAP %d of a pipeline was refused", i);
	}
	for (uint64_t i = 0; i < 300; i++)
		if (!unmap(probe, IOVA + 2 * i * PAGE, PAGE))
			return FAILS;
	return HOLDS;
}

static enum verdict wrong_fds(struct probe *probe)
{
	int sockets[2], fd = conform_memory(probe, 16 * PAGE);
	char path[64];

	REQUIRE(probe, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0,
		"socketpair");
	conform_keep(probe, sockets[0]);
	conform_keep(probe, sockets[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const int fds[] = {sockets[0],
			   conform_eventfd(probe),
			   conform_keep(probe, open("/", O_RDONLY | O_CLOEXEC)),
			   conform_keep(probe, open(path, O_WRONLY | O_CLOEXEC)),
			   conform_keep(probe, open(path, O_RDONLY | O_CLOEXEC)),
			   conform_keep(probe, open("/dev/null", O_RDWR | O_CLOEXEC))};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (!refuses_map(probe, IOVA, PAGE, 0, RW, fds[i]))
			return FAILS;
	return map(probe, IOVA, PAGE, 0, VU_DMA_MAP_READ, fds[4]) ? HOLDS : FAILS;
}

static enum verdict unaligned_offset(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);
	struct vu_dma_map m = {sizeof(m), RW, 100, IOVA, PAGE};
	struct client_message reply;

	if (client_call_fds(&probe->client, VU_DMA_MAP, &m, sizeof(m), &fd, 1, &reply) >= 0)
		client_message_free(&reply);
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return HOLDS;
}

static enum verdict too_many_fds(struct probe *probe)
{
	int fds[3];
	struct vu_dma_map m = {sizeof(m), RW, 0, IOVA, PAGE};
	struct client_message reply;

	for (int i = 0; i < 3; i++)
		fds[i] = conform_memory(probe, PAGE);
	if (client_call_fds(&probe->client, VU_DMA_MAP, &m, sizeof(m), fds, 3, &reply) >= 0)
		client_message_free(&reply);
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return HOLDS;
}

static enum verdict bad_flags(struct probe *probe)
{
	struct vu_dma_unmap m = {sizeof(m), 0x10, IOVA, PAGE};

	if (!refuses_map(probe, IOVA, PAGE, 0, 4, -1) ||
	    !refuses_map(probe, IOVA, PAGE, 0, 0x80000003u, -1) ||
	    !map(probe, IOVA, PAGE, 0, RW, -1))
		return FAILS;
	return conform_refuses(probe, VU_DMA_UNMAP, &m, sizeof(m), NULL, 0) ? HOLDS : FAILS;
}

static enum verdict unmap_all(struct probe *probe)
{
	struct vu_dma_unmap m = {sizeof(m), VU_DMA_UNMAP_ALL, 0, 0}, reply;

	for (uint64_t i = 0; i < 10; i++)
		if (!map(probe, IOVA + 2 * i * PAGE, PAGE, 0, RW, -1))
			return FAILS;
	ssize_t n = client_call(&probe->client, VU_DMA_UNMAP, &m, sizeof(m), &reply, sizeof(reply));

	REQUIRE(probe, n == sizeof(reply), "refused (%zd)", n);
	return map(probe, IOVA, 100 * PAGE, 0, RW, -1) ? HOLDS : FAILS;
}

static enum verdict gone_with_client(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);

	for (int i = 0; i < 3; i++) {
		if (!map(probe, IOVA, 16 * PAGE, 0, RW, fd) || !map(probe, 0, 16 * PAGE, 0, RW, -1))
			return FAILS;
		REQUIRE(probe, conform_again(probe, false) == 0, "cannot connect again");
	}
	return HOLDS;
}

/* All references, mappings too, are gone when the reply comes: a file that nobody maps writably can
 * be sealed. */
static enum verdict released(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);

	if (!map(probe, IOVA, 16 * PAGE, 0, RW, fd) || !unmap(probe, IOVA, 16 * PAGE))
		return FAILS;
	REQUIRE(probe, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0,
		"the memory is still mapped after DMA_UNMAP was answered");
	return HOLDS;
}

static enum verdict truncated(struct probe *probe)
{
	int fd = conform_memory(probe, 16 * PAGE);

	if (!map(probe, IOVA, 16 * PAGE, 0, RW, fd))
		return FAILS;
	REQUIRE(probe, ftruncate(fd, 0) == 0, "ftruncate");
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return unmap(probe, IOVA, 16 * PAGE) ? HOLDS : FAILS;
}

#define SPEC "vfio-user specification, VFIO_USER_DMA_"
const struct row rows_dma[] = {
	{"dma: memory without a descriptor", SPEC "MAP", 0, without_fd},
	{"dma: memory with a descriptor", SPEC "MAP", 0, with_fd},
	{"dma: DMA_UNMAP is answered with its region", SPEC "UNMAP, Reply", 0, unmap_echo},
	{"dma: mapping over a mapping fails with EEXIST", SPEC "MAP", 0, overlaps},
	{"dma: neighbours do not overlap", SPEC "MAP", 0, neighbours},
	{"dma: unmapping part of a mapping is refused", SPEC "UNMAP", 0, unmap_not_exact},
	{"dma: unmapping what is not mapped is refused", SPEC "UNMAP", 0, unmap_unknown},
	{"dma: sizes of 0 and ranges that wrap are refused", "Security Considerations", 0,
	 bad_sizes},
	{"dma: offsets that wrap are refused", "Security Considerations", 0, bad_offsets},
	{"dma: more than the file has is refused", "Security Considerations", ROW_OURS,
	 beyond_file},
	{"dma: small and odd areas, as firmware makes them", SPEC "MAP", 0, odd_areas},
	{"dma: the last page of the address space", SPEC "MAP", ROW_OURS, last_page},
	{"dma: three hundred in a pipeline", "Command Concurrency", 0, pipelined},
	{"dma: descriptors that cannot be mapped so are refused", SPEC "MAP", 0, wrong_fds},
	{"dma: an unaligned offset does no harm", SPEC "MAP", 0, unaligned_offset},
	{"dma: surplus descriptors do no harm", "File descriptors", 0, too_many_fds},
	{"dma: unknown flags are refused", SPEC "MAP, _UNMAP", ROW_OURS, bad_flags},
	{"dma: all regions unmapped by flag 2", "as VFIO's unmap all", ROW_OURS, unmap_all},
	{"dma: a client's memory leaves with it", "Client Disconnection", 0, gone_with_client},
	{"dma: nothing is held once DMA_UNMAP is answered", SPEC "UNMAP, Reply", 0, released},
	{"dma: a truncated file does no harm", "Security Considerations", 0, truncated},
	{0},
};
