/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside doorbells: what doorbell_page.c asks of ioeventfd.c. */
#ifndef MDL_DOORBELL_H
#define MDL_DOORBELL_H

#include "private.h"

int io_fds_create(struct mdl_dev *dev);
void io_fds_destroy(struct mdl_dev *dev);
void io_fds_close(struct mdl_dev *dev);
void io_fds_pause(struct mdl_dev *dev, bool pause);
/* Where an element of a register array stands in its BAR. */
uint64_t doorbell_offset(const struct mdl_reg *reg, uint32_t element);

#endif
