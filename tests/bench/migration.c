// SPDX-License-Identifier: BSD-2-Clause
/*
 * Figures of migration: for each device, what goes through the stream and how long it takes, how
 * much of it is no state, and how long a live upgrade of the program by itself stops the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/client.h"
#include "stream.h"

#define CHUNK    (1u << 20)
#define UPGRADES 50
#define WINDOW   (64u << 20)

struct device {
	const char *name;
	bool fill; /* BAR 2: all of it, then change a little */
};

static const struct device devices[] = {
	{"bin/gpio-idio16", false}, {"bin/edu", false},           {"bin/timer", false},
	{"bin/mdltest", false},     {"tests/bench/window", true},
};

struct figures {
	size_t passes[3]; /* bytes of pre-copy: the first, an idle one, after a change of 16 pages
			   */
	size_t stop, payload;
	double save_ms, load_ms, pass_ms;
	long pauses[UPGRADES];
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench-migration: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static const char *path_of(const char *name, char *path, size_t size)
{
	const char *build = getenv("BUILD");

	snprintf(path, size, "%s/%s", build ? build : "build", name);
	return path;
}

/* ---- the stream */

struct bytes {
	uint8_t *at;
	size_t size, room;
};

/* Until a short reply. */
static size_t read_pass(struct client *client, struct bytes *stream)
{
	size_t before = stream->size;
	ssize_t n;

	do {
		if (stream->room - stream->size < CHUNK) {
			stream->room += 80u << 20;
			stream->at = realloc(stream->at, stream->room);
			must(stream->at, "memory");
		}
		n = client_mig_read(client, stream->at + stream->size, CHUNK);
		must(n >= 0, "MIG_DATA_READ");
		stream->size += (size_t)n;
	} while (n == CHUNK);
	return stream->size - before;
}

/* Bytes of items' data; what is zero counts as if it were sent. */
static size_t payload_of(const uint8_t *at, size_t size)
{
	size_t payload = 0, record, missing = 0, i, n;

	for (; size >= RECORD_HEAD; at += RECORD_HEAD + record, size -= RECORD_HEAD + record) {
		const uint8_t *item = at + RECORD_HEAD;

		record = (size_t)get_le(at, 4);
		if (get_le(at + 4, 2) != RECORD_ITEMS)
			continue;
		i = 0;
		if (missing) {
			i = ITEM_MORE_HEAD;
			n = missing < record - i ? missing : record - i;
			missing -= n;
			payload += n;
			i += n;
		}
		while (i < record && item[i] != ITEM_FILL) {
			bool is_ram = item[i] == ITEM_RAM || item[i] == ITEM_RAM_ZERO;

			missing = item[i] == ITEM_RAM_ZERO ? 0 : (size_t)get_le(item + i + 4, 4);
			i += (is_ram ? ITEM_RAM_HEAD : ITEM_HEAD) + item[i + 1];
			n = missing < record - i ? missing : record - i;
			missing -= n;
			payload += n;
			i += n;
		}
	}
	return payload;
}

/* ---- out and in */

static uint8_t *map_window(struct client *client)
{
	struct vu_region_info info = {.argsz = sizeof(info), .index = 2};
	struct client_message reply;
	uint8_t *window;

	must(client_call_fds(client, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0,
			     &reply) > 0 &&
		     reply.nfds == 1,
	     "BAR 2");
	window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, reply.fds[0], 0);
	must(window != MAP_FAILED, "mmap");
	client_message_free(&reply);
	return window;
}

static void save(const struct device *device, struct bytes *stream, struct figures *figures)
{
	struct server server;
	struct client client;
	uint8_t *window = NULL;
	char path[256];
	double begin;
	size_t mark;

	must(!server_start(&server, path_of(device->name, path, sizeof(path)), NULL), device->name);
	must(!client_open(&client, server.path), device->name);
	if (device->fill) {
		window = map_window(&client);
		for (uint32_t i = 0; i < WINDOW; i++)
			window[i] = (uint8_t)(i * 7 + i / 4096 + 1);
	}
	must(!client_mig_set(&client, VU_MIG_PRE_COPY), "PRE_COPY");
	figures->passes[0] = read_pass(&client, stream);
	begin = now_ms();
	figures->passes[1] = read_pass(&client, stream);
	figures->pass_ms = now_ms() - begin;
	for (unsigned i = 0; window && i < 16; i++)
		window[i * (WINDOW / 16)]++;
	figures->passes[2] = read_pass(&client, stream);
	for (unsigned i = 0; window && i < 16; i++)
		window[i * (WINDOW / 16) + 5000]++;
	mark = stream->size;
	begin = now_ms();
	must(!client_mig_set(&client, VU_MIG_STOP_COPY), "STOP_COPY");
	figures->stop = read_pass(&client, stream);
	figures->save_ms = now_ms() - begin;
	figures->payload = payload_of(stream->at + mark, stream->size - mark);
	if (window)
		munmap(window, WINDOW);
	client_close(&client);
	must(!server_stop(&server), "the end");
}

static void load(const struct device *device, const struct bytes *stream, struct figures *figures)
{
	struct server server;
	struct client client;
	char path[256];
	double begin;

	must(!server_start(&server, path_of(device->name, path, sizeof(path)), NULL), device->name);
	must(!client_open(&client, server.path), device->name);
	must(!client_mig_set(&client, VU_MIG_RESUMING), "RESUMING");
	for (size_t at = 0, n; at < stream->size; at += n) {
		n = stream->size - at < CHUNK ? stream->size - at : CHUNK;
		must(!client_mig_write(&client, stream->at + at, (uint32_t)n), "MIG_DATA_WRITE");
	}
	begin = now_ms();
	must(!client_mig_set(&client, VU_MIG_RUNNING), "RUNNING");
	figures->load_ms = now_ms() - begin;
	client_close(&client);
	must(!server_stop(&server), "the end");
}

/* ---- live upgrade */

/* The pause in microseconds, as the new process says it. */
static long take_over(const char *program, const char *control, pid_t *pid)
{
	char option[160], line[256], *at;
	long pause = -1;
	int err[2];
	FILE *log;

	snprintf(option, sizeof(option), "--takeover=%s", control);
	must(pipe2(err, O_CLOEXEC) == 0, "pipe");
	*pid = fork();
	must(*pid >= 0, "fork");
	if (*pid == 0) {
		dup2(err[1], STDERR_FILENO);
		execl(program, program, "-v", option, (char *)NULL);
		_exit(126);
	}
	close(err[1]);
	log = fdopen(err[0], "r");
	must(log, "fdopen");
	while (pause < 0 && fgets(line, sizeof(line), log)) {
		at = strstr(line, "stood still for ");
		if (at)
			pause = strtol(at + strlen("stood still for "), NULL, 10);
	}
	fclose(log);
	must(pause >= 0, "takeover");
	return pause;
}

static int by_size(const void *a, const void *b)
{
	const long *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

static void upgrade(const struct device *device, struct figures *figures)
{
	char path[256], control[128], option[160];
	const char *const options[] = {option, NULL};
	struct server server;
	struct client client;
	pid_t next;

	snprintf(control, sizeof(control), "/tmp/mdl-bench-%d.ctl", (int)getpid());
	snprintf(option, sizeof(option), "--control=%s", control);
	must(!server_start(&server, path_of(device->name, path, sizeof(path)), options),
	     device->name);
	must(!client_open(&client, server.path), device->name);
	for (int i = 0; i < UPGRADES; i++) {
		figures->pauses[i] = take_over(path, control, &next);
		must(waitpid(server.pid, NULL, 0) == server.pid, "the old process");
		server.pid = next;
	}
	qsort(figures->pauses, UPGRADES, sizeof(figures->pauses[0]), by_size);
	client_close(&client);
	must(!server_stop(&server), "the end");
}

int main(void)
{
	printf("migration, stop-copy: bytes, of them no state, time to save and to switch over; "
	       "pre-copy passes;"
	       "\nlive upgrade: median and worst of %d; lines that authors wrote for it: 0\n",
	       UPGRADES);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		const char *name = strrchr(devices[i].name, '/') + 1;
		struct figures figures = {0};
		struct bytes stream = {0};

		save(&devices[i], &stream, &figures);
		load(&devices[i], &stream, &figures);
		upgrade(&devices[i], &figures);
		printf("%-12s stop %8zu B (%6zu no state) in %6.2f + %5.2f ms; "
		       "passes %zu, %zu (%.2f ms), %zu B; upgrade %ld, %ld us\n",
		       name, figures.stop, figures.stop - figures.payload, figures.save_ms,
		       figures.load_ms, figures.passes[0], figures.passes[1], figures.pass_ms,
		       figures.passes[2], figures.pauses[UPGRADES / 2],
		       figures.pauses[UPGRADES - 1]);
		free(stream.at);
	}
	return 0;
}
