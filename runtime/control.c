/* SPDX-License-Identifier: BSD-2-Clause */
/* The old side of a live upgrade: the control socket, and handing over to who asks there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "dma.h"
#include "handover.h"
#include "listener.h"
#include "loop.h"
#include "migration.h"

#define FDS_A_MESSAGE 100u
/* Peers that may be connected and have said nothing yet; the oldest makes room for another. */
#define MAX_SILENT 16u
/* If no peer can be accepted, look again after this time. */
#define RETRY_NS 100000000u

struct control {
	struct listener listener;
	struct loop_timer retry;
	int silent[MAX_SILENT]; /* oldest first */
	unsigned nsilent;
};

/* The guest stands still: whoever is slow at each step has no more time than who is so at one. */
static bool too_late(uint64_t since_ns)
{
	return clock_monotonic_ns() - since_ns > HANDOVER_WAIT_MS * UINT64_C(1000000);
}

/* ---- what is offered */

static void give_all(struct mdl_dev *dev, struct parcel *parcel)
{
	server_give(dev, parcel);
	control_give(dev, parcel);
	regions_give(dev, parcel);
	conn_give(dev, parcel);
	dma_give(dev, parcel);
	irqs_give(dev, parcel);
	io_fds_give(dev, parcel);
}

static int write_bytes(int fd, const uint8_t *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(fd, bytes + done, size - done, (off_t)done);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* Two files, the parcel's bytes and the stream; then the descriptors, some at a time. */
static int send_offer(int peer, const struct parcel *parcel, const int *files, uint64_t since_ns)
{
	struct handover_message message = {.version = HANDOVER_VERSION,
					   .type = HANDOVER_OFFER,
					   .size = parcel->size,
					   .since_ns = since_ns,
					   .nfds = parcel->nfds};
	int rc = handover_send(peer, &message, files, 2);

	for (unsigned at = 0, n; at < parcel->nfds && !rc; at += n) {
		n = parcel->nfds - at < FDS_A_MESSAGE ? parcel->nfds - at : FDS_A_MESSAGE;
		message = (struct handover_message){
			.version = HANDOVER_VERSION, .type = HANDOVER_FDS, .size = n};
		rc = too_late(since_ns) ? -ETIMEDOUT
					: handover_send(peer, &message, parcel->fds + at, n);
	}
	return rc;
}

/*
 * version: of the device that takes over, which may be older.  What streams to clients are written
 * as does not count: it may be older than both.
 */
static int write_state(struct mdl_dev *dev, int fd, uint64_t version)
{
	struct migration *migration = dev->migration;
	const uint32_t usual = migration->version, own = dev->desc->version;
	int rc;

	migration->version = version && version < own ? (uint32_t)version : own;
	rc = state_write(dev, fd);
	migration->version = usual;
	return rc;
}

static int make_offer(struct mdl_dev *dev, int peer, uint64_t version, uint64_t since_ns)
{
	struct parcel parcel = {0};
	int files[2] = {memfd_create("mdl-parcel", MFD_CLOEXEC),
			memfd_create("mdl-state", MFD_CLOEXEC)};
	int rc = files[0] < 0 || files[1] < 0 ? -errno : write_state(dev, files[1], version);

	if (!rc) {
		give_all(dev, &parcel);
		rc = parcel.error;
	}
	if (!rc)
		rc = write_bytes(files[0], parcel.bytes, parcel.size);
	if (!rc)
		rc = send_offer(peer, &parcel, files, since_ns);
	parcel_destroy(&parcel);
	for (int i = 0; i < 2; i++)
		if (files[i] >= 0)
			close(files[i]);
	return rc;
}

/* ---- the conversation */

/* Why not now?  NULL: nothing is in the way. */
static const char *obstacle(struct mdl_dev *dev, const struct handover_message *ask,
			    uint32_t *retry)
{
	*retry = 0;
	if (ask->type != HANDOVER_ASK || strcmp(ask->text, dev->desc->name) != 0)
		return "this is another device";
	*retry = 1;
	if (migration_state(dev) != VU_MIG_RUNNING || dev->dma->dirty)
		return "a migration is under way";
	if (tx_waiting(&dev->conn->tx))
		return "the client does not read its replies";
	return NULL;
}

static void send_refusal(int peer, const char *why, uint32_t retry)
{
	struct handover_message message = {
		.version = HANDOVER_VERSION, .type = HANDOVER_REFUSED, .retry = retry};

	snprintf(message.text, sizeof(message.text), "%s", why);
	handover_send(peer, &message, NULL, 0);
}

static int await_ready(struct mdl_dev *dev, int peer)
{
	struct handover_message answer;
	unsigned nfds;
	int rc = handover_receive(peer, &answer, NULL, 0, &nfds);

	if (rc || answer.type == HANDOVER_READY)
		return rc;
	log_warn(dev, "the new process gave up: %s", answer.text);
	return -ECANCELED;
}

/* From here on the device is another process's. */
static void leave(struct mdl_dev *dev)
{
	irqs_client_gone(dev);
	conn_leave(dev);
	server_leave(dev);
	control_leave(dev);
	dev->handed_over = true;
	mdl_stop(dev);
}

static int hand_over(struct mdl_dev *dev, int peer, uint64_t version)
{
	struct handover_message go = {.version = HANDOVER_VERSION, .type = HANDOVER_GO};
	uint64_t since_ns = clock_monotonic_ns();
	int rc;

	migration_hold(dev);
	dev->migration->in_place = true;
	rc = make_offer(dev, peer, version, since_ns);
	if (!rc)
		rc = await_ready(dev, peer);
	if (!rc)
		rc = handover_send(peer, &go, NULL, 0);
	dev->migration->in_place = false;
	if (rc) {
		migration_release(dev);
		return rc;
	}
	leave(dev);
	return 0;
}

static void serve_peer(struct mdl_dev *dev, int peer)
{
	struct handover_message ask;
	const char *why;
	uint32_t retry;
	unsigned nfds;
	int rc = handover_receive(peer, &ask, NULL, 0, &nfds);

	if (rc) {
		log_warn(dev, "control socket: %s", strerror(-rc));
		return;
	}
	why = obstacle(dev, &ask, &retry);
	if (why) {
		log_client(dev, "not handed over: %s", why); /* who asks asks again and again */
		send_refusal(peer, why, retry);
		return;
	}
	rc = hand_over(dev, peer, ask.size);
	if (rc) {
		log_warn(dev, "not handed over, going on: %s", strerror(-rc));
		send_refusal(peer, strerror(-rc), 0);
	} else {
		log_info(dev, "handed over to another process");
	}
}

/* Nothing is waited for any more from the i-th that has said nothing; its descriptor. */
static int take_silent(struct mdl_dev *dev, unsigned i)
{
	struct control *control = dev->control;
	int peer = control->silent[i];

	control->nsilent--;
	memmove(control->silent + i, control->silent + i + 1,
		(control->nsilent - i) * sizeof(control->silent[0]));
	loop_remove(dev, peer);
	return peer;
}

static void peer_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	unsigned i = 0;

	(void)events;
	(void)arg;
	while (dev->control->silent[i] != fd)
		i++;
	take_silent(dev, i);
	serve_peer(dev, fd);
	close(fd);
}

static void control_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg);

static void retry_accept(struct mdl_dev *dev, struct loop_timer *timer)
{
	int rc = loop_add_patient(dev, dev->control->listener.fd, EPOLLIN, control_event, NULL);

	if (!rc)
		return;
	log_error(dev, "the control socket cannot be watched: %s", strerror(-rc));
	loop_timer_start(dev, timer, RETRY_NS);
}

static void control_event(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	struct control *control = dev->control;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	(void)arg;
	if (peer < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		log_client(dev, "control socket: %s", strerror(errno));
		/* It stays in the queue, so the event would come again at once. */
		loop_remove(dev, fd);
		loop_timer_start(dev, &control->retry, RETRY_NS);
		return;
	}
	if (control->nsilent == MAX_SILENT)
		close(take_silent(dev, 0));
	/* Nothing waits for who connects and says nothing. */
	if (loop_add_patient(dev, peer, EPOLLIN, peer_event, NULL))
		close(peer);
	else
		control->silent[control->nsilent++] = peer;
}

/* ---- life */

int mdl_control(struct mdl_dev *dev, const char *path)
{
	struct listener listener;
	int rc;

	if (dev->control || dev->conn->fd >= 0)
		return -EBUSY;
	rc = listener_open(dev, &listener, path, SOCK_SEQPACKET);
	if (rc)
		return rc;
	dev->control = calloc(1, sizeof(*dev->control));
	if (!dev->control) {
		listener_close(&listener);
		return -ENOMEM;
	}
	dev->control->listener = listener;
	dev->control->retry.expire = retry_accept;
	rc = loop_add_patient(dev, listener.fd, EPOLLIN, control_event, NULL);
	if (rc)
		control_destroy(dev);
	return rc;
}

void control_give(struct mdl_dev *dev, struct parcel *parcel)
{
	listener_give(&dev->control->listener, parcel);
}

int control_take(struct mdl_dev *dev, struct parcel *parcel)
{
	struct listener listener;

	listener_take(&listener, parcel);
	if (listener.fd < 0)
		return parcel->error ? parcel->error : -EBADMSG;
	dev->control = calloc(1, sizeof(*dev->control));
	if (!dev->control) {
		listener_close(&listener);
		return -ENOMEM;
	}
	dev->control->listener = listener;
	dev->control->retry.expire = retry_accept;
	return parcel->error;
}

int control_begin(struct mdl_dev *dev)
{
	struct listener *listener = &dev->control->listener;

	listener->has_file = listener->had_file;
	return loop_add_patient(dev, listener->fd, EPOLLIN, control_event, NULL);
}

void control_leave(struct mdl_dev *dev)
{
	dev->control->listener.has_file = false;
	control_destroy(dev);
}

void control_destroy(struct mdl_dev *dev)
{
	if (!dev->control)
		return;
	while (dev->control->nsilent)
		close(take_silent(dev, 0));
	loop_timer_cancel(dev, &dev->control->retry);
	loop_remove(dev, dev->control->listener.fd);
	listener_close(&dev->control->listener);
	free(dev->control);
	dev->control = NULL;
}
