/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The migration stream's records, as docs/migration-stream.md has them byte by byte: written into
 * blocks, one a MIG_DATA_READ reply, and read from bytes that come in any portions.
 */
#ifndef MDL_STREAM_H
#define MDL_STREAM_H

#include <stdbool.h>

#include "crc32.h"

#define STREAM_MAGIC  "MDLSTATE"
#define STREAM_FORMAT 1u
/* A block has at least this, and the stream ends on a multiple of it. */
#define STREAM_BLOCK 1024u

enum record_type {
	RECORD_HEADER = 1,
	RECORD_ITEMS = 2,
	RECORD_PAD = 3,
	RECORD_END = 4,
	RECORD_RESTART = 5, /* a header again: what came before it does not count */
};
#define RECORD_HEAD     12u    /* size u32, type u16, zero u16, checksum u32 */
#define RECORD_MAX      65536u /* bytes of payload */
#define RECORD_END_SIZE 8u     /* records u32, checksum of their checksums u32 */
/* A RECORD_RESTART begins like a RECORD_END, as of the records before it; then the header. */
#define RECORD_RESTART_HEAD RECORD_END_SIZE

/* What an item in a RECORD_ITEMS is. */
enum item_kind {
	ITEM_FILL = 0,   /* the rest of the record is zeros */
	ITEM_MORE = 1,   /* the item that the last record ended in goes on */
	ITEM_CONFIG = 2, /* config space */
	ITEM_CLOCK = 3,  /* the device's clock, in ns */
	ITEM_REG = 4,
	ITEM_ONCE = 5, /* which write-once bits of a register were written */
	ITEM_INTR_INPUT = 6,
	ITEM_INTR_LATCH = 7,
	ITEM_TIMER = 8,    /* deadline (0: stopped) and period, for each */
	ITEM_DOORBELL = 9, /* what stands in a shared page */
	ITEM_VAR = 10,
	ITEM_IRQS = 11,
	ITEM_RAM = 12,
	ITEM_RAM_ZERO = 13,
};
#define ITEM_HEAD      8u  /* kind u8, name's length u8, width u16, size u32 */
#define ITEM_RAM_HEAD  16u /* … offset u64 */
#define ITEM_MORE_HEAD 4u

uint64_t get_le(const uint8_t *bytes, unsigned size);
void put_le(uint8_t *bytes, unsigned size, uint64_t value);

/* ---- writing */

struct stream_writer {
	const struct crc32 *crc;
	uint8_t *block;
	size_t room, used;
	size_t open, open_end; /* the RECORD_ITEMS being filled; open == open_end: none */
	uint32_t records, chain;
	uint64_t total; /* bytes in the blocks before */
};

/* Begin a block of at least STREAM_BLOCK bytes. */
void writer_begin(struct stream_writer *writer, uint8_t *block, size_t room);
/* Bytes still free in the block. */
size_t writer_left(const struct stream_writer *writer);
/* A whole record; it must leave nothing or RECORD_HEAD bytes at least: see writer_fits(). */
void writer_record(struct stream_writer *writer, enum record_type type, const uint8_t *payload,
		   size_t size);
/* A RECORD_RESTART; header has room for RECORD_RESTART_HEAD bytes at its front. */
void writer_restart(struct stream_writer *writer, uint8_t *header, size_t size);
bool writer_fits(const struct stream_writer *writer, size_t payload);
/* Place for the next item, at least `min` bytes, *room in fact; NULL: not in this block. */
uint8_t *writer_item(struct stream_writer *writer, size_t min, size_t *room);
void writer_advance(struct stream_writer *writer, size_t size);
/* No more items for now. */
void writer_close(struct stream_writer *writer);
/* Fill to the block's end. */
void writer_fill(struct stream_writer *writer);
/* Fill to a multiple of STREAM_BLOCK bytes of stream. False: that takes another block. */
bool writer_align(struct stream_writer *writer);
/* The block is done: its size. */
size_t writer_end(struct stream_writer *writer);

/* ---- reading */

/* Returns 0, or -errno, which ends it all. */
typedef int record_callback(void *arg, enum record_type type, const uint8_t *payload, size_t size);

struct stream_reader {
	const struct crc32 *crc;
	record_callback *callback;
	void *arg;
	const char *why; /* after an error of the stream's own: what is wrong */
	size_t have;
	uint32_t records, chain;
	uint64_t total;
	bool ended;
	uint8_t buf[RECORD_HEAD + RECORD_MAX];
};

int reader_feed(struct stream_reader *reader, const uint8_t *bytes, size_t size);
/* Did the stream come to its end, with nothing left over? */
bool reader_complete(const struct stream_reader *reader);

#endif
