// SPDX-License-Identifier: BSD-2-Clause
/*
 * vfu-conform: which behaviours of vfio-user does a server have?
 *
 *	vfu-conform SOCKET                  asks the server that listens there
 *	vfu-conform -- PROGRAM [ARGUMENT…]  starts PROGRAM with --socket-path=… and asks that
 *
 * The last line is "N passed, N failed"; the exit status is 1 if a behaviour failed.
 */
#include "conform.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct row *const tables[] = {
	rows_framing, rows_version, rows_info, rows_region, rows_irq, rows_dma, rows_feature, rows_hostile,
};

enum verdict conform_fail(struct probe *probe, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(probe->why, sizeof(probe->why), format, args);
	va_end(args);
	return FAILS;
}

bool conform_serves(struct client *client)
{
	struct vu_device_info info = {.argsz = sizeof(info)};

	return client_call(client, VU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info)) ==
	       sizeof(info);
}

bool conform_serves_next(struct probe *probe)
{
	client_close(&probe->client);
	return client_open(&probe->client, probe->subject->path) == 0 && conform_serves(&probe->client);
}

int conform_config(const struct subject *subject)
{
	return subject->regions[VU_REGION_CONFIG].size >= 256 ? (int)VU_REGION_CONFIG : -1;
}

/* What the server says of itself, for rows to choose regions and interrupts by. */
static int learn(struct subject *subject)
{
	struct client client;
	int rc = client_open(&client, subject->path);

	if (rc < 0)
		return rc;
	subject->info.argsz = sizeof(subject->info);
	if (client_call(&client, VU_DEVICE_GET_INFO, &subject->info, sizeof(subject->info),
			&subject->info, sizeof(subject->info)) != sizeof(subject->info))
		rc = -EPROTO;
	for (uint32_t i = 0; rc == 0 && i < VU_NUM_REGIONS && i < subject->info.num_regions; i++) {
		struct vu_region_info info = {.argsz = sizeof(info), .index = i};

		if (client_call(&client, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), &info,
				sizeof(info)) == sizeof(info))
			subject->regions[i] = info;
	}
	for (uint32_t i = 0; rc == 0 && i < VU_NUM_IRQS && i < subject->info.num_irqs; i++) {
		struct vu_irq_info info = {.argsz = sizeof(info), .index = i};

		if (client_call(&client, VU_DEVICE_GET_IRQ_INFO, &info, sizeof(info), &info,
				sizeof(info)) == sizeof(info))
			subject->irqs[i] = info;
	}
	client_close(&client);
	return rc;
}

static enum verdict run_row(const struct row *row, const struct subject *subject, char *why, size_t size)
{
	struct probe probe = {.subject = subject};
	enum verdict verdict;
	int before = -1, after = -1;
	const struct server process = {.pid = subject->pid};
	int rc = client_connect(&probe.client, subject->path);

	if (rc == 0 && !(row->flags & ROW_RAW))
		rc = client_negotiate(&probe.client, NULL);
	if (rc < 0) {
		snprintf(why, size, "cannot connect: %s", strerror(-rc % CLIENT_REMOTE));
		client_close(&probe.client);
		return FAILS;
	}
	/* Descriptors of a server of ours: as many with an idle client after the row as before it. */
	if (subject->pid) {
		client_close(&probe.client);
		if (client_open(&probe.client, subject->path) == 0 && conform_serves(&probe.client))
			before = server_descriptors(&process);
		client_close(&probe.client);
		rc = client_connect(&probe.client, subject->path);
		if (rc == 0 && !(row->flags & ROW_RAW))
			client_negotiate(&probe.client, NULL);
	}
	verdict = row->run(&probe);
	client_close(&probe.client);
	if (verdict == HOLDS && subject->pid) {
		if (client_open(&probe.client, subject->path) == 0 && conform_serves(&probe.client))
			after = server_descriptors(&process);
		client_close(&probe.client);
		if (before != after)
			verdict = conform_fail(&probe, "the server had %d descriptors before and %d after",
					       before, after);
	}
	snprintf(why, size, "%s", probe.why);
	return verdict;
}

static int run_all(const struct subject *subject, const char *only)
{
	unsigned passed = 0, failed = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct row *row = tables[t]; row->name; row++) {
			char why[256] = "";

			if (only && !strstr(row->name, only))
				continue;
			enum verdict verdict = run_row(row, subject, why, sizeof(why));

			passed += verdict == HOLDS;
			failed += verdict == FAILS;
			printf("%-6s %s%s%s%s%s\n",
			       verdict == HOLDS ? "ok" : verdict == FAILS ? "FAILS" : "n/a", row->name,
			       verdict == HOLDS ? "" : ": ", verdict == HOLDS ? "" : why,
			       verdict == FAILS ? "\n       rule: " : "", verdict == FAILS ? row->source : "");
			fflush(stdout);
		}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}

static int usage(FILE *out)
{
	fputs("usage: vfu-conform [--only TEXT] SOCKET\n"
	      "       vfu-conform [--only TEXT] -- PROGRAM [ARGUMENT...]\n"
	      "Checks which behaviours of the vfio-user protocol a server has.\n"
	      "PROGRAM is started with --socket-path=PATH and must serve one client after the other.\n",
	      out);
	return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	struct server server = {0};
	struct subject subject = {0};
	const char *only = NULL;
	int i = 1, status, rc;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (argc > 2 && !strcmp(argv[1], "--only")) {
		only = argv[2];
		i = 3;
	}
	if (i >= argc)
		return usage(stderr);
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(argv[i], "--")) {
		if (i + 1 >= argc)
			return usage(stderr);
		rc = server_start(&server, argv[i + 1], (const char *const *)(argv + i + 2));
		if (rc < 0) {
			fprintf(stderr, "vfu-conform: %s: %s\n", argv[i + 1], strerror(-rc));
			return 2;
		}
		subject.path = server.path;
		subject.pid = server.pid;
	} else if (i + 1 == argc) {
		subject.path = argv[i];
	} else {
		return usage(stderr);
	}
	rc = learn(&subject);
	if (rc < 0) {
		fprintf(stderr, "vfu-conform: %s: the server cannot be talked to: %s\n", subject.path,
			strerror(-rc % CLIENT_REMOTE));
		if (server.pid)
			server_stop(&server);
		return 2;
	}
	status = run_all(&subject, only);
	if (server.pid) {
		rc = server_stop(&server);
		if (rc != 0) {
			fprintf(stderr, "vfu-conform: the server ended with %d on SIGTERM\n", rc);
			status = 1;
		}
	}
	return status;
}
