/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MSI-X table and pending bits in a BAR (PCI 3.0, 6.8.2).  Many clients keep the table
 * themselves and never write this one: an entry's mask bit counts only once it was written here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irq.h"

#define ENTRY_SIZE    16u
#define ENTRY_CONTROL 12u

static uint64_t table_size(const struct mdl_dev *dev)
{
	return (uint64_t)ENTRY_SIZE * dev->desc->pci->msix_vectors;
}

static const struct mdl_bar *find_bar(const struct mdl_dev *dev, uint8_t index)
{
	for (uint32_t i = 0; i < dev->desc->nbars; i++)
		if (dev->desc->bars[i].index == index)
			return &dev->desc->bars[i];
	return NULL;
}

int msix_create(struct mdl_dev *dev)
{
	const struct mdl_pci *pci = dev->desc->pci;

	if (pci->msix_vectors == 0)
		return 0;
	if (!find_bar(dev, pci->msix_table_bar) || !find_bar(dev, pci->msix_pba_bar) ||
	    (pci->msix_table_offset & 7) || (pci->msix_pba_offset & 7)) {
		log_error(dev, "the MSI-X structures are in no BAR, or not aligned to 8 bytes");
		return -EINVAL;
	}
	dev->irqs->table = calloc(1, table_size(dev));
	dev->irqs->entry_written = calloc(pci->msix_vectors, sizeof(bool));
	if (!dev->irqs->table || !dev->irqs->entry_written)
		return -ENOMEM;
	msix_reset(dev);
	return 0;
}

void msix_destroy(struct irqs *irqs)
{
	free(irqs->table);
	free(irqs->entry_written);
}

void msix_reset(struct mdl_dev *dev)
{
	struct irqs *irqs = dev->irqs;

	for (uint32_t i = 0; i < dev->desc->pci->msix_vectors; i++) {
		memset(irqs->table + i * ENTRY_SIZE, 0, ENTRY_SIZE);
		irqs->table[i * ENTRY_SIZE + ENTRY_CONTROL] = 1;
		irqs->entry_written[i] = false;
	}
}

bool msix_entry_masked(const struct mdl_dev *dev, uint32_t vector)
{
	const struct irqs *irqs = dev->irqs;

	return irqs->entry_written[vector] &&
	       (irqs->table[vector * ENTRY_SIZE + ENTRY_CONTROL] & 1);
}

/* Bits of a byte of an entry that can be written: addresses are those of dwords. */
static uint8_t writable(uint64_t at)
{
	switch (at % ENTRY_SIZE) {
	case 0:
		return 0xfc;
	case ENTRY_CONTROL:
		return 0x01;
	case 13:
	case 14:
	case 15:
		return 0;
	default:
		return 0xff;
	}
}

static void table_write(struct mdl_dev *dev, uint64_t at, const uint8_t *data, size_t size)
{
	struct irqs *irqs = dev->irqs;

	for (size_t i = 0; i < size; i++, at++) {
		irqs->table[at] = (uint8_t)(data[i] & writable(at));
		if (at % ENTRY_SIZE == ENTRY_CONTROL)
			irqs->entry_written[at / ENTRY_SIZE] = true;
	}
	irqs_update(dev);
}

static void pba_read(const struct mdl_dev *dev, uint64_t at, uint8_t *data, size_t size)
{
	const uint32_t vectors = dev->desc->pci->msix_vectors;
	uint64_t pending[2048 / 64] = {0};

	irqs_pending(dev, pending);
	for (size_t i = 0; i < size; i++, at++)
		data[i] = (uint8_t)(at * 8 < vectors ? pending[at / 8] >> (at % 8 * 8) : 0);
}

int msix_access(struct mdl_dev *dev, uint8_t bar, uint64_t offset, uint8_t *data, size_t size,
		bool is_write)
{
	const struct mdl_pci *pci = dev->desc->pci;
	const uint64_t table = offset - pci->msix_table_offset, pba = offset - pci->msix_pba_offset;
	const uint64_t pba_size = (pci->msix_vectors + 63ull) / 64 * 8;

	if (bar == pci->msix_table_bar && offset >= pci->msix_table_offset &&
	    table < table_size(dev) && size <= table_size(dev) - table) {
		if (is_write)
			table_write(dev, table, data, size);
		else
			memcpy(data, dev->irqs->table + table, size);
		return 0;
	}
	if (bar == pci->msix_pba_bar && offset >= pci->msix_pba_offset && pba < pba_size &&
	    size <= pba_size - pba) {
		if (!is_write)
			pba_read(dev, pba, data, size);
		return 0;
	}
	return -EINVAL;
}
