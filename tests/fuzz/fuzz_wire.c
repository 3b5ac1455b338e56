/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: what a client may do to the test device, in this process, over a socketpair.
 *
 * The input is a program for the client: messages well formed and not, with descriptors of all
 * kinds, events and writes to shared memory, replies to the device's DMA, memory that is truncated,
 * migration onto itself, clients that come and go. Afterwards a decent client must be served, and
 * no descriptor may be left over.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire_client.h"

extern const struct mdl_device mdltest_device;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what a client does */

static void do_version(struct fuzz *f)
{
	static const char multiple[] =
		"{\"capabilities\":{\"max_msg_fds\":8,\"write_multiple\":true}}";
	static const char *const texts[] = {
		multiple,
		"{\"capabilities\":{\"max_data_xfer_size\":64}}",
		"{\"capabilities\":{\"twin_socket\":{\"supported\":true}}}",
		"{}",
	};
	uint8_t payload[4 + 512] = {0};
	uint8_t kind = (uint8_t)take(f, 1);
	size_t size;

	if (kind < 200) {
		const char *text = texts[kind % 4];

		payload[2] = kind & 4 ? 2 : 0;
		size = 4 + strlen(text) + 1;
		memcpy(payload + 4, text, strlen(text) + 1);
	} else {
		size = 4 + take_bytes(f, payload + 4, below(f, 512));
	}
	send_message(f, VU_VERSION, payload, size, kind == 255);
}

static void do_access(struct fuzz *f, uint16_t command)
{
	struct {
		struct vu_region_access access;
		uint8_t data[256];
	} m;
	static const uint8_t sizes[] = {1, 2, 4, 8, 4, 4, 16, 255};
	uint8_t region = (uint8_t)take(f, 1);

	memset(&m, 0, sizeof(m));
	m.access.region = region % 9;
	m.access.offset = region & 0x80 ? number(f) : take(f, 2);
	if (region < 0x40) /* where the registers are */
		m.access.offset = m.access.region == 2 ? m.access.offset << 2 & 0x3ffff
						       : m.access.offset & 0x1fc;
	m.access.count = sizes[below(f, 8)];
	if (region == 0x7f)
		m.access.count = (uint32_t)number(f);
	if (command == VU_REGION_WRITE)
		take_bytes(f, m.data, m.access.count < 256 ? m.access.count : 256);
	send_message(f, command, &m,
		     sizeof(m.access) + (command == VU_REGION_WRITE && m.access.count <= 256
						 ? m.access.count
						 : 0),
		     0);
}

static void write_reg(struct fuzz *f, uint32_t region, uint64_t offset, uint32_t size,
		      uint64_t value)
{
	struct {
		struct vu_header header;
		struct vu_region_access access;
		uint64_t value;
	} m = {{f->id++, VU_REGION_WRITE, (uint32_t)(VU_HEADER_SIZE + 16 + size), VU_NO_REPLY, 0},
	       {offset, region, size},
	       value};

	send_bytes(f, &m, m.header.size, NULL, 0);
}

static uint64_t iova(struct fuzz *f)
{
	uint8_t page = (uint8_t)take(f, 1);

	return page < 224 ? page % 16 * UINT64_C(4096) : number(f);
}

static void do_map(struct fuzz *f)
{
	uint8_t kind = (uint8_t)take(f, 1);
	struct vu_dma_map m = {sizeof(m), kind % 4,
			       kind & 0x40 ? number(f) : (kind >> 2 & 7) * UINT64_C(4096), iova(f),
			       4096u * (1 + below(f, 8))};

	if (kind == 255)
		m.size = number(f);
	send_message(f, VU_DMA_MAP, &m, sizeof(m), kind >> 5 & 1);
}

static void do_unmap(struct fuzz *f)
{
	uint8_t kind = (uint8_t)take(f, 1);
	struct vu_dma_unmap m = {sizeof(m), kind < 16 ? VU_DMA_UNMAP_ALL : 0, 0, 0};

	if (kind >= 16) {
		m.address = iova(f);
		m.size = kind > 250 ? number(f) : 4096u * (1 + kind % 8);
	}
	send_message(f, VU_DMA_UNMAP, &m, sizeof(m), 0);
}

/* Answers to commands that are still to come, so that nobody waits. */
static void answer(struct fuzz *f, uint64_t address, uint32_t count, bool write, unsigned n)
{
	uint8_t message[VU_HEADER_SIZE + 16 + 512] = {0};
	uint8_t lie = (uint8_t)take(f, 1);

	count = count > 512 ? 512 : count;
	for (unsigned i = 0; i < n; i++) {
		struct vu_header header = {(uint16_t)(f->server_id + i),
					   write ? VU_DMA_WRITE : VU_DMA_READ, 0, VU_TYPE_REPLY, 0};
		struct vu_dma_access access = {address, count};

		header.size = (uint32_t)(VU_HEADER_SIZE + 16 + (write ? 0 : count));
		if (lie >= 200) {
			header.flags |= lie & 1 ? VU_ERROR : 0;
			header.error = lie & 2 ? 14 : 0;
			access.address += lie & 4;
			access.count ^= lie & 8;
			header.size = (uint32_t)(VU_HEADER_SIZE +
						 (lie & 16 ? below(f, 528) : header.size - 16));
		}
		memcpy(message, &header, sizeof(header));
		memcpy(message + sizeof(header), &access, sizeof(access));
		send_bytes(f, message, header.size, NULL, 0);
	}
}

static void do_dma(struct fuzz *f)
{
	uint64_t address = iova(f) + take(f, 1);
	uint8_t kind = (uint8_t)take(f, 1);
	uint32_t size =
		kind & 0x80 ? (uint32_t)number(f) : (uint32_t)take(f, 1) * (kind & 0x40 ? 97 : 1);

	if (!(kind & 1)) /* bus mastering */
		write_reg(f, VU_REGION_CONFIG, 4, 2, 6);
	write_reg(f, 0, MDLTEST_DMA_ADDR_OFFSET, 8, address);
	write_reg(f, 0, MDLTEST_DMA_LEN_OFFSET, 4, size);
	write_reg(f, 0, MDLTEST_DMA_CTRL_OFFSET, 4, (kind & 0x1eu) | MDLTEST_DMA_CTRL_GO_MASK);
	answer(f, address, size, kind & MDLTEST_DMA_CTRL_WRITE_MASK, kind & 0x20 ? 6 : 2);
	serve(f);
}

static void do_irqs(struct fuzz *f)
{
	struct {
		struct vu_irq_set set;
		uint8_t bools[16];
	} m = {{sizeof(m.set), 0, 0, 0, 0}, {0}};
	uint8_t kind = (uint8_t)take(f, 1);
	static const uint32_t flags[] = {
		VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER,
		VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_TRIGGER,
		VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_MASK,
		VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_UNMASK,
		VU_IRQ_SET_DATA_BOOL | VU_IRQ_SET_ACTION_TRIGGER,
		VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_UNMASK,
		VU_IRQ_SET_DATA_BOOL | VU_IRQ_SET_ACTION_MASK,
	};
	uint8_t place = (uint8_t)take(f, 1);

	m.set.flags = kind < 224 ? flags[kind % 7] : (uint32_t)number(f);
	m.set.index = place % 5;
	m.set.start = place >> 4 & 7;
	m.set.count = kind >= 240 ? (uint32_t)number(f) : 1 + below(f, 8);
	if (kind == 223)
		m.set.start = m.set.count = 0;
	bool fds = m.set.flags & VU_IRQ_SET_DATA_EVENTFD && !(place & 0x80);

	if (m.set.flags & VU_IRQ_SET_DATA_BOOL)
		take_bytes(f, m.bools, 8);
	send_message(f, VU_DEVICE_SET_IRQS, &m,
		     sizeof(m.set) + (m.set.flags & VU_IRQ_SET_DATA_BOOL ? 8 : 0),
		     fds ? (m.set.count < 9 ? m.set.count : 3) : 0);
}

static void do_info(struct fuzz *f)
{
	static const uint16_t commands[] = {VU_DEVICE_GET_INFO, VU_DEVICE_GET_REGION_INFO,
					    VU_DEVICE_GET_REGION_IO_FDS, VU_DEVICE_GET_IRQ_INFO};
	static const uint8_t sizes[] = {16, 32, 16, 16};
	uint32_t payload[8] = {0};
	uint8_t kind = (uint8_t)take(f, 1);

	payload[0] = kind & 0x10 ? (uint32_t)number(f) : 512;
	payload[2] = kind & 0x20 ? (uint32_t)number(f) : below(f, 10);
	send_message(f, commands[kind % 4], payload, sizes[kind % 4], 0);
}

static void do_feature(struct fuzz *f)
{
	struct {
		struct vu_feature head;
		uint64_t data[4];
	} m = {{4096, 0}, {0}};
	static const uint32_t flags[] = {
		VU_FEATURE_SET | (uint32_t)VU_FEATURE_MIG_DEVICE_STATE,
		VU_FEATURE_GET | (uint32_t)VU_FEATURE_MIG_DEVICE_STATE,
		VU_FEATURE_SET | (uint32_t)VU_FEATURE_DMA_LOGGING_START,
		VU_FEATURE_SET | (uint32_t)VU_FEATURE_DMA_LOGGING_STOP,
		VU_FEATURE_GET | (uint32_t)VU_FEATURE_DMA_LOGGING_REPORT,
		VU_FEATURE_GET | (uint32_t)VU_FEATURE_MIGRATION,
		VU_FEATURE_SET | (uint32_t)VU_FEATURE_MIG_DEVICE_STATE,
		VU_FEATURE_SET | (uint32_t)VU_FEATURE_MIG_DEVICE_STATE,
	};
	static const uint8_t sizes[] = {8, 0, 32, 0, 24, 0, 8, 8};
	static const uint8_t states[] = {0, 1, 2, 3, 4, 5, 6, 7, 2, 3, 4, 6};
	uint8_t kind = (uint8_t)take(f, 1);

	m.head.flags = kind < 240 ? flags[kind % 8] : (uint32_t)take(f, 3);
	switch (m.head.flags & VU_FEATURE_MASK) {
	case VU_FEATURE_MIG_DEVICE_STATE:
		m.data[0] = states[below(f, 12)];
		break;
	case VU_FEATURE_DMA_LOGGING_START:
		m.data[0] = UINT64_C(4096) << below(f, 4);
		m.data[1] = below(f, 3);
		m.data[2] = iova(f);
		m.data[3] = number(f);
		break;
	default:
		m.data[0] = iova(f);
		m.data[1] = 4096 * number(f);
		m.data[2] = kind & 0x40 ? number(f) : UINT64_C(4096) << below(f, 4);
	}
	send_message(f, VU_DEVICE_FEATURE, &m,
		     sizeof(m.head) + (kind < 240 ? sizes[kind % 8] : kind % 33), 0);
}

static void do_migration(struct fuzz *f)
{
	struct {
		struct vu_mig_data head;
		uint8_t data[MAX_PAYLOAD - 8];
	} m;
	uint8_t kind = (uint8_t)take(f, 1);
	size_t size = 0;

	memset(&m.head, 0, sizeof(m.head));
	if (kind < 100) {
		m.head.size = kind < 90 ? 1024 + kind * 128u : (uint32_t)number(f);
		m.head.argsz = m.head.size + 8;
		send_message(f, VU_MIG_DATA_READ, &m, sizeof(m.head), 0);
		return;
	}
	size = take_bytes(f, m.data, below(f, 512));
	m.head.size = kind > 250 ? (uint32_t)number(f) : (uint32_t)size;
	m.head.argsz = m.head.size + 8;
	send_message(f, VU_MIG_DATA_WRITE, &m, sizeof(m.head) + size, 0);
}

static void set_state(struct fuzz *f, uint32_t state)
{
	const struct {
		struct vu_header header;
		struct vu_feature feature;
		uint32_t state, unused;
	} m = {{f->id++, VU_DEVICE_FEATURE, sizeof(m), 0, 0},
	       {16, VU_FEATURE_SET | (uint32_t)VU_FEATURE_MIG_DEVICE_STATE},
	       state,
	       0};

	send_bytes(f, &m, sizeof(m), NULL, 0);
}

static void send_stream(struct fuzz *f, const uint8_t *data, size_t size)
{
	static uint8_t message[VU_HEADER_SIZE + 8 + PIECE];
	struct vu_header header = {f->id++, VU_MIG_DATA_WRITE,
				   (uint32_t)(VU_HEADER_SIZE + 8 + size), 0, 0};
	struct vu_mig_data head = {(uint32_t)(8 + size), (uint32_t)size};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), &head, sizeof(head));
	memcpy(message + sizeof(header) + sizeof(head), data, size);
	send_bytes(f, message, header.size, NULL, 0);
	serve(f);
}

/* Onto itself; with changes to the stream, and in other pieces, as the program says. */
static void do_round_trip(struct fuzz *f)
{
	uint8_t kind = (uint8_t)take(f, 1);
	size_t piece = kind & 0x20 ? 1024 * (1 + below(f, 16)) : PIECE;

	f->stream_size = 0;
	if (kind & 1)
		set_state(f, VU_MIG_PRE_COPY);
	for (int phase = 0; phase < 2; phase++) {
		if (phase)
			set_state(f, VU_MIG_STOP_COPY);
		for (size_t before = SIZE_MAX;
		     before != f->stream_size && f->stream_size < MAX_STREAM;) {
			const struct vu_mig_data read = {PIECE + 8, PIECE};
			const struct vu_header header = {f->id++, VU_MIG_DATA_READ, 24, 0, 0};

			before = f->stream_size;
			send_bytes(f, &header, sizeof(header), NULL, 0);
			send_bytes(f, &read, sizeof(read), NULL, 0);
			serve(f);
		}
	}
	set_state(f, VU_MIG_RESUMING);
	for (unsigned n = kind & 2 ? below(f, 4) : 0; n && f->stream_size; n--)
		f->stream[take(f, 3) % f->stream_size] ^= (uint8_t)take(f, 1);
	if (kind & 4) /* something written over it */
		take_bytes(f, f->stream + take(f, 3) % (MAX_STREAM - 64), below(f, 64));
	if (kind & 8)
		f->stream_size = take(f, 3) % (f->stream_size + 1);
	for (size_t at = 0; at < f->stream_size; at += piece)
		send_stream(f, f->stream + at,
			    f->stream_size - at < piece ? f->stream_size - at : piece);
	set_state(f, kind & 16 ? VU_MIG_STOP : VU_MIG_RUNNING);
	if (kind & 0x40)
		send_message(f, VU_DEVICE_RESET, "", 0, 0);
}

static void do_multi(struct fuzz *f)
{
	struct {
		uint64_t count;
		struct vu_write_multi writes[6];
	} m;
	unsigned n = below(f, 7);

	memset(&m, 0, sizeof(m));
	m.count = n;
	for (unsigned i = 0; i < n; i++) {
		m.writes[i].region = below(f, 9);
		m.writes[i].offset = take(f, 2);
		m.writes[i].count = below(f, 9);
		take_bytes(f, m.writes[i].data, 8);
	}
	if (take(f, 1) > 230)
		m.count = number(f);
	send_message(f, VU_REGION_WRITE_MULTI, &m, 8 + n * sizeof(m.writes[0]), 0);
}

/* Outside the socket: memory and descriptors that both sides hold. */
static void do_outside(struct fuzz *f)
{
	uint8_t kind = (uint8_t)take(f, 1);
	uint64_t value = take(f, 4);

	if (kind < 64) {
		if (ftruncate(f->memory, kind & 1 ? MEMORY_SIZE : (off_t)(value % MEMORY_SIZE)) < 0)
			return;
	} else if (f->nkept) {
		int fd = f->kept[kind % f->nkept];

		if (kind & 0x40 || pwrite(fd, &value, 4, 0x20000 + kind % 2 * 4) < 0)
			if (fcntl(fd, F_GETFL) & O_NONBLOCK)
				(void)!write(fd, &value, 8);
	}
	serve(f);
}

static void do_raw(struct fuzz *f)
{
	uint8_t data[512];
	uint8_t kind = (uint8_t)take(f, 1);
	size_t size;

	if (kind < 128) {
		size = take_bytes(f, data, below(f, 100));
		send_message(f, (uint16_t)(kind % 20), data, size, kind >= 120 ? 1 + kind % 17 : 0);
	} else {
		size = take_bytes(f, data, below(f, 512));
		if (size)
			send_bytes(f, data, size, kind == 255 ? &f->memory : NULL, kind == 255);
	}
}

static void step(struct fuzz *f)
{
	switch (below(f, 24)) {
	case 0:
	case 1:
		serve(f);
		break;
	case 2:
	case 3:
		do_access(f, VU_REGION_READ);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		do_access(f, VU_REGION_WRITE);
		break;
	case 8:
	case 9:
		do_map(f);
		break;
	case 10:
		do_unmap(f);
		break;
	case 11:
	case 12:
		do_dma(f);
		break;
	case 13:
	case 14:
		do_irqs(f);
		break;
	case 15:
		do_info(f);
		break;
	case 16:
	case 17:
		do_feature(f);
		break;
	case 18:
		do_migration(f);
		break;
	case 19:
		do_round_trip(f);
		break;
	case 20:
		do_multi(f);
		break;
	case 21:
		do_outside(f);
		break;
	case 22:
		do_raw(f);
		break;
	case 23:
		if (take(f, 1) & 1) {
			connect_client(f);
			do_version(f);
		} else {
			send_message(f, VU_DEVICE_RESET, "", 0, 0);
		}
	}
}

/* ---- the decent client afterwards */

static void must_serve(struct fuzz *f)
{
	static const struct {
		struct vu_header version;
		uint8_t text[8];
		struct vu_header header;
		struct vu_device_info info;
	} m = {{1, VU_VERSION, 24, 0, 0},
	       {0, 0, 0, 0, '{', '}', ' ', 0},
	       {2, VU_DEVICE_GET_INFO, 32, 0, 0},
	       {16, 0, 0, 0}};
	uint8_t reply[64];
	size_t got = 0;

	connect_client(f);
	send_bytes(f, &m, sizeof(m), NULL, 0);
	for (int i = 0; i < 10 && got < 24 + 32; i++) {
		mdl_poll(f->dev);
		ssize_t n = recv(f->fd, reply + got, sizeof(reply) - got, MSG_DONTWAIT);

		got += n > 0 ? (size_t)n : 0;
	}
	if (got < 16 + 4 + 3 + 32 || reply[got - 32] != 2 || reply[got - 24] != VU_TYPE_REPLY)
		abort(); /* the next client is not served */
}

static void swallow(void *arg, enum mdl_log_level level, const char *line)
{
	(void)arg, (void)level, (void)line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz *f = calloc(1, sizeof(*f));
	const struct mdl_options options = {.log_level = MDL_LOG_DEBUG,
					    .log = swallow,
					    .trace = size & 1,
					    .max_queued = 16,
					    .max_dma_regions = 64};
	int lowest = dup(0), after;

	close(lowest);
	f->data = data;
	f->size = size;
	f->fd = -1;
	f->memory = memfd_create("fuzz", MFD_CLOEXEC);
	if (ftruncate(f->memory, MEMORY_SIZE) || mdl_create(&f->dev, &mdltest_device, &options))
		abort();
	client_watch(f->dev);
	connect_client(f);
	do_version(f);
	while (f->size)
		step(f);
	must_serve(f);
	client_watch(NULL);
	mdl_destroy(f->dev);
	while (f->nkept)
		close(f->kept[--f->nkept]);
	close(f->fd);
	close(f->memory);
	free(f);
	after = dup(0);
	close(after);
	if (after != lowest)
		abort(); /* a descriptor is left over */
	return 0;
}
