/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is taken away while we use it. */
#include "peer.h"

#include <signal.h>
#include <sys/wait.h>

#define PAGE 4096u

static int memory_file(size_t size)
{
	int fd = memfd_create("taken", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static volatile uint8_t *map_file(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void test_mended(void **state)
{
	int fd = memory_file(4 * PAGE);
	volatile uint8_t *memory = map_file(fd, 4 * PAGE);
	struct guarded guard = {0};

	(void)state;
	memory[0] = memory[PAGE] = memory[3 * PAGE] = 1;
	assert_int_equal(guard_add(&guard, (void *)(uintptr_t)memory, 4 * PAGE), 0);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	assert_int_equal(memory[PAGE], 1);
	assert_int_equal(guard.failed, 0);
	assert_int_equal(memory[3 * PAGE], 0);
	assert_int_equal(guard.failed, 1);
	/* A page of our own now, and only that. */
	memory[3 * PAGE] = 7;
	assert_int_equal(memory[3 * PAGE], 7);
	assert_int_equal(memory[0], 1);
	memory[2 * PAGE + 5] = 8;
	assert_int_equal(memory[2 * PAGE + 5], 8);
	guard_remove(&guard);
	munmap((void *)(uintptr_t)memory, 4 * PAGE);
	close(fd);
}

/* In a child: how does it end? */
static int outcome(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(PEER_WAIT_S);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void touch_unguarded(void)
{
	int fd = memory_file(2 * PAGE);
	volatile uint8_t *other = map_file(fd, 2 * PAGE), *memory;
	struct guarded guard = {0};

	memory = map_file(fd, 2 * PAGE);
	guard_add(&guard, (void *)(uintptr_t)other, 2 * PAGE);
	if (ftruncate(fd, 0) < 0)
		_exit(90);
	memory[PAGE] = 1;
	_exit(91);
}

static void fault_by_default(void)
{
	signal(SIGBUS, SIG_DFL);
	touch_unguarded();
}

static void exit_17(int number)
{
	(void)number;
	_exit(17);
}

static void exit_18(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	_exit(info->si_addr ? 18 : 92);
}

static void fault_with_handler(void)
{
	signal(SIGBUS, exit_17);
	touch_unguarded();
}

static void fault_with_action(void)
{
	struct sigaction action = {.sa_sigaction = exit_18, .sa_flags = SA_SIGINFO};

	sigaction(SIGBUS, &action, NULL);
	touch_unguarded();
}

static void sent_by_default(void)
{
	struct guarded guard = {0};
	static uint8_t memory[PAGE];

	signal(SIGBUS, SIG_DFL);
	guard_add(&guard, memory, sizeof(memory));
	raise(SIGBUS);
	_exit(93);
}

static void sent_ignored(void)
{
	struct guarded guard = {0};
	static uint8_t memory[PAGE];

	signal(SIGBUS, SIG_IGN);
	guard_add(&guard, memory, sizeof(memory));
	raise(SIGBUS);
	_exit(guard.failed ? 94 : 20);
}

static void after_removal(void)
{
	int fd = memory_file(PAGE);
	volatile uint8_t *memory = map_file(fd, PAGE);
	struct guarded guard = {0};

	signal(SIGBUS, SIG_DFL);
	guard_add(&guard, (void *)(uintptr_t)memory, PAGE);
	guard_remove(&guard);
	if (ftruncate(fd, 0) < 0)
		_exit(90);
	memory[0] = 1;
	_exit(95);
}

static void test_others_faults(void **state)
{
	(void)state;
	assert_int_equal(outcome(fault_by_default), -SIGBUS);
	assert_int_equal(outcome(fault_with_handler), 17);
	assert_int_equal(outcome(fault_with_action), 18);
	assert_int_equal(outcome(sent_by_default), -SIGBUS);
	assert_int_equal(outcome(sent_ignored), 20);
	assert_int_equal(outcome(after_removal), -SIGBUS);
}

/* Several threads: each has memory that vanishes, over and over. */
static void *lose_memory(void *arg)
{
	unsigned *good = arg, i;

	for (i = 0; i < 200; i++) {
		int fd = memfd_create("taken", MFD_CLOEXEC);
		struct guarded guard[3] = {0};
		volatile uint8_t *memory;
		unsigned k;

		if (fd < 0 || ftruncate(fd, 3 * PAGE) < 0)
			return NULL;
		memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED)
			return NULL;
		for (k = 0; k < 3; k++)
			guard_add(&guard[k], (void *)(uintptr_t)(memory + k * PAGE), PAGE);
		if (ftruncate(fd, PAGE) < 0)
			return NULL;
		memory[0] = memory[PAGE] = memory[2 * PAGE] = (uint8_t)i;
		*good += !guard[0].failed && guard[1].failed && guard[2].failed;
		/* In an order that is neither first nor last. */
		guard_remove(&guard[1]);
		guard_remove(&guard[0]);
		guard_remove(&guard[2]);
		munmap((void *)(uintptr_t)memory, 3 * PAGE);
		close(fd);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	unsigned good[4] = {0}, i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, lose_memory, &good[i]), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(good[i], 200);
	}
}

/* What took our place is passed on to, once we are asked again. */
static void put_back(void)
{
	int fd = memory_file(PAGE);
	volatile uint8_t *memory = map_file(fd, PAGE);
	struct guarded guard = {0}, another = {0};
	static uint8_t unrelated[PAGE];

	guard_add(&guard, (void *)(uintptr_t)memory, PAGE);
	signal(SIGBUS, exit_17);
	guard_add(&another, unrelated, PAGE);
	if (ftruncate(fd, 0) < 0)
		_exit(90);
	memory[0] = 1;
	if (!guard.failed || another.failed)
		_exit(96);
	raise(SIGBUS);
	_exit(97);
}

static void test_put_back(void **state)
{
	(void)state;
	assert_int_equal(outcome(put_back), 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mended),
		cmocka_unit_test(test_others_faults),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
