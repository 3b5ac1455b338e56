/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: INTx, MSI and MSI-X; masks, pending, eventfds that come and go; GET_IRQ_INFO and
 * SET_IRQS. */
#include "sample_device.h"

#define INTX VU_IRQ_INTX
#define MSI  VU_IRQ_MSI
#define MSIX VU_IRQ_MSIX

static int set(struct mdl_dev *dev, uint32_t flags, uint32_t index, uint32_t start, uint32_t count)
{
	return set_irqs(dev, flags, index, start, count, NULL, 0, NULL);
}

static bool status_bit(struct mdl_dev *dev)
{
	return rd(dev, CONFIG, 6, 1) & 8;
}

static void enable_msi(struct mdl_dev *dev, unsigned log2)
{
	wr(dev, CONFIG, AT_MSI + 2, 2, 1 | log2 << 4);
}

static void enable_msix(struct mdl_dev *dev)
{
	wr(dev, CONFIG, AT_MSIX + 2, 2, 0x8000);
}

static uint64_t pba(struct mdl_dev *dev, unsigned word)
{
	return rd(dev, 4, 0x800 + 8 * word, 8);
}

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

/* ---- MSI-X */

static void vectors_signal_on_the_rise_only(void **state)
{
	struct mdl_dev *dev = *state;
	int fds[3];

	for (unsigned i = 0; i < 3; i++)
		fds[i] = new_eventfd();
	enable_msix(dev);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 0, 3, fds, 3, NULL), 0);
	mdl_irq_raise(dev, 1);
	mdl_irq_raise(dev, 1);
	assert_int_equal(signals(fds[1]), 1);
	mdl_irq_lower(dev, 1);
	mdl_irq_raise(dev, 1);
	mdl_irq_raise(dev, 4); /* shares vector 1 */
	mdl_irq_pulse(dev, 2);
	assert_int_equal(signals(fds[0]), 0);
	assert_int_equal(signals(fds[1]), 2);
	assert_int_equal(signals(fds[2]), 1);
	assert_false(status_bit(dev));
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
}

static void a_vector_without_eventfd_is_pending(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	enable_msix(dev);
	mdl_irq_raise(dev, 5);
	mdl_irq_pulse(dev, 5);
	mdl_irq_raise(dev, 0);
	assert_int_equal(pba(dev, 0), 1);
	assert_int_equal(pba(dev, 1), 1ull << 5);
	assert_int_equal(rd(dev, 4, 0x808, 4), 1u << 5);
	assert_int_equal(rd(dev, 4, 0x80c, 4), 0);
	attach(dev, MSIX, 69, fd);
	assert_int_equal(signals(fd), 1); /* together: once */
	assert_int_equal(pba(dev, 1), 0);
	assert_int_equal(pba(dev, 0), 1);
	/* Detached and attached elsewhere: delivered is delivered. */
	attach(dev, MSIX, 69, -1);
	attach(dev, MSIX, 69, fd);
	assert_int_equal(signals(fd), 0);
	/* Two that share a vector share the message. */
	mdl_irq_raise(dev, 1);
	mdl_irq_raise(dev, 4);
	attach(dev, MSIX, 1, fd);
	assert_int_equal(signals(fd), 1);
	/* The reason goes before anybody heard: so does the message. */
	mdl_irq_lower(dev, 0);
	assert_int_equal(pba(dev, 0), 0);
	attach(dev, MSIX, 0, fd);
	assert_int_equal(signals(fd), 0);
	close(fd);
}

static void the_function_mask_holds_all(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	attach(dev, MSIX, 2, fd);
	wr(dev, CONFIG, AT_MSIX + 2, 2, 0xc000);
	mdl_irq_pulse(dev, 2);
	mdl_irq_pulse(dev, 2);
	assert_int_equal(signals(fd), 0);
	assert_int_equal(pba(dev, 0), 4);
	wr(dev, 4, 0x800, 8, 0); /* the PBA is read-only */
	assert_int_equal(pba(dev, 0), 4);
	wr(dev, CONFIG, AT_MSIX + 2, 2, 0x8000);
	assert_int_equal(signals(fd), 1);
	assert_int_equal(pba(dev, 0), 0);
	close(fd);
}

static void entries_mask_once_they_are_written(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = new_eventfd();

	enable_msix(dev);
	attach(dev, MSIX, 1, fd);
	assert_int_equal(rd(dev, 4, 16 + 12, 4), 1); /* reads as masked after a reset ... */
	mdl_irq_pulse(dev, 1);
	assert_int_equal(signals(fd), 1); /* ... but this client keeps its own table */
	wr(dev, 4, 16, 8, 0x12345678fee00003);
	assert_int_equal(rd(dev, 4, 16, 8), 0x12345678fee00000);
	wr(dev, 4, 16 + 8, 4, 0xabcd);
	mdl_irq_pulse(dev, 1);
	assert_int_equal(signals(fd), 1);
	wr(dev, 4, 16 + 12, 4, 0xffffffff);
	assert_int_equal(rd(dev, 4, 16 + 8, 8), 0x10000abcd);
	mdl_irq_raise(dev, 1);
	assert_int_equal(signals(fd), 0);
	assert_int_equal(pba(dev, 0), 2);
	wr(dev, 4, 16 + 12, 4, 0);
	assert_int_equal(signals(fd), 1);
	assert_int_equal(pba(dev, 0), 0);
	mdl_reset(dev, MDL_RESET_FLR);
	assert_int_equal(rd(dev, 4, 16, 8), 0);
	assert_int_equal(rd(dev, 4, 16 + 12, 4), 1);
	close(fd);
}

static void the_table_takes_bulk_accesses(void **state)
{
	struct mdl_dev *dev = *state;
	uint8_t table[70 * 16 + 64];

	assert_int_equal(region_access(dev, 4, 0, table, sizeof(table), false), 0);
	assert_int_equal(table[69 * 16 + 12], 1);
	assert_int_equal(table[70 * 16], 0);
	memset(table, 0, sizeof(table));
	assert_int_equal(region_access(dev, 4, 0, table, sizeof(table), true), 0);
	assert_int_equal(rd(dev, 4, 69 * 16 + 12, 4), 0);
	assert_int_equal(wr_try(dev, 4, 0x900, 1, 0), -EINVAL);
}

static void vfio_masks_are_kept_apart(void **state)
{
	static const uint8_t bools[] = {0, 1};
	struct mdl_dev *dev = *state;
	int fds[2];

	fds[0] = new_eventfd();
	fds[1] = new_eventfd();
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 1, 2, fds, 2, NULL), 0);
	assert_int_equal(set_irqs(dev, MASK_BOOL, MSIX, 1, 2, NULL, 0, bools), 0);
	mdl_irq_pulse(dev, 1);
	mdl_irq_pulse(dev, 2);
	assert_int_equal(signals(fds[0]), 1);
	assert_int_equal(signals(fds[1]), 0);
	assert_int_equal(pba(dev, 0), 4);
	assert_int_equal(set(dev, UNMASK_NONE, MSIX, 1, 2), 0);
	assert_int_equal(signals(fds[0]), 0);
	assert_int_equal(signals(fds[1]), 1);
	/* Disabling all ends masks too. */
	assert_int_equal(set(dev, MASK_NONE, MSIX, 1, 1), 0);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 0), 0);
	attach(dev, MSIX, 1, fds[0]);
	mdl_irq_pulse(dev, 1);
	assert_int_equal(signals(fds[0]), 1);
	close(fds[0]);
	close(fds[1]);
}

static void ranges_are_exact(void **state)
{
	struct mdl_dev *dev = *state;
	int fds[16];

	for (unsigned i = 0; i < 16; i++)
		fds[i] = new_eventfd();
	for (unsigned start = 0; start < 64; start += 16)
		assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, start, 16, fds, 16, NULL), 0);
	/* Detach 5 .. 7, and those alone. */
	assert_int_equal(set(dev, TRIGGER_FD, MSIX, 5, 3), 0);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 16), 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(signals(fds[i]), i < 5 || i > 7);
	/* All: by 0/0. */
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 0), 0);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 70), 0);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(signals(fds[i]), 0);
		close(fds[i]);
	}
}

static void qemu_enables_with_no_descriptor(void **state)
{
	struct mdl_dev *dev = *state;
	int fds[2];

	fds[0] = new_eventfd();
	fds[1] = new_eventfd();
	mdl_irq_raise(dev, 0);
	enable_msix(dev);
	assert_int_equal(set(dev, TRIGGER_FD, MSIX, 0, 1), 0);
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 0), 0);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 0, 2, fds, 2, NULL), 0);
	assert_int_equal(signals(fds[0]), 1); /* high when it was enabled: once */
	/* It disables all to attach more. */
	assert_int_equal(set(dev, TRIGGER_NONE, MSIX, 0, 0), 0);
	mdl_irq_pulse(dev, 1);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSIX, 0, 2, fds, 2, NULL), 0);
	assert_int_equal(signals(fds[0]), 0);
	assert_int_equal(signals(fds[1]), 1);
	close(fds[0]);
	close(fds[1]);
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

/* ---- MSI */

static void msi_folds_vectors_into_those_enabled(void **state)
{
	struct mdl_dev *dev = *state;
	int fds[4];

	for (unsigned i = 0; i < 4; i++)
		fds[i] = new_eventfd();
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSI, 0, 4, fds, 4, NULL), 0);
	mdl_irq_pulse(dev, 3); /* not enabled in config space: every vector its own */
	assert_int_equal(signals(fds[3]), 1);
	enable_msi(dev, 1);
	mdl_irq_pulse(dev, 3);
	mdl_irq_pulse(dev, 2);
	assert_int_equal(signals(fds[1]), 1);
	assert_int_equal(signals(fds[0]), 1);
	enable_msi(dev, 0);
	mdl_irq_pulse(dev, 3);
	assert_int_equal(signals(fds[0]), 1);
	enable_msi(dev, 2);
	mdl_irq_pulse(dev, 5); /* vector 69 */
	assert_int_equal(signals(fds[1]), 1);
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
}

static void msi_masks_pend_in_config_space(void **state)
{
	struct mdl_dev *dev = *state;
	int fds[4];

	for (unsigned i = 0; i < 4; i++)
		fds[i] = new_eventfd();
	enable_msi(dev, 2);
	assert_int_equal(set_irqs(dev, TRIGGER_FD, MSI, 0, 4, fds, 4, NULL), 0);
	wr(dev, CONFIG, AT_MSI + 16, 4, 0xa);
	mdl_irq_raise(dev, 1);
	mdl_irq_pulse(dev, 3);
	mdl_irq_raise(dev, 2);
	assert_int_equal(signals(fds[2]), 1);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0xa);
	wr(dev, CONFIG, AT_MSI + 16, 1, 0x2);
	assert_int_equal(signals(fds[3]), 1);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0x2);
	mdl_irq_lower(dev, 1);
	assert_int_equal(rd(dev, CONFIG, AT_MSI + 20, 4), 0);
	wr(dev, CONFIG, AT_MSI + 16, 1, 0);
	assert_int_equal(signals(fds[1]), 0);
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
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

/* ---- any order of anything: every event arrives once, or is pending, or lost its reason */

#define VECTORS 4u

struct model {
	struct mdl_dev *dev;
	int fds[VECTORS];
	bool level[VECTORS], owed[VECTORS], attached[VECTORS], masked[VECTORS], entry[VECTORS];
	bool function;
	uint64_t due[VECTORS];
};

static void model_event(struct model *m, unsigned v)
{
	m->owed[v] = true;
}

static void model_settle(struct model *m)
{
	for (unsigned v = 0; v < VECTORS; v++) {
		if (!m->owed[v] || !m->attached[v] || m->masked[v] || m->entry[v] || m->function)
			continue;
		m->owed[v] = false;
		m->due[v]++;
	}
}

static void model_step(struct model *m, unsigned what, unsigned v)
{
	struct mdl_dev *dev = m->dev;

	switch (what) {
	case 0: /* levels on the even ones, pulses on the odd ones */
		if (v % 2) {
			mdl_irq_pulse(dev, v);
			model_event(m, v);
		} else {
			m->owed[v] = (m->owed[v] && m->level[v]) || !m->level[v];
			m->level[v] = true;
			mdl_irq_raise(dev, v);
		}
		break;
	case 1:
		mdl_irq_lower(dev, v & 2);
		m->level[v & 2] = m->owed[v & 2] = false;
		break;
	case 2:
		m->attached[v] = !m->attached[v];
		attach(dev, MSIX, v, m->attached[v] ? m->fds[v] : -1);
		break;
	case 3:
		m->masked[v] = !m->masked[v];
		assert_int_equal(set(dev, m->masked[v] ? MASK_NONE : UNMASK_NONE, MSIX, v, 1), 0);
		break;
	case 4:
		m->entry[v] = !m->entry[v];
		wr(dev, 4, 16 * v + 12, 4, m->entry[v]);
		break;
	default:
		m->function = !m->function;
		wr(dev, CONFIG, AT_MSIX + 2, 2, m->function ? 0xc000 : 0x8000);
		break;
	}
}

static void any_order_loses_and_doubles_nothing(void **state)
{
	struct model m = {.dev = *state};
	uint32_t seed = 12345;
	uint64_t pending;

	for (unsigned v = 0; v < VECTORS; v++)
		m.fds[v] = new_eventfd();
	enable_msix(m.dev);
	for (unsigned step = 0; step < 20000; step++) {
		seed = seed * 1664525 + 1013904223;
		model_step(&m, (seed >> 16) % 6, (seed >> 24) % VECTORS);
		model_settle(&m);
		pending = 0;
		for (unsigned v = 0; v < VECTORS; v++) {
			assert_int_equal(signals(m.fds[v]), m.due[v]);
			m.due[v] = 0;
			pending |= (uint64_t)m.owed[v] << v;
		}
		assert_int_equal(pba(m.dev, 0), pending);
	}
	for (unsigned v = 0; v < VECTORS; v++)
		close(m.fds[v]);
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
		TEST(vectors_signal_on_the_rise_only),
		TEST(a_vector_without_eventfd_is_pending),
		TEST(the_function_mask_holds_all),
		TEST(entries_mask_once_they_are_written),
		TEST(the_table_takes_bulk_accesses),
		TEST(vfio_masks_are_kept_apart),
		TEST(ranges_are_exact),
		TEST(qemu_enables_with_no_descriptor),
		TEST(levels_follow_a_change_of_mode),
		TEST(msi_folds_vectors_into_those_enabled),
		TEST(msi_masks_pend_in_config_space),
		TEST(the_next_client_hears_of_levels),
		TEST(reset_lowers_and_forgets),
		TEST(sleeping_functions_do_not_interrupt),
		TEST(numbers_that_do_not_exist_are_ignored),
		TEST(interrupts_travel),
		TEST(any_order_loses_and_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
