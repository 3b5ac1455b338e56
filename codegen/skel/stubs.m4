@# SPDX-License-Identifier: BSD-2-Clause
@# NAME_logic.c: the author's functions that are missing.
@#
@sections head: top out: functions
@include base.m4
@include hooks.m4
@#
@fact output
@to top
/* What ${c:base} does; the functions are declared in ${c:base}.h. */
#include "${base}.h"
@end
@#
@fact hook
@if missing
@to functions

/* ${c:path}, d4_words(d4_event(?{owner}, ?{event}))«»d4_more(?{doc}) */
d4_sig(d4_event(?{owner}, ?{event}), ?{fn}, ?{type}, ?{ndims})
{
	d4_unused(d4_event(?{owner}, ?{event}), ?{ndims})
m4_ifelse(?{event}, «check_write», «	return value;
», ?{event}, «on_read», «	return value;
»)m4_dnl
}
@endif
@end
@#
@fact section
@if missing
@to functions

/* Section ${c:name}: is it to be sent? */
bool ${when}(const struct ${dev} *dev)
{
	(void)dev;
	return true;
}
@endif
@end
@#
@fact callee
@if missing
@to functions

/* Called by inline hooks. */
void ${name}(struct ${dev} *dev);

void ${name}(struct ${dev} *dev)
{
	(void)dev;
}
@endif
@end
