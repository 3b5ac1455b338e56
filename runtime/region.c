/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to BARs: which widths are allowed, how an access is split over registers, RAM windows,
 * MSI-X structures and holes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "region.h"

uint64_t region_size(const struct mdl_dev *dev, uint32_t region)
{
	if (region < NUM_BARS)
		return dev->regions->bars[region].desc ? dev->regions->bars[region].desc->size : 0;
	if (region == VU_REGION_ROM)
		return dev->desc->pci->rom_size;
	if (region == VU_REGION_CONFIG)
		return config_size(dev);
	return 0;
}

/* ---- registers */

/* The bits that n bytes from `byte` on are, in register position. */
static uint64_t byte_bits(const struct mdl_reg *reg, unsigned byte, unsigned n)
{
	const unsigned shift = reg->flags & MDL_REG_BE ? reg->width - byte - n : byte;

	return UINT64_MAX >> (64 - 8 * n) << (8 * shift);
}

static unsigned byte_shift(const struct mdl_reg *reg, unsigned byte)
{
	return 8 * (reg->flags & MDL_REG_BE ? reg->width - 1u - byte : byte);
}

void reg_access_bytes(struct mdl_dev *dev, const struct decode_hit *hit, uint8_t *data, unsigned n,
		      bool is_write)
{
	const struct mdl_reg *reg = hit->reg;
	const uint64_t enabled = byte_bits(reg, hit->byte, n);
	uint64_t value = 0;

	if (is_write) {
		for (unsigned i = 0; i < n; i++)
			value |= (uint64_t)data[i] << byte_shift(reg, hit->byte + i);
		reg_write(dev, reg, hit->element, value, enabled);
		return;
	}
	value = reg_read(dev, reg, hit->element, enabled);
	for (unsigned i = 0; i < n; i++)
		data[i] = (uint8_t)(value >> byte_shift(reg, hit->byte + i));
}

/* ---- RAM */

static void span_access(struct mdl_dev *dev, const struct bar *bar, const struct span *span,
			uint64_t offset, uint8_t *data, size_t size, bool is_write)
{
	struct ram_window *window = span->window;
	const uint64_t at = offset - span->start;

	if (dev->tracing && is_write)
		trace_bytes(dev, bar->desc->index, offset, data, size, true);
	if (!window) {
		msix_access(dev, bar->desc->index, offset, data, size, is_write);
	} else if (is_write) {
		memcpy(window->memory + at, data, size);
	} else {
		memcpy(data, window->memory + at, size);
	}
	if (dev->tracing && !is_write)
		trace_bytes(dev, bar->desc->index, offset, data, size, false);
}

/* ---- the rules */

static bool reg_allows(const struct mdl_reg *reg, size_t size)
{
	return reg->access_max == 0 || (size >= reg->access_min && size <= reg->access_max);
}

static bool width_allowed(const struct mdl_bar *bar, size_t size)
{
	return size >= bar->access_min && size <= bar->access_max && (size & (size - 1)) == 0;
}

/* Any register may narrow what its BAR allows, and an access may touch several. */
static bool regs_allow(const struct bar *bar, uint64_t offset, size_t size, bool is_write)
{
	const uint64_t end = offset + size;

	while (bar->narrowed && offset < end) {
		const struct decode_hit hit = decode_find(bar->decode, offset, is_write);

		if (hit.reg && !reg_allows(hit.reg, size))
			return false;
		offset += hit.reg ? (uint64_t)hit.reg->width - hit.byte : 1;
	}
	return true;
}

static size_t smaller(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

/* No register in it: memory of any size, holes between. */
static void memory_access(struct mdl_dev *dev, const struct bar *bar, uint64_t offset,
			  uint8_t *data, size_t size, bool is_write)
{
	const struct span *span = span_find(bar, offset);
	const struct span *end = bar->spans + bar->nspans;
	size_t n;

	for (; size > 0; offset += n, data += n, size -= n) {
		if (span != end && span->start <= offset) {
			n = smaller(span->start + span->size - offset, size);
			span_access(dev, bar, span++, offset, data, n, is_write);
			continue;
		}
		n = span != end ? smaller(span->start - offset, size) : size;
		if (!is_write)
			memset(data, 0, n);
		if (dev->tracing)
			trace_bytes(dev, bar->desc->index, offset, data, n, is_write);
	}
}

/* At most 8 bytes, of registers and perhaps others: split, low address first. */
static void mixed_access(struct mdl_dev *dev, const struct bar *bar, uint64_t offset, uint8_t *data,
			 size_t size, bool is_write)
{
	size_t n;

	for (; size > 0; offset += n, data += n, size -= n) {
		const struct decode_hit hit = decode_find(bar->decode, offset, is_write);

		if (hit.reg) {
			n = smaller((uint64_t)hit.reg->width - hit.byte, size);
			reg_access_bytes(dev, &hit, data, (unsigned)n, is_write);
		} else {
			n = 1;
			memory_access(dev, bar, offset, data, 1, is_write);
		}
	}
}

static bool touches_span(const struct bar *bar, uint64_t offset, size_t size)
{
	const struct span *span = span_find(bar, offset);

	return span != bar->spans + bar->nspans && span->start < offset + size;
}

static int bar_access(struct mdl_dev *dev, const struct bar *bar, uint64_t offset, uint8_t *data,
		      size_t size, bool is_write)
{
	const bool allowed = width_allowed(bar->desc, size);
	const bool powered = config_powered(dev);
	struct decode_hit hit = {0};

	if (allowed)
		hit = decode_find(bar->decode, offset, is_write);
	if (hit.reg && !reg_allows(hit.reg, size))
		return -EINVAL;
	if (hit.reg && hit.byte + size <= hit.reg->width && powered) {
		reg_access_bytes(dev, &hit, data, (unsigned)size, is_write);
		return 0;
	}
	if (!allowed && (decode_any(bar->decode, offset, size) || !touches_span(bar, offset, size)))
		return -EINVAL;
	if (allowed && !regs_allow(bar, offset, size, is_write))
		return -EINVAL;
	/* In D3hot a function does not claim memory or I/O cycles (PCI PM 5.4.1). */
	if (!powered) {
		if (!is_write)
			memset(data, 0xff, size);
		if (dev->tracing)
			trace_bytes(dev, bar->desc->index, offset, data, size, is_write);
		return 0;
	}
	if (allowed && decode_any(bar->decode, offset, size)) {
		mixed_access(dev, bar, offset, data, size, is_write);
		return 0;
	}
	memory_access(dev, bar, offset, data, size, is_write);
	return 0;
}

static int config_region(struct mdl_dev *dev, uint64_t offset, uint8_t *data, size_t size,
			 bool is_write)
{
	int err;

	if (dev->tracing && is_write)
		trace_config(dev, (uint32_t)offset, data, size, true);
	err = config_access(dev, offset, data, size, is_write);
	if (dev->tracing && !is_write)
		trace_config(dev, (uint32_t)offset, data, size, false);
	if (dev->tracing && is_write)
		trace_look(dev);
	return err;
}

static int rom_access(struct mdl_dev *dev, uint64_t offset, uint8_t *data, size_t size,
		      bool is_write)
{
	if (is_write)
		return -EINVAL;
	memcpy(data, dev->regions->rom + offset, size);
	if (dev->tracing)
		trace_bytes(dev, VU_REGION_ROM, offset, data, size, false);
	return 0;
}

int region_access(struct mdl_dev *dev, uint32_t region, uint64_t offset, uint8_t *data, size_t size,
		  bool is_write)
{
	const uint64_t limit = region_size(dev, region);
	int err = -EINVAL;

	if (limit == 0 || size > limit || offset > limit - size)
		;
	else if (size == 0)
		err = 0;
	else if (region < NUM_BARS)
		err = bar_access(dev, &dev->regions->bars[region], offset, data, size, is_write);
	else if (region == VU_REGION_CONFIG)
		err = config_region(dev, offset, data, size, is_write);
	else
		err = rom_access(dev, offset, data, size, is_write);
	if (err)
		region_refused(dev, region, offset, size, is_write);
	return err;
}

/* ---- set-up */

static int bar_create(struct mdl_dev *dev, const struct mdl_bar *desc)
{
	struct bar *bar;
	int err;

	if (desc->index >= NUM_BARS || desc->size == 0 || (desc->size & (desc->size - 1)) != 0 ||
	    dev->regions->bars[desc->index].desc) {
		log_error(dev, "the table of BAR %u contradicts itself", desc->index);
		return -EINVAL;
	}
	bar = &dev->regions->bars[desc->index];
	bar->desc = desc;
	for (uint32_t i = 0; i < desc->nregs; i++)
		bar->narrowed |= desc->regs[i].access_max != 0;
	err = decode_create(&bar->decode, desc->regs, desc->nregs, desc->size);
	if (err == -EINVAL)
		log_error(dev, "BAR %u: registers overlap or lie outside", desc->index);
	if (err)
		return err;
	return bar_memory_create(dev, bar);
}

static int rom_read(struct mdl_dev *dev, const char *path, size_t size)
{
	uint8_t *rom = dev->regions->rom;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	uint8_t more;
	ssize_t n = 1;
	int err;

	if (fd < 0) {
		err = -errno;
		log_error(dev, "ROM file %s: %s", path, strerror(-err));
		return err;
	}
	while (n > 0 && done < size) {
		n = read(fd, rom + done, size - done);
		if (n > 0)
			done += (size_t)n;
	}
	if (n > 0)
		n = read(fd, &more, 1);
	err = n < 0 ? -errno : n > 0 ? -EFBIG : 0;
	if (err)
		log_error(dev, "ROM file %s: %s", path, strerror(-err));
	close(fd);
	return err;
}

static int rom_create(struct mdl_dev *dev)
{
	const struct mdl_pci *pci = dev->desc->pci;

	if (pci->rom_size == 0)
		return 0;
	if (pci->rom_size < 2048 || (pci->rom_size & (pci->rom_size - 1)) != 0) {
		log_error(dev, "the ROM's size is not a power of two of at least 2 KiB");
		return -EINVAL;
	}
	dev->regions->rom = calloc(1, pci->rom_size);
	if (!dev->regions->rom)
		return -ENOMEM;
	return pci->rom_file ? rom_read(dev, pci->rom_file, pci->rom_size) : 0;
}

static int regions_fill(struct mdl_dev *dev)
{
	struct regions *regions = dev->regions;
	uint32_t windows;
	int err;

	err = windows_count(dev, &windows);
	if (err)
		return err;
	regions->windows = calloc(windows + 1, sizeof(*regions->windows));
	regions->scratch_size = dev->opt.max_transfer ? dev->opt.max_transfer : 1 << 20;
	regions->scratch = calloc(1, regions->scratch_size);
	if (!regions->windows || !regions->scratch)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i < dev->desc->nbars; i++)
		err = bar_create(dev, &dev->desc->bars[i]);
	return err ? err : rom_create(dev);
}

int regions_create(struct mdl_dev *dev)
{
	int err;

	dev->regions = calloc(1, sizeof(*dev->regions));
	if (!dev->regions)
		return -ENOMEM;
	for (unsigned i = 0; i < NUM_BARS; i++)
		dev->regions->bars[i].memfd = -1;
	err = regions_fill(dev);
	if (err)
		regions_destroy(dev);
	return err;
}

void regions_destroy(struct mdl_dev *dev)
{
	struct regions *regions = dev->regions;

	if (!regions)
		return;
	for (unsigned i = 0; i < NUM_BARS; i++) {
		decode_destroy(regions->bars[i].decode);
		bar_memory_destroy(&regions->bars[i]);
	}
	free(regions->windows);
	free(regions->scratch);
	free(regions->rom);
	free(regions);
	dev->regions = NULL;
}

struct ram_window *region_ram(struct mdl_dev *dev, uint32_t i)
{
	return i < dev->regions->nwindows ? &dev->regions->windows[i] : NULL;
}
