/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace of accesses to what is no register:
 *   gpiotmr.FB[1]+0x10 <- 8 bytes: 01 02 03 04 05 06 07 08
 *   gpiotmr.MSIX[3].CONTROL <- 0x0
 *   gpiotmr.bar0+0x500 read 4 bytes: 00 00 00 00 (nothing is there)
 *   gpiotmr.bar0+0x4 read of 8 bytes refused: the BAR takes 1 to 4
 */
#include <inttypes.h>
#include <string.h>

#include "region.h"
#include "trace.h"

#define MSIX_ENTRY 16u

static const struct ram_window *find_ram(const struct mdl_dev *dev, uint32_t region,
					 uint64_t offset, uint64_t *start)
{
	const struct bar *bar;
	const struct span *span;

	if (region >= NUM_BARS)
		return NULL;
	bar = &dev->regions->bars[region];
	span = span_find(bar, offset);
	if (span == bar->spans + bar->nspans || span->start > offset)
		return NULL;
	*start = span->start;
	return span->window;
}

static bool within(uint64_t start, uint64_t size, uint64_t offset, size_t n, uint64_t *at)
{
	*at = offset - start;
	return offset >= start && *at < size && n <= size - *at;
}

static void add_data(struct line *line, const uint8_t *data, size_t size, bool is_write)
{
	line_add(line, " %s %zu byte%s:", is_write ? "<-" : "read", size, size == 1 ? "" : "s");
	line_bytes(line, data, size);
}

/* A whole member of an MSI-X table entry? */
static bool add_entry(struct line *line, uint64_t at, const uint8_t *data, size_t size,
		      bool is_write)
{
	static const char *const members[] = {"ADDRESS", "UPPER_ADDRESS", "DATA", "CONTROL"};
	uint32_t value;

	if (size != sizeof(value) || at % sizeof(value) != 0)
		return false;
	memcpy(&value, data, sizeof(value));
	line_add(line, "MSIX[%" PRIu64 "].%s %s 0x%" PRIx32, at / MSIX_ENTRY,
		 members[at % MSIX_ENTRY / 4], is_write ? "<-" : "read", value);
	if (at % MSIX_ENTRY / 4 == 3)
		line_add(line, value & 1 ? " (masked)" : " (not masked)");
	return true;
}

static bool add_msix(const struct mdl_dev *dev, struct line *line, uint32_t region, uint64_t offset,
		     const uint8_t *data, size_t size, bool is_write)
{
	const struct mdl_pci *pci = dev->desc->pci;
	const uint64_t table = (uint64_t)MSIX_ENTRY * pci->msix_vectors;
	uint64_t at;

	if (pci->msix_vectors == 0)
		return false;
	if (region == pci->msix_table_bar &&
	    within(pci->msix_table_offset, table, offset, size, &at)) {
		if (add_entry(line, at, data, size, is_write))
			return true;
		line_add(line, "MSIX+0x%" PRIx64, at);
		add_data(line, data, size, is_write);
		return true;
	}
	if (region != pci->msix_pba_bar ||
	    !within(pci->msix_pba_offset, (pci->msix_vectors + 63ull) / 64 * 8, offset, size, &at))
		return false;
	line_add(line, "MSIX_PBA+0x%" PRIx64, at);
	add_data(line, data, size, is_write);
	if (is_write)
		line_add(line, " (read-only)");
	return true;
}

void trace_bytes(struct mdl_dev *dev, uint32_t region, uint64_t offset, const uint8_t *data,
		 size_t size, bool is_write)
{
	const struct ram_window *window;
	uint64_t start;
	char name[NAME_SIZE];
	struct line line;

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "%s", "");
	window = find_ram(dev, region, offset, &start);
	if (window) {
		ram_name(window->ram, window->element, name, sizeof(name));
		line_add(&line, "%s+0x%" PRIx64, name, offset - start);
		add_data(&line, data, size, is_write);
	} else if (!add_msix(dev, &line, region, offset, data, size, is_write)) {
		line_add(&line, "%s+0x%" PRIx64, region_name(region), offset);
		add_data(&line, data, size, is_write);
		if (region < NUM_BARS)
			line_add(&line, config_powered(dev) ? " (nothing is there)"
							    : " (not claimed in D3hot)");
	}
	line_end(dev, &line);
}

void trace_refused(struct mdl_dev *dev, uint32_t region, uint64_t offset, const char *why)
{
	struct line line;

	trace_look(dev);
	if (!dev->trace->lines)
		return;
	line_begin(dev, &line, "%s+0x%" PRIx64 " %s", region_name(region), offset, why);
	line_end(dev, &line);
}
