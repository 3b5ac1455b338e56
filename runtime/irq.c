/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logical interrupts: levels and pulses, and how they leave the device: by MSI-X, MSI or INTx.
 * What cannot be sent now is owed, and sent once when masks, eventfds and power allow.
 */
#include <string.h>

#include "irq.h"

/* ---- where interrupts go now */

/*
 * What the driver enabled.  An attached eventfd counts as enabled: not every client lets config
 * space know.
 */
static enum irq_mode mode_now(const struct mdl_dev *dev)
{
	const struct irqs *irqs = dev->irqs;

	if (irqs->index[VU_IRQ_MSIX].count > 0 &&
	    (irqs->index[VU_IRQ_MSIX].attached > 0 || config_msix(dev).enabled))
		return IRQ_MODE_MSIX;
	if (irqs->index[VU_IRQ_MSI].count > 0 &&
	    (irqs->index[VU_IRQ_MSI].attached > 0 || config_msi(dev).enabled))
		return IRQ_MODE_MSI;
	return irqs->index[VU_IRQ_INTX].count > 0 ? IRQ_MODE_INTX : IRQ_MODE_NONE;
}

static bool by_message(const struct irqs *irqs)
{
	return irqs->mode == IRQ_MODE_MSI || irqs->mode == IRQ_MODE_MSIX;
}

/* Only in D0 and while running does a function interrupt. */
static bool may_interrupt(const struct mdl_dev *dev)
{
	return config_powered(dev) && (!dev->migration || migration_running(dev));
}

/* Why a vector cannot be signalled now; NULL: it can. */
static const char *vector_obstacle(const struct mdl_dev *dev, uint32_t index, uint32_t number)
{
	const struct vector *vector = &dev->irqs->index[index].vectors[number];

	if (vector->fd < 0)
		return "has no eventfd";
	if (vector->masked)
		return index == VU_IRQ_INTX ? "is masked until the client unmasks it"
					    : "is masked by the client";
	if (index == VU_IRQ_MSIX && config_msix(dev).function_mask)
		return "is masked by the function mask";
	if (index == VU_IRQ_MSIX && msix_entry_masked(dev, number))
		return "is masked in its table entry";
	if (index == VU_IRQ_MSI && (config_msi(dev).mask >> number & 1))
		return "is masked in config space";
	if (index == VU_IRQ_ERR || index == VU_IRQ_REQ || may_interrupt(dev))
		return NULL;
	return config_powered(dev) ? "waits while the device is stopped" : "waits for D0";
}

static void vector_signal(struct mdl_dev *dev, uint32_t index, uint32_t number)
{
	irq_signal(dev->irqs, dev->irqs->index[index].vectors[number].fd);
	if (dev->tracing)
		trace_vector(dev, index, number, NULL);
}

/* The vector of a logical interrupt in the current mode, which is by message. */
static uint32_t vector_of(const struct mdl_dev *dev, const struct irq *irq)
{
	struct msi_control msi;

	if (dev->irqs->mode == IRQ_MODE_MSIX)
		return irq->vector;
	msi = config_msi(dev);
	if (msi.enabled)
		return irq->vector & ((1u << msi.log2_enabled) - 1);
	return irq->vector % dev->irqs->index[VU_IRQ_MSI].count;
}

static uint32_t message_index(const struct irqs *irqs)
{
	return irqs->mode == IRQ_MODE_MSIX ? VU_IRQ_MSIX : VU_IRQ_MSI;
}

/* ---- messages */

void irqs_pending(const struct mdl_dev *dev, uint64_t *bitmap)
{
	const struct irqs *irqs = dev->irqs;
	const struct irq_index *index = &irqs->index[message_index(irqs)];

	if (!by_message(irqs))
		return;
	for (uint32_t i = 0; i < irqs->count; i++) {
		if (irqs->irqs[i].owed || irqs->irqs[i].pulse) {
			const uint32_t vector = vector_of(dev, &irqs->irqs[i]);

			bitmap[vector / 64] |= 1ull << (vector % 64);
		}
	}
	for (uint32_t i = 0; irqs->triggers > 0 && i < index->count; i++)
		if (index->vectors[i].triggered)
			bitmap[i / 64] |= 1ull << (i % 64);
}

/*
 * To VFIO MSI is off until its user enables it, whatever config space still says of the last one:
 * who connects must not find pending bits there, which he would take for interrupts of his own.
 */
static void show_msi_pending(struct mdl_dev *dev)
{
	const struct irqs *irqs = dev->irqs;
	uint64_t pending = 0;

	if (irqs->mode == IRQ_MODE_MSI && (irqs->msi_wanted || irqs->index[VU_IRQ_MSI].attached))
		irqs_pending(dev, &pending);
	config_set_msi_pending(dev, (uint32_t)pending);
}

static void pulse_forget(struct irqs *irqs, struct irq *irq)
{
	if (irq->pulse)
		irqs->pulses--;
	irq->pulse = false;
}

/* Send what is owed; interrupts that share a vector share the message. */
static void messages_flush(struct mdl_dev *dev)
{
	struct irqs *irqs = dev->irqs;
	const uint32_t index = message_index(irqs);

	memset(irqs->sent, 0, (irqs->index[index].count + 63) / 64 * sizeof(*irqs->sent));
	for (uint32_t i = 0; i < irqs->count; i++) {
		struct irq *irq = &irqs->irqs[i];
		uint32_t vector;

		if (!irq->owed && !irq->pulse)
			continue;
		vector = vector_of(dev, irq);
		if (vector_obstacle(dev, index, vector))
			continue;
		if (!(irqs->sent[vector / 64] >> (vector % 64) & 1))
			vector_signal(dev, index, vector);
		irqs->sent[vector / 64] |= 1ull << (vector % 64);
		irq->owed = false;
		pulse_forget(irqs, irq);
	}
	if (irqs->mode == IRQ_MODE_MSI)
		show_msi_pending(dev);
}

/* Returns whether it was sent. */
static bool message_send(struct mdl_dev *dev, const struct irq *irq)
{
	const uint32_t index = message_index(dev->irqs);
	const uint32_t vector = vector_of(dev, irq);
	const char *why = vector_obstacle(dev, index, vector);

	if (!why)
		vector_signal(dev, index, vector);
	else if (dev->tracing)
		trace_vector(dev, index, vector, why);
	return !why;
}

/* ---- INTx */

static void pulses_forget(struct irqs *irqs)
{
	for (uint32_t i = 0; irqs->pulses > 0 && i < irqs->count; i++)
		pulse_forget(irqs, &irqs->irqs[i]);
}

static const char *intx_obstacle(const struct mdl_dev *dev)
{
	return config_intx_disabled(dev) ? "is disabled in COMMAND"
					 : vector_obstacle(dev, VU_IRQ_INTX, 0);
}

/* Signals once, then is masked until the client unmasks (AUTOMASKED). */
static void intx_update(struct mdl_dev *dev)
{
	struct irqs *irqs = dev->irqs;
	struct vector *intx = irqs->index[VU_IRQ_INTX].vectors;

	if ((irqs->high > 0 || irqs->pulses > 0) && !intx_obstacle(dev)) {
		intx->masked = true;
		vector_signal(dev, VU_IRQ_INTX, 0);
		pulses_forget(irqs);
	}
	config_set_interrupt_status(dev, irqs->high > 0 || irqs->pulses > 0);
}

/* One more interrupt goes by INTx. */
static void intx_send(struct mdl_dev *dev)
{
	const char *why = intx_obstacle(dev);

	if (why && dev->tracing)
		trace_vector(dev, VU_IRQ_INTX, 0, why);
	intx_update(dev);
}

/* ---- the client's own triggers */

void irq_trigger(struct mdl_dev *dev, uint32_t index, uint32_t number)
{
	struct irqs *irqs = dev->irqs;
	struct vector *vector = &irqs->index[index].vectors[number];

	if (vector->fd < 0 || vector->triggered)
		return;
	vector->triggered = true;
	irqs->triggers++;
	irqs_update(dev);
}

static void triggers_flush(struct mdl_dev *dev)
{
	struct irqs *irqs = dev->irqs;

	for (uint32_t index = 0; index < VU_NUM_IRQS; index++) {
		for (uint32_t i = 0; irqs->triggers > 0 && i < irqs->index[index].count; i++) {
			struct vector *vector = &irqs->index[index].vectors[i];

			if (!vector->triggered || vector_obstacle(dev, index, i))
				continue;
			vector->triggered = false;
			vector->masked = index == VU_IRQ_INTX;
			irqs->triggers--;
			vector_signal(dev, index, i);
		}
	}
}

/* ---- levels and pulses */

void irqs_msi_written(struct mdl_dev *dev)
{
	dev->irqs->msi_wanted = true;
}

static void mode_change(struct mdl_dev *dev, enum irq_mode mode)
{
	struct irqs *irqs = dev->irqs;

	irqs->mode = mode;
	for (uint32_t i = 0; i < irqs->count; i++)
		irqs->irqs[i].owed = by_message(irqs) && irqs->irqs[i].level;
	if (mode != IRQ_MODE_INTX)
		config_set_interrupt_status(dev, false);
	show_msi_pending(dev);
}

void irqs_update(struct mdl_dev *dev)
{
	const enum irq_mode mode = mode_now(dev);

	if (mode != dev->irqs->mode)
		mode_change(dev, mode);
	if (dev->irqs->triggers > 0)
		triggers_flush(dev);
	if (by_message(dev->irqs))
		messages_flush(dev);
	else if (mode == IRQ_MODE_INTX)
		intx_update(dev);
}

static void level_update(struct mdl_dev *dev, struct irq *irq)
{
	struct irqs *irqs = dev->irqs;
	const bool level = irq->raised || irq->causes > 0;

	if (level == irq->level)
		return;
	irq->level = level;
	irqs->high += level ? 1 : UINT32_MAX;
	if (dev->tracing)
		trace_irq(dev, (unsigned)(irq - irqs->irqs), level ? "raised" : "lowered");
	if (irqs->mode == IRQ_MODE_INTX) {
		level ? intx_send(dev) : intx_update(dev);
	} else if (by_message(irqs)) {
		/* A message that is still owed goes with its reason (PCI 3.0, 6.8.3.5). */
		irq->owed = level && !message_send(dev, irq);
		if (irqs->mode == IRQ_MODE_MSI)
			show_msi_pending(dev);
	}
}

void irq_cause(struct mdl_dev *dev, uint32_t number, bool asserted)
{
	struct irq *irq;

	if (number >= dev->irqs->count)
		return;
	irq = &dev->irqs->irqs[number];
	irq->causes += asserted ? 1 : UINT32_MAX;
	level_update(dev, irq);
}

void irq_again(struct mdl_dev *dev, uint32_t number)
{
	struct irq *irq;

	if (number >= dev->irqs->count || !by_message(dev->irqs))
		return;
	irq = &dev->irqs->irqs[number];
	if (!irq->level || irq->owed)
		return;
	irq->owed = !message_send(dev, irq);
	if (dev->irqs->mode == IRQ_MODE_MSI)
		show_msi_pending(dev);
}

/* ---- for authors */

static struct irq *irq_get(struct mdl_dev *dev, unsigned number)
{
	if (number < dev->irqs->count)
		return &dev->irqs->irqs[number];
	log_limited(dev, MDL_LOG_ERROR, "there is no interrupt %u", number);
	return NULL;
}

void mdl_irq_set(struct mdl_dev *dev, unsigned number, bool level)
{
	struct irq *irq = irq_get(dev, number);

	if (!irq)
		return;
	irq->raised = level;
	level_update(dev, irq);
}

void mdl_irq_raise(struct mdl_dev *dev, unsigned number)
{
	mdl_irq_set(dev, number, true);
}

void mdl_irq_lower(struct mdl_dev *dev, unsigned number)
{
	mdl_irq_set(dev, number, false);
}

void mdl_irq_pulse(struct mdl_dev *dev, unsigned number)
{
	struct irq *irq = irq_get(dev, number);

	if (!irq)
		return;
	if (dev->tracing)
		trace_irq(dev, number, "pulsed");
	if (by_message(dev->irqs) && message_send(dev, irq))
		return;
	if (!irq->pulse)
		dev->irqs->pulses++;
	irq->pulse = true;
	if (dev->irqs->mode == IRQ_MODE_INTX)
		intx_send(dev);
	else
		show_msi_pending(dev);
}

bool mdl_irq_level(const struct mdl_dev *dev, unsigned number)
{
	return number < dev->irqs->count && dev->irqs->irqs[number].level;
}
