/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the migration stream: framing, checksums, blocks. */
#include "peer.h"

#include "stream.h"

static struct crc32 crc;

static int prepare(void **state)
{
	(void)state;
	crc32_init(&crc);
	return 0;
}

static void test_crc(void **state)
{
	uint8_t bytes[100];
	size_t i, cut;

	(void)state;
	assert_int_equal(crc32_add(&crc, 0, "", 0), 0);
	assert_int_equal(crc32_add(&crc, 0, "a", 1), 0xe8b7be43);
	assert_int_equal(crc32_add(&crc, 0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_add(&crc, 0, "The quick brown fox jumps over the lazy dog", 43),
			 0x414fa339);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i);
	for (cut = 0; cut <= sizeof(bytes); cut++)
		assert_int_equal(crc32_add(&crc, crc32_add(&crc, 0, bytes, cut), bytes + cut,
					   sizeof(bytes) - cut),
				 crc32_add(&crc, 0, bytes, sizeof(bytes)));
}

static void test_numbers(void **state)
{
	uint8_t bytes[9];

	(void)state;
	memset(bytes, 0xee, sizeof(bytes));
	put_le(bytes, 8, 0x0102030405060708);
	assert_int_equal(bytes[0], 8);
	assert_int_equal(bytes[7], 1);
	assert_int_equal(bytes[8], 0xee);
	assert_int_equal(get_le(bytes, 2), 0x0708);
	assert_int_equal(get_le(bytes + 5, 3), 0x010203);
}

/* ---- a stream of items, and who hears them */

#define MAX_STREAM (1u << 20)

struct heard {
	unsigned items, headers, ends;
	size_t bytes;
	uint32_t sum; /* of all data, in order */
};

/* Here an item is: 200, length u16, data.  Long ones go on as real ones do. */
static size_t left;

static int hear(void *arg, enum record_type type, const uint8_t *payload, size_t size)
{
	struct heard *heard = arg;
	size_t at = 0, part;

	heard->headers += type == RECORD_HEADER;
	heard->ends += type == RECORD_END;
	if (type != RECORD_ITEMS)
		return 0;
	while (at < size && payload[at] != ITEM_FILL) {
		if (left) {
			if (payload[at] != ITEM_MORE)
				return -EBADMSG;
			at += ITEM_MORE_HEAD;
		} else {
			if (payload[at] != 200 || size - at < 3)
				return -EBADMSG;
			left = (size_t)get_le(payload + at + 1, 2);
			at += 3;
			heard->items++;
		}
		part = left < size - at ? left : size - at;
		heard->sum = crc32_add(&crc, heard->sum, payload + at, part);
		heard->bytes += part;
		at += part;
		left -= part;
	}
	return 0;
}

struct made {
	uint8_t *bytes;
	size_t size;
	uint32_t sum;
	unsigned items;
	size_t blocks[4096]; /* where each begins */
	unsigned nblocks;
};

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void begin_block(struct stream_writer *writer, struct made *made, size_t room)
{
	assert_true(made->size + room <= MAX_STREAM);
	made->blocks[made->nblocks++] = made->size;
	writer_begin(writer, made->bytes + made->size, room);
}

/* Every block but the last is full. */
static void next_block(struct stream_writer *writer, struct made *made, size_t room)
{
	writer_fill(writer);
	assert_int_equal(writer_left(writer), 0);
	made->size += writer_end(writer);
	begin_block(writer, made, room);
}

static void make_stream(struct made *made, unsigned items, size_t room, size_t longest,
			uint32_t seed)
{
	struct stream_writer writer = {.crc = &crc};
	static uint8_t data[65536];
	uint8_t end[RECORD_END_SIZE], *to;
	size_t size, at, part, space;
	unsigned i;

	*made = (struct made){.bytes = malloc(MAX_STREAM), .items = items};
	begin_block(&writer, made, room);
	writer_record(&writer, RECORD_HEADER, (const uint8_t *)"header", 6);
	for (i = 0; i < items; i++) {
		size = next_random(&seed) % (longest + 1);
		for (at = 0; at < size; at++)
			data[at] = (uint8_t)next_random(&seed);
		made->sum = crc32_add(&crc, made->sum, data, size);
		while (!(to = writer_item(&writer, 3 + (size > 0), &space)))
			next_block(&writer, made, room);
		to[0] = 200;
		put_le(to + 1, 2, size);
		part = size < space - 3 ? size : space - 3;
		memcpy(to + 3, data, part);
		writer_advance(&writer, 3 + part);
		for (at = part; at < size; at += part) {
			while (!(to = writer_item(&writer, ITEM_MORE_HEAD + 1, &space)))
				next_block(&writer, made, room);
			put_le(to, ITEM_MORE_HEAD, ITEM_MORE);
			part = size - at < space - ITEM_MORE_HEAD ? size - at
								  : space - ITEM_MORE_HEAD;
			memcpy(to + ITEM_MORE_HEAD, data + at, part);
			writer_advance(&writer, ITEM_MORE_HEAD + part);
		}
	}
	writer_close(&writer);
	while (!writer_fits(&writer, sizeof(end)))
		next_block(&writer, made, room);
	put_le(end, 4, writer.records);
	put_le(end + 4, 4, writer.chain);
	writer_record(&writer, RECORD_END, end, sizeof(end));
	while (!writer_align(&writer)) {
		made->size += writer_end(&writer);
		begin_block(&writer, made, room);
	}
	made->size += writer_end(&writer);
}

static struct stream_reader *new_reader(struct heard *heard)
{
	struct stream_reader *reader = calloc(1, sizeof(*reader));

	memset(heard, 0, sizeof(*heard));
	left = 0;
	reader->crc = &crc;
	reader->callback = hear;
	reader->arg = heard;
	return reader;
}

static int hear_all(const uint8_t *bytes, size_t size, struct heard *heard)
{
	struct stream_reader *reader = new_reader(heard);
	int result = reader_feed(reader, bytes, size);

	if (result == 0 && !reader_complete(reader))
		result = -ENODATA;
	free(reader);
	return result;
}

/* Does each block hold whole records only? */
static void check_blocks(const struct made *made)
{
	unsigned i;

	for (i = 0; i < made->nblocks; i++) {
		size_t at = made->blocks[i];
		size_t end = i + 1 < made->nblocks ? made->blocks[i + 1] : made->size;

		while (at < end) {
			assert_true(end - at >= RECORD_HEAD);
			at += RECORD_HEAD + (size_t)get_le(made->bytes + at, 4);
		}
		assert_int_equal(at, end);
	}
}

static void check_stream(unsigned items, size_t room, size_t longest, uint32_t seed)
{
	struct heard heard;
	struct made made;
	size_t at, part;
	struct stream_reader *reader;

	make_stream(&made, items, room, longest, seed);
	assert_int_equal(made.size % STREAM_BLOCK, 0);
	check_blocks(&made);
	assert_int_equal(hear_all(made.bytes, made.size, &heard), 0);
	assert_int_equal(heard.items, items);
	assert_int_equal(heard.sum, made.sum);
	assert_int_equal(heard.ends, 1);
	/* In portions. */
	reader = new_reader(&heard);
	for (at = 0; at < made.size; at += part) {
		part = next_random(&seed) % 300 + 1;
		if (part > made.size - at)
			part = made.size - at;
		assert_int_equal(reader_feed(reader, made.bytes + at, part), 0);
	}
	assert_true(reader_complete(reader));
	assert_int_equal(heard.sum, made.sum);
	free(reader);
	free(made.bytes);
}

static void test_blocks(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 1; seed < 200; seed++) {
		check_stream(seed % 50, 1024, seed % 3 ? 40 : 5000, seed);
		check_stream(seed % 20, 1024 + seed * 7, 3000, seed);
	}
	check_stream(0, 1024, 0, 1);
	check_stream(10, 200000, 60000, 3);
	/* Ends that leave any number of bytes. */
	for (seed = 0; seed < 1100; seed++)
		check_stream(1, 1024, seed, 7);
	for (seed = 0; seed < 60; seed++)
		check_stream(9, RECORD_MAX + RECORD_HEAD + seed, 65535, 11);
}

static void test_damage(void **state)
{
	struct heard heard;
	struct made made;
	size_t i;

	(void)state;
	make_stream(&made, 40, 1024, 50, 5);
	assert_true(made.size <= 4096);
	for (i = 0; i < 8 * made.size; i++) {
		made.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_true(hear_all(made.bytes, made.size, &heard) < 0);
		made.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(hear_all(made.bytes, made.size, &heard), 0);
	free(made.bytes);
}

/* Cut at the end of any record but the last filling, or between. */
static void test_cuts(void **state)
{
	struct heard heard;
	struct made made;
	size_t i;
	int result;

	(void)state;
	make_stream(&made, 40, 1024, 50, 5);
	for (i = 0; i < made.size; i++) {
		result = hear_all(made.bytes, i, &heard);
		/* Only filling may be missing. */
		assert_true(result == -ENODATA || (result == 0 && heard.ends == 1));
	}
	free(made.bytes);
}

static void test_order(void **state)
{
	struct heard heard;
	struct made made;
	uint8_t *other = malloc(MAX_STREAM);
	size_t at, size, next, next_size;

	(void)state;
	make_stream(&made, 100, 1024, 90, 9);
	for (at = 0; at < made.size; at += size) {
		size = RECORD_HEAD + (size_t)get_le(made.bytes + at, 4);
		next = at + size;
		if (get_le(made.bytes + at + 4, 2) == RECORD_END)
			break;
		/* Left out; twice; exchanged with the next. */
		memcpy(other, made.bytes, at);
		memcpy(other + at, made.bytes + next, made.size - next);
		assert_true(hear_all(other, made.size - size, &heard) < 0);
		memcpy(other, made.bytes, next);
		memcpy(other + next, made.bytes + at, made.size - at);
		assert_true(hear_all(other, made.size + size, &heard) < 0);
		next_size = RECORD_HEAD + (size_t)get_le(made.bytes + next, 4);
		memcpy(other, made.bytes, made.size);
		memcpy(other + at, made.bytes + next, next_size);
		memcpy(other + at + next_size, made.bytes + at, size);
		assert_true(hear_all(other, made.size, &heard) < 0);
	}
	/* Something after the end. */
	memcpy(other, made.bytes, made.size);
	memcpy(other + made.size, made.bytes, 64);
	assert_true(hear_all(other, made.size + 64, &heard) < 0);
	free(other);
	free(made.bytes);
}

/* ---- a stream that begins anew */

static size_t make_restarted(uint8_t *bytes, size_t *first)
{
	static const uint8_t item[] = {200, 1, 0, 7};
	struct stream_writer writer = {.crc = &crc};
	uint8_t restart[RECORD_RESTART_HEAD + 6] = "........header", end[RECORD_END_SIZE], *to;
	size_t room;

	writer_begin(&writer, bytes, STREAM_BLOCK);
	writer_record(&writer, RECORD_HEADER, (const uint8_t *)"header", 6);
	to = writer_item(&writer, sizeof(item), &room);
	memcpy(to, item, sizeof(item));
	writer_advance(&writer, sizeof(item));
	writer_close(&writer);
	*first = STREAM_BLOCK - writer_left(&writer);
	writer_restart(&writer, restart, sizeof(restart));
	put_le(end, 4, writer.records);
	put_le(end + 4, 4, writer.chain);
	writer_record(&writer, RECORD_END, end, sizeof(end));
	return writer_end(&writer);
}

static void test_restart(void **state)
{
	uint8_t bytes[STREAM_BLOCK], other[STREAM_BLOCK];
	struct heard heard;
	size_t first, size = make_restarted(bytes, &first), header = RECORD_HEAD + 6, i;

	(void)state;
	assert_int_equal(hear_all(bytes, size, &heard), 0);
	assert_int_equal(heard.items, 1);
	assert_int_equal(heard.ends, 1);
	/* All of the first part may be missing; not some of it. */
	assert_int_equal(hear_all(bytes + first, size - first, &heard), 0);
	assert_int_equal(heard.ends, 1);
	assert_int_equal(hear_all(bytes + header, size - header, &heard), -EINVAL);
	memcpy(other, bytes, header);
	memcpy(other + header, bytes + first, size - first);
	assert_int_equal(hear_all(other, size - first + header, &heard), -EINVAL);
	for (i = 0; i < 8 * size; i++) {
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_true(hear_all(bytes, size, &heard) < 0);
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

static void test_no_stream(void **state)
{
	static const uint8_t zeros[RECORD_HEAD], huge[RECORD_HEAD] = {0, 0, 2, 0, 1};
	struct heard heard;

	(void)state;
	assert_int_equal(hear_all(zeros, sizeof(zeros), &heard), -EINVAL);
	assert_int_equal(hear_all(huge, sizeof(huge), &heard), -EINVAL);
	assert_int_equal(hear_all(zeros, 0, &heard), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),       cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_blocks),    cmocka_unit_test(test_damage),
		cmocka_unit_test(test_cuts),      cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_stream), cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
