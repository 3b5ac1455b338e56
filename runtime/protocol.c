/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol's one way through: a message's header is judged, its command looked up, its size
 * checked against the command's, one handler called, and its result replied in one place.
 */
#include "conn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	handler *handle;
	uint16_t min_size; /* of the payload */
	uint16_t max_fds;  /* more are closed before the handler sees them */
};

static const struct command commands[] = {
	[VU_VERSION] = {"VERSION", version_handle, 4, 0},
	[VU_DMA_MAP] = {"DMA_MAP", dma_map_handle, sizeof(struct vu_dma_map), 1},
	[VU_DMA_UNMAP] = {"DMA_UNMAP", dma_unmap_handle, sizeof(struct vu_dma_unmap), 0},
	[VU_DEVICE_GET_INFO] = {"DEVICE_GET_INFO", device_get_info, sizeof(struct vu_device_info),
				0},
	[VU_DEVICE_GET_REGION_INFO] = {"DEVICE_GET_REGION_INFO", region_get_info,
				       sizeof(struct vu_region_info), 0},
	[VU_DEVICE_GET_REGION_IO_FDS] = {"DEVICE_GET_REGION_IO_FDS", region_io_fds_handle,
					 sizeof(struct vu_region_io_fds), 0},
	[VU_DEVICE_GET_IRQ_INFO] = {"DEVICE_GET_IRQ_INFO", irq_get_info, sizeof(struct vu_irq_info),
				    0},
	[VU_DEVICE_SET_IRQS] = {"DEVICE_SET_IRQS", irq_set_handle, sizeof(struct vu_irq_set),
				MSG_FDS},
	[VU_REGION_READ] = {"REGION_READ", region_read_handle, sizeof(struct vu_region_access), 0},
	[VU_REGION_WRITE] = {"REGION_WRITE", region_write_handle, sizeof(struct vu_region_access),
			     0},
	[VU_DEVICE_RESET] = {"DEVICE_RESET", device_reset_handle, 0, 0},
	[VU_REGION_WRITE_MULTI] = {"REGION_WRITE_MULTI", region_write_multi_handle, 8, 0},
	[VU_DEVICE_FEATURE] = {"DEVICE_FEATURE", feature_handle, sizeof(struct vu_feature), 0},
	[VU_MIG_DATA_READ] = {"MIG_DATA_READ", mig_data_read_handle, sizeof(struct vu_mig_data), 0},
	[VU_MIG_DATA_WRITE] = {"MIG_DATA_WRITE", mig_data_write_handle, sizeof(struct vu_mig_data),
			       0},
};

static const struct command *find_command(uint16_t number)
{
	if (number >= sizeof(commands) / sizeof(*commands) || !commands[number].handle)
		return NULL;
	return &commands[number];
}

int request_take_fd(struct request *req, unsigned i)
{
	int fd;

	if (i >= req->nfds)
		return -1;
	fd = req->fds[i];
	req->fds[i] = -1;
	return fd;
}

static void close_all(const int *fds, unsigned nfds)
{
	for (unsigned i = 0; i < nfds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Descriptors beyond what the command takes. -EMFILE: some that it needs did not arrive. */
static int limit_fds(struct mdl_dev *dev, const struct command *command, struct request *req)
{
	unsigned max = command->max_fds;

	if (max > 0 && req->nfds > 0 && req->fds[req->nfds - 1] < 0) {
		log_client(dev, "%s: more descriptors than arrive (a message takes %u)",
			   command->name, MSG_FDS);
		return -EMFILE;
	}
	if (req->nfds <= max)
		return 0;
	log_client(dev, "%s: closed %u descriptors that it has no use for", command->name,
		   req->nfds - max);
	close_all(req->fds + max, req->nfds - max);
	req->nfds = max;
	return 0;
}

/* Everything that can be judged without knowing the command's payload; then the handler. */
static int handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	const struct command *command = find_command(req->command);
	int rc;

	if (!command) {
		log_client(dev, "command %u is unknown", req->command);
		return -ENOSYS;
	}
	if (req->size < command->min_size) {
		log_client(dev, "%s: %zu bytes where at least %u are needed", command->name,
			   req->size, command->min_size);
		return -EINVAL;
	}
	if (req->command != VU_VERSION && !conn_limits(dev)->negotiated) {
		log_client(dev, "%s came before VERSION", command->name);
		return -EINVAL;
	}
	rc = limit_fds(dev, command, req);
	if (!rc)
		rc = command->handle(dev, req, reply);
	if (dev->opt.log_level >= MDL_LOG_DEBUG)
		log_debug(dev, "%s id %u size %zu: %d", command->name, req->id, req->size, rc);
	return rc;
}

/* What a handler may not do: an error of ours, never of the client's. */
static int check_reply(struct mdl_dev *dev, const struct request *req, const struct reply *reply)
{
	if (reply->size <= REPLY_SPACE && reply->nfds <= REPLY_FDS &&
	    reply->tail_size <= dev->opt.max_transfer)
		return 0;
	log_error(dev, "command %u: a reply of %zu + %zu bytes and %u descriptors", req->command,
		  reply->size, reply->tail_size, reply->nfds);
	return -EIO;
}

/* The reply point: nothing else answers a request. */
static void send_reply(struct mdl_dev *dev, const struct request *req, struct reply *reply, int rc)
{
	struct vu_header header = {.id = req->id, .command = req->command};

	if (req->no_reply)
		return;
	if (rc >= 0)
		rc = check_reply(dev, req, reply);
	if (rc < 0) {
		*reply = (struct reply){.data = reply->data};
		header.flags = VU_TYPE_REPLY | VU_ERROR;
		header.error = rc > -4096 ? (uint32_t)-rc : EIO;
	} else {
		header.flags = VU_TYPE_REPLY;
	}
	header.size = (uint32_t)(VU_HEADER_SIZE + reply->size + reply->tail_size);
	conn_reply_end(dev, &header, reply);
}

static void serve(struct mdl_dev *dev, struct request *req, bool valid)
{
	struct reply reply = {.data = conn_reply_begin(dev)}, made;
	struct request *outer = dev->serving;
	int rc;

	dev->serving = req;
	rc = valid ? handle(dev, req, &reply) : -EINVAL;
	dev->serving = outer;
	made = reply;
	send_reply(dev, req, &reply, rc);
	if (made.close_fds && made.nfds <= REPLY_FDS)
		close_all(made.fds, made.nfds);
}

void protocol_answer_write(struct mdl_dev *dev)
{
	struct request *req = dev->serving;
	struct vu_header header;
	struct reply reply = {0};

	if (!req || req->no_reply || req->command != VU_REGION_WRITE ||
	    req->size < sizeof(struct vu_region_access))
		return;
	/* the reply repeats the request's head; whether the write was sound is known by now */
	header = (struct vu_header){.id = req->id,
				    .command = req->command,
				    .flags = VU_TYPE_REPLY,
				    .size = VU_HEADER_SIZE + sizeof(struct vu_region_access)};
	reply.data = (uint8_t *)(uintptr_t)req->data;
	reply.size = sizeof(struct vu_region_access);
	conn_send_now(dev, &header, &reply);
	req->no_reply = true;
}

int protocol_message(struct mdl_dev *dev, const uint8_t *message, size_t size, int *fds,
		     unsigned nfds)
{
	struct vu_header header;
	struct request req;
	unsigned type;

	memcpy(&header, message, sizeof(header));
	req = (struct request){
		.id = header.id,
		.command = header.command,
		.no_reply = header.flags & VU_NO_REPLY,
		.data = message + VU_HEADER_SIZE,
		.size = size - VU_HEADER_SIZE,
		.fds = fds,
		.nfds = nfds,
	};
	type = header.flags & VU_TYPE_MASK;
	if (type == VU_TYPE_REPLY)
		log_client(dev, "dropped a reply with id %u and command %u that nobody awaits",
			   header.id, header.command);
	else
		serve(dev, &req, type == VU_TYPE_REQUEST);
	close_all(req.fds, req.nfds);
	return 0;
}
