/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client and a driver do about the sample device's interrupts. */
#ifndef IRQ_DRIVE_H
#define IRQ_DRIVE_H

#include "sample_drive.h"

#define INTX VU_IRQ_INTX
#define MSI  VU_IRQ_MSI
#define MSIX VU_IRQ_MSIX

static inline int set(struct mdl_dev *dev, uint32_t flags, uint32_t index, uint32_t start,
		      uint32_t count)
{
	return set_irqs(dev, flags, index, start, count, NULL, 0, NULL);
}

static inline bool status_bit(struct mdl_dev *dev)
{
	return rd(dev, CONFIG, 6, 1) & 8;
}

static inline void enable_msi(struct mdl_dev *dev, unsigned log2)
{
	wr(dev, CONFIG, AT_MSI + 2, 2, 1 | log2 << 4);
}

static inline void enable_msix(struct mdl_dev *dev)
{
	wr(dev, CONFIG, AT_MSIX + 2, 2, 0x8000);
}

static inline uint64_t pba(struct mdl_dev *dev, unsigned word)
{
	return rd(dev, 4, 0x800 + 8 * word, 8);
}

#endif
