/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Config space: an image, the bits of it that can be written, and what follows from writes.
 * Nothing inside the space is refused; read-only bits ignore writes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

void config_set(struct config *config, uint32_t offset, unsigned bytes, uint32_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		config->image[offset + i] = (uint8_t)(value >> (8 * i));
}

uint32_t config_get(const struct config *config, uint32_t offset, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)config->image[offset + i] << (8 * i);
	return value;
}

void config_put(struct config *config, uint32_t offset, unsigned bytes, uint32_t value,
		uint32_t writable)
{
	config_set(config, offset, bytes, value);
	for (unsigned i = 0; i < bytes; i++)
		config->writable[offset + i] = (uint8_t)(writable >> (8 * i));
}

/* ---- accesses */

static void bytes_write(struct mdl_dev *dev, uint32_t offset, const uint8_t *data, unsigned n)
{
	struct config *config = dev->config;
	uint8_t before[4];

	memcpy(before, config->image + offset, n);
	for (unsigned i = 0; i < n; i++) {
		uint8_t *byte = &config->image[offset + i];
		const uint8_t writable = config->writable[offset + i];

		*byte = (uint8_t)((*byte & ~writable) | (data[i] & writable));
		*byte &= (uint8_t) ~(data[i] & config->clears[offset + i]);
	}
	caps_written(dev, offset, n, data, before);
	if (offset < CFG_STATUS && offset + n > CFG_COMMAND)
		irqs_update(dev);
}

/* n bytes within one dword, of the image alone. */
static void bytes_access(struct mdl_dev *dev, uint32_t offset, uint8_t *data, unsigned n,
			 bool is_write)
{
	if (is_write)
		bytes_write(dev, offset, data, n);
	else
		memcpy(data, dev->config->image + offset, n);
}

/* A dword that holds device-specific registers. */
static void mixed_access(struct mdl_dev *dev, uint32_t offset, uint8_t *data, unsigned size,
			 bool is_write)
{
	unsigned n;

	for (; size > 0; offset += n, data += n, size -= n) {
		const struct decode_hit hit = decode_find(dev->config->decode, offset, is_write);

		if (!hit.reg) {
			n = 1;
			bytes_access(dev, offset, data, n, is_write);
			continue;
		}
		n = (unsigned)hit.reg->width - hit.byte;
		if (n > size)
			n = size;
		reg_access_bytes(dev, &hit, data, n, is_write);
	}
}

int config_access(struct mdl_dev *dev, uint64_t offset, uint8_t *data, size_t size, bool is_write)
{
	const struct config *config = dev->config;
	unsigned n;

	if (size > config->size || offset > config->size - size)
		return -EINVAL;
	for (; size > 0; offset += n, data += n, size -= n) {
		n = 4 - (offset & 3);
		if (n > size)
			n = (unsigned)size;
		if (decode_any(config->decode, offset, n))
			mixed_access(dev, (uint32_t)offset, data, n, is_write);
		else
			bytes_access(dev, (uint32_t)offset, data, n, is_write);
	}
	return 0;
}

uint32_t config_size(const struct mdl_dev *dev)
{
	return dev->config->size;
}

uint8_t *config_image(struct mdl_dev *dev)
{
	return dev->config->image;
}

bool config_bus_master(const struct mdl_dev *dev)
{
	return (config_get(dev->config, CFG_COMMAND, 2) & COMMAND_MASTER) != 0;
}

bool config_intx_disabled(const struct mdl_dev *dev)
{
	return (config_get(dev->config, CFG_COMMAND, 2) & COMMAND_INTX_DISABLE) != 0;
}

void config_set_interrupt_status(struct mdl_dev *dev, bool pending)
{
	uint8_t *status = &dev->config->image[CFG_STATUS];

	*status = (uint8_t)((*status & ~STATUS_INTERRUPT) | (pending ? STATUS_INTERRUPT : 0));
}

void config_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	struct config *config = dev->config;
	uint8_t before[CONFIG_SIZE_EXPRESS];

	if (kind == MDL_RESET_SOFT)
		return;
	memcpy(before, config->image, config->size);
	memcpy(config->image, config->initial, config->size);
	if (kind == MDL_RESET_FLR)
		caps_keep_over_flr(config, before);
}

int config_load(struct mdl_dev *dev, const uint8_t *image, size_t size)
{
	struct config *config = dev->config;

	if (size != config->size) {
		log_limited(dev, MDL_LOG_ERROR, "config space of %zu bytes, not %u", size,
			    config->size);
		return -EINVAL;
	}
	for (uint32_t i = 0; i < size; i++) {
		const int loose = config->writable[i] | config->clears[i] | config->changing[i];

		if ((image[i] ^ config->image[i]) & ~loose) {
			log_limited(dev, MDL_LOG_ERROR,
				    "config space at 0x%x: 0x%02x cannot become 0x%02x", i,
				    config->image[i], image[i]);
			return -EINVAL;
		}
	}
	if (!caps_image_valid(config, image)) {
		log_limited(dev, MDL_LOG_ERROR,
			    "config space: a power state that the device does not have");
		return -EINVAL;
	}
	memcpy(config->image, image, size);
	return 0;
}

/* ---- the header */

static uint16_t put_bars(const struct mdl_device *desc, struct config *config)
{
	uint16_t command = 0;

	for (uint32_t i = 0; i < desc->nbars; i++) {
		const struct mdl_bar *bar = &desc->bars[i];
		const uint32_t offset = CFG_BAR0 + 4u * bar->index;
		const uint64_t mask = ~(bar->size - 1);
		uint32_t type = bar->prefetchable ? 8 : 0;

		if (bar->type == MDL_BAR_IO) {
			config_put(config, offset, 4, 1, (uint32_t)mask & ~3u);
			command |= COMMAND_IO;
			continue;
		}
		command |= COMMAND_MEMORY;
		if (bar->type == MDL_BAR_MEM64) {
			type |= 4;
			config_put(config, offset + 4, 4, 0, (uint32_t)(mask >> 32));
		}
		config_put(config, offset, 4, type, (uint32_t)mask & ~0xfu);
	}
	return command;
}

static void put_header(const struct mdl_device *desc, struct config *config)
{
	const struct mdl_pci *pci = desc->pci;
	uint16_t command = put_bars(desc, config);

	if (pci->rom_size) {
		config_put(config, CFG_ROM, 4, 0, ((uint32_t) ~(pci->rom_size - 1) & ~0x7ffu) | 1);
		command |= COMMAND_MEMORY;
	}
	command |= COMMAND_MASTER | COMMAND_PARITY | COMMAND_SERR | COMMAND_INTX_DISABLE;
	config_put(config, CFG_VENDOR, 2, pci->vendor, 0);
	config_put(config, CFG_DEVICE, 2, pci->device, 0);
	config_put(config, CFG_COMMAND, 2, 0, command);
	config_put(config, CFG_STATUS, 2, pci->ncaps ? STATUS_CAPABILITIES : 0, 0);
	config->clears[CFG_STATUS + 1] = STATUS_CLEARS >> 8;
	config->changing[CFG_STATUS] = STATUS_INTERRUPT;
	config_put(config, CFG_REVISION, 1, pci->revision, 0);
	config_put(config, CFG_CLASS, 3, pci->class_code, 0);
	config_put(config, CFG_CACHE_LINE, 1, 0, 0xff);
	config_put(config, CFG_LATENCY, 1, 0, pci->express ? 0 : 0xff);
	config_put(config, CFG_SUBSYSTEM_VENDOR, 2, pci->subsystem_vendor, 0);
	config_put(config, CFG_SUBSYSTEM, 2, pci->subsystem, 0);
	config_put(config, CFG_INTERRUPT_LINE, 1, 0, 0xff);
	config_put(config, CFG_INTERRUPT_PIN, 1, pci->intx, 0);
}

static int bars_judge(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->nbars; i++) {
		const struct mdl_bar *bar = &dev->desc->bars[i];
		const unsigned last = bar->type == MDL_BAR_MEM64 ? 4 : 5;
		const uint64_t most = bar->type == MDL_BAR_MEM64 ? 1ull << 63 : 1ull << 31;
		const uint64_t least = bar->type == MDL_BAR_IO ? 4 : 16;

		if (bar->index > last || bar->type == MDL_BAR_NONE || bar->size > most ||
		    bar->size < least) {
			log_error(dev, "BAR %u: no such type, place or size", bar->index);
			return -EINVAL;
		}
	}
	return 0;
}

static int config_fill(struct mdl_dev *dev)
{
	struct config *config = dev->config;
	const struct mdl_pci *pci = dev->desc->pci;
	int err;

	config->size = pci->express ? CONFIG_SIZE_EXPRESS : CONFIG_SIZE_PCI;
	err = bars_judge(dev);
	if (err)
		return err;
	put_header(dev->desc, config);
	err = caps_create(dev);
	if (err)
		return err;
	memcpy(config->initial, config->image, sizeof(config->initial));
	err = decode_create(&config->decode, pci->regs, pci->nregs, config->size);
	if (err == -EINVAL)
		log_error(dev, "config space: registers overlap or lie outside");
	return err;
}

int config_create(struct mdl_dev *dev)
{
	int err;

	dev->config = calloc(1, sizeof(*dev->config));
	if (!dev->config)
		return -ENOMEM;
	err = config_fill(dev);
	if (err)
		config_destroy(dev);
	return err;
}

void config_destroy(struct mdl_dev *dev)
{
	if (!dev->config)
		return;
	decode_destroy(dev->config->decode);
	free(dev->config);
	dev->config = NULL;
}
