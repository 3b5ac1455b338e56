/* SPDX-License-Identifier: BSD-2-Clause */
/* DEVICE_FEATURE: which features there are, what may be done with each, and who does it. */
#include "dma.h"
#include "migration.h"

#include <errno.h>
#include <string.h>

#define HEAD sizeof(struct vu_feature)

/* A feature's part of a request: what follows the head. */
struct feature_data {
	const uint8_t *bytes;
	size_t size;
};

struct feature {
	/* Bytes of data that a GET is answered with, or -errno; then `get` puts them to `to`. */
	ssize_t (*get_size)(struct mdl_dev *dev, const struct feature_data *data);
	int (*get)(struct mdl_dev *dev, const struct feature_data *data, uint8_t *to, size_t size);
	/* May change what the request is echoed with: 8 bytes at the data's begin. */
	int (*set)(struct mdl_dev *dev, const struct feature_data *data, uint64_t *echo);
	size_t min_get, min_set;
};

static ssize_t eight_bytes(struct mdl_dev *dev, const struct feature_data *data)
{
	(void)dev;
	(void)data;
	return 8;
}

static int get_migration(struct mdl_dev *dev, const struct feature_data *data, uint8_t *to,
			 size_t size)
{
	uint64_t flags = VU_MIGRATION_STOP_COPY | VU_MIGRATION_PRE_COPY;

	(void)dev;
	(void)data;
	memcpy(to, &flags, size);
	return 0;
}

static int get_state(struct mdl_dev *dev, const struct feature_data *data, uint8_t *to, size_t size)
{
	struct vu_mig_device_state state = {migration_state(dev), UINT32_MAX};

	(void)data;
	memcpy(to, &state, size);
	return 0;
}

static int set_state(struct mdl_dev *dev, const struct feature_data *data, uint64_t *echo)
{
	struct vu_mig_device_state state;

	(void)echo;
	memcpy(&state, data->bytes, sizeof(state));
	return migration_set_state(dev, state.state);
}

static int start_logging(struct mdl_dev *dev, const struct feature_data *data, uint64_t *echo)
{
	return dma_logging_start(dev, data->bytes, data->size, echo);
}

static int stop_logging(struct mdl_dev *dev, const struct feature_data *data, uint64_t *echo)
{
	(void)data;
	(void)echo;
	return dma_logging_stop(dev);
}

static ssize_t report_size(struct mdl_dev *dev, const struct feature_data *data)
{
	size_t max = conn_limits(dev)->max_data;
	struct vu_dma_logging_report report;
	ssize_t size;

	if (max > dev->opt.max_transfer)
		max = dev->opt.max_transfer;
	max = max > sizeof(report) ? max - sizeof(report) : 0;
	memcpy(&report, data->bytes, sizeof(report));
	if (!dev->dma->dirty)
		return -EINVAL;
	size = dirty_bitmap_size(report.iova, report.length, report.page_size, max);
	return size < 0 ? size : (ssize_t)sizeof(report) + size;
}

static int get_report(struct mdl_dev *dev, const struct feature_data *data, uint8_t *to,
		      size_t size)
{
	struct vu_dma_logging_report report;

	memcpy(&report, data->bytes, sizeof(report));
	memcpy(to, &report, sizeof(report));
	return dma_logging_report(dev, report.iova, report.length, report.page_size,
				  to + sizeof(report), size - sizeof(report));
}

static const struct feature features[] = {
	[VU_FEATURE_MIGRATION] = {.get_size = eight_bytes, .get = get_migration},
	[VU_FEATURE_MIG_DEVICE_STATE] = {.get_size = eight_bytes,
					 .get = get_state,
					 .set = set_state,
					 .min_set = sizeof(struct vu_mig_device_state)},
	[VU_FEATURE_DMA_LOGGING_START] = {.set = start_logging,
					  .min_set = sizeof(struct vu_dma_logging_control)},
	[VU_FEATURE_DMA_LOGGING_STOP] = {.set = stop_logging},
	[VU_FEATURE_DMA_LOGGING_REPORT] = {.get_size = report_size,
					   .get = get_report,
					   .min_get = sizeof(struct vu_dma_logging_report)},
};

/* The request once more; the data's first 8 bytes may have changed. */
static void echo_request(const struct request *req, const uint64_t *echo, struct reply *reply)
{
	size_t front = HEAD;

	memcpy(reply->data, req->data, HEAD);
	if (echo && req->size >= HEAD + sizeof(*echo)) {
		memcpy(reply->data + HEAD, echo, sizeof(*echo));
		front += sizeof(*echo);
	}
	reply->size = front;
	reply->tail = req->data + front;
	reply->tail_size = req->size - front;
}

static int get(struct mdl_dev *dev, const struct feature *feature, const struct request *req,
	       struct reply *reply)
{
	struct feature_data data = {req->data + HEAD, req->size - HEAD};
	struct vu_feature head;
	ssize_t size;
	int result = 0;

	size = data.size < feature->min_get ? -EINVAL : feature->get_size(dev, &data);
	if (size < 0)
		return (int)size;
	memcpy(&head, req->data, sizeof(head));
	if (head.argsz >= HEAD + (size_t)size) {
		result = migration_out(dev, (size_t)size);
		if (result == 0)
			result = feature->get(dev, &data, dev->migration->out, (size_t)size);
		reply->tail = dev->migration->out;
		reply->tail_size = (size_t)size;
	}
	/* With too little room, this tells how much it takes. */
	head.argsz = (uint32_t)(HEAD + (size_t)size);
	memcpy(reply->data, &head, sizeof(head));
	reply->size = HEAD;
	return result;
}

static int set(struct mdl_dev *dev, const struct feature *feature, const struct request *req,
	       struct reply *reply)
{
	struct feature_data data = {req->data + HEAD, req->size - HEAD};
	struct vu_feature head;
	uint64_t echo = 0;
	int result;

	memcpy(&head, req->data, sizeof(head));
	/* The reply has as much, so there must be room for it. */
	if (data.size < feature->min_set || head.argsz < HEAD + feature->min_set)
		return -EINVAL;
	if (data.size >= sizeof(echo))
		memcpy(&echo, data.bytes, sizeof(echo));
	result = feature->set(dev, &data, &echo);
	if (result == 0)
		echo_request(req, &echo, reply);
	return result;
}

static int dispatch(struct mdl_dev *dev, const struct request *req, struct reply *reply)
{
	struct vu_feature head;
	uint32_t index, method;
	const struct feature *feature;

	memcpy(&head, req->data, sizeof(head));
	index = head.flags & VU_FEATURE_MASK;
	method = head.flags & ~VU_FEATURE_MASK;
	if (index >= sizeof(features) / sizeof(features[0]) || head.argsz < HEAD ||
	    req->size > dev->opt.max_transfer)
		return -EINVAL;
	feature = &features[index];
	if ((!feature->get && !feature->set) || (method & VU_FEATURE_GET && !feature->get) ||
	    (method & VU_FEATURE_SET && !feature->set))
		return -EINVAL;
	if (method & VU_FEATURE_PROBE &&
	    !(method & ~(VU_FEATURE_PROBE | VU_FEATURE_GET | VU_FEATURE_SET))) {
		echo_request(req, NULL, reply);
		return 0;
	}
	if (method == VU_FEATURE_GET)
		return get(dev, feature, req, reply);
	if (method == VU_FEATURE_SET)
		return set(dev, feature, req, reply);
	return -EINVAL;
}

int feature_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct vu_feature head;
	int result;

	if (req->size < sizeof(head))
		return -EINVAL;
	result = dispatch(dev, req, reply);
	if (result < 0) {
		memcpy(&head, req->data, sizeof(head));
		log_client(dev, "DEVICE_FEATURE 0x%x with argsz %u and %zu bytes: %s", head.flags,
			   head.argsz, req->size, strerror(-result));
	}
	return result;
}
