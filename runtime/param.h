/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters, for device.c and the command line: see param.c. */
#ifndef MDL_PARAM_H
#define MDL_PARAM_H

#include "private.h"

/* Store all defaults. */
int params_create(struct mdl_dev *dev);
void params_destroy(struct mdl_dev *dev);
/* By name; '_' is as good as '-'. Or NULL. `length` bytes of the name count. */
const struct mdl_param *param_find(const struct mdl_device *device, const char *name,
				   size_t length);
/* "an integer from 0 to 255", for messages and for --help. */
void param_describe(const struct mdl_param *param, char *buf, size_t size);
/* The default as text; empty if there is none. */
void param_default(const struct mdl_param *param, char *buf, size_t size);
/* 64-bit numbers: decimal, 0x, 0b, with an optional K, M or G. -EINVAL or -ERANGE. */
int parse_number(const char *text, uint64_t *number);

#endif
