/* SPDX-License-Identifier: BSD-2-Clause */
/* A good stream, to be changed, and a device that takes it or not: without a client, the loader is
 * fed directly. */
#ifndef TESTS_UNIT_LOAD_STREAM_H
#define TESTS_UNIT_LOAD_STREAM_H

#include "../lib/mend_stream.h"
#include "mig_device.h"
#include "migration.h"
#include "state.h"

#define MAX_STREAM (1u << 20)

static char said[4096];

static inline void listen_to(void *arg, enum mdl_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(said, sizeof(said), "%s", line);
}

static inline struct mdl_dev *make_for(const struct mdl_device *device, uint32_t version)
{
	struct mdl_options options = {
		.log_level = MDL_LOG_WARN, .log = listen_to, .stream_version = version};
	struct mdl_dev *dev;

	mig_prepare();
	assert_int_equal(mdl_create(&dev, device, &options), 0);
	assert_int_equal(mdl_start(dev), 0);
	return dev;
}

static inline struct mdl_dev *make(const struct mdl_device *device)
{
	return make_for(device, 0);
}

/* ---- a good stream, taken apart */

struct good {
	uint8_t *bytes;
	size_t size;
};

static inline struct good record(const struct mdl_device *device)
{
	struct good good = {.bytes = malloc(MAX_STREAM)};
	struct mdl_dev *dev = make(device);
	struct mig *mig = mdl_instance(dev);

	mig->ctrl = 0xdeadbeef;
	mig->deadline = 1;
	mig->fifo_length = 60;
	mig->entries_length = 3;
	mig->burst = 3;
	memset(mig->ram[0] + 0x1000, 0x11, 0x2000);
	memset(mig->odd[1], 0x22, ODD_SIZE);
	assert_int_equal(migration_set_state(dev, VU_MIG_STOP_COPY), 0);
	good.size = save_read(dev->migration->save, good.bytes, MAX_STREAM);
	mdl_destroy(dev);
	return good;
}

/* How a load of this ends; the device goes back to RUNNING in any case. */
static inline int try(struct mdl_dev *dev, const uint8_t *bytes, size_t size)
{
	int result;

	assert_int_equal(migration_set_state(dev, VU_MIG_RESUMING), 0);
	said[0] = '\0';
	/* Many a second, and each reason is wanted. */
	memset(dev->client_log, 0, sizeof(dev->client_log));
	load_write(dev->migration->load, bytes, size);
	result = migration_set_state(dev, VU_MIG_STOP);
	migration_reset(dev);
	return result;
}

#endif
