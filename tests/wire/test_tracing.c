// SPDX-License-Identifier: BSD-2-Clause
/* What the trace tells of interrupts, DMA, doorbells, memory, power states and migration. */
#include "card.h"

#include <fcntl.h>

struct traced {
	struct card *card;
	char path[64];
};

static int start(void **state)
{
	static const char *const arguments[] = {"--trace", NULL};
	struct traced *t = calloc(1, sizeof(*t));
	const int saved = dup(STDERR_FILENO);
	void *card;
	int fd;

	strcpy(t->path, "/tmp/mdl-trace-XXXXXX");
	fd = mkstemp(t->path);
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	card_launch(&card, arguments);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	t->card = card;
	*state = t;
	return 0;
}

static int stop(void **state)
{
	struct traced *t = *state;
	void *card = t->card;

	unlink(t->path);
	free(t);
	return card_stop(&card);
}

/* These lines, one after the other, in what was traced so far. */
static void traced(const struct traced *t, const char *lines)
{
	static char text[65536];
	FILE *f = fopen(t->path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	if (!strstr(text, lines))
		fail_msg("the trace\n%s\nlacks\n%s", text, lines);
}

static void vectors(void **state)
{
	struct traced *t = *state;
	struct card *card = t->card;
	const uint32_t msix = card_capability(card, 0x11);
	int fd;

	PUT(IRQ_RAISE, 2);
	traced(t, "mdltest.irq vec[1] raised\nmdltest.irq pending: INTx has no eventfd\n"
		  "mdltest.config.STATUS.INTERRUPT 0 -> 1\n");
	PUT(IRQ_LOWER, 2);
	fd = card_attach(card, VU_IRQ_MSIX, 2);
	PUT(IRQ_RAISE, 2);
	traced(t, "mdltest.irq vec[1] raised\n"
		  "mdltest.irq pending: MSI-X vector 1 has no eventfd\n");
	PUT(IRQ_RAISE, 4);
	assert_int_equal(card_events(fd), 1);
	traced(t, "mdltest.irq vec[2] raised\nmdltest.irq -> MSI-X vector 2\n");
	card_put(card, 4, 2 * 16 + 12, 4, 1);
	PUT(IRQ_PULSE, 4);
	traced(t, "mdltest.MSIX[2].CONTROL <- 0x1 (masked)\n"
		  "mdltest.IRQ_PULSE <- 0x4\nmdltest.IRQ_PULSE 0x0 -> 0x4\n"
		  "mdltest.irq vec[2] pulsed\n"
		  "mdltest.irq pending: MSI-X vector 2 is masked in its table entry\n");
	card_get(card, 4, 0x800, 8);
	traced(t, "mdltest.MSIX_PBA+0x0 read 8 bytes: 06 00 00 00 00 00 00 00\n");
	card_put(card, CONFIG, msix + 2, 2, 0xc000);
	card_put(card, 4, 2 * 16 + 12, 4, 0);
	card_put(card, CONFIG, msix + 2, 2, 0x8000);
	traced(t, "mdltest.MSIX[2].CONTROL <- 0x0 (not masked)\n"
		  "mdltest.config.MSIX.CONTROL <- 0x8000 (LAST=0 MASK=0 ENABLE=1)\n"
		  "mdltest.config.MSIX.CONTROL.MASK 1 -> 0\nmdltest.irq -> MSI-X vector 2\n");
}

static void transfers(void **state)
{
	struct traced *t = *state;
	struct card *card = t->card;
	uint8_t *memory;
	const int fd = card_memory(card, 0x1000, &memory);

	memory[0x10] = 0xab;
	assert_int_equal(client_dma_map(&card->client, 0x1000, 0x1000, 0, 3, fd), 0);
	card_put(card, 0, MDLTEST_DMA_ADDR_OFFSET, 8, 0x1010);
	PUT(DMA_LEN, 4);
	PUT(DMA_CTRL, 1);
	traced(t, "mdltest.DMA_CTRL.GO 0 -> 1\nmdltest.DMA_CTRL.GO 1 -> 0\n"
		  "mdltest.dma read 0x1010 +4 (direct): ab 00 00 00\n"
		  "mdltest.DMA_STATUS 0xffffffff -> 0x0\nmdltest.DMA_COUNT 0x0 -> 0x1\n");
	PUT(DMA_CTRL, 3);
	traced(t, "mdltest.dma write 0x1010 +4 (direct): ab 00 00 00\n");
	PUT(DMA_CTRL, 5);
	traced(t, "mdltest.dma map 0x1010 +4 (r)\n");
	PUT(DMA_LEN, 0);
	PUT(DMA_CTRL, 1);
	traced(t, "mdltest.dma read 0x1010 +0\n");
	PUT(DMA_LEN, 4);
	card_put(card, 0, MDLTEST_DMA_ADDR_OFFSET, 8, 0x4000);
	PUT(DMA_CTRL, 1);
	traced(t, "mdltest.dma read 0x4000 +4: not mapped\n");
	card_put(card, CONFIG, COMMAND, 2, 0);
	PUT(DMA_CTRL, 1);
	traced(t, "mdltest.dma read 0x4000 +4: bus mastering is off in COMMAND\n");
}

/* The one descriptor (or first of several) that a command about a region answers with. */
static int region_fd(struct card *card, uint16_t command, const void *request, size_t size)
{
	struct client_message reply;
	int fd;

	assert_true(client_call_fds(&card->client, command, request, size, NULL, 0, &reply) > 0);
	assert_true(reply.nfds > 0);
	fd = card_keep(card, reply.fds[0]);
	for (unsigned i = 1; i < reply.nfds; i++)
		card_keep(card, reply.fds[i]);
	reply.nfds = 0;
	client_message_free(&reply);
	return fd;
}

static void doorbells(void **state)
{
	const struct vu_region_io_fds fds = {.argsz = 4096, .index = 0};
	const struct vu_region_info info = {.argsz = 4096, .index = 2};
	const uint64_t three = 3;
	struct traced *t = *state;
	struct card *card = t->card;
	uint32_t *page;
	int fd;

	card_put(card, 0, MDLTEST_EVT_OFFSET + 4, 4, 7);
	traced(t,
	       "mdltest.EVT[1] <- 0x7\nmdltest.HITS[2] 0x0 -> 0x1\nmdltest.RUNG[2] 0x0 -> 0x7\n");
	fd = region_fd(card, VU_DEVICE_GET_REGION_IO_FDS, &fds, sizeof(fds));
	assert_int_equal(write(fd, &three, sizeof(three)), sizeof(three));
	fd = region_fd(card, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, MDLTEST_TAIL_OFFSET);
	assert_ptr_not_equal(page, MAP_FAILED);
	page[1] = 5;
	munmap(page, 4096);
	/* A device that stops hears the doorbells first. */
	assert_int_equal(client_mig_set(&card->client, VU_MIG_STOP), 0);
	traced(t, "mdltest.EVT[0] <- 0x3 (times, by its eventfd)\nmdltest.HITS[1] 0x0 -> 0x1\n");
	traced(t, "mdltest.TAIL[1] <- 0x5 (in the shared page)\nmdltest.HITS[4] 0x0 -> 0x1\n");
}

static void memory(void **state)
{
	struct traced *t = *state;
	struct card *card = t->card;
	uint8_t bytes[5000];

	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(client_write(&card->client, 2, 96 * 1024 + 8, bytes, 3), 0);
	traced(t, "mdltest.SECOND+0x8 <- 3 bytes: 5a 5a 5a\n");
	assert_int_equal(client_read(&card->client, 2, 96 * 1024, bytes, 4096), 0);
	traced(t, "mdltest.SECOND+0x0 read 4096 bytes: 00 00 00 00 00 00 00 00 5a 5a 5a 00 00 00 "
		  "00 00 ...\n");
	assert_int_equal(client_read(&card->client, VU_REGION_ROM, 0, bytes, 1), 0);
	traced(t, "mdltest.rom+0x0 read 1 byte: 00\n");
	assert_true(client_write(&card->client, VU_REGION_ROM, 0, bytes, 1) < 0);
	traced(t, "mdltest.rom+0x0 write of 1 byte refused: read-only\n");
}

static void power_and_resets(void **state)
{
	struct traced *t = *state;
	struct card *card = t->card;
	const uint32_t pm = card_capability(card, 0x01), express = card_capability(card, 0x10);

	card_put(card, CONFIG, pm + 4, 2, 3);
	assert_int_equal(GET(ID), 0xffffffff);
	card_put(card, CONFIG, pm + 4, 2, 0);
	traced(t, "mdltest.config.PM.CONTROL <- 0x3 (STATE=D3hot)\n"
		  "mdltest.config.PM.CONTROL.STATE D0 -> D3hot\n"
		  "mdltest.bar0+0x0 read 4 bytes: ff ff ff ff (not claimed in D3hot)\n"
		  "mdltest.config.PM.CONTROL <- 0x0 (STATE=D0)\n"
		  "mdltest.config.PM.CONTROL.STATE D3hot -> D0\n"
		  "mdltest.reset hard\n");
	card_put(card, CONFIG, express + 8, 2, 0x8000);
	traced(t, "mdltest.config.EXPRESS.DEVICE_CONTROL <- 0x8000 (FLR=1)\n");
	traced(t, "mdltest.reset flr\n");
	PUT(SOFT_RESET, 1);
	traced(t, "mdltest.reset soft\n");
	assert_int_equal(client_mig_set(&card->client, VU_MIG_STOP), 0);
	assert_int_equal(client_mig_set(&card->client, VU_MIG_RUNNING), 0);
	traced(t, "mdltest.migration RUNNING -> STOP\nmdltest.migration STOP -> RUNNING\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(vectors), TEST(transfers),        TEST(doorbells),
		TEST(memory),  TEST(power_and_resets),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
