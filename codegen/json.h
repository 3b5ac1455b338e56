/* SPDX-License-Identifier: BSD-2-Clause */
/* --emit=json: the resolved model; docs/json.md is its schema. */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>

#include "model.h"

/* Returns 0, or -1 after a message. */
int json_write(FILE *out, const struct model *model);

#endif
