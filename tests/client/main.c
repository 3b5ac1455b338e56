// SPDX-License-Identifier: BSD-2-Clause
/*
 * mdl-client PROGRAM: a client for devices/timer.  It starts the device's program, walks through
 * the protocol's commands, saying what it does, then starts the program once more and migrates the
 * device there while it is in use.  Exit status: 0, 1 (something was wrong), 2 (usage).
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>

static int run(const char *program)
{
	struct session source, destination;
	int rc = session_start(&source, program), end;

	if (rc == 0)
		rc = walk(&source);
	if (rc == 0) {
		rc = migrate(&source, &destination, program);
		end = session_end(&destination);
		rc = rc < 0 ? rc : end;
	}
	end = session_end(&source);
	return rc < 0 ? rc : end;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: mdl-client PROGRAM-OF-devices/timer\n", stderr);
		return 2;
	}
	if (run(argv[1]) < 0)
		return EXIT_FAILURE;
	say("all is well");
	return EXIT_SUCCESS;
}
