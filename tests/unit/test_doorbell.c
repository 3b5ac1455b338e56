/* SPDX-License-Identifier: BSD-2-Clause */
/* Doorbells that ring without a message: by an eventfd, by a shared page. */
#include "peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NBELLS 12

struct bells {
	struct mdl_dev *mdl;
	uint32_t plain;
};

/* What the hooks tell the test: an eventfd each, and the last value. */
static int rung_fd;
static uint64_t last_value;
static uint32_t last_index;
static unsigned times;

static void rung(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	uint64_t one = 1;

	(void)dev;
	(void)old;
	last_value = value;
	last_index = at[0];
	times++;
	assert_int_equal(write(rung_fd, &one, sizeof(one)), sizeof(one));
}

static const struct mdl_reg_hooks hooks = {.on_write = rung};
static const struct mdl_doorbell by_eventfd = {.mode = MDL_DOORBELL_IOEVENTFD};
static const struct mdl_doorbell by_page = {.mode = MDL_DOORBELL_MMAP, .poll_ns = 100000};
static const struct mdl_dim dims[] = {{NBELLS, 8}};
static const struct mdl_dim page_dims[] = {{2, 16}};
static const struct mdl_reg regs[] = {
	{.name = "BELL",
	 .offset = 0x100,
	 .count = NBELLS,
	 .width = 4,
	 .ndims = 1,
	 .dims = dims,
	 .flags = MDL_REG_DOORBELL,
	 .writable = UINT32_MAX,
	 .hooks = &hooks,
	 .doorbell = &by_eventfd},
	{.name = "PLAIN",
	 .store = offsetof(struct bells, plain),
	 .offset = 0x800,
	 .count = 1,
	 .width = 4,
	 .readable = UINT32_MAX,
	 .writable = UINT32_MAX},
	{.name = "PAGE",
	 .offset = 0x1008,
	 .count = 2,
	 .width = 4,
	 .ndims = 1,
	 .dims = page_dims,
	 .flags = MDL_REG_DOORBELL,
	 .writable = UINT32_MAX,
	 .hooks = &hooks,
	 .doorbell = &by_page},
	{.name = "SWAPPED",
	 .offset = 0x1030,
	 .count = 1,
	 .width = 2,
	 .ndims = 1,
	 .dims = (const struct mdl_dim[]){{1, 2}},
	 .flags = MDL_REG_DOORBELL | MDL_REG_BE,
	 .writable = 0xffff,
	 .hooks = &hooks,
	 .doorbell = &by_page},
	/* Shares its page with a register: cannot be mapped, rings by messages. */
	{.name = "MIXED",
	 .offset = 0x808,
	 .count = 1,
	 .width = 4,
	 .ndims = 1,
	 .dims = (const struct mdl_dim[]){{1, 4}},
	 .flags = MDL_REG_DOORBELL,
	 .writable = UINT32_MAX,
	 .hooks = &hooks,
	 .doorbell = &by_page},
};
static const struct mdl_reg io_regs[] = {
	{.name = "PORT",
	 .offset = 8,
	 .count = 1,
	 .width = 2,
	 .ndims = 1,
	 .dims = (const struct mdl_dim[]){{1, 2}},
	 .flags = MDL_REG_DOORBELL,
	 .writable = 0xffff,
	 .hooks = &hooks,
	 .doorbell = &by_eventfd},
};
static const struct mdl_bar bars[] = {
	{.index = 0,
	 .type = MDL_BAR_MEM32,
	 .access_min = 1,
	 .access_max = 8,
	 .size = 0x2000,
	 .nregs = 5,
	 .regs = regs},
	{.index = 1,
	 .type = MDL_BAR_IO,
	 .access_min = 1,
	 .access_max = 4,
	 .size = 16,
	 .nregs = 1,
	 .regs = io_regs},
};
#define PM_CONTROL 0x44
static const struct mdl_cap caps[] = {{.id = 1, .offset = 0x40, .size = 8}};
static const struct mdl_pci pci = {
	.vendor = 0x1234, .device = 3, .pm = true, .ncaps = 1, .caps = caps};
static const struct mdl_device device = {
	.abi = MDL_ABI,
	.version = 1,
	.name = "bells",
	.size = sizeof(struct bells),
	.nbars = 2,
	.pci = &pci,
	.bars = bars,
};

static int set_up(void **state)
{
	rung_fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	times = 0;
	*state = peer_start(&device, 1, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	peer_stop(*state);
	close(rung_fd);
	return 0;
}

/* Wait for the hook to be called. */
static void await_ring(void)
{
	struct pollfd p = {.fd = rung_fd, .events = POLLIN};
	uint64_t one;

	assert_int_equal(poll(&p, 1, PEER_WAIT_S * 1000), 1);
	assert_int_equal(read(rung_fd, &one, sizeof(one)), sizeof(one));
}

static bool is_silent(int ms)
{
	struct pollfd p = {.fd = rung_fd, .events = POLLIN};

	return poll(&p, 1, ms) == 0;
}

struct io_reply {
	struct vu_region_io_fds head;
	struct vu_sub_region subs[16];
};

static ssize_t ask(struct peer *peer, uint32_t argsz, uint32_t flags, uint32_t index,
		   uint32_t count, struct io_reply *reply)
{
	struct vu_region_io_fds head = {argsz, flags, index, count};

	return peer_call(peer, VU_DEVICE_GET_REGION_IO_FDS, &head, sizeof(head), NULL, 0, NULL, 0,
			 reply, sizeof(*reply));
}

static void close_fds(struct peer *peer)
{
	while (peer->nfds)
		close(peer->fds[--peer->nfds]);
}

static void test_eventfds(void **state)
{
	struct peer *peer = *state;
	struct io_reply reply;
	uint64_t value = 3;
	uint32_t i;

	/* As many as the client takes descriptors: 8, it said. */
	assert_int_equal(ask(peer, sizeof(reply), 0, 0, 0, &reply), 16 + 8 * 40);
	assert_int_equal(reply.head.argsz, 16 + 8 * 40);
	assert_int_equal(reply.head.count, 8);
	assert_int_equal(peer->nfds, 8);
	for (i = 0; i < 8; i++) {
		assert_int_equal(reply.subs[i].offset, 0x100 + 8 * i);
		assert_int_equal(reply.subs[i].size, 4);
		assert_int_equal(reply.subs[i].fd_index, i);
		assert_int_equal(reply.subs[i].type, VU_IO_FD_IOEVENTFD);
		assert_int_equal(reply.subs[i].flags, 0);
	}
	assert_int_equal(write(peer->fds[5], &value, sizeof(value)), sizeof(value));
	await_ring();
	assert_int_equal(last_index, 5);
	assert_int_equal(last_value, 3);
	/* Asked again, the same eventfds. */
	i = (uint32_t)peer->fds[2];
	close(peer->fds[0]);
	assert_int_equal(ask(peer, sizeof(reply), 0, 0, 0, &reply), 16 + 8 * 40);
	assert_int_equal(write(peer->fds[2], &value, sizeof(value)), sizeof(value));
	await_ring();
	assert_int_equal(last_index, 2);
	close_fds(peer);
	close((int)i);
	/* By messages, all of them. */
	i = 0x99;
	assert_int_equal(peer_write(peer, 0, 0x100 + 8 * 11, &i, 4), 0);
	await_ring();
	assert_int_equal(last_index, 11);
	assert_int_equal(last_value, 0x99);
	/* In I/O space. */
	assert_int_equal(ask(peer, sizeof(reply), 0, 1, 0, &reply), 16 + 40);
	assert_int_equal(reply.subs[0].flags, 2);
	assert_int_equal(reply.subs[0].size, 2);
	close_fds(peer);
}

static void test_refusals(void **state)
{
	struct peer *peer = *state;
	struct io_reply reply;

	assert_int_equal(ask(peer, 15, 0, 0, 0, &reply), -EINVAL);
	assert_int_equal(ask(peer, 400, 1, 0, 0, &reply), -EINVAL);
	assert_int_equal(ask(peer, 400, 0, 0, 1, &reply), -EINVAL);
	assert_int_equal(ask(peer, 400, 0, 9, 0, &reply), -EINVAL);
	assert_int_equal(ask(peer, 400, 0, UINT32_MAX, 0, &reply), -EINVAL);
	/* Too little room: how much it takes, and no descriptors. */
	assert_int_equal(ask(peer, 16 + 8 * 40 - 1, 0, 0, 0, &reply), 16);
	assert_int_equal(reply.head.argsz, 16 + 8 * 40);
	assert_int_equal(reply.head.count, 8);
	assert_int_equal(peer->nfds, 0);
	/* Regions that have none. */
	assert_int_equal(ask(peer, 400, 0, 5, 0, &reply), 16);
	assert_int_equal(reply.head.count, 0);
	assert_int_equal(peer->nfds, 0);
	assert_int_equal(ask(peer, 400, 0, 7, 0, &reply), 16);
}

static volatile uint8_t *map_page(struct peer *peer)
{
	struct vu_region_info info = {.argsz = 256};
	uint8_t reply[256];
	struct vu_sparse_area area;
	void *page;

	assert_int_equal(peer_call(peer, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0,
				   NULL, 0, reply, sizeof(reply)),
			 32 + 16 + 16);
	memcpy(&area, reply + 48, sizeof(area));
	assert_int_equal(area.offset, 0x1000);
	assert_int_equal(area.size, 0x1000);
	assert_int_equal(peer->nfds, 1);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, peer->fds[0], 0x1000);
	assert_ptr_not_equal(page, MAP_FAILED);
	close_fds(peer);
	return page;
}

static void test_page(void **state)
{
	struct peer *peer = *state;
	volatile uint8_t *page = map_page(peer);
	uint32_t value = 5;

	*(volatile uint32_t *)(volatile void *)(page + 8) = 0x1234;
	await_ring();
	assert_int_equal(last_index, 0);
	assert_int_equal(last_value, 0x1234);
	*(volatile uint32_t *)(volatile void *)(page + 24) = 7;
	await_ring();
	assert_int_equal(last_index, 1);
	assert_int_equal(last_value, 7);
	*(volatile uint16_t *)(volatile void *)(page + 0x30) = 0x0102;
	await_ring();
	assert_int_equal(last_value, 0x0201);
	/* After a long pause, too. */
	assert_true(is_silent(300));
	*(volatile uint32_t *)(volatile void *)(page + 8) = 0x1235;
	await_ring();
	assert_int_equal(last_value, 0x1235);
	/* And by messages. */
	assert_int_equal(peer_write(peer, 0, 0x808, &value, 4), 0);
	await_ring();
	assert_int_equal(last_value, 5);
	assert_int_equal(times, 5);
	munmap((void *)(uintptr_t)page, 4096);
}

/* In D3hot a function claims no writes, by whatever way they come. */
static void test_asleep(void **state)
{
	struct peer *peer = *state;
	volatile uint8_t *page = map_page(peer);
	volatile uint32_t *place = (volatile uint32_t *)(volatile void *)(page + 8);
	struct io_reply reply;
	uint64_t value = 3;
	uint16_t power = 3;

	assert_int_equal(ask(peer, sizeof(reply), 0, 0, 0, &reply), 16 + 8 * 40);
	assert_int_equal(peer_write(peer, VU_REGION_CONFIG, PM_CONTROL, &power, 2), 0);
	*place = 1;
	assert_int_equal(write(peer->fds[5], &value, sizeof(value)), sizeof(value));
	/* What came before the first of these is seen before the second. */
	assert_int_equal(peer_read(peer, VU_REGION_CONFIG, PM_CONTROL, &power, 2), 0);
	assert_int_equal(peer_read(peer, VU_REGION_CONFIG, PM_CONTROL, &power, 2), 0);
	assert_true(is_silent(30));
	power = 0;
	assert_int_equal(peer_write(peer, VU_REGION_CONFIG, PM_CONTROL, &power, 2), 0);
	value = 4;
	assert_int_equal(write(peer->fds[5], &value, sizeof(value)), sizeof(value));
	await_ring();
	assert_int_equal(last_value, 4);
	*place = 2;
	await_ring();
	assert_int_equal(last_value, 2);
	assert_int_equal(times, 2);
	close_fds(peer);
	munmap((void *)(uintptr_t)page, 4096);
}

/* Nothing happens: the core is left alone. */
static void test_idle(void **state)
{
	struct rusage before, after;
	volatile uint8_t *page;
	uint64_t used_us;

	/* As long as the client has not asked for the page, nobody looks at it. */
	getrusage(RUSAGE_SELF, &before);
	assert_true(is_silent(200));
	getrusage(RUSAGE_SELF, &after);
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 20);
	page = map_page(*state);
	assert_true(is_silent(200));
	getrusage(RUSAGE_SELF, &before);
	assert_true(is_silent(500));
	getrusage(RUSAGE_SELF, &after);
	used_us = (uint64_t)(after.ru_utime.tv_sec - before.ru_utime.tv_sec +
			     after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
			  1000000 +
		  (uint64_t)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
			     after.ru_stime.tv_usec - before.ru_stime.tv_usec);
	assert_in_range(used_us, 0, 100000);
	/* Looked at in vain 500 times, it would be at 1 ms each; it is fewer. */
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 400);
	munmap((void *)(uintptr_t)page, 4096);
}

static int set_state(struct peer *peer, uint32_t to)
{
	struct vu_mig_device_state data = {to, 0}, echo;

	return (int)peer_feature(peer, VU_FEATURE_SET | VU_FEATURE_MIG_DEVICE_STATE, 16, &data,
				 sizeof(data), &echo, sizeof(echo));
}

/* What has rung before the device stops is heard; what rings then is heard when it runs again. */
static void test_stopped(void **state)
{
	struct peer *peer = *state;
	volatile uint8_t *page = map_page(peer);
	struct io_reply reply;
	uint64_t one = 1;

	assert_true(ask(peer, sizeof(reply), 0, 0, 0, &reply) > 0);
	assert_int_equal(set_state(peer, VU_MIG_STOP), 8);
	assert_int_equal(write(peer->fds[3], &one, sizeof(one)), sizeof(one));
	*(volatile uint32_t *)(volatile void *)(page + 8) = 1;
	assert_true(is_silent(50));
	assert_int_equal(set_state(peer, VU_MIG_RUNNING), 8);
	await_ring();
	await_ring();
	assert_int_equal(times, 2);
	*(volatile uint32_t *)(volatile void *)(page + 24) = 2;
	assert_int_equal(set_state(peer, VU_MIG_STOP), 8);
	await_ring();
	assert_int_equal(last_index, 1);
	munmap((void *)(uintptr_t)page, 4096);
}

/* The eventfds' flags are the client's as well: with O_NONBLOCK gone, an empty one is not waited
 * for. */
static void test_blocking_eventfds(void **state)
{
	struct peer *peer = *state;
	struct io_reply reply;
	uint64_t three = 3;

	assert_true(ask(peer, sizeof(reply), 0, 0, 0, &reply) > 0);
	for (uint32_t i = 0; i < peer->nfds; i++)
		assert_int_equal(fcntl(peer->fds[i], F_SETFL, 0), 0);
	assert_int_equal(set_state(peer, VU_MIG_STOP), 8);
	assert_int_equal(set_state(peer, VU_MIG_RUNNING), 8);
	assert_int_equal(times, 0);
	assert_int_equal(write(peer->fds[4], &three, sizeof(three)), sizeof(three));
	await_ring();
	assert_int_equal(last_index, 4);
	assert_int_equal(last_value, 3);
	close_fds(peer);
}

/* The other side knows what stood in the page: the next change is seen there, also one to zero. */
static void test_migrated(void **state)
{
	struct peer *from = *state, *to = peer_start(&device, 1, 1 << 20);
	volatile uint8_t *page = map_page(from), *there = map_page(to);
	struct vu_mig_data head = {8 + 65536, 65536};
	uint8_t *stream = malloc(8 + 65536);
	ssize_t n;

	*(volatile uint32_t *)(volatile void *)(page + 8) = 5;
	await_ring();
	assert_int_equal(set_state(from, VU_MIG_STOP_COPY), 8);
	n = peer_call(from, VU_MIG_DATA_READ, &head, sizeof(head), NULL, 0, NULL, 0, stream,
		      8 + 65536);
	assert_true(n > 8);
	assert_int_equal(set_state(to, VU_MIG_RESUMING), 8);
	assert_int_equal(
		peer_call(to, VU_MIG_DATA_WRITE, stream, (size_t)n, NULL, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(set_state(to, VU_MIG_RUNNING), 8);
	assert_int_equal(*(volatile uint32_t *)(volatile void *)(there + 8), 5);
	assert_true(is_silent(50));
	*(volatile uint32_t *)(volatile void *)(there + 8) = 0;
	await_ring();
	assert_int_equal(last_value, 0);
	munmap((void *)(uintptr_t)page, 4096);
	munmap((void *)(uintptr_t)there, 4096);
	free(stream);
	peer_stop(to);
}

/* ---- several clients, and several processes: sockets with names */

struct place {
	char dir[32], socket[64], control[64];
};

static struct place make_place(void)
{
	struct place place = {.dir = "/tmp/mdl-doorbell-XXXXXX"};

	assert_non_null(mkdtemp(place.dir));
	snprintf(place.socket, sizeof(place.socket), "%s/socket", place.dir);
	snprintf(place.control, sizeof(place.control), "%s/control", place.dir);
	return place;
}

/* A device without a client, not served yet. */
static struct peer *make_server(void)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct mdl_options options = {.log_level = MDL_LOG_INFO, .log = peer_log, .log_arg = peer};

	pthread_mutex_init(&peer->log_lock, NULL);
	peer->buf = malloc(PEER_MAX);
	peer->fd = -1;
	assert_int_equal(mdl_create(&peer->dev, &device, &options), 0);
	return peer;
}

static void serve(struct peer *peer)
{
	assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static void free_server(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	if (peer->fd >= 0)
		close(peer->fd);
	mdl_destroy(peer->dev);
	pthread_mutex_destroy(&peer->log_lock);
	free(peer->buf);
	free(peer);
}

static void come(struct peer *peer, const struct place *place)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = PEER_WAIT_S};

	strcpy(address.sun_path, place->socket);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(peer->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	peer_negotiate(peer, 1, 1 << 20);
}

/* What a client wrote and nobody looked at before it left rings at no moment of the next one's. */
static void test_former_client(void **state)
{
	struct place place = make_place();
	struct peer *peer = make_server();
	volatile uint8_t *page;

	(void)state;
	rung_fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	times = 0;
	assert_int_equal(mdl_listen(peer->dev, place.socket), 0);
	serve(peer);
	come(peer, &place);
	page = map_page(peer);
	assert_int_equal(set_state(peer, VU_MIG_STOP), 8);
	*(volatile uint32_t *)(volatile void *)(page + 8) = 1;
	close(peer->fd);
	come(peer, &place);
	assert_int_equal(set_state(peer, VU_MIG_STOP), 8);
	assert_int_equal(times, 0);
	assert_int_equal(set_state(peer, VU_MIG_RUNNING), 8);
	munmap((void *)(uintptr_t)page, 4096);
	page = map_page(peer);
	*(volatile uint32_t *)(volatile void *)(page + 8) = 2;
	await_ring();
	assert_int_equal(last_value, 2);
	assert_int_equal(times, 1);
	munmap((void *)(uintptr_t)page, 4096);
	mdl_stop(peer->dev);
	free_server(peer);
	close(rung_fd);
	assert_int_equal(rmdir(place.dir), 0);
}

/* Taken over while nobody is connected: who comes then is heard. */
static void test_taken_over(void **state)
{
	struct place place = make_place();
	struct peer *old = make_server(), *peer = make_server();
	volatile uint8_t *page;

	(void)state;
	rung_fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	assert_int_equal(mdl_control(old->dev, place.control), 0);
	assert_int_equal(mdl_listen(old->dev, place.socket), 0);
	serve(old);
	assert_int_equal(mdl_takeover(peer->dev, place.control), 0);
	free_server(old);
	serve(peer);
	come(peer, &place);
	page = map_page(peer);
	*(volatile uint32_t *)(volatile void *)(page + 8) = 3;
	await_ring();
	assert_int_equal(last_value, 3);
	munmap((void *)(uintptr_t)page, 4096);
	mdl_stop(peer->dev);
	free_server(peer);
	close(rung_fd);
	assert_int_equal(rmdir(place.dir), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_eventfds),
		WITH(test_refusals),
		WITH(test_page),
		WITH(test_asleep),
		WITH(test_idle),
		WITH(test_stopped),
		WITH(test_blocking_eventfds),
		WITH(test_migrated),
		cmocka_unit_test(test_former_client),
		cmocka_unit_test(test_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
