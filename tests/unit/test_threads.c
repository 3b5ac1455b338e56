/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several devices in one process, each with a thread and a client of its own, all busy at the same
 * time: registers, DMA, timers, interrupts, memory that is truncated, devices that come and go.
 * `make check-tsan` runs it under ThreadSanitizer.
 */
#include "peer.h"

#include <sys/eventfd.h>

#define N      4
#define MEMORY 0x4000u
#define IOVA   0x10000u

struct worker {
	struct mdl_dev *mdl;
	uint32_t run, result;
	uint8_t buf[MEMORY];
};

/* Adds the value to each byte of the client's memory, and interrupts. */
static void run_written(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	struct worker *worker = dev;
	int rc = mdl_dma_read(worker->mdl, IOVA, worker->buf, MEMORY);

	(void)at;
	(void)old;
	for (unsigned i = 0; i < MEMORY; i++)
		worker->buf[i] = (uint8_t)(worker->buf[i] + value);
	if (!rc)
		rc = mdl_dma_write(worker->mdl, IOVA, worker->buf, MEMORY);
	worker->result = (uint32_t)-rc;
	mdl_irq_pulse(worker->mdl, 0);
}

static const struct mdl_reg_hooks run_hooks = {.on_write = run_written};
static const struct mdl_reg regs[] = {
	{.name = "RUN",
	 .store = offsetof(struct worker, run),
	 .count = 1,
	 .width = 4,
	 .readable = UINT32_MAX,
	 .writable = UINT32_MAX,
	 .hooks = &run_hooks},
	{.name = "RESULT",
	 .store = offsetof(struct worker, result),
	 .offset = 4,
	 .count = 1,
	 .width = 4,
	 .readable = UINT32_MAX},
};
static const struct mdl_bar bars[] = {{.index = 0,
				       .type = MDL_BAR_MEM32,
				       .access_min = 4,
				       .access_max = 4,
				       .size = 4096,
				       .nregs = 2,
				       .regs = regs}};
static const struct mdl_pci pci = {.vendor = 0x1234, .device = 7, .intx = 1, .msi_vectors = 1};
static const struct mdl_irq_desc irqs[] = {{"done", 0, 1, 0}};
static const struct mdl_device device = {
	.abi = MDL_ABI,
	.version = 1,
	.name = "worker",
	.size = sizeof(struct worker),
	.nbars = 1,
	.nirqs = 1,
	.pci = &pci,
	.bars = bars,
	.irqs = irqs,
};

struct job {
	struct peer *peer;
	int memory, event;
};

static void begin(struct job *job)
{
	struct vu_irq_set set = {sizeof(set), VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER,
				 VU_IRQ_MSI, 0, 1};

	job->peer = peer_start(&device, 2, 1 << 20);
	job->memory = memfd_create("guest", MFD_CLOEXEC);
	job->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(job->memory >= 0 && job->event >= 0);
	assert_int_equal(ftruncate(job->memory, MEMORY), 0);
	peer_bus_master(job->peer, true);
	assert_int_equal(peer_map(job->peer, IOVA, MEMORY, 0, job->memory), 0);
	assert_int_equal(peer_call(job->peer, VU_DEVICE_SET_IRQS, &set, sizeof(set), NULL, 0,
				   &job->event, 1, NULL, 0),
			 0);
}

static void finish(struct job *job)
{
	peer_stop(job->peer);
	close(job->memory);
	close(job->event);
}

/* The write is on its way; what comes of it is for later. */
static void send_run(struct job *job, uint32_t value)
{
	struct {
		struct vu_header header;
		struct vu_region_access access;
	} head = {{.id = 1, .command = VU_REGION_WRITE}, {0, VU_REGION_BAR0, 4}};

	head.header.size = sizeof(head) + 4;
	peer_send(job->peer, &head.header, &head.access, sizeof(head.access), &value, 4, NULL, 0);
}

static uint32_t receive_result(struct job *job)
{
	uint32_t result = 0;
	uint64_t count;

	assert_int_equal(peer_receive(job->peer).flags, VU_TYPE_REPLY);
	assert_int_equal(peer_read(job->peer, 0, 4, &result, sizeof(result)), 0);
	assert_int_equal(read(job->event, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1);
	return result;
}

static void all_at_once(void **state)
{
	struct job jobs[N];
	uint8_t byte;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		begin(&jobs[i]);
	for (unsigned k = 0; k < 50; k++) {
		for (unsigned i = 0; i < N; i++)
			send_run(&jobs[i], i + 1);
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(receive_result(&jobs[i]), 0);
	}
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(pread(jobs[i].memory, &byte, 1, MEMORY - 1), 1);
		assert_int_equal(byte, 50 * (i + 1) % 256);
		finish(&jobs[i]);
	}
}

/* One handler of SIGBUS for all of them: each sees its own loss, and nobody else's. */
static void memory_lost(void **state)
{
	struct job jobs[N];

	(void)state;
	for (unsigned k = 0; k < 10; k++) {
		for (unsigned i = 0; i < N; i++)
			begin(&jobs[i]);
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(ftruncate(jobs[i].memory, i % 2 ? MEMORY : 0), 0);
		for (unsigned i = 0; i < N; i++)
			send_run(&jobs[i], 1);
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(receive_result(&jobs[i]), i % 2 ? 0 : EIO);
		for (unsigned i = 0; i < N; i++)
			finish(&jobs[i]);
	}
}

/* Devices are made and destroyed while others are at work. */
static void coming_and_going(void **state)
{
	struct job jobs[N];

	(void)state;
	for (unsigned i = 0; i < N; i++)
		begin(&jobs[i]);
	for (unsigned k = 0; k < 5 * N; k++) {
		unsigned leaves = k % N;

		for (unsigned i = 0; i < N; i++)
			if (i != leaves)
				send_run(&jobs[i], 1);
		finish(&jobs[leaves]);
		begin(&jobs[leaves]);
		for (unsigned i = 0; i < N; i++)
			if (i != leaves)
				assert_int_equal(receive_result(&jobs[i]), 0);
	}
	for (unsigned i = 0; i < N; i++)
		finish(&jobs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(memory_lost),
		cmocka_unit_test(coming_and_going),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
