/* SPDX-License-Identifier: BSD-2-Clause */
/* What checks of all kinds need: places, parts of messages. */
#include "check_private.h"

#include <inttypes.h>
#include <stdio.h>

void describe_range(char text[RANGE_TEXT], uint64_t offset, uint64_t width,
		    const struct m_dim *dims, unsigned ndims)
{
	int used = width == 1 ? snprintf(text, RANGE_TEXT, "0x%" PRIx64, offset)
			      : snprintf(text, RANGE_TEXT, "0x%" PRIx64 "-0x%" PRIx64, offset,
					 offset + width - 1);

	for (unsigned i = 0; i < ndims; i++) {
		if (dims[i].count < 2)
			continue;
		int size = RANGE_TEXT - used;
		int more =
			snprintf(text + used, (size_t)size, ", %" PRIu32 " times every 0x%" PRIx32,
				 dims[i].count, dims[i].stride);

		if (more >= size) {
			text[used] = '\0';
			return;
		}
		used += more;
	}
}

const char *describe_reg(const struct checking *c, const struct m_reg *reg)
{
	return arena_printf(c->arena, "%s '%s'", reg->doorbell ? "doorbell" : "register",
			    reg->path);
}

const char *describe_ram(const struct checking *c, const struct m_ram *ram)
{
	return arena_printf(c->arena, "ram '%s'", ram->path);
}

const char *describe_space(const struct checking *c, int bar)
{
	return bar < 0 ? "config space" : arena_printf(c->arena, "BAR %d", bar);
}

/* How deep in includes; 0: the main file. */
static unsigned include_depth(struct loc loc)
{
	unsigned depth = 0;

	for (; loc.source && loc.source->included_at; depth++)
		loc = *loc.source->included_at;
	return depth;
}

bool loc_before(struct loc a, struct loc b)
{
	unsigned depth_a = include_depth(a), depth_b = include_depth(b);

	while (a.source != b.source) {
		if (depth_a == 0 && depth_b == 0)
			return false;
		if (depth_a >= depth_b) {
			a = *a.source->included_at;
			depth_a--;
		} else {
			b = *b.source->included_at;
			depth_b--;
		}
	}
	return a.line != b.line ? a.line < b.line : a.col < b.col;
}

uint64_t written_bits(const struct m_masks *m)
{
	return m->writable | m->woclr | m->woset | m->wot | m->wzc | m->wzs | m->wzt | m->wclr |
	       m->wset | m->pulse;
}
