/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The qtest library against devices that QEMU has built in, so that a failure in another test
 * speaks of the device tested there. With QEMU's own edu for I/O, DMA, INTx and MSI, its nvme
 * for a 64-bit BAR and MSI-X.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "qtest.h"

enum {
	SLOT = 1,
	EDU_LIVE = 0x04,
	EDU_IRQ_STATUS = 0x24,
	EDU_IRQ_RAISE = 0x60,
	EDU_IRQ_ACK = 0x64,
	EDU_DMA_SRC = 0x80,
	EDU_DMA_DST = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_CMD = 0x98,
	EDU_BUFFER = 0x40000,
	EDU_DMA_NS = 200000000,	/* more than it takes */

	NVME_CC = 0x14,
	NVME_CSTS = 0x1c,
	NVME_AQA = 0x24,
	NVME_ASQ = 0x28,
	NVME_ACQ = 0x30,
	NVME_DOORBELL = 0x1000,

	MESSAGE_AT = 0x10000,
	DATA_AT = 0x20000,
	QUEUE_AT = 0x30000,
	DONE_AT = 0x31000,
};

/* The one at work; an assertion that fails leaves it for the teardown. */
static struct qt *running;
static int descriptors_before;

static struct qt *start_with(const struct qt_options *options)
{
	running = qt_start(options);
	assert_non_null(running);
	return running;
}

static struct qt *start(const char *device)
{
	const char *arguments[] = { "-device", device, NULL };
	struct qt_options options = { .arguments = arguments };
	struct qt *qt = start_with(&options);

	assert_null(qt_error(qt));
	return qt;
}

static int stop(void)
{
	struct qt *qt = running;

	running = NULL;
	return qt ? qt_stop(qt) : 0;
}

static void test_config_space(void **state)
{
	struct qt *qt = start("edu,addr=1");
	struct qt_dev dev;
	unsigned int cap;

	(void)state;
	qt_dev_init(&dev, qt, SLOT, 0);
	assert_int_equal(qt_cfg_read(&dev, QT_PCI_VENDOR, 2), 0x1234);
	assert_int_equal(qt_cfg_read(&dev, QT_PCI_VENDOR, 4), 0x11e81234);
	assert_int_equal(qt_cfg_read(&dev, QT_PCI_DEVICE + 1, 1), 0x11);
	assert_int_equal(qt_cfg_read(&dev, QT_PCI_INT_PIN, 1), 1);
	qt_cfg_write(&dev, QT_PCI_INT_LINE, 1, 0xab);
	assert_int_equal(qt_ecam_read(&dev, QT_PCI_INT_LINE, 1), 0xab);
	cap = qt_cap_find(&dev, QT_CAP_MSI, 0);
	assert_int_not_equal(cap, 0);
	assert_int_equal(qt_cfg_read(&dev, cap, 1), QT_CAP_MSI);
	assert_int_equal(qt_cap_find(&dev, QT_CAP_MSI, cap), 0);
	assert_int_equal(qt_cap_find(&dev, QT_CAP_MSIX, 0), 0);
	assert_int_equal(qt_ext_cap_find(&dev, 3, 0), 0);
	assert_int_equal(stop(), 0);
}

static void test_bar(void **state)
{
	struct qt *qt = start("edu,addr=1");
	struct qt_dev dev;

	(void)state;
	qt_dev_init(&dev, qt, SLOT, 0);
	qt_dev_enable(&dev, 0);
	assert_int_equal(dev.bar[0].size, 0x100000);
	assert_false(dev.bar[0].io);
	assert_false(dev.bar[0].wide);
	for (unsigned int i = 1; i < 6; i++)
		assert_int_equal(dev.bar[i].size, 0);
	qt_bar_write(&dev, 0, EDU_LIVE, 4, 0x12345678);
	assert_int_equal(qt_bar_read(&dev, 0, EDU_LIVE, 4), 0xedcba987);
	qt_bar_place_at(&dev, 0, 0xd0000000);
	assert_int_equal(qt_read(qt, 0xd0000000 + EDU_LIVE, 4), 0xedcba987);
	assert_int_equal(stop(), 0);
}

static void test_io_bar(void **state)
{
	struct qt *qt = start("pci-testdev,addr=1");
	struct qt_dev dev;
	char name[8] = "";

	(void)state;
	qt_dev_init(&dev, qt, SLOT, 0);
	qt_dev_enable(&dev, 0);
	assert_true(dev.bar[1].io);
	assert_in_range(dev.bar[1].size, 1, 256);
	/* Its test header: selecting a test, then a name's letters from offset 16 on. */
	qt_bar_write(&dev, 1, 0, 1, 0);
	for (unsigned int i = 0; i < sizeof(name) - 1; i++)
		name[i] = (char)qt_bar_read(&dev, 1, 16 + i, 1);
	assert_string_equal(name, "portio-");
	assert_int_equal(stop(), 0);
}

static void test_memory(void **state)
{
	struct qt *qt = start("edu,addr=1");
	unsigned char out[10000], in[sizeof(out)];

	(void)state;
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (unsigned char)(i * 7 + i / 256);
	qt_mem_write(qt, DATA_AT + 1, out, sizeof(out));
	qt_mem_read(qt, DATA_AT + 1, in, sizeof(in));
	assert_memory_equal(in, out, sizeof(out));
	qt_mem_set(qt, DATA_AT, 64, 0xa5);
	assert_int_equal(qt_read(qt, DATA_AT + 56, 8), 0xa5a5a5a5a5a5a5a5);
	qt_write(qt, DATA_AT, 8, 0x1122334455667788);
	assert_int_equal(qt_read(qt, DATA_AT, 1), 0x88);
	assert_int_equal(qt_read(qt, DATA_AT + 2, 2), 0x5566);
	qt_write(qt, DATA_AT + 4, 2, 0xaaaa);
	assert_int_equal(qt_read(qt, DATA_AT + 4, 4), 0x1122aaaa);
	assert_int_equal(stop(), 0);
}

static void test_intx(void **state)
{
	struct qt *qt = start("edu,addr=1");
	unsigned int pin = qt_intx_pin(SLOT, 1);
	struct qt_dev dev;

	(void)state;
	qt_irq_intercept(qt);
	qt_dev_init(&dev, qt, SLOT, 0);
	qt_dev_enable(&dev, 0);
	assert_false(qt_irq_level(qt, pin));
	qt_bar_write(&dev, 0, EDU_IRQ_RAISE, 4, 0x10);
	assert_true(qt_irq_wait(qt, pin, true, 0));
	assert_true(qt_cfg_read(&dev, QT_PCI_STATUS, 2) & QT_STATUS_INTX);
	assert_int_equal(qt_bar_read(&dev, 0, EDU_IRQ_STATUS, 4), 0x10);
	qt_bar_write(&dev, 0, EDU_IRQ_ACK, 4, 0x10);
	assert_true(qt_irq_wait(qt, pin, false, 0));
	assert_int_equal(qt_irq_raises(qt, pin), 1);
	/* A wait for what does not come ends, and is no error. */
	assert_false(qt_irq_wait(qt, pin, true, 20));
	qt_cfg_write(&dev, QT_PCI_COMMAND, 2, QT_CMD_MEMORY | QT_CMD_INTX_OFF);
	qt_bar_write(&dev, 0, EDU_IRQ_RAISE, 4, 1);
	assert_false(qt_irq_level(qt, pin));
	assert_int_equal(stop(), 0);
}

static void test_dma_and_msi(void **state)
{
	struct qt *qt = start("edu,addr=1");
	struct qt_dev dev;

	(void)state;
	qt_dev_init(&dev, qt, SLOT, 0);
	qt_dev_enable(&dev, QT_CMD_MASTER);
	assert_true(qt_msi_set(&dev, MESSAGE_AT, 0x4321, 0));
	qt_mem_write(qt, DATA_AT, "a device reads", 15);
	qt_bar_write(&dev, 0, EDU_DMA_SRC, 8, DATA_AT);
	qt_bar_write(&dev, 0, EDU_DMA_DST, 8, EDU_BUFFER);
	qt_bar_write(&dev, 0, EDU_DMA_COUNT, 8, 15);
	qt_bar_write(&dev, 0, EDU_DMA_CMD, 8, 1 | 4);
	assert_false(qt_mem_wait(qt, MESSAGE_AT, 0x4321, 5));
	qt_clock_step(qt, EDU_DMA_NS);
	assert_true(qt_mem_wait(qt, MESSAGE_AT, 0x4321, 0));
	qt_bar_write(&dev, 0, EDU_IRQ_ACK, 4, 0x100);
	qt_bar_write(&dev, 0, EDU_DMA_SRC, 8, EDU_BUFFER);
	qt_bar_write(&dev, 0, EDU_DMA_DST, 8, DATA_AT + 0x100);
	qt_bar_write(&dev, 0, EDU_DMA_CMD, 8, 1 | 2);
	qt_clock_step(qt, EDU_DMA_NS);
	{
		char text[16] = "";

		qt_mem_read(qt, DATA_AT + 0x100, text, 15);
		assert_string_equal(text, "a device reads");
	}
	qt_msi_off(&dev);
	assert_int_equal(stop(), 0);
}

/* Puts an Identify Controller into the admin queue's slot `index` and rings. */
static void nvme_identify(struct qt_dev *dev, unsigned int index)
{
	uint32_t entry[16] = { 6u | (0x100u + index) << 16 };

	entry[6] = DATA_AT;
	entry[10] = 1;
	qt_mem_write(dev->qt, QUEUE_AT + index * sizeof(entry), entry, sizeof(entry));
	qt_bar_write(dev, 0, NVME_DOORBELL, 4, index + 1);
}

static void nvme_enable(struct qt_dev *dev)
{
	qt_dev_enable(dev, QT_CMD_MASTER);
	qt_bar_write(dev, 0, NVME_AQA, 4, 7 << 16 | 7);
	qt_bar_write(dev, 0, NVME_ASQ, 8, QUEUE_AT);
	qt_bar_write(dev, 0, NVME_ACQ, 8, DONE_AT);
	qt_bar_write(dev, 0, NVME_CC, 4, 4 << 20 | 6 << 16 | 1);
	assert_int_equal(qt_bar_read(dev, 0, NVME_CSTS, 4), 1);
}

static void test_msix(void **state)
{
	struct qt *qt = start("nvme,addr=1,serial=mdl");
	struct qt_msix msix;
	struct qt_dev dev;
	char serial[4];

	(void)state;
	qt_dev_init(&dev, qt, SLOT, 0);
	nvme_enable(&dev);
	assert_true(dev.bar[0].wide);
	assert_true(qt_msix_find(&msix, &dev));
	assert_int_equal(msix.cap, qt_cap_find(&dev, QT_CAP_MSIX, 0));
	assert_true(msix.vectors > 1);
	qt_msix_set(&msix, 0, MESSAGE_AT, 0xfeed, false);
	qt_msix_control(&msix, true, false);
	nvme_identify(&dev, 0);
	assert_true(qt_mem_wait(qt, MESSAGE_AT, 0xfeed, 0));
	qt_mem_read(qt, DATA_AT + 4, serial, 4);
	assert_memory_equal(serial, "mdl ", 4);
	/* Masked, it waits in the pending bits. */
	qt_write(qt, MESSAGE_AT, 4, 0);
	qt_msix_mask(&msix, 0, true);
	qt_bar_write(&dev, 0, NVME_DOORBELL + 4, 4, 1);
	nvme_identify(&dev, 1);
	assert_true(qt_mem_wait(qt, DONE_AT + 16 + 12, 0x10101, 0));
	assert_true(qt_msix_pending(&msix, 0));
	assert_int_equal(qt_read(qt, MESSAGE_AT, 4), 0);
	qt_msix_mask(&msix, 0, false);
	assert_true(qt_mem_wait(qt, MESSAGE_AT, 0xfeed, 0));
	assert_false(qt_msix_pending(&msix, 0));
	assert_int_equal(stop(), 0);
}

static void test_hotplug(void **state)
{
	/* The PC's hot-plug controller: eject a slot by writing its bit here. */
	enum { EJECT = 0xae08, HOT_SLOT = 5 };
	struct qt_options options = { .machine = "pc", .qmp = true };
	struct qt *qt = start_with(&options);
	struct json_object *answer, *event, *data, *id;
	struct qt_dev dev;

	(void)state;
	qt_dev_init(&dev, qt, HOT_SLOT, 0);
	assert_int_equal(qt_cfg_read(&dev, QT_PCI_VENDOR, 2), 0xffff);
	answer = qt_qmp(qt, "device_add", "{\"driver\":\"edu\",\"id\":\"hot\",\"addr\":\"5\"}");
	assert_non_null(answer);
	json_object_put(answer);
	assert_int_equal(qt_cfg_read(&dev, QT_PCI_VENDOR, 2), 0x1234);
	json_object_put(qt_qmp(qt, "device_del", "{\"id\":\"hot\"}"));
	assert_null(qt_qmp_event(qt, "DEVICE_DELETED", 20));
	qt_out(qt, EJECT, 4, 1u << HOT_SLOT);
	event = qt_qmp_event(qt, "DEVICE_DELETED", 0);
	assert_non_null(event);
	assert_true(json_object_object_get_ex(event, "data", &data));
	assert_true(json_object_object_get_ex(data, "device", &id));
	assert_string_equal(json_object_get_string(id), "hot");
	json_object_put(event);
	assert_int_equal(qt_cfg_read(&dev, QT_PCI_VENDOR, 2), 0xffff);
	assert_null(qt_qmp(qt, "device_del", "{\"id\":\"nobody\"}"));
	assert_non_null(strstr(qt_qmp_error(qt), "nobody"));
	assert_int_equal(stop(), 0);
}

static void test_qemu_that_does_not_start(void **state)
{
	const char *arguments[] = { "-device", "no-such-device", NULL };
	struct qt_options options = { .arguments = arguments, .quiet = true };
	struct qt *qt = start_with(&options);

	(void)state;
	assert_non_null(qt_error(qt));
	assert_int_equal(qt_in(qt, 0xcfc, 4), UINT32_MAX);
	assert_int_equal(stop(), -1);
	options.qemu = "tests/qemu/no-such-program";
	qt = start_with(&options);
	assert_non_null(strstr(qt_error(qt), "cannot be started"));
	assert_int_equal(stop(), -1);
}

static void test_deadline(void **state)
{
	struct qt_options options = {
		.qemu = "tests/qemu/silent-qemu", .quiet = true, .timeout_ms = 50
	};
	struct qt *qt = start_with(&options);

	(void)state;
	assert_non_null(strstr(qt_error(qt), "time is up"));
	assert_int_equal(stop(), -1);
}

static void test_killed_qemu(void **state)
{
	const char *arguments[] = { "-device", "edu,addr=1", NULL };
	struct qt_options options = { .arguments = arguments, .quiet = true };
	struct qt *qt = start_with(&options);

	(void)state;
	assert_int_not_equal(qt_in(qt, 0xcf8, 4), UINT32_MAX);
	qt_kill(qt);
	assert_int_equal(qt_read(qt, 0, 4), UINT64_MAX);
	assert_non_null(qt_error(qt));
	assert_int_equal(stop(), -1);
}

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

static int setup(void **state)
{
	(void)state;
	alarm(60);
	descriptors_before = count_descriptors();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stop();
	alarm(0);
	return count_descriptors() == descriptors_before ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_config_space),
		TEST(test_bar),
		TEST(test_io_bar),
		TEST(test_memory),
		TEST(test_intx),
		TEST(test_dma_and_msi),
		TEST(test_msix),
		TEST(test_hotplug),
		TEST(test_qemu_that_does_not_start),
		TEST(test_deadline),
		TEST(test_killed_qemu),
	};

	return cmocka_run_group_tests_name("qtest library", tests, NULL, NULL);
}
