// SPDX-License-Identifier: BSD-2-Clause
/* Live migration: the device is in use until the last moment, and rings at the destination. */
#include "session.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_MAX  (4u << 20)
#define ALARM_AFTER 4 /* seconds: longer than the migration takes */

/* A guest that is busy: rewrites BAR 1 again and again, by messages and through the mapping. */
struct guest {
	struct session *session;
	pthread_t thread;
	atomic_bool stop, ended;
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
	atomic_store(&guest->ended, true);
	return NULL;
}

/* Locks are not fair: see that it gets its turn. */
static void let_write(struct guest *guest)
{
	unsigned before = atomic_load(&guest->rounds);

	while (atomic_load(&guest->rounds) == before && !atomic_load(&guest->ended))
		sched_yield();
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

/* Read until a reply is short.  Every other one is full.  A guest, if there is one, writes in
 * between. */
static int read_stream(struct session *session, struct stream *stream, struct guest *guest)
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
		if (guest)
			let_write(guest);
	}
	return 0;
}

/* Without PRE_COPY: 12 KiB of RAM and all the rest in 13 replies. */
static int measure(struct session *session, struct stream *stream)
{
	int rc = set_state(session, VU_MIG_STOP_COPY, "DEVICE_FEATURE: STOP_COPY, just to measure");

	if (rc == 0)
		rc = read_stream(session, stream, NULL);
	if (rc < 0)
		return rc;
	say("MIG_DATA_READ: %zu bytes in %u replies of 1 KiB", stream->size, stream->replies);
	if (stream->replies != 13 || stream->size != 13 * (size_t)PIECE)
		return failed("not 13 whole replies", -EPROTO);
	stream->size = stream->replies = 0;
	return set_state(session, VU_MIG_RUNNING, "DEVICE_FEATURE: RUNNING again");
}

/* Some passes while the guest writes; then stop it, and read the rest. */
static int save_live(struct session *session, struct guest *guest, struct stream *stream)
{
	int rc = set_state(session, VU_MIG_PRE_COPY, "DEVICE_FEATURE: PRE_COPY"), stopped;
	size_t before;

	for (unsigned pass = 1; rc == 0 && pass <= 3; pass++) {
		before = stream->size;
		rc = read_stream(session, stream, guest);
		if (rc < 0)
			break;
		say("MIG_DATA_READ: pass %u brought %zu bytes", pass, stream->size - before);
		/* All of it was written anew. */
		if (stream->size - before < RAM_SIZE)
			rc = failed("that is not all", -EPROTO);
	}
	stopped = stop_guest(guest);
	if (rc == 0)
		rc = stopped;
	if (rc == 0)
		rc = set_state(session, VU_MIG_STOP_COPY, "DEVICE_FEATURE: STOP_COPY");
	before = stream->size;
	if (rc == 0)
		rc = read_stream(session, stream, NULL);
	if (rc < 0)
		return rc;
	say("MIG_DATA_READ: the rest, %zu bytes", stream->size - before);
	/* It is whole without the first part: the device has little RAM. */
	if (stream->size - before != 13 * (size_t)PIECE)
		return failed("not 13 whole replies", -EPROTO);
	return set_state(session, VU_MIG_STOP, "DEVICE_FEATURE: STOP");
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
	int rc = session_agree(session);

	if (rc == 0)
		rc = session_attach(session);
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

/* The device has looked at what it read back before it answers this. */
static int check_clock(struct session *session)
{
	uint64_t since = 0;
	int rc = client_get(&session->client, 0, 0, 8, &since);

	if (rc < 0)
		return failed("BAR 0", rc);
	say("REGION_READ: BAR 0: %lld s since the alarm's time", (long long)since);
	return (int64_t)since < 0 ? failed("that is not over yet", -EPROTO) : 0;
}

int migrate(struct session *source, struct session *destination, const struct place *place)
{
	uint64_t at = now_realtime_ns() / SECOND + ALARM_AFTER;
	struct stream stream = {.bytes = malloc(STREAM_MAX)};
	struct guest guest;
	int rc = session_start(destination, place);

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
	if (rc == 0)
		rc = check_clock(destination);
	free(stream.bytes);
	return rc;
}
