/* SPDX-License-Identifier: BSD-2-Clause */
/* A device that has one of everything that migrates, in two versions. */
#ifndef TESTS_UNIT_MIG_DEVICE_H
#define TESTS_UNIT_MIG_DEVICE_H

#include "peer.h"

#define RAM_SIZE 0x40000u
#define ODD_SIZE 0x1800u

struct entry {
	uint16_t id;
	uint32_t value;
};

struct mig {
	struct mdl_dev *mdl;
	uint32_t ctrl;
	uint16_t table[5];
	uint32_t once, once_done;
	uint32_t status, enable, input, latch;
	uint32_t act;
	struct mdl_timer tick[2];
	struct mdl_timer alarm;
	uint8_t *ram[1], *odd[2], *scratch[1];
	uint64_t deadline;
	int32_t offset; /* i16 in version 1 */
	bool flag;
	uint8_t fifo[100];
	uint32_t fifo_length;
	struct entry entries[4];
	uint32_t entries_length;
	uint32_t burst;
	uint32_t fresh; /* since 2 */
	uint32_t gone;  /* until 1 */
	int backend;    /* transient */
	unsigned saves, loads, expired;
	bool refuse;
};

/* What a write to ACT does, in the device's thread. */
static void (*mig_act)(struct mig *mig, uint64_t value);

static inline void mig_act_written(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	(void)at;
	(void)old;
	if (mig_act)
		mig_act(dev, value);
}

static inline void mig_expired(void *dev, const uint32_t *at)
{
	struct mig *mig = dev;

	(void)at;
	__atomic_add_fetch(&mig->expired, 1, __ATOMIC_SEQ_CST);
	mdl_irq_raise(mig->mdl, 0);
}

static inline void mig_before_save(void *dev)
{
	((struct mig *)dev)->saves++;
}

static inline void mig_after_load(void *dev)
{
	struct mig *mig = dev;

	mig->loads++;
	if (mig->refuse)
		mdl_load_fail(mig->mdl, "the author does not like it");
}

static inline bool mig_has_burst(const void *dev)
{
	return ((const struct mig *)dev)->burst != 0;
}

static const struct mdl_dim mig_table_dims[] = {{5, 4}};
static const struct mdl_dim mig_odd_dims[] = {{2, 0x2000}};
static const struct mdl_reg_hooks mig_act_hooks = {.on_write = mig_act_written};
static const struct mdl_effects mig_once_effects = {
	.once = 0xff,
	.once_store = offsetof(struct mig, once_done),
};
static const struct mdl_effects mig_status_effects = {.woclr = 3};
static const struct mdl_intr mig_intr;

#define RW32(field, at)                                                                 \
	.name = #field, .store = offsetof(struct mig, field), .offset = at, .count = 1, \
	.width = 4, .readable = UINT32_MAX

static const struct mdl_reg mig_regs[] = {
	{RW32(ctrl, 0), .writable = UINT32_MAX, .reset = {7, 7, 7, 7},
	 .reset_mask = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{RW32(once, 4), .effects = &mig_once_effects, .reset_mask = {255, 255, 255, 255}},
	{RW32(status, 8), .effects = &mig_status_effects, .intr_role = MDL_INTR_STATUS,
	 .intr = &mig_intr, .reset_mask = {3, 3, 3, 3}},
	{RW32(enable, 12), .writable = 3, .intr_role = MDL_INTR_ENABLE, .intr = &mig_intr,
	 .reset_mask = {3, 3, 3, 3}},
	{RW32(act, 16), .writable = UINT32_MAX, .hooks = &mig_act_hooks},
	{.name = "table",
	 .store = offsetof(struct mig, table),
	 .offset = 32,
	 .count = 5,
	 .width = 2,
	 .ndims = 1,
	 .dims = mig_table_dims,
	 .readable = 0xffff,
	 .writable = 0xffff,
	 .reset = {9, 9, 9, 9},
	 .reset_mask = {0xffff, 0xffff, 0xffff, 0xffff}},
};

static const struct mdl_intr_cause mig_causes[] = {
	{.name = "edge", .bits = 1, .kind = MDL_INTR_POSEDGE, .irq = 0},
	{.name = "level", .bits = 2, .kind = MDL_INTR_LEVEL, .irq = 0},
};

static const struct mdl_intr mig_intr = {
	.name = "INT",
	.status = &mig_regs[2],
	.enable = &mig_regs[3],
	.input_store = offsetof(struct mig, input),
	.latch_store = offsetof(struct mig, latch),
	.ncauses = 2,
	.causes = mig_causes,
};
static const struct mdl_intr *const mig_intrs[] = {&mig_intr};

static const struct mdl_ram mig_rams[] = {
	{.name = "ram",
	 .size = RAM_SIZE,
	 .store = offsetof(struct mig, ram),
	 .count = 1,
	 .mmap = true},
	{.name = "odd",
	 .offset = RAM_SIZE,
	 .size = ODD_SIZE,
	 .store = offsetof(struct mig, odd),
	 .count = 2,
	 .ndims = 1,
	 .dims = mig_odd_dims},
	{.name = "scratch",
	 .offset = RAM_SIZE + 0x4000,
	 .size = 0x1000,
	 .store = offsetof(struct mig, scratch),
	 .count = 1,
	 .transient = true},
};

static const struct mdl_bar mig_bars[] = {
	{.index = 0,
	 .type = MDL_BAR_MEM32,
	 .access_min = 1,
	 .access_max = 4,
	 .size = 4096,
	 .nregs = 6,
	 .regs = mig_regs},
	{.index = 2,
	 .type = MDL_BAR_MEM64,
	 .access_min = 1,
	 .access_max = 8,
	 .size = 2 * RAM_SIZE,
	 .nrams = 3,
	 .rams = mig_rams},
};

static const struct mdl_irq_desc mig_irqs[] = {{.name = "line", .count = 1}};
static const struct mdl_timer_desc mig_timers[] = {
	{.name = "tick", .store = offsetof(struct mig, tick), .count = 2, .on_expire = mig_expired},
	{.name = "alarm",
	 .store = offsetof(struct mig, alarm),
	 .count = 1,
	 .realtime = true,
	 .on_expire = mig_expired},
};

static const struct mdl_member mig_members[] = {
	{offsetof(struct entry, id), 2, 1},
	{offsetof(struct entry, value), 4, 1},
};
static const struct mdl_layout mig_layout = {"entry", sizeof(struct entry), false, 2, mig_members};

#define VAR(field, kind, n)                                                                      \
	.name = #field, .store = offsetof(struct mig, field), .length_store = MDL_NO_LENGTH,     \
	.count = n, .size = sizeof(((struct mig *)0)->field) / (n), .type = kind, .section = -1, \
	.since = 1, .until = UINT32_MAX

static const struct mdl_var mig_vars_2[] = {
	{VAR(deadline, MDL_VAR_UINT, 1)},
	{VAR(offset, MDL_VAR_INT, 1)},
	{VAR(flag, MDL_VAR_BOOL, 1)},
	{.name = "fifo",
	 .store = offsetof(struct mig, fifo),
	 .length_store = offsetof(struct mig, fifo_length),
	 .count = 100,
	 .size = 1,
	 .type = MDL_VAR_UINT,
	 .section = -1,
	 .since = 1,
	 .until = UINT32_MAX},
	{.name = "entries",
	 .store = offsetof(struct mig, entries),
	 .length_store = offsetof(struct mig, entries_length),
	 .count = 4,
	 .size = sizeof(struct entry),
	 .type = MDL_VAR_LAYOUT,
	 .section = -1,
	 .since = 1,
	 .until = UINT32_MAX,
	 .layout = &mig_layout},
	{.name = "burst",
	 .store = offsetof(struct mig, burst),
	 .length_store = MDL_NO_LENGTH,
	 .count = 1,
	 .size = 4,
	 .type = MDL_VAR_UINT,
	 .section = 0,
	 .since = 1,
	 .until = UINT32_MAX},
	{.name = "gone",
	 .store = offsetof(struct mig, gone),
	 .length_store = MDL_NO_LENGTH,
	 .count = 1,
	 .size = 4,
	 .type = MDL_VAR_UINT,
	 .section = -1,
	 .since = 1,
	 .until = 1},
	{.name = "fresh",
	 .store = offsetof(struct mig, fresh),
	 .length_store = MDL_NO_LENGTH,
	 .count = 1,
	 .size = 4,
	 .type = MDL_VAR_UINT,
	 .section = -1,
	 .since = 2,
	 .until = UINT32_MAX,
	 .value = 77},
};

/* Version 1: a narrower `offset`, no `fresh`. */
static struct mdl_var mig_vars_1[7];

static const struct mdl_section mig_sections[] = {{"burst", mig_has_burst}};
static const struct mdl_device_hooks mig_hooks = {
	.before_save = mig_before_save,
	.after_load = mig_after_load,
};
static const struct mdl_pci mig_pci = {
	.vendor = 0x1b36,
	.device = 0x10,
	.class_code = 0x088000,
	.intx = 1,

};

#define MIG_DEVICE(number, count, table)                                                       \
	{                                                                                      \
		.abi = MDL_ABI, .version = number, .name = "mig", .schema = number,            \
		.size = sizeof(struct mig), .nbars = 2, .nirqs = 1, .nintrs = 1, .ntimers = 2, \
		.nvars = count, .nsections = 1, .pci = &mig_pci, .bars = mig_bars,             \
		.irqs = mig_irqs, .intrs = mig_intrs, .timers = mig_timers, .vars = table,     \
		.sections = mig_sections, .hooks = &mig_hooks,                                 \
	}

static const struct mdl_device mig_device = MIG_DEVICE(2, 8, mig_vars_2);
static const struct mdl_device mig_device_1 = MIG_DEVICE(1, 7, mig_vars_1);

/* Without RAM. */
static const struct mdl_device mig_small_device = {
	.abi = MDL_ABI,
	.version = 2,
	.name = "mig",
	.schema = 2,
	.size = sizeof(struct mig),
	.nbars = 1,
	.nirqs = 1,
	.nintrs = 1,
	.ntimers = 2,
	.nvars = 8,
	.nsections = 1,
	.pci = &mig_pci,
	.bars = mig_bars,
	.irqs = mig_irqs,
	.intrs = mig_intrs,
	.timers = mig_timers,
	.vars = mig_vars_2,
	.sections = mig_sections,
	.hooks = &mig_hooks,
};

static inline void mig_prepare(void)
{
	memcpy(mig_vars_1, mig_vars_2, sizeof(mig_vars_1));
	mig_vars_1[1].size = 2;
}

#endif
