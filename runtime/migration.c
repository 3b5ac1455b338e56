/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of VFIO's migration protocol: which arcs there are, what each does, and the data that
 * goes along.  While the state is neither RUNNING nor PRE_COPY, the device's clock stands still, it
 * does no DMA, and interrupts are kept.
 */
#include "migration.h"
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NSTATES 7u

/*
 * The next state on the shortest way from one to another that has neither PRE_COPY nor STOP_COPY in
 * the middle; ERROR: there is none.
 */
static const uint8_t next_state[NSTATES][NSTATES] = {
	[VU_MIG_STOP] = {[VU_MIG_STOP] = VU_MIG_STOP,
			 [VU_MIG_RUNNING] = VU_MIG_RUNNING,
			 [VU_MIG_STOP_COPY] = VU_MIG_STOP_COPY,
			 [VU_MIG_RESUMING] = VU_MIG_RESUMING,
			 [VU_MIG_PRE_COPY] = VU_MIG_RUNNING},
	[VU_MIG_RUNNING] = {[VU_MIG_STOP] = VU_MIG_STOP,
			    [VU_MIG_RUNNING] = VU_MIG_RUNNING,
			    [VU_MIG_STOP_COPY] = VU_MIG_STOP,
			    [VU_MIG_RESUMING] = VU_MIG_STOP,
			    [VU_MIG_PRE_COPY] = VU_MIG_PRE_COPY},
	[VU_MIG_STOP_COPY] = {[VU_MIG_STOP] = VU_MIG_STOP,
			      [VU_MIG_RUNNING] = VU_MIG_STOP,
			      [VU_MIG_STOP_COPY] = VU_MIG_STOP_COPY,
			      [VU_MIG_RESUMING] = VU_MIG_STOP},
	[VU_MIG_RESUMING] = {[VU_MIG_STOP] = VU_MIG_STOP,
			     [VU_MIG_RUNNING] = VU_MIG_STOP,
			     [VU_MIG_STOP_COPY] = VU_MIG_STOP,
			     [VU_MIG_RESUMING] = VU_MIG_RESUMING,
			     [VU_MIG_PRE_COPY] = VU_MIG_STOP},
	[VU_MIG_PRE_COPY] = {[VU_MIG_STOP] = VU_MIG_RUNNING,
			     [VU_MIG_RUNNING] = VU_MIG_RUNNING,
			     [VU_MIG_STOP_COPY] = VU_MIG_STOP_COPY,
			     [VU_MIG_RESUMING] = VU_MIG_RUNNING,
			     [VU_MIG_PRE_COPY] = VU_MIG_PRE_COPY},
};

static const char *const names[NSTATES] = {
	"ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY",
};

static bool runs(uint32_t state)
{
	return state == VU_MIG_RUNNING || state == VU_MIG_PRE_COPY;
}

static void become(struct mdl_dev *dev, uint32_t state)
{
	const uint32_t from = dev->migration->state;

	dev->migration->state = state;
	if (dev->tracing && from != state)
		trace_migration(dev, names[from], names[state]);
}

bool migration_running(const struct mdl_dev *dev)
{
	return runs(dev->migration->state);
}

uint32_t migration_state(const struct mdl_dev *dev)
{
	return dev->migration->state;
}

/* ---- arcs */

/* Doorbells last rung while the device can still hear them. */
static void quiesce(struct mdl_dev *dev)
{
	doorbells_pause(dev);
	timers_pause(dev);
}

static void resume(struct mdl_dev *dev)
{
	timers_resume(dev);
	doorbells_resume(dev);
	irqs_update(dev);
}

void migration_hold(struct mdl_dev *dev)
{
	struct migration *migration = dev->migration;

	migration->held = migration->state;
	if (!runs(migration->state))
		return;
	quiesce(dev);
	become(dev, VU_MIG_STOP);
}

void migration_release(struct mdl_dev *dev)
{
	struct migration *migration = dev->migration;

	become(dev, migration->held);
	if (runs(migration->state))
		resume(dev);
}

static void drop_streams(struct mdl_dev *dev)
{
	struct migration *migration = dev->migration;

	save_destroy(migration->save);
	load_destroy(migration->load);
	migration->save = NULL;
	migration->load = NULL;
}

/* What must succeed for the state to be entered. */
static int enter(struct mdl_dev *dev, uint32_t to)
{
	struct migration *migration = dev->migration;
	int result = 0;

	switch (to) {
	case VU_MIG_PRE_COPY:
		return save_create(dev, &migration->save);
	case VU_MIG_STOP_COPY:
		if (!migration->save)
			result = save_create(dev, &migration->save);
		return result < 0 ? result : save_finish(migration->save);
	case VU_MIG_RESUMING:
		return load_create(dev, &migration->load);
	default:
		return migration->load ? load_finish(migration->load) : 0;
	}
}

static int take_arc(struct mdl_dev *dev, uint32_t to)
{
	struct migration *migration = dev->migration;
	uint32_t from = migration->state;
	int result;

	if (runs(from) && !runs(to)) {
		quiesce(dev);
		become(dev, VU_MIG_STOP);
	}
	result = enter(dev, to);
	if (result < 0)
		to = from == VU_MIG_RESUMING ? VU_MIG_ERROR : runs(from) ? from : VU_MIG_STOP;
	if (to == VU_MIG_STOP || to == VU_MIG_RUNNING || to == VU_MIG_ERROR)
		drop_streams(dev);
	become(dev, to);
	if (runs(to) && !runs(from))
		resume(dev);
	else if (runs(to) && result < 0)
		resume(dev);
	log_debug(dev, "migration: %s -> %s", names[from], names[to]);
	return result;
}

int migration_set_state(struct mdl_dev *dev, uint32_t state)
{
	struct migration *migration = dev->migration;
	uint32_t next;
	int result = 0;

	if (state >= NSTATES || next_state[migration->state][state] == VU_MIG_ERROR) {
		log_client(dev, "migration: no way from %s to %s (%u)", names[migration->state],
			   state < NSTATES ? names[state] : "a state that does not exist", state);
		return -EINVAL;
	}
	while (result == 0 && migration->state != state) {
		next = next_state[migration->state][state];
		result = take_arc(dev, next);
	}
	return result;
}

/* ---- the data */

static int refuse_data(struct mdl_dev *dev, const char *command, const struct vu_mig_data *data)
{
	log_client(dev, "%s in state %s, argsz %u, size %u", command, names[dev->migration->state],
		   data->argsz, data->size);
	return -EINVAL;
}

/* A short reply means that there is no more: what a reply cannot hold must be refused. */
static bool fits_reply(struct mdl_dev *dev, const struct vu_mig_data *data)
{
	return data->size <= conn_limits(dev)->max_data && data->size <= dev->opt.max_transfer &&
	       data->argsz >= sizeof(*data) && data->argsz - sizeof(*data) >= data->size;
}

int migration_out(struct mdl_dev *dev, size_t size)
{
	struct migration *migration = dev->migration;
	uint8_t *out;

	if (migration->out_size >= size)
		return 0;
	out = realloc(migration->out, size);
	if (!out)
		return -ENOMEM;
	migration->out = out;
	migration->out_size = size;
	return 0;
}

int mig_data_read_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct migration *migration = dev->migration;
	struct vu_mig_data data;
	int result;

	if (req->size < sizeof(data))
		return -EINVAL;
	memcpy(&data, req->data, sizeof(data));
	if (!migration->save || !fits_reply(dev, &data))
		return refuse_data(dev, "MIG_DATA_READ", &data);
	result = migration_out(dev, data.size);
	if (result < 0)
		return result;
	data.size = (uint32_t)save_read(migration->save, migration->out, data.size);
	data.argsz = (uint32_t)sizeof(data) + data.size;
	memcpy(reply->data, &data, sizeof(data));
	reply->size = sizeof(data);
	reply->tail = migration->out;
	reply->tail_size = data.size;
	return 0;
}

int mig_data_write_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct migration *migration = dev->migration;
	struct vu_mig_data data;

	(void)reply;
	if (req->size < sizeof(data))
		return -EINVAL;
	memcpy(&data, req->data, sizeof(data));
	if (!migration->load || req->size - sizeof(data) != data.size ||
	    data.size > dev->opt.max_transfer)
		return refuse_data(dev, "MIG_DATA_WRITE", &data);
	return load_write(migration->load, req->data + sizeof(data), data.size);
}

/* ---- life */

/* Names' lengths travel as a byte. */
static int check_names(struct mdl_dev *dev)
{
	struct ram_window *window;
	struct state state;
	bool fit = strlen(dev->desc->name) <= UINT8_MAX;
	uint32_t i;
	int result = state_create(dev, &state);

	if (result < 0)
		return result;
	for (i = 0; i < state.n; i++)
		fit = fit && strlen(state.objects[i].name) <= UINT8_MAX;
	for (i = 0; (window = region_ram(dev, i)); i++)
		fit = fit && strlen(window->ram->name) <= UINT8_MAX;
	state_destroy(&state);
	if (fit)
		return 0;
	log_error(dev, "a name of more than %u bytes cannot migrate", UINT8_MAX);
	return -EINVAL;
}

int migration_create(struct mdl_dev *dev)
{
	dev->migration = calloc(1, sizeof(*dev->migration));
	if (!dev->migration)
		return -ENOMEM;
	crc32_init(&dev->migration->crc);
	dev->migration->state = VU_MIG_RUNNING;
	dev->migration->version =
		dev->opt.stream_version ? dev->opt.stream_version : dev->desc->version;
	if (dev->migration->version > dev->desc->version) {
		log_error(dev, "streams of version %u are not known to version %u",
			  dev->migration->version, dev->desc->version);
		return -EINVAL;
	}
	return check_names(dev);
}

void migration_reset(struct mdl_dev *dev)
{
	struct migration *migration = dev->migration;
	bool stopped = !runs(migration->state);

	drop_streams(dev);
	become(dev, VU_MIG_RUNNING);
	if (stopped)
		resume(dev);
}

/* The next client finds a device that runs.  What was being loaded is forgotten. */
void migration_client_gone(struct mdl_dev *dev)
{
	migration_reset(dev);
}

void migration_destroy(struct mdl_dev *dev)
{
	if (!dev->migration)
		return;
	drop_streams(dev);
	free(dev->migration->out);
	free(dev->migration);
	dev->migration = NULL;
}
