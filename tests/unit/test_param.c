/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters: text to values, with their limits; and the words that were meant. */
#include <inttypes.h>

#include "core_device.h"
#include "param.h"
#include "suggest.h"

static struct core_log log_;

static int set_up(void **state)
{
	const struct mdl_options options = {.log = core_log_line, .log_arg = &log_};
	struct mdl_dev *dev;

	memset(&log_, 0, sizeof(log_));
	assert_int_equal(mdl_create(&dev, &core_device, &options), 0);
	*state = dev;
	return 0;
}

static int tear_down(void **state)
{
	mdl_destroy(*state);
	return 0;
}

static void defaults(void **state)
{
	struct core *core = mdl_instance(*state);

	assert_int_equal(core->clock_hz, 1000000);
	assert_int_equal(core->offset, -3);
	assert_false(core->fast);
	assert_null(core->image);
	assert_string_equal(core->label, "none");
	assert_int_equal(core->mode, 4);
	assert_int_equal(core->state_var, 0x1234);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"007", 0, 7},
		{"42", 0, 42},
		{"0x2a", 0, 42},
		{"0XFF", 0, 255},
		{"0b101", 0, 5},
		{"4K", 0, 4096},
		{"0x10M", 0, 16 << 20},
		{"3G", 0, UINT64_C(3) << 30},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"0x10000000000000000", -ERANGE, 0},
		{"99999999999999999999999999", -ERANGE, 0},
		{"17179869184G", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"x", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"0b2", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1k", -EINVAL, 0},
		{"1KK", -EINVAL, 0},
		{"12a", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t value = 0;

		assert_int_equal(parse_number(cases[i].text, &value), cases[i].rc);
		if (!cases[i].rc)
			assert_int_equal(value, cases[i].value);
	}
}

static void integers(void **state)
{
	struct mdl_dev *dev = *state;
	struct core *core = mdl_instance(dev);

	assert_int_equal(mdl_param_set(dev, "clock-hz", "4294967295"), 0);
	assert_int_equal(core->clock_hz, UINT32_MAX);
	assert_int_equal(mdl_param_set(dev, "clock_hz", "1M"), 0); /* as in the description */
	assert_int_equal(core->clock_hz, 1 << 20);
	assert_int_equal(mdl_param_set(dev, "clock-hz", "4294967296"), -ERANGE);
	assert_int_equal(mdl_param_set(dev, "clock-hz", "-1"), -EINVAL);
	assert_int_equal(core->clock_hz, 1 << 20);
	assert_int_equal(mdl_param_set(dev, "offset", "-128"), 0);
	assert_int_equal(core->offset, -128);
	assert_int_equal(mdl_param_set(dev, "offset", "127"), 0);
	assert_int_equal(core->offset, 127);
	assert_int_equal(mdl_param_set(dev, "offset", "-129"), -ERANGE);
	assert_int_equal(mdl_param_set(dev, "offset", "128"), -ERANGE);
	assert_int_equal(mdl_param_set(dev, "offset", "--1"), -EINVAL);
	assert_true(core_logged(&log_, "--offset: '128' is not an integer from -128 to 127"));
}

static void the_others(void **state)
{
	struct mdl_dev *dev = *state;
	struct core *core = mdl_instance(dev);
	char text[] = "/dev/first";

	assert_int_equal(mdl_param_set(dev, "fast", "on"), 0);
	assert_true(core->fast);
	assert_int_equal(mdl_param_set(dev, "fast", "no"), 0);
	assert_false(core->fast);
	assert_int_equal(mdl_param_set(dev, "fast", "2"), -EINVAL);
	assert_int_equal(mdl_param_set(dev, "mode", "SLOW"), 0);
	assert_int_equal(core->mode, 0);
	assert_int_equal(mdl_param_set(dev, "mode", "4"), 0);
	assert_int_equal(core->mode, 4);
	assert_int_equal(mdl_param_set(dev, "mode", "3"), -ERANGE);
	assert_int_equal(mdl_param_set(dev, "mode", "slow"), -EINVAL);
	assert_int_equal(mdl_param_set(dev, "image", text), 0);
	text[5] = 'X'; /* it has a copy */
	assert_string_equal(core->image, "/dev/first");
	assert_int_equal(mdl_param_set(dev, "image", ""), 0);
	assert_string_equal(core->image, "");
}

static void not_any_name_nor_any_time(void **state)
{
	struct mdl_dev *dev = *state;

	assert_int_equal(mdl_param_set(dev, "clock", "1"), -ENOENT);
	assert_int_equal(mdl_param_set(dev, "clock-hz-", "1"), -ENOENT);
	assert_int_equal(mdl_param_set(dev, "", "1"), -ENOENT);
	assert_int_equal(mdl_start(dev), 0);
	assert_int_equal(mdl_param_set(dev, "clock-hz", "1"), -EBUSY);
}

static const char *meant(const char *word)
{
	static const char *const names[] = {"socket-path", "spin", "trace", "trace-file", "fd"};
	struct suggestion s;

	suggest_begin(&s, word, strlen(word));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		suggest_offer(&s, names[i]);
	return s.best ? s.best : "";
}

static void did_you_mean(void **state)
{
	char longer[200];

	(void)state;
	assert_string_equal(meant("socket_path"), "socket-path");
	assert_string_equal(meant("scoket-path"), "socket-path");
	assert_string_equal(meant("sokcetpath"), "socket-path");
	assert_string_equal(meant("spni"), "spin");
	assert_string_equal(meant("traec"), "trace");
	assert_string_equal(meant("tracefile"), "trace-file");
	assert_string_equal(meant("verbose"), "");
	assert_string_equal(meant("x"), "");
	assert_string_equal(meant(""), "");
	memset(longer, 's', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	assert_string_equal(meant(longer), "");
}

/* ---- tables that contradict themselves are refused before anything is built on them */

static int create(const struct mdl_device *device)
{
	const struct mdl_options options = {.log = core_log_line, .log_arg = &log_};
	struct mdl_dev *dev;
	int rc = mdl_create(&dev, device, &options);

	assert_true(rc == 0 || !dev);
	mdl_destroy(dev);
	return rc;
}

static void wrong_tables(void **state)
{
	struct mdl_device d = core_device;
	struct mdl_bar bar = core_bars[0];
	struct mdl_reg reg = core_regs[0];
	struct mdl_param param = core_params[0];
	struct mdl_pci pci = core_pci;

	(void)state;
	assert_int_equal(create(&d), 0);
	d.abi++;
	assert_int_equal(create(&d), -ENOEXEC);
	d = core_device;
	d.size = 16;
	assert_int_equal(create(&d), -EINVAL);
	d = core_device;
	d.pci = NULL;
	assert_int_equal(create(&d), -EINVAL);
	d.pci = &pci;
	pci.msi_vectors = 33;
	assert_int_equal(create(&d), -EINVAL);
	d = core_device;
	d.bars = &bar;
	bar.size = 0x180000;
	assert_int_equal(create(&d), -EINVAL);
	bar = core_bars[0];
	bar.index = 6;
	assert_int_equal(create(&d), -EINVAL);
	bar = core_bars[0];
	bar.regs = &reg;
	bar.nregs = 1;
	assert_int_equal(create(&d), 0);
	reg.store = UINT32_MAX - 1;
	assert_int_equal(create(&d), -EINVAL);
	reg = core_regs[0];
	reg.offset = UINT64_MAX - 1;
	assert_int_equal(create(&d), -EINVAL);
	reg = core_regs[0];
	reg.width = 3;
	assert_int_equal(create(&d), -EINVAL);
	reg = core_regs[0];
	reg.count = 2;
	assert_int_equal(create(&d), -EINVAL);
	d = core_device;
	d.params = &param;
	d.nparams = 1;
	param.store = d.size - 3;
	assert_int_equal(create(&d), -EINVAL);
	assert_true(core_logged(&log_, "tables are wrong"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(defaults),     cmocka_unit_test(numbers),       TEST(integers),
		TEST(the_others),   TEST(not_any_name_nor_any_time), cmocka_unit_test(did_you_mean),
		TEST(wrong_tables),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
