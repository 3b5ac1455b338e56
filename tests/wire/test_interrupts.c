// SPDX-License-Identifier: BSD-2-Clause
/* The test device's interrupts: raised by its registers, seen on eventfds and in pending bits. */
#include "card.h"

#define MSIX_BAR    4u
#define PBA         0x800u
#define STATUS      0x06u
#define STATUS_INTX 0x08u
#define ENTRY(n)    (16u * (n) + 12u) /* an entry's vector control */

static uint64_t pba(struct card *card)
{
	return card_get(card, MSIX_BAR, PBA, 8);
}

/* ---- INTx */

static void intx_is_a_level(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_INTX, 0);

	PUT(IRQ_RAISE, 1);
	assert_int_equal(card_events(fd), 1);
	/* masked itself: neither this nor a second source comes through */
	PUT(IRQ_RAISE, 2);
	PUT(IRQ_LOWER, 1);
	assert_int_equal(card_events(fd), 0);
	/* still high: again at once */
	card_irq(card, VU_IRQ_INTX, IRQ_UNMASK, 0, 1, -1);
	assert_int_equal(card_events(fd), 1);
	PUT(IRQ_LOWER, 2);
	card_irq(card, VU_IRQ_INTX, IRQ_UNMASK, 0, 1, -1);
	assert_int_equal(card_events(fd), 0);
	PUT(IRQ_RAISE, 4);
	assert_int_equal(card_events(fd), 1);
	assert_int_equal(GET(IRQ_LEVEL), 4);
}

static void intx_status_and_disable(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_INTX, 0);

	assert_int_equal(card_get(card, CONFIG, STATUS, 2) & STATUS_INTX, 0);
	card_put(card, CONFIG, COMMAND, 2, BUS_MASTER | INTX_DISABLE);
	PUT(IRQ_RAISE, 1);
	assert_int_equal(card_events(fd), 0);
	assert_int_equal(card_get(card, CONFIG, STATUS, 2) & STATUS_INTX, STATUS_INTX);
	card_put(card, CONFIG, COMMAND, 2, BUS_MASTER);
	assert_int_equal(card_events(fd), 1);
	PUT(IRQ_LOWER, 1);
	assert_int_equal(card_get(card, CONFIG, STATUS, 2) & STATUS_INTX, 0);
}

static void intx_masked_and_late(void **state)
{
	struct card *card = *state;
	int fd;

	PUT(IRQ_RAISE, 1);
	fd = card_attach(card, VU_IRQ_INTX, 0);
	assert_int_equal(card_events(fd), 1);
	PUT(IRQ_LOWER, 1);
	card_irq(card, VU_IRQ_INTX, IRQ_UNMASK, 0, 1, -1);
	card_irq(card, VU_IRQ_INTX, IRQ_MASK, 0, 1, -1);
	PUT(IRQ_RAISE, 1);
	assert_int_equal(card_events(fd), 0);
	card_irq(card, VU_IRQ_INTX, IRQ_UNMASK, 0, 1, -1);
	assert_int_equal(card_events(fd), 1);
}

static void intx_resampled(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_INTX, 0), resample = card_eventfd(card);
	const uint64_t one = 1;

	card_irq(card, VU_IRQ_INTX, VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_UNMASK, 0, 1,
		 resample);
	PUT(IRQ_RAISE, 1);
	for (int i = 0; i < 5; i++) {
		assert_true(client_wait_event(fd, CLIENT_WAIT_MS));
		assert_int_equal(write(resample, &one, 8), 8);
	}
	assert_true(client_wait_event(fd, CLIENT_WAIT_MS));
	PUT(IRQ_LOWER, 1);
	assert_int_equal(write(resample, &one, 8), 8);
	assert_false(client_wait_event(fd, 50));
}

/* ---- MSI-X */

static void msix_by_vector(void **state)
{
	struct card *card = *state;
	int fds[6];

	for (uint32_t i = 0; i < 6; i++)
		fds[i] = card_attach(card, VU_IRQ_MSIX, i);
	for (uint32_t i = 0; i < 6; i++) {
		PUT(IRQ_RAISE, 1u << i);
		for (uint32_t k = 0; k < 6; k++)
			assert_int_equal(card_events(fds[k]), k == i);
	}
	/* high already: nothing twice */
	PUT(IRQ_RAISE, 0x3f);
	PUT(IRQ_LOWER, 0x3f);
	for (uint32_t k = 0; k < 6; k++)
		assert_int_equal(card_events(fds[k]), 0);
	PUT(IRQ_PULSE, 0x15);
	PUT(IRQ_PULSE, 0x15);
	for (uint32_t k = 0; k < 6; k++)
		assert_int_equal(card_events(fds[k]), k & 1 ? 0 : 2);
	assert_true(pba(card) == 0);
}

static void msix_masked_by_messages(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_MSIX, 3);

	card_irq(card, VU_IRQ_MSIX, IRQ_MASK, 3, 1, -1);
	PUT(IRQ_PULSE, 8);
	PUT(IRQ_PULSE, 8);
	assert_int_equal(card_events(fd), 0);
	assert_true(pba(card) == 8);
	assert_int_equal(card_get(card, MSIX_BAR, PBA, 1), 8);
	card_irq(card, VU_IRQ_MSIX, IRQ_UNMASK, 3, 1, -1);
	assert_int_equal(card_events(fd), 1);
	assert_true(pba(card) == 0);
}

static void msix_masked_in_the_table(void **state)
{
	struct card *card = *state;
	int fds[2] = {card_attach(card, VU_IRQ_MSIX, 1), card_attach(card, VU_IRQ_MSIX, 2)};

	card_put(card, MSIX_BAR, ENTRY(1), 4, 1);
	PUT(IRQ_RAISE, 6);
	assert_int_equal(card_events(fds[0]), 0);
	assert_int_equal(card_events(fds[1]), 1);
	assert_true(pba(card) == 2);
	card_put(card, MSIX_BAR, ENTRY(1), 4, 0);
	assert_int_equal(card_events(fds[0]), 1);
	assert_true(pba(card) == 0);
	/* addresses and data are kept, reserved bits are not; the PBA is read-only */
	card_put(card, MSIX_BAR, 0x20, 8, UINT64_C(0xfedcba9876543210));
	assert_true(card_get(card, MSIX_BAR, 0x20, 8) == UINT64_C(0xfedcba9876543210));
	card_put(card, MSIX_BAR, ENTRY(2), 4, 0xfffffffe);
	assert_int_equal(card_get(card, MSIX_BAR, ENTRY(2), 4) & 1, 0);
	card_put(card, MSIX_BAR, PBA, 8, UINT64_MAX);
	assert_true(pba(card) == 0);
}

static void msix_masked_as_a_whole(void **state)
{
	struct card *card = *state;
	uint32_t control = card_capability(card, 0x11) + 2;
	int fd = card_attach(card, VU_IRQ_MSIX, 4);

	card_put(card, CONFIG, control, 2, 0xc000);
	PUT(IRQ_RAISE, 1u << 4);
	assert_int_equal(card_events(fd), 0);
	assert_true(pba(card) == 1u << 4);
	card_put(card, CONFIG, control, 2, 0x8000);
	assert_int_equal(card_events(fd), 1);
	assert_true(pba(card) == 0);
	assert_int_equal(card_get(card, CONFIG, control, 2), 0x8007);
}

static void msix_pends_what_goes(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_MSIX, 0);

	/* A level that falls takes its pending bit with it (PCI 6.8.3.5). */
	card_irq(card, VU_IRQ_MSIX, IRQ_MASK, 0, 1, -1);
	PUT(IRQ_RAISE, 1);
	assert_true(pba(card) == 1);
	PUT(IRQ_LOWER, 1);
	assert_true(pba(card) == 0);
	card_irq(card, VU_IRQ_MSIX, IRQ_UNMASK, 0, 1, -1);
	assert_int_equal(card_events(fd), 0);
}

static void msix_unattached_is_pended(void **state)
{
	struct card *card = *state;
	int fd;

	card_put(card, CONFIG, card_capability(card, 0x11) + 2, 2, 0x8000);
	PUT(IRQ_PULSE, 4);
	assert_true(pba(card) == 4);
	fd = card_attach(card, VU_IRQ_MSIX, 2);
	assert_int_equal(card_events(fd), 1);
	assert_true(pba(card) == 0);
}

static void msix_ranges_and_moves(void **state)
{
	struct card *card = *state;
	int fds[6], other[2] = {card_eventfd(card), card_eventfd(card)};

	for (uint32_t i = 0; i < 6; i++)
		fds[i] = card_eventfd(card);
	assert_int_equal(client_set_irqs(&card->client, VU_IRQ_MSIX, IRQ_ATTACH, 0, 6, fds, 6), 0);
	/* 2 and 3 detached: they pend, the others fire */
	card_irq(card, VU_IRQ_MSIX, IRQ_ATTACH, 2, 2, -1);
	PUT(IRQ_PULSE, 0x3f);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(card_events(fds[i]), i != 2 && i != 3);
	assert_true(pba(card) == 0xc);
	/* moved while pending: to the new places only */
	assert_int_equal(client_set_irqs(&card->client, VU_IRQ_MSIX, IRQ_ATTACH, 2, 2, other, 2),
			 0);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(card_events(other[i]), 1);
	PUT(IRQ_PULSE, 0xc);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(card_events(other[i]), 1);
		assert_int_equal(card_events(fds[2 + i]), 0);
	}
	/* one eventfd for two vectors */
	card_irq(card, VU_IRQ_MSIX, IRQ_ATTACH, 4, 1, fds[5]);
	PUT(IRQ_PULSE, 0x30);
	assert_int_equal(card_events(fds[5]), 2);
	/* all off */
	card_irq(card, VU_IRQ_MSIX, IRQ_TRIGGER, 0, 0, -1);
	PUT(IRQ_PULSE, 0x3f);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(card_events(fds[i]), 0);
}

/* ---- MSI */

static void msi_by_vector(void **state)
{
	struct card *card = *state;
	uint32_t control = card_capability(card, 0x05) + 2;
	int fds[4];

	for (uint32_t i = 0; i < 4; i++)
		fds[i] = card_attach(card, VU_IRQ_MSI, i);
	card_put(card, CONFIG, control, 2, 1 | 3 << 4); /* all eight */
	PUT(IRQ_RAISE, 0xf);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(card_events(fds[i]), 1);
	PUT(IRQ_LOWER, 0xf);
	card_put(card, CONFIG, control, 2, 1 | 1 << 4); /* two */
	PUT(IRQ_RAISE, 0x8);
	assert_int_equal(card_events(fds[1]), 1);
	assert_int_equal(card_events(fds[3]), 0);
	PUT(IRQ_LOWER, 0x8);
	card_put(card, CONFIG, control, 2, 1); /* one */
	PUT(IRQ_RAISE, 0x8);
	assert_int_equal(card_events(fds[0]), 1);
}

static void msi_masks(void **state)
{
	struct card *card = *state;
	uint32_t cap = card_capability(card, 0x05);
	uint64_t control = card_get(card, CONFIG, cap + 2, 2);
	uint32_t masks = cap + (control & 0x80 ? 0x10 : 0x0c);
	int fd = card_attach(card, VU_IRQ_MSI, 2);

	assert_true(control & 0x100);
	card_put(card, CONFIG, cap + 2, 2, 1 | 3 << 4);
	card_put(card, CONFIG, masks, 4, 1u << 2);
	PUT(IRQ_PULSE, 1u << 2);
	assert_int_equal(card_events(fd), 0);
	assert_int_equal(card_get(card, CONFIG, masks + 4, 4), 1u << 2);
	card_put(card, CONFIG, masks, 4, 0);
	assert_int_equal(card_events(fd), 1);
	assert_int_equal(card_get(card, CONFIG, masks + 4, 4), 0);
}

/* From one kind to another with a level high: the new kind tells of it. */
static void kinds_change(void **state)
{
	struct card *card = *state;
	int intx = card_attach(card, VU_IRQ_INTX, 0), msix, msi;

	PUT(IRQ_RAISE, 1);
	assert_int_equal(card_events(intx), 1);
	card_irq(card, VU_IRQ_INTX, IRQ_TRIGGER, 0, 0, -1);
	msix = card_attach(card, VU_IRQ_MSIX, 0);
	assert_int_equal(card_events(msix), 1);
	card_irq(card, VU_IRQ_MSIX, IRQ_TRIGGER, 0, 0, -1);
	msi = card_attach(card, VU_IRQ_MSI, 0);
	assert_int_equal(card_events(msi), 1);
	card_irq(card, VU_IRQ_MSI, IRQ_TRIGGER, 0, 0, -1);
	intx = card_attach(card, VU_IRQ_INTX, 0);
	assert_int_equal(card_events(intx), 1);
}

/* ---- the intr block */

static void edges_latch(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_MSIX, 6);

	PUT(INPUT, 1);
	assert_int_equal(GET(ISR), 1);
	assert_int_equal(card_events(fd), 0);
	PUT(IER, 1);
	assert_int_equal(card_events(fd), 1);
	PUT(INPUT, 0);
	assert_int_equal(GET(ISR), 1);
	PUT(ISR, 1);
	assert_int_equal(GET(ISR), 0);
	assert_int_equal(GET(IRQ_LEVEL), 0);
	PUT(INPUT, 1);
	assert_int_equal(card_events(fd), 1);
	PUT(ISR, 1);
	PUT(ITR, 1);
	assert_int_equal(GET(ISR), 1);
	assert_int_equal(card_events(fd), 1);
}

static void levels_follow(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_MSIX, 7);

	PUT(IER, 2);
	PUT(INPUT, 2);
	assert_int_equal(card_events(fd), 1);
	assert_int_equal(GET(ISR), 2);
	PUT(ISR, 2); /* the source is still there: acknowledging asks for another message */
	assert_int_equal(GET(ISR), 2);
	card_events(fd);
	PUT(IMR, 2);
	assert_int_equal(GET(IRQ_LEVEL), 0);
	PUT(IMR, 0);
	assert_int_equal(card_events(fd), 1);
	PUT(INPUT, 0);
	assert_int_equal(GET(ISR), 0);
	assert_int_equal(GET(IRQ_LEVEL), 0);
	PUT(ITR, 2);
	assert_int_equal(card_events(fd), 1);
	PUT(ITR, 0);
	assert_int_equal(GET(IRQ_LEVEL), 0);
}

/* ---- life */

static void levels_outlive_clients(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_MSIX, 1);

	PUT(IRQ_RAISE, 2);
	assert_int_equal(card_events(fd), 1);
	card_reopen(card);
	PUT(IRQ_PULSE, 2);
	assert_int_equal(card_events(fd), 0);
	assert_int_equal(GET(IRQ_LEVEL), 2);
	fd = card_attach(card, VU_IRQ_MSIX, 1);
	assert_int_equal(card_events(fd), 1);
}

/* A client takes pending MSIs that it finds for its own guest's: there are none. */
static void no_msi_pends_for_who_comes(void **state)
{
	struct card *card = *state;
	uint32_t cap = card_capability(card, 0x05), pending = cap + 0x14;
	int fd = card_attach(card, VU_IRQ_MSI, 0);

	card_put(card, CONFIG, cap + 2, 2, 1);
	PUT(IRQ_RAISE, 1);
	assert_int_equal(card_events(fd), 1);
	card_put(card, CONFIG, cap + 0x10, 4, 1);
	PUT(IRQ_PULSE, 2);
	assert_int_equal(card_get(card, CONFIG, pending, 4), 1);
	card_reopen(card);
	assert_int_equal(card_get(card, CONFIG, pending, 4), 0);
	PUT(IRQ_PULSE, 4);
	assert_int_equal(card_get(card, CONFIG, pending, 4), 0);
	/* They are not lost. */
	card_put(card, CONFIG, cap + 0x10, 4, 0);
	fd = card_attach(card, VU_IRQ_MSI, 0);
	assert_int_equal(card_events(fd), 1);
}

static void reset_lowers(void **state)
{
	struct card *card = *state;
	int fd;

	PUT(IRQ_RAISE, 0x3f);
	PUT(IER, 3);
	PUT(INPUT, 3);
	assert_int_equal(client_reset(&card->client), 0);
	assert_int_equal(GET(IRQ_LEVEL), 0);
	assert_int_equal(GET(ISR), 0);
	fd = card_attach(card, VU_IRQ_MSIX, 0);
	assert_int_equal(card_events(fd), 0);
	assert_true(pba(card) == 0);
}

static void stopped_devices_wait(void **state)
{
	struct card *card = *state;
	int fd = card_attach(card, VU_IRQ_MSIX, 1), intx;

	assert_int_equal(client_mig_set(&card->client, VU_MIG_STOP), 0);
	PUT(IRQ_RAISE, 2);
	assert_int_equal(card_events(fd), 0);
	assert_int_equal(client_mig_set(&card->client, VU_MIG_RUNNING), 0);
	assert_int_equal(card_events(fd), 1);
	/* so do timers */
	card_irq(card, VU_IRQ_MSIX, IRQ_TRIGGER, 0, 0, -1);
	intx = card_attach(card, VU_IRQ_MSIX, 5);
	PUT(TIMER_US, 30000);
	assert_int_equal(client_mig_set(&card->client, VU_MIG_STOP), 0);
	assert_false(client_wait_event(intx, 100));
	assert_int_equal(GET(TICKS), 0);
	assert_int_equal(client_mig_set(&card->client, VU_MIG_RUNNING), 0);
	assert_true(client_wait_event(intx, CLIENT_WAIT_MS));
}

/* The levels and pending bits travel, and high levels are told of once on the other side. */
static void interrupts_migrate(void **state)
{
	struct card *card = *state;
	static uint8_t stream[1 << 20];
	size_t size = 0;
	ssize_t n;
	int fd;

	card_attach(card, VU_IRQ_MSIX, 0);
	card_irq(card, VU_IRQ_MSIX, IRQ_MASK, 3, 1, -1);
	PUT(IRQ_RAISE, 1);
	PUT(IRQ_PULSE, 8);
	PUT(SCRATCH, 0xcafe);
	assert_int_equal(client_mig_set(&card->client, VU_MIG_STOP_COPY), 0);
	do {
		n = client_mig_read(&card->client, stream + size, 65536);
		assert_true(n >= 0);
		size += (size_t)n;
	} while (n == 65536 && size + 65536 <= sizeof(stream));
	assert_int_equal(client_mig_set(&card->client, VU_MIG_RUNNING), 0);
	assert_int_equal(client_reset(&card->client), 0);
	card_reopen(card);
	assert_int_equal(GET(SCRATCH), 0);
	assert_int_equal(client_mig_set(&card->client, VU_MIG_RESUMING), 0);
	for (size_t at = 0; at < size; at += 65536)
		assert_int_equal(
			client_mig_write(&card->client, stream + at,
					 (uint32_t)(size - at < 65536 ? size - at : 65536)),
			0);
	assert_int_equal(client_mig_set(&card->client, VU_MIG_RUNNING), 0);
	assert_int_equal(GET(SCRATCH), 0xcafe);
	assert_int_equal(GET(IRQ_LEVEL), 1);
	fd = card_attach(card, VU_IRQ_MSIX, 0);
	assert_int_equal(card_events(fd), 1);
	fd = card_attach(card, VU_IRQ_MSIX, 3);
	assert_int_equal(card_events(fd), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(intx_is_a_level),
		CARD_TEST(intx_status_and_disable),
		CARD_TEST(intx_masked_and_late),
		CARD_TEST(intx_resampled),
		CARD_TEST(msix_by_vector),
		CARD_TEST(msix_masked_by_messages),
		CARD_TEST(msix_masked_in_the_table),
		CARD_TEST(msix_masked_as_a_whole),
		CARD_TEST(msix_pends_what_goes),
		CARD_TEST(msix_unattached_is_pended),
		CARD_TEST(msix_ranges_and_moves),
		CARD_TEST(msi_by_vector),
		CARD_TEST(msi_masks),
		CARD_TEST(kinds_change),
		CARD_TEST(edges_latch),
		CARD_TEST(levels_follow),
		CARD_TEST(levels_outlive_clients),
		CARD_TEST(no_msi_pends_for_who_comes),
		CARD_TEST(reset_lowers),
		CARD_TEST(stopped_devices_wait),
		CARD_TEST(interrupts_migrate),
	};

	return cmocka_run_group_tests_name("the test device's interrupts", tests, NULL, NULL);
}
