/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands about regions: their description, reads and writes. */
#include <errno.h>
#include <string.h>

#include "region.h"

static void region_flags(const struct mdl_dev *dev, struct vu_region_info *info)
{
	info->size = region_size(dev, info->index);
	info->offset = 0;
	info->cap_offset = 0;
	info->flags = 0;
	if (info->size == 0)
		return;
	info->flags = VU_REGION_FLAG_READ;
	if (info->index != VU_REGION_ROM)
		info->flags |= VU_REGION_FLAG_WRITE;
}

/*
 * A client that has no room for the capabilities is told how much they need, and asks again.  Their
 * flag without them is what QEMU refuses.
 */
static void region_mapping(struct mdl_dev *dev, struct bar *bar, struct vu_region_info *info,
			   uint32_t room, struct reply *reply)
{
	/* a client that takes no descriptors can map nothing */
	if (bar->nareas == 0 || conn_limits(dev)->max_fds == 0)
		return;
	info->flags |= VU_REGION_FLAG_MMAP;
	info->argsz += (uint32_t)bar->caps_size;
	if (room < info->argsz)
		return;
	if (bar->caps_size > 0) {
		info->flags |= VU_REGION_FLAG_CAPS;
		info->cap_offset = sizeof(*info);
		reply->tail = bar->caps;
		reply->tail_size = bar->caps_size;
	}
	reply->fds[0] = bar->memfd;
	reply->nfds = 1;
	bar->given = true;
	doorbells_shared(dev, bar);
}

int region_get_info(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_region_info info;
	uint32_t room;

	if (req->size < sizeof(info))
		return -EINVAL;
	memcpy(&info, req->data, sizeof(info));
	room = info.argsz;
	if (room < sizeof(info) || info.index >= VU_NUM_REGIONS)
		return -EINVAL;
	info.argsz = sizeof(info);
	region_flags(dev, &info);
	if (info.index < NUM_BARS)
		region_mapping(dev, &dev->regions->bars[info.index], &info, room, reply);
	memcpy(reply->data, &info, sizeof(info));
	reply->size = sizeof(info);
	return 0;
}

static int access_head(const struct mdl_dev *dev, const struct request *req,
		       struct vu_region_access *head)
{
	if (req->size < sizeof(*head))
		return -EINVAL;
	memcpy(head, req->data, sizeof(*head));
	return head->count > dev->regions->scratch_size ? -EINVAL : 0;
}

/* More than fits beside the head goes out from where it lies. */
static int read_large(struct mdl_dev *dev, const struct vu_region_access *head, struct reply *reply)
{
	const uint8_t *memory = region_memory(dev, head->region, head->offset, head->count);
	int err;

	if (!memory) {
		memory = dev->regions->scratch;
		err = region_access(dev, head->region, head->offset, dev->regions->scratch,
				    head->count, false);
		if (err)
			return err;
	} else if (dev->tracing) {
		trace_bytes(dev, head->region, head->offset, memory, head->count, false);
	}
	reply->tail = memory;
	reply->tail_size = head->count;
	return 0;
}

int region_read_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_region_access head;
	int err;

	err = access_head(dev, req, &head);
	if (err)
		return err;
	reply->size = sizeof(head);
	if (head.count > REPLY_SPACE - sizeof(head)) {
		err = read_large(dev, &head, reply);
	} else {
		err = region_access(dev, head.region, head.offset, reply->data + sizeof(head),
				    head.count, false);
		reply->size += head.count;
	}
	if (err)
		return err;
	memcpy(reply->data, &head, sizeof(head));
	return 0;
}

int region_write_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_region_access head;
	int err;

	err = access_head(dev, req, &head);
	if (err)
		return err;
	if (req->size - sizeof(head) != head.count)
		return -EINVAL;
	/* Writing does not alter the data; the type serves both directions. */
	err = region_access(dev, head.region, head.offset,
			    (uint8_t *)(uintptr_t)(req->data + sizeof(head)), head.count, true);
	if (err)
		return err;
	memcpy(reply->data, &head, sizeof(head));
	reply->size = sizeof(head);
	return 0;
}

/* As if each write had come by itself: a bad one does not keep the others from being done. */
int region_write_multi_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_write_multi one;
	uint64_t count;
	int err = 0;

	if (req->size < sizeof(count))
		return -EINVAL;
	memcpy(&count, req->data, sizeof(count));
	if (count > (req->size - sizeof(count)) / sizeof(one) ||
	    req->size != sizeof(count) + count * sizeof(one))
		return -EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		int bad = -EINVAL;

		memcpy(&one, req->data + sizeof(count) + i * sizeof(one), sizeof(one));
		if (one.count <= sizeof(one.data))
			bad = region_access(dev, one.region, one.offset, one.data, one.count, true);
		if (bad && !err)
			err = bad;
	}
	if (err)
		return err;
	memcpy(reply->data, &count, sizeof(count));
	reply->size = sizeof(count);
	return 0;
}
