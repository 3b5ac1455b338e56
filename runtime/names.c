/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of array elements, as people write them: "PORT[1].LANE[0].CTL". */
#include <stdio.h>
#include <string.h>

#include "private.h"

struct text {
	char *buf;
	size_t size;
	size_t used;
};

static void put(struct text *text, const char *part, size_t length)
{
	for (size_t i = 0; i < length && text->used + 1 < text->size; i++)
		text->buf[text->used++] = part[i];
}

static void put_index(struct text *text, uint32_t index)
{
	char digits[16];
	const int n = snprintf(digits, sizeof(digits), "[%u]", index);

	if (n > 0)
		put(text, digits, (size_t)n);
}

static void element_name(const char *pattern, const struct mdl_dim *dims, unsigned ndims,
			 uint32_t element, char *buf, size_t size)
{
	struct text text = {buf, size, 0};
	uint32_t at[MDL_MAX_DIMS] = {0};
	const char *place;
	unsigned d = 0;

	if (size == 0)
		return;
	dims_split(dims, ndims, element, at);
	while (d < ndims && (place = strstr(pattern, "[]")) != NULL) {
		put(&text, pattern, (size_t)(place - pattern));
		put_index(&text, at[d++]);
		pattern = place + 2;
	}
	put(&text, pattern, strlen(pattern));
	while (d < ndims)
		put_index(&text, at[d++]);
	buf[text.used] = '\0';
}

void reg_name(const struct mdl_reg *reg, uint32_t element, char *buf, size_t size)
{
	element_name(reg->pattern ? reg->pattern : reg->name, reg->dims, reg->ndims, element, buf,
		     size);
}

void ram_name(const struct mdl_ram *ram, uint32_t element, char *buf, size_t size)
{
	element_name(ram->pattern ? ram->pattern : ram->name, ram->dims, ram->ndims, element, buf,
		     size);
}
