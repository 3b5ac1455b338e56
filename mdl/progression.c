/* SPDX-License-Identifier: BSD-2-Clause */
/* Can a sum of bounded multiples fall into an interval? */
#include "progression.h"

#include <stdlib.h>

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * The least x >= 0 with l <= a * x mod m <= r, or -1; 0 <= l <= r < m, a < m.  As Euclid's: where
 * no multiple of a itself lies in [l, r], count the wraps instead, which are a problem modulo a.
 */
static int64_t first_in_window(uint64_t a, uint64_t m, uint64_t l, uint64_t r)
{
	if (l == 0)
		return 0;
	if (a == 0)
		return -1;
	uint64_t x = (l + a - 1) / a;

	if (x * a <= r)
		return (int64_t)x;
	int64_t wraps = first_in_window(m % a, a, (a - r % a) % a, (a - l % a) % a);

	if (wraps < 0)
		return -1;
	return (int64_t)((l + (uint64_t)wraps * m + a - 1) / a);
}

/* One term: the range of x that leads into the interval, if any. */
static bool multiples(const struct term *term, int64_t base, int64_t lo, int64_t hi, int64_t *first,
		      int64_t *last)
{
	*first = ceil_div(lo - base, (int64_t)term->stride);
	*last = floor_div(hi - base, (int64_t)term->stride);
	if (*first < 0)
		*first = 0;
	if (*last > (int64_t)term->max)
		*last = (int64_t)term->max;
	return *first <= *last;
}

/*
 * Two terms, x of a and y of b.  Only those x count from which some y leads up to lo and none has
 * overshot hi.  There, the largest y that does not overshoot leaves (hi - base - x a) mod b, which
 * must be within the interval; where that y is more than allowed, the greatest allowed one will do.
 */
static bool two_terms_reach(const struct term *a, const struct term *b, int64_t base, int64_t lo,
			    int64_t hi)
{
	int64_t first, last;
	uint64_t window = (uint64_t)(hi - lo), step = b->stride;

	if (!multiples(a, base, lo - (int64_t)(b->max * step), hi, &first, &last))
		return false;
	uint64_t left = (uint64_t)(hi - base - first * (int64_t)a->stride);

	if (window >= step - 1 || left / step >= b->max)
		return true;
	uint64_t start = left % step;

	if (start <= window)
		return true;
	/* start + x * down, mod step, shall be at most window: it wraps into [step - start, …]. */
	uint64_t down = (step - a->stride % step) % step;
	int64_t x = first_in_window(down, step, step - start, step - start + window);

	return x >= 0 && x <= last - first;
}

static int larger_stride_first(const void *left, const void *right)
{
	const struct term *a = left, *b = right;

	return (a->stride < b->stride) - (a->stride > b->stride);
}

/* Terms of one stride are one term; those that add nothing are none. */
static unsigned merge_terms(struct term *terms, unsigned n)
{
	unsigned kept = 0;

	qsort(terms, n, sizeof(*terms), larger_stride_first);
	for (unsigned i = 0; i < n; i++) {
		if (terms[i].stride == 0 || terms[i].max == 0)
			continue;
		if (kept && terms[kept - 1].stride == terms[i].stride)
			terms[kept - 1].max += terms[i].max;
		else
			terms[kept++] = terms[i];
	}
	return kept;
}

/* Is there a number in [lo, hi] that is base modulo the gcd of all strides, and not out of reach?
 */
static bool maybe_reach(const struct term *terms, unsigned n, int64_t base, int64_t lo, int64_t hi)
{
	uint64_t common = 0, total = 0;

	for (unsigned i = 0; i < n; i++) {
		common = gcd(terms[i].stride, common);
		total += terms[i].stride * terms[i].max;
	}
	struct term sum = {.stride = common, .max = total / common};
	int64_t first, last;

	return multiples(&sum, base, lo, hi, &first, &last);
}

static bool merged_reach(const struct term *terms, unsigned n, int64_t base, int64_t lo, int64_t hi)
{
	int64_t first, last, rest = 0;

	if (n == 0)
		return lo <= base && base <= hi;
	if (!maybe_reach(terms, n, base, lo, hi))
		return false;
	if (n == 1)
		return true;
	if (n == 2)
		return two_terms_reach(&terms[0], &terms[1], base, lo, hi);
	for (unsigned i = 1; i < n; i++)
		rest += (int64_t)(terms[i].stride * terms[i].max);
	if (!multiples(&terms[0], base, lo - rest, hi, &first, &last))
		return false;
	for (int64_t x = first; x <= last; x++)
		if (merged_reach(terms + 1, n - 1, base + x * (int64_t)terms[0].stride, lo, hi))
			return true;
	return false;
}

bool terms_reach(struct term *terms, unsigned n, int64_t base, int64_t lo, int64_t hi)
{
	return lo <= hi && merged_reach(terms, merge_terms(terms, n), base, lo, hi);
}
