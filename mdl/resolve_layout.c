/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts: structures in guest memory, where nothing is implicit. */
#include <inttypes.h>
#include <string.h>

#include "resolve.h"

#define MAX_LAYOUT (1u << 30)

static const struct {
	const char *name, *ctype;
	unsigned size;
	bool is_signed;
} integers[] = {
	{"u8", "uint8_t", 1, false},   {"u16", "uint16_t", 2, false}, {"u32", "uint32_t", 4, false},
	{"u64", "uint64_t", 8, false}, {"i8", "int8_t", 1, true},     {"i16", "int16_t", 2, true},
	{"i32", "int32_t", 4, true},   {"i64", "int64_t", 8, true},
};

#define N_INTEGERS (sizeof(integers) / sizeof(integers[0]))

bool integer_type(const char *name, unsigned *size, bool *is_signed, const char **ctype)
{
	for (size_t i = 0; i < N_INTEGERS; i++) {
		if (strcmp(integers[i].name, name) != 0)
			continue;
		*size = integers[i].size;
		*is_signed = integers[i].is_signed;
		*ctype = integers[i].ctype;
		return true;
	}
	return false;
}

static void unknown_type(struct resolver *r, const struct node *node)
{
	const char *near;

	r->trouble++;
	if (!may_say_unknown(r, node->type))
		return;
	near = suggest_type(r, node->type);
	if (strchr(node->type, '*')) {
		if (fail(r, UNKNOWN_TYPE, node->type_loc, "a layout has no pointers: '%s'",
			 node->type))
			diag_help(r->diag, "an address in the guest's memory is a u64");
	} else if (near && strcmp(near, "bool") != 0)
		fail(r, UNKNOWN_TYPE, node->type_loc, "unknown type '%s'; did you mean '%s'?",
		     node->type, near);
	else if (fail(r, UNKNOWN_TYPE, node->type_loc, "unknown type '%s'", node->type))
		diag_help(r->diag,
			  "a layout is made of u8 u16 u32 u64 i8 i16 i32 i64 and other layouts");
}

/* A nested layout: 0 if it is not known. */
static unsigned nest(struct resolver *r, struct layout *outer, const struct node *node,
		     struct m_member *member)
{
	struct symbol *s = names_find(&r->names, SPACE_GLOBAL, node->type);
	struct layout *inner;

	if (!s || s->kind != SYM_LAYOUT) {
		unknown_type(r, node);
		return 0;
	}
	inner = s->thing;
	if (inner->state == LAYOUT_BUSY) {
		if (fail(r, LAYOUT_CYCLE, node->type_loc, "layout '%s' contains itself",
			 node->type))
			diag_note(r->diag, s->loc, "declared here");
		return 0;
	}
	make_layout(r, inner);
	member->layout = inner->model;
	member->ctype = arena_printf(r->arena, "struct %s", inner->model->name);
	member->size = (unsigned)inner->model->size;
	if (inner->model->bad || inner->lost || !inner->model->size) {
		r->trouble++;
		return 0;
	}
	if (inner->model->big_endian != outer->model->big_endian) {
		if (fail(r, CONTRADICTION, node->type_loc,
			 "layout '%s' is %s-endian, this one is not", node->type,
			 inner->model->big_endian ? "big" : "little"))
			diag_note(r->diag, s->loc, "declared here");
	}
	return inner->alignment;
}

static unsigned member_type(struct resolver *r, struct layout *layout, const struct node *node,
			    struct m_member *member)
{
	bool is_signed;

	if (!node->type) {
		r->trouble++;
		return 0;
	}
	if (!node->type_class &&
	    integer_type(node->type, &member->size, &is_signed, &member->ctype))
		return member->size;
	if (node->type_class && strcmp(node->type_class, "layout") != 0) {
		fail(r, UNKNOWN_TYPE, node->type_loc, "a layout has no members of type %s",
		     node->type_class);
		return 0;
	}
	return nest(r, layout, node, member);
}

static void member_bits(struct resolver *r, const struct node *node, struct m_member *member)
{
	unsigned n = 0;

	for (const struct node *f = node->children; f; f = f->next)
		n++;
	if (!n)
		return;
	if (member->layout) {
		fail(r, CONTRADICTION, node->name_loc,
		     "'%s' is a layout: only integers have bit-fields", node->name);
		return;
	}
	member->fields = arena_array(r->arena, struct m_field, n);
	for (const struct node *f = node->children; f; f = f->next) {
		struct m_field *field = &member->fields[member->nfields++];
		const unsigned start = r->trouble;
		struct attrs attrs;

		read_attrs(r, f->attrs, IN_BITS, &attrs);
		field->name = f->name;
		field->cname =
			is_c_keyword(f->name) ? arena_printf(r->arena, "%s_", f->name) : f->name;
		field->loc = f->name_loc;
		field->doc = attrs.doc;
		if (member->size &&
		    field_bits(r, NULL, f, member->size * 8, &field->lsb, &field->msb)) {
			field->width = field->msb - field->lsb + 1;
			field->mask = (UINT64_MAX >> (64 - field->width)) << field->lsb;
		}
		field->enumeration = enum_of_attr(r, NULL, attrs.enumeration);
		if (field->enumeration && field->mask)
			check_enum_fits(r, attrs.enumeration, field->enumeration, field->width);
		for (unsigned i = 0; i + 1 < member->nfields && i < 64; i++)
			if (!strcmp(member->fields[i].name, f->name) &&
			    fail(r, DUPLICATE_NAME, f->name_loc, "there are two fields '%s'",
				 f->name))
				diag_note(r->diag, member->fields[i].loc, "the other one is here");
		field->bad = r->trouble != start;
	}
}

/* Where the member stands; the compiler of C would put padding where it does not fit. */
static void place_member(struct resolver *r, struct layout *layout, struct m_member *member,
			 unsigned alignment)
{
	struct m_layout *model = layout->model;
	unsigned gap = (unsigned)(model->size % alignment);

	if (gap) {
		if (!layout->lost &&
		    fail(r, LAYOUT_PADDING, member->loc,
			 "'%s' at %" PRIu64 " is not aligned to %u: C would put %u bytes before it",
			 member->name, model->size, alignment, alignment - gap))
			diag_help(r->diag,
				  "declare them, e.g. u8 _r%u[%u], or order the members by size",
				  model->nmembers, alignment - gap);
		model->size += alignment - gap;
	}
	member->offset = model->size;
	model->size += (uint64_t)member->size * member->count;
	if (alignment > layout->alignment)
		layout->alignment = alignment;
}

static bool resolve_member(struct resolver *r, struct layout *layout, const struct node *node,
			   uint32_t space)
{
	struct m_layout *model = layout->model;
	struct m_member *member = &model->members[model->nmembers];
	unsigned alignment, ndims;
	struct attrs attrs;

	read_attrs(r, node->attrs, IN_MEMBER, &attrs);
	*member = (struct m_member){.name = node->name,
				    .cname = node->name,
				    .doc = attrs.doc,
				    .loc = node->name_loc,
				    .count = 1,
				    .is_array = node->dims != NULL};
	declare(r, space, SYM_MEMBER, node->name, node->name_loc, NULL);
	check_keyword(r, "member", node->name, node->name_loc);
	alignment = member_type(r, layout, node, member);
	if ((node->bounded || node->unbounded) &&
	    fail(r, UNBOUNDED_ARRAY, node->name_loc, "'%s' has no fixed length", node->name))
		diag_help(r->diag, "a layout has one size: write [N]");
	if (node->bounded || node->unbounded ||
	    !eval_dims(r, NULL, node->dims, 1, "an array in a layout", &member->count, &ndims))
		alignment = 0;
	member_bits(r, node, member);
	model->nmembers++;
	if (!alignment)
		return false;
	place_member(r, layout, member, alignment);
	if (model->size <= MAX_LAYOUT)
		return true;
	fail(r, VALUE_RANGE, node->name_loc, "this layout is larger than 1 GiB");
	return false;
}

static void check_size(struct resolver *r, struct layout *layout, const struct attr *attr)
{
	struct m_layout *model = layout->model;
	const unsigned excess = (unsigned)(model->size % layout->alignment);
	uint64_t size;

	if (attr && eval(r, NULL, attr->args, &size) && size != model->size) {
		fail(r, LAYOUT_SIZE, attr->loc,
		     "layout '%s' is said to be %" PRIu64 " bytes, but its members take %" PRIu64,
		     model->name, size, model->size);
	} else if (excess) {
		if (fail(r, LAYOUT_PADDING, model->loc,
			 "layout '%s' is %" PRIu64
			 " bytes, not a multiple of %u: C would put %u bytes "
			 "after it",
			 model->name, model->size, layout->alignment, layout->alignment - excess))
			diag_help(r->diag, "declare them as a last member, e.g. u8 _r%u[%u]",
				  model->nmembers, layout->alignment - excess);
	}
}

void make_layout(struct resolver *r, struct layout *layout)
{
	const unsigned start = r->trouble;
	struct m_layout *model = layout->model;
	const struct node *node = layout->node;
	uint32_t space = r->next_space++;
	struct attrs attrs;
	unsigned n = 0;

	if (layout->state != LAYOUT_NEW)
		return;
	layout->state = LAYOUT_BUSY;
	layout->alignment = 1;
	layout->lost = r->tree->syntax_errors && diag_errors_in(r->diag, &node->loc);
	read_attrs(r, node->attrs, IN_LAYOUT, &attrs);
	model->doc = attrs.doc;
	model->big_endian = attrs.word[W_BE] != NULL;
	for (const struct node *m = node->children; m; m = m->next)
		n++;
	model->members = arena_array(r->arena, struct m_member, n);
	for (const struct node *m = node->children; m; m = m->next)
		if (m->kind == NODE_MEMBER)
			layout->lost |= !resolve_member(r, layout, m, space);
	if (!n && may_say_missing(r))
		fail(r, MISSING, model->loc, "layout '%s' has no members", model->name);
	else if (!layout->lost)
		check_size(r, layout, attrs.word[W_SIZE]);
	model->bad |= r->trouble != start;
	layout->state = LAYOUT_READY;
	list_add(r, &r->layouts, model);
}
