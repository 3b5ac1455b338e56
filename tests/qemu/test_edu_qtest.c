/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One test body for two devices: QEMU's own edu and ours behind the real client. What it says of
 * the one holds for the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rig.h"

enum {
	ID = 0x00,
	LIVE = 0x04,
	FACT = 0x08,
	STATUS = 0x20,
	ISR = 0x24,
	RAISE = 0x60,
	ACK = 0x64,
	SRC = 0x80,
	DST = 0x88,
	COUNT = 0x90,
	CMD = 0x98,

	BUSY = 0x01,
	FACT_IRQ = 0x80,
	CAUSE_FACT = 0x001,
	CAUSE_DMA = 0x100,
	RUN = 1,
	TO_MEMORY = 2,
	DMA_IRQ = 4,
	BUFFER = 0x40000,
	BUFFER_SIZE = 4096,
	MASKED_BIT = 0x10000000, /* the first address bit that the card does not drive */

	MESSAGE_AT = 0x10000,
	MESSAGE = 0x4321,
	FROM = 0x20000,
	TO = 0x30000,
	DMA_NS = 200000000, /* of QEMU's clock: more than its device takes */
};

/* Which device, and which memory. */
struct kind {
	bool ours;
	bool private_ram;
	const char *option;
};

static const struct kind builtin = {.ours = false};
static const struct kind shared = {.ours = true};
static const struct kind messages = {.ours = true, .private_ram = true};
static const struct kind slow = {.ours = true, .option = "--delay-us=300000"};
static const struct kind wide = {.ours = true, .option = "--dma-mask=0xffffffffffffffff"};

static struct rig rig;

static int setup(void **state)
{
	const struct kind *kind = *state;
	const char *const arguments[] = {"-device", "edu,addr=1", NULL};
	struct qt_options options = {.private_ram = kind->private_ram};

	rig_open(&rig);
	if (kind->ours)
		rig_serve(&rig, "edu", kind->option);
	if (kind->ours)
		options.vfio_user = rig.socket;
	else
		options.arguments = arguments;
	rig_qemu(&rig, &options, QT_CMD_MASTER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rig_close(&rig);
}

static uint32_t in(unsigned int offset)
{
	return (uint32_t)qt_bar_read(&rig.dev, 0, offset, 4);
}

static void out(unsigned int offset, uint32_t value)
{
	qt_bar_write(&rig.dev, 0, offset, 4, value);
}

static void finish(unsigned int offset, uint32_t bit)
{
	const int64_t deadline = now_ms() + RIG_WAIT_MS;

	qt_clock_step(rig.qt, DMA_NS);
	while (in(offset)&bit)
		assert_true(now_ms() < deadline);
}

static bool irq_comes(void)
{
	return qt_irq_wait(rig.qt, rig.pin, true, RIG_WAIT_MS);
}

/* After an access, which lowers the line of a device behind vfio-user in any case: it stays so. */
static bool irq_stays_away(void)
{
	in(ID);
	return !qt_irq_wait(rig.qt, rig.pin, true, RIG_QUIET_MS);
}

/* A message came, and just one: it is taken away. */
static bool message_comes(void)
{
	if (!qt_mem_wait(rig.qt, MESSAGE_AT, MESSAGE, RIG_WAIT_MS))
		return false;
	qt_write(rig.qt, MESSAGE_AT, 4, 0);
	return true;
}

static bool message_stays_away(void)
{
	return !qt_mem_wait(rig.qt, MESSAGE_AT, MESSAGE, RIG_QUIET_MS);
}

static void test_config_space(void **state)
{
	(void)state;
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_VENDOR, 4), 0x11e81234);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_REVISION, 4), 0x00ff0010);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_SUBVENDOR, 4), 0x11001af4);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_HEADER, 1), 0);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_INT_PIN, 1), 1);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_STATUS, 2) & 0x10, 0x10);
	assert_int_equal(rig.dev.bar[0].size, 0x100000);
	assert_false(rig.dev.bar[0].io || rig.dev.bar[0].wide || rig.dev.bar[0].prefetch);
	for (unsigned int i = 1; i < 6; i++)
		assert_int_equal(rig.dev.bar[i].size, 0);
	/* MSI: one vector, 64-bit addresses. */
	assert_int_equal(qt_cfg_read(&rig.dev, qt_cap_find(&rig.dev, QT_CAP_MSI, 0) + 2, 1), 0x80);
	assert_int_equal(qt_cap_find(&rig.dev, QT_CAP_MSIX, 0), 0);
	assert_null(qt_error(rig.qt));
}

static void test_identity(void **state)
{
	(void)state;
	assert_int_equal(in(ID), 0x010000ed);
	out(ID, 0);
	assert_int_equal(in(ID), 0x010000ed);
	for (uint32_t bit = 1; bit; bit <<= 1) {
		out(LIVE, bit);
		assert_int_equal(in(LIVE), ~bit);
	}
	assert_int_equal(in(ISR), 0);
	out(ISR, 1);
	assert_int_equal(in(ISR), 0);
	assert_null(qt_error(rig.qt));
}

/* Below 0x80 only accesses of 4 bytes are allowed, of 4 or 8 above. */
static void test_widths(void **state)
{
	const uint64_t address = UINT64_C(0x1122334455667788);

	(void)state;
	qt_bar_write(&rig.dev, 0, FACT, 8, 5);
	qt_bar_write(&rig.dev, 0, STATUS, 8, FACT_IRQ);
	qt_bar_write(&rig.dev, 0, RAISE, 8, 1);
	assert_int_equal(in(FACT), 0);
	assert_int_equal(in(STATUS), 0);
	assert_int_equal(in(ISR), 0);
	assert_true(qt_bar_read(&rig.dev, 0, ID, 8) == UINT64_MAX);
	assert_true(qt_bar_read(&rig.dev, 0, STATUS, 8) == UINT64_MAX);
	qt_bar_write(&rig.dev, 0, SRC, 8, address);
	assert_true(qt_bar_read(&rig.dev, 0, SRC, 8) == address);
	assert_int_equal(in(SRC), (uint32_t)address);
	assert_null(qt_error(rig.qt));
}

static void test_factorial(void **state)
{
	static const uint32_t of[][2] = {
		{0, 1},           {1, 1},           {2, 2},  {5, 120},  {12, 479001600},
		{13, 1932053504}, {33, 0x80000000}, {34, 0}, {1000, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		out(FACT, of[i][0]);
		finish(STATUS, BUSY);
		assert_int_equal(in(FACT), of[i][1]);
	}
	/* BUSY is not software's. */
	out(STATUS, BUSY);
	assert_int_equal(in(STATUS), 0);
	out(STATUS, FACT_IRQ);
	assert_int_equal(in(STATUS), FACT_IRQ);
	assert_int_equal(in(ISR), 0);
	assert_null(qt_error(rig.qt));
}

static void test_intx(void **state)
{
	(void)state;
	assert_true(irq_stays_away());
	out(STATUS, FACT_IRQ);
	out(FACT, 6);
	assert_true(irq_comes());
	assert_true(qt_cfg_read(&rig.dev, QT_PCI_STATUS, 2) & QT_STATUS_INTX);
	assert_int_equal(in(ISR), CAUSE_FACT);
	assert_int_equal(in(FACT), 720);
	/* It stands until every cause is acknowledged. */
	out(RAISE, 0x12345600);
	assert_int_equal(in(ISR), 0x12345600 | CAUSE_FACT);
	out(ACK, CAUSE_FACT);
	assert_int_equal(in(ISR), 0x12345600);
	assert_true(irq_comes());
	out(ACK, 0xffffffff);
	assert_true(irq_stays_away());
	assert_false(qt_cfg_read(&rig.dev, QT_PCI_STATUS, 2) & QT_STATUS_INTX);
	out(STATUS, 0);
	out(FACT, 6);
	finish(STATUS, BUSY);
	assert_true(irq_stays_away());
	/* Raising nothing is no interrupt. */
	out(RAISE, 0);
	assert_true(irq_stays_away());
	assert_null(qt_error(rig.qt));
}

static void test_msi(void **state)
{
	(void)state;
	assert_true(qt_msi_set(&rig.dev, MESSAGE_AT, MESSAGE, 0));
	out(STATUS, FACT_IRQ);
	out(FACT, 3);
	assert_true(message_comes());
	assert_int_equal(in(ISR), CAUSE_FACT);
	/* Each cause is a message of its own, though others stand. */
	out(RAISE, 0x40);
	assert_true(message_comes());
	out(RAISE, 0x40);
	assert_true(message_comes());
	out(ACK, CAUSE_FACT);
	assert_true(message_stays_away());
	out(ACK, 0x40);
	assert_true(message_stays_away());
	assert_int_equal(in(ISR), 0);
	assert_true(irq_stays_away());
	assert_null(qt_error(rig.qt));
}

static void start_dma(uint64_t from, uint64_t to, uint64_t count, uint32_t command)
{
	qt_bar_write(&rig.dev, 0, SRC, 8, from);
	qt_bar_write(&rig.dev, 0, DST, 8, to);
	qt_bar_write(&rig.dev, 0, COUNT, 8, count);
	qt_bar_write(&rig.dev, 0, CMD, 4, command | RUN);
	qt_clock_step(rig.qt, DMA_NS);
}

/*
 * Waits for the interrupt without an access to the card: QEMU answers no DMA message while it waits
 * for an access of its own.
 */
static void dma(uint64_t from, uint64_t to, uint64_t count, uint32_t command)
{
	start_dma(from, to, count, command | DMA_IRQ);
	assert_true(irq_comes());
	assert_int_equal(in(CMD), command | DMA_IRQ);
	assert_int_equal(in(ISR), CAUSE_DMA);
	out(ACK, CAUSE_DMA);
	assert_true(qt_irq_wait(rig.qt, rig.pin, false, RIG_WAIT_MS));
}

static void test_dma(void **state)
{
	static const unsigned int sizes[] = {BUFFER_SIZE, 1, 100, 4095};
	uint8_t sent[BUFFER_SIZE], got[BUFFER_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const unsigned int size = sizes[i], at = BUFFER_SIZE - size;

		for (size_t k = 0; k < size; k++)
			sent[k] = (uint8_t)(k * 7 + k / 256 + i);
		qt_mem_write(rig.qt, FROM + 5, sent, size);
		qt_mem_set(rig.qt, TO, sizeof(got) + 64, 0xee);
		dma(FROM + 5, BUFFER + at, size, 0);
		dma(BUFFER + at, TO + 3, size, TO_MEMORY);
		qt_mem_read(rig.qt, TO + 3, got, size);
		assert_memory_equal(got, sent, size);
		assert_int_equal(qt_read(rig.qt, TO + 2, 1), 0xee);
		assert_int_equal(qt_read(rig.qt, TO + 3 + size, 1), 0xee);
	}
	/* What the command says stays to be read, but for RUN. */
	assert_int_equal(in(CMD), TO_MEMORY | DMA_IRQ);
	assert_int_equal(qt_bar_read(&rig.dev, 0, DST, 8), TO + 3);
	assert_int_equal(in(COUNT), 4095);
	assert_null(qt_error(rig.qt));
}

static void test_dma_interrupt(void **state)
{
	const struct kind *kind = *state;

	dma(FROM, BUFFER, 16, 0);
	assert_true(irq_stays_away());
	assert_true(qt_msi_set(&rig.dev, MESSAGE_AT, MESSAGE, 0));
	start_dma(BUFFER, TO, 16, TO_MEMORY | DMA_IRQ);
	assert_true(message_comes());
	assert_int_equal(in(ISR), CAUSE_DMA);
	out(ACK, CAUSE_DMA);
	if (!kind->private_ram) {
		start_dma(BUFFER, TO, 16, TO_MEMORY);
		finish(CMD, RUN);
		assert_true(message_stays_away());
		assert_int_equal(in(ISR), 0);
	}
	assert_null(qt_error(rig.qt));
}

/* Without RUN a command is not taken. The card drives 28 address bits. */
static void test_dma_mask(void **state)
{
	(void)state;
	qt_mem_write(rig.qt, FROM, "masked", 6);
	qt_bar_write(&rig.dev, 0, CMD, 4, DMA_IRQ);
	assert_int_equal(in(CMD), 0);
	dma(MASKED_BIT | FROM, BUFFER, 6, 0);
	dma(BUFFER, UINT64_C(0x7000000000000000) | TO, 6, TO_MEMORY);
	assert_int_equal(qt_read(rig.qt, TO, 4), 0x6b73616d);
	assert_null(qt_error(rig.qt));
}

/* ---- ours alone: where QEMU's has other ideas, or none that can be tested */

static void test_no_mask(void **state)
{
	(void)state;
	qt_mem_write(rig.qt, FROM, "wide", 4);
	qt_mem_set(rig.qt, TO, 4, 0);
	dma(FROM, BUFFER, 4, 0);
	/* There is no memory; the card says it is done all the same. */
	dma(BUFFER, MASKED_BIT | TO, 4, TO_MEMORY);
	assert_int_equal(qt_read(rig.qt, TO, 4), 0);
	assert_null(qt_error(rig.qt));
}

static void refuse(uint64_t at, uint64_t count)
{
	dma(FROM, at, count, 0);
	dma(at, TO, count, TO_MEMORY);
	assert_int_equal(qt_read(rig.qt, TO, 8), 0);
}

/* What leaves the buffer transfers nothing. */
static void test_dma_bounds(void **state)
{
	(void)state;
	qt_mem_set(rig.qt, FROM, 16384, 0x77);
	qt_mem_set(rig.qt, TO, 8, 0);
	refuse(BUFFER, BUFFER_SIZE + 1);
	refuse(BUFFER + 1, BUFFER_SIZE);
	refuse(BUFFER - 1, 16);
	refuse(BUFFER + BUFFER_SIZE, 1);
	refuse(BUFFER, UINT64_MAX);
	refuse(BUFFER + 16, UINT64_MAX - 8);
	refuse(0, 16);
	refuse(UINT64_MAX, 2);
	assert_null(qt_error(rig.qt));
}

/* While it works, a command or a number is not taken; and the bus does not wait for it. */
static void test_busy(void **state)
{
	(void)state;
	qt_bar_write(&rig.dev, 0, SRC, 8, FROM);
	qt_bar_write(&rig.dev, 0, DST, 8, BUFFER);
	qt_bar_write(&rig.dev, 0, COUNT, 8, 8);
	out(CMD, RUN);
	out(FACT, 4);
	assert_int_equal(in(CMD), RUN);
	assert_int_equal(in(STATUS), BUSY);
	assert_int_equal(in(FACT), 4);
	out(FACT, 10);
	out(SRC, 1);
	out(DST, 2);
	out(COUNT, 3);
	out(CMD, RUN | TO_MEMORY | DMA_IRQ);
	finish(CMD, RUN);
	finish(STATUS, BUSY);
	assert_int_equal(in(FACT), 24);
	assert_int_equal(in(CMD), 0);
	assert_int_equal(in(SRC), FROM);
	assert_int_equal(in(DST), BUFFER);
	assert_int_equal(in(COUNT), 8);
	assert_int_equal(in(ISR), 0);
	assert_null(qt_error(rig.qt));
}

/* ---- ours: the life of a machine around it */

/* Everything once, so that the card leaves with all of it in use. */
static void use_everything(void)
{
	assert_true(qt_msi_set(&rig.dev, MESSAGE_AT, MESSAGE, 0));
	assert_true(message_stays_away());
	qt_mem_write(rig.qt, FROM, "used", 4);
	start_dma(FROM, BUFFER, 4, DMA_IRQ);
	assert_true(message_comes());
	qt_mem_set(rig.qt, TO, 4, 0);
	start_dma(BUFFER, TO, 4, TO_MEMORY | DMA_IRQ);
	assert_true(message_comes());
	assert_int_equal(qt_read(rig.qt, TO, 4), 0x64657375);
	assert_int_equal(in(ISR), CAUSE_DMA);
	/* ISR keeps the line high: whoever connects next must not hear of it. */
	out(FACT, 5);
}

static int setup_hotplug(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_serve(&rig, "edu", NULL);
	rig.qt = qt_start(&(struct qt_options){.machine = "pc", .qmp = true});
	assert_non_null(rig.qt);
	return 0;
}

static void test_hotplug(void **state)
{
	const int alone = rig_server_descriptors(&rig);

	(void)state;
	for (int i = 0; i < 4; i++) {
		rig_plug(&rig, QT_CMD_MASTER);
		use_everything();
		assert_true(rig_server_descriptors(&rig) > alone);
		rig_unplug(&rig);
		assert_true(rig_server_settles(&rig, alone));
	}
	assert_null(qt_error(rig.qt));
}

#define TEST(name, kind)                                                                  \
	{                                                                                 \
#name " (" #kind ")", name, setup, teardown, (void *)(uintptr_t) & (kind) \
	}
#define BOTH(name) TEST(name, builtin), TEST(name, shared)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_config_space),
		BOTH(test_identity),
		BOTH(test_widths),
		BOTH(test_factorial),
		BOTH(test_intx),
		BOTH(test_msi),
		BOTH(test_dma),
		TEST(test_dma, messages),
		BOTH(test_dma_interrupt),
		TEST(test_dma_interrupt, messages),
		BOTH(test_dma_mask),
		TEST(test_no_mask, wide),
		TEST(test_dma_bounds, shared),
		TEST(test_busy, slow),
		cmocka_unit_test_setup_teardown(test_hotplug, setup_hotplug, teardown),
	};

	return cmocka_run_group_tests_name("edu behind QEMU", tests, NULL, NULL);
}
