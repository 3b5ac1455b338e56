/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver in user space, by vfio behind an IOMMU: the device is bound to vfio-pci already.
 *
 *	vfio-guest edu ADDRESS		factorial, INTx, MSI, DMA both ways
 *	vfio-guest mdltest ADDRESS	every MSI-X vector, mapped memory
 *	vfio-guest gauge ADDRESS	works until there is a file /tmp/stop; says how often in
 * /tmp/rounds
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	WAIT_MS = 10000,
	QUIET_MS = 30,
	TICK_US = 3001, /* odd: once */
	PAGE = 4096,
	FROM = 0x1000000,
	TO = 0x2000000,
	MAX_VECTORS = 8,
	PCI_COMMAND = 4,
	COMMAND_MASTER = 4,
};

static struct {
	int container, group, device;
	int events[MAX_VECTORS];
} v;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	printf("vfio-guest: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static void expect(const char *what, uint64_t wanted, uint64_t got)
{
	if (wanted != got)
		die("%s: wanted %#llx, got %#llx", what, (unsigned long long)wanted,
		    (unsigned long long)got);
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* ---- vfio */

static void open_group(const char *address)
{
	char link[128], target[256], path[64];
	ssize_t size;
	const char *slash;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", address);
	size = readlink(link, target, sizeof(target) - 1);
	if (size < 0)
		die("%s: %s", link, strerror(errno));
	target[size] = '\0';
	slash = strrchr(target, '/');
	snprintf(path, sizeof(path), "/dev/vfio/%.40s", slash ? slash + 1 : target);
	v.group = open_or_die(path, O_RDWR);
}

static void open_device(const char *address)
{
	struct vfio_region_info info = {.argsz = sizeof(info),
					.index = VFIO_PCI_CONFIG_REGION_INDEX};
	uint16_t command;

	v.container = open_or_die("/dev/vfio/vfio", O_RDWR);
	open_group(address);
	if (ioctl(v.group, VFIO_GROUP_SET_CONTAINER, &v.container) < 0)
		die("VFIO_GROUP_SET_CONTAINER: %s", strerror(errno));
	if (ioctl(v.container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) < 0)
		die("VFIO_SET_IOMMU: %s", strerror(errno));
	v.device = ioctl(v.group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (v.device < 0)
		die("VFIO_GROUP_GET_DEVICE_FD: %s", strerror(errno));
	if (ioctl(v.device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0 ||
	    pread(v.device, &command, 2, (off_t)info.offset + PCI_COMMAND) != 2)
		die("config space: %s", strerror(errno));
	command |= COMMAND_MASTER;
	if (pwrite(v.device, &command, 2, (off_t)info.offset + PCI_COMMAND) != 2)
		die("COMMAND: %s", strerror(errno));
}

static volatile uint8_t *map_bar(unsigned int index, size_t size)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = index};
	void *at;

	if (ioctl(v.device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
		die("BAR %u: %s", index, strerror(errno));
	expect("the BAR's size", size, info.size);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v.device, (off_t)info.offset);
	if (at == MAP_FAILED)
		die("BAR %u cannot be mapped: %s", index, strerror(errno));
	return at;
}

static void set_irqs(unsigned int index, uint32_t flags, unsigned int count)
{
	union {
		struct vfio_irq_set set;
		uint8_t room[sizeof(struct vfio_irq_set) + sizeof(v.events)];
	} u = {.set = {.argsz = (uint32_t)(sizeof(u.set) + count * sizeof(int)),
		       .flags = flags,
		       .index = index,
		       .count = count}};

	if (flags & VFIO_IRQ_SET_DATA_EVENTFD)
		memcpy(u.room + sizeof(u.set), v.events, count * sizeof(int));
	else
		u.set.argsz = sizeof(u.set);
	if (ioctl(v.device, VFIO_DEVICE_SET_IRQS, &u.set) < 0)
		die("VFIO_DEVICE_SET_IRQS of index %u: %s", index, strerror(errno));
}

static void irqs_on(unsigned int index, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		v.events[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (v.events[i] < 0)
			die("eventfd: %s", strerror(errno));
	}
	set_irqs(index, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, count);
}

static void irqs_off(unsigned int index, unsigned int count)
{
	set_irqs(index, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0);
	for (unsigned int i = 0; i < count; i++)
		close(v.events[i]);
}

static bool interrupt(unsigned int vector, int timeout_ms)
{
	struct pollfd p = {.fd = v.events[vector], .events = POLLIN};
	uint64_t count;

	if (poll(&p, 1, timeout_ms) != 1)
		return false;
	return read(v.events[vector], &count, sizeof(count)) == sizeof(count);
}

static void want_interrupt(const char *what, unsigned int vector)
{
	if (!interrupt(vector, WAIT_MS))
		die("%s: no interrupt on vector %u", what, vector);
}

/* A page for DMA, at this address on the bus. */
static uint8_t *dma_page(uint64_t address)
{
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
					       .iova = address,
					       .size = PAGE,
					       .flags = VFIO_DMA_MAP_FLAG_READ |
							VFIO_DMA_MAP_FLAG_WRITE};
	uint8_t *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		die("a page: %s", strerror(errno));
	map.vaddr = (uintptr_t)page;
	if (ioctl(v.container, VFIO_IOMMU_MAP_DMA, &map) < 0)
		die("VFIO_IOMMU_MAP_DMA: %s", strerror(errno));
	return page;
}

static void dma_page_free(uint64_t address, uint8_t *page)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = address, .size = PAGE};

	if (ioctl(v.container, VFIO_IOMMU_UNMAP_DMA, &unmap) < 0)
		die("VFIO_IOMMU_UNMAP_DMA: %s", strerror(errno));
	munmap(page, PAGE);
}

/* ---- edu */

static volatile uint8_t *bar;

static uint32_t in(unsigned int at)
{
	return *(volatile uint32_t *)(bar + at);
}

static void out(unsigned int at, uint32_t value)
{
	*(volatile uint32_t *)(bar + at) = value;
}

static void out64(unsigned int at, uint64_t value)
{
	*(volatile uint64_t *)(bar + at) = value;
}

/* After an interrupt; INTx was masked by it. */
static void edu_acknowledge(unsigned int index, uint32_t cause)
{
	want_interrupt("edu", 0);
	expect("the cause", cause, in(0x24));
	out(0x64, cause);
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		set_irqs(index, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 1);
}

static void edu_dma(unsigned int index, uint64_t from, uint64_t to, uint32_t command)
{
	out64(0x80, from);
	out64(0x88, to);
	out64(0x90, PAGE);
	out(0x98, command | 4 | 1);
	edu_acknowledge(index, 0x100);
}

static void edu_work(const char *how, unsigned int index)
{
	uint8_t *from = dma_page(FROM), *to = dma_page(TO);

	irqs_on(index, 1);
	out(0x20, 0x80);
	out(0x08, 10);
	edu_acknowledge(index, 1);
	expect("10!", 3628800, in(0x08));
	for (size_t i = 0; i < PAGE; i++)
		from[i] = (uint8_t)(i * 7 + i / 256);
	edu_dma(index, FROM, 0x40000, 0);
	edu_dma(index, 0x40000, TO, 2);
	if (memcmp(from, to, PAGE))
		die("DMA there and back changed the data");
	dma_page_free(TO, to);
	/* What the IOMMU no longer maps is not reached; the card says it is done all the same. */
	edu_dma(index, 0x40000, TO, 2);
	if (interrupt(0, QUIET_MS))
		die("an interrupt too many");
	dma_page_free(FROM, from);
	irqs_off(index, 1);
	printf("edu by %s: factorial and 4 KiB of DMA there and back\n", how);
}

static void edu(void)
{
	bar = map_bar(0, 0x100000);
	expect("the identification", 0x010000ed, in(0));
	out(4, 0x12345678);
	expect("the liveness check", 0xedcba987, in(4));
	edu_work("INTx", VFIO_PCI_INTX_IRQ_INDEX);
	edu_work("MSI", VFIO_PCI_MSI_IRQ_INDEX);
}

/* ---- mdltest: six of its eight vectors are pulsed by a register, the others follow inputs */

/* There and back through the card's buffer, from within the write that starts it. */
static void mdltest_dma(void)
{
	uint8_t *from = dma_page(FROM), *to = dma_page(TO);

	for (size_t i = 0; i < PAGE; i++)
		from[i] = (uint8_t)(i * 11 + i / 256);
	for (unsigned int to_memory = 0; to_memory < 2; to_memory++) {
		out64(0x30, to_memory ? TO : FROM);
		out(0x38, PAGE);
		out(0x3c, 16 | to_memory << 1 | 1);
		want_interrupt("the end of a DMA", 0);
		expect("the DMA's status", 0, in(0x40));
	}
	if (memcmp(from, to, PAGE))
		die("DMA there and back changed the data");
	dma_page_free(TO, to);
	dma_page_free(FROM, from);
}

static void mdltest(void)
{
	volatile uint8_t *memory = map_bar(2, 0x40000);

	bar = map_bar(0, PAGE);
	expect("the identification", 0x4d444c54, in(0));
	irqs_on(VFIO_PCI_MSIX_IRQ_INDEX, MAX_VECTORS);
	for (unsigned int i = 0; i < 6; i++) {
		out(0x28, 1u << i);
		want_interrupt("a pulse", i);
	}
	out(0x84, 3);
	out(0x90, 1);
	want_interrupt("an edge", 6);
	out(0x90, 2);
	want_interrupt("a level", 7);
	for (unsigned int i = 0; i < MAX_VECTORS; i++)
		if (interrupt(i, i ? 0 : QUIET_MS))
			die("vector %u: an interrupt too many", i);
	mdltest_dma();
	irqs_off(VFIO_PCI_MSIX_IRQ_INDEX, MAX_VECTORS);
	for (unsigned int i = 0; i < 0x4000; i += 4)
		*(volatile uint32_t *)(memory + 0x10000 + i) = i ^ 0x5a5a5a5a;
	for (unsigned int i = 0; i < 0x4000; i += 4)
		expect("memory", i ^ 0x5a5a5a5a, *(volatile uint32_t *)(memory + 0x10000 + i));
	printf("mdltest: eight MSI-X vectors, DMA there and back, and 16 KiB of its memory\n");
}

/* ---- gauge: one addition after the other, each with its interrupt, DMA and memory; and ticks */

static void gauge_round(uint32_t i, uint64_t *sum, const uint8_t *page, volatile uint8_t *memory)
{
	uint64_t stored;

	*sum += i % 1000;
	out(0x00, i % 1000);
	want_interrupt("an addition", 0);
	expect("TOTAL", *sum, *(volatile uint64_t *)(bar + 0x08));
	*(volatile uint64_t *)(memory + i * 8 % 0x10000) = *sum;
	out(0x20, 1);
	expect("STATUS", 0, in(0x24));
	memcpy(&stored, page, sizeof(stored));
	expect("what DMA stored", *sum, stored);
	expect("memory", *sum, *(volatile uint64_t *)(memory + i * 8 % 0x10000));
	if (interrupt(0, 0))
		die("round %u: an interrupt too many", i);
}

static void write_rounds(uint32_t i)
{
	char text[16];
	int fd = open("/tmp/rounds", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int size = snprintf(text, sizeof(text), "%10u\n", i);

	if (fd < 0 || pwrite(fd, text, (size_t)size, 0) != size)
		die("/tmp/rounds: %s", strerror(errno));
	close(fd);
}

/*
 * Every tick is asked for, and the next one only when it has come: so neither the device nor what
 * carries its interrupts may take two for one, and the device's count is the guest's.
 */
static bool take_tick(uint32_t *ticks, int timeout_ms)
{
	if (!interrupt(1, timeout_ms))
		return false;
	++*ticks;
	expect("TICKS", *ticks, in(0x2c));
	if (interrupt(1, 0))
		die("tick %u: an interrupt too many", *ticks);
	return true;
}

static void gauge(void)
{
	volatile uint8_t *memory = map_bar(2, 0x10000);
	uint8_t *page = dma_page(TO);
	uint64_t sum = 0;
	uint32_t i, ticks = 0;

	bar = map_bar(0, PAGE);
	irqs_on(VFIO_PCI_MSIX_IRQ_INDEX, 2);
	out64(0x18, TO);
	out(0x28, TICK_US);
	expect("VERSION", 1, in(0x10));
	for (i = 0; access("/tmp/stop", F_OK) != 0; i++) {
		gauge_round(i, &sum, page, memory);
		if (take_tick(&ticks, 0))
			out(0x28, TICK_US);
		write_rounds(i + 1);
	}
	expect("VERSION", 2, in(0x10));
	expect("EXTRA", 5, in(0x60));
	if (!take_tick(&ticks, WAIT_MS))
		die("tick %u was lost", ticks + 1);
	if (take_tick(&ticks, QUIET_MS))
		die("a tick too many");
	irqs_off(VFIO_PCI_MSIX_IRQ_INDEX, 2);
	dma_page_free(TO, page);
	printf("gauge: %u rounds, %u ticks\n", i, ticks);
}

int main(int argc, char *argv[])
{
	if (argc != 3) {
		fprintf(stderr, "usage: vfio-guest edu|mdltest|gauge ADDRESS\n");
		return 2;
	}
	open_device(argv[2]);
	if (strcmp(argv[1], "edu") == 0)
		edu();
	else if (strcmp(argv[1], "gauge") == 0)
		gauge();
	else
		mdltest();
	return 0;
}
