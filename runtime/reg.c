/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a read and a write of one register do: access masks and effects under byte enables, locks,
 * hooks, in that order.  Where registers lie is no concern of this file's.
 */
#include "number.h"
#include "private.h"

static uint64_t width_mask(const struct mdl_reg *reg)
{
	return UINT64_MAX >> (64 - 8 * reg->width);
}

static uint64_t field_mask(const struct mdl_field *field)
{
	return UINT64_MAX >> (64 - field->width) << field->lsb;
}

static uint8_t *place_of(const struct mdl_dev *dev, uint32_t store, uint32_t element, uint8_t width)
{
	return (uint8_t *)dev->instance + store + (size_t)element * width;
}

uint64_t reg_peek(const struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element)
{
	if (reg->flags & MDL_REG_DOORBELL)
		return 0;
	return number_get(place_of(dev, reg->store, element, reg->width), reg->width);
}

void reg_poke(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t value)
{
	if (!(reg->flags & MDL_REG_DOORBELL))
		number_put(place_of(dev, reg->store, element, reg->width), reg->width, value);
}

void dims_split(const struct mdl_dim *dims, unsigned ndims, uint32_t element, uint32_t *at)
{
	for (unsigned d = ndims; d-- > 0;) {
		at[d] = element % dims[d].count;
		element /= dims[d].count;
	}
}

/* ---- reading */

static uint64_t read_hooks(struct mdl_dev *dev, const struct mdl_reg *reg, const uint32_t *at,
			   uint64_t value, uint64_t enabled)
{
	if (reg->hooks && reg->hooks->on_read)
		value = reg->hooks->on_read(dev->instance, at, value);
	for (uint32_t i = 0; reg->field_hooks && i < reg->nfields; i++) {
		const struct mdl_field *field = &reg->fields[i];
		const uint64_t mask = field_mask(field);
		uint64_t part;

		if (!(mask & enabled) || !field->hooks || !field->hooks->on_read)
			continue;
		part = field->hooks->on_read(dev->instance, at, (value & mask) >> field->lsb);
		value = (value & ~mask) | (part << field->lsb & mask);
	}
	return value;
}

/* Only what the reader saw is cleared: what a hook set since stays. */
static void read_effects(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
			 uint64_t seen, uint64_t enabled)
{
	const struct mdl_effects *fx = reg->effects;
	const uint64_t before = reg_peek(dev, reg, element);
	uint64_t after;

	if (!((fx->rclr | fx->rset) & enabled))
		return;
	after = (before & ~(fx->rclr & enabled & seen)) | (fx->rset & enabled);
	if (after == before)
		return;
	if (reg->intr_role == MDL_INTR_STATUS)
		intr_status_read(dev, reg, element, before & ~after);
	else
		reg_poke(dev, reg, element, after);
}

uint64_t reg_read(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
		  uint64_t enabled)
{
	uint32_t at[MDL_MAX_DIMS] = {0};
	const uint64_t stored = reg_peek(dev, reg, element);
	uint64_t value = stored;

	if (reg->has_read_hook) {
		dims_split(reg->dims, reg->ndims, element, at);
		value = read_hooks(dev, reg, at, value, enabled);
	}
	if (reg->effects)
		read_effects(dev, reg, element, value | stored, enabled);
	value &= reg->flags & MDL_REG_DOORBELL ? 0 : reg->readable & width_mask(reg);
	if (dev->tracing)
		trace_read(dev, reg, element, value, enabled);
	return value;
}

/* ---- writing */

struct write {
	struct mdl_dev *dev;
	const struct mdl_reg *reg;
	uint32_t element;
	uint32_t at[MDL_MAX_DIMS];
	uint64_t old;
	uint64_t data;    /* as written, in register position */
	uint64_t enabled; /* bits that the write may affect */
};

/* Bits that are stored as they are written, pulses included. */
static uint64_t plain_bits(const struct mdl_reg *reg)
{
	const struct mdl_effects *fx = reg->effects;

	if (!fx)
		return reg->writable;
	return (reg->writable | fx->once | fx->pulse) &
	       ~(fx->woclr | fx->woset | fx->wot | fx->wzc | fx->wzs | fx->wzt | fx->wclr |
		 fx->wset);
}

uint64_t reg_apply(const struct mdl_reg *reg, uint64_t old, uint64_t data, uint64_t enabled)
{
	const struct mdl_effects *fx = reg->effects;
	const uint64_t plain = plain_bits(reg) & enabled;
	const uint64_t ones = data & enabled, zeros = ~data & enabled;
	uint64_t value = (old & ~plain) | (data & plain);

	if (!fx)
		return value;
	value &= ~((ones & fx->woclr) | (zeros & fx->wzc) | (enabled & fx->wclr));
	value |= (ones & fx->woset) | (zeros & fx->wzs) | (enabled & fx->wset);
	value ^= (ones & fx->wot) | (zeros & fx->wzt);
	return value;
}

/* What a check hook sees in bytes that are not written: what has no effect there. */
static uint64_t neutral(const struct mdl_reg *reg, uint64_t old)
{
	const struct mdl_effects *fx = reg->effects;

	return (old & plain_bits(reg)) | (fx ? fx->wzc | fx->wzs | fx->wzt : 0);
}

/*
 * The hooks see whole fields and may alter them; what they alter outside of the written bytes of
 * such a field counts as written too.
 */
static void check_hooks(struct write *w)
{
	const struct mdl_reg *reg = w->reg;
	const uint64_t given = (w->data & w->enabled) | (neutral(reg, w->old) & ~w->enabled);
	uint64_t data = given;

	for (uint32_t i = 0; reg->field_hooks && i < reg->nfields; i++) {
		const struct mdl_field *field = &reg->fields[i];
		const uint64_t mask = field_mask(field);
		uint64_t part;

		if (!(mask & w->enabled) || !field->hooks || !field->hooks->check_write)
			continue;
		part = field->hooks->check_write(w->dev->instance, w->at,
						 (data & mask) >> field->lsb,
						 (w->old & mask) >> field->lsb);
		data = (data & ~mask) | (part << field->lsb & mask);
	}
	if (reg->hooks && reg->hooks->check_write)
		data = reg->hooks->check_write(w->dev->instance, w->at, data, w->old);
	w->enabled |= (data ^ given) & width_mask(reg);
	w->data = data;
}

/* Element of a lock's key: the leading indices that both share, the rest 0. */
static uint32_t key_element(const struct mdl_lock *lock, const uint32_t *at)
{
	const struct mdl_reg *key = lock->key;
	uint32_t element = 0;

	for (unsigned d = 0; d < key->ndims; d++)
		element = element * key->dims[d].count + (d < lock->shared_dims ? at[d] : 0);
	return element < key->count ? element : 0;
}

static void apply_locks(struct write *w)
{
	for (uint32_t i = 0; i < w->reg->nlocks; i++) {
		const struct mdl_lock *lock = &w->reg->locks[i];
		const uint64_t key = reg_peek(w->dev, lock->key, key_element(lock, w->at));

		if ((key & lock->key_bits) != (lock->low ? 0 : lock->key_bits))
			w->enabled &= ~lock->mask;
	}
}

/* The first write of a write-once bit counts, later ones are as if not enabled. */
static void apply_once(struct write *w)
{
	const struct mdl_effects *fx = w->reg->effects;
	uint64_t done, first;
	uint8_t *record;

	if (!fx || !(fx->once & w->enabled))
		return;
	record = place_of(w->dev, fx->once_store, w->element, w->reg->width);
	done = number_get(record, w->reg->width);
	first = fx->once & w->enabled & ~done;
	number_put(record, w->reg->width, done | first);
	w->enabled &= ~fx->once | first;
}

/* What of it may be done. */
static void judge_write(struct write *w)
{
	const uint64_t data = w->data, enabled = w->enabled;
	struct trace_write_bits bits;

	check_hooks(w);
	bits.checked = w->enabled;
	apply_locks(w);
	bits.unlocked = w->enabled;
	apply_once(w);
	if (w->dev->tracing) {
		bits.data = w->data;
		bits.enabled = w->enabled;
		trace_checked(w->dev, w->reg, w->element, data, enabled, &bits);
	}
}

static void call_write_hooks(const struct mdl_reg_hooks *hooks, const struct write *w,
			     uint64_t value, uint64_t old)
{
	if (hooks->on_write)
		hooks->on_write(w->dev->instance, w->at, value, old);
	if (hooks->on_change && value != old)
		hooks->on_change(w->dev->instance, w->at, value, old);
}

static void write_hooks(const struct write *w, uint64_t value)
{
	const struct mdl_reg *reg = w->reg;

	for (uint32_t i = 0; reg->field_hooks && i < reg->nfields; i++) {
		const struct mdl_field *field = &reg->fields[i];
		const uint64_t mask = field_mask(field);

		if ((mask & w->enabled) && field->hooks)
			call_write_hooks(field->hooks, w, (value & mask) >> field->lsb,
					 (w->old & mask) >> field->lsb);
	}
	if (reg->hooks && w->enabled)
		call_write_hooks(reg->hooks, w, value, w->old);
}

/* Through an alias the register itself has changed: the bits of `changed`. */
static void change_hooks(const struct write *w, const struct mdl_reg *reg, uint64_t value,
			 uint64_t changed)
{
	for (uint32_t i = 0; reg->field_hooks && i < reg->nfields; i++) {
		const struct mdl_field *field = &reg->fields[i];
		const uint64_t mask = field_mask(field);

		if ((mask & changed) && field->hooks && field->hooks->on_change)
			field->hooks->on_change(w->dev->instance, w->at,
						(value & mask) >> field->lsb,
						(w->old & mask) >> field->lsb);
	}
	if (changed && reg->hooks && reg->hooks->on_change)
		reg->hooks->on_change(w->dev->instance, w->at, value, w->old);
}

static void doorbell_write(struct write *w)
{
	const struct mdl_reg_hooks *hooks = w->reg->hooks;
	uint64_t value = w->data & w->enabled;

	if (hooks && hooks->check_write)
		value = hooks->check_write(w->dev->instance, w->at, value, 0);
	if (hooks && hooks->on_write)
		hooks->on_write(w->dev->instance, w->at, value, 0);
}

static void plain_write(struct write *w)
{
	const struct mdl_reg *reg = w->reg;
	uint64_t value, pulses = reg->effects ? reg->effects->pulse : 0;

	w->old = reg_peek(w->dev, reg, w->element);
	judge_write(w);
	value = reg_apply(reg, w->old, w->data, w->enabled);
	if (reg->intr_role) {
		intr_reg_written(w->dev, reg, w->element, w->data, w->enabled);
		value = reg_peek(w->dev, reg, w->element);
	} else {
		/* Pulses are gone before the hooks run, so that what a hook stores is kept. */
		reg_poke(w->dev, reg, w->element, value & ~pulses);
	}
	if (w->dev->tracing)
		trace_stored(w->dev, reg, w->element, value);
	write_hooks(w, value);
	value &= ~pulses;
	if (reg->alias_of)
		change_hooks(w, reg->alias_of, value, (value ^ w->old) & ~pulses);
}

void reg_write(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element, uint64_t data,
	       uint64_t enabled)
{
	struct write w = {.dev = dev, .reg = reg, .element = element, .data = data};

	w.enabled = enabled & width_mask(reg);
	dims_split(reg->dims, reg->ndims, element, w.at);
	if (dev->tracing)
		trace_write(dev, reg, element, data, w.enabled);
	if (reg->flags & MDL_REG_DOORBELL)
		doorbell_write(&w);
	else
		plain_write(&w);
	if (dev->tracing)
		trace_look(dev);
}
