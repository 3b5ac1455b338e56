/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What it costs to find the register at an offset, as a ratio to a bare look-up in one table in the
 * same run; and what making the tables costs.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "private.h"

#define ROUNDS   5
#define LOOKUPS  2000000
#define NOFFSETS 4096 /* a power of two */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

struct map {
	const char *name;
	struct mdl_reg *regs;
	uint32_t nregs;
	uint64_t size;
	uint64_t offsets[NOFFSETS]; /* of elements of registers, at random */
};

static uint32_t random_number(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33);
}

static void choose_offsets(struct map *map)
{
	for (int i = 0; i < NOFFSETS; i++) {
		const struct mdl_reg *reg = &map->regs[random_number() % map->nregs];
		uint32_t element = random_number() % reg->count;

		map->offsets[i] = reg->offset;
		if (reg->ndims)
			map->offsets[i] += (uint64_t)element * reg->dims[0].stride;
	}
}

/* n registers side by side, each of them `dim` times, all of them interleaved; gap: of their
 * offsets. */
static void make_map(struct map *map, const char *name, uint32_t n, uint64_t gap,
		     const struct mdl_dim *dim)
{
	*map = (struct map){.name = name, .nregs = n};
	map->regs = calloc(n, sizeof(*map->regs));
	if (!map->regs)
		exit(1);
	for (uint32_t i = 0; i < n; i++)
		map->regs[i] = (struct mdl_reg){.name = "R",
						.offset = i * gap,
						.width = 4,
						.readable = ~0u,
						.writable = ~0u,
						.count = dim ? dim->count : 1,
						.ndims = dim != NULL,
						.dims = dim};
	map->size = (n - 1) * gap + 4;
	if (dim)
		map->size += (uint64_t)(dim->count - 1) * dim->stride;
	choose_offsets(map);
}

struct entry {
	const struct mdl_reg *reg;
	uint32_t element;
};

/* Nanoseconds of a look-up in one table of all words. */
static double yardstick(const struct map *map)
{
	struct entry *table = calloc(map->size / 4, sizeof(*table));
	double best = 0;
	uintptr_t sum = 0;

	if (!table)
		exit(1);
	for (int i = 0; i < NOFFSETS; i++)
		table[map->offsets[i] / 4].reg = map->regs;
	for (int r = 0; r < ROUNDS; r++) {
		double start = now(), time;

		for (unsigned i = 0; i < LOOKUPS; i++)
			sum += (uintptr_t)table[map->offsets[(i + sum % 2) % NOFFSETS] / 4].reg;
		time = (now() - start) * 1e9 / LOOKUPS;
		if (r == 0 || time < best)
			best = time;
	}
	free(table);
	return sum ? best : 0;
}

static double lookup(const struct map *map, const struct decode *decode)
{
	double best = 0;
	uintptr_t sum = 0;

	for (int r = 0; r < ROUNDS; r++) {
		double start = now(), time;

		for (unsigned i = 0; i < LOOKUPS; i++)
			sum += (uintptr_t)decode_find(decode,
						      map->offsets[(i + sum % 2) % NOFFSETS], false)
				       .reg;
		time = (now() - start) * 1e9 / LOOKUPS;
		if (r == 0 || time < best)
			best = time;
	}
	return sum ? best : 0;
}

static void report(const struct map *map, bool compare)
{
	struct decode *decode;
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	double start = now(), made;

	if (decode_create(&decode, map->regs, map->nregs, map->size) < 0)
		exit(1);
	made = now() - start;
	printf("  %-42s %5.1f ns", map->name, lookup(map, decode));
	if (compare)
		printf(", %4.1f times a bare table", lookup(map, decode) / yardstick(map));
	printf("; made in %.2f ms, %zu KiB\n", made * 1e3,
	       (mallinfo2().uordblks + mallinfo2().hblkhd - before) / 1024);
	decode_destroy(decode);
	free(map->regs);
}

int main(void)
{
	static const struct mdl_dim pairs = {.count = 2048, .stride = 8};
	static const struct mdl_dim wide = {.count = 64, .stride = 0x1000};
	static const struct mdl_dim doorbells = {.count = 16384, .stride = 0x1000};
	static struct map map;

	printf("Finding the register at an offset:\n");
	make_map(&map, "1,024 registers", 1024, 4, NULL);
	report(&map, true);
	make_map(&map, "100,000 registers", 100000, 4, NULL);
	report(&map, true);
	make_map(&map, "2 interleaved arrays of 2,048", 2, 4, &pairs);
	report(&map, true);
	make_map(&map, "256 arrays of 64, interleaved by pages", 256, 4, &wide);
	report(&map, true);
	make_map(&map, "an array of 16,384, a page apart", 1, 4, &doorbells);
	report(&map, true);
	make_map(&map, "2 registers, 256 MiB apart", 2, 0x10000000 - 4, NULL);
	report(&map, false);
	make_map(&map, "2 registers, 1 TiB apart", 2, (1ull << 40) - 4, NULL);
	report(&map, false);
	return 0;
}
