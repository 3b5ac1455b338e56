// SPDX-License-Identifier: BSD-2-Clause
/*
 * The demonstration: starts the ACCES PCI-IDIO-16 card as a server process and is its driver and its
 * outside world for a moment.  Names of registers come from the tables that mdlc generated.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gpio-idio16.h"
#include "lib/client.h"

#define BAR 2
#define MAX_REGS 32

struct demo {
	struct server server;
	struct client client;
	const struct mdl_bar *bar;
	char fifo[128];
	uint64_t before[MAX_REGS];
	bool have_before;
	int irq;
};

static int fail(const char *what, int rc)
{
	printf("\nFAILED: %s: %s\n", what, strerror(-rc % CLIENT_REMOTE));
	return -1;
}

static const char *bits(uint64_t value, unsigned width, char *text)
{
	for (unsigned i = 0; i < width * 8; i++)
		text[i] = value >> (width * 8 - 1 - i) & 1 ? '1' : '.';
	text[width * 8] = '\0';
	return text;
}

/* Every register that reading does not change, as a guest would see it. */
static int show_registers(struct demo *demo, const char *title)
{
	char text[65];

	printf("\n%s\n    offset  register  value\n", title);
	for (uint32_t i = 0; i < demo->bar->nregs && i < MAX_REGS; i++) {
		const struct mdl_reg *reg = &demo->bar->regs[i];
		uint64_t value;

		if (reg->has_read_hook || !reg->readable)
			continue;
		int rc = client_get(&demo->client, BAR, reg->offset, reg->width, &value);

		if (rc < 0)
			return fail(reg->name, rc);
		printf("    0x%02x    %-8s  0x%02llx  %s%s\n", (unsigned)reg->offset, reg->name,
		       (unsigned long long)value, bits(value, reg->width, text),
		       demo->have_before && value != demo->before[i] ? "  <- changed" : "");
		demo->before[i] = value;
	}
	demo->have_before = true;
	return 0;
}

static const struct mdl_reg *find(const struct demo *demo, const char *name)
{
	for (uint32_t i = 0; i < demo->bar->nregs; i++)
		if (!strcmp(demo->bar->regs[i].name, name))
			return &demo->bar->regs[i];
	return NULL;
}

static int put(struct demo *demo, const char *name, uint64_t value, const char *why)
{
	const struct mdl_reg *reg = find(demo, name);
	int rc = reg ? client_put(&demo->client, BAR, reg->offset, reg->width, value) : -ENOENT;

	printf("    driver   writes %s = 0x%02llx  (%s)\n", name, (unsigned long long)value, why);
	return rc < 0 ? fail(name, rc) : 0;
}

static int get(struct demo *demo, const char *name, const char *why)
{
	const struct mdl_reg *reg = find(demo, name);
	uint64_t value;
	int rc = reg ? client_get(&demo->client, BAR, reg->offset, reg->width, &value) : -ENOENT;

	if (rc < 0)
		return fail(name, rc);
	printf("    driver   reads  %s = 0x%02llx  (%s)\n", name, (unsigned long long)value, why);
	return (int)value;
}

static int start(struct demo *demo, const char *program)
{
	char option[160];
	const char *const arguments[] = {option, NULL};
	uint64_t ids;
	int rc;

	snprintf(demo->fifo, sizeof(demo->fifo), "/tmp/mdl-demo-%d.inputs", (int)getpid());
	snprintf(option, sizeof(option), "--inputs=%s", demo->fifo);
	rc = server_start(&demo->server, program, arguments);
	if (rc == 0)
		rc = client_open(&demo->client, demo->server.path);
	if (rc == 0)
		rc = client_get(&demo->client, VU_REGION_CONFIG, 0, 4, &ids);
	if (rc < 0)
		return fail(program, rc);
	printf("%s\n", gpio_idio16_device.doc);
	printf("served by %s --socket-path=%s %s\n", program, demo->server.path, option);
	printf("PCI %04x:%04x, BAR %u: %llu bytes, %u registers; vfio-user version agreed\n",
	       (unsigned)(ids & 0xffff), (unsigned)(ids >> 16), BAR, (unsigned long long)demo->bar->size,
	       demo->bar->nregs);
	demo->irq = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = client_set_irq(&demo->client, VU_IRQ_INTX,
			    VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 1, demo->irq);
	return rc < 0 ? fail("interrupt set-up", rc) : 0;
}

static int drive(struct demo *demo)
{
	if (show_registers(demo, "Before:") < 0)
		return -1;
	puts("\nWhat happens:");
	if (put(demo, "OUT_LO", 0xa5, "four of the outputs go on") < 0 ||
	    get(demo, "ENABLE", "reading it enables the interrupt") < 0)
		return -1;
	int fd = open(demo->fifo, O_WRONLY | O_CLOEXEC);

	puts("    outside  echo 0x8 > inputs      (input 3 is energized)");
	if (fd < 0 || write(fd, "0x8\n", 4) != 4)
		return fail(demo->fifo, -ENOENT);
	close(fd);
	if (!client_wait_event(demo->irq, CLIENT_WAIT_MS))
		return fail("the interrupt did not arrive", -ETIMEDOUT);
	puts("    INTA     interrupt arrived");
	int status = get(demo, "STATUS", "pending, an input of 0-7");

	if (status != 5 || get(demo, "IN_LO", "input 3") != 8)
		return fail("the card does not show the change", -EPROTO);
	if (show_registers(demo, "After:") < 0 || put(demo, "CLEAR", 0, "acknowledges") < 0)
		return -1;
	return get(demo, "STATUS", "nothing pending") == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct demo demo = {.bar = gpio_idio16_device.bars, .client = {.fd = -1}, .irq = -1};
	int rc;

	if (argc != 2) {
		fputs("usage: demo PATH-OF-gpio-idio16\n", stderr);
		return 2;
	}
	rc = start(&demo, argv[1]);
	if (rc == 0)
		rc = drive(&demo);
	client_close(&demo.client);
	if (demo.irq >= 0)
		close(demo.irq);
	if (demo.server.pid > 0) {
		int status = server_stop(&demo.server);

		if (status != 0)
			rc = fail("the server did not end cleanly", status < 0 ? status : -EPROTO);
	}
	unlink(demo.fifo);
	puts(rc == 0 ? "\nThe device works; it has ended and left nothing behind." : "");
	return rc != 0;
}
