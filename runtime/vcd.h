/* SPDX-License-Identifier: BSD-2-Clause */
/* Register values and interrupt levels over time, as a Value Change Dump: see vcd.c. */
#ifndef MDL_VCD_H
#define MDL_VCD_H

#include "private.h"

struct vcd;

int vcd_create(struct mdl_dev *dev, const char *path, struct vcd **made);
/* Completes the file; a failure to write it is logged. */
void vcd_destroy(struct mdl_dev *dev, struct vcd *vcd);
void vcd_reg(struct mdl_dev *dev, struct vcd *vcd, const struct mdl_reg *reg, uint32_t element,
	     uint64_t value);
void vcd_irq(struct mdl_dev *dev, struct vcd *vcd, unsigned irq, bool level);
void vcd_irq_pulse(struct mdl_dev *dev, struct vcd *vcd, unsigned irq);
/* Look at all registers: after a reset. */
void vcd_sample(struct mdl_dev *dev, struct vcd *vcd);
void vcd_flush(struct vcd *vcd);

#endif
