// SPDX-License-Identifier: BSD-2-Clause
/*
 * vfu-conform: which behaviours of vfio-user does a server have?
 *
 *	vfu-conform SOCKET                  asks the server that listens there
 *	vfu-conform -- PROGRAM [ARGUMENT…]  starts PROGRAM with --socket-path=… and asks that
 *
 * The last line is "N passed, N failed"; the exit status is 1 if a behaviour failed, 2 if nothing
 * could be asked.  docs/conformance.md tells more.
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

#define NTABLES (sizeof(tables) / sizeof(tables[0]))

struct options {
	const char *const *command; /* of the program to start, or NULL */
	const char *only;
	bool ours, list;
};

/* More regions or kinds of interrupts than any device has are not asked for one by one. */
#define MAX_NUMBER 256u

static void limit(uint32_t *number)
{
	if (*number > MAX_NUMBER)
		*number = MAX_NUMBER;
}

static void learn_regions(struct client *client, struct subject *subject)
{
	for (uint32_t i = 0; i < VU_NUM_REGIONS && i < subject->info.num_regions; i++) {
		struct vu_region_info info = {.argsz = sizeof(info), .index = i};

		if (client_call(client, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), &info,
				sizeof(info)) == sizeof(info))
			subject->regions[i] = info;
	}
}

static void learn_irqs(struct client *client, struct subject *subject)
{
	for (uint32_t i = 0; i < VU_NUM_IRQS && i < subject->info.num_irqs; i++) {
		struct vu_irq_info info = {.argsz = sizeof(info), .index = i};

		if (client_call(client, VU_DEVICE_GET_IRQ_INFO, &info, sizeof(info), &info,
				sizeof(info)) == sizeof(info))
			subject->irqs[i] = info;
	}
}

static int cannot(const struct subject *subject, const char *what, ssize_t error)
{
	fprintf(stderr, "vfu-conform: %s: %s: %s\n", subject->path, what,
		error >= 0 ? "a reply of the wrong size" : strerror((int)(-error % CLIENT_REMOTE)));
	return -EPROTO;
}

/* What the server says of itself, for rows to choose regions and interrupts by. */
static int learn(struct subject *subject)
{
	struct client client;
	int rc = client_connect(&client, subject->path);
	ssize_t n;

	if (rc < 0)
		return cannot(subject, "nobody to connect to", rc);
	rc = client_negotiate(&client, NULL);
	subject->info.argsz = sizeof(subject->info);
	n = rc < 0 ? 0
		   : client_call(&client, VU_DEVICE_GET_INFO, &subject->info, sizeof(subject->info),
				 &subject->info, sizeof(subject->info));
	if (rc < 0)
		rc = cannot(subject, "VERSION is not answered as it should be", rc);
	else if (n != sizeof(subject->info))
		rc = cannot(subject, "GET_INFO is not answered as it should be", n);
	limit(&subject->info.num_regions);
	limit(&subject->info.num_irqs);
	if (rc == 0) {
		learn_regions(&client, subject);
		learn_irqs(&client, subject);
	}
	client_close(&client);
	return rc;
}

/* The descriptors of a server of ours while a client is there that has done nothing; else -1. */
static int idle_descriptors(struct probe *probe)
{
	const struct server *process = probe->subject->process;

	if (!process || !conform_serves_next(probe))
		return -1;
	return server_descriptors(process);
}

static enum verdict try_row(const struct row *row, struct probe *probe)
{
	int before = idle_descriptors(probe), after,
	    rc = conform_again(probe, row->flags & ROW_RAW);
	enum verdict verdict;

	if (rc < 0)
		return conform_fail(probe, "cannot connect: %s", strerror(-rc % CLIENT_REMOTE));
	verdict = row->run(probe);
	if (verdict != HOLDS || before < 0)
		return verdict;
	after = idle_descriptors(probe);
	if (after >= 0 && before != after)
		verdict = conform_fail(probe, "the server had %d descriptors before and %d after",
				       before, after);
	return verdict;
}

/* The row, and whether the server outlives it. */
static enum verdict run_row(const struct row *row, struct probe *probe, bool *lost)
{
	const struct server *process = probe->subject->process;
	enum verdict verdict = try_row(row, probe);
	bool died;
	char why[200] = "";

	if (verdict == FAILS)
		snprintf(why, sizeof(why), "%.190s; ", probe->why);
	/* where it closed the connection it may be dying just now */
	died = process && server_ends(process, verdict == FAILS ? 100 : 0);
	*lost = died || !conform_serves_next(probe);
	if (*lost)
		verdict = conform_fail(probe, "%s%s", why,
				       died ? "the server died of it"
					    : "the server serves nobody any more");
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

/* A new process in place of one that is lost.  False: there is none to be had. */
static bool start_again(struct subject *subject, const struct options *options)
{
	struct server *process = subject->process;
	int rc;

	if (!process)
		return false;
	server_kill(process);
	rc = server_start(process, options->command[0], options->command + 1);
	if (rc == 0)
		rc = server_wait(process);
	if (rc < 0)
		fprintf(stderr, "vfu-conform: %s cannot be started again: %s\n",
			options->command[0], strerror(-rc));
	return rc == 0;
}

static bool wanted(const struct row *row, const struct options *options)
{
	return (!options->only || strstr(row->name, options->only)) &&
	       (!(row->flags & ROW_OURS) || options->ours);
}

/* Each row that is wanted, in turn.  False: the server was lost, and rows were left out. */
static bool run_rows(struct subject *subject, const struct options *options, unsigned *count)
{
	bool lost = false;

	for (size_t t = 0; t < NTABLES; t++)
		for (const struct row *row = tables[t]; row->name; row++) {
			struct probe probe = {.client.fd = -1, .subject = subject};
			enum verdict verdict;

			if (!wanted(row, options))
				continue;
			if (lost && !start_again(subject, options))
				return false;
			verdict = run_row(row, &probe, &lost);
			count[verdict]++;
			print(row, verdict, probe.why);
		}
	return true;
}

static unsigned list(const struct options *options, bool show)
{
	unsigned n = 0;

	for (size_t t = 0; t < NTABLES; t++)
		for (const struct row *row = tables[t]; row->name; row++) {
			if (!wanted(row, options))
				continue;
			n++;
			if (show)
				printf("%s\t%s\n", row->name, row->source);
		}
	return n;
}

/* A server that we started must also end well.  Returns why it did not, or NULL. */
static const char *stop(struct server *process, char *why, size_t size)
{
	int rc;

	if (!server_alive(process)) {
		server_kill(process);
		return NULL; /* a row has said so */
	}
	rc = server_stop(process);
	if (rc == -ETIMEDOUT)
		return "it did not end in 10 seconds, and was killed";
	if (rc == -EEXIST)
		return "it left its socket behind";
	if (rc == 0)
		return NULL;
	snprintf(why, size, rc > 128 ? "signal %d ended it" : "its exit status was %d",
		 rc > 128 ? rc - 128 : rc);
	return why;
}

static const struct row end_row = {
	.name = "process: ends on SIGTERM, with status 0 and without its socket",
	.source = "vfio-user specification, Backend program conventions",
};

static int run_all(struct subject *subject, const struct options *options)
{
	unsigned count[3] = {0}, left;
	bool whole = run_rows(subject, options, count);
	char text[64];

	left = list(options, false) - count[HOLDS] - count[FAILS] - count[NOT_APPLICABLE];
	if (subject->process && server_alive(subject->process)) {
		const char *why = stop(subject->process, text, sizeof(text));

		count[why ? FAILS : HOLDS]++;
		print(&end_row, why ? FAILS : HOLDS, why);
	}
	if (!whole)
		printf("stopped: the server is lost, and %u rows were not tried\n", left);
	printf("%u passed, %u failed\n", count[HOLDS], count[FAILS]);
	return count[FAILS] != 0;
}

static int usage(FILE *out)
{
	fputs("usage: vfu-conform [options] SOCKET\n"
	      "       vfu-conform [options] -- PROGRAM [ARGUMENT...]\n"
	      "Checks which behaviours of the vfio-user protocol a server has.\n"
	      "PROGRAM is started with --socket-path=PATH, or with PATH in place of an ARGUMENT "
	      "{}, "
	      "and must\nserve one client after the other.  One that dies or hangs is started "
	      "again.\n"
	      "  --only TEXT  only behaviours whose names have TEXT in them\n"
	      "  --ours       also what no specification demands but libmdl promises\n"
	      "  --list       print the names and their rules, ask nobody\n"
	      "  --help       print this\n"
	      "\n"
	      "Exit status: 0 nothing failed, 1 a behaviour did, 2 nothing could be asked.\n",
	      out);
	return out == stdout ? 0 : 2;
}

/* Ask the server that subject->path names. */
static int ask(struct subject *subject, const struct options *options)
{
	return learn(subject) < 0 ? 2 : run_all(subject, options);
}

static int ask_program(const struct options *options)
{
	const char *program = options->command[0];
	struct server server;
	struct subject subject = {.process = &server};
	int rc = server_start(&server, program, options->command + 1), status = 2;

	if (rc < 0) {
		fprintf(stderr, "vfu-conform: %s cannot be started: %s\n", program, strerror(-rc));
		return 2;
	}
	subject.path = server.path;
	rc = server_wait(&server);
	if (rc == 0)
		status = ask(&subject, options);
	else
		fprintf(stderr, "vfu-conform: %s %s\n", program,
			rc == -ECHILD ? "ended before its socket was there"
				      : "makes no socket in 10 seconds");
	server_kill(&server);
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
	if (!list(&options, options.list)) {
		fprintf(stderr, "vfu-conform: no row has '%s' in its name; see --list\n",
			options.only);
		return 2;
	}
	if (options.list)
		return 0;
	if (optind >= argc)
		return usage(stderr);
	signal(SIGPIPE, SIG_IGN);
	options.command = (const char *const *)(argv + optind);
	if (!strcmp(argv[optind - 1], "--"))
		return ask_program(&options);
	if (optind + 1 != argc)
		return usage(stderr);
	subject.path = argv[optind];
	return ask(&subject, &options);
}
