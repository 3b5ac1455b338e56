// SPDX-License-Identifier: BSD-2-Clause
/* The test device's registers, over a socket. */
#include "card.h"

#define REFUSED (-CLIENT_REMOTE)

static void values_and_resets(void **state)
{
	struct card *card = *state;

	assert_int_equal(GET(ID), MDLTEST_ID_RESET_VALUE);
	PUT(ID, 0);
	assert_int_equal(GET(ID), MDLTEST_ID_RESET_VALUE);
	assert_int_equal(GET(DMA_STATUS), MDLTEST_NO_ERROR);
	assert_int_equal(GET(SCRATCH), 0);
	PUT(SCRATCH, 0x12345678);
	assert_int_equal(GET(SCRATCH), 0x12345678);
}

static void narrow_writes_merge(void **state)
{
	struct card *card = *state;

	PUT(SCRATCH, 0x11223344);
	card_put(card, 0, MDLTEST_SCRATCH_OFFSET + 2, 1, 0xaa);
	assert_int_equal(GET(SCRATCH), 0x11aa3344);
	card_put(card, 0, MDLTEST_SCRATCH_OFFSET, 2, 0xbbcc);
	assert_int_equal(GET(SCRATCH), 0x11aabbcc);
	assert_int_equal(card_get(card, 0, MDLTEST_SCRATCH_OFFSET + 1, 2), 0xaabb);
	assert_int_equal(card_get(card, 0, MDLTEST_SCRATCH_OFFSET + 3, 1), 0x11);
}

static void wide_by_halves(void **state)
{
	struct card *card = *state;

	card_put(card, 0, MDLTEST_WIDE_OFFSET, 8, UINT64_C(0x1122334455667788));
	assert_int_equal(card_get(card, 0, MDLTEST_WIDE_OFFSET, 4), 0x55667788);
	assert_int_equal(card_get(card, 0, MDLTEST_WIDE_OFFSET + 4, 4), 0x11223344);
	card_put(card, 0, MDLTEST_WIDE_OFFSET + 4, 4, 0xaaaaaaaa);
	card_put(card, 0, MDLTEST_WIDE_OFFSET, 4, 0xbbbbbbbb);
	assert_true(card_get(card, 0, MDLTEST_WIDE_OFFSET, 8) == UINT64_C(0xaaaaaaaabbbbbbbb));
	card_put(card, 0, MDLTEST_WIDE_OFFSET + 7, 1, 0xcc);
	assert_true(card_get(card, 0, MDLTEST_WIDE_OFFSET, 8) == UINT64_C(0xccaaaaaabbbbbbbb));
}

static void accesses_that_span(void **state)
{
	struct card *card = *state;

	/* read-only ID below, SCRATCH above */
	card_put(card, 0, MDLTEST_ID_OFFSET, 8, UINT64_C(0x9999999911111111));
	assert_true(card_get(card, 0, 0, 8) ==
		    (UINT64_C(0x99999999) << 32 | MDLTEST_ID_RESET_VALUE));
	card_put(card, 0, MDLTEST_ARRAY_OFFSET, 8, UINT64_C(0x0000000200000001));
	assert_int_equal(GET(WRITES), 2);
	assert_int_equal(card_get(card, 0, MDLTEST_ARRAY_OFFSET + 4, 4), 2);
	/* eight registers of a byte each */
	card_put(card, 0, MDLTEST_BYTES_OFFSET, 8, UINT64_C(0x0706050403020100));
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(card_get(card, 0, MDLTEST_BYTES_OFFSET + i, 1), i);
	/* across a register's border, unaligned */
	assert_int_equal(card_get(card, 0, MDLTEST_BYTES_OFFSET + 3, 4), 0x06050403);
}

static void holes(void **state)
{
	struct card *card = *state;

	card_put(card, 0, 0x1c, 4, 0xffffffff);
	assert_int_equal(card_get(card, 0, 0x1c, 4), 0);
	card_put(card, 0, 0xff8, 8, UINT64_MAX);
	assert_true(card_get(card, 0, 0xff8, 8) == 0);
}

static void widths_that_are_not_allowed(void **state)
{
	struct card *card = *state;
	uint8_t data[16] = {0};

	assert_true(client_read(&card->client, 0, 0, data, 3) <= REFUSED);
	assert_true(client_read(&card->client, 0, 0, data, 16) <= REFUSED);
	assert_true(client_read(&card->client, 1, 0, data, 8) <= REFUSED);
	assert_true(client_write(&card->client, 1, 0, data, 8) <= REFUSED);
	assert_true(client_read(&card->client, 5, 0, data, 4) <= REFUSED);
	assert_int_equal(client_read(&card->client, 5, 0, data, 2), 0);
}

static void write_one_to_clear_by_bytes(void **state)
{
	struct card *card = *state;

	PUT(SET, 0xffffffff);
	assert_int_equal(GET(W1C), 0xffffffff);
	card_put(card, 0, MDLTEST_W1C_OFFSET + 1, 1, 0x0f);
	assert_int_equal(GET(W1C), 0xfffff0ff);
	PUT(W1C, 0x80000001);
	assert_int_equal(GET(W1C), 0x7ffff0fe);
}

static void read_to_clear_by_bytes(void **state)
{
	struct card *card = *state;

	PUT(SET, 0x11223344);
	assert_int_equal(card_get(card, 0, MDLTEST_RC_OFFSET, 1), 0x44);
	assert_int_equal(GET(RC), 0x11223300);
	assert_int_equal(GET(RC), 0);
	assert_int_equal(GET(SET), 0); /* write-only */
}

static void big_endian(void **state)
{
	struct card *card = *state;
	uint8_t data[4];

	assert_int_equal(client_read(&card->client, 1, MDLTEST_B32_OFFSET, data, 4), 0);
	assert_memory_equal(data, "\x11\x22\x33\x44", 4);
	assert_int_equal(card_get(card, 1, MDLTEST_B32_OFFSET, 1), 0x11);
	assert_int_equal(client_read(&card->client, 1, MDLTEST_B16_OFFSET, data, 4), 0);
	assert_memory_equal(data, "\x55\x66\x55\x66", 4);
	assert_int_equal(client_write(&card->client, 1, MDLTEST_B32_OFFSET + 1, "\xaa\xbb", 2), 0);
	assert_int_equal(client_read(&card->client, 1, MDLTEST_B32_OFFSET, data, 4), 0);
	assert_memory_equal(data, "\x11\xaa\xbb\x44", 4);
}

static void io_ports(void **state)
{
	struct card *card = *state;

	card_put(card, 5, MDLTEST_PORT_OFFSET + 1, 2, 0xbbaa);
	assert_int_equal(card_get(card, 5, MDLTEST_PORT_OFFSET + 1, 1), 0xaa);
	assert_int_equal(card_get(card, 5, MDLTEST_PORT_OFFSET + 2, 1), 0xbb);
}

static void locks(void **state)
{
	struct card *card = *state;

	PUT(LOCKED, 7);
	assert_int_equal(GET(LOCKED), 0);
	PUT(KEY, 1);
	PUT(LOCKED, 7);
	PUT(KEY, 0);
	PUT(LOCKED, 8);
	assert_int_equal(GET(LOCKED), 7);
}

static void hooks_in_order(void **state)
{
	struct card *card = *state;
	struct {
		struct vu_region_access access;
		uint32_t value;
	} m = {{MDLTEST_APPEND_OFFSET, 0, 4}, 0};

	for (m.value = 1; m.value <= 20; m.value++)
		client_send(&card->client, VU_REGION_WRITE, VU_NO_REPLY, &m, 20, NULL, 0);
	for (uint32_t i = 1; i <= 20; i++)
		assert_int_equal(GET(LOG), i);
	assert_int_equal(GET(LOG), 0xffffffff);
}

static void state_outlives_clients(void **state)
{
	struct card *card = *state;
	uint32_t clients = GET(CLIENTS);

	PUT(SCRATCH, 0xfeed);
	PUT(APPEND, 9);
	card_reopen(card);
	assert_int_equal(GET(SCRATCH), 0xfeed);
	assert_int_equal(GET(CLIENTS), clients + 1);
	assert_int_equal(GET(LOG), 9);
	assert_int_equal(card_get(card, CONFIG, COMMAND, 2), 2 | BUS_MASTER);
}

static void resets(void **state)
{
	struct card *card = *state;
	uint32_t before = GET(RESETS);

	PUT(SCRATCH, 5);
	PUT(APPEND, 1);
	card_put(card, CONFIG, MDLTEST_SCRATCH16_OFFSET, 2, 0xabcd);
	assert_int_equal(card_get(card, CONFIG, MDLTEST_SCRATCH16_OFFSET, 2), 0xabcd);
	PUT(SOFT_RESET, 1);
	assert_int_equal(GET(SCRATCH), 0);
	assert_int_equal(GET(LOG), 0xffffffff);
	assert_int_equal(card_get(card, CONFIG, COMMAND, 2), 2 | BUS_MASTER);
	PUT(SCRATCH, 5);
	assert_int_equal(client_reset(&card->client), 0);
	assert_int_equal(GET(SCRATCH), 0);
	assert_int_equal(card_get(card, CONFIG, MDLTEST_SCRATCH16_OFFSET, 2), 0x1234);
	assert_int_equal(card_get(card, CONFIG, COMMAND, 2), 0);
	assert_int_equal(GET(RESETS), before + 2); /* sticky(hard) */
}

static void function_level_reset(void **state)
{
	struct card *card = *state;
	uint32_t express = card_capability(card, 0x10), before = GET(RESETS);
	uint64_t control = card_get(card, CONFIG, express + 8, 2);

	assert_true(card_get(card, CONFIG, express + 4, 4) & 1u << 28);
	PUT(SCRATCH, 5);
	card_put(card, CONFIG, express + 8, 2, control | 0x8000);
	assert_int_equal(card_get(card, CONFIG, express + 8, 2) & 0x8000, 0);
	assert_int_equal(GET(SCRATCH), 0);
	assert_int_equal(GET(RESETS), before + 1);
	assert_int_equal(card_get(card, CONFIG, COMMAND, 2), 0);
}

static void power_states(void **state)
{
	struct card *card = *state;
	uint32_t pm = card_capability(card, 0x01);

	card_put(card, CONFIG, pm + 4, 2, 3);
	assert_int_equal(card_get(card, CONFIG, pm + 4, 2) & 3, 3);
	assert_int_equal(GET(ID), 0xffffffff);
	PUT(SCRATCH, 5);
	assert_int_equal(card_get(card, CONFIG, 0, 2), 0x1b36);
	card_put(card, CONFIG, pm + 4, 2, 0);
	assert_int_equal(GET(ID), MDLTEST_ID_RESET_VALUE);
	assert_int_equal(GET(SCRATCH), 0);
}

static void capabilities(void **state)
{
	struct card *card = *state;
	uint32_t vendor = card_capability(card, 0x09);

	card_capability(card, 0x01);
	card_capability(card, 0x05);
	card_capability(card, 0x10);
	card_capability(card, 0x11);
	assert_int_equal(card_get(card, CONFIG, vendor + 2, 1), 6);
	assert_int_equal(card_get(card, CONFIG, vendor + 3, 1), 'M');
	/* device serial number */
	uint32_t at = 0x100;

	while (at && (card_get(card, CONFIG, at, 4) & 0xffff) != 3)
		at = (uint32_t)(card_get(card, CONFIG, at, 4) >> 20);
	assert_int_not_equal(at, 0);
	assert_int_equal(card_get(card, CONFIG, at + 4, 4), 0x44556677);
	assert_int_equal(card_get(card, CONFIG, at + 8, 4), 0x00112233);
}

static void the_rom(void **state)
{
	struct card *card = *state;
	uint8_t rom[2048];

	assert_int_equal(client_read(&card->client, VU_REGION_ROM, 0, rom, sizeof(rom)), 0);
	assert_true(client_write(&card->client, VU_REGION_ROM, 0, "x", 1) <= REFUSED);
}

static void a_timer(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_MSIX, 5);

	PUT(TIMER_US, 1000);
	assert_true(client_wait_event(fd, CLIENT_WAIT_MS));
	assert_int_equal(GET(TICKS), 1);
	/* Cancelled: it does not come, though the device goes on working. */
	PUT(TIMER_US, 100000);
	PUT(TIMER_US, 0);
	assert_false(client_wait_event(fd, 200));
	assert_int_equal(GET(TICKS), 1);
}

static void plain_memory(void **state)
{
	struct card *card = *state;
	uint8_t out[8192], in[8192];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7);
	assert_int_equal(client_write(&card->client, 2, 0x8000 - 100, out, sizeof(out)), 0);
	assert_int_equal(client_read(&card->client, 2, 0x8000 - 100, in, sizeof(in)), 0);
	assert_memory_equal(out, in, sizeof(in));
	assert_int_equal(card_get(card, 2, 0x8000 - 100 + 3, 1), 21);
	/* out of BUF into SHARED, in one message */
	assert_int_equal(client_write(&card->client, 2, 0x10000 - 4096, out, sizeof(out)), 0);
	assert_int_equal(client_read(&card->client, 2, 0x10000, in, 4096), 0);
	assert_memory_equal(out + 4096, in, 4096);
}

static int start_with_parameter(void **state)
{
	return card_launch(state, (const char *const[]){"--start=0x77", "--fussy", NULL});
}

static void parameters(void **state)
{
	struct card *card = *state;

	assert_int_equal(GET(SCRATCH), 0x77);
	PUT(SCRATCH, 1);
	assert_int_equal(client_reset(&card->client), 0);
	assert_int_equal(GET(SCRATCH), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(values_and_resets),
		CARD_TEST(narrow_writes_merge),
		CARD_TEST(wide_by_halves),
		CARD_TEST(accesses_that_span),
		CARD_TEST(holes),
		CARD_TEST(widths_that_are_not_allowed),
		CARD_TEST(write_one_to_clear_by_bytes),
		CARD_TEST(read_to_clear_by_bytes),
		CARD_TEST(big_endian),
		CARD_TEST(io_ports),
		CARD_TEST(locks),
		CARD_TEST(hooks_in_order),
		CARD_TEST(state_outlives_clients),
		CARD_TEST(resets),
		CARD_TEST(function_level_reset),
		CARD_TEST(power_states),
		CARD_TEST(capabilities),
		CARD_TEST(the_rom),
		CARD_TEST(a_timer),
		CARD_TEST(plain_memory),
		cmocka_unit_test_setup_teardown(parameters, start_with_parameter, card_stop),
	};

	return cmocka_run_group_tests_name("the test device's registers", tests, NULL, NULL);
}
