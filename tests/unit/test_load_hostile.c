/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams that lie, with checksums that do not: refused, and the device is as it was. */
#include "load_stream.h"

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
	mend_stream(crc, to, at);
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
	mend_stream(crc, whole.bytes, whole.size);
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
	mend_stream(&dev->migration->crc, whole.bytes, whole.size);
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
	mend_stream(&dev->migration->crc, good.bytes, good.size);
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
		mend_stream(&dev->migration->crc, good.bytes, good.size);
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
	mend_stream(&dev->migration->crc, good.bytes, good.size);
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
		mend_stream(&dev->migration->crc, bytes, good.size);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),      cmocka_unit_test(test_values),
		cmocka_unit_test(test_header),     cmocka_unit_test(test_schema),
		cmocka_unit_test(test_any_damage), cmocka_unit_test(test_restart),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
