/* SPDX-License-Identifier: BSD-2-Clause */
/* A device by hand, as mdlc would write it, with one of everything. */
#ifndef SAMPLE_DEVICE_H
#define SAMPLE_DEVICE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "private.h"

/* A hook that ran. */
struct call {
	const char *hook;
	uint32_t at[2];
	uint64_t value, old;
};

struct sample {
	struct mdl_dev *mdl;
	uint32_t plain, modes, reads, hooked, once, once_done, key, locked, be32, checked, tail[8];
	uint64_t wide, be64, odd64;
	uint8_t byte, rbr, thr;
	uint16_t half;
	uint32_t pulse, grid[6];
	uint32_t isr, ier, imr, itr, input, latch;
	uint32_t io, beside, cfg16_guard;
	uint16_t cfg16;
	uint8_t *shared[1], *hidden[1], *shared2[1], *tiny[4];
	struct call calls[64];
	unsigned ncalls;
	uint64_t hook_value;   /* what read hooks supply, what check hooks force */
	uint32_t poke_in_hook; /* stored into `pulse` by its hook */
	unsigned resets;
	enum mdl_reset_kind last_reset;
};

static inline void sample_log(void *dev, const char *hook, const uint32_t *at, uint64_t value,
			      uint64_t old)
{
	struct sample *s = dev;

	if (s->ncalls == 64)
		return;
	s->calls[s->ncalls++] = (struct call){hook, {at[0], at[1]}, value, old};
}

#define SAMPLE_HOOK(name)                                                             \
	static inline void hook_##name(void *dev, const uint32_t *at, uint64_t value, \
				       uint64_t old)                                  \
	{                                                                             \
		sample_log(dev, #name, at, value, old);                               \
	}

SAMPLE_HOOK(kick_write)
SAMPLE_HOOK(kick_change)
SAMPLE_HOOK(level_write)
SAMPLE_HOOK(level_change)
SAMPLE_HOOK(tail_write)
SAMPLE_HOOK(thr_write)
SAMPLE_HOOK(grid_write)
SAMPLE_HOOK(locked_write)

static inline void hook_pulse_write(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	struct sample *s = dev;

	sample_log(dev, "pulse_write", at, value, old);
	if (s->poke_in_hook)
		s->pulse = s->poke_in_hook;
}

static inline uint64_t hook_read(void *dev, const uint32_t *at, uint64_t value)
{
	struct sample *s = dev;

	sample_log(dev, "read", at, value, 0);
	return s->hook_value;
}

static inline uint64_t hook_field_read(void *dev, const uint32_t *at, uint64_t value)
{
	sample_log(dev, "field_read", at, value, 0);
	return 0xffffffff; /* more than the field holds */
}

/* Never more than 0x100. */
static inline uint64_t hook_check_field(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	sample_log(dev, "check_field", at, value, old);
	return value > 0x100 ? 0x100 : value;
}

static inline uint64_t hook_check_reg(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	sample_log(dev, "check_reg", at, value, old);
	return value | 0x80000000;
}

#define ALL32         .readable = 0xffffffff, .writable = 0xffffffff
#define RESETS(v)     .reset = {v, v, v, v}
#define MASKS(m)      .reset_mask = {m, m, m, m}
#define STORE(member) .store = offsetof(struct sample, member)

static const struct mdl_effects sample_alias_fx = {.woset = 0xffffffff};
static const struct mdl_effects sample_modes_fx = {.woclr = 0x0000000f,
						   .woset = 0x000000f0,
						   .wot = 0x00000f00,
						   .wzc = 0x0000f000,
						   .wzs = 0x000f0000,
						   .wzt = 0x00f00000,
						   .wclr = 0x01000000,
						   .wset = 0x02000000};
static const struct mdl_effects sample_reads_fx = {.rclr = 0x00ff, .rset = 0xff00};
static const struct mdl_effects sample_once_fx = {.once = 0x0000ffff,
						  .once_store = offsetof(struct sample, once_done)};
static const struct mdl_effects sample_isr_fx = {.woclr = 0x1b};
static const struct mdl_effects sample_pulse_fx = {.pulse = 1};

static const struct mdl_reg_hooks sample_read_hooks = {.on_read = hook_read};
static const struct mdl_reg_hooks sample_field_read_hooks = {.on_read = hook_field_read};
static const struct mdl_reg_hooks sample_kick_hooks = {.on_write = hook_kick_write,
						       .on_change = hook_kick_change};
static const struct mdl_reg_hooks sample_level_hooks = {.on_write = hook_level_write,
							.on_change = hook_level_change};
static const struct mdl_reg_hooks sample_pulse_hooks = {.on_write = hook_pulse_write};
static const struct mdl_reg_hooks sample_tail_hooks = {.on_write = hook_tail_write};
static const struct mdl_reg_hooks sample_thr_hooks = {.on_write = hook_thr_write};
static const struct mdl_reg_hooks sample_grid_hooks = {.on_write = hook_grid_write};
static const struct mdl_reg_hooks sample_locked_hooks = {.on_write = hook_locked_write};
static const struct mdl_reg_hooks sample_check_field_hooks = {.check_write = hook_check_field};
static const struct mdl_reg_hooks sample_check_reg_hooks = {.check_write = hook_check_reg};

static const struct mdl_field sample_hooked_fields[] = {
	{.name = "LOW", .lsb = 0, .width = 16},
	{.name = "HIGH", .lsb = 16, .width = 8, .hooks = &sample_field_read_hooks}};
static const struct mdl_field sample_pulse_fields[] = {
	{.name = "KICK", .lsb = 0, .width = 1, .pulse = true, .hooks = &sample_kick_hooks},
	{.name = "LEVEL", .lsb = 8, .width = 8, .hooks = &sample_level_hooks}};
static const struct mdl_field sample_checked_fields[] = {
	{.name = "N", .lsb = 0, .width = 16, .hooks = &sample_check_field_hooks}};

static const struct mdl_dim sample_tail_dims[] = {{8, 8}};
static const struct mdl_dim sample_grid_dims[] = {{2, 0x40}, {3, 8}};
static const struct mdl_doorbell sample_message = {.mode = MDL_DOORBELL_MESSAGE};

static const struct mdl_intr sample_intr;
#define INTR(what) .intr_role = MDL_INTR_##what, .intr = &sample_intr

enum {
	R_PLAIN,
	R_MODES,
	R_READS,
	R_ALIAS,
	R_WIDE,
	R_BYTE,
	R_HALF,
	R_HOOKED,
	R_RBR,
	R_THR,
	R_PULSE,
	R_ONCE,
	R_KEY,
	R_LOCKED,
	R_BE32,
	R_BE64,
	R_ODD64,
	R_CHECKED,
	R_TAIL,
	R_HEAD,
	R_GRID,
	R_ISR,
	R_IER,
	R_IMR,
	R_ITR,
	SAMPLE_NREGS
};

static const struct mdl_reg sample_regs[SAMPLE_NREGS];

static const struct mdl_lock sample_lock = {
	.mask = 0x00ff, .key = &sample_regs[R_KEY], .key_bits = 1};

static const struct mdl_reg sample_regs[SAMPLE_NREGS] = {
	[R_PLAIN] = {.name = "PLAIN",
		     STORE(plain),
		     .offset = 0x00,
		     ALL32,
		     .count = 1,
		     .width = 4,
		     RESETS(0x11223344),
		     .reset_mask = {~0u, ~0u, ~0u, 0xffff}},
	[R_MODES] = {.name = "MODES",
		     STORE(modes),
		     .offset = 0x04,
		     .readable = 0xffffffff,
		     .writable = 0xf0000000,
		     .count = 1,
		     .width = 4,
		     .effects = &sample_modes_fx,
		     RESETS(0),
		     MASKS(0xffffffff)},
	[R_READS] = {.name = "READS",
		     STORE(reads),
		     .offset = 0x08,
		     .readable = 0x00ffffff,
		     .writable = 0xffffffff,
		     .count = 1,
		     .width = 4,
		     .effects = &sample_reads_fx,
		     RESETS(0),
		     MASKS(0xffffffff)},
	[R_ALIAS] = {.name = "ALIAS",
		     STORE(plain),
		     .offset = 0x0c,
		     .readable = 0xffffffff,
		     .count = 1,
		     .width = 4,
		     .flags = MDL_REG_ALIAS,
		     .effects = &sample_alias_fx,
		     RESETS(0xdead),
		     MASKS(0xffffffff)},
	[R_WIDE] = {.name = "WIDE",
		    STORE(wide),
		    .offset = 0x10,
		    .readable = UINT64_MAX,
		    .writable = UINT64_MAX,
		    .count = 1,
		    .width = 8,
		    RESETS(0),
		    MASKS(UINT64_MAX)},
	[R_BYTE] = {.name = "BYTE",
		    STORE(byte),
		    .offset = 0x18,
		    .readable = 0xff,
		    .writable = 0xff,
		    .count = 1,
		    .width = 1,
		    RESETS(0x5a),
		    MASKS(0xff)},
	[R_HALF] = {.name = "HALF",
		    STORE(half),
		    .offset = 0x1a,
		    .readable = 0xffff,
		    .writable = 0xffff,
		    .count = 1,
		    .width = 2,
		    RESETS(0),
		    MASKS(0xffff)},
	[R_HOOKED] = {.name = "HOOKED",
		      STORE(hooked),
		      .offset = 0x20,
		      .readable = 0x00ffffff,
		      .count = 1,
		      .width = 4,
		      .nfields = 2,
		      .fields = sample_hooked_fields,
		      .hooks = &sample_read_hooks,
		      .field_hooks = true,
		      .has_read_hook = true},
	[R_RBR] = {.name = "RBR",
		   STORE(rbr),
		   .offset = 0x24,
		   .readable = 0xff,
		   .count = 1,
		   .width = 1,
		   RESETS(0x77),
		   MASKS(0xff)},
	[R_THR] = {.name = "THR",
		   STORE(thr),
		   .offset = 0x24,
		   .writable = 0xff,
		   .count = 1,
		   .width = 1,
		   .hooks = &sample_thr_hooks},
	[R_PULSE] = {.name = "PULSE",
		     STORE(pulse),
		     .offset = 0x28,
		     .readable = 0xff01,
		     .writable = 0xff01,
		     .count = 1,
		     .width = 4,
		     .effects = &sample_pulse_fx,
		     .nfields = 2,
		     .fields = sample_pulse_fields,
		     .field_hooks = true,
		     .hooks = &sample_pulse_hooks,
		     RESETS(0),
		     MASKS(0xffffffff)},
	[R_ONCE] = {.name = "ONCE",
		    STORE(once),
		    .offset = 0x2c,
		    ALL32,
		    .count = 1,
		    .width = 4,
		    .effects = &sample_once_fx,
		    RESETS(0),
		    MASKS(0xffffffff)},
	[R_KEY] = {.name = "KEY",
		   STORE(key),
		   .offset = 0x30,
		   ALL32,
		   .count = 1,
		   .width = 4,
		   RESETS(0),
		   MASKS(0xffffffff)},
	[R_LOCKED] = {.name = "LOCKED",
		      STORE(locked),
		      .offset = 0x34,
		      ALL32,
		      .count = 1,
		      .width = 4,
		      .locks = &sample_lock,
		      .nlocks = 1,
		      RESETS(0),
		      MASKS(0xffffffff),
		      .hooks = &sample_locked_hooks},
	[R_BE32] = {.name = "BE32",
		    STORE(be32),
		    .offset = 0x38,
		    ALL32,
		    .count = 1,
		    .width = 4,
		    .flags = MDL_REG_BE,
		    RESETS(0),
		    MASKS(0xffffffff)},
	[R_BE64] = {.name = "BE64",
		    STORE(be64),
		    .offset = 0x40,
		    .readable = UINT64_MAX,
		    .writable = UINT64_MAX,
		    .count = 1,
		    .width = 8,
		    .flags = MDL_REG_BE},
	[R_ODD64] = {.name = "ODD64",
		     STORE(odd64),
		     .offset = 0x4c,
		     .readable = UINT64_MAX,
		     .writable = UINT64_MAX,
		     .count = 1,
		     .width = 8},
	[R_CHECKED] = {.name = "CHECKED",
		       STORE(checked),
		       .offset = 0x58,
		       ALL32,
		       .count = 1,
		       .width = 4,
		       .nfields = 1,
		       .fields = sample_checked_fields,
		       .field_hooks = true,
		       .hooks = &sample_check_reg_hooks},
	[R_TAIL] = {.name = "Q[].TAIL",
		    .offset = 0x100,
		    .writable = 0xffffffff,
		    .count = 8,
		    .width = 4,
		    .ndims = 1,
		    .dims = sample_tail_dims,
		    .flags = MDL_REG_DOORBELL,
		    .doorbell = &sample_message,
		    .hooks = &sample_tail_hooks},
	[R_HEAD] = {.name = "Q.HEAD",
		    STORE(tail),
		    .offset = 0x104,
		    ALL32,
		    .count = 8,
		    .width = 4,
		    .ndims = 1,
		    .dims = sample_tail_dims,
		    RESETS(0),
		    MASKS(0xffffffff)},
	[R_GRID] = {.name = "GRID",
		    STORE(grid),
		    .offset = 0x200,
		    ALL32,
		    .count = 6,
		    .width = 4,
		    .ndims = 2,
		    .dims = sample_grid_dims,
		    .hooks = &sample_grid_hooks,
		    RESETS(7),
		    MASKS(0xffffffff)},
	[R_ISR] = {.name = "ISR",
		   STORE(isr),
		   .offset = 0x300,
		   .readable = 0x1f,
		   .count = 1,
		   .width = 4,
		   INTR(STATUS),
		   .effects = &sample_isr_fx,
		   RESETS(0),
		   MASKS(0xffffffff)},
	[R_IER] = {.name = "IER",
		   STORE(ier),
		   .offset = 0x304,
		   .readable = 0x1f,
		   .writable = 0x1f,
		   .count = 1,
		   .width = 4,
		   INTR(ENABLE),
		   RESETS(0),
		   MASKS(0xffffffff)},
	[R_IMR] = {.name = "IMR",
		   STORE(imr),
		   .offset = 0x308,
		   .readable = 0x1f,
		   .writable = 0x1f,
		   .count = 1,
		   .width = 4,
		   INTR(MASK),
		   RESETS(0),
		   MASKS(0xffffffff)},
	[R_ITR] = {.name = "ITR",
		   STORE(itr),
		   .offset = 0x30c,
		   .readable = 0x1f,
		   .writable = 0x1f,
		   .count = 1,
		   .width = 4,
		   INTR(TEST),
		   RESETS(0),
		   MASKS(0xffffffff)},
};

/* Two edges and a level on interrupt 0, falling and both edges on 1. */
static const struct mdl_intr_cause sample_causes[] = {
	{.name = "A", .bits = 0x01, .kind = MDL_INTR_POSEDGE, .irq = 0},
	{.name = "N", .bits = 0x08, .kind = MDL_INTR_NEGEDGE, .irq = 1},
	{.name = "B", .bits = 0x02, .kind = MDL_INTR_POSEDGE, .irq = 0},
	{.name = "L", .bits = 0x04, .kind = MDL_INTR_LEVEL, .irq = 0},
	{.name = "X", .bits = 0x10, .kind = MDL_INTR_BOTHEDGE, .irq = 1},
};
static const struct mdl_intr sample_intr = {.name = "INT",
					    .status = &sample_regs[R_ISR],
					    .enable = &sample_regs[R_IER],
					    .mask = &sample_regs[R_IMR],
					    .test = &sample_regs[R_ITR],
					    .input_store = offsetof(struct sample, input),
					    .latch_store = offsetof(struct sample, latch),
					    .ncauses = 5,
					    .causes = sample_causes};
static const struct mdl_intr *const sample_intrs[] = {&sample_intr};

static const struct mdl_reg sample_io_regs[] = {
	{.name = "IO", STORE(io), .offset = 4, ALL32, .count = 1, .width = 4}};
static const struct mdl_reg sample_beside[] = {
	{.name = "BESIDE", STORE(beside), .offset = 0x3000, ALL32, .count = 1, .width = 4}};
static const struct mdl_dim sample_tiny_dims[] = {{4, 0x40}};
static const struct mdl_ram sample_rams[] = {
	{.name = "SHARED", .offset = 0, .size = 0x1000, STORE(shared), .count = 1, .mmap = true},
	{.name = "HIDDEN", .offset = 0x1000, .size = 0x1000, STORE(hidden), .count = 1},
	{.name = "SHARED2",
	 .offset = 0x2000,
	 .size = 0x1000,
	 STORE(shared2),
	 .count = 1,
	 .mmap = true},
	{.name = "TINY",
	 .offset = 0x3010,
	 .size = 0x10,
	 STORE(tiny),
	 .count = 4,
	 .ndims = 1,
	 .dims = sample_tiny_dims},
};

static const struct mdl_bar sample_bars[] = {
	{.index = 0,
	 .type = MDL_BAR_MEM32,
	 .access_min = 1,
	 .access_max = 8,
	 .size = 0x1000,
	 .nregs = SAMPLE_NREGS,
	 .regs = sample_regs},
	{.index = 1,
	 .type = MDL_BAR_IO,
	 .access_min = 2,
	 .access_max = 4,
	 .size = 64,
	 .nregs = 1,
	 .regs = sample_io_regs},
	{.index = 2,
	 .type = MDL_BAR_MEM64,
	 .prefetchable = true,
	 .access_min = 4,
	 .access_max = 8,
	 .size = 0x4000,
	 .nregs = 1,
	 .regs = sample_beside,
	 .nrams = 4,
	 .rams = sample_rams},
	{.index = 4, .type = MDL_BAR_MEM32, .access_min = 4, .access_max = 8, .size = 0x1000},
};

static const struct mdl_irq_desc sample_irqs[] = {
	{.name = "line", .first = 0, .count = 4, .vector = 0},
	{.name = "twin", .first = 4, .count = 1, .vector = 1},
	{.name = "far", .first = 5, .count = 1, .vector = 69},
};

static const uint8_t sample_vendor_data[] = {0x11, 0x22, 0x33};
static const struct mdl_cap sample_caps[] = {
	{.id = 0x01, .offset = 0x40, .size = 8},
	{.id = 0x05, .offset = 0x48, .size = 24},
	{.id = 0x11, .offset = 0x60, .size = 12},
	{.id = 0x10, .offset = 0x6c, .size = 60},
	{.id = 0x09, .offset = 0xa8, .size = 6, .data = sample_vendor_data, .data_size = 3},
};
static const struct mdl_cap sample_extcaps[] = {{.id = 3, .offset = 0x100, .size = 12}};
static const struct mdl_reg sample_config_regs[] = {{.name = "CFG16",
						     STORE(cfg16),
						     .offset = 0xb2,
						     .readable = 0xffff,
						     .writable = 0x0fff,
						     .count = 1,
						     .width = 2,
						     RESETS(0x1234),
						     MASKS(0xffff)}};

static const struct mdl_pci sample_pci = {.vendor = 0x1b36,
					  .device = 0x0100,
					  .subsystem_vendor = 0x1af4,
					  .subsystem = 0x1100,
					  .class_code = 0x088001,
					  .revision = 7,
					  .intx = 1,
					  .msi_vectors = 4,
					  .pm = true,
					  .express = true,
					  .flr = true,
					  .msix_vectors = 70,
					  .msix_table_bar = 4,
					  .msix_pba_bar = 4,
					  .msix_pba_offset = 0x800,
					  .has_dsn = true,
					  .dsn = 0x0011223344556677,
					  .rom_size = 2048,
					  .ncaps = 5,
					  .caps = sample_caps,
					  .nextcaps = 1,
					  .extcaps = sample_extcaps,
					  .nregs = 1,
					  .regs = sample_config_regs};

static inline void sample_on_reset(void *dev, enum mdl_reset_kind kind)
{
	struct sample *s = dev;

	s->resets++;
	s->last_reset = kind;
}

static const struct mdl_device_hooks sample_hooks = {.on_reset = sample_on_reset};

static const struct mdl_device sample_device = {.abi = MDL_ABI,
						.version = 1,
						.name = "sample",
						.size = sizeof(struct sample),
						.nbars = 4,
						.nirqs = 3,
						.nintrs = 1,
						.pci = &sample_pci,
						.bars = sample_bars,
						.irqs = sample_irqs,
						.intrs = sample_intrs,
						.hooks = &sample_hooks};

#endif
