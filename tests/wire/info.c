// SPDX-License-Identifier: BSD-2-Clause
/* What the device says of itself, its regions and its interrupts. */
#include "conform.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE     4096u
#define MAX_INFO 65536u

static enum verdict device_info(struct probe *probe)
{
	struct vu_device_info info = {.argsz = 4096};
	ssize_t n = client_call(&probe->client, VU_DEVICE_GET_INFO, &info, sizeof(info), &info,
				sizeof(info));

	REQUIRE(probe, n == sizeof(info), "the reply has %zd bytes of payload", n);
	REQUIRE(probe, info.argsz == sizeof(info), "argsz is %u", info.argsz);
	REQUIRE(probe, info.flags & VU_DEVICE_FLAG_PCI, "flags are 0x%x: no PCI device",
		info.flags);
	REQUIRE(probe, !(info.flags & ~3u), "flags are 0x%x: unknown ones", info.flags);
	REQUIRE(probe, info.num_regions >= VU_NUM_REGIONS, "only %u regions", info.num_regions);
	REQUIRE(probe, info.num_irqs >= 1, "no interrupt types");
	return HOLDS;
}

static enum verdict qemu_takes_info(struct probe *probe)
{
	const struct vu_device_info *info = &probe->subject->info;

	REQUIRE(probe, info->num_regions <= 100, "%u regions", info->num_regions);
	REQUIRE(probe, info->num_irqs >= 3 && info->num_irqs <= 50, "%u interrupt types",
		info->num_irqs);
	REQUIRE(probe, probe->subject->irqs[VU_IRQ_ERR].count == 1, "no ERR interrupt");
	return HOLDS;
}

static enum verdict small_argsz(struct probe *probe)
{
	static const struct {
		uint16_t command;
		uint32_t size;
	} rows[] = {{VU_DEVICE_GET_INFO, 16},
		    {VU_DEVICE_GET_REGION_INFO, 32},
		    {VU_DEVICE_GET_IRQ_INFO, 16}};

	for (size_t i = 0; i < 3; i++)
		for (uint32_t argsz = 0; argsz < rows[i].size; argsz += 5) {
			uint8_t payload[32] = {0};

			memcpy(payload, &argsz, 4);
			if (!conform_refuses(probe, rows[i].command, payload, rows[i].size, NULL,
					     0))
				return FAILS;
		}
	return HOLDS;
}

static ssize_t get_region(struct probe *probe, uint32_t index, uint32_t argsz,
			  struct client_message *reply, struct vu_region_info *info)
{
	struct vu_region_info request = {.argsz = argsz, .index = index};
	ssize_t n = client_call_fds(&probe->client, VU_DEVICE_GET_REGION_INFO, &request,
				    sizeof(request), NULL, 0, reply);

	if (n >= (ssize_t)sizeof(*info))
		memcpy(info, reply->data, sizeof(*info));
	else if (n >= 0)
		client_message_free(reply);
	return n;
}

static enum verdict region_infos(struct probe *probe)
{
	for (uint32_t i = 0; i < probe->subject->info.num_regions; i++) {
		struct client_message reply;
		struct vu_region_info info;
		ssize_t n = get_region(probe, i, MAX_INFO, &reply, &info);

		REQUIRE(probe, n >= (ssize_t)sizeof(info), "region %u: no reply (%zd)", i, n);
		unsigned nfds = reply.nfds;

		client_message_free(&reply);
		REQUIRE(probe, info.index == i, "region %u: the reply is of %u", i, info.index);
		REQUIRE(probe, info.argsz == (size_t)n, "region %u: argsz is %u, payload %zd", i,
			info.argsz, n);
		REQUIRE(probe, !(info.flags & ~15u), "region %u: unknown flags 0x%x", i,
			info.flags);
		REQUIRE(probe, (info.flags & VU_REGION_FLAG_MMAP) || !nfds,
			"region %u: a descriptor without MMAP", i);
		REQUIRE(probe, !(info.flags & VU_REGION_FLAG_MMAP) || nfds,
			"region %u: MMAP without a descriptor", i);
		REQUIRE(probe, info.size || !info.flags, "region %u: flags 0x%x, no size", i,
			info.flags);
		REQUIRE(probe, !info.size || info.flags & 3u,
			"region %u can be neither read nor written", i);
	}
	return HOLDS;
}

static enum verdict region_sizes(struct probe *probe)
{
	const struct vu_region_info *regions = probe->subject->regions;

	for (uint32_t i = 0; i < 6; i++)
		REQUIRE(probe, !(regions[i].size & (regions[i].size - 1)),
			"BAR %u has %llu bytes, no power of two", i,
			(unsigned long long)regions[i].size);
	REQUIRE(probe, !(regions[VU_REGION_ROM].size & (regions[VU_REGION_ROM].size - 1)),
		"the ROM's size is no power of two");
	uint64_t size = regions[VU_REGION_CONFIG].size;

	REQUIRE(probe, size == 256 || size == 4096, "config space has %llu bytes",
		(unsigned long long)size);
	REQUIRE(probe, (regions[VU_REGION_CONFIG].flags & 3u) == 3u,
		"config space cannot be read and written");
	return HOLDS;
}

static enum verdict index_range(struct probe *probe)
{
	const uint32_t regions[] = {probe->subject->info.num_regions, 1000, 0x7fffffff, UINT32_MAX};
	const uint32_t irqs[] = {probe->subject->info.num_irqs, 1000, 0x7fffffff, UINT32_MAX};

	for (size_t i = 0; i < 4; i++) {
		struct vu_region_info region = {.argsz = sizeof(region), .index = regions[i]};
		struct vu_irq_info irq = {.argsz = sizeof(irq), .index = irqs[i]};

		if (!conform_refuses(probe, VU_DEVICE_GET_REGION_INFO, &region, sizeof(region),
				     NULL, 0) ||
		    !conform_refuses(probe, VU_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0))
			return FAILS;
	}
	return HOLDS;
}

/* The first region that has capabilities, asked for with room for them; its message in *reply. */
static int find_caps(struct probe *probe, struct client_message *reply, struct vu_region_info *info,
		     uint32_t after)
{
	for (uint32_t i = after; i < probe->subject->info.num_regions; i++) {
		if (get_region(probe, i, MAX_INFO, reply, info) < (ssize_t)sizeof(*info))
			continue;
		if (info->flags & VU_REGION_FLAG_CAPS)
			return (int)i;
		client_message_free(reply);
	}
	return -1;
}

static enum verdict argsz_rule(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_info info, small;
	int index = find_caps(probe, &reply, &info, 0);

	APPLIES_IF(probe, index >= 0, "no region has capabilities");
	client_message_free(&reply);
	for (uint32_t argsz = sizeof(info); argsz <= info.argsz; argsz++) {
		ssize_t n = get_region(probe, (uint32_t)index, argsz, &reply, &small);

		REQUIRE(probe, n >= (ssize_t)sizeof(small), "argsz %u: no reply (%zd)", argsz, n);
		unsigned nfds = reply.nfds;

		client_message_free(&reply);
		REQUIRE(probe, small.argsz == info.argsz, "argsz %u: the reply says %u, not %u",
			argsz, small.argsz, info.argsz);
		REQUIRE(probe,
			n == (argsz < info.argsz ? (ssize_t)sizeof(small) : (ssize_t)info.argsz),
			"argsz %u: %zd bytes of payload", argsz, n);
		REQUIRE(probe, argsz == info.argsz || small.cap_offset == 0,
			"argsz %u: cap_offset %u without capabilities", argsz, small.cap_offset);
		(void)nfds;
	}
	return HOLDS;
}

static enum verdict small_without_fd(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_info info;
	int index = find_caps(probe, &reply, &info, 0);

	APPLIES_IF(probe, index >= 0, "no region has capabilities");
	client_message_free(&reply);
	ssize_t n = get_region(probe, (uint32_t)index, sizeof(info), &reply, &info);

	REQUIRE(probe, n == sizeof(info), "no reply (%zd)", n);
	unsigned nfds = reply.nfds;

	client_message_free(&reply);
	REQUIRE(probe, nfds == 0, "the incomplete reply has %u descriptors", nfds);
	return HOLDS;
}

/* Sound areas: in order of nothing, but inside the region, of whole pages, and disjoint. */
static const char *judge_areas(const struct vu_sparse_area *areas, uint32_t count, uint64_t size)
{
	for (uint32_t i = 0; i < count; i++) {
		if (areas[i].offset % PAGE || areas[i].size % PAGE || !areas[i].size)
			return "an area is not of whole pages";
		if (areas[i].offset > size || areas[i].size > size - areas[i].offset)
			return "an area reaches beyond the region";
		for (uint32_t j = 0; j < i; j++)
			if (areas[i].offset < areas[j].offset + areas[j].size &&
			    areas[j].offset < areas[i].offset + areas[i].size)
				return "two areas overlap";
	}
	return NULL;
}

/* Walk the capabilities; the sparse areas' place in the message goes to *areas. */
static const char *judge_caps(const struct client_message *reply, const struct vu_region_info *info,
			      struct vu_sparse_area *areas, uint32_t max, uint32_t *count)
{
	uint32_t at = info->cap_offset;

	*count = 0;
	for (int links = 0; at; links++) {
		struct vu_sparse_mmap cap;

		if (links > 16)
			return "the list of capabilities does not end";
		if (at < sizeof(*info) || at + sizeof(cap.header) > reply->size)
			return "a capability lies outside the reply";
		memcpy(&cap, reply->data + at, sizeof(cap.header));
		if (cap.header.id == VU_REGION_CAP_SPARSE_MMAP) {
			if (at + sizeof(cap) > reply->size || cap.header.version != 1)
				return "the sparse mmap capability is malformed";
			memcpy(&cap, reply->data + at, sizeof(cap));
			if (cap.nr_areas > max ||
			    cap.nr_areas * sizeof(*areas) > reply->size - at - sizeof(cap))
				return "the areas do not fit into the reply";
			memcpy(areas, reply->data + at + sizeof(cap),
			       cap.nr_areas * sizeof(*areas));
			*count = cap.nr_areas;
		}
		at = cap.header.next;
	}
	return NULL;
}

static enum verdict sparse_areas(struct probe *probe)
{
	struct client_message reply;
	struct vu_region_info info;
	int index = find_caps(probe, &reply, &info, 0);

	APPLIES_IF(probe, index >= 0, "no region has capabilities");
	for (; index >= 0; index = find_caps(probe, &reply, &info, (uint32_t)index + 1)) {
		struct vu_sparse_area areas[1024];
		uint32_t count;
		const char *wrong = judge_caps(&reply, &info, areas, 1024, &count);

		if (!wrong)
			wrong = judge_areas(areas, count, info.size);
		client_message_free(&reply);
		REQUIRE(probe, !wrong, "region %d: %s", index, wrong);
	}
	return HOLDS;
}

/* What is read by message, in words; NULL for what cannot be read. */
static const char *compare(struct probe *probe, uint32_t region, uint64_t offset,
			   const uint8_t *memory)
{
	for (uint64_t i = 0; i < 64; i += 4) {
		uint8_t data[4];
		int tries = 0;

		do {
			if (client_read(&probe->client, region, offset + i, data, 4) < 0)
				return "cannot be read by message";
		} while (memcmp(data, memory + i, 4) != 0 && ++tries < 3);
		if (tries == 3)
			return "differs from what is read by message";
	}
	return NULL;
}

static const char *try_area(struct probe *probe, const struct client_message *reply,
			    const struct vu_region_info *info, const struct vu_sparse_area *area)
{
	uint64_t at = info->offset + area->offset;
	struct stat st;
	const char *wrong;

	if (fstat(reply->fds[0], &st) == 0 && S_ISREG(st.st_mode) &&
	    ((uint64_t)st.st_size < at || (uint64_t)st.st_size - at < area->size))
		return "is larger than the file";
	void *memory = mmap(NULL, area->size, PROT_READ, MAP_SHARED, reply->fds[0], (off_t)at);

	if (memory == MAP_FAILED)
		return "cannot be mapped";
	wrong = info->flags & VU_REGION_FLAG_READ
			? compare(probe, info->index, area->offset, memory)
			: NULL;
	munmap(memory, area->size);
	return wrong;
}

static enum verdict mapped_content(struct probe *probe)
{
	bool any = false;

	for (uint32_t i = 0; i < probe->subject->info.num_regions; i++) {
		struct client_message reply;
		struct vu_region_info info;
		struct vu_sparse_area areas[1024];
		uint32_t count;
		const char *wrong;

		if (get_region(probe, i, MAX_INFO, &reply, &info) < (ssize_t)sizeof(info))
			continue;
		wrong = judge_caps(&reply, &info, areas, 1024, &count);
		if (!count) {
			count = 1;
			areas[0] = (struct vu_sparse_area){0, info.size};
		}
		if (!(info.flags & VU_REGION_FLAG_MMAP) || !reply.nfds)
			count = 0;
		any |= count > 0;
		for (uint32_t a = 0; a < count && !wrong; a++)
			wrong = try_area(probe, &reply, &info, &areas[a]);
		client_message_free(&reply);
		REQUIRE(probe, !wrong, "region %u: an area %s", i, wrong);
	}
	APPLIES_IF(probe, any, "no region can be mapped");
	return HOLDS;
}

static enum verdict irq_infos(struct probe *probe)
{
	for (uint32_t i = 0; i < probe->subject->info.num_irqs; i++) {
		struct vu_irq_info info = {.argsz = 64, .index = i};
		ssize_t n = client_call(&probe->client, VU_DEVICE_GET_IRQ_INFO, &info, sizeof(info),
					&info, sizeof(info));

		REQUIRE(probe, n == sizeof(info), "interrupt %u: no reply (%zd)", i, n);
		REQUIRE(probe, info.index == i && info.argsz == sizeof(info),
			"interrupt %u: the reply has index %u, argsz %u", i, info.index,
			info.argsz);
		REQUIRE(probe, !(info.flags & ~15u), "interrupt %u: unknown flags 0x%x", i,
			info.flags);
		REQUIRE(probe,
			!(info.flags & VU_IRQ_INFO_AUTOMASKED) || info.flags & VU_IRQ_INFO_MASKABLE,
			"interrupt %u masks itself but cannot be unmasked", i);
	}
	return HOLDS;
}

static enum verdict irq_counts(struct probe *probe)
{
	static const uint32_t most[VU_NUM_IRQS] = {1, 32, 2048, 1, 1};

	for (uint32_t i = 0; i < VU_NUM_IRQS && i < probe->subject->info.num_irqs; i++)
		REQUIRE(probe, probe->subject->irqs[i].count <= most[i], "interrupt %u has %u", i,
			probe->subject->irqs[i].count);
	uint32_t msi = probe->subject->irqs[VU_IRQ_MSI].count;

	REQUIRE(probe, !(msi & (msi - 1)), "MSI has %u vectors, no power of two", msi);
	return HOLDS;
}

static enum verdict reset(struct probe *probe)
{
	APPLIES_IF(probe, probe->subject->info.flags & VU_DEVICE_FLAG_RESET,
		   "the device has no reset");
	for (int i = 0; i < 3; i++)
		REQUIRE(probe, client_reset(&probe->client) == 0, "RESET failed or has a payload");
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return HOLDS;
}

#define SPEC "vfio-user specification, VFIO_USER_"
const struct row rows_info[] = {
	{"info: a PCI device with 9 regions or more", SPEC "DEVICE_GET_INFO", 0, device_info},
	{"info: QEMU takes the numbers", "QEMU, hw/vfio-user/device.c", ROW_OURS, qemu_takes_info},
	{"info: an argsz below the fixed part is refused", "Message sizes", ROW_OURS, small_argsz},
	{"info: regions: index, argsz, flags and descriptors agree", SPEC "DEVICE_GET_REGION_INFO",
	 0, region_infos},
	{"info: regions: sizes that PCI allows", "PCI 6.2.5.1, 6.1", 0, region_sizes},
	{"info: indices out of range are refused", SPEC "DEVICE_GET_REGION_INFO, _IRQ_INFO", 0,
	 index_range},
	{"info: regions: capabilities only where argsz has room", "Message sizes", 0, argsz_rule},
	{"info: regions: no descriptor without the capabilities", "Message sizes", ROW_OURS,
	 small_without_fd},
	{"info: regions: sparse areas are sound", "VFIO sparse mmap cap header", 0, sparse_areas},
	{"info: regions: mapped areas show what messages do", SPEC "DEVICE_GET_REGION_INFO", 0,
	 mapped_content},
	{"info: interrupts: index, argsz and flags", SPEC "DEVICE_GET_IRQ_INFO", 0, irq_infos},
	{"info: interrupts: counts that PCI allows", "PCI 6.8.1.3, 6.8.2", 0, irq_counts},
	{"info: a device that says so can be reset", SPEC "DEVICE_RESET", 0, reset},
	{0},
};
