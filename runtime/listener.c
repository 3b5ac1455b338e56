/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets with a file: made, passed on to another process, removed at the end if the file
 * is still the one that was made.
 */
#include "listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 8

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

/* The name that the file has until the socket listens: the same directory, a bit longer. */
static void set_other_name(const struct sockaddr_un *address, struct sockaddr_un *other)
{
	size_t room = sizeof(other->sun_path);
	int n;

	*other = *address;
	n = snprintf(other->sun_path, room, "%s.%lx", address->sun_path, (unsigned long)getpid());
	if ((size_t)n >= room)
		*other = *address; /* no room: clients may come too early then */
}

/* A name that somebody has taken meanwhile is not taken from him. */
static int set_final_name(const char *now, const char *path)
{
	int rc = link(now, path) ? -errno : 0;

	if (rc == 0)
		return unlink(now) ? -errno : 0;
	/* not every file system has links */
	if (rc != -EEXIST && rename(now, path) == 0)
		return 0;
	unlink(now);
	return rc == -EEXIST ? -EADDRINUSE : rc;
}

/* Bind and listen under one name, then be found under another. */
static int make_file(int fd, const struct sockaddr_un *first, const char *path, struct stat *st)
{
	int rc = 0;

	/* the file gets the socket's own mode, so nobody can slip in before a chmod */
	if (fchmod(fd, 0600) || bind(fd, (const struct sockaddr *)first, sizeof(*first)))
		return -errno;
	if (listen(fd, BACKLOG) || lstat(first->sun_path, st))
		rc = -errno;
	else if (strcmp(first->sun_path, path) != 0)
		return set_final_name(first->sun_path, path);
	if (rc)
		unlink(first->sun_path);
	return rc;
}

/* Clients wait for the file to appear and connect at once: it appears when the socket listens. */
static int bind_file(struct mdl_dev *dev, struct listener *listener)
{
	struct sockaddr_un first;
	struct stat st;
	int rc = remove_stale(dev, &listener->address);

	if (rc)
		return rc;
	set_other_name(&listener->address, &first);
	if (strcmp(first.sun_path, listener->address.sun_path) != 0)
		unlink(first.sun_path); /* of a process that died between two lines */
	rc = make_file(listener->fd, &first, listener->address.sun_path, &st);
	if (rc)
		return rc;
	listener->file_dev = st.st_dev;
	listener->file_ino = st.st_ino;
	listener->has_file = true;
	return 0;
}

int listener_open(struct mdl_dev *dev, struct listener *listener, const char *path, int type)
{
	int rc;

	*listener = (struct listener){.fd = -1};
	rc = set_address(&listener->address, path);
	if (rc)
		return rc;
	listener->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	rc = bind_file(dev, listener);
	if (rc)
		listener_close(listener);
	return rc;
}

static void remove_file(const struct listener *listener)
{
	struct stat st;

	if (listener->has_file && !lstat(listener->address.sun_path, &st) &&
	    st.st_dev == listener->file_dev && st.st_ino == listener->file_ino)
		unlink(listener->address.sun_path);
}

void listener_close(struct listener *listener)
{
	if (listener->fd < 0)
		return;
	remove_file(listener);
	close(listener->fd);
	listener->fd = -1;
}

void listener_give(const struct listener *listener, struct parcel *parcel)
{
	parcel_put_fd(parcel, listener->fd);
	parcel_put(parcel, &listener->address, sizeof(listener->address));
	parcel_put_number(parcel, listener->has_file);
	parcel_put_number(parcel, listener->file_dev);
	parcel_put_number(parcel, listener->file_ino);
}

void listener_take(struct listener *listener, struct parcel *parcel)
{
	*listener = (struct listener){.fd = parcel_take_fd(parcel)};
	parcel_take(parcel, &listener->address, sizeof(listener->address));
	listener->address.sun_path[sizeof(listener->address.sun_path) - 1] = '\0';
	listener->had_file = parcel_take_number(parcel);
	listener->file_dev = parcel_take_number(parcel);
	listener->file_ino = parcel_take_number(parcel);
}
