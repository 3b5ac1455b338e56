// SPDX-License-Identifier: BSD-2-Clause
/* What a generated device's trace says, name by name. */
#include "made.h"

#include <fcntl.h>

#include "../unit/vcd_reader.h"

static char *text_of(const char *path)
{
	static char text[65536];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	return text;
}

struct traced {
	struct made *made;
	char path[64];
};

/* With the trace in a file. */
static void start(struct traced *t, const char *name)
{
	const char *const arguments[] = {"--trace", NULL};
	const int saved = dup(STDERR_FILENO);
	void *made;
	int fd;

	strcpy(t->path, "/tmp/mdl-trace-XXXXXX");
	fd = mkstemp(t->path);
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	made_start(&made, name, arguments);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	t->made = made;
}

/* Returns what was traced. */
static char *stop(struct traced *t)
{
	void *made = t->made;
	char *text;

	made_stop(&made);
	text = text_of(t->path);
	unlink(t->path);
	return text;
}

/* The sample in docs/runtime.md, of the device in docs/language.md. */
static void documented(void **state)
{
	const int event = eventfd(0, EFD_CLOEXEC);
	struct traced t;
	struct made *made;
	char *said, *sample, *end;

	(void)state;
	start(&t, "gpiotmr");
	made = t.made;
	assert_int_equal(client_set_irq(&made->client, VU_IRQ_MSI,
					VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 1,
					event),
			 0);
	PUT(0x04, 1000);       /* LOAD */
	PUT(0x08, 0xdead);     /* COUNT */
	PUT(0x24, 1);          /* IER */
	PUT(0x00, 1 | 1 << 8); /* CTRL: EN, KICK */
	assert_int_equal(client_wait_event(event, CLIENT_WAIT_MS), 1);
	IS(0x20, 1); /* ISR */
	PUT(0x20, 1);
	PUT(0x14, 0x105); /* OUT */
	put(made, 0, 0x30, 2, 0x1234);
	said = stop(&t);
	close(event);
	sample = strdup(said);
	assert_non_null(sample);
	said = text_of("docs/runtime.md");
	said = strstr(said, "\n```trace\n");
	assert_non_null(said);
	said += 10;
	end = strstr(said, "```\n");
	assert_non_null(end);
	*end = 0;
	assert_string_equal(sample, said);
	free(sample);
}

static const char *skip_log(const char *said)
{
	while (!strncmp(said, "trace: ", 7))
		said = strchr(said, '\n') + 1;
	return said;
}

/* Lines of the trace, without the device's name, up to the end. */
static void expect(const char *said, const char *const *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		said = skip_log(said);
		assert_memory_equal(said, "trace.", 6);
		assert_memory_equal(said + 6, lines[i], strlen(lines[i]));
		said += 6 + strlen(lines[i]);
		assert_int_equal(*said++, '\n');
	}
	assert_string_equal(skip_log(said), "trace.client gone\n");
}

/* What was said from the first access to a BAR on. */
#define EXPECT(t, first, ...)                                          \
	do {                                                           \
		const char *const lines[] = {first, __VA_ARGS__};      \
		const char *said = strstr(stop(t), "trace." first);    \
                                                                       \
		assert_non_null(said);                                 \
		expect(said, lines, sizeof(lines) / sizeof(lines[0])); \
	} while (0)

static void names_of_elements(void **state)
{
	struct traced t;
	struct made *made;

	(void)state;
	start(&t, "trace");
	made = t.made;
	PUT(0x110, 0x31);
	PUT(0x01c, 5);
	IS(0x140, 1);
	put(made, 0, 0x248, 8, 0x100000000);
	PUT(0x314, 6);
	put(made, 0, 0x634, 1, 7);
	put(made, VU_REGION_CONFIG, 0x60, 2, 8);
	EXPECT(&t, "PORT[1].LANE[1].CTL <- 0x31 (ON=ON SPEED=3 KEY=0) (0x5a00 of it read-only)",
	       "PORT[1].LANE[1].CTL.ON OFF -> ON", "PORT[1].LANE[1].CTL.SPEED 0 -> 3",
	       "PORT[0].LANE[1].PAIR[1] <- 0x5", "PORT[0].LANE[1].PAIR[1] 0x0 -> 0x5",
	       "PORT[1].STAT read 0x1", "G[2].R[1] <- 0x100000000", "G[2].R[1] 0x0 -> 0x100000000",
	       "LAST 0x0 -> 0x15", "PLAIN.T[1][2] <- 0x6", "PLAIN.T[1][2] 0x0 -> 0x6",
	       "G[1].BUF[1]+0x4 <- 1 byte: 07", "OWN <- 0x8", "OWN 0x0 -> 0x8");
}

static void why_not(void **state)
{
	struct traced t;
	struct made *made;

	(void)state;
	start(&t, "trace");
	made = t.made;
	PUT(0x140, 0xdead);
	PUT(0x354, 3);
	PUT(0x350, 1);
	PUT(0x354, 3);
	PUT(0x358, 1);
	PUT(0x358, 2);
	PUT(0x35c, 0xff);
	put(made, 0, 0x35e, 1, 1);
	put(made, 0, 0x361, 1, 0x80);
	assert_int_equal(client_put(&made->client, 0, 0x370, 4, 1), REFUSED);
	EXPECT(&t, "PORT[1].STAT <- 0xdead (read-only)", "LOCKED <- 0x3",
	       "LOCKED: locked are bits 0xffffffff", "UNLOCK <- 0x1 (OPEN=1)", "UNLOCK.OPEN 0 -> 1",
	       "LOCKED <- 0x3", "LOCKED 0x0 -> 0x3", "ONCE <- 0x1", "ONCE 0x0 -> 0x1",
	       "ONCE <- 0x2", "ONCE: written before were bits 0xffffffff", "MOST <- 0xff",
	       "MOST: the check makes it 0x9", "MOST 0x0 -> 0x9", "MOST[23:16] <- 0x1",
	       "MOST: the check makes it 0x9", "FLAGS[15:8] <- 0x80 (GO=0) (0x80 of it read-only)",
	       "bar0+0x370 write of 4 bytes refused: NARROW[1] takes 1 to 2");
}

static void what_follows(void **state)
{
	const int event = eventfd(0, EFD_CLOEXEC);
	struct traced t;
	struct made *made;

	(void)state;
	start(&t, "trace");
	made = t.made;
	PUT(0x360, 0x100);
	PUT(0x360, 0x2);
	PUT(0x360, 0x1);
	assert_int_equal(client_set_irq(&made->client, VU_IRQ_INTX,
					VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 1,
					event),
			 0);
	PUT(0x364, 1);
	assert_int_equal(client_wait_event(event, CLIENT_WAIT_MS), 1);
	close(event);
	IS(0x360, 3);
	EXPECT(&t, "FLAGS <- 0x100 (A=0 B=0 GO=1)", "FLAGS.GO 0 -> 1", "FLAGS.GO 1 -> 0",
	       "FLAGS.B 0 -> 1", "FLAGS <- 0x2 (A=0 B=1 GO=0)", "FLAGS.B 1 -> 0",
	       "FLAGS <- 0x1 (A=1 B=0 GO=0)", "WHEN <- 0x1", "WHEN 0x0 -> 0x1",
	       "timer later[1] expired", "FLAGS.A 0 -> 1", "FLAGS.B 0 -> 1", "irq done[1] pulsed",
	       "irq -> INTx", "FLAGS read 0x3 (A=1 B=1 GO=0)");
}

/* The same as waves: logic's changes between accesses, pulses, nested names. */
static void waves(void **state)
{
	char path[64] = "/tmp/mdl-vcd-XXXXXX", option[80];
	const char *const arguments[] = {option, NULL};
	const int file = mkstemp(path), event = eventfd(0, EFD_CLOEXEC);
	struct vcd_file vcd;
	struct made *made;
	void *opaque;

	(void)state;
	assert_true(file >= 0);
	close(file);
	snprintf(option, sizeof(option), "--trace-file=%s", path);
	made_start(&opaque, "trace", arguments);
	made = opaque;
	assert_int_equal(client_set_irq(&made->client, VU_IRQ_INTX,
					VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 1,
					event),
			 0);
	PUT(0x110, 0x31);
	put(made, 0, 0x248, 8, 0x100000000);
	PUT(0x360, 0x100);
	PUT(0x364, 1);
	assert_int_equal(client_wait_event(event, CLIENT_WAIT_MS), 1);
	PUT(0x110, 0);
	made_stop(&opaque);
	close(event);
	vcd_read(&vcd, path);
	assert_string_equal(vcd_history(&vcd, "trace.bar0.PORT[1].LANE[1].CTL.ON"), "0 1 0");
	assert_string_equal(vcd_history(&vcd, "trace.bar0.LAST"), "0 10101");
	assert_string_equal(vcd_history(&vcd, "trace.bar0.FLAGS.GO"), "0 1 0");
	assert_string_equal(vcd_history(&vcd, "trace.bar0.FLAGS.A"), "0 1");
	assert_string_equal(vcd_history(&vcd, "trace.irq.done[1]"), "0 1 0");
	assert_true(vcd_time(&vcd, "trace.bar0.FLAGS.A", 1) <
		    vcd_time(&vcd, "trace.irq.done[1]", 1));
	assert_true(vcd_time(&vcd, "trace.irq.done[1]", 2) <
		    vcd_time(&vcd, "trace.bar0.PORT[1].LANE[1].CTL", 3)); /* its reset came first */
	vcd_free(&vcd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documented), cmocka_unit_test(names_of_elements),
		cmocka_unit_test(why_not),    cmocka_unit_test(what_follows),
		cmocka_unit_test(waves),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
