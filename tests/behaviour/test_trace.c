// SPDX-License-Identifier: BSD-2-Clause
/* What a generated device's trace says, name by name. */
#include "made.h"

#include <fcntl.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documented),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
