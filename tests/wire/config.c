// SPDX-License-Identifier: BSD-2-Clause
/* Config space, as drivers and firmware use it. */
#include "conform.h"

#include <string.h>

#define CONFIG  ((uint32_t)VU_REGION_CONFIG)
#define COMMAND 0x04u
#define STATUS  0x06u
#define BAR(i)  (0x10u + 4u * (i))
#define ROM_BAR 0x30u
#define CAPS    0x34u
#define LINE    0x3cu
#define PIN     0x3du

static uint32_t get(struct probe *probe, uint32_t offset, uint32_t size)
{
	uint64_t value = 0;

	if (client_get(&probe->client, CONFIG, offset, size, &value) < 0)
		return UINT32_MAX;
	return (uint32_t)value;
}

static bool put(struct probe *probe, uint32_t offset, uint32_t size, uint32_t value)
{
	int rc = client_put(&probe->client, CONFIG, offset, size, value);

	if (rc < 0)
		conform_fail(probe, "a write of %u bytes at 0x%x was not answered well (%d)", size,
			     offset, rc);
	return rc == 0;
}

static enum verdict widths(struct probe *probe)
{
	uint8_t whole[256];

	REQUIRE(probe, client_read(&probe->client, CONFIG, 0, whole, sizeof(whole)) == 0,
		"the first 256 bytes cannot be read at once");
	for (uint32_t size = 1; size <= 4; size *= 2)
		for (uint32_t at = 0; at + size <= sizeof(whole); at++) {
			uint8_t part[4];

			REQUIRE(probe, client_read(&probe->client, CONFIG, at, part, size) == 0,
				"%u bytes at 0x%x cannot be read", size, at);
			REQUIRE(probe, !memcmp(part, whole + at, size),
				"%u bytes at 0x%x differ from what one read of all shows", size,
				at);
		}
	return HOLDS;
}

static enum verdict identity(struct probe *probe)
{
	uint32_t vendor = get(probe, 0, 2), header = get(probe, 0x0e, 1);

	REQUIRE(probe, vendor != 0xffff && vendor != 0, "the vendor is 0x%x: no device", vendor);
	REQUIRE(probe, (header & 0x7f) == 0, "the header type is 0x%x", header);
	REQUIRE(probe, get(probe, PIN, 1) <= 4, "the interrupt pin is %u", get(probe, PIN, 1));
	return HOLDS;
}

static enum verdict pin_and_intx(struct probe *probe)
{
	bool pin = get(probe, PIN, 1) != 0, intx = probe->subject->irqs[VU_IRQ_INTX].count != 0;

	REQUIRE(probe, pin == intx, "%s interrupt pin, %s INTx", pin ? "an" : "no",
		intx ? "an" : "no");
	return HOLDS;
}

/* What may not change does not, and nobody is told off for trying. */
static enum verdict read_only(struct probe *probe)
{
	static const struct {
		uint8_t offset, size;
	} rows[] = {{0, 2},    {2, 2},    {0, 4},    {8, 1},    {9, 1},    {8, 4},    {0x0e, 1},
		    {0x0f, 1}, {0x28, 4}, {0x2c, 2}, {0x2e, 2}, {CAPS, 1}, {0x35, 1}, {0x38, 4},
		    {PIN, 1},  {0x3e, 2}, {0, 1},    {1, 1},    {3, 1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t old = get(probe, rows[i].offset, rows[i].size), new;

		if (!put(probe, rows[i].offset, rows[i].size, ~old))
			return FAILS;
		new = get(probe, rows[i].offset, rows[i].size);
		REQUIRE(probe, new == old, "0x%x changed from 0x%x to 0x%x", rows[i].offset, old,
			new);
	}
	return HOLDS;
}

static enum verdict command_bytes(struct probe *probe)
{
	uint32_t old = get(probe, COMMAND, 2);
	enum verdict verdict = HOLDS;

	if (!put(probe, COMMAND, 2, 0) || !put(probe, COMMAND, 1, 0x04))
		return FAILS;
	if (get(probe, COMMAND, 2) != 4)
		verdict = conform_fail(probe,
				       "COMMAND is 0x%x after 0x04 was written to its first byte",
				       get(probe, COMMAND, 2));
	else if (!put(probe, COMMAND + 1, 1, 0x04) || !put(probe, STATUS, 1, 0) ||
		 !put(probe, STATUS + 1, 1, 0) || !put(probe, STATUS, 2, 0))
		verdict = FAILS;
	else if (get(probe, COMMAND, 1) != 4)
		verdict = conform_fail(probe, "COMMAND's first byte changed with the second");
	else if (!put(probe, COMMAND, 4, 0x00000004) || get(probe, COMMAND, 2) != 4)
		verdict = conform_fail(probe, "COMMAND and STATUS cannot be written in one");
	put(probe, COMMAND, 2, old);
	return verdict;
}

static enum verdict command_bits(struct probe *probe)
{
	uint32_t old = get(probe, COMMAND, 2), all, status = get(probe, STATUS, 2);

	if (!put(probe, COMMAND, 2, 0xffff))
		return FAILS;
	all = get(probe, COMMAND, 2);
	put(probe, COMMAND, 2, old);
	REQUIRE(probe, !(all & 0xf800), "reserved bits of COMMAND were kept: 0x%x", all);
	REQUIRE(probe, all & 4, "bus mastering cannot be turned on");
	REQUIRE(probe, get(probe, STATUS, 2) == status, "STATUS changed with COMMAND");
	return HOLDS;
}

/* Each BAR: its type stays, its size shows, its address is kept. */
static enum verdict sizing(struct probe *probe)
{
	for (unsigned i = 0; i < 6; i++) {
		uint32_t old = get(probe, BAR(i), 4), type, mask;
		uint64_t size = probe->subject->regions[i].size;
		bool is_64;

		if (!put(probe, BAR(i), 4, UINT32_MAX))
			return FAILS;
		mask = get(probe, BAR(i), 4);
		REQUIRE(probe, size || !mask, "BAR %u has no region but reads 0x%x", i, mask);
		if (!size)
			continue;
		type = old & 1 ? 3 : 15;
		REQUIRE(probe, (mask & type) == (old & type), "BAR %u: the type changed", i);
		is_64 = !(old & 1) && (old & 6) == 4;
		if (size <= UINT32_MAX)
			REQUIRE(probe,
				(mask & ~type) == (uint32_t)(~(size - 1)) ||
					(old & 1 && (mask & 0xfffc) == (~(size - 1) & 0xffff)),
				"BAR %u of %llu bytes reads 0x%x", i, (unsigned long long)size,
				mask);
		if (!put(probe, BAR(i), 4, 0xfe000000u) || !put(probe, BAR(i), 4, 0))
			return FAILS;
		REQUIRE(probe, !(get(probe, BAR(i), 4) & ~type),
			"BAR %u does not keep the address 0", i);
		put(probe, BAR(i), 4, old);
		if (!is_64)
			continue;
		old = get(probe, BAR(++i), 4);
		if (!put(probe, BAR(i), 4, UINT32_MAX))
			return FAILS;
		mask = get(probe, BAR(i), 4);
		put(probe, BAR(i), 4, old);
		REQUIRE(probe, mask == (uint32_t)(~(size - 1) >> 32),
			"BAR %u, the upper half, reads 0x%x", i, mask);
	}
	return HOLDS;
}

static enum verdict narrow_bars(struct probe *probe)
{
	for (unsigned i = 0; i < 6; i++) {
		uint32_t old = get(probe, BAR(i), 4);

		for (uint32_t size = 1; size <= 4; size *= 2)
			for (uint32_t at = 0; at < 4; at += size)
				if (!put(probe, BAR(i) + at, size, 0))
					return FAILS;
		if (!put(probe, BAR(i), 4, old))
			return FAILS;
	}
	return HOLDS;
}

static enum verdict rom_bar(struct probe *probe)
{
	uint32_t old = get(probe, ROM_BAR, 4), mask;
	uint64_t size = probe->subject->regions[VU_REGION_ROM].size;

	if (!put(probe, ROM_BAR, 4, 0xfffff800u))
		return FAILS;
	mask = get(probe, ROM_BAR, 4);
	put(probe, ROM_BAR, 4, old);
	REQUIRE(probe, mask == (size ? (uint32_t) ~(size - 1) : 0),
		"with a ROM of %llu bytes it reads 0x%x", (unsigned long long)size, mask);
	return HOLDS;
}

static enum verdict line(struct probe *probe)
{
	uint32_t old = get(probe, LINE, 1);

	for (uint32_t i = 0; i < 256; i += 51) {
		if (!put(probe, LINE, 1, i))
			return FAILS;
		REQUIRE(probe, get(probe, LINE, 1) == i, "it does not keep 0x%x", i);
	}
	put(probe, LINE, 1, old);
	return HOLDS;
}

/* Everything that firmware and drivers may do, byte by byte, to what a device lets change nothing
 * of. */
static enum verdict everywhere(struct probe *probe)
{
	uint8_t before[256];

	REQUIRE(probe, client_read(&probe->client, CONFIG, 0, before, sizeof(before)) == 0, "read");
	for (uint32_t size = 1; size <= 4; size *= 2)
		for (uint32_t at = 0; at + size <= 256; at++) {
			uint32_t old = 0;

			memcpy(&old, before + at, size);
			if (at + size > STATUS && at < STATUS + 2)
				old = 0; /* write 1 to clear */
			if (!put(probe, at, size, old))
				return FAILS;
		}
	return HOLDS;
}

static enum verdict chain(struct probe *probe)
{
	bool seen[256] = {false};
	uint32_t at = get(probe, CAPS, 1);

	REQUIRE(probe, !!(get(probe, STATUS, 2) & 0x10) == (at != 0),
		"the STATUS bit and the pointer 0x%x disagree", at);
	APPLIES_IF(probe, at, "the device has no capabilities");
	while (at) {
		REQUIRE(probe, at >= 0x40 && !(at & 3), "a capability at 0x%x", at);
		REQUIRE(probe, !seen[at], "the list runs in circles");
		seen[at] = true;
		REQUIRE(probe, get(probe, at, 1) != 0xff && get(probe, at, 1) != 0,
			"the capability at 0x%x has id 0x%x", at, get(probe, at, 1));
		at = get(probe, at + 1, 1);
	}
	return HOLDS;
}

static enum verdict extended_chain(struct probe *probe)
{
	uint32_t at = 0x100, before = 0;

	APPLIES_IF(probe, probe->subject->regions[CONFIG].size == 4096,
		   "config space has 256 bytes");
	for (unsigned links = 0; at; links++) {
		uint32_t header = get(probe, at, 4);

		REQUIRE(probe, links < 960, "the list runs in circles");
		REQUIRE(probe, at >= 0x100 && !(at & 3),
			"an extended capability at 0x%x, after 0x%x", at, before);
		if (links == 0 && header == 0)
			break;
		REQUIRE(probe, (header & 0xffff) != 0xffff && header >> 16 & 15,
			"the extended capability at 0x%x has header 0x%x", at, header);
		before = at;
		at = header >> 20;
	}
	return HOLDS;
}

/* Where a capability stands; 0: nowhere. */
static uint32_t find(struct probe *probe, uint32_t id)
{
	uint32_t at = get(probe, STATUS, 2) & 0x10 ? get(probe, CAPS, 1) : 0;

	for (int links = 0; at && links < 64; links++) {
		if (get(probe, at, 1) == id)
			return at;
		at = get(probe, at + 1, 1);
	}
	return 0;
}

static enum verdict vectors(struct probe *probe)
{
	uint32_t msi = find(probe, 0x05), msix = find(probe, 0x11);
	uint32_t nmsi = msi ? 1u << (get(probe, msi + 2, 2) >> 1 & 7) : 0;
	uint32_t nmsix = msix ? (get(probe, msix + 2, 2) & 0x7ff) + 1 : 0;

	REQUIRE(probe, nmsi == probe->subject->irqs[VU_IRQ_MSI].count,
		"MSI: %u by the capability, %u by GET_IRQ_INFO", nmsi,
		probe->subject->irqs[VU_IRQ_MSI].count);
	REQUIRE(probe, nmsix == probe->subject->irqs[VU_IRQ_MSIX].count,
		"MSI-X: %u by the capability, %u by GET_IRQ_INFO", nmsix,
		probe->subject->irqs[VU_IRQ_MSIX].count);
	return HOLDS;
}

static enum verdict msix_places(struct probe *probe)
{
	uint32_t cap = find(probe, 0x11);

	APPLIES_IF(probe, cap, "no MSI-X");
	uint64_t count = (get(probe, cap + 2, 2) & 0x7ff) + 1;
	const struct {
		uint32_t place;
		uint64_t size;
	} parts[] = {{get(probe, cap + 4, 4), 16 * count},
		     {get(probe, cap + 8, 4), (count + 63) / 64 * 8}};

	for (int i = 0; i < 2; i++) {
		uint32_t bar = parts[i].place & 7, offset = parts[i].place & ~7u;
		uint64_t value, size = bar < 6 ? probe->subject->regions[bar].size : 0;

		REQUIRE(probe, offset + parts[i].size <= size, "%s outside BAR %u",
			i ? "PBA" : "table", bar);
		REQUIRE(probe, client_get(&probe->client, bar, offset, 4, &value) == 0,
			"the %s cannot be read", i ? "PBA" : "table");
	}
	return HOLDS;
}

static enum verdict reset(struct probe *probe)
{
	APPLIES_IF(probe, probe->subject->info.flags & VU_DEVICE_FLAG_RESET,
		   "the device has no reset");
	if (!put(probe, COMMAND, 2, 6))
		return FAILS;
	REQUIRE(probe, client_reset(&probe->client) == 0, "RESET failed");
	REQUIRE(probe, get(probe, COMMAND, 2) == 0, "COMMAND is 0x%x after it",
		get(probe, COMMAND, 2));
	return HOLDS;
}

static enum verdict retained(struct probe *probe)
{
	uint32_t old = get(probe, LINE, 1), value;

	if (!put(probe, LINE, 1, 0xa5))
		return FAILS;
	REQUIRE(probe, conform_again(probe, false) == 0, "cannot connect again");
	value = get(probe, LINE, 1);
	put(probe, LINE, 1, old);
	REQUIRE(probe, value == 0xa5, "what a client wrote was 0x%x for the next", value);
	return HOLDS;
}

#define PCI "PCI Local Bus 3.0, "
const struct row rows_config[] = {
	{"config: any width at any place reads the same", PCI "6.1", 0, widths},
	{"config: a vendor and a header of type 0", PCI "6.2.1", 0, identity},
	{"config: an interrupt pin if, and only if, there is INTx", PCI "6.2.4", 0, pin_and_intx},
	{"config: writes to read-only registers are ignored, not refused", PCI "6.1", 0, read_only},
	{"config: COMMAND and STATUS byte by byte", PCI "6.2.2", 0, command_bytes},
	{"config: COMMAND keeps what is defined", PCI "6.2.2", 0, command_bits},
	{"config: BARs show their sizes", PCI "6.2.5.1", 0, sizing},
	{"config: BARs in pieces, and zeros", PCI "6.1", 0, narrow_bars},
	{"config: the ROM BAR shows its size", PCI "6.2.5.2", 0, rom_bar},
	{"config: the interrupt line keeps what is written", PCI "6.2.4", 0, line},
	{"config: no write of what was read is refused", PCI "6.1", 0, everywhere},
	{"config: capabilities form a list", PCI "6.7", 0, chain},
	{"config: extended capabilities form a list", "PCI Express, 7.6.3", 0, extended_chain},
	{"config: as many vectors as GET_IRQ_INFO says", PCI "6.8", 0, vectors},
	{"config: MSI-X table and PBA lie in a BAR", PCI "6.8.2", 0, msix_places},
	{"config: RESET clears COMMAND", PCI "6.2.2", ROW_OURS, reset},
	{"config: the device's state outlives its client", "Client Disconnection", 0, retained},
	{0},
};
