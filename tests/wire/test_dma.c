// SPDX-License-Identifier: BSD-2-Clause
/* DMA into memory that came with a descriptor; what the client does to that memory; dirty pages. */
#include "guest.h"

#include <fcntl.h>

#define IOVA  UINT64_C(0x10000000)
#define PAGES 16u
#define SIZE  (PAGES * 4096u)

static struct guest guest;

static int map(struct card *card, uint64_t iova, uint64_t size, uint64_t offset, uint32_t flags,
	       int fd)
{
	return client_dma_map(&card->client, iova, size, offset, flags, fd);
}

static int shared(struct card *card, uint8_t **memory)
{
	int fd = card_memory(card, SIZE, memory);

	assert_int_equal(map(card, IOVA, SIZE, 0, DMA_RW, fd), 0);
	return fd;
}

static void both_ways(struct card *card, uint8_t *memory, uint32_t control)
{
	static uint8_t expected[SIZE];

	for (uint32_t size = 1; size <= SIZE / 4; size *= 8) {
		for (uint32_t i = 0; i < size; i++)
			memory[4090 + i] = (uint8_t)(i * 3 + size);
		assert_int_equal(dma(card, IOVA + 4090, size, control), 0);
		buffer_is(card, memory + 4090, size);
		buffer_fill(card, (uint8_t)size, size);
		assert_int_equal(client_read(&card->client, 2, 0, expected, size), 0);
		assert_int_equal(dma(card, IOVA + 77, size, control | WRITE), 0);
		assert_memory_equal(memory + 77, expected, size);
	}
	assert_int_equal(dma(card, IOVA + SIZE - 1, 1, control | WRITE), 0);
	assert_int_equal(dma(card, IOVA, 0, control), 0);
}

static void by_copies(void **state)
{
	uint8_t *memory;

	shared(*state, &memory);
	both_ways(*state, memory, 0);
	munmap(memory, SIZE);
}

static void by_pointers(void **state)
{
	uint8_t *memory;

	shared(*state, &memory);
	both_ways(*state, memory, DIRECT);
	munmap(memory, SIZE);
}

static void file_offsets(void **state)
{
	struct card *card = *state;
	uint8_t *memory;
	int fd = card_memory(card, SIZE, &memory);

	assert_int_equal(map(card, IOVA, 4096, 3 * 4096, DMA_RW, fd), 0);
	assert_int_equal(map(card, IOVA + 4096, 4096, 0, DMA_RW, fd), 0);
	memory[3 * 4096 + 9] = 0x39;
	memory[9] = 0x40;
	assert_int_equal(dma(card, IOVA + 9, 1, 0), 0);
	assert_int_equal(card_get(card, 2, 0, 1), 0x39);
	/* over the border of two regions, whose memory is elsewhere */
	memory[4 * 4096 - 1] = 0x41;
	memory[0] = 0x42;
	for (uint32_t control = 0; control <= DIRECT; control += DIRECT) {
		assert_int_equal(dma(card, IOVA + 4095, 2, control), 0);
		assert_int_equal(card_get(card, 2, 0, 2), 0x4241);
	}
	munmap(memory, SIZE);
}

/* Mapped, not mapped, mapped: in one transfer. */
static void regions_of_both_kinds(void **state)
{
	struct card *card = *state;
	static uint8_t expected[0x3000];
	uint8_t *memory;
	int fd = card_memory(card, SIZE, &memory);

	guest_init(&guest, card);
	assert_int_equal(map(card, GUEST_IOVA - 4096, 4096, 0, DMA_RW, fd), 0);
	assert_int_equal(map(card, GUEST_IOVA + GUEST_SIZE, 4096, 4096, DMA_RW, fd), 0);
	memset(memory, 1, 4096);
	memset(memory + 4096, 3, 4096);
	memset(guest.memory, 2, GUEST_SIZE);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA - 0x1000, 0x3000, 0), 0);
	memset(expected, 1, 0x1000);
	memset(expected + 0x1000, 2, 0x2000);
	buffer_is(card, expected, 0x3000);
	buffer_fill(card, 9, 0x3000);
	assert_int_equal(client_read(&card->client, 2, 0, expected, 0x3000), 0);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA + GUEST_SIZE - 0x2000, 0x3000, WRITE), 0);
	assert_memory_equal(guest.memory + GUEST_SIZE - 0x2000, expected, 0x2000);
	assert_memory_equal(memory + 4096, expected + 0x2000, 0x1000);
	/* pointers cannot do that */
	assert_int_equal(dma(card, GUEST_IOVA - 0x1000, 0x3000, DIRECT), EREMOTE);
	munmap(memory, SIZE);
}

static void what_is_refused(void **state)
{
	struct card *card = *state;
	uint8_t *memory;
	int fd = card_memory(card, SIZE, &memory);

	assert_int_equal(map(card, IOVA, 4096, 0, VU_DMA_MAP_READ, fd), 0);
	assert_int_equal(map(card, IOVA + 4096, 4096, 4096, VU_DMA_MAP_WRITE, fd), 0);
	for (uint32_t control = 0; control <= DIRECT; control += DIRECT) {
		assert_int_equal(dma(card, IOVA, 4096, control | WRITE), EACCES);
		assert_int_equal(dma(card, IOVA + 4096, 4096, control), EACCES);
		assert_int_equal(dma(card, IOVA + 8192, 1, control), EFAULT);
		assert_int_equal(dma(card, IOVA - 1, 2, control), EFAULT);
		assert_int_equal(dma(card, IOVA + 8190, 4, control | WRITE), EFAULT);
		assert_int_equal(dma(card, UINT64_MAX, 2, control), EOVERFLOW);
		assert_int_equal(dma(card, UINT64_MAX - 15, 32, control), EOVERFLOW);
		assert_int_equal(dma(card, IOVA, MDLTEST_BUF_SIZE + 1, control), EINVAL);
		card_put(card, CONFIG, COMMAND, 2, 2);
		assert_int_equal(dma(card, IOVA, 16, control), EPERM);
		card_put(card, CONFIG, COMMAND, 2, 2 | BUS_MASTER);
		assert_int_equal(client_mig_set(&card->client, VU_MIG_STOP), 0);
		assert_int_equal(dma(card, IOVA, 16, control), EBUSY);
		assert_int_equal(client_mig_set(&card->client, VU_MIG_RUNNING), 0);
		assert_int_equal(dma(card, IOVA, 16, control), 0);
	}
	munmap(memory, SIZE);
}

static void hooks_are_told(void **state)
{
	struct card *card = *state;
	uint32_t maps = GET(MAPS), unmaps = GET(UNMAPS);

	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(map(card, IOVA + i * 8192, 4096, 0, DMA_RW, -1), 0);
	assert_int_equal(GET(MAPS), maps + 5);
	assert_int_equal(client_dma_unmap(&card->client, IOVA, 4096), 0);
	assert_int_equal(GET(UNMAPS), unmaps + 1);
	card_reopen(card);
	assert_int_equal(GET(UNMAPS), unmaps + 5);
}

static void interrupt_after_data(void **state)
{
	struct card *card = *state;
	uint8_t *memory;
	int fd = card_attach(card, VU_IRQ_MSIX, 0);

	shared(card, &memory);
	for (uint8_t i = 1; i < 20; i++) {
		card_put(card, 2, 0, 1, i);
		dma_begin(card, IOVA + 123, 1, WRITE | RAISE);
		assert_true(client_wait_event(fd, CLIENT_WAIT_MS));
		assert_int_equal(*(volatile uint8_t *)(memory + 123), i);
		struct client_message reply;

		assert_int_equal(client_receive(&card->client, &reply), 1);
		client_message_free(&reply);
	}
	munmap(memory, SIZE);
}

/* ---- memory that is taken away */

static void truncated(void **state)
{
	struct card *card = *state;
	uint8_t *memory;
	int fd = shared(card, &memory);

	memset(memory, 5, SIZE);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(dma(card, IOVA + 4096, 64, 0), EIO);
	assert_int_equal(dma(card, IOVA + 8192, 64, WRITE), EIO);
	assert_int_equal(dma(card, IOVA + 4096, 64, DIRECT), EIO);
	assert_int_equal(GET(ID), MDLTEST_ID_RESET_VALUE);
	/* mapped anew it works again */
	assert_int_equal(client_dma_unmap(&card->client, IOVA, SIZE), 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(map(card, IOVA, SIZE, 0, DMA_RW, fd), 0);
	memset(memory, 6, SIZE);
	assert_int_equal(dma(card, IOVA + 4096, 64, 0), 0);
	assert_int_equal(card_get(card, 2, 0, 1), 6);
	munmap(memory, SIZE);
}

static void truncated_under_a_pointer(void **state)
{
	struct card *card = *state;
	uint8_t *memory;
	int fd = shared(card, &memory);

	memory[4096] = 0x5a;
	assert_int_equal(dma(card, IOVA + 4096, 64, DIRECT | HOLD), 0);
	assert_int_equal(GET(DMA_PEEK), 0x5a);
	assert_int_equal(ftruncate(fd, 0), 0);
	(void)GET(DMA_PEEK); /* anything, but an answer */
	assert_int_equal(GET(ID), MDLTEST_ID_RESET_VALUE);
	PUT(DMA_CTRL, RELEASE);
	munmap(memory, SIZE);
}

static void unmapped_under_a_pointer(void **state)
{
	struct card *card = *state;
	uint8_t *memory;
	int fd = shared(card, &memory);

	memory[10] = 0x77;
	assert_int_equal(dma(card, IOVA + 10, 64, DIRECT | HOLD), 0);
	assert_int_equal(client_dma_unmap(&card->client, IOVA, SIZE), 0);
	assert_int_equal(GET(DMA_PEEK), 0x77);
	assert_int_equal(dma(card, IOVA + 10, 64, 0), EFAULT);
	/* once the device has let go, nothing holds the memory */
	PUT(DMA_CTRL, RELEASE);
	munmap(memory, SIZE);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
}

static void left_under_a_pointer(void **state)
{
	struct card *card = *state;
	uint8_t *memory;

	shared(card, &memory);
	memory[10] = 0x78;
	assert_int_equal(dma(card, IOVA + 10, 64, DIRECT | HOLD), 0);
	card_reopen(card);
	assert_int_equal(GET(DMA_PEEK), 0x78);
	PUT(DMA_CTRL, RELEASE);
	assert_int_equal(GET(DMA_PEEK), 0xffffffff);
	assert_int_equal(dma(card, IOVA + 10, 64, 0), EFAULT);
	munmap(memory, SIZE);
}

static void sealed_memory(void **state)
{
	struct card *card = *state;
	uint8_t *memory;
	int fd = card_memory(card, SIZE, &memory);

	munmap(memory, SIZE);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	assert_true(map(card, IOVA, SIZE, 0, DMA_RW, fd) <= -CLIENT_REMOTE);
	assert_int_equal(map(card, IOVA, SIZE, 0, VU_DMA_MAP_READ, fd), 0);
	assert_int_equal(dma(card, IOVA, 64, 0), 0);
	assert_int_equal(dma(card, IOVA, 64, WRITE), EACCES);
}

/* ---- dirty pages */

static void logging(struct card *card, bool on, uint64_t page_size)
{
	struct vu_dma_logging_control control = {.page_size = page_size}, reply;
	uint32_t flags = VU_FEATURE_SET | (on ? (uint32_t)VU_FEATURE_DMA_LOGGING_START
					      : (uint32_t)VU_FEATURE_DMA_LOGGING_STOP);
	size_t size = on ? sizeof(control) : 0;

	assert_int_equal(
		client_feature(&card->client, flags, &control, size, &reply, sizeof(reply)), size);
}

/* The bitmap of up to 64 pages. */
static uint64_t report(struct card *card, uint64_t iova, uint64_t length, uint64_t page_size)
{
	struct {
		struct vu_dma_logging_report head;
		uint64_t bitmap;
	} reply;
	struct vu_dma_logging_report head = {iova, length, page_size};

	assert_int_equal(client_feature(&card->client,
					VU_FEATURE_GET | (uint32_t)VU_FEATURE_DMA_LOGGING_REPORT,
					&head, sizeof(head), &reply, sizeof(reply)),
			 sizeof(reply));
	return reply.bitmap;
}

static void dirty_pages(void **state)
{
	struct card *card = *state;
	uint8_t *memory;

	shared(card, &memory);
	assert_int_equal(dma(card, IOVA, 4096, WRITE), 0); /* before START: not logged */
	logging(card, true, 4096);
	assert_true(report(card, IOVA, SIZE, 4096) == 0);
	assert_int_equal(dma(card, IOVA + 3 * 4096 + 5, 1, WRITE), 0);
	assert_int_equal(dma(card, IOVA + 6 * 4096 - 1, 2, WRITE), 0);
	assert_int_equal(dma(card, IOVA + 9 * 4096, 4096, 0), 0); /* reads only */
	assert_true(report(card, IOVA, SIZE, 4096) == 0x68);
	assert_true(report(card, IOVA, SIZE, 4096) == 0); /* reporting cleared */
	/* a part is reported and cleared alone */
	assert_int_equal(dma(card, IOVA, 3 * 4096, WRITE), 0);
	assert_true(report(card, IOVA + 4096, 4096, 4096) == 1);
	assert_true(report(card, IOVA, SIZE, 4096) == 5);
	/* in larger pages */
	assert_int_equal(dma(card, IOVA + 5 * 4096, 1, WRITE), 0);
	assert_true(report(card, IOVA, SIZE, 16384) == 2);
	/* pointers: when they are let go */
	assert_int_equal(dma(card, IOVA + 8 * 4096, 8192, WRITE | DIRECT), 0);
	assert_true(report(card, IOVA, SIZE, 4096) == 0x300);
	logging(card, false, 0);
	munmap(memory, SIZE);
}

static void dirty_by_messages(void **state)
{
	struct card *card = *state;

	guest_init(&guest, card);
	logging(card, true, 4096);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA + 4096, 4097, WRITE), 0);
	assert_int_equal(guest_dma(&guest, GUEST_IOVA, 4096, 0), 0);
	assert_true(report(card, GUEST_IOVA, 16 * 4096, 4096) == 6);
	logging(card, false, 0);
}

static void dirty_under_a_pointer(void **state)
{
	struct card *card = *state;
	uint8_t *memory;

	shared(card, &memory);
	logging(card, true, 4096);
	assert_int_equal(dma(card, IOVA + 4096, 64, WRITE | DIRECT | HOLD), 0);
	report(card, IOVA, SIZE, 4096);
	/* what may still be written must be told of when it is let go, or before */
	PUT(DMA_CTRL, RELEASE);
	assert_true(report(card, IOVA, SIZE, 4096) == 2);
	munmap(memory, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(by_copies),
		CARD_TEST(by_pointers),
		CARD_TEST(file_offsets),
		CARD_TEST(regions_of_both_kinds),
		CARD_TEST(what_is_refused),
		CARD_TEST(hooks_are_told),
		CARD_TEST(interrupt_after_data),
		CARD_TEST(truncated),
		CARD_TEST(truncated_under_a_pointer),
		CARD_TEST(unmapped_under_a_pointer),
		CARD_TEST(left_under_a_pointer),
		CARD_TEST(sealed_memory),
		CARD_TEST(dirty_pages),
		CARD_TEST(dirty_by_messages),
		CARD_TEST(dirty_under_a_pointer),
	};

	return cmocka_run_group_tests_name("DMA", tests, NULL, NULL);
}
