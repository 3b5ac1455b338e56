// SPDX-License-Identifier: BSD-2-Clause
/* Interrupt blocks by other ways than their own registers: aliases, and the author's accessors. */
#include "made.h"

#define ISR  0x00
#define IER  0x04
#define ITR  0x0c
#define IES  0x10
#define IEC  0x14
#define RTC  0x18
#define ICS  0x1c
#define LINE 0x20
#define DO   0x24
#define GATE 0x28
#define ES   0x30
#define SOFT 0x38
#define A    1u
#define L    2u

static int start(void **state)
{
	return made_start(state, "causes", NULL);
}

static void latches_have_reset_values(void **state)
{
	struct made *made = *state;

	IS(ES, 3);
	IS(LINE, 1);
	PUT(ES, 3);
	IS(LINE, 0);
	PUT(SOFT, 0);
	IS(ES, 1);
	IS(LINE, 1);
}

static int start_acknowledged(void **state)
{
	const int err = start(state);
	struct made *made = *state;

	PUT(ES, 3);
	return err;
}

static void aliases_act_on_the_block(void **state)
{
	struct made *made = *state;

	PUT(ICS, A);
	IS(ISR, A);
	IS(LINE, 0);
	PUT(IES, A);
	IS(IER, A);
	IS(LINE, 1);
	PUT(IEC, L);
	IS(LINE, 1);
	PUT(IEC, A);
	IS(IER, 0);
	IS(LINE, 0);
	PUT(IES, A);
	PUT(RTC, A); /* read-only */
	IS(LINE, 1);
	IS(RTC, A);
	IS(ISR, 0);
	IS(LINE, 0);
}

static void accessors_drive_causes(void **state)
{
	struct made *made = *state;

	PUT(IER, A | L);
	put(made, 0, DO, 1, 1);
	IS(ISR, A);
	IS(LINE, 1);
	put(made, 0, DO, 1, 0);
	IS(ISR, 0);
	IS(LINE, 0);
	put(made, 0, DO + 1, 1, 1);
	PUT(ISR, L); /* still high */
	IS(ISR, L);
	IS(LINE, 1);
	put(made, 0, DO + 2, 1, A);
	IS(ISR, A);
	IS(LINE, 1);
	PUT(ISR, A);
	IS(LINE, 0);
}

static void accessors_drive_gates(void **state)
{
	struct made *made = *state;

	put(made, 0, DO + 2, 1, A);
	put(made, 0, GATE, 1, A);
	IS(IER, A);
	IS(LINE, 1);
	put(made, 0, GATE + 1, 1, 1);
	IS(LINE, 0);
	put(made, 0, GATE + 1, 1, 0);
	IS(LINE, 1);
	put(made, 0, GATE, 1, 0);
	IS(LINE, 0);
	put(made, 0, GATE + 2, 1, 1);
	IS(ISR, A | L);
	put(made, 0, GATE + 2, 1, 0);
	IS(ISR, A);
}

static void all_widths_and_elements(void **state)
{
	struct made *made = *state;

	for (uint32_t i = 0; i < 2; i++) {
		const uint32_t at = 0x100 + i * 0x40;

		PUT(at + 0x18, 1 | 2 | 8); /* X, enabled; Y masked */
		assert_int_equal(get(made, 0, at, 1), 0x80);
		IS(at + 0x1c, 1);
		PUT(at + 0x18, 2 | 4 | 8);
		assert_int_equal(get(made, 0, at, 1), 0);
		assert_int_equal(get(made, 0, at + 8, 8), UINT64_C(1) << 63);
		IS(at + 0x1c, 0);
		PUT(at + 0x18, 4); /* no longer masked */
		assert_int_equal(get(made, 0, at + 0x10, 8), 0);
		IS(at + 0x1c, 1);
		IS(0x100 + !i * 0x40 + 0x1c, i);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_acknowledged, made_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(latches_have_reset_values, start, made_stop),
		TEST(aliases_act_on_the_block),
		TEST(accessors_drive_causes),
		TEST(accessors_drive_gates),
		TEST(all_widths_and_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
