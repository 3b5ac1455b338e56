// SPDX-License-Identifier: BSD-2-Clause
/* Takeovers that fail, at each step and by each kind of peer: the running process goes on.  And a
 * few that do not. */
#include "upgrade_rig.h"

#include <dirent.h>

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
	struct process other = take_over(rig, program, NULL);

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

/* What it writes for clients that migrate says nothing of who takes over. */
static void one_that_streams_as_an_older_version(void **state)
{
	struct rig *rig = *state;
	long pause_us;

	prepare(rig);
	upgrade_with(rig, "tests/migration/gauge2", "--stream-version=1", &pause_us);
	put(rig, EXTRA, 6);
	upgrade(rig, "tests/migration/gauge2", &pause_us);
	expect_alive(rig, 5);
	assert_int_equal(get(rig, EXTRA, 4), 6);
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
	/* A process asks for 5 seconds. */
	expect_failure(rig, "tests/migration/gauge2",
		       "refuses all the time: a migration is under way");
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

/* Two messages that arrive together, and then nothing. */
static void after_a_batch(void **state)
{
	struct rig *rig = *state;
	struct write {
		struct vu_header header;
		struct vu_region_access access;
		uint32_t value;
	} writes[2] = {{{.id = 900, .command = VU_REGION_WRITE, .size = 36}, {ADD, 0, 4}, 32},
		       {{.id = 901, .command = VU_REGION_WRITE, .size = 36}, {ADD, 0, 4}, 16}};
	struct client_message reply;
	uint8_t bytes[72];
	long pause_us;

	prepare(rig);
	for (unsigned n = 0; n < 3; n++) {
		memcpy(bytes, &writes[0], 36);
		memcpy(bytes + 36, &writes[1], 36);
		assert_int_equal(client_send_bytes(&rig->client, bytes, 72, NULL, 0), 0);
		for (uint16_t i = 0; i < 2; i++) {
			assert_int_equal(client_receive(&rig->client, &reply), 1);
			assert_int_equal(reply.header.id, 900 + i);
			client_message_free(&reply);
		}
		upgrade(rig, "tests/migration/gauge1", &pause_us);
	}
	assert_int_equal(get(rig, TOTAL, 8), 1 + 3 * 48);
}

/* Its reading side is closed before it says READY: the old process cannot say GO. */
static void one_that_dies_when_ready(void **state)
{
	struct rig *rig = *state;
	struct handover_message say = message(HANDOVER_ASK);
	int fd = open_control(rig);

	prepare(rig);
	put(rig, PERIOD, 1000);
	assert_int_equal(handover_send(fd, &say, NULL, 0), 0);
	receive_offer(fd);
	assert_int_equal(shutdown(fd, SHUT_RD), 0);
	say.type = HANDOVER_READY;
	assert_int_equal(handover_send(fd, &say, NULL, 0), 0);
	close(fd);
	expect_alive(rig, 1);
	put(rig, PERIOD, 0);
	assert_int_equal(events(rig->tick), get(rig, TICKS, 4));
}

static unsigned descriptors_of(struct rig *rig)
{
	char path[64];
	unsigned n = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", rig->process.pid);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

/* More than the process may have descriptors: they are let go, the oldest first; who speaks is
 * heard. */
static void a_thousand_that_say_nothing(void **state)
{
	struct rig *rig = *state;
	unsigned before;
	int fds[1000];
	long pause_us;

	prepare(rig);
	before = descriptors_of(rig);
	for (unsigned i = 0; i < 1000; i++) {
		fds[i] = open_control(rig);
		if (i % 50 == 0)
			expect_alive(rig, i);
	}
	expect_alive(rig, 1);
	assert_in_range(descriptors_of(rig), before, before + 16);
	upgrade(rig, "tests/migration/gauge2", &pause_us);
	expect_alive(rig, 2);
	for (unsigned i = 0; i < 1000; i++)
		close(fds[i]);
	expect_alive(rig, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(another_device),
		RIG_TEST(an_older_version),
		RIG_TEST(one_that_streams_as_an_older_version),
		RIG_TEST(one_that_vanishes),
		RIG_TEST(one_that_says_nothing),
		RIG_TEST(one_that_dies_when_ready),
		RIG_TEST(one_that_talks_nonsense),
		RIG_TEST(a_thousand_that_say_nothing),
		RIG_TEST(during_a_migration),
		RIG_TEST(half_a_message),
		RIG_TEST(after_a_batch),
	};

	alarm(300);
	return cmocka_run_group_tests_name("takeover", tests, NULL, NULL);
}
