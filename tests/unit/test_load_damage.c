/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams that were damaged on the way, go on for ever, or come from a newer device. */
#include "load_stream.h"

#include <malloc.h>

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
	struct mdl_dev *dev = make(&mig_small_device);

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
	struct mdl_dev *dev = make(&mig_small_device);
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
	mend_stream(&dev->migration->crc, pad, size);
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

/* What a newer device writes for an older one: a number that has become wider must fit there. */
static void test_older(void **state)
{
	static const struct {
		int32_t offset;
		int result;
	} cases[] = {{-12345, 0},
		     {INT16_MIN, 0},
		     {INT16_MAX, 0},
		     {INT16_MAX + 1, -EINVAL},
		     {INT16_MIN - 1, -EINVAL}};
	struct mdl_dev *newer = make_for(&mig_device, 1), *older = make(&mig_device_1), *none;
	const struct mdl_options options = {.log = listen_to, .stream_version = 3};
	struct mig *from = mdl_instance(newer), *to = mdl_instance(older);
	struct good stream;
	size_t i;

	(void)state;
	from->gone = 7;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		from->offset = cases[i].offset;
		from->fresh = i == 1 ? 78 : 77;
		assert_int_equal(migration_set_state(newer, VU_MIG_STOP), 0);
		said[0] = '\0';
		memset(newer->client_log, 0, sizeof(newer->client_log));
		stream = save_now(newer);
		/* 77 is what a device has that never heard of it. */
		assert_int_equal(strstr(said, "version 1, which the stream is for, does not have "
					      "and loses: fresh") != NULL,
				 i == 1);
		assert_int_equal(try(older, stream.bytes, stream.size), cases[i].result);
		if (cases[i].result)
			assert_non_null(strstr(said, "offset has a number that is too large here"));
		else
			assert_int_equal((int16_t)to->offset, cases[i].offset);
		assert_int_equal(to->gone, 7);
		free(stream.bytes);
	}
	assert_int_equal(mdl_create(&none, &mig_device, &options), -EINVAL);
	mdl_destroy(newer);
	mdl_destroy(older);
}

/* A number that is wider than the device's, given up, and once more. */
static void test_wider_again(void **state)
{
	struct mdl_dev *newer = make_for(&mig_device, 1), *older = make(&mig_device_1);
	struct good good;
	uint8_t *bytes = malloc(2 * MAX_STREAM);
	size_t header, restart, end;

	(void)state;
	((struct mig *)mdl_instance(newer))->offset = -77;
	assert_int_equal(migration_set_state(newer, VU_MIG_STOP), 0);
	good = save_now(newer);
	header = next_record(&good, 0) - RECORD_HEAD;
	end = end_of_end(&good) - RECORD_HEAD - RECORD_END_SIZE;
	/* all but END, then RESTART with the header, then all */
	memcpy(bytes, good.bytes, end);
	put_le(bytes + end, 8, (RECORD_RESTART_HEAD + header) | (uint64_t)RECORD_RESTART << 32);
	restart = end + RECORD_HEAD + RECORD_RESTART_HEAD;
	memcpy(bytes + restart, good.bytes + RECORD_HEAD, good.size - RECORD_HEAD);
	mend_stream(&newer->migration->crc, bytes, restart + good.size - RECORD_HEAD);
	assert_int_equal(try(older, bytes, restart + good.size - RECORD_HEAD), 0);
	assert_int_equal((int16_t)((struct mig *)mdl_instance(older))->offset, -77);
	free(bytes);
	free(good.bytes);
	mdl_destroy(newer);
	mdl_destroy(older);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_byte),   cmocka_unit_test(test_each_record),
		cmocka_unit_test(test_endless),     cmocka_unit_test(test_older),
		cmocka_unit_test(test_wider_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
