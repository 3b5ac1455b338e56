/* SPDX-License-Identifier: BSD-2-Clause */
/* What the language's first example leaves to its author. */
#include "gpiotmr.h"

void start(struct gpiotmr *dev);

void start(struct gpiotmr *dev)
{
	const uint64_t ns = gpiotmr_get_LOAD(dev) * UINT64_C(1000000000) / dev->clock_hz;

	dev->deadline_ns = mdl_now_ns(dev) + ns;
	mdl_timer_start(&dev->tick, ns);
}

void gpiotmr_CTRL_KICK_on_write(struct gpiotmr *dev, uint32_t value, uint32_t old)
{
	(void)old;
	if (value)
		start(dev);
}

uint32_t gpiotmr_COUNT_on_read(struct gpiotmr *dev, uint32_t value)
{
	(void)value;
	return (uint32_t)(mdl_timer_remaining(&dev->tick) * dev->clock_hz / 1000000000);
}

void gpiotmr_OUT_D_on_change(struct gpiotmr *dev, uint32_t value, uint32_t old)
{
	gpiotmr_set_IN_D(dev, value);
	if (value & ~old)
		gpiotmr_intr_set_PIN(dev);
	else
		gpiotmr_intr_clear_PIN(dev);
}

bool burst_active(const struct gpiotmr *dev)
{
	return dev->burst_left != 0;
}

void gpiotmr_on_after_load(struct gpiotmr *dev)
{
	dev->backend_fd = -1;
}

void gpiotmr_on_reset(struct gpiotmr *dev, enum mdl_reset_kind kind)
{
	(void)kind;
	dev->fifo_len = 0;
}
