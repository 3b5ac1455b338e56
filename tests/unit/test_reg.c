/* SPDX-License-Identifier: BSD-2-Clause */
/* What one register does: masks, effects under byte enables, locks, hooks and their order. */
#include "sample_drive.h"

#define BAR0 0u

static void expect(const struct sample *s, unsigned i, const char *hook, uint64_t value,
		   uint64_t old)
{
	assert_true(i < s->ncalls);
	assert_string_equal(s->calls[i].hook, hook);
	assert_int_equal(s->calls[i].value, value);
	assert_int_equal(s->calls[i].old, old);
}

static void plain_bytes_merge(void **state)
{
	struct mdl_dev *dev = *state;

	assert_int_equal(rd(dev, BAR0, 0, 4), 0x11223344);
	wr(dev, BAR0, 1, 1, 0xaa);
	assert_int_equal(rd(dev, BAR0, 0, 4), 0x1122aa44);
	wr(dev, BAR0, 2, 2, 0xbbcc);
	assert_int_equal(rd(dev, BAR0, 0, 4), 0xbbccaa44);
	assert_int_equal(rd(dev, BAR0, 3, 1), 0xbb);
	assert_int_equal(rd(dev, BAR0, 1, 2), 0xccaa);
}

static void an_alias_shares_storage_with_other_masks(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, BAR0, 0x0c, 4, 0x0000000f);
	assert_int_equal(rd(dev, BAR0, 0, 4), 0x1122334f);
	wr(dev, BAR0, 0x0d, 1, 0xff);
	assert_int_equal(rd(dev, BAR0, 0x0c, 4), 0x1122ff4f);
	mdl_reset(dev, MDL_RESET_SOFT); /* resets the lower half, and once */
	assert_int_equal(rd(dev, BAR0, 0x0c, 4), 0x11223344);
}

static void effects_follow_their_masks(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->modes = 0x51a5a5a5;
	wr(dev, BAR0, 4, 4, 0xa3555555);
	/*
	 * nibbles, low first: clear 5 of 5, set 5 in a, toggle 5 in 5, clear ~5 of a, set ~5 in 5,
	 * toggle ~5 in a; byte 3: clear bit 0, set bit 1, a in the high nibble.
	 */
	assert_int_equal(s->modes, 0xa20f00f0);
}

static void effects_act_on_enabled_bytes_only(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->modes = 0x01ffffff;
	wr(dev, BAR0, 4, 1, 0x0f); /* clears 0xf; the zero-sensitive bytes are not touched */
	assert_int_equal(s->modes, 0x01fffff0);
	wr(dev, BAR0, 5, 1, 0xf1); /* toggles bit 8, clears nothing */
	assert_int_equal(s->modes, 0x01fffef0);
	wr(dev, BAR0, 5, 1, 0x00); /* clears the zero-cleared nibble */
	assert_int_equal(s->modes, 0x01ff0ef0);
	wr(dev, BAR0, 7, 1, 0x50); /* any write of the byte clears bit 24, sets bit 25 */
	assert_int_equal(s->modes, 0x52ff0ef0);
}

static void reading_clears_and_sets_what_was_read(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->reads = 0xff1234ff;
	assert_int_equal(rd(dev, BAR0, 0x0a, 2), 0x0012);
	assert_int_equal(s->reads, 0xff1234ff);
	assert_int_equal(rd(dev, BAR0, 0x08, 1), 0xff);
	assert_int_equal(s->reads, 0xff123400);
	assert_int_equal(rd(dev, BAR0, 0x08, 4), 0x00123400);
	assert_int_equal(s->reads, 0xff12ff00);
	s->reads = 0x000012ff; /* the byte above alone */
	assert_int_equal(rd(dev, BAR0, 0x09, 1), 0x12);
	assert_int_equal(s->reads, 0x0000ffff);
	s->reads = 0x55;
	assert_int_equal(reg_peek(dev, &sample_regs[R_READS], 0), 0x55);
	assert_int_equal(s->reads, 0x55);
}

/* An event that comes while the register is read is not lost. */
static uint64_t latch_another(void *dev, const uint32_t *at, uint64_t value)
{
	struct sample *s = dev;

	(void)at;
	s->plain |= 0x80;
	return value;
}

static void reading_does_not_clear_what_was_not_seen(void **state)
{
	const struct mdl_reg_hooks hooks = {.on_read = latch_another};
	const struct mdl_effects fx = {.rclr = 0xff};
	const struct mdl_reg reg = {.name = "R",
				    STORE(plain),
				    ALL32,
				    .count = 1,
				    .width = 4,
				    .effects = &fx,
				    .hooks = &hooks,
				    .has_read_hook = true};
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->plain = 0x101;
	assert_int_equal(reg_read(dev, &reg, 0, UINT64_MAX), 0x101);
	assert_int_equal(s->plain, 0x180);
	assert_int_equal(reg_read(dev, &reg, 0, UINT64_MAX), 0x180);
	assert_int_equal(s->plain, 0x100);
}

static void halves_of_a_wide_one_in_either_order(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, BAR0, 0x14, 4, 0x01020304);
	wr(dev, BAR0, 0x10, 4, 0x05060708);
	assert_int_equal(rd(dev, BAR0, 0x10, 8), 0x0102030405060708);
	wr(dev, BAR0, 0x4c, 4, 0xaaaaaaaa);
	wr(dev, BAR0, 0x50, 4, 0xbbbbbbbb);
	assert_int_equal(rd(dev, BAR0, 0x4c, 8), 0xbbbbbbbbaaaaaaaa);
	wr(dev, BAR0, 0x4f, 2, 0x1122);
	assert_int_equal(rd(dev, BAR0, 0x4c, 8), 0xbbbbbb1122aaaaaa);
}

static void big_endian_bytes_are_turned(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, BAR0, 0x38, 4, 0x44332211); /* on the bus: 11 22 33 44 */
	assert_int_equal(s->be32, 0x11223344);
	wr(dev, BAR0, 0x38, 1, 0xaa);
	assert_int_equal(s->be32, 0xaa223344);
	wr(dev, BAR0, 0x3a, 2, 0xccbb);
	assert_int_equal(s->be32, 0xaa22bbcc);
	assert_int_equal(rd(dev, BAR0, 0x39, 1), 0x22);
	assert_int_equal(rd(dev, BAR0, 0x38, 4), 0xccbb22aa);
	wr(dev, BAR0, 0x40, 8, 0x8877665544332211);
	assert_int_equal(s->be64, 0x1122334455667788);
	assert_int_equal(rd(dev, BAR0, 0x44, 4), 0x88776655);
	assert_int_equal(rd(dev, BAR0, 0x41, 2), 0x3322);
}

static void read_hooks_supply_the_value(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->hooked = 0x42;
	s->hook_value = 0xddccbbaa;
	/* The register's hook, then the field's over it; bits that cannot be read are 0. */
	assert_int_equal(rd(dev, BAR0, 0x20, 4), 0x00ffbbaa);
	assert_int_equal(s->ncalls, 2);
	expect(s, 0, "read", 0x42, 0);
	expect(s, 1, "field_read", 0xcc, 0);
	assert_int_equal(s->hooked, 0x42);
	/* One call an access; the field's only when its bytes are read. */
	s->ncalls = 0;
	assert_int_equal(rd(dev, BAR0, 0x20, 2), 0xbbaa);
	assert_int_equal(s->ncalls, 1);
	assert_int_equal(reg_peek(dev, &sample_regs[R_HOOKED], 0), 0x42);
	assert_int_equal(s->ncalls, 1);
}

static void a_pair_reads_one_and_writes_the_other(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, BAR0, 0x24, 1, 0x31);
	assert_int_equal(rd(dev, BAR0, 0x24, 1), 0x77);
	assert_int_equal(s->thr, 0x31);
	assert_int_equal(s->ncalls, 1);
	expect(s, 0, "thr_write", 0x31, 0);
}

static void pulses_are_seen_by_hooks_and_read_as_zero(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, BAR0, 0x28, 4, 0x0501);
	assert_int_equal(s->ncalls, 5);
	expect(s, 0, "kick_write", 1, 0);
	expect(s, 1, "kick_change", 1, 0);
	expect(s, 2, "level_write", 5, 0);
	expect(s, 3, "level_change", 5, 0);
	expect(s, 4, "pulse_write", 0x0501, 0);
	assert_int_equal(rd(dev, BAR0, 0x28, 4), 0x0500);
	/* Again: it is a change each time; the other field did not change. */
	s->ncalls = 0;
	wr(dev, BAR0, 0x28, 4, 0x0501);
	assert_int_equal(s->ncalls, 4);
	expect(s, 1, "kick_change", 1, 0);
	expect(s, 2, "level_write", 5, 5);
	/* Only what has an enabled byte. */
	s->ncalls = 0;
	wr(dev, BAR0, 0x29, 1, 6);
	assert_int_equal(s->ncalls, 3);
	expect(s, 0, "level_write", 6, 5);
	expect(s, 1, "level_change", 6, 5);
	expect(s, 2, "pulse_write", 0x0600, 0x0500);
	/* Bytes without fields still are a write of the register. */
	s->ncalls = 0;
	wr(dev, BAR0, 0x2a, 2, 0xffff);
	assert_int_equal(s->ncalls, 1);
	expect(s, 0, "pulse_write", 0x0600, 0x0600);
}

static void what_a_hook_stores_is_kept(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->poke_in_hook = 0x2201;
	wr(dev, BAR0, 0x28, 4, 0x0501);
	assert_int_equal(s->pulse, 0x2201);
}

static void write_once_counts_once(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, BAR0, 0x2c, 1, 0x12);
	wr(dev, BAR0, 0x2c, 4, 0x33334455);
	assert_int_equal(rd(dev, BAR0, 0x2c, 4), 0x33334412);
	wr(dev, BAR0, 0x2c, 4, 0x77778888);
	assert_int_equal(rd(dev, BAR0, 0x2c, 4), 0x77774412);
	mdl_reset(dev, MDL_RESET_HARD);
	wr(dev, BAR0, 0x2c, 4, 0x66665555);
	assert_int_equal(rd(dev, BAR0, 0x2c, 4), 0x66665555);
}

static void locks_hold_until_the_key_is_set(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, BAR0, 0x34, 4, 0xffffffff);
	assert_int_equal(s->locked, 0xffffff00);
	wr(dev, BAR0, 0x34, 1, 0x55); /* nothing of it was written: no hook */
	assert_int_equal(s->ncalls, 1);
	wr(dev, BAR0, 0x30, 4, 3);
	wr(dev, BAR0, 0x34, 1, 0x55);
	assert_int_equal(s->locked, 0xffffff55);
	assert_int_equal(s->ncalls, 2);
}

struct ports {
	struct mdl_dev *mdl;
	uint8_t key[4], lane[8];
};

static void a_lock_finds_the_key_of_its_own_group(void **state)
{
	static const struct mdl_dim dims[] = {{4, 0x10}, {2, 4}};
	static const struct mdl_reg key = {.name = "PORT[].KEY",
					   .store = offsetof(struct ports, key),
					   .readable = 0xff,
					   .writable = 0xff,
					   .count = 4,
					   .width = 1,
					   .ndims = 1,
					   .dims = dims};
	static const struct mdl_lock lock = {
		.mask = 0xff, .key = &key, .key_bits = 3, .shared_dims = 1};
	static const struct mdl_reg lane = {.name = "PORT[].LANE[]",
					    .store = offsetof(struct ports, lane),
					    .offset = 1,
					    .readable = 0xff,
					    .writable = 0xff,
					    .count = 8,
					    .width = 1,
					    .ndims = 2,
					    .dims = dims,
					    .locks = &lock,
					    .nlocks = 1};
	const struct mdl_reg regs[] = {key, lane};
	const struct mdl_bar bar = {.type = MDL_BAR_MEM32,
				    .access_min = 1,
				    .access_max = 4,
				    .size = 64,
				    .nregs = 2,
				    .regs = regs};
	const struct mdl_pci pci = {.vendor = 1};
	const struct mdl_device desc = {.abi = MDL_ABI,
					.version = 1,
					.name = "ports",
					.nbars = 1,
					.size = sizeof(struct ports),
					.pci = &pci,
					.bars = &bar};
	struct mdl_dev *dev = sample_make(&desc);

	(void)state;
	wr(dev, 0, 0x20, 1, 3);
	wr(dev, 0, 0x10, 1, 2); /* not all of the key's bits */
	for (unsigned i = 0; i < 8; i++)
		wr(dev, 0, 0x10 * (i / 2) + 4 * (i % 2) + 1, 1, 0x40 + i);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(rd(dev, 0, 0x10 * (i / 2) + 4 * (i % 2) + 1, 1),
				 i / 2 == 2 ? 0x40 + i : 0);
	mdl_destroy(dev);
}

static void check_hooks_alter_what_is_written(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, BAR0, 0x58, 4, 0x00010055);
	assert_int_equal(s->checked, 0x80010055);
	assert_int_equal(s->ncalls, 2);
	expect(s, 0, "check_field", 0x55, 0);
	expect(s, 1, "check_reg", 0x10055, 0);
	/* A write of the upper byte makes 0xaa55, which becomes 0x100: the whole field. */
	wr(dev, BAR0, 0x59, 1, 0xaa);
	assert_int_equal(s->checked, 0x80010100);
}

static void doorbells_have_no_storage(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, BAR0, 0x100 + 5 * 8, 4, 0xcafe);
	wr(dev, BAR0, 0x100 + 2 * 8 + 1, 2, 0xbbaa);
	assert_int_equal(rd(dev, BAR0, 0x100 + 5 * 8, 4), 0);
	assert_int_equal(s->ncalls, 2);
	expect(s, 0, "tail_write", 0xcafe, 0);
	assert_int_equal(s->calls[0].at[0], 5);
	expect(s, 1, "tail_write", 0xbbaa00, 0);
	assert_int_equal(s->calls[1].at[0], 2);
	assert_int_equal(s->plain, 0x11223344); /* its unused storage offset is 0 */
}

static void hooks_of_arrays_get_their_indices(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, BAR0, 0x200 + 0x40 + 2 * 8, 4, 0x99);
	assert_int_equal(s->grid[5], 0x99);
	expect(s, 0, "grid_write", 0x99, 7);
	assert_int_equal(s->calls[0].at[0], 1);
	assert_int_equal(s->calls[0].at[1], 2);
}

static void resets_restore_what_is_not_sticky(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->plain = 0xffffffff;
	s->grid[3] = 1;
	s->byte = 0;
	mdl_reset(dev, MDL_RESET_SOFT);
	assert_int_equal(s->plain, 0xffff3344);
	assert_int_equal(s->grid[3], 7);
	assert_int_equal(s->byte, 0x5a);
	mdl_reset(dev, MDL_RESET_FLR);
	assert_int_equal(s->plain, 0x11223344);
	assert_int_equal(s->last_reset, MDL_RESET_FLR);
}

static void names_carry_indices(void **state)
{
	char name[32], tiny[6];

	(void)state;
	reg_name(&sample_regs[R_TAIL], 3, name, sizeof(name));
	assert_string_equal(name, "Q[3].TAIL");
	reg_name(&sample_regs[R_HEAD], 3, name, sizeof(name));
	assert_string_equal(name, "Q.HEAD[3]");
	reg_name(&sample_regs[R_GRID], 5, name, sizeof(name));
	assert_string_equal(name, "GRID[1][2]");
	reg_name(&sample_regs[R_GRID], 5, tiny, sizeof(tiny));
	assert_string_equal(tiny, "GRID[");
	reg_name(&sample_regs[R_KEY], 0, name, sizeof(name));
	assert_string_equal(name, "KEY");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain_bytes_merge),
		TEST(an_alias_shares_storage_with_other_masks),
		TEST(effects_follow_their_masks),
		TEST(effects_act_on_enabled_bytes_only),
		TEST(reading_clears_and_sets_what_was_read),
		TEST(reading_does_not_clear_what_was_not_seen),
		TEST(halves_of_a_wide_one_in_either_order),
		TEST(big_endian_bytes_are_turned),
		TEST(read_hooks_supply_the_value),
		TEST(a_pair_reads_one_and_writes_the_other),
		TEST(pulses_are_seen_by_hooks_and_read_as_zero),
		TEST(what_a_hook_stores_is_kept),
		TEST(write_once_counts_once),
		TEST(locks_hold_until_the_key_is_set),
		cmocka_unit_test(a_lock_finds_the_key_of_its_own_group),
		TEST(check_hooks_alter_what_is_written),
		TEST(doorbells_have_no_storage),
		TEST(hooks_of_arrays_get_their_indices),
		TEST(resets_restore_what_is_not_sticky),
		TEST(names_carry_indices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
