/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzer: any bytes as a description, parsed and checked, with nothing printed.  Seeds:
 * tests/language. */
#include "model.h"
#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	const struct diag_options options = {.wall = true};
	struct diag *diag = diag_create(arena, &options);
	struct tree *tree = parse_text(arena, diag, "fuzz.mdl", (const char *)data, size, NULL);

	resolve(tree);
	arena_destroy(arena);
	return 0;
}
