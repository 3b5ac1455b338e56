/* SPDX-License-Identifier: BSD-2-Clause */
/* What config.c and caps.c share. */
#ifndef MDL_CONFIG_H
#define MDL_CONFIG_H

#include "private.h"

#define CONFIG_SIZE_PCI     256u
#define CONFIG_SIZE_EXPRESS 4096u

/* Registers of the header (PCI 3.0, 6.1). */
#define CFG_VENDOR           0x00
#define CFG_DEVICE           0x02
#define CFG_COMMAND          0x04
#define CFG_STATUS           0x06
#define CFG_REVISION         0x08
#define CFG_CLASS            0x09
#define CFG_CACHE_LINE       0x0c
#define CFG_LATENCY          0x0d
#define CFG_BAR0             0x10
#define CFG_SUBSYSTEM_VENDOR 0x2c
#define CFG_SUBSYSTEM        0x2e
#define CFG_ROM              0x30
#define CFG_CAPABILITIES     0x34
#define CFG_INTERRUPT_LINE   0x3c
#define CFG_INTERRUPT_PIN    0x3d

#define COMMAND_IO           0x0001u
#define COMMAND_MEMORY       0x0002u
#define COMMAND_MASTER       0x0004u
#define COMMAND_PARITY       0x0040u
#define COMMAND_SERR         0x0100u
#define COMMAND_INTX_DISABLE 0x0400u
#define STATUS_INTERRUPT     0x0008u
#define STATUS_CAPABILITIES  0x0010u
#define STATUS_CLEARS        0xf900u /* write 1 to clear: the error bits */

struct config {
	uint32_t size;
	uint8_t image[CONFIG_SIZE_EXPRESS];
	uint8_t initial[CONFIG_SIZE_EXPRESS]; /* after a reset */
	uint8_t writable[CONFIG_SIZE_EXPRESS];
	uint8_t clears[CONFIG_SIZE_EXPRESS];   /* write 1 to clear */
	uint8_t changing[CONFIG_SIZE_EXPRESS]; /* read-only bits that the device alters */
	struct decode *decode;                 /* device-specific registers */
	uint16_t pm, msi, msix, express, af;   /* where the capability is; 0: there is none */
};

/* While the initial image is built: value and which of its bits can be written. */
void config_put(struct config *config, uint32_t offset, unsigned bytes, uint32_t value,
		uint32_t writable);
uint32_t config_get(const struct config *config, uint32_t offset, unsigned bytes);
void config_set(struct config *config, uint32_t offset, unsigned bytes, uint32_t value);

/* caps.c */
int caps_create(struct mdl_dev *dev);
/* What a write of [offset, offset + n) did to capabilities; before: those bytes as they were. */
void caps_written(struct mdl_dev *dev, uint32_t offset, unsigned n, const uint8_t *data,
		  const uint8_t *before);
/* Capability registers that a function level reset leaves alone (PCIe 6.6.2). */
void caps_keep_over_flr(struct config *config, const uint8_t *before);
/* A loaded image in a state that no write leads to? */
bool caps_image_valid(const struct config *config, const uint8_t *image);

#endif
