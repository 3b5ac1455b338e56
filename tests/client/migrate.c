// SPDX-License-Identifier: BSD-2-Clause
/* Live migration: the device is in use until the last moment, and rings at the destination. */
#include "session.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_MAX  (4u << 20)
#define ALARM_AFTER 4 /* seconds: longer than the migration takes */

/* A guest that is busy: rewrites BAR 1 again and again, by messages and through the mapping. */
struct guest {
	struct session *session;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint rounds;
	uint8_t last[RAM_SIZE]; /* what BAR 1 has when it has stopped */
	int rc;
};

struct stream {
	uint8_t *bytes;
	size_t size;
	unsigned replies;
};

static void *run_guest(void *arg)
{
	struct guest *guest = arg;
	uint64_t seed = 1;

	while (!atomic_load(&guest->stop) && guest->rc == 0) {
		for (unsigned i = 0; i < RAM_SIZE; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			guest->last[i] = (uint8_t)(seed >> 56);
		}
		guest->rc = write_bar1(guest->session, guest->last);
		for (unsigned i = 0; i < 64; i++)
			guest->last[0x2000 + i] = (uint8_t)~guest->last[0x2000 + i];
		memcpy(guest->session->bar1 + 0x2000, guest->last + 0x2000, 64);
		atomic_fetch_add(&guest->rounds, 1);
	}
	return NULL;
}

static int stop_guest(struct guest *guest)
{
	atomic_store(&guest->stop, true);
	pthread_join(guest->thread, NULL);
	if (guest->rc < 0)
		return failed("the guest's writes", guest->rc);
	say("the guest has rewritten BAR 1 %u times", atomic_load(&guest->rounds));
	return 0;
}

/* ---- the source */

static int set_state(struct session *session, uint32_t state, const char *what)
{
	int rc;

	pthread_mutex_lock(&session->turn);
	rc = client_mig_set(&session->client, state);
	pthread_mutex_unlock(&session->turn);
	return done(what, rc);
}

/* Read until a reply is short. Every other one is full. */
static int read_stream(struct session *session, struct stream *stream)
{
	ssize_t n = PIECE;

	while (n == PIECE) {
		if (STREAM_MAX - stream->size < PIECE)
			return failed("the stream does not end", -EOVERFLOW);
		pthread_mutex_lock(&session->turn);
		n = client_mig_read(&session->client, stream->bytes + stream->size, PIECE);
		pthread_mutex_unlock(&session->turn);
		if (n < 0)
			return failed("MIG_DATA_READ", (int)n);
		stream->size += (size_t)n;
		stream->replies += n > 0;
	}
	return 0;
}

/* Without PRE_COPY: 12 KiB of RAM and all the rest in 13 replies. */
static int measure(struct session *session, struct stream *stream)
{
	int rc = set_state(session, VU_MIG_STOP_COPY, "DEVICE_FEATURE: STOP_COPY, just to measure");

	if (rc == 0)
		rc = read_stream(session, stream);
	if (rc < 0)
		return rc;
	say("MIG_DATA_READ: %zu bytes in %u replies of 1 KiB", stream->size, stream->replies);
	if (stream->replies != 13 || stream->size != 13 * (size_t)PIECE)
		return failed("not 13 whole replies", -EPROTO);
	stream->size = stream->replies = 0;
	return set_state(session, VU_MIG_RUNNING, "DEVICE_FEATURE: RUNNING again");
}

/* At least two passes while the guest writes; then stop it, and read the rest. */
static int save_live(struct session *session, struct guest *guest, struct stream *stream)
{
	int rc = set_state(session, VU_MIG_PRE_COPY, "DEVICE_FEATURE: PRE_COPY"), stopped;
	size_t before;

	for (unsigned pass = 0; rc == 0 && (pass < 2 || atomic_load(&guest->rounds) < 3); pass++) {
		before = stream->size;
		rc = read_stream(session, stream);
		if (rc == 0 && pass < 2)
			say("MIG_DATA_READ: pass %u brought %zu bytes", pass + 1,
			    stream->size - before);
	}
	stopped = stop_guest(guest);
	if (rc == 0)
		rc = stopped;
	if (rc == 0)
		rc = set_state(session, VU_MIG_STOP_COPY, "DEVICE_FEATURE: STOP_COPY");
	before = stream->size;
	if (rc == 0)
		rc = read_stream(session, stream);
	if (rc == 0)
		say("MIG_DATA_READ: the rest, %zu bytes", stream->size - before);
	return rc == 0 ? set_state(session, VU_MIG_STOP, "DEVICE_FEATURE: STOP") : rc;
}

static int leave(struct session *source, struct guest *guest, struct stream *stream)
{
	int rc;

	*guest = (struct guest){.session = source};
	rc = measure(source, stream);
	if (rc < 0)
		return rc;
	rc = -pthread_create(&guest->thread, NULL, run_guest, guest);
	return rc < 0 ? failed("a thread", rc) : save_live(source, guest, stream);
}

/* ---- the destination */

static int load(struct session *session, const struct stream *stream)
{
	int rc = set_state(session, VU_MIG_RESUMING, "DEVICE_FEATURE: RESUMING");

	for (size_t at = 0; rc == 0 && at < stream->size; at += PIECE) {
		size_t left = stream->size - at;

		rc = client_mig_write(&session->client, stream->bytes + at,
				      left < PIECE ? (uint32_t)left : PIECE);
	}
	if (done("MIG_DATA_WRITE: all of it", rc) < 0)
		return rc;
	return set_state(session, VU_MIG_STOP, "DEVICE_FEATURE: STOP: the stream is good");
}

static int arrive(struct session *session, const struct guest *guest, const struct stream *stream)
{
	uint8_t there[RAM_SIZE];
	int rc = session_set_up(session);

	if (rc == 0)
		rc = session_map_bar1(session);
	if (rc == 0)
		rc = load(session, stream);
	if (rc == 0)
		rc = read_bar1(session, there);
	if (rc == 0 && memcmp(there, guest->last, RAM_SIZE) != 0)
		rc = -EIO;
	return done("BAR 1 arrived exact", rc);
}

int migrate(struct session *source, struct session *destination, const char *program)
{
	uint64_t at = now_realtime_ns() / SECOND + ALARM_AFTER;
	struct stream stream = {.bytes = malloc(STREAM_MAX)};
	struct guest guest;
	int rc = session_start(destination, program);

	if (rc == 0 && !stream.bytes)
		rc = failed("the stream", -ENOMEM);
	if (rc == 0)
		rc = set_alarm(source, at);
	if (rc == 0)
		rc = leave(source, &guest, &stream);
	if (rc == 0)
		rc = arrive(destination, &guest, &stream);
	if (rc == 0 && client_wait_event(source->irq, 0))
		rc = failed("the alarm rang at the source", -EPROTO);
	if (rc == 0)
		rc = set_state(destination, VU_MIG_RUNNING, "DEVICE_FEATURE: RUNNING, over there");
	if (rc == 0)
		rc = await_alarm(destination, at);
	free(stream.bytes);
	return rc;
}
