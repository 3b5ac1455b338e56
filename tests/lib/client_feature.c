// SPDX-License-Identifier: BSD-2-Clause
/* A plain vfio-user client: features, migration, several interrupts at once. */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

ssize_t client_feature(struct client *client, uint32_t flags, const void *data, size_t size,
		       void *reply, size_t reply_max)
{
	struct vu_feature head = {(uint32_t)(sizeof(head) + reply_max), flags};
	uint8_t request[4096];
	struct client_message message;
	ssize_t n;

	if (size > sizeof(request) - sizeof(head))
		return -E2BIG;
	if (head.argsz < sizeof(head) + size)
		head.argsz = (uint32_t)(sizeof(head) + size);
	memcpy(request, &head, sizeof(head));
	if (size)
		memcpy(request + sizeof(head), data, size);
	n = client_call_fds(client, VU_DEVICE_FEATURE, request, sizeof(head) + size, NULL, 0,
			    &message);
	if (n < 0)
		return n;
	n -= (ssize_t)sizeof(head);
	if (n < 0 || memcmp(message.data + 4, &flags, 4) != 0)
		n = -EPROTO;
	else if ((size_t)n > reply_max)
		n = -EMSGSIZE;
	else if (n)
		memcpy(reply, message.data + sizeof(head), (size_t)n);
	client_message_free(&message);
	return n;
}

int client_mig_set(struct client *client, uint32_t state)
{
	struct vu_mig_device_state set = {state, UINT32_MAX}, reply;
	ssize_t n = client_feature(client, VU_FEATURE_SET | VU_FEATURE_MIG_DEVICE_STATE, &set,
				   sizeof(set), &reply, sizeof(reply));

	return n < 0 ? (int)n : n == sizeof(reply) && reply.state == state ? 0 : -EPROTO;
}

int client_mig_get(struct client *client)
{
	struct vu_mig_device_state reply;
	ssize_t n = client_feature(client, VU_FEATURE_GET | VU_FEATURE_MIG_DEVICE_STATE, NULL, 0,
				   &reply, sizeof(reply));

	return n < 0 ? (int)n : n == sizeof(reply) && reply.state < 16 ? (int)reply.state : -EPROTO;
}

ssize_t client_mig_read(struct client *client, void *data, uint32_t size)
{
	struct vu_mig_data request = {(uint32_t)sizeof(request) + size, size}, head;
	struct client_message message;
	ssize_t n = client_call_fds(client, VU_MIG_DATA_READ, &request, sizeof(request), NULL, 0,
				    &message);

	if (n < 0)
		return n;
	if ((size_t)n < sizeof(head)) {
		client_message_free(&message);
		return -EPROTO;
	}
	memcpy(&head, message.data, sizeof(head));
	n -= (ssize_t)sizeof(head);
	if (head.size != (size_t)n || head.size > size)
		n = -EPROTO;
	else if (n)
		memcpy(data, message.data + sizeof(head), (size_t)n);
	client_message_free(&message);
	return n;
}

int client_mig_write(struct client *client, const void *data, uint32_t size)
{
	struct vu_mig_data head = {(uint32_t)sizeof(head) + size, size};
	uint8_t *request = malloc(sizeof(head) + size);
	ssize_t n;

	if (!request)
		return -ENOMEM;
	memcpy(request, &head, sizeof(head));
	if (size)
		memcpy(request + sizeof(head), data, size);
	n = client_call(client, VU_MIG_DATA_WRITE, request, sizeof(head) + size, NULL, 0);
	free(request);
	return (int)n;
}

int client_set_irqs(struct client *client, uint32_t index, uint32_t flags, uint32_t start,
		    uint32_t count, const int *fds, unsigned nfds)
{
	struct vu_irq_set set = {sizeof(set), flags, index, start, count};
	struct client_message reply;
	ssize_t n =
		client_call_fds(client, VU_DEVICE_SET_IRQS, &set, sizeof(set), fds, nfds, &reply);

	if (n < 0)
		return (int)n;
	client_message_free(&reply);
	return n == 0 ? 0 : -EPROTO;
}
