/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A receive buffer.  One recvmsg takes whatever is there; messages are served where they lie, and a
 * partial one waits for its rest.
 *
 * Descriptors: a receive ends with the chunk that carried some, so those of one recvmsg belong to
 * the last message that begins in what it returned, or, if none does, to the one it continues. Each
 * is held here until its message is served, and closed if it never is.
 */
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one message is kept free beyond this many bytes. */
#define BATCH_SIZE (64u * 1024)

int rx_create(struct rx *rx, size_t max_message, unsigned max_held)
{
	*rx = (struct rx){
		.max_message = max_message,
		/* A queued message, and the reply that is waited for behind it. */
		.size = 2 * max_message + BATCH_SIZE,
		.max_held = max_held,
	};
	rx->held = calloc(max_held, sizeof(*rx->held));
	/* mapped, not allocated: memory that no message reaches is never touched */
	rx->buf = mmap(NULL, rx->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (rx->buf == MAP_FAILED)
		rx->buf = NULL;
	if (!rx->held || !rx->buf) {
		rx_destroy(rx);
		return -ENOMEM;
	}
	return 0;
}

void rx_destroy(struct rx *rx)
{
	rx_clear(rx);
	free(rx->held);
	if (rx->buf)
		munmap(rx->buf, rx->size);
	*rx = (struct rx){0};
}

static void close_held(struct rx *rx, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++)
		if (rx->held[i].fd >= 0)
			close(rx->held[i].fd);
	memmove(rx->held + first, rx->held + first + count,
		(rx->nheld - first - count) * sizeof(*rx->held));
	rx->nheld -= count;
}

static void rewind_empty(struct rx *rx)
{
	rx->start = rx->last = rx->scan = rx->end = 0;
}

void rx_clear(struct rx *rx)
{
	if (rx->held)
		close_held(rx, 0, rx->nheld);
	rewind_empty(rx);
}

static uint32_t size_at(const struct rx *rx, size_t at)
{
	uint32_t size;

	memcpy(&size, rx->buf + at + offsetof(struct vu_header, size), sizeof(size));
	return size;
}

static bool is_bad(const struct rx *rx, uint32_t size)
{
	return size < VU_HEADER_SIZE || size > rx->max_message;
}

bool rx_bad(const struct rx *rx, uint32_t *size)
{
	if (rx->scan > rx->end || rx->end - rx->scan < VU_HEADER_SIZE)
		return false;
	*size = size_at(rx, rx->scan);
	return is_bad(rx, *size);
}

/* Make room behind what is there: for the rest of the last message, and for more. */
static int make_room(struct rx *rx)
{
	size_t need = rx->max_message > BATCH_SIZE ? BATCH_SIZE : rx->max_message;

	if (rx->start == rx->end) {
		rewind_empty(rx);
		return 0;
	}
	if (rx->size - rx->end >= need && rx->scan <= rx->size)
		return 0;
	if (rx->start > 0) {
		memmove(rx->buf, rx->buf + rx->start, rx->end - rx->start);
		for (unsigned i = 0; i < rx->nheld; i++)
			rx->held[i].at -= rx->start;
		rx->scan -= rx->start;
		rx->last -= rx->last < rx->start ? rx->last : rx->start;
		rx->end -= rx->start;
		rx->start = 0;
	}
	return rx->end < rx->size && rx->scan <= rx->size ? 0 : -ENOBUFS;
}

/* Walk over the headers in what came; `last` becomes the begin of the last message. */
static int scan_messages(struct rx *rx)
{
	while (rx->scan < rx->end) {
		uint32_t size;

		rx->last = rx->scan;
		if (rx->end - rx->scan < VU_HEADER_SIZE)
			break;
		size = size_at(rx, rx->scan);
		if (is_bad(rx, size))
			return -EPROTO;
		rx->scan += size;
	}
	return 0;
}

static int hold(struct rx *rx, size_t at, int fd)
{
	if (rx->nheld == rx->max_held) {
		if (fd >= 0)
			close(fd);
		return -ENOBUFS;
	}
	rx->held[rx->nheld++] = (struct held_fd){at, fd};
	return 0;
}

/* Take the descriptors out of a received control message. */
static int hold_received(struct rx *rx, struct msghdr *msg, size_t at)
{
	int rc = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd, held;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			held = hold(rx, at, fd);
			rc = rc ? rc : held;
		}
	}
	if (msg->msg_flags & MSG_CTRUNC && !rc)
		rc = hold(rx, at, -1);
	return rc;
}

ssize_t rx_receive(struct rx *rx, int fd, int flags)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * MSG_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n;
	int rc = make_room(rx), held = 0;

	if (rc)
		return rc;
	iov = (struct iovec){rx->buf + rx->end, rx->size - rx->end};
	n = recvmsg(fd, &msg, flags | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	rx->end += (size_t)n;
	rc = scan_messages(rx);
	if (msg.msg_controllen || msg.msg_flags & MSG_CTRUNC)
		held = hold_received(rx, &msg, rx->last);
	if (rc || held)
		return rc ? rc : held;
	return n;
}

size_t rx_complete(const struct rx *rx, size_t offset)
{
	size_t at = rx->start + offset, size;

	if (at > rx->end || rx->end - at < VU_HEADER_SIZE)
		return 0;
	size = size_at(rx, at);
	if (is_bad(rx, (uint32_t)size) || size > rx->end - at)
		return 0;
	return size;
}

bool rx_next(struct rx *rx, struct message *message)
{
	size_t size = rx_complete(rx, 0);
	unsigned taken = 0;
	bool lost = false;

	if (!size)
		return false;
	message->data = rx->buf + rx->start;
	message->size = size;
	message->nfds = 0;
	while (taken < rx->nheld && rx->held[taken].at < rx->start + size) {
		int fd = rx->held[taken].fd;

		if (fd >= 0 && message->nfds < MSG_FDS) {
			message->fds[message->nfds++] = fd;
			rx->held[taken].fd = -1;
		} else {
			lost = true;
		}
		taken++;
	}
	if (taken)
		close_held(rx, 0, taken);
	if (lost)
		message->fds[message->nfds++] = -1;
	rx->start += size;
	return true;
}

void rx_remove(struct rx *rx, size_t offset)
{
	size_t size = rx_complete(rx, offset), at = rx->start + offset;
	unsigned first = 0, count = 0;

	while (first < rx->nheld && rx->held[first].at < at)
		first++;
	while (first + count < rx->nheld && rx->held[first + count].at < at + size)
		count++;
	close_held(rx, first, count);
	for (unsigned i = first; i < rx->nheld; i++)
		rx->held[i].at -= size;
	memmove(rx->buf + at, rx->buf + at + size, rx->end - at - size);
	if (rx->last > at)
		rx->last -= size;
	rx->scan -= size;
	rx->end -= size;
}

void rx_move(struct rx *to, struct rx *from)
{
	size_t n = from->end - from->start;

	memcpy(to->buf, from->buf + from->start, n);
	for (unsigned i = 0; i < from->nheld; i++)
		to->held[i] = (struct held_fd){from->held[i].at - from->start, from->held[i].fd};
	to->nheld = from->nheld;
	to->start = 0;
	to->scan = from->scan - from->start;
	to->last = from->last < from->start ? 0 : from->last - from->start;
	to->end = n;
	from->nheld = 0;
	rewind_empty(from);
}
