/* SPDX-License-Identifier: BSD-2-Clause */
/* Records: framed, checksummed, never across the end of a block. */
#include "stream.h"

#include <errno.h>
#include <string.h>

uint64_t get_le(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

void put_le(uint8_t *bytes, unsigned size, uint64_t value)
{
	unsigned i;

	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

/* ---- writing */

void writer_begin(struct stream_writer *writer, uint8_t *block, size_t room)
{
	writer->block = block;
	writer->room = room;
	writer->used = 0;
	writer->open = writer->open_end = 0;
}

static bool is_open(const struct stream_writer *writer)
{
	return writer->open != writer->open_end;
}

size_t writer_left(const struct stream_writer *writer)
{
	return writer->room - writer->used;
}

/* Write the head of the record that ends here. */
static void seal(struct stream_writer *writer, size_t start, enum record_type type)
{
	uint8_t *head = writer->block + start;
	uint32_t sum;

	put_le(head, 4, writer->used - start - RECORD_HEAD);
	put_le(head + 4, 2, type);
	put_le(head + 6, 2, 0);
	sum = crc32_add(writer->crc, 0, head, 8);
	sum = crc32_add(writer->crc, sum, head + RECORD_HEAD, writer->used - start - RECORD_HEAD);
	put_le(head + 8, 4, sum);
	writer->chain = crc32_add(writer->crc, writer->chain, head + 8, 4);
	writer->records++;
}

bool writer_fits(const struct stream_writer *writer, size_t payload)
{
	size_t left = writer_left(writer), size = RECORD_HEAD + payload;

	return left == size || left >= size + RECORD_HEAD;
}

void writer_record(struct stream_writer *writer, enum record_type type, const uint8_t *payload,
		   size_t size)
{
	size_t start = writer->used;

	writer->used += RECORD_HEAD;
	if (payload)
		memcpy(writer->block + writer->used, payload, size);
	else
		memset(writer->block + writer->used, 0, size);
	writer->used += size;
	seal(writer, start, type);
}

void writer_restart(struct stream_writer *writer, uint8_t *header, size_t size)
{
	put_le(header, 4, writer->records);
	put_le(header + 4, 4, writer->chain);
	writer->records = writer->chain = 0;
	writer_record(writer, RECORD_RESTART, header, size);
}

/* Zeros to where the open record may extend. */
static void fill_record(struct stream_writer *writer)
{
	memset(writer->block + writer->used, ITEM_FILL, writer->open_end - writer->used);
	writer->used = writer->open_end;
}

void writer_close(struct stream_writer *writer)
{
	if (!is_open(writer))
		return;
	/* What would be too little for another record belongs to this one. */
	if (writer_left(writer) < RECORD_HEAD)
		fill_record(writer);
	seal(writer, writer->open, RECORD_ITEMS);
	writer->open = writer->open_end = 0;
}

static bool open_record(struct stream_writer *writer, size_t min)
{
	size_t left = writer_left(writer), size = left;

	if (left < RECORD_HEAD + min)
		return false;
	if (size > RECORD_HEAD + RECORD_MAX) {
		size = RECORD_HEAD + RECORD_MAX;
		if (left - size < RECORD_HEAD)
			size -= RECORD_HEAD;
	}
	writer->open = writer->used;
	writer->open_end = writer->used + size;
	writer->used += RECORD_HEAD;
	return true;
}

uint8_t *writer_item(struct stream_writer *writer, size_t min, size_t *room)
{
	if (is_open(writer) && writer->open_end - writer->used < min) {
		fill_record(writer);
		writer_close(writer);
	}
	if (!is_open(writer) && !open_record(writer, min))
		return NULL;
	*room = writer->open_end - writer->used;
	return writer->block + writer->used;
}

void writer_advance(struct stream_writer *writer, size_t size)
{
	writer->used += size;
}

void writer_fill(struct stream_writer *writer)
{
	size_t left, size;

	if (is_open(writer) && writer->open_end == writer->room)
		fill_record(writer);
	writer_close(writer);
	while ((left = writer_left(writer)) > 0) {
		size = left;
		if (size > RECORD_HEAD + RECORD_MAX)
			size = RECORD_MAX;
		writer_record(writer, RECORD_PAD, NULL, size - RECORD_HEAD);
	}
}

bool writer_align(struct stream_writer *writer)
{
	size_t missing;

	writer_close(writer);
	missing = (size_t)(-(writer->total + writer->used) % STREAM_BLOCK);
	if (missing == 0)
		return true;
	if (missing < RECORD_HEAD)
		missing += STREAM_BLOCK;
	if (missing > writer_left(writer)) {
		/* It may be that this is all there is to it. */
		writer_fill(writer);
		return (writer->total + writer->used) % STREAM_BLOCK == 0;
	}
	writer_record(writer, RECORD_PAD, NULL, missing - RECORD_HEAD);
	return true;
}

size_t writer_end(struct stream_writer *writer)
{
	size_t size = writer->used;

	writer->total += size;
	return size;
}

/* ---- reading */

static int refuse(struct stream_reader *reader, const char *why)
{
	reader->why = why;
	return -EINVAL;
}

static int check_head(struct stream_reader *reader)
{
	const uint8_t *head = reader->buf;
	uint64_t size = get_le(head, 4), type = get_le(head + 4, 2);

	if (size > RECORD_MAX || type < RECORD_HEADER || type > RECORD_RESTART ||
	    get_le(head + 6, 2))
		return refuse(reader, "this is no record");
	if (reader->ended && type != RECORD_PAD)
		return refuse(reader, "a record after the end");
	return 0;
}

/* How many records there were, and in which order: by their checksums' checksum. */
static int check_before(struct stream_reader *reader, const uint8_t *payload)
{
	if (get_le(payload, 4) != reader->records || get_le(payload + 4, 4) != reader->chain)
		return refuse(reader, "records are missing, doubled or out of order");
	return 0;
}

static int check_end(struct stream_reader *reader, const uint8_t *payload, size_t size)
{
	if (size != RECORD_END_SIZE)
		return refuse(reader, "an end of the wrong size");
	reader->ended = true;
	return check_before(reader, payload);
}

/* All of what came before it must have come, or nothing. */
static int check_restart(struct stream_reader *reader, const uint8_t *payload, size_t size)
{
	int result = 0;

	if (size < RECORD_RESTART_HEAD)
		return refuse(reader, "a restart that is cut off");
	if (reader->records)
		result = check_before(reader, payload);
	reader->records = reader->chain = 0;
	return result;
}

static int check_zeros(struct stream_reader *reader, const uint8_t *payload, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (payload[i])
			return refuse(reader, "filling that is not zeros");
	return 0;
}

static int take_record(struct stream_reader *reader, size_t size)
{
	const uint8_t *payload = reader->buf + RECORD_HEAD;
	enum record_type type = (enum record_type)get_le(reader->buf + 4, 2);
	uint32_t sum = crc32_add(reader->crc, 0, reader->buf, 8);
	int result = 0;

	sum = crc32_add(reader->crc, sum, payload, size);
	if (sum != get_le(reader->buf + 8, 4))
		return refuse(reader, "a checksum is wrong");
	if (type != RECORD_RESTART && (type == RECORD_HEADER) != (reader->records == 0))
		return refuse(reader, "it does not begin with its header");
	if (type == RECORD_RESTART)
		result = check_restart(reader, payload, size);
	else if (type == RECORD_END)
		result = check_end(reader, payload, size);
	else if (type == RECORD_PAD)
		result = check_zeros(reader, payload, size);
	if (result == 0 && type != RECORD_PAD)
		result = reader->callback(reader->arg, type, payload, size);
	reader->chain = crc32_add(reader->crc, reader->chain, reader->buf + 8, 4);
	reader->records++;
	return result;
}

int reader_feed(struct stream_reader *reader, const uint8_t *bytes, size_t size)
{
	size_t want, part;
	int result;

	while (size > 0) {
		want = RECORD_HEAD;
		if (reader->have >= RECORD_HEAD)
			want += (size_t)get_le(reader->buf, 4);
		part = want - reader->have < size ? want - reader->have : size;
		memcpy(reader->buf + reader->have, bytes, part);
		reader->have += part;
		reader->total += part;
		bytes += part;
		size -= part;
		if (reader->have == RECORD_HEAD && want == RECORD_HEAD) {
			result = check_head(reader);
			if (result < 0)
				return result;
			want += (size_t)get_le(reader->buf, 4);
		}
		if (reader->have == want) {
			result = take_record(reader, want - RECORD_HEAD);
			if (result < 0)
				return result;
			reader->have = 0;
		}
	}
	return 0;
}

bool reader_complete(const struct stream_reader *reader)
{
	return reader->ended && reader->have == 0;
}
