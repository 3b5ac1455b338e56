/* SPDX-License-Identifier: BSD-2-Clause */
/* The new side of a live upgrade: ask, take everything quietly, begin when told. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conn.h"
#include "handover.h"
#include "loop.h"
#include "migration.h"

#define MAX_PARCEL  (64u << 20)
#define MAX_FDS     100000u
#define RETRIES     500
#define RETRY_MS    10
#define FDS_A_PIECE 128u

/* ---- what is offered */

static int refused(struct mdl_dev *dev, const struct handover_message *message)
{
	if (message->type != HANDOVER_REFUSED)
		return -EPROTO;
	if (message->retry)
		return -EAGAIN;
	log_error(dev, "the running process refuses: %s", message->text);
	return -ECONNREFUSED;
}

static int read_bytes(int fd, struct parcel *parcel, uint64_t size)
{
	if (size > MAX_PARCEL)
		return -EMSGSIZE;
	parcel->bytes = malloc(size + 1);
	if (!parcel->bytes)
		return -ENOMEM;
	parcel->room = parcel->size = size;
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, parcel->bytes + done, size - done, (off_t)done);

		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static int receive_fds(int peer, struct parcel *parcel, uint32_t wanted)
{
	struct handover_message message;
	unsigned got;
	int rc = 0;

	if (wanted > MAX_FDS)
		return -EMSGSIZE;
	parcel->owns_fds = true;
	parcel->fds = calloc(wanted + FDS_A_PIECE, sizeof(*parcel->fds));
	if (!parcel->fds)
		return -ENOMEM;
	while (parcel->nfds < wanted && !rc) {
		rc = handover_receive(peer, &message, parcel->fds + parcel->nfds, FDS_A_PIECE,
				      &got);
		parcel->nfds += rc ? 0 : got;
		if (!rc && (message.type != HANDOVER_FDS || got == 0 || got != message.size ||
			    parcel->nfds > wanted))
			rc = -EPROTO;
	}
	return rc;
}

/* The stream's file stays for the caller to close; -1: there is none. */
static int receive_offer(struct mdl_dev *dev, int peer, struct handover_message *offer,
			 struct parcel *parcel, int *state)
{
	int files[2], rc;
	unsigned nfds;

	*state = -1;
	rc = handover_receive(peer, offer, files, 2, &nfds);
	if (!rc && (offer->type != HANDOVER_OFFER || nfds != 2))
		rc = refused(dev, offer);
	if (!rc) {
		*state = files[1];
		rc = read_bytes(files[0], parcel, offer->size);
		close(files[0]);
	} else {
		while (nfds)
			close(files[--nfds]);
	}
	return rc ? rc : receive_fds(peer, parcel, offer->nfds);
}

/* ---- taking it, while the device stands still */

/* The client's side first, as in a migration: what is loaded may look at guest memory. */
static int take_all(struct mdl_dev *dev, struct parcel *parcel, int state)
{
	static int (*const takers[])(struct mdl_dev *, struct parcel *) = {
		server_take, control_take, regions_take, conn_take, dma_take,
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(takers) / sizeof(*takers) && !rc; i++)
		rc = takers[i](dev, parcel);
	if (!rc && lseek(state, 0, SEEK_SET) < 0)
		rc = -errno;
	if (!rc)
		rc = state_read(dev, state);
	if (!rc)
		rc = irqs_take(dev, parcel);
	if (!rc)
		rc = io_fds_take(dev, parcel);
	if (!rc && (parcel->at != parcel->size || parcel->next_fd != parcel->nfds))
		rc = -EBADMSG;
	return rc;
}

static int agree(int peer)
{
	struct handover_message ready = {.version = HANDOVER_VERSION, .type = HANDOVER_READY}, go;
	unsigned nfds;
	int rc = handover_send(peer, &ready, NULL, 0);

	if (!rc)
		rc = handover_receive(peer, &go, NULL, 0, &nfds);
	return rc ? rc : go.type == HANDOVER_GO ? 0 : -ECANCELED;
}

static void give_up(int peer, int error)
{
	struct handover_message message = {.version = HANDOVER_VERSION, .type = HANDOVER_REFUSED};

	strncpy(message.text, strerror(-error), sizeof(message.text) - 1);
	handover_send(peer, &message, NULL, 0);
}

/* Nobody else has the device now. */
static void begin(struct mdl_dev *dev, uint64_t since_ns)
{
	int rc = server_begin(dev);

	if (!rc)
		rc = control_begin(dev);
	if (!rc)
		rc = conn_watch(dev);
	if (rc)
		log_error(dev, "a socket cannot be watched: %s", strerror(-rc));
	dev->migration->in_place = false;
	migration_release(dev);
	loop_kick(dev);
	log_info(dev, "took over; the device stood still for %llu us",
		 (unsigned long long)(clock_monotonic_ns() - since_ns) / 1000);
}

/* -EAGAIN: not now, for the reason that the answer's text gives. */
static int take_over(struct mdl_dev *dev, int peer, struct handover_message *answer)
{
	struct parcel parcel = {0};
	int state, rc;

	migration_hold(dev);
	dev->migration->in_place = true;
	rc = receive_offer(dev, peer, answer, &parcel, &state);
	if (!rc) {
		rc = take_all(dev, &parcel, state);
		if (rc)
			give_up(peer, rc);
		else
			rc = agree(peer);
	}
	if (!rc)
		begin(dev, answer->since_ns);
	if (rc == -EAGAIN) {
		/* Nothing was taken yet. */
		dev->migration->in_place = false;
		migration_release(dev);
	}
	if (state >= 0)
		close(state);
	parcel_destroy(&parcel);
	return rc;
}

/* ---- asking */

static int ask(struct mdl_dev *dev, const char *path)
{
	struct handover_message message = {
		.version = HANDOVER_VERSION, .type = HANDOVER_ASK, .size = dev->desc->version};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int peer, rc;

	if (strlen(path) >= sizeof(address.sun_path) ||
	    strlen(dev->desc->name) >= sizeof(message.text))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	strcpy(message.text, dev->desc->name);
	peer = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (peer < 0)
		return -errno;
	rc = connect(peer, (const struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	if (!rc)
		rc = handover_send(peer, &message, NULL, 0);
	if (!rc)
		return peer;
	close(peer);
	return rc;
}

int mdl_takeover(struct mdl_dev *dev, const char *path)
{
	int rc = dev->server || dev->control || dev->conn->fd >= 0 ? -EBUSY : mdl_start(dev), peer;
	struct handover_message answer = {0};

	if (rc)
		return rc;
	for (int i = 0; i < RETRIES; i++) {
		peer = ask(dev, path);
		if (peer < 0)
			return peer;
		rc = take_over(dev, peer, &answer);
		close(peer);
		if (rc != -EAGAIN)
			break;
		poll(NULL, 0, RETRY_MS);
	}
	if (rc == -EAGAIN)
		log_error(dev, "the running process refuses all the time: %s", answer.text);
	return rc;
}
