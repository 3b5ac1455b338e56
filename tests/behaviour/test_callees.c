// SPDX-License-Identifier: BSD-2-Clause
/* That the device was compiled at all is half of the test: see callees.mdl. */
#include "made.h"

enum { KICK = 0, CALLED = 4, MACRO = 8, BLOCK = 12, OWN = 16, ISR = 20 };

static int start(void **state)
{
	return made_start(state, "callees", NULL);
}

static void each_is_reached(void **state)
{
	struct made *made = *state;

	PUT(KICK, 5);
	IS(CALLED, 1);
	IS(OWN, 1);
	IS(ISR, 0);
	PUT(KICK, 1);
	IS(CALLED, 2);
	IS(ISR, 1);
	PUT(KICK, 2);
	IS(MACRO, 1);
	IS(BLOCK, 0);
	PUT(KICK, 3);
	IS(BLOCK, 1);
	PUT(KICK, 4);
	IS(OWN, 5);
	IS(CALLED, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_is_reached, start, made_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
