// SPDX-License-Identifier: BSD-2-Clause
/*
 * What an access costs, as a ratio to what the socket itself costs in the same run: the yardstick is a
 * process that answers each message with one of the reply's size and does nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/client.h"

#define ROUNDS 5
#define READS 20000
#define BATCH 100

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static double smaller(double a, double b)
{
	return a > 0 && a < b ? a : b;
}

/* Answers 32 bytes with 33, as a one-byte REGION_READ is answered. */
static void echo(int fd)
{
	char buf[64] = {0};

	while (recv(fd, buf, 32, MSG_WAITALL) == 32)
		if (send(fd, buf, 33, MSG_NOSIGNAL) != 33)
			break;
	_exit(0);
}

static double yardstick(void)
{
	int sv[2];
	char buf[64] = {0};
	double best = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
		return -1;
	pid_t pid = fork();

	if (pid == 0) {
		close(sv[0]);
		echo(sv[1]);
	}
	close(sv[1]);
	for (int r = 0; r < ROUNDS; r++) {
		double start = now();

		for (int i = 0; i < READS; i++)
			if (send(sv[0], buf, 32, MSG_NOSIGNAL) != 32 || recv(sv[0], buf, 33, MSG_WAITALL) != 33)
				return -1;
		best = smaller(best, now() - start);
	}
	close(sv[0]);
	waitpid(pid, NULL, 0);
	return best / READS;
}

/* A REGION_READ with as little work on our side as the yardstick's. */
static double reads(struct client *client, uint32_t region, uint32_t size)
{
	struct {
		struct vu_header header;
		struct vu_region_access access;
	} request = {{1, VU_REGION_READ, 32, 0, 0}, {0, region, size}};
	char reply[64];
	double best = 0;

	for (int r = 0; r < ROUNDS; r++) {
		double start = now();

		for (int i = 0; i < READS; i++)
			if (send(client->fd, &request, 32, MSG_NOSIGNAL) != 32 ||
			    recv(client->fd, reply, 32 + size, MSG_WAITALL) != (ssize_t)(32 + size))
				return -1;
		best = smaller(best, now() - start);
	}
	return best / READS;
}

/* Posted writes: sent BATCH at a time, a read at the end waits for them. */
static double posted(struct client *client, uint32_t region)
{
	uint8_t batch[BATCH * 33];
	double best = 0;
	uint64_t value;

	for (int i = 0; i < BATCH; i++) {
		const struct vu_header header = {1, VU_REGION_WRITE, 33, VU_NO_REPLY, 0};
		const struct vu_region_access access = {0, region, 1};

		memcpy(batch + i * 33, &header, sizeof(header));
		memcpy(batch + i * 33 + 16, &access, sizeof(access));
		batch[i * 33 + 32] = (uint8_t)i;
	}
	for (int r = 0; r < ROUNDS; r++) {
		double start = now();

		for (int i = 0; i < READS / BATCH; i++)
			if (client_send_bytes(client, batch, sizeof(batch), NULL, 0) < 0)
				return -1;
		if (client_get(client, region, 0, 1, &value) < 0)
			return -1;
		best = smaller(best, now() - start);
	}
	return best / READS;
}

static int measure(const char *program, const char *option, double base)
{
	const char *const arguments[] = {option, NULL};
	struct server server;
	struct client client = {.fd = -1};
	double read, write;

	if (server_start(&server, program, option ? arguments : NULL) < 0 ||
	    client_open(&client, server.path) < 0) {
		fprintf(stderr, "bench: %s does not serve\n", program);
		return 1;
	}
	read = reads(&client, 2, 1);
	write = posted(&client, 2);
	client_close(&client);
	server_stop(&server);
	if (read < 0 || write < 0)
		return 1;
	printf("  %-12s REGION_READ %6.2f us = %.2f x the socket's own; posted write %5.0f ns = %.2f x\n",
	       option ? option : "", read * 1e6, read / base, write * 1e9, write / base);
	return 0;
}

int main(int argc, char **argv)
{
	double base = yardstick();

	if (argc != 2 || base < 0)
		return 2;
	printf("access: a bare exchange of 32 and 33 bytes over a socket takes %.2f us\n", base * 1e6);
	return measure(argv[1], NULL, base) | measure(argv[1], "--spin=50", yardstick());
}
