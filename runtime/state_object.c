/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the device and the bytes of the stream, for each kind of object. */
#include "state_object.h"

#include <errno.h>
#include <string.h>

#include "number.h"

/* ---- registers, and what is shaped like them */

/* What a register-like object is stored in: reg_peek() and reg_poke() need no more. */
static struct mdl_reg storage(const struct object *object)
{
	const struct mdl_reg *reg = object->desc;
	const struct mdl_intr *intr = object->desc;
	struct mdl_reg store = {.width = (uint8_t)object->width};

	switch (object->kind) {
	case ITEM_ONCE:
		store.store = reg->effects->once_store;
		break;
	case ITEM_INTR_INPUT:
		store.store = intr->input_store;
		break;
	case ITEM_INTR_LATCH:
		store.store = intr->latch_store;
		break;
	default:
		store.store = reg->store;
		break;
	}
	return store;
}

static void get_registers(struct mdl_dev *dev, struct object *object)
{
	struct mdl_reg store = storage(object);
	uint32_t i;

	for (i = 0; i < object->size / object->width; i++)
		put_le(object->bytes + (size_t)i * object->width, object->width,
		       reg_peek(dev, &store, i));
}

static void put_registers(struct mdl_dev *dev, const struct object *object)
{
	struct mdl_reg store = storage(object);
	uint32_t i;

	for (i = 0; i < object->size / object->width; i++)
		reg_poke(dev, &store, i,
			 get_le(object->bytes + (size_t)i * object->width, object->width));
}

static uint64_t narrowed(uint64_t value, unsigned width)
{
	return width < 8 ? value & ((1ull << 8 * width) - 1) : value;
}

/* What every element has by default. */
static uint64_t default_value(const struct object *object)
{
	const struct mdl_reg *reg = object->desc;
	const struct mdl_var *var = object->desc;

	if (object->kind == ITEM_REG)
		return reg->reset[MDL_RESET_POWER] & reg->reset_mask[MDL_RESET_POWER];
	if (object->kind == ITEM_VAR && var->type != MDL_VAR_LAYOUT)
		return narrowed(var->value, var->size);
	return 0;
}

static void default_registers(struct object *object)
{
	const struct mdl_reg *reg = object->desc;
	uint32_t i;

	for (i = 0; i < reg->count; i++)
		put_le(object->bytes + (size_t)i * object->width, object->width,
		       default_value(object));
}

/* ---- shared pages */

static void get_doorbells(struct mdl_dev *dev, struct object *object)
{
	const struct mdl_reg *reg = object->desc;
	uint32_t i;

	for (i = 0; i < reg->count; i++)
		doorbell_page_get(dev, reg, i, object->bytes + (size_t)i * reg->width);
}

static void put_doorbells(struct mdl_dev *dev, const struct object *object)
{
	const struct mdl_reg *reg = object->desc;
	uint32_t i;

	for (i = 0; i < reg->count; i++)
		doorbell_page_put(dev, reg, i, object->bytes + (size_t)i * reg->width);
}

/* ---- timers */

static struct mdl_timer *timer_at(struct mdl_dev *dev, const struct mdl_timer_desc *desc,
				  uint32_t i)
{
	return (struct mdl_timer *)(void *)((char *)dev->instance + desc->store) + i;
}

static void get_timers(struct mdl_dev *dev, struct object *object)
{
	const struct mdl_timer_desc *desc = object->desc;
	uint8_t *bytes = object->bytes;
	uint32_t i;

	for (i = 0; i < desc->count; i++, bytes += TIMER_SIZE) {
		const struct mdl_timer *timer = timer_at(dev, desc, i);
		bool running = mdl_timer_pending(timer);

		/* 0 says stopped; a nanosecond later is as good for who started it at 0. */
		put_le(bytes, 8, running && timer->deadline_ns == 0 ? 1 : timer->deadline_ns);
		if (!running)
			put_le(bytes, 8, 0);
		put_le(bytes + 8, 8, running ? timer->period_ns : 0);
	}
}

static void put_timers(struct mdl_dev *dev, const struct object *object)
{
	const struct mdl_timer_desc *desc = object->desc;
	const uint8_t *bytes = object->bytes;
	uint32_t i;

	for (i = 0; i < desc->count; i++, bytes += TIMER_SIZE)
		timer_restore(timer_at(dev, desc, i), get_le(bytes, 8), get_le(bytes + 8, 8));
}

/* ---- variables */

/* A layout's members are in our byte order here, little-endian in the stream. */
static void copy_layout(uint8_t *to, const uint8_t *from, const struct mdl_layout *layout,
			bool from_stream)
{
	const struct mdl_member *member;
	uint32_t i, at;

	memcpy(to, from, layout->size);
	for (member = layout->members; member < layout->members + layout->nmembers; member++)
		for (i = 0; i < member->count && member->size <= 8; i++) {
			at = member->offset + i * member->size;
			if (from_stream)
				number_put(to + at, member->size, get_le(from + at, member->size));
			else
				put_le(to + at, member->size, number_get(from + at, member->size));
		}
}

static uint8_t *var_at(struct mdl_dev *dev, const struct mdl_var *var, uint32_t i)
{
	return (uint8_t *)dev->instance + var->store + (size_t)i * var->size;
}

static uint32_t var_length(struct mdl_dev *dev, const struct mdl_var *var)
{
	uint32_t length;

	if (var->length_store == MDL_NO_LENGTH)
		return var->count;
	memcpy(&length, (const uint8_t *)dev->instance + var->length_store, sizeof(length));
	if (length <= var->count)
		return length;
	log_limited(dev, MDL_LOG_ERROR, "the length of %s is %u, of %u at most", var->name, length,
		    var->count);
	return var->count;
}

static void get_var(struct mdl_dev *dev, struct object *object)
{
	const struct mdl_var *var = object->desc;
	uint32_t i, n = var_length(dev, var);

	for (i = 0; i < n; i++) {
		uint8_t *bytes = object->bytes + (size_t)i * var->size;

		if (var->type == MDL_VAR_LAYOUT)
			copy_layout(bytes, var_at(dev, var, i), var->layout, false);
		else
			put_le(bytes, var->size, number_get(var_at(dev, var, i), var->size));
	}
	object->stream_size = n * var->size;
}

/* An element of the stream, perhaps from when it was narrower. */
static uint64_t widened(const struct mdl_var *var, const uint8_t *bytes, unsigned width)
{
	uint64_t value = get_le(bytes, width), sign = 1ull << (8 * width - 1);

	return var->type == MDL_VAR_INT ? (value ^ sign) - sign : value;
}

static void put_var(struct mdl_dev *dev, const struct object *object)
{
	const struct mdl_var *var = object->desc;
	unsigned width = object->stream_width;
	uint32_t i, n = object->present ? object->stream_size / width : 0;

	for (i = 0; i < var->count; i++) {
		const uint8_t *bytes = object->bytes + (size_t)i * width;
		uint8_t *to = var_at(dev, var, i);

		if (var->type == MDL_VAR_LAYOUT && i < n)
			copy_layout(to, bytes, var->layout, true);
		else if (var->type == MDL_VAR_LAYOUT)
			memset(to, 0, var->size);
		else
			number_put(to, var->size, i < n ? widened(var, bytes, width) : var->value);
	}
	if (var->length_store != MDL_NO_LENGTH)
		memcpy((uint8_t *)dev->instance + var->length_store, &n, sizeof(n));
}

bool object_fits(const struct object *object)
{
	const struct mdl_var *var = object->desc;
	unsigned width = object->stream_width;
	uint32_t i;

	for (i = 0; i < object->stream_size / width; i++) {
		uint64_t value = widened(var, object->bytes + (size_t)i * width, width);
		uint8_t bytes[8];

		put_le(bytes, var->size, value);
		if (widened(var, bytes, var->size) != value)
			return false;
	}
	return true;
}

bool object_is_default(const struct object *object)
{
	const struct mdl_var *var = object->desc;
	uint64_t value = default_value(object);
	unsigned width = object->width <= 8 ? object->width : 1;
	uint32_t i;

	if (object->kind == ITEM_VAR && var->length_store != MDL_NO_LENGTH)
		return object->stream_size == 0;
	for (i = 0; i < object->stream_size; i += width)
		if (get_le(object->bytes + i, width) != value)
			return false;
	return true;
}

/* ---- any */

void object_get(struct mdl_dev *dev, struct object *object)
{
	switch (object->kind) {
	case ITEM_CONFIG:
		memcpy(object->bytes, config_image(dev), object->size);
		break;
	case ITEM_CLOCK:
		put_le(object->bytes, 8, mdl_now_ns(dev));
		break;
	case ITEM_DOORBELL:
		get_doorbells(dev, object);
		break;
	case ITEM_TIMER:
		get_timers(dev, object);
		break;
	case ITEM_VAR:
		get_var(dev, object);
		break;
	case ITEM_IRQS:
		irqs_save(dev, object->bytes);
		break;
	default:
		get_registers(dev, object);
		break;
	}
}

void object_default(struct object *object)
{
	memset(object->bytes, 0, object->size);
	if (object->kind == ITEM_REG)
		default_registers(object);
}

int object_put(struct mdl_dev *dev, const struct object *object)
{
	switch (object->kind) {
	case ITEM_CONFIG:
		return config_load(dev, object->bytes, object->size);
	case ITEM_CLOCK:
		clock_set(dev, get_le(object->bytes, 8));
		return 0;
	case ITEM_DOORBELL:
		put_doorbells(dev, object);
		return 0;
	case ITEM_TIMER:
		put_timers(dev, object);
		return 0;
	case ITEM_VAR:
		put_var(dev, object);
		return 0;
	case ITEM_IRQS:
		return irqs_load(dev, object->bytes, object->size);
	default:
		put_registers(dev, object);
		return 0;
	}
}
