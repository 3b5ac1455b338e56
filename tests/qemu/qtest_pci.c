/* SPDX-License-Identifier: BSD-2-Clause */
#include "qtest.h"

#include "qtest_private.h"

enum {
	CONFIG_ADDRESS = 0xcf8,
	CONFIG_DATA = 0xcfc,
	PCIEXBAR = 0x60,		/* of q35's host bridge */
	STATUS_HAS_CAPS = 0x10,
	CAP_LIMIT = 48,			/* as many as fit: a longer chain is a loop */
	EXT_CAP_START = 0x100,
	EXT_CAP_LIMIT = 960,
	IO_END = 0xff00,
	MSI_CONTROL = 2,
	MSI_ENABLE = 0x1,
	MSI_WIDE = 0x80,
	MSIX_CONTROL = 2,
	MSIX_ENABLE = 0x8000,
	MSIX_FUNCTION_MASK = 0x4000,
	MSIX_ENTRY = 16,
};

#define ECAM_BASE UINT32_C(0xb0000000)
#define MEM_END UINT64_C(0xfec00000)

static uint16_t select_register(struct qt *qt, unsigned int devfn, unsigned int offset)
{
	qt_out(qt, CONFIG_ADDRESS, 4, 0x80000000u | devfn << 8 | (offset & 0xfc));
	return (uint16_t)(CONFIG_DATA + (offset & 3));
}

uint32_t qt_cfg_read(struct qt_dev *dev, unsigned int offset, unsigned int width)
{
	return qt_in(dev->qt, select_register(dev->qt, dev->devfn, offset), width);
}

void qt_cfg_write(struct qt_dev *dev, unsigned int offset, unsigned int width, uint32_t value)
{
	qt_out(dev->qt, select_register(dev->qt, dev->devfn, offset), width, value);
}

static uint64_t ecam_address(struct qt_dev *dev, unsigned int offset)
{
	if (!dev->qt->ecam_mapped) {
		qt_out(dev->qt, select_register(dev->qt, 0, PCIEXBAR + 4), 4, 0);
		qt_out(dev->qt, select_register(dev->qt, 0, PCIEXBAR), 4, ECAM_BASE | 1);
		dev->qt->ecam_mapped = true;
	}
	return ECAM_BASE + ((uint64_t)dev->devfn << 12) + offset;
}

uint32_t qt_ecam_read(struct qt_dev *dev, unsigned int offset, unsigned int width)
{
	return (uint32_t)qt_read(dev->qt, ecam_address(dev, offset), width);
}

void qt_ecam_write(struct qt_dev *dev, unsigned int offset, unsigned int width, uint32_t value)
{
	qt_write(dev->qt, ecam_address(dev, offset), width, value);
}

void qt_dev_init(struct qt_dev *dev, struct qt *qt, unsigned int slot, unsigned int function)
{
	*dev = (struct qt_dev){ .qt = qt, .devfn = slot << 3 | function };
}

static unsigned int bar_register(unsigned int index)
{
	return QT_PCI_BAR0 + 4 * index;
}

/* What a BAR's register reads as after all ones were written; its value is put back. */
static uint32_t probe_register(struct qt_dev *dev, unsigned int offset)
{
	uint32_t old = qt_cfg_read(dev, offset, 4);
	uint32_t probed;

	qt_cfg_write(dev, offset, 4, UINT32_MAX);
	probed = qt_cfg_read(dev, offset, 4);
	qt_cfg_write(dev, offset, 4, old);
	return probed;
}

void qt_bar_size(struct qt_dev *dev, unsigned int index)
{
	struct qt_bar *bar = &dev->bar[index];
	uint32_t command = qt_cfg_read(dev, QT_PCI_COMMAND, 2);
	uint32_t low;
	uint64_t mask;

	*bar = (struct qt_bar){ .size = 0 };
	qt_cfg_write(dev, QT_PCI_COMMAND, 2, command & ~(uint32_t)(QT_CMD_IO | QT_CMD_MEMORY));
	low = probe_register(dev, bar_register(index));
	bar->io = low & 1;
	bar->wide = !bar->io && (low & 6) == 4;
	bar->prefetch = !bar->io && (low & 8);
	if (bar->io)
		mask = UINT64_C(0xffffffffffff0000) | (low & ~3u);
	else
		mask = UINT64_C(0xffffffff00000000) | (low & ~15u);
	if (bar->wide && index < 5)
		mask = (uint64_t)probe_register(dev, bar_register(index + 1)) << 32 |
			(uint32_t)mask;
	if (low)
		bar->size = ~mask + 1;
	qt_cfg_write(dev, QT_PCI_COMMAND, 2, command);
}

void qt_bar_place_at(struct qt_dev *dev, unsigned int index, uint64_t address)
{
	struct qt_bar *bar = &dev->bar[index];

	qt_cfg_write(dev, bar_register(index), 4, (uint32_t)address);
	if (bar->wide)
		qt_cfg_write(dev, bar_register(index + 1), 4, (uint32_t)(address >> 32));
	bar->address = address;
}

void qt_bar_place(struct qt_dev *dev, unsigned int index)
{
	struct qt *qt = dev->qt;
	struct qt_bar *bar = &dev->bar[index];
	uint64_t next = bar->io ? qt->io_next : qt->mem_next;
	uint64_t address = (next + bar->size - 1) & ~(bar->size - 1);

	if (!bar->size)
		return;
	if (address + bar->size > (bar->io ? IO_END : MEM_END)) {
		qt_fail(qt, "no room for BAR %u of %#llx bytes", index,
			(unsigned long long)bar->size);
		return;
	}
	if (bar->io)
		qt->io_next = (uint16_t)(address + bar->size);
	else
		qt->mem_next = address + bar->size;
	qt_bar_place_at(dev, index, address);
}

void qt_dev_enable(struct qt_dev *dev, uint16_t command)
{
	uint32_t bits = command;

	for (unsigned int i = 0; i < 6; i++) {
		qt_bar_size(dev, i);
		qt_bar_place(dev, i);
		if (dev->bar[i].size)
			bits |= dev->bar[i].io ? QT_CMD_IO : QT_CMD_MEMORY;
		if (dev->bar[i].wide)
			i++;
	}
	qt_cfg_write(dev, QT_PCI_COMMAND, 2, qt_cfg_read(dev, QT_PCI_COMMAND, 2) | bits);
}

uint64_t qt_bar_read(struct qt_dev *dev, unsigned int index, uint64_t offset, unsigned int width)
{
	struct qt_bar *bar = &dev->bar[index];

	if (bar->io)
		return qt_in(dev->qt, (uint16_t)(bar->address + offset), width);
	return qt_read(dev->qt, bar->address + offset, width);
}

void qt_bar_write(struct qt_dev *dev, unsigned int index, uint64_t offset, unsigned int width,
		  uint64_t value)
{
	struct qt_bar *bar = &dev->bar[index];

	if (bar->io)
		qt_out(dev->qt, (uint16_t)(bar->address + offset), width, (uint32_t)value);
	else
		qt_write(dev->qt, bar->address + offset, width, value);
}

unsigned int qt_cap_find(struct qt_dev *dev, uint8_t id, unsigned int after)
{
	unsigned int at;

	if (!(qt_cfg_read(dev, QT_PCI_STATUS, 2) & STATUS_HAS_CAPS))
		return 0;
	at = qt_cfg_read(dev, after ? after + 1 : QT_PCI_CAP_PTR, 1) & 0xfc;
	for (unsigned int i = 0; at && !qt_error(dev->qt); i++) {
		if (i == CAP_LIMIT) {
			qt_fail(dev->qt, "the capability chain of device %#x loops", dev->devfn);
			break;
		}
		if (qt_cfg_read(dev, at, 1) == id)
			return at;
		at = qt_cfg_read(dev, at + 1, 1) & 0xfc;
	}
	return 0;
}

unsigned int qt_ext_cap_find(struct qt_dev *dev, uint16_t id, unsigned int after)
{
	unsigned int at = after ? qt_ecam_read(dev, after, 4) >> 20 : EXT_CAP_START;

	for (unsigned int i = 0; at >= EXT_CAP_START && !qt_error(dev->qt); i++) {
		uint32_t header = qt_ecam_read(dev, at, 4);

		if (i == EXT_CAP_LIMIT) {
			qt_fail(dev->qt, "the extended capabilities of device %#x loop", dev->devfn);
			break;
		}
		/* All ones: a conventional device, which has no such space. */
		if (header == UINT32_MAX)
			return 0;
		if (header && (header & 0xffff) == id)
			return at;
		at = header >> 20 & 0xffc;
	}
	return 0;
}

bool qt_msi_set(struct qt_dev *dev, uint64_t address, uint16_t data, unsigned int log2_vectors)
{
	unsigned int cap = qt_cap_find(dev, QT_CAP_MSI, 0);
	uint32_t control;
	bool wide;

	if (!cap)
		return false;
	control = qt_cfg_read(dev, cap + MSI_CONTROL, 2);
	wide = control & MSI_WIDE;
	qt_cfg_write(dev, cap + 4, 4, (uint32_t)address);
	if (wide)
		qt_cfg_write(dev, cap + 8, 4, (uint32_t)(address >> 32));
	qt_cfg_write(dev, cap + (wide ? 12 : 8), 2, data);
	control = (control & ~0x70u) | log2_vectors << 4 | MSI_ENABLE;
	qt_cfg_write(dev, cap + MSI_CONTROL, 2, control);
	return true;
}

void qt_msi_off(struct qt_dev *dev)
{
	unsigned int cap = qt_cap_find(dev, QT_CAP_MSI, 0);

	if (cap)
		qt_cfg_write(dev, cap + MSI_CONTROL, 2,
			     qt_cfg_read(dev, cap + MSI_CONTROL, 2) & ~(uint32_t)MSI_ENABLE);
}

bool qt_msix_find(struct qt_msix *msix, struct qt_dev *dev)
{
	unsigned int cap = qt_cap_find(dev, QT_CAP_MSIX, 0);
	uint32_t table, pba;

	if (!cap)
		return false;
	table = qt_cfg_read(dev, cap + 4, 4);
	pba = qt_cfg_read(dev, cap + 8, 4);
	*msix = (struct qt_msix){
		.dev = dev,
		.cap = cap,
		.vectors = (qt_cfg_read(dev, cap + MSIX_CONTROL, 2) & 0x7ff) + 1,
		.table_bar = table & 7,
		.table_offset = table & ~7u,
		.pba_bar = pba & 7,
		.pba_offset = pba & ~7u,
	};
	if (msix->table_bar < 6 && msix->pba_bar < 6)
		return true;
	qt_fail(dev->qt, "MSI-X names BARs %u and %u", msix->table_bar, msix->pba_bar);
	return false;
}

static void write_entry(struct qt_msix *msix, unsigned int vector, unsigned int field,
			uint32_t value)
{
	qt_bar_write(msix->dev, msix->table_bar,
		     msix->table_offset + (uint64_t)vector * MSIX_ENTRY + field, 4, value);
}

void qt_msix_set(struct qt_msix *msix, unsigned int vector, uint64_t address, uint32_t data,
		 bool masked)
{
	write_entry(msix, vector, 12, 1);
	write_entry(msix, vector, 0, (uint32_t)address);
	write_entry(msix, vector, 4, (uint32_t)(address >> 32));
	write_entry(msix, vector, 8, data);
	write_entry(msix, vector, 12, masked);
}

void qt_msix_mask(struct qt_msix *msix, unsigned int vector, bool masked)
{
	write_entry(msix, vector, 12, masked);
}

void qt_msix_control(struct qt_msix *msix, bool enabled, bool function_masked)
{
	uint32_t control = qt_cfg_read(msix->dev, msix->cap + MSIX_CONTROL, 2) & 0x7ff;

	control |= enabled ? MSIX_ENABLE : 0u;
	control |= function_masked ? MSIX_FUNCTION_MASK : 0u;
	qt_cfg_write(msix->dev, msix->cap + MSIX_CONTROL, 2, control);
}

bool qt_msix_pending(struct qt_msix *msix, unsigned int vector)
{
	uint64_t offset = msix->pba_offset + vector / 64 * 8;

	return qt_bar_read(msix->dev, msix->pba_bar, offset, 8) >> vector % 64 & 1;
}
