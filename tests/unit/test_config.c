/* SPDX-License-Identifier: BSD-2-Clause */
/* Config space: identity, BAR sizing, write masks, capabilities and what writes to them do. */
#include "sample_drive.h"

#define ALL_ONES 0xffffffffull

static void identity_is_read_only(void **state)
{
	struct mdl_dev *dev = *state;

	for (unsigned i = 0; i < 256; i += 4)
		if (i >= 0x2c || i < 4)
			wr(dev, CONFIG, i, 4, 0);
	assert_int_equal(rd(dev, CONFIG, 0x00, 4), 0x01001b36);
	wr(dev, CONFIG, 0x08, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 0x08, 4), 0x08800107);
	wr(dev, CONFIG, 0x0c, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 0x0c, 4), 0x000000ff); /* cache line size */
	wr(dev, CONFIG, 0x2c, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 0x2c, 4), 0x11001af4);
	wr(dev, CONFIG, 0x3c, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 0x3c, 4), 0x01ff); /* line, INTA */
	wr(dev, CONFIG, 0x34, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 0x34, 4), AT_PM);
}

static void bars_can_be_sized(void **state)
{
	struct mdl_dev *dev = *state;

	for (unsigned i = 0; i < 6; i++)
		wr(dev, CONFIG, 0x10 + 4 * i, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 0x10, 4), 0xfffff000);
	assert_int_equal(rd(dev, CONFIG, 0x14, 4), 0xffffffc1);
	assert_int_equal(rd(dev, CONFIG, 0x18, 8 - 4), 0xffffc00c);
	assert_int_equal(rd(dev, CONFIG, 0x1c, 4), 0xffffffff);
	assert_int_equal(rd(dev, CONFIG, 0x20, 4), 0xfffff000);
	assert_int_equal(rd(dev, CONFIG, 0x24, 4), 0);
	wr(dev, CONFIG, 0x30, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 0x30, 4), 0xfffff801);
	for (unsigned i = 0; i < 6; i++)
		wr(dev, CONFIG, 0x10 + 4 * i, 4, 0);
	assert_int_equal(rd(dev, CONFIG, 0x10, 4), 0);
	assert_int_equal(rd(dev, CONFIG, 0x14, 4), 1);
	assert_int_equal(rd(dev, CONFIG, 0x18, 4), 0xc);
}

static void a_bar_takes_bytes_and_words(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, CONFIG, 0x12, 2, 0xfebd);
	wr(dev, CONFIG, 0x11, 1, 0x5f);
	wr(dev, CONFIG, 0x10, 1, 0xff);
	assert_int_equal(rd(dev, CONFIG, 0x10, 4), 0xfebd5000);
	/* Across registers, and more than four bytes. */
	wr(dev, CONFIG, 0x16, 4, 0x12345678);
	assert_int_equal(rd(dev, CONFIG, 0x14, 4), 0x56780001);
	assert_int_equal(rd(dev, CONFIG, 0x18, 4), 0x0000000c);
	wr(dev, CONFIG, 0x18, 8, 0x00000081feb0c000);
	assert_int_equal(rd(dev, CONFIG, 0x1a, 4), 0x0081feb0);
}

static void a_giant_bar_has_no_low_bits(void **state)
{
	const struct mdl_bar bar = {.index = 2,
				    .type = MDL_BAR_MEM64,
				    .access_min = 4,
				    .access_max = 8,
				    .size = 1ull << 36};
	struct mdl_device desc = sample_device;
	struct mdl_pci pci = {.vendor = 1};
	struct mdl_dev *dev;

	(void)state;
	desc.pci = &pci;
	desc.bars = &bar;
	desc.nbars = 1;
	desc.nirqs = 0;
	dev = sample_make(&desc);
	wr(dev, CONFIG, 0x18, 8, UINT64_MAX);
	assert_int_equal(rd(dev, CONFIG, 0x18, 8), 0xfffffff000000004);
	assert_int_equal(config_size(dev), 256);
	assert_int_equal(rd(dev, CONFIG, 0x06, 2), 0); /* no capabilities */
	mdl_destroy(dev);
}

static void command_and_status(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, CONFIG, 4, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, 4, 4), 0x00100547);
	assert_true(config_bus_master(dev));
	assert_true(config_intx_disabled(dev));
	wr(dev, CONFIG, 4, 1, 0x03);
	assert_false(config_bus_master(dev));
	assert_true(config_intx_disabled(dev));
	wr(dev, CONFIG, 5, 1, 0);
	assert_false(config_intx_disabled(dev));
	assert_int_equal(rd(dev, CONFIG, 4, 2), 3);
	/* Error bits: write 1 to clear, byte by byte. */
	config_image(dev)[7] = 0xf9;
	wr(dev, CONFIG, 6, 1, 0xff);
	assert_int_equal(rd(dev, CONFIG, 7, 1), 0xf9);
	wr(dev, CONFIG, 7, 1, 0x80);
	assert_int_equal(rd(dev, CONFIG, 7, 1), 0x79);
	wr(dev, CONFIG, 6, 2, 0xffff);
	assert_int_equal(rd(dev, CONFIG, 6, 2), 0x0010);
}

static void the_space_has_an_end(void **state)
{
	struct mdl_dev *dev = *state;
	static uint8_t all[4096];

	assert_int_equal(region_access(dev, CONFIG, 0, all, 4096, false), 0);
	assert_int_equal(all[0], 0x36);
	assert_int_equal(region_access(dev, CONFIG, 1, all, 4096, false), -EINVAL);
	assert_int_equal(region_access(dev, CONFIG, 4093, all, 4, true), -EINVAL);
	assert_int_equal(region_access(dev, CONFIG, UINT64_MAX, all, 1, false), -EINVAL);
	assert_int_equal(config_access(dev, 4096, all, 1, true), -EINVAL);
	assert_int_equal(config_access(dev, 0, all, SIZE_MAX, false), -EINVAL);
}

static void every_access_is_accepted(void **state)
{
	struct mdl_dev *dev = *state;
	static uint8_t before[4096], after[4096];

	/* Zeros and then ones into everything, at every offset and width; then read-only bits
	 * stand. */
	assert_int_equal(region_access(dev, CONFIG, 0, before, 4096, false), 0);
	for (unsigned width = 1; width <= 4; width++)
		for (unsigned i = 0; i + width <= 4096; i++) {
			wr(dev, CONFIG, i, width, 0);
			wr(dev, CONFIG, i, width, ALL_ONES);
		}
	mdl_reset(dev, MDL_RESET_HARD);
	assert_int_equal(region_access(dev, CONFIG, 0, after, 4096, false), 0);
	assert_memory_equal(before, after, 4096);
}

static void capabilities_are_chained(void **state)
{
	static const uint8_t want[][2] = {
		{0x01, 0x40}, {0x05, 0x48}, {0x11, 0x60}, {0x10, 0x6c}, {0x09, 0xa8}};
	struct mdl_dev *dev = *state;
	uint64_t at = rd(dev, CONFIG, 0x34, 1);

	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(at, want[i][1]);
		assert_int_equal(rd(dev, CONFIG, at, 1), want[i][0]);
		at = rd(dev, CONFIG, at + 1, 1);
	}
	assert_int_equal(at, 0);
	assert_int_equal(rd(dev, CONFIG, 0xa8, 4), 0x11060009);
	assert_int_equal(rd(dev, CONFIG, 0xac, 2), 0x3322);
	assert_int_equal(rd(dev, CONFIG, 0x100, 4), 0x00010003);
	assert_int_equal(rd(dev, CONFIG, 0x104, 8), 0x0011223344556677);
}

static void message_control_is_read_back(void **state)
{
	struct mdl_dev *dev = *state;

	assert_int_equal(rd(dev, CONFIG, AT_MSI + 2, 2), 0x0184); /* 4 vectors, 64 bits, masks */
	wr(dev, CONFIG, AT_MSI, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, AT_MSI, 4), 0x01f56005);
	assert_int_equal(config_msi(dev).log2_enabled, 2); /* of 7: not more than there are */
	assert_true(config_msi(dev).enabled);
	wr(dev, CONFIG, AT_MSI + 4, 8, UINT64_MAX);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 4, 8), 0xfffffffffffffffc);
	wr(dev, CONFIG, AT_MSI + 12, 4, ALL_ONES);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 12, 4), 0xffff);
	wr(dev, CONFIG, AT_MSI + 16, 8, UINT64_MAX);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 16, 8), 0xf);
	assert_int_equal(config_msi(dev).mask, 0xf);

	assert_int_equal(rd(dev, CONFIG, AT_MSIX + 2, 2), 69);
	wr(dev, CONFIG, AT_MSIX + 3, 1, 0xff);
	assert_int_equal(rd(dev, CONFIG, AT_MSIX + 2, 2), 0xc045);
	assert_true(config_msix(dev).enabled);
	assert_true(config_msix(dev).function_mask);
	assert_int_equal(rd(dev, CONFIG, AT_MSIX + 4, 8), 0x0000080400000004);
}

static void power_states(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	const unsigned resets = s->resets;

	wr(dev, CONFIG, 4, 2, 6);
	wr(dev, CONFIG, AT_PM + 4, 1, 1); /* D1 and D2 do not exist: discarded */
	assert_int_equal(rd(dev, CONFIG, AT_PM + 4, 2), 0);
	wr(dev, CONFIG, AT_PM + 4, 2, 3);
	assert_int_equal(rd(dev, CONFIG, AT_PM + 4, 2), 3);
	assert_false(config_powered(dev));
	wr(dev, CONFIG, AT_PM + 4, 2, 2);
	assert_false(config_powered(dev));
	wr(dev, CONFIG, AT_PM + 4, 2, 3);
	wr(dev, CONFIG, AT_PM + 5, 1, 0); /* not the byte of the state */
	assert_false(config_powered(dev));
	assert_int_equal(s->resets, resets);
	s->plain = 0;
	wr(dev, CONFIG, AT_PM + 4, 2, 0);
	assert_true(config_powered(dev));
	assert_int_equal(s->resets, resets + 1);
	assert_int_equal(s->last_reset, MDL_RESET_HARD);
	assert_int_equal(s->plain, 0x11223344);
	assert_int_equal(rd(dev, CONFIG, 4, 2), 0);
}

/* In D3hot a function is no master of the bus (PCI PM 1.2, 5.4.1). */
static void a_sleeping_function_does_no_dma(void **state)
{
	struct mdl_dev *dev = *state;
	struct iovec iov;
	uint32_t word = 0;

	wr(dev, CONFIG, 4, 2, 4);
	assert_int_equal(mdl_dma_read(dev, 0, &word, 4), -ENOTCONN);
	wr(dev, CONFIG, AT_PM + 4, 2, 3);
	assert_int_equal(mdl_dma_read(dev, 0, &word, 4), -EPERM);
	assert_int_equal(mdl_dma_write(dev, 0, &word, 4), -EPERM);
	assert_int_equal(mdl_dma_map(dev, 0, 4, MDL_DMA_READ, &iov, 1), -EPERM);
	mdl_dma_always(dev, true); /* that is about bus mastering */
	assert_int_equal(mdl_dma_read(dev, 0, &word, 4), -EPERM);
	wr(dev, CONFIG, AT_PM + 4, 2, 0);
	assert_int_equal(mdl_dma_read(dev, 0, &word, 4), -ENOTCONN);
}

static void function_level_reset(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	const unsigned resets = s->resets;

	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 4, 4), 0x10008000);
	wr(dev, CONFIG, AT_EXPRESS + 8, 2, 0x5820); /* maximum payload 256, reads of 4 KiB */
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 8, 2), 0x5820);
	wr(dev, CONFIG, AT_EXPRESS + 16, 2, 0x40);
	wr(dev, CONFIG, 0x10, 4, 0xfeb00000);
	s->plain = 0;
	s->cfg16 = 1;
	wr(dev, CONFIG, AT_EXPRESS + 8, 1, 0x20);
	assert_int_equal(s->resets, resets);
	wr(dev, CONFIG, AT_EXPRESS + 8, 2, 0xd820);
	assert_int_equal(s->resets, resets + 1);
	assert_int_equal(s->last_reset, MDL_RESET_FLR);
	assert_int_equal(s->plain, 0x11223344);
	assert_int_equal(s->cfg16, 0x1234);
	assert_int_equal(rd(dev, CONFIG, 0x10, 4), 0);
	/* The bit reads as 0; payload size and clock configuration survive. */
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 8, 2), 0x2830);
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 16, 2), 0x40);
	wr(dev, CONFIG, AT_EXPRESS + 9, 1, 0x80);
	assert_int_equal(s->resets, resets + 2);
}

static void without_flr_the_bit_does_nothing(void **state)
{
	struct mdl_device desc = sample_device;
	struct mdl_pci pci = sample_pci;
	struct mdl_dev *dev;
	unsigned resets;

	(void)state;
	pci.flr = false;
	desc.pci = &pci;
	dev = sample_make(&desc);
	resets = sample_of(dev)->resets;
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 4, 4), 0x00008000);
	wr(dev, CONFIG, AT_EXPRESS + 8, 2, 0x8000);
	assert_int_equal(sample_of(dev)->resets, resets);
	mdl_destroy(dev);
}

static void conventional_functions_reset_by_their_own_capability(void **state)
{
	static const struct mdl_cap cap = {.id = 0x13, .offset = 0x40, .size = 6};
	const struct mdl_pci pci = {.vendor = 1, .flr = true, .ncaps = 1, .caps = &cap};
	struct mdl_device desc = sample_device;
	struct mdl_dev *dev;

	(void)state;
	desc.pci = &pci;
	desc.nirqs = 0;
	dev = sample_make(&desc);
	assert_int_equal(rd(dev, CONFIG, 0x40, 4), 0x03060013);
	wr(dev, CONFIG, 0x44, 2, 0xfffe);
	assert_int_equal(sample_of(dev)->last_reset, MDL_RESET_POWER);
	wr(dev, CONFIG, 0x44, 1, 1);
	assert_int_equal(sample_of(dev)->last_reset, MDL_RESET_FLR);
	assert_int_equal(rd(dev, CONFIG, 0x44, 2), 0);
	mdl_destroy(dev);
}

static void express_registers_are_sane(void **state)
{
	struct mdl_dev *dev = *state;

	for (unsigned i = 2; i < 60; i++)
		if (i != 9)
			wr(dev, CONFIG, AT_EXPRESS + i, 1, 0xff);
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 2, 2), 0x0012); /* version 2, legacy (I/O) */
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 8, 1), 0xff);
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 10, 2), 0);
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 12, 4), 0x00400011);
	assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + 18, 2), 0x0011);
	for (unsigned i = 20; i < 36; i += 4) /* no slot, no root */
		assert_int_equal(rd(dev, CONFIG, AT_EXPRESS + i, 4), 0);
}

static void device_specific_registers_are_registers(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	assert_int_equal(rd(dev, CONFIG, 0xb0, 4), 0x12340000);
	wr(dev, CONFIG, 0xb0, 4, ALL_ONES);
	assert_int_equal(s->cfg16, 0x1fff);
	wr(dev, CONFIG, 0xb3, 1, 0);
	assert_int_equal(s->cfg16, 0x10ff);
	assert_int_equal(rd(dev, CONFIG, 0xb3, 1), 0x10);
}

static void a_load_is_judged_first(void **state)
{
	struct mdl_dev *dev = *state;
	uint8_t image[4096], before[4096];

	memcpy(image, config_image(dev), sizeof(image));
	memcpy(before, image, sizeof(before));
	image[0x12] = 0x80; /* BAR 0 */
	image[4] = 0x06;
	image[0] ^= 1;
	assert_int_equal(config_load(dev, image, sizeof(image)), -EINVAL);
	image[0] ^= 1;
	image[AT_PM + 4] = 2;
	assert_int_equal(config_load(dev, image, sizeof(image)), -EINVAL);
	image[AT_PM + 4] = 0;
	image[AT_EXPRESS + 9] |= 0x80;
	assert_int_equal(config_load(dev, image, sizeof(image)), -EINVAL);
	image[AT_EXPRESS + 9] &= 0x7f;
	assert_int_equal(config_load(dev, image, 256), -EINVAL);
	assert_memory_equal(config_image(dev), before, sizeof(before));
	image[6] |= 8; /* the device's own bit may differ */
	assert_int_equal(config_load(dev, image, sizeof(image)), 0);
	assert_int_equal(rd(dev, CONFIG, 0x10, 4), 0x00800000);
	assert_true(config_bus_master(dev));
}

static int make_caps(const struct mdl_cap *caps, uint32_t ncaps, const struct mdl_cap *ext)
{
	const struct mdl_options quiet = {.log = sample_quiet};
	struct mdl_device desc = sample_device;
	struct mdl_pci pci = sample_pci;
	struct mdl_dev *dev;
	int err;

	pci.caps = caps;
	pci.ncaps = ncaps;
	pci.extcaps = ext;
	pci.nextcaps = ext ? 1 : 0;
	desc.pci = &pci;
	err = mdl_create(&dev, &desc, &quiet);
	if (!err)
		mdl_destroy(dev);
	return err;
}

static void capabilities_that_do_not_fit_are_refused(void **state)
{
	const struct mdl_cap small = {.id = 5, .offset = 0x40, .size = 23};
	const struct mdl_cap odd = {.id = 1, .offset = 0x41, .size = 8};
	const struct mdl_cap late = {.id = 0x10, .offset = 0xc8, .size = 60};
	const struct mdl_cap unknown = {.id = 0x20, .offset = 0x40, .size = 8};
	const struct mdl_cap low = {.id = 3, .offset = 0xfc, .size = 12};
	const struct mdl_cap fine = {.id = 3, .offset = 0x100, .size = 12};

	(void)state;
	assert_int_equal(make_caps(&small, 1, NULL), -EINVAL);
	assert_int_equal(make_caps(&odd, 1, NULL), -EINVAL);
	assert_int_equal(make_caps(&late, 1, NULL), -EINVAL);
	assert_int_equal(make_caps(&unknown, 1, NULL), -EINVAL);
	assert_int_equal(make_caps(NULL, 0, &low), -EINVAL);
	assert_int_equal(make_caps(NULL, 0, &fine), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity_is_read_only),
		TEST(bars_can_be_sized),
		TEST(a_bar_takes_bytes_and_words),
		cmocka_unit_test(a_giant_bar_has_no_low_bits),
		TEST(command_and_status),
		TEST(the_space_has_an_end),
		TEST(every_access_is_accepted),
		TEST(capabilities_are_chained),
		TEST(message_control_is_read_back),
		TEST(power_states),
		TEST(a_sleeping_function_does_no_dma),
		TEST(function_level_reset),
		cmocka_unit_test(without_flr_the_bit_does_nothing),
		cmocka_unit_test(conventional_functions_reset_by_their_own_capability),
		TEST(express_registers_are_sane),
		TEST(device_specific_registers_are_registers),
		TEST(a_load_is_judged_first),
		cmocka_unit_test(capabilities_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
