/* SPDX-License-Identifier: BSD-2-Clause */
/* What callees.mdl's hooks call and nothing declares. */
#include "callees.h"

void undeclared(struct callees *dev);
void callees_own(struct callees *dev);

void undeclared(struct callees *dev)
{
	callees_set_CALLED(dev, callees_get_CALLED(dev) + 1);
}

void callees_own(struct callees *dev)
{
	callees_set_OWN(dev, callees_get_OWN(dev) + 1);
}
