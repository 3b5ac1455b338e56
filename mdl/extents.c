/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of many arrays of byte ranges meet.  Sorted by address, whatever has neighbours that it
 * does not reach into is settled by one pass.  What is left are clusters, interleaved mostly, which
 * are taken apart in turn:
 *
 *  - if all step by the same outermost stride, and fit between two steps, as the members of a group
 * do, then looking at the first step is enough;
 *  - if the elements are few enough, they are all sorted by address;
 *  - else those that step alike are looked at among themselves, and each pair of others is judged
 *    by arithmetic.
 */
#include "extents.h"
#include "progression.h"

#include <stdlib.h>

#define EXTENT_LIMIT  ((uint64_t)1 << 62)
#define MAX_EXPANSION ((uint64_t)1 << 22)

/* Dimensions are kept smallest stride first; those that touch the element become part of it. */
static void absorb_contiguous(struct extent *extent)
{
	unsigned used = 0;

	while (used < extent->ndims && extent->dims[used].stride <= extent->width) {
		extent->width += (extent->dims[used].count - 1) * extent->dims[used].stride;
		used++;
	}
	for (unsigned i = used; i < extent->ndims; i++)
		extent->dims[i - used] = extent->dims[i];
	extent->ndims -= used;
}

static void insert_dim(struct extent *extent, const struct m_dim *dim)
{
	unsigned at = extent->ndims++;

	for (; at > 0 && extent->dims[at - 1].stride > dim->stride; at--)
		extent->dims[at] = extent->dims[at - 1];
	extent->dims[at] = (struct extent_dim){.count = dim->count, .stride = dim->stride};
}

uint64_t extent_end(const struct extent *extent)
{
	uint64_t end = extent->offset + extent->width;

	for (unsigned i = 0; i < extent->ndims; i++)
		end += (extent->dims[i].count - 1) * extent->dims[i].stride;
	return end;
}

bool extent_init(struct extent *extent, uint64_t offset, uint64_t width, const struct m_dim *dims,
		 unsigned ndims)
{
	*extent = (struct extent){.offset = offset, .width = width};
	if (width == 0 || ndims > MODEL_MAX_DIMS || offset >= EXTENT_LIMIT || width >= EXTENT_LIMIT)
		return false;
	uint64_t end = offset + width;

	for (unsigned i = 0; i < ndims; i++) {
		if (dims[i].count == 0)
			return false;
		/* At most 2^64 - 2^33 + 1: no overflow. */
		uint64_t reach = (uint64_t)(dims[i].count - 1) * dims[i].stride;

		if (end >= EXTENT_LIMIT || reach >= EXTENT_LIMIT)
			return false;
		end += reach;
		if (dims[i].count > 1)
			insert_dim(extent, &dims[i]);
	}
	return end < EXTENT_LIMIT;
}

static unsigned extent_terms(const struct extent *extent, struct term *terms)
{
	for (unsigned i = 0; i < extent->ndims; i++)
		terms[i] = (struct term){extent->dims[i].stride, extent->dims[i].count - 1};
	return extent->ndims;
}

static uint64_t extent_reach(const struct extent *extent)
{
	return extent_end(extent) - extent->offset - extent->width;
}

/*
 * Two elements differ in some outermost dimension, by a positive number of steps; in the others by
 * any number, also negative.  They meet where the distance is less than the width.
 */
bool extent_meets_itself(const struct extent *extent)
{
	int64_t window = (int64_t)extent->width - 1;

	for (unsigned outer = 0; outer < extent->ndims; outer++) {
		struct term terms[MODEL_MAX_DIMS];
		int64_t base = (int64_t)extent->dims[outer].stride;

		for (unsigned i = 0; i < outer; i++) {
			const struct extent_dim *dim = &extent->dims[i];

			base -= (int64_t)((dim->count - 1) * dim->stride);
			terms[i] = (struct term){dim->stride, 2 * (dim->count - 1)};
		}
		terms[outer] =
			(struct term){extent->dims[outer].stride, extent->dims[outer].count - 2};
		if (terms_reach(terms, outer + 1, base, -window, window))
			return true;
	}
	return false;
}

bool extents_meet(const struct extent *a, const struct extent *b)
{
	struct term terms[2 * MODEL_MAX_DIMS];
	unsigned n = extent_terms(a, terms);

	n += extent_terms(b, terms + n);
	/* Where a's element stands less where b's does; b's steps counted from its last element. */
	int64_t base = (int64_t)a->offset - (int64_t)b->offset - (int64_t)extent_reach(b);

	return terms_reach(terms, n, base, 1 - (int64_t)a->width, (int64_t)b->width - 1);
}

struct search {
	void (*clash)(void *arg, const struct extent *a, const struct extent *b);
	void *arg;
	bool *named; /* by rank in order: was it named as second */
};

/* A extent on its way through the search: dimensions may have been folded away. */
struct entry {
	struct extent extent;
	const struct extent *original;
	uint64_t end;
	size_t rank;
};

static void name_clash(struct search *search, const struct entry *a, const struct entry *b)
{
	if (a->original == b->original)
		return;
	const struct entry *first = a->rank < b->rank ? a : b;
	const struct entry *second = first == a ? b : a;

	if (search->named[second->rank])
		return;
	search->named[second->rank] = true;
	search->clash(search->arg, first->original, second->original);
}

static int by_address(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->extent.offset != b->extent.offset)
		return a->extent.offset < b->extent.offset ? -1 : 1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

static const struct extent_dim *outermost(const struct entry *entry)
{
	return entry->extent.ndims ? &entry->extent.dims[entry->extent.ndims - 1] : NULL;
}

/* Take the outermost dimension away if all have the same one and fit between two of its steps. */
static bool fold(struct entry *entries, size_t n)
{
	const struct extent_dim *dim = outermost(&entries[0]);
	uint64_t lowest = entries[0].extent.offset, highest = 0;

	if (!dim)
		return false;
	uint64_t reach = (dim->count - 1) * dim->stride;

	for (size_t i = 0; i < n; i++) {
		const struct extent_dim *other = outermost(&entries[i]);

		if (!other || other->count != dim->count || other->stride != dim->stride)
			return false;
		if (entries[i].end - reach > highest)
			highest = entries[i].end - reach;
	}
	if (highest - lowest > dim->stride)
		return false;
	for (size_t i = 0; i < n; i++) {
		entries[i].extent.ndims--;
		entries[i].end -= reach;
	}
	return true;
}

/* One element of a extent. */
struct element {
	uint64_t start, end;
	const struct entry *entry;
};

static int by_start(const void *left, const void *right)
{
	const struct element *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->entry->rank > b->entry->rank) - (a->entry->rank < b->entry->rank);
}

/* How many elements there are, or more than MAX_EXPANSION. */
static uint64_t count_elements(const struct entry *entries, size_t n)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n && total <= MAX_EXPANSION; i++) {
		uint64_t elements = 1;

		for (unsigned d = 0; d < entries[i].extent.ndims && elements <= MAX_EXPANSION; d++)
			elements *= entries[i].extent.dims[d].count;
		total += elements;
	}
	return total;
}

static struct element *add_elements(struct element *next, const struct entry *entry, unsigned ndims,
				    uint64_t start)
{
	if (ndims == 0) {
		*next = (struct element){start, start + entry->extent.width, entry};
		return next + 1;
	}
	const struct extent_dim *dim = &entry->extent.dims[ndims - 1];

	for (uint64_t k = 0; k < dim->count; k++)
		next = add_elements(next, entry, ndims - 1, start + k * dim->stride);
	return next;
}

/* The one that reaches furthest so far is met by the next element if any is. */
static void sweep_elements(struct search *search, struct element *elements, size_t n)
{
	const struct element *furthest = &elements[0];

	qsort(elements, n, sizeof(*elements), by_start);
	for (size_t i = 1; i < n; i++) {
		if (elements[i].start < furthest->end)
			name_clash(search, furthest->entry, elements[i].entry);
		if (elements[i].end > furthest->end)
			furthest = &elements[i];
	}
}

static void judge(struct search *search, const struct entry *a, const struct entry *b)
{
	if (a->extent.offset < b->end && b->extent.offset < a->end &&
	    extents_meet(&a->extent, &b->extent))
		name_clash(search, a, b);
}

static void judge_pairs(struct search *search, const struct entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			judge(search, &entries[i], &entries[k]);
}

static int by_step(const void *left, const void *right)
{
	const struct extent_dim *a = outermost(left), *b = outermost(right);

	if (!a || !b)
		return (a != NULL) - (b != NULL);
	if (a->stride != b->stride)
		return a->stride < b->stride ? -1 : 1;
	return (a->count > b->count) - (a->count < b->count);
}

static void search_entries(struct search *search, struct entry *entries, size_t n);

/* Too many elements: those of one step among themselves, then each with those of other steps. */
static void search_by_step(struct search *search, struct entry *entries, size_t n)
{
	size_t start, end;

	qsort(entries, n, sizeof(*entries), by_step);
	if (by_step(&entries[0], &entries[n - 1]) == 0) {
		judge_pairs(search, entries, n);
		return;
	}
	for (start = 0; start < n; start = end) {
		for (end = start + 1; end < n && !by_step(&entries[start], &entries[end]);)
			end++;
		for (size_t i = start; i < end; i++)
			for (size_t k = end; k < n; k++)
				judge(search, &entries[i], &entries[k]);
		search_entries(search, entries + start, end - start);
	}
}

/* Entries of which each reaches into the span of another. */
static void search_cluster(struct search *search, struct entry *entries, size_t n)
{
	if (n < 2)
		return;
	if (fold(entries, n)) {
		search_entries(search, entries, n);
		return;
	}
	uint64_t total = count_elements(entries, n);
	struct element *elements = NULL, *next;

	if (total <= MAX_EXPANSION)
		elements = malloc(sizeof(*elements) * (size_t)total);
	if (!elements) {
		search_by_step(search, entries, n);
		return;
	}
	next = elements;
	for (size_t i = 0; i < n; i++)
		next = add_elements(next, &entries[i], entries[i].extent.ndims,
				    entries[i].extent.offset);
	sweep_elements(search, elements, (size_t)total);
	free(elements);
}

/* Cut the sorted entries where no span reaches across. */
static void search_entries(struct search *search, struct entry *entries, size_t n)
{
	size_t start = 0;
	uint64_t end = 0;

	qsort(entries, n, sizeof(*entries), by_address);
	for (size_t i = 0; i < n; i++) {
		if (entries[i].extent.offset >= end) {
			search_cluster(search, entries + start, i - start);
			start = i;
		}
		if (entries[i].end > end)
			end = entries[i].end;
	}
	search_cluster(search, entries + start, n - start);
}

static int by_order(const void *left, const void *right)
{
	const struct extent *a = left, *b = right;

	return (a->order > b->order) - (a->order < b->order);
}

void extents_find_clashes(struct arena *arena, struct extent *extents, size_t n,
			  void (*clash)(void *arg, const struct extent *a, const struct extent *b),
			  void *arg)
{
	struct search search = {.clash = clash, .arg = arg};

	if (n < 2)
		return;
	qsort(extents, n, sizeof(*extents), by_order);
	search.named = arena_array(arena, bool, n);
	struct entry *entries = arena_array(arena, struct entry, n);

	for (size_t i = 0; i < n; i++) {
		entries[i] =
			(struct entry){.extent = extents[i], .original = &extents[i], .rank = i};
		absorb_contiguous(&entries[i].extent);
		entries[i].end = extent_end(&entries[i].extent);
	}
	search_entries(&search, entries, n);
}
