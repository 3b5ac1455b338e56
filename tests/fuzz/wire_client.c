/* SPDX-License-Identifier: BSD-2-Clause */
/* The client of fuzz_wire.c. */
#include "wire_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS 2000000

static struct mdl_dev *stopping; /* for the timer's signal */
static timer_t patience;

/* ---- the program */

uint64_t take(struct fuzz *f, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n && f->size; i++, f->size--)
		value |= (uint64_t)*f->data++ << (8 * i);
	return value;
}

uint32_t below(struct fuzz *f, uint32_t n)
{
	return (uint32_t)take(f, n > 256 ? 2 : 1) % n;
}

size_t take_bytes(struct fuzz *f, uint8_t *to, size_t n)
{
	if (n > f->size)
		n = f->size;
	memcpy(to, f->data, n);
	f->data += n;
	f->size -= n;
	return n;
}

uint64_t number(struct fuzz *f)
{
	static const uint64_t nasty[] = {
		0,
		1,
		8,
		16,
		4095,
		4096,
		0xffff,
		0x10000,
		1u << 20,
		(1u << 20) + 1,
		0x7fffffff,
		0x80000000u,
		0xfffffff0u,
		UINT32_MAX,
		UINT64_C(1) << 32,
		UINT64_C(1) << 63,
		UINT64_MAX - 4095,
		UINT64_MAX,
	};
	uint8_t kind = (uint8_t)take(f, 1);

	if (kind < 160)
		return kind % 40;
	if (kind < 200)
		return take(f, 2);
	if (kind < 216)
		return take(f, 8);
	return nasty[kind % (sizeof(nasty) / sizeof(nasty[0]))];
}

/* ---- the connection */

static void give_up(int signal)
{
	(void)signal;
	if (stopping)
		mdl_stop(stopping);
}

static void wind(long ns)
{
	const struct itimerspec when = {.it_value.tv_nsec = ns};

	timer_settime(patience, 0, &when, NULL);
}

static void keep_fds(struct fuzz *f, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (f->nkept < MAX_KEPT)
				f->kept[f->nkept++] = fd;
			else
				close(fd);
		}
}

static void keep_stream(struct fuzz *f, const uint8_t *data, size_t size)
{
	if (size > sizeof(f->stream) - f->stream_size)
		size = sizeof(f->stream) - f->stream_size;
	memcpy(f->stream + f->stream_size, data, size);
	f->stream_size += size;
}

/* Look for the server's commands and for migration data; what is not whole in one piece is let go.
 */
static void look(struct fuzz *f, const uint8_t *data, size_t size)
{
	struct vu_header header;

	for (; size >= sizeof(header); data += header.size, size -= header.size) {
		memcpy(&header, data, sizeof(header));
		if (header.size < sizeof(header) || header.size > size)
			return;
		if ((header.flags & VU_TYPE_MASK) == VU_TYPE_REQUEST)
			f->server_id = header.id;
		else if (header.command == VU_MIG_DATA_READ && header.size > 24)
			keep_stream(f, data + 24, header.size - 24);
	}
}

static void drain(struct fuzz *f)
{
	static uint8_t data[1 << 18];
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 16)];
	} control;

	for (;;) {
		struct iovec iov = {data, sizeof(data)};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control.space,
				     .msg_controllen = sizeof(control.space)};
		ssize_t n = recvmsg(f->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n <= 0)
			return;
		keep_fds(f, &msg);
		look(f, data, (size_t)n);
	}
}

void serve(struct fuzz *f)
{
	for (int i = 0; i < 8; i++) {
		wind(PATIENCE_NS);
		int n = mdl_poll(f->dev);

		wind(0);
		drain(f);
		if (n <= 0)
			return;
	}
}

void send_bytes(struct fuzz *f, const void *data, size_t size, const int *fds, unsigned nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 32)];
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)data, size};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (nfds) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * nfds);
	}
	if (sendmsg(f->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EAGAIN) {
		serve(f);
		sendmsg(f->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

void send_message(struct fuzz *f, uint16_t command, const void *payload, size_t size, unsigned nfds)
{
	uint8_t message[VU_HEADER_SIZE + MAX_PAYLOAD];
	struct vu_header header = {f->id++, command, (uint32_t)(VU_HEADER_SIZE + size), 0, 0};
	uint8_t style = (uint8_t)take(f, 1);
	int fds[32], mine[32];

	if (style >= 250)
		header.size = (uint32_t)number(f);
	else if (style >= 240)
		header.flags = (uint32_t)take(f, 1);
	else if (style >= 200)
		header.flags = VU_NO_REPLY;
	for (unsigned i = 0; i < nfds; i++) {
		mine[i] = -1;
		switch (below(f, 8)) {
		case 0:
			mine[i] = fds[i] = eventfd(0, EFD_CLOEXEC);
			break;
		case 1:
			mine[i] = fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
			break;
		case 2:
			fds[i] = f->fd;
			break;
		case 3:
		case 4:
			mine[i] = fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
			break;
		default:
			fds[i] = f->memory;
		}
	}
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, size);
	size += sizeof(header);
	if (style == 199 && size > 1) { /* in two pieces */
		size_t cut = 1 + below(f, (uint32_t)size - 1);

		send_bytes(f, message, cut, fds, nfds);
		serve(f);
		send_bytes(f, message + cut, size - cut, NULL, 0);
	} else {
		send_bytes(f, message, size, fds, nfds);
	}
	for (unsigned i = 0; i < nfds; i++)
		if (mine[i] >= 0)
			close(mine[i]);
}

void connect_client(struct fuzz *f)
{
	int s[2];

	if (f->fd >= 0) {
		shutdown(f->fd, SHUT_WR);
		for (int i = 0; i < 1000 && mdl_poll(f->dev) >= 0; i++)
			drain(f);
		close(f->fd);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
		abort();
	f->fd = s[0];
	if (mdl_attach(f->dev, s[1]) < 0)
		abort(); /* the last client has gone: nothing speaks against another */
}

static void set_timer_up(void)
{
	struct sigaction action = {.sa_handler = give_up};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};

	sigaction(SIGRTMIN, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (timer_create(CLOCK_MONOTONIC, &event, &patience))
		abort();
}

void client_watch(struct mdl_dev *dev)
{
	static bool ready;

	if (!ready)
		set_timer_up();
	ready = true;
	stopping = dev;
}
