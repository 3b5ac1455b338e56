/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in.  The stream may say anything: what it brings is kept beside the device until all of
 * it has come and was found good; then the device takes it, and if one of its parts still refuses,
 * or the author does, everything is put back.
 */
#include "migration.h"
#include "ram.h"
#include "state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 29u /* and the name */

struct load {
	struct mdl_dev *dev;
	struct stream_reader reader;
	struct state state;
	struct ram_shadow ram;
	int64_t last_ram; /* the RAM that the last item was of; -1: none yet */
	uint32_t version; /* of the device that wrote the stream */
	uint8_t *to;      /* where the rest of the current item goes */
	uint32_t left;
	bool failed;
};

static int refuse(struct load *load, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(struct load *load, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	log_limited(load->dev, MDL_LOG_ERROR, "migration refused: %s (at byte %llu)", why,
		    (unsigned long long)load->reader.total);
	return -EINVAL;
}

void mdl_load_fail(struct mdl_dev *dev, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	log_limited(dev, MDL_LOG_ERROR, "migration refused: %s", why);
	dev->migration->refused = true;
}

/* ---- records */

static int take_header(struct load *load, const uint8_t *payload, size_t size)
{
	const struct mdl_device *desc = load->dev->desc;
	uint64_t vendor, device, schema;

	if (size < HEADER_SIZE || memcmp(payload, STREAM_MAGIC, 8) != 0 ||
	    size != HEADER_SIZE + payload[28])
		return refuse(load, "this is no stream of a device");
	if (get_le(payload + 8, 4) != STREAM_FORMAT)
		return refuse(load, "format %llu, not %u",
			      (unsigned long long)get_le(payload + 8, 4), STREAM_FORMAT);
	vendor = get_le(payload + 24, 2);
	device = get_le(payload + 26, 2);
	if (payload[28] != strlen(desc->name) ||
	    memcmp(payload + HEADER_SIZE, desc->name, payload[28]) != 0 ||
	    vendor != desc->pci->vendor || device != desc->pci->device)
		return refuse(load, "it is of another device, %.*s (%04x:%04x)", payload[28],
			      (const char *)payload + HEADER_SIZE, (unsigned)vendor,
			      (unsigned)device);
	load->version = (uint32_t)get_le(payload + 12, 4);
	if (load->version == 0 || load->version > desc->version)
		return refuse(load, "it is of version %u, this is %u", load->version,
			      desc->version);
	schema = get_le(payload + 16, 8);
	if (load->version == desc->version && schema && schema != desc->schema)
		log_client(load->dev, "the stream is of another description of version %u",
			   desc->version);
	return 0;
}

/* What came before does not count. */
static int take_restart(struct load *load, const uint8_t *payload, size_t size)
{
	int result;

	load->left = 0;
	load->last_ram = -1;
	state_clear(&load->state);
	ram_shadow_destroy(&load->ram);
	result = ram_shadow_create(load->dev, load->dev->desc->version, &load->ram);
	return result < 0 ? result : take_header(load, payload, size);
}

/* What there is of an item's data, at most the item's. */
static size_t take_data(struct load *load, const uint8_t *data, size_t size)
{
	if (size > load->left)
		size = load->left;
	if (size == 0)
		return 0;
	memcpy(load->to, data, size);
	load->to += size;
	load->left -= (uint32_t)size;
	return size;
}

/* A name is the client's: print it as if it were text. */
static int refuse_name(struct load *load, const uint8_t *name, size_t size, const char *why)
{
	char text[256];
	size_t i;

	for (i = 0; i < size && i < sizeof(text) - 1; i++)
		text[i] = name[i] >= 0x20 && name[i] < 0x7f ? (char)name[i] : '?';
	text[i] = '\0';
	return refuse(load, "\"%s\" %s", text, why);
}

/* Room for numbers that are wider than the device's: perhaps they fit. */
static bool make_wide(struct object *object, uint16_t width, uint32_t size)
{
	const struct mdl_var *var = object->desc;
	uint8_t *wide;

	if (object->kind != ITEM_VAR || var->type > MDL_VAR_INT || width > 8 ||
	    width <= object->width || size / width > var->count)
		return false;
	wide = calloc(1, size);
	if (!wide)
		return false;
	/* There is one from before a restart. */
	free(object->wide);
	object->wide = object->bytes = wide;
	return true;
}

static int begin_object(struct load *load, const uint8_t *head, const uint8_t *name)
{
	struct object *object = state_find(&load->state, head[0], name, head[1]);
	uint16_t width = (uint16_t)get_le(head + 2, 2);
	uint32_t size = (uint32_t)get_le(head + 4, 4);

	if (!object)
		return refuse_name(load, name, head[1], "is nothing that this device has");
	if (object->present)
		return refuse_name(load, name, head[1], "comes twice");
	if (size > object->size && !make_wide(object, width, size))
		return refuse_name(load, name, head[1], "is too large");
	object->present = true;
	object->stream_width = width;
	object->stream_size = size;
	load->to = object->bytes;
	load->left = size;
	return 0;
}

static int begin_run(struct load *load, const uint8_t *head, const uint8_t *name)
{
	uint32_t size = (uint32_t)get_le(head + 4, 4);
	uint8_t *place;

	if (head[1])
		load->last_ram = ram_find(load->dev, name, head[1]);
	if (load->last_ram < 0)
		return refuse_name(load, name, head[1], "is no RAM of this device");
	place = ram_place(load->dev, &load->ram, (uint32_t)load->last_ram, get_le(head + 8, 8),
			  size);
	if (!place)
		return refuse(load, "RAM that the device does not have");
	if (head[0] == ITEM_RAM_ZERO) {
		ram_place_zeros(place, size);
		return 0;
	}
	ram_expect(load->dev, (uint32_t)load->last_ram, get_le(head + 8, 8), size);
	load->to = place;
	load->left = size;
	return 0;
}

/* One item from the record's rest; returns its bytes or -errno. */
static ssize_t take_item(struct load *load, const uint8_t *item, size_t size)
{
	bool is_ram = item[0] == ITEM_RAM || item[0] == ITEM_RAM_ZERO;
	size_t head = is_ram ? ITEM_RAM_HEAD : ITEM_HEAD;
	int result;

	if (load->left)
		return refuse(load, "an item is cut short");
	if (size < ITEM_HEAD || size < head + item[1])
		return refuse(load, "an item's head is cut off");
	result =
		is_ram ? begin_run(load, item, item + head) : begin_object(load, item, item + head);
	if (result < 0)
		return result;
	head += item[1];
	return (ssize_t)(head + take_data(load, item + head, size - head));
}

static int take_fill(struct load *load, const uint8_t *fill, size_t size)
{
	while (size--)
		if (*fill++)
			return refuse(load, "filling that is not zeros");
	return 0;
}

static int take_items(struct load *load, const uint8_t *items, size_t size)
{
	static const uint8_t more[ITEM_MORE_HEAD] = {ITEM_MORE};
	size_t at = 0;
	ssize_t got;

	if (load->left) {
		if (size < sizeof(more) || memcmp(items, more, sizeof(more)) != 0)
			return refuse(load, "an item is not continued");
		at = sizeof(more);
		at += take_data(load, items + at, size - at);
	}
	for (; at < size; at += (size_t)got) {
		if (items[at] == ITEM_FILL)
			return take_fill(load, items + at, size - at);
		got = take_item(load, items + at, size - at);
		if (got < 0)
			return (int)got;
	}
	return 0;
}

static int take_record(void *arg, enum record_type type, const uint8_t *payload, size_t size)
{
	struct load *load = arg;

	if (type == RECORD_HEADER)
		return take_header(load, payload, size);
	if (type == RECORD_RESTART)
		return take_restart(load, payload + RECORD_RESTART_HEAD,
				    size - RECORD_RESTART_HEAD);
	if (type == RECORD_ITEMS)
		return take_items(load, payload, size);
	return load->left ? refuse(load, "it ends within an item") : 0;
}

/* ---- from the client */

int load_create(struct mdl_dev *dev, struct load **made)
{
	struct load *load = calloc(1, sizeof(*load));
	int result;

	if (!load)
		return -ENOMEM;
	load->dev = dev;
	load->reader.crc = &dev->migration->crc;
	load->reader.callback = take_record;
	load->reader.arg = load;
	load->last_ram = -1;
	result = ram_shadow_create(dev, dev->desc->version, &load->ram);
	if (result == 0)
		result = state_create(dev, &load->state);
	if (result < 0) {
		load_destroy(load);
		return result;
	}
	state_clear(&load->state);
	*made = load;
	return 0;
}

void load_destroy(struct load *load)
{
	if (!load)
		return;
	ram_shadow_destroy(&load->ram);
	state_destroy(&load->state);
	free(load);
}

int load_write(struct load *load, const uint8_t *bytes, size_t size)
{
	int result;

	/* The reason was logged the first time. */
	if (load->failed)
		return -EINVAL;
	result = reader_feed(&load->reader, bytes, size);
	if (result < 0 && load->reader.why)
		refuse(load, "%s", load->reader.why);
	load->failed = result < 0;
	return result;
}

/* ---- into the device */

static int judge(struct load *load)
{
	bool older = load->version < load->dev->desc->version;
	const char *lacking;

	if (load->failed)
		return -EINVAL;
	if (!reader_complete(&load->reader))
		return refuse(load, "it is incomplete");
	if (!ram_complete(load->dev, &load->ram, older, &lacking))
		return refuse(load, "RAM \"%s\" is incomplete", lacking);
	return state_judge(load->dev, &load->state, load->version);
}

/* The author may refuse, and has RAM to look at for it. */
static bool may_refuse(const struct load *load)
{
	const struct mdl_device_hooks *hooks = load->dev->desc->hooks;

	return hooks && hooks->after_load;
}

static int take_over(struct load *load)
{
	struct mdl_dev *dev = load->dev;
	int result = state_apply(dev, &load->state);

	if (result < 0)
		return result;
	if (!may_refuse(load)) {
		ram_take(dev, &load->ram);
		return 0;
	}
	ram_exchange(dev, &load->ram);
	dev->migration->refused = false;
	dev->desc->hooks->after_load(dev->instance);
	if (!dev->migration->refused)
		return 0;
	ram_exchange(dev, &load->ram);
	return -EINVAL;
}

int load_finish(struct load *load)
{
	struct mdl_dev *dev = load->dev;
	struct state before;
	int result;

	if (load->reader.total == 0)
		return 0;
	result = judge(load);
	if (result < 0)
		return result;
	result = state_create(dev, &before);
	if (result < 0)
		return result;
	state_capture(dev, &before, 0);
	if (dev->tracing)
		trace_load(dev);
	result = take_over(load);
	if (result < 0)
		state_apply(dev, &before);
	if (dev->tracing)
		trace_load_end(dev, result);
	state_destroy(&before);
	return result;
}
