/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"
int json_write(FILE *out, const struct model *model)
{
	(void)out; (void)model; return -1;
}
