/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine of the checks: a table of what runs, and after what.  Name, severity and explanation
 * stand in checks.def under the same identifier.  A check is skipped if one that it builds on found
 * something, in earlier rows or while the model was built.
 */
#include "check.h"
#include "check_private.h"

#define MAX_PREREQUISITES 3

struct check {
	enum check_id id;
	void (*run)(struct checking *c);
	/*
	 * It judges by what is absent: nothing is said where a part of the description was lost
	 * to a syntax error.
	 */
	bool needs_whole;
	unsigned nneeds;
	enum check_id needs[MAX_PREREQUISITES];
};

#define RUN(check, function)                           \
	{                                              \
		.id = CHECK_##check, .run = (function) \
	}
#define RUN_WHOLE(check, function)                                          \
	{                                                                   \
		.id = CHECK_##check, .run = (function), .needs_whole = true \
	}
#define RUN_AFTER(check, function, need)                                                       \
	{                                                                                      \
		.id = CHECK_##check, .run = (function), .nneeds = 1, .needs = { CHECK_##need } \
	}

static const struct check checks[] = {
	RUN(BAR_SIZE, check_bar_size),
	RUN_AFTER(IO_BAR_SIZE, check_io_bar_size, BAR_SIZE),
	RUN(BAR_SLOT, check_bar_slot),
	RUN(ACCESS_WIDTH, check_access_width),
	RUN(MSI_VECTORS, check_msi_vectors),
	RUN(MSIX_VECTORS, check_msix_vectors),
	RUN(MSIX_BAR, check_msix_bar),
	{.id = CHECK_IRQ_VECTOR,
	 .run = check_irq_vector,
	 .needs_whole = true,
	 .nneeds = 2,
	 .needs = {CHECK_MSI_VECTORS, CHECK_MSIX_VECTORS}},
	RUN(CONFIG_REGISTER, check_config_register),
	RUN_AFTER(CAPABILITY, check_capability, CONFIG_REGISTER),
	RUN(MISALIGNED, check_misaligned),
	RUN(ELEMENT_OVERLAP, check_element_overlap),
	RUN(PAST_END, check_past_end),
	RUN(FIELD_OVERLAP, check_field_overlap),
	RUN(MMAP_READ_HOOK, check_mmap_read_hook),
	RUN(OVERLAP, check_overlap),
	RUN(MMAP_PAGE, check_mmap_page),

	RUN(ENUM_REPEAT, check_enum_repeat),
	RUN_WHOLE(WOCLR_UNSET, check_woclr_unset),
	RUN_WHOLE(RO_CONSTANT, check_ro_constant),
	RUN_AFTER(READ_EFFECT, check_read_effect, FIELD_OVERLAP),
	RUN_AFTER(TORN_FIELD, check_torn_field, ACCESS_WIDTH),
	RUN_WHOLE(IRQ_UNUSED, check_irq_unused),
	RUN_WHOLE(UNUSED_CONST, check_unused_const),
	RUN_WHOLE(UNUSED_ENUM, check_unused_enum),
	RUN_WHOLE(UNUSED_TEMPLATE, check_unused_template),
	RUN_WHOLE(UNUSED_LAYOUT, check_unused_layout),
	RUN_WHOLE(UNUSED_TIMER, check_unused_timer),
	RUN_WHOLE(TRANSIENT_LOST, check_transient_lost),

	RUN(UNDOCUMENTED, check_undocumented),
	RUN(NAME_CASE, check_name_case),
	RUN(ADDRESS_ORDER, check_address_order),
};

/* Outermost first, so that the notes read from the use of a template to the mistake in it. */
void enter_via(struct checking *c, const struct m_via *via)
{
	if (!via)
		return;
	enter_via(c, via->outer);
	diag_push_context(c->diag, via->loc, "in template '%s', instantiated here", via->name);
}

bool leave_via(struct checking *c, const struct m_via *via, bool reported)
{
	for (; via; via = via->outer)
		diag_pop_context(c->diag);
	return reported;
}

void note_via(struct diag *diag, const struct m_via *via)
{
	for (; via; via = via->outer)
		diag_note(diag, via->loc, "in template '%s', instantiated here", via->name);
}

static bool may_run(const struct checking *c, const struct check *check)
{
	if (check->needs_whole && c->tree->syntax_errors)
		return false;
	for (unsigned i = 0; i < check->nneeds; i++)
		if (c->failed[check->needs[i]])
			return false;
	return true;
}

void run_checks(const struct tree *tree, struct model *model)
{
	struct checking c = {
		.tree = tree, .model = model, .arena = tree->arena, .diag = tree->diag};

	read_behaviour(&c);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (may_run(&c, &checks[i]))
			checks[i].run(&c);
}
