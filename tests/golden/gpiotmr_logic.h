/* SPDX-License-Identifier: BSD-2-Clause */
/* What the inline hooks of gpiotmr.mdl call: the generated file includes this by itself. */
#ifndef GPIOTMR_LOGIC_H
#define GPIOTMR_LOGIC_H

void start(struct gpiotmr *dev);

#endif
