/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA of the test device through the real QEMU: to guest RAM that comes with a descriptor, and to
 * RAM that has none, which QEMU's own form of DMA messages is needed for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "qtest.h"

enum {
	SLOT = 1,
	WAIT_MS = 10000,
	SIZE = 65536,
	DMA_ADDR = 0x30,
	DMA_LEN = 0x38,
	DMA_CTRL = 0x3c,
	DMA_STATUS = 0x40,
	GO = 1,
	WRITE = 2,
	DIRECT = 4,
	FROM = 0x1000000,
	TO = 0x1800000,
};

static struct {
	char dir[64];
	char socket[80];
	struct child server;
	struct qt *qt;
	struct qt_dev dev;
	uint8_t sent[SIZE], got[SIZE];
} t;

static void start(void)
{
	struct qt_options options = {.vfio_user = t.socket};

	t.qt = qt_start(&options);
	assert_non_null(t.qt);
	assert_null(qt_error(t.qt));
	qt_dev_init(&t.dev, t.qt, SLOT, 0);
	qt_dev_enable(&t.dev, QT_CMD_MASTER);
}

static uint32_t dma(uint64_t address, uint32_t size, uint32_t how)
{
	qt_bar_write(&t.dev, 0, DMA_ADDR, 8, address);
	qt_bar_write(&t.dev, 0, DMA_LEN, 4, size);
	qt_bar_write(&t.dev, 0, DMA_CTRL, 4, GO | how);
	return (uint32_t)qt_bar_read(&t.dev, 0, DMA_STATUS, 4);
}

static void fill(unsigned int seed)
{
	for (size_t i = 0; i < SIZE; i++)
		t.sent[i] = (uint8_t)(i * 7 + i / 256 * 3 + seed);
}

/* Guest memory to the device's and on to other guest memory; nothing beside it changes. */
static void there_and_back(uint32_t size, unsigned int offset, uint32_t how)
{
	fill(size + offset);
	qt_mem_write(t.qt, FROM + offset, t.sent, size);
	qt_mem_set(t.qt, TO, SIZE + 4096, 0xee);
	assert_int_equal(dma(FROM + offset, size, how), 0);
	assert_int_equal(dma(TO + offset, size, how | WRITE), 0);
	qt_mem_read(t.qt, TO + offset, t.got, size);
	assert_memory_equal(t.got, t.sent, size);
	assert_int_equal(qt_read(t.qt, TO + offset + size, 1), 0xee);
	if (offset)
		assert_int_equal(qt_read(t.qt, TO + offset - 1, 1), 0xee);
}

static void test_shared(void **state)
{
	(void)state;
	start();
	there_and_back(1, 0, 0);
	there_and_back(SIZE - 4096, 3, 0);
	there_and_back(4097, 4095, DIRECT);
	assert_int_equal(dma(UINT64_C(0x7fffffff0000), 16, 0), EFAULT);
	assert_null(qt_error(t.qt));
}

static void test_bus_master(void **state)
{
	(void)state;
	start();
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 2, QT_CMD_MEMORY);
	assert_int_equal(dma(FROM, 16, 0), EPERM);
	qt_cfg_write(&t.dev, QT_PCI_COMMAND, 2, QT_CMD_MEMORY | QT_CMD_MASTER);
	assert_int_equal(dma(FROM, 16, 0), 0);
	assert_null(qt_error(t.qt));
}

static int setup(void **state)
{
	const char *build = getenv("BUILD");
	char program[PATH_MAX], option[128];
	const char *argv[] = {program, option, NULL};

	(void)state;
	alarm(120);
	t.server.pid = -1;
	snprintf(t.dir, sizeof(t.dir), "/tmp/mdl-dma.XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	snprintf(t.socket, sizeof(t.socket), "%s/socket", t.dir);
	snprintf(program, sizeof(program), "%s/bin/mdltest", build ? build : "build");
	snprintf(option, sizeof(option), "--socket-path=%s", t.socket);
	assert_int_equal(child_start(&t.server, argv, NULL, 0, -1), 0);
	assert_int_equal(socket_wait(t.socket, &t.server, now_ms() + WAIT_MS), 0);
	return 0;
}

static int teardown(void **state)
{
	int qemu_status = t.qt ? qt_stop(t.qt) : -1;
	int server_status = child_stop(&t.server, SIGTERM, now_ms() + WAIT_MS);

	(void)state;
	t.qt = NULL;
	alarm(0);
	rmdir(t.dir);
	return qemu_status || server_status ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bus_master, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
