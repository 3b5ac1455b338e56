/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pci-guest ADDRESS: what lspci -vv looks at, from /sys/bus/pci/devices/ADDRESS. Prints a line for
 * each BAR and capability; what contradicts the specifications is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOURCES 6

static struct {
	const char *address;
	uint8_t config[4096];
	size_t size;
	bool taken[4096]; /* by the header or a capability */
	uint64_t bar[RESOURCES];
} pci;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	printf("pci-guest: %s: ", pci.address);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static uint32_t get(size_t at, size_t width)
{
	uint32_t value = 0;

	if (at + width > pci.size)
		die("config space ends before %#zx", at + width);
	memcpy(&value, pci.config + at, width);
	return value;
}

static void take(size_t at, size_t size, const char *what)
{
	if (at + size > pci.size)
		die("%s at %#zx leaves config space", what, at);
	for (size_t i = at; i < at + size; i++) {
		if (pci.taken[i])
			die("%s at %#zx overlaps something else", what, at);
		pci.taken[i] = true;
	}
}

static void read_config(void)
{
	char path[128];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", pci.address);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	while ((got = pread(fd, pci.config + pci.size, sizeof(pci.config) - pci.size,
			    (off_t)pci.size)) > 0)
		pci.size += (size_t)got;
	close(fd);
	if (pci.size != 256 && pci.size != 4096)
		die("%zu bytes of config space", pci.size);
}

/* What the kernel placed. */
static void read_resources(void)
{
	unsigned long long start, end, flags;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", pci.address);
	file = fopen(path, "re");
	if (!file)
		die("%s: %s", path, strerror(errno));
	for (int i = 0; i < RESOURCES; i++) {
		if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) != 3)
			die("%s: not as expected", path);
		if (!flags)
			continue;
		if (!start)
			die("BAR %d was given no address", i);
		pci.bar[i] = end - start + 1;
		printf("BAR %d %s%s size %#llx\n", i, flags & 0x100 ? "io" : "memory",
		       flags & 0x100000 ? " 64-bit" : "", (unsigned long long)pci.bar[i]);
	}
	fclose(file);
}

static size_t msi(size_t at)
{
	const uint32_t control = get(at + PCI_MSI_FLAGS, 2);
	const bool wide = control & PCI_MSI_FLAGS_64BIT;
	size_t size = wide ? 14 : 10;

	if (control & PCI_MSI_FLAGS_MASKBIT)
		size = wide ? 24 : 20;
	if ((control & PCI_MSI_FLAGS_QMASK) >> 1 > 5)
		die("MSI asks for too many vectors");
	printf("MSI vectors %u%s%s\n", 1u << ((control & PCI_MSI_FLAGS_QMASK) >> 1),
	       wide ? " 64-bit" : "", control & PCI_MSI_FLAGS_MASKBIT ? " maskable" : "");
	return size;
}

static void in_bar(const char *what, uint32_t where, uint64_t size)
{
	const uint32_t bar = where & 7;

	if (bar >= RESOURCES || (where & ~7u) + size > pci.bar[bar])
		die("MSI-X %s at %#x leaves BAR %u", what, where & ~7u, bar);
}

static size_t msix(size_t at)
{
	const uint32_t vectors = (get(at + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1;

	in_bar("table", get(at + PCI_MSIX_TABLE, 4), vectors * 16);
	in_bar("PBA", get(at + PCI_MSIX_PBA, 4), (vectors + 63) / 64 * 8);
	printf("MSI-X vectors %u\n", vectors);
	return 12;
}

static size_t power(size_t at)
{
	const uint32_t caps = get(at + PCI_PM_PMC, 2);

	if ((caps & PCI_PM_CAP_VER_MASK) < 2 || (caps & PCI_PM_CAP_VER_MASK) > 3)
		die("power management of version %u", caps & PCI_PM_CAP_VER_MASK);
	printf("PM version %u state D%u\n", caps & PCI_PM_CAP_VER_MASK,
	       get(at + PCI_PM_CTRL, 2) & 3);
	return 8;
}

static size_t express(size_t at)
{
	const uint32_t flags = get(at + PCI_EXP_FLAGS, 2);

	if ((flags & PCI_EXP_FLAGS_VERS) != 2)
		die("Express of version %u", flags & PCI_EXP_FLAGS_VERS);
	printf("Express type %u%s width x%u\n", (flags & PCI_EXP_FLAGS_TYPE) >> 4,
	       get(at + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR ? " FLR" : "",
	       get(at + PCI_EXP_LNKSTA, 2) >> 4 & 0x3f);
	return 60;
}

static size_t capability(size_t at)
{
	switch (get(at, 1)) {
	case PCI_CAP_ID_MSI:
		return msi(at);
	case PCI_CAP_ID_MSIX:
		return msix(at);
	case PCI_CAP_ID_PM:
		return power(at);
	case PCI_CAP_ID_EXP:
		return express(at);
	case PCI_CAP_ID_VNDR:
		printf("vendor capability length %u\n", get(at + 2, 1));
		if (get(at + 2, 1) < 3)
			die("the vendor capability is shorter than its head");
		return get(at + 2, 1);
	default:
		printf("capability %#x\n", get(at, 1));
		return 2;
	}
}

static void chain(void)
{
	take(0, 64, "the header");
	if (!(get(PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)) {
		if (get(PCI_CAPABILITY_LIST, 1))
			die("a capability pointer, but no capabilities");
		return;
	}
	for (size_t at = get(PCI_CAPABILITY_LIST, 1); at; at = get(at + 1, 1)) {
		if (at & 3)
			die("a capability at %#zx", at);
		take(at, capability(at), "a capability");
	}
}

static void extended_chain(void)
{
	size_t at = PCI_CFG_SPACE_SIZE;
	uint32_t header;

	if (pci.size <= at || !get(at, 4))
		return;
	for (; at; at = PCI_EXT_CAP_NEXT(header)) {
		if (at < PCI_CFG_SPACE_SIZE || at & 3)
			die("an extended capability at %#zx", at);
		header = get(at, 4);
		/* ID 0 is one that a hypervisor hides. */
		take(at, PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_DSN ? 12 : 4,
		     "an extended capability");
		if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_DSN)
			printf("serial number %08x%08x\n", get(at + 8, 4), get(at + 4, 4));
		else if (PCI_EXT_CAP_ID(header))
			printf("extended capability %#x\n", PCI_EXT_CAP_ID(header));
	}
}

int main(int argc, char *argv[])
{
	if (argc != 2) {
		fprintf(stderr, "usage: pci-guest ADDRESS\n");
		return 2;
	}
	pci.address = argv[1];
	read_config();
	printf("%04x:%04x class %06x revision %u pin %u\n", get(PCI_VENDOR_ID, 2),
	       get(PCI_DEVICE_ID, 2), get(PCI_CLASS_REVISION, 4) >> 8, get(PCI_REVISION_ID, 1),
	       get(PCI_INTERRUPT_PIN, 1));
	if (get(PCI_HEADER_TYPE, 1) & 0x7f)
		die("header type %#x", get(PCI_HEADER_TYPE, 1));
	read_resources();
	chain();
	extended_chain();
	return 0;
}
