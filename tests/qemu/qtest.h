/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scripted PC: the real QEMU, with no guest in it, its bus accesses made by a test program.
 *
 * Errors are sticky. The first one (QEMU gone, a deadline passed, a refusal) is printed and kept;
 * from then on every access returns all ones and does nothing. A test checks qt_error once, at
 * its end, besides its own assertions. Nothing here waits without a deadline.
 */
#ifndef TESTS_QEMU_QTEST_H
#define TESTS_QEMU_QTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct qt;

struct qt_options {
	const char *qemu;		/* NULL: tests/qemu/qemu */
	const char *machine;		/* NULL: q35 */
	const char *vfio_user;		/* socket of a device for slot 1, id "dut"; or NULL */
	const char *const *arguments;	/* more arguments, up to a NULL; or NULL */
	unsigned int ram_mib;		/* 0: 64 */
	bool private_ram;		/* RAM that has no descriptor: DMA goes by messages */
	bool qmp;			/* with a QMP connection */
	bool quiet;			/* errors are kept, not printed */
	int timeout_ms;			/* of every single wait; 0: 10 s */
};

/* Never NULL but when out of memory; whether it works is what qt_error says. */
struct qt *qt_start(const struct qt_options *options);

/*
 * Ends QEMU, reaps it and frees everything. Returns 0, or -1 where there was an error before or
 * QEMU did not end well.
 */
int qt_stop(struct qt *qt);

/* The first error's text, or NULL. */
const char *qt_error(const struct qt *qt);

/* Kills QEMU at once, as a crash would, and reaps it. Accesses after it are errors. */
void qt_kill(struct qt *qt);

/* I/O ports and memory by widths of 1, 2, 4 bytes, memory also 8. */
uint32_t qt_in(struct qt *qt, uint16_t port, unsigned int width);
void qt_out(struct qt *qt, uint16_t port, unsigned int width, uint32_t value);
uint64_t qt_read(struct qt *qt, uint64_t address, unsigned int width);
void qt_write(struct qt *qt, uint64_t address, unsigned int width, uint64_t value);

void qt_mem_read(struct qt *qt, uint64_t address, void *data, size_t size);
void qt_mem_write(struct qt *qt, uint64_t address, const void *data, size_t size);
void qt_mem_set(struct qt *qt, uint64_t address, size_t size, uint8_t value);

/* Waits until the dword at address has that value. True if it came. */
bool qt_mem_wait(struct qt *qt, uint64_t address, uint32_t value, int timeout_ms);

/* Moves QEMU's virtual clock, which stands still otherwise, and runs the timers due. */
void qt_clock_step(struct qt *qt, int64_t ns);

/*
 * Interrupts. After qt_irq_intercept (once in a QEMU's life) the pins of the I/O APIC are seen
 * here instead of being delivered.
 */
void qt_irq_intercept(struct qt *qt);
bool qt_irq_level(struct qt *qt, unsigned int pin);
/* How often the pin went from low to high. */
unsigned int qt_irq_raises(struct qt *qt, unsigned int pin);
/* Waits until the pin has that level. True if it came. */
bool qt_irq_wait(struct qt *qt, unsigned int pin, bool level, int timeout_ms);
/* The I/O APIC's pin for INTA..INTD (1..4) of a slot 0..24 on q35's root bus. */
unsigned int qt_intx_pin(unsigned int slot, unsigned int intx);

/* QMP. The result is the caller's to put; NULL on an error, which qt_qmp_error words. */
struct json_object *qt_qmp(struct qt *qt, const char *command, const char *json_arguments);
const char *qt_qmp_error(const struct qt *qt);
/* Takes the next event of that name, waiting for it: the whole message, or NULL. */
struct json_object *qt_qmp_event(struct qt *qt, const char *name, int timeout_ms);

/* A PCI function on the root bus, and what it asks for. */
struct qt_bar {
	uint64_t size;		/* 0: there is none */
	uint64_t address;	/* 0: not placed */
	bool io;
	bool wide;		/* 64-bit: takes the next one's register too */
	bool prefetch;
};

struct qt_dev {
	struct qt *qt;
	unsigned int devfn;
	struct qt_bar bar[6];
};

enum {
	QT_PCI_VENDOR = 0x00,
	QT_PCI_DEVICE = 0x02,
	QT_PCI_COMMAND = 0x04,
	QT_PCI_STATUS = 0x06,
	QT_PCI_REVISION = 0x08,
	QT_PCI_CLASS = 0x0a,
	QT_PCI_HEADER = 0x0e,
	QT_PCI_BAR0 = 0x10,
	QT_PCI_SUBVENDOR = 0x2c,
	QT_PCI_SUBDEVICE = 0x2e,
	QT_PCI_CAP_PTR = 0x34,
	QT_PCI_INT_LINE = 0x3c,
	QT_PCI_INT_PIN = 0x3d,

	QT_CMD_IO = 0x1,
	QT_CMD_MEMORY = 0x2,
	QT_CMD_MASTER = 0x4,
	QT_CMD_INTX_OFF = 0x400,

	QT_STATUS_INTX = 0x8,

	QT_CAP_MSI = 0x05,
	QT_CAP_MSIX = 0x11,
};

/* By the ports 0xcf8 and 0xcfc. The bus is the one that devfn's device sits on: 0 but behind bridges. */
uint32_t qt_cfg_read(struct qt_dev *dev, unsigned int offset, unsigned int width);
void qt_cfg_write(struct qt_dev *dev, unsigned int offset, unsigned int width, uint32_t value);

/* By q35's memory-mapped window, which reaches all 4 KiB; mapped on first use. */
uint32_t qt_ecam_read(struct qt_dev *dev, unsigned int offset, unsigned int width);
void qt_ecam_write(struct qt_dev *dev, unsigned int offset, unsigned int width, uint32_t value);

/* Looks at the function; sizes nothing and enables nothing. */
void qt_dev_init(struct qt_dev *dev, struct qt *qt, unsigned int slot, unsigned int function);
/* Sizes a BAR as software does, decoding off and the old value put back. */
void qt_bar_size(struct qt_dev *dev, unsigned int index);
/* Puts a sized BAR where there is room, or at an address of the caller's. */
void qt_bar_place(struct qt_dev *dev, unsigned int index);
void qt_bar_place_at(struct qt_dev *dev, unsigned int index, uint64_t address);
/* All of it: sizes and places every BAR, then sets these COMMAND bits too. */
void qt_dev_enable(struct qt_dev *dev, uint16_t command);

uint64_t qt_bar_read(struct qt_dev *dev, unsigned int index, uint64_t offset, unsigned int width);
void qt_bar_write(struct qt_dev *dev, unsigned int index, uint64_t offset, unsigned int width,
		  uint64_t value);

/* Offset of a capability, or 0; `after` is where to go on from, or 0. */
unsigned int qt_cap_find(struct qt_dev *dev, uint8_t id, unsigned int after);
unsigned int qt_ext_cap_find(struct qt_dev *dev, uint16_t id, unsigned int after);

/*
 * Message interrupts. A message is a dword written to an address: give one in guest RAM and it can
 * be seen there by qt_mem_wait. Bus mastering must be on.
 */
bool qt_msi_set(struct qt_dev *dev, uint64_t address, uint16_t data, unsigned int log2_vectors);
void qt_msi_off(struct qt_dev *dev);

struct qt_msix {
	struct qt_dev *dev;
	unsigned int cap;
	unsigned int vectors;
	unsigned int table_bar;
	unsigned int pba_bar;
	uint64_t table_offset;
	uint64_t pba_offset;
};

/* False where the device has none. */
bool qt_msix_find(struct qt_msix *msix, struct qt_dev *dev);
void qt_msix_set(struct qt_msix *msix, unsigned int vector, uint64_t address, uint32_t data,
		 bool masked);
void qt_msix_mask(struct qt_msix *msix, unsigned int vector, bool masked);
void qt_msix_control(struct qt_msix *msix, bool enabled, bool function_masked);
bool qt_msix_pending(struct qt_msix *msix, unsigned int vector);

#endif
