/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities: what they hold after a reset, which bits can be written, and what follows from
 * writes: power states, function level reset, MSI and MSI-X control.
 */
#include <errno.h>
#include <string.h>

#include "config.h"

/* Power management (PCI PM 1.2, 3.2): D0 and D3hot; D3hot -> D0 resets. */
#define PM_CAPS    2
#define PM_CONTROL 4
#define PM_STATE   0x3u

/* MSI with 64-bit addresses and masks for each vector (PCI 3.0, 6.8.1). */
#define MSI_CONTROL 2
#define MSI_ADDRESS 4
#define MSI_DATA    12
#define MSI_MASK    16
#define MSI_PENDING 20
#define MSI_ENABLE  0x0001u
#define MSI_64      0x0080u
#define MSI_MASKING 0x0100u

/* MSI-X (6.8.2). */
#define MSIX_CONTROL 2
#define MSIX_TABLE   4
#define MSIX_PBA     8
#define MSIX_ENABLE  0x8000u
#define MSIX_FMASK   0x4000u

/* PCI Express (PCIe 4.0, 7.5.3), structure version 2. */
#define EXP_FLAGS         2
#define EXP_DEVICE_CAPS   4
#define EXP_DEVICE        8
#define EXP_DEVICE_STATUS 10
#define EXP_LINK_CAPS     12
#define EXP_LINK          16
#define EXP_LINK_STATUS   18
#define EXP_DEVICE_CAPS2  36
#define EXP_DEVICE2       40
#define EXP_LINK_CAPS2    44
#define EXP_LINK2         48
#define EXP_FLR_CAP       (1u << 28)
#define EXP_FLR           0x8000u

/* Advanced features: function level reset of conventional functions. */
#define AF_CAPS    3
#define AF_CONTROL 4

enum {
	CAP_PM = 0x01,
	CAP_MSI = 0x05,
	CAP_VENDOR = 0x09,
	CAP_EXPRESS = 0x10,
	CAP_MSIX = 0x11,
	CAP_AF = 0x13
};
enum { EXT_CAP_DSN = 0x0003 };

static uint32_t log2_of(uint32_t power)
{
	return power ? 31u - (uint32_t)__builtin_clz(power) : 0;
}

/* ---- contents */

static void put_pm(struct config *config, uint32_t at)
{
	config->pm = (uint16_t)at;
	config_put(config, at + PM_CAPS, 2, 3, 0);
	config_put(config, at + PM_CONTROL, 2, 0, PM_STATE);
}

static void put_msi(struct config *config, uint32_t at, const struct mdl_pci *pci)
{
	const uint32_t vectors = UINT32_MAX >> (32 - pci->msi_vectors);

	config->msi = (uint16_t)at;
	config_put(config, at + MSI_CONTROL, 2,
		   log2_of(pci->msi_vectors) << 1 | MSI_64 | MSI_MASKING, MSI_ENABLE | 7u << 4);
	config_put(config, at + MSI_ADDRESS, 4, 0, ~3u);
	config_put(config, at + MSI_ADDRESS + 4, 4, 0, ~0u);
	config_put(config, at + MSI_DATA, 2, 0, 0xffff);
	config_put(config, at + MSI_MASK, 4, 0, vectors);
	memset(config->changing + at + MSI_PENDING, 0xff, 4);
}

static void put_msix(struct config *config, uint32_t at, const struct mdl_pci *pci)
{
	config->msix = (uint16_t)at;
	config_put(config, at + MSIX_CONTROL, 2, pci->msix_vectors - 1u, MSIX_ENABLE | MSIX_FMASK);
	config_put(config, at + MSIX_TABLE, 4, pci->msix_table_offset | pci->msix_table_bar, 0);
	config_put(config, at + MSIX_PBA, 4, pci->msix_pba_offset | pci->msix_pba_bar, 0);
}

static bool has_io_bar(const struct mdl_device *desc)
{
	for (uint32_t i = 0; i < desc->nbars; i++)
		if (desc->bars[i].type == MDL_BAR_IO)
			return true;
	return false;
}

static void put_express(struct config *config, uint32_t at, const struct mdl_device *desc)
{
	const uint32_t legacy = has_io_bar(desc) ? 1u << 4 : 0;

	config->express = (uint16_t)at;
	config_put(config, at + EXP_FLAGS, 2, 2 | legacy, 0);
	/* Role-based error reporting; 128-byte payloads. */
	config_put(config, at + EXP_DEVICE_CAPS, 4, 1u << 15 | (desc->pci->flr ? EXP_FLR_CAP : 0),
		   0);
	/* Relaxed ordering and no-snoop on, reads of 512 bytes. No extended tags, no aux power. */
	config_put(config, at + EXP_DEVICE, 2, 0x2810, 0x78ff);
	config->clears[at + EXP_DEVICE_STATUS] = 0x0f;
	/* 2.5 GT/s, one lane; ASPM optionality compliance. */
	config_put(config, at + EXP_LINK_CAPS, 4, 1u << 22 | 1u << 4 | 1, 0);
	config_put(config, at + EXP_LINK, 2, 0, 0x00c8);
	config_put(config, at + EXP_LINK_STATUS, 2, 1u << 4 | 1, 0);
	config_put(config, at + EXP_DEVICE_CAPS2, 4, 1u << 4, 0);
	config_put(config, at + EXP_DEVICE2, 2, 0, 1u << 4);
	config_put(config, at + EXP_LINK_CAPS2, 4, 1u << 1, 0);
	config_put(config, at + EXP_LINK2, 2, 1, 0x000f);
}

static void put_af(struct config *config, uint32_t at)
{
	config->af = (uint16_t)at;
	config_put(config, at + 2, 1, 6, 0);
	config_put(config, at + AF_CAPS, 1, 3, 0); /* function level reset, transactions pending */
}

static void put_vendor(struct config *config, uint32_t at, const struct mdl_cap *cap)
{
	config_put(config, at + 2, 1, cap->data_size + 3u, 0);
	for (uint32_t i = 0; i < cap->data_size; i++)
		config_put(config, at + 3 + i, 1, cap->data[i], 0);
}

/* Bytes that the capability needs; 0: none that is known. */
static uint32_t cap_need(const struct mdl_cap *cap)
{
	switch (cap->id) {
	case CAP_PM:
		return 8;
	case CAP_MSI:
		return 24;
	case CAP_MSIX:
		return 12;
	case CAP_EXPRESS:
		return 60;
	case CAP_AF:
		return 6;
	case CAP_VENDOR:
		return cap->data_size + 3u;
	default:
		return 0;
	}
}

static void put_cap(struct config *config, const struct mdl_cap *cap, const struct mdl_device *desc)
{
	const struct mdl_pci *pci = desc->pci;

	switch (cap->id) {
	case CAP_PM:
		put_pm(config, cap->offset);
		break;
	case CAP_MSI:
		put_msi(config, cap->offset, pci);
		break;
	case CAP_MSIX:
		put_msix(config, cap->offset, pci);
		break;
	case CAP_EXPRESS:
		put_express(config, cap->offset, desc);
		break;
	case CAP_AF:
		put_af(config, cap->offset);
		break;
	default:
		put_vendor(config, cap->offset, cap);
		break;
	}
}

static bool cap_fits(const struct mdl_cap *cap, const struct mdl_pci *pci)
{
	const uint32_t need = cap_need(cap);

	if (need == 0 || cap->size < need || cap->offset < 0x40 || (cap->offset & 3) != 0 ||
	    cap->offset + need > CONFIG_SIZE_PCI)
		return false;
	if (cap->id == CAP_MSI)
		return pci->msi_vectors > 0 && pci->msi_vectors <= 32 &&
		       (pci->msi_vectors & (pci->msi_vectors - 1)) == 0;
	if (cap->id == CAP_MSIX)
		return pci->msix_vectors > 0 && pci->msix_vectors <= 2048;
	return true;
}

static int put_caps(struct mdl_dev *dev)
{
	const struct mdl_pci *pci = dev->desc->pci;
	struct config *config = dev->config;
	uint32_t link = CFG_CAPABILITIES;

	for (uint32_t i = 0; i < pci->ncaps; i++) {
		const struct mdl_cap *cap = &pci->caps[i];

		if (!cap_fits(cap, pci)) {
			log_error(dev, "capability 0x%02x does not fit at 0x%x", cap->id,
				  cap->offset);
			return -EINVAL;
		}
		config_put(config, link, 1, cap->offset, 0);
		config_put(config, cap->offset, 2, cap->id, 0);
		put_cap(config, cap, dev->desc);
		link = cap->offset + 1u;
	}
	return 0;
}

/* Extended ones: the first stands at 0x100, each header holds the place of the next. */
static int put_extcaps(struct mdl_dev *dev)
{
	const struct mdl_pci *pci = dev->desc->pci;
	struct config *config = dev->config;

	for (uint32_t i = 0; i < pci->nextcaps; i++) {
		const struct mdl_cap *cap = &pci->extcaps[i];
		const uint32_t next = i + 1 < pci->nextcaps ? cap[1].offset : 0;
		const uint32_t need = cap->id == EXT_CAP_DSN ? 12u : 4u + cap->data_size;

		if (cap->size < need || cap->offset < 0x100 || (cap->offset & 3) != 0 ||
		    cap->offset + need > config->size) {
			log_error(dev, "extended capability 0x%04x does not fit at 0x%x", cap->id,
				  cap->offset);
			return -EINVAL;
		}
		config_put(config, cap->offset, 4, cap->id | 1u << 16 | next << 20, 0);
		if (cap->id == EXT_CAP_DSN) {
			config_put(config, cap->offset + 4u, 4, (uint32_t)pci->dsn, 0);
			config_put(config, cap->offset + 8u, 4, (uint32_t)(pci->dsn >> 32), 0);
			continue;
		}
		for (uint32_t b = 0; b < cap->data_size; b++)
			config_put(config, cap->offset + 4 + b, 1, cap->data[b], 0);
	}
	return 0;
}

int caps_create(struct mdl_dev *dev)
{
	const int err = put_caps(dev);

	return err ? err : put_extcaps(dev);
}

/* ---- behaviour */

/* Does [offset, offset + n) hold the byte `at` of a capability? */
static bool holds(uint16_t cap, uint32_t at, uint32_t offset, unsigned n)
{
	return cap != 0 && cap + at >= offset && cap + at < offset + n;
}

static bool overlaps(uint16_t cap, uint32_t start, uint32_t end, uint32_t offset, unsigned n)
{
	return cap != 0 && offset < cap + end && offset + n > cap + start;
}

static void pm_written(struct mdl_dev *dev, uint8_t before)
{
	uint8_t *control = &dev->config->image[dev->config->pm + PM_CONTROL];
	const unsigned from = before & PM_STATE, to = *control & PM_STATE;

	if (to != 0 && to != 3) {
		/* A state that is not supported is discarded (PCI PM 3.2.4). */
		*control = before;
		return;
	}
	if (from == 3 && to == 0)
		device_reset(dev, MDL_RESET_HARD);
	else if (from != to)
		irqs_update(dev);
}

void caps_written(struct mdl_dev *dev, uint32_t offset, unsigned n, const uint8_t *data,
		  const uint8_t *before)
{
	const struct config *config = dev->config;
	const uint32_t flr = config->express + EXP_DEVICE + 1u, af = config->af + AF_CONTROL;

	if (overlaps(config->msi, MSI_CONTROL, MSI_MASK + 4, offset, n)) {
		irqs_msi_written(dev);
		irqs_update(dev);
	}
	if (overlaps(config->msix, MSIX_CONTROL, MSIX_CONTROL + 2, offset, n))
		irqs_update(dev);
	if (holds(config->pm, PM_CONTROL, offset, n))
		pm_written(dev, before[config->pm + PM_CONTROL - offset]);
	if (dev->desc->pci->flr && holds(config->express, EXP_DEVICE + 1, offset, n) &&
	    (data[flr - offset] & (EXP_FLR >> 8)))
		device_reset(dev, MDL_RESET_FLR);
	if (holds(config->af, AF_CONTROL, offset, n) && (data[af - offset] & 1))
		device_reset(dev, MDL_RESET_FLR);
}

static void keep_bits(struct config *config, const uint8_t *before, uint32_t offset, uint8_t mask)
{
	uint8_t *byte = &config->image[offset];

	*byte = (uint8_t)((*byte & ~mask) | (before[offset] & mask));
}

void caps_keep_over_flr(struct config *config, const uint8_t *before)
{
	if (!config->express)
		return;
	keep_bits(config, before, config->express + EXP_DEVICE, 0xe0); /* maximum payload size */
	keep_bits(config, before, config->express + EXP_LINK, 0xcb);   /* ASPM, RCB, clock, synch */
}

bool caps_image_valid(const struct config *config, const uint8_t *image)
{
	unsigned state;

	if (!config->pm)
		return true;
	state = image[config->pm + PM_CONTROL] & PM_STATE;
	return state == 0 || state == 3;
}

bool config_powered(const struct mdl_dev *dev)
{
	const struct config *config = dev->config;

	return !config->pm || (config->image[config->pm + PM_CONTROL] & PM_STATE) == 0;
}

struct msi_control config_msi(const struct mdl_dev *dev)
{
	const struct config *config = dev->config;
	struct msi_control control = {0};
	uint32_t bits, most;

	if (!config->msi)
		return control;
	bits = config_get(config, config->msi + MSI_CONTROL, 2);
	most = bits >> 1 & 7;
	control.enabled = (bits & MSI_ENABLE) != 0;
	control.log2_enabled = (uint8_t)((bits >> 4 & 7) < most ? bits >> 4 & 7 : most);
	control.mask = config_get(config, config->msi + MSI_MASK, 4);
	return control;
}

void config_set_msi_pending(struct mdl_dev *dev, uint32_t pending)
{
	if (dev->config->msi)
		config_set(dev->config, dev->config->msi + MSI_PENDING, 4, pending);
}

struct msix_control config_msix(const struct mdl_dev *dev)
{
	const struct config *config = dev->config;
	struct msix_control control = {0};
	uint32_t bits;

	if (!config->msix)
		return control;
	bits = config_get(config, config->msix + MSIX_CONTROL, 2);
	control.enabled = (bits & MSIX_ENABLE) != 0;
	control.function_mask = (bits & MSIX_FMASK) != 0;
	return control;
}
