/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: INTx, and what happens to all kinds over the device's life. */
#include "irq_drive.h"

/* ---- INTx */

static void intx_signals_once_and_masks_itself(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	attach(dev, INTX, 0, fd);
	assert_int_equal(signals(fd), 0);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(fd), 1);
	assert_true(status_bit(dev));
	mdl_irq_raise(dev, 2); /* the line is high already */
	mdl_irq_lower(dev, 0);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(fd), 0);
	/* Still high: again. */
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(fd), 1);
	mdl_irq_lower(dev, 0);
	assert_true(status_bit(dev));
	mdl_irq_lower(dev, 2);
	assert_false(status_bit(dev));
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(fd), 0);
	mdl_irq_raise(dev, 1);
	assert_int_equal(signals(fd), 1);
	close(fd);
}

static void intx_that_is_high_is_told_to_who_attaches(void **state)
{
	struct mdl_dev *dev = *state;
	const int one = new_eventfd(), two = new_eventfd();

	mdl_irq_raise(dev, 3);
	assert_true(status_bit(dev));
	attach(dev, INTX, 0, one);
	assert_int_equal(signals(one), 1);
	/* Moved while masked: the mask stays, nothing is said twice. */
	attach(dev, INTX, 0, two);
	assert_int_equal(signals(two), 0);
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(one), 0);
	assert_int_equal(signals(two), 1);
	assert_int_equal(set(dev, TRIGGER_NONE, INTX, 0, 0), 0);
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(two), 0);
	attach(dev, INTX, 0, two);
	assert_int_equal(signals(two), 1);
	/* Detached, nobody is left to unmask it: the next one starts afresh. */
	attach(dev, INTX, 0, -1);
	attach(dev, INTX, 0, one);
	assert_int_equal(signals(one), 1);
	close(one);
	close(two);
}

static void intx_disable_gates_the_line_not_the_status(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	attach(dev, INTX, 0, fd);
	wr(dev, CONFIG, 4, 2, 0x400);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(fd), 0);
	assert_true(status_bit(dev));
	wr(dev, CONFIG, 5, 1, 0);
	assert_int_equal(signals(fd), 1);
	close(fd);
}

static void intx_masked_by_the_client_waits(void **state)
{
	static const uint8_t yes[] = {1}, no[] = {0};
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	attach(dev, INTX, 0, fd);
	assert_int_equal(set_irqs(dev, MASK_BOOL, INTX, 0, 1, NULL, 0, yes), 0);
	mdl_irq_raise(dev, 0);
	assert_int_equal(set_irqs(dev, UNMASK_BOOL, INTX, 0, 1, NULL, 0, no), 0);
	assert_int_equal(signals(fd), 0);
	assert_int_equal(set_irqs(dev, UNMASK_BOOL, INTX, 0, 1, NULL, 0, yes), 0);
	assert_int_equal(signals(fd), 1);
	close(fd);
}

static void intx_pulses_are_kept(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	mdl_irq_pulse(dev, 0); /* before anybody listens */
	assert_true(status_bit(dev));
	attach(dev, INTX, 0, fd);
	assert_int_equal(signals(fd), 1);
	assert_false(status_bit(dev));
	mdl_irq_pulse(dev, 0);
	mdl_irq_pulse(dev, 1);
	assert_int_equal(signals(fd), 0);
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(fd), 1);
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(fd), 0);
	close(fd);
}

static void intx_is_unmasked_by_an_eventfd(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd(), unmask = new_eventfd();

	attach(dev, INTX, 0, fd);
	assert_int_equal(set_irqs(dev, UNMASK_FD, INTX, 0, 1, &unmask, 1, NULL), 0);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(fd), 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(eventfd_write(unmask, 1), 0);
		assert_true(mdl_poll(dev) >= 0);
		assert_int_equal(signals(fd), 1);
	}
	assert_true(mdl_poll(dev) >= 0);
	assert_int_equal(signals(fd), 0);
	/* Taken away. */
	assert_int_equal(set_irqs(dev, UNMASK_FD, INTX, 0, 1, NULL, 0, NULL), 0);
	assert_int_equal(eventfd_write(unmask, 1), 0);
	assert_true(mdl_poll(dev) >= 0);
	assert_int_equal(signals(fd), 0);
	close(fd);
	close(unmask);
}

/* ---- the rest of its life */

static void the_next_client_hears_of_levels(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	enable_msix(dev);
	attach(dev, MSIX, 0, fd);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(fd), 1);
	irqs_client_gone(dev);
	attach(dev, MSIX, 0, fd);
	assert_int_equal(signals(fd), 1);
	wr(dev, CONFIG, AT_MSIX + 2, 2, 0);
	irqs_client_gone(dev);
	attach(dev, INTX, 0, fd);
	assert_int_equal(signals(fd), 1);
	irqs_client_gone(dev);
	attach(dev, INTX, 0, fd); /* its mask went with it */
	assert_int_equal(signals(fd), 1);
	close(fd);
}

/* Pending bits are of who enabled MSI; the interrupts themselves wait for whoever attaches. */
static void the_next_client_finds_no_msi_pending(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	enable_msi(dev, 0);
	attach(dev, MSI, 0, fd);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(fd), 1);
	wr(dev, CONFIG, AT_MSI + 16, 4, 1);
	mdl_irq_pulse(dev, 1);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 1);
	irqs_client_gone(dev);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0);
	mdl_irq_lower(dev, 0);
	mdl_irq_raise(dev, 0);
	mdl_irq_pulse(dev, 2);
	irqs_update(dev);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0);
	/* Enabled without an eventfd, as masked: pending. */
	enable_msi(dev, 0);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 1);
	attach(dev, MSI, 0, fd);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 1);
	assert_int_equal(signals(fd), 0);
	wr(dev, CONFIG, AT_MSI + 16, 4, 0);
	assert_int_equal(signals(fd), 1);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0);
	/* Neither disabled nor after a reset is anything pending. */
	wr(dev, CONFIG, AT_MSI + 16, 4, 1);
	mdl_irq_pulse(dev, 1);
	wr(dev, CONFIG, AT_MSI + 2, 1, 0);
	assert_int_equal(set(dev, TRIGGER_NONE, MSI, 0, 0), 0);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0);
	enable_msi(dev, 0);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 1);
	mdl_reset(dev, MDL_RESET_HARD);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0);
	enable_msi(dev, 0);
	attach(dev, MSI, 0, fd);
	assert_int_equal(signals(fd), 0);
	close(fd);
}

static void levels_follow_a_change_of_mode(void **state)
{
	struct mdl_dev *dev = *state;
	const int line = new_eventfd(), msi = new_eventfd(), msix = new_eventfd();

	attach(dev, INTX, 0, line);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(line), 1);
	assert_int_equal(set(dev, TRIGGER_NONE, INTX, 0, 0), 0);
	attach(dev, MSIX, 0, msix);
	assert_int_equal(signals(msix), 1);
	assert_false(status_bit(dev));
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 0), 0);
	attach(dev, MSI, 0, msi);
	assert_int_equal(signals(msi), 1);
	assert_int_equal(set(dev, TRIGGER_NONE, MSI, 0, 0), 0);
	assert_true(status_bit(dev));
	attach(dev, INTX, 0, line);
	assert_int_equal(signals(line), 1);
	assert_int_equal(signals(msi) + signals(msix), 0);
	close(line);
	close(msi);
	close(msix);
}

static void reset_lowers_and_forgets(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	attach(dev, INTX, 0, fd);
	mdl_irq_raise(dev, 0);
	mdl_irq_pulse(dev, 1);
	assert_int_equal(signals(fd), 1);
	mdl_reset(dev, MDL_RESET_HARD);
	assert_false(mdl_irq_level(dev, 0));
	assert_false(status_bit(dev));
	assert_int_equal(set(dev, UNMASK_NONE, INTX, 0, 1), 0);
	assert_int_equal(signals(fd), 0);
	/* The line is closed while it resets, also if the reset opens INTx. */
	wr(dev, CONFIG, 4, 2, 0x400);
	mdl_irq_raise(dev, 0);
	mdl_reset(dev, MDL_RESET_HARD);
	assert_int_equal(signals(fd), 0);
	mdl_irq_raise(dev, 0);
	assert_int_equal(signals(fd), 1);
	close(fd);
}

static void sleeping_functions_do_not_interrupt(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	enable_msix(dev);
	attach(dev, MSIX, 0, fd);
	wr(dev, CONFIG, AT_PM + 4, 1, 3);
	mdl_irq_pulse(dev, 0);
	assert_int_equal(signals(fd), 0);
	close(fd);
}

static void numbers_that_do_not_exist_are_ignored(void **state)
{
	struct mdl_dev *dev = *state;

	mdl_irq_raise(dev, 6);
	mdl_irq_pulse(dev, UINT32_MAX);
	assert_false(mdl_irq_level(dev, 6));
	assert_false(status_bit(dev));
}

static void interrupts_travel(void **state)
{
	struct mdl_dev *from = *state, *to = sample_make(&sample_device);
	const size_t size = irqs_state_size(from);
	uint8_t *saved = malloc(size);
	int fds[3];

	assert_non_null(saved);
	for (unsigned i = 0; i < 3; i++)
		fds[i] = new_eventfd();
	enable_msix(from);
	mdl_irq_raise(from, 0);
	mdl_irq_pulse(from, 1);
	wr(from, 4, 2 * 16 + 12, 4, 1);
	irqs_save(from, saved);
	assert_int_equal(set_irqs(to, TRIGGER_FD, MSIX, 0, 3, fds, 3, NULL), 0);
	mdl_irq_raise(to, 3);
	/* Bad ones change nothing. */
	assert_int_equal(irqs_load(to, saved, size - 1), -EINVAL);
	saved[0] |= 0x80;
	assert_int_equal(irqs_load(to, saved, size), -EINVAL);
	saved[0] &= 0x7f;
	saved[size - 1] = 2;
	assert_int_equal(irqs_load(to, saved, size), -EINVAL);
	saved[size - 1] = 0;
	assert_true(mdl_irq_level(to, 3));
	assert_int_equal(irqs_load(to, saved, size), 0);
	irqs_update(to);
	assert_false(mdl_irq_level(to, 3));
	assert_true(mdl_irq_level(to, 0));
	assert_int_equal(signals(fds[0]), 1);
	assert_int_equal(signals(fds[1]), 1);
	mdl_irq_pulse(to, 2); /* its entry's mask came along */
	assert_int_equal(signals(fds[2]), 0);
	assert_int_equal(pba(to, 0), 4);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	free(saved);
	mdl_destroy(to);
}

/* ---- from one kind to another, as drivers do it, with levels high and events on their way */

#define IRQS 4u

struct model {
	struct mdl_dev *dev;
	uint32_t kind; /* INTX, MSI or MSIX */
	int fds[3][IRQS];
	bool level[IRQS], owed[IRQS], pulse[IRQS], intx_masked;
	uint64_t due[3][IRQS];
};

static void model_settle(struct model *m)
{
	bool any = false;

	for (unsigned i = 0; i < IRQS; i++) {
		any |= m->level[i] || m->pulse[i];
		if (m->kind != INTX && (m->owed[i] || m->pulse[i])) {
			m->due[m->kind][i]++;
			m->owed[i] = m->pulse[i] = false;
		}
	}
	if (m->kind != INTX || !any || m->intx_masked)
		return;
	m->due[INTX][0]++;
	m->intx_masked = true;
	memset(m->pulse, 0, sizeof(m->pulse));
}

static void model_switch(struct model *m, uint32_t kind)
{
	if (kind == m->kind)
		return;
	assert_int_equal(set(m->dev, TRIGGER_NONE, m->kind, 0, 0), 0);
	m->kind = kind;
	m->intx_masked = false;
	wr(m->dev, CONFIG, AT_MSIX + 2, 2, kind == MSIX ? 0x8000 : 0);
	enable_msi(m->dev, 2);
	if (kind != MSI)
		wr(m->dev, CONFIG, AT_MSI + 2, 2, 0);
	assert_int_equal(set_irqs(m->dev, TRIGGER_FD, kind, 0, kind == INTX ? 1 : IRQS,
				  m->fds[kind], kind == INTX ? 1 : IRQS, NULL),
			 0);
	/* A driver that comes to a level which is high already hears of it. */
	memcpy(m->owed, m->level, sizeof(m->owed));
}

static void model_step(struct model *m, unsigned what, unsigned i)
{
	switch (what) {
	case 0:
		m->owed[i] |= !m->level[i];
		m->level[i] = true;
		mdl_irq_raise(m->dev, i);
		break;
	case 1:
		m->level[i] = m->owed[i] = false;
		mdl_irq_lower(m->dev, i);
		break;
	case 2:
		m->pulse[i] = true;
		mdl_irq_pulse(m->dev, i);
		break;
	case 3:
		m->intx_masked = false;
		assert_int_equal(set(m->dev, UNMASK_NONE, INTX, 0, 1), 0);
		break;
	default:
		model_switch(m, i % 3);
		break;
	}
}

static void any_kind_loses_and_doubles_nothing(void **state)
{
	struct model m = {.dev = *state, .kind = INTX};
	uint32_t seed = 99;

	for (unsigned kind = 0; kind < 3; kind++)
		for (unsigned i = 0; i < IRQS; i++)
			m.fds[kind][i] = new_eventfd();
	attach(m.dev, INTX, 0, m.fds[INTX][0]);
	for (unsigned step = 0; step < 20000; step++) {
		seed = seed * 1664525 + 1013904223;
		model_step(&m, (seed >> 16) % 5, (seed >> 24) % IRQS);
		model_settle(&m);
		for (unsigned kind = 0; kind < 3; kind++)
			for (unsigned i = 0; i < IRQS; i++) {
				assert_int_equal(signals(m.fds[kind][i]), m.due[kind][i]);
				m.due[kind][i] = 0;
			}
		assert_int_equal(status_bit(m.dev),
				 m.kind == INTX &&
					 (m.level[0] || m.level[1] || m.level[2] || m.level[3] ||
					  m.pulse[0] || m.pulse[1] || m.pulse[2] || m.pulse[3]));
	}
	for (unsigned kind = 0; kind < 3; kind++)
		for (unsigned i = 0; i < IRQS; i++)
			close(m.fds[kind][i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(intx_signals_once_and_masks_itself),
		TEST(intx_that_is_high_is_told_to_who_attaches),
		TEST(intx_disable_gates_the_line_not_the_status),
		TEST(intx_masked_by_the_client_waits),
		TEST(intx_pulses_are_kept),
		TEST(intx_is_unmasked_by_an_eventfd),
		TEST(the_next_client_hears_of_levels),
		TEST(the_next_client_finds_no_msi_pending),
		TEST(levels_follow_a_change_of_mode),
		TEST(reset_lowers_and_forgets),
		TEST(sleeping_functions_do_not_interrupt),
		TEST(numbers_that_do_not_exist_are_ignored),
		TEST(interrupts_travel),
		TEST(any_kind_loses_and_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
