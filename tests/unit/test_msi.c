/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI and MSI-X: vectors, masks, pending bits, eventfds that come and go. */
#include "irq_drive.h"

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
		TEST(vectors_signal_on_the_rise_only),
		TEST(a_vector_without_eventfd_is_pending),
		TEST(the_function_mask_holds_all),
		TEST(entries_mask_once_they_are_written),
		TEST(the_table_takes_bulk_accesses),
		TEST(vfio_masks_are_kept_apart),
		TEST(ranges_are_exact),
		TEST(qemu_enables_with_no_descriptor),
		TEST(msi_folds_vectors_into_those_enabled),
		TEST(msi_masks_pend_in_config_space),
		TEST(any_order_loses_and_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
