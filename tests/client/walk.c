// SPDX-License-Identifier: BSD-2-Clause
/* Every command of the protocol, one after the other. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- what is there */

static int show_device(struct client *client)
{
	struct vu_device_info info = {.argsz = sizeof(info)};
	ssize_t n =
		client_call(client, VU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info));

	if (n != sizeof(info))
		return failed("DEVICE_GET_INFO", n < 0 ? (int)n : -EPROTO);
	say("DEVICE_GET_INFO: flags 0x%x, %u regions, %u interrupts", info.flags, info.num_regions,
	    info.num_irqs);
	return info.flags & VU_DEVICE_FLAG_PCI ? (int)info.num_regions : -EPROTO;
}

/* The region's information, its capabilities, and its descriptor, in message. */
static int get_region(struct client *client, uint32_t index, struct vu_region_info *info,
		      struct client_message *message)
{
	ssize_t n;

	*info = (struct vu_region_info){.argsz = 1024, .index = index};
	n = client_call_fds(client, VU_DEVICE_GET_REGION_INFO, info, sizeof(*info), NULL, 0,
			    message);
	if (n < 0)
		return (int)n;
	if ((size_t)n >= sizeof(*info)) {
		memcpy(info, message->data, sizeof(*info));
		if (info->argsz == (size_t)n && info->index == index)
			return 0;
	}
	client_message_free(message);
	return -EPROTO;
}

/* The areas of a region that can be mapped; how many, or -errno. */
static int get_areas(const struct vu_region_info *info, const struct client_message *message,
		     struct vu_sparse_area *areas, unsigned max)
{
	struct vu_sparse_mmap cap;
	size_t at = info->cap_offset + sizeof(cap);

	if (!(info->flags & VU_REGION_FLAG_CAPS))
		return 0;
	if (info->cap_offset < sizeof(*info) || at > message->size)
		return -EPROTO;
	memcpy(&cap, message->data + info->cap_offset, sizeof(cap));
	if (cap.header.id != VU_REGION_CAP_SPARSE_MMAP || cap.nr_areas > max ||
	    message->size - at < cap.nr_areas * sizeof(*areas))
		return -EPROTO;
	memcpy(areas, message->data + at, cap.nr_areas * sizeof(*areas));
	return (int)cap.nr_areas;
}

static int show_region(struct client *client, uint32_t index)
{
	struct vu_sparse_area areas[8];
	struct client_message message;
	struct vu_region_info info;
	int rc = get_region(client, index, &info, &message);

	if (rc < 0)
		return failed("DEVICE_GET_REGION_INFO", rc);
	say("DEVICE_GET_REGION_INFO: region %u: 0x%llx bytes, flags 0x%x, %u descriptors", index,
	    (unsigned long long)info.size, info.flags, message.nfds);
	rc = get_areas(&info, &message, areas, 8);
	for (int i = 0; i < rc; i++)
		say("    mappable: 0x%llx bytes at 0x%llx", (unsigned long long)areas[i].size,
		    (unsigned long long)areas[i].offset);
	client_message_free(&message);
	return rc < 0 ? failed("its capabilities", rc) : 0;
}

static int show_interrupt(struct client *client, uint32_t index)
{
	struct vu_irq_info info = {.argsz = sizeof(info), .index = index};
	ssize_t n = client_call(client, VU_DEVICE_GET_IRQ_INFO, &info, sizeof(info), &info,
				sizeof(info));

	if (n != sizeof(info))
		return failed("DEVICE_GET_IRQ_INFO", n < 0 ? (int)n : -EPROTO);
	say("DEVICE_GET_IRQ_INFO: interrupt %u: %u of them, flags 0x%x", index, info.count,
	    info.flags);
	return 0;
}

static int show_io_fds(struct client *client)
{
	struct vu_region_io_fds info = {.argsz = 1024, .index = 0};
	ssize_t n = client_call(client, VU_DEVICE_GET_REGION_IO_FDS, &info, sizeof(info), &info,
				sizeof(info));

	if (n != sizeof(info) || info.count)
		return failed("DEVICE_GET_REGION_IO_FDS", n < 0 ? (int)n : -EPROTO);
	say("DEVICE_GET_REGION_IO_FDS: region 0 has none");
	return 0;
}

static int show_all(struct client *client)
{
	int regions = show_device(client), rc = regions < 0 ? regions : 0;

	for (uint32_t i = 0; rc == 0 && i < (uint32_t)regions; i++)
		rc = show_region(client, i);
	for (uint32_t i = 0; rc == 0 && i < VU_NUM_IRQS; i++)
		rc = show_interrupt(client, i);
	return rc == 0 ? show_io_fds(client) : rc;
}

/* ---- accesses */

static int check_ids(struct client *client)
{
	static const uint8_t wanted[] = {0xad, 0xde, 0xef, 0xbe};
	static const uint8_t subsystem[] = {0xfe, 0xca, 0xbe, 0xba};
	uint8_t config[256];
	int rc = client_read(client, VU_REGION_CONFIG, 0, config, sizeof(config));

	if (rc == 0 && (memcmp(config, wanted, 4) != 0 || memcmp(config + 0x2c, subsystem, 4) != 0))
		rc = -ENODEV;
	return done("REGION_READ: config space: dead:beef, subsystem cafe:babe", rc);
}

int session_map_bar1(struct session *session)
{
	struct vu_sparse_area areas[8];
	struct client_message message;
	struct vu_region_info info;
	int rc = get_region(&session->client, 1, &info, &message), n;

	if (rc < 0)
		return failed("BAR 1", rc);
	n = get_areas(&info, &message, areas, 8);
	if (n != 2 || areas[0].offset != 0 || areas[0].size != 0x1000 ||
	    areas[1].offset != 0x2000 || areas[1].size != 0x1000 || message.nfds != 1)
		rc = -EPROTO;
	if (rc == 0)
		session->bar1 = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
				     message.fds[0], (off_t)info.offset);
	if (session->bar1 == MAP_FAILED) {
		session->bar1 = NULL;
		rc = -errno;
	}
	client_message_free(&message);
	return done("BAR 1 is mapped, its first and its third page", rc);
}

/* One message across all three windows; two of them are seen in the mapping at once. */
static int access_bar1(struct session *session)
{
	uint8_t out[RAM_SIZE], in[RAM_SIZE];
	uint64_t reserved = 1;
	int rc;

	for (unsigned i = 0; i < RAM_SIZE; i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
	rc = write_bar1(session, out);
	if (rc == 0)
		rc = read_bar1(session, in);
	if (rc == 0 && (memcmp(in, out, RAM_SIZE) != 0 || memcmp(session->bar1, out, 0x1000) != 0 ||
			memcmp(session->bar1 + 0x2000, out + 0x2000, 0x1000) != 0))
		rc = -EIO;
	if (rc == 0)
		rc = client_put(&session->client, 1, RAM_SIZE, 8, UINT64_MAX);
	if (rc == 0)
		rc = client_get(&session->client, 1, RAM_SIZE, 8, &reserved);
	if (rc == 0 && reserved)
		rc = -EIO;
	return done("REGION_WRITE, REGION_READ: 12 KiB across BAR 1, also seen in the mapping", rc);
}

static int write_two(struct session *session)
{
	struct {
		uint64_t count;
		struct vu_write_multi writes[2];
	} request = {2,
		     {{.offset = 0x1000, .region = 1, .count = 4, .data = {1, 2, 3, 4}},
		      {.offset = 0x1004, .region = 1, .count = 4, .data = {5, 6, 7, 8}}}};
	uint64_t count = 0, value = 0;
	ssize_t n = client_call(&session->client, VU_REGION_WRITE_MULTI, &request, sizeof(request),
				&count, sizeof(count));
	int rc = n < 0 ? (int)n : count == 2 ? 0 : -EPROTO;

	if (rc == 0)
		rc = client_get(&session->client, 1, 0x1000, 8, &value);
	if (rc == 0 && value != UINT64_C(0x0807060504030201))
		rc = -EIO;
	return done("REGION_WRITE_MULTI: two at once", rc);
}

static int write_several(struct session *session)
{
	if (!session->several) {
		say("REGION_WRITE_MULTI: the server does not offer it");
		return 0;
	}
	return write_two(session);
}

/* ---- the alarm, with logging of what the device writes */

static int start_logging(struct client *client)
{
	struct vu_dma_logging_control control = {.page_size = 4096}, reply;
	ssize_t n = client_feature(client, VU_FEATURE_SET | VU_FEATURE_DMA_LOGGING_START, &control,
				   sizeof(control), &reply, sizeof(reply));

	return done("DEVICE_FEATURE: DMA logging starts", n < 0 ? (int)n : 0);
}

static int report_logging(struct client *client)
{
	struct vu_dma_logging_report request = {0, NREGIONS * REGION_SIZE, 4096};
	struct {
		struct vu_dma_logging_report head;
		uint64_t bitmap;
	} reply = {0};
	ssize_t n = client_feature(client, VU_FEATURE_GET | VU_FEATURE_DMA_LOGGING_REPORT, &request,
				   sizeof(request), &reply, sizeof(reply));

	if (n != sizeof(reply))
		return failed("DMA logging's report", n < 0 ? (int)n : -EPROTO);
	say("DEVICE_FEATURE: pages that were written: 0x%llx", (unsigned long long)reply.bitmap);
	/* The first page of region 1; that of region 0 was written by ourselves, so a server may
	 * leave it out. */
	if ((reply.bitmap | 1) != (UINT64_C(1) | UINT64_C(1) << REGION_SIZE / 4096))
		return failed("these are not the pages", -EIO);
	n = client_feature(client, VU_FEATURE_SET | VU_FEATURE_DMA_LOGGING_STOP, NULL, 0, NULL, 0);
	return done("DEVICE_FEATURE: DMA logging ends", n < 0 ? (int)n : 0);
}

static int ring_once(struct session *session)
{
	uint64_t at = now_realtime_ns() / SECOND + 1;
	int rc = start_logging(&session->client);

	if (rc == 0)
		rc = set_alarm(session, at);
	if (rc == 0)
		rc = await_alarm(session, at);
	return rc == 0 ? report_logging(&session->client) : rc;
}

/* ---- all of it */

static int show_migration(struct client *client)
{
	uint64_t flags = 0;
	ssize_t n = client_feature(client, VU_FEATURE_GET | VU_FEATURE_MIGRATION, NULL, 0, &flags,
				   sizeof(flags));

	if (n != sizeof(flags))
		return failed("the feature MIGRATION", n < 0 ? (int)n : -EPROTO);
	say("DEVICE_FEATURE: migration flags 0x%llx", (unsigned long long)flags);
	return flags & VU_MIGRATION_PRE_COPY ? 0 : failed("no PRE_COPY", -EPROTO);
}

static int stop_and_go(struct client *client)
{
	uint64_t value;
	int rc = client_mig_set(client, VU_MIG_STOP);

	if (rc == 0)
		rc = client_get(client, 1, 0x1000, 4, &value);
	if (rc == 0)
		rc = client_get(client, 0, 0, 8, &value);
	if (rc == 0)
		rc = client_mig_set(client, VU_MIG_RUNNING);
	return done("STOP: accesses are answered; RUNNING again", rc);
}

int walk(struct session *session)
{
	struct client *client = &session->client;
	int rc = session_agree(session);

	if (rc == 0)
		rc = session_attach(session);
	if (rc == 0)
		rc = show_all(client);
	if (rc == 0)
		rc = check_ids(client);
	if (rc == 0)
		rc = session_map_bar1(session);
	if (rc == 0)
		rc = access_bar1(session);
	if (rc == 0)
		rc = write_several(session);
	if (rc == 0)
		rc = ring_once(session);
	if (rc == 0)
		rc = show_migration(client);
	if (rc == 0)
		rc = stop_and_go(client);
	if (rc == 0)
		rc = done("DMA_UNMAP: the last region",
			  client_dma_unmap(client, (NREGIONS - 1) * REGION_SIZE, REGION_SIZE));
	if (rc == 0)
		rc = done("DEVICE_RESET", client_reset(client));
	return rc;
}
