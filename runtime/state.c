/* SPDX-License-Identifier: BSD-2-Clause */
/* What migrates, but RAM: the list of it; is a loaded one whole?  How each is got and put:
 * state_object.c. */
#include "state.h"
#include "state_object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list */

static void add(struct state *state, enum item_kind kind, const char *name, const void *desc,
		uint16_t width, size_t count)
{
	if (state->objects)
		state->objects[state->n] = (struct object){
			.kind = (uint8_t)kind,
			.name = name,
			.desc = desc,
			.width = width,
			.size = (uint32_t)(width * count),
		};
	state->n++;
}

static void add_regs(struct state *state, const struct mdl_reg *regs, uint32_t nregs)
{
	for (uint32_t i = 0; i < nregs; i++) {
		const struct mdl_reg *reg = &regs[i];

		if (reg->flags & MDL_REG_DOORBELL) {
			if (reg->doorbell && reg->doorbell->mode == MDL_DOORBELL_MMAP)
				add(state, ITEM_DOORBELL, reg->name, reg, reg->width, reg->count);
			continue;
		}
		if (reg->flags & MDL_REG_ALIAS)
			continue;
		add(state, ITEM_REG, reg->name, reg, reg->width, reg->count);
		if (reg->effects && reg->effects->once)
			add(state, ITEM_ONCE, reg->name, reg, reg->width, reg->count);
	}
}

static void add_intr(struct state *state, const struct mdl_intr *intr)
{
	add(state, ITEM_INTR_INPUT, intr->name, intr, intr->status->width, intr->status->count);
	add(state, ITEM_INTR_LATCH, intr->name, intr, intr->status->width, intr->status->count);
}

/* In the order of the stream, and of a load: interrupts last. */
static void add_all(struct mdl_dev *dev, struct state *state)
{
	const struct mdl_device *desc = dev->desc;
	uint32_t i;

	add(state, ITEM_CONFIG, "config", NULL, 1, config_size(dev));
	add(state, ITEM_CLOCK, "clock", NULL, 8, 1);
	add_regs(state, desc->pci->regs, desc->pci->nregs);
	for (i = 0; i < desc->nbars; i++)
		add_regs(state, desc->bars[i].regs, desc->bars[i].nregs);
	for (i = 0; i < desc->nintrs; i++)
		add_intr(state, desc->intrs[i]);
	for (i = 0; i < desc->ntimers; i++)
		if (!desc->timers[i].transient)
			add(state, ITEM_TIMER, desc->timers[i].name, &desc->timers[i], TIMER_SIZE,
			    desc->timers[i].count);
	for (i = 0; i < desc->nvars; i++)
		add(state, ITEM_VAR, desc->vars[i].name, &desc->vars[i], desc->vars[i].size,
		    desc->vars[i].count);
	add(state, ITEM_IRQS, "irqs", NULL, 1, irqs_state_size(dev));
}

static int order(uint8_t kind, const char *name, const struct object *object)
{
	return kind != object->kind ? kind - object->kind : strcmp(name, object->name);
}

static int by_name(const void *a, const void *b)
{
	const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;

	return order(x->kind, x->name, y);
}

/* Each has bytes of its own. */
static void share_bytes(struct state *state)
{
	size_t at = 0;

	for (uint32_t i = 0; i < state->n; i++) {
		state->objects[i].bytes = state->bytes + at;
		at += state->objects[i].size;
	}
}

static void drop_wide(struct state *state)
{
	for (uint32_t i = 0; state->objects && i < state->n; i++) {
		free(state->objects[i].wide);
		state->objects[i].wide = NULL;
	}
}

static int place_objects(struct state *state)
{
	size_t size = 0;
	uint32_t i;

	for (i = 0; i < state->n; i++)
		size += state->objects[i].size;
	state->bytes = calloc(1, size + 1);
	state->by_name = calloc(state->n, sizeof(struct object *));
	if (!state->bytes || !state->by_name)
		return -ENOMEM;
	share_bytes(state);
	for (i = 0; i < state->n; i++)
		state->by_name[i] = &state->objects[i];
	qsort(state->by_name, state->n, sizeof(struct object *), by_name);
	return 0;
}

int state_create(struct mdl_dev *dev, struct state *state)
{
	int result;

	*state = (struct state){0};
	add_all(dev, state);
	state->objects = calloc(state->n, sizeof(*state->objects));
	if (!state->objects)
		return -ENOMEM;
	state->n = 0;
	add_all(dev, state);
	result = place_objects(state);
	if (result < 0)
		state_destroy(state);
	return result;
}

void state_destroy(struct state *state)
{
	drop_wide(state);
	free(state->objects);
	free(state->by_name);
	free(state->bytes);
	*state = (struct state){0};
}

struct object *state_find(const struct state *state, uint8_t kind, const uint8_t *name, size_t size)
{
	uint32_t low = 0, high = state->n;
	char wanted[256];
	int sign;

	if (size >= sizeof(wanted))
		return NULL;
	memcpy(wanted, name, size);
	wanted[size] = '\0';
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		sign = order(kind, wanted, state->by_name[middle]);
		if (sign == 0)
			return state->by_name[middle];
		if (sign > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- saving */

/* The first version that has it. */
static uint32_t since(const struct object *object)
{
	const struct mdl_reg *reg = object->desc;
	const struct mdl_intr *intr = object->desc;
	const struct mdl_timer_desc *timer = object->desc;
	const struct mdl_var *var = object->desc;

	switch (object->kind) {
	case ITEM_REG:
	case ITEM_ONCE:
	case ITEM_DOORBELL:
		return reg->since;
	case ITEM_INTR_INPUT:
	case ITEM_INTR_LATCH:
		return intr->status->since;
	case ITEM_TIMER:
		return timer->since;
	case ITEM_VAR:
		return var->since;
	default:
		return 0;
	}
}

static bool exists(const struct object *object, uint32_t version)
{
	const struct mdl_var *var = object->desc;

	return since(object) <= version && (object->kind != ITEM_VAR || var->until >= version);
}

/* Is it sent, now? */
static bool is_sent(struct mdl_dev *dev, const struct object *object, uint32_t version)
{
	const struct mdl_var *var = object->desc;
	const struct mdl_section *section;

	if (version == 0)
		return true;
	if (!exists(object, version))
		return false;
	if (object->kind != ITEM_VAR || var->section < 0)
		return true;
	section = &dev->desc->sections[var->section];
	return !section->when || section->when(dev->instance);
}

/* Not sent though it holds something: an older version knows nothing of it. */
static bool is_lost(struct mdl_dev *dev, struct object *object, uint32_t version)
{
	if (version == 0 || exists(object, version) || !exists(object, dev->desc->version))
		return false;
	object_get(dev, object);
	return !object_is_default(object);
}

/* Whoever is to go on with the device should hear of it; in one line, for a client can cause it. */
struct losses {
	char names[512];
	size_t length;
	unsigned more;
};

static void add_loss(struct losses *losses, const char *name)
{
	const size_t room = sizeof(losses->names) - losses->length;
	const int n = snprintf(losses->names + losses->length, room, "%s%s",
			       losses->length ? ", " : "", name);

	if (n >= 0 && (size_t)n < room) {
		losses->length += (size_t)n;
	} else {
		losses->names[losses->length] = '\0';
		losses->more++;
	}
}

static void mention(struct mdl_dev *dev, const struct losses *losses, uint32_t version)
{
	char more[32] = "";

	if (losses->more)
		snprintf(more, sizeof(more), " and %u more", losses->more);
	if (losses->length || losses->more)
		log_limited(dev, MDL_LOG_WARN,
			    "version %u, which the stream is for, does not have and loses: %s%s",
			    version, losses->names, more);
}

void state_capture(struct mdl_dev *dev, struct state *state, uint32_t version)
{
	struct losses losses = {0};
	struct object *object;

	for (object = state->objects; object < state->objects + state->n; object++) {
		object->present = is_sent(dev, object, version);
		object->stream_width = object->width;
		object->stream_size = object->size;
		if (object->present)
			object_get(dev, object);
		else if (is_lost(dev, object, version))
			add_loss(&losses, object->name);
	}
	mention(dev, &losses, version);
}

/* ---- loading */

void state_clear(struct state *state)
{
	struct object *object;

	drop_wide(state);
	share_bytes(state);
	for (object = state->objects; object < state->objects + state->n; object++) {
		object->present = false;
		object->stream_size = 0;
		object->stream_width = object->width;
		object_default(object);
	}
}

static int refuse(struct mdl_dev *dev, const struct object *object, const char *why)
{
	log_limited(dev, MDL_LOG_ERROR, "migration refused: %s %s", object->name, why);
	return -EINVAL;
}

static bool has_length(const struct mdl_var *var)
{
	return var->length_store != MDL_NO_LENGTH;
}

static int judge_absent(struct mdl_dev *dev, const struct object *object, uint32_t version)
{
	const struct mdl_var *var = object->desc;

	switch (object->kind) {
	case ITEM_CONFIG:
	case ITEM_CLOCK:
	case ITEM_IRQS:
		return refuse(dev, object, "is missing");
	case ITEM_VAR:
		if (var->section >= 0 || version < var->since || version > var->until)
			return 0;
		return refuse(dev, object, "is missing");
	default:
		/* A device that is newer has more. */
		return version < dev->desc->version ? 0 : refuse(dev, object, "is missing");
	}
}

static int judge_var(struct mdl_dev *dev, const struct object *object, uint32_t version)
{
	const struct mdl_var *var = object->desc;
	uint32_t width = object->stream_width, i;

	/* Numbers may have grown since, or grow later. */
	if (width != object->width && (var->type > MDL_VAR_INT || width > 8))
		return refuse(dev, object, "has elements of another size");
	if (width > object->width && !object_fits(object))
		return refuse(dev, object, "has a number that is too large here");
	if (object->stream_size / width > var->count)
		return refuse(dev, object, "has more elements than there is room for");
	if (!has_length(var) && object->stream_size / width < var->count &&
	    version == dev->desc->version)
		return refuse(dev, object, "has too few elements");
	if (var->type == MDL_VAR_BOOL)
		for (i = 0; i < object->stream_size; i++)
			if (object->bytes[i] > 1)
				return refuse(dev, object, "is neither true nor false");
	return 0;
}

static int judge(struct mdl_dev *dev, const struct object *object, uint32_t version)
{
	bool exact = version == dev->desc->version;

	if (!object->present)
		return judge_absent(dev, object, version);
	if (object->stream_width == 0 || object->stream_size % object->stream_width)
		return refuse(dev, object, "has a broken size");
	switch (object->kind) {
	case ITEM_VAR:
		return judge_var(dev, object, version);
	case ITEM_CONFIG:
	case ITEM_CLOCK:
	case ITEM_IRQS:
		exact = true;
		break;
	}
	if (object->stream_width != object->width)
		return refuse(dev, object, "has elements of another size");
	if (exact && object->stream_size != object->size)
		return refuse(dev, object, "has another size");
	return object->kind == ITEM_CLOCK && get_le(object->bytes, 8) > INT64_MAX
		       ? refuse(dev, object, "is out of this world")
		       : 0;
}

int state_judge(struct mdl_dev *dev, const struct state *state, uint32_t version)
{
	const struct object *object;

	for (object = state->objects; object < state->objects + state->n; object++)
		if (judge(dev, object, version) < 0)
			return -EINVAL;
	return 0;
}

int state_apply(struct mdl_dev *dev, const struct state *state)
{
	const struct object *object;

	for (object = state->objects; object < state->objects + state->n; object++)
		if (object_put(dev, object) < 0)
			return refuse(dev, object, "does not suit this device");
	intrs_update(dev);
	irqs_update(dev);
	return 0;
}
