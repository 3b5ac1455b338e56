/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers, fields and BARs in --emit=json. */
#include <stddef.h>

#include "json.h"

void json_since(struct json *json, uint32_t since)
{
	if (since > 1)
		json_number(json, "since", since);
}

static const char *const reset_kinds[] = {"power", "hard", "flr", "soft"};

void json_enum(struct json *json, const char *key, const struct m_enum *e)
{
	if (!e)
		return;
	json_open(json, key, '{');
	json_optional(json, "name", e->name);
	json_optional(json, "doc", e->doc);
	json_open(json, "values", '[');
	for (unsigned i = 0; i < e->nvalues; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", e->values[i].name);
		json_hex(json, "value", e->values[i].value);
		json_optional(json, "doc", e->values[i].doc);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

void json_hooks(struct json *json, const struct m_hook *hooks, unsigned nhooks)
{
	if (!nhooks)
		return;
	json_open(json, "hooks", '[');
	for (unsigned i = 0; i < nhooks; i++) {
		json_open(json, NULL, '{');
		json_string(json, "event", event_name(hooks[i].event));
		json_string(json, "function", hooks[i].cname);
		json_bool(json, "inline", hooks[i].code != NULL);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void json_dims(struct json *json, const struct m_dim *dims, unsigned ndims)
{
	if (!ndims)
		return;
	json_open(json, "dims", '[');
	for (unsigned i = 0; i < ndims; i++) {
		json_open(json, NULL, '{');
		json_number(json, "count", dims[i].count);
		json_number(json, "stride", dims[i].stride);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_resets(struct json *json, const uint64_t *values)
{
	json_open(json, "reset", '{');
	for (int i = 0; i < MODEL_RESET_KINDS; i++)
		json_hex(json, reset_kinds[i], values[i]);
	json_close(json, '}');
}

static void put_sticky(struct json *json, const uint64_t *masks)
{
	json_open(json, "reset_mask", '{');
	for (int i = 0; i < MODEL_RESET_KINDS; i++)
		json_hex(json, reset_kinds[i], masks[i]);
	json_close(json, '}');
}

static void put_masks(struct json *json, const struct m_masks *masks)
{
	static const struct {
		const char *name;
		size_t at;
	} effects[] = {
#define MASK(name) {#name, offsetof(struct m_masks, name)}
		MASK(woclr), MASK(woset), MASK(wot),  MASK(wzc),  MASK(wzs),  MASK(wzt),
		MASK(wclr),  MASK(wset),  MASK(rclr), MASK(rset), MASK(once), MASK(pulse),
#undef MASK
	};

	json_open(json, "masks", '{');
	json_hex(json, "readable", masks->readable);
	json_hex(json, "writable", masks->writable);
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		const void *at = (const char *)masks + effects[i].at;

		if (*(const uint64_t *)at)
			json_hex(json, effects[i].name, *(const uint64_t *)at);
	}
	json_close(json, '}');
}

static void put_field(struct json *json, const struct m_field *field)
{
	json_open(json, NULL, '{');
	json_string(json, "name", field->name);
	json_optional(json, "doc", field->doc);
	json_number(json, "msb", field->msb);
	json_number(json, "lsb", field->lsb);
	json_hex(json, "mask", field->mask);
	json_optional(json, "access", field->access);
	json_flag(json, "reserved", field->reserved);
	json_flag(json, "volatile", field->is_volatile);
	json_flag(json, "singlepulse", field->pulse);
	put_resets(json, field->reset);
	json_enum(json, "enum", field->enumeration);
	json_hooks(json, field->hooks, field->nhooks);
	json_close(json, '}');
}

static void put_fields(struct json *json, const struct m_reg *reg)
{
	if (!reg->nfields)
		return;
	json_open(json, "fields", '[');
	for (unsigned i = 0; i < reg->nfields; i++)
		put_field(json, &reg->fields[i]);
	json_close(json, ']');
}

static void put_locks(struct json *json, const struct m_reg *reg)
{
	if (!reg->nlocks)
		return;
	json_open(json, "locks", '[');
	for (unsigned i = 0; i < reg->nlocks; i++) {
		json_open(json, NULL, '{');
		json_hex(json, "mask", reg->locks[i].mask);
		json_string(json, "key", reg->locks[i].key->path);
		json_hex(json, "key_bits", reg->locks[i].key_bits);
		json_flag(json, "low", reg->locks[i].low);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_relations(struct json *json, const struct m_reg *reg)
{
	static const char *const roles[] = {NULL, "status", "enable", "mask", "test"};
	static const char *const modes[] = {NULL, "message", "ioeventfd", "mmap"};

	if (reg->alias_of)
		json_string(json, "alias_of", reg->alias_of->path);
	if (reg->pair)
		json_string(json, "pair", reg->pair->path);
	if (reg->intr) {
		json_string(json, "intr", reg->intr->path);
		json_optional(json, "role", roles[reg->intr_role]);
	}
	json_optional(json, "doorbell", modes[reg->doorbell]);
	if (reg->poll_ns)
		json_number(json, "poll_ns", reg->poll_ns);
}

void json_register(struct json *json, const struct m_reg *reg)
{
	json_open(json, NULL, '{');
	json_string(json, "name", reg->path);
	json_string(json, "cname", reg->cname);
	json_optional(json, "doc", reg->doc);
	json_number(json, "offset", reg->offset);
	json_number(json, "width", reg->width);
	json_number(json, "access_min", reg->access_min);
	json_number(json, "access_max", reg->access_max);
	json_number(json, "count", reg->count);
	json_dims(json, reg->dims, reg->ndims);
	json_flag(json, "big_endian", reg->big_endian);
	json_flag(json, "volatile", reg->is_volatile);
	json_optional(json, "access", reg->access);
	json_since(json, reg->since);
	put_resets(json, reg->reset);
	put_sticky(json, reg->reset_mask);
	put_masks(json, &reg->masks);
	put_relations(json, reg);
	put_locks(json, reg);
	json_enum(json, "enum", reg->enumeration);
	json_hooks(json, reg->hooks, reg->nhooks);
	put_fields(json, reg);
	json_close(json, '}');
}

static void put_ram(struct json *json, const struct m_ram *ram)
{
	json_open(json, NULL, '{');
	json_string(json, "name", ram->path);
	json_string(json, "cname", ram->cname);
	json_optional(json, "doc", ram->doc);
	json_number(json, "offset", ram->offset);
	json_number(json, "size", ram->size);
	json_number(json, "count", ram->count);
	json_dims(json, ram->dims, ram->ndims);
	json_flag(json, "mmap", ram->mmap);
	json_flag(json, "transient", ram->transient);
	json_since(json, ram->since);
	json_close(json, '}');
}

void json_bar(struct json *json, const struct m_bar *bar)
{
	static const char *const types[] = {"", "io", "mem32", "mem64"};

	json_open(json, NULL, '{');
	json_number(json, "index", bar->index);
	json_string(json, "type", types[bar->type]);
	json_optional(json, "doc", bar->doc);
	json_number(json, "size", bar->size);
	json_flag(json, "prefetchable", bar->prefetchable);
	json_flag(json, "big_endian", bar->big_endian);
	json_number(json, "access_min", bar->access_min);
	json_number(json, "access_max", bar->access_max);
	json_open(json, "registers", '[');
	for (unsigned i = 0; i < bar->nregs; i++)
		json_register(json, bar->regs[i]);
	json_close(json, ']');
	json_open(json, "ram", '[');
	for (unsigned i = 0; i < bar->nrams; i++)
		put_ram(json, &bar->rams[i]);
	json_close(json, ']');
	json_close(json, '}');
}
