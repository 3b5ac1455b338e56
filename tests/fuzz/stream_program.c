/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program of fuzz_loader.c does to a stream. */
#include "stream_program.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ITEMS 200

/* A stream by its meaning: the header, then items, each whole. */
struct parts {
	struct bytes header;
	struct bytes items[MAX_ITEMS];
	unsigned n;
};

void bytes_add(struct bytes *bytes, const void *from, size_t size)
{
	if (bytes->size + size > bytes->room) {
		bytes->room = 2 * (bytes->size + size);
		bytes->at = realloc(bytes->at, bytes->room);
		if (!bytes->at)
			abort();
	}
	if (from && size)
		memcpy(bytes->at + bytes->size, from, size);
	else if (size)
		memset(bytes->at + bytes->size, 0, size);
	bytes->size += size;
}

bool is_stream(const uint8_t *bytes, size_t size)
{
	return size >= RECORD_HEAD + 8 && memcmp(bytes + RECORD_HEAD, STREAM_MAGIC, 8) == 0;
}

/* ---- apart */

static bool is_ram(const uint8_t *item)
{
	return item[0] == ITEM_RAM || item[0] == ITEM_RAM_ZERO;
}

/* Bytes before the name, and before the data; a head that was changed may say anything. */
static size_t name_at(const struct bytes *item)
{
	return is_ram(item->at) ? ITEM_RAM_HEAD : ITEM_HEAD;
}

static size_t head_size(const struct bytes *item)
{
	size_t size = name_at(item) + item->at[1];

	return size < item->size ? size : item->size;
}

static size_t item_size(const uint8_t *at)
{
	return (is_ram(at) ? ITEM_RAM_HEAD : ITEM_HEAD) + at[1] +
	       (at[0] == ITEM_RAM_ZERO ? 0 : (size_t)get_le(at + 4, 4));
}

static void part_items(struct parts *parts, const uint8_t *at, size_t size, size_t *missing)
{
	size_t n;

	if (*missing) {
		at += ITEM_MORE_HEAD;
		size -= ITEM_MORE_HEAD;
		n = *missing < size ? *missing : size;
		bytes_add(&parts->items[parts->n - 1], at, n);
		*missing -= n;
		at += n;
		size -= n;
	}
	for (; size && at[0] != ITEM_FILL && parts->n < MAX_ITEMS; at += n, size -= n) {
		n = item_size(at);
		*missing = n > size ? n - size : 0;
		n -= *missing;
		bytes_add(&parts->items[parts->n++], at, n);
	}
}

static void take_apart(struct parts *parts, const struct bytes *good)
{
	size_t at, size, missing = 0;

	for (at = 0; at < good->size; at += RECORD_HEAD + size) {
		size = (size_t)get_le(good->at + at, 4);
		switch (get_le(good->at + at + 4, 2)) {
		case RECORD_HEADER:
			bytes_add(&parts->header, good->at + at + RECORD_HEAD, size);
			break;
		case RECORD_ITEMS:
			part_items(parts, good->at + at + RECORD_HEAD, size, &missing);
			break;
		}
	}
}

/* ---- changes */

static void insert(struct parts *parts, unsigned at, struct bytes item)
{
	if (parts->n == MAX_ITEMS) {
		free(item.at);
		return;
	}
	memmove(parts->items + at + 1, parts->items + at, (parts->n - at) * sizeof(item));
	parts->items[at] = item;
	parts->n++;
}

static struct bytes extract(struct parts *parts, unsigned at)
{
	struct bytes item = parts->items[at];

	parts->n--;
	memmove(parts->items + at, parts->items + at + 1, (parts->n - at) * sizeof(item));
	return item;
}

static struct bytes copy(const struct bytes *item)
{
	struct bytes made = {0};

	bytes_add(&made, item->at, item->size);
	return made;
}

/* A number somewhere in it; of RAM and config space, which are long, anywhere. */
static void change_number(struct fuzz *f, struct bytes *bytes, size_t from)
{
	static const uint8_t sizes[] = {1, 1, 2, 4, 4, 8};
	unsigned size = sizes[below(f, sizeof(sizes))];
	size_t room = bytes->size - from;

	if (room < size)
		return;
	from += room == size ? 0 : below(f, (uint32_t)(room - size + 1));
	put_le(bytes->at + from, size, number(f));
}

static void change_bit(struct fuzz *f, struct bytes *bytes)
{
	uint32_t at = below(f, (uint32_t)bytes->size);

	bytes->at[at] ^= (uint8_t)(1u << below(f, 8));
}

static void change_data(struct fuzz *f, struct bytes *item)
{
	size_t head = head_size(item);

	if (item->size <= head)
		return;
	head += below(f, (uint32_t)(item->size - head));
	take_bytes(f, item->at + head, item->size - head < 16 ? item->size - head : below(f, 17));
}

/* Data of another size, and the head says so. */
static void resize(struct fuzz *f, struct bytes *item)
{
	size_t head = head_size(item), size = below(f, 4) ? below(f, 100) : below(f, 9000);

	if (item->size > head + size)
		item->size = head + size;
	else
		bytes_add(item, NULL, head + size - item->size);
	put_le(item->at + 4, 4, size);
}

static void rename_item(struct fuzz *f, struct parts *parts, unsigned at, unsigned as)
{
	const struct bytes *from = &parts->items[at], *name = &parts->items[as];
	size_t head = name_at(from), other = name_at(name);
	struct bytes made = {0};

	if (head + from->at[1] > from->size || other + name->at[1] > name->size)
		return;
	bytes_add(&made, from->at, head);
	made.at[1] = name->at[1];
	bytes_add(&made, name->at + other, name->at[1]);
	bytes_add(&made, from->at + head + from->at[1], from->size - head - from->at[1]);
	if (below(f, 4) == 0)
		made.at[0] = name->at[0];
	free(parts->items[at].at);
	parts->items[at] = made;
}

static void new_ram(struct fuzz *f, struct parts *parts, unsigned at)
{
	static const char *const names[] = {"BUF", "SHARED", "SECOND", ""};
	static const uint32_t sizes[] = {4096, 8192, 16384, 65536};
	const char *name = names[below(f, 4)];
	uint8_t head[ITEM_RAM_HEAD] = {below(f, 2) ? ITEM_RAM : ITEM_RAM_ZERO,
				       (uint8_t)strlen(name)};
	uint64_t size = below(f, 8) ? sizes[below(f, 4)] : number(f);
	struct bytes item = {0};

	put_le(head + 4, 4, size);
	put_le(head + 8, 8, below(f, 8) ? 4096 * below(f, 18) : number(f));
	bytes_add(&item, head, sizeof(head));
	bytes_add(&item, name, strlen(name));
	if (head[0] == ITEM_RAM)
		bytes_add(&item, NULL, size < 0x20000 ? (size_t)size : 9);
	insert(parts, at, item);
}

/* What the device judges by itself, when all else was found good. */
static void change_judged(struct fuzz *f, struct parts *parts)
{
	static const uint8_t kinds[] = {ITEM_IRQS, ITEM_CONFIG, ITEM_CLOCK, ITEM_TIMER};
	uint8_t kind = kinds[below(f, 4)];

	for (unsigned i = 0; i < parts->n; i++)
		if (parts->items[i].at[0] == kind)
			change_number(f, &parts->items[i], head_size(&parts->items[i]));
}

static void edit(struct fuzz *f, struct parts *parts)
{
	unsigned kind = below(f, 16), at, other;
	struct bytes spare;

	if (parts->n == 0)
		return;
	at = below(f, parts->n);
	other = kind < 4 || kind == 9 ? below(f, parts->n) : 0;
	switch (kind) {
	case 0:
		free(extract(parts, at).at);
		break;
	case 1:
		insert(parts, other, copy(&parts->items[at]));
		break;
	case 2:
		spare = parts->items[at];
		parts->items[at] = parts->items[other];
		parts->items[other] = spare;
		break;
	case 3:
		spare = extract(parts, at);
		insert(parts, other ? other - 1 : 0, spare);
		break;
	case 4:
		change_number(f, &parts->items[at], 0);
		break;
	case 5:
		change_number(f, &parts->items[at], head_size(&parts->items[at]));
		break;
	case 6:
		change_bit(f, &parts->items[at]);
		break;
	case 7:
		change_data(f, &parts->items[at]);
		break;
	case 8:
		resize(f, &parts->items[at]);
		break;
	case 9:
		rename_item(f, parts, at, other);
		break;
	case 10:
		new_ram(f, parts, at);
		break;
	case 11:
		put_le(parts->items[at].at + 4, 4, number(f));
		break;
	case 12:
		put_le(parts->items[at].at + 2, 2, number(f));
		break;
	case 13:
		change_number(f, &parts->header, 0);
		break;
	default:
		change_judged(f, parts);
		break;
	}
}

/* ---- together */

static void add_record(struct bytes *stream, enum record_type type, const uint8_t *payload,
		       size_t size)
{
	uint8_t head[RECORD_HEAD] = {0};

	put_le(head, 4, size);
	put_le(head + 4, 2, type);
	bytes_add(stream, head, sizeof(head));
	bytes_add(stream, payload, size);
}

/* Items in records of at most `room` bytes of payload. */
static void put_together(const struct parts *parts, size_t room, struct bytes *stream)
{
	static const uint8_t more[ITEM_MORE_HEAD] = {ITEM_MORE};
	struct bytes record = {0};
	size_t done, n;

	add_record(stream, RECORD_HEADER, parts->header.at, parts->header.size);
	for (unsigned i = 0; i < parts->n; i++)
		for (done = 0; done < parts->items[i].size; done += n) {
			/* The loader wants an item's head in one piece, and the writer sees to it.
			 */
			if (record.size && (done || room < record.size + 300)) {
				add_record(stream, RECORD_ITEMS, record.at, record.size);
				record.size = 0;
			}
			if (done)
				bytes_add(&record, more, sizeof(more));
			n = room - record.size;
			if (n > parts->items[i].size - done)
				n = parts->items[i].size - done;
			bytes_add(&record, parts->items[i].at + done, n);
		}
	if (record.size)
		add_record(stream, RECORD_ITEMS, record.at, record.size);
	add_record(stream, RECORD_END, NULL, RECORD_END_SIZE);
	free(record.at);
}

/* The n-th record, if there is one: its place and whole size. */
static size_t find_record(const struct bytes *stream, unsigned n, size_t *at)
{
	size_t size = 0;

	for (*at = 0; stream->size - *at >= RECORD_HEAD; *at += size) {
		size = RECORD_HEAD + (size_t)get_le(stream->at + *at, 4);
		if (size > stream->size - *at)
			return 0;
		if (n-- == 0)
			return size;
	}
	return 0;
}

/* The stream's own header once more, as a RESTART. */
static void add_restart(struct bytes *made, const struct bytes *stream)
{
	struct bytes payload = {0};
	size_t at, size = find_record(stream, 0, &at);

	bytes_add(&payload, NULL, RECORD_RESTART_HEAD);
	bytes_add(&payload, stream->at + RECORD_HEAD, size - RECORD_HEAD);
	add_record(made, RECORD_RESTART, payload.at, payload.size);
	free(payload.at);
}

/* Records doubled, dropped, put in: checksums are made right afterwards. */
static void edit_records(struct fuzz *f, struct bytes *stream)
{
	unsigned kind = below(f, 6);
	size_t at, size = find_record(stream, below(f, 20), &at);
	struct bytes made = {0};

	if (size == 0)
		return;
	bytes_add(&made, stream->at, at);
	if (kind == 0)
		add_record(&made, RECORD_PAD, NULL, below(f, 2000));
	if (kind == 1)
		bytes_add(&made, stream->at + at, size);
	if (kind == 5)
		add_restart(&made, stream);
	if (kind == 2)
		put_le(stream->at + at + 4, 2, below(f, 8));
	if (kind == 3)
		put_le(stream->at + at, 4, number(f));
	if (kind != 4)
		bytes_add(&made, stream->at + at, size);
	bytes_add(&made, stream->at + at + size, stream->size - at - size);
	free(stream->at);
	*stream = made;
}

/* What no checksum forgives. */
static void damage(struct fuzz *f, struct bytes *stream)
{
	switch (below(f, 3)) {
	case 0:
		stream->size = below(f, (uint32_t)stream->size + 1);
		break;
	case 1:
		if (stream->size)
			change_bit(f, stream);
		break;
	case 2:
		bytes_add(stream, NULL, 1 + below(f, 2000));
		break;
	}
}

void make_stream(struct fuzz *f, const struct crc32 *crc, const struct bytes *good,
		 struct bytes *stream)
{
	static const size_t rooms[] = {1012, 65536, 64, 20, 4096, 333};
	struct parts parts = {0};
	size_t room = rooms[below(f, 6)];
	unsigned kind = below(f, 16), edits = below(f, kind & 1 ? 30 : 3);
	unsigned records = kind & 2 ? below(f, 4) : 0;

	take_apart(&parts, good);
	while (edits-- && f->size)
		edit(f, &parts);
	put_together(&parts, room, stream);
	while (records--)
		edit_records(f, stream);
	mend_stream(crc, stream->at, stream->size);
	if (kind == 12)
		damage(f, stream);
	free(parts.header.at);
	while (parts.n)
		free(parts.items[--parts.n].at);
}
