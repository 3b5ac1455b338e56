/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes and descriptors on their way to another process. */
#include "parcel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(struct parcel *parcel, int error)
{
	if (!parcel->error)
		parcel->error = error;
}

/* ---- in */

void parcel_put(struct parcel *parcel, const void *bytes, size_t size)
{
	size_t room = 2 * (parcel->size + size) + 256;
	uint8_t *grown;

	if (parcel->room - parcel->size < size) {
		grown = realloc(parcel->bytes, room);
		if (!grown) {
			fail(parcel, -ENOMEM);
			return;
		}
		parcel->bytes = grown;
		parcel->room = room;
	}
	if (size)
		memcpy(parcel->bytes + parcel->size, bytes, size);
	parcel->size += size;
}

void parcel_put_number(struct parcel *parcel, uint64_t number)
{
	parcel_put(parcel, &number, sizeof(number));
}

void parcel_put_text(struct parcel *parcel, const char *text)
{
	size_t size = strlen(text);

	parcel_put_number(parcel, size);
	parcel_put(parcel, text, size);
}

void parcel_put_fd(struct parcel *parcel, int fd)
{
	unsigned room = 2 * parcel->fds_room + 16;
	int *grown;

	parcel_put_number(parcel, fd >= 0);
	if (fd < 0)
		return;
	if (parcel->nfds == parcel->fds_room) {
		grown = realloc(parcel->fds, room * sizeof(*grown));
		if (!grown) {
			fail(parcel, -ENOMEM);
			return;
		}
		parcel->fds = grown;
		parcel->fds_room = room;
	}
	parcel->fds[parcel->nfds++] = fd;
}

void parcel_put_mark(struct parcel *parcel, uint32_t mark)
{
	parcel_put(parcel, &mark, sizeof(mark));
}

/* ---- out */

void parcel_take(struct parcel *parcel, void *bytes, size_t size)
{
	if (size > parcel->size - parcel->at)
		fail(parcel, -EBADMSG);
	if (parcel->error) {
		memset(bytes, 0, size);
		return;
	}
	if (size)
		memcpy(bytes, parcel->bytes + parcel->at, size);
	parcel->at += size;
}

uint64_t parcel_take_number(struct parcel *parcel)
{
	uint64_t number;

	parcel_take(parcel, &number, sizeof(number));
	return number;
}

void parcel_take_text(struct parcel *parcel, char *text, size_t size)
{
	uint64_t length = parcel_take_number(parcel);

	if (length >= size) {
		fail(parcel, -EBADMSG);
		length = 0;
	}
	parcel_take(parcel, text, length);
	text[length] = '\0';
}

int parcel_take_fd(struct parcel *parcel)
{
	int fd;

	if (!parcel_take_number(parcel))
		return -1;
	if (parcel->next_fd == parcel->nfds) {
		fail(parcel, -EBADMSG);
		return -1;
	}
	fd = parcel->fds[parcel->next_fd];
	parcel->fds[parcel->next_fd++] = -1;
	return fd;
}

void parcel_take_mark(struct parcel *parcel, uint32_t mark)
{
	uint32_t there;

	parcel_take(parcel, &there, sizeof(there));
	if (there != mark)
		fail(parcel, -EBADMSG);
}

void parcel_destroy(struct parcel *parcel)
{
	for (unsigned i = 0; parcel->owns_fds && i < parcel->nfds; i++)
		if (parcel->fds[i] >= 0)
			close(parcel->fds[i]);
	free(parcel->fds);
	free(parcel->bytes);
	*parcel = (struct parcel){0};
}
