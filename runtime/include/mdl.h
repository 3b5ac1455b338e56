/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmdl: the run time of devices described in MDL.
 *
 * Two readers.  The device's author calls the functions of part 1 from hooks and from NAME_logic.c.
 * Part 2 are the tables that mdlc writes; part 3 is for programs that embed devices instead of
 * using the main() that comes with the generated file.
 *
 * Functions that can fail return 0 (or a count) on success and a negative errno value on failure.
 * A device and everything in it belong to one thread at a time; different devices may live in
 * different threads.
 *
 * "dev" in part 1 is always the author's own generated structure (struct NAME *): its first member
 * is `struct mdl_dev *mdl`, which the macros at the end of part 1 hand on.
 */
#ifndef MDL_H
#define MDL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MDL_VERSION "0.1.0"

/* Changes whenever the tables of part 2 do: mdl_create() refuses another's with -ENOEXEC. */
#define MDL_ABI 2

struct mdl_dev;   /* one device instance in the run time; opaque */
struct mdl_timer;

/* ------------------------------------------------------------------ 1. for authors */

/* Reset kinds, weakest last.  A register returns to its reset value unless it is sticky for that kind. */
enum mdl_reset_kind {
	MDL_RESET_POWER,  /* process start */
	MDL_RESET_HARD,   /* bus reset: DEVICE_RESET, D3hot -> D0 */
	MDL_RESET_FLR,    /* function level reset (PCIe 6.6.2) */
	MDL_RESET_SOFT,   /* by the author's own mdl_reset() */
	MDL_RESET_KINDS
};

/*
 * Reset the device: registers, interrupt latches, timers, then the `on reset` hooks.
 * kind: MDL_RESET_SOFT from device logic (config space but for your own registers in it, interrupts'
 * wiring and `state` variables stay); the other kinds come from the bus but may be used too.
 */
void mdl_reset(struct mdl_dev *dev, enum mdl_reset_kind kind);

/*
 * Logical interrupts.  irq: the generated NAME_IRQ_x number (+ index for arrays).
 * The run time delivers by MSI-X, MSI or INTx, whichever the driver enabled, keeps levels, and
 * pends what is masked (PCI 6.8.2, 6.8.3.5).
 * raise: level goes high; a message is sent on the change only.  lower: level goes low.
 * pulse: one event, for causes that have no level.
 * A number that the device does not have is logged and ignored.
 */
void mdl_irq_raise(struct mdl_dev *dev, unsigned irq);
void mdl_irq_lower(struct mdl_dev *dev, unsigned irq);
void mdl_irq_pulse(struct mdl_dev *dev, unsigned irq);
/* raise or lower */
void mdl_irq_set(struct mdl_dev *dev, unsigned irq, bool level);
/* The logical level. */
bool mdl_irq_level(const struct mdl_dev *dev, unsigned irq);

/*
 * Guest memory.  Addresses are I/O virtual addresses, as the driver wrote them to the device.
 * Mapped memory is copied directly; other memory travels as messages; a range may span both.
 * Dirty pages are marked.  Bus mastering must be on in COMMAND (PCI 6.2.2).
 * While a message is under way a client may need its own accesses answered first (QEMU does): their
 * hooks then run inside of this call, and DMA of theirs by messages is refused with -EBUSY.  So is
 * this one where such a client waits for something else, as a reset.
 * Errors: -EFAULT: not mapped (nothing was transferred beyond the first bad byte); -EACCES: mapping
 * does not allow it; -EPERM: bus mastering or power is off; -EIO: the client's memory failed; -ENOTCONN:
 * no client; -EOVERFLOW: iova + len wraps; -EBUSY: a migration has stopped the device.
 */
int mdl_dma_read(struct mdl_dev *dev, uint64_t iova, void *buf, size_t len);
int mdl_dma_write(struct mdl_dev *dev, uint64_t iova, const void *buf, size_t len);

/* The same, but always as messages, also where the memory is mapped here: for testing clients. */
int mdl_dma_message_read(struct mdl_dev *dev, uint64_t iova, void *buf, size_t len);
int mdl_dma_message_write(struct mdl_dev *dev, uint64_t iova, const void *buf, size_t len);
/*
 * on: DMA goes through whatever COMMAND says, for clients that are no PCI drivers and never turn bus
 * mastering on.  Lasts until it is called again.
 */
void mdl_dma_always(struct mdl_dev *dev, bool on);

#define MDL_DMA_READ  1u  /* the device reads guest memory */
#define MDL_DMA_WRITE 2u  /* the device writes guest memory */

/*
 * Zero copy: direct pointers to guest memory.  flags: MDL_DMA_READ and/or MDL_DMA_WRITE.
 * Fills iov[0 .. max-1] and returns how many were used; a range that spans several regions takes
 * several.  -EREMOTE: some of it is not mapped into this process (use read/write), -ENOBUFS: max
 * is too small; else as above.
 * The pointers stay valid until mdl_dma_unmap(), also when the client unmaps the region in between
 * (the dma_unmap hook tells); the guest's memory is then gone but the pointers are not.
 */
int mdl_dma_map(struct mdl_dev *dev, uint64_t iova, size_t len, unsigned flags, struct iovec *iov,
		int max);
/* Ends a mapping: marks what could be written dirty.  n: as mdl_dma_map() returned. */
void mdl_dma_unmap(struct mdl_dev *dev, const struct iovec *iov, int n);

/*
 * Timers: members of the device's structure, declared by `timer`.  Times are in nanoseconds.
 * Starting a running timer moves it.  A timer fires once, on the device's loop; its remaining time
 * migrates (or, declared `realtime`, its absolute time).  Cancel and pending are idempotent.
 */
void mdl_timer_start(struct mdl_timer *timer, uint64_t delay_ns);
/* deadline_ns: on the timer's own clock (mdl_now_ns(), or mdl_realtime_ns() if `realtime`). */
void mdl_timer_start_at(struct mdl_timer *timer, uint64_t deadline_ns);
/* First after period_ns, then every period_ns (at least 1), without drift. */
void mdl_timer_start_periodic(struct mdl_timer *timer, uint64_t period_ns);
void mdl_timer_cancel(struct mdl_timer *timer);
bool mdl_timer_pending(const struct mdl_timer *timer);
/* Nanoseconds left; 0 if it is not running. */
uint64_t mdl_timer_remaining(const struct mdl_timer *timer);

/*
 * The device's clock: monotonic, in nanoseconds, starts at 0 with the device and goes on where it
 * was after a migration.
 */
uint64_t mdl_now_ns(const struct mdl_dev *dev);
/* Wall clock: nanoseconds since the Epoch. */
uint64_t mdl_realtime_ns(void);

/*
 * The author's own descriptors on the device's loop.  events: EPOLLIN, EPOLLOUT, …  The callback
 * gets the author's structure.  One watch per fd: -EEXIST.  The fd stays the author's: unwatch
 * before closing it.  -ENOENT: not watched.
 */
typedef void mdl_fd_callback(void *dev, int fd, uint32_t events, void *arg);
int mdl_watch_fd(struct mdl_dev *dev, int fd, uint32_t events, mdl_fd_callback *callback, void *arg);
int mdl_unwatch_fd(struct mdl_dev *dev, int fd);

/* In after_load: refuse the stream; the device stays as it was, the reason is logged. */
void mdl_load_fail(struct mdl_dev *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum mdl_log_level { MDL_LOG_ERROR, MDL_LOG_WARN, MDL_LOG_INFO, MDL_LOG_DEBUG };
/* One line to stderr (or where mdl_options.log says); shown up to the level chosen by -v. */
void mdl_log(struct mdl_dev *dev, enum mdl_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * An `intr` block's causes; the generated NAME_intr_set_X() and friends call these.
 * at: linear element for a block in arrays, 0 for another; one that the block does not have is
 * logged and ignored.  bits: the cause's bit in the status register.
 * set: an event; latches an edge cause, drives a level cause high.  clear: drops the latch, drives
 * a level cause low.  input: drives the cause's input line; edges are detected as declared.
 */
struct mdl_intr;
void mdl_intr_set(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at, uint64_t bits);
void mdl_intr_clear(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at, uint64_t bits);
void mdl_intr_input(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at, uint64_t bits,
		    bool level);
/*
 * A register of the block from the hardware's side, as NAME_set_REGISTER() does: `bits` of it become
 * those of `value`, and causes and lines follow.  In the status register they are the latches of
 * edge causes and the inputs of level causes.
 */
enum mdl_intr_role { MDL_INTR_NONE, MDL_INTR_STATUS, MDL_INTR_ENABLE, MDL_INTR_MASK, MDL_INTR_TEST };
void mdl_intr_store(struct mdl_dev *dev, const struct mdl_intr *intr, unsigned at,
		    enum mdl_intr_role role, uint64_t bits, uint64_t value);

#ifndef MDL_NO_AUTHOR_MACROS
#define mdl_reset(dev, kind)                   mdl_reset((dev)->mdl, kind)
#define mdl_irq_raise(dev, irq)                mdl_irq_raise((dev)->mdl, irq)
#define mdl_irq_lower(dev, irq)                mdl_irq_lower((dev)->mdl, irq)
#define mdl_irq_pulse(dev, irq)                mdl_irq_pulse((dev)->mdl, irq)
#define mdl_irq_set(dev, irq, level)           mdl_irq_set((dev)->mdl, irq, level)
#define mdl_irq_level(dev, irq)                mdl_irq_level((dev)->mdl, irq)
#define mdl_dma_read(dev, iova, buf, len)      mdl_dma_read((dev)->mdl, iova, buf, len)
#define mdl_dma_write(dev, iova, buf, len)     mdl_dma_write((dev)->mdl, iova, buf, len)
#define mdl_dma_message_read(dev, iova, buf, len) mdl_dma_message_read((dev)->mdl, iova, buf, len)
#define mdl_dma_message_write(dev, iova, buf, len) mdl_dma_message_write((dev)->mdl, iova, buf, len)
#define mdl_dma_always(dev, on)                mdl_dma_always((dev)->mdl, on)
#define mdl_dma_map(dev, iova, len, fl, v, n)  mdl_dma_map((dev)->mdl, iova, len, fl, v, n)
#define mdl_dma_unmap(dev, iov, n)             mdl_dma_unmap((dev)->mdl, iov, n)
#define mdl_now_ns(dev)                        mdl_now_ns((dev)->mdl)
#define mdl_watch_fd(dev, fd, ev, fn, arg)     mdl_watch_fd((dev)->mdl, fd, ev, fn, arg)
#define mdl_unwatch_fd(dev, fd)                mdl_unwatch_fd((dev)->mdl, fd)
#define mdl_load_fail(dev, ...)                mdl_load_fail((dev)->mdl, __VA_ARGS__)
#define mdl_log(dev, level, ...)               mdl_log((dev)->mdl, level, __VA_ARGS__)
#define mdl_intr_set(dev, intr, at, bits)      mdl_intr_set((dev)->mdl, intr, at, bits)
#define mdl_intr_clear(dev, intr, at, bits)    mdl_intr_clear((dev)->mdl, intr, at, bits)
#define mdl_intr_input(dev, intr, at, bits, l) mdl_intr_input((dev)->mdl, intr, at, bits, l)
#define mdl_intr_store(dev, intr, at, r, b, v) mdl_intr_store((dev)->mdl, intr, at, r, b, v)
#endif

/* A `timer` of the device; its members are the run time's. */
struct mdl_timer {
	struct mdl_dev *dev;
	const struct mdl_timer_desc *desc;
	uint64_t deadline_ns;  /* on the timer's clock */
	uint64_t period_ns;    /* 0: fires once */
	uint32_t at;           /* index in an array of timers */
	uint32_t heap_slot;    /* 1-based place in the loop's heap; 0: not running */
};

/* ------------------------------------------------- 2. tables that mdlc generates */

/* One dimension of an array, outermost first: how many, and how far apart in bytes. */
struct mdl_dim {
	uint32_t count;
	uint32_t stride;
};

/* A name for a value: enumerators, for traces and for parameters. */
struct mdl_value {
	const char *name;
	uint64_t value;
};

/*
 * Hooks of a register or field.  dev: the author's structure; at: one index per dimension.
 * Values are those of the register or field itself (a field's are shifted down).
 */
struct mdl_reg_hooks {
	uint64_t (*check_write)(void *dev, const uint32_t *at, uint64_t value, uint64_t old);
	void (*on_write)(void *dev, const uint32_t *at, uint64_t value, uint64_t old);
	void (*on_change)(void *dev, const uint32_t *at, uint64_t value, uint64_t old);
	uint64_t (*on_read)(void *dev, const uint32_t *at, uint64_t value);
	void (*on_reset)(void *dev, const uint32_t *at, enum mdl_reset_kind kind);
};

/* A field: for names in traces, and for hooks. */
struct mdl_field {
	const char *name;
	uint8_t lsb;
	uint8_t width;                     /* bits */
	bool pulse;                        /* singlepulse: hooks see the written value */
	const struct mdl_value *values;    /* enumerators, or NULL */
	uint32_t nvalues;
	const struct mdl_reg_hooks *hooks; /* or NULL */
};

/*
 * Masks for what is not a plain read or write (SystemRDL 9.5: onread, onwrite).  A bit stands in at most
 * one of the on-write masks and in at most one of the on-read masks.
 */
struct mdl_effects {
	uint64_t woclr, woset, wot;  /* write one: clears, sets, toggles */
	uint64_t wzc, wzs, wzt;      /* write zero: clears, sets, toggles */
	uint64_t wclr, wset;         /* any write clears, sets (that touches the bit's byte) */
	uint64_t rclr, rset;         /* reading clears, sets (after the value was taken) */
	uint64_t once;               /* w1, rw1: the first write since reset counts, later ones not */
	uint64_t pulse;              /* singlepulse: reads back as 0 after the hooks ran */
	uint32_t once_store;         /* offsetof: which `once` bits were written; register-sized elements */
};

/* swwe: the bits of `mask` can be written only while all of `key_bits` of another register are 1; swwel: 0. */
struct mdl_lock {
	uint64_t mask;
	bool low;             /* swwel */
	const struct mdl_reg *key;
	uint64_t key_bits;
	uint8_t shared_dims;  /* how many leading indices the two registers share */
};

#define MDL_REG_VOLATILE 0x1u  /* value may change by itself */
#define MDL_REG_ALIAS    0x2u  /* shares another register's storage: not reset, not saved by itself */
#define MDL_REG_DOORBELL 0x4u  /* no storage: `store` is unused, writes only call on_write */
#define MDL_REG_BE       0x8u  /* big-endian on the bus */

enum mdl_doorbell_mode { MDL_DOORBELL_MESSAGE, MDL_DOORBELL_IOEVENTFD, MDL_DOORBELL_MMAP };

struct mdl_doorbell {
	enum mdl_doorbell_mode mode;
	uint64_t poll_ns;  /* MMAP: how often the shared page is looked at; 0: the run time's default */
};

/*
 * A register or an array of them.  The storage is an array of uint8/16/32/64_t (by width) of
 * `count` elements in the device's structure; element index is row-major over dims.
 */
struct mdl_reg {
	const char *name;       /* path: "PORT.LANE.CTL"; persistent, migration streams hold it */
	const char *pattern;    /* "PORT[].LANE[].CTL": where traces put indices; NULL: behind the name */
	uint32_t store;         /* offsetof the storage in the author's structure */
	uint64_t offset;        /* bytes into the BAR or config space, of the first element */
	uint64_t readable;      /* bits that can be read; others read as 0 */
	uint64_t writable;      /* bits that a write stores as given */
	uint32_t count;         /* elements: product of the dims' counts; 1 for a plain register */
	uint8_t width;          /* bytes: 1, 2, 4, 8 */
	uint8_t ndims;
	uint8_t flags;          /* MDL_REG_… */
	uint8_t intr_role;      /* enum mdl_intr_role */
	uint8_t access_min;     /* bytes that one access may have, where the BAR allows more; */
	uint8_t access_max;     /* 0: what the BAR allows */
	uint32_t since;         /* the version that has it first; 0: all */
	const struct mdl_dim *dims;
	const struct mdl_effects *effects;  /* or NULL: none */
	const struct mdl_lock *locks;       /* or NULL */
	uint32_t nlocks;
	uint32_t nfields;
	const struct mdl_field *fields;
	const struct mdl_reg_hooks *hooks;  /* the register's own; or NULL */
	bool field_hooks;                   /* some field has hooks */
	bool has_read_hook;                 /* the register's or some field's */
	const struct mdl_reg *alias_of;     /* with MDL_REG_ALIAS: whose on_change hooks run, too; or NULL */
	const struct mdl_intr *intr;        /* with intr_role */
	const struct mdl_doorbell *doorbell;/* with MDL_REG_DOORBELL */
	/* On a reset of kind k: value = (value & ~reset_mask[k]) | (reset[k] & reset_mask[k]). */
	uint64_t reset[MDL_RESET_KINDS];
	uint64_t reset_mask[MDL_RESET_KINDS];
};

/* Causes of an `intr` block. */
enum mdl_intr_kind { MDL_INTR_LEVEL, MDL_INTR_POSEDGE, MDL_INTR_NEGEDGE, MDL_INTR_BOTHEDGE };

struct mdl_intr_cause {
	const char *name;
	uint64_t bits;           /* in the status register */
	uint8_t kind;            /* enum mdl_intr_kind */
	int32_t irq;             /* logical interrupt of element 0, or -1: none */
	uint32_t irq_step;       /* added per element */
};

struct mdl_intr {
	const char *name;
	const struct mdl_reg *status;
	const struct mdl_reg *enable;  /* or NULL: all enabled */
	const struct mdl_reg *mask;    /* or NULL; 1 = masked */
	const struct mdl_reg *test;    /* or NULL */
	uint32_t input_store;          /* offsetof: input levels; elements like the status register's */
	uint32_t latch_store;          /* offsetof: edge latches and test levels, the same shape */
	uint32_t ncauses;
	const struct mdl_intr_cause *causes;
};

/* Memory in a BAR.  The run time allocates it; `store` is a uint8_t *[count] in the structure. */
struct mdl_ram {
	const char *name;
	const char *pattern;     /* as a register's */
	uint64_t offset;
	uint64_t size;
	uint32_t store;
	uint32_t count;
	uint8_t ndims;
	bool mmap;               /* the client may map it */
	bool transient;          /* not migrated */
	uint32_t since;          /* as of a register */
	const struct mdl_dim *dims;
};

enum mdl_bar_type { MDL_BAR_NONE, MDL_BAR_IO, MDL_BAR_MEM32, MDL_BAR_MEM64 };

struct mdl_bar {
	uint8_t index;           /* 0-5 */
	uint8_t type;            /* enum mdl_bar_type */
	bool prefetchable;
	uint8_t access_min;      /* bytes: 1, 2, 4, 8 */
	uint8_t access_max;
	uint64_t size;           /* power of two */
	uint32_t nregs;
	uint32_t nrams;
	const struct mdl_reg *regs;
	const struct mdl_ram *rams;
};

/* One `irq` declaration: logical numbers first … first + count - 1 use vectors vector …. */
struct mdl_irq_desc {
	const char *name;
	uint32_t first;
	uint32_t count;
	uint32_t vector;
};

struct mdl_timer_desc {
	const char *name;
	uint32_t store;          /* offsetof: struct mdl_timer[count] */
	uint32_t count;
	bool realtime;           /* the absolute time migrates, not the remaining one */
	bool transient;
	uint32_t since;          /* as of a register */
	void (*on_expire)(void *dev, const uint32_t *at);
};

enum mdl_param_type {
	MDL_PARAM_UINT, MDL_PARAM_INT, MDL_PARAM_BOOL, MDL_PARAM_STRING, MDL_PARAM_PATH,
	MDL_PARAM_ENUM
};

/* A command-line option --name=VALUE.  Strings are const char * that live as long as the device. */
struct mdl_param {
	const char *name;        /* with '-' for '_' */
	const char *doc;         /* or NULL */
	uint32_t store;
	uint8_t type;            /* enum mdl_param_type */
	uint8_t size;            /* bytes, of integers and enums */
	uint64_t value;          /* default, of integers (two's complement), bool, enum */
	const char *text;        /* default, of strings and paths; or NULL */
	const struct mdl_value *values;
	uint32_t nvalues;
};

/* One member of a `layout`, nested ones flattened; only needed to swap bytes. */
struct mdl_member {
	uint32_t offset;
	uint32_t size;           /* bytes of one element */
	uint32_t count;
};

struct mdl_layout {
	const char *name;
	uint32_t size;
	bool big_endian;
	uint32_t nmembers;
	const struct mdl_member *members;
};

/*
 * Structures in guest memory, host order on our side; NAME_read() and NAME_write() call these.
 * Errors as mdl_dma_read().
 */
int mdl_layout_read(struct mdl_dev *dev, uint64_t iova, void *object, const struct mdl_layout *layout);
int mdl_layout_write(struct mdl_dev *dev, uint64_t iova, const void *object,
		     const struct mdl_layout *layout);
#ifndef MDL_NO_AUTHOR_MACROS
#define mdl_layout_read(dev, iova, obj, l)  mdl_layout_read((dev)->mdl, iova, obj, l)
#define mdl_layout_write(dev, iova, obj, l) mdl_layout_write((dev)->mdl, iova, obj, l)
#endif

enum mdl_var_type { MDL_VAR_UINT, MDL_VAR_INT, MDL_VAR_BOOL, MDL_VAR_LAYOUT };

#define MDL_NO_LENGTH UINT32_MAX

/* A migrated `state` variable.  Registers, timers, RAM and interrupts are saved from their tables. */
struct mdl_var {
	const char *name;
	uint32_t store;
	uint32_t length_store;   /* offsetof the uint32_t length of `x[<= n]`; or MDL_NO_LENGTH */
	uint32_t count;          /* elements, at most */
	uint16_t size;           /* bytes of one element */
	uint8_t type;            /* enum mdl_var_type */
	int16_t section;         /* index into sections, or -1 */
	uint32_t since;          /* versions of the device that have it; since 1 … */
	uint32_t until;          /* … UINT32_MAX: still */
	uint64_t value;          /* default (two's complement) when a stream lacks it, and at power-on */
	const struct mdl_layout *layout;
};

struct mdl_section {
	const char *name;
	bool (*when)(const void *dev);  /* NULL: always */
};

/* A capability at the place that mdlc chose.  Contents are the run time's but for vendor ones. */
struct mdl_cap {
	uint16_t id;             /* PCI capability id, or extended capability id */
	uint16_t offset;         /* in config space */
	uint16_t size;           /* bytes, header included */
	const uint8_t *data;     /* vendor capability: bytes after id, next and length */
	uint16_t data_size;
};

struct mdl_pci {
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint32_t class_code;     /* 24 bits: class, subclass, programming interface */
	uint8_t revision;
	uint8_t intx;            /* 0: none, 1-4: INTA-INTD */
	uint8_t msi_vectors;     /* 0: no MSI */
	bool pm;
	bool express;            /* PCI Express endpoint: 4096 bytes of config space */
	bool flr;
	uint16_t msix_vectors;   /* 0: no MSI-X */
	uint8_t msix_table_bar, msix_pba_bar;
	uint32_t msix_table_offset, msix_pba_offset;
	bool has_dsn;
	uint64_t dsn;            /* device serial number (PCIe 7.9.3) */
	uint64_t rom_size;       /* 0: none; else a power of two, at least 2 KiB */
	const char *rom_file;    /* read at start; or NULL: zeros */
	uint32_t ncaps;          /* in chain order, by offset */
	const struct mdl_cap *caps;
	uint32_t nextcaps;
	const struct mdl_cap *extcaps;
	uint32_t nregs;          /* device-specific config space registers */
	const struct mdl_reg *regs;
};

struct mdl_device_hooks {
	void (*on_reset)(void *dev, enum mdl_reset_kind kind);
	void (*before_save)(void *dev);
	void (*after_load)(void *dev);
	void (*dma_map)(void *dev, uint64_t iova, uint64_t size);
	void (*dma_unmap)(void *dev, uint64_t iova, uint64_t size);
	void (*connect)(void *dev);
	void (*disconnect)(void *dev);
};

/* A device, whole: NAME_device in the generated file. */
struct mdl_device {
	uint32_t abi;            /* MDL_ABI */
	uint32_t version;
	const char *name;
	const char *doc;         /* or NULL */
	uint64_t schema;         /* hash of the migrated schema */
	uint32_t size;           /* sizeof the author's structure */
	uint32_t nbars, nirqs, nintrs, ntimers, nparams, nvars, nsections;
	const struct mdl_pci *pci;
	const struct mdl_bar *bars;
	const struct mdl_irq_desc *irqs;
	const struct mdl_intr *const *intrs;
	const struct mdl_timer_desc *timers;
	const struct mdl_param *params;
	const struct mdl_var *vars;
	const struct mdl_section *sections;
	const struct mdl_device_hooks *hooks;  /* or NULL */
	void (*init)(void *dev); /* first values of what does not migrate; or NULL */
};

/* ------------------------------------------------------- 3. for programs that embed */

/* The main() of a generated program: `NAME [options] SOCKET`.  Returns the exit status. */
int mdl_main(const struct mdl_device *device, int argc, char **argv);

/* All zero is a good default. */
struct mdl_options {
	enum mdl_log_level log_level;
	void (*log)(void *arg, enum mdl_log_level level, const char *line);  /* NULL: stderr */
	void *log_arg;
	bool trace;              /* a line per access, change and event, by name, at MDL_LOG_INFO; see docs/ */
	const char *trace_file;  /* or NULL; see docs/ */
	uint64_t spin_ns;        /* busy-poll at most this long before blocking */
	uint32_t max_dma_regions;/* 0: 65535 */
	uint32_t max_queued;     /* requests queued while waiting for DMA; 0: 1024 */
	uint32_t max_transfer;   /* bytes of data a message may carry; 0: 1 MiB */
	uint32_t stream_version; /* write streams as this version of the device did; 0: its own */
};

/*
 * Make a device in power-on state.  device: must outlive it.  options: may be NULL.
 * -ENOEXEC: tables of another ABI; -EINVAL: tables or options that contradict themselves (logged); -ENOMEM.
 */
int mdl_create(struct mdl_dev **dev, const struct mdl_device *device, const struct mdl_options *options);
/* Disconnects the client, removes the socket, frees all.  NULL is fine. */
void mdl_destroy(struct mdl_dev *dev);
/* The author's structure of a device; it lives as long as the device. */
void *mdl_instance(struct mdl_dev *dev);
/*
 * Set a parameter by name, before mdl_start().  -ENOENT: no such one; -EINVAL, -ERANGE: bad value
 * (logged with what is allowed); -EBUSY: started.
 */
int mdl_param_set(struct mdl_dev *dev, const char *name, const char *value);
/*
 * Power-on reset with the parameters as they are now; once, later calls do nothing.  Implied by all
 * that serves, saves or restores.
 */
int mdl_start(struct mdl_dev *dev);
/*
 * The device's whole state to a file, which appears when it is complete, and back.  The device goes on
 * as it was after a save, and after a file that was refused (-EINVAL; all errors are logged with
 * the reason).  The file is a migration stream: docs/migration-stream.md.  Both imply mdl_start().
 */
int mdl_save(struct mdl_dev *dev, const char *path);
int mdl_restore(struct mdl_dev *dev, const char *path);
/*
 * Serve clients, one after the other, on a Unix socket of mode 0600.  A stale socket file is
 * replaced; -EADDRINUSE: a live one or something else is there (logged); -ENAMETOOLONG, -ENOENT: no
 * path for a socket; -EBUSY: the device is served already.
 */
int mdl_listen(struct mdl_dev *dev, const char *path);
/*
 * Live upgrade.  control: let another process take the device over, who asks on this Unix socket
 * (mode 0600); call it before mdl_listen().  takeover: instead of mdl_listen() and mdl_control(),
 * become the device that runs in the process whose control socket this is, with its client, state
 * and sockets; that process's mdl_run() returns 0 then.  After an error it goes on as before, and
 * this device can only be destroyed.  A running process of a newer version writes its state as this one's
 * version did, as with stream_version.  Errors: as mdl_listen(); takeover: also -ECONNREFUSED (the
 * reason is logged), -EAGAIN: during 5 seconds the device could not be given away, and those of
 * connect(), as -ENOENT.
 */
int mdl_control(struct mdl_dev *dev, const char *path);
int mdl_takeover(struct mdl_dev *dev, const char *path);
/*
 * Serve one client on a connected socket, which becomes the device's, or is closed on error.
 * -EISCONN: there is a client.
 */
int mdl_attach(struct mdl_dev *dev, int fd);
/*
 * Serve until mdl_stop() (0) or, with mdl_attach(), until the client leaves (0).  -ENOTCONN: there is
 * nobody to serve, neither a socket nor a client.
 */
int mdl_run(struct mdl_dev *dev);
/*
 * Serve what is there now and return: how many messages and events, or an error.  Never waits for
 * something to come; a hook that does DMA by messages does wait for its client (5 s at most).
 * -ENOTCONN: the client of mdl_attach() has left.
 */
int mdl_poll(struct mdl_dev *dev);
/* Readable when mdl_poll() has something to do: for another event loop.  Stays the device's. */
int mdl_fd(const struct mdl_dev *dev);
/* Make mdl_run() return; callable from signal handlers and other threads. */
void mdl_stop(struct mdl_dev *dev);

#ifdef __cplusplus
}
#endif

#endif
