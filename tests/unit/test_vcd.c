/* SPDX-License-Identifier: BSD-2-Clause */
/* The file for waveform viewers, read by a strict reader. */
#include "core_device.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "vcd_reader.h"

/* ---- the small device */

struct traced {
	struct pair *pair;
	char path[64];
};

static void temporary(char path[64])
{
	strcpy(path, "/tmp/mdl-vcd-XXXXXX");
	close(mkstemp(path));
}

static int set_up(void **state)
{
	struct traced *t = calloc(1, sizeof(*t));

	temporary(t->path);
	t->pair = pair_open_with((struct mdl_options){.trace_file = t->path});
	pair_negotiate(t->pair);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct traced *t = *state;

	if (t->pair)
		pair_close(t->pair);
	unlink(t->path);
	free(t);
	return 0;
}

static void write_bar(struct pair *pair, uint64_t offset, uint32_t value)
{
	uint8_t buf[64];

	pair_send(pair, buf, put_write(buf, 1, 0, offset, value));
	pair_serve(pair);
	pair_expect_reply(pair, 1, VU_REGION_WRITE, 0);
}

static void accesses(void **state)
{
	struct traced *t = *state;
	struct vcd_file vcd;

	write_bar(t->pair, 0, 0xff);
	write_bar(t->pair, 0, 0xff);
	write_bar(t->pair, 8, 9);
	write_bar(t->pair, 12, 3);
	write_bar(t->pair, 12, 3);
	mdl_irq_raise(t->pair->dev, 0);
	mdl_irq_raise(t->pair->dev, 0);
	mdl_irq_pulse(t->pair->dev, 2);
	mdl_reset(t->pair->dev, MDL_RESET_HARD);
	mdl_poll(t->pair->dev);
	vcd_read(&vcd, t->path);
	assert_int_equal(vcd.nvars, 4 + 2 + 3); /* registers, fields, interrupts */
	assert_string_equal(vcd_history(&vcd, "core.bar0.PLAIN"), "0 11111111 0");
	assert_string_equal(vcd_history(&vcd, "core.bar0.MODES"), "0 1001 0");
	assert_string_equal(vcd_history(&vcd, "core.bar0.MODES.EN"), "0 1 0");
	assert_string_equal(vcd_history(&vcd, "core.bar0.MODES.MODE"), "0 100 0");
	assert_int_equal(vcd_width(&vcd, "core.bar0.MODES.MODE"), 3);
	assert_string_equal(vcd_history(&vcd, "core.bar0.BELL"), "x 11 x 11");
	assert_string_equal(vcd_history(&vcd, "core.irq.done"), "0 1 0");
	assert_string_equal(vcd_history(&vcd, "core.irq.lane[0]"), "0");
	assert_string_equal(vcd_history(&vcd, "core.irq.lane[1]"), "0 1 0");
	vcd_free(&vcd);
}

static void counts(struct core *core, uint32_t at)
{
	core->plain++;
	if (at == 0 && core->plain < 5)
		mdl_timer_start(&core->tick[0], 1000);
}

/* Values that timers change have times of their own, each later than the one before. */
static void timers(void **state)
{
	struct traced *t = *state;
	struct vcd_file vcd;

	t->pair->core->on_expire = counts;
	mdl_timer_start(&t->pair->core->tick[0], 0);
	while (t->pair->core->plain < 5)
		mdl_poll(t->pair->dev);
	vcd_read(&vcd, t->path);
	assert_string_equal(vcd_history(&vcd, "core.bar0.PLAIN"), "0 1 10 11 100 101");
	for (unsigned i = 2; i < 6; i++) /* at least the 1000 ns that the timer took */
		assert_true(vcd_time(&vcd, "core.bar0.PLAIN", i) >=
			    vcd_time(&vcd, "core.bar0.PLAIN", i - 1) + 1000);
	vcd_free(&vcd);
}

/* A load may set the clock back, and a stopped device's stands still: the file goes on. */
static void clocks(void **state)
{
	struct traced *t = *state;
	struct vcd_file vcd;

	clock_set(t->pair->dev, 1000000000);
	write_bar(t->pair, 0, 1);
	clock_set(t->pair->dev, 5);
	write_bar(t->pair, 0, 2);
	timers_pause(t->pair->dev);
	write_bar(t->pair, 0, 3);
	write_bar(t->pair, 0, 4);
	vcd_read(&vcd, t->path);
	assert_string_equal(vcd_history(&vcd, "core.bar0.PLAIN"), "0 1 10 11 100");
	assert_true(vcd_time(&vcd, "core.bar0.PLAIN", 2) > 1000000000);
	vcd_free(&vcd);
}

/* What a load makes of interrupts is seen like all else that it changes. */
static void loaded(void **state)
{
	struct traced *t = *state;
	struct mdl_dev *dev = t->pair->dev;
	struct vcd_file vcd;
	char saved[64];

	temporary(saved);
	write_bar(t->pair, 0, 5);
	mdl_irq_raise(dev, 0);
	assert_int_equal(mdl_save(dev, saved), 0);
	mdl_irq_lower(dev, 0);
	mdl_irq_raise(dev, 2);
	write_bar(t->pair, 0, 6);
	assert_int_equal(mdl_restore(dev, saved), 0);
	mdl_irq_lower(dev, 0);
	mdl_poll(dev);
	vcd_read(&vcd, t->path);
	assert_string_equal(vcd_history(&vcd, "core.bar0.PLAIN"), "0 101 110 101");
	assert_string_equal(vcd_history(&vcd, "core.irq.done"), "0 1 0 1 0");
	assert_string_equal(vcd_history(&vcd, "core.irq.lane[1]"), "0 1 0");
	vcd_free(&vcd);
	unlink(saved);
}

static void full_disk(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.trace_file = "/dev/full"});
	const char *told;

	(void)state;
	pair_negotiate(pair);
	for (uint32_t i = 0; i < 1000; i++)
		write_bar(pair, 0, i);
	assert_int_equal(pair->core->plain, 999);
	told = strstr(pair->log.text, "core: warning: the trace file ends here");
	assert_non_null(told);
	assert_non_null(strstr(told, "No space left on device"));
	assert_null(strstr(strchr(told, '\n'), "the trace file"));
	pair_close(pair);
}

static void no_file(void **state)
{
	struct mdl_options options = {.trace_file = "/nowhere/at/all"};
	struct core_log log = {.used = 0};
	struct mdl_dev *dev;

	(void)state;
	options.log = core_log_line;
	options.log_arg = &log;
	assert_int_equal(mdl_create(&dev, &core_device, &options), -ENOENT);
	assert_true(core_logged(&log, "/nowhere/at/all cannot be written"));
}

/* What was served before a process was killed is in its file. */
static void killed(void **state)
{
	char path[64];
	struct vcd_file vcd;
	int status;
	pid_t pid;

	(void)state;
	temporary(path);
	pid = fork();
	if (pid == 0) {
		struct pair *pair = pair_open_with((struct mdl_options){.trace_file = path});

		pair_negotiate(pair);
		for (uint32_t i = 0; i < 10000; i++)
			write_bar(pair, 0, i);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	vcd_read(&vcd, path);
	assert_int_equal(vcd_changes(&vcd, "core.bar0.PLAIN"), 10000);
	vcd_free(&vcd);
	unlink(path);
}

/* ---- a big device: arrays, groups, 64 bits, singlepulses */

#define PORTS 100
#define LANES 20

struct big {
	struct mdl_dev *mdl;
	uint32_t ctl[PORTS * LANES];
	uint64_t wide[PORTS][4];
	uint32_t table[8000];
	uint32_t go;
};

static const struct mdl_dim ctl_dims[] = {{PORTS, 0x1000}, {LANES, 0x20}};
static const struct mdl_dim wide_dims[] = {{PORTS, 0x1000}, {2, 0x20}, {2, 8}};
static const struct mdl_dim table_dims[] = {{8000, 4}};
static const struct mdl_field on_field[] = {{.name = "ON", .lsb = 31, .width = 1}};
static const struct mdl_field go_field[] = {{.name = "GO", .lsb = 0, .width = 1, .pulse = true},
					    {.name = "N", .lsb = 1, .width = 4}};
static const struct mdl_effects go_effects = {.pulse = 1};

#define BIG_REG(reg_name, member, at, bytes, elements, n, d)                               \
	.name = reg_name, .store = offsetof(struct big, member), .offset = at,             \
	.readable = UINT64_MAX, .writable = UINT64_MAX, .count = elements, .width = bytes, \
	.ndims = n, .dims = d

static const struct mdl_reg big_regs[] = {
	{BIG_REG("GO", go, 0, 4, 1, 0, NULL), .effects = &go_effects, .fields = go_field,
	 .nfields = 2},
	{BIG_REG("PORT.LANE.CTL", ctl, 0x1000, 4, PORTS *LANES, 2, ctl_dims),
	 .pattern = "PORT[].LANE[].CTL", .fields = on_field, .nfields = 1},
	{BIG_REG("TABLE", table, 0x80000, 4, 8000, 1, table_dims)},
	{BIG_REG("PORT.WIDE", wide, 0x1800, 8, PORTS * 4, 3, wide_dims),
	 .pattern = "PORT[].WIDE[][]"},
};
static const struct mdl_bar big_bar = {.index = 2,
				       .type = MDL_BAR_MEM64,
				       .access_min = 4,
				       .access_max = 8,
				       .size = 0x100000,
				       .nregs = 4,
				       .regs = big_regs};
static const struct mdl_device big_device = {.abi = MDL_ABI,
					     .version = 1,
					     .name = "big",
					     .size = sizeof(struct big),
					     .nbars = 1,
					     .pci = &core_pci,
					     .bars = &big_bar};

static void put_reg(struct mdl_dev *dev, uint64_t offset, uint64_t value, size_t size)
{
	assert_int_equal(region_access(dev, 2, offset, (uint8_t *)&value, size, true), 0);
}

static void big(void **state)
{
	struct mdl_options options = {0};
	struct vcd_file vcd;
	struct mdl_dev *dev;
	char path[64];

	(void)state;
	temporary(path);
	options.trace_file = path;
	assert_int_equal(mdl_create(&dev, &big_device, &options), 0);
	put_reg(dev, 0x1000 + 0x1000 * 99 + 0x20 * 7, 0x80000000, 4);
	put_reg(dev, 0x1800 + 0x1000 * 3 + 0x20 + 8, UINT64_MAX, 8);
	put_reg(dev, 0x80000 + 4 * 7999, 5, 4);
	put_reg(dev, 0, 0xf, 4);
	put_reg(dev, 0, 0xf, 4);
	mdl_destroy(dev);
	vcd_read(&vcd, path);
	assert_int_equal(vcd.nvars, 3 + 2 * PORTS * LANES + 8000 + 4 * PORTS);
	assert_string_equal(vcd_history(&vcd, "big.bar2.PORT[99].LANE[7].CTL.ON"), "0 1");
	assert_string_equal(vcd_history(&vcd, "big.bar2.PORT[99].LANE[8].CTL.ON"), "0");
	assert_int_equal(strlen(vcd_history(&vcd, "big.bar2.PORT[3].WIDE[1][1]")), 2 + 64);
	assert_string_equal(vcd_history(&vcd, "big.bar2.TABLE[7999]"), "0 101");
	assert_string_equal(vcd_history(&vcd, "big.bar2.GO.GO"), "0 1 0 1 0");
	assert_string_equal(vcd_history(&vcd, "big.bar2.GO.N"), "0 111");
	vcd_free(&vcd);
	unlink(path);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(accesses),
		TEST(timers),
		TEST(clocks),
		TEST(loaded),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(no_file),
		cmocka_unit_test(killed),
		cmocka_unit_test(big),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
