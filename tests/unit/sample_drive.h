/* SPDX-License-Identifier: BSD-2-Clause */
/* Short words to drive the sample device through the run time's own handlers. */
#ifndef SAMPLE_DRIVE_H
#define SAMPLE_DRIVE_H

#include <sys/eventfd.h>
#include <unistd.h>

#include "sample_device.h"

static inline void sample_quiet(void *arg, enum mdl_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static inline struct mdl_dev *sample_make(const struct mdl_device *desc)
{
	const struct mdl_options options = {.log = sample_quiet};
	struct mdl_dev *dev;

	assert_int_equal(mdl_create(&dev, desc, &options), 0);
	assert_int_equal(mdl_start(dev), 0);
	conn_limits(dev)->max_fds = 1; /* as if a client were there */
	return dev;
}

static inline int sample_setup(void **state)
{
	*state = sample_make(&sample_device);
	return 0;
}

static inline int sample_teardown(void **state)
{
	mdl_destroy(*state);
	return 0;
}

static inline struct sample *sample_of(struct mdl_dev *dev)
{
	return mdl_instance(dev);
}

/* Little-endian accesses that must succeed. */
static inline uint64_t rd(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size)
{
	uint8_t data[8] = {0};
	uint64_t value = 0;

	assert_int_equal(region_access(dev, region, offset, data, size, false), 0);
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)data[i] << (8 * i);
	return value;
}

static inline int wr_try(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size,
			 uint64_t value)
{
	uint8_t data[8];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(value >> (8 * i));
	return region_access(dev, region, offset, data, size, true);
}

static inline void wr(struct mdl_dev *dev, uint32_t region, uint64_t offset, size_t size,
		      uint64_t value)
{
	assert_int_equal(wr_try(dev, region, offset, size, value), 0);
}

/* One command through its handler; what nobody takes is closed, as the protocol does it. */
static inline int command(struct mdl_dev *dev, handler *handle, const void *payload, size_t size,
			  int *fds, unsigned nfds, struct reply *reply)
{
	struct request req = {.data = payload, .size = size, .fds = fds, .nfds = nfds};
	int err;

	err = handle(dev, &req, reply);
	for (unsigned i = 0; i < nfds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return err;
}

/* SET_IRQS with duplicates of the caller's descriptors; bools or NULL. */
static inline int set_irqs(struct mdl_dev *dev, uint32_t flags, uint32_t index, uint32_t start,
			   uint32_t count, const int *fds, unsigned nfds, const uint8_t *bools)
{
	const struct vu_irq_set set = {sizeof(set) + (bools ? count : 0), flags, index, start,
				       count};
	uint8_t payload[sizeof(set) + 256], out[REPLY_SPACE];
	struct reply reply = {.data = out};
	int copies[REPLY_FDS];

	memcpy(payload, &set, sizeof(set));
	if (bools)
		memcpy(payload + sizeof(set), bools, count);
	for (unsigned i = 0; i < nfds; i++) {
		copies[i] = dup(fds[i]);
		assert_true(copies[i] >= 0);
	}
	return command(dev, irq_set_handle, payload, set.argsz, copies, nfds, &reply);
}

#define TRIGGER_FD   (VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER)
#define TRIGGER_NONE (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_TRIGGER)
#define TRIGGER_BOOL (VU_IRQ_SET_DATA_BOOL | VU_IRQ_SET_ACTION_TRIGGER)
#define MASK_NONE    (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_MASK)
#define MASK_BOOL    (VU_IRQ_SET_DATA_BOOL | VU_IRQ_SET_ACTION_MASK)
#define UNMASK_NONE  (VU_IRQ_SET_DATA_NONE | VU_IRQ_SET_ACTION_UNMASK)
#define UNMASK_BOOL  (VU_IRQ_SET_DATA_BOOL | VU_IRQ_SET_ACTION_UNMASK)
#define UNMASK_FD    (VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_UNMASK)

static inline int new_eventfd(void)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

/* How often it was signalled since the last look. */
static inline uint64_t signals(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static inline void attach(struct mdl_dev *dev, uint32_t index, uint32_t vector, int fd)
{
	assert_int_equal(set_irqs(dev, TRIGGER_FD, index, vector, 1, &fd, fd < 0 ? 0 : 1, NULL), 0);
}

/* Config space, where the sample has its capabilities. */
#define CONFIG     VU_REGION_CONFIG
#define AT_PM      0x40u
#define AT_MSI     0x48u
#define AT_MSIX    0x60u
#define AT_EXPRESS 0x6cu

#endif
