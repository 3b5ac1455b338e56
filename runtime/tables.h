/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MDL_TABLES_H
#define MDL_TABLES_H

#include "private.h"

/* Do the generated tables agree with themselves?  -EINVAL (logged): no. */
int tables_check(struct mdl_dev *dev);

#endif
