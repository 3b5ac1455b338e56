/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way out: what goes into the stream, in which order, block by block.
 * While the device runs (PRE_COPY): passes over RAM, each ends with a short block.  Once it has
 * stopped: the state, RAM that changed since, the end.  Where there is little RAM, all of it is
 * sent then, in a stream that begins anew: so it is whole also for who threw the first part away.
 */
#include "migration.h"
#include "ram.h"
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Up to so much RAM in all is little. */
#define LITTLE_RAM (4u * RAM_PAGE)

enum step { HEADER, PASS, PASS_ALIGN, RESTART, STATE, RAM, END, ALIGN, DONE };

struct save {
	struct mdl_dev *dev;
	struct stream_writer writer;
	struct state state;
	struct ram_sender ram;
	uint32_t version; /* of the device that the stream is for */
	enum step step;
	bool finishing;
	bool pass_over;     /* the last block was full, but the pass ended with it */
	uint32_t object;    /* next to be sent */
	struct ram_run run; /* next to be sent, if it has a window */
	const struct mdl_ram *last_ram;
	const uint8_t *data; /* rest of the item being sent */
	uint32_t left;
	uint8_t small[STREAM_BLOCK]; /* a block for who reads less than one */
	size_t small_at, small_end;
};

int save_create(struct mdl_dev *dev, struct save **made)
{
	struct save *save = calloc(1, sizeof(*save));
	int result;

	if (!save)
		return -ENOMEM;
	save->dev = dev;
	save->version = dev->migration->version;
	save->writer.crc = &dev->migration->crc;
	result = ram_sender_create(dev, save->version, &save->ram);
	if (result < 0) {
		free(save);
		return result;
	}
	*made = save;
	return 0;
}

void save_destroy(struct save *save)
{
	if (!save)
		return;
	ram_sender_destroy(&save->ram);
	state_destroy(&save->state);
	free(save);
}

static void restart(struct save *save)
{
	ram_sender_forget(&save->ram);
	save->run.window = NULL;
	save->last_ram = NULL;
	save->left = 0;
	save->step = RESTART;
}

int save_finish(struct save *save)
{
	struct mdl_dev *dev = save->dev;
	const struct mdl_device_hooks *hooks = dev->desc->hooks;
	int result = state_create(dev, &save->state);

	if (result < 0)
		return result;
	if (hooks && hooks->before_save)
		hooks->before_save(dev->instance);
	state_capture(dev, &save->state, save->version);
	save->finishing = true;
	save->pass_over = false;
	save->ram.keep = false;
	ram_sender_rewind(&save->ram);
	if (save->step == HEADER)
		return 0;
	if (save->ram.sent.size <= LITTLE_RAM)
		restart(save);
	else
		save->step = STATE;
	return 0;
}

/* ---- items */

/* Of the item being sent, what fits here. */
static size_t copy_data(struct save *save, uint8_t *to, size_t room)
{
	size_t size = save->left < room ? save->left : room;

	if (size == 0)
		return 0;
	memcpy(to, save->data, size);
	save->data += size;
	save->left -= (uint32_t)size;
	return size;
}

/* False: not in this block. */
static bool begin_item(struct save *save, const uint8_t *head, size_t head_size,
		       const uint8_t *data, uint32_t size)
{
	size_t room;
	uint8_t *to = writer_item(&save->writer, head_size + (size > 0), &room);

	if (!to)
		return false;
	memcpy(to, head, head_size);
	save->data = data;
	save->left = size;
	writer_advance(&save->writer,
		       head_size + copy_data(save, to + head_size, room - head_size));
	return true;
}

static bool continue_item(struct save *save)
{
	size_t room;
	uint8_t *to = writer_item(&save->writer, ITEM_MORE_HEAD + 1, &room);

	if (!to)
		return false;
	put_le(to, ITEM_MORE_HEAD, ITEM_MORE);
	writer_advance(&save->writer, ITEM_MORE_HEAD + copy_data(save, to + ITEM_MORE_HEAD,
								 room - ITEM_MORE_HEAD));
	return true;
}

static size_t put_head(uint8_t *head, uint8_t kind, size_t name_size, uint16_t width, uint32_t size)
{
	head[0] = kind;
	head[1] = (uint8_t)name_size;
	put_le(head + 2, 2, width);
	put_le(head + 4, 4, size);
	return ITEM_HEAD;
}

static bool send_object(struct save *save, const struct object *object)
{
	uint8_t head[ITEM_HEAD + UINT8_MAX];
	size_t name_size = strlen(object->name), size;

	size = put_head(head, object->kind, name_size, object->width, object->stream_size);
	memcpy(head + size, object->name, name_size);
	return begin_item(save, head, size + name_size, object->bytes, object->stream_size);
}

static bool send_run(struct save *save)
{
	const struct ram_run *run = &save->run;
	const struct mdl_ram *ram = run->window->ram;
	size_t name_size = ram == save->last_ram ? 0 : strlen(ram->name), size;
	uint8_t head[ITEM_RAM_HEAD + UINT8_MAX];

	size = put_head(head, run->data ? ITEM_RAM : ITEM_RAM_ZERO, name_size, 0, run->size);
	put_le(head + size, 8, run->window->element * ram->size + run->offset);
	size = ITEM_RAM_HEAD;
	memcpy(head + size, ram->name, name_size);
	if (!begin_item(save, head, size + name_size, run->data, run->data ? run->size : 0))
		return false;
	save->last_ram = ram;
	return true;
}

/* ---- steps: each sends something, or goes on to the next; false: the block is done */

static bool step_header(struct save *save)
{
	const struct mdl_device *desc = save->dev->desc;
	uint8_t record[RECORD_RESTART_HEAD + 29 + UINT8_MAX],
		*header = record + RECORD_RESTART_HEAD;
	size_t name_size = strlen(desc->name);

	memcpy(header, STREAM_MAGIC, 8);
	put_le(header + 8, 4, STREAM_FORMAT);
	put_le(header + 12, 4, save->version);
	/* What the schema was is not known any more. */
	put_le(header + 16, 8, save->version == desc->version ? desc->schema : 0);
	put_le(header + 24, 2, desc->pci->vendor);
	put_le(header + 26, 2, desc->pci->device);
	header[28] = (uint8_t)name_size;
	memcpy(header + 29, desc->name, name_size);
	if (save->step == RESTART)
		writer_restart(&save->writer, record, RECORD_RESTART_HEAD + 29 + name_size);
	else
		writer_record(&save->writer, RECORD_HEADER, header, 29 + name_size);
	save->step = save->finishing ? STATE : PASS;
	return true;
}

static bool full(struct save *save)
{
	writer_fill(&save->writer);
	return false;
}

static bool step_ram(struct save *save, enum step after)
{
	if (!save->run.window && !ram_sender_next(&save->ram, &save->run)) {
		save->step = after;
		return true;
	}
	if (!send_run(save))
		return full(save);
	save->run.window = NULL;
	return true;
}

static bool step_pass_align(struct save *save)
{
	if (!writer_align(&save->writer))
		return false;
	save->pass_over = writer_left(&save->writer) == 0;
	save->step = PASS;
	ram_sender_rewind(&save->ram);
	return false;
}

static bool step_state(struct save *save)
{
	const struct object *object = &save->state.objects[save->object];

	if (save->object == save->state.n) {
		save->step = RAM;
		return true;
	}
	if (object->present && !send_object(save, object))
		return full(save);
	save->object++;
	return true;
}

static bool step_end(struct save *save)
{
	struct stream_writer *writer = &save->writer;
	uint8_t end[RECORD_END_SIZE];

	writer_close(writer);
	if (!writer_fits(writer, sizeof(end)))
		return full(save);
	put_le(end, 4, writer->records);
	put_le(end + 4, 4, writer->chain);
	writer_record(writer, RECORD_END, end, sizeof(end));
	save->step = ALIGN;
	return true;
}

static bool step(struct save *save)
{
	if (save->left)
		return continue_item(save) || full(save);
	switch (save->step) {
	case HEADER:
	case RESTART:
		return step_header(save);
	case PASS:
		return step_ram(save, PASS_ALIGN);
	case PASS_ALIGN:
		return step_pass_align(save);
	case STATE:
		return step_state(save);
	case RAM:
		return step_ram(save, END);
	case END:
		return step_end(save);
	case ALIGN:
		if (writer_align(&save->writer))
			save->step = DONE;
		return false;
	case DONE:
		break;
	}
	return false;
}

/* ---- blocks */

static size_t make_block(struct save *save, uint8_t *block, size_t room)
{
	if (save->pass_over) {
		save->pass_over = false;
		return 0;
	}
	writer_begin(&save->writer, block, room);
	while (step(save))
		;
	return writer_end(&save->writer);
}

static size_t take_small(struct save *save, uint8_t *out, size_t size)
{
	size_t there = save->small_end - save->small_at;

	if (size > there)
		size = there;
	if (size == 0)
		return 0;
	memcpy(out, save->small + save->small_at, size);
	save->small_at += size;
	return size;
}

size_t save_read(struct save *save, uint8_t *out, size_t size)
{
	size_t done = take_small(save, out, size), made, want;

	while (done < size) {
		want = size - done;
		if (want >= STREAM_BLOCK) {
			made = make_block(save, out + done, want);
			done += made;
		} else {
			save->small_at = 0;
			save->small_end = make_block(save, save->small, STREAM_BLOCK);
			want = STREAM_BLOCK;
			made = save->small_end;
			done += take_small(save, out + done, size - done);
		}
		if (made < want)
			break;
	}
	return done;
}
