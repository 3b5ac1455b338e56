/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that others may truncate.  Touching a page that its file no longer has raises SIGBUS; a
 * page of zeros is put there, the range is marked as failed, and the access goes on.  This is the
 * one thing in the run time that belongs to the process and not to a device.
 */
#include "private.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

static struct guarded *guards;
static atomic_flag busy = ATOMIC_FLAG_INIT;
static bool installed;
static struct sigaction before_us;
static uintptr_t page_mask;

/*
 * A lock that a signal handler may take too: whoever holds it has all signals blocked and touches
 * no guarded memory, so a handler never waits for its own thread.
 */
static void lock(sigset_t *saved)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, saved);
	while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
		sched_yield();
}

static void unlock(const sigset_t *saved)
{
	atomic_flag_clear_explicit(&busy, memory_order_release);
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

static bool replace(void *start, size_t size)
{
	return mmap(start, size, PROT_READ | PROT_WRITE,
		    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

static bool mend(uintptr_t address)
{
	struct guarded *guard = guards;

	while (guard && address - (uintptr_t)guard->start >= guard->size)
		guard = guard->next;
	if (!guard)
		return false;
	guard->failed = 1;
	/* A huge page cannot be replaced in part; then the whole range goes. */
	return replace((void *)(address & page_mask), (size_t)(~page_mask + 1)) ||
	       replace(guard->start, guard->size);
}

static void chain(int number, siginfo_t *info, void *context)
{
	if (before_us.sa_flags & SA_SIGINFO) {
		before_us.sa_sigaction(number, info, context);
	} else if (before_us.sa_handler == SIG_IGN && info->si_code <= 0) {
		return;
	} else if (before_us.sa_handler == SIG_DFL || before_us.sa_handler == SIG_IGN) {
		/* A fault comes again at once, with the default action; a sent signal would not. */
		signal(number, SIG_DFL);
		if (info->si_code <= 0)
			raise(number);
	} else {
		before_us.sa_handler(number);
	}
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	bool mended = false;
	sigset_t saved;

	/* Only a fault has an address. */
	if (info->si_code > 0) {
		lock(&saved);
		mended = mend((uintptr_t)info->si_addr);
		unlock(&saved);
	}
	if (!mended)
		chain(number, info, context);
	errno = saved_errno;
}

static int install(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	sigemptyset(&action.sa_mask);
	/* Looked up before ours is in place: a signal may come at once. */
	if (sigaction(SIGBUS, NULL, &before_us) < 0 || sigaction(SIGBUS, &action, NULL) < 0)
		return -errno;
	installed = true;
	return 0;
}

int guard_add(struct guarded *guard, void *start, size_t size)
{
	sigset_t saved;
	int result = 0;

	guard->start = start;
	guard->size = size;
	guard->failed = 0;
	lock(&saved);
	if (!installed)
		result = install();
	if (result == 0) {
		guard->next = guards;
		guard->link = &guards;
		if (guards)
			guards->link = &guard->next;
		guards = guard;
	}
	unlock(&saved);
	return result;
}

void guard_remove(struct guarded *guard)
{
	sigset_t saved;

	lock(&saved);
	*guard->link = guard->next;
	if (guard->next)
		guard->next->link = guard->link;
	unlock(&saved);
}
