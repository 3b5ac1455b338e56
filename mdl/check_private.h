/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of checking: what check*.c share. */
#ifndef CHECK_PRIVATE_H
#define CHECK_PRIVATE_H

#include "c_words.h"
#include "model.h"

/*
 * What the description's C shows.  A hook without a body, or a call of a function that is not here,
 * may do anything: that is `external`.
 */
struct behaviour {
	bool external;
	struct c_words *words; /* of all that can change the device: hooks, code of files */
	bool has_load, external_load;
	struct c_words *load_words; /* of after_load hooks, and code of files */
	struct c_words *conditions; /* of sections */
};

struct checking {
	const struct tree *tree;
	struct model *model;
	struct arena *arena;
	struct diag *diag;
	struct behaviour behaviour;
	uint64_t *settable; /* check_access.c: bits that software can set, by register */
	bool failed[CHECK_COUNT];
};

/* Report, with the template instantiations that it came through; false if nobody will see it. */
#define found(c, check, via, loc, ...)                             \
	((c)->failed[CHECK_##check] = true, enter_via((c), (via)), \
	 leave_via((c), (via), diag_report((c)->diag, CHECK_##check, (loc), __VA_ARGS__)))

void enter_via(struct checking *c, const struct m_via *via);
bool leave_via(struct checking *c, const struct m_via *via, bool reported);

/* check_text.c */
/* Was it written earlier?  An included file stands where its include does. */
bool loc_before(struct loc a, struct loc b);
/* Bits to which writing does something. */
uint64_t written_bits(const struct m_masks *masks);

#define RANGE_TEXT 96

/* "0x10-0x13", "0x100-0x107 and every 0x20 bytes, 4 times" */
void describe_range(char text[RANGE_TEXT], uint64_t offset, uint64_t width,
		    const struct m_dim *dims, unsigned ndims);
/* "register 'PORT.CTL'", "doorbell 'SQT'" */
const char *describe_reg(const struct checking *c, const struct m_reg *reg);
/* "ram 'FB'" */
const char *describe_ram(const struct checking *c, const struct m_ram *ram);
/* "BAR 2", "config space" */
const char *describe_space(const struct checking *c, int bar);

/* check_behaviour.c */
void read_behaviour(struct checking *c);
/* Does C set the register, or one field of it (NULL: any)? */
bool sets_register(const struct checking *c, const struct m_reg *reg, const struct m_field *field);
bool sets_cause(const struct checking *c, const struct m_reg *status, const struct m_field *field);
bool raises_irq(const struct checking *c, const struct m_irq *irq);
/* Does C use what is generated for it? */
bool names_const(const struct checking *c, const char *name);
bool names_value(const struct checking *c, const struct m_enum *e, const struct m_value *value);
bool names_layout(const struct checking *c, const struct m_layout *layout);
/* Does an inline `on read` do more than supply a value? */
bool read_hook_acts(const struct checking *c, const struct m_hook *hooks, unsigned n);

/* check_overlap.c */
void check_overlap(struct checking *c);

/* check_elements.c */
void check_element_overlap(struct checking *c);
void check_field_overlap(struct checking *c);

/* check_mmap.c */
void check_mmap_read_hook(struct checking *c);
void check_mmap_page(struct checking *c);

/* check_place.c */
bool is_misaligned(const struct m_reg *reg);
void check_misaligned(struct checking *c);
void check_past_end(struct checking *c);
void check_config_register(struct checking *c);

/* check_bar.c */
void check_bar_size(struct checking *c);
void check_io_bar_size(struct checking *c);
void check_bar_slot(struct checking *c);
void check_access_width(struct checking *c);

/* check_pci.c */
uint64_t msix_table_size(const struct m_pci *pci);
uint64_t msix_pba_size(const struct m_pci *pci);
const struct m_bar *find_bar(const struct model *model, unsigned index);
void check_msi_vectors(struct checking *c);
void check_msix_vectors(struct checking *c);
void check_msix_bar(struct checking *c);
void check_irq_vector(struct checking *c);
void check_capability(struct checking *c);

/* check_enum.c */
void check_enum_repeat(struct checking *c);

/* check_access.c */
void check_woclr_unset(struct checking *c);
void check_ro_constant(struct checking *c);
void check_read_effect(struct checking *c);
void check_torn_field(struct checking *c);

/* check_use.c */
void check_irq_unused(struct checking *c);
void check_unused_const(struct checking *c);
void check_unused_enum(struct checking *c);
void check_unused_template(struct checking *c);
void check_unused_layout(struct checking *c);
void check_unused_timer(struct checking *c);
void check_transient_lost(struct checking *c);

/* check_style.c */
void check_undocumented(struct checking *c);
void check_name_case(struct checking *c);
void check_address_order(struct checking *c);

#endif
