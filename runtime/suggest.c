/* SPDX-License-Identifier: BSD-2-Clause */
/* "did you mean": the smallest number of inserted, deleted, changed or swapped letters. */
#include "suggest.h"

#include <string.h>

#define LONGEST 63

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* One row of the table at a time; two older ones are kept, for swaps. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][LONGEST + 1] = {{0}};

	for (size_t i = 0; i <= na; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			if (i == 0) {
				row[j] = (unsigned)j;
				continue;
			}
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    older[j - 2] + 1 < row[j])
				row[j] = older[j - 2] + 1;
		}
	}
	return rows[na % 3][nb];
}

void suggest_begin(struct suggestion *s, const char *word, size_t length)
{
	/* as many slips as a third of the word has letters */
	*s = (struct suggestion){word, length, NULL, (unsigned)(length / 3) + 1};
}

void suggest_offer(struct suggestion *s, const char *name)
{
	size_t length = strlen(name);
	unsigned d;

	if (s->length > LONGEST || length > LONGEST)
		return;
	d = distance(s->word, s->length, name, length);
	if (d < s->distance) {
		s->best = name;
		s->distance = d;
	}
}
