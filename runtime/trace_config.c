/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace of config space, by the standards' names:
 *   gpiotmr.config.COMMAND <- 0x6 (IO=0 MEMORY=1 MASTER=1 ...)
 *   gpiotmr.config.COMMAND.MASTER 0 -> 1
 *   gpiotmr.config.MSI.CONTROL read 0x80 (ENABLE=0 ...)
 * Device-specific registers are traced as those of BARs are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "trace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a register's offset counts from. */
enum base { HEADER, PM, MSI, MSIX, EXPRESS, AF, BASES };

struct standard {
	uint8_t base;
	uint8_t offset;
	uint8_t width;
	uint8_t nfields;
	const char *name;
	const struct mdl_field *fields;
};

static const struct mdl_value power_states[] = {{"D0", 0}, {"D1", 1}, {"D2", 2}, {"D3hot", 3}};

/* name, least significant bit, width */
static const struct mdl_field command[] = {
	{"IO", 0, 1, false, NULL, 0, NULL},     {"MEMORY", 1, 1, false, NULL, 0, NULL},
	{"MASTER", 2, 1, false, NULL, 0, NULL}, {"PARITY", 6, 1, false, NULL, 0, NULL},
	{"SERR", 8, 1, false, NULL, 0, NULL},   {"INTX_DISABLE", 10, 1, false, NULL, 0, NULL},
};
static const struct mdl_field status[] = {
	{"INTERRUPT", 3, 1, false, NULL, 0, NULL},
	{"CAPABILITIES", 4, 1, false, NULL, 0, NULL},
	{"ERRORS", 11, 5, false, NULL, 0, NULL},
};
static const struct mdl_field rom[] = {{"ENABLE", 0, 1, false, NULL, 0, NULL}};
static const struct mdl_field pm_control[] = {
	{"STATE", 0, 2, false, power_states, COUNT(power_states), NULL}};
static const struct mdl_field msi_control[] = {
	{"ENABLE", 0, 1, false, NULL, 0, NULL},
	{"CAPABLE", 1, 3, false, NULL, 0, NULL},
	{"ENABLED", 4, 3, false, NULL, 0, NULL},
};
static const struct mdl_field msix_control[] = {
	{"LAST", 0, 11, false, NULL, 0, NULL},
	{"MASK", 14, 1, false, NULL, 0, NULL},
	{"ENABLE", 15, 1, false, NULL, 0, NULL},
};
static const struct mdl_field device_control[] = {{"FLR", 15, 1, false, NULL, 0, NULL}};
static const struct mdl_field af_control[] = {{"FLR", 0, 1, false, NULL, 0, NULL}};

#define PLAIN(base, offset, width, name)           \
	{                                          \
		base, offset, width, 0, name, NULL \
	}
#define FIELDS(base, offset, width, name, fields)                \
	{                                                        \
		base, offset, width, COUNT(fields), name, fields \
	}

/* PCI 3.0, 6.1, 6.8; PCI PM 1.2; PCIe 4.0, 7.5.3; AF ECN.  By base, then offset. */
static const struct standard standards[] = {
	PLAIN(HEADER, 0x00, 2, "VENDOR_ID"),
	PLAIN(HEADER, 0x02, 2, "DEVICE_ID"),
	FIELDS(HEADER, 0x04, 2, "COMMAND", command),
	FIELDS(HEADER, 0x06, 2, "STATUS", status),
	PLAIN(HEADER, 0x08, 1, "REVISION_ID"),
	PLAIN(HEADER, 0x09, 3, "CLASS_CODE"),
	PLAIN(HEADER, 0x0c, 1, "CACHE_LINE_SIZE"),
	PLAIN(HEADER, 0x0d, 1, "LATENCY_TIMER"),
	PLAIN(HEADER, 0x0e, 1, "HEADER_TYPE"),
	PLAIN(HEADER, 0x0f, 1, "BIST"),
	PLAIN(HEADER, 0x10, 4, "BAR0"),
	PLAIN(HEADER, 0x14, 4, "BAR1"),
	PLAIN(HEADER, 0x18, 4, "BAR2"),
	PLAIN(HEADER, 0x1c, 4, "BAR3"),
	PLAIN(HEADER, 0x20, 4, "BAR4"),
	PLAIN(HEADER, 0x24, 4, "BAR5"),
	PLAIN(HEADER, 0x28, 4, "CARDBUS_CIS"),
	PLAIN(HEADER, 0x2c, 2, "SUBSYSTEM_VENDOR_ID"),
	PLAIN(HEADER, 0x2e, 2, "SUBSYSTEM_ID"),
	FIELDS(HEADER, 0x30, 4, "EXPANSION_ROM", rom),
	PLAIN(HEADER, 0x34, 1, "CAPABILITIES"),
	PLAIN(HEADER, 0x3c, 1, "INTERRUPT_LINE"),
	PLAIN(HEADER, 0x3d, 1, "INTERRUPT_PIN"),
	PLAIN(HEADER, 0x3e, 1, "MIN_GNT"),
	PLAIN(HEADER, 0x3f, 1, "MAX_LAT"),
	PLAIN(PM, 0, 1, "PM.ID"),
	PLAIN(PM, 1, 1, "PM.NEXT"),
	PLAIN(PM, 2, 2, "PM.CAPS"),
	FIELDS(PM, 4, 2, "PM.CONTROL", pm_control),
	PLAIN(MSI, 0, 1, "MSI.ID"),
	PLAIN(MSI, 1, 1, "MSI.NEXT"),
	FIELDS(MSI, 2, 2, "MSI.CONTROL", msi_control),
	PLAIN(MSI, 4, 4, "MSI.ADDRESS"),
	PLAIN(MSI, 8, 4, "MSI.UPPER_ADDRESS"),
	PLAIN(MSI, 12, 2, "MSI.DATA"),
	PLAIN(MSI, 16, 4, "MSI.MASK"),
	PLAIN(MSI, 20, 4, "MSI.PENDING"),
	PLAIN(MSIX, 0, 1, "MSIX.ID"),
	PLAIN(MSIX, 1, 1, "MSIX.NEXT"),
	FIELDS(MSIX, 2, 2, "MSIX.CONTROL", msix_control),
	PLAIN(MSIX, 4, 4, "MSIX.TABLE"),
	PLAIN(MSIX, 8, 4, "MSIX.PBA"),
	PLAIN(EXPRESS, 0, 1, "EXPRESS.ID"),
	PLAIN(EXPRESS, 1, 1, "EXPRESS.NEXT"),
	PLAIN(EXPRESS, 2, 2, "EXPRESS.CAPS"),
	PLAIN(EXPRESS, 4, 4, "EXPRESS.DEVICE_CAPS"),
	FIELDS(EXPRESS, 8, 2, "EXPRESS.DEVICE_CONTROL", device_control),
	PLAIN(EXPRESS, 10, 2, "EXPRESS.DEVICE_STATUS"),
	PLAIN(EXPRESS, 12, 4, "EXPRESS.LINK_CAPS"),
	PLAIN(EXPRESS, 16, 2, "EXPRESS.LINK_CONTROL"),
	PLAIN(EXPRESS, 18, 2, "EXPRESS.LINK_STATUS"),
	PLAIN(EXPRESS, 36, 4, "EXPRESS.DEVICE_CAPS2"),
	PLAIN(EXPRESS, 40, 2, "EXPRESS.DEVICE_CONTROL2"),
	PLAIN(EXPRESS, 42, 2, "EXPRESS.DEVICE_STATUS2"),
	PLAIN(EXPRESS, 44, 4, "EXPRESS.LINK_CAPS2"),
	PLAIN(EXPRESS, 48, 2, "EXPRESS.LINK_CONTROL2"),
	PLAIN(EXPRESS, 50, 2, "EXPRESS.LINK_STATUS2"),
	PLAIN(AF, 0, 1, "AF.ID"),
	PLAIN(AF, 1, 1, "AF.NEXT"),
	PLAIN(AF, 2, 1, "AF.LENGTH"),
	PLAIN(AF, 3, 1, "AF.CAPS"),
	FIELDS(AF, 4, 1, "AF.CONTROL", af_control),
	PLAIN(AF, 5, 1, "AF.STATUS"),
};

/* A stretch of config space that is accessed at once: a standard register, or what has no name. */
struct piece {
	const struct standard *standard; /* or NULL */
	uint32_t start;                  /* of the register */
	uint32_t width;
	char name[40];
};

static void bases_of(const struct config *config, uint32_t bases[BASES])
{
	bases[HEADER] = 0;
	bases[PM] = config->pm;
	bases[MSI] = config->msi;
	bases[MSIX] = config->msix;
	bases[EXPRESS] = config->express;
	bases[AF] = config->af;
}

static struct piece find_piece(const struct mdl_dev *dev, uint32_t offset)
{
	struct piece piece = {.start = offset, .width = 4 - (offset & 3)};
	uint32_t bases[BASES];

	bases_of(dev->config, bases);
	for (size_t i = 0; i < COUNT(standards); i++) {
		const struct standard *s = &standards[i];
		const uint32_t start = bases[s->base] + s->offset;

		if ((s->base != HEADER && !bases[s->base]) || offset < start ||
		    offset >= start + s->width)
			continue;
		piece = (struct piece){.standard = s, .start = start, .width = s->width};
		snprintf(piece.name, sizeof(piece.name), "config.%s", s->name);
		return piece;
	}
	snprintf(piece.name, sizeof(piece.name), "config+0x%x", offset);
	return piece;
}

static uint64_t number(const uint8_t *data, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)data[i] << (8 * i);
	return value;
}

static void access_line(struct mdl_dev *dev, const struct piece *piece, uint32_t offset,
			const uint8_t *data, size_t size, bool is_write)
{
	const unsigned shift = 8 * (offset - piece->start);
	const uint64_t value = number(data, size), bits = UINT64_MAX >> (64 - 8 * size) << shift;
	struct line line;

	line_begin(dev, &line, "%s", piece->name);
	if (piece->standard && size < piece->width)
		line_add(&line, "[%u:%u]", shift + 8 * (unsigned)size - 1, shift);
	line_add(&line, " %s 0x%0*" PRIx64, is_write ? "<-" : "read",
		 piece->standard ? 1 : (int)(2 * size), value);
	if (piece->standard)
		line_fields(&line, piece->standard->fields, piece->standard->nfields,
			    value << shift, bits);
	line_end(dev, &line);
}

void trace_config(struct mdl_dev *dev, uint32_t offset, const uint8_t *data, size_t size,
		  bool is_write)
{
	size_t n;

	if (size > sizeof(uint64_t)) {
		trace_bytes(dev, VU_REGION_CONFIG, offset, data, size, is_write);
		return;
	}
	trace_look(dev);
	for (; dev->trace->lines && size > 0; offset += (uint32_t)n, data += n, size -= n) {
		const struct decode_hit hit = decode_find(dev->config->decode, offset, is_write);
		struct piece piece;

		n = 1;
		if (hit.reg)
			continue;
		piece = find_piece(dev, offset);
		n = piece.start + piece.width - offset;
		if (n > size)
			n = size;
		access_line(dev, &piece, offset, data, n, is_write);
	}
}

void trace_config_look(struct mdl_dev *dev)
{
	const uint8_t *now = config_image(dev);
	const uint32_t size = config_size(dev);
	uint8_t *seen = dev->trace->config;

	if (memcmp(seen, now, size) == 0)
		return;
	for (uint32_t at = 0; at < size; at++) {
		struct piece piece;
		uint64_t old;

		if (seen[at] == now[at])
			continue;
		piece = find_piece(dev, at);
		old = number(seen + piece.start, piece.width);
		memcpy(seen + piece.start, now + piece.start, piece.width);
		if (!dev->trace->muted)
			lines_changed(dev, piece.name,
				      piece.standard ? piece.standard->fields : NULL,
				      piece.standard ? piece.standard->nfields : 0, old,
				      number(now + piece.start, piece.width));
	}
}
