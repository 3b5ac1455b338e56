/* SPDX-License-Identifier: BSD-2-Clause */
/* BAR accesses: bounds, widths, splitting, memory; and the commands about regions. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "sample_drive.h"

static int try(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size)
{
	static uint8_t data[0x8000];
	const int reading = region_access(dev, region, offset, data, size, false);

	assert_int_equal(region_access(dev, region, offset, data, size, true), reading);
	return reading;
}

static void nothing_beyond_the_end(void **state)
{
	struct mdl_dev *dev = *state;

	assert_int_equal(try(dev, 0, 0xffc, 4), 0);
	assert_int_equal(try(dev, 0, 0xffd, 4), -EINVAL);
	assert_int_equal(try(dev, 0, 0x1000, 1), -EINVAL);
	assert_int_equal(try(dev, 0, UINT64_MAX, 1), -EINVAL);
	assert_int_equal(try(dev, 0, UINT64_MAX - 3, 8), -EINVAL);
	assert_int_equal(try(dev, 0, 0x1001, 0), -EINVAL);
	assert_int_equal(try(dev, 5, 0, 0), -EINVAL);
	assert_int_equal(try(dev, 2, 0x3ffc, 8), -EINVAL);
	assert_int_equal(try(dev, 2, 0, 0x4001), -EINVAL);
	assert_int_equal(try(dev, 3, 0, 4), -EINVAL); /* the upper half of BAR 2 */
	assert_int_equal(try(dev, 5, 0, 4), -EINVAL);
	assert_int_equal(try(dev, 8, 0, 4), -EINVAL);
	assert_int_equal(try(dev, 9, 0, 4), -EINVAL);
	assert_int_equal(try(dev, UINT32_MAX, 0, 4), -EINVAL);
}

/* No bytes are no access. */
static void nothing_at_all(void **state)
{
	struct mdl_dev *dev = *state;

	assert_int_equal(try(dev, 0, 0, 0), 0);
	assert_int_equal(try(dev, 0, 0x1000, 0), 0);
	assert_int_equal(try(dev, 2, 0, 0), 0);
	assert_int_equal(try(dev, VU_REGION_CONFIG, 0, 0), 0);
	assert_int_equal(try(dev, VU_REGION_ROM, 0, 0), 0);
}

static void widths_are_the_bars(void **state)
{
	struct mdl_dev *dev = *state;

	assert_int_equal(try(dev, 0, 0, 1), 0);
	assert_int_equal(try(dev, 0, 0, 8), 0);
	assert_int_equal(try(dev, 0, 0, 3), -EINVAL);
	assert_int_equal(try(dev, 0, 0, 16), -EINVAL);
	assert_int_equal(try(dev, 1, 4, 1), -EINVAL);
	assert_int_equal(try(dev, 1, 4, 2), 0);
	assert_int_equal(try(dev, 1, 4, 4), 0);
	assert_int_equal(try(dev, 1, 0, 8), -EINVAL);
	assert_int_equal(try(dev, 1, 16, 1), -EINVAL); /* a hole, too */
	assert_int_equal(try(dev, 2, 0x3000, 2), -EINVAL);
}

static void memory_takes_any_size(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	uint8_t out[0x3000], in[0x3000];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(region_access(dev, 2, 1, out, 3, true), 0);
	assert_memory_equal(s->shared[0] + 1, out, 3);
	/* One access over three windows. */
	assert_int_equal(region_access(dev, 2, 0, out, sizeof(out), true), 0);
	assert_memory_equal(s->hidden[0], out + 0x1000, 0x1000);
	assert_memory_equal(s->shared2[0], out + 0x2000, 0x1000);
	assert_int_equal(region_access(dev, 2, 0, in, sizeof(in), false), 0);
	assert_memory_equal(in, out, sizeof(in));
	/* With a register in it, it is a wrong width. */
	assert_int_equal(region_access(dev, 2, 0x2800, in, 0x900, false), -EINVAL);
}

static void holes_between_memory_read_zero(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	uint8_t data[0x100];

	memset(data, 0xee, sizeof(data));
	assert_int_equal(region_access(dev, 2, 0x3008, data, sizeof(data), true), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(s->tiny[i][15], 0xee);
	assert_int_equal(region_access(dev, 2, 0x3008, data, sizeof(data), false), 0);
	for (unsigned i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], (i + 0x3008 - 0x3010) % 0x40 < 0x10 ? 0xee : 0);
}

static void an_access_across_is_split(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	/* BYTE, a hole, HALF, a hole. */
	wr(dev, 0, 0x18, 8, 0x8877665544332211);
	assert_int_equal(s->byte, 0x11);
	assert_int_equal(s->half, 0x4433);
	assert_int_equal(rd(dev, 0, 0x18, 8), 0x44330011);
	/* From the upper half of one register into the next. */
	wr(dev, 0, 0x32, 4, 0xaabbccdd);
	assert_int_equal(s->key, 0xccdd0000);
	assert_int_equal(s->locked, 0xaa00); /* locked below bit 8 */
	/* A register and memory. */
	s->tiny[0][0] = 0x5a;
	assert_int_equal(rd(dev, 2, 0x300c, 8), 0x5aull << 32);
	wr(dev, 2, 0x2ffc, 8, 0x1122334455667788);
	assert_int_equal(s->beside, 0x11223344);
	assert_int_equal(s->shared2[0][0xffc], 0x88);
}

static void a_function_that_sleeps_claims_nothing(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);

	wr(dev, CONFIG, AT_PM + 4, 2, 3);
	assert_int_equal(rd(dev, 0, 0, 4), 0xffffffff);
	wr(dev, 0, 0, 4, 0);
	assert_int_equal(s->plain, 0x11223344);
	assert_int_equal(rd(dev, 2, 0, 8), UINT64_MAX);
	assert_int_equal(try(dev, 0, 0, 3), -EINVAL);
}

static void windows_are_listed(void **state)
{
	struct mdl_dev *dev = *state;
	struct ram_window *window = region_ram(dev, 1);

	assert_non_null(window);
	assert_string_equal(window->ram->name, "HIDDEN");
	assert_int_equal(window->fd, -1);
	assert_non_null(region_ram(dev, 6)); /* four elements of TINY, in BAR order */
	assert_null(region_ram(dev, 7));
}

static void rom_can_be_read_only(void **state)
{
	struct mdl_dev *dev = *state;
	uint8_t data[4] = {1, 2, 3, 4};

	assert_int_equal(rd(dev, VU_REGION_ROM, 2044, 4), 0);
	assert_int_equal(region_access(dev, VU_REGION_ROM, 0, data, 4, true), -EINVAL);
	assert_int_equal(region_access(dev, VU_REGION_ROM, 2045, data, 4, false), -EINVAL);
}

static int make_rom(const char *text, size_t size)
{
	char path[] = "/tmp/mdl-rom-XXXXXX";
	struct mdl_pci pci = sample_pci;
	struct mdl_device desc = sample_device;
	const struct mdl_options quiet = {.log = sample_quiet};
	struct mdl_dev *dev;
	const int fd = mkstemp(path);
	int err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	close(fd);
	pci.rom_file = path;
	desc.pci = &pci;
	err = mdl_create(&dev, &desc, &quiet);
	unlink(path);
	if (err)
		return err;
	assert_int_equal(rd(dev, VU_REGION_ROM, 0, 4), 0x2a55aa55 & 0xffffffff);
	assert_int_equal(rd(dev, VU_REGION_ROM, 2044, 4), 0);
	mdl_destroy(dev);
	return 0;
}

static void rom_comes_from_its_file(void **state)
{
	(void)state;
	assert_int_equal(make_rom("\x55\xaa\x55\x2a", 100), 0);
	assert_int_equal(make_rom("\x55\xaa\x55\x2a", 2048), 0);
	assert_int_equal(make_rom("\x55\xaa\x55\x2a", 2049), -EFBIG);
}

/* ---- commands */

struct answer {
	uint8_t data[REPLY_SPACE];
	struct reply reply;
	int err;
};

static void ask(struct mdl_dev *dev, struct answer *answer, handler *handle, const void *payload,
		size_t size)
{
	answer->reply = (struct reply){.data = answer->data};
	answer->err = command(dev, handle, payload, size, NULL, 0, &answer->reply);
}

static struct vu_region_info info(struct mdl_dev *dev, struct answer *answer, uint32_t index,
				  uint32_t argsz)
{
	struct vu_region_info head = {.argsz = argsz, .index = index};

	ask(dev, answer, region_get_info, &head, sizeof(head));
	if (!answer->err)
		memcpy(&head, answer->data, sizeof(head));
	return head;
}

#define RW (VU_REGION_FLAG_READ | VU_REGION_FLAG_WRITE)

static void regions_are_described(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t flags;
	} want[] = {{0x1000, RW},
		    {64, RW},
		    {0x4000, RW | VU_REGION_FLAG_MMAP | VU_REGION_FLAG_CAPS},
		    {0, 0},
		    {0x1000, RW},
		    {0, 0},
		    {2048, VU_REGION_FLAG_READ},
		    {4096, RW},
		    {0, 0}};
	struct mdl_dev *dev = *state;
	struct answer answer;

	for (uint32_t i = 0; i < VU_NUM_REGIONS; i++) {
		const struct vu_region_info got = info(dev, &answer, i, 1000);

		assert_int_equal(answer.err, 0);
		assert_int_equal(got.index, i);
		assert_int_equal(got.size, want[i].size);
		assert_int_equal(got.flags, want[i].flags);
		assert_int_equal(answer.reply.nfds, i == 2 ? 1 : 0);
	}
	info(dev, &answer, 9, 1000);
	assert_int_equal(answer.err, -EINVAL);
	info(dev, &answer, 0, 31);
	assert_int_equal(answer.err, -EINVAL);
}

static void capabilities_wait_for_room(void **state)
{
	struct mdl_dev *dev = *state;
	struct answer answer;
	struct vu_region_info got = info(dev, &answer, 2, sizeof(got));
	struct vu_sparse_mmap cap;
	struct vu_sparse_area areas[2];
	const uint32_t full = sizeof(got) + sizeof(cap) + sizeof(areas);

	assert_int_equal(got.argsz, full);
	assert_int_equal(got.cap_offset, 0);
	assert_int_equal(answer.reply.size + answer.reply.tail_size, sizeof(got));
	assert_int_equal(answer.reply.nfds, 0);
	got = info(dev, &answer, 2, full - 1);
	assert_int_equal(answer.reply.nfds, 0);
	got = info(dev, &answer, 2, full);
	assert_int_equal(got.argsz, full);
	assert_int_equal(got.cap_offset, sizeof(got));
	assert_int_equal(answer.reply.tail_size, sizeof(cap) + sizeof(areas));
	memcpy(&cap, answer.reply.tail, sizeof(cap));
	memcpy(areas, answer.reply.tail + sizeof(cap), sizeof(areas));
	assert_int_equal(cap.header.id, VU_REGION_CAP_SPARSE_MMAP);
	assert_int_equal(cap.header.next, 0);
	assert_int_equal(cap.nr_areas, 2);
	assert_int_equal(areas[0].offset, 0);
	assert_int_equal(areas[0].size, 0x1000);
	assert_int_equal(areas[1].offset, 0x2000);
	assert_int_equal(areas[1].size, 0x1000);
}

static void no_mapping_without_descriptors(void **state)
{
	struct mdl_dev *dev = *state;
	struct answer answer;
	struct vu_region_info got;

	conn_limits(dev)->max_fds = 0;
	got = info(dev, &answer, 2, 1000);
	assert_int_equal(got.flags, RW);
	assert_int_equal(got.argsz, sizeof(got));
	assert_int_equal(answer.reply.nfds, 0);
	conn_limits(dev)->max_fds = 1;
}

static void mapped_memory_is_the_windows_and_sealed(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	struct answer answer;
	struct stat stat;
	uint8_t *map;
	int fd;

	info(dev, &answer, 2, 1000);
	fd = answer.reply.fds[0];
	assert_int_equal(fstat(fd, &stat), 0);
	map = mmap(NULL, 0x3000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	map[0x2005] = 0x77;
	assert_int_equal(s->shared2[0][5], 0x77);
	/* What is not mmappable cannot be reached through the file. */
	s->hidden[0][0] = 0x99;
	assert_int_equal(map[0x1000], 0);
	munmap(map, 0x3000);
	assert_int_not_equal(ftruncate(fd, 0), 0);
	assert_int_not_equal(ftruncate(fd, stat.st_size + 4096), 0);
}

static void reads_are_answered_in_place_or_from_memory(void **state)
{
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	struct vu_region_access head = {.offset = 0, .region = 0, .count = 4};
	struct answer answer;
	uint32_t value;

	ask(dev, &answer, region_read_handle, &head, sizeof(head));
	assert_int_equal(answer.err, 0);
	assert_int_equal(answer.reply.size, 20);
	memcpy(&value, answer.data + 16, 4);
	assert_int_equal(value, 0x11223344);
	/* Config space in one piece does not fit beside the head. */
	head = (struct vu_region_access){.region = 7, .count = 4096};
	ask(dev, &answer, region_read_handle, &head, sizeof(head));
	assert_int_equal(answer.err, 0);
	assert_int_equal(answer.reply.size, 16);
	assert_int_equal(answer.reply.tail_size, 4096);
	assert_int_equal(answer.reply.tail[0], 0x36);
	/* One window: from where it lies. */
	head = (struct vu_region_access){.region = 2, .offset = 0x2000, .count = 0x1000};
	ask(dev, &answer, region_read_handle, &head, sizeof(head));
	assert_ptr_equal(answer.reply.tail, s->shared2[0]);
	head = (struct vu_region_access){.region = 2, .offset = 0, .count = 0x3000};
	s->hidden[0][1] = 0xab;
	ask(dev, &answer, region_read_handle, &head, sizeof(head));
	assert_int_equal(answer.reply.tail_size, 0x3000);
	assert_int_equal(answer.reply.tail[0x1001], 0xab);
	/* Too much, and nothing. */
	head = (struct vu_region_access){.region = 2, .count = UINT32_MAX};
	ask(dev, &answer, region_read_handle, &head, sizeof(head));
	assert_int_equal(answer.err, -EINVAL);
	head.count = 0x4001;
	ask(dev, &answer, region_read_handle, &head, sizeof(head));
	assert_int_equal(answer.err, -EINVAL);
	assert_int_equal(answer.reply.tail_size, 0);
	ask(dev, &answer, region_read_handle, &head, sizeof(head) - 1);
	assert_int_equal(answer.err, -EINVAL);
}

static void writes_bring_what_they_announce(void **state)
{
	struct {
		struct vu_region_access head;
		uint8_t data[8];
	} message = {{.offset = 0x34, .region = 0, .count = 4}, {0, 0x22, 0x33, 0x44}};
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	struct answer answer;

	ask(dev, &answer, region_write_handle, &message, 20);
	assert_int_equal(answer.err, 0);
	assert_int_equal(answer.reply.size, 16);
	assert_int_equal(s->locked, 0x44332200);
	ask(dev, &answer, region_write_handle, &message, 19);
	assert_int_equal(answer.err, -EINVAL);
	ask(dev, &answer, region_write_handle, &message, 21);
	assert_int_equal(answer.err, -EINVAL);
	ask(dev, &answer, region_write_handle, &message, 15);
	assert_int_equal(answer.err, -EINVAL);
	message.head.count = UINT32_MAX;
	ask(dev, &answer, region_write_handle, &message, 20);
	assert_int_equal(answer.err, -EINVAL);
}

static void many_writes_in_one_are_as_single_ones(void **state)
{
	struct {
		uint64_t count;
		struct vu_write_multi writes[3];
	} message = {3,
		     {{.offset = 0x30, .count = 4, .data = {1}},
		      {.offset = 0x1000, .count = 4},
		      {.offset = 0x34, .count = 2, .data = {7, 8}}}};
	struct mdl_dev *dev = *state;
	struct sample *s = sample_of(dev);
	struct answer answer;
	uint64_t count;

	/* The second is bad; the third is done all the same, after the first. */
	ask(dev, &answer, region_write_multi_handle, &message, sizeof(message));
	assert_int_equal(answer.err, -EINVAL);
	assert_int_equal(s->locked, 0x0807);
	message.writes[1].offset = 0;
	ask(dev, &answer, region_write_multi_handle, &message, sizeof(message));
	assert_int_equal(answer.err, 0);
	memcpy(&count, answer.data, sizeof(count));
	assert_int_equal(answer.reply.size, sizeof(count));
	assert_int_equal(count, 3);
	message.writes[1].count = 9;
	ask(dev, &answer, region_write_multi_handle, &message, sizeof(message));
	assert_int_equal(answer.err, -EINVAL);
	message.count = 2;
	ask(dev, &answer, region_write_multi_handle, &message, sizeof(message));
	assert_int_equal(answer.err, -EINVAL);
	message.count = 0xaaaaaaaaaaaaaabull; /* times 24 is small again */
	ask(dev, &answer, region_write_multi_handle, &message, sizeof(message));
	assert_int_equal(answer.err, -EINVAL);
	message.count = (1ull << 61) + 3; /* and this gives the very size */
	ask(dev, &answer, region_write_multi_handle, &message, sizeof(message));
	assert_int_equal(answer.err, -EINVAL);
	ask(dev, &answer, region_write_multi_handle, &message, 7);
	assert_int_equal(answer.err, -EINVAL);
}

/* ---- any access of any width, against plain bytes */

#define FLAT_SIZE 0x200u
#define FLAT_REGS 80u

struct flat {
	struct mdl_dev *mdl;
	uint64_t store[FLAT_REGS];
};

/* Registers of all widths with holes between; marks in `owned` which bytes are theirs. */
static uint32_t flat_regs(struct mdl_reg *regs, bool *owned)
{
	uint32_t n = 0, seed = 7;

	for (uint64_t at = 0; at < FLAT_SIZE && n < FLAT_REGS;) {
		const uint8_t width = (uint8_t)(1u << (seed >> 28 & 3));

		seed = seed * 1664525 + 1013904223;
		at = (at + width - 1) / width * width;
		if (at + width > FLAT_SIZE)
			break;
		regs[n] = (struct mdl_reg){.name = "R",
					   .offset = at,
					   .width = width,
					   .count = 1,
					   .readable = UINT64_MAX,
					   .writable = UINT64_MAX};
		regs[n].store = (uint32_t)(offsetof(struct flat, store) + 8 * n);
		memset(owned + at, true, width);
		n++;
		at += width + (seed >> 24 & 3);
	}
	return n;
}

static void any_access_is_as_to_bytes(void **state)
{
	static struct mdl_reg regs[FLAT_REGS];
	static bool owned[FLAT_SIZE];
	struct mdl_bar bar = {.type = MDL_BAR_MEM32,
			      .access_min = 1,
			      .access_max = 8,
			      .size = FLAT_SIZE,
			      .regs = regs};
	const struct mdl_pci pci = {.vendor = 1};
	const struct mdl_device desc = {.abi = MDL_ABI,
					.version = 1,
					.name = "flat",
					.nbars = 1,
					.size = sizeof(struct flat),
					.pci = &pci,
					.bars = &bar};
	uint8_t bytes[FLAT_SIZE] = {0};
	struct mdl_dev *dev;
	uint32_t seed = 99;

	(void)state;
	bar.nregs = flat_regs(regs, owned);
	dev = sample_make(&desc);
	for (unsigned step = 0; step < 20000; step++) {
		const size_t size = 1u << (seed >> 30);
		const uint64_t at = (seed >> 8) % (FLAT_SIZE - size + 1);
		uint64_t value;

		seed = seed * 1664525 + 1013904223;
		if (seed & 0x10000) {
			value = seed * 0x9e3779b97f4a7c15ull;
			wr(dev, 0, at, size, value);
			for (size_t i = 0; i < size; i++)
				if (owned[at + i])
					bytes[at + i] = (uint8_t)(value >> (8 * i));
			continue;
		}
		value = rd(dev, 0, at, size);
		for (size_t i = 0; i < size; i++)
			assert_int_equal((uint8_t)(value >> (8 * i)), bytes[at + i]);
	}
	mdl_destroy(dev);
}

/* ---- tables that contradict themselves, and doorbells in shared pages */

static int make_bar(const struct mdl_bar *bar)
{
	const struct mdl_options quiet = {.log = sample_quiet};
	struct mdl_device desc = sample_device;
	struct mdl_pci pci = {.vendor = 1};
	struct mdl_dev *dev;
	int err;

	desc.pci = &pci;
	desc.bars = bar;
	desc.nbars = 1;
	desc.nirqs = 0;
	err = mdl_create(&dev, &desc, &quiet);
	if (!err)
		mdl_destroy(dev);
	return err;
}

static void contradictions_are_refused(void **state)
{
	const struct mdl_ram rams[] = {
		{.name = "A", .offset = 0, .size = 0x800, STORE(shared), .count = 1},
		{.name = "B", .offset = 0x7ff, .size = 0x10, STORE(hidden), .count = 1}};
	const struct mdl_ram over = {
		.name = "C", .offset = 0x18, .size = 0x10, STORE(hidden), .count = 1};
	const struct mdl_bar overlap = {.type = MDL_BAR_MEM32,
					.access_min = 1,
					.access_max = 4,
					.size = 0x1000,
					.nrams = 2,
					.rams = rams};
	const struct mdl_bar on_regs = {.type = MDL_BAR_MEM32,
					.access_min = 1,
					.access_max = 8,
					.size = 0x1000,
					.nrams = 1,
					.rams = &over,
					.nregs = SAMPLE_NREGS,
					.regs = sample_regs};
	const struct mdl_bar wrong_slot = {.index = 5,
					   .type = MDL_BAR_MEM64,
					   .access_min = 4,
					   .access_max = 4,
					   .size = 0x1000};
	const struct mdl_bar odd = {
		.type = MDL_BAR_MEM32, .access_min = 4, .access_max = 4, .size = 0x1800};

	(void)state;
	assert_int_equal(make_bar(&overlap), -EINVAL);
	assert_int_equal(make_bar(&on_regs), -EINVAL);
	assert_int_equal(make_bar(&wrong_slot), -EINVAL);
	assert_int_equal(make_bar(&odd), -EINVAL);
}

static void pages_of_doorbells_only_are_shared(void **state)
{
	static const struct mdl_doorbell mode = {.mode = MDL_DOORBELL_MMAP};
	static const struct mdl_dim dims[] = {{512, 8}};
	static const struct mdl_reg regs[] = {
		{.name = "RING",
		 .offset = 0x1000,
		 .writable = ~0u,
		 .count = 512,
		 .width = 4,
		 .ndims = 1,
		 .dims = dims,
		 .flags = MDL_REG_DOORBELL,
		 .doorbell = &mode},
		{.name = "MIXED",
		 .offset = 0x2000,
		 .writable = ~0u,
		 .count = 1,
		 .width = 4,
		 .flags = MDL_REG_DOORBELL,
		 .doorbell = &mode},
		{.name = "OTHER", STORE(plain), .offset = 0x2004, ALL32, .count = 1, .width = 4},
	};
	static const struct mdl_bar bar = {.type = MDL_BAR_MEM32,
					   .access_min = 4,
					   .access_max = 4,
					   .size = 0x4000,
					   .nregs = 3,
					   .regs = regs};
	struct mdl_device desc = sample_device;
	struct mdl_pci pci = {.vendor = 1};
	struct vu_sparse_area area;
	struct answer answer;
	struct mdl_dev *dev;

	(void)state;
	desc.pci = &pci;
	desc.bars = &bar;
	desc.nbars = 1;
	desc.nirqs = 0;
	dev = sample_make(&desc);
	info(dev, &answer, 0, 1000);
	assert_int_equal(answer.reply.nfds, 1);
	assert_int_equal(answer.reply.tail_size, sizeof(struct vu_sparse_mmap) + sizeof(area));
	memcpy(&area, answer.reply.tail + sizeof(struct vu_sparse_mmap), sizeof(area));
	assert_int_equal(area.offset, 0x1000);
	assert_int_equal(area.size, 0x1000);
	mdl_destroy(dev);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_beyond_the_end),
		TEST(nothing_at_all),
		TEST(widths_are_the_bars),
		TEST(memory_takes_any_size),
		TEST(holes_between_memory_read_zero),
		TEST(an_access_across_is_split),
		TEST(a_function_that_sleeps_claims_nothing),
		TEST(windows_are_listed),
		TEST(rom_can_be_read_only),
		cmocka_unit_test(rom_comes_from_its_file),
		TEST(regions_are_described),
		TEST(capabilities_wait_for_room),
		TEST(no_mapping_without_descriptors),
		TEST(mapped_memory_is_the_windows_and_sealed),
		TEST(reads_are_answered_in_place_or_from_memory),
		TEST(writes_bring_what_they_announce),
		TEST(many_writes_in_one_are_as_single_ones),
		cmocka_unit_test(any_access_is_as_to_bytes),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(pages_of_doorbells_only_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
