/* SPDX-License-Identifier: BSD-2-Clause */
/* The listening socket: see server.c. */
#ifndef MDL_SERVER_H
#define MDL_SERVER_H

#include "private.h"

/* Serve on an inherited descriptor, which becomes ours also on error: listening or connected. */
int server_adopt(struct mdl_dev *dev, int fd);
void server_destroy(struct mdl_dev *dev);
/* Is there a socket to serve, now or later? */
bool server_ready(const struct mdl_dev *dev);
/* The only client has left, and no other can come. */
bool server_over(const struct mdl_dev *dev);

#endif
