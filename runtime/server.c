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
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conn.h"
#include "loop.h"

#define BACKLOG  8
#define RETRY_NS UINT64_C(100000000)

struct server {
	int fd;
	struct sockaddr_un address;
	bool has_file; /* we made it: */
	dev_t file_dev;
	ino_t file_ino;
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
	int rc = loop_add_patient(dev, dev->server->fd, EPOLLIN, accept_event, NULL);

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
		log_error(dev, "a client cannot be served: %s", strerror(-rc));
}

static int set_address(struct sockaddr_un *address, const char *path)
{
	size_t length = strlen(path);

	if (!length)
		return -ENOENT;
	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, path, length + 1);
	return 0;
}

/* Does a server answer there?  A full queue means that one does. */
static bool is_live(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc;

	if (fd < 0)
		return true; /* not known: touch nothing */
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(fd);
	return rc != ECONNREFUSED && rc != ENOENT;
}

/* Remove what a dead server left; nothing else. */
static int remove_stale(struct mdl_dev *dev, const struct sockaddr_un *address)
{
	struct stat before, now;

	if (lstat(address->sun_path, &before))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(before.st_mode)) {
		log_error(dev, "%s exists and is not a socket", address->sun_path);
		return -EADDRINUSE;
	}
	if (is_live(address)) {
		log_error(dev, "%s is in use by another server", address->sun_path);
		return -EADDRINUSE;
	}
	/* another server may have replaced it meanwhile */
	if (lstat(address->sun_path, &now))
		return errno == ENOENT ? 0 : -errno;
	if (now.st_ino != before.st_ino || now.st_dev != before.st_dev)
		return -EADDRINUSE;
	return unlink(address->sun_path) && errno != ENOENT ? -errno : 0;
}

static int bind_file(struct mdl_dev *dev, struct server *server)
{
	const struct sockaddr_un *address = &server->address;
	struct stat st;
	int rc = remove_stale(dev, address);

	if (rc)
		return rc;
	/* the file gets the socket's own mode, so nobody can slip in before a chmod */
	if (fchmod(server->fd, 0600) ||
	    bind(server->fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    lstat(address->sun_path, &st))
		return -errno;
	server->file_dev = st.st_dev;
	server->file_ino = st.st_ino;
	server->has_file = true;
	return listen(server->fd, BACKLOG) ? -errno : 0;
}

/* Watch a listening socket; it becomes the server's. */
static int serve(struct mdl_dev *dev, int fd, struct server **made)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		close(fd);
		return -ENOMEM;
	}
	server->fd = fd;
	server->retry.expire = retry_accept;
	*made = dev->server = server;
	return loop_add_patient(dev, fd, EPOLLIN, accept_event, NULL);
}

int mdl_listen(struct mdl_dev *dev, const char *path)
{
	struct server *server;
	struct sockaddr_un address;
	int rc = dev->server || dev->conn->fd >= 0 ? -EBUSY : set_address(&address, path), fd;

	if (!rc)
		rc = mdl_start(dev);
	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = serve(dev, fd, &server);
	if (!rc) {
		server->address = address;
		rc = bind_file(dev, server);
	}
	if (rc)
		server_destroy(dev);
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
	struct server *server;
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
	rc = serve(dev, fd, &server);
	if (rc)
		server_destroy(dev);
	return rc;
}

static void remove_file(const struct server *server)
{
	struct stat st;

	if (server->has_file && !lstat(server->address.sun_path, &st) &&
	    st.st_dev == server->file_dev && st.st_ino == server->file_ino)
		unlink(server->address.sun_path);
}

void server_destroy(struct mdl_dev *dev)
{
	struct server *server = dev->server;

	if (!server)
		return;
	loop_timer_cancel(dev, &server->retry);
	loop_remove(dev, server->fd);
	remove_file(server);
	close(server->fd);
	free(server);
	dev->server = NULL;
}
