/* SPDX-License-Identifier: BSD-2-Clause */
/* Access words: how they combine, from `default` over the register down to the field. */
#include <string.h>

#include "resolve.h"

bool can_read(struct access a)
{
	return a.sw == SW_RW || a.sw == SW_RO || a.sw == SW_RW1;
}

bool can_write(struct access a)
{
	return a.sw != SW_RO && a.sw != SW_NA && a.sw != SW_NONE;
}

/* A word given nearer replaces what it contradicts; plain `rw`, `ro` and so on replace all. */
struct access merge_access(struct access far, struct access near)
{
	struct access a = far;

	if (near.sw)
		return near;
	if ((near.on_write || near.pulse) && (a.sw == SW_RO || a.sw == SW_NA))
		a.sw = SW_NONE;
	if (near.on_write && (a.sw == SW_W1 || a.sw == SW_RW1))
		a.sw = SW_NONE;
	if (near.on_read && a.sw != SW_RW && a.sw != SW_RO && a.sw != SW_RW1)
		a.sw = SW_NONE;
	if (near.on_write)
		a.on_write = near.on_write;
	if (near.on_read)
		a.on_read = near.on_read;
	a.pulse |= near.pulse;
	return a;
}

/* What the words that were given imply: UVM's W1C is read-write, its RC read-only. */
struct access settle_access(struct access a)
{
	if (a.sw == SW_NONE)
		a.sw = a.on_read && !a.on_write && !a.pulse ? SW_RO : SW_RW;
	return a;
}

const char *access_text(struct resolver *r, struct access a)
{
	static const char *const sw[] = {"", "rw", "ro", "wo", "na", "rw1", "w1"};
	static const char *const on_write[] = {"",     " woclr", " woset", " wot", " wzc",
					       " wzs", " wzt",   " wclr",  " wset"};
	static const char *const on_read[] = {"", " rclr", " rset"};
	const char **text;

	text = &r->access_texts[a.sw][a.on_write][a.on_read];
	if (!*text)
		*text = arena_printf(r->arena, "%s%s%s", sw[a.sw], on_write[a.on_write],
				     on_read[a.on_read]);
	return *text;
}

void add_masks(struct m_masks *masks, uint64_t bits, struct access a)
{
	uint64_t *const on_write[] = {NULL,        &masks->woclr, &masks->woset,
				      &masks->wot, &masks->wzc,   &masks->wzs,
				      &masks->wzt, &masks->wclr,  &masks->wset};

	if (can_read(a))
		masks->readable |= bits;
	if (a.on_write)
		*on_write[a.on_write] |= bits;
	else if (can_write(a))
		masks->writable |= bits;
	if (a.on_read == OR_RCLR)
		masks->rclr |= bits;
	if (a.on_read == OR_RSET)
		masks->rset |= bits;
	if (a.sw == SW_W1 || a.sw == SW_RW1)
		masks->once |= bits;
	if (a.pulse)
		masks->pulse |= bits;
}

static const struct attr *given(const struct attrs *attrs, enum attr_word first,
				enum attr_word last, unsigned *index)
{
	for (enum attr_word w = first; w <= last; w++)
		if (attrs->word[w]) {
			*index = w - first + 1u;
			return attrs->word[w];
		}
	*index = 0;
	return NULL;
}

static void blame(struct resolver *r, const struct attr *attr, const struct attr *sw, bool reading)
{
	bool reported;

	if (reading)
		reported =
			fail(r, NOT_READABLE, attr->loc, "'%s' on what cannot be read", attr->name);
	else
		reported = fail(r, NOT_WRITABLE, attr->loc, "'%s' on what cannot be written",
				attr->name);
	if (reported)
		diag_note(r->diag, sw->loc, "'%s' is given here", sw->name);
}

static struct access own_access(struct resolver *r, const struct attrs *attrs)
{
	unsigned sw, on_write, on_read;
	const struct attr *s = given(attrs, W_RW, W_W1, &sw);
	const struct attr *w = given(attrs, W_WOCLR, W_WSET, &on_write);
	const struct attr *rd = given(attrs, W_RCLR, W_RSET, &on_read);
	const struct attr *pulse = attrs->word[W_SINGLEPULSE];
	struct access a = {.sw = (enum sw_access)sw};

	a.on_write = (enum on_write)on_write;
	a.on_read = (enum on_read)on_read;
	a.pulse = pulse != NULL;
	if (s && w && !can_write(a)) {
		blame(r, w, s, false);
		a.on_write = OW_NONE;
	}
	if (s && rd && !can_read(a)) {
		blame(r, rd, s, true);
		a.on_read = OR_NONE;
	}
	if (s && pulse && !can_write(a)) {
		blame(r, pulse, s, false);
		a.pulse = false;
	} else if (pulse && w) {
		if (fail(r, CONTRADICTION, pulse->loc, "'singlepulse' contradicts '%s'", w->name))
			diag_note(r->diag, w->loc, "'%s' is given here", w->name);
		a.pulse = false;
	}
	return a;
}

static int own_sticky(struct resolver *r, const struct attr *attr)
{
	int kind;

	if (!attr)
		return -1;
	if (attr->kind == ATTR_WORD)
		return 2;
	if (!attr->args || attr->args->kind != EXPR_NAME || attr->args->next) {
		if (attr->args && attr->args->kind == EXPR_BAD)
			r->trouble++;
		else
			fail(r, BAD_ARGUMENT, attr->loc,
			     "'sticky' takes one kind of reset: sticky(hard), sticky(flr) or "
			     "sticky(soft)");
		return -1;
	}
	kind = reset_kind(r, attr->args->name, attr->args->loc);
	if (kind == 0)
		fail(r, BAD_ARGUMENT, attr->args->loc, "nothing survives power-on");
	return kind > 0 ? kind : -1;
}

static unsigned own_width(struct resolver *r, const struct env *env, const struct attr *attr)
{
	uint64_t bits;

	if (!attr || !eval(r, env, attr->args, &bits))
		return 0;
	if (bits == 8 || bits == 16 || bits == 32 || bits == 64)
		return (unsigned)bits / 8;
	fail(r, BAD_ARGUMENT, attr->args->loc, "a register is 8, 16, 32 or 64 bits wide");
	return 0;
}

static bool eval_bytes(struct resolver *r, const struct env *env, const struct expr *e,
		       unsigned *bytes)
{
	uint64_t value;

	if (!eval(r, env, e, &value))
		return false;
	if (value == 1 || value == 2 || value == 4 || value == 8) {
		*bytes = (unsigned)value;
		return true;
	}
	fail(r, BAD_ARGUMENT, e->loc, "accesses are 1, 2, 4 or 8 bytes wide");
	return false;
}

bool own_widths(struct resolver *r, const struct env *env, const struct attr *attr,
		struct widths *widths)
{
	unsigned min, max;

	*widths = (struct widths){0};
	if (!attr || !attr->args)
		return true;
	if (!eval_bytes(r, env, attr->args, &min))
		return false;
	max = min;
	if (attr->args->next && !eval_bytes(r, env, attr->args->next, &max))
		return false;
	if (max < min) {
		fail(r, BAD_ARGUMENT, attr->loc,
		     "the range is reversed: write the narrowest first");
		return false;
	}
	*widths = (struct widths){min, max, attr->loc};
	return true;
}

static const struct lock_words *own_locks(struct resolver *r, const struct attr *attr)
{
	const struct lock_words *locks = NULL;

	for (; attr; attr = attr->next) {
		struct lock_words *lock;

		if (!is_lock(attr))
			continue;
		lock = arena_new(r->arena, struct lock_words);
		lock->attr = attr;
		lock->next = locks;
		locks = lock;
	}
	return locks;
}

void own_layer(struct resolver *r, const struct env *env, const struct attrs *attrs,
	       const struct m_enum *names, struct layer *layer)
{
	*layer = (struct layer){.access = own_access(r, attrs)};
	layer->is_volatile = attrs->word[W_VOLATILE] != NULL;
	layer->sticky = own_sticky(r, attrs->word[W_STICKY]);
	if (layer->sticky >= 0)
		layer->sticky_loc = attrs->word[W_STICKY]->loc;
	layer->width = own_width(r, env, attrs->word[W_WIDTH]);
	own_widths(r, env, attrs->word[W_ACCESS], &layer->widths);
	layer->endian = attrs->word[W_LE]   ? ENDIAN_LITTLE
			: attrs->word[W_BE] ? ENDIAN_BIG
					    : ENDIAN_NONE;
	layer->locks = own_locks(r, attrs->locks);
	for (int i = 0; i <= GENERAL_RESET; i++) {
		const struct attr *attr = attrs->reset[i];

		if (!attr)
			continue;
		layer->resets.at[i].given = true;
		layer->resets.at[i].loc = attr->args ? attr->args->loc : attr->loc;
		layer->resets.at[i].bad =
			!eval_enum(r, env, attr->args, names, &layer->resets.at[i].value);
	}
}

struct layer merge_layers(const struct layer *far, const struct layer *near)
{
	struct layer layer = *near;

	layer.access = merge_access(far->access, near->access);
	layer.is_volatile |= far->is_volatile;
	if (near->sticky < 0)
		layer.sticky = far->sticky;
	if (!near->width)
		layer.width = far->width;
	if (!near->widths.max)
		layer.widths = far->widths;
	if (!near->endian)
		layer.endian = far->endian;
	/* Both lock: the nearer ones first. */
	if (!near->locks) {
		layer.locks = far->locks;
	} else if (far->locks) {
		struct lock_words *last = (struct lock_words *)near->locks;

		while (last->next)
			last = (struct lock_words *)last->next;
		last->next = far->locks;
	}
	/* `= value` given nearer is meant for all kinds. */
	if (!near->resets.at[GENERAL_RESET].given)
		for (int i = 0; i <= GENERAL_RESET; i++)
			if (!near->resets.at[i].given)
				layer.resets.at[i] = far->resets.at[i];
	return layer;
}
