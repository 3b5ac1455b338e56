/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands from the server to its client, which a device hook waits for.
 *
 * Requests that arrive meanwhile stay in the receive buffer, in order, and are served when the hook
 * has returned.  The message that is being served must stay where it is, so the first call moves
 * what lies behind it to the other buffer and goes on there.
 *
 * QEMU serves nothing of ours while one of its virtual processors waits for the answer to an access,
 * or to the SET_IRQS that an access led to: waiting for it to answer first would last for ever.  A
 * client that has not answered for YIELD_MS while such requests wait gets them answered, in order,
 * inside of the call; once it is known to need that, at once.  A client that serves our calls in time
 * sees them answered after the call.  Where one that is known to need it waits for what cannot be
 * served in the midst of a hook, as a reset, the call is given up after YIELD_MS, and so are all until
 * that has been served (-EBUSY).
 *
 * Every wait is cut into pieces of CONN_LINGER_MS; the whole may take CALL_LIMIT_MS.  It ends early
 * when the client leaves (-ENOTCONN) or mdl_stop() is called (-ECANCELED).
 */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "loop.h"

#define CALL_LIMIT_MS 5000
#define YIELD_MS 200

struct call {
	uint16_t id, command;
	int fd;        /* main or twin socket */
	struct rx *rx; /* where its reply arrives */
	bool twin;
	uint64_t deadline_ns, yield_ns;
	bool yielded;
	size_t seen;     /* bytes of complete messages that are not the reply */
	uint32_t queued; /* how many */
	void *reply;
	size_t reply_max;
	ssize_t result;
};

static struct rx *unpinned_rx(struct conn *conn)
{
	struct rx *other = conn->active == &conn->rx[0] ? &conn->rx[1] : &conn->rx[0];

	if (conn->pinned == conn->active) {
		rx_move(other, conn->active);
		conn->active = other;
	}
	return conn->active;
}

static ssize_t take_reply(struct call *call, const struct vu_header *header, const uint8_t *payload)
{
	size_t size = header->size - VU_HEADER_SIZE;

	if (header->flags & VU_ERROR)
		return header->error > 0 && header->error < 4096 ? -(ssize_t)header->error : -EIO;
	if (call->reply_max)
		memcpy(call->reply, payload, size < call->reply_max ? size : call->reply_max);
	return (ssize_t)size;
}

/* Look through what has come. True: the reply was there. */
static bool find_reply(struct mdl_dev *dev, struct call *call)
{
	struct rx *rx = call->rx;

	while (rx_complete(rx, call->seen)) {
		const uint8_t *message = rx->buf + rx->start + call->seen;
		struct vu_header header;
		bool is_reply;

		memcpy(&header, message, sizeof(header));
		is_reply = (header.flags & VU_TYPE_MASK) == VU_TYPE_REPLY;
		if (!is_reply && !call->twin) {
			call->seen += header.size;
			if (++call->queued > dev->conn->max_queued) {
				conn_receive_failed(dev, rx, -ENOBUFS);
				return false;
			}
			continue;
		}
		if (is_reply && header.id == call->id && header.command == call->command) {
			call->result = take_reply(call, &header, message + VU_HEADER_SIZE);
			rx_remove(rx, call->seen);
			return true;
		}
		log_client(dev, "dropped a %s with id %u and command %u that nobody awaits",
			   is_reply ? "reply" : "request on the twin socket", header.id,
			   header.command);
		rx_remove(rx, call->seen);
	}
	return false;
}

/* Accesses, and what QEMU sends within an access of the guest's: interrupts that are (un)masked. */
static bool served_meanwhile(uint16_t command)
{
	return command == VU_REGION_READ || command == VU_REGION_WRITE ||
	       command == VU_DEVICE_SET_IRQS;
}

/* The first of the waiting requests, if it may be served inside of the call. */
static bool next_meanwhile(struct call *call, struct message *message)
{
	struct vu_header header;

	if (!call->queued || !rx_complete(call->rx, 0))
		return false;
	memcpy(&header, call->rx->buf + call->rx->start, sizeof(header));
	return served_meanwhile(header.command) && rx_next(call->rx, message);
}

/* True: something was answered that the client may have waited for. */
static bool yield_to_client(struct mdl_dev *dev, struct call *call)
{
	struct conn *conn = dev->conn;
	struct message message;
	bool answered = dev->serving && !dev->serving->no_reply &&
			dev->serving->command == VU_REGION_WRITE;

	protocol_answer_write(dev);
	conn->yielding = true;
	while (!conn->broken && next_meanwhile(call, &message)) {
		call->seen -= message.size;
		call->queued--;
		protocol_message(dev, message.data, message.size, message.fds, message.nfds);
		answered = true;
	}
	conn->yielding = false;
	return answered;
}

/* Only clients of minor version 0, as QEMU is, are known to need it. */
static bool may_yield(const struct mdl_dev *dev, const struct call *call)
{
	const struct conn *conn = dev->conn;

	return !call->twin && conn->limits.minor == 0 &&
	       (conn->waits_for_us || clock_monotonic_ns() >= call->yield_ns);
}

/* After yield_to_client(): is the client not going to answer, because of what waits first? */
static bool deadlocked(const struct mdl_dev *dev, const struct call *call)
{
	const struct conn *conn = dev->conn;

	return !call->twin && conn->waits_for_us && call->queued > 0 &&
	       clock_monotonic_ns() >= call->yield_ns && rx_complete(call->rx, 0);
}

static int give_up(struct mdl_dev *dev, const struct call *call)
{
	struct vu_header first;

	memcpy(&first, call->rx->buf + call->rx->start, sizeof(first));
	log_limited(dev, MDL_LOG_INFO, "command %u is given up: the client waits for its command %u",
		    call->command, first.command);
	dev->conn->given_up = true;
	return -EBUSY;
}

static int receive(struct mdl_dev *dev, struct rx *rx, int fd, int flags)
{
	ssize_t n = rx_receive(rx, fd, flags);

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0)
		conn_receive_failed(dev, rx, n);
	return dev->conn->broken ? -ENOTCONN : 0;
}

/* Wait until something can be received, or, on demand, sent; and receive it. */
static int wait_both(struct mdl_dev *dev, struct call *call, short events)
{
	struct conn *conn = dev->conn;
	struct pollfd p[2] = {{.fd = call->fd, .events = (short)(POLLIN | events)},
			      {.fd = call->twin ? conn->fd : -1, .events = POLLIN}};
	int n = poll(p, 2, CONN_LINGER_MS), rc = 0;

	if (n < 0 && errno != EINTR)
		return -errno;
	if (n <= 0)
		return 0;
	if (p[0].revents & ~POLLOUT)
		rc = receive(dev, call->rx, call->fd, MSG_DONTWAIT);
	if (!rc && p[1].revents)
		rc = receive(dev, conn->active, conn->fd, MSG_DONTWAIT);
	return rc;
}

static int may_go_on(struct mdl_dev *dev, const struct call *call)
{
	uint32_t size;

	/* behind nonsense, which may have come with the request, no reply can come */
	if (rx_bad(call->rx, &size))
		conn_receive_failed(dev, call->rx, -EPROTO);
	if (dev->conn->broken)
		return -ENOTCONN;
	if (loop_stopping(dev))
		return -ECANCELED;
	return clock_monotonic_ns() < call->deadline_ns ? 0 : -ETIMEDOUT;
}

/* Earlier replies leave first. */
static int send_replies(struct mdl_dev *dev, struct call *call)
{
	struct conn *conn = dev->conn;
	int rc;

	if (call->twin)
		return 0;
	while (tx_waiting(&conn->tx)) {
		conn_sent(dev, tx_flush(&conn->tx, conn->fd));
		rc = may_go_on(dev, call);
		if (!rc && conn->clogged)
			rc = wait_both(dev, call, POLLOUT);
		if (rc)
			return rc;
	}
	return 0;
}

static void skip_sent(struct iovec *iov, unsigned niov, size_t n)
{
	for (unsigned i = 0; i < niov; i++) {
		size_t part = n < iov[i].iov_len ? n : iov[i].iov_len;

		if (part)
			iov[i].iov_base = (char *)iov[i].iov_base + part;
		iov[i].iov_len -= part;
		n -= part;
	}
}

/* A command that was sent in part cannot be given up without giving up the connection. */
static int send_command(struct mdl_dev *dev, struct call *call, struct iovec *iov, unsigned niov)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = niov};
	size_t left = 0;
	bool begun = false;

	for (unsigned i = 0; i < niov; i++)
		left += iov[i].iov_len;
	while (left > 0) {
		ssize_t n = sendmsg(call->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		int rc;

		if (n >= 0) {
			skip_sent(iov, niov, (size_t)n);
			left -= (size_t)n;
			begun = true;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR) {
			conn_break(dev, "a command to the client cannot be sent: %s",
				   strerror(errno));
			return -ENOTCONN;
		}
		rc = may_go_on(dev, call);
		if (!rc)
			rc = wait_both(dev, call, POLLOUT);
		if (rc && begun)
			conn_break(dev, "the client does not read a command");
		if (rc)
			return rc;
	}
	return 0;
}

static int await_reply(struct mdl_dev *dev, struct call *call)
{
	while (!find_reply(dev, call)) {
		int rc = may_go_on(dev, call);

		if (!rc && may_yield(dev, call) && yield_to_client(dev, call))
			call->yielded = true;
		if (!rc && deadlocked(dev, call))
			rc = give_up(dev, call);
		if (!rc)
			rc = call->twin ? wait_both(dev, call, 0)
					: receive(dev, call->rx, call->fd, 0);
		if (rc == -ETIMEDOUT)
			log_client(dev, "no reply to command %u in %d ms", call->command,
				   CALL_LIMIT_MS);
		if (rc)
			return rc;
	}
	if (call->yielded)
		dev->conn->waits_for_us = true;
	return 0;
}

ssize_t conn_call(struct mdl_dev *dev, uint16_t command, const void *head, size_t head_size,
		  const void *body, size_t body_size, void *reply, size_t reply_max)
{
	struct conn *conn = dev->conn;
	struct vu_header header = {.command = command};
	/* the casts drop const only: sendmsg does not write */
	struct iovec iov[3] = {{&header, sizeof(header)},
			       {(void *)(uintptr_t)head, head_size},
			       {(void *)(uintptr_t)body, body_size}};
	struct call call = {.command = command, .reply = reply, .reply_max = reply_max};
	int rc;

	if (!conn_connected(dev) || !conn->limits.negotiated)
		return -ENOTCONN;
	if (conn->yielding || conn->given_up)
		return -EBUSY; /* a call is under way, further out; or the client waits for more */
	if (head_size > MSG_OVERHEAD - VU_HEADER_SIZE || body_size > dev->opt.max_transfer)
		return -EMSGSIZE;
	call.rx = unpinned_rx(conn);
	call.fd = conn->fd;
	call.twin = conn->limits.twin_fd >= 0;
	if (call.twin) {
		call.rx = &conn->twin;
		call.fd = conn->limits.twin_fd;
	}
	header.id = call.id = conn->next_id++;
	header.size = (uint32_t)(VU_HEADER_SIZE + head_size + body_size);
	call.deadline_ns = clock_monotonic_ns() + CALL_LIMIT_MS * UINT64_C(1000000);
	call.yield_ns = clock_monotonic_ns() + YIELD_MS * UINT64_C(1000000);
	rc = send_replies(dev, &call);
	if (!rc)
		rc = send_command(dev, &call, iov, 3);
	if (!rc)
		rc = await_reply(dev, &call);
	if (conn_has_work(dev))
		loop_kick(dev);
	return rc ? rc : call.result;
}
