/* SPDX-License-Identifier: BSD-2-Clause */
/* --emit=json into memory. */
#include "json_memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "json.h"

char *json_in_memory(const struct model *model, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	bool failed;

	if (!out)
		return NULL;
	failed = json_write(out, model) < 0;
	failed |= fclose(out) != 0;
	if (!failed)
		return text;
	free(text);
	return NULL;
}
