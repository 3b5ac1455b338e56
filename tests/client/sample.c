// SPDX-License-Identifier: BSD-2-Clause
/*
 * The timer under the habits of the sample's client that MUSER's readers know.  They are not ours:
 * it throws away what PRE_COPY brought, wants 12 whole replies there and 13 in STOP_COPY, attaches
 * memory and interrupt after the switch-over, and starts the destination by becoming it, as
 * "PROGRAM -v SOCKET": so who waits for the client waits for the server.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EARLY   12u
#define LATE    13u
#define AFTER   2 /* seconds */
#define LIMIT_S 60

struct state {
	uint8_t stream[LATE][PIECE];
	uint8_t bar1[RAM_SIZE];
	uint64_t alarm;
};

static int scribble(struct session *session, struct state *state, unsigned seed)
{
	for (unsigned i = 0; i < RAM_SIZE; i++)
		state->bar1[i] = (uint8_t)(i * 31 + i / 256 + seed * 97);
	return write_bar1(session, state->bar1);
}

static int read_piece(struct session *session, uint8_t *to)
{
	ssize_t n = client_mig_read(&session->client, to, PIECE);

	return n < 0        ? failed("MIG_DATA_READ", (int)n)
	       : n == PIECE ? 0
			    : failed("a reply is not whole", -EPROTO);
}

static int leave(struct session *session, struct state *state)
{
	uint8_t thrown_away[PIECE];
	int rc = client_mig_set(&session->client, VU_MIG_PRE_COPY);

	for (unsigned i = 0; i < EARLY && rc == 0; i++) {
		rc = scribble(session, state, i);
		if (rc == 0)
			rc = read_piece(session, thrown_away);
	}
	if (rc == 0)
		rc = scribble(session, state, EARLY);
	if (rc == 0)
		rc = client_mig_set(&session->client, VU_MIG_STOP_COPY);
	for (unsigned i = 0; i < LATE && rc == 0; i++)
		rc = read_piece(session, state->stream[i]);
	if (rc == 0)
		rc = client_mig_set(&session->client, VU_MIG_STOP);
	return done("the device has stopped, in 13 replies", rc);
}

static int save(const char *program, struct state *state)
{
	struct place place = {.name = program};
	struct session session;
	int rc = session_start(&session, &place), end;

	if (rc == 0)
		rc = session_agree(&session);
	if (rc == 0)
		rc = session_attach(&session);
	state->alarm = now_realtime_ns() / SECOND + AFTER;
	if (rc == 0)
		rc = set_alarm(&session, state->alarm);
	if (rc == 0)
		rc = leave(&session, state);
	end = session_end(&session);
	return rc < 0 ? rc : end;
}

static int load(struct session *session, const struct state *state)
{
	uint8_t there[RAM_SIZE];
	int rc = client_mig_set(&session->client, VU_MIG_RESUMING);

	for (unsigned i = 0; i < LATE && rc == 0; i++)
		rc = client_mig_write(&session->client, state->stream[i], PIECE);
	if (rc == 0)
		rc = client_mig_set(&session->client, VU_MIG_STOP);
	if (rc == 0)
		rc = read_bar1(session, there);
	if (rc == 0 && memcmp(there, state->bar1, RAM_SIZE) != 0)
		rc = -EIO;
	if (rc == 0)
		rc = client_mig_set(&session->client, VU_MIG_RUNNING);
	return done("the device has arrived, exact", rc);
}

static int arrive(const char *path, const struct state *state)
{
	struct place place = {.name = path, .runs = true};
	struct session session;
	int rc = session_start(&session, &place), end;

	if (rc == 0)
		rc = session_agree(&session);
	if (rc == 0)
		rc = load(&session, state);
	if (rc == 0)
		rc = session_attach(&session);
	if (rc == 0)
		rc = await_alarm(&session, state->alarm);
	if (rc == 0)
		rc = done("DMA_UNMAP: the first region",
			  client_dma_unmap(&session.client, 0, REGION_SIZE));
	end = session_end(&session);
	return rc < 0 ? rc : end;
}

/* The child says how it went; this process becomes the server. */
static int run_sample(const char *program, const char *path, int result)
{
	static struct state state;
	pid_t child;

	alarm(LIMIT_S); /* also of what this becomes */
	if (save(program, &state) < 0)
		return EXIT_FAILURE;
	child = fork();
	if (child == 0)
		return arrive(path, &state) == 0 && write(result, "y", 1) == 1 ? EXIT_SUCCESS
									       : EXIT_FAILURE;
	if (child > 0)
		execl(program, program, "-v", path, (char *)NULL);
	failed(program, -errno);
	return EXIT_FAILURE;
}

static bool went_well(pid_t child, int result)
{
	int status = -1;
	char answer = 'n';

	if (waitpid(child, &status, 0) != child || status != 0)
		say("FAILED: the destination ended with status 0x%x", (unsigned)status);
	else if (read(result, &answer, 1) != 1)
		say("FAILED: the client");
	return status == 0 && answer == 'y';
}

int main(void)
{
	const char *build = getenv("BUILD");
	char dir[] = "/tmp/mdl-sample-XXXXXX", path[64], program[4096];
	int result[2];
	pid_t child;
	bool well;

	snprintf(program, sizeof(program), "%s/bin/timer", build ? build : "build");
	if (!mkdtemp(dir) || pipe2(result, O_CLOEXEC) < 0)
		return EXIT_FAILURE;
	snprintf(path, sizeof(path), "%s/sock", dir);
	child = fork();
	if (child == 0)
		return run_sample(program, path, result[1]);
	close(result[1]);
	well = child > 0 && went_well(child, result[0]);
	close(result[0]);
	unlink(path);
	rmdir(dir);
	return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
