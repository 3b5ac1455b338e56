/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses that are refused: why, for the log and the trace. */
#include <stdio.h>

#include "region.h"

const char *region_name(uint32_t region)
{
	static const char *const names[] = {"bar0", "bar1", "bar2",   "bar3", "bar4",
					    "bar5", "rom",  "config", "vga"};

	return region < VU_NUM_REGIONS ? names[region] : "region";
}

static void add_widths(char *text, size_t room, const char *what, unsigned min, unsigned max)
{
	if (min < max)
		snprintf(text, room, "%s takes %u to %u", what, min, max);
	else
		snprintf(text, room, "%s takes %u", what, min);
}

/* Where the BAR allows the width, some register there does not. */
static void width_reason(const struct bar *bar, uint64_t offset, size_t size, bool is_write,
			 char *text, size_t room)
{
	const bool allowed = size >= bar->desc->access_min && size <= bar->desc->access_max &&
			     (size & (size - 1)) == 0;

	for (uint64_t at = offset; allowed && at < offset + size; at++) {
		const struct decode_hit hit = decode_find(bar->decode, at, is_write);
		char name[NAME_SIZE];

		if (!hit.reg || !hit.reg->access_max ||
		    (size >= hit.reg->access_min && size <= hit.reg->access_max))
			continue;
		reg_name(hit.reg, hit.element, name, sizeof(name));
		add_widths(text, room, name, hit.reg->access_min, hit.reg->access_max);
		return;
	}
	add_widths(text, room, "the BAR", bar->desc->access_min, bar->desc->access_max);
}

static void reason(const struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size,
		   bool is_write, char *text, size_t room)
{
	const uint64_t limit = region_size(dev, region);

	if (limit == 0)
		snprintf(text, room, "there is no such region");
	else if (size == 0)
		snprintf(text, room, "nothing to do");
	else if (size > limit || offset > limit - size)
		snprintf(text, room, "it ends at 0x%llx", (unsigned long long)limit);
	else if (region < NUM_BARS)
		width_reason(&dev->regions->bars[region], offset, size, is_write, text, room);
	else
		snprintf(text, room, "read-only");
}

void region_refused(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size,
		    bool is_write)
{
	char why[NAME_SIZE + 32], text[NAME_SIZE + 96];

	reason(dev, region, offset, size, is_write, why, sizeof(why));
	snprintf(text, sizeof(text), "%s of %zu byte%s refused: %s", is_write ? "write" : "read",
		 size, size == 1 ? "" : "s", why);
	if (dev->tracing)
		trace_refused(dev, region, offset, text);
	log_client(dev, "%s at 0x%llx: %s", region_name(region), (unsigned long long)offset, text);
}
