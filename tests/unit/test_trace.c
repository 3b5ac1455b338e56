/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines, trace lines, and the file for waveform viewers. */
#include "core_device.h"
#include "vcd.h"

struct traced {
	struct pair *pair;
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct traced *t = calloc(1, sizeof(*t));

	strcpy(t->path, "/tmp/mdl-trace-XXXXXX");
	t->fd = mkstemp(t->path);
	assert_true(t->fd >= 0);
	t->pair = pair_open_with((struct mdl_options){.trace = true, .trace_file = t->path});
	pair_negotiate(t->pair);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct traced *t = *state;

	if (t->pair)
		pair_close(t->pair);
	close(t->fd);
	unlink(t->path);
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

static void lines(void **state)
{
	struct traced *t = *state;
	struct mdl_dev *dev = t->pair->dev;
	const struct core_log *log = &t->pair->log;

	access_all(t->pair);
	mdl_irq_raise(dev, 0);
	mdl_irq_lower(dev, 0);
	mdl_irq_pulse(dev, 2);
	mdl_reset(dev, MDL_RESET_FLR);
	trace_dma(dev, 0x1000, 512, true, 0);
	trace_dma(dev, 0x2000, 4, false, -EFAULT);
	assert_true(core_logged(log, "core.reset power\n"));
	assert_true(core_logged(log, "core.PLAIN 0x0 -> 0xff\n"));
	assert_true(core_logged(log, "core.PLAIN write 0xff\n"));
	assert_true(core_logged(log, "core.PLAIN read 0xff\n"));
	assert_true(core_logged(log, "core.MODES.EN 0 -> 1\ncore.MODES.MODE SLOW -> FAST\n"));
	assert_true(core_logged(log, "core.MODES read 0x9 (EN=1 MODE=FAST)\n"));
	assert_true(core_logged(log, "core.MODES.EN 1 -> 0\ncore.MODES.MODE FAST -> 7\n"));
	assert_true(core_logged(log, "core.BELL write 0x3\n"));
	assert_true(core_logged(log, "core.bar0 read 0x100010 +8\n"));
	assert_true(core_logged(log, "core.irq done raised\ncore.irq done lowered\n"));
	assert_true(core_logged(log, "core.irq lane[1] pulsed\n"));
	assert_true(core_logged(log, "core.reset flr\n"));
	assert_true(core_logged(log, "core.dma write 0x1000 +512\n"));
	assert_true(core_logged(log, "core.dma read 0x2000 +4: Bad address\n"));
}

/* A strict reader: what is declared has one id, times rise, values are of declared ids. */
static void check_vcd(FILE *f, unsigned *vars, unsigned *values)
{
	char line[512], seen[128] = {0};
	unsigned long long last = 0;
	bool body = false;

	while (fgets(line, sizeof(line), f)) {
		unsigned long long now;
		unsigned width;
		char id[16], name[64];

		if (sscanf(line, "$var %*s %u %15s %63s $end", &width, id, name) == 3) {
			assert_false(body);
			assert_int_equal(strlen(id), 1);
			assert_false(seen[(unsigned char)id[0]]);
			seen[(unsigned char)id[0]] = 1;
			++*vars;
		} else if (sscanf(line, "#%llu", &now) == 1) {
			assert_true(now > last);
			last = now;
		} else if (sscanf(line, "b%*[01] %15s", id) == 1 ||
			   sscanf(line, "%*1[01]%15s", id) == 1) {
			assert_true(body);
			assert_true(seen[(unsigned char)id[0]]);
			++*values;
		} else if (!strcmp(line, "$enddefinitions $end\n")) {
			body = true;
		} else {
			assert_int_equal(line[0], '$');
		}
	}
}

static bool file_has(FILE *f, const char *text)
{
	static char all[65536];
	size_t n;

	rewind(f);
	n = fread(all, 1, sizeof(all) - 1, f);
	all[n] = 0;
	return strstr(all, text) != NULL;
}

static void the_file(void **state)
{
	struct traced *t = *state;
	struct mdl_dev *dev = t->pair->dev;
	unsigned vars = 0, values = 0;
	FILE *f;

	access_all(t->pair);
	mdl_irq_raise(dev, 0);
	mdl_irq_raise(dev, 0);
	mdl_irq_pulse(dev, 2);
	clock_set(dev, 5); /* back in time, as a load may do */
	mdl_reset(dev, MDL_RESET_HARD);
	pair_close(t->pair);
	t->pair = NULL;
	f = fopen(t->path, "r");
	check_vcd(f, &vars, &values);
	assert_int_equal(vars, 4 + 2 + 3); /* registers, fields, interrupts */
	/* all once; then PLAIN, MODES twice with two fields each, BELL, irqs, and the reset */
	assert_true(values >= 9 + 1 + 3 + 3 + 1 + 1 + 2 + 3);
	assert_true(file_has(f, "$var reg 3 % MODES_MODE $end\n"));
	assert_true(file_has(f, "$scope module bar0 $end\n"));
	assert_true(file_has(f, "b11111111 !\n"));
	assert_true(file_has(f, "b1001 #\n1$\nb100 %\n"));
	assert_true(file_has(f, " lane_1 $end\n"));
	fclose(f);
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
	assert_in_range(strlen(strstr(pair->log.text, "xxx")), 900, 1024);
	pair_close(pair);
}

static void a_client_cannot_flood_it(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.log_level = MDL_LOG_WARN});

	(void)state;
	for (int i = 0; i < 100000; i++)
		log_client(pair->dev, "again");
	/* ten a second, and at most one line about the others */
	assert_in_range(pair->log.lines, 10, 60);
	pair_close(pair);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(lines),
		TEST(the_file),
		cmocka_unit_test(levels_of_the_log),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(a_client_cannot_flood_it),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
