/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines and trace lines; the file for waveform viewers: test_vcd.c. */
#include "core_device.h"
#include "trace.h"

struct traced {
	struct pair *pair;
};

static int set_up(void **state)
{
	struct traced *t = calloc(1, sizeof(*t));

	t->pair = pair_open_with((struct mdl_options){.trace = true});
	pair_negotiate(t->pair);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct traced *t = *state;

	if (t->pair)
		pair_close(t->pair);
	free(t);
	return 0;
}

static void access_all(struct pair *pair)
{
	uint8_t buf[512];
	size_t size = put_write(buf, 1, VU_NO_REPLY, 0, 0xff);

	size += put_write(buf + size, 1, VU_NO_REPLY, 0, 0xff); /* unchanged */
	size += put_read(buf + size, 2, 0, 4);
	size += put_write(buf + size, 1, VU_NO_REPLY, 8, 9);
	size += put_read(buf + size, 2, 8, 4);
	size += put_write(buf + size, 1, VU_NO_REPLY, 8, 0xe);
	size += put_write(buf + size, 1, VU_NO_REPLY, 12, 3); /* doorbell */
	size += put_read(buf + size, 2, CORE_RAM_OFFSET + 16, 8);
	pair_send(pair, buf, size);
	pair_serve(pair);
}

#define LOGGED(t, text) assert_true(core_logged(&(t)->pair->log, text))

static void registers(void **state)
{
	struct traced *t = *state;

	access_all(t->pair);
	LOGGED(t, "core.reset power\n");
	LOGGED(t, "core.PLAIN <- 0xff\ncore.PLAIN 0x0 -> 0xff\ncore.PLAIN <- 0xff\n"
		  "core.PLAIN read 0xff\n");
	LOGGED(t, "core.MODES <- 0x9 (EN=1 MODE=FAST)\n"
		  "core.MODES.EN 0 -> 1\ncore.MODES.MODE SLOW -> FAST\n"
		  "core.MODES read 0x9 (EN=1 MODE=FAST)\n");
	LOGGED(t, "core.MODES <- 0xe (EN=0 MODE=7)\n"
		  "core.MODES.EN 1 -> 0\ncore.MODES.MODE FAST -> 7\n");
	LOGGED(t, "core.BELL <- 0x3\n");
	LOGGED(t, "core.RAM+0x10 read 8 bytes: 00 00 00 00 00 00 00 00\n");
}

static void one_access(struct traced *t, uint32_t region, uint64_t offset, uint32_t size,
		       const char *bytes)
{
	struct {
		struct vu_region_access access;
		char data[32];
	} message = {.access = {offset, region, size}};
	uint8_t buf[128];
	size_t n = sizeof(message.access);

	t->pair->log.used = 0;
	t->pair->log.text[0] = 0;
	if (bytes) {
		memcpy(message.data, bytes, size);
		n += size;
	}
	n = put_message(buf, 1, bytes ? VU_REGION_WRITE : VU_REGION_READ, 0, &message, n);
	pair_send(t->pair, buf, n);
	pair_serve(t->pair);
	pair_expect(t->pair, NULL, 0);
}

/* What is no whole register. */
static void other_accesses(void **state)
{
	static const struct {
		uint32_t region;
		uint64_t offset;
		uint32_t size;
		const char *bytes; /* NULL: a read */
		const char *log;
	} rows[] = {
		{0, 1, 1, "\x12", "core.PLAIN[15:8] <- 0x12\ncore.PLAIN 0x0 -> 0x1200\n"},
		{0, 0, 2, NULL, "core.PLAIN[15:0] read 0x1200\n"},
		{0, 12, 4, NULL, "core.BELL read 0x0 (write-only)\n"},
		{0, 0x40, 4, "abcd", "core.bar0+0x40 <- 4 bytes: 61 62 63 64 (nothing is there)\n"},
		{0, 0x40, 1, NULL, "core.bar0+0x40 read 1 byte: 00 (nothing is there)\n"},
		{0, 4, 8, NULL,
		 "core.bar0+0x4 read of 8 bytes refused: the BAR takes 1 to 4\n"
		 "core: warning: bar0 at 0x4: read of 8 bytes refused: the BAR takes 1 to 4\n"},
		{0, 0x1fffff, 2, "ab",
		 "core.bar0+0x1fffff write of 2 bytes refused: it ends at 0x200000\n"
		 "core: warning: bar0 at 0x1fffff: write of 2 bytes refused: it ends at "
		 "0x200000\n"},
		{3, 0, 4, NULL,
		 "core.bar3+0x0 read of 4 bytes refused: there is no such region\n"
		 "core: warning: bar3 at 0x0: read of 4 bytes refused: there is no such region\n"},
		{0, CORE_RAM_OFFSET + 2, 2, "ab", "core.RAM+0x2 <- 2 bytes: 61 62\n"},
		{0, CORE_RAM_OFFSET, 32, NULL,
		 "core.RAM+0x0 read 32 bytes: 00 00 61 62 00 00 00 00 00 00 00 00 00 00 00 00 "
		 "...\n"},
		{7, 4, 2, "\6\0",
		 "core.config.COMMAND <- 0x6 (IO=0 MEMORY=1 MASTER=1 PARITY=0 SERR=0 "
		 "INTX_DISABLE=0)\ncore.config.COMMAND.MEMORY 0 -> 1\n"
		 "core.config.COMMAND.MASTER 0 -> 1\n"},
		{7, 0x10, 4, "\xff\xff\xff\xff",
		 "core.config.BAR0 <- 0xffffffff\ncore.config.BAR0 0x0 -> 0xffe00000\n"},
		{7, 0x3d, 1, NULL, "core.config.INTERRUPT_PIN read 0x1\n"},
		{7, 1, 1, NULL, "core.config.VENDOR_ID[15:8] read 0x1b\n"},
		{7, 0x3c, 4, NULL,
		 "core.config.INTERRUPT_LINE read 0x0\ncore.config.INTERRUPT_PIN read 0x1\n"
		 "core.config.MIN_GNT read 0x0\ncore.config.MAX_LAT read 0x0\n"},
		{7, 0x84, 4, "abcd", "core.config+0x84 <- 0x64636261\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct traced *t = *state;

		one_access(t, rows[i].region, rows[i].offset, rows[i].size, rows[i].bytes);
		assert_string_equal(t->pair->log.text, rows[i].log);
	}
}

static void stores(struct core *core, uint32_t at)
{
	core->modes = at ? 9 : 1;
	if (!at)
		core->plain = 7;
}

/* Plain stores of device logic, in timers and between the turns of the loop. */
static void what_logic_changes(void **state)
{
	struct traced *t = *state;
	struct core *core = t->pair->core;

	core->on_expire = stores;
	mdl_timer_start(&core->tick[0], 0);
	mdl_timer_start(&core->tick[2], 1);
	while (!core->expired[2])
		mdl_poll(t->pair->dev);
	LOGGED(t, "core.timer tick[0] expired\ncore.PLAIN 0x0 -> 0x7\ncore.MODES.EN 0 -> 1\n"
		  "core.timer tick[2] expired\ncore.MODES.MODE SLOW -> FAST\n");
	core->plain = 8;
	mdl_log(t->pair->dev, MDL_LOG_INFO, "it is 8");
	LOGGED(t, "core.PLAIN 0x7 -> 0x8\ncore: info: it is 8\n");
	core->plain = 9;
	mdl_poll(t->pair->dev);
	LOGGED(t, "core.PLAIN 0x8 -> 0x9\n");
}

static void events(void **state)
{
	static const uint8_t four[] = {1, 2, 3, 0xff};
	struct traced *t = *state;
	struct mdl_dev *dev = t->pair->dev;

	mdl_irq_raise(dev, 0);
	mdl_irq_lower(dev, 0);
	mdl_irq_pulse(dev, 2);
	mdl_reset(dev, MDL_RESET_FLR);
	trace_dma(dev, 0x1000, four, 4, true, "direct", 0);
	trace_dma(dev, 0x2000, NULL, 4, false, NULL, -EFAULT);
	LOGGED(t, "core.irq done raised\ncore.irq pending: INTx has no eventfd\n"
		  "core.config.STATUS.INTERRUPT 0 -> 1\ncore.irq done lowered\n"
		  "core.config.STATUS.INTERRUPT 1 -> 0\ncore.irq lane[1] pulsed\n");
	LOGGED(t, "core.reset flr\n");
	LOGGED(t, "core.dma write 0x1000 +4 (direct): 01 02 03 ff\n"
		  "core.dma read 0x2000 +4: not mapped\n");
}

/* Of 8 KiB; cut, and that is shown. */
static void a_line_too_long(void **state)
{
	struct traced *t = *state;
	struct line line;

	t->pair->log.used = 0;
	line_begin(t->pair->dev, &line, "x");
	for (int i = 0; i < 1000; i++)
		line_add(&line, "12345678");
	line_add(&line, "!");
	line_end(t->pair->dev, &line);
	assert_int_equal(t->pair->log.used, LOG_LINE_SIZE);
	assert_string_equal(t->pair->log.text + LOG_LINE_SIZE - 8, "3456...\n");
}

static void levels_of_the_log(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.log_level = MDL_LOG_WARN});

	(void)state;
	mdl_log(pair->dev, MDL_LOG_INFO, "not %d", 1);
	mdl_log(pair->dev, (enum mdl_log_level)77, "never");
	assert_int_equal(pair->log.lines, 0);
	mdl_log(pair->dev, MDL_LOG_WARN, "odd: %s", "a\nb\033[1m\x7f");
	assert_string_equal(pair->log.text, "core: warning: odd: a?b?[1m?\n");
	pair_close(pair);
}

static void long_lines_are_cut(void **state)
{
	struct pair *pair = pair_open();
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	mdl_log(pair->dev, MDL_LOG_ERROR, "%s", text);
	assert_in_range(strlen(strstr(pair->log.text, "xxx")), 4000, LOG_LINE_SIZE);
	pair_close(pair);
}

static uint64_t second(void)
{
	return mdl_realtime_ns() / 1000000000u;
}

/* Ten a second of a level, and at most one line about the others, however slow the machine is. */
static uint64_t most_lines(uint64_t since, unsigned levels)
{
	return 11 * levels * (second() - since + 1);
}

static void a_client_cannot_flood_it(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.log_level = MDL_LOG_WARN});
	const uint64_t since = second();

	(void)state;
	for (int i = 0; i < 100000; i++)
		log_client(pair->dev, "again");
	assert_in_range(pair->log.lines, 10, most_lines(since, 1));
	for (int i = 0; i < 100000; i++)
		log_limited(pair->dev, MDL_LOG_ERROR, "again");
	assert_in_range(pair->log.lines, 20, most_lines(since, 2));
	pair_close(pair);
}

/* Resets and the like are no mistakes, and can come as fast. */
static void nor_by_what_is_allowed(void **state)
{
	const uint64_t since = second();
	struct pair *pair = pair_open();
	uint8_t buf[64];

	(void)state;
	pair_negotiate(pair);
	for (int i = 0; i < 1000; i++) {
		pair_send(pair, buf, put_message(buf, 2, VU_DEVICE_RESET, VU_NO_REPLY, NULL, 0));
		pair_serve(pair);
	}
	assert_int_equal(pair->core->resets, 1 + 1000);
	assert_in_range(pair->log.lines, 10, most_lines(since, 1));
	pair_close(pair);
}

/* What is the author's mistake comes as often as a guest has the device make it. */
static void nor_by_a_mistake_of_the_device(void **state)
{
	const uint64_t since = second();
	struct pair *pair = pair_open_with((struct mdl_options){.log_level = MDL_LOG_WARN});

	(void)state;
	for (int i = 0; i < 10000; i++)
		mdl_irq_raise(pair->dev, 999);
	assert_true(core_logged(&pair->log, "there is no interrupt 999"));
	assert_in_range(pair->log.lines, 10, most_lines(since, 1));
	pair_close(pair);
}

/* Each line is one write, whole, and in the order of what happened.  A datagram is a write. */
static void a_line_is_a_write(void **state)
{
	const int saved = dup(STDERR_FILENO);
	struct mdl_dev *dev;
	char line[64];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
	dup2(fds[1], STDERR_FILENO);
	assert_int_equal(
		mdl_create(&dev, &core_device,
			   &(struct mdl_options){.trace = true, .log_level = MDL_LOG_INFO}),
		0);
	for (uint32_t i = 1; i < 4; i++) {
		((struct core *)mdl_instance(dev))->plain = i;
		mdl_log(dev, MDL_LOG_INFO, "it is %u", i);
	}
	mdl_destroy(dev);
	dup2(saved, STDERR_FILENO);
	close(saved);
	for (int i = 1; i < 4; i++) {
		char want[64];
		ssize_t n = recv(fds[0], line, sizeof(line), MSG_DONTWAIT);

		snprintf(want, sizeof(want), "core.PLAIN 0x%x -> 0x%x\n", i - 1, i);
		assert_int_equal(n, strlen(want));
		assert_memory_equal(line, want, strlen(want));
		n = recv(fds[0], line, sizeof(line), MSG_DONTWAIT);
		snprintf(want, sizeof(want), "core: info: it is %d\n", i);
		assert_int_equal(n, strlen(want));
		assert_memory_equal(line, want, strlen(want));
	}
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(registers),
		TEST(other_accesses),
		TEST(what_logic_changes),
		TEST(events),
		TEST(a_line_too_long),
		cmocka_unit_test(levels_of_the_log),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(a_client_cannot_flood_it),
		cmocka_unit_test(nor_by_what_is_allowed),
		cmocka_unit_test(nor_by_a_mistake_of_the_device),
		cmocka_unit_test(a_line_is_a_write),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
