/* SPDX-License-Identifier: BSD-2-Clause */
/* Places of capabilities in config space: first fit around the device's own registers. */
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

#define CONFIG_SIZE 4096

/* What is taken, by dword. */
struct config_map {
	bool taken[CONFIG_SIZE / 4];
};

static void take(struct config_map *map, uint64_t first, uint64_t size)
{
	for (uint64_t i = first / 4; i < CONFIG_SIZE / 4 && i * 4 < first + size; i++)
		map->taken[i] = true;
}

static void take_register(struct config_map *map, const struct m_reg *reg)
{
	if (reg->bad_place)
		return;
	for (uint32_t i = 0; i < reg->count; i++) {
		uint64_t offset = reg->offset;
		uint32_t rest = i;

		for (unsigned d = reg->ndims; d-- > 0;) {
			offset += (uint64_t)(rest % reg->dims[d].count) * reg->dims[d].stride;
			rest /= reg->dims[d].count;
		}
		if (offset < CONFIG_SIZE)
			take(map, offset, reg->width);
	}
}

/* 0 if there is no room. */
static uint16_t find_room(const struct config_map *map, unsigned from, unsigned to, unsigned size)
{
	for (unsigned start = from; start + size <= to; start += 4) {
		unsigned i = start / 4;

		while (i * 4 < start + size && !map->taken[i])
			i++;
		if (i * 4 >= start + size)
			return (uint16_t)start;
	}
	return 0;
}

static void add(struct m_pci *pci, const char *name, uint16_t id, uint16_t size, bool extended)
{
	pci->caps[pci->ncaps++] = (struct m_cap){
		.name = name, .id = id, .size = size, .extended = extended, .loc = pci->loc};
}

static int by_place(const void *a, const void *b)
{
	const struct m_cap *x = a, *y = b;

	if (x->extended != y->extended)
		return x->extended ? 1 : -1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The standard ones before the vendor's, which are there already. */
static void list_capabilities(struct resolver *r)
{
	struct m_pci *pci = &r->model->pci;
	unsigned nvendor = pci->ncaps;
	struct m_cap *vendor = arena_array(r->arena, struct m_cap, nvendor);

	memcpy(vendor, pci->caps, nvendor * sizeof(*vendor));
	pci->ncaps = 0;
	if (pci->pm)
		add(pci, "Power Management", 0x01, 8, false);
	if (pci->has_msi)
		add(pci, "MSI", 0x05, 24, false);
	if (pci->has_msix)
		add(pci, "MSI-X", 0x11, 12, false);
	if (pci->express)
		add(pci, "PCI Express", 0x10, 60, false);
	else if (pci->flr)
		add(pci, "Advanced Features", 0x13, 6, false);
	memcpy(pci->caps + pci->ncaps, vendor, nvendor * sizeof(*vendor));
	pci->ncaps += nvendor;
	if (pci->has_dsn && pci->express)
		add(pci, "Device Serial Number", 0x0003, 12, true);
}

/* What finds no place keeps offset 0: the checks report it. */
void lay_out_capabilities(struct resolver *r)
{
	struct config_map *map = arena_new(r->arena, struct config_map);
	struct m_pci *pci = &r->model->pci;

	if (!pci->caps)
		return;
	list_capabilities(r);
	for (unsigned i = 0; i < pci->nregs; i++)
		take_register(map, pci->regs[i]);
	for (unsigned i = 0; i < pci->ncaps; i++) {
		struct m_cap *cap = &pci->caps[i];

		/* The extended chain has no other head than 0x100. */
		cap->offset = cap->extended ? find_room(map, 0x100, 0x100 + cap->size, cap->size)
					    : find_room(map, 0x40, 0x100, cap->size);
		if (cap->offset)
			take(map, cap->offset, cap->size);
	}
	qsort(pci->caps, pci->ncaps, sizeof(*pci->caps), by_place);
}
