/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device in a thread and a client that talks to it over a socketpair, and serves its DMA
 * messages. Every wait has a deadline.  For tests of what only shows when messages cross.
 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "private.h"

#define PEER_WAIT_S 10
#define PEER_MAX    (2u << 20)

struct peer {
	struct mdl_dev *dev;
	pthread_t thread;
	int fd;
	uint16_t id;
	/* A request of the server's: answered by this; returns false if nobody should answer. */
	void (*serve)(struct peer *peer, const struct vu_header *header, const uint8_t *payload,
		      size_t size);
	void *serve_arg;
	uint8_t *buf;
	int fds[16]; /* descriptors of the last reply */
	unsigned nfds;
	char log[8192]; /* what the device said */
	pthread_mutex_t log_lock;
};

static inline void peer_log(void *arg, enum mdl_log_level level, const char *line)
{
	struct peer *peer = arg;
	size_t used;

	(void)level;
	pthread_mutex_lock(&peer->log_lock);
	used = strlen(peer->log);
	snprintf(peer->log + used, sizeof(peer->log) - used, "%s\n", line);
	pthread_mutex_unlock(&peer->log_lock);
}

static inline unsigned peer_said_times(struct peer *peer, const char *text)
{
	unsigned times = 0;
	const char *at;

	pthread_mutex_lock(&peer->log_lock);
	for (at = strstr(peer->log, text); at; at = strstr(at + 1, text))
		times++;
	pthread_mutex_unlock(&peer->log_lock);
	return times;
}

static inline bool peer_said(struct peer *peer, const char *text)
{
	return peer_said_times(peer, text) > 0;
}

static inline void *peer_run(void *arg)
{
	struct peer *peer = arg;

	mdl_run(peer->dev);
	return NULL;
}

static inline void peer_send(struct peer *peer, const struct vu_header *header, const void *head,
			     size_t head_size, const void *body, size_t body_size, const int *fds,
			     unsigned nfds)
{
	struct iovec iov[3] = {{(void *)(uintptr_t)header, sizeof(*header)},
			       {(void *)(uintptr_t)head, head_size},
			       {(void *)(uintptr_t)body, body_size}};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = 3};
	size_t total = sizeof(*header) + head_size + body_size, sent = 0;

	if (nfds) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, nfds * sizeof(int));
	}
	while (sent < total) {
		ssize_t n = sendmsg(peer->fd, &message, MSG_NOSIGNAL);

		assert_true(n > 0);
		sent += (size_t)n;
		message.msg_control = NULL;
		message.msg_controllen = 0;
		while (n > 0 && message.msg_iovlen) {
			size_t part = (size_t)n < message.msg_iov->iov_len
					      ? (size_t)n
					      : message.msg_iov->iov_len;

			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + part;
			message.msg_iov->iov_len -= part;
			n -= (ssize_t)part;
			if (message.msg_iov->iov_len)
				break;
			message.msg_iov++;
			message.msg_iovlen--;
		}
	}
}

static inline void peer_receive_bytes(struct peer *peer, void *to, size_t size)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} control;
	size_t done = 0;

	while (done < size) {
		struct iovec iov = {(char *)to + done, size - done};
		struct msghdr message = {.msg_iov = &iov,
					 .msg_iovlen = 1,
					 .msg_control = &control,
					 .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC);
		struct cmsghdr *c;

		assert_true(n > 0);
		done += (size_t)n;
		for (c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
			peer->nfds = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			memcpy(peer->fds, CMSG_DATA(c), peer->nfds * sizeof(int));
		}
	}
}

/* The next message: its payload is in peer->buf. */
static inline struct vu_header peer_receive(struct peer *peer)
{
	struct vu_header header;

	peer->nfds = 0;
	peer_receive_bytes(peer, &header, sizeof(header));
	assert_in_range(header.size, sizeof(header), PEER_MAX);
	peer_receive_bytes(peer, peer->buf, header.size - sizeof(header));
	return header;
}

static inline void peer_reply(struct peer *peer, const struct vu_header *request, const void *head,
			      size_t head_size, const void *body, size_t body_size)
{
	struct vu_header header = *request;

	header.flags = VU_TYPE_REPLY;
	header.size = (uint32_t)(sizeof(header) + head_size + body_size);
	peer_send(peer, &header, head, head_size, body, body_size, NULL, 0);
}

static inline void peer_reply_error(struct peer *peer, const struct vu_header *request,
				    uint32_t error)
{
	struct vu_header header = *request;

	header.flags = VU_TYPE_REPLY | VU_ERROR;
	header.size = sizeof(header);
	header.error = error;
	peer_send(peer, &header, NULL, 0, NULL, 0, NULL, 0);
}

/* A command and its reply: the payload's size, or -errno as the server said. */
static inline ssize_t peer_call(struct peer *peer, uint16_t command, const void *head,
				size_t head_size, const void *body, size_t body_size,
				const int *fds, unsigned nfds, void *reply, size_t reply_max)
{
	struct vu_header header = {.id = ++peer->id, .command = command};

	header.size = (uint32_t)(sizeof(header) + head_size + body_size);
	peer_send(peer, &header, head, head_size, body, body_size, fds, nfds);
	for (;;) {
		struct vu_header got = peer_receive(peer);
		size_t size = got.size - sizeof(got);

		if ((got.flags & VU_TYPE_MASK) == VU_TYPE_REQUEST) {
			assert_non_null(peer->serve);
			peer->serve(peer, &got, peer->buf, size);
			continue;
		}
		assert_int_equal(got.id, peer->id);
		assert_int_equal(got.command, command);
		if (got.flags & VU_ERROR) {
			assert_int_equal(size, 0);
			return -(ssize_t)got.error;
		}
		assert_in_range(size, 0, reply_max);
		if (size)
			memcpy(reply, peer->buf, size);
		return (ssize_t)size;
	}
}

static inline int peer_write(struct peer *peer, uint32_t region, uint64_t offset, const void *data,
			     uint32_t size)
{
	struct vu_region_access head = {offset, region, size}, echo;
	ssize_t n = peer_call(peer, VU_REGION_WRITE, &head, sizeof(head), data, size, NULL, 0,
			      &echo, sizeof(echo));

	return n < 0 ? (int)n : 0;
}

static inline int peer_read(struct peer *peer, uint32_t region, uint64_t offset, void *data,
			    uint32_t size)
{
	struct vu_region_access head = {offset, region, size};
	uint8_t *reply = malloc(sizeof(head) + size);
	ssize_t n = peer_call(peer, VU_REGION_READ, &head, sizeof(head), NULL, 0, NULL, 0, reply,
			      sizeof(head) + size);

	if (n >= 0)
		memcpy(data, reply + sizeof(head), size);
	free(reply);
	return n < 0 ? (int)n : 0;
}

static inline int peer_map_flags(struct peer *peer, uint64_t iova, uint64_t size, uint64_t offset,
				 uint32_t flags, int fd)
{
	struct vu_dma_map map = {sizeof(map), flags, offset, iova, size};

	return (int)peer_call(peer, VU_DMA_MAP, &map, sizeof(map), NULL, 0, &fd, fd >= 0, NULL, 0);
}

static inline int peer_map(struct peer *peer, uint64_t iova, uint64_t size, uint64_t offset, int fd)
{
	return peer_map_flags(peer, iova, size, offset, 3, fd);
}

static inline int peer_unmap_flags(struct peer *peer, uint64_t iova, uint64_t size, uint32_t flags)
{
	struct vu_dma_unmap unmap = {sizeof(unmap), flags, iova, size}, echo;
	ssize_t n = peer_call(peer, VU_DMA_UNMAP, &unmap, sizeof(unmap), NULL, 0, NULL, 0, &echo,
			      sizeof(echo));

	if (n < 0)
		return (int)n;
	assert_int_equal(n, sizeof(unmap));
	assert_memory_equal(&echo, &unmap, sizeof(unmap));
	return 0;
}

static inline int peer_unmap(struct peer *peer, uint64_t iova, uint64_t size)
{
	return peer_unmap_flags(peer, iova, size, 0);
}

/* DEVICE_FEATURE; data: what follows the head, both ways. */
static inline ssize_t peer_feature(struct peer *peer, uint32_t flags, uint32_t argsz,
				   const void *data, size_t size, void *reply, size_t reply_max)
{
	struct vu_feature head = {argsz, flags};
	uint8_t *whole = malloc(sizeof(head) + reply_max);
	ssize_t n = peer_call(peer, VU_DEVICE_FEATURE, &head, sizeof(head), data, size, NULL, 0,
			      whole, sizeof(head) + reply_max);

	if (n >= 0) {
		assert_true((size_t)n >= sizeof(head));
		n -= (ssize_t)sizeof(head);
		if (n > 0)
			memcpy(reply, whole + sizeof(head), (size_t)n);
	}
	free(whole);
	return n;
}

static inline void peer_bus_master(struct peer *peer, bool on)
{
	uint16_t command = on ? 7 : 3;

	assert_int_equal(peer_write(peer, VU_REGION_CONFIG, 4, &command, sizeof(command)), 0);
}

/* minor: of the version that the client proposes; max_data: its max_data_xfer_size. */
static inline void peer_negotiate(struct peer *peer, uint16_t minor, uint32_t max_data)
{
	uint16_t version[2] = {0, minor};
	char text[128];
	int n = snprintf(text, sizeof(text),
			 "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":%u}}",
			 max_data);

	assert_true(peer_call(peer, VU_VERSION, version, sizeof(version), text, (size_t)n + 1, NULL,
			      0, peer->buf, PEER_MAX) > 0);
}

static inline struct peer *peer_start(const struct mdl_device *device, uint16_t minor,
				      uint32_t max_data)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct mdl_options options = {.log_level = MDL_LOG_INFO, .log = peer_log, .log_arg = peer};
	struct timeval limit = {.tv_sec = PEER_WAIT_S};
	int fds[2];

	pthread_mutex_init(&peer->log_lock, NULL);
	peer->buf = malloc(PEER_MAX);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	peer->fd = fds[0];
	setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(peer->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	assert_int_equal(mdl_create(&peer->dev, device, &options), 0);
	assert_int_equal(mdl_start(peer->dev), 0);
	assert_int_equal(mdl_attach(peer->dev, fds[1]), 0);
	assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
	peer_negotiate(peer, minor, max_data);
	return peer;
}

static inline void peer_stop(struct peer *peer)
{
	close(peer->fd);
	pthread_join(peer->thread, NULL);
	mdl_destroy(peer->dev);
	pthread_mutex_destroy(&peer->log_lock);
	free(peer->buf);
	free(peer);
}

#endif
