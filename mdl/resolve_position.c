/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things of the register map stand: dimensions, offsets and strides. */
#include <inttypes.h>

#include "resolve.h"

#define MAX_COUNT (1u << 24) /* elements of one array */

bool eval_dims(struct resolver *r, const struct env *env, const struct expr *dims, unsigned max,
	       const char *what, uint32_t *counts, unsigned *n)
{
	uint64_t product = 1, count;
	bool known = true;

	*n = 0;
	for (const struct expr *e = dims; e; e = e->next) {
		if (*n == max) {
			fail(r, ARRAY_SIZE, e->loc, "%s has too many dimensions; at most %u %s",
			     what, max, max == 1 ? "is possible" : "are possible");
			return false;
		}
		if (!eval_range(r, env, e, 1, MAX_COUNT, "the number of elements", &count)) {
			known = false;
			count = 1;
		}
		counts[(*n)++] = (uint32_t)count;
		product *= count;
		if (product > MAX_COUNT) {
			fail(r, ARRAY_SIZE, e->loc, "%s has too many elements; at most %u", what,
			     MAX_COUNT);
			return false;
		}
	}
	return known;
}

static struct loc list_loc(const struct expr *list)
{
	struct loc loc = list->loc;

	for (; list; list = list->next) {
		loc.end_line = list->loc.end_line;
		loc.end_col = list->loc.end_col;
	}
	return loc;
}

static unsigned list_length(const struct expr *list)
{
	unsigned n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

/* From the innermost outwards: elements lie next to each other. */
static bool dense_strides(struct m_dim *dims, unsigned n, uint64_t innermost)
{
	uint64_t stride = innermost;

	for (unsigned i = n; i-- > 0;) {
		if (stride > UINT32_MAX)
			return false;
		dims[i].stride = (uint32_t)stride;
		stride *= dims[i].count;
	}
	return true;
}

static bool given_strides(struct resolver *r, const struct map *map, const struct node *node,
			  struct m_dim *dims)
{
	uint64_t value;
	bool known = true;

	for (const struct expr *e = node->strides; e; e = e->next, dims++) {
		if (eval_range(r, map->env, e, 1, UINT32_MAX, "the stride", &value))
			dims->stride = (uint32_t)value;
		else
			known = false;
	}
	return known;
}

static bool find_strides(struct resolver *r, const struct map *map, const struct node *node,
			 uint64_t element_size, struct m_dim *dims, unsigned n)
{
	unsigned given = list_length(node->strides);
	uint64_t value = element_size;

	if (given && !n) {
		fail(r, STRIDE, node->strides->loc, "'%s' is no array: a stride needs dimensions",
		     node->name);
		return false;
	}
	if (given > 1 && given != n) {
		if (fail(r, STRIDE, list_loc(node->strides), "%u strides for %u dimensions", given,
			 n))
			diag_help(r->diag,
				  "give one for each dimension, outermost first, or one, the "
				  "distance of the innermost elements");
		return false;
	}
	if (given > 1 || (given == 1 && n == 1))
		return given_strides(r, map, node, dims);
	if (given && !eval_range(r, map->env, node->strides, 1, UINT32_MAX, "the stride", &value))
		return false;
	if (!n)
		return true;
	if (!value && spells_sign(node, "+=")) {
		r->trouble++; /* it has been reported */
		return false;
	}
	if (!value) {
		if (fail(r, STRIDE, node->name_loc, "'%s' is an array of blocks and needs a stride",
			 node->name))
			diag_help(r->diag, "write the distance of its elements after the offset, "
					   "as in @ 0x100 += 0x20");
		return false;
	}
	if (dense_strides(dims, n, value))
		return true;
	fail(r, ARRAY_SIZE, node->name_loc, "'%s' spans more than 4 GiB", node->name);
	return false;
}

static void say_no_offset(struct resolver *r, const struct node *node)
{
	if (spells_sign(node, "@")) {
		r->trouble++; /* it has been reported */
		return;
	}
	if (!fail(r, MISSING, node->name_loc, "'%s' has no offset: write it after an @",
		  node->name))
		return;
	for (const struct attr *attr = node->attrs; attr; attr = attr->next)
		if (attr->kind == ATTR_RESET && !attr->name)
			diag_help(r->diag, "what stands after = is the reset value");
}

static bool find_offset(struct resolver *r, const struct map *map, const struct node *node,
			bool needed, uint64_t *offset)
{
	uint64_t value = 0;

	*offset = map->base;
	if (!node->offset) {
		if (!needed)
			return true;
		say_no_offset(r, node);
		return false;
	}
	if (!eval(r, map->env, node->offset, &value))
		return false;
	/* Nothing real is beyond 2^62, and sums of what is below do not wrap. */
	if (value <= UINT64_MAX >> 2 && map->base + value <= UINT64_MAX >> 2) {
		*offset = map->base + value;
		return true;
	}
	fail(r, VALUE_RANGE, node->offset->loc,
	     "the offset 0x%" PRIx64 " is past the end of any BAR", value);
	return false;
}

void find_position(struct resolver *r, const struct map *map, const struct node *node,
		   uint64_t element_size, struct position *position)
{
	const bool is_block = node->kind == NODE_GROUP || node->kind == NODE_INTR;
	uint32_t counts[MODEL_MAX_DIMS];
	unsigned n;

	*position = (struct position){.ndims = map->ndims, .count = 1, .bad = map->bad_place};
	position->offset_loc = node->offset ? node->offset->loc : node->name_loc;
	position->stride_loc = node->strides ? list_loc(node->strides)
			       : node->dims  ? list_loc(node->dims)
					     : node->name_loc;
	if (!find_offset(r, map, node, !is_block, &position->offset))
		position->bad = true;
	for (unsigned i = 0; i < map->ndims; i++)
		position->dims[i] = map->dims[i];
	if (!eval_dims(r, map->env, node->dims, MODEL_MAX_DIMS - map->ndims, "this array", counts,
		       &n))
		position->bad = true;
	for (unsigned i = 0; i < n; i++)
		position->dims[map->ndims + i].count = counts[i];
	position->ndims += n;
	if (!find_strides(r, map, node, element_size, position->dims + map->ndims, n))
		position->bad = true;
	for (unsigned i = 0; i < position->ndims; i++) {
		uint64_t count = (uint64_t)position->count * position->dims[i].count;

		if (count > MAX_COUNT && !position->bad) {
			fail(r, ARRAY_SIZE, node->name_loc,
			     "'%s' has too many elements in all its dimensions; at most %u",
			     node->name, MAX_COUNT);
			position->bad = true;
		}
		position->count = count > MAX_COUNT ? MAX_COUNT : (uint32_t)count;
	}
}
