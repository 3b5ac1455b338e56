/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks over a resolved model. */
#ifndef CHECK_H
#define CHECK_H

#include "model.h"

/*
 * Run all checks whose prerequisites passed.  The model may be incomplete, with parts marked bad:
 * nothing is said that follows from those, or from a syntax error.  Links the ro+wo pairs of
 * registers (m_reg.pair).  Reports go to the tree's diag.
 */
void run_checks(const struct tree *tree, struct model *model);

/* Notes beside the one that names another place: the templates that it came through. */
void note_via(struct diag *diag, const struct m_via *via);

#endif
