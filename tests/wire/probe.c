// SPDX-License-Identifier: BSD-2-Clause
/* What the rows have in common. */
#include "conform.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum verdict conform_fail(struct probe *probe, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(probe->why, sizeof(probe->why), format, args);
	va_end(args);
	return FAILS;
}

bool conform_serves(struct client *client)
{
	struct vu_device_info info = {.argsz = sizeof(info)};

	return client_call(client, VU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info)) ==
	       sizeof(info);
}

int conform_again(struct probe *probe, bool raw)
{
	client_close(&probe->client);
	return raw ? client_connect(&probe->client, probe->subject->path)
		   : client_open(&probe->client, probe->subject->path);
}

bool conform_serves_next(struct probe *probe)
{
	return conform_again(probe, false) == 0 && conform_serves(&probe->client);
}

int conform_config(const struct subject *subject)
{
	return subject->regions[VU_REGION_CONFIG].size >= 256 ? (int)VU_REGION_CONFIG : -1;
}

static bool well_formed(struct probe *probe, const struct client_message *reply, uint16_t command,
			int id)
{
	const struct vu_header *header = &reply->header;

	if ((header->flags & VU_TYPE_MASK) != VU_TYPE_REPLY || header->id != id ||
	    header->command != command)
		conform_fail(probe, "command %u: the reply has flags 0x%x, id %u, command %u",
			     command, header->flags, header->id, header->command);
	else if (!(header->flags & VU_ERROR))
		conform_fail(probe, "command %u was accepted", command);
	else if (reply->size)
		conform_fail(probe, "command %u: the error reply has %zu bytes of payload", command,
			     reply->size);
	else if (reply->nfds)
		conform_fail(probe, "command %u: the error reply has descriptors", command);
	else if (header->error > 4095)
		conform_fail(probe, "command %u: the error is %u, which is no errno", command,
			     header->error);
	else
		return true;
	return false;
}

bool conform_refuses(struct probe *probe, uint16_t command, const void *data, size_t size,
		     const int *fds, unsigned nfds)
{
	struct client_message reply;
	int id = client_send(&probe->client, command, VU_TYPE_REQUEST, data, size, fds, nfds);
	int rc = id < 0 ? id : client_receive(&probe->client, &reply);
	bool good;

	if (rc <= 0) {
		conform_fail(probe, "command %u: no reply but %s", command,
			     rc == 0            ? "a closed connection"
			     : rc == -ETIMEDOUT ? "silence"
						: "a broken connection");
		return false;
	}
	probe->error = reply.header.error;
	good = well_formed(probe, &reply, command, id);
	client_message_free(&reply);
	return good;
}

bool conform_declined(ssize_t result)
{
	return result <= -CLIENT_REMOTE || result == -ECONNRESET || result == -EPIPE;
}

int conform_keep(struct probe *probe, int fd)
{
	if (fd < 0)
		return fd;
	if (probe->nfds == sizeof(probe->fds) / sizeof(probe->fds[0])) {
		close(fd);
		return -1;
	}
	probe->fds[probe->nfds++] = fd;
	return fd;
}

int conform_eventfd(struct probe *probe)
{
	return conform_keep(probe, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int conform_memory(struct probe *probe, size_t size)
{
	int fd = memfd_create("vfu-conform", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, (off_t)size) < 0) {
		close(fd);
		return -1;
	}
	return conform_keep(probe, fd);
}

bool conform_fired(int eventfd)
{
	uint64_t count;

	return read(eventfd, &count, sizeof(count)) == sizeof(count);
}
