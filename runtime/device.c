/* SPDX-License-Identifier: BSD-2-Clause */
/* A device's life: made, started, reset, destroyed; and the two commands about it as a whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "handover.h"
#include "number.h"
#include "param.h"
#include "server.h"
#include "tables.h"

#define DEFAULT_TRANSFER    (1u << 20)
#define MIN_TRANSFER        4096u
#define MAX_TRANSFER        (64u << 20) /* what QEMU takes */
#define DEFAULT_DMA_REGIONS 65535u
#define DEFAULT_QUEUED      1024u

static uint32_t option(uint32_t given, uint32_t otherwise)
{
	return given ? given : otherwise;
}

static void set_options(struct mdl_dev *dev, const struct mdl_options *options)
{
	struct mdl_options *opt = &dev->opt;

	if (options)
		*opt = *options;
	opt->max_dma_regions = option(opt->max_dma_regions, DEFAULT_DMA_REGIONS);
	opt->max_queued = option(opt->max_queued, DEFAULT_QUEUED);
	opt->max_transfer = option(opt->max_transfer, DEFAULT_TRANSFER);
	if (opt->max_transfer < MIN_TRANSFER)
		opt->max_transfer = MIN_TRANSFER;
	if (opt->max_transfer > MAX_TRANSFER)
		opt->max_transfer = MAX_TRANSFER;
}

/* `state` variables begin with their defaults; layouts and lengths with zeros. */
static void set_variables(struct mdl_dev *dev)
{
	for (uint32_t i = 0; i < dev->desc->nvars; i++) {
		const struct mdl_var *var = &dev->desc->vars[i];
		char *to = (char *)dev->instance + var->store;

		if (var->type == MDL_VAR_LAYOUT || !var->value)
			continue;
		for (uint32_t j = 0; j < var->count; j++)
			number_put(to + (size_t)j * var->size, var->size, var->value);
	}
}

static int make_instance(struct mdl_dev *dev)
{
	dev->instance = calloc(1, dev->desc->size);
	if (!dev->instance)
		return -ENOMEM;
	/* by contract the first member */
	memcpy(dev->instance, &dev, sizeof(struct mdl_dev *));
	set_variables(dev);
	if (dev->desc->init)
		dev->desc->init(dev->instance);
	return params_create(dev);
}

static int make_parts(struct mdl_dev *dev)
{
	static int (*const makers[])(struct mdl_dev *) = {
		make_instance, loop_create, conn_create,      regions_create,   config_create,
		irqs_create,   dma_create,  doorbells_create, migration_create,
	};

	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
		int rc = makers[i](dev);

		if (rc)
			return rc;
	}
	timers_init(dev);
	if (dev->opt.trace || dev->opt.trace_file)
		return trace_create(dev);
	return 0;
}

int mdl_create(struct mdl_dev **made, const struct mdl_device *device,
	       const struct mdl_options *options)
{
	struct mdl_dev *dev;
	int rc;

	*made = NULL;
	if (device->abi != MDL_ABI)
		return -ENOEXEC;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->desc = device;
	set_options(dev, options);
	rc = tables_check(dev);
	if (!rc)
		rc = make_parts(dev);
	if (rc) {
		mdl_destroy(dev);
		return rc;
	}
	*made = dev;
	return 0;
}

void mdl_destroy(struct mdl_dev *dev)
{
	if (!dev)
		return;
	if (dev->loop) {
		server_destroy(dev);
		control_destroy(dev);
	}
	conn_destroy(dev);
	trace_destroy(dev);
	migration_destroy(dev);
	doorbells_destroy(dev);
	dma_destroy(dev);
	irqs_destroy(dev);
	config_destroy(dev);
	regions_destroy(dev);
	loop_destroy(dev);
	params_destroy(dev);
	free(dev->instance);
	free(dev);
}

void *mdl_instance(struct mdl_dev *dev)
{
	return dev->instance;
}

int mdl_start(struct mdl_dev *dev)
{
	if (dev->started)
		return 0;
	dev->started = true;
	device_reset(dev, MDL_RESET_POWER);
	return 0;
}

void device_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	const struct mdl_device_hooks *hooks = dev->desc->hooks;

	if (dev->resetting)
		return; /* a reset hook resets: it is happening already */
	dev->resetting = true;
	if (dev->tracing)
		trace_reset(dev, kind);
	regs_reset(dev, kind);
	if (kind != MDL_RESET_SOFT)
		config_reset(dev, kind);
	intrs_reset(dev, kind);
	irqs_reset(dev, kind);
	timers_reset(dev);
	regs_reset_hooks(dev, kind);
	if (hooks && hooks->on_reset)
		hooks->on_reset(dev->instance, kind);
	dev->resetting = false;
	if (dev->tracing)
		trace_reset_end(dev);
}

void mdl_reset(struct mdl_dev *dev, enum mdl_reset_kind kind)
{
	if ((unsigned)kind < MDL_RESET_KINDS)
		device_reset(dev, kind);
	else
		log_error(dev, "mdl_reset: there is no reset kind %d", (int)kind);
}

void device_client_came(struct mdl_dev *dev)
{
	const struct mdl_device_hooks *hooks = dev->desc->hooks;

	if (dev->tracing)
		trace_client(dev, true);
	if (hooks && hooks->connect)
		hooks->connect(dev->instance);
}

void device_client_gone(struct mdl_dev *dev)
{
	const struct mdl_device_hooks *hooks = dev->desc->hooks;

	/* parts that were never made have no client: mdl_create() may have failed half way */
	if (!dev->migration)
		return;
	dma_client_gone(dev);
	irqs_client_gone(dev);
	migration_client_gone(dev);
	doorbells_client_gone(dev);
	if (hooks && hooks->disconnect)
		hooks->disconnect(dev->instance);
	if (dev->tracing)
		trace_client(dev, false);
}

int device_get_info(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_device_info info;

	memcpy(&info, req->data, sizeof(info));
	if (info.argsz < sizeof(info)) {
		log_client(dev, "DEVICE_GET_INFO: argsz %u is too small", info.argsz);
		return -EINVAL;
	}
	info = (struct vu_device_info){
		.argsz = sizeof(info),
		.flags = VU_DEVICE_FLAG_RESET | VU_DEVICE_FLAG_PCI,
		.num_regions = VU_NUM_REGIONS,
		.num_irqs = VU_NUM_IRQS,
	};
	memcpy(reply->data, &info, sizeof(info));
	reply->size = sizeof(info);
	return 0;
}

int device_reset_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	(void)req;
	(void)reply;
	log_limited(dev, MDL_LOG_INFO, "reset by the client");
	migration_reset(dev);
	device_reset(dev, MDL_RESET_HARD);
	return 0;
}
