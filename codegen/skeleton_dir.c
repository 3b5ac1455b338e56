/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the skeletons are. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit.h"

static bool is_folder(const char *path)
{
	return !access(path, R_OK | X_OK);
}

static const char *beside_program(char *path, size_t size)
{
	/* installed; in build/bin of the tree; in build/asan/bin of the tree */
	static const char *const places[] = {"../share/mdl", "../../codegen/skel",
					     "../../../codegen/skel"};
	char exe[PATH_MAX], file[PATH_MAX + 32];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (length <= 0)
		return NULL;
	exe[length] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (snprintf(path, size, "%s/%s", exe, places[i]) >= (int)size)
			continue;
		snprintf(file, sizeof(file), "%s/base.m4", path);
		if (!access(file, R_OK))
			return path;
	}
	return NULL;
}

const char *skeleton_dir(const char *option)
{
	static char path[PATH_MAX];
	const char *dir = option ? option : getenv("MDLC_SKELETONS");

	if (dir && !is_folder(dir)) {
		fprintf(stderr, "mdlc: error: skeletons: %s: %s\n", dir, strerror(errno));
		return NULL;
	}
	if (!dir)
		dir = beside_program(path, sizeof(path));
	if (!dir)
		fprintf(stderr, "mdlc: error: skeletons not found; say --skeletons DIR\n");
	return dir;
}
