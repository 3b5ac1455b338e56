// SPDX-License-Identifier: BSD-2-Clause
/* A plain vfio-user client: messages, and the commands that every test needs. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static int wait_for(int fd, short events, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do {
		n = poll(&p, 1, wait_ms);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == 0 ? -ETIMEDOUT : 0;
}

int client_connect(struct client *client, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int64_t end = now_ms() + CLIENT_WAIT_MS;

	*client = (struct client){.fd = -1, .next_id = 1};
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	for (;;) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return -errno;
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
			client->fd = fd;
			return 0;
		}
		int error = errno;

		close(fd);
		if ((error != ENOENT && error != ECONNREFUSED) || now_ms() >= end)
			return -error;
		/* A socket's birth has no event to wait for but its folder's: look again soon. */
		poll(NULL, 0, 2);
	}
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

int client_send_bytes(struct client *client, const void *data, size_t size, const int *fds,
		      unsigned nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 64)];
	} control;
	size_t sent = 0;

	if (nfds > 64)
		return -EINVAL;
	while (sent < size) {
		struct iovec iov = {(char *)(uintptr_t)data + sent, size - sent};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

		if (nfds && !sent) {
			memset(&control, 0, sizeof(control));
			msg.msg_control = control.space;
			msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
			struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
			memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
		}
		ssize_t n = sendmsg(client->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			sent += (size_t)n;
		} else if (errno == EAGAIN) {
			int rc = wait_for(client->fd, POLLOUT, CLIENT_WAIT_MS);

			if (rc < 0)
				return rc;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int client_send(struct client *client, uint16_t command, uint32_t flags, const void *data,
		size_t size, const int *fds, unsigned nfds)
{
	struct vu_header header = {.id = client->next_id++,
				   .command = command,
				   .flags = flags,
				   .size = (uint32_t)(VU_HEADER_SIZE + size)};
	uint8_t *message = malloc(VU_HEADER_SIZE + size);
	int rc;

	if (!message)
		return -ENOMEM;
	memcpy(message, &header, VU_HEADER_SIZE);
	if (size)
		memcpy(message + VU_HEADER_SIZE, data, size);
	rc = client_send_bytes(client, message, VU_HEADER_SIZE + size, fds, nfds);
	free(message);
	return rc < 0 ? rc : header.id;
}

static void take_fds(struct msghdr *msg, struct client_message *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		unsigned n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		for (unsigned i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (message->nfds < CLIENT_MAX_FDS)
				message->fds[message->nfds++] = fd;
			else
				close(fd);
		}
	}
}

/* 1: all there; 0: the peer closed before the first byte. */
static int receive_bytes(struct client *client, void *data, size_t size,
			 struct client_message *message)
{
	size_t got = 0;

	while (got < size) {
		union {
			struct cmsghdr align;
			char space[CMSG_SPACE(sizeof(int) * CLIENT_MAX_FDS)];
		} control;
		struct iovec iov = {(char *)data + got, size - got};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control.space,
				     .msg_controllen = sizeof(control.space)};
		int rc = wait_for(client->fd, POLLIN, CLIENT_WAIT_MS);

		if (rc < 0)
			return rc;
		ssize_t n = recvmsg(client->fd, &msg, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return got ? -EPIPE : 0;
		take_fds(&msg, message);
		got += (size_t)n;
	}
	return 1;
}

int client_receive(struct client *client, struct client_message *message)
{
	int rc;

	memset(message, 0, sizeof(*message));
	rc = receive_bytes(client, &message->header, VU_HEADER_SIZE, message);
	if (rc <= 0)
		return rc;
	if (message->header.size < VU_HEADER_SIZE || message->header.size > (1u << 27))
		return -EPROTO;
	message->size = message->header.size - VU_HEADER_SIZE;
	message->data = malloc(message->size + 1);
	if (!message->data)
		return -ENOMEM;
	if (!message->size)
		return 1;
	rc = receive_bytes(client, message->data, message->size, message);
	if (rc <= 0) {
		client_message_free(message);
		return rc < 0 ? rc : -EPIPE;
	}
	return 1;
}

void client_message_free(struct client_message *message)
{
	for (unsigned i = 0; i < message->nfds; i++)
		if (message->fds[i] >= 0)
			close(message->fds[i]);
	message->nfds = 0;
	free(message->data);
	message->data = NULL;
}

int client_wait_closed(struct client *client)
{
	int64_t end = now_ms() + CLIENT_WAIT_MS;
	char junk[4096];

	for (;;) {
		int64_t left = end - now_ms();
		int rc = wait_for(client->fd, POLLIN, left > 0 ? (int)left : 0);

		if (rc < 0)
			return rc;
		if (left <= 0) /* it sends without end */
			return -ETIMEDOUT;
		ssize_t n = recv(client->fd, junk, sizeof(junk), 0);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

ssize_t client_call_fds(struct client *client, uint16_t command, const void *data, size_t size,
			const int *fds, unsigned nfds, struct client_message *reply)
{
	int id = client_send(client, command, VU_TYPE_REQUEST, data, size, fds, nfds);
	int rc;

	memset(reply, 0, sizeof(*reply));
	if (id < 0)
		return id;
	rc = client_receive(client, reply);
	if (rc <= 0)
		return rc < 0 ? rc : -ECONNRESET;
	if ((reply->header.flags & VU_TYPE_MASK) != VU_TYPE_REPLY || reply->header.id != id ||
	    reply->header.command != command) {
		client_message_free(reply);
		return -EPROTO;
	}
	if (reply->header.flags & VU_ERROR) {
		client_message_free(reply);
		return -(CLIENT_REMOTE + (ssize_t)reply->header.error);
	}
	return (ssize_t)reply->size;
}

ssize_t client_call(struct client *client, uint16_t command, const void *data, size_t size,
		    void *reply, size_t reply_max)
{
	struct client_message message;
	ssize_t n = client_call_fds(client, command, data, size, NULL, 0, &message);

	if (n < 0)
		return n;
	if ((size_t)n > reply_max)
		n = -EMSGSIZE;
	else if (n)
		memcpy(reply, message.data, (size_t)n);
	client_message_free(&message);
	return n;
}

int client_negotiate(struct client *client, const char *json)
{
	uint8_t data[4096] = {0}, reply[4096];
	const uint16_t version[2] = {0, 0};
	ssize_t n;

	if (!json)
		json = "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
		       "\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true,"
		       "\"migration\":{\"pgsize\":4096}}}";
	if (strlen(json) + 5 > sizeof(data))
		return -E2BIG;
	memcpy(data, version, 4);
	memcpy(data + 4, json, strlen(json) + 1);
	n = client_call(client, VU_VERSION, data, 4 + strlen(json) + 1, reply, sizeof(reply));
	return n < 0 ? (int)n : n < 4 ? -EPROTO : 0;
}

int client_open(struct client *client, const char *path)
{
	int rc = client_connect(client, path);

	if (rc == 0)
		rc = client_negotiate(client, NULL);
	if (rc < 0)
		client_close(client);
	return rc;
}

int client_read(struct client *client, uint32_t region, uint64_t offset, void *data, uint32_t size)
{
	struct vu_region_access access = {offset, region, size};
	struct client_message reply;
	ssize_t n =
		client_call_fds(client, VU_REGION_READ, &access, sizeof(access), NULL, 0, &reply);

	if (n < 0)
		return (int)n;
	n = (size_t)n == sizeof(access) + size && !memcmp(reply.data, &access, sizeof(access))
		    ? 0
		    : -EPROTO;
	if (n == 0)
		memcpy(data, reply.data + sizeof(access), size);
	client_message_free(&reply);
	return (int)n;
}

int client_write(struct client *client, uint32_t region, uint64_t offset, const void *data,
		 uint32_t size)
{
	struct vu_region_access access = {offset, region, size}, reply;
	uint8_t *payload = malloc(sizeof(access) + size);
	ssize_t n;

	if (!payload)
		return -ENOMEM;
	memcpy(payload, &access, sizeof(access));
	memcpy(payload + sizeof(access), data, size);
	n = client_call(client, VU_REGION_WRITE, payload, sizeof(access) + size, &reply,
			sizeof(reply));
	free(payload);
	return n < 0                                                           ? (int)n
	       : n == sizeof(reply) && !memcmp(&reply, &access, sizeof(reply)) ? 0
									       : -EPROTO;
}

int client_get(struct client *client, uint32_t region, uint64_t offset, uint32_t size,
	       uint64_t *value)
{
	uint8_t data[8];
	int rc = size > 8 ? -EINVAL : client_read(client, region, offset, data, size);

	if (rc < 0)
		return rc;
	*value = 0;
	for (unsigned i = 0; i < size; i++)
		*value |= (uint64_t)data[i] << (8 * i);
	return 0;
}

int client_put(struct client *client, uint32_t region, uint64_t offset, uint32_t size,
	       uint64_t value)
{
	uint8_t data[8];

	if (size > 8)
		return -EINVAL;
	for (unsigned i = 0; i < size; i++)
		data[i] = (uint8_t)(value >> (8 * i));
	return client_write(client, region, offset, data, size);
}

static int call_empty(struct client *client, uint16_t command, const void *data, size_t size,
		      int fd)
{
	struct client_message reply;
	ssize_t n = client_call_fds(client, command, data, size, &fd, fd >= 0, &reply);

	if (n < 0)
		return (int)n;
	client_message_free(&reply);
	return n == 0 ? 0 : -EPROTO;
}

int client_dma_map(struct client *client, uint64_t iova, uint64_t size, uint64_t offset,
		   uint32_t flags, int fd)
{
	struct vu_dma_map map = {sizeof(map), flags, offset, iova, size};

	return call_empty(client, VU_DMA_MAP, &map, sizeof(map), fd);
}

int client_dma_unmap(struct client *client, uint64_t iova, uint64_t size)
{
	struct vu_dma_unmap unmap = {sizeof(unmap), 0, iova, size}, reply;
	ssize_t n = client_call(client, VU_DMA_UNMAP, &unmap, sizeof(unmap), &reply, sizeof(reply));

	return n < 0 ? (int)n : n == sizeof(reply) ? 0 : -EPROTO;
}

int client_set_irq(struct client *client, uint32_t index, uint32_t flags, uint32_t start,
		   uint32_t count, int fd)
{
	struct vu_irq_set set = {sizeof(set), flags, index, start, count};

	return call_empty(client, VU_DEVICE_SET_IRQS, &set, sizeof(set), fd);
}

int client_reset(struct client *client)
{
	return call_empty(client, VU_DEVICE_RESET, NULL, 0, -1);
}

int client_wait_event(int eventfd, int wait_ms)
{
	uint64_t count;

	return wait_for(eventfd, POLLIN, wait_ms) == 0 && read(eventfd, &count, 8) == 8;
}
