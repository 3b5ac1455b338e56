// SPDX-License-Identifier: BSD-2-Clause
/*
 * mdl-dump-stream FILE: a recorded migration stream as names and values; FILE may be - or a file
 * that --save wrote.  Exit status: 0, 1 (it is no whole stream; what was good is printed), 2
 * (usage).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

#define PER_LINE 16

static const char *const kinds[] = {
	[ITEM_CONFIG] = "config",     [ITEM_CLOCK] = "clock",       [ITEM_REG] = "register",
	[ITEM_ONCE] = "written-once", [ITEM_INTR_INPUT] = "inputs", [ITEM_INTR_LATCH] = "latches",
	[ITEM_TIMER] = "timer",       [ITEM_DOORBELL] = "doorbell", [ITEM_VAR] = "variable",
	[ITEM_IRQS] = "irqs",         [ITEM_RAM] = "ram",           [ITEM_RAM_ZERO] = "ram",
};

struct dump {
	uint8_t kind;
	char name[256]; /* of the item, as text */
	char ram[256];  /* of the last RAM item that had one */
	uint32_t width, size;
	uint64_t offset; /* of RAM */
	uint8_t *data;   /* have bytes of size */
	uint32_t have;
	bool open; /* the item goes on in the next record */
	const char *why;
};

/* ---- values */

static void print_bytes(uint64_t at, const uint8_t *bytes, uint32_t size)
{
	bool skipping = false;

	for (uint32_t i = 0; i < size; i += PER_LINE) {
		uint32_t n = size - i < PER_LINE ? size - i : PER_LINE;
		bool same =
			i && n == PER_LINE && !memcmp(bytes + i, bytes + i - PER_LINE, PER_LINE);

		if (same && !skipping)
			puts("        *");
		skipping = same;
		if (same)
			continue;
		printf("        %06" PRIx64 ":", at + i);
		for (uint32_t k = 0; k < n; k++)
			printf(" %02x", bytes[i + k]);
		putchar('\n');
	}
}

static void print_timer(const struct dump *d)
{
	for (uint32_t i = 0; i + 16 <= d->size; i += 16) {
		uint64_t deadline = get_le(d->data + i, 8), period = get_le(d->data + i + 8, 8);

		if (deadline)
			printf(" at %" PRIu64 " ns", deadline);
		else
			printf(" stopped");
		if (period)
			printf(", every %" PRIu64 " ns", period);
		putchar(i + 32 <= d->size ? ';' : '\n');
	}
}

static void print_numbers(const struct dump *d)
{
	uint32_t n = d->width ? d->size / d->width : 0;

	if (n == 0)
		puts(" (empty)");
	else if (n <= 8)
		for (uint32_t i = 0; i < n; i++)
			printf(" 0x%" PRIx64 "%s", get_le(d->data + i * d->width, d->width),
			       i + 1 < n ? "," : "\n");
	else
		printf(" %u of %u bytes\n", n, d->width);
	if (n > 8)
		print_bytes(0, d->data, d->size);
}

static void print_item(const struct dump *d)
{
	printf("%-12s %s", kinds[d->kind], d->name);
	if (d->kind == ITEM_RAM || d->kind == ITEM_RAM_ZERO) {
		printf(" 0x%" PRIx64 " + 0x%" PRIx32 "%s\n", d->offset, d->size,
		       d->kind == ITEM_RAM_ZERO ? ": zeros" : ":");
		if (d->kind == ITEM_RAM)
			print_bytes(d->offset, d->data, d->size);
		return;
	}
	if (d->kind == ITEM_CLOCK && d->size == 8) {
		printf(" %" PRIu64 " ns\n", get_le(d->data, 8));
		return;
	}
	if (d->kind == ITEM_TIMER && d->size && d->size % 16 == 0) {
		print_timer(d);
		return;
	}
	if (d->width >= 1 && d->width <= 8 && d->kind != ITEM_CONFIG && d->kind != ITEM_IRQS) {
		print_numbers(d);
		return;
	}
	printf(" %u bytes\n", d->size);
	print_bytes(0, d->data, d->size);
}

/* ---- items */

static int refuse(struct dump *d, const char *why)
{
	d->why = why;
	return -EINVAL;
}

/* The file's word is not taken for the size: there is memory for what is there. */
static int take_data(struct dump *d, const uint8_t *data, size_t size, size_t *taken)
{
	uint8_t *grown;

	if (size > d->size - d->have)
		size = d->size - d->have;
	grown = realloc(d->data, d->have + size + 1);
	if (!grown)
		return -ENOMEM;
	d->data = grown;
	if (size)
		memcpy(d->data + d->have, data, size);
	d->have += (uint32_t)size;
	d->open = d->have < d->size;
	*taken = size;
	if (!d->open)
		print_item(d);
	return 0;
}

static void copy_name(char *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
	to[size] = '\0';
}

/* Bytes of the item that stand here, or -errno. */
static int begin_item(struct dump *d, const uint8_t *item, size_t size)
{
	bool is_ram = item[0] == ITEM_RAM || item[0] == ITEM_RAM_ZERO;
	size_t head = is_ram ? ITEM_RAM_HEAD : ITEM_HEAD, taken;
	int rc;

	if (item[0] < ITEM_CONFIG || item[0] > ITEM_RAM_ZERO)
		return refuse(d, "an item of an unknown kind");
	if (size < head || size < head + item[1])
		return refuse(d, "an item's head is cut off");
	d->kind = item[0];
	d->width = (uint32_t)get_le(item + 2, 2);
	d->size = (uint32_t)get_le(item + 4, 4);
	d->offset = is_ram ? get_le(item + 8, 8) : 0;
	copy_name(d->name, item + head, item[1]);
	if (is_ram && item[1])
		memcpy(d->ram, d->name, sizeof(d->ram));
	else if (is_ram)
		memcpy(d->name, d->ram, sizeof(d->name));
	head += item[1];
	d->have = 0;
	if (d->kind == ITEM_RAM_ZERO) {
		print_item(d);
		return (int)head;
	}
	rc = take_data(d, item + head, size - head, &taken);
	return rc < 0 ? rc : (int)(head + taken);
}

static int take_items(struct dump *d, const uint8_t *items, size_t size)
{
	size_t at = 0, taken;
	int n;

	if (d->open) {
		if (size < ITEM_MORE_HEAD || items[0] != ITEM_MORE)
			return refuse(d, "an item is not continued");
		n = take_data(d, items + ITEM_MORE_HEAD, size - ITEM_MORE_HEAD, &taken);
		if (n < 0)
			return n;
		at = ITEM_MORE_HEAD + taken;
	}
	while (at < size && items[at] != ITEM_FILL) {
		n = size - at < ITEM_HEAD ? refuse(d, "an item's head is cut off")
					  : begin_item(d, items + at, size - at);
		if (n < 0)
			return n;
		at += (size_t)n;
	}
	return 0;
}

static int take_header(struct dump *d, const uint8_t *header, size_t size)
{
	char name[256];

	if (size < 29 || memcmp(header, STREAM_MAGIC, 8) != 0 || size != 29u + header[28])
		return refuse(d, "this is no stream of a device");
	copy_name(name, header + 29, header[28]);
	printf("device       %s version %" PRIu64 ", %04x:%04x, schema 0x%016" PRIx64
	       ", format %" PRIu64 "\n",
	       name, get_le(header + 12, 4), (unsigned)get_le(header + 24, 2),
	       (unsigned)get_le(header + 26, 2), get_le(header + 16, 8), get_le(header + 8, 4));
	if (get_le(header + 8, 4) != STREAM_FORMAT)
		return refuse(d, "a format that is not known here");
	return 0;
}

static int take_restart(struct dump *d, const uint8_t *header, size_t size)
{
	puts("restart      what stands above does not count");
	d->open = false;
	return take_header(d, header, size);
}

static int take_record(void *arg, enum record_type type, const uint8_t *payload, size_t size)
{
	if (type == RECORD_HEADER)
		return take_header(arg, payload, size);
	if (type == RECORD_RESTART)
		return take_restart(arg, payload + RECORD_RESTART_HEAD, size - RECORD_RESTART_HEAD);
	return type == RECORD_ITEMS ? take_items(arg, payload, size) : 0;
}

/* ---- the file */

static int dump_file(FILE *in, struct stream_reader *reader)
{
	uint8_t buf[4096];
	size_t n;
	int rc = 0;

	while (rc == 0 && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		rc = reader_feed(reader, buf, n);
	return ferror(in) ? -EIO : rc;
}

static int dump(FILE *in, const char *name)
{
	struct crc32 crc;
	struct dump d = {0};
	struct stream_reader *reader = calloc(1, sizeof(*reader));
	const char *why = NULL;
	int rc;

	if (!reader)
		return 1;
	crc32_init(&crc);
	reader->crc = &crc;
	reader->callback = take_record;
	reader->arg = &d;
	rc = dump_file(in, reader);
	if (rc < 0)
		why = d.why ? d.why : reader->why ? reader->why : strerror(-rc);
	else if (!reader_complete(reader) || d.open)
		why = "it is incomplete";
	if (fflush(stdout) || ferror(stdout))
		why = "standard output failed";
	if (why)
		fprintf(stderr, "%s: %s (at byte %" PRIu64 ")\n", name, why, reader->total);
	free(d.data);
	free(reader);
	return why != NULL;
}

int main(int argc, char **argv)
{
	FILE *in = stdin;
	int status;

	if (argc != 2 || (argv[1][0] == '-' && argv[1][1])) {
		fputs("usage: mdl-dump-stream FILE\n", stderr);
		return 2;
	}
	if (strcmp(argv[1], "-") != 0)
		in = fopen(argv[1], "rb");
	if (!in) {
		fprintf(stderr, "mdl-dump-stream: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	status = dump(in, argv[1]);
	fclose(in);
	return status;
}
