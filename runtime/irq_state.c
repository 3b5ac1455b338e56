/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: set-up from the tables, reset, and what migrates. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irq.h"

static uint32_t index_size(const struct mdl_pci *pci, uint32_t index)
{
	switch (index) {
	case VU_IRQ_INTX:
		return pci->intx ? 1 : 0;
	case VU_IRQ_MSI:
		return pci->msi_vectors;
	case VU_IRQ_MSIX:
		return pci->msix_vectors;
	default:
		return 1;
	}
}

static int indices_create(struct mdl_dev *dev)
{
	for (uint32_t index = 0; index < VU_NUM_IRQS; index++) {
		struct irq_index *entry = &dev->irqs->index[index];

		entry->count = index_size(dev->desc->pci, index);
		entry->vectors = calloc(entry->count + 1, sizeof(*entry->vectors));
		if (!entry->vectors)
			return -ENOMEM;
		for (uint32_t i = 0; i < entry->count; i++)
			entry->vectors[i].fd = -1;
	}
	return 0;
}

/* Logical numbers without a declaration in between go to vector 0. */
static int irqs_fill(struct mdl_dev *dev)
{
	const struct mdl_device *desc = dev->desc;
	const uint32_t most = desc->pci->msix_vectors;
	struct irqs *irqs = dev->irqs;

	for (uint32_t i = 0; i < desc->nirqs; i++) {
		const struct mdl_irq_desc *irq = &desc->irqs[i];
		const uint64_t end = (uint64_t)irq->first + irq->count;

		if (end > 1u << 20 || (most > 0 && (uint64_t)irq->vector + irq->count > most)) {
			log_error(dev, "interrupt %s has no vector", irq->name);
			return -EINVAL;
		}
		if (end > irqs->count)
			irqs->count = (uint32_t)end;
	}
	irqs->irqs = calloc(irqs->count + 1, sizeof(*irqs->irqs));
	if (!irqs->irqs)
		return -ENOMEM;
	for (uint32_t i = 0; i < desc->nirqs; i++)
		for (uint32_t k = 0; k < desc->irqs[i].count; k++)
			irqs->irqs[desc->irqs[i].first + k].vector = desc->irqs[i].vector + k;
	return 0;
}

int irqs_create(struct mdl_dev *dev)
{
	const uint32_t vectors = dev->desc->pci->msix_vectors + 64u;
	struct irqs *irqs = calloc(1, sizeof(*irqs));
	int err;

	if (!irqs)
		return -ENOMEM;
	dev->irqs = irqs;
	irqs->unmask_fd = -1;
	irq_signal_create(irqs);
	irqs->sent = calloc(vectors / 64 + 1, sizeof(*irqs->sent));
	err = irqs->sent ? indices_create(dev) : -ENOMEM;
	if (!err)
		err = irqs_fill(dev);
	if (!err)
		err = msix_create(dev);
	if (!err)
		err = intrs_create(dev);
	if (err)
		irqs_destroy(dev);
	else
		irqs_update(dev);
	return err;
}

void irqs_destroy(struct mdl_dev *dev)
{
	struct irqs *irqs = dev->irqs;

	if (!irqs)
		return;
	irq_vfio_detach_all(dev);
	irq_signal_destroy(irqs);
	intrs_destroy(dev);
	msix_destroy(irqs);
	for (uint32_t index = 0; index < VU_NUM_IRQS; index++)
		free(irqs->index[index].vectors);
	free(irqs->irqs);
	free(irqs->sent);
	free(irqs);
	dev->irqs = NULL;
}

/* The next client has not heard of levels that are high. */
void irqs_client_gone(struct mdl_dev *dev)
{
	struct irqs *irqs = dev->irqs;

	irq_vfio_detach_all(dev);
	irqs->msi_wanted = false;
	irqs_update(dev);
	for (uint32_t i = 0; i < irqs->count; i++)
		if (irqs->mode == IRQ_MODE_MSI || irqs->mode == IRQ_MODE_MSIX)
			irqs->irqs[i].owed = irqs->irqs[i].level;
	irqs_update(dev);
}

/*
 * What the author raised and what is owed for events goes with the state that caused it; causes of
 * `intr` blocks follow their registers.
 */
void irqs_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	struct irqs *irqs = dev->irqs;

	for (uint32_t i = 0; i < irqs->count; i++) {
		irqs->irqs[i].pulse = false;
		if (irqs->irqs[i].raised)
			mdl_irq_lower(dev, i);
	}
	irqs->pulses = 0;
	if (kind != MDL_RESET_SOFT)
		msix_reset(dev);
	irqs_update(dev);
}

/* ---- what migrates: a byte for each logical interrupt, then the MSI-X table, then its flags */

#define SAVED_RAISED 0x01u
#define SAVED_PULSE  0x02u
#define SAVED_ALL    0x03u

static size_t table_size(const struct mdl_dev *dev)
{
	return 16u * dev->desc->pci->msix_vectors;
}

size_t irqs_state_size(const struct mdl_dev *dev)
{
	return dev->irqs->count + table_size(dev) + dev->desc->pci->msix_vectors;
}

void irqs_save(const struct mdl_dev *dev, uint8_t *state)
{
	const struct irqs *irqs = dev->irqs;

	for (uint32_t i = 0; i < irqs->count; i++)
		*state++ = (uint8_t)((irqs->irqs[i].raised ? SAVED_RAISED : 0) |
				     (irqs->irqs[i].pulse ? SAVED_PULSE : 0));
	if (table_size(dev) > 0)
		memcpy(state, irqs->table, table_size(dev));
	state += table_size(dev);
	for (uint32_t i = 0; i < dev->desc->pci->msix_vectors; i++)
		*state++ = irqs->entry_written[i];
}

static bool state_valid(const struct mdl_dev *dev, const uint8_t *state)
{
	const uint8_t *table = state + dev->irqs->count;
	const uint8_t *written = table + table_size(dev);

	for (uint32_t i = 0; i < dev->irqs->count; i++)
		if (state[i] & ~SAVED_ALL)
			return false;
	for (uint32_t i = 0; i < dev->desc->pci->msix_vectors; i++, table += 16) {
		if ((table[0] & 3) || (table[12] & ~1) || table[13] || table[14] || table[15])
			return false;
		if (written[i] > 1)
			return false;
	}
	return true;
}

int irqs_load(struct mdl_dev *dev, const uint8_t *state, size_t size)
{
	struct irqs *irqs = dev->irqs;

	if (size != irqs_state_size(dev) || !state_valid(dev, state)) {
		log_limited(dev, MDL_LOG_ERROR,
			    "the state of interrupts is not one of this device");
		return -EINVAL;
	}
	/* The one who loads knows what was loaded. */
	irqs->msi_wanted = conn_connected(dev);
	irqs->pulses = 0;
	for (uint32_t i = 0; i < irqs->count; i++) {
		struct irq *irq = &irqs->irqs[i];
		const bool level = (state[i] & SAVED_RAISED) || irq->causes > 0;

		irqs->high += (uint32_t)level - (uint32_t)irq->level;
		irq->raised = (state[i] & SAVED_RAISED) != 0;
		irq->level = level;
		irq->owed = level;
		irq->pulse = (state[i] & SAVED_PULSE) != 0;
		irqs->pulses += irq->pulse;
	}
	state += irqs->count;
	if (table_size(dev) > 0)
		memcpy(irqs->table, state, table_size(dev));
	state += table_size(dev);
	for (uint32_t i = 0; i < dev->desc->pci->msix_vectors; i++)
		irqs->entry_written[i] = state[i] != 0;
	return 0;
}
