/* SPDX-License-Identifier: BSD-2-Clause */
/* Can a sum of bounded multiples fall into an interval?  The number theory under extents.c. */
#ifndef PROGRESSION_H
#define PROGRESSION_H

#include <stdbool.h>
#include <stdint.h>

/* A multiple of stride: 0, stride, 2 stride … max * stride. */
struct term {
	uint64_t stride, max;
};

/*
 * Is there, for each term, an x[i] in 0 … max[i], so that lo <= base + sum(x[i] * stride[i]) <= hi?
 * Changes the terms.  All sums must stay below 2^63.
 */
bool terms_reach(struct term *terms, unsigned n, int64_t base, int64_t lo, int64_t hi);

#endif
