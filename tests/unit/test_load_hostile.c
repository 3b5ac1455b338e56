/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams that lie, with checksums that do not: refused, and the device is as it was.  Without a
 * client: the loader is fed directly.
 */
#include "mig_device.h"
#include <malloc.h>

#include "migration.h"
#include "state.h"

#define MAX_STREAM (1u << 20)

static char said[4096];

static void listen_to(void *arg, enum mdl_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(said, sizeof(said), "%s", line);
}

/* Without RAM. */
static const struct mdl_device small_device = {
	.abi = MDL_ABI,
	.version = 2,
	.name = "mig",
	.schema = 2,
	.size = sizeof(struct mig),
	.nbars = 1,
	.nirqs = 1,
	.nintrs = 1,
	.ntimers = 2,
	.nvars = 8,
	.nsections = 1,
	.pci = &mig_pci,
	.bars = mig_bars,
	.irqs = mig_irqs,
	.intrs = mig_intrs,
	.timers = mig_timers,
	.vars = mig_vars_2,
	.sections = mig_sections,
	.hooks = &mig_hooks,
};

static struct mdl_dev *make(const struct mdl_device *device)
{
	struct mdl_options options = {.log_level = MDL_LOG_WARN, .log = listen_to};
	struct mdl_dev *dev;

	mig_prepare();
	assert_int_equal(mdl_create(&dev, device, &options), 0);
	assert_int_equal(mdl_start(dev), 0);
	return dev;
}

/* ---- a good stream, taken apart */

struct good {
	uint8_t *bytes;
	size_t size;
};

static struct good record(const struct mdl_device *device)
{
	struct good good = {.bytes = malloc(MAX_STREAM)};
	struct mdl_dev *dev = make(device);
	struct mig *mig = mdl_instance(dev);

	mig->ctrl = 0xdeadbeef;
	mig->deadline = 1;
	mig->fifo_length = 60;
	mig->entries_length = 3;
	mig->burst = 3;
	memset(mig->ram[0] + 0x1000, 0x11, 0x2000);
	memset(mig->odd[1], 0x22, ODD_SIZE);
	assert_int_equal(migration_set_state(dev, VU_MIG_STOP_COPY), 0);
	good.size = save_read(dev->migration->save, good.bytes, MAX_STREAM);
	mdl_destroy(dev);
	return good;
}

/* Make the checksums right again. */
static void mend(const struct crc32 *crc, uint8_t *bytes, size_t size)
{
	uint32_t records = 0, chain = 0;
	size_t at, payload;
	uint64_t type;

	for (at = 0; size - at >= RECORD_HEAD; at += RECORD_HEAD + payload) {
		payload = (size_t)get_le(bytes + at, 4);
		if (payload > size - at - RECORD_HEAD)
			return;
		type = get_le(bytes + at + 4, 2);
		if ((type == RECORD_END && payload == RECORD_END_SIZE) ||
		    (type == RECORD_RESTART && payload >= RECORD_RESTART_HEAD)) {
			put_le(bytes + at + RECORD_HEAD, 4, records);
			put_le(bytes + at + RECORD_HEAD + 4, 4, chain);
		}
		if (type == RECORD_RESTART)
			records = chain = 0;
		put_le(bytes + at + 8, 4,
		       crc32_add(crc, crc32_add(crc, 0, bytes + at, 8), bytes + at + RECORD_HEAD,
				 payload));
		chain = crc32_add(crc, chain, bytes + at + 8, 4);
		records++;
	}
}

/* How a load of this ends; the device goes back to RUNNING in any case. */
static int try(struct mdl_dev *dev, const uint8_t *bytes, size_t size)
{
	int result;

	assert_int_equal(migration_set_state(dev, VU_MIG_RESUMING), 0);
	said[0] = '\0';
	/* Many a second, and each reason is wanted. */
	memset(dev->client_log, 0, sizeof(dev->client_log));
	load_write(dev->migration->load, bytes, size);
	result = migration_set_state(dev, VU_MIG_STOP);
	migration_reset(dev);
	return result;
}

/* A stream of the test's own: header, one record of these items, end. */
static size_t compose(const struct crc32 *crc, const struct good *good, const void *items,
		      size_t size, uint8_t *to)
{
	size_t at = RECORD_HEAD + (size_t)get_le(good->bytes, 4);

	memcpy(to, good->bytes, at);
	put_le(to + at, 4, size);
	put_le(to + at + 4, 4, RECORD_ITEMS);
	memcpy(to + at + RECORD_HEAD, items, size);
	at += RECORD_HEAD + size;
	put_le(to + at, 4, RECORD_END_SIZE);
	put_le(to + at + 4, 4, RECORD_END);
	at += RECORD_HEAD + RECORD_END_SIZE;
	mend(crc, to, at);
	return at;
}

static int try_items(struct mdl_dev *dev, const struct good *good, const void *items, size_t size)
{
	uint8_t *bytes = malloc(RECORD_MAX);
	int result = try(dev, bytes, compose(&dev->migration->crc, good, items, size, bytes));

	free(bytes);
	return result;
}

static void refused(struct mdl_dev *dev, const struct good *good, const void *items, size_t size,
		    const char *why)
{
	assert_int_equal(try_items(dev, good, items, size), -EINVAL);
	if (!strstr(said, why))
		fail_msg("\"%s\" does not say \"%s\"", said, why);
}

/* An item's head and name; returns its size. */
static size_t item(uint8_t *to, uint8_t kind, const char *name, uint16_t width, uint32_t size)
{
	to[0] = kind;
	to[1] = (uint8_t)strlen(name);
	put_le(to + 2, 2, width);
	put_le(to + 4, 4, size);
	memcpy(to + ITEM_HEAD, name, strlen(name));
	return ITEM_HEAD + strlen(name);
}

static size_t ram_item(uint8_t *to, uint8_t kind, const char *name, uint64_t offset, uint32_t size)
{
	item(to, kind, name, 0, size);
	put_le(to + ITEM_HEAD, 8, offset);
	memcpy(to + ITEM_RAM_HEAD, name, strlen(name));
	return ITEM_RAM_HEAD + strlen(name);
}

static void test_items(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	struct good good = record(&mig_device);
	uint8_t items[20000] = {0};
	size_t n;

	(void)state;
	refused(dev, &good, items, 0, "is incomplete");
	n = item(items, ITEM_REG, "ctrl", 4, 4);
	refused(dev, &good, items, n + 3, "within an item");
	refused(dev, &good, items, n - 1, "cut off");
	refused(dev, &good, items, 5, "cut off");
	item(items, ITEM_REG, "ctrl", 4, 5);
	refused(dev, &good, items, n + 5, "too large");
	item(items, ITEM_REG, "ctrl", 4, UINT32_MAX);
	refused(dev, &good, items, n + 5, "too large");
	item(items, ITEM_REG, "ctrk", 4, 4);
	refused(dev, &good, items, n + 4, "nothing that this device has");
	item(items, ITEM_VAR, "ctrl", 4, 4);
	refused(dev, &good, items, n + 4, "nothing that this device has");
	item(items, 77, "ctrl", 4, 4);
	refused(dev, &good, items, n + 4, "nothing that this device has");
	item(items, 255, "\x1b[1m", 4, 4);
	refused(dev, &good, items, n + 4, "\"?[1m\"");
	/* Twice. */
	n = item(items, ITEM_REG, "ctrl", 4, 4) + 4;
	n += item(items + n, ITEM_REG, "ctrl", 4, 4) + 4;
	refused(dev, &good, items, n, "twice");
	/* Going on with nothing, filling that is none. */
	memset(items, 0, sizeof(items));
	items[0] = ITEM_MORE;
	refused(dev, &good, items, 8, "nothing that this device has");
	items[0] = ITEM_FILL;
	items[9] = 1;
	refused(dev, &good, items, 10, "filling");
	/* RAM. */
	memset(items, 0, sizeof(items));
	n = ram_item(items, ITEM_RAM, "", 0, 4096);
	refused(dev, &good, items, n + 4096, "no RAM");
	n = ram_item(items, ITEM_RAM, "scratch", 0, 4096);
	refused(dev, &good, items, n + 4096, "no RAM");
	n = ram_item(items, ITEM_RAM, "ram", RAM_SIZE, 4096);
	refused(dev, &good, items, n + 4096, "does not have");
	n = ram_item(items, ITEM_RAM, "ram", RAM_SIZE - 4096, 8192);
	refused(dev, &good, items, n + 8192, "does not have");
	n = ram_item(items, ITEM_RAM, "ram", UINT64_MAX - 4095, 4096);
	refused(dev, &good, items, n + 4096, "does not have");
	n = ram_item(items, ITEM_RAM, "ram", 1, 4096);
	refused(dev, &good, items, n + 4096, "does not have");
	n = ram_item(items, ITEM_RAM, "ram", 0, 4095);
	refused(dev, &good, items, n + 4095, "does not have");
	n = ram_item(items, ITEM_RAM, "ram", 0, 0);
	refused(dev, &good, items, n, "does not have");
	n = ram_item(items, ITEM_RAM_ZERO, "ram", 0, UINT32_MAX);
	refused(dev, &good, items, n, "does not have");
	/* Over the end of one of an array into the next. */
	n = ram_item(items, ITEM_RAM, "odd", 4096, 4096);
	refused(dev, &good, items, n + 4096, "does not have");
	n = ram_item(items, ITEM_RAM, "odd", 2 * ODD_SIZE, 4096);
	refused(dev, &good, items, n + 4096, "does not have");
	n = ram_item(items, ITEM_RAM, "ram", 0, 4096);
	refused(dev, &good, items, n + 4095, "within an item");
	refused(dev, &good, items, n + 4096, "is incomplete");
	free(good.bytes);
	mdl_destroy(dev);
}

/* A good stream that begins with these items, thinks better of it, and begins anew. */
static struct good restarted(const struct crc32 *crc, const struct good *good, const void *items,
			     size_t size)
{
	struct good whole = {.bytes = malloc(MAX_STREAM)};
	size_t header = (size_t)get_le(good->bytes, 4), at = RECORD_HEAD + header;

	memcpy(whole.bytes, good->bytes, at);
	put_le(whole.bytes + at, 8, size | (uint64_t)RECORD_ITEMS << 32);
	memcpy(whole.bytes + at + RECORD_HEAD, items, size);
	at += RECORD_HEAD + size;
	put_le(whole.bytes + at, 8,
	       (RECORD_RESTART_HEAD + header) | (uint64_t)RECORD_RESTART << 32);
	memcpy(whole.bytes + at + RECORD_HEAD + RECORD_RESTART_HEAD, good->bytes + RECORD_HEAD,
	       header);
	at += RECORD_HEAD + RECORD_RESTART_HEAD + header;
	memcpy(whole.bytes + at, good->bytes + RECORD_HEAD + header,
	       good->size - RECORD_HEAD - header);
	whole.size = at + good->size - RECORD_HEAD - header;
	mend(crc, whole.bytes, whole.size);
	return whole;
}

/* Nothing of what came before counts: not what the items were, not that one was cut short. */
static void test_restart(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	struct mig *mig = mdl_instance(dev);
	struct good good = record(&mig_device), whole;
	uint8_t items[8192] = {0};
	size_t n, at;

	(void)state;
	n = item(items, ITEM_REG, "ctrl", 4, 4) + 4;
	n += item(items + n, ITEM_VAR, "fifo", 1, 90) + 90;
	n += ram_item(items + n, ITEM_RAM, "ram", 0, 8192);
	memset(items + n, 0x99, 5000);
	whole = restarted(&dev->migration->crc, &good, items, n + 5000);
	assert_int_equal(try(dev, whole.bytes, whole.size), 0);
	assert_int_equal(mig->ctrl, 0xdeadbeef);
	assert_int_equal(mig->fifo_length, 60);
	assert_int_equal(mig->ram[0][0], 0);
	assert_int_equal(mig->ram[0][0x1000], 0x11);
	/* Its header is looked at as closely as the first: this one is of a later version. */
	at = 2 * RECORD_HEAD + (size_t)get_le(good.bytes, 4) + n + 5000 + RECORD_HEAD;
	put_le(whole.bytes + at + RECORD_RESTART_HEAD + 12, 4, 3);
	mend(&dev->migration->crc, whole.bytes, whole.size);
	assert_int_equal(try(dev, whole.bytes, whole.size), -EINVAL);
	assert_non_null(strstr(said, "version 3"));
	free(whole.bytes);
	/* All RAM that came before must come again. */
	n = ram_item(items, ITEM_RAM_ZERO, "ram", 0, RAM_SIZE);
	n += ram_item(items + n, ITEM_RAM_ZERO, "odd", 0, ODD_SIZE);
	n += ram_item(items + n, ITEM_RAM_ZERO, "odd", ODD_SIZE, ODD_SIZE);
	whole = (struct good){.bytes = malloc(MAX_STREAM)};
	whole.size = compose(&dev->migration->crc, &good, "", 0, whole.bytes);
	at = whole.size;
	free(good.bytes);
	good = (struct good){whole.bytes, at};
	whole = restarted(&dev->migration->crc, &good, items, n);
	assert_int_equal(try(dev, whole.bytes, whole.size), -EINVAL);
	assert_non_null(strstr(said, "RAM \"ram\" is incomplete"));
	free(whole.bytes);
	free(good.bytes);
	mdl_destroy(dev);
}

/* Find an item of the good stream, which is in one piece. */
static uint8_t *find_item(struct good *good, uint8_t kind, const char *name)
{
	uint8_t head[2] = {kind, (uint8_t)strlen(name)};
	size_t at;

	for (at = 0; at + ITEM_HEAD + head[1] < good->size; at++)
		if (memcmp(good->bytes + at, head, 2) == 0 &&
		    memcmp(good->bytes + at + ITEM_HEAD, name, head[1]) == 0)
			return good->bytes + at;
	fail_msg("no %s in the stream", name);
	return NULL;
}

static void change(struct mdl_dev *dev, const char *name, uint8_t kind, size_t at, unsigned size,
		   uint64_t value, const char *why)
{
	struct good good = record(&mig_device);
	uint8_t *place = find_item(&good, kind, name) + at;

	put_le(place, size, value);
	mend(&dev->migration->crc, good.bytes, good.size);
	assert_int_equal(try(dev, good.bytes, good.size), -EINVAL);
	if (!strstr(said, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", name, said, why);
	free(good.bytes);
}

static void test_values(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	struct mig *mig = mdl_instance(dev), before;

	(void)state;
	before = *mig;
	/* Widths and sizes in an item's head; what cannot be in its data. */
	change(dev, "ctrl", ITEM_REG, 2, 2, 0, "broken size");
	change(dev, "ctrl", ITEM_REG, 2, 2, 2, "another size");
	change(dev, "ctrl", ITEM_REG, 2, 2, 3, "broken size");
	change(dev, "deadline", ITEM_VAR, 2, 2, 16, "broken size");
	change(dev, "entries", ITEM_VAR, 2, 2, 3, "another size");
	change(dev, "entries", ITEM_VAR, 2, 2, 24, "another size");
	change(dev, "flag", ITEM_VAR, ITEM_HEAD + 4, 1, 2, "neither true nor false");
	change(dev, "clock", ITEM_CLOCK, ITEM_HEAD + 5, 8, UINT64_MAX, "out of this world");
	change(dev, "config", ITEM_CONFIG, ITEM_HEAD + 6, 2, 0xffff, "does not suit");
	change(dev, "irqs", ITEM_IRQS, ITEM_HEAD + 4, 1, 0xff, "does not suit");
	assert_int_equal(mig->loads, 0);
	assert_int_equal(mig->ctrl, before.ctrl);
	assert_int_equal(mig->ram[0][0x1000], 0);
	mdl_destroy(dev);
}

static void test_header(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	static const struct {
		size_t at;
		uint8_t value;
		const char *why;
	} changes[] = {
		{0, 'm', "no stream of a device"},
		{8, 2, "format 2"},
		{12, 3, "version 3"},
		{12, 0, "version 0"},
		{24, 0, "another device"},
		{26, 0x11, "another device"},
		{28, 4, "no stream of a device"},
		{29, 'n', "another device"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct good good = record(&mig_device);

		good.bytes[RECORD_HEAD + changes[i].at] = changes[i].value;
		mend(&dev->migration->crc, good.bytes, good.size);
		assert_int_equal(try(dev, good.bytes, good.size), -EINVAL);
		if (!strstr(said, changes[i].why))
			fail_msg("\"%s\" does not say \"%s\"", said, changes[i].why);
		free(good.bytes);
	}
	mdl_destroy(dev);
}

/* Another description of the same version is no reason, if all of it fits. */
static void test_schema(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	struct good good = record(&mig_device);

	(void)state;
	good.bytes[RECORD_HEAD + 16] ^= 0xff;
	mend(&dev->migration->crc, good.bytes, good.size);
	assert_int_equal(try(dev, good.bytes, good.size), 0);
	assert_non_null(strstr(said, "another description"));
	assert_int_equal(((struct mig *)mdl_instance(dev))->ctrl, 0xdeadbeef);
	free(good.bytes);
	mdl_destroy(dev);
}

/* Anything at all, checksums mended: never more than refused.  With sanitizers this bites. */
static void test_any_damage(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	struct mig *mig = mdl_instance(dev);
	struct good plain = record(&mig_device), good;
	uint8_t *bytes = malloc(MAX_STREAM), some[200];
	uint32_t seed = 1, i, k, taken = 0, n;
	size_t size = ram_item(some, ITEM_RAM, "ram", 0, 4096);

	(void)state;
	good = restarted(&dev->migration->crc, &plain, some, size);
	free(plain.bytes);
	for (i = 0; i < 2000; i++) {
		memcpy(bytes, good.bytes, good.size);
		n = 1 + i % 4;
		for (k = 0; k < n; k++) {
			seed = seed * 1664525u + 1013904223u;
			/* The first two KiB have all the heads. */
			bytes[(seed >> 8) % (k & 1 ? good.size : 2048)] ^=
				(uint8_t)(1u << (seed >> 5) % 8);
		}
		mend(&dev->migration->crc, bytes, good.size);
		taken += try(dev, bytes, good.size) == 0;
		assert_true(mig->fifo_length <= 100);
		assert_true(mig->entries_length <= 4);
	}
	/* Some of it was in values. */
	assert_in_range(taken, 100, 1990);
	assert_int_equal(try(dev, good.bytes, good.size), 0);
	assert_int_equal(mig->ctrl, 0xdeadbeef);
	free(bytes);
	free(good.bytes);
	mdl_destroy(dev);
}

/* ---- damage that checksums find */

/* All that migrates; in STOP and ERROR the clock stands still. */
static struct good save_now(struct mdl_dev *dev)
{
	struct good saved = {.bytes = malloc(MAX_STREAM)};
	struct save *save;

	assert_int_equal(save_create(dev, &save), 0);
	assert_int_equal(save_finish(save), 0);
	saved.size = save_read(save, saved.bytes, MAX_STREAM);
	save_destroy(save);
	return saved;
}

/* Refused, for a reason, and not a byte of the device is another. */
static void expect_refused(struct mdl_dev *dev, const uint8_t *bytes, size_t size)
{
	struct good before, after;

	assert_int_equal(migration_set_state(dev, VU_MIG_STOP), 0);
	before = save_now(dev);
	assert_int_equal(migration_set_state(dev, VU_MIG_RESUMING), 0);
	said[0] = '\0';
	/* as if no other refusal had been logged in this second */
	memset(&dev->client_log, 0, sizeof(dev->client_log));
	load_write(dev->migration->load, bytes, size);
	assert_int_equal(migration_set_state(dev, VU_MIG_STOP), -EINVAL);
	assert_int_equal(migration_state(dev), VU_MIG_ERROR);
	assert_non_null(strstr(said, "migration refused: "));
	after = save_now(dev);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.bytes, after.bytes, after.size);
	migration_reset(dev);
	free(before.bytes);
	free(after.bytes);
}

/* A short one: RAM is zeros. */
static struct good record_short(void)
{
	struct good good = {.bytes = malloc(MAX_STREAM)};
	struct mdl_dev *dev = make(&small_device);

	((struct mig *)mdl_instance(dev))->ctrl = 0xdeadbeef;
	assert_int_equal(migration_set_state(dev, VU_MIG_STOP_COPY), 0);
	good.size = save_read(dev->migration->save, good.bytes, MAX_STREAM);
	mdl_destroy(dev);
	return good;
}

/* Where the record after this one begins. */
static size_t next_record(const struct good *good, size_t at)
{
	return at + RECORD_HEAD + (size_t)get_le(good->bytes + at, 4);
}

static size_t end_of_end(const struct good *good)
{
	size_t at = 0;

	while (get_le(good->bytes + at + 4, 2) != RECORD_END)
		at = next_record(good, at);
	return next_record(good, at);
}

static void test_each_byte(void **state)
{
	struct mdl_dev *dev = make(&small_device);
	struct good good = record_short();
	size_t end = end_of_end(&good), i;
	unsigned bit;

	(void)state;
	/* Without any of it, nothing is asked for.  After END there is only filling. */
	for (i = 1; i < good.size; i++)
		if (i != end)
			expect_refused(dev, good.bytes, i);
	for (i = 0; i < good.size; i++)
		for (bit = 0; bit < 8; bit++) {
			good.bytes[i] ^= (uint8_t)(1u << bit);
			expect_refused(dev, good.bytes, good.size);
			good.bytes[i] ^= (uint8_t)(1u << bit);
		}
	assert_int_equal(try(dev, good.bytes, end), 0);
	assert_int_equal(((struct mig *)mdl_instance(dev))->ctrl, 0xdeadbeef);
	free(good.bytes);
	mdl_destroy(dev);
}

/* Records that are right by themselves, in another order or number. */
static void test_each_record(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	struct good good = record(&mig_device);
	uint8_t *bytes = malloc(2 * good.size);
	size_t end = end_of_end(&good), at, next, after;

	(void)state;
	for (at = 0; at < end; at = next) {
		next = next_record(&good, at);
		/* without it */
		memcpy(bytes, good.bytes, at);
		memcpy(bytes + at, good.bytes + next, good.size - next);
		expect_refused(dev, bytes, good.size - (next - at));
		/* twice */
		memcpy(bytes, good.bytes, next);
		memcpy(bytes + next, good.bytes + at, good.size - at);
		expect_refused(dev, bytes, good.size + (next - at));
		if (next == end)
			break;
		/* after its successor */
		after = next_record(&good, next);
		memcpy(bytes, good.bytes, at);
		memcpy(bytes + at, good.bytes + next, after - next);
		memcpy(bytes + at + (after - next), good.bytes + at, next - at);
		memcpy(bytes + after, good.bytes + after, good.size - after);
		expect_refused(dev, bytes, good.size);
	}
	free(bytes);
	free(good.bytes);
	mdl_destroy(dev);
}

/* It may go on for ever: that costs time, but no memory. */
static void test_endless(void **state)
{
	struct mdl_dev *dev = make(&mig_device);
	struct good good = record(&mig_device);
	size_t head = next_record(&good, 0), size = RECORD_HEAD + RECORD_MAX, before, i;
	uint8_t *pad = calloc(1, size);

	(void)state;
	put_le(pad, 4, RECORD_MAX);
	put_le(pad + 4, 4, RECORD_PAD);
	mend(&dev->migration->crc, pad, size);
	assert_int_equal(migration_set_state(dev, VU_MIG_RESUMING), 0);
	assert_int_equal(load_write(dev->migration->load, good.bytes, head), 0);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (i = 0; i < 256; i++)
		assert_int_equal(load_write(dev->migration->load, pad, size), 0);
	assert_true(mallinfo2().uordblks + mallinfo2().hblkhd <= before);
	assert_int_equal(migration_set_state(dev, VU_MIG_STOP), -EINVAL);
	free(pad);
	free(good.bytes);
	mdl_destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),       cmocka_unit_test(test_values),
		cmocka_unit_test(test_header),      cmocka_unit_test(test_schema),
		cmocka_unit_test(test_any_damage),  cmocka_unit_test(test_restart),
		cmocka_unit_test(test_each_byte),   cmocka_unit_test(test_each_record),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
