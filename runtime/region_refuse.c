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

static void reason(const struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size,
		   char *text, size_t room)
{
	const uint64_t limit = region_size(dev, region);
	const struct mdl_bar *bar = region < NUM_BARS ? dev->regions->bars[region].desc : NULL;

	if (limit == 0)
		snprintf(text, room, "there is no such region");
	else if (size == 0)
		snprintf(text, room, "nothing to do");
	else if (size > limit || offset > limit - size)
		snprintf(text, room, "it ends at 0x%llx", (unsigned long long)limit);
	else if (!bar)
		snprintf(text, room, "read-only");
	else if (bar->access_min < bar->access_max)
		snprintf(text, room, "the BAR takes %u to %u", bar->access_min, bar->access_max);
	else
		snprintf(text, room, "the BAR takes %u", bar->access_min);
}

void region_refused(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size,
		    bool is_write)
{
	char why[64], text[128];

	reason(dev, region, offset, size, why, sizeof(why));
	snprintf(text, sizeof(text), "%s of %zu byte%s refused: %s", is_write ? "write" : "read",
		 size, size == 1 ? "" : "s", why);
	if (dev->tracing)
		trace_refused(dev, region, offset, text);
	log_client(dev, "%s at 0x%llx: %s", region_name(region), (unsigned long long)offset, text);
}
