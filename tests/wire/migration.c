// SPDX-License-Identifier: BSD-2-Clause
/* MIG_DATA_READ and MIG_DATA_WRITE: the stream. */
#include "conform.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG ((uint32_t)VU_REGION_CONFIG)
#define LINE   0x3cu /* a byte of state that every device has */
#define LIMIT  (256u << 20)

struct stream {
	uint8_t *data;
	size_t size;
};

static bool can_migrate(struct probe *probe)
{
	uint64_t flags = 0;

	return client_feature(&probe->client, VU_FEATURE_GET | VU_FEATURE_MIGRATION, NULL, 0,
			      &flags, 8) == 8;
}

/* Leave a running device behind. */
static enum verdict home(struct probe *probe, bool good)
{
	if (client_mig_set(&probe->client, VU_MIG_RUNNING) < 0)
		client_reset(&probe->client);
	client_put(&probe->client, CONFIG, LINE, 1, 0);
	return good ? HOLDS : FAILS;
}

static bool to(struct probe *probe, uint32_t state)
{
	int rc = client_mig_set(&probe->client, state);

	if (rc < 0)
		conform_fail(probe, "a change to state %u was refused (%d)", state, rc);
	return rc == 0;
}

/* Read until a short reply, in pieces of `piece`; then once more, which must bring nothing. */
static bool read_all(struct probe *probe, uint32_t piece, struct stream *stream)
{
	uint8_t *chunk = malloc(piece);
	ssize_t n = piece;

	*stream = (struct stream){0};
	while (chunk && n == (ssize_t)piece && stream->size < LIMIT) {
		n = client_mig_read(&probe->client, chunk, piece);
		if (n < 0)
			break;
		uint8_t *more = realloc(stream->data, stream->size + (size_t)n + 1);

		if (!more)
			break;
		stream->data = more;
		memcpy(more + stream->size, chunk, (size_t)n);
		stream->size += (size_t)n;
	}
	if (n >= 0 && n < (ssize_t)piece && chunk) {
		n = client_mig_read(&probe->client, chunk, piece);
		free(chunk);
		if (n == 0)
			return true;
		conform_fail(probe, "a read after the short one brought %zd", n);
	} else {
		free(chunk);
		conform_fail(probe, "reading in pieces of %u stopped at %zu: %zd", piece,
			     stream->size, n);
	}
	free(stream->data);
	return false;
}

static bool save(struct probe *probe, uint32_t piece, struct stream *stream)
{
	if (!to(probe, VU_MIG_STOP_COPY) || !read_all(probe, piece, stream))
		return false;
	if (to(probe, VU_MIG_STOP) && stream->size)
		return true;
	if (!stream->size)
		conform_fail(probe, "the stream is empty");
	free(stream->data);
	return false;
}

static bool write_all(struct probe *probe, const uint8_t *data, size_t size, uint32_t piece)
{
	for (size_t at = 0; at < size; at += piece) {
		uint32_t part = size - at < piece ? (uint32_t)(size - at) : piece;
		int rc = client_mig_write(&probe->client, data + at, part);

		if (rc < 0) {
			conform_fail(probe, "writing %u bytes at %zu of %zu was refused (%d)", part,
				     at, size, rc);
			return false;
		}
	}
	return true;
}

/* Save in pieces of one size, restore in pieces of another: the state must be back. */
static bool round_trip(struct probe *probe, uint32_t read_piece, uint32_t write_piece, uint8_t mark)
{
	struct stream stream;
	uint64_t value = 0;
	bool good;

	if (client_put(&probe->client, CONFIG, LINE, 1, mark) < 0 ||
	    !save(probe, read_piece, &stream))
		return false;
	good = client_put(&probe->client, CONFIG, LINE, 1, (uint8_t)~mark) == 0 &&
	       to(probe, VU_MIG_RESUMING) &&
	       write_all(probe, stream.data, stream.size, write_piece) && to(probe, VU_MIG_STOP) &&
	       to(probe, VU_MIG_RUNNING);
	free(stream.data);
	if (!good)
		return false;
	if (client_get(&probe->client, CONFIG, LINE, 1, &value) == 0 && value == mark)
		return true;
	conform_fail(probe, "config space has 0x%llx where 0x%x was saved",
		     (unsigned long long)value, mark);
	return false;
}

static enum verdict saves_and_restores(struct probe *probe)
{
	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	return home(probe, round_trip(probe, 65536, 65536, 0x5a));
}

static enum verdict any_pieces(struct probe *probe)
{
	static const uint32_t pieces[][2] = {
		{1024, 4096}, {4096, 1024}, {1u << 20, 100000}, {65536, 777}};

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		if (!round_trip(probe, pieces[i][0], pieces[i][1], (uint8_t)(i + 3)))
			return home(probe, false);
	return home(probe, true);
}

static enum verdict tiny_pieces(struct probe *probe)
{
	static const uint32_t pieces[][2] = {{333, 1}, {17, 65536}, {1, 3}};
	struct stream stream;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	if (!save(probe, 65536, &stream))
		return home(probe, false);
	free(stream.data);
	APPLIES_IF(probe, home(probe, stream.size < 65536) == HOLDS,
		   "%zu bytes would take too long", stream.size);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		if (!round_trip(probe, pieces[i][0], pieces[i][1], (uint8_t)(i + 9)))
			return home(probe, false);
	return home(probe, true);
}

static enum verdict by_pre_copy(struct probe *probe)
{
	struct stream early, late;
	uint64_t value = 0;
	bool good;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	APPLIES_IF(probe, client_mig_set(&probe->client, VU_MIG_PRE_COPY) == 0, "no PRE_COPY");
	client_put(&probe->client, CONFIG, LINE, 1, 1);
	if (!read_all(probe, 4096, &early))
		return home(probe, false);
	client_put(&probe->client, CONFIG, LINE, 1, 2); /* changed since */
	if (!to(probe, VU_MIG_STOP_COPY) || !read_all(probe, 4096, &late)) {
		free(early.data);
		return home(probe, false);
	}
	good = to(probe, VU_MIG_STOP) && client_put(&probe->client, CONFIG, LINE, 1, 3) == 0 &&
	       to(probe, VU_MIG_RESUMING) && write_all(probe, early.data, early.size, 4096) &&
	       write_all(probe, late.data, late.size, 4096) && to(probe, VU_MIG_RUNNING);
	free(early.data);
	free(late.data);
	client_get(&probe->client, CONFIG, LINE, 1, &value);
	if (good && value != 2)
		good = conform_fail(probe, "config space has 0x%llx, not the latest",
				    (unsigned long long)value) == HOLDS;
	return home(probe, good);
}

/* A stream that is not whole must not load. */
static bool bad_stream(struct probe *probe, const uint8_t *data, size_t size)
{
	struct vu_mig_device_state stop = {VU_MIG_STOP, 0};
	bool refused = false;
	int state;

	if (!to(probe, VU_MIG_RESUMING))
		return false;
	/* Either a piece or the change to STOP is refused. */
	for (size_t at = 0; at < size && !refused; at += 65536)
		refused = client_mig_write(&probe->client, data + at,
					   (uint32_t)(size - at < 65536 ? size - at : 65536)) < 0;
	refused |= client_feature(&probe->client, VU_FEATURE_SET | VU_FEATURE_MIG_DEVICE_STATE,
				  &stop, sizeof(stop), &stop, sizeof(stop)) < 0;
	state = client_mig_get(&probe->client);
	if (!refused)
		conform_fail(probe, "%zu bytes of a bad stream were loaded", size);
	else if (state == VU_MIG_RUNNING || state < 0)
		conform_fail(probe, "a bad stream led to state %d", state);
	else if (client_reset(&probe->client) < 0 ||
		 client_mig_get(&probe->client) != VU_MIG_RUNNING)
		conform_fail(probe, "RESET does not lead out of it");
	else
		return true;
	return false;
}

static enum verdict truncated_streams(struct probe *probe)
{
	struct stream stream;
	bool good = true;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	if (!save(probe, 65536, &stream))
		return home(probe, false);
	for (size_t i = 1; i < 12 && good; i++)
		good = bad_stream(probe, stream.data, stream.size * i / 12);
	free(stream.data);
	return home(probe, good);
}

/* Refused, or taken as a change of mind; but nothing is no state. */
static enum verdict empty_stream(struct probe *probe)
{
	uint64_t value = 0;
	bool good;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	client_put(&probe->client, CONFIG, LINE, 1, 0x39);
	good = to(probe, VU_MIG_RESUMING);
	if (good && client_mig_set(&probe->client, VU_MIG_STOP) == 0) {
		client_get(&probe->client, CONFIG, LINE, 1, &value);
		if (value != 0x39)
			good = conform_fail(probe, "config space has 0x%llx, not 0x39",
					    (unsigned long long)value) == HOLDS;
	}
	return home(probe, good);
}

static enum verdict flipped_streams(struct probe *probe)
{
	struct stream stream;
	bool good = true;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	if (!save(probe, 65536, &stream))
		return home(probe, false);
	for (size_t i = 0; i < 64 && good; i++) {
		size_t bit = (stream.size * 8 - 1) * i / 64;

		stream.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		good = bad_stream(probe, stream.data, stream.size);
		stream.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(stream.data);
	return home(probe, good);
}

static enum verdict foreign_streams(struct probe *probe)
{
	static const uint8_t zeros[4096];
	uint8_t noise[4096];
	bool good;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 2654435761u >> 13);
	good = bad_stream(probe, zeros, sizeof(zeros)) && bad_stream(probe, noise, sizeof(noise)) &&
	       bad_stream(probe, noise, 1);
	return home(probe, good);
}

static enum verdict unchanged_by_bad(struct probe *probe)
{
	struct stream stream;
	uint64_t value = 0;
	bool good;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	if (!save(probe, 65536, &stream))
		return home(probe, false);
	client_put(&probe->client, CONFIG, LINE, 1, 0x42);
	good = to(probe, VU_MIG_RESUMING);
	if (good) {
		client_mig_write(&probe->client, stream.data,
				 (uint32_t)(stream.size > 65536 ? 65536 : stream.size - 1));
		client_mig_set(&probe->client, VU_MIG_STOP);
		client_get(&probe->client, CONFIG, LINE, 1, &value);
		if (value != 0x42)
			good = conform_fail(probe, "config space has 0x%llx",
					    (unsigned long long)value) == HOLDS;
	}
	free(stream.data);
	return home(probe, good);
}

static enum verdict wrong_state(struct probe *probe)
{
	static const uint32_t all[] = {VU_MIG_RUNNING, VU_MIG_STOP, VU_MIG_STOP_COPY,
				       VU_MIG_RESUMING};
	uint8_t data[64] = {0};
	bool good = true;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	for (size_t i = 0; i < 4 && good; i++) {
		good = to(probe, all[i]);
		if (good && all[i] != VU_MIG_STOP_COPY &&
		    client_mig_read(&probe->client, data, sizeof(data)) > -CLIENT_REMOTE)
			good = conform_fail(probe, "MIG_DATA_READ in state %u was not refused",
					    all[i]) == HOLDS;
		if (good && all[i] != VU_MIG_RESUMING &&
		    client_mig_write(&probe->client, data, sizeof(data)) > -CLIENT_REMOTE)
			good = conform_fail(probe, "MIG_DATA_WRITE in state %u was not refused",
					    all[i]) == HOLDS;
	}
	return home(probe, good);
}

static enum verdict sizes_lie(struct probe *probe)
{
	static const uint32_t sizes[] = {9,          100,         1u << 20,  (1u << 20) + 1,
					 0x7fffffff, 0xfffffff8u, UINT32_MAX};
	struct {
		struct vu_mig_data head;
		uint8_t data[8];
	} m = {{16, 0}, {0}};
	bool good = true;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	good = to(probe, VU_MIG_RESUMING);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && good; i++) {
		m.head = (struct vu_mig_data){sizes[i] + 8, sizes[i]};
		good = conform_refuses(probe, VU_MIG_DATA_WRITE, &m, sizeof(m), NULL, 0);
	}
	client_reset(&probe->client);
	good = good && to(probe, VU_MIG_STOP_COPY);
	for (size_t i = 3; i < sizeof(sizes) / sizeof(sizes[0]) && good; i++) {
		m.head = (struct vu_mig_data){UINT32_MAX, sizes[i]};
		good = conform_refuses(probe, VU_MIG_DATA_READ, &m.head, sizeof(m.head), NULL, 0);
	}
	return home(probe, good);
}

static enum verdict start_over(struct probe *probe)
{
	struct stream first, second;
	uint8_t some[512];
	bool good;

	APPLIES_IF(probe, can_migrate(probe), "the device cannot migrate");
	if (!save(probe, 65536, &first))
		return home(probe, false);
	/* A session that was broken off leaves nothing behind. */
	good = to(probe, VU_MIG_STOP_COPY) &&
	       client_mig_read(&probe->client, some, sizeof(some)) > 0 && to(probe, VU_MIG_STOP) &&
	       save(probe, 65536, &second);
	if (good) {
		if (first.size != second.size)
			good = conform_fail(probe, "%zu bytes at first, then %zu", first.size,
					    second.size) == HOLDS;
		free(second.data);
	}
	free(first.data);
	return home(probe, good);
}

#define SPEC "vfio-user specification, VFIO_USER_MIG_DATA_"
#define MIG  "vfio-user specification, RESUMING -> STOP"
const struct row rows_migration[] = {
	{"migration: what is saved is restored", SPEC "READ, _WRITE", 0, saves_and_restores},
	{"migration: read and written in pieces of any size", SPEC "READ, _WRITE", 0, any_pieces},
	{"migration: in tiny pieces too", SPEC "READ, _WRITE", 0, tiny_pieces},
	{"migration: PRE_COPY and STOP_COPY make one stream", SPEC "READ", 0, by_pre_copy},
	{"migration: a truncated stream is refused", MIG, 0, truncated_streams},
	{"migration: an empty stream changes nothing", MIG, 0, empty_stream},
	{"migration: a stream with a wrong bit is refused", MIG, ROW_OURS, flipped_streams},
	{"migration: what is no stream is refused", MIG, 0, foreign_streams},
	{"migration: a refused stream changes nothing", MIG, ROW_OURS, unchanged_by_bad},
	{"migration: data only in its states", SPEC "READ, _WRITE", 0, wrong_state},
	{"migration: sizes that lie are refused", SPEC "READ, _WRITE", 0, sizes_lie},
	{"migration: a session may be broken off", "STOP_COPY -> STOP", 0, start_over},
	{0},
};
