/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands about interrupts: GET_IRQ_INFO and SET_IRQS. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "irq.h"

static uint32_t info_flags(uint32_t index)
{
	switch (index) {
	case VU_IRQ_INTX:
		return VU_IRQ_INFO_EVENTFD | VU_IRQ_INFO_MASKABLE | VU_IRQ_INFO_AUTOMASKED;
	case VU_IRQ_MSI:
	case VU_IRQ_MSIX:
		return VU_IRQ_INFO_EVENTFD | VU_IRQ_INFO_MASKABLE | VU_IRQ_INFO_NORESIZE;
	default:
		return VU_IRQ_INFO_EVENTFD;
	}
}

int irq_get_info(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_irq_info info;

	if (req->size < sizeof(info))
		return -EINVAL;
	memcpy(&info, req->data, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VU_NUM_IRQS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.count = dev->irqs->index[info.index].count;
	info.flags = info.count > 0 ? info_flags(info.index) : 0;
	memcpy(reply->data, &info, sizeof(info));
	reply->size = sizeof(info);
	return 0;
}

/* ---- eventfds */

/* Anything else might block, raise SIGPIPE, or be a file of the client's. */
static bool is_eventfd(int fd)
{
	static const char want[] = "anon_inode:[eventfd]";
	char path[40], target[sizeof(want)];
	struct stat stat;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target));
	if (n >= 0)
		return n == sizeof(want) - 1 && memcmp(target, want, sizeof(want) - 1) == 0;
	/* No /proc: at least none of what is known to be something else. */
	return fstat(fd, &stat) == 0 && (stat.st_mode & S_IFMT) == 0;
}

static void trigger_forget(struct irqs *irqs, struct vector *vector)
{
	if (vector->triggered)
		irqs->triggers--;
	vector->triggered = false;
}

/* fd: taken over; -1 detaches. */
static void vector_attach(struct irqs *irqs, uint32_t index, uint32_t number, int fd)
{
	struct irq_index *entry = &irqs->index[index];
	struct vector *vector = &entry->vectors[number];

	if (vector->fd >= 0) {
		close(vector->fd);
		entry->attached--;
	}
	vector->fd = fd;
	if (fd >= 0) {
		entry->attached++;
		return;
	}
	trigger_forget(irqs, vector);
	/* Nobody is left who would unmask it. */
	if (index == VU_IRQ_INTX)
		vector->masked = false;
}

static void unmask_detach(struct mdl_dev *dev)
{
	if (dev->irqs->unmask_fd < 0)
		return;
	loop_remove(dev, dev->irqs->unmask_fd);
	close(dev->irqs->unmask_fd);
	dev->irqs->unmask_fd = -1;
}

static void index_disable(struct mdl_dev *dev, uint32_t index)
{
	struct irqs *irqs = dev->irqs;

	for (uint32_t i = 0; i < irqs->index[index].count; i++) {
		vector_attach(irqs, index, i, -1);
		irqs->index[index].vectors[i].masked = false;
	}
	if (index == VU_IRQ_INTX)
		unmask_detach(dev);
}

void irq_vfio_detach_all(struct mdl_dev *dev)
{
	for (uint32_t index = 0; index < VU_NUM_IRQS; index++)
		if (dev->irqs->index[index].vectors)
			index_disable(dev, index);
}

/* ---- SET_IRQS: data is either for each vector of the range, or none */

static int attach_range(struct mdl_dev *dev, const struct vu_irq_set *set, struct request *req)
{
	if (req->nfds != 0 && req->nfds != set->count)
		return -EINVAL;
	for (unsigned i = 0; i < req->nfds; i++)
		if (!is_eventfd(req->fds[i]))
			return -EINVAL;
	for (uint32_t i = 0; i < set->count; i++)
		vector_attach(dev->irqs, set->index, set->start + i,
			      req->nfds > 0 ? request_take_fd(req, i) : -1);
	irqs_update(dev);
	return 0;
}

static int trigger_range(struct mdl_dev *dev, const struct vu_irq_set *set, const uint8_t *bools)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (!bools || bools[i])
			irq_trigger(dev, set->index, set->start + i);
	return 0;
}

static int mask_range(struct mdl_dev *dev, const struct vu_irq_set *set, const uint8_t *bools,
		      bool masked)
{
	struct irq_index *index = &dev->irqs->index[set->index];

	for (uint32_t i = 0; i < set->count; i++)
		if (!bools || bools[i])
			index->vectors[set->start + i].masked = masked;
	irqs_update(dev);
	return 0;
}

static void unmask_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	uint64_t count;

	(void)arg;
	if (!(events & EPOLLIN) || !eventfd_take(fd, &count))
		return;
	dev->irqs->index[VU_IRQ_INTX].vectors[0].masked = false;
	irqs_update(dev);
}

static int unmask_attach(struct mdl_dev *dev, struct request *req)
{
	int fd, err;

	if (req->nfds > 1 || (req->nfds == 1 && !is_eventfd(req->fds[0])))
		return -EINVAL;
	unmask_detach(dev);
	if (req->nfds == 0)
		return 0;
	fd = request_take_fd(req, 0);
	/* Edge-triggered: an eventfd that cannot be read without waiting causes no busy loop. */
	err = loop_add(dev, fd, EPOLLIN | EPOLLET, unmask_event, NULL);
	if (err) {
		close(fd);
		return err;
	}
	dev->irqs->unmask_fd = fd;
	return 0;
}

static int set_eventfds(struct mdl_dev *dev, const struct vu_irq_set *set, struct request *req,
			uint32_t action)
{
	if (action == VU_IRQ_SET_ACTION_TRIGGER)
		return attach_range(dev, set, req);
	if (action == VU_IRQ_SET_ACTION_UNMASK && set->index == VU_IRQ_INTX)
		return unmask_attach(dev, req);
	return -EINVAL;
}

static int set_states(struct mdl_dev *dev, const struct vu_irq_set *set, const uint8_t *bools,
		      uint32_t action)
{
	if (action == VU_IRQ_SET_ACTION_TRIGGER)
		return trigger_range(dev, set, bools);
	if (set->index == VU_IRQ_ERR || set->index == VU_IRQ_REQ)
		return -EINVAL;
	return mask_range(dev, set, bools, action == VU_IRQ_SET_ACTION_MASK);
}

static bool one_bit(uint32_t bits)
{
	return bits != 0 && (bits & (bits - 1)) == 0;
}

#define DATA_BITS   (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_DATA_BOOL | VU_IRQ_SET_DATA_EVENTFD)
#define ACTION_BITS (VU_IRQ_SET_ACTION_MASK | VU_IRQ_SET_ACTION_UNMASK | VU_IRQ_SET_ACTION_TRIGGER)

static int judge(const struct mdl_dev *dev, const struct vu_irq_set *set)
{
	uint32_t count;

	if (set->argsz < sizeof(*set) || set->index >= VU_NUM_IRQS)
		return -EINVAL;
	if ((set->flags & ~(DATA_BITS | ACTION_BITS)) || !one_bit(set->flags & DATA_BITS) ||
	    !one_bit(set->flags & ACTION_BITS))
		return -EINVAL;
	if (set->count == 0)
		return set->start == 0 && set->flags ==
						  (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_TRIGGER)
			       ? 0
			       : -EINVAL;
	count = dev->irqs->index[set->index].count;
	return set->start >= count || set->count > count - set->start ? -EINVAL : 0;
}

static int set_irqs(struct mdl_dev *dev, const struct vu_irq_set *set, struct request *req)
{
	const uint8_t *bools = NULL;
	uint32_t action;
	int err;

	err = judge(dev, set);
	if (err)
		return err;
	action = set->flags & ACTION_BITS;
	if (set->count == 0) {
		index_disable(dev, set->index);
		irqs_update(dev);
		return 0;
	}
	if (set->flags & VU_IRQ_SET_DATA_EVENTFD)
		return set_eventfds(dev, set, req, action);
	if (set->flags & VU_IRQ_SET_DATA_BOOL) {
		if (req->size - sizeof(*set) < set->count)
			return -EINVAL;
		bools = req->data + sizeof(*set);
	}
	return set_states(dev, set, bools, action);
}

int irq_set_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_irq_set set;
	int err;

	(void)reply;
	if (req->size < sizeof(set))
		return -EINVAL;
	memcpy(&set, req->data, sizeof(set));
	err = set_irqs(dev, &set, req);
	if (err)
		log_client(dev, "SET_IRQS: argsz %u, flags 0x%x, index %u, start %u, count %u: %s",
			   set.argsz, set.flags, set.index, set.start, set.count, strerror(-err));
	return err;
}
