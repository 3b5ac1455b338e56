/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies on their way to the client.  They are built in one buffer and leave together, in one
 * sendmsg; a large tail goes out from where it lies.  Sending never blocks: what the client does
 * not read stays here, at most one batch and one largest reply, and nothing more is served until it
 * is gone.
 *
 * Descriptors travel with the first byte of their reply, which therefore begins a sendmsg.
 */
#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Queued replies are sent at the latest when they are this many bytes. */
#define BATCH_SIZE (64u * 1024)
/* Tails up to here are copied behind their reply: cheaper than ending the batch. */
#define SMALL_TAIL 2048u

int tx_create(struct tx *tx, size_t max_data)
{
	*tx = (struct tx){
		.size = BATCH_SIZE + VU_HEADER_SIZE + REPLY_SPACE + max_data,
	};
	tx->buf = mmap(NULL, tx->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (tx->buf == MAP_FAILED) {
		tx->buf = NULL;
		return -ENOMEM;
	}
	return 0;
}

void tx_destroy(struct tx *tx)
{
	tx_clear(tx);
	if (tx->buf)
		munmap(tx->buf, tx->size);
	*tx = (struct tx){0};
}

static void drop_fds(struct tx *tx)
{
	for (unsigned i = 0; i < tx->nfds; i++)
		close(tx->fds[i]);
	tx->nfds = 0;
}

void tx_clear(struct tx *tx)
{
	drop_fds(tx);
	tx->start = tx->end = 0;
}

uint8_t *tx_begin(struct tx *tx)
{
	if (tx->start == tx->end)
		tx->start = tx->end = 0;
	return tx->buf + tx->end + VU_HEADER_SIZE;
}

static ssize_t send_once(int fd, struct iovec *iov, size_t niov, const int *fds, unsigned nfds)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * REPLY_FDS)];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = niov};
	ssize_t n;

	if (nfds) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, sizeof(int) * nfds);
	}
	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int tx_flush(struct tx *tx, int fd)
{
	while (tx->start != tx->end) {
		bool with_fds = tx->nfds && tx->start == tx->fds_at;
		size_t limit = tx->nfds && !with_fds ? tx->fds_at : tx->end;
		struct iovec iov = {tx->buf + tx->start, limit - tx->start};
		ssize_t n = send_once(fd, &iov, 1, tx->fds, with_fds ? tx->nfds : 0);

		if (n < 0)
			return (int)n;
		if (with_fds)
			drop_fds(tx);
		tx->start += (size_t)n;
	}
	return 0;
}

static bool wait_writable(const struct tx *tx, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return tx->patience_ms > 0 && poll(&p, 1, tx->patience_ms) > 0;
}

/* The descriptors wait: keep our own, since the reply's owner may close its own. */
static int keep_fds(struct tx *tx, const struct reply *reply)
{
	for (unsigned i = 0; i < reply->nfds; i++) {
		int fd = fcntl(reply->fds[i], F_DUPFD_CLOEXEC, 0);

		if (fd < 0)
			return -errno;
		tx->fds[tx->nfds++] = fd;
	}
	return 0;
}

/*
 * Send what waits and the tail behind it.  *tail_sent: how much of the tail has gone.  A reader
 * that keeps up, though with a small socket buffer, is waited for; another finds the rest queued.
 */
static int send_with_tail(struct tx *tx, int fd, const struct reply *reply, size_t *tail_sent)
{
	while (tx->start != tx->end || *tail_sent < reply->tail_size) {
		size_t queued = tx->end - tx->start;
		struct iovec iov[2] = {
			{tx->buf + tx->start, queued},
			/* the cast drops const only: sendmsg does not write */
			{(void *)(uintptr_t)(reply->tail + *tail_sent),
			 reply->tail_size - *tail_sent},
		};
		ssize_t n = send_once(fd, iov, 2, NULL, 0);

		if (n == -EAGAIN && wait_writable(tx, fd))
			continue;
		if (n < 0)
			return (int)n;
		if ((size_t)n < queued) {
			tx->start += (size_t)n;
		} else {
			tx->start = tx->end;
			*tail_sent += (size_t)n - queued;
		}
	}
	return 0;
}

static void append_tail(struct tx *tx, const struct reply *reply, size_t from)
{
	if (reply->tail_size > from)
		memcpy(tx->buf + tx->end, reply->tail + from, reply->tail_size - from);
	tx->end += reply->tail_size - from;
}

/* A reply with descriptors goes out alone, after what was queued. */
static int end_with_fds(struct tx *tx, int fd, const struct reply *reply, size_t at)
{
	struct tx before = *tx;
	int rc;

	append_tail(tx, reply, 0);
	before.end = at;
	rc = tx_flush(&before, fd);
	tx->start = before.start;
	if (!rc) {
		struct iovec iov = {tx->buf + at, tx->end - at};
		ssize_t n = send_once(fd, &iov, 1, reply->fds, reply->nfds);

		if (n > 0)
			tx->start += (size_t)n;
		if (n >= 0)
			return tx_flush(tx, fd);
		rc = (int)n;
	}
	if (rc != -EAGAIN)
		return rc;
	tx->fds_at = at;
	rc = keep_fds(tx, reply);
	return rc ? rc : -EAGAIN;
}

int tx_end(struct tx *tx, int fd, const struct vu_header *header, const struct reply *reply)
{
	size_t at = tx->end, sent = 0;
	int rc;

	memcpy(tx->buf + at, header, sizeof(*header));
	tx->end += VU_HEADER_SIZE + reply->size;
	if (reply->nfds)
		return end_with_fds(tx, fd, reply, at);
	/* behind descriptors that still wait, everything waits */
	if (reply->tail_size <= SMALL_TAIL || tx->nfds) {
		append_tail(tx, reply, 0);
		return tx->end - tx->start > BATCH_SIZE ? tx_flush(tx, fd) : 0;
	}
	rc = send_with_tail(tx, fd, reply, &sent);
	if (rc == -EAGAIN)
		append_tail(tx, reply, sent);
	return rc;
}
