/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic over extents: arrays of byte ranges with any number of dimensions.  Whether two such
 * arrays meet is answered exactly, without looking at each element where that can be avoided.
 */
#ifndef EXTENTS_H
#define EXTENTS_H

#include "arena.h"
#include "model.h"

struct extent_dim {
	uint64_t count, stride;
};

/* Bytes offset + sum(k[i] * dims[i].stride) + [0, width), 0 <= k[i] < dims[i].count. */
struct extent {
	uint64_t offset, width;
	unsigned ndims;
	struct extent_dim dims[MODEL_MAX_DIMS];
	const void *owner;    /* the caller's */
	unsigned kind, order; /* the caller's; order breaks ties, so that reports are stable */
};

/*
 * Make a extent.  False if it holds no bytes (a poisoned declaration) or ends beyond 2^62, where
 * nothing real is: do not hand such a one on.
 */
bool extent_init(struct extent *extent, uint64_t offset, uint64_t width, const struct m_dim *dims,
		 unsigned ndims);
/* One past the last byte. */
uint64_t extent_end(const struct extent *extent);
/* Do two elements of the one array meet? */
bool extent_meets_itself(const struct extent *extent);
bool extents_meet(const struct extent *a, const struct extent *b);

/*
 * Call `clash` for pairs that meet; the first one has the lower order.  Each extent that meets a
 * lower one in order is named as second at most once; where extents meet at all, at least one pair
 * is named.  Reorders and changes the array.
 */
void extents_find_clashes(struct arena *arena, struct extent *extents, size_t n,
			  void (*clash)(void *arg, const struct extent *a, const struct extent *b),
			  void *arg);

#endif
