/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers: width, place, access of their bits, hooks; and doorbells. */
#include "resolve.h"

static uint64_t full_mask(const struct m_reg *reg)
{
	return reg->width == 8 ? UINT64_MAX : ((uint64_t)1 << reg->width * 8) - 1;
}

struct reg_info *new_reg(struct resolver *r, struct map *map, const struct node *node,
			 const char *name, struct loc loc)
{
	struct reg_info *info = arena_new(r->arena, struct reg_info);
	struct m_reg *reg = arena_new(r->arena, struct m_reg);

	info->reg = reg;
	info->node = node;
	info->scope = map->scope;
	info->own = &r->own;
	info->layer = &r->layer;
	reg->name = name;
	reg->path = join_path(r, map, name);
	reg->cname = join_cname(r, map, name);
	if (is_c_keyword(reg->cname))
		reg->cname = arena_printf(r->arena, "%s_", reg->cname);
	reg->loc = loc;
	reg->bar = map->bar ? (int)map->bar->index : -1;
	reg->via = map->via;
	reg->offset_loc = reg->stride_loc = loc;
	declare_in_map(r, map, SYM_REG, name, reg->cname, loc, info);
	list_add(r, &r->reg_infos, info);
	list_add(r, map->regs, reg);
	return info;
}

void place_reg(struct resolver *r, const struct map *map, struct reg_info *info, unsigned width)
{
	struct m_reg *reg = info->reg;
	struct position position;

	reg->width = width;
	find_position(r, map, info->node, width, &position);
	reg->offset = position.offset;
	reg->ndims = position.ndims;
	reg->count = position.count;
	reg->group_dims = map->ndims;
	reg->pattern = join_pattern(r, map, reg->name, position.ndims - map->ndims);
	reg->offset_loc = position.offset_loc;
	reg->stride_loc = position.stride_loc;
	reg->bad_place = position.bad;
	for (unsigned i = 0; i < position.ndims; i++)
		reg->dims[i] = position.dims[i];
}

static bool same_access(struct access a, struct access b)
{
	return a.sw == b.sw && a.on_write == b.on_write && a.on_read == b.on_read;
}

/* One text for the whole register, if all its fields agree. */
static const char *common_access(struct resolver *r, const struct reg_info *info)
{
	const struct m_reg *reg = info->reg;
	const struct access *common = NULL;

	for (unsigned i = 0; i < reg->nfields; i++) {
		if (reg->fields[i].reserved)
			continue;
		if (common && !same_access(*common, info->field_access[i]))
			return "fields";
		common = &info->field_access[i];
	}
	return common ? access_text(r, *common) : "ro";
}

static void set_masks(struct resolver *r, struct reg_info *info)
{
	struct m_reg *reg = info->reg;
	struct m_masks *masks = &reg->masks;
	uint64_t covered = 0;

	*masks = (struct m_masks){0};
	if (!reg->nfields) {
		add_masks(masks, full_mask(reg), info->access);
		masks->volatile_ = reg->is_volatile ? full_mask(reg) : 0;
		reg->access = access_text(r, info->access);
		return;
	}
	for (unsigned i = 0; i < reg->nfields; i++) {
		const struct m_field *field = &reg->fields[i];

		if (field->reserved)
			continue;
		covered |= field->mask;
		/* A bit of two fields, an error elsewhere, keeps its first meaning. */
		add_masks(masks, field->mask, info->field_access[i]);
		if (field->is_volatile)
			masks->volatile_ |= field->mask;
	}
	masks->reserved = full_mask(reg) & ~covered;
	reg->access = common_access(r, info);
}

/* What is needed of the words later; their scratch is the next register's. */
void keep_words(struct resolver *r, struct reg_info *info)
{
	const struct widths *widths = &info->layer->widths;

	if (widths->max && info->reg->bar < 0)
		fail(r, MISPLACED_WORD, widths->loc,
		     "config space takes accesses of any width: 'access' is for BARs");
	info->reg->access_min = widths->min;
	info->reg->access_max = widths->max;
	info->reg->access_loc = widths->loc;
	info->own_access = info->own->access;
	info->given_access = info->layer->access;
	info->locks = info->layer->locks;
	info->reg->is_volatile = info->layer->is_volatile;
	info->reg->big_endian = info->layer->endian == ENDIAN_BIG;
	info->own = info->layer = NULL;
}

/* Reserved bits read as their reset value: those that are 1 after some reset must be readable. */
void finish_reg(struct resolver *r, struct reg_info *info)
{
	struct m_reg *reg = info->reg;

	info->access = settle_access(info->given_access);
	set_masks(r, info);
	for (int kind = 0; kind < MODEL_RESET_KINDS; kind++)
		reg->masks.readable |= reg->masks.reserved & reg->reset[kind];
}

uint64_t writable_bits(const struct m_masks *m)
{
	return m->writable | m->woclr | m->woset | m->wot | m->wzc | m->wzs | m->wzt | m->wclr |
	       m->wset;
}

static void refuse_alias_resets(struct resolver *r, const struct layer *own)
{
	for (int i = 0; i <= GENERAL_RESET; i++)
		if (own->resets.at[i].given)
			fail(r, CONTRADICTION, own->resets.at[i].loc,
			     "an alias shares another register's bits: the reset value belongs "
			     "there");
	if (own->sticky >= 0)
		fail(r, CONTRADICTION, own->sticky_loc,
		     "an alias shares another register's bits: 'sticky' belongs there");
}

static void check_whole(struct resolver *r, const struct attrs *attrs, struct reg_info *info)
{
	struct m_reg *reg = info->reg;

	if (reg->nfields) {
		if (attrs->enumeration)
			fail(r, CONTRADICTION, attrs->enumeration->loc,
			     "'%s' has fields: an enum belongs to one of them", reg->name);
		return;
	}
	if (attrs->word[W_SINGLEPULSE])
		fail(r, SINGLEPULSE_WIDTH, attrs->word[W_SINGLEPULSE]->loc,
		     "'singlepulse' is for a field of one bit; '%s' has %u bits", reg->name,
		     reg->width * 8);
	if (attrs->enumeration && reg->enumeration)
		check_enum_fits(r, attrs->enumeration, reg->enumeration, reg->width * 8);
}

static void resolve_alias_fields(struct resolver *r, struct reg_info *info)
{
	refuse_alias_resets(r, info->own);
	for (unsigned i = 0; i < info->reg->nfields; i++)
		refuse_alias_resets(r, &r->field_layers[i]);
}

/* A width was given, but not one that can be. */
static bool lost_width(const struct reg_info *info, const struct attrs *attrs)
{
	return attrs->word[W_WIDTH] && !info->own->width;
}

/* Where it is lost, the widest: nothing is then too wide for it. */
static unsigned reg_width(const struct map *map, const struct reg_info *info,
			  const struct attrs *attrs)
{
	if (lost_width(info, attrs))
		return 8;
	return info->layer->width ? info->layer->width : map->default_width;
}

void resolve_reg(struct resolver *r, struct map *map, const struct node *node)
{
	const unsigned start = r->trouble;
	struct reg_info *info;
	struct attrs attrs;
	struct m_reg *reg;

	if (!count_thing(r, map))
		return;
	read_attrs(r, node->attrs, IN_REG, &attrs);
	info = new_reg(r, map, node, node->name, node->name_loc);
	reg = info->reg;
	reg->doc = attrs.doc;
	reg->since = read_since(r, map->env, &attrs);
	reg->enumeration = enum_of_attr(r, map->env, attrs.enumeration);
	own_layer(r, map->env, &attrs, reg->enumeration, info->own);
	*info->layer = merge_layers(&map->layer, info->own);
	place_reg(r, map, info, reg_width(map, info, &attrs));
	reg->bad_place |= lost_width(info, &attrs);
	info->alias = attrs.word[W_ALIAS];
	resolve_fields(r, map, info);
	if (info->alias)
		resolve_alias_fields(r, info);
	else
		set_resets(r, info, r->field_layers);
	keep_words(r, info);
	finish_reg(r, info);
	check_whole(r, &attrs, info);
	make_hooks(r, &attrs, reg->cname, &reg->hooks, &reg->nhooks);
	reg->has_read_hook |= has_hook(reg->hooks, reg->nhooks, M_ON_READ);
	reg->bad |= r->trouble != start;
	if (!reg->bad && (!info->alias || reg->nfields))
		check_hooks(r, reg->hooks, reg->nhooks, reg->name, writable_bits(&reg->masks) != 0,
			    (reg->masks.readable & ~reg->masks.reserved) != 0);
	reg->bad |= r->trouble != start;
}

static uint64_t poll_time(struct resolver *r, const struct map *map, const struct attrs *attrs)
{
	static const uint64_t units[] = {1, 1000, 1000000, 1000000000};
	const struct attr *attr = attrs->word[W_POLL];
	uint64_t unit = 1, value;

	for (int i = 0; i < 4; i++) {
		const struct attr *word = attrs->word[W_NS + i];

		if (word && !attr)
			fail(r, CONTRADICTION, word->loc, "'%s' is for the time of 'poll'",
			     word->name);
		if (word)
			unit = units[i];
	}
	if (!attr)
		return 0;
	if (!attrs->word[W_MMAP]) {
		fail(r, CONTRADICTION, attr->loc,
		     "'poll' is for a doorbell in a shared page: add 'mmap'");
		return 0;
	}
	if (!eval_range(r, map->env, attr->args, 1, UINT64_MAX / units[3], "the time", &value))
		return 0;
	return value * unit;
}

void resolve_doorbell(struct resolver *r, struct map *map, const struct node *node)
{
	const unsigned start = r->trouble;
	struct reg_info *info;
	struct attrs attrs;
	struct m_reg *reg;

	if (!count_thing(r, map))
		return;
	read_attrs(r, node->attrs, IN_DOORBELL, &attrs);
	info = new_reg(r, map, node, node->name, node->name_loc);
	reg = info->reg;
	reg->doc = attrs.doc;
	reg->since = read_since(r, map->env, &attrs);
	own_layer(r, map->env, &attrs, NULL, info->own);
	*info->layer = *info->own;
	info->layer->access = (struct access){.sw = SW_WO};
	if (!info->layer->width)
		info->layer->width = map->layer.width;
	if (!info->layer->widths.max)
		info->layer->widths = map->layer.widths;
	if (!info->layer->endian)
		info->layer->endian = map->layer.endian;
	place_reg(r, map, info, reg_width(map, info, &attrs));
	reg->bad_place |= lost_width(info, &attrs);
	reg->doorbell = attrs.word[W_MMAP]        ? M_DOORBELL_MMAP
			: attrs.word[W_IOEVENTFD] ? M_DOORBELL_IOEVENTFD
						  : M_DOORBELL_MESSAGE;
	reg->poll_ns = poll_time(r, map, &attrs);
	if (reg->bar < 0)
		fail(r, MISPLACED_WORD, node->name_loc, "config space has no doorbells");
	set_resets(r, info, NULL);
	keep_words(r, info);
	finish_reg(r, info);
	make_hooks(r, &attrs, reg->cname, &reg->hooks, &reg->nhooks);
	reg->bad |= r->trouble != start;
}
