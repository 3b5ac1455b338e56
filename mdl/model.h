/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolved model: what the back ends get.  Every expression is evaluated, every offset laid out,
 * every name final, every list in its final order.  No back end computes: if one needs a number, it
 * stands here.  Arrays are pointers with a count; all memory is the arena's.
 */
#ifndef MODEL_H
#define MODEL_H

#include "tree.h"

#define MODEL_RESET_KINDS 4          /* power, hard, flr, soft */
#define MODEL_MAX_DIMS 8

/*
 * `bad`: an error about this thing was reported already; checks that could report a consequence of it
 * pass over it.  `bad_place`: its offset, width or dimensions are not known (bad is set, too).
 */

/* The template instantiations that a thing came through, innermost first: for notes. */
struct m_via {
	const char *name;            /* the template */
	struct loc loc;              /* where it is instantiated */
	const struct m_via *outer;
};

struct m_dim {
	uint32_t count;
	uint32_t stride;
};

struct m_value {
	const char *name;
	const char *cname;           /* NAME alone, made a C identifier, upper case not forced */
	uint64_t value;
	const char *doc;             /* all docs: NULL if none */
	struct loc loc;
};

/* A named or inline enumeration; inline ones have no name of their own. */
struct m_enum {
	const char *name;            /* or NULL */
	const char *doc;
	const struct m_value *values;
	unsigned nvalues;
	struct loc loc;
	bool used, bad;
};

enum m_event {
	M_CHECK_WRITE, M_ON_WRITE, M_ON_CHANGE, M_ON_READ, M_ON_RESET, M_ON_EXPIRE,
	M_BEFORE_SAVE, M_AFTER_LOAD, M_DMA_MAP, M_DMA_UNMAP, M_CONNECT, M_DISCONNECT,
	M_EVENTS
};

struct m_hook {
	enum m_event event;
	const char *cname;           /* without the device's prefix: "CTRL_EN_on_change", "on_reset" */
	const struct code *code;     /* NULL: the author's function in NAME_logic.c */
	struct loc loc;              /* of the hook in the source */
};

/* Bits and what happens to them; masks in register position.  See struct mdl_reg, struct mdl_effects. */
struct m_masks {
	uint64_t readable, writable;
	uint64_t woclr, woset, wot, wzc, wzs, wzt, wclr, wset, rclr, rset, once, pulse;
	uint64_t volatile_;
	uint64_t reserved;           /* covered by a `reserved` field or by no field */
};

struct m_field {
	const char *name, *cname, *doc;   /* cname: "EN" */
	struct loc loc;
	unsigned lsb, msb, width;
	uint64_t mask;               /* in register position */
	const char *access;          /* canonical words, for documents: "rw", "ro", "rw woclr" … */
	bool reserved, is_volatile, pulse, bad;
	uint64_t reset[MODEL_RESET_KINDS];   /* field position (shifted down) */
	bool has_reset;              /* a reset value was written for it or its register */
	bool sticky[MODEL_RESET_KINDS];
	const struct m_enum *enumeration; /* or NULL */
	const struct m_hook *hooks;
	unsigned nhooks;
	struct m_intr_cause *cause;  /* of an intr's registers; else NULL */
};

struct m_lock {
	uint64_t mask;               /* bits of the locked register */
	bool low;                    /* swwel: open while the key is 0 */
	const struct m_reg *key;
	uint64_t key_bits;
	unsigned shared_dims;
	const char *path;            /* "KEY.UNLOCK", for documents */
};

enum m_intr_role { M_INTR_NONE, M_INTR_STATUS, M_INTR_ENABLE, M_INTR_MASK, M_INTR_TEST };
enum m_doorbell_mode { M_DOORBELL_NONE, M_DOORBELL_MESSAGE, M_DOORBELL_IOEVENTFD, M_DOORBELL_MMAP };

struct m_reg {
	const char *name;            /* its own: "CTL" */
	const char *path;            /* "PORT.LANE.CTL" */
	const char *pattern;         /* "PORT[].LANE[].CTL": which names the dimensions belong to */
	const char *cname;           /* "PORT_LANE_CTL"; never a C keyword (gets a '_' then) */
	const char *doc;
	struct loc loc;
	unsigned id;                 /* index among all registers of the model */
	int bar;                     /* 0-5, or -1: config space */
	uint64_t offset;             /* of element 0, from the start of the BAR or config space */
	unsigned width;              /* bytes */
	unsigned access_min, access_max;    /* bytes that one access may have */
	bool narrowed;               /* not the same as the BAR's */
	struct loc access_loc;       /* of its `access`, if it has one */
	unsigned ndims;
	struct m_dim dims[MODEL_MAX_DIMS];  /* outermost first, groups' dimensions included */
	unsigned group_dims;         /* how many of them are the groups' */
	uint32_t count;              /* elements */
	bool big_endian;
	bool is_volatile;
	bool has_reset;              /* a reset was written somewhere */
	uint32_t since;              /* the version that has it first; 1 … */
	const char *access;          /* canonical words of the register as a whole, or "fields" */
	struct m_masks masks;
	uint64_t reset[MODEL_RESET_KINDS];
	uint64_t reset_mask[MODEL_RESET_KINDS];
	const struct m_reg *alias_of;       /* owns the storage; NULL: its own */
	const struct m_reg *pair;           /* the other of an identical-offset ro+wo pair */
	const struct m_enum *enumeration;   /* of a register without fields */
	struct m_field *fields;
	unsigned nfields;
	const struct m_hook *hooks;         /* its own */
	unsigned nhooks;
	bool field_hooks, has_read_hook;
	const struct m_lock *locks;
	unsigned nlocks;
	enum m_intr_role intr_role;
	struct m_intr *intr;
	enum m_doorbell_mode doorbell;
	uint64_t poll_ns;
	struct loc offset_loc;       /* of the expression after @ */
	struct loc stride_loc;       /* of that after +=, or of the dimensions */
	const struct m_via *via;
	bool bad, bad_place;
};

struct m_intr_cause {
	const char *name, *cname, *doc;     /* cname with group path: "PORT_RX", for NAME_intr_set_PORT_RX */
	struct loc loc;
	unsigned lsb, msb;
	uint64_t mask;
	int kind;                    /* 0 level, 1 posedge, 2 negedge, 3 bothedge */
	int irq;                     /* logical number of element 0, or -1 */
	uint32_t irq_step;           /* per element */
	const char *irq_name;        /* or NULL */
};

struct m_intr {
	const char *name, *path, *cname, *doc;
	struct loc loc;
	unsigned id;
	unsigned ndims;
	struct m_dim dims[MODEL_MAX_DIMS];
	uint32_t count;
	unsigned width;              /* bytes, of its registers */
	uint32_t since;
	struct m_reg *status, *enable, *mask, *test;   /* the latter three may be NULL */
	struct m_intr_cause *causes;
	unsigned ncauses;
	const struct m_via *via;
	bool bad;
};

struct m_ram {
	const char *name, *path, *pattern, *cname, *doc;
	struct loc loc;
	uint64_t offset, size;
	unsigned ndims, group_dims;
	struct m_dim dims[MODEL_MAX_DIMS];
	uint32_t count;
	bool mmap, transient;
	uint32_t since;
	struct loc offset_loc, stride_loc;
	const struct m_via *via;
	bool bad, bad_place;
};

enum m_bar_type { M_BAR_IO = 1, M_BAR_MEM32, M_BAR_MEM64 };

struct m_bar {
	unsigned index;
	enum m_bar_type type;
	const char *doc;
	struct loc loc;
	bool prefetchable, big_endian;
	uint64_t size;
	unsigned access_min, access_max;
	struct loc access_loc;       /* of `access`, or of the BAR */
	struct m_reg **regs;         /* by offset, then declaration; all registers of the BAR: groups, intr, doorbells */
	unsigned nregs;
	struct m_ram *rams;          /* by offset */
	unsigned nrams;
	struct loc size_loc;
	bool bad;                    /* type, size or access not known */
};

struct m_irq {
	const char *name, *cname, *doc;
	struct loc loc;
	uint32_t first, count, vector;
	struct loc vector_loc;       /* of the number, or the name */
	bool used;                   /* a cause of an intr is wired to it */
	bool bad;
};

struct m_timer {
	const char *name, *cname, *doc;
	struct loc loc;
	uint32_t count;              /* 1 if not an array */
	bool is_array, realtime, transient;
	uint32_t since;
	const struct m_hook *hook;   /* M_ON_EXPIRE, or NULL */
	bool bad;
};

enum m_param_type { M_PARAM_UINT, M_PARAM_INT, M_PARAM_BOOL, M_PARAM_STRING, M_PARAM_PATH, M_PARAM_ENUM };

struct m_param {
	const char *name, *cname, *option, *doc;    /* option: "clock-hz" */
	struct loc loc;
	enum m_param_type type;
	unsigned size;               /* bytes */
	const char *ctype;           /* "uint32_t", "const char *", "bool" */
	uint64_t value;
	const char *text;
	const struct m_enum *enumeration;
};

/* One member of a layout, or a bit-field container. */
struct m_member {
	const char *name, *cname, *doc;
	struct loc loc;
	uint64_t offset;             /* in the layout */
	unsigned size;               /* bytes of one element */
	uint32_t count;
	bool is_array;
	const struct m_layout *layout;       /* nested, or NULL */
	const char *ctype;           /* "uint32_t", "struct sqe" */
	struct m_field *fields;
	unsigned nfields;
};

struct m_layout {
	const char *name, *cname, *doc;
	struct loc loc;
	uint64_t size;
	bool big_endian;
	struct m_member *members;
	unsigned nmembers;
	bool used;                   /* by a state variable, or by a layout that is */
	bool from_main;
	bool bad;
};

enum m_var_type { M_VAR_UINT, M_VAR_INT, M_VAR_BOOL, M_VAR_LAYOUT, M_VAR_HOST };

struct m_var {
	const char *name, *cname, *doc;
	struct loc loc;
	enum m_var_type type;        /* HOST: any other C type, only transient */
	const char *ctype;           /* "uint64_t", "struct sqe", "int", as written for HOST */
	unsigned size;               /* bytes of one element; 0 for HOST */
	unsigned ndims;
	uint32_t dims[MODEL_MAX_DIMS];
	uint32_t count;              /* product */
	bool bounded;                /* [<= n]: has a member NAME_len */
	bool transient;
	uint32_t since;              /* 1 … */
	uint32_t until;              /* … UINT32_MAX */
	bool has_value;
	uint64_t value;              /* two's complement */
	const char *text;            /* the value of a transient char * */
	const struct m_layout *layout;
	int section;                 /* -1: none */
	bool bad;
};

struct m_section {
	const char *name, *cname, *doc;
	struct loc loc;
	const char *when;            /* the author's function; NULL if inline or always */
	const struct code *when_code;
	uint32_t since, until;
};

struct m_cap {
	const char *name;            /* "Power Management", for documents */
	uint16_t id, offset, size;
	bool extended;
	const uint8_t *data;         /* vendor capability */
	unsigned data_size;
	struct loc loc;
};

struct m_pci {
	struct loc loc;
	struct loc msi_loc, msix_loc, table_loc, pba_loc, rom_loc;   /* of the numbers */
	bool has_msi, has_msix, has_rom;
	bool bad;
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint32_t class_code;
	uint8_t revision, intx, msi_vectors;
	bool pm, express, flr;
	uint16_t msix_vectors;
	uint8_t msix_table_bar, msix_pba_bar;
	uint32_t msix_table_offset, msix_pba_offset;
	bool has_dsn;
	uint64_t dsn, rom_size;
	const char *rom_file;
	struct m_cap *caps;          /* chain order; extended ones after, .extended */
	unsigned ncaps;
	struct m_reg **regs;         /* config { … } */
	unsigned nregs;
};

struct m_const {
	const char *name, *cname, *doc;
	uint64_t value;
	bool from_main;              /* declared in the main file or device, not in an include */
	struct loc loc;
	bool used, bad;
};

/* Only for checks: templates are gone from the rest of the model. */
struct m_template {
	const char *name;
	struct loc loc;
	bool used, from_main;
};

struct model {
	const char *name, *cname, *doc;
	struct loc loc;
	uint32_t version;
	const char *source;          /* the main file as named */
	struct m_pci pci;
	struct m_bar bars[6];        /* only those declared, by index */
	unsigned nbars;
	struct m_reg **regs;         /* all: by BAR, then config space; regs[i]->id == i */
	unsigned nregs;
	struct m_intr **intrs;
	unsigned nintrs;
	struct m_irq *irqs;
	unsigned nirqs;
	uint32_t irq_total;
	struct m_timer *timers;
	unsigned ntimers;
	struct m_param *params;
	unsigned nparams;
	struct m_var *vars;          /* transient ones too, declaration order, sections' variables in place */
	unsigned nvars;
	struct m_section *sections;
	unsigned nsections;
	struct m_layout **layouts;   /* used or in the main file; nested before their users */
	unsigned nlayouts;
	struct m_enum **enums;       /* named ones */
	unsigned nenums;
	struct m_const *consts;
	unsigned nconsts;
	const struct m_template *templates;
	unsigned ntemplates;
	const struct m_hook *hooks;  /* the device's own: reset, save, load, dma, connect */
	unsigned nhooks;
	const struct code *const *codes;   /* file level */
	unsigned ncodes;
	uint64_t schema;             /* hash of names and shapes of what migrates (FNV-1a 64) */
};

/*
 * Evaluate, lay out and check a tree.  Reports go to the tree's diag.  Returns NULL if the model
 * cannot be handed on (there were errors); warnings alone do not.
 */
struct model *resolve(struct tree *tree);

/* "on_write", "check_write", "before_save" …: as in C names. */
const char *event_name(enum m_event event);

#endif
