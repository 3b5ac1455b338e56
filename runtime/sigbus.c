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

static void chain(const struct sigaction *next, int number, siginfo_t *info, void *context)
{
	if (next->sa_flags & SA_SIGINFO) {
		next->sa_sigaction(number, info, context);
	} else if (next->sa_handler == SIG_IGN && info->si_code <= 0) {
		return;
	} else if (next->sa_handler == SIG_DFL || next->sa_handler == SIG_IGN) {
		/* A fault comes again at once, with the default action; a sent signal would not. */
		signal(number, SIG_DFL);
		if (info->si_code <= 0)
			raise(number);
	} else {
		next->sa_handler(number);
	}
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	struct sigaction next;
	bool mended;
	sigset_t saved;

	lock(&saved);
	/* Only a fault has an address. */
	mended = info->si_code > 0 && mend((uintptr_t)info->si_addr);
	next = before_us;
	unlock(&saved);
	if (!mended)
		chain(&next, number, info, context);
	errno = saved_errno;
}

/* Somebody may have put a handler of their own in place of ours: then that one is the next now. */
static int install(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct sigaction now;

	if (sigaction(SIGBUS, NULL, &now) < 0)
		return -errno;
	if (now.sa_sigaction == on_sigbus && now.sa_flags & SA_SIGINFO)
		return 0;
	if (now.sa_sigaction != on_sigbus)
		before_us = now;
	page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

int guard_add(struct guarded *guard, void *start, size_t size)
{
	sigset_t saved;
	int result;

	guard->start = start;
	guard->size = size;
	guard->failed = 0;
	lock(&saved);
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
