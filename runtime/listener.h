/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets with a file: see listener.c. */
#ifndef MDL_LISTENER_H
#define MDL_LISTENER_H

#include <sys/un.h>

#include "parcel.h"
#include "private.h"

struct listener {
	int fd; /* -1: none */
	struct sockaddr_un address;
	bool has_file; /* it is ours to remove: */
	bool had_file; /* … once the process before us has left it to us */
	dev_t file_dev;
	ino_t file_ino;
};

/* type: SOCK_STREAM or SOCK_SEQPACKET.  Mode 0600; -EADDRINUSE as mdl_listen(). */
int listener_open(struct mdl_dev *dev, struct listener *listener, const char *path, int type);
void listener_close(struct listener *listener);
void listener_give(const struct listener *listener, struct parcel *parcel);
void listener_take(struct listener *listener, struct parcel *parcel);

#endif
