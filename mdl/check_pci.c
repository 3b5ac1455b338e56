/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt vectors and capabilities. */
#include "check.h"
#include "check_private.h"

#include <inttypes.h>

#define MAX_MSI_VECTORS  32u
#define MAX_MSIX_VECTORS 2048u

uint64_t msix_table_size(const struct m_pci *pci)
{
	return (uint64_t)pci->msix_vectors * 16;
}

uint64_t msix_pba_size(const struct m_pci *pci)
{
	return ((uint64_t)pci->msix_vectors + 63) / 64 * 8;
}

void check_msi_vectors(struct checking *c)
{
	const struct m_pci *pci = &c->model->pci;
	unsigned n = pci->msi_vectors;

	if (pci->has_msi && (n == 0 || n > MAX_MSI_VECTORS || (n & (n - 1))))
		found(c, MSI_VECTORS, NULL, pci->msi_loc, "MSI has 1, 2, 4, 8, 16 or 32 vectors");
}

void check_msix_vectors(struct checking *c)
{
	const struct m_pci *pci = &c->model->pci;

	if (pci->has_msix && (pci->msix_vectors == 0 || pci->msix_vectors > MAX_MSIX_VECTORS))
		found(c, MSIX_VECTORS, NULL, pci->msix_loc, "MSI-X has 1 to 2048 vectors");
}

static void check_structure_bar(struct checking *c, struct loc loc, const char *what,
				unsigned index)
{
	const struct m_bar *bar = find_bar(c->model, index);

	if (!bar) {
		if (!c->tree->syntax_errors)
			found(c, MSIX_BAR, NULL, loc, "%s lies in BAR %u, which is not declared",
			      what, index);
		return;
	}
	if (!bar->bad && bar->type == M_BAR_IO &&
	    found(c, MSIX_BAR, NULL, loc, "%s lies in BAR %u, which is in I/O space", what, index))
		diag_note(c->diag, bar->loc, "BAR %u is declared here", index);
}

void check_msix_bar(struct checking *c)
{
	const struct m_pci *pci = &c->model->pci;

	if (!pci->has_msix || pci->bad)
		return;
	check_structure_bar(c, pci->table_loc, "the MSI-X table", pci->msix_table_bar);
	check_structure_bar(c, pci->pba_loc, "the array of MSI-X pending bits", pci->msix_pba_bar);
}

/* The most vectors that any way of delivery has; INTx, which all numbers share, has no limit. */
static uint64_t vectors(const struct m_pci *pci)
{
	uint64_t msi = pci->has_msi ? pci->msi_vectors : 0;
	uint64_t msix = pci->has_msix ? pci->msix_vectors : 0;

	if (!msi && !msix && pci->intx)
		return UINT64_MAX;
	return msi > msix ? msi : msix;
}

void check_irq_vector(struct checking *c)
{
	const struct m_pci *pci = &c->model->pci;
	uint64_t n = vectors(pci);

	for (unsigned i = 0; i < c->model->nirqs && !pci->bad; i++) {
		const struct m_irq *irq = &c->model->irqs[i];
		uint64_t end = (uint64_t)irq->vector + irq->count;

		if (irq->bad || end <= n)
			continue;
		if (n == 0) {
			if (found(c, IRQ_VECTOR, NULL, irq->vector_loc,
				  "irq '%s' has no vector: the device has no interrupts",
				  irq->name))
				diag_help(c->diag, "add `intx A`, `msi` or `msix` to `pci`");
		} else if (found(c, IRQ_VECTOR, NULL, irq->vector_loc,
				 "irq '%s' takes vector %" PRIu64 ", but the last is %" PRIu64,
				 irq->name, end - 1, n - 1)) {
			diag_note(c->diag,
				  pci->has_msix && pci->msix_vectors == n ? pci->msix_loc
									  : pci->msi_loc,
				  "%" PRIu64 " vectors are declared here", n);
		}
	}
}

/* The device's own registers that are in the way. */
static void note_config_registers(struct checking *c, unsigned start, unsigned end)
{
	const struct m_pci *pci = &c->model->pci;

	for (unsigned i = 0; i < pci->nregs; i++) {
		const struct m_reg *reg = pci->regs[i];

		if (!reg->bad_place && reg->offset >= start && reg->offset < end) {
			diag_note(c->diag, reg->loc, "%s stands at 0x%" PRIx64,
				  describe_reg(c, reg), reg->offset);
			note_via(c->diag, reg->via);
		}
	}
}

void check_capability(struct checking *c)
{
	const struct m_pci *pci = &c->model->pci;

	for (unsigned i = 0; i < pci->ncaps; i++) {
		const struct m_cap *cap = &pci->caps[i];
		/* The chain of extended ones begins at 0x100, and we have one. */
		unsigned start = cap->extended ? 0x100 : 0x40;
		unsigned end = cap->extended ? start + cap->size : 0x100;

		if (cap->offset >= start && (unsigned)cap->offset + cap->size <= end)
			continue;
		if (found(c, CAPABILITY, NULL, cap->loc,
			  "there is no room for the %s capability, %u bytes in 0x%x-0x%x",
			  cap->name, cap->size, start, end - 1))
			note_config_registers(c, start, end);
	}
}
