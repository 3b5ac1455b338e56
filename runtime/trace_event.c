/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace of what is no access:
 *   gpiotmr.irq expire raised
 *   gpiotmr.irq -> MSI vector 0
 *   gpiotmr.dma write 0x1000 +512 (direct): 01 02 03 ...
 *   gpiotmr.timer tick expired
 *   gpiotmr.reset flr
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "trace.h"
#include "vcd.h"

/* ---- interrupts */

static void add_irq(struct line *line, const struct mdl_device *desc, unsigned irq)
{
	for (uint32_t i = 0; i < desc->nirqs; i++) {
		const struct mdl_irq_desc *d = &desc->irqs[i];

		if (irq < d->first || irq - d->first >= d->count)
			continue;
		line_add(line, "%s", d->name);
		if (d->count > 1)
			line_add(line, "[%u]", irq - d->first);
		return;
	}
	line_add(line, "%u", irq);
}

void trace_irq(struct mdl_dev *dev, unsigned irq, const char *what)
{
	struct vcd *vcd = dev->trace->vcd;
	struct line line;

	trace_look(dev);
	if (vcd && !strcmp(what, "pulsed"))
		vcd_irq_pulse(dev, vcd, irq);
	else if (vcd)
		vcd_irq(dev, vcd, irq, !strcmp(what, "raised"));
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "irq ");
	add_irq(&line, dev->desc, irq);
	line_add(&line, " %s", what);
	line_end(dev, &line);
}

void trace_vector(struct mdl_dev *dev, uint32_t index, uint32_t vector, const char *why)
{
	static const char *const names[VU_NUM_IRQS] = {"INTx", "MSI", "MSI-X", "ERR", "REQ"};
	struct line line;

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "irq %s %s", why ? "pending:" : "->", names[index]);
	if (index == VU_IRQ_MSI || index == VU_IRQ_MSIX)
		line_add(&line, " vector %" PRIu32, vector);
	if (why)
		line_add(&line, " %s", why);
	line_end(dev, &line);
}

/* ---- DMA */

static const char *dma_reason(const struct mdl_dev *dev, int error)
{
	switch (error) {
	case -EFAULT:
		return "not mapped";
	case -EACCES:
		return "the mapping does not allow it";
	case -EPERM:
		return config_powered(dev) ? "bus mastering is off in COMMAND"
					   : "the device is in D3hot";
	case -EIO:
		return "the client's memory failed";
	case -ENOTCONN:
		return "there is no client";
	case -EOVERFLOW:
		return "the addresses wrap";
	case -EREMOTE:
		return "not mapped into this process";
	case -ENOBUFS:
		return "more pieces than there is room for";
	default:
		return strerror(-error);
	}
}

void trace_dma(struct mdl_dev *dev, uint64_t iova, const void *data, size_t size, bool is_write,
	       const char *how, int result)
{
	struct line line;

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "dma %s 0x%" PRIx64 " +%zu", is_write ? "write" : "read", iova,
		   size);
	if (how)
		line_add(&line, " (%s)", how);
	if (result < 0) {
		line_add(&line, ": %s", dma_reason(dev, result));
	} else if (size) {
		line_add(&line, ":");
		line_bytes(&line, data, size);
	}
	line_end(dev, &line);
}

void trace_dma_map(struct mdl_dev *dev, uint64_t iova, size_t size, unsigned flags, int result)
{
	struct line line;

	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "dma map 0x%" PRIx64 " +%zu (%s%s)", iova, size,
		   flags & MDL_DMA_READ ? "r" : "", flags & MDL_DMA_WRITE ? "w" : "");
	if (result < 0)
		line_add(&line, ": %s", dma_reason(dev, result));
	line_end(dev, &line);
}

/* ---- the rest */

void trace_timer(struct mdl_dev *dev, const struct mdl_timer *timer)
{
	struct line line;

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "timer %s", timer->desc->name);
	if (timer->desc->count > 1)
		line_add(&line, "[%" PRIu32 "]", timer->at);
	line_add(&line, " expired");
	line_end(dev, &line);
}

static void event(struct mdl_dev *dev, const char *what, const char *detail)
{
	struct line line;

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "%s %s", what, detail);
	line_end(dev, &line);
}

void trace_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	static const char *const names[] = {"power", "hard", "flr", "soft"};

	event(dev, "reset", names[kind]);
	dev->trace->muted++;
}

void trace_reset_end(struct mdl_dev *dev)
{
	trace_look(dev);
	dev->trace->muted--;
}

void trace_load(struct mdl_dev *dev)
{
	trace_look(dev);
	dev->trace->muted++;
}

void trace_load_end(struct mdl_dev *dev, int result)
{
	trace_look(dev);
	if (dev->trace->vcd)
		vcd_irqs(dev, dev->trace->vcd);
	dev->trace->muted--;
	event(dev, "state", result < 0 ? "refused" : "loaded");
}

void trace_migration(struct mdl_dev *dev, const char *from, const char *to)
{
	struct line line;

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "migration %s -> %s", from, to);
	line_end(dev, &line);
}

void trace_client(struct mdl_dev *dev, bool came)
{
	event(dev, "client", came ? "connected" : "gone");
}
