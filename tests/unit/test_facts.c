/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts and what c.m4 makes of them, from models made by hand: texts that are out to break quoting.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "emit.h"
#include "facts.h"

struct sample {
	struct source source;
	struct code inline_code, file_code;
	struct m_hook enable_hook, kick_hook, device_hook;
	struct m_value values[2];
	struct m_enum mode;
	struct m_field fields[3];
	struct m_reg ctrl, lane;
	struct m_reg *regs[2];
	const struct code *codes[1];
	struct m_irq irq;
	struct model model;
};

static struct m_reg make_reg(const char *name, unsigned id, uint64_t offset)
{
	struct m_reg reg = {.name = name,
			    .path = name,
			    .cname = name,
			    .id = id,
			    .offset = offset,
			    .width = 4,
			    .count = 1,
			    .access = "rw",
			    .masks = {.readable = 0xffffffff, .writable = 0xffffffff}};

	for (int i = 0; i < MODEL_RESET_KINDS; i++)
		reg.reset_mask[i] = 0xffffffff;
	return reg;
}

static void make_fields(struct sample *s)
{
	s->values[0] = (struct m_value){.name = "ONCE", .cname = "ONCE", .value = 0};
	s->values[1] = (struct m_value){.name = "PERIODIC", .cname = "PERIODIC", .value = 1};
	s->mode = (struct m_enum){.values = s->values, .nvalues = 2};
	s->inline_code = (struct code){.text = " if (value) other(dev, \"d4_reg m4_dnl %}\"); ",
				       .loc = {.source = &s->source, .line = 7, .col = 20}};
	s->enable_hook = (struct m_hook){
		.event = M_ON_CHANGE, .cname = "CTRL_EN_on_change", .code = &s->inline_code};
	s->kick_hook = (struct m_hook){.event = M_CHECK_WRITE, .cname = "CTRL_KICK_check_write"};
	s->fields[0] = (struct m_field){.name = "EN",
					.cname = "EN",
					.width = 1,
					.mask = 1,
					.access = "rw",
					.hooks = &s->enable_hook,
					.nhooks = 1};
	s->fields[1] = (struct m_field){.name = "MODE",
					.cname = "MODE",
					.lsb = 1,
					.msb = 2,
					.width = 2,
					.mask = 6,
					.access = "rw",
					.enumeration = &s->mode};
	s->fields[2] =
		(struct m_field){.name = "KICK",
				 .cname = "KICK",
				 .lsb = 8,
				 .msb = 8,
				 .width = 1,
				 .mask = 0x100,
				 .access = "wo",
				 .pulse = true,
				 .doc = "ends */ a comment, and \"a\\ string\" ?\?/\nm4_exit(0)",
				 .hooks = &s->kick_hook,
				 .nhooks = 1};
}

static void make_sample(struct sample *s)
{
	static const uint32_t starts[] = {0};

	memset(s, 0, sizeof(*s));
	s->source = (struct source){
		.name = "small.mdl", .text = "\n", .size = 1, .line_starts = starts, .nlines = 1};
	make_fields(s);
	s->ctrl = make_reg("CTRL", 0, 0);
	s->ctrl.fields = s->fields;
	s->ctrl.nfields = 3;
	s->ctrl.field_hooks = true;
	s->ctrl.masks.pulse = 0x100;
	s->lane = make_reg("LANE", 1, 0x100);
	s->lane.ndims = 2;
	s->lane.dims[0] = (struct m_dim){4, 0x20};
	s->lane.dims[1] = (struct m_dim){2, 0x10};
	s->lane.count = 8;
	s->regs[0] = &s->ctrl;
	s->regs[1] = &s->lane;
	s->file_code =
		(struct code){.text = "\nstatic void other(struct small *dev, const char *text)\n"
				      "{\n\t(void)dev, (void)text;\n}\n",
			      .loc = {.source = &s->source, .line = 1, .col = 3}};
	s->codes[0] = &s->file_code;
	s->device_hook = (struct m_hook){.event = M_ON_RESET, .cname = "on_reset"};
	s->irq = (struct m_irq){.name = "done", .cname = "done", .count = 1};
	s->model = (struct model){.name = "small",
				  .cname = "small",
				  .version = 1,
				  .source = "small.mdl",
				  .nbars = 1,
				  .regs = s->regs,
				  .nregs = 2,
				  .irqs = &s->irq,
				  .nirqs = 1,
				  .irq_total = 1,
				  .hooks = &s->device_hook,
				  .nhooks = 1,
				  .codes = s->codes,
				  .ncodes = 1};
	s->model.bars[0] = (struct m_bar){.index = 0,
					  .type = M_BAR_MEM32,
					  .size = 4096,
					  .access_min = 1,
					  .access_max = 4,
					  .regs = s->regs,
					  .nregs = 2};
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static int in_folder(void **state)
{
	static char folder[] = "/tmp/mdl-facts-XXXXXX";

	assert_non_null(mkdtemp(folder));
	*state = folder;
	return chdir(folder);
}

static int remove_folder(void **state)
{
	static const char *const files[] = {"small.c", "small.h", "small.o", "small.d", "facts"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	return chdir("/") || rmdir(*state);
}

static void contains(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("not there: %s", what);
}

static void c_holds_texts_untouched(void **state)
{
	struct sample s;
	char *c, *h;

	(void)state;
	make_sample(&s);
	assert_int_equal(emit(&s.model, &s.source, &(struct emit_options){.output = "small.c"}), 0);
	c = read_file("small.c");
	h = read_file("small.h");
	contains(c, "other(dev, \"d4_reg m4_dnl %}\");");
	contains(c, "#line 7 \"small.mdl\"");
	contains(h, "ends * / a comment, and \"a\\ string\" ?? /");
	contains(h, "m4_exit(0)");
	contains(h, "uint32_t LANE[4][2];");
	assert_null(strstr(c, "\001"));
	free(c);
	free(h);
}

/* Facts of a name that holds one of our control bytes: refused, nothing written. */
static void control_byte_is_refused(void **state)
{
	struct sample s;

	(void)state;
	unlink("small.c");
	make_sample(&s);
	s.model.doc = "a\001b";
	assert_int_equal(emit(&s.model, &s.source, &(struct emit_options){.output = "small.c"}), 1);
	assert_int_equal(access("small.c", F_OK), -1);
}

static void no_m4_is_an_error(void **state)
{
	struct sample s;

	(void)state;
	unlink("small.c");
	make_sample(&s);
	setenv("M4", "/nonexistent/m4", 1);
	assert_int_equal(emit(&s.model, &s.source, &(struct emit_options){.output = "small.c"}), 1);
	setenv("M4", "false", 1);
	assert_int_equal(emit(&s.model, &s.source, &(struct emit_options){.output = "small.c"}), 1);
	unsetenv("M4");
	assert_int_equal(access("small.c", F_OK), -1);
}

static void facts_are_readable(void **state)
{
	struct sample s;
	struct emit_options options = {.kind = EMIT_FACTS, .output = "facts"};
	char *facts;

	(void)state;
	make_sample(&s);
	assert_int_equal(emit(&s.model, &s.source, &options), 0);
	facts = read_file("facts");
	contains(facts, "\nd4_dim(«reg_LANE», «4», «0x20», «1», «0»)\n");
	contains(facts, "# d4_reg: ");
	free(facts);
}

/* A second run touches nothing; the rule names outputs and source. */
static void unchanged_is_untouched(void **state)
{
	struct sample s;
	struct emit_options options = {.output = "small.c", .depend = true};
	struct stat before, after;
	char *rule;

	(void)state;
	make_sample(&s);
	assert_int_equal(emit(&s.model, &s.source, &options), 0);
	assert_int_equal(stat("small.h", &before), 0);
	assert_int_equal(emit(&s.model, &s.source, &options), 0);
	assert_int_equal(stat("small.h", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	rule = read_file("small.d");
	assert_string_equal(rule, "small.c small.h: \\\n  small.mdl\n");
	free(rule);
}

int main(void)
{
	char skeletons[PATH_MAX];

	/* from the tree's root, wherever the build is: tests run in folders of their own */
	if (realpath("codegen/skel", skeletons))
		setenv("MDLC_SKELETONS", skeletons, 1);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c_holds_texts_untouched),
		cmocka_unit_test(control_byte_is_refused),
		cmocka_unit_test(no_m4_is_an_error),
		cmocka_unit_test(facts_are_readable),
		cmocka_unit_test(unchanged_is_untouched),
	};

	return cmocka_run_group_tests(tests, in_folder, remove_folder);
}
