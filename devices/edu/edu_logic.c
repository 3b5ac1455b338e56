// SPDX-License-Identifier: BSD-2-Clause
#include "edu.h"

static void interrupt(struct edu *dev, uint32_t bits)
{
	dev->reg.ISR |= bits;
	mdl_irq_lower(dev, EDU_IRQ_EVENT); /* each cause is a message of its own */
	mdl_irq_set(dev, EDU_IRQ_EVENT, dev->reg.ISR);
}

void edu_RAISE_on_write(struct edu *dev, uint32_t value, uint32_t old)
{
	interrupt(dev, value);
}

void edu_ACK_on_write(struct edu *dev, uint32_t value, uint32_t old)
{
	dev->reg.ISR &= ~value;
	if (!dev->reg.ISR)
		mdl_irq_lower(dev, EDU_IRQ_EVENT);
}

uint32_t edu_FACT_check_write(struct edu *dev, uint32_t value, uint32_t old)
{
	return edu_get_STATUS_BUSY(dev) ? old : value;
}

void edu_FACT_on_write(struct edu *dev, uint32_t value, uint32_t old)
{
	if (edu_get_STATUS_BUSY(dev))
		return;
	edu_set_STATUS_BUSY(dev, 1);
	mdl_timer_start(&dev->factorial, dev->delay_us * 1000ull);
}

/* Of 34 and more, the low 32 bits are 0. */
void edu_factorial_on_expire(struct edu *dev)
{
	uint32_t n = dev->reg.FACT, product = n < 34;

	for (; n < 34 && n > 1; n--)
		product *= n;
	dev->reg.FACT = product;
	edu_set_STATUS_BUSY(dev, 0);
	if (edu_get_STATUS_IRQ(dev))
		interrupt(dev, EDU_CAUSE_FACTORIAL);
}

uint64_t edu_CMD_check_write(struct edu *dev, uint64_t value, uint64_t old)
{
	return edu_get_CMD_RUN(dev) || !(value & 1) ? old : value;
}

void edu_CMD_on_change(struct edu *dev, uint64_t value, uint64_t old)
{
	mdl_timer_start(&dev->dma, dev->delay_us * 1000ull);
}

void edu_dma_on_expire(struct edu *dev)
{
	bool out = edu_get_CMD_DIR(dev);
	uint64_t at = (out ? dev->reg.SRC : dev->reg.DST) - EDU_BUFFER;
	uint64_t iova = (out ? dev->reg.DST : dev->reg.SRC) & dev->dma_mask;
	uint64_t size = dev->reg.COUNT;
	int status;

	if (size > EDU_BUFFER_SIZE || at > EDU_BUFFER_SIZE - size)
		mdl_log(dev, MDL_LOG_WARN, "DMA of %#llx bytes leaves the buffer", size + 0ull);
	else if ((status = out ? mdl_dma_write(dev, iova, dev->buffer + at, size)
			       : mdl_dma_read(dev, iova, dev->buffer + at, size)) < 0)
		mdl_log(dev, MDL_LOG_WARN, "DMA at %#llx: error %d", iova + 0ull, -status);
	edu_set_CMD_RUN(dev, 0);
	if (edu_get_CMD_IRQ(dev))
		interrupt(dev, EDU_CAUSE_DMA);
}
