/* SPDX-License-Identifier: BSD-2-Clause */
/* Did you mean: the nearest word by edit distance. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "diag.h"

#define MAX_WORD 48

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned char fold(char c)
{
	return (unsigned char)tolower((unsigned char)c);
}

/*
 * Insertions, deletions, changes and swaps of neighbours; upper and lower case count half.  In half
 * steps.
 */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][MAX_WORD + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= nb; j++)
		above[j] = 2 * (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *recycled = before;

		row[0] = 2 * (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned change = a[i - 1] == b[j - 1]               ? 0
					  : fold(a[i - 1]) == fold(b[j - 1]) ? 1
									     : 2;

			row[j] = least(above[j - 1] + change, least(above[j], row[j - 1]) + 2);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 2);
		}
		before = above;
		above = row;
		row = recycled;
	}
	return above[nb];
}

const char *suggest(const char *word, const char *const *candidates, size_t n)
{
	const size_t length = strlen(word);
	/* A third of the word may be wrong: one letter of three, two of six. */
	unsigned limit = 2 * (unsigned)((length + 1) / 3) + 1;
	const char *best = NULL;

	if (!length || length > MAX_WORD)
		return NULL;
	if (length < 3)
		limit = 2;
	for (size_t i = 0; i < n; i++) {
		size_t other = strlen(candidates[i]);
		unsigned d;

		if (other > MAX_WORD ||
		    2 * (other > length ? other - length : length - other) >= limit + 1)
			continue;
		d = strcasecmp(word, candidates[i]) ? distance(word, length, candidates[i], other)
						    : 1;
		/* Nothing that shares no letter. */
		if (d <= limit && d < 2 * (length > other ? length : other)) {
			limit = d ? d - 1 : 0;
			best = candidates[i];
			if (!d)
				break;
		}
	}
	return best;
}
