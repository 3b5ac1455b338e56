/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plain vfio-user client for tests and demos: sends what it is told, also wrong things.  Every
 * wait ends after CLIENT_WAIT_MS with -ETIMEDOUT.  Functions return 0 or a count, or -errno.
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../runtime/vfio_user.h"

#define CLIENT_WAIT_MS 10000
#define CLIENT_MAX_FDS 16
/* An error that the server replied with, as opposed to one of ours: -(CLIENT_REMOTE + errno). */
#define CLIENT_REMOTE 10000

struct client {
	int fd;
	uint16_t next_id;
};

struct client_message {
	struct vu_header header;
	uint8_t *data; /* payload; free with client_message_free() */
	size_t size;
	int fds[CLIENT_MAX_FDS];
	unsigned nfds;
};

/* Connect, waiting for the socket to appear. */
int client_connect(struct client *client, const char *path);
void client_close(struct client *client);

/* Bytes as they are, all of them; descriptors go with the first byte. */
int client_send_bytes(struct client *client, const void *data, size_t size, const int *fds,
		      unsigned nfds);
/* One message with header.  Returns its id. */
int client_send(struct client *client, uint16_t command, uint32_t flags, const void *data,
		size_t size, const int *fds, unsigned nfds);
/* The next message of the server's; 0 if it closed the connection, 1 if there is one. */
int client_receive(struct client *client, struct client_message *message);
void client_message_free(struct client_message *message);
/* Wait until the server has closed the connection; anything it sends before is dropped. */
int client_wait_closed(struct client *client);

/*
 * Send a command and wait for its reply, whose payload goes to reply (at most reply_max bytes;
 * longer is an error).  Returns the payload's size; -(CLIENT_REMOTE + errno) is the server's error.
 */
ssize_t client_call(struct client *client, uint16_t command, const void *data, size_t size,
		    void *reply, size_t reply_max);
ssize_t client_call_fds(struct client *client, uint16_t command, const void *data, size_t size,
			const int *fds, unsigned nfds, struct client_message *reply);

/* The handshake; capabilities: JSON text, or NULL for QEMU's usual. */
int client_negotiate(struct client *client, const char *json);
int client_open(struct client *client, const char *path); /* connect and negotiate */

int client_read(struct client *client, uint32_t region, uint64_t offset, void *data, uint32_t size);
int client_write(struct client *client, uint32_t region, uint64_t offset, const void *data,
		 uint32_t size);
/* Little-endian values of 1, 2, 4, 8 bytes; a failed read fails by *value untouched and -errno. */
int client_get(struct client *client, uint32_t region, uint64_t offset, uint32_t size,
	       uint64_t *value);
int client_put(struct client *client, uint32_t region, uint64_t offset, uint32_t size,
	       uint64_t value);

int client_dma_map(struct client *client, uint64_t iova, uint64_t size, uint64_t offset,
		   uint32_t flags, int fd);
int client_dma_unmap(struct client *client, uint64_t iova, uint64_t size);
/* flags: VU_IRQ_SET_…; fd -1: none */
int client_set_irq(struct client *client, uint32_t index, uint32_t flags, uint32_t start,
		   uint32_t count, int fd);
/* The same with several descriptors. */
int client_set_irqs(struct client *client, uint32_t index, uint32_t flags, uint32_t start,
		    uint32_t count, const int *fds, unsigned nfds);
int client_reset(struct client *client);
/* Wait for an eventfd; returns 1 when it fired (and takes the event), 0 on time-out. */
int client_wait_event(int eventfd, int wait_ms);

/* DEVICE_FEATURE; data and reply are what stands behind flags.  Returns the reply's size. */
ssize_t client_feature(struct client *client, uint32_t flags, const void *data, size_t size,
		       void *reply, size_t reply_max);
/* Migration: set or get the state; read (how much came) or write a piece of the stream. */
int client_mig_set(struct client *client, uint32_t state);
int client_mig_get(struct client *client);
ssize_t client_mig_read(struct client *client, void *data, uint32_t size);
int client_mig_write(struct client *client, const void *data, uint32_t size);

/* ---- a server process under test */

struct server {
	pid_t pid;
	char dir[64];  /* its own folder in TMPDIR */
	char path[96]; /* its socket */
};

/*
 * Start program with the arguments (NULL-terminated list or NULL) and `--socket-path=…`, or, if
 * there is an argument "{}", with the socket's path in its place.  -errno if it cannot be run.
 */
int server_start(struct server *server, const char *program, const char *const *arguments);
/* Wait until its socket is there.  -ECHILD: it ended before; -ETIMEDOUT. */
int server_wait(const struct server *server);
/*
 * SIGTERM and wait.  Returns the exit status, or 128 + signal; -ETIMEDOUT after killing it, -EEXIST
 * if it left its socket.
 */
int server_stop(struct server *server);
/* Be rid of it at once, or of what is left if it is dead.  Returns as above. */
int server_kill(struct server *server);
bool server_alive(const struct server *server);
/* Does it end in this time, by itself? */
bool server_ends(const struct server *server, int wait_ms);
/* Open descriptors of the server process. */
int server_descriptors(const struct server *server);

#endif
