/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening socket.  One client at a time: another is accepted and closed at once, so that it
 * knows.  The socket's file is removed at the end if it is still the one we made.
 */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "handover.h"
#include "listener.h"
#include "loop.h"

#define RETRY_NS UINT64_C(100000000)

struct server {
	struct listener listener;
	struct loop_timer retry; /* accept() ran out of descriptors or memory */
};

bool server_ready(const struct mdl_dev *dev)
{
	return dev->server || dev->conn->attached;
}

bool server_over(const struct mdl_dev *dev)
{
	return !dev->server && conn_over(dev);
}

static void accept_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg);

static void retry_accept(struct mdl_dev *dev, struct loop_timer *timer)
{
	int rc = loop_add_patient(dev, dev->server->listener.fd, EPOLLIN, accept_event, NULL);

	if (!rc)
		return;
	log_error(dev, "new clients cannot be waited for: %s", strerror(-rc));
	loop_timer_start(dev, timer, RETRY_NS);
}

static void accept_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC), rc;

	(void)events;
	(void)arg;
	if (client < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		log_client(dev, "a client cannot be accepted: %s", strerror(errno));
		/* it stays in the queue, so the event would come again at once */
		loop_remove(dev, fd);
		loop_timer_start(dev, &dev->server->retry, RETRY_NS);
		return;
	}
	/* A client that comes when another leaves may be seen first. */
	if (!conn_left(dev)) {
		log_client(dev, "refused a second client");
		close(client);
		return;
	}
	rc = conn_open(dev, client, false);
	if (rc)
		log_limited(dev, MDL_LOG_ERROR, "a client cannot be served: %s", strerror(-rc));
}

/* Watch a listening socket; it becomes the server's. */
static int serve(struct mdl_dev *dev, const struct listener *listener)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->listener = *listener;
	server->retry.expire = retry_accept;
	dev->server = server;
	return loop_add_patient(dev, listener->fd, EPOLLIN, accept_event, NULL);
}

int mdl_listen(struct mdl_dev *dev, const char *path)
{
	struct listener listener;
	int rc = dev->server || dev->conn->fd >= 0 ? -EBUSY : mdl_start(dev);

	if (!rc)
		rc = listener_open(dev, &listener, path, SOCK_STREAM);
	if (rc)
		return rc;
	rc = serve(dev, &listener);
	if (rc && dev->server)
		server_destroy(dev);
	else if (rc)
		listener_close(&listener);
	else
		log_info(dev, "listening on %s", path);
	return rc;
}

int mdl_attach(struct mdl_dev *dev, int fd)
{
	int rc = mdl_start(dev);

	if (rc) {
		close(fd);
		return rc;
	}
	return conn_open(dev, fd, true);
}

static int socket_option(int fd, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) ? -errno : value;
}

int server_adopt(struct mdl_dev *dev, int fd)
{
	const struct listener listener = {.fd = fd};
	int domain = socket_option(fd, SO_DOMAIN), rc;

	if (domain < 0)
		rc = domain;
	else if (domain != AF_UNIX || socket_option(fd, SO_TYPE) != SOCK_STREAM)
		rc = -EPROTOTYPE;
	else if (socket_option(fd, SO_ACCEPTCONN) <= 0)
		return mdl_attach(dev, fd);
	else
		rc = mdl_start(dev);
	if (rc) {
		if (rc != -EBADF)
			close(fd);
		return rc;
	}
	rc = serve(dev, &listener);
	if (rc && dev->server)
		server_destroy(dev);
	else if (rc)
		close(fd);
	return rc;
}

/* ---- handing over */

void server_give(struct mdl_dev *dev, struct parcel *parcel)
{
	const struct listener none = {.fd = -1};

	listener_give(dev->server ? &dev->server->listener : &none, parcel);
}

int server_take(struct mdl_dev *dev, struct parcel *parcel)
{
	struct listener listener;

	listener_take(&listener, parcel);
	if (listener.fd < 0)
		return parcel->error;
	dev->server = calloc(1, sizeof(*dev->server));
	if (!dev->server) {
		listener_close(&listener);
		return -ENOMEM;
	}
	dev->server->listener = listener;
	dev->server->retry.expire = retry_accept;
	return parcel->error;
}

int server_begin(struct mdl_dev *dev)
{
	struct server *server = dev->server;

	if (!server)
		return 0;
	server->listener.has_file = server->listener.had_file;
	return loop_add_patient(dev, server->listener.fd, EPOLLIN, accept_event, NULL);
}

void server_leave(struct mdl_dev *dev)
{
	if (dev->server)
		dev->server->listener.has_file = false;
	server_destroy(dev);
}

void server_destroy(struct mdl_dev *dev)
{
	struct server *server = dev->server;

	if (!server)
		return;
	loop_timer_cancel(dev, &server->retry);
	loop_remove(dev, server->listener.fd);
	listener_close(&server->listener);
	free(server);
	dev->server = NULL;
}
