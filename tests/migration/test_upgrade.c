// SPDX-License-Identifier: BSD-2-Clause
/*
 * Live upgrades under load: a client writes, reads, has DMA done and counts interrupts, all the
 * time, while one process after the other takes the device over.  No write, no interrupt may be
 * lost or come twice.  And takeovers that fail: the running process goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/client.h"
#include "handover.h"

#define UPGRADES  50
#define FIRST_V2  10 /* upgrades from 1 to 1 before */
#define IOVA      0x100000u
#define PAD_SIZE  0x10000u
#define PERIOD_US 2000

enum {
	ADD = 0,
	TOTAL = 8,
	VERSION = 0x10,
	PLACE = 0x18,
	STORE = 0x20,
	STATUS = 0x24,
	PERIOD = 0x28,
	TICKS = 0x2c,
	NOTE = 0x40,
	EXTRA = 0x60
};

struct process {
	pid_t pid;
	FILE *log; /* its stderr */
};

struct rig {
	char dir[64], path[96], control[96];
	struct process process;
	struct client client;
	int added, tick; /* eventfds of the MSI-X vectors */
	int memfd;
	uint8_t *memory, *pad;
	/* the guest's thread */
	pthread_t thread;
	atomic_bool stop;
	atomic_uint adds;
	uint64_t sum, worst_ns;
	const char *wrong;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- processes */

static struct process start(const char *program, const char *const *arguments)
{
	const char *build = getenv("BUILD"), *argv[8] = {program};
	struct process process;
	char path[256];
	int err[2];

	snprintf(path, sizeof(path), "%s/%s", build ? build : "build", program);
	for (int i = 0; i < 6 && arguments[i]; i++)
		argv[i + 1] = arguments[i];
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	process.pid = fork();
	assert_true(process.pid >= 0);
	if (process.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(err[1], STDERR_FILENO);
		closefrom(3);
		execv(path, (char *const *)(uintptr_t)argv);
		_exit(126);
	}
	close(err[1]);
	process.log = fdopen(err[0], "r");
	assert_non_null(process.log);
	return process;
}

/* Its exit status; 128 + signal. */
static int wait_end(struct process *process)
{
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, process->pid, 0), .events = POLLIN};
	int status = 0;

	if (poll(&p, 1, CLIENT_WAIT_MS) != 1)
		kill(process->pid, SIGKILL);
	close(p.fd);
	assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
	process->pid = 0;
	fclose(process->log);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Read what it says until a line has this text; -1: it never said so.  Else the number behind. */
static long wait_line(struct process *process, const char *text)
{
	char line[512], *at;

	while (fgets(line, sizeof(line), process->log)) {
		at = strstr(line, text);
		if (at)
			return strtol(at + strlen(text), NULL, 10);
	}
	return -1;
}

static struct process take_over(struct rig *rig, const char *program)
{
	char option[128];

	snprintf(option, sizeof(option), "--takeover=%s", rig->control);
	return start(program, (const char *const[]){"-v", option, NULL});
}

/* ---- set-up */

static void wire(struct rig *rig)
{
	struct client *client = &rig->client;
	const int fds[2] = {rig->added, rig->tick};

	assert_int_equal(client_put(client, VU_REGION_CONFIG, 4, 2, 6), 0);
	assert_int_equal(client_dma_map(client, IOVA, 0x4000, 0, 3, rig->memfd), 0);
	assert_int_equal(client_dma_map(client, 0x8000, 0x1000, 0x4000, 1, rig->memfd), 0);
	assert_int_equal(client_set_irqs(client, VU_IRQ_MSIX,
					 VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 2,
					 fds, 2),
			 0);
}

static void map_pad(struct rig *rig)
{
	struct vu_region_info info = {.argsz = sizeof(info), .index = 2};
	struct client_message reply;

	assert_int_equal(client_call_fds(&rig->client, VU_DEVICE_GET_REGION_INFO, &info,
					 sizeof(info), NULL, 0, &reply),
			 sizeof(info));
	assert_int_equal(reply.nfds, 1);
	rig->pad = mmap(NULL, PAD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, reply.fds[0], 0);
	assert_ptr_not_equal(rig->pad, MAP_FAILED);
	client_message_free(&reply);
}

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char option[128];

	signal(SIGPIPE, SIG_IGN);
	*state = rig;
	strcpy(rig->dir, "/tmp/mdl-upgrade-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->path, sizeof(rig->path), "%s/sock", rig->dir);
	snprintf(rig->control, sizeof(rig->control), "%s/control", rig->dir);
	snprintf(option, sizeof(option), "--control=%s", rig->control);
	rig->process = start("tests/migration/gauge1",
			     (const char *const[]){"-v", option, rig->path, NULL});
	assert_int_equal(client_open(&rig->client, rig->path), 0);
	rig->added = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rig->tick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rig->memfd = memfd_create("guest", MFD_CLOEXEC);
	assert_int_equal(ftruncate(rig->memfd, 0x5000), 0);
	rig->memory = mmap(NULL, 0x5000, PROT_READ | PROT_WRITE, MAP_SHARED, rig->memfd, 0);
	assert_ptr_not_equal(rig->memory, MAP_FAILED);
	wire(rig);
	map_pad(rig);
	return 0;
}

/* The last process ends well, and leaves no file. */
static int tear_down(void **state)
{
	struct rig *rig = *state;
	int status;

	kill(rig->process.pid, SIGTERM);
	status = wait_end(&rig->process);
	client_close(&rig->client);
	munmap(rig->memory, 0x5000);
	munmap(rig->pad, PAD_SIZE);
	close(rig->memfd);
	close(rig->added);
	close(rig->tick);
	if (rmdir(rig->dir))
		status = -errno;
	free(rig);
	return status;
}

static uint64_t get(struct rig *rig, uint64_t offset, uint32_t size)
{
	uint64_t value = UINT64_MAX;

	assert_int_equal(client_get(&rig->client, 0, offset, size, &value), 0);
	return value;
}

static void put(struct rig *rig, uint64_t offset, uint64_t value)
{
	assert_int_equal(client_put(&rig->client, 0, offset, 4, value), 0);
}

static uint64_t events(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* ---- the guest: keeps the device busy, and checks every answer */

/* One round; what is wrong, or NULL. */
static const char *work(struct rig *rig, uint32_t i)
{
	struct client *client = &rig->client;
	uint64_t value, at = i * 8 % PAD_SIZE;

	rig->sum += i % 1000;
	if (client_put(client, 0, ADD, 4, i % 1000) || client_get(client, 0, TOTAL, 8, &value))
		return "an access failed";
	if (value != rig->sum)
		return "TOTAL is not the sum";
	if (client_put(client, 0, PLACE, 8, IOVA + i % 1024 * 8) ||
	    client_put(client, 0, STORE, 4, 1) || client_get(client, 0, STATUS, 4, &value))
		return "an access failed";
	if (value || memcmp(rig->memory + i % 1024 * 8, &rig->sum, 8) != 0)
		return "DMA did not store TOTAL";
	/* by the mapping, seen by a message, and the other way round */
	memcpy(rig->pad + at, &rig->sum, 8);
	if (client_get(client, 2, at, 8, &value) || value != rig->sum)
		return "what was written to the mapping is not there";
	if (client_put(client, 2, at, 8, ~rig->sum) ||
	    memcmp(rig->pad + at, &(uint64_t){~rig->sum}, 8))
		return "the mapping is another memory";
	return NULL;
}

static void *run_guest(void *arg)
{
	struct rig *rig = arg;

	for (uint32_t i = 0; !atomic_load(&rig->stop) && !rig->wrong; i++) {
		uint64_t begin = now_ns(), took;

		rig->wrong = work(rig, i);
		took = now_ns() - begin;
		if (took > rig->worst_ns)
			rig->worst_ns = took;
		atomic_fetch_add(&rig->adds, 1);
	}
	return NULL;
}

/* Wait until the guest has got on by some rounds. */
static void wait_progress(struct rig *rig, unsigned rounds)
{
	unsigned to = atomic_load(&rig->adds) + rounds;
	uint64_t end = now_ns() + 10000000000u;

	while (atomic_load(&rig->adds) < to && !rig->wrong && now_ns() < end)
		poll(NULL, 0, 1);
	if (rig->wrong)
		fail_msg("%s", rig->wrong);
	assert_true(now_ns() < end);
}

static int by_size(const void *a, const void *b)
{
	const long *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

static void upgrade(struct rig *rig, const char *program, long *pause_us)
{
	struct process next = take_over(rig, program);

	*pause_us = wait_line(&next, "stood still for ");
	assert_true(*pause_us >= 0);
	assert_int_equal(wait_end(&rig->process), 0);
	rig->process = next;
}

static void stop_guest(struct rig *rig)
{
	atomic_store(&rig->stop, true);
	pthread_join(rig->thread, NULL);
	if (rig->wrong)
		fail_msg("%s", rig->wrong);
}

static void fifty_in_a_row(void **state)
{
	struct rig *rig = *state;
	long pauses[UPGRADES];
	uint64_t ticks;

	put(rig, NOTE + 12, 0xabcd);
	put(rig, PERIOD, PERIOD_US);
	assert_int_equal(pthread_create(&rig->thread, NULL, run_guest, rig), 0);
	for (int i = 0; i < UPGRADES; i++) {
		wait_progress(rig, 5);
		upgrade(rig, i < FIRST_V2 ? "tests/migration/gauge1" : "tests/migration/gauge2",
			&pauses[i]);
	}
	wait_progress(rig, 5);
	stop_guest(rig);
	put(rig, PERIOD, 0);
	assert_int_equal(get(rig, VERSION, 4), 2);
	assert_int_equal(get(rig, EXTRA, 4), 5);
	assert_int_equal(get(rig, NOTE + 12, 4), 0xabcd);
	assert_true(get(rig, TOTAL, 8) == rig->sum);
	/* one interrupt for each */
	assert_int_equal(events(rig->added), atomic_load(&rig->adds));
	ticks = get(rig, TICKS, 4);
	assert_true(ticks > UPGRADES);
	assert_int_equal(events(rig->tick), ticks);
	qsort(pauses, UPGRADES, sizeof(pauses[0]), by_size);
	printf("pause of %d upgrades: median %ld us, worst %ld us; %u rounds of I/O, "
	       "the slowest %lu us\n",
	       UPGRADES, pauses[UPGRADES / 2], pauses[UPGRADES - 1], atomic_load(&rig->adds),
	       (unsigned long)(rig->worst_ns / 1000));
}

/* ---- what fails leaves the running process as it was */

static void expect_alive(struct rig *rig, uint32_t add)
{
	rig->sum += add;
	put(rig, ADD, add);
	assert_true(get(rig, TOTAL, 8) == rig->sum);
	assert_int_equal(events(rig->added), 1);
	put(rig, STORE, 1);
	assert_int_equal(get(rig, STATUS, 4), 0);
	assert_memory_equal(rig->memory, &rig->sum, 8);
	memcpy(rig->pad, &rig->sum, 8);
	assert_int_equal(waitpid(rig->process.pid, NULL, WNOHANG), 0);
}

static void prepare(struct rig *rig)
{
	assert_int_equal(client_put(&rig->client, 0, PLACE, 8, IOVA), 0);
	expect_alive(rig, 1);
}

static void expect_failure(struct rig *rig, const char *program, const char *said)
{
	struct process other = take_over(rig, program);

	assert_int_not_equal(wait_line(&other, said), -1);
	assert_int_equal(wait_end(&other), 1);
	expect_alive(rig, 10);
}

static void another_device(void **state)
{
	struct rig *rig = *state;

	prepare(rig);
	expect_failure(rig, "bin/gpio-idio16", "this is another device");
	expect_failure(rig, "bin/timer", "this is another device");
}

/* Forth and back: the newer one writes what the older one can take. */
static void an_older_version(void **state)
{
	struct rig *rig = *state;
	long pause_us;

	prepare(rig);
	put(rig, NOTE + 8, 0x1234);
	for (int i = 0; i < 3; i++) {
		upgrade(rig, "tests/migration/gauge2", &pause_us);
		expect_alive(rig, 5);
		assert_int_equal(get(rig, VERSION, 4), 2);
		assert_int_equal(get(rig, EXTRA, 4), 5);
		put(rig, EXTRA, 6);
		upgrade(rig, "tests/migration/gauge1", &pause_us);
		expect_alive(rig, 7);
		assert_int_equal(get(rig, VERSION, 4), 1);
		assert_int_equal(get(rig, NOTE + 8, 4), 0x1234);
	}
}

static int open_control(struct rig *rig)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, rig->control);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static struct handover_message message(uint32_t type)
{
	struct handover_message made = {.version = HANDOVER_VERSION, .type = type};

	strcpy(made.text, "gauge");
	return made;
}

/* All of an offer; how many descriptors came. */
static unsigned receive_offer(int fd)
{
	struct handover_message offer;
	unsigned got = 0, wanted, n;
	int fds[128];

	assert_int_equal(handover_receive(fd, &offer, fds, 128, &n), 0);
	assert_int_equal(offer.type, HANDOVER_OFFER);
	assert_int_equal(n, 2);
	wanted = offer.nfds;
	for (;;) {
		while (n)
			close(fds[--n]);
		if (got == wanted)
			return got;
		assert_int_equal(handover_receive(fd, &offer, fds, 128, &n), 0);
		assert_int_equal(offer.type, HANDOVER_FDS);
		got += n;
	}
}

static void one_that_vanishes(void **state)
{
	struct rig *rig = *state;
	struct handover_message ask = message(HANDOVER_ASK);
	int fd;

	prepare(rig);
	close(open_control(rig));
	expect_alive(rig, 1);
	fd = open_control(rig);
	assert_int_equal(handover_send(fd, &ask, NULL, 0), 0);
	close(fd);
	expect_alive(rig, 2);
	fd = open_control(rig);
	assert_int_equal(handover_send(fd, &ask, NULL, 0), 0);
	assert_true(receive_offer(fd) > 5);
	close(fd);
	expect_alive(rig, 3);
}

/* The old process's patience ends; the guest has waited so long. */
static void one_that_says_nothing(void **state)
{
	struct rig *rig = *state;
	struct handover_message ask = message(HANDOVER_ASK);
	int fd = open_control(rig);

	prepare(rig);
	assert_int_equal(handover_send(fd, &ask, NULL, 0), 0);
	receive_offer(fd);
	expect_alive(rig, 3);
	/* too late */
	ask.type = HANDOVER_READY;
	handover_send(fd, &ask, NULL, 0);
	expect_alive(rig, 4);
	close(fd);
}

static void one_that_talks_nonsense(void **state)
{
	struct rig *rig = *state;
	struct handover_message ask = message(HANDOVER_ASK);
	int fd;

	prepare(rig);
	for (uint32_t type = 0; type < 8; type++) {
		fd = open_control(rig);
		ask.type = type == HANDOVER_ASK ? 99 : type;
		assert_int_equal(handover_send(fd, &ask, &fd, 1), 0);
		close(fd);
		expect_alive(rig, type);
	}
	ask.version = 77;
	fd = open_control(rig);
	assert_int_equal(handover_send(fd, &ask, NULL, 0), 0);
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	expect_alive(rig, 1);
	close(fd);
}

static void during_a_migration(void **state)
{
	struct rig *rig = *state;
	struct handover_message ask = message(HANDOVER_ASK), answer;
	int fd = open_control(rig);
	unsigned n;

	prepare(rig);
	assert_int_equal(client_mig_set(&rig->client, VU_MIG_PRE_COPY), 0);
	assert_int_equal(handover_send(fd, &ask, NULL, 0), 0);
	assert_int_equal(handover_receive(fd, &answer, NULL, 0, &n), 0);
	assert_int_equal(answer.type, HANDOVER_REFUSED);
	assert_int_equal(answer.retry, 1);
	close(fd);
	assert_int_equal(client_mig_set(&rig->client, VU_MIG_RUNNING), 0);
	expect_alive(rig, 1);
}

/* A message that has come half is served by the next process. */
static void half_a_message(void **state)
{
	struct rig *rig = *state;
	struct {
		struct vu_header header;
		struct vu_region_access access;
		uint32_t value;
	} write = {{.id = 900, .command = VU_REGION_WRITE, .size = 36}, {ADD, 0, 4}, 32};
	struct client_message reply;
	long pause_us;

	prepare(rig);
	assert_int_equal(client_send_bytes(&rig->client, &write, 20, NULL, 0), 0);
	upgrade(rig, "tests/migration/gauge2", &pause_us);
	assert_int_equal(client_send_bytes(&rig->client, (uint8_t *)&write + 20, 16, NULL, 0), 0);
	assert_int_equal(client_receive(&rig->client, &reply), 1);
	assert_int_equal(reply.header.id, 900);
	assert_int_equal(reply.header.flags, VU_TYPE_REPLY);
	client_message_free(&reply);
	assert_int_equal(get(rig, TOTAL, 8), 33);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(fifty_in_a_row),        RIG_TEST(another_device),
		RIG_TEST(an_older_version),      RIG_TEST(one_that_vanishes),
		RIG_TEST(one_that_says_nothing), RIG_TEST(one_that_talks_nonsense),
		RIG_TEST(during_a_migration),    RIG_TEST(half_a_message),
	};

	alarm(300);
	return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
