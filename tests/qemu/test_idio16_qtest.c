/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI-IDIO-16 device program behind the real QEMU, no guest: what the bus shows of it, its
 * registers and its interrupt. INTx comes by QEMU's way for machines without KVM: each access to a
 * BAR lowers the line and unmasks, and the device raises it again while its cause stands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "qtest.h"

enum {
	SLOT = 1,
	BAR = 2,
	OUT_LO = 0,
	IN_LO = 1,
	CLEAR = 1,
	ENABLE = 2,
	DISABLE = 2,
	OUT_HI = 4,
	IN_HI = 5,
	STATUS = 6,
	FILTERS = 7,
	CHANGED_LO = 0x1,
	CHANGED_HI = 0x2,
	PENDING = 0x4,
	WAIT_MS = 10000,
	QUIET_MS = 30,		/* how long nothing is to happen */
};

#define OUTSIDE "tests/qemu/idio16-outside"

/* One device program and one QEMU at a time. */
static struct {
	char dir[64];
	char socket[80];
	struct child server;
	struct qt *qt;
	struct qt_dev dev;
	unsigned int pin;
	int descriptors;
} t;

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void start_server(void)
{
	const char *build = getenv("BUILD");
	char program[PATH_MAX], option[128];
	const char *argv[] = { OUTSIDE, "run", t.dir, program, option, NULL };

	snprintf(program, sizeof(program), "%s/bin/gpio-idio16", build ? build : "build");
	snprintf(option, sizeof(option), "--socket-path=%s", t.socket);
	assert_int_equal(child_start(&t.server, argv, NULL, 0, -1), 0);
	assert_int_equal(socket_wait(t.socket, &t.server, now_ms() + WAIT_MS), 0);
}

static void start_qemu_with(struct qt_options options)
{
	t.qt = qt_start(&options);
	assert_non_null(t.qt);
	assert_null(qt_error(t.qt));
	qt_irq_intercept(t.qt);
	t.pin = qt_intx_pin(SLOT, 1);
	qt_dev_init(&t.dev, t.qt, SLOT, 0);
	qt_dev_enable(&t.dev, 0);
}

static void start_qemu(void)
{
	start_qemu_with((struct qt_options){ .vfio_user = t.socket });
}

static int stop_qemu(void)
{
	struct qt *qt = t.qt;

	t.qt = NULL;
	return qt ? qt_stop(qt) : 0;
}

static int setup(void **state)
{
	(void)state;
	alarm(120);
	t.descriptors = count_descriptors();
	t.server.pid = -1;
	snprintf(t.dir, sizeof(t.dir), "/tmp/mdl-idio16.XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	snprintf(t.socket, sizeof(t.socket), "%s/socket", t.dir);
	start_server();
	return 0;
}

static void remove_dir(void)
{
	const char *argv[] = { "rm", "-rf", t.dir, NULL };
	struct child rm;

	if (child_start(&rm, argv, NULL, 0, -1) == 0)
		child_wait(&rm, now_ms() + WAIT_MS);
}

/* QEMU and the device program have ended well, and nothing is left of either. */
static int teardown(void **state)
{
	int qemu_status = stop_qemu();
	int server_status = child_stop(&t.server, SIGTERM, now_ms() + WAIT_MS);
	bool socket_left = access(t.socket, F_OK) == 0;

	(void)state;
	alarm(0);
	remove_dir();
	if (server_status != 0)
		fprintf(stderr, "the device program ended with status %#x\n",
			(unsigned int)server_status);
	if (socket_left)
		fprintf(stderr, "the device program left its socket\n");
	if (qemu_status || server_status || socket_left)
		return -1;
	return count_descriptors() == t.descriptors ? 0 : -1;
}

static uint8_t in(unsigned int offset)
{
	return (uint8_t)qt_bar_read(&t.dev, BAR, offset, 1);
}

static void out(unsigned int offset, uint8_t value)
{
	qt_bar_write(&t.dev, BAR, offset, 1, value);
}

/* Changes the inputs and waits until the card has seen it. */
static void set_inputs(uint16_t inputs)
{
	int64_t deadline = now_ms() + WAIT_MS;
	char text[16];
	const char *argv[] = { OUTSIDE, "inputs", t.dir, text, NULL };
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct child outside;

	snprintf(text, sizeof(text), "0x%04x", inputs);
	assert_int_equal(child_start(&outside, argv, NULL, 0, null_fd), 0);
	close(null_fd);
	assert_int_equal(child_wait(&outside, deadline), 0);
	while ((in(IN_LO) | in(IN_HI) << 8) != inputs)
		assert_true(now_ms() < deadline);
}

static bool irq_comes(void)
{
	return qt_irq_wait(t.qt, t.pin, true, WAIT_MS);
}

/* After an access that lowers the line in any case: it stays so. */
static bool irq_stays_away(void)
{
	in(OUT_LO);
	return !qt_irq_wait(t.qt, t.pin, true, QUIET_MS);
}

static void test_config_space(void **state)
{
	(void)state;
	start_qemu();
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_VENDOR, 4), 0x0dc8494f);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_DEVICE, 1), 0xc8);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_HEADER, 1), 0);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_INT_PIN, 1), 1);
	assert_int_not_equal(qt_cfg_read(&t.dev, QT_PCI_CLASS, 2), 0);
	qt_cfg_write(&t.dev, QT_PCI_INT_LINE, 1, 11);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_INT_LINE, 1), 11);
	/* What is read-only ignores writes of every width. */
	qt_cfg_write(&t.dev, QT_PCI_VENDOR, 4, 0);
	qt_cfg_write(&t.dev, QT_PCI_REVISION, 4, UINT32_MAX);
	qt_cfg_write(&t.dev, QT_PCI_HEADER, 1, 0x7f);
	qt_cfg_write(&t.dev, QT_PCI_INT_PIN, 1, 4);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_VENDOR, 4), 0x0dc8494f);
	assert_int_not_equal(qt_cfg_read(&t.dev, QT_PCI_CLASS, 2), 0xffff);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_HEADER, 1), 0);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_INT_PIN, 1), 1);
	assert_int_equal(qt_cap_find(&t.dev, QT_CAP_MSI, 0), 0);
	assert_int_equal(qt_cap_find(&t.dev, QT_CAP_MSIX, 0), 0);
	assert_null(qt_error(t.qt));
}

static void test_command_register(void **state)
{
	uint32_t command;

	(void)state;
	start_qemu();
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 2, 0xffff);
	command = qt_cfg_read(&t.dev, QT_PCI_COMMAND, 2);
	assert_true(command & QT_CMD_IO);
	assert_true(command & QT_CMD_MASTER);
	assert_true(command & QT_CMD_INTX_OFF);
	/* Bits 11 to 15 are reserved. */
	assert_int_equal(command & 0xf800, 0);
	/* By single bytes, each leaving the other alone. */
	qt_cfg_write(&t.dev, QT_PCI_COMMAND + 1, 1, 0);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_COMMAND, 2), command & 0xff);
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 1, QT_CMD_IO);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_COMMAND, 2), QT_CMD_IO);
	assert_null(qt_error(t.qt));
}

static void test_bar(void **state)
{
	(void)state;
	start_qemu();
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(t.dev.bar[i].size, i == BAR ? 256 : 0);
	assert_true(t.dev.bar[BAR].io);
	out(OUT_LO, 0x5a);
	assert_int_equal(in(OUT_LO), 0x5a);
	qt_bar_place_at(&t.dev, BAR, 0xd300);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_BAR0 + 4 * BAR, 4), 0xd301);
	assert_int_equal(qt_in(t.qt, 0xd300 + OUT_LO, 1), 0x5a);
	assert_int_equal(qt_in(t.qt, 0xc000 + OUT_LO, 1), 0xff);
	/* A port number's low bits belong to the card, its type bit is fixed. */
	qt_cfg_write(&t.dev, QT_PCI_BAR0 + 4 * BAR, 2, 0xd4ff);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_BAR0 + 4 * BAR, 4), 0xd401);
	assert_int_equal(qt_in(t.qt, 0xd400 + OUT_LO, 1), 0x5a);
	/* Without I/O decoding nobody answers, and nothing arrives. */
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 2, 0);
	assert_int_equal(qt_in(t.qt, 0xd400 + OUT_LO, 1), 0xff);
	qt_out(t.qt, 0xd400 + OUT_LO, 1, 0);
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 2, QT_CMD_IO);
	assert_int_equal(qt_in(t.qt, 0xd400 + OUT_LO, 1), 0x5a);
	assert_null(qt_error(t.qt));
}

static void test_registers(void **state)
{
	(void)state;
	start_qemu();
	assert_int_equal(in(OUT_LO), 0);
	assert_int_equal(in(OUT_HI), 0);
	for (unsigned int bit = 0; bit < 8; bit++) {
		out(OUT_LO, (uint8_t)(1 << bit));
		out(OUT_HI, (uint8_t)~(1 << bit));
		assert_int_equal(in(OUT_LO), 1 << bit);
		assert_int_equal(in(OUT_HI), (uint8_t)~(1 << bit));
	}
	set_inputs(0x8421);
	assert_int_equal(in(IN_LO), 0x21);
	assert_int_equal(in(IN_HI), 0x84);
	/* Written, the inputs' addresses mean something else or nothing. */
	out(IN_HI, 0);
	out(STATUS, 0xff);
	assert_int_equal(in(IN_HI), 0x84);
	assert_int_equal(in(STATUS), 0);
	/* Filters: all by address 3, the low eight by their mask. */
	out(3, 0);
	out(FILTERS, 0x3c);
	assert_int_equal(in(FILTERS), 0x3c);
	assert_int_equal(qt_bar_read(&t.dev, BAR, OUT_HI, 4), 0x3c00847f);
	/* The rest of the BAR is empty. */
	qt_bar_write(&t.dev, BAR, 8, 4, UINT32_MAX);
	assert_int_equal(qt_bar_read(&t.dev, BAR, 8, 4), 0);
	out(255, 0xff);
	assert_int_equal(in(255), 0);
	assert_null(qt_error(t.qt));
}

static void test_interrupt(void **state)
{
	(void)state;
	start_qemu();
	in(ENABLE);
	assert_true(irq_stays_away());
	set_inputs(0x0008);
	assert_true(irq_comes());
	assert_true(qt_cfg_read(&t.dev, QT_PCI_STATUS, 2) & QT_STATUS_INTX);
	assert_int_equal(in(STATUS), PENDING | CHANGED_LO);
	/* Looking at it does not take it away. */
	assert_true(irq_comes());
	assert_int_equal(in(STATUS), PENDING | CHANGED_LO);
	out(CLEAR, 0);
	assert_true(irq_stays_away());
	assert_false(qt_cfg_read(&t.dev, QT_PCI_STATUS, 2) & QT_STATUS_INTX);
	assert_int_equal(in(STATUS), 0);
	/* The falling edge too, and the other half. */
	set_inputs(0x0000);
	assert_true(irq_comes());
	set_inputs(0x1000);
	assert_int_equal(in(STATUS), PENDING | CHANGED_LO | CHANGED_HI);
	out(CLEAR, 0xff);
	set_inputs(0x2000);
	assert_true(irq_comes());
	assert_int_equal(in(STATUS), PENDING | CHANGED_HI);
	out(CLEAR, 0);
	assert_true(irq_stays_away());
	assert_null(qt_error(t.qt));
}

static void test_disabled_interrupt(void **state)
{
	(void)state;
	start_qemu();
	set_inputs(0x00ff);
	assert_true(irq_stays_away());
	in(ENABLE);
	assert_true(irq_stays_away());
	out(DISABLE, 0);
	set_inputs(0x0000);
	assert_true(irq_stays_away());
	/* Disabled while it stands. */
	in(ENABLE);
	set_inputs(0x0100);
	assert_true(irq_comes());
	out(DISABLE, 0);
	assert_true(irq_stays_away());
	out(CLEAR, 0);
	in(ENABLE);
	assert_true(irq_stays_away());
	assert_null(qt_error(t.qt));
}

static void test_intx_disable_bit(void **state)
{
	(void)state;
	start_qemu();
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 2, QT_CMD_IO | QT_CMD_INTX_OFF);
	in(ENABLE);
	set_inputs(0x0001);
	assert_true(irq_stays_away());
	/* STATUS shows the cause all the same. */
	assert_true(qt_cfg_read(&t.dev, QT_PCI_STATUS, 2) & QT_STATUS_INTX);
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 2, QT_CMD_IO);
	assert_true(irq_comes());
	out(CLEAR, 0);
	assert_true(irq_stays_away());
	assert_null(qt_error(t.qt));
}

static void test_machine_reset(void **state)
{
	(void)state;
	start_qemu_with((struct qt_options){ .vfio_user = t.socket, .qmp = true });
	set_inputs(0x0a50);
	out(OUT_LO, 0xff);
	in(ENABLE);
	json_object_put(qt_qmp(t.qt, "system_reset", NULL));
	json_object_put(qt_qmp_event(t.qt, "RESET", WAIT_MS));
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_BAR0 + 4 * BAR, 4), 1);
	assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_COMMAND, 2) & QT_CMD_IO, 0);
	qt_dev_enable(&t.dev, 0);
	assert_int_equal(in(OUT_LO), 0);
	assert_int_equal(in(STATUS), 0);
	/* The world outside was not reset, but the interrupt's enable was. */
	assert_int_equal(in(IN_LO), 0x50);
	assert_int_equal(in(IN_HI), 0x0a);
	set_inputs(0x0000);
	assert_true(irq_stays_away());
	in(ENABLE);
	set_inputs(0x0001);
	assert_true(irq_comes());
	out(CLEAR, 0);
	assert_null(qt_error(t.qt));
}

static void test_qemu_comes_back(void **state)
{
	(void)state;
	start_qemu();
	set_inputs(0x1234);
	out(OUT_LO, 0x77);
	qt_kill(t.qt);
	assert_int_equal(stop_qemu(), 0);
	for (int i = 0; i < 3; i++) {
		start_qemu();
		assert_int_equal(in(IN_LO), 0x34);
		assert_int_equal(in(IN_HI), 0x12);
		in(ENABLE);
		set_inputs(0x1235);
		assert_true(irq_comes());
		out(CLEAR, 0);
		out(DISABLE, 0);
		set_inputs(0x1234);
		assert_int_equal(stop_qemu(), 0);
	}
}

static void test_private_ram(void **state)
{
	(void)state;
	start_qemu_with((struct qt_options){ .vfio_user = t.socket, .private_ram = true });
	out(OUT_HI, 0x99);
	assert_int_equal(in(OUT_HI), 0x99);
	assert_null(qt_error(t.qt));
}

static void test_hotplug(void **state)
{
	/* The PC's hot-plug controller: eject a slot by writing its bit here. */
	enum { EJECT = 0xae08, HOT_SLOT = 5 };
	char arguments[256];

	(void)state;
	t.qt = qt_start(&(struct qt_options){ .machine = "pc", .qmp = true });
	assert_non_null(t.qt);
	snprintf(arguments, sizeof(arguments),
		 "{\"driver\":\"vfio-user-pci\",\"id\":\"hot\",\"addr\":\"5\","
		 "\"socket\":{\"path\":\"%s\",\"type\":\"unix\"}}", t.socket);
	for (int i = 0; i < 3; i++) {
		struct json_object *answer = qt_qmp(t.qt, "device_add", arguments);

		if (!answer)
			fail_msg("device_add: %s", qt_qmp_error(t.qt));
		json_object_put(answer);
		qt_dev_init(&t.dev, t.qt, HOT_SLOT, 0);
		qt_dev_enable(&t.dev, 0);
		out(OUT_LO, 0x42);
		assert_int_equal(in(OUT_LO), 0x42);
		json_object_put(qt_qmp(t.qt, "device_del", "{\"id\":\"hot\"}"));
		qt_out(t.qt, EJECT, 4, 1u << HOT_SLOT);
		answer = qt_qmp_event(t.qt, "DEVICE_DELETED", WAIT_MS);
		assert_non_null(answer);
		json_object_put(answer);
		assert_int_equal(qt_cfg_read(&t.dev, QT_PCI_VENDOR, 2), 0xffff);
	}
	assert_null(qt_error(t.qt));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_config_space),
		TEST(test_command_register),
		TEST(test_bar),
		TEST(test_registers),
		TEST(test_interrupt),
		TEST(test_disabled_interrupt),
		TEST(test_intx_disable_bit),
		TEST(test_machine_reset),
		TEST(test_qemu_comes_back),
		TEST(test_private_ram),
		TEST(test_hotplug),
	};

	return cmocka_run_group_tests_name("PCI-IDIO-16 behind QEMU", tests, NULL, NULL);
}
