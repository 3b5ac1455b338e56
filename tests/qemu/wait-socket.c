/* SPDX-License-Identifier: BSD-2-Clause */
/* wait-socket PATH SECONDS: until some process listens on that Unix socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"

int main(int argc, char *argv[])
{
	int error;

	if (argc != 3) {
		fprintf(stderr, "usage: wait-socket PATH SECONDS\n");
		return 2;
	}
	error = socket_wait(argv[1], NULL, now_ms() + atoi(argv[2]) * 1000);
	if (error)
		fprintf(stderr, "wait-socket: %s: %s\n", argv[1], strerror(-error));
	return error ? 1 : 0;
}
