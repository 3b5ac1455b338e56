/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables that contradict themselves are refused. */
#include "sample_device.h"

static void quiet(void *arg, enum mdl_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

/* What mdl_create() says of these tables. */
static int create(const struct mdl_device *desc)
{
	const struct mdl_options options = {.log = quiet};
	struct mdl_dev *dev;
	const int err = mdl_create(&dev, desc, &options);

	mdl_destroy(dev);
	return err;
}

/* A device of one register. */
static int make(const struct mdl_reg *given, bool in_config)
{
	const struct mdl_reg reg = *given;
	const struct mdl_bar bar = {.type = MDL_BAR_MEM32,
				    .access_min = 2,
				    .access_max = 4,
				    .size = 0x1000,
				    .nregs = in_config ? 0 : 1,
				    .regs = &reg};
	const struct mdl_pci pci = {.vendor = 1, .nregs = in_config ? 1 : 0, .regs = &reg};
	const struct mdl_device desc = {.abi = MDL_ABI,
					.version = 1,
					.name = "widths",
					.size = sizeof(struct sample),
					.nbars = 1,
					.bars = &bar,
					.pci = &pci};
	return create(&desc);
}

static int make_widths(uint8_t min, uint8_t max, bool in_config)
{
	const struct mdl_reg reg = {.name = "A",
				    STORE(plain),
				    .offset = 0x80,
				    ALL32,
				    .count = 1,
				    .width = 4,
				    .access_min = min,
				    .access_max = max};

	return make(&reg, in_config);
}

static int make_pattern(const char *pattern)
{
	static const struct mdl_dim dim = {1, 4};
	const struct mdl_reg reg = {.name = "A.B",
				    .pattern = pattern,
				    STORE(plain),
				    ALL32,
				    .count = 1,
				    .width = 4,
				    .ndims = 1,
				    .dims = &dim};

	return make(&reg, false);
}

static void names_have_their_dimensions(void **state)
{
	(void)state;
	assert_int_equal(make_pattern(NULL), 0);
	assert_int_equal(make_pattern("A.B"), 0);
	assert_int_equal(make_pattern("A[].B"), 0);
	assert_int_equal(make_pattern("A[].B[]"), -EINVAL);
}

static void widths_are_within_the_bars(void **state)
{
	(void)state;
	assert_int_equal(make_widths(0, 0, false), 0);
	assert_int_equal(make_widths(4, 4, false), 0);
	assert_int_equal(make_widths(2, 4, false), 0);
	assert_int_equal(make_widths(1, 4, false), -EINVAL);
	assert_int_equal(make_widths(4, 8, false), -EINVAL);
	assert_int_equal(make_widths(4, 2, false), -EINVAL);
	assert_int_equal(make_widths(3, 4, false), -EINVAL);
	assert_int_equal(make_widths(0, 4, false), -EINVAL);
	assert_int_equal(make_widths(4, 0, false), -EINVAL);
	assert_int_equal(make_widths(0, 0, true), 0);
	assert_int_equal(make_widths(4, 4, true), -EINVAL);
}

static int make_variable(uint8_t type, uint16_t size)
{
	const struct mdl_var var = {.name = "v",
				    .length_store = MDL_NO_LENGTH,
				    .store = sizeof(struct mdl_dev *),
				    .count = 2,
				    .size = size,
				    .type = type,
				    .section = -1,
				    .value = 1};
	const struct mdl_pci pci = {.vendor = 1};
	const struct mdl_device desc = {.abi = MDL_ABI,
					.version = 1,
					.name = "variables",
					.size = sizeof(struct sample),
					.nvars = 1,
					.vars = &var,
					.pci = &pci};
	return create(&desc);
}

static void variables_are_numbers(void **state)
{
	(void)state;
	assert_int_equal(make_variable(MDL_VAR_UINT, 1), 0);
	assert_int_equal(make_variable(MDL_VAR_INT, 8), 0);
	assert_int_equal(make_variable(MDL_VAR_BOOL, 1), 0);
	assert_int_equal(make_variable(MDL_VAR_UINT, 0), -EINVAL);
	assert_int_equal(make_variable(MDL_VAR_INT, 3), -EINVAL);
	assert_int_equal(make_variable(MDL_VAR_UINT, 16), -EINVAL);
	assert_int_equal(make_variable(MDL_VAR_LAYOUT, 3), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widths_are_within_the_bars),
		cmocka_unit_test(names_have_their_dimensions),
		cmocka_unit_test(variables_are_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
