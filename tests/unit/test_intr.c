/* SPDX-License-Identifier: BSD-2-Clause */
/* `intr` blocks: latches, levels, test bits, enable and mask, and the messages that acknowledging
 * needs. */
#include "sample_drive.h"

#define ISR 0x300u
#define IER 0x304u
#define IMR 0x308u
#define ITR 0x30cu
#define A   0x01u /* rising, interrupt 0 */
#define B   0x02u /* rising, interrupt 0 */
#define L   0x04u /* level, interrupt 0 */
#define N   0x08u /* falling, interrupt 1 */
#define X   0x10u /* both edges, interrupt 1 */

static uint64_t isr(struct mdl_dev *dev)
{
	const uint64_t value = rd(dev, 0, ISR, 4);

	/* What the author sees without a read is the same. */
	assert_int_equal(sample_of(dev)->isr, value);
	return value;
}

static void set(struct mdl_dev *dev, uint64_t bits)
{
	mdl_intr_set(dev, &sample_intr, 0, bits);
}

static void clear(struct mdl_dev *dev, uint64_t bits)
{
	mdl_intr_clear(dev, &sample_intr, 0, bits);
}

static void input(struct mdl_dev *dev, uint64_t bits, bool level)
{
	mdl_intr_input(dev, &sample_intr, 0, bits, level);
}

static void edges_latch_until_they_are_cleared(void **state)
{
	struct mdl_dev *dev = *state;

	set(dev, A | N);
	assert_int_equal(isr(dev), A | N);
	assert_false(mdl_irq_level(dev, 0));
	wr(dev, 0, IER, 4, A | N);
	assert_true(mdl_irq_level(dev, 0));
	assert_true(mdl_irq_level(dev, 1));
	wr(dev, 0, ISR, 4, B | N);
	assert_int_equal(isr(dev), A);
	assert_true(mdl_irq_level(dev, 0));
	assert_false(mdl_irq_level(dev, 1));
	wr(dev, 0, ISR + 1, 1, 0xff); /* other bytes clear nothing */
	assert_int_equal(isr(dev), A);
	clear(dev, A);
	assert_int_equal(isr(dev), 0);
	assert_false(mdl_irq_level(dev, 0));
}

static void levels_follow_their_input(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, 0, IER, 4, 0x1f);
	input(dev, L, true);
	assert_int_equal(isr(dev), L);
	assert_true(mdl_irq_level(dev, 0));
	wr(dev, 0, ISR, 4, 0xffffffff);
	assert_int_equal(isr(dev), L);
	input(dev, L, false);
	assert_int_equal(isr(dev), 0);
	assert_false(mdl_irq_level(dev, 0));
	set(dev, L);
	assert_int_equal(isr(dev), L);
	clear(dev, L);
	assert_int_equal(isr(dev), 0);
}

static void inputs_are_watched_for_their_edges(void **state)
{
	struct mdl_dev *dev = *state;

	input(dev, A | N | X, true);
	assert_int_equal(isr(dev), A | X);
	wr(dev, 0, ISR, 4, 0x1f);
	input(dev, A | N | X, true); /* no edge */
	assert_int_equal(isr(dev), 0);
	input(dev, A | N | X, false);
	assert_int_equal(isr(dev), N | X);
	wr(dev, 0, ISR, 4, 0x1f);
	input(dev, A, true);
	assert_int_equal(isr(dev), A);
}

static void mask_and_enable_gate_the_line(void **state)
{
	struct mdl_dev *dev = *state;

	set(dev, A);
	input(dev, L, true);
	wr(dev, 0, IER, 1, A);
	assert_true(mdl_irq_level(dev, 0));
	wr(dev, 0, IMR, 4, A);
	assert_false(mdl_irq_level(dev, 0));
	assert_int_equal(isr(dev), A | L);
	wr(dev, 0, IER, 4, A | L);
	assert_true(mdl_irq_level(dev, 0));
	wr(dev, 0, IMR, 4, A | L);
	assert_false(mdl_irq_level(dev, 0));
	wr(dev, 0, IMR, 4, 0);
	assert_true(mdl_irq_level(dev, 0));
	assert_int_equal(rd(dev, 0, IER, 4), A | L);
}

static void test_writes_stand_in_for_causes(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, 0, IER, 4, 0x1f);
	wr(dev, 0, ITR, 4, A | L);
	assert_int_equal(isr(dev), A | L);
	assert_int_equal(rd(dev, 0, ITR, 4), L);
	wr(dev, 0, ISR, 4, A | L);
	assert_int_equal(isr(dev), L);
	/* Held although the input comes and goes. */
	input(dev, L, true);
	input(dev, L, false);
	assert_int_equal(isr(dev), L);
	wr(dev, 0, ITR + 1, 1, 0); /* another byte */
	assert_int_equal(isr(dev), L);
	input(dev, L, true);
	wr(dev, 0, ITR, 4, 0);
	assert_int_equal(isr(dev), L);
	assert_int_equal(rd(dev, 0, ITR, 4), 0);
	input(dev, L, false);
	assert_int_equal(isr(dev), 0);
	assert_false(mdl_irq_level(dev, 0));
}

static int with_messages(struct mdl_dev *dev)
{
	const int fd = new_eventfd();

	wr(dev, CONFIG, AT_MSIX + 2, 2, 0x8000);
	attach(dev, VU_IRQ_MSIX, 0, fd);
	wr(dev, 0, IER, 4, 0x1f);
	return fd;
}

static void acknowledging_one_of_two_sends_again(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = with_messages(dev);

	set(dev, A);
	assert_int_equal(signals(fd), 1);
	set(dev, A);
	set(dev, B);
	assert_int_equal(signals(fd), 0); /* the line did not change */
	wr(dev, 0, ISR, 4, A);
	assert_int_equal(signals(fd), 1);
	wr(dev, 0, ISR, 4, A); /* there was nothing to acknowledge */
	assert_int_equal(signals(fd), 0);
	wr(dev, 0, ISR, 4, B);
	assert_int_equal(signals(fd), 0); /* now it is low */
	assert_false(mdl_irq_level(dev, 0));
	set(dev, B);
	assert_int_equal(signals(fd), 1);
	close(fd);
}

static void one_message_for_several_acknowledged(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = with_messages(dev);

	input(dev, L, true);
	set(dev, A | B);
	assert_int_equal(signals(fd), 1);
	wr(dev, 0, ISR, 4, A | B);
	assert_int_equal(signals(fd), 1);
	/* Also with one of another interrupt between them. */
	set(dev, A | B | N);
	wr(dev, 0, ISR, 4, A | B | N);
	assert_int_equal(signals(fd), 1);
	/* "I am done with it", but it is still high. */
	wr(dev, 0, ISR, 4, L);
	assert_int_equal(signals(fd), 1);
	/* Masked: one message is owed, however often. */
	assert_int_equal(set_irqs(dev, MASK_NONE, VU_IRQ_MSIX, 0, 1, NULL, 0, NULL), 0);
	set(dev, A | B);
	wr(dev, 0, ISR, 4, A);
	wr(dev, 0, ISR, 4, B);
	assert_int_equal(signals(fd), 0);
	assert_int_equal(set_irqs(dev, UNMASK_NONE, VU_IRQ_MSIX, 0, 1, NULL, 0, NULL), 0);
	assert_int_equal(signals(fd), 1);
	close(fd);
}

static void enabling_more_on_a_high_line_is_no_message(void **state)
{
	struct mdl_dev *dev = *state;
	const int fd = with_messages(dev);

	wr(dev, 0, IER, 4, A);
	set(dev, A | B);
	assert_int_equal(signals(fd), 1);
	wr(dev, 0, IER, 4, A | B);
	assert_int_equal(signals(fd), 0);
	/* A cause that has no part in the line. */
	wr(dev, 0, IER, 4, B);
	wr(dev, 0, ISR, 4, A);
	assert_int_equal(signals(fd), 0);
	set(dev, A);
	/* From one cause to the other without a gap. */
	wr(dev, 0, IER, 4, 0);
	wr(dev, 0, IER, 4, A);
	assert_int_equal(signals(fd), 1);
	wr(dev, 0, IER, 4, B);
	assert_int_equal(signals(fd), 0);
	assert_true(mdl_irq_level(dev, 0));
	close(fd);
}

static void causes_and_the_author_share_a_line(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, 0, IER, 4, 0x1f);
	set(dev, A);
	mdl_irq_raise(dev, 0);
	wr(dev, 0, ISR, 4, A);
	assert_true(mdl_irq_level(dev, 0));
	mdl_irq_lower(dev, 0);
	assert_false(mdl_irq_level(dev, 0));
}

static void resets_clear_latches_and_keep_wires(void **state)
{
	struct mdl_dev *dev = *state;

	wr(dev, 0, IER, 4, 0x1f);
	wr(dev, 0, ITR, 4, L);
	set(dev, A);
	input(dev, N, true);
	mdl_reset(dev, MDL_RESET_SOFT);
	assert_int_equal(isr(dev), 0);
	assert_int_equal(rd(dev, 0, IER, 4), 0);
	assert_false(mdl_irq_level(dev, 0));
	input(dev, N, false); /* it was still high */
	assert_int_equal(isr(dev), N);
	input(dev, L, true);
	mdl_reset(dev, MDL_RESET_HARD);
	assert_int_equal(isr(dev), L);
	mdl_reset(dev, MDL_RESET_POWER);
	assert_int_equal(isr(dev), 0);
}

static void a_load_gives_the_lines_back(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	s->latch = B;
	s->ier = B;
	intrs_update(dev);
	assert_int_equal(isr(dev), B);
	assert_true(mdl_irq_level(dev, 0));
	s->latch = 0;
	intrs_update(dev);
	assert_false(mdl_irq_level(dev, 0));
}

/* ---- a block in an array, one enable for all, cleared by reading */

struct many {
	struct mdl_dev *mdl;
	uint16_t isr[3], input[3], latch[3];
	uint32_t ier, behind[2];
};

static const struct mdl_intr many_intr;
static const struct mdl_dim many_dims[] = {{3, 4}};
static const struct mdl_effects many_fx = {.rclr = 0x0003};
static const struct mdl_reg many_regs[] = {
	{.name = "ISR",
	 .store = offsetof(struct many, isr),
	 .readable = 0xffff,
	 .writable = 0x8000,
	 .count = 3,
	 .width = 2,
	 .ndims = 1,
	 .dims = many_dims,
	 .effects = &many_fx,
	 .intr_role = MDL_INTR_STATUS,
	 .intr = &many_intr,
	 RESETS(0),
	 MASKS(0xffff)},
	{.name = "IER",
	 .store = offsetof(struct many, ier),
	 .offset = 0x10,
	 ALL32,
	 .count = 1,
	 .width = 4,
	 .intr_role = MDL_INTR_ENABLE,
	 .intr = &many_intr},
};
static const struct mdl_intr_cause many_causes[] = {
	{.name = "A", .bits = 1, .kind = MDL_INTR_POSEDGE, .irq = 0, .irq_step = 1},
	{.name = "NONE", .bits = 2, .kind = MDL_INTR_POSEDGE, .irq = -1},
};
static const struct mdl_intr many_intr = {.name = "MANY",
					  .status = &many_regs[0],
					  .enable = &many_regs[1],
					  .input_store = offsetof(struct many, input),
					  .latch_store = offsetof(struct many, latch),
					  .ncauses = 2,
					  .causes = many_causes};

static void arrays_have_an_interrupt_each(void **state)
{
	static const struct mdl_intr *const intrs[] = {&many_intr};
	const struct mdl_bar bar = {.type = MDL_BAR_MEM32,
				    .access_min = 1,
				    .access_max = 4,
				    .size = 64,
				    .nregs = 2,
				    .regs = many_regs};
	const struct mdl_irq_desc irq = {.name = "line", .count = 3};
	const struct mdl_pci pci = {.vendor = 1, .intx = 1};
	const struct mdl_device desc = {.abi = MDL_ABI,
					.version = 1,
					.name = "many",
					.nbars = 1,
					.nirqs = 1,
					.nintrs = 1,
					.size = sizeof(struct many),
					.pci = &pci,
					.bars = &bar,
					.irqs = &irq,
					.intrs = intrs};
	struct mdl_dev *dev = sample_make(&desc);

	(void)state;
	mdl_intr_set(dev, &many_intr, 1, 3);
	mdl_intr_set(dev, &many_intr, 2, 1);
	assert_false(mdl_irq_level(dev, 1));
	wr(dev, 0, 0x10, 4, 0xffff);
	assert_false(mdl_irq_level(dev, 0));
	assert_true(mdl_irq_level(dev, 1));
	assert_true(mdl_irq_level(dev, 2));
	wr(dev, 0, 5, 1, 0x80); /* a bit that is no cause, and cannot touch one */
	assert_int_equal(rd(dev, 0, 5, 1), 0x80);
	assert_true(mdl_irq_level(dev, 1));
	assert_int_equal(rd(dev, 0, 4, 2), 0x8003);
	assert_false(mdl_irq_level(dev, 1));
	assert_true(mdl_irq_level(dev, 2));
	assert_int_equal(rd(dev, 0, 4, 2), 0x8000);
	/* the device's own logic, by whichever element */
	mdl_intr_store(dev, &many_intr, 2, MDL_INTR_ENABLE, 0xff, 0);
	assert_int_equal(rd(dev, 0, 0x10, 4), 0xff00);
	assert_false(mdl_irq_level(dev, 2));
	mdl_intr_store(dev, &many_intr, 1, MDL_INTR_ENABLE, 1, 1);
	assert_true(mdl_irq_level(dev, 2));
	assert_int_equal(((struct many *)mdl_instance(dev))->behind[0], 0);
	mdl_destroy(dev);
}

static void elements_that_do_not_exist_are_ignored(void **state)
{
	struct mdl_dev *dev = *state;
	const struct mdl_intr other = {.name = "OTHER"};

	mdl_intr_set(dev, &sample_intr, 1, A);
	mdl_intr_set(dev, &other, 0, A);
	assert_int_equal(isr(dev), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(edges_latch_until_they_are_cleared),
		TEST(levels_follow_their_input),
		TEST(inputs_are_watched_for_their_edges),
		TEST(mask_and_enable_gate_the_line),
		TEST(test_writes_stand_in_for_causes),
		TEST(acknowledging_one_of_two_sends_again),
		TEST(one_message_for_several_acknowledged),
		TEST(enabling_more_on_a_high_line_is_no_message),
		TEST(causes_and_the_author_share_a_line),
		TEST(resets_clear_latches_and_keep_wires),
		TEST(a_load_gives_the_lines_back),
		cmocka_unit_test(arrays_have_an_interrupt_each),
		TEST(elements_that_do_not_exist_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
