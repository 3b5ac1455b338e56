/* SPDX-License-Identifier: BSD-2-Clause */
/* Register values and interrupt levels over time, as a Value Change Dump: see vcd.c. */
#ifndef MDL_VCD_H
#define MDL_VCD_H

#include "private.h"

struct vcd;

/* On error *made is what there is so far, for vcd_destroy(). */
int vcd_create(struct mdl_dev *dev, const char *path, struct vcd **made);
void vcd_destroy(struct mdl_dev *dev, struct vcd *vcd);
/* What is recorded from here on happens now, and later than what was recorded before. */
void vcd_begin(struct vcd *vcd);
void vcd_reg(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
	     uint64_t value);
/* For a moment it is `pulse`, then `value`. */
void vcd_pulse(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
	       uint64_t pulse, uint64_t value);
/* Rung; seen also if the value is the same as last time. */
void vcd_doorbell(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
		  uint64_t value);
void vcd_irq(struct mdl_dev *dev, struct vcd *vcd, unsigned irq, bool level);
void vcd_irq_pulse(struct mdl_dev *dev, struct vcd *vcd, unsigned irq);
/* All of them, as they are now. */
void vcd_irqs(struct mdl_dev *dev, struct vcd *vcd);
/* What was recorded leaves the process. */
void vcd_flush(struct mdl_dev *dev, struct vcd *vcd);

/* ---- what vcd.c and vcd_head.c share */

/* The registers of one BAR, or of config space. */
struct vcd_table {
	const char *name;
	const struct mdl_reg *regs;
	uint32_t nregs;
	uint32_t *first_id;    /* by register: of its element 0; a field's follow it */
	uint32_t *first_value; /* by register: its place in `values` */
};

#define VCD_TABLES 7 /* six BARs and config space */

struct vcd_layout {
	struct vcd_table tables[VCD_TABLES];
	unsigned ntables;
	uint32_t nvalues; /* register elements */
	uint32_t first_irq_id, nirqs;
};

#define VCD_ID_SIZE 8
/* A number in the printable characters. */
const char *vcd_id(uint32_t id, char buf[VCD_ID_SIZE]);
/* A piece of text, newline included if there is one. */
void vcd_text(struct mdl_dev *dev, struct vcd *vcd, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* vcd_head.c: who has which id, and the declarations. */
int vcd_layout_create(const struct mdl_device *desc, struct vcd_layout *layout);
void vcd_layout_destroy(struct vcd_layout *layout);
int vcd_head(struct mdl_dev *dev, struct vcd *vcd, const struct vcd_layout *layout);

#endif
