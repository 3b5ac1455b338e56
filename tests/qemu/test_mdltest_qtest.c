/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test device behind the real QEMU: capabilities, MSI-X, mapped memory, doorbells, ROM and a
 * 64-bit BAR; then the life of a machine around it: reset, and QEMUs that die. (Unplugging any
 * vfio-user device that has MSI-X ends QEMU 11.1 by an assertion; the edu's test does that.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

enum {
	/* BAR 0 */
	ID = 0x00,
	SCRATCH = 0x04,
	IRQ_RAISE = 0x20,
	IRQ_LOWER = 0x24,
	IRQ_PULSE = 0x28,
	DMA_ADDR = 0x30,
	DMA_LEN = 0x38,
	DMA_CTRL = 0x3c,
	DMA_STATUS = 0x40,
	DMA_COUNT = 0x44,
	CLIENTS = 0x68,
	RESETS = 0x6c,
	DOORBELL_MSG = 0x100,
	DOORBELL_EVT = 0x108,
	HITS = 0x120,
	RUNG = 0x140,
	GO = 1,
	TO_MEMORY = 2,
	DMA_IRQ = 16,
	MDLT = 0x4d444c54,
	/* BAR 2 */
	BUF = 0,
	SHARED = 0x10000,
	SECOND = 0x18000,
	TAIL = 0x20000,
	BAR2_SIZE = 0x40000,

	VECTORS = 8,
	PULSED = 6,            /* vectors that IRQ_… drives */
	MESSAGES_AT = 0x10000, /* a dword for each vector */
	DATA = 0x5a00,         /* + vector: its message */
	FROM = 0x20000,
	TO = 0x40000,
	ROM_REGISTER = 0x30,
	CAP_PM = 0x01,
	CAP_VENDOR = 0x09,
	CAP_EXPRESS = 0x10,
	EXT_CAP_DSN = 0x03,
	ROUNDS = 3,
};

static struct rig rig;
static struct qt_msix msix;

static int setup(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_serve(&rig, "mdltest", NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rig_close(&rig);
}

static void start(void)
{
	rig_qemu(&rig, &(struct qt_options){.vfio_user = rig.socket}, QT_CMD_MASTER);
}

static uint32_t in(unsigned int offset)
{
	return (uint32_t)qt_bar_read(&rig.dev, 0, offset, 4);
}

static void out(unsigned int offset, uint32_t value)
{
	qt_bar_write(&rig.dev, 0, offset, 4, value);
}

/* ---- config space */

static void test_capabilities(void **state)
{
	unsigned int at;

	(void)state;
	start();
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_VENDOR, 4), 0x0fff1b36);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_REVISION, 4), 0xff000007);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_SUBVENDOR, 4), 0x11001b36);
	assert_int_not_equal(qt_cap_find(&rig.dev, CAP_PM, 0), 0);
	assert_int_not_equal(qt_cap_find(&rig.dev, QT_CAP_MSI, 0), 0);
	/* A legacy endpoint on the root bus: there QEMU shows no Express capability, but its space.
	 */
	assert_int_equal(qt_cap_find(&rig.dev, CAP_EXPRESS, 0), 0);
	at = qt_cap_find(&rig.dev, CAP_VENDOR, 0);
	assert_int_not_equal(at, 0);
	assert_int_equal(qt_cfg_read(&rig.dev, at + 2, 1), 6);
	assert_int_equal(qt_cfg_read(&rig.dev, at + 3, 1), 0x4d);
	assert_int_equal(qt_cfg_read(&rig.dev, at + 4, 2), 0x4c44);
	at = qt_ext_cap_find(&rig.dev, EXT_CAP_DSN, 0);
	assert_int_not_equal(at, 0);
	assert_int_equal(qt_ecam_read(&rig.dev, at + 4, 4), 0x44556677);
	assert_int_equal(qt_ecam_read(&rig.dev, at + 8, 4), 0x00112233);
	/* A register of the device's own. */
	assert_int_equal(qt_cfg_read(&rig.dev, 0xf0, 2), 0x1234);
	qt_cfg_write(&rig.dev, 0xf1, 1, 0xab);
	assert_int_equal(qt_cfg_read(&rig.dev, 0xf0, 2), 0xab34);
	assert_null(qt_error(rig.qt));
}

/* In D3hot the device's memory does not answer, and coming back from there is a reset. */
static void test_power(void **state)
{
	unsigned int at;
	uint32_t resets;

	(void)state;
	start();
	at = qt_cap_find(&rig.dev, CAP_PM, 0) + 4;
	out(SCRATCH, 77);
	resets = in(RESETS);
	qt_cfg_write(&rig.dev, at, 2, 3);
	assert_int_equal(qt_cfg_read(&rig.dev, at, 2) & 3, 3);
	qt_cfg_write(&rig.dev, at, 2, 0);
	assert_int_equal(qt_cfg_read(&rig.dev, at, 2) & 3, 0);
	qt_dev_enable(&rig.dev, QT_CMD_MASTER);
	assert_int_equal(in(ID), MDLT);
	assert_int_equal(in(SCRATCH), 0);
	assert_int_equal(in(RESETS), resets + 1);
	assert_null(qt_error(rig.qt));
}

static void test_bars(void **state)
{
	static const uint64_t sizes[6] = {0x1000, 256, BAR2_SIZE, 0, 0x1000, 32};
	const uint64_t high = UINT64_C(0x4000000000);

	(void)state;
	start();
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(rig.dev.bar[i].size, sizes[i]);
	assert_true(rig.dev.bar[2].wide && rig.dev.bar[2].prefetch);
	assert_true(rig.dev.bar[5].io);
	qt_bar_write(&rig.dev, 2, BUF + 8, 8, UINT64_C(0x1122334455667788));
	qt_bar_place_at(&rig.dev, 2, high);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_BAR0 + 8, 4), 0x0000000c);
	assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_BAR0 + 12, 4), 0x40);
	assert_int_equal(qt_read(rig.qt, high + BUF + 8, 8), UINT64_C(0x1122334455667788));
	qt_write(rig.qt, high + SHARED + 4, 4, 0xcafe);
	assert_int_equal(qt_read(rig.qt, high + SHARED + 4, 4), 0xcafe);
	/* BAR 1 is big-endian; BAR 5 has ports of bytes. */
	qt_bar_write(&rig.dev, 1, 0, 4, 0x11223344);
	assert_int_equal(qt_bar_read(&rig.dev, 1, 0, 1), 0x44);
	qt_bar_write(&rig.dev, 5, 1, 1, 0x99);
	assert_int_equal(qt_bar_read(&rig.dev, 5, 0, 2), 0x9900);
	assert_null(qt_error(rig.qt));
}

/* The file-less ROM reads as zeros behind the address that software gives it; off, nobody answers.
 */
static void test_rom(void **state)
{
	uint8_t rom[2048], zeros[sizeof(rom)] = {0};

	(void)state;
	start();
	qt_cfg_write(&rig.dev, ROM_REGISTER, 4, 0xfffff800);
	assert_int_equal(qt_cfg_read(&rig.dev, ROM_REGISTER, 4), 0xfffff800);
	qt_cfg_write(&rig.dev, ROM_REGISTER, 4, 0xd0000001);
	assert_int_equal(qt_cfg_read(&rig.dev, ROM_REGISTER, 4), 0xd0000001);
	qt_mem_read(rig.qt, 0xd0000000, rom, sizeof(rom));
	assert_memory_equal(rom, zeros, sizeof(rom));
	qt_write(rig.qt, 0xd0000000, 4, 0x1234);
	assert_int_equal(qt_read(rig.qt, 0xd0000000, 4), 0);
	assert_null(qt_error(rig.qt));
}

/* ---- MSI-X */

static uint64_t message_at(unsigned int vector)
{
	return MESSAGES_AT + 4u * vector;
}

static void msix_start(void)
{
	assert_true(qt_msix_find(&msix, &rig.dev));
	assert_int_equal(msix.vectors, VECTORS);
	assert_int_equal(msix.table_bar, 4);
	assert_int_equal(msix.pba_bar, 4);
	qt_mem_set(rig.qt, MESSAGES_AT, 4 * VECTORS, 0);
	for (unsigned int i = 0; i < VECTORS; i++)
		qt_msix_set(&msix, i, message_at(i), DATA + i, false);
	qt_msix_control(&msix, true, false);
}

/* This vector's message came; it is taken away. */
static bool comes(unsigned int vector)
{
	if (!qt_mem_wait(rig.qt, message_at(vector), DATA + vector, RIG_WAIT_MS))
		return false;
	qt_write(rig.qt, message_at(vector), 4, 0);
	return true;
}

/* No vector's message comes. */
static bool quiet(void)
{
	uint32_t messages[VECTORS], none[VECTORS] = {0};

	qt_mem_wait(rig.qt, MESSAGES_AT, UINT32_MAX, RIG_QUIET_MS);
	qt_mem_read(rig.qt, MESSAGES_AT, messages, sizeof(messages));
	return memcmp(messages, none, sizeof(none)) == 0;
}

static void test_msix_vectors(void **state)
{
	(void)state;
	start();
	msix_start();
	for (unsigned int i = 0; i < PULSED; i++) {
		out(IRQ_PULSE, 1u << i);
		assert_true(comes(i));
	}
	assert_true(quiet());
	out(IRQ_PULSE, (1u << PULSED) - 1);
	for (unsigned int i = 0; i < PULSED; i++)
		assert_true(comes(i));
	/* A level is one message; and one more when it comes again. */
	out(IRQ_RAISE, 2);
	assert_true(comes(1));
	out(IRQ_RAISE, 2);
	assert_true(quiet());
	out(IRQ_LOWER, 2);
	out(IRQ_RAISE, 2);
	assert_true(comes(1));
	/* MSI-X takes INTx away. */
	assert_false(qt_irq_level(rig.qt, rig.pin));
	assert_false(qt_cfg_read(&rig.dev, QT_PCI_STATUS, 2) & QT_STATUS_INTX);
	assert_null(qt_error(rig.qt));
}

static void test_msix_mask(void **state)
{
	(void)state;
	start();
	msix_start();
	out(IRQ_PULSE, 8);
	assert_true(comes(3));
	/*
	 * QEMU holds this one back itself, unknown to the device, whose pending bits are what a
	 * guest reads: so they do not tell of it.
	 */
	qt_msix_mask(&msix, 3, true);
	out(IRQ_PULSE, 8);
	out(IRQ_PULSE, 8);
	assert_true(quiet());
	assert_false(qt_msix_pending(&msix, 2));
	/* Others go on meanwhile. */
	out(IRQ_PULSE, 4);
	assert_true(comes(2));
	qt_msix_mask(&msix, 3, false);
	assert_true(comes(3));
	assert_true(quiet());
	assert_false(qt_msix_pending(&msix, 3));
	assert_null(qt_error(rig.qt));
}

static void test_msix_function_mask(void **state)
{
	(void)state;
	start();
	msix_start();
	qt_msix_control(&msix, true, true);
	out(IRQ_PULSE, 0x21);
	assert_true(quiet());
	assert_true(qt_msix_pending(&msix, 0));
	assert_true(qt_msix_pending(&msix, 5));
	assert_false(qt_msix_pending(&msix, 1));
	qt_msix_control(&msix, true, false);
	assert_true(comes(0));
	assert_true(comes(5));
	assert_true(quiet());
	assert_false(qt_msix_pending(&msix, 0));
	assert_false(qt_msix_pending(&msix, 5));
	assert_null(qt_error(rig.qt));
}

/* Vectors in use one after the other, from the last, as drivers do that ask for few at first. */
static void test_msix_order(void **state)
{
	(void)state;
	start();
	assert_true(qt_msix_find(&msix, &rig.dev));
	for (unsigned int i = 0; i < VECTORS; i++)
		qt_msix_set(&msix, i, message_at(i), DATA + i, true);
	qt_msix_control(&msix, true, false);
	for (unsigned int i = PULSED; i-- > 0;) {
		qt_msix_mask(&msix, i, false);
		out(IRQ_PULSE, 1u << i);
		assert_true(comes(i));
	}
	/* Off and on again: another message, another address. */
	qt_msix_control(&msix, false, false);
	out(IRQ_PULSE, 1);
	assert_true(quiet());
	qt_msix_set(&msix, 1, message_at(7), DATA + 7, false);
	qt_msix_control(&msix, true, false);
	out(IRQ_PULSE, 2);
	assert_true(comes(7));
	assert_null(qt_error(rig.qt));
}

/* ---- MSI: one address, and data whose low bits are the vector */

static bool msi_comes(uint32_t data)
{
	if (!qt_mem_wait(rig.qt, MESSAGES_AT, data, RIG_WAIT_MS))
		return false;
	qt_write(rig.qt, MESSAGES_AT, 4, 0);
	return true;
}

static void msi_start(unsigned int log2_vectors)
{
	qt_msi_off(&rig.dev);
	qt_mem_set(rig.qt, MESSAGES_AT, 4 * VECTORS, 0);
	assert_true(qt_msi_set(&rig.dev, MESSAGES_AT, DATA, log2_vectors));
}

/* A driver may get fewer vectors than it asked for: then interrupts share them. */
static void test_msi_vectors(void **state)
{
	(void)state;
	start();
	for (unsigned int log2 = 0; log2 <= 3; log2++) {
		msi_start(log2);
		for (unsigned int i = 0; i < PULSED; i++) {
			out(IRQ_PULSE, 1u << i);
			assert_true(msi_comes(DATA + (i & ((1u << log2) - 1))));
		}
		assert_true(quiet());
	}
	assert_false(qt_irq_level(rig.qt, rig.pin));
	/* Off, a level is the pin's; on again, it is told of by a message. */
	qt_msi_off(&rig.dev);
	out(IRQ_RAISE, 4);
	assert_true(qt_irq_wait(rig.qt, rig.pin, true, RIG_WAIT_MS));
	msi_start(3);
	assert_true(msi_comes(DATA + 2));
	assert_true(quiet());
	assert_null(qt_error(rig.qt));
}

static void test_msi_mask(void **state)
{
	unsigned int masks;

	(void)state;
	start();
	masks = qt_cap_find(&rig.dev, QT_CAP_MSI, 0) + 16;
	msi_start(3);
	qt_cfg_write(&rig.dev, masks, 4, 1u << 3);
	out(IRQ_PULSE, 8);
	out(IRQ_PULSE, 8);
	assert_true(quiet());
	out(IRQ_PULSE, 4);
	assert_true(msi_comes(DATA + 2));
	qt_cfg_write(&rig.dev, masks, 4, 0);
	assert_true(msi_comes(DATA + 3));
	assert_true(quiet());
	/* A level that goes while it is masked leaves nothing behind. */
	qt_cfg_write(&rig.dev, masks, 4, 1u << 1);
	out(IRQ_RAISE, 2);
	out(IRQ_LOWER, 2);
	qt_cfg_write(&rig.dev, masks, 4, 0);
	assert_true(quiet());
	assert_null(qt_error(rig.qt));
}

/* ---- memory and doorbells */

/* QEMU has the memory itself: it answers though the device program stands still. */
static void test_mapped_memory(void **state)
{
	const int alone = rig_server_descriptors(&rig);

	(void)state;
	start();
	qt_bar_write(&rig.dev, 2, SHARED, 4, 1);
	assert_int_equal(kill(rig.server.pid, SIGSTOP), 0);
	qt_bar_write(&rig.dev, 2, SHARED + 0x3ff8, 8, UINT64_C(0x0102030405060708));
	qt_bar_write(&rig.dev, 2, SECOND + 0xfff, 1, 0x42);
	assert_int_equal(qt_bar_read(&rig.dev, 2, SHARED + 0x3ff8, 8),
			 UINT64_C(0x0102030405060708));
	assert_int_equal(qt_bar_read(&rig.dev, 2, SECOND + 0xfff, 1), 0x42);
	assert_int_equal(qt_bar_read(&rig.dev, 2, SHARED, 4), 1);
	assert_int_equal(kill(rig.server.pid, SIGCONT), 0);
	/* Memory keeps what it holds for the next client. */
	assert_null(qt_error(rig.qt));
	assert_int_equal(rig_stop_qemu(&rig), 0);
	/* The kernel may close a dead QEMU's socket after its end; a client before that is a second
	 * one. */
	assert_true(rig_server_settles(&rig, alone));
	start();
	assert_int_equal(qt_bar_read(&rig.dev, 2, SHARED + 0x3ff8, 4), 0x05060708);
	assert_int_equal(qt_bar_read(&rig.dev, 2, SECOND + 0xfff, 1), 0x42);
	assert_null(qt_error(rig.qt));
}

static void rings(unsigned int bell, unsigned int bar, unsigned int offset, uint32_t value)
{
	const int64_t deadline = now_ms() + RIG_WAIT_MS;
	const uint32_t before = in(HITS + 4 * bell);

	qt_bar_write(&rig.dev, bar, offset, 4, value);
	while (in(RUNG + 4 * bell) != value)
		assert_true(now_ms() < deadline);
	assert_int_equal(in(HITS + 4 * bell), before + 1);
}

static void test_doorbells(void **state)
{
	(void)state;
	start();
	for (uint32_t value = 1; value < 4; value++) {
		rings(0, 0, DOORBELL_MSG, value);
		rings(1, 0, DOORBELL_EVT, value + 10);
		rings(2, 0, DOORBELL_EVT + 4, value + 20);
		rings(3, 2, TAIL, value + 30);
		rings(4, 2, TAIL + 4, value + 40);
	}
	assert_null(qt_error(rig.qt));
}

/* Where it goes by messages the write that starts it is answered before it is done. */
static void transfer(uint64_t address, uint32_t size, uint32_t control)
{
	const int64_t deadline = now_ms() + RIG_WAIT_MS;
	const uint32_t before = in(DMA_COUNT);

	qt_bar_write(&rig.dev, 0, DMA_ADDR, 8, address);
	out(DMA_LEN, size);
	out(DMA_CTRL, control);
	while (in(DMA_COUNT) == before)
		assert_true(now_ms() < deadline);
	assert_int_equal(in(DMA_COUNT), before + 1);
	assert_int_equal(in(DMA_STATUS), 0);
}

static void copy(uint64_t from, uint64_t to, uint32_t size)
{
	uint8_t sent[0x10000], got[sizeof(sent)];

	for (uint32_t i = 0; i < size; i++)
		sent[i] = (uint8_t)(i * 13 + i / 256 + from);
	qt_mem_write(rig.qt, from, sent, size);
	transfer(from, size, GO);
	transfer(to, size, GO | TO_MEMORY);
	qt_mem_read(rig.qt, to, got, size);
	assert_memory_equal(got, sent, size);
}

static void test_dma(void **state)
{
	(void)state;
	start();
	copy(FROM, TO, 0x10000);
	copy(FROM + 4093, TO + 1, 7);
	assert_null(qt_error(rig.qt));
}

/* Guest memory that has no descriptor: all of it goes by messages. */
static void test_dma_messages(void **state)
{
	(void)state;
	rig_qemu(&rig, &(struct qt_options){.vfio_user = rig.socket, .private_ram = true},
		 QT_CMD_MASTER);
	copy(FROM, TO, 0x10000);
	copy(FROM + 4093, TO + 1, 7);
	msix_start();
	transfer(FROM, 64, GO | DMA_IRQ);
	assert_true(comes(0));
	assert_true(quiet());
	assert_null(qt_error(rig.qt));
}

/* ---- lives */

/* Everything once, so that a client leaves with all of it in use. */
static void use_everything(void)
{
	msix_start();
	out(IRQ_PULSE, 0x3f);
	for (unsigned int i = 0; i < PULSED; i++)
		assert_true(comes(i));
	out(IRQ_RAISE, 1);
	assert_true(comes(0));
	copy(FROM, TO, 4096);
	qt_bar_write(&rig.dev, 2, SHARED, 4, 5);
	assert_int_equal(in(ID), MDLT);
}

static void test_system_reset(void **state)
{
	int descriptors = 0;

	(void)state;
	rig_qemu(&rig, &(struct qt_options){.vfio_user = rig.socket, .qmp = true}, QT_CMD_MASTER);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t resets = in(RESETS);

		out(SCRATCH, 0x55);
		use_everything();
		rig_system_reset(&rig);
		assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_COMMAND, 2), 0);
		assert_int_equal(qt_cfg_read(&rig.dev, QT_PCI_BAR0, 4), 0);
		assert_int_equal(qt_cfg_read(&rig.dev, msix.cap + 2, 2), VECTORS - 1);
		qt_dev_enable(&rig.dev, QT_CMD_MASTER);
		assert_int_equal(in(SCRATCH), 0);
		assert_true(in(RESETS) > resets);
		assert_false(qt_irq_wait(rig.qt, rig.pin, true, RIG_QUIET_MS));
		if (i)
			assert_int_equal(rig_server_descriptors(&rig), descriptors);
		descriptors = rig_server_descriptors(&rig);
	}
	assert_null(qt_error(rig.qt));
}

static void test_killed_qemu(void **state)
{
	const int alone = rig_server_descriptors(&rig);

	(void)state;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		start();
		assert_int_equal(in(CLIENTS), i + 1);
		use_everything();
		qt_kill(rig.qt);
		assert_int_equal(rig_stop_qemu(&rig), 0);
		assert_true(rig_server_settles(&rig, alone));
	}
	start();
	use_everything();
	assert_int_equal(rig_stop_qemu(&rig), 0);
	assert_true(rig_server_settles(&rig, alone));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_capabilities),
		TEST(test_power),
		TEST(test_bars),
		TEST(test_rom),
		TEST(test_msix_vectors),
		TEST(test_msix_mask),
		TEST(test_msix_function_mask),
		TEST(test_msix_order),
		TEST(test_msi_vectors),
		TEST(test_msi_mask),
		TEST(test_mapped_memory),
		TEST(test_doorbells),
		TEST(test_dma),
		TEST(test_dma_messages),
		TEST(test_system_reset),
		TEST(test_killed_qemu),
	};

	return cmocka_run_group_tests_name("the test device behind QEMU", tests, NULL, NULL);
}
