// SPDX-License-Identifier: BSD-2-Clause
/*
 * SET_IRQS.  The client's own trigger (DATA_NONE or DATA_BOOL with TRIGGER) stands in for the
 * device's, so that no device need be known.
 */
#include "conform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ATTACH       (VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER)
#define TRIGGER      (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_TRIGGER)
#define TRIGGER_BOOL (VU_IRQ_SET_DATA_BOOL | VU_IRQ_SET_ACTION_TRIGGER)
#define MASK         (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_MASK)
#define UNMASK       (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_UNMASK)
#define UNMASK_FD    (VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_UNMASK)
#define MAX_VECTORS  8u

static const char *const names[VU_NUM_IRQS] = {"INTx", "MSI", "MSI-X", "ERR", "REQ"};

static bool has(const struct probe *probe, uint32_t index)
{
	return index < probe->subject->info.num_irqs && probe->subject->irqs[index].count &&
	       probe->subject->irqs[index].flags & VU_IRQ_INFO_EVENTFD;
}

/* The message type with most vectors; -1: none has two. */
static int with_vectors(const struct probe *probe, uint32_t least)
{
	for (uint32_t i = VU_IRQ_MSIX; i >= VU_IRQ_MSI; i--)
		if (has(probe, i) && probe->subject->irqs[i].count >= least)
			return (int)i;
	return -1;
}

static bool set(struct probe *probe, uint32_t index, uint32_t flags, uint32_t start, uint32_t count,
		const int *fds, unsigned nfds)
{
	int rc = client_set_irqs(&probe->client, index, flags, start, count, fds, nfds);

	if (rc < 0)
		conform_fail(
			probe, "%s: flags 0x%x, start %u, count %u, %u descriptors: refused (%d)",
			index < VU_NUM_IRQS ? names[index] : "?", flags, start, count, nfds, rc);
	return rc == 0;
}

static bool disable(struct probe *probe, uint32_t index)
{
	return set(probe, index, TRIGGER, 0, 0, NULL, 0);
}

/* Eventfds on the first n vectors, each in a message of its own. */
static bool attach(struct probe *probe, uint32_t index, uint32_t n, int *fds)
{
	for (uint32_t i = 0; i < n; i++) {
		fds[i] = conform_eventfd(probe);
		if (!set(probe, index, ATTACH, i, 1, &fds[i], 1))
			return false;
	}
	return true;
}

/* Trigger each vector in turn: exactly those in `want` fire, each its own eventfd only. */
static bool check(struct probe *probe, uint32_t index, uint32_t n, const int *fds, uint32_t want)
{
	for (uint32_t i = 0; i < n; i++) {
		client_set_irq(&probe->client, index, TRIGGER, i, 1,
			       -1); /* unattached: may be refused */
		for (uint32_t k = 0; k < n; k++) {
			bool due = k == i && want >> i & 1;

			if (conform_fired(fds[k]) == due)
				continue;
			conform_fail(probe, "%s: vector %u was triggered, and that of %u %s",
				     names[index], i, k, due ? "did not fire" : "fired");
			return false;
		}
	}
	return true;
}

static enum verdict attach_and_trigger(struct probe *probe)
{
	bool any = false;

	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int fd = conform_eventfd(probe);

		if (!has(probe, i))
			continue;
		any = true;
		if (!set(probe, i, ATTACH, 0, 1, &fd, 1) || !set(probe, i, TRIGGER, 0, 1, NULL, 0))
			return FAILS;
		REQUIRE(probe, conform_fired(fd), "%s: the eventfd did not fire", names[i]);
		if (!disable(probe, i))
			return FAILS;
	}
	APPLIES_IF(probe, any, "the device has no interrupts");
	return HOLDS;
}

static enum verdict trigger_by_bools(struct probe *probe)
{
	int index = with_vectors(probe, 4), fds[4];
	struct {
		struct vu_irq_set set;
		uint8_t bools[4];
	} m = {{24, TRIGGER_BOOL, 0, 0, 4}, {0, 1, 0, 1}};

	APPLIES_IF(probe, index >= 0, "no interrupt with four vectors");
	m.set.index = (uint32_t)index;
	if (!attach(probe, m.set.index, 4, fds))
		return FAILS;
	ssize_t n = client_call(&probe->client, VU_DEVICE_SET_IRQS, &m, 24, NULL, 0);

	REQUIRE(probe, n == 0, "refused (%zd)", n);
	for (uint32_t i = 0; i < 4; i++)
		REQUIRE(probe, conform_fired(fds[i]) == m.bools[i], "vector %u, bool %u: wrong", i,
			m.bools[i]);
	return HOLDS;
}

static enum verdict vectors_apart(struct probe *probe)
{
	int index = with_vectors(probe, 2), fds[MAX_VECTORS];

	APPLIES_IF(probe, index >= 0, "no interrupt with two vectors");
	uint32_t n = probe->subject->irqs[index].count;

	n = n < MAX_VECTORS ? n : MAX_VECTORS;
	return attach(probe, (uint32_t)index, n, fds) &&
			       check(probe, (uint32_t)index, n, fds, (1u << n) - 1)
		       ? HOLDS
		       : FAILS;
}

static enum verdict range_of_fds(struct probe *probe)
{
	int index = with_vectors(probe, 4), fds[4];

	APPLIES_IF(probe, index >= 0, "no interrupt with four vectors");
	for (int i = 0; i < 4; i++)
		fds[i] = conform_eventfd(probe);
	/* 0 alone, then 1 to 3 in one message */
	return set(probe, (uint32_t)index, ATTACH, 0, 1, fds, 1) &&
			       set(probe, (uint32_t)index, ATTACH, 1, 3, fds + 1, 3) &&
			       check(probe, (uint32_t)index, 4, fds, 15)
		       ? HOLDS
		       : FAILS;
}

static enum verdict detach_range(struct probe *probe)
{
	int index = with_vectors(probe, 4), fds[4];

	APPLIES_IF(probe, index >= 0, "no interrupt with four vectors");
	if (!attach(probe, (uint32_t)index, 4, fds) ||
	    !set(probe, (uint32_t)index, ATTACH, 2, 1, NULL, 0) ||
	    !check(probe, (uint32_t)index, 4, fds, 11) ||
	    !set(probe, (uint32_t)index, ATTACH, 1, 2, NULL, 0) ||
	    !check(probe, (uint32_t)index, 4, fds, 9))
		return FAILS;
	return HOLDS;
}

static enum verdict disable_all(struct probe *probe)
{
	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int fds[MAX_VECTORS];
		uint32_t n;

		if (!has(probe, i))
			continue;
		n = probe->subject->irqs[i].count < 4 ? probe->subject->irqs[i].count : 4;
		for (int twice = 0; twice < 2; twice++)
			if (!attach(probe, i, n, fds) || !check(probe, i, n, fds, (1u << n) - 1) ||
			    !disable(probe, i) || !check(probe, i, n, fds, 0) || !disable(probe, i))
				return FAILS;
	}
	return HOLDS;
}

static enum verdict moved(struct probe *probe)
{
	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int old = conform_eventfd(probe), new = conform_eventfd(probe);

		if (!has(probe, i))
			continue;
		if (!set(probe, i, ATTACH, 0, 1, &old, 1) ||
		    !set(probe, i, ATTACH, 0, 1, &new, 1) || !set(probe, i, TRIGGER, 0, 1, NULL, 0))
			return FAILS;
		REQUIRE(probe, conform_fired(new) && !conform_fired(old),
			"%s: the former eventfd fired, or the present one did not", names[i]);
		if (!disable(probe, i))
			return FAILS;
	}
	return HOLDS;
}

/* QEMU turns MSI-X on by vector 0 without a descriptor. */
static enum verdict enable_without_fd(struct probe *probe)
{
	int index = with_vectors(probe, 1), fd = conform_eventfd(probe);

	APPLIES_IF(probe, index >= 0, "no MSI and no MSI-X");
	if (!set(probe, (uint32_t)index, ATTACH, 0, 1, NULL, 0) ||
	    !set(probe, (uint32_t)index, ATTACH, 0, 1, &fd, 1) ||
	    !check(probe, (uint32_t)index, 1, &fd, 1))
		return FAILS;
	return HOLDS;
}

static enum verdict masks(struct probe *probe)
{
	bool any = false;

	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int fd = conform_eventfd(probe);

		if (!has(probe, i) || !(probe->subject->irqs[i].flags & VU_IRQ_INFO_MASKABLE))
			continue;
		/* A trigger of the client's own passes the mask in some servers: the kernel's too.
		 */
		if (!set(probe, i, ATTACH, 0, 1, &fd, 1) || !set(probe, i, MASK, 0, 1, NULL, 0) ||
		    !set(probe, i, MASK, 0, 1, NULL, 0) || !set(probe, i, UNMASK, 0, 1, NULL, 0) ||
		    !set(probe, i, UNMASK, 0, 1, NULL, 0))
			return FAILS;
		REQUIRE(probe, !conform_fired(fd), "%s: MASK and UNMASK alone let it fire",
			names[i]);
		if (!set(probe, i, TRIGGER, 0, 1, NULL, 0))
			return FAILS;
		REQUIRE(probe, conform_fired(fd), "%s: it does not fire after UNMASK", names[i]);
		if (!disable(probe, i))
			return FAILS;
		any = true;
	}
	APPLIES_IF(probe, any, "no interrupt can be masked");
	return HOLDS;
}

static enum verdict masked_is_pended(struct probe *probe)
{
	bool any = false;

	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int fd = conform_eventfd(probe);

		if (!has(probe, i) || !(probe->subject->irqs[i].flags & VU_IRQ_INFO_MASKABLE))
			continue;
		if (!set(probe, i, ATTACH, 0, 1, &fd, 1) || !set(probe, i, MASK, 0, 1, NULL, 0) ||
		    !set(probe, i, TRIGGER, 0, 1, NULL, 0))
			return FAILS;
		REQUIRE(probe, !conform_fired(fd), "%s: it fires though masked", names[i]);
		if (!set(probe, i, UNMASK, 0, 1, NULL, 0))
			return FAILS;
		REQUIRE(probe, conform_fired(fd), "%s: what came while it was masked is lost",
			names[i]);
		if (!disable(probe, i))
			return FAILS;
		any = true;
	}
	APPLIES_IF(probe, any, "no interrupt can be masked");
	return HOLDS;
}

static enum verdict unmask_by_fd(struct probe *probe)
{
	int fd = conform_eventfd(probe), resample = conform_eventfd(probe);
	const uint64_t one = 1;

	APPLIES_IF(probe,
		   has(probe, VU_IRQ_INTX) &&
			   probe->subject->irqs[VU_IRQ_INTX].flags & VU_IRQ_INFO_AUTOMASKED,
		   "no INTx that masks itself");
	if (!set(probe, VU_IRQ_INTX, ATTACH, 0, 1, &fd, 1) ||
	    !set(probe, VU_IRQ_INTX, UNMASK_FD, 0, 1, &resample, 1) ||
	    !set(probe, VU_IRQ_INTX, MASK, 0, 1, NULL, 0) ||
	    !set(probe, VU_IRQ_INTX, TRIGGER, 0, 1, NULL, 0))
		return FAILS;
	REQUIRE(probe, write(resample, &one, 8) == 8, "write");
	REQUIRE(probe, client_wait_event(fd, 2000),
		"an event on the UNMASK descriptor did not unmask");
	return disable(probe, VU_IRQ_INTX) ? HOLDS : FAILS;
}

static bool refused(struct probe *probe, const struct vu_irq_set *m, size_t size, const int *fds,
		    unsigned nfds)
{
	if (conform_refuses(probe, VU_DEVICE_SET_IRQS, m, size, fds, nfds))
		return true;
	conform_fail(probe, "index %u, flags 0x%x, start %u, count %u, %u descriptors: not refused",
		     m->index, m->flags, m->start, m->count, nfds);
	return false;
}

static enum verdict out_of_range(struct probe *probe)
{
	const uint32_t flags[] = {ATTACH, TRIGGER, MASK, UNMASK};
	int fd = conform_eventfd(probe);

	for (uint32_t i = 0; i < VU_NUM_IRQS && i < probe->subject->info.num_irqs; i++) {
		uint32_t n = probe->subject->irqs[i].count;
		const uint32_t ranges[][2] = {
			{n, 1},
			{0, n + 1},
			{n ? n - 1 : 0, n ? 2 : 1},
			{UINT32_MAX, 1},
			{1, UINT32_MAX},
			{UINT32_MAX, UINT32_MAX},
			{0x80000000u, 0x80000000u},
		};

		for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++)
			for (size_t f = 0; f < 4; f++) {
				struct vu_irq_set m = {sizeof(m), flags[f], i, ranges[r][0],
						       ranges[r][1]};

				if (!refused(probe, &m, sizeof(m), &fd, flags[f] == ATTACH))
					return FAILS;
			}
	}
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t indices[] = {probe->subject->info.num_irqs, 77, 0x80000000u,
					    UINT32_MAX};
		struct vu_irq_set m = {sizeof(m), TRIGGER, indices[i], 0, i & 1};

		if (!refused(probe, &m, sizeof(m), NULL, 0))
			return FAILS;
	}
	return HOLDS;
}

static enum verdict bad_flags(struct probe *probe)
{
	static const uint32_t flags[] = {
		0,
		VU_IRQ_SET_DATA_NONE,
		VU_IRQ_SET_DATA_EVENTFD,
		VU_IRQ_SET_ACTION_TRIGGER,
		TRIGGER | VU_IRQ_SET_DATA_BOOL,
		ATTACH | VU_IRQ_SET_DATA_NONE,
		TRIGGER | MASK,
		MASK | UNMASK,
		TRIGGER | 0x40,
		0xffffffc0u | TRIGGER,
	};

	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		if (!has(probe, i))
			continue;
		for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
			struct {
				struct vu_irq_set set;
				uint8_t byte;
			} m = {{21, flags[f], i, 0, 1}, 1};

			if (!refused(probe, &m.set, 21, NULL, 0))
				return FAILS;
		}
	}
	return HOLDS;
}

static enum verdict bools_missing(struct probe *probe)
{
	int index = with_vectors(probe, 2);
	struct vu_irq_set m = {sizeof(m), TRIGGER_BOOL, 0, 0, 2};

	if (index < 0 && has(probe, VU_IRQ_INTX)) {
		index = VU_IRQ_INTX;
		m.count = 1;
	}
	APPLIES_IF(probe, index >= 0, "no interrupts");
	m.index = (uint32_t)index;
	return refused(probe, &m, sizeof(m), NULL, 0) ? HOLDS : FAILS;
}

static enum verdict fds_missing(struct probe *probe)
{
	int index = with_vectors(probe, 4), fds[4], other[4];

	APPLIES_IF(probe, index >= 0, "no interrupt with four vectors");
	struct vu_irq_set m = {sizeof(m), ATTACH, (uint32_t)index, 0, 4};

	if (!attach(probe, m.index, 4, fds))
		return FAILS;
	for (int i = 0; i < 4; i++)
		other[i] = conform_eventfd(probe);
	if (!refused(probe, &m, sizeof(m), other, 3))
		return FAILS;
	/* nothing was done by halves */
	return check(probe, m.index, 4, fds, 15) ? HOLDS : FAILS;
}

/* Descriptors that are no eventfds may be refused; they may not stop or kill the server. */
static enum verdict wrong_fds(struct probe *probe)
{
	int index = has(probe, VU_IRQ_INTX) ? VU_IRQ_INTX : with_vectors(probe, 1), p[2], s[2];

	APPLIES_IF(probe, index >= 0, "no interrupts");
	REQUIRE(probe, pipe2(p, O_CLOEXEC) == 0, "pipe");
	conform_keep(probe, p[1]);
	close(p[0]); /* a write raises SIGPIPE */
	REQUIRE(probe, pipe2(s, O_CLOEXEC | O_NONBLOCK) == 0, "pipe");
	conform_keep(probe, s[0]);
	conform_keep(probe, s[1]);
	while (write(s[1], "full", 4) == 4)
		;
	fcntl(s[1], F_SETFL, 0); /* a write blocks */
	const int fds[] = {p[1],
			   s[1],
			   s[0],
			   conform_keep(probe, open("/dev/null", O_RDONLY | O_CLOEXEC)),
			   conform_keep(probe, open("/", O_RDONLY | O_CLOEXEC)),
			   conform_memory(probe, 4096)};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		client_set_irqs(&probe->client, (uint32_t)index, ATTACH, 0, 1, &fds[i], 1);
		client_set_irq(&probe->client, (uint32_t)index, TRIGGER, 0, 1, -1);
		REQUIRE(probe, conform_serves(&probe->client), "no service after descriptor %zu",
			i);
	}
	return disable(probe, (uint32_t)index) ? HOLDS : FAILS;
}

/* The client holds the eventfd too: it may have filled the counter, so that a write blocks. */
static enum verdict full_eventfd(struct probe *probe)
{
	const uint64_t most = UINT64_MAX - 1;

	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int fd = conform_keep(probe, eventfd(0, EFD_CLOEXEC));

		if (!has(probe, i))
			continue;
		REQUIRE(probe, write(fd, &most, 8) == 8, "write");
		if (!set(probe, i, ATTACH, 0, 1, &fd, 1))
			return FAILS;
		client_set_irq(&probe->client, i, TRIGGER, 0, 1, -1);
		client_set_irq(&probe->client, i, TRIGGER, 0, 1, -1);
		REQUIRE(probe, conform_serves(&probe->client),
			"%s: no service while its eventfd is full", names[i]);
		if (!disable(probe, i))
			return FAILS;
	}
	return HOLDS;
}

static enum verdict gone_with_client(struct probe *probe)
{
	bool any = false;

	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int fd = conform_eventfd(probe);

		if (!has(probe, i))
			continue;
		any = true;
		if (!set(probe, i, ATTACH, 0, 1, &fd, 1))
			return FAILS;
		REQUIRE(probe, conform_again(probe, false) == 0, "cannot connect again");
		client_set_irq(&probe->client, i, TRIGGER, 0, 1, -1);
		REQUIRE(probe, conform_serves(&probe->client), "no service");
		REQUIRE(probe, !conform_fired(fd), "%s: the eventfd of a client that left fired",
			names[i]);
	}
	APPLIES_IF(probe, any, "no interrupts");
	return HOLDS;
}

static enum verdict over_reset(struct probe *probe)
{
	APPLIES_IF(probe, probe->subject->info.flags & VU_DEVICE_FLAG_RESET,
		   "the device has no reset");
	for (uint32_t i = 0; i < VU_NUM_IRQS; i++) {
		int fd = conform_eventfd(probe);

		if (!has(probe, i))
			continue;
		if (!set(probe, i, ATTACH, 0, 1, &fd, 1))
			return FAILS;
		REQUIRE(probe, client_reset(&probe->client) == 0, "RESET failed");
		REQUIRE(probe, !conform_fired(fd), "%s fired by RESET", names[i]);
		if (!disable(probe, i))
			return FAILS;
	}
	return HOLDS;
}

#define SPEC "vfio-user specification, VFIO_USER_DEVICE_SET_IRQS"
const struct row rows_irq[] = {
	{"irq: an attached eventfd fires when triggered", SPEC ", 5", 0, attach_and_trigger},
	{"irq: DATA_BOOL triggers where it says so", SPEC, 0, trigger_by_bools},
	{"irq: each vector has its own eventfd", SPEC, 0, vectors_apart},
	{"irq: several descriptors in one message", SPEC, 0, range_of_fds},
	{"irq: a range is detached as start to start + count", SPEC, 0, detach_range},
	{"irq: DATA_NONE with start and count 0 disables all", SPEC, 0, disable_all},
	{"irq: a second eventfd replaces the first", SPEC, 0, moved},
	{"irq: vector 0 without a descriptor, as QEMU enables MSI-X", SPEC, 0, enable_without_fd},
	{"irq: MASK and UNMASK", SPEC ", 6", 0, masks},
	{"irq: what comes while masked is pended", "PCI 6.8.2.9", ROW_OURS, masked_is_pended},
	{"irq: INTx unmasked by an eventfd", SPEC ", 2", ROW_OURS, unmask_by_fd},
	{"irq: indices and ranges out of bounds are refused", SPEC, 0, out_of_range},
	{"irq: none or two of data and action flags are refused", SPEC, 0, bad_flags},
	{"irq: DATA_BOOL without its bytes is refused", SPEC, 0, bools_missing},
	{"irq: fewer descriptors than vectors are refused", SPEC, 0, fds_missing},
	{"irq: descriptors that are no eventfds do no harm", "Security Considerations", 0,
	 wrong_fds},
	{"irq: a full eventfd does not stop the server", "Security Considerations", 0,
	 full_eventfd},
	{"irq: a client's eventfds leave with it", "Client Disconnection", 0, gone_with_client},
	{"irq: RESET fires nothing", SPEC, ROW_OURS, over_reset},
	{0},
};
