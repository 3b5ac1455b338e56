/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

void trace_FLAGS_GO_on_write(struct trace *dev, uint32_t value, uint32_t old)
{
	(void)old;
	if (value)
		dev->reg.FLAGS |= 2;
}
