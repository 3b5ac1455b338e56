// SPDX-License-Identifier: BSD-2-Clause
/*
 * mdl-client: a client for devices/timer.  It starts the device's program, walks through the
 * protocol's commands, saying what it does, then starts the program once more and migrates the
 * device there while it is in use.
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: mdl-client PROGRAM\n"
	"       mdl-client --connect SOURCE DESTINATION\n"
	"Walk through the commands of vfio-user, then migrate the device while it is in use.\n"
	"\n"
	"  PROGRAM    of devices/timer: is started twice, with --socket-path=PATH\n"
	"  --connect  use two servers that run already, by their sockets\n"
	"  --help     print this\n"
	"\n"
	"Exit status: 0 all is well, 1 something was wrong, 2 wrong usage.\n";

static int run(const struct place *from, const struct place *to)
{
	struct session source, destination;
	int rc = session_start(&source, from), end;

	if (rc == 0)
		rc = walk(&source);
	if (rc == 0) {
		rc = migrate(&source, &destination, to);
		end = session_end(&destination);
		rc = rc < 0 ? rc : end;
	}
	end = session_end(&source);
	return rc < 0 ? rc : end;
}

static bool is_help(const char *argument)
{
	return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

int main(int argc, char **argv)
{
	struct place from, to;

	if (argc == 2 && is_help(argv[1])) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc == 2 && argv[1][0] != '-') {
		from = to = (struct place){.name = argv[1]};
	} else if (argc == 4 && strcmp(argv[1], "--connect") == 0) {
		from = (struct place){.name = argv[2], .runs = true};
		to = (struct place){.name = argv[3], .runs = true};
	} else {
		fputs(usage, stderr);
		return 2;
	}
	if (run(&from, &to) < 0)
		return EXIT_FAILURE;
	say("all is well");
	return EXIT_SUCCESS;
}
