// SPDX-License-Identifier: BSD-2-Clause
/*
 * vfu-conform: which behaviours of vfio-user does a server have?
 *
 *	vfu-conform SOCKET                  asks the server that listens there
 *	vfu-conform -- PROGRAM [ARGUMENT…]  starts PROGRAM with --socket-path=… and asks that
 *
 * The last line is "N passed, N failed"; the exit status is 1 if a behaviour failed.
 *docs/conformance.md tells more.
 */
#include "conform.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct row *const tables[] = {
	rows_framing, rows_version, rows_info,    rows_io_fds,    rows_region,  rows_config,
	rows_irq,     rows_dma,     rows_feature, rows_migration, rows_logging, rows_hostile,
};

struct options {
	const char *only;
	bool ours, list;
};

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

/* The descriptors of a server of ours while a client is there that has done nothing; else -1. */
static int idle_descriptors(struct probe *probe)
{
	const struct server process = {.pid = probe->subject->pid};

	if (!process.pid || !conform_serves_next(probe))
		return -1;
	return server_descriptors(&process);
}

static enum verdict run_row(const struct row *row, struct probe *probe)
{
	enum verdict verdict;
	int before = idle_descriptors(probe), after,
	    rc = conform_again(probe, row->flags & ROW_RAW);

	if (rc < 0)
		return conform_fail(probe, "cannot connect: %s", strerror(-rc % CLIENT_REMOTE));
	verdict = row->run(probe);
	if (verdict == HOLDS && before >= 0) {
		after = idle_descriptors(probe);
		if (before != after)
			verdict = conform_fail(probe,
					       "the server had %d descriptors before and %d after",
					       before, after);
	}
	if (probe->subject->pid && waitpid(probe->subject->pid, NULL, WNOHANG) != 0) {
		fprintf(stderr, "vfu-conform: the server died of \"%s\"\n", row->name);
		exit(1);
	}
	client_close(&probe->client);
	while (probe->nfds)
		close(probe->fds[--probe->nfds]);
	return verdict;
}

static void print(const struct row *row, enum verdict verdict, const char *why)
{
	switch (verdict) {
	case HOLDS:
		printf("ok     %s\n", row->name);
		break;
	case FAILS:
		printf("FAILS  %s: %s\n       rule: %s\n", row->name, why, row->source);
		break;
	case NOT_APPLICABLE:
		printf("n/a    %s: %s\n", row->name, why);
	}
	fflush(stdout);
}

static int run_all(const struct subject *subject, const struct options *options)
{
	unsigned count[3] = {0};

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct row *row = tables[t]; row->name; row++) {
			struct probe probe = {.client.fd = -1, .subject = subject};
			enum verdict verdict;

			if (options->only && !strstr(row->name, options->only))
				continue;
			if (row->flags & ROW_OURS && !options->ours)
				continue;
			if (options->list) {
				printf("%s\t%s\n", row->name, row->source);
				continue;
			}
			verdict = run_row(row, &probe);
			count[verdict]++;
			print(row, verdict, probe.why);
		}
	if (!options->list)
		printf("%u passed, %u failed\n", count[HOLDS], count[FAILS]);
	return count[FAILS] != 0;
}

static int usage(FILE *out)
{
	fputs("usage: vfu-conform [options] SOCKET\n"
	      "       vfu-conform [options] -- PROGRAM [ARGUMENT...]\n"
	      "Checks which behaviours of the vfio-user protocol a server has.\n"
	      "PROGRAM is started with --socket-path=PATH and must serve one client after the "
	      "other.\n"
	      "  --only TEXT  only behaviours whose names have TEXT in them\n"
	      "  --ours       also what no specification demands but libmdl promises\n"
	      "  --list       print the names and their rules, ask nobody\n",
	      out);
	return out == stdout ? 0 : 2;
}

/* Ask the server that subject->path names. */
static int ask(struct subject *subject, const struct options *options)
{
	int rc = learn(subject);

	if (rc == 0)
		return run_all(subject, options);
	fprintf(stderr, "vfu-conform: %s: the server cannot be talked to: %s\n", subject->path,
		strerror(-rc % CLIENT_REMOTE));
	return 2;
}

static int ask_program(char **command, const struct options *options)
{
	struct server server;
	struct subject subject = {0};
	int rc = server_start(&server, command[0], (const char *const *)(command + 1)), status;

	if (rc < 0) {
		fprintf(stderr, "vfu-conform: %s: %s\n", command[0], strerror(-rc));
		return 2;
	}
	subject.path = server.path;
	subject.pid = server.pid;
	status = ask(&subject, options);
	rc = server_stop(&server);
	if (rc != 0) {
		fprintf(stderr, "vfu-conform: the server ended with %d on SIGTERM\n", rc);
		status = 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	static const struct option words[] = {
		{"only", required_argument, NULL, 'o'},
		{"ours", no_argument, NULL, 'u'},
		{"list", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {0};
	struct subject subject = {0};
	int c;

	while ((c = getopt_long(argc, argv, "+", words, NULL)) != -1) {
		options.only = c == 'o' ? optarg : options.only;
		options.ours |= c == 'u';
		options.list |= c == 'l';
		if (c == 'h' || c == '?')
			return usage(c == 'h' ? stdout : stderr);
	}
	if (options.list)
		return run_all(&subject, &options);
	if (optind >= argc)
		return usage(stderr);
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(argv[optind - 1], "--"))
		return ask_program(argv + optind, &options);
	if (optind + 1 != argc)
		return usage(stderr);
	subject.path = argv[optind];
	return ask(&subject, &options);
}
