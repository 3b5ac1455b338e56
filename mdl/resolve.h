/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of resolving: what resolve*.c, eval.c, names.c, words.c and attrs.c share. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "model.h"
#include "names.h"
#include "words.h"

#define GENERAL_RESET MODEL_RESET_KINDS /* `= value`, beside those of one kind */
#define MAX_THINGS    (1u << 17)        /* by templates, which could multiply without end */

/* Values of names in expressions: a template's arguments. */
struct binding {
	const char *name;
	struct loc loc;
	uint64_t value;
	bool bad;
};

struct env {
	const struct binding *bindings;
	unsigned n;
};

/* A growing array of pointers. */
struct list {
	void **items;
	unsigned n, capacity;
};

/* A named constant: evaluated when first asked for. */
struct constant {
	const struct node *node;
	struct m_const *model;
	enum { CONST_NEW, CONST_BUSY, CONST_READY } state;
};

struct enumeration {
	const struct node *node;
	struct m_enum *model;
	enum { ENUM_NEW, ENUM_BUSY, ENUM_READY } state;
};

struct template
{
	const struct node *node;
	struct m_template *model;
	bool busy;
};

struct layout {
	const struct node *node;
	struct m_layout *model;
	unsigned alignment;
	bool lost; /* a member was not understood: where others stand is not known */
	enum { LAYOUT_NEW, LAYOUT_BUSY, LAYOUT_READY } state;
};

/* Access words, 0 where none was given. */
enum sw_access { SW_NONE, SW_RW, SW_RO, SW_WO, SW_NA, SW_RW1, SW_W1 };
enum on_write { OW_NONE, OW_WOCLR, OW_WOSET, OW_WOT, OW_WZC, OW_WZS, OW_WZT, OW_WCLR, OW_WSET };
enum on_read { OR_NONE, OR_RCLR, OR_RSET };

struct access {
	enum sw_access sw;
	enum on_write on_write;
	enum on_read on_read;
	bool pulse;
};

/* Reset values as given in one place; GENERAL_RESET is `= value`. */
struct resets {
	struct {
		bool given, bad;
		uint64_t value;
		struct loc loc;
	} at[MODEL_RESET_KINDS + 1];
};

struct lock_words {
	const struct attr *attr;
	const struct lock_words *next;
};

/* `access a..b`: how many bytes at once; max is 0 where it was not given. */
struct widths {
	unsigned min, max;
	struct loc loc;
};

/* What `default`, a register and a field hand down: nearer layers are merged over farther ones. */
struct layer {
	struct access access;
	bool is_volatile;
	int sticky; /* strongest reset kind survived, or -1 */
	struct loc sticky_loc;
	unsigned width; /* bytes; 0: not given */
	struct widths widths;
	enum { ENDIAN_NONE, ENDIAN_LITTLE, ENDIAN_BIG } endian;
	struct resets resets;
	const struct lock_words *locks;
};

/* Where names of the register map are looked up, innermost first. */
struct scope {
	uint32_t space;
	unsigned ndims; /* of the groups around, this one included */
	const struct scope *outer;
};

/* A register while it is being made. */
struct reg_info {
	struct m_reg *reg;
	const struct node *node;
	const struct scope *scope;
	struct access access;        /* the register's as a whole */
	struct access *field_access; /* by field */
	struct access own_access;    /* its words alone */
	struct access given_access;  /* over the defaults around */
	const struct lock_words *locks;
	struct layer *own, *layer; /* the same, all words: only while it is being made */
	const struct attr *alias;
	enum { ALIAS_NEW, ALIAS_BUSY, ALIAS_READY } alias_state;
};

/* A block of map items: a BAR, config space, a group. */
struct map {
	struct model *model;
	struct m_bar *bar; /* NULL: config space */
	const struct env *env;
	unsigned nouter; /* of env's bindings: how many are of blocks around this one */
	const struct scope *scope;
	const char *path, *cname; /* of the groups around, with the final '.' or '_'; or "" */
	const char *pattern;      /* the path, with "[]" for each dimension behind its name */
	uint64_t base;
	bool bad_place; /* of a group around */
	unsigned ndims;
	struct m_dim dims[MODEL_MAX_DIMS];
	uint32_t count;
	struct layer layer;
	const struct m_via *via;
	unsigned default_width; /* bytes */
	struct list *regs, *rams;
};

struct resolver {
	struct tree *tree;
	struct arena *arena;
	struct diag *diag;
	struct model *model;
	struct names names;
	const struct node *device;
	unsigned trouble;     /* grows with every error and with everything left out silently */
	unsigned suggestions; /* made so far: bounded, each costs a walk over all names */
	unsigned depth;       /* of evaluation */
	unsigned dead;        /* in the branch of an expression that is not taken */
	bool version_lost;    /* a mistake of syntax took it: nothing is beyond it */
	unsigned things;
	uint32_t next_space;
	const struct scope *top;
	const char *access_texts[7][9][3];
	struct layer own, layer; /* scratch: of the register being made */
	struct layer *field_layers;
	unsigned max_field_layers;
	struct list reg_infos; /* all registers */
	struct list intrs;
	struct list layouts; /* finished ones, nested before their users */
};

/* Report an error, and remember that something is missing now. */
#define fail(r, check, at, ...) \
	((r)->trouble++, diag_report((r)->diag, CHECK_##check, (at), __VA_ARGS__))

/* Things of the same space must differ in name. */
enum {
	SPACE_GLOBAL = 1, /* const, enum, template, layout */
	SPACE_REGS,       /* of the register map, by C name with the groups' */
	SPACE_MEMBERS,    /* of the device's structure: state, timers, params */

	SPACE_MACROS, /* of the header, without the device's name */
	SPACE_IRQS,
	SPACE_CAUSES,
	SPACE_SECTIONS,
	SPACE_FIRST_FREE
};

/* resolve.c */
void list_add(struct resolver *r, struct list *list, void *item);
bool in_main(const struct resolver *r, struct loc loc);
struct symbol *declare(struct resolver *r, uint32_t space, enum symbol_kind kind, const char *name,
		       struct loc loc, void *thing);
bool check_keyword(struct resolver *r, const char *what, const char *name, struct loc loc);
struct symbol *lookup_global(struct resolver *r, enum symbol_kind kind, const char *name,
			     struct loc loc);
const char *suggest_name(struct resolver *r, uint32_t space, unsigned kinds, const char *word);
/* Can a part that is not there be reported, or may it have stood in text that was skipped? */
bool may_say_missing(const struct resolver *r);
/* The same of a name. */
bool may_say_unknown(const struct resolver *r, const char *name);

/* eval.c: false if the value is not known; it was reported. */
bool eval(struct resolver *r, const struct env *env, const struct expr *expr, uint64_t *value);
/* With the names of an enumeration; may be NULL. */
bool eval_enum(struct resolver *r, const struct env *env, const struct expr *expr,
	       const struct m_enum *names, uint64_t *value);
/* `what` begins the message "what is 5; at most 3 fits". */
bool eval_range(struct resolver *r, const struct env *env, const struct expr *expr, uint64_t min,
		uint64_t max, const char *what, uint64_t *value);
bool eval_const(struct resolver *r, struct constant *constant, struct loc used_at, uint64_t *value);
/* Of an integer type of `bytes`, signed or not: also -1, as two's complement in 64 bits. */
bool eval_typed(struct resolver *r, const struct expr *expr, unsigned bytes, bool is_signed,
		const struct m_enum *names, uint64_t *value);

/* resolve_enum.c */
void make_enum(struct resolver *r, struct enumeration *e);
/* `enum name` or `enum { … }` as an attribute; NULL if there is none or it is wrong. */
struct m_enum *enum_of_attr(struct resolver *r, const struct env *env, const struct attr *attr);
void check_enum_fits(struct resolver *r, const struct attr *attr, const struct m_enum *e,
		     unsigned bits);

/* resolve_layout.c */
void make_layout(struct resolver *r, struct layout *layout);
bool integer_type(const char *name, unsigned *size, bool *is_signed, const char **ctype);

/* resolve_position.c: dimensions, offsets, strides */
struct position {
	uint64_t offset; /* from the start of the BAR */
	unsigned ndims;
	struct m_dim dims[MODEL_MAX_DIMS];
	uint32_t count;
	bool bad;
	struct loc offset_loc, stride_loc;
};

void find_position(struct resolver *r, const struct map *map, const struct node *node,
		   uint64_t element_size, struct position *position);
bool eval_dims(struct resolver *r, const struct env *env, const struct expr *dims, unsigned max,
	       const char *what, uint32_t *counts, unsigned *n);

/* resolve_map.c */
void walk_map(struct resolver *r, struct map *map, const struct node *items);
bool count_thing(struct resolver *r, const struct map *map);
const char *join_path(struct resolver *r, const struct map *map, const char *name);
/* ndims: of the thing's own, without those of the groups around. */
const char *join_pattern(struct resolver *r, const struct map *map, const char *name,
			 unsigned ndims);
const char *join_cname(struct resolver *r, const struct map *map, const char *name);
void declare_in_map(struct resolver *r, const struct map *map, enum symbol_kind kind,
		    const char *name, const char *cname, struct loc loc, void *thing);

/* resolve_access.c */
struct access merge_access(struct access far, struct access near);
struct access settle_access(struct access access);
const char *access_text(struct resolver *r, struct access access);
bool can_read(struct access access);
bool can_write(struct access access);
void add_masks(struct m_masks *masks, uint64_t bits, struct access access);
/* `swwe(…)` or `swwel(…)`. */
bool is_lock(const struct attr *attr);
/* False, and reported, if what was written are no widths. */
bool own_widths(struct resolver *r, const struct env *env, const struct attr *attr,
		struct widths *widths);
struct layer merge_layers(const struct layer *far, const struct layer *near);
/* The words of a register, field or `default`; checks those that contradict each other. */
void own_layer(struct resolver *r, const struct env *env, const struct attrs *attrs,
	       const struct m_enum *names, struct layer *layer);

/* resolve_hooks.c */
/* Hooks that can never run: on what cannot be written or read. */
void check_hooks(struct resolver *r, const struct m_hook *hooks, unsigned n, const char *what,
		 bool writable, bool readable);
void make_hooks(struct resolver *r, const struct attrs *attrs, const char *prefix,
		const struct m_hook **hooks, unsigned *n);
/* False, and reported, if there is no such event or it does not happen there. */
/* The event's word if something of that place has one of that name, else NULL. */
const char *hook_event(const char *name, enum place_kind place);
bool find_event(struct resolver *r, const char *name, struct loc loc, bool is_check,
		enum place_kind place, enum m_event *event);
bool has_hook(const struct m_hook *hooks, unsigned n, enum m_event event);

/* resolve_reg.c */
void resolve_reg(struct resolver *r, struct map *map, const struct node *node);
void resolve_doorbell(struct resolver *r, struct map *map, const struct node *node);
struct reg_info *new_reg(struct resolver *r, struct map *map, const struct node *node,
			 const char *name, struct loc loc);
void place_reg(struct resolver *r, const struct map *map, struct reg_info *info, unsigned width);
void keep_words(struct resolver *r, struct reg_info *info);
void finish_reg(struct resolver *r, struct reg_info *info);
/* The bits that a write can change. */
uint64_t writable_bits(const struct m_masks *m);

/* resolve_field.c */
void resolve_fields(struct resolver *r, const struct map *map, struct reg_info *info);
bool field_bits(struct resolver *r, const struct env *env, const struct node *node, unsigned width,
		unsigned *lsb, unsigned *msb);

/* resolve_reset.c */
/* field_layers: by field, or NULL. */
void set_resets(struct resolver *r, struct reg_info *info, struct layer *field_layers);

/* resolve_intr.c */
void resolve_intr(struct resolver *r, struct map *map, const struct node *node);

/* resolve_names.c: names of registers and fields that come out the same in C */
void check_collisions(struct resolver *r);
/* resolve_macros.c */
void check_macros(struct resolver *r);

/* resolve_link.c: what refers to other registers */
void link_registers(struct resolver *r);

/* resolve_pci.c, resolve_caps.c */
void resolve_pci(struct resolver *r, const struct node *node);
void lay_out_capabilities(struct resolver *r);

/* resolve_bar.c */
void resolve_bars(struct resolver *r);
/* Only for the mistakes in it: nothing instantiates it, so what its arguments were is not known. */
void try_template(struct resolver *r, struct template *template);
void resolve_config(struct resolver *r, const struct node *items);
void order_registers(struct resolver *r);

/* resolve_device.c */
void resolve_irqs(struct resolver *r);
/* Parameters, timers and state, in the source's order. */
void resolve_members(struct resolver *r);

/* resolve_state.c */
/* For a type that is not ours: what was meant, or NULL. */
const char *suggest_type(struct resolver *r, const char *name);
/* The version that has it first: `since`, or 1. */
uint32_t read_since(struct resolver *r, const struct env *env, const struct attrs *attrs);
void prepare_state(struct resolver *r);
void resolve_state(struct resolver *r, const struct node *state);

/* schema.c */
uint64_t schema_hash(const struct model *model);

#endif
