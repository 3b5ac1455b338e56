/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: what a migration stream may do to the test device that loads it.
 *
 * The input is a stream, or a program that says how the device begins, what is changed in a stream
 * that such a device saved, and how it is cut into writes.  A stream that is refused must leave the
 * device exactly as it was; one that is taken must give a device whose own stream loads, and gives
 * the same again.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "migration.h"
#include "stream_program.h"

extern const struct mdl_device mdltest_device;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

static bool complained;

static void listen_to(void *arg, enum mdl_log_level level, const char *line)
{
	(void)arg, (void)line;
	complained = complained || level == MDL_LOG_ERROR;
}

/* ---- a device that stands still: its clock, too */

static struct mdl_dev *make(void)
{
	const struct mdl_options options = {.log_level = MDL_LOG_DEBUG, .log = listen_to};
	struct mdl_dev *dev;

	if (mdl_create(&dev, &mdltest_device, &options) || mdl_start(dev) ||
	    migration_set_state(dev, VU_MIG_STOP))
		abort();
	clock_set(dev, 1000000);
	return dev;
}

static void write_config(struct mdl_dev *dev, uint64_t offset, uint32_t value, size_t size)
{
	uint8_t bytes[4];

	put_le(bytes, 4, value);
	config_access(dev, offset, bytes, size, true);
}

/* As it may be found when a stream is saved or comes. */
static void prepare(struct fuzz *f, struct mdl_dev *dev)
{
	struct mdltest *mdltest = mdl_instance(dev);
	uint8_t what = (uint8_t)take(f, 1);

	if (what & 1) {
		mdltest->log_len = 1 + below(f, 64);
		mdltest->reg.SCRATCH = (uint32_t)number(f);
	}
	if (what & 2)
		mdl_timer_start_periodic(&mdltest->tick, number(f));
	if (what & 4)
		mdl_irq_raise(dev, below(f, 8));
	if (what & 8)
		mdl_irq_pulse(dev, below(f, 8));
	if (what & 16) {
		memset(mdltest->ram.BUF + 4096 * below(f, 16), 0x5a, 4096);
		memset(mdltest->ram.SHARED, 1 + below(f, 255), 100);
	}
	if (what & 32) {
		mdltest->reg.IER = 3;
		mdl_intr_input(dev, &mdltest_INT_intr, 0, MDLTEST_ISR_EDGE_MASK, true);
		mdl_intr_input(dev, &mdltest_INT_intr, 0, MDLTEST_ISR_LINE_MASK, what & 1);
	}
	if (what & 64)
		write_config(dev, 4, 0x406, 2);
	if (what & 128)
		write_config(dev, 0xf0, (uint32_t)take(f, 2), 2);
}

/* All that migrates, without a change of state. */
static struct bytes save(struct mdl_dev *dev)
{
	static uint8_t block[1 << 16];
	struct bytes saved = {0};
	struct save *save;
	size_t n;

	if (save_create(dev, &save) || save_finish(save))
		abort();
	do {
		n = save_read(save, block, sizeof(block));
		bytes_add(&saved, block, n);
	} while (n == sizeof(block));
	save_destroy(save);
	return saved;
}

static void must_equal(const struct bytes *a, const struct bytes *b)
{
	if (a->size != b->size || memcmp(a->at, b->at, a->size) != 0)
		abort(); /* not the state it was */
}

/* ---- loading: by a client's messages, or from a file */

static int write_piece(struct mdl_dev *dev, const uint8_t *bytes, size_t size)
{
	uint8_t *message = malloc(sizeof(struct vu_mig_data) + size);
	struct vu_mig_data head = {(uint32_t)(sizeof(head) + size), (uint32_t)size};
	struct request request = {
		.command = VU_MIG_DATA_WRITE, .data = message, .size = sizeof(head) + size};
	struct reply reply = {0};
	int result;

	memcpy(message, &head, sizeof(head));
	if (size)
		memcpy(message + sizeof(head), bytes, size);
	result = mig_data_write_handle(dev, &request, &reply);
	free(message);
	return result;
}

/* piece: bytes a message, 0: as the program says. */
static int load_messages(struct fuzz *f, struct mdl_dev *dev, const struct bytes *stream,
			 size_t piece)
{
	size_t at, n;
	int result = 0;

	if (migration_set_state(dev, VU_MIG_RESUMING))
		abort();
	for (at = 0; at < stream->size; at += n) {
		n = piece ? piece : f->size ? 1 + below(f, 3000) : stream->size;
		if (n > dev->opt.max_transfer)
			n = dev->opt.max_transfer;
		if (n > stream->size - at)
			n = stream->size - at;
		if (write_piece(dev, stream->at + at, n) < 0)
			result = -1;
	}
	if (migration_set_state(dev, VU_MIG_STOP) < 0)
		return -1;
	if (result < 0)
		abort(); /* refused, and taken all the same */
	return 0;
}

static int load_file(struct mdl_dev *dev, const struct bytes *stream)
{
	int fd = memfd_create("stream", MFD_CLOEXEC), result;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, stream->at, stream->size) != (ssize_t)stream->size)
		abort();
	result = mdl_restore(dev, path);
	close(fd);
	return result;
}

/* A device that was taken from a stream is a device like another. */
static void must_last(struct mdl_dev *dev)
{
	struct mdl_dev *next = make();
	struct bytes first = save(dev), second;
	struct fuzz none = {0};
	uint8_t bytes[8];

	if (load_messages(&none, next, &first, 0) < 0)
		abort(); /* what it saves is refused */
	second = save(next);
	must_equal(&first, &second);
	for (uint64_t at = 0; at < 0x160; at += 4)
		region_access(dev, 0, at, bytes, 4, false);
	if (migration_set_state(dev, VU_MIG_RUNNING) < 0)
		abort();
	mdl_poll(dev);
	mdl_destroy(next);
	free(first.at);
	free(second.at);
}

static void try(struct fuzz *f, struct mdl_dev *dev, const struct bytes *stream, uint8_t way)
{
	static const size_t pieces[] = {0, 0, 1, 7, 1024, 4096, 0, 0};
	struct bytes before = save(dev), after;
	int result;

	complained = false;
	if (way & 8)
		result = load_file(dev, stream);
	else
		result = load_messages(f, dev, stream, pieces[way & 7]);
	if (result < 0 || stream->size == 0) {
		if (result < 0 && !complained)
			abort(); /* refused without a reason */
		after = save(dev);
		must_equal(&before, &after);
		free(after.at);
	} else {
		must_last(dev);
	}
	migration_reset(dev);
	mdl_poll(dev);
	free(before.at);
}

/* A stream that this device has written, and what the program makes of it. */
static struct bytes make_program(struct fuzz *f, struct mdl_dev *dev)
{
	struct bytes good, stream = {0};

	prepare(f, dev);
	good = save(dev);
	make_stream(f, &dev->migration->crc, &good, &stream);
	free(good.at);
	return stream;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz f;
	struct mdl_dev *dev = make();
	struct bytes stream = {0};
	uint8_t way = 0;

	f.data = data;
	f.size = size;
	if (is_stream(data, size)) {
		way = data[size - 1];
		bytes_add(&stream, data, size);
		f.size = 0;
	} else {
		way = (uint8_t)take(&f, 1);
		stream = make_program(&f, dev);
	}
	prepare(&f, dev);
	try(&f, dev, &stream, way);
	mdl_destroy(dev);
	free(stream.at);
	return 0;
}

/* Of a stream, most changes would stop at the checksums. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	struct crc32 crc;

	size = LLVMFuzzerMutate(data, size, max);
	if (!is_stream(data, size) || seed % 8 == 0)
		return size;
	crc32_init(&crc);
	mend_stream(&crc, data, size);
	return size;
}
