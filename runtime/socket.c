/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection to a client: its life, receiving, serving, and replying.
 *
 * It can break anywhere (the client has gone, sends what is no message, or queues too much), also
 * in the middle of a handler that asks the client for guest memory.  Then it is only marked, and
 * closed when no handler is running any more: conn_serve() does that.
 */
#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop.h"

#define PATIENCE_MS 10

int conn_create(struct mdl_dev *dev)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	unsigned max_held;
	int rc;

	if (!conn)
		return -ENOMEM;
	dev->conn = conn;
	conn->fd = -1;
	conn->limits.twin_fd = -1;
	conn->max_message = dev->opt.max_transfer + MSG_OVERHEAD;
	conn->max_queued = dev->opt.max_queued;
	max_held = conn->max_queued + 4 * MSG_FDS;
	rc = rx_create(&conn->rx[0], conn->max_message, max_held);
	if (!rc)
		rc = rx_create(&conn->rx[1], conn->max_message, max_held);
	if (!rc)
		rc = tx_create(&conn->tx, dev->opt.max_transfer);
	conn->active = &conn->rx[0];
	return rc;
}

static void reset_limits(struct conn *conn)
{
	if (conn->limits.twin_fd >= 0)
		close(conn->limits.twin_fd);
	conn->limits = (struct conn_limits){.twin_fd = -1};
}

static void close_connection(struct mdl_dev *dev)
{
	struct conn *conn = dev->conn;

	loop_remove(dev, conn->fd);
	close(conn->fd);
	conn->fd = -1;
	conn->broken = false;
	conn->clogged = false;
	conn->left = conn->attached;
	rx_clear(&conn->rx[0]);
	rx_clear(&conn->rx[1]);
	rx_destroy(&conn->twin);
	tx_clear(&conn->tx);
	reset_limits(conn);
	device_client_gone(dev);
}

void conn_destroy(struct mdl_dev *dev)
{
	struct conn *conn = dev->conn;

	if (!conn)
		return;
	if (conn->fd >= 0)
		close_connection(dev);
	rx_destroy(&conn->rx[0]);
	rx_destroy(&conn->rx[1]);
	tx_destroy(&conn->tx);
	free(conn);
	dev->conn = NULL;
}

bool conn_connected(const struct mdl_dev *dev)
{
	return dev->conn->fd >= 0 && !dev->conn->broken;
}

bool conn_over(const struct mdl_dev *dev)
{
	return dev->conn->left && dev->conn->fd < 0;
}

struct conn_limits *conn_limits(struct mdl_dev *dev)
{
	return &dev->conn->limits;
}

bool conn_receiving(const struct mdl_dev *dev)
{
	return conn_connected(dev) && !dev->conn->clogged;
}

bool conn_has_work(const struct mdl_dev *dev)
{
	const struct conn *conn = dev->conn;

	if (conn->fd < 0)
		return false;
	return conn->broken || (!conn->clogged && rx_complete(conn->active, 0));
}

void conn_set_patient(struct mdl_dev *dev, bool patient)
{
	dev->conn->tx.patience_ms = patient ? PATIENCE_MS : 0;
}

void conn_break(struct mdl_dev *dev, const char *format, ...)
{
	char reason[256];
	va_list args;

	if (dev->conn->broken)
		return;
	dev->conn->broken = true;
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	log_client(dev, "connection ended: %s", reason);
}

void conn_receive_failed(struct mdl_dev *dev, const struct rx *rx, ssize_t result)
{
	uint32_t size = 0;

	if (result == 0 || result == -ECONNRESET) {
		if (rx->start != rx->end)
			conn_break(dev, "the client left in the middle of a message");
		else
			log_limited(dev, MDL_LOG_INFO, "the client has left");
		dev->conn->broken = true;
	} else if (result == -EPROTO) {
		rx_bad(rx, &size);
		conn_break(dev, "a message of %u bytes; allowed are 16 to %zu", size,
			   rx->max_message);
	} else if (result == -ENOBUFS) {
		conn_break(dev, "too much is queued while the device waits for the client");
	} else {
		conn_break(dev, "receiving failed: %s", strerror((int)-result));
	}
}

static void watch(struct mdl_dev *dev)
{
	struct conn *conn = dev->conn;
	uint32_t events = conn->clogged ? EPOLLOUT : EPOLLIN;

	if (conn->fd < 0 || events == conn->events)
		return;
	if (loop_change(dev, conn->fd, events))
		conn_break(dev, "the socket cannot be watched");
	conn->events = events;
}

void conn_sent(struct mdl_dev *dev, int result)
{
	struct conn *conn = dev->conn;

	conn->clogged = result == -EAGAIN;
	if (result == -EPIPE || result == -ECONNRESET) {
		log_limited(dev, MDL_LOG_INFO, "the client left before it read all replies");
		conn->broken = true;
	} else if (result && result != -EAGAIN) {
		conn_break(dev, "sending failed: %s", strerror(-result));
	}
}

/* A client that waits for this reply has room for it; another one has no claim to it. */
void conn_send_now(struct mdl_dev *dev, const struct vu_header *header, const struct reply *reply)
{
	/* the casts drop const only: sendmsg does not write */
	struct iovec iov[3] = {{(void *)(uintptr_t)header, VU_HEADER_SIZE},
			       {reply->data, reply->size},
			       {(void *)(uintptr_t)reply->tail, reply->tail_size}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};
	size_t left = VU_HEADER_SIZE + reply->size + reply->tail_size;
	struct pollfd p = {.fd = dev->conn->fd, .events = POLLOUT};

	while (left > 0 && !dev->conn->broken) {
		ssize_t n = sendmsg(dev->conn->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EINTR || (errno == EAGAIN && poll(&p, 1, 1000) > 0)))
			continue;
		if (n < 0) {
			conn_break(dev, "a reply cannot be sent: %s", strerror(errno));
			return;
		}
		left -= (size_t)n;
		for (unsigned i = 0; i < 3; i++) {
			size_t part = (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;

			iov[i].iov_base = (char *)iov[i].iov_base + part;
			iov[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
}

uint8_t *conn_reply_begin(struct mdl_dev *dev)
{
	if (dev->conn->yielding)
		return dev->conn->aside;
	return tx_begin(&dev->conn->tx);
}

void conn_reply_end(struct mdl_dev *dev, const struct vu_header *header, const struct reply *reply)
{
	if (!conn_connected(dev))
		return;
	if (dev->conn->yielding)
		conn_send_now(dev, header, reply);
	else
		conn_sent(dev, tx_end(&dev->conn->tx, dev->conn->fd, header, reply));
}

/* Everything that is here, until the client must read first. */
static int serve_messages(struct mdl_dev *dev)
{
	struct conn *conn = dev->conn;
	struct message message;
	int served = 0;

	while (!conn->broken && !conn->clogged && rx_next(conn->active, &message)) {
		int rc;

		conn->pinned = conn->active;
		conn->given_up = false;
		rc = protocol_message(dev, message.data, message.size, message.fds, message.nfds);
		conn->pinned = NULL;
		served++;
		if (rc)
			conn_break(dev, "%s", strerror(-rc));
	}
	if (!conn->broken && tx_waiting(&conn->tx))
		conn_sent(dev, tx_flush(&conn->tx, conn->fd));
	return served;
}

int conn_serve(struct mdl_dev *dev)
{
	int served;

	if (dev->conn->fd < 0)
		return 0;
	served = serve_messages(dev);
	if (dev->conn->broken)
		close_connection(dev);
	else
		watch(dev);
	return served;
}

int conn_receive(struct mdl_dev *dev, bool block)
{
	struct conn *conn = dev->conn;
	ssize_t n = rx_receive(conn->active, conn->fd, block ? 0 : MSG_DONTWAIT);
	int served;

	if (n == -EAGAIN || n == -EINTR) {
		watch(dev); /* a call to the client may have sent what waited */
		return (int)n;
	}
	/* what was complete before the bad message is still served */
	served = n > 0 || n == -EPROTO ? serve_messages(dev) : 0;
	if (n <= 0)
		conn_receive_failed(dev, conn->active, n);
	if (conn->broken)
		close_connection(dev);
	else
		watch(dev);
	return served;
}

bool conn_left(struct mdl_dev *dev)
{
	struct conn *conn = dev->conn;
	struct pollfd p = {.fd = conn->fd};

	if (conn->fd < 0)
		return true;
	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLHUP))
		return false;
	/* its last messages, and then the stream's end */
	while (conn->fd >= 0 && !loop_stopping(dev)) {
		if (conn->clogged)
			conn_serve(dev);
		else
			conn_receive(dev, false);
	}
	return conn->fd < 0;
}

static void socket_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	(void)fd;
	(void)arg;
	(void)events;
	if (dev->conn->clogged)
		conn_serve(dev);
	else if (conn_receive(dev, false) > 0)
		dev->loop->hot = true;
}

/* Receives wait at most CONN_LINGER_MS; sends never wait. */
static int set_up_socket(int fd)
{
	struct timeval limit = {.tv_usec = CONN_LINGER_MS * 1000};
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return 0;
}

int conn_open(struct mdl_dev *dev, int fd, bool attached)
{
	struct conn *conn = dev->conn;
	int rc = conn->fd >= 0 ? -EISCONN : set_up_socket(fd);

	if (!rc)
		rc = loop_add_patient(dev, fd, EPOLLIN, socket_event, NULL);
	if (rc) {
		close(fd);
		return rc;
	}
	conn->fd = fd;
	conn->events = EPOLLIN;
	conn->broken = conn->clogged = conn->left = conn->waits_for_us = conn->given_up = false;
	conn->attached = attached;
	log_limited(dev, MDL_LOG_INFO, "a client has come");
	regions_client_comes(dev);
	device_client_came(dev);
	return 0;
}

int conn_watch(struct mdl_dev *dev)
{
	struct conn *conn = dev->conn;

	conn->events = EPOLLIN;
	return conn->fd < 0 ? 0 : loop_add_patient(dev, conn->fd, EPOLLIN, socket_event, NULL);
}

void conn_leave(struct mdl_dev *dev)
{
	struct conn *conn = dev->conn;

	if (conn->fd < 0)
		return;
	loop_remove(dev, conn->fd);
	close(conn->fd);
	conn->fd = -1;
	rx_clear(&conn->rx[0]);
	rx_clear(&conn->rx[1]);
	rx_destroy(&conn->twin);
	tx_clear(&conn->tx);
	reset_limits(conn);
}

int conn_set_twin(struct mdl_dev *dev, int fd)
{
	struct conn *conn = dev->conn;
	int rc = rx_create(&conn->twin, conn->max_message, 2 * MSG_FDS);

	if (rc) {
		close(fd);
		return rc;
	}
	conn->limits.twin_fd = fd;
	return 0;
}
