/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages on the control socket, and those parts of the parcel that are plain tables. */
#include "handover.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn.h"
#include "dma.h"
#include "irq.h"
#include "region.h"

#define MAX_FDS 128 /* a message */

enum {
	MARK_CONN = 0x636f6e6e,
	MARK_REGIONS = 0x62617273,
	MARK_DMA = 0x646d6120,
	MARK_IRQS = 0x69727173
};

/* ---- messages */

static int wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n = poll(&p, 1, HANDOVER_WAIT_MS);

	return n < 0 ? -errno : n == 0 ? -ETIMEDOUT : 0;
}

int handover_send(int fd, const struct handover_message *message, const int *fds, unsigned nfds)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * MAX_FDS)];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)message, sizeof(*message)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int rc = wait_for(fd, POLLOUT);

	if (rc || nfds > MAX_FDS)
		return rc ? rc : -EINVAL;
	if (nfds) {
		struct cmsghdr *c;

		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static void keep_fds(struct msghdr *msg, int *fds, unsigned max, unsigned *nfds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (*nfds < max)
				fds[(*nfds)++] = fd;
			else
				close(fd);
		}
	}
}

int handover_receive(int fd, struct handover_message *message, int *fds, unsigned max,
		     unsigned *nfds)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * MAX_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {message, sizeof(*message)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.space,
			     .msg_controllen = sizeof(control.space)};
	int rc = wait_for(fd, POLLIN);
	ssize_t n;

	*nfds = 0;
	if (rc)
		return rc;
	n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n < 0 ? -errno : -ECONNRESET;
	keep_fds(&msg, fds, max, nfds);
	message->text[sizeof(message->text) - 1] = '\0';
	if (n == (ssize_t)sizeof(*message) && !(msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) &&
	    message->version == HANDOVER_VERSION)
		return 0;
	while (*nfds)
		close(fds[--*nfds]);
	return msg.msg_flags & MSG_CTRUNC ? -EMFILE : -EPROTO;
}

/* ---- the connection */

static void give_received(const struct rx *rx, struct parcel *parcel)
{
	parcel_put_number(parcel, rx->end - rx->start);
	parcel_put(parcel, rx->buf + rx->start, rx->end - rx->start);
	parcel_put_number(parcel, rx->last < rx->start ? 0 : rx->last - rx->start);
	parcel_put_number(parcel, rx->scan - rx->start);
	parcel_put_number(parcel, rx->nheld);
	for (unsigned i = 0; i < rx->nheld; i++) {
		parcel_put_number(parcel, rx->held[i].at - rx->start);
		parcel_put_fd(parcel, rx->held[i].fd);
	}
}

static int take_received(struct rx *rx, struct parcel *parcel)
{
	uint64_t size = parcel_take_number(parcel), n;

	if (size > rx->size)
		return -EMSGSIZE;
	parcel_take(parcel, rx->buf, size);
	rx->start = 0;
	rx->end = size;
	rx->last = parcel_take_number(parcel);
	rx->scan = parcel_take_number(parcel);
	n = parcel_take_number(parcel);
	if (rx->last > rx->end || rx->scan < rx->last || n > rx->max_held)
		return -EBADMSG;
	while (rx->nheld < n) {
		rx->held[rx->nheld].at = parcel_take_number(parcel);
		rx->held[rx->nheld++].fd = parcel_take_fd(parcel);
	}
	return parcel->error;
}

void conn_give(struct mdl_dev *dev, struct parcel *parcel)
{
	const struct conn *conn = dev->conn;
	const struct conn_limits *limits = &conn->limits;

	parcel_put_mark(parcel, MARK_CONN);
	parcel_put_number(parcel, conn->attached);
	parcel_put_number(parcel, conn->left);
	parcel_put_fd(parcel, conn->fd);
	if (conn->fd < 0)
		return;
	parcel_put_fd(parcel, limits->twin_fd);
	parcel_put_number(parcel, limits->max_data);
	parcel_put_number(parcel, limits->max_fds);
	parcel_put_number(parcel, limits->pgsizes);
	parcel_put_number(parcel, limits->minor);
	parcel_put_number(parcel, limits->write_multiple);
	parcel_put_number(parcel, limits->negotiated);
	parcel_put_number(parcel, conn->next_id);
	parcel_put_number(parcel, conn->waits_for_us);
	give_received(conn->active, parcel);
}

int conn_take(struct mdl_dev *dev, struct parcel *parcel)
{
	struct conn *conn = dev->conn;
	struct conn_limits *limits = &conn->limits;
	int twin, rc = 0;

	parcel_take_mark(parcel, MARK_CONN);
	conn->attached = parcel_take_number(parcel);
	conn->left = parcel_take_number(parcel);
	conn->fd = parcel_take_fd(parcel);
	if (conn->fd < 0)
		return parcel->error;
	twin = parcel_take_fd(parcel);
	if (twin >= 0)
		rc = conn_set_twin(dev, twin);
	limits->max_data = (uint32_t)parcel_take_number(parcel);
	limits->max_fds = (uint32_t)parcel_take_number(parcel);
	limits->pgsizes = parcel_take_number(parcel);
	limits->minor = (uint16_t)parcel_take_number(parcel);
	limits->write_multiple = parcel_take_number(parcel);
	limits->negotiated = parcel_take_number(parcel);
	conn->next_id = (uint16_t)parcel_take_number(parcel);
	conn->waits_for_us = parcel_take_number(parcel);
	if (!rc)
		rc = take_received(conn->active, parcel);
	device_client_came(dev);
	return rc;
}

/* ---- memory of BARs: what the client may have mapped is mapped here too, in its place */

void regions_give(struct mdl_dev *dev, struct parcel *parcel)
{
	parcel_put_mark(parcel, MARK_REGIONS);
	for (unsigned i = 0; i < NUM_BARS; i++) {
		const struct bar *bar = &dev->regions->bars[i];

		parcel_put_fd(parcel, bar->desc ? bar->memfd : -1);
		parcel_put_number(parcel, bar->shared_size);
		parcel_put_number(parcel, bar->nareas);
		parcel_put(parcel, bar->areas, bar->nareas * sizeof(*bar->areas));
	}
}

static bool same_areas(const struct bar *bar, struct parcel *parcel)
{
	uint64_t size = parcel_take_number(parcel), n = parcel_take_number(parcel);
	bool same = size == bar->shared_size && n == bar->nareas;

	for (uint32_t i = 0; same && i < bar->nareas; i++) {
		struct vu_sparse_area area;

		parcel_take(parcel, &area, sizeof(area));
		same = area.offset == bar->areas[i].offset && area.size == bar->areas[i].size;
	}
	return same;
}

static int take_memory(struct mdl_dev *dev, struct bar *bar, int fd)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != bar->shared_size)
		return -EBADMSG;
	rc = bar_memory_replace(dev, bar, fd);
	bar->given = true;
	return rc;
}

int regions_take(struct mdl_dev *dev, struct parcel *parcel)
{
	int rc = 0;

	parcel_take_mark(parcel, MARK_REGIONS);
	for (unsigned i = 0; i < NUM_BARS && !rc && !parcel->error; i++) {
		struct bar *bar = &dev->regions->bars[i];
		int fd = parcel_take_fd(parcel);

		if ((fd >= 0) == (bar->shared != NULL) && same_areas(bar, parcel)) {
			rc = fd >= 0 ? take_memory(dev, bar, fd) : 0;
		} else {
			log_error(dev, "BAR %u: what the client may map is not the same", i);
			rc = -EINVAL;
		}
		if (rc && fd >= 0 && fd != bar->memfd)
			close(fd);
	}
	return rc ? rc : parcel->error;
}

/* ---- guest memory: registered again, in the same order */

static int by_order(const void *a, const void *b)
{
	const struct dma_region *one = a, *two = b;

	return (one->order > two->order) - (one->order < two->order);
}

void dma_give(struct mdl_dev *dev, struct parcel *parcel)
{
	const struct dma *dma = dev->dma;
	struct dma_region *regions = calloc(dma->nregions + 1u, sizeof(*regions));

	parcel_put_mark(parcel, MARK_DMA);
	parcel_put_number(parcel, dma->form);
	parcel_put_number(parcel, dma->nregions);
	if (!regions) {
		parcel->error = -ENOMEM;
		return;
	}
	if (dma->nregions)
		memcpy(regions, dma->regions, dma->nregions * sizeof(*regions));
	qsort(regions, dma->nregions, sizeof(*regions), by_order);
	for (uint32_t i = 0; i < dma->nregions; i++) {
		struct vu_dma_map map = {sizeof(map), regions[i].flags, regions[i].offset,
					 regions[i].iova, regions[i].size};

		/* It was there before the control socket, which is what keeps descriptors. */
		if (regions[i].host && regions[i].fd < 0)
			parcel->error = -EOPNOTSUPP;
		parcel_put(parcel, &map, sizeof(map));
		parcel_put_fd(parcel, regions[i].fd);
	}
	free(regions);
}

int dma_take(struct mdl_dev *dev, struct parcel *parcel)
{
	enum dma_form form;
	uint64_t n;
	int rc = 0;

	parcel_take_mark(parcel, MARK_DMA);
	form = (enum dma_form)parcel_take_number(parcel);
	n = parcel_take_number(parcel);
	for (uint64_t i = 0; i < n && !rc && !parcel->error; i++) {
		struct vu_dma_map map;
		struct reply reply = {0};
		struct request req = {.data = (const uint8_t *)&map, .size = sizeof(map)};
		int fd;

		parcel_take(parcel, &map, sizeof(map));
		fd = parcel_take_fd(parcel);
		req.fds = &fd;
		req.nfds = fd >= 0;
		rc = parcel->error ? parcel->error : dma_map_handle(dev, &req, &reply);
		if (fd >= 0)
			close(fd);
	}
	dev->dma->form = form;
	return rc ? rc : parcel->error;
}

/* ---- interrupts: eventfds, masks, and what is owed, so that nothing is sent twice or never */

void irqs_give(struct mdl_dev *dev, struct parcel *parcel)
{
	const struct irqs *irqs = dev->irqs;

	parcel_put_mark(parcel, MARK_IRQS);
	for (unsigned index = 0; index < VU_NUM_IRQS; index++) {
		const struct irq_index *entry = &irqs->index[index];

		parcel_put_number(parcel, entry->count);
		for (uint32_t i = 0; i < entry->count; i++) {
			parcel_put_fd(parcel, entry->vectors[i].fd);
			parcel_put_number(parcel, entry->vectors[i].masked);
			parcel_put_number(parcel, entry->vectors[i].triggered);
		}
	}
	parcel_put_fd(parcel, irqs->unmask_fd);
	parcel_put_number(parcel, irqs->mode);
	parcel_put_number(parcel, irqs->count);
	for (uint32_t i = 0; i < irqs->count; i++) {
		parcel_put_number(parcel, irqs->irqs[i].level);
		parcel_put_number(parcel, irqs->irqs[i].owed);
	}
}

static int take_vectors(struct irqs *irqs, struct irq_index *entry, struct parcel *parcel)
{
	if (parcel_take_number(parcel) != entry->count)
		return parcel->error ? parcel->error : -EINVAL;
	for (uint32_t i = 0; i < entry->count; i++) {
		struct vector *vector = &entry->vectors[i];

		vector->fd = parcel_take_fd(parcel);
		vector->masked = parcel_take_number(parcel);
		vector->triggered = parcel_take_number(parcel);
		entry->attached += vector->fd >= 0;
		irqs->triggers += vector->triggered;
	}
	return 0;
}

/* By the command, which watches it. */
static int take_unmask(struct mdl_dev *dev, struct parcel *parcel)
{
	struct vu_irq_set set = {sizeof(set), VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_UNMASK,
				 VU_IRQ_INTX, 0, 1};
	int fd = parcel_take_fd(parcel), rc = 0;
	struct request req = {
		.data = (const uint8_t *)&set, .size = sizeof(set), .fds = &fd, .nfds = 1};
	struct reply reply = {0};

	if (fd >= 0)
		rc = irq_set_handle(dev, &req, &reply);
	if (fd >= 0)
		close(fd);
	return rc;
}

int irqs_take(struct mdl_dev *dev, struct parcel *parcel)
{
	struct irqs *irqs = dev->irqs;
	int rc = 0;

	parcel_take_mark(parcel, MARK_IRQS);
	for (unsigned index = 0; index < VU_NUM_IRQS && !rc; index++)
		rc = take_vectors(irqs, &irqs->index[index], parcel);
	if (!rc)
		rc = take_unmask(dev, parcel);
	irqs->mode = (enum irq_mode)parcel_take_number(parcel);
	if (!rc && parcel_take_number(parcel) != irqs->count)
		rc = -EINVAL;
	for (uint32_t i = 0; i < irqs->count && !rc; i++) {
		struct irq *irq = &irqs->irqs[i];
		bool level = parcel_take_number(parcel), owed = parcel_take_number(parcel);

		/* What rose while the state was loaded has not been sent by anybody. */
		irq->owed = irq->level && (owed || !level);
	}
	if (rc == -EINVAL)
		log_error(dev, "the interrupts are not the same");
	return rc ? rc : parcel->error;
}
