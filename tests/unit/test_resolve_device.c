// SPDX-License-Identifier: BSD-2-Clause
/* What the model says of a device: PCI and its capabilities, irqs, intr blocks, parameters, state.
 */
#include "resolving.h"

static const struct m_cap *find_cap(const struct model *model, unsigned id)
{
	assert_non_null(model);
	for (unsigned i = 0; i < model->pci.ncaps; i++)
		if (model->pci.caps[i].id == id)
			return &model->pci.caps[i];
	fail_msg("no capability %u", id);
	return NULL;
}

static void capabilities(void **state)
{
	struct resolved r =
		resolve_text("device d { pci { vendor 0xfff0; device 0xfff1; subsystem "
			     "0xfff2:0xfff3; class 0x123456;\n"
			     "revision 0xff; intx D; pm; msi { vectors 32; } msix { vectors 2048; "
			     "table bar 4 @ 0; "
			     "pba bar 5 @ 0x1000; }\n"
			     "express endpoint; flr; vendor_cap { 1 2 3 4 5 6 } vendor_cap { 7 } "
			     "dsn 0x1122334455667788;\n"
			     "rom size 64K file \"x.rom\"; config { reg A @ 0x48 width 8; reg B[2] "
			     "@ 0x64 += 8; } }\n"
			     "bar 4 mem32 size 32K { } bar 5 mem32 size 8K { } on reset; }");
	const struct m_pci *pci;

	(void)state;
	assert_non_null(r.model);
	pci = &r.model->pci;
	assert_int_equal(pci->vendor, 0xfff0);
	assert_int_equal(pci->device, 0xfff1);
	assert_int_equal(pci->subsystem_vendor, 0xfff2);
	assert_int_equal(pci->subsystem, 0xfff3);
	assert_int_equal(pci->class_code, 0x123456);
	assert_int_equal(pci->revision, 0xff);
	assert_int_equal(pci->intx, 4);
	assert_int_equal(pci->msi_vectors, 32);
	assert_int_equal(pci->msix_vectors, 2048);
	assert_int_equal(pci->msix_pba_bar, 5);
	assert_int_equal(pci->msix_pba_offset, 0x1000);
	assert_int_equal(pci->rom_size, 65536);
	assert_string_equal(pci->rom_file, "x.rom");
	assert_int_equal(pci->ncaps, 7);
	assert_int_equal(find_cap(r.model, 0x01)->offset, 0x40); /* before A */
	assert_int_equal(find_cap(r.model, 0x05)->offset, 0x4c); /* behind A, up to B */
	assert_int_equal(find_cap(r.model, 0x11)->offset, 0x70);
	assert_int_equal(find_cap(r.model, 0x10)->offset, 0x7c);
	assert_int_equal(find_cap(r.model, 0x03)->offset, 0x100);
	assert_true(find_cap(r.model, 0x03)->extended);
	/* Chain order is by place; the first vendor capability takes 12 bytes, the second 4. */
	for (unsigned i = 1; i < 6; i++)
		assert_true(pci->caps[i].offset >= pci->caps[i - 1].offset + pci->caps[i - 1].size);
	assert_int_equal(find_cap(r.model, 0x09)->size, 4);
	assert_int_equal(find_cap(r.model, 0x09)->offset, 0x68); /* the hole in B's stride */
	assert_int_equal(find_cap(r.model, 0x09)->data[0], 7);
	release(&r);
}

static void flr_without_express(void **state)
{
	struct resolved r = resolve_text("device d { pci { vendor 1; device 2; flr; } on reset; }");

	(void)state;
	assert_int_equal(find_cap(r.model, 0x13)->size, 6);
	assert_true(r.model->pci.flr && !r.model->pci.express);
	release(&r);
}

static void irqs(void **state)
{
	struct resolved r = resolve_text(
		"device d { pci { vendor 1; device 2; msix { vectors 32; table bar 0 @ 0; pba bar "
		"0 @ 0x800; } }\n"
		"bar 0 mem32 size 4K { }\n"
		"irq a; irq b[3] = 2; irq c[2]; irq e; irq f = 2; irq g[2] = 10; irq h; on reset "
		"%{\n"
		"a b c e f g h D_IRQ_A D_IRQ_B D_IRQ_C D_IRQ_E D_IRQ_F D_IRQ_G D_IRQ_H %} }");
	static const struct {
		uint32_t first, count, vector;
	} want[] = {{0, 1, 0}, {1, 3, 2}, {4, 2, 5}, {6, 1, 1}, {7, 1, 2}, {8, 2, 10}, {10, 1, 7}};

	(void)state;
	assert_non_null(r.model);
	assert_int_equal(r.model->nirqs, 7);
	assert_int_equal(r.model->irq_total, 11);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(r.model->irqs[i].first, want[i].first);
		assert_int_equal(r.model->irqs[i].count, want[i].count);
		assert_int_equal(r.model->irqs[i].vector, want[i].vector);
	}
	release(&r);
}

static void intrs(void **state)
{
	struct resolved r = resolve_map_items("", "group P[4] @ 0 += 0x20 { intr INT \"causes\" { "
						  "status S @ 0; enable E @ 4 = 1; mask M @ 8; "
						  "test T @ 12; X [0] posedge -> b \"x\"; Y [4] -> "
						  "a; Z [5] bothedge -> b[2]; W [6] negedge; } }"
						  "intr WIDE { status WS @ 0x100; V [40] -> a; } "
						  "intr TINY width 8 { status TS @ 0x108 rclr; "
						  "Q [7] posedge -> a; R [6] -> a; }");
	const struct m_intr *intr;
	const struct m_reg *reg;

	(void)state;
	assert_non_null(r.model);
	assert_int_equal(r.model->nintrs, 3);
	intr = r.model->intrs[0];
	assert_string_equal(intr->path, "P.INT");
	assert_int_equal(intr->count, 4);
	assert_int_equal(intr->width, 4);
	assert_int_equal(intr->ncauses, 4);
	assert_string_equal(intr->causes[0].cname, "P_X");
	assert_int_equal(intr->causes[0].kind, 1);
	assert_int_equal(intr->causes[0].irq, 1);
	assert_int_equal(intr->causes[0].irq_step, 1);
	assert_int_equal(intr->causes[1].kind, 0);
	assert_int_equal(intr->causes[1].irq, 0);
	assert_int_equal(intr->causes[1].irq_step, 0);
	assert_int_equal(intr->causes[2].irq, 3);
	assert_int_equal(intr->causes[2].kind, 3);
	assert_int_equal(intr->causes[3].irq, -1);
	assert_int_equal(intr->causes[3].kind, 2);
	reg = find_reg(r.model, "P.S");
	assert_ptr_equal(intr->status, reg);
	assert_ptr_equal(reg->intr, intr);
	assert_int_equal(reg->intr_role, M_INTR_STATUS);
	assert_int_equal(reg->masks.woclr, 0x61);
	assert_int_equal(reg->masks.readable, 0x71);
	assert_ptr_equal(reg->fields[1].cause, &intr->causes[1]);
	assert_int_equal(intr->enable->masks.writable, 0x71);
	assert_int_equal(intr->enable->reset[0], 1);
	assert_int_equal(intr->test->masks.readable, 0);
	assert_int_equal(intr->mask->intr_role, M_INTR_MASK);
	assert_int_equal(r.model->intrs[1]->width, 8);
	assert_int_equal(r.model->intrs[2]->width, 1);
	assert_int_equal(find_reg(r.model, "TS")->masks.rclr, 0x80);
	assert_int_equal(find_reg(r.model, "TS")->masks.woclr, 0x80);
	release(&r);
}

static void params_and_timers(void **state)
{
	struct resolved r = resolve_text("enum e { A = 3 \"first\", B } device d \"doc\" version 7 "
					 "{ pci { vendor 1; device 2; }\n"
					 "param u16 clock_hz = 50 \"hz\"; param enum e mode; param "
					 "enum e other = B; param string s = \"t\";\n"
					 "param path p; param bool b = true; param i64 i = -1;\n"
					 "timer one on expire; timer many[3] realtime transient on "
					 "expire %{ (void)i; %}; on reset; }");
	const struct m_param *p;

	(void)state;
	assert_non_null(r.model);
	assert_int_equal(r.model->version, 7);
	assert_string_equal(r.model->doc, "doc");
	p = r.model->params;
	assert_string_equal(p[0].option, "clock-hz");
	assert_string_equal(p[0].ctype, "uint16_t");
	assert_int_equal(p[0].size, 2);
	assert_string_equal(p[0].doc, "hz");
	assert_int_equal(p[1].type, M_PARAM_ENUM);
	assert_int_equal(p[1].value, 3);
	assert_int_equal(p[2].value, 4);
	assert_string_equal(p[2].enumeration->values[0].doc, "first");
	assert_string_equal(p[3].text, "t");
	assert_int_equal(p[4].type, M_PARAM_PATH);
	assert_null(p[4].text);
	assert_int_equal(p[5].value, 1);
	assert_true(p[6].value == UINT64_MAX);
	assert_int_equal(r.model->ntimers, 2);
	assert_false(r.model->timers[0].is_array);
	assert_string_equal(r.model->timers[0].hook->cname, "one_on_expire");
	assert_true(r.model->timers[1].is_array && r.model->timers[1].realtime);
	assert_true(r.model->timers[1].transient);
	assert_int_equal(r.model->timers[1].count, 3);
	release(&r);
}

static void variables(void **state)
{
	struct resolved r = resolve_text(
		"enum e { A, B } layout pair be { u16 x; u16 y; }\n"
		"device d version 4 { pci { vendor 1; device 2; } state {\n"
		"u8 fifo[<= 16]; u32 m[2][3]; since 2 until 3 i16 v = -2; layout pair p[2]; enum e "
		"k = B;\n"
		"transient struct foo *q; bool ready = true;\n"
		"section s since 3 when s_active \"sec\" { u8 t; since 4 u8 u = 1; }\n"
		"section always { u8 w; } on after_load; } on before_save; on reset; }");
	const struct m_var *v;

	(void)state;
	assert_non_null(r.model);
	v = r.model->vars;
	assert_int_equal(r.model->nvars, 10);
	assert_true(v[0].bounded);
	assert_int_equal(v[0].count, 16);
	assert_int_equal(v[1].ndims, 2);
	assert_int_equal(v[1].count, 6);
	assert_int_equal(v[2].since, 2);
	assert_int_equal(v[2].until, 3);
	assert_true(v[2].value == (uint64_t)-2);
	assert_int_equal(v[3].size, 4);
	assert_ptr_equal(v[3].layout, r.model->layouts[0]);
	assert_true(v[3].layout->used && v[3].layout->big_endian);
	assert_int_equal(v[4].value, 1);
	assert_string_equal(v[4].ctype, "uint32_t");
	assert_int_equal(v[5].type, M_VAR_HOST);
	assert_string_equal(v[5].ctype, "struct foo *");
	assert_int_equal(v[7].section, 0);
	assert_int_equal(v[7].since, 3);
	assert_int_equal(v[8].since, 4);
	assert_true(v[8].until == UINT32_MAX);
	assert_int_equal(v[9].section, 1);
	assert_string_equal(r.model->sections[0].when, "s_active");
	assert_null(r.model->sections[1].when);
	assert_string_equal(r.model->sections[0].doc, "sec");
	assert_int_equal(r.model->nhooks, 3);
	assert_string_equal(r.model->hooks[0].cname, "on_after_load");
	release(&r);
}

static void layouts(void **state)
{
	struct resolved r =
		resolve_text("layout outer le size 24 { layout inner a[2]; u64 b; }\n"
			     "layout inner le { u16 x { P [0]; Q [15:1] enum { Z }; } u8 y[2]; }\n"
			     "layout unused le { layout inner i; }\n"
			     "device d { pci { vendor 1; device 2; } state { layout outer o; } on "
			     "reset; on after_load; }");
	const struct m_layout *outer;

	(void)state;
	assert_null(r.model); /* 8 + 8 is not 24 */
	assert_int_equal(diag_errors(r.diag), 1);
	release(&r);
	r = resolve_text(
		"layout outer le size 16 { layout inner a[2]; u64 b; }\n"
		"layout inner le { u16 x { P [0]; Q [15:1] enum { Z }; } u8 y[2]; }\n"
		"device d { pci { vendor 1; device 2; } state { layout outer o; } on reset; }");
	assert_non_null(r.model);
	assert_int_equal(r.model->nlayouts, 2);
	assert_string_equal(r.model->layouts[0]->name, "inner");
	outer = r.model->layouts[1];
	assert_int_equal(outer->size, 16);
	assert_int_equal(outer->members[1].offset, 8);
	assert_ptr_equal(outer->members[0].layout, r.model->layouts[0]);
	assert_int_equal(outer->members[0].count, 2);
	assert_int_equal(r.model->layouts[0]->members[0].nfields, 2);
	assert_true(r.model->layouts[0]->used);
	release(&r);
}

static uint64_t schema_of(const char *map, const char *state_items)
{
	struct arena *arena = arena_create();
	struct resolved r = resolve_text(arena_printf(
		arena,
		"device d version 2 { pci { vendor 1; device 2; } bar 0 mem32 size 4K { %s } "
		"state { %s on after_load; } on reset; }",
		map, state_items));
	uint64_t schema;

	assert_non_null(r.model);
	schema = r.model->schema;
	release(&r);
	arena_destroy(arena);
	return schema;
}

static void schema(void **state)
{
	uint64_t plain = schema_of("reg A @ 0 rw;", "u32 x;");

	(void)state;
	assert_true(plain == schema_of("reg A @ 8 rw = 5 \"doc\" on write;", "u32 x \"doc\";"));
	assert_true(plain == schema_of("reg A @ 0 rw;", "u32 x; transient u8 y;"));
	assert_true(plain ==
		    schema_of("reg A @ 0 rw; reg B @ 4 alias A ro; doorbell D @ 8 on write;",
			      "u32 x;"));
	assert_true(plain != schema_of("reg A @ 0 width 16 rw;", "u32 x;"));
	assert_true(plain != schema_of("reg A[1] @ 0 rw;", "u32 x;"));
	assert_true(plain != schema_of("reg B @ 0 rw;", "u32 x;"));
	assert_true(plain != schema_of("reg A @ 0 rw;", "i32 x;"));
	assert_true(plain != schema_of("reg A @ 0 rw;", "u32 xx;"));
	assert_true(plain != schema_of("reg A @ 0 rw;", "u32 x[1];"));
	assert_true(plain != schema_of("reg A @ 0 rw;", "since 2 u32 x = 0;"));
	assert_true(plain != schema_of("reg A @ 0 rw;", "section s { u32 x; }"));
	assert_true(plain != schema_of("reg A @ 0 rw; ram M @ 0x800 size 1K;", "u32 x;"));
	assert_true(plain == schema_of("reg A @ 0 rw; ram M @ 0x800 size 1K transient;", "u32 x;"));
}

/* Templates that multiply are stopped. */
static void multiplication(void **state)
{
	char text[4096];
	size_t used = 0;
	struct resolved r;

	(void)state;
	used += (size_t)snprintf(text, sizeof(text), "template t0() { reg R @ 0 rw; }\n");
	for (int i = 1; i < 40; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used,
			"template t%d() { group A @ 0 is t%d(); group B @ 4 is t%d(); }\n", i,
			i - 1, i - 1);
	snprintf(text + used, sizeof(text) - used,
		 "device d { pci { vendor 1; device 2; } bar 0 mem32 size 4K { is t39(); } }");
	r = resolve_text(text);
	assert_null(r.model);
	assert_true(diag_errors(r.diag) >= 1);
	release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities),
		cmocka_unit_test(flr_without_express),
		cmocka_unit_test(irqs),
		cmocka_unit_test(intrs),
		cmocka_unit_test(params_and_timers),
		cmocka_unit_test(variables),
		cmocka_unit_test(layouts),
		cmocka_unit_test(schema),
		cmocka_unit_test(multiplication),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
