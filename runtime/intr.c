/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `intr` blocks.  The status register's storage is always latch | (level inputs), where `latch`
 * holds edge causes that came and level causes that the test register holds; the lines follow
 * from status & enable & ~mask.
 */
#include <errno.h>
#include <stdlib.h>

#include "irq.h"

#define MAX_CAUSES 64

/* Storage of the block's own, shaped like the status register. */
static struct mdl_reg store_of(const struct mdl_intr *intr, uint32_t store)
{
	return (struct mdl_reg){.store = store, .width = intr->status->width};
}

static uint64_t latch_get(const struct mdl_dev *dev, const struct mdl_intr *intr, uint32_t at)
{
	const struct mdl_reg latch = store_of(intr, intr->latch_store);

	return reg_peek(dev, &latch, at);
}

static void latch_set(struct mdl_dev *dev, const struct mdl_intr *intr, uint32_t at, uint64_t value)
{
	const struct mdl_reg latch = store_of(intr, intr->latch_store);

	reg_poke(dev, &latch, at, value);
}

static uint64_t input_get(const struct mdl_dev *dev, const struct mdl_intr *intr, uint32_t at)
{
	const struct mdl_reg input = store_of(intr, intr->input_store);

	return reg_peek(dev, &input, at);
}

static void input_set(struct mdl_dev *dev, const struct mdl_intr *intr, uint32_t at, uint64_t value)
{
	const struct mdl_reg input = store_of(intr, intr->input_store);

	reg_poke(dev, &input, at, value);
}

static struct intr_state *find(struct mdl_dev *dev, const struct mdl_intr *intr)
{
	for (uint32_t i = 0; i < dev->desc->nintrs; i++)
		if (dev->irqs->intrs[i].intr == intr)
			return &dev->irqs->intrs[i];
	return NULL;
}

/* The block's element in another of its registers, of which there may be one for all elements. */
static uint32_t beside(const struct mdl_reg *reg, uint32_t at)
{
	return at < reg->count ? at : 0;
}

/* ---- status and lines follow from latch, inputs, enable and mask */

static void line_update(struct mdl_dev *dev, const struct intr_state *state, uint32_t at,
			uint64_t changed, bool asserted)
{
	for (; changed != 0; changed &= changed - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(changed);
		const struct mdl_intr_cause *cause = &state->intr->causes[i];

		if (cause->irq >= 0)
			irq_cause(dev, (uint32_t)cause->irq + at * cause->irq_step, asserted);
	}
}

static void update(struct mdl_dev *dev, const struct intr_state *state, uint32_t at)
{
	const struct mdl_intr *intr = state->intr;
	const uint64_t causes = state->level_bits | state->edge_bits;
	const uint64_t others = reg_peek(dev, intr->status, at) & ~causes;
	const uint64_t before = state->asserted[at];
	uint64_t status, active, now = 0;

	status = (latch_get(dev, intr, at) & causes) |
		 (input_get(dev, intr, at) & state->level_bits);
	reg_poke(dev, intr->status, at, status | others);
	active = status;
	if (intr->enable)
		active &= reg_peek(dev, intr->enable, beside(intr->enable, at));
	if (intr->mask)
		active &= ~reg_peek(dev, intr->mask, beside(intr->mask, at));
	for (uint32_t i = 0; i < intr->ncauses; i++)
		if (active & intr->causes[i].bits)
			now |= 1ull << i;
	state->asserted[at] = now;
	/* Rises first: an interrupt that passes from one cause to another has no gap. */
	line_update(dev, state, at, now & ~before, true);
	line_update(dev, state, at, before & ~now, false);
}

/*
 * Acknowledged causes whose line another cause still holds: a driver that waits for messages must
 * hear of that one.  Each interrupt once.
 */
static void send_again(struct mdl_dev *dev, const struct intr_state *state, uint32_t at,
		       uint64_t acknowledged, uint64_t before)
{
	const struct mdl_intr *intr = state->intr;
	int32_t seen[MAX_CAUSES];
	unsigned nseen = 0;

	for (uint32_t i = 0; i < intr->ncauses; i++) {
		const struct mdl_intr_cause *cause = &intr->causes[i];
		unsigned k = 0;

		if (!(cause->bits & acknowledged) || !(before >> i & 1) || cause->irq < 0)
			continue;
		while (k < nseen && seen[k] != cause->irq)
			k++;
		if (k < nseen)
			continue;
		seen[nseen++] = cause->irq;
		irq_again(dev, (uint32_t)cause->irq + at * cause->irq_step);
	}
}

static void acknowledge(struct mdl_dev *dev, const struct intr_state *state, uint32_t at,
			uint64_t bits)
{
	const uint64_t before = state->asserted[at];

	update(dev, state, at);
	if (bits)
		send_again(dev, state, at, bits, before);
}

/* ---- the driver's accesses */

/* reg: the status register, or an alias of it with other access. */
static void status_written(struct mdl_dev *dev, const struct intr_state *state, uint32_t at,
			   const struct mdl_reg *reg, uint64_t data, uint64_t enabled)
{
	const struct mdl_intr *intr = state->intr;
	const uint64_t causes = state->level_bits | state->edge_bits;
	const uint64_t old = reg_peek(dev, reg, at);
	const uint64_t now = reg_apply(reg, old, data, enabled);
	const uint64_t tried = reg == intr->status ? data & enabled & old & state->level_bits : 0;
	uint64_t latch = latch_get(dev, intr, at);
	uint64_t cleared, set;

	cleared = old & ~now & state->edge_bits;
	set = now & ~old & state->edge_bits;
	latch_set(dev, intr, at, (latch & ~cleared) | set);
	reg_poke(dev, reg, at, (old & causes) | (now & ~causes));
	/* One that is still high cannot be cleared, but the driver believes that it is done with
	 * it. */
	acknowledge(dev, state, at, cleared | tried);
}

static void test_written(struct mdl_dev *dev, const struct intr_state *state, uint32_t at,
			 const struct mdl_reg *test, uint32_t element, uint64_t data,
			 uint64_t enabled)
{
	const struct mdl_intr *intr = state->intr;
	const uint64_t held = state->level_bits & enabled;
	const uint64_t old = reg_peek(dev, test, element);
	uint64_t latch = latch_get(dev, intr, at);

	latch = (latch & ~held) | (data & held) | (data & enabled & state->edge_bits);
	latch_set(dev, intr, at, latch);
	/* Reads back what is held; an edge leaves nothing behind. */
	reg_poke(dev, test, element, (old & ~enabled & state->level_bits) | (data & held));
	update(dev, state, at);
}

/* An enable or mask register, which may be one for all elements. */
static void gate_written(struct mdl_dev *dev, const struct intr_state *state,
			 const struct mdl_reg *reg, uint32_t element)
{
	const uint32_t count = state->intr->status->count;

	if (reg->count == count) {
		update(dev, state, element);
		return;
	}
	for (uint32_t at = 0; at < count; at++)
		update(dev, state, at);
}

void intr_reg_written(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		      uint64_t data, uint64_t enabled)
{
	const struct intr_state *state = find(dev, reg->intr);
	uint32_t at = element;

	if (!state)
		return;
	if (at >= state->intr->status->count)
		at = 0;
	switch (reg->intr_role) {
	case MDL_INTR_STATUS:
		status_written(dev, state, at, reg, data, enabled);
		break;
	case MDL_INTR_TEST:
		test_written(dev, state, at, reg, element, data, enabled);
		break;
	default:
		reg_poke(dev, reg, element,
			 reg_apply(reg, reg_peek(dev, reg, element), data, enabled));
		gate_written(dev, state, reg, element);
		break;
	}
}

void intr_status_read(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		      uint64_t cleared)
{
	const struct intr_state *state = find(dev, reg->intr);

	if (!state)
		return;
	cleared &= state->edge_bits;
	latch_set(dev, state->intr, element, latch_get(dev, state->intr, element) & ~cleared);
	acknowledge(dev, state, element, cleared);
}

/* ---- for authors */

static const struct intr_state *checked(struct mdl_dev *dev, const struct mdl_intr *intr,
					unsigned at)
{
	const struct intr_state *state = find(dev, intr);

	if (state && at < intr->status->count)
		return state;
	log_limited(dev, MDL_LOG_ERROR, "intr block %s has no element %u", intr->name, at);
	return NULL;
}

void mdl_intr_set(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at, uint64_t bits)
{
	const struct intr_state *state = checked(dev, intr, at);

	if (!state)
		return;
	latch_set(dev, intr, at, latch_get(dev, intr, at) | (bits & state->edge_bits));
	input_set(dev, intr, at, input_get(dev, intr, at) | (bits & state->level_bits));
	update(dev, state, at);
}

void mdl_intr_clear(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at, uint64_t bits)
{
	const struct intr_state *state = checked(dev, intr, at);

	if (!state)
		return;
	latch_set(dev, intr, at, latch_get(dev, intr, at) & ~(bits & state->edge_bits));
	input_set(dev, intr, at, input_get(dev, intr, at) & ~(bits & state->level_bits));
	update(dev, state, at);
}

void mdl_intr_input(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at, uint64_t bits,
		    bool level)
{
	const struct intr_state *state = checked(dev, intr, at);
	uint64_t before, now, latch;

	if (!state)
		return;
	before = input_get(dev, intr, at);
	now = level ? before | bits : before & ~bits;
	latch = latch_get(dev, intr, at);
	for (uint32_t i = 0; i < intr->ncauses; i++) {
		const struct mdl_intr_cause *cause = &intr->causes[i];

		if (cause->kind == MDL_INTR_POSEDGE || cause->kind == MDL_INTR_BOTHEDGE)
			latch |= now & ~before & cause->bits;
		if (cause->kind == MDL_INTR_NEGEDGE || cause->kind == MDL_INTR_BOTHEDGE)
			latch |= before & ~now & cause->bits;
	}
	latch_set(dev, intr, at, latch);
	input_set(dev, intr, at, now);
	update(dev, state, at);
}

static void status_store(struct mdl_dev *dev, const struct intr_state *state, unsigned at,
			 uint64_t bits, uint64_t value)
{
	const struct mdl_intr *intr = state->intr;
	const uint64_t edges = bits & state->edge_bits, levels = bits & state->level_bits;

	latch_set(dev, intr, at, (latch_get(dev, intr, at) & ~edges) | (value & edges));
	input_set(dev, intr, at, (input_get(dev, intr, at) & ~levels) | (value & levels));
	update(dev, state, at);
}

void mdl_intr_store(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at,
		    enum mdl_intr_role role, uint64_t bits, uint64_t value)
{
	const struct intr_state *state = checked(dev, intr, at);
	const struct mdl_reg *reg = role == MDL_INTR_STATUS   ? intr->status
				    : role == MDL_INTR_ENABLE ? intr->enable
				    : role == MDL_INTR_MASK   ? intr->mask
							      : intr->test;

	uint32_t element;

	if (!state || !reg)
		return;
	element = beside(reg, at);
	if (role == MDL_INTR_STATUS) {
		status_store(dev, state, at, bits, value);
	} else if (role == MDL_INTR_TEST) {
		test_written(dev, state, at, reg, element, value, bits);
	} else {
		reg_poke(dev, reg, element, (reg_peek(dev, reg, element) & ~bits) | (value & bits));
		gate_written(dev, state, reg, element);
	}
}

/* ---- set-up, reset, load */

/* Inputs are wires: only power-on forgets what drove them. */
void intrs_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	for (uint32_t i = 0; i < dev->desc->nintrs; i++) {
		const struct intr_state *state = &dev->irqs->intrs[i];
		const struct mdl_reg *status = state->intr->status;
		const uint64_t mask = status->reset_mask[kind];
		const uint64_t value = status->reset[kind] & mask & state->edge_bits;

		for (uint32_t at = 0; at < status->count; at++) {
			latch_set(dev, state->intr, at,
				  (latch_get(dev, state->intr, at) & ~mask) | value);
			if (kind == MDL_RESET_POWER)
				input_set(dev, state->intr, at, 0);
			update(dev, state, at);
		}
	}
}

void intrs_update(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->nintrs; i++)
		for (uint32_t at = 0; at < dev->irqs->intrs[i].intr->status->count; at++)
			update(dev, &dev->irqs->intrs[i], at);
}

static int state_create(struct mdl_dev *dev, struct intr_state *state, const struct mdl_intr *intr)
{
	if (!intr->status || intr->ncauses > MAX_CAUSES) {
		log_error(dev, "intr block %s: no status register, or too many causes", intr->name);
		return -EINVAL;
	}
	state->intr = intr;
	for (uint32_t i = 0; i < intr->ncauses; i++) {
		if (intr->causes[i].kind == MDL_INTR_LEVEL)
			state->level_bits |= intr->causes[i].bits;
		else
			state->edge_bits |= intr->causes[i].bits;
	}
	state->asserted = calloc(intr->status->count, sizeof(*state->asserted));
	return state->asserted ? 0 : -ENOMEM;
}

int intrs_create(struct mdl_dev *dev)
{
	int err = 0;

	dev->irqs->intrs = calloc(dev->desc->nintrs + 1, sizeof(*dev->irqs->intrs));
	if (!dev->irqs->intrs)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i < dev->desc->nintrs; i++)
		err = state_create(dev, &dev->irqs->intrs[i], dev->desc->intrs[i]);
	return err;
}

void intrs_destroy(struct mdl_dev *dev)
{
	for (uint32_t i = 0; dev->irqs->intrs && i < dev->desc->nintrs; i++)
		free(dev->irqs->intrs[i].asserted);
	free(dev->irqs->intrs);
}
