/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the run time know of each other.  One file per concern; calls go one way:
 * server -> socket -> protocol -> (region | irq | dma | migration) -> device (registers, hooks).
 * Everything returns 0 (or a count) or -errno.
 */
#ifndef MDL_PRIVATE_H
#define MDL_PRIVATE_H

#ifndef MDL_NO_AUTHOR_MACROS
#define MDL_NO_AUTHOR_MACROS
#endif
#include "mdl.h"

#include <sys/types.h>

#include "vfio_user.h"

/* What log_limited() may still print in the current second. */
struct log_budget {
	uint64_t second;
	unsigned lines;
	unsigned long dropped;
};

/* ---- the device instance; each concern owns the structure behind its pointer */
struct mdl_dev {
	const struct mdl_device *desc;
	void *instance;          /* the author's structure */
	struct mdl_options opt;
	bool tracing;            /* one test on the access path */
	bool started;
	bool resetting;          /* inside device_reset(): a reset from a reset hook is ignored */
	struct log_budget client_log[MDL_LOG_DEBUG + 1]; /* log.c: by level */
	char **param_texts;      /* param.c: strings that parameters point to, one per parameter */
	struct server *server;   /* server.c: the listening socket, or NULL */
	struct loop *loop;       /* loop.c: epoll, timers, watched fds */
	struct request *serving; /* protocol.c: the request whose handler runs, or NULL */
	struct conn *conn;       /* socket.c: the connection; never NULL, may be closed */
	struct regions *regions; /* region.c: BARs, decode tables, RAM windows */
	struct config *config;   /* config.c: config space image and masks */
	struct irqs *irqs;       /* irq.c */
	struct dma *dma;         /* dma.c */
	struct migration *migration; /* migration.c */
	struct trace *trace;     /* trace.c; NULL while off */
	struct io_fds *io_fds;   /* ioeventfd.c; NULL: no such doorbells */
	struct control *control; /* control.c; NULL: no other process can take over */
	bool handed_over;        /* another process is the device now */
	struct doorbell_pages *doorbell_pages; /* doorbell_page.c; NULL: no such doorbells */
};

/* ---- protocol.c: one validated request -> one handler -> one reply point */
struct request {
	uint16_t id;
	uint16_t command;
	bool no_reply;
	const uint8_t *data;     /* payload, after the header; not aligned */
	size_t size;             /* its bytes; at least what the command table demands */
	int *fds;                /* descriptors that came with it; request_take_fd() to keep one */
	unsigned nfds;
};

/* 4 KiB of reply are built in place; data beyond is sent from where it lies. */
#define REPLY_SPACE 4096
#define REPLY_FDS 16

struct reply {
	uint8_t *data;           /* payload is built here, REPLY_SPACE bytes */
	size_t size;             /* bytes of it used */
	const uint8_t *tail;     /* more payload, sent as it lies (valid until the reply is queued) */
	size_t tail_size;
	int fds[REPLY_FDS];      /* sent, and stay the owner's */
	unsigned nfds;
	bool close_fds;          /* ... or are closed once the reply is queued */
};

/* Every command's handler has this form. */
typedef int handler(struct mdl_dev *dev, struct request *req, struct reply *reply);

/* The i-th descriptor becomes the caller's; -1 if there is none. */
int request_take_fd(struct request *req, unsigned i);
/* Serve one complete message (header included).  Returns 0, or -errno if the connection must end. */
int protocol_message(struct mdl_dev *dev, const uint8_t *message, size_t size, int *fds, unsigned nfds);

/*
 * Answer the write that is being served before its handler has returned: for a client that serves
 * nothing of ours before it has that answer.
 */
void protocol_answer_write(struct mdl_dev *dev);

handler version_handle;                                   /* version.c */
handler device_get_info, device_reset_handle;             /* device.c */
handler region_get_info, region_read_handle, region_write_handle, region_write_multi_handle,
	region_io_fds_handle;                             /* region_vfio.c, ioeventfd.c */
handler irq_get_info, irq_set_handle;                     /* irq_vfio.c */
handler dma_map_handle, dma_unmap_handle;                 /* dma.c */
handler feature_handle, mig_data_read_handle, mig_data_write_handle; /* feature.c, migration.c */

/* ---- socket.c: connection, receive buffer, queued replies */
int conn_create(struct mdl_dev *dev);
void conn_destroy(struct mdl_dev *dev);
bool conn_connected(const struct mdl_dev *dev);
/* Agreed by VERSION (version.c sets them). */
struct conn_limits {
	uint32_t max_data;       /* client's max_data_xfer_size */
	uint32_t max_fds;        /* client's max_msg_fds */
	uint64_t pgsizes;
	uint16_t minor;          /* as the client proposed it: dma_message.c guesses by it */
	bool write_multiple;
	bool negotiated;         /* VERSION was answered: other commands may follow */
	int twin_fd;             /* our end of the twin socket, or -1: commands to the client go there */
};
struct conn_limits *conn_limits(struct mdl_dev *dev);
/*
 * Send a command to the client and wait for its reply; requests that arrive meanwhile are queued
 * and served later, in order.  head, body: payload in two pieces.  reply: at most reply_max bytes of the reply's payload;
 * returns its size, or -errno (the client's own errno if it replied with an error).  Never blocks for ever: see
 * call.c on time limits.
 */
ssize_t conn_call(struct mdl_dev *dev, uint16_t command, const void *head, size_t head_size,
		  const void *body, size_t body_size, void *reply, size_t reply_max);
/* Has something to serve already (queued or buffered)? */
bool conn_has_work(const struct mdl_dev *dev);

/* ---- device.c: mdl_create and friends; reset */
/* Called by socket.c when a client has come (before VERSION) and after it has gone. */
void device_client_came(struct mdl_dev *dev);
void device_client_gone(struct mdl_dev *dev);
/* Reset of registers, config (unless SOFT), interrupts, timers; then hooks. */
void device_reset(struct mdl_dev *dev, enum mdl_reset_kind kind);

/* ---- loop.c, timer.c */
int loop_create(struct mdl_dev *dev);
void loop_destroy(struct mdl_dev *dev);
typedef void loop_callback(struct mdl_dev *dev, int fd, uint32_t events, void *arg);
/* The run time's own descriptors (the author's go through mdl_watch_fd). */
int loop_add(struct mdl_dev *dev, int fd, uint32_t events, loop_callback *callback, void *arg);
int loop_change(struct mdl_dev *dev, int fd, uint32_t events);
int loop_remove(struct mdl_dev *dev, int fd);
/*
 * What an eventfd has counted; false: nothing.  Its flags are also the client's, who may have emptied
 * it and made it one that waits: this never does.
 */
bool eventfd_take(int fd, uint64_t *count);
/* A timer of the run time's own (e.g. doorbell pages), not migrated, not the author's. */
struct loop_timer {
	uint64_t deadline_ns;
	uint32_t heap_slot;
	void (*expire)(struct mdl_dev *dev, struct loop_timer *timer);
};
void loop_timer_start(struct mdl_dev *dev, struct loop_timer *timer, uint64_t delay_ns);
void loop_timer_cancel(struct mdl_dev *dev, struct loop_timer *timer);
/* Device clock and author timers: frozen while the device is not RUNNING; saved and loaded. */
void timers_init(struct mdl_dev *dev);                    /* fills the author's struct mdl_timer members */
void timers_reset(struct mdl_dev *dev);
void timers_pause(struct mdl_dev *dev);
void timers_resume(struct mdl_dev *dev);
void clock_set(struct mdl_dev *dev, uint64_t now_ns);     /* after a load */
/* Arm or disarm one author timer with exact values, as a load does. deadline_ns 0: not running */
void timer_restore(struct mdl_timer *timer, uint64_t deadline_ns, uint64_t period_ns);

/* ---- reg.c: register semantics, on any register table */
/* value of one element: storage only, no hooks (the side-effect-free look) */
uint64_t reg_peek(const struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element);
void reg_poke(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value);
/* A client's read: hooks and read effects; enabled: which bytes (mask of whole bytes as bits). */
uint64_t reg_read(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t enabled);
/* A client's write: locks, effects, hooks. value is in register position. */
void reg_write(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value,
	       uint64_t enabled);
/* What a write makes of a value, by masks and effects alone. */
uint64_t reg_apply(const struct mdl_reg *reg, uint64_t old, uint64_t data, uint64_t enabled);
/* reg_reset.c */
void regs_reset(struct mdl_dev *dev, enum mdl_reset_kind kind);       /* all tables of the device; values only */
void regs_reset_hooks(struct mdl_dev *dev, enum mdl_reset_kind kind);

/* Dimensions that an array may have; create functions refuse more. */
#define MDL_MAX_DIMS 8
/* Indices of a linear element, outermost first. (reg.c) */
void dims_split(const struct mdl_dim *dims, unsigned ndims, uint32_t element, uint32_t *at);

/* ---- names.c */
/* "PORT[1].LANE[0].CTL" into buf; always terminated. */
#define NAME_SIZE 256
void reg_name(const struct mdl_reg *reg, uint32_t element, char *buf, size_t size);
void ram_name(const struct mdl_ram *ram, uint32_t element, char *buf, size_t size);

/* ---- decode.c: offset -> register, in constant time */
struct decode;
struct decode_hit {
	const struct mdl_reg *reg;   /* NULL: hole */
	uint32_t element;
	uint8_t byte;                /* which byte of the register this offset is */
};
/* Tables for regs within [0, size); -EINVAL if registers overlap or lie outside. */
int decode_create(struct decode **decode, const struct mdl_reg *regs, uint32_t nregs, uint64_t size);
void decode_destroy(struct decode *decode);
/* Of a read-only and a write-only register at the same place, is_write says which is meant. */
struct decode_hit decode_find(const struct decode *decode, uint64_t offset, bool is_write);
/* Is there any register in [offset, offset + size)? */
bool decode_any(const struct decode *decode, uint64_t offset, uint64_t size);

/* ---- region.c: BARs; the access rules of LANGUAGE ("Access") */
int regions_create(struct mdl_dev *dev);
void regions_destroy(struct mdl_dev *dev);
/* A new client comes: it gets memory that no former one has mapped. */
void regions_client_comes(struct mdl_dev *dev);
int region_access(struct mdl_dev *dev, uint32_t region, uint64_t offset, uint8_t *data, size_t size,
		  bool is_write);
/* n bytes of one register, from the hit's byte on, as they lie on the bus. */
void reg_access_bytes(struct mdl_dev *dev, const struct decode_hit *hit, uint8_t *data, unsigned n,
		      bool is_write);
/* RAM windows, for migration: the i-th of all (BAR order); NULL past the end. */
struct ram_window {
	const struct mdl_ram *ram;
	uint32_t element;
	uint8_t bar;
	uint8_t *memory;
	uint64_t size;
	int fd;                      /* memfd if mmappable, else -1 */
};
struct ram_window *region_ram(struct mdl_dev *dev, uint32_t i);

/* ---- ioeventfd.c, doorbell_page.c: doorbells that ring without a message */
int doorbells_create(struct mdl_dev *dev);                /* after the regions */
void doorbells_destroy(struct mdl_dev *dev);
void doorbells_client_gone(struct mdl_dev *dev);
/* The device stops: what has rung is heard, then nothing.  And goes on. */
void doorbells_pause(struct mdl_dev *dev);
void doorbells_resume(struct mdl_dev *dev);
/* What stands in a shared page, as it lies on the bus; for migration.  False: not a shared one. */
bool doorbell_page_get(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		       uint8_t *bytes);
void doorbell_page_put(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		       const uint8_t *bytes);

/* ---- config.c, caps.c: config space */
int config_create(struct mdl_dev *dev);
void config_destroy(struct mdl_dev *dev);
uint32_t config_size(const struct mdl_dev *dev);          /* 256 or 4096 */
int config_access(struct mdl_dev *dev, uint64_t offset, uint8_t *data, size_t size, bool is_write);
void config_reset(struct mdl_dev *dev, enum mdl_reset_kind kind); /* irqs_reset() or irqs_update() follows */
uint8_t *config_image(struct mdl_dev *dev);               /* for save and load */
/* Judge a loaded image against our masks, then take it; all or nothing. */
int config_load(struct mdl_dev *dev, const uint8_t *image, size_t size);
bool config_bus_master(const struct mdl_dev *dev);
bool config_intx_disabled(const struct mdl_dev *dev);
void config_set_interrupt_status(struct mdl_dev *dev, bool pending); /* STATUS bit 3 */
bool config_powered(const struct mdl_dev *dev);           /* D0 */
/* MSI and MSI-X control as the driver set them. */
struct msi_control { bool enabled; uint8_t log2_enabled; uint32_t mask; };
struct msi_control config_msi(const struct mdl_dev *dev);
void config_set_msi_pending(struct mdl_dev *dev, uint32_t pending);
struct msix_control { bool enabled, function_mask; };
struct msix_control config_msix(const struct mdl_dev *dev);

/* ---- irq.c (logic), irq_vfio.c (SET_IRQS), msix.c (table and PBA in a BAR), intr.c (intr blocks) */
int irqs_create(struct mdl_dev *dev);
void irqs_destroy(struct mdl_dev *dev);
void irqs_client_gone(struct mdl_dev *dev);               /* eventfds are dropped, levels and pending stay */
void irqs_reset(struct mdl_dev *dev, enum mdl_reset_kind kind);
void irqs_msi_written(struct mdl_dev *dev);               /* by this client; irqs_update() follows */
void irqs_update(struct mdl_dev *dev);                    /* control bits changed, a load, RUNNING again: re-derive */
/*
 * What migrates of interrupts: raised levels, what is owed, the MSI-X table.  Load judges all of it first; then
 * call intrs_update() and irqs_update(): high levels are delivered once.
 */
size_t irqs_state_size(const struct mdl_dev *dev);
void irqs_save(const struct mdl_dev *dev, uint8_t *state);
int irqs_load(struct mdl_dev *dev, const uint8_t *state, size_t size);
int msix_access(struct mdl_dev *dev, uint8_t bar, uint64_t offset, uint8_t *data, size_t size,
		bool is_write);
void intr_reg_written(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value,
		      uint64_t enabled);                  /* by reg.c for registers with intr_role */
void intr_status_read(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		      uint64_t cleared);                  /* reading cleared these bits of a status */
void intrs_reset(struct mdl_dev *dev, enum mdl_reset_kind kind);
void intrs_update(struct mdl_dev *dev);                   /* after a load: recompute status and lines */

/* ---- dma.c, dma_message.c, dirty.c */
int dma_create(struct mdl_dev *dev);
void dma_destroy(struct mdl_dev *dev);
void dma_client_gone(struct mdl_dev *dev);                /* drops all regions, calls dma_unmap hooks */
int dma_logging_start(struct mdl_dev *dev, const uint8_t *payload, size_t size, uint64_t *page_size);
int dma_logging_stop(struct mdl_dev *dev);
int dma_logging_report(struct mdl_dev *dev, uint64_t iova, uint64_t length, uint64_t page_size,
		       uint8_t *bitmap, size_t bitmap_size);

/* ---- sigbus.c: memory that others may truncate */
struct guarded {
	void *start;
	size_t size;
	volatile int failed;         /* set by the SIGBUS handler; the page was replaced by zeros */
	struct guarded *next;
	struct guarded **link;       /* what points to this one */
};
int guard_add(struct guarded *guard, void *start, size_t size);
void guard_remove(struct guarded *guard);

/* ---- migration.c, stream.c, state.c */
int migration_create(struct mdl_dev *dev);
void migration_destroy(struct mdl_dev *dev);
void migration_reset(struct mdl_dev *dev);                /* DEVICE_RESET: back to RUNNING */
void migration_client_gone(struct mdl_dev *dev);
bool migration_running(const struct mdl_dev *dev);        /* device logic may act (timers, DMA, interrupts) */

/* ---- log.c */
#define log_error(dev, ...) mdl_log(dev, MDL_LOG_ERROR, __VA_ARGS__)
#define log_warn(dev, ...)  mdl_log(dev, MDL_LOG_WARN, __VA_ARGS__)
#define log_info(dev, ...)  mdl_log(dev, MDL_LOG_INFO, __VA_ARGS__)
#define log_debug(dev, ...) mdl_log(dev, MDL_LOG_DEBUG, __VA_ARGS__)
/*
 * What a client can cause as often as it likes: at most a few lines a second of each level reach the
 * log, the rest are counted.  log_client: its mistakes.
 */
void log_limited(struct mdl_dev *dev, enum mdl_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define log_client(dev, ...) log_limited(dev, MDL_LOG_WARN, __VA_ARGS__)

/*
 * ---- trace.c, trace_bus.c, trace_config.c, trace_event.c: called only if dev->tracing.
 * Before each access or event, and after code of the author's has run, registers are looked at:
 * what has changed is part of the trace.
 */
int trace_create(struct mdl_dev *dev);
void trace_destroy(struct mdl_dev *dev);
void trace_look(struct mdl_dev *dev);
/* The loop has turned: the same, and what was recorded leaves the process. */
void trace_turn(struct mdl_dev *dev);
/* After a read and its hooks; value and enabled are in register position. */
void trace_read(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value,
		uint64_t enabled);
/* Before anything is done about a write. */
void trace_write(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t data,
		 uint64_t enabled);
/* What became of data and enabled: after check hooks, locks, and bits that are written once. */
struct trace_write_bits {
	uint64_t data, checked, unlocked, enabled;
};
void trace_checked(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t data,
		   uint64_t enabled, const struct trace_write_bits *bits);
/* value: as stored, but with pulses. */
void trace_stored(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value);
/* How the doorbell that is written next was rung. */
void trace_doorbell(struct mdl_dev *dev, const char *via);
/* An access to what is no register: RAM, ROM, MSI-X structures, holes. Reads: after them. */
void trace_bytes(struct mdl_dev *dev, uint32_t region, uint64_t offset, const uint8_t *data,
		 size_t size, bool is_write);
/* why: "read of 8 bytes refused: …" */
void trace_refused(struct mdl_dev *dev, uint32_t region, uint64_t offset, const char *why);
/* Standard registers of config space. Writes: before them; reads: after them. */
void trace_config(struct mdl_dev *dev, uint32_t offset, const uint8_t *data, size_t size,
		  bool is_write);
/* what: raised, lowered, pulsed */
void trace_irq(struct mdl_dev *dev, unsigned irq, const char *what);
/* index, vector: as VFIO numbers them. why: it could not be sent, and waits; NULL: it was sent */
void trace_vector(struct mdl_dev *dev, uint32_t index, uint32_t vector, const char *why);
/* After it; how it travelled; NULL: it did not. */
void trace_dma(struct mdl_dev *dev, uint64_t iova, const void *data, size_t size, bool is_write,
	       const char *how, int result);
void trace_dma_map(struct mdl_dev *dev, uint64_t iova, size_t size, unsigned flags, int result);
void trace_timer(struct mdl_dev *dev, const struct mdl_timer *timer);
/* Between the two everything changes, which is not shown register by register. */
void trace_reset(struct mdl_dev *dev, enum mdl_reset_kind kind);
void trace_reset_end(struct mdl_dev *dev);
void trace_load(struct mdl_dev *dev);
void trace_load_end(struct mdl_dev *dev, int result);
void trace_migration(struct mdl_dev *dev, const char *from, const char *to);
void trace_client(struct mdl_dev *dev, bool came);

#endif
