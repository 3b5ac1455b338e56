// SPDX-License-Identifier: BSD-2-Clause
/* What the model says of registers: access, resets, places, and links between them. */
#include "resolving.h"

/* ---- access words */

struct access_case {
	const char *before; /* items before the register */
	const char *words;  /* of the register, perhaps with fields */
	const char *text;   /* m_reg.access */
	uint64_t readable, writable;
	size_t effect; /* offset in m_masks, 0: none */
	uint64_t bits;
};

#define EFFECT(member) offsetof(struct m_masks, member)
#define ALL            0xffffffffu

static void access_words(void **state)
{
	static const struct access_case cases[] = {
		{"", "", "rw", ALL, ALL, 0, 0},
		{"", "rw", "rw", ALL, ALL, 0, 0},
		{"", "ro volatile", "ro", ALL, 0, EFFECT(volatile_), ALL},
		{"", "wo", "wo", 0, ALL, 0, 0},
		{"", "na", "na", 0, 0, 0, 0},
		{"", "w1", "w1", 0, ALL, EFFECT(once), ALL},
		{"", "rw1", "rw1", ALL, ALL, EFFECT(once), ALL},
		{"", "woclr", "rw woclr", ALL, 0, EFFECT(woclr), ALL},
		{"", "w1c", "rw woclr", ALL, 0, EFFECT(woclr), ALL},
		{"", "w1s", "rw woset", ALL, 0, EFFECT(woset), ALL},
		{"", "w1t", "rw wot", ALL, 0, EFFECT(wot), ALL},
		{"", "w0c", "rw wzc", ALL, 0, EFFECT(wzc), ALL},
		{"", "w0s", "rw wzs", ALL, 0, EFFECT(wzs), ALL},
		{"", "w0t", "rw wzt", ALL, 0, EFFECT(wzt), ALL},
		{"", "wclr", "rw wclr", ALL, 0, EFFECT(wclr), ALL},
		{"", "wset", "rw wset", ALL, 0, EFFECT(wset), ALL},
		{"", "wo woclr", "wo woclr", 0, 0, EFFECT(woclr), ALL},
		{"", "rclr", "ro rclr", ALL, 0, EFFECT(rclr), ALL},
		{"", "rc", "ro rclr", ALL, 0, EFFECT(rclr), ALL},
		{"", "rs", "ro rset", ALL, 0, EFFECT(rset), ALL},
		{"", "rw rclr", "rw rclr", ALL, ALL, EFFECT(rclr), ALL},
		{"", "woset rclr", "rw woset rclr", ALL, 0, EFFECT(rclr), ALL},
		/* nearer words replace what they contradict */
		{"default ro;", "", "ro", ALL, 0, 0, 0},
		{"default ro;", "rw", "rw", ALL, ALL, 0, 0},
		{"default ro;", "woclr", "rw woclr", ALL, 0, EFFECT(woclr), ALL},
		{"default woclr;", "rw", "rw", ALL, ALL, EFFECT(woclr), 0},
		{"default woclr;", "ro", "ro", ALL, 0, EFFECT(woclr), 0},
		{"default woclr;", "wo", "wo", 0, ALL, EFFECT(woclr), 0},
		{"default woclr;", "woset", "rw woset", ALL, 0, EFFECT(woclr), 0},
		{"default rw;", "rclr", "rw rclr", ALL, ALL, EFFECT(rclr), ALL},
		{"default wo;", "rclr", "ro rclr", ALL, 0, EFFECT(rclr), ALL},
		{"default rclr;", "wo", "wo", 0, ALL, EFFECT(rclr), 0},
		{"default rclr;", "ro", "ro", ALL, 0, EFFECT(rclr), 0},
		{"default rw1;", "woclr", "rw woclr", ALL, 0, EFFECT(once), 0},
		{"default volatile; default ro;", "", "ro", ALL, 0, EFFECT(volatile_), ALL},
		/* fields */
		{"", "ro volatile { A [7:0]; B [15:8] woclr; }", "fields", 0xffff, 0, EFFECT(woclr),
		 0xff00},
		{"", "{ A [0] wo singlepulse; }", "wo", 0, 1, EFFECT(pulse), 1},
		{"", "ro volatile { A [0] singlepulse; }", "rw", 1, 1, EFFECT(pulse), 1},
		{"", "wo { A [0]; B [4:1] reserved; }", "wo", 0, 1, EFFECT(reserved), 0xfffffffe},
		{"", "{ A [31:0] rw; }", "rw", ALL, ALL, EFFECT(reserved), 0},
		{"", "{ A [0] ro volatile; B [1]; }", "fields", 3, 2, EFFECT(volatile_), 1},
		/* reserved bits that reset to 1 can be seen */
		{"", "= 0x80000000 { A [0] wo; }", "wo", 0x80000000, 1, EFFECT(reserved),
		 0xfffffffe},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct access_case *c = &cases[i];
		struct arena *arena = arena_create();
		struct resolved r = resolve_map_items(
			"", arena_printf(arena, "%s reg R @ 0 %s%s", c->before, c->words,
					 strchr(c->words, '{') ? "" : ";"));
		const struct m_reg *reg = find_reg(r.model, "R");
		uint64_t bits;

		if (strcmp(reg->access, c->text) != 0 || reg->masks.readable != c->readable ||
		    reg->masks.writable != c->writable)
			fail_msg("'%s' reg %s: %s, %#llx, %#llx", c->before, c->words, reg->access,
				 (unsigned long long)reg->masks.readable,
				 (unsigned long long)reg->masks.writable);
		if (c->effect) {
			memcpy(&bits, (const char *)&reg->masks + c->effect, sizeof(bits));
			if (bits != c->bits)
				fail_msg("'%s' reg %s: effect on %#llx", c->before, c->words,
					 (unsigned long long)bits);
		}
		release(&r);
		arena_destroy(arena);
	}
}

/* ---- reset values */

static void resets(void **state)
{
	struct resolved r = resolve_map_items(
		"enum speed { SLOW, FAST = 4 }",
		"reg A @ 0x00 rw = 5;"
		"reg B @ 0x04 rw reset soft = 3 = 1 sticky;"
		"reg C @ 0x08 rw = 0xf0000093 sticky(hard) { X [1:0] = 3; Y [7:4] sticky(soft); Z "
		"[8]; }"
		"reg D @ 0x0c rw { X [3:0] enum speed = FAST; Y [7:4] = 1 reset flr = 2; }"
		"reg E @ 0x10 rw reset hard = 0xff = 1 { X [3:0] = 1; Y [7:4] reset hard = 15; }"
		"default = 0x77 sticky; reg F @ 0x14 rw; reg G @ 0x18 rw = 1; reg H @ 0x1c rw { X "
		"[3:0] = 2; }");
	const struct m_reg *reg;

	(void)state;
	reg = find_reg(r.model, "A");
	for (int k = 0; k < 4; k++) {
		assert_int_equal(reg->reset[k], 5);
		assert_int_equal(reg->reset_mask[k], 0xffffffff);
	}
	reg = find_reg(r.model, "B");
	assert_int_equal(reg->reset[0], 1);
	assert_int_equal(reg->reset[1], 1);
	assert_int_equal(reg->reset[3], 3);
	assert_int_equal(reg->reset_mask[1], 0xffffffff);
	assert_int_equal(reg->reset_mask[2], 0);
	assert_int_equal(reg->reset_mask[3], 0);
	reg = find_reg(r.model, "C");
	assert_int_equal(reg->reset[0], 0xf0000093);
	assert_int_equal(reg->reset_mask[0], 0xffffffff);
	assert_int_equal(reg->reset_mask[1], 0x000000f0); /* Y survives soft only */
	assert_int_equal(reg->reset_mask[2], 0x000000f0);
	assert_int_equal(reg->reset_mask[3], 0);
	assert_true(find_field(reg, "Z")->has_reset && find_field(reg, "Z")->sticky[1]);
	assert_int_equal(find_field(reg, "Y")->reset[0], 9);
	reg = find_reg(r.model, "D");
	assert_int_equal(reg->reset[0], 0x14);
	assert_int_equal(reg->reset[2], 0x24);
	assert_true(reg->has_reset);
	reg = find_reg(r.model, "E");
	assert_int_equal(reg->reset[0], 1);
	assert_int_equal(reg->reset[1],
			 0xff); /* a kind of its own counts more than the field's general one */
	reg = find_reg(r.model, "F");
	assert_int_equal(reg->reset[0], 0x77);
	assert_int_equal(reg->reset_mask[2], 0);
	assert_int_equal(find_reg(r.model, "G")->reset[0], 1);
	assert_int_equal(find_reg(r.model, "H")->reset[0], 0x72);
	release(&r);
}

/* ---- places */

static void check_dims(const struct m_reg *reg, unsigned n, const struct m_dim *dims)
{
	uint32_t count = 1;

	assert_int_equal(reg->ndims, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(reg->dims[i].count, dims[i].count);
		assert_int_equal(reg->dims[i].stride, dims[i].stride);
		count *= dims[i].count;
	}
	assert_int_equal(reg->count, count);
}

static void places(void **state)
{
	struct resolved r = resolve_map_items(
		"template counter(BASE, N) { reg COUNT[N] @ BASE += 8 rw; }",
		"reg A[4] @ 0x000; reg B[2][3] @ 0x040 width 16; reg C[2][3] @ 0x080 += 8;"
		"reg D[2][3] @ 0x0c0 += 4, 0x10; reg E[2] @ 0x100 += 0x10 width 64;"
		"group P[4] @ 0x1000 += 0x100 { reg X @ 4; group Q[2] @ 0x10 += 0x40 { reg Y[3] @ "
		"8; } }"
		"group S @ 0x2000 is counter(0x10, 8); is counter(0x3000, 2);");

	(void)state;
	check_dims(find_reg(r.model, "A"), 1, (const struct m_dim[]){{4, 4}});
	check_dims(find_reg(r.model, "B"), 2, (const struct m_dim[]){{2, 6}, {3, 2}});
	check_dims(find_reg(r.model, "C"), 2, (const struct m_dim[]){{2, 24}, {3, 8}});
	check_dims(find_reg(r.model, "D"), 2, (const struct m_dim[]){{2, 4}, {3, 16}});
	check_dims(find_reg(r.model, "E"), 1, (const struct m_dim[]){{2, 16}});
	check_dims(find_reg(r.model, "P.X"), 1, (const struct m_dim[]){{4, 0x100}});
	check_dims(find_reg(r.model, "P.Q.Y"), 3,
		   (const struct m_dim[]){{4, 0x100}, {2, 0x40}, {3, 4}});
	assert_int_equal(find_reg(r.model, "P.Q.Y")->offset, 0x1018);
	assert_int_equal(find_reg(r.model, "P.Q.Y")->group_dims, 2);
	assert_string_equal(find_reg(r.model, "P.Q.Y")->cname, "P_Q_Y");
	check_dims(find_reg(r.model, "S.COUNT"), 1, (const struct m_dim[]){{8, 8}});
	assert_int_equal(find_reg(r.model, "S.COUNT")->offset, 0x2010);
	assert_string_equal(find_reg(r.model, "S.COUNT")->via->name, "counter");
	assert_int_equal(find_reg(r.model, "COUNT")->offset, 0x3000);
	assert_null(find_reg(r.model, "P.X")->via);
	release(&r);
}

/* All registers by BAR and offset, config space last; ids are indices. */
static void order(void **state)
{
	struct resolved r = resolve_text(
		"device d { bar 2 mem32 size 4K { reg C @ 8; reg B @ 4; reg A @ 0; }\n"
		"bar 0 mem32 size 4K { reg F @ 8 ro volatile; reg E @ 0; reg G @ 8 wo; }\n"
		"pci { vendor 1; device 2; config { reg Z @ 0x48; reg Y @ 0x40; } } on reset; }");
	static const char *const names[] = {"E", "F", "G", "A", "B", "C", "Y", "Z"};

	(void)state;
	assert_non_null(r.model);
	assert_int_equal(r.model->nregs, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_string_equal(r.model->regs[i]->name, names[i]);
		assert_int_equal(r.model->regs[i]->id, i);
	}
	assert_int_equal(r.model->bars[0].index, 0);
	assert_int_equal(r.model->bars[1].index, 2);
	assert_int_equal(r.model->regs[7]->bar, -1);
	assert_ptr_equal(find_reg(r.model, "F")->pair, find_reg(r.model, "G"));
	assert_int_equal(r.model->pci.nregs, 2);
	release(&r);
}

static void bars(void **state)
{
	struct resolved r = resolve_text(
		"device d { pci { vendor 1; device 2; }\n"
		"bar 0 mem32 size 4K { reg A @ 0; } bar 1 mem32 size 4K { reg B @ 0 width 64; }\n"
		"bar 2 mem64 size 4K prefetchable { reg C @ 0; } bar 4 io size 16 access 1..2 be { "
		"reg D @ 0; "
		"reg E @ 2 le; } bar 5 mem32 size 4K access 4 { default width 16 be; reg F @ 0; "
		"reg H @ 4 width 32; } on reset; }");
	static const unsigned widest[] = {4, 8, 8, 2, 4};

	(void)state;
	assert_non_null(r.model);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(r.model->bars[i].access_max, widest[i]);
	assert_int_equal(r.model->bars[4].access_min, 4);
	assert_true(r.model->bars[2].prefetchable);
	assert_int_equal(find_reg(r.model, "D")->width, 2);
	assert_true(find_reg(r.model, "D")->big_endian);
	assert_false(find_reg(r.model, "E")->big_endian);
	assert_int_equal(find_reg(r.model, "F")->width, 2);
	assert_true(find_reg(r.model, "F")->big_endian);
	assert_int_equal(find_reg(r.model, "H")->width, 4);
	release(&r);
}

/* ---- links */

static void aliases(void **state)
{
	struct resolved r = resolve_map_items(
		"", "reg MC @ 0x10 alias MS woclr; reg MS @ 0x0c woset = 3 { A [0]; B [1] ro "
		    "volatile on read; }"
		    "reg R @ 0x14 alias MC ro; reg F @ 0x18 alias MS { X [7:0] rw; }"
		    "group G[2] @ 0x40 += 0x10 { reg A @ 0; reg B @ 4 alias A wo; }");
	const struct m_reg *ms = find_reg(r.model, "MS"), *mc = find_reg(r.model, "MC");

	(void)state;
	assert_ptr_equal(mc->alias_of, ms);
	assert_int_equal(mc->masks.woclr, 3);
	assert_int_equal(mc->masks.woset, 0);
	assert_int_equal(mc->nfields, 2);
	assert_int_equal(mc->fields[1].nhooks, 0);
	assert_int_equal(mc->reset[0], 3);
	assert_true(mc->has_reset);
	assert_ptr_equal(find_reg(r.model, "R")->alias_of, ms);
	assert_int_equal(find_reg(r.model, "R")->masks.woclr, 0);
	assert_string_equal(find_reg(r.model, "R")->fields[0].access, "ro");
	assert_int_equal(find_reg(r.model, "F")->nfields, 1);
	assert_int_equal(find_reg(r.model, "F")->fields[0].reset[0], 3);
	assert_ptr_equal(find_reg(r.model, "G.B")->alias_of, find_reg(r.model, "G.A"));
	assert_null(ms->alias_of);
	release(&r);
}

static void locks(void **state)
{
	struct resolved r = resolve_map_items(
		"", "reg KEY @ 0 { U [0] rw; V [3:1] rw; } reg L @ 4 rw swwe(KEY.U) swwe(KEY.V);"
		    "group P[4] @ 0x100 += 0x20 { reg KEY @ 0 { W [5] rw; } reg A @ 4 { X [7:4] rw "
		    "swwe(KEY.W); "
		    "Y [0] rw; } reg B[2] @ 8 rw swwe(KEY); group Q[2] @ 0x10 += 8 { reg C @ 0 rw "
		    "swwe(KEY.W); } }"
		    "reg E[4] @ 0x400 rw swwe(P.KEY.W);");
	const struct m_reg *reg = find_reg(r.model, "L");

	(void)state;
	assert_int_equal(reg->nlocks, 2);
	assert_int_equal(reg->locks[0].key_bits | reg->locks[1].key_bits, 0xf);
	assert_int_equal(reg->locks[0].mask, 0xffffffff);
	assert_int_equal(reg->locks[0].shared_dims, 0);
	reg = find_reg(r.model, "P.A");
	assert_int_equal(reg->nlocks, 1);
	assert_int_equal(reg->locks[0].mask, 0xf0);
	assert_ptr_equal(reg->locks[0].key, find_reg(r.model, "P.KEY"));
	assert_int_equal(reg->locks[0].key_bits, 0x20);
	assert_int_equal(reg->locks[0].shared_dims, 1);
	assert_string_equal(reg->locks[0].path, "P.KEY.W");
	assert_int_equal(find_reg(r.model, "P.B")->locks[0].key_bits, 0xffffffff);
	assert_int_equal(find_reg(r.model, "P.B")->locks[0].shared_dims, 1);
	assert_int_equal(find_reg(r.model, "P.Q.C")->locks[0].shared_dims, 1);
	assert_int_equal(find_reg(r.model, "E")->locks[0].shared_dims, 1);
	release(&r);
}

static void hooks(void **state)
{
	struct resolved r = resolve_map_items(
		"", "group G[2] @ 0 += 0x10 { reg CTRL @ 0 rw check write on write { EN [0] rw on "
		    "change "
		    "%{ (void)value; %}; } reg D @ 4 ro on read; } reg \\int @ 0x40 rw on reset;");
	const struct m_reg *reg = find_reg(r.model, "G.CTRL");

	(void)state;
	assert_int_equal(reg->nhooks, 2);
	assert_string_equal(reg->hooks[0].cname, "G_CTRL_check_write");
	assert_string_equal(reg->hooks[1].cname, "G_CTRL_on_write");
	assert_null(reg->hooks[1].code);
	assert_true(reg->field_hooks);
	assert_false(reg->has_read_hook);
	assert_string_equal(reg->fields[0].hooks[0].cname, "G_CTRL_EN_on_change");
	assert_string_equal(reg->fields[0].hooks[0].code->text, " (void)value; ");
	assert_true(find_reg(r.model, "G.D")->has_read_hook);
	assert_string_equal(find_reg(r.model, "int")->cname, "int_");
	assert_string_equal(r.model->hooks[0].cname, "on_reset");
	assert_string_equal(event_name(M_AFTER_LOAD), "after_load");
	release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_words), cmocka_unit_test(resets), cmocka_unit_test(places),
		cmocka_unit_test(order),        cmocka_unit_test(bars),   cmocka_unit_test(aliases),
		cmocka_unit_test(locks),        cmocka_unit_test(hooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
