/* SPDX-License-Identifier: BSD-2-Clause */
/* --emit=json into memory.  Apart from json.h, which does not go together with json-c's headers. */
#ifndef JSON_MEMORY_H
#define JSON_MEMORY_H

#include <stddef.h>

#include "model.h"

/* To be freed; NULL: out of memory. */
char *json_in_memory(const struct model *model, size_t *size);

#endif
