/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals to eventfds that are the client's.  So are their flags and counters: it may fill one
 * between our look at it and our write to it, which then waits as long as the client likes.  The
 * kernel's own signal never waits.  It is the one that asynchronous I/O ends with: nothing is read
 * from an empty file.
 */
#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "irq.h"

/* The descriptor from the start, so that their number stays the same. */
void irq_signal_create(struct irqs *irqs)
{
	irqs->empty_fd = memfd_create("mdl-irq", MFD_CLOEXEC);
}

/* Only for who signals at all: to end such a context takes the kernel 30 ms. */
static bool begin(struct irqs *irqs)
{
	aio_context_t context = 0;

	if (!irqs->aio_tried && irqs->empty_fd >= 0 && syscall(SYS_io_setup, 1, &context) == 0)
		irqs->aio = context;
	irqs->aio_tried = true;
	return irqs->aio;
}

void irq_signal_destroy(struct irqs *irqs)
{
	if (irqs->aio)
		syscall(SYS_io_destroy, (aio_context_t)irqs->aio);
	if (irqs->empty_fd >= 0)
		close(irqs->empty_fd);
}

#define REAPED 32

/* The ends of reads are collected when no more of them can wait: one system call a signal. */
static bool signal_by_kernel(struct irqs *irqs, int fd)
{
	struct iocb read = {.aio_lio_opcode = IOCB_CMD_PREAD,
			    .aio_fildes = (uint32_t)irqs->empty_fd,
			    .aio_flags = IOCB_FLAG_RESFD,
			    .aio_resfd = (uint32_t)fd};
	struct iocb *reads = &read;
	struct io_event ends[REAPED];

	if (!begin(irqs))
		return false;
	do {
		if (syscall(SYS_io_submit, (aio_context_t)irqs->aio, 1, &reads) == 1)
			return true;
	} while (errno == EAGAIN &&
		 syscall(SYS_io_getevents, (aio_context_t)irqs->aio, 0, REAPED, ends, NULL) > 0);
	return false;
}

/* A full counter needs no more signals. */
static bool has_room(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT);
}

void irq_signal(struct irqs *irqs, int fd)
{
	const uint64_t one = 1;
	ssize_t n;

	/* the rest is for kernels that have no asynchronous I/O for us */
	if (signal_by_kernel(irqs, fd) || !has_room(fd))
		return;
	do {
		n = write(fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
}
