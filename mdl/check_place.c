/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether things stand where they can: alignment, and within their BAR or config space. */
#include "check_private.h"
#include "extents.h"

#include <inttypes.h>

#define PAGE                 4096u
#define CONFIG_START         0x40u
#define CONFIG_SIZE          0x100u
#define EXTENDED_CONFIG_SIZE 0x1000u
#define LIST_HEAD            0x100u

static unsigned alignment_of(const struct m_reg *reg)
{
	return reg->width == 8 ? 4 : reg->width;
}

static const char *article(unsigned bits)
{
	return bits == 8 ? "an" : "a";
}

/* The first one that leads off the alignment, or NULL. */
static const struct m_dim *crooked_dim(const struct m_dim *dims, unsigned ndims, unsigned alignment)
{
	for (unsigned i = 0; i < ndims; i++)
		if (dims[i].count > 1 && dims[i].stride % alignment)
			return &dims[i];
	return NULL;
}

static void report_stride(struct checking *c, const struct m_via *via, struct loc loc,
			  const char *what, const struct m_dim *dim, unsigned alignment)
{
	found(c, MISALIGNED, via, loc,
	      "elements of %s stand 0x%" PRIx32 " bytes apart, not a multiple of %u", what,
	      dim->stride, alignment);
}

bool is_misaligned(const struct m_reg *reg)
{
	unsigned alignment = alignment_of(reg);

	return reg->offset % alignment || crooked_dim(reg->dims, reg->ndims, alignment);
}

static void check_reg(struct checking *c, const struct m_reg *reg)
{
	unsigned alignment = alignment_of(reg), bits = reg->width * 8;
	const struct m_dim *dim;

	if (reg->bad_place || alignment < 2)
		return;
	if (reg->offset % alignment)
		found(c, MISALIGNED, reg->via, reg->offset_loc,
		      "%s stands at 0x%" PRIx64 ": %s %u-bit register's offset is a multiple of %u",
		      describe_reg(c, reg), reg->offset, article(bits), bits, alignment);
	dim = crooked_dim(reg->dims, reg->ndims, alignment);
	if (dim)
		report_stride(c, reg->via, reg->stride_loc, describe_reg(c, reg), dim, alignment);
}

static void check_ram(struct checking *c, const struct m_ram *ram)
{
	const struct m_dim *dim;

	if (ram->bad_place || !ram->mmap)
		return;
	if (ram->offset % PAGE)
		found(c, MISALIGNED, ram->via, ram->offset_loc,
		      "mapped ram '%s' stands at 0x%" PRIx64 ", not a multiple of a page (4096)",
		      ram->path, ram->offset);
	if (ram->size % PAGE)
		found(c, MISALIGNED, ram->via, ram->loc,
		      "mapped ram '%s' has 0x%" PRIx64 " bytes, not a multiple of a page (4096)",
		      ram->path, ram->size);
	dim = crooked_dim(ram->dims, ram->ndims, PAGE);
	if (dim)
		report_stride(c, ram->via, ram->stride_loc, describe_ram(c, ram), dim, PAGE);
}

void check_misaligned(struct checking *c)
{
	for (unsigned i = 0; i < c->model->nregs; i++)
		check_reg(c, c->model->regs[i]);
	for (unsigned i = 0; i < c->model->nbars; i++)
		for (unsigned k = 0; k < c->model->bars[i].nrams; k++)
			check_ram(c, &c->model->bars[i].rams[k]);
}

/* A space: its end, and where that is said. */
struct space {
	struct checking *c;
	int bar;
	uint64_t size;
	struct loc loc;
};

static void report_end(const struct space *space, const struct m_via *via, struct loc loc,
		       const char *what, uint64_t end)
{
	const char *where = describe_space(space->c, space->bar);

	if (found(space->c, PAST_END, via, loc,
		  "%s ends at 0x%" PRIx64 ", past the end of %s at 0x%" PRIx64, what, end - 1,
		  where, space->size - 1))
		diag_note(space->c->diag, space->loc, "%s has 0x%" PRIx64 " bytes", where,
			  space->size);
}

/* Of what ends beyond all numbers that make sense, some such number. */
static uint64_t end_of(uint64_t offset, uint64_t width, const struct m_dim *dims, unsigned ndims)
{
	struct extent extent;

	return extent_init(&extent, offset, width, dims, ndims) ? extent_end(&extent) : UINT64_MAX;
}

static void check_reg_end(const struct space *space, const struct m_reg *reg)
{
	uint64_t end = end_of(reg->offset, reg->width, reg->dims, reg->ndims);

	if (!reg->bad_place && end > space->size)
		report_end(space, reg->via, reg->loc, describe_reg(space->c, reg), end);
}

static void check_ram_end(const struct space *space, const struct m_ram *ram)
{
	uint64_t end = end_of(ram->offset, ram->size, ram->dims, ram->ndims);

	if (!ram->bad_place && end > space->size)
		report_end(space, ram->via, ram->loc, describe_ram(space->c, ram), end);
}

static void check_msix_end(const struct space *space)
{
	const struct m_pci *pci = &space->c->model->pci;
	uint64_t table_end = pci->msix_table_offset + msix_table_size(pci);
	uint64_t pba_end = pci->msix_pba_offset + msix_pba_size(pci);

	if (!pci->has_msix || pci->bad)
		return;
	if (pci->msix_table_bar == space->bar && table_end > space->size)
		report_end(space, NULL, pci->table_loc, "the MSI-X table", table_end);
	if (pci->msix_pba_bar == space->bar && pba_end > space->size)
		report_end(space, NULL, pci->pba_loc, "the array of MSI-X pending bits", pba_end);
}

void check_past_end(struct checking *c)
{
	const struct m_pci *pci = &c->model->pci;

	for (unsigned i = 0; i < c->model->nbars; i++) {
		const struct m_bar *bar = &c->model->bars[i];
		struct space space = {c, (int)bar->index, bar->size, bar->size_loc};

		if (bar->bad || bar->size == 0)
			continue;
		for (unsigned k = 0; k < bar->nregs; k++)
			check_reg_end(&space, bar->regs[k]);
		for (unsigned k = 0; k < bar->nrams; k++)
			check_ram_end(&space, &bar->rams[k]);
		check_msix_end(&space);
	}
	struct space config = {c, -1, pci->express ? EXTENDED_CONFIG_SIZE : CONFIG_SIZE, pci->loc};

	for (unsigned i = 0; i < pci->nregs; i++)
		check_reg_end(&config, pci->regs[i]);
}

static uint64_t element_offset(const struct m_reg *reg, uint32_t n)
{
	uint64_t offset = reg->offset;

	for (unsigned i = reg->ndims; i-- > 0; n /= reg->dims[i].count)
		offset += (uint64_t)(n % reg->dims[i].count) * reg->dims[i].stride;
	return offset;
}

/* Systems look there for the first extended capability, and believe what they read. */
static bool is_in_list_head(const struct m_reg *reg)
{
	for (uint32_t n = 0; n < reg->count && n < EXTENDED_CONFIG_SIZE; n++) {
		uint64_t offset = element_offset(reg, n);

		if (offset < LIST_HEAD + 4 && offset + reg->width > LIST_HEAD)
			return true;
	}
	return false;
}

void check_config_register(struct checking *c)
{
	const struct m_pci *pci = &c->model->pci;

	for (unsigned i = 0; i < pci->nregs; i++) {
		const struct m_reg *reg = pci->regs[i];

		if (!reg->bad_place && reg->offset < CONFIG_START)
			found(c, CONFIG_REGISTER, reg->via, reg->offset_loc,
			      "%s stands at 0x%" PRIx64 ", in the standard header (0x00-0x3f)",
			      describe_reg(c, reg), reg->offset);
		else if (!reg->bad_place && pci->express && is_in_list_head(reg))
			found(c, CONFIG_REGISTER, reg->via, reg->offset_loc,
			      "%s takes 0x100-0x103, where the list of extended capabilities "
			      "begins",
			      describe_reg(c, reg));
	}
}
