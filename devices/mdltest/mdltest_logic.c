// SPDX-License-Identifier: BSD-2-Clause
/* The test device's behaviour: everything happens because a register was written. */
#include <errno.h>
#include <string.h>
#include "mdltest.h"

/* ---- registers */

void mdltest_SCRATCH_on_reset(struct mdltest *dev, enum mdl_reset_kind kind)
{
	if (kind == MDL_RESET_POWER)
		dev->reg.SCRATCH = dev->start;
}

void mdltest_SET_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	dev->reg.W1C |= value;
	dev->reg.RC |= value;
}

void mdltest_ARRAY_on_write(struct mdltest *dev, unsigned i, uint32_t value, uint32_t old)
{
	(void)i, (void)value, (void)old;
	dev->reg.WRITES++;
}

void mdltest_APPEND_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	if (dev->log_len < sizeof(dev->log))
		dev->log[dev->log_len++] = (uint8_t)value;
}

uint32_t mdltest_LOG_on_read(struct mdltest *dev, uint32_t value)
{
	(void)value;
	if (!dev->log_len)
		return UINT32_MAX;
	value = dev->log[0];
	memmove(dev->log, dev->log + 1, --dev->log_len);
	return value;
}

void mdltest_SOFT_RESET_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)value, (void)old;
	mdl_reset(dev, MDL_RESET_SOFT);
}

/* ---- interrupts */

static void each_vec(struct mdltest *dev, uint32_t bits,
		     void (*act)(struct mdltest *dev, unsigned irq))
{
	for (unsigned i = 0; i < 6; i++)
		if (bits >> i & 1)
			act(dev, MDLTEST_IRQ_VEC + i);
}

static void raise_one(struct mdltest *dev, unsigned irq)
{
	mdl_irq_raise(dev, irq);
}

static void lower_one(struct mdltest *dev, unsigned irq)
{
	mdl_irq_lower(dev, irq);
}

static void pulse_one(struct mdltest *dev, unsigned irq)
{
	mdl_irq_pulse(dev, irq);
}

void mdltest_IRQ_RAISE_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	each_vec(dev, value, raise_one);
}

void mdltest_IRQ_LOWER_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	each_vec(dev, value, lower_one);
}

void mdltest_IRQ_PULSE_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	each_vec(dev, value, pulse_one);
}

uint32_t mdltest_IRQ_LEVEL_on_read(struct mdltest *dev, uint32_t value)
{
	value = 0;
	for (unsigned i = 0; i < 8; i++)
		value |= (uint32_t)mdl_irq_level(dev, i) << i;
	return value;
}

void mdltest_INPUT_EDGE_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	mdltest_intr_input_EDGE(dev, value);
}

void mdltest_INPUT_LINE_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	mdltest_intr_input_LINE(dev, value);
}

/* ---- DMA */

static void release(struct mdltest *dev)
{
	mdl_dma_unmap(dev, dev->held, dev->nheld);
	dev->nheld = 0;
}

static int by_copy(struct mdltest *dev, uint64_t iova, uint32_t size, bool write)
{
	return write ? mdl_dma_write(dev, iova, dev->ram.BUF, size)
		     : mdl_dma_read(dev, iova, dev->ram.BUF, size);
}

static int by_pointers(struct mdltest *dev, uint64_t iova, uint32_t size, bool write, bool hold)
{
	uint8_t *at = dev->ram.BUF;
	int n;

	release(dev);
	n = mdl_dma_map(dev, iova, size, write ? MDL_DMA_WRITE : MDL_DMA_READ, dev->held, 16);
	if (n < 0)
		return n;
	dev->nheld = n;
	for (int i = 0; i < n; at += dev->held[i++].iov_len) {
		if (write)
			memcpy(dev->held[i].iov_base, at, dev->held[i].iov_len);
		else
			memcpy(at, dev->held[i].iov_base, dev->held[i].iov_len);
	}
	if (!hold)
		release(dev);
	return 0;
}

void mdltest_DMA_CTRL_GO_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	bool write = mdltest_get_DMA_CTRL_WRITE(dev), hold = mdltest_get_DMA_CTRL_HOLD(dev);
	uint32_t size = dev->reg.DMA_LEN;
	int result;

	(void)old;
	if (!value)
		return;
	if (size > MDLTEST_BUF_SIZE)
		result = -EINVAL;
	else if (mdltest_get_DMA_CTRL_DIRECT(dev))
		result = by_pointers(dev, dev->reg.DMA_ADDR, size, write, hold);
	else
		result = by_copy(dev, dev->reg.DMA_ADDR, size, write);
	dev->reg.DMA_STATUS = (uint32_t)-result;
	dev->reg.DMA_COUNT++;
	if (mdltest_get_DMA_CTRL_IRQ(dev))
		mdl_irq_pulse(dev, MDLTEST_IRQ_VEC);
}

void mdltest_DMA_CTRL_RELEASE_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	if (value)
		release(dev);
}

uint32_t mdltest_DMA_PEEK_on_read(struct mdltest *dev, uint32_t value)
{
	(void)value;
	return dev->nheld ? *(const uint8_t *)dev->held[0].iov_base : UINT32_MAX;
}

void mdltest_on_dma_map(struct mdltest *dev, uint64_t iova, uint64_t size)
{
	(void)iova, (void)size;
	dev->reg.MAPS++;
}

void mdltest_on_dma_unmap(struct mdltest *dev, uint64_t iova, uint64_t size)
{
	(void)iova, (void)size;
	dev->reg.UNMAPS++;
}

/* ---- time and doorbells */

void mdltest_TIMER_US_on_write(struct mdltest *dev, uint32_t value, uint32_t old)
{
	(void)old;
	if (value)
		mdl_timer_start(&dev->tick, value * UINT64_C(1000));
	else
		mdl_timer_cancel(&dev->tick);
}

void mdltest_tick_on_expire(struct mdltest *dev)
{
	dev->reg.TICKS++;
	mdl_irq_pulse(dev, MDLTEST_IRQ_VEC + 5);
}

static void rung(struct mdltest *dev, unsigned which, uint32_t value)
{
	dev->reg.HITS[which]++;
	dev->reg.RUNG[which] = value;
	if (dev->fussy)
		mdl_log(dev, MDL_LOG_INFO, "doorbell %u: %u", which, value);
}

void mdltest_MSG_on_write(struct mdltest *dev, uint32_t value)
{
	rung(dev, 0, value);
}

void mdltest_EVT_on_write(struct mdltest *dev, unsigned i, uint32_t value)
{
	rung(dev, 1 + i, value);
}

void mdltest_TAIL_on_write(struct mdltest *dev, unsigned i, uint32_t value)
{
	rung(dev, 3 + i, value);
}

/* ---- life */

void mdltest_on_reset(struct mdltest *dev, enum mdl_reset_kind kind)
{
	(void)kind;
	dev->reg.RESETS++;
	dev->log_len = 0;
	release(dev);
	/* INPUT is 0 again; what it drives are lines from outside, which no reset lowers. */
	mdltest_intr_input_EDGE(dev, false);
	mdltest_intr_input_LINE(dev, false);
}

void mdltest_on_connect(struct mdltest *dev)
{
	dev->reg.CLIENTS++;
}

/* Pointers do not travel. */
void mdltest_on_before_save(struct mdltest *dev)
{
	release(dev);
}

void mdltest_on_after_load(struct mdltest *dev)
{
	release(dev);
}
