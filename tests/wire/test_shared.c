// SPDX-License-Identifier: BSD-2-Clause
/* What client and device share besides the socket: doorbells by eventfd and by page, mapped memory.
 */
#include "card.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#define TAIL MDLTEST_TAIL_OFFSET

struct areas {
	struct vu_region_info info;
	struct vu_sparse_mmap cap;
	struct vu_sparse_area area[8];
};

/* Region 2's description; its descriptor is the card's. */
static int describe(struct card *card, struct areas *areas)
{
	struct vu_region_info request = {.argsz = sizeof(*areas), .index = 2};
	struct client_message reply;
	ssize_t n = client_call_fds(&card->client, VU_DEVICE_GET_REGION_INFO, &request,
				    sizeof(request), NULL, 0, &reply);
	int fd;

	assert_true(n > 0 && (size_t)n <= sizeof(*areas));
	memcpy(areas, reply.data, (size_t)n);
	assert_int_equal(reply.nfds, 1);
	fd = card_keep(card, reply.fds[0]);
	reply.nfds = 0;
	client_message_free(&reply);
	return fd;
}

static uint8_t *map_area(struct card *card, uint64_t offset, uint64_t size)
{
	struct areas areas;
	int fd = describe(card, &areas);
	uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			       (off_t)(areas.info.offset + offset));

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static uint32_t hits(struct card *card, unsigned which)
{
	return (uint32_t)card_get(card, 0, MDLTEST_HITS_OFFSET + 4 * which, 4);
}

static uint32_t rung(struct card *card, unsigned which)
{
	return (uint32_t)card_get(card, 0, MDLTEST_RUNG_OFFSET + 4 * which, 4);
}

/* What comes by eventfd or page comes soon, but at no moment that the socket knows of. */
static bool reaches(struct card *card, unsigned which, uint32_t value)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (rung(card, which) == value)
			return true;
		poll(NULL, 0, 1);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 < CLIENT_WAIT_MS);
	return false;
}

static void doorbell_by_message(void **state)
{
	struct card *card = *state;

	for (uint32_t i = 1; i < 10; i++) {
		card_put(card, 0, MDLTEST_MSG_OFFSET, 4, i * 3);
		assert_int_equal(hits(card, 0), i);
		assert_int_equal(rung(card, 0), i * 3);
	}
	assert_int_equal(card_get(card, 0, MDLTEST_MSG_OFFSET, 4), 0);
}

static unsigned io_fds(struct card *card, uint32_t region, struct vu_sub_region *subs, int *fds,
		       unsigned max)
{
	struct vu_region_io_fds request = {.argsz = 4096, .index = region}, head;
	struct client_message reply;
	ssize_t n = client_call_fds(&card->client, VU_DEVICE_GET_REGION_IO_FDS, &request,
				    sizeof(request), NULL, 0, &reply);

	assert_true(n >= (ssize_t)sizeof(head));
	memcpy(&head, reply.data, sizeof(head));
	assert_true(head.count <= max && head.argsz == n);
	for (uint32_t i = 0; i < head.count; i++)
		memcpy(&subs[i], reply.data + sizeof(head) + i * 40, 40);
	for (unsigned i = 0; i < reply.nfds; i++)
		fds[i] = card_keep(card, reply.fds[i]);
	reply.nfds = 0;
	client_message_free(&reply);
	return head.count;
}

static void doorbell_by_eventfd(void **state)
{
	struct card *card = *state;
	struct vu_sub_region subs[8];
	int fds[8];
	const uint64_t one = 1, five = 5;

	assert_int_equal(io_fds(card, 0, subs, fds, 8), 2);
	assert_int_equal(io_fds(card, 2, subs + 4, fds + 4, 4), 0);
	for (unsigned i = 0; i < 2; i++) {
		unsigned which = (unsigned)(subs[i].offset - MDLTEST_EVT_OFFSET) / 4;

		assert_true(which < 2 && subs[i].type == VU_IO_FD_IOEVENTFD);
		assert_int_equal(write(fds[subs[i].fd_index], &one, 8), 8);
		assert_true(reaches(card, 1 + which, 1));
		assert_int_equal(write(fds[subs[i].fd_index], &five, 8), 8);
		assert_true(reaches(card, 1 + which, 5));
		assert_int_equal(hits(card, 2 - which), which == 0 ? 0 : hits(card, 1));
	}
	/* by message as ever */
	card_put(card, 0, MDLTEST_EVT_OFFSET + 4, 4, 99);
	assert_int_equal(rung(card, 2), 99);
	/* of a client that left: nothing */
	card_reopen(card);
	assert_int_equal(write(fds[0], &one, 8), 8);
	uint32_t before = hits(card, 1) + hits(card, 2);

	assert_int_equal(io_fds(card, 0, subs, fds + 4, 4), 2);
	assert_int_equal(write(fds[4 + subs[0].fd_index], &one, 8), 8);
	assert_true(reaches(card, 1, 1));
	assert_int_equal(hits(card, 1) + hits(card, 2), before + 1);
}

static void doorbell_by_page(void **state)
{
	struct card *card = *state;
	volatile uint32_t *page = (volatile uint32_t *)(void *)map_area(card, TAIL, 4096);

	for (uint32_t i = 1; i < 20; i++) {
		page[0] = i;
		assert_true(reaches(card, 3, i));
		page[1] = 1000 + i;
		assert_true(reaches(card, 4, 1000 + i));
	}
	assert_int_equal(hits(card, 3), 19);
	/* an idle device still hears, if later */
	poll(NULL, 0, 50);
	page[0] = 7777;
	assert_true(reaches(card, 3, 7777));
	card_put(card, 2, TAIL, 4, 4321);
	assert_int_equal(rung(card, 3), 4321);
	munmap((void *)(uintptr_t)page, 4096);
}

static void sparse_areas(void **state)
{
	struct areas areas;
	const uint64_t expected[][2] = {{0x10000, 0x4000}, {0x18000, 0x1000}, {0x20000, 0x1000}};

	describe(*state, &areas);
	assert_int_equal(areas.info.flags, 15);
	assert_int_equal(areas.cap.nr_areas, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(areas.area[i].offset, expected[i][0]);
		assert_int_equal(areas.area[i].size, expected[i][1]);
	}
}

static void mapped_memory(void **state)
{
	struct card *card = *state;
	uint8_t *first = map_area(card, 0x10000, 0x4000), *second = map_area(card, 0x18000, 0x1000);
	uint8_t data[256];

	memset(first, 0xa5, 0x4000);
	memset(second, 0x5a, 0x1000);
	assert_int_equal(client_read(&card->client, 2, 0x13f00, data, sizeof(data)), 0);
	assert_int_equal(data[0], 0xa5);
	assert_int_equal(data[255], 0xa5);
	assert_int_equal(card_get(card, 2, 0x14000, 4), 0); /* a hole */
	assert_int_equal(card_get(card, 2, 0x18ffc, 4), 0x5a5a5a5a);
	card_put(card, 2, 0x18000, 8, UINT64_C(0x0102030405060708));
	assert_memory_equal(second, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
	/* the same memory for the next client */
	card_reopen(card);
	assert_int_equal(card_get(card, 2, 0x10000, 4), 0xa5a5a5a5);
	munmap(first, 0x4000);
	munmap(second, 0x1000);
}

/* The file behind the region is the server's: no client may cut it off under the device. */
static void mapped_memory_cannot_be_cut(void **state)
{
	struct card *card = *state;
	struct areas areas;
	int fd = describe(card, &areas);

	assert_int_not_equal(ftruncate(fd, 0), 0);
	card_put(card, 2, 0x10000, 4, 7);
	assert_int_equal(card_get(card, 2, 0x10000, 4), 7);
}

/* Who has left may keep the mapping: it is no longer the memory of the device. */
static void mapped_memory_of_a_former_client(void **state)
{
	struct card *card = *state;
	uint8_t *former = map_area(card, 0x10000, 0x1000), *next;
	uint8_t *bells = map_area(card, TAIL, 0x1000);

	memcpy(former, "before", 6);
	card_reopen(card);
	/* what stood there stays, as in a card */
	assert_int_equal(card_get(card, 2, 0x10000, 4), 0x6f666562);
	memcpy(former, "behind", 6);
	assert_int_equal(card_get(card, 2, 0x10000, 4), 0x6f666562);
	card_put(card, 2, 0x10008, 4, 0x12345678);
	assert_int_equal(former[8], 0);
	*(volatile uint32_t *)(void *)bells = 0x77;
	next = map_area(card, 0x10000, 0x1000);
	assert_memory_equal(next, "before", 6);
	memcpy(next, "again.", 6);
	assert_int_equal(card_get(card, 2, 0x10000, 4), 0x69616761);
	munmap(bells, 0x1000);
	bells = map_area(card, TAIL, 0x1000);
	*(volatile uint32_t *)(void *)bells = 0x78;
	assert_true(reaches(card, 3, 0x78));
	assert_int_equal(hits(card, 3), 1);
	munmap(former, 0x1000);
	munmap(next, 0x1000);
	munmap(bells, 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(doorbell_by_message),
		CARD_TEST(doorbell_by_eventfd),
		CARD_TEST(doorbell_by_page),
		CARD_TEST(sparse_areas),
		CARD_TEST(mapped_memory),
		CARD_TEST(mapped_memory_cannot_be_cut),
		CARD_TEST(mapped_memory_of_a_former_client),
	};

	return cmocka_run_group_tests_name("doorbells and mapped memory", tests, NULL, NULL);
}
