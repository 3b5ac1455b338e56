/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `doorbell … ioeventfd`: the client binds an eventfd to the register, so that a write by the guest
 * reaches us without passing through the client (DEVICE_GET_REGION_IO_FDS).  The written value does
 * not travel this way: the hook gets how often the doorbell was rung since.
 */
#include "doorbell.h"
#include "handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* KVM_IOEVENTFD_FLAG_PIO: the register is in I/O space. */
#define FLAG_PIO 2u

struct io_fd {
	const struct mdl_reg *reg;
	uint32_t element;
	uint8_t bar;
	uint32_t flags;
	uint64_t offset;
	int fd; /* -1: nobody has asked yet */
};

struct io_fds {
	uint32_t n;
	bool paused;
	struct io_fd fds[];
};

static bool is_ours(const struct mdl_reg *reg)
{
	return (reg->flags & MDL_REG_DOORBELL) && reg->doorbell &&
	       reg->doorbell->mode == MDL_DOORBELL_IOEVENTFD;
}

static void ring(struct mdl_dev *dev, const struct io_fd *io)
{
	uint64_t times;

	if (!eventfd_take(io->fd, &times) || !config_powered(dev))
		return;
	if (dev->tracing)
		trace_doorbell(dev, "times, by its eventfd");
	reg_write(dev, io->reg, io->element, times, UINT64_MAX);
}

static void on_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	(void)fd;
	(void)events;
	ring(dev, arg);
}

/* ---- the command */

static int open_fd(struct mdl_dev *dev, struct io_fd *io)
{
	int result;

	if (io->fd >= 0)
		return 0;
	io->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (io->fd < 0)
		return -errno;
	result = dev->io_fds->paused ? 0 : loop_add(dev, io->fd, EPOLLIN, on_event, io);
	if (result < 0) {
		close(io->fd);
		io->fd = -1;
	}
	return result;
}

/* As many as descriptors can travel; the others are rung by messages as ever. */
static uint32_t offered(struct mdl_dev *dev, uint32_t index)
{
	uint32_t i, n = 0, max = conn_limits(dev)->max_fds;

	if (max > REPLY_FDS)
		max = REPLY_FDS;
	for (i = 0; dev->io_fds && i < dev->io_fds->n && n < max; i++)
		n += dev->io_fds->fds[i].bar == index;
	return n;
}

static int describe(struct mdl_dev *dev, uint32_t index, uint32_t n, struct reply *reply)
{
	struct io_fd *io;

	for (io = dev->io_fds->fds; reply->nfds < n; io++) {
		struct vu_sub_region sub = {.type = VU_IO_FD_IOEVENTFD};
		int result;

		if (io->bar != index)
			continue;
		result = open_fd(dev, io);
		if (result < 0)
			return result;
		sub.offset = io->offset;
		sub.size = io->reg->width;
		sub.fd_index = reply->nfds;
		sub.flags = io->flags;
		memcpy(reply->data + reply->size, &sub, sizeof(sub));
		reply->size += sizeof(sub);
		reply->fds[reply->nfds++] = io->fd;
	}
	return 0;
}

int region_io_fds_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_region_io_fds info;
	uint32_t room;

	if (req->size < sizeof(info))
		return -EINVAL;
	memcpy(&info, req->data, sizeof(info));
	if (info.argsz < sizeof(info) || info.flags || info.count || info.index >= VU_NUM_REGIONS) {
		log_client(dev, "DEVICE_GET_REGION_IO_FDS: argsz %u, flags %u, index %u, count %u",
			   info.argsz, info.flags, info.index, info.count);
		return -EINVAL;
	}
	room = info.argsz;
	info.count = offered(dev, info.index);
	info.argsz = (uint32_t)(sizeof(info) + info.count * sizeof(struct vu_sub_region));
	memcpy(reply->data, &info, sizeof(info));
	reply->size = sizeof(info);
	/* Where the whole does not fit, this says how much is needed. */
	if (room < info.argsz || info.count == 0)
		return 0;
	return describe(dev, info.index, info.count, reply);
}

/* ---- life */

uint64_t doorbell_offset(const struct mdl_reg *reg, uint32_t element)
{
	uint32_t at[MDL_MAX_DIMS] = {0};
	uint64_t offset = reg->offset;
	unsigned d;

	dims_split(reg->dims, reg->ndims, element, at);
	for (d = 0; d < reg->ndims; d++)
		offset += (uint64_t)at[d] * reg->dims[d].stride;
	return offset;
}

static void add_reg(struct io_fds *fds, const struct mdl_bar *bar, const struct mdl_reg *reg)
{
	uint32_t i;

	for (i = 0; i < reg->count; i++)
		fds->fds[fds->n++] = (struct io_fd){
			.reg = reg,
			.element = i,
			.bar = bar->index,
			.flags = bar->type == MDL_BAR_IO ? FLAG_PIO : 0,
			.offset = doorbell_offset(reg, i),
			.fd = -1,
		};
}

int io_fds_create(struct mdl_dev *dev)
{
	const struct mdl_bar *bars = dev->desc->bars;
	struct io_fds *fds;
	size_t count = 0;
	uint32_t b, r;

	for (b = 0; b < dev->desc->nbars; b++)
		for (r = 0; r < bars[b].nregs; r++)
			count += is_ours(&bars[b].regs[r]) ? bars[b].regs[r].count : 0;
	if (count == 0)
		return 0;
	fds = calloc(1, sizeof(*fds) + count * sizeof(fds->fds[0]));
	if (!fds)
		return -ENOMEM;
	for (b = 0; b < dev->desc->nbars; b++)
		for (r = 0; r < bars[b].nregs; r++)
			if (is_ours(&bars[b].regs[r]))
				add_reg(fds, &bars[b], &bars[b].regs[r]);
	dev->io_fds = fds;
	return 0;
}

/* The client keeps its copies, but they ring nothing any more. */
void io_fds_close(struct mdl_dev *dev)
{
	struct io_fd *io;

	if (!dev->io_fds)
		return;
	for (io = dev->io_fds->fds; io < dev->io_fds->fds + dev->io_fds->n; io++) {
		if (io->fd < 0)
			continue;
		if (!dev->io_fds->paused)
			loop_remove(dev, io->fd);
		close(io->fd);
		io->fd = -1;
	}
}

void io_fds_destroy(struct mdl_dev *dev)
{
	io_fds_close(dev);
	free(dev->io_fds);
	dev->io_fds = NULL;
}

/* ---- handing over: what rings meanwhile waits in the eventfds */

void io_fds_give(struct mdl_dev *dev, struct parcel *parcel)
{
	const struct io_fds *fds = dev->io_fds;
	uint32_t i;

	parcel_put_number(parcel, fds ? fds->n : 0);
	for (i = 0; fds && i < fds->n; i++) {
		parcel_put_text(parcel, fds->fds[i].reg->name);
		parcel_put_number(parcel, fds->fds[i].element);
		parcel_put_fd(parcel, fds->fds[i].fd);
	}
}

static struct io_fd *find_io_fd(struct mdl_dev *dev, const char *name, uint64_t element)
{
	struct io_fds *fds = dev->io_fds;
	uint32_t i;

	for (i = 0; fds && i < fds->n; i++)
		if (fds->fds[i].element == element && !strcmp(fds->fds[i].reg->name, name))
			return &fds->fds[i];
	return NULL;
}

int io_fds_take(struct mdl_dev *dev, struct parcel *parcel)
{
	uint64_t n = parcel_take_number(parcel), element;
	char name[256];
	struct io_fd *io;
	int fd;

	while (n-- && !parcel->error) {
		parcel_take_text(parcel, name, sizeof(name));
		element = parcel_take_number(parcel);
		fd = parcel_take_fd(parcel);
		if (fd < 0)
			continue;
		io = find_io_fd(dev, name, element);
		if (!io || io->fd >= 0) {
			log_error(dev, "doorbell %s: the client rings it by an eventfd", name);
			close(fd);
			return -EINVAL;
		}
		/* Doorbells are paused: it is heard when they go on. */
		io->fd = fd;
	}
	return parcel->error;
}

static void deaf(struct mdl_dev *dev, const struct io_fd *io)
{
	char name[NAME_SIZE];

	reg_name(io->reg, io->element, name, sizeof(name));
	log_error(dev, "doorbell %s is deaf: out of memory", name);
}

void io_fds_pause(struct mdl_dev *dev, bool pause)
{
	struct io_fds *fds = dev->io_fds;
	struct io_fd *io;

	if (!fds || fds->paused == pause)
		return;
	for (io = fds->fds; io < fds->fds + fds->n; io++) {
		if (io->fd < 0)
			continue;
		if (pause) {
			ring(dev, io);
			loop_remove(dev, io->fd);
		} else if (loop_add(dev, io->fd, EPOLLIN, on_event, io) < 0) {
			deaf(dev, io);
		}
	}
	fds->paused = pause;
}
