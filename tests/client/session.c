// SPDX-License-Identifier: BSD-2-Clause
/* Sessions: begin and end, memory, the alarm. */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char capabilities[] =
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1024,"
	"\"migration\":{\"pgsize\":4096},\"write_multiple\":true}}";

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("client: ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
}

int failed(const char *what, int rc)
{
	bool remote = rc <= -CLIENT_REMOTE;

	say("FAILED: %s: %s%s", what, remote ? "the server says: " : "",
	    strerror(remote ? -rc - CLIENT_REMOTE : -rc));
	return rc;
}

int done(const char *what, int rc)
{
	if (rc < 0)
		return failed(what, rc);
	say("%s", what);
	return rc;
}

uint64_t now_realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* ---- begin and end */

static int make_memory(struct session *session)
{
	size_t size = NREGIONS * REGION_SIZE;

	session->memfd = memfd_create("guest", MFD_CLOEXEC);
	if (session->memfd < 0 || ftruncate(session->memfd, (off_t)size) < 0)
		return -errno;
	session->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, session->memfd, 0);
	if (session->memory == MAP_FAILED) {
		session->memory = NULL;
		return -errno;
	}
	session->irq = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return session->irq < 0 ? -errno : 0;
}

int session_start(struct session *session, const struct place *place)
{
	const char *path = place->runs ? place->name : session->server.path;
	int rc;

	*session = (struct session){.client.fd = -1, .memfd = -1, .irq = -1};
	pthread_mutex_init(&session->turn, NULL);
	rc = make_memory(session);
	if (rc < 0)
		return failed("memory", rc);
	if (!place->runs && access(place->name, X_OK) < 0)
		return failed(place->name, -errno);
	if (!place->runs)
		rc = server_start(&session->server, place->name, NULL);
	if (rc == 0)
		rc = client_connect(&session->client, path);
	if (rc < 0) {
		say("%s cannot be connected to: is there a server of vfio-user?", path);
		return failed(place->name, rc);
	}
	if (place->runs)
		say("connected to %s", path);
	else
		say("%s serves on %s", place->name, path);
	return 0;
}

/* Region i stands at iova i * REGION_SIZE. */
static int map_memory(struct session *session)
{
	int rc = 0;

	for (unsigned i = 0; i < NREGIONS && rc == 0; i++)
		rc = client_dma_map(&session->client, i * REGION_SIZE, REGION_SIZE, i * REGION_SIZE,
				    VU_DMA_MAP_READ | VU_DMA_MAP_WRITE, session->memfd);
	return rc;
}

/* Version 0.2, as clients have it that follow the specification. */
int session_agree(struct session *session)
{
	uint8_t request[sizeof(capabilities) + 4] = {0, 0, 2, 0}, reply[1024];
	ssize_t n;

	memcpy(request + 4, capabilities, sizeof(capabilities));
	n = client_call(&session->client, VU_VERSION, request, sizeof(request), reply,
			sizeof(reply));
	if (n >= 0 && (n < 5 || reply[n - 1]))
		n = -EPROTO;
	if (n < 0)
		return failed("VERSION", (int)n);
	session->several = strstr((const char *)reply + 4, "\"write_multiple\":true") != NULL;
	say("VERSION: %u.%u, %s", reply[0], reply[2], (const char *)reply + 4);
	return 0;
}

int session_attach(struct session *session)
{
	int rc = done("DMA_MAP: 4 regions of 16 KiB", map_memory(session));

	if (rc < 0)
		return rc;
	rc = client_set_irq(&session->client, VU_IRQ_INTX,
			    VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 1,
			    session->irq);
	return done("DEVICE_SET_IRQS: INTx goes to an eventfd", rc);
}

int session_end(struct session *session)
{
	int rc = 0;

	client_close(&session->client);
	if (session->server.pid > 0)
		rc = server_stop(&session->server);
	if (session->memory)
		munmap(session->memory, NREGIONS * REGION_SIZE);
	if (session->bar1)
		munmap(session->bar1, RAM_SIZE);
	if (session->memfd >= 0)
		close(session->memfd);
	if (session->irq >= 0)
		close(session->irq);
	pthread_mutex_destroy(&session->turn);
	if (rc == 0)
		return 0;
	say("FAILED: the server ended with %d", rc);
	return rc < 0 ? rc : -EPROTO;
}

/* ---- BAR 1 */

int write_bar1(struct session *session, const uint8_t *data)
{
	int rc;

	pthread_mutex_lock(&session->turn);
	rc = client_write(&session->client, 1, 0, data, RAM_SIZE);
	pthread_mutex_unlock(&session->turn);
	return rc;
}

int read_bar1(struct session *session, uint8_t *data)
{
	int rc = 0;

	for (uint32_t at = 0; at < RAM_SIZE && rc == 0; at += PIECE)
		rc = client_read(&session->client, 1, at, data + at, PIECE);
	return rc;
}

/* ---- the alarm */

int set_alarm(struct session *session, uint64_t at)
{
	uint64_t since;
	int rc = client_put(&session->client, 0, 0, 8, at);

	if (rc == 0)
		rc = client_get(&session->client, 0, 0, 8, &since);
	if (rc < 0)
		return failed("the alarm", rc);
	say("REGION_WRITE: BAR 0: alarm at %llu; REGION_READ: %lld s since then",
	    (unsigned long long)at, (long long)since);
	return (int64_t)since > 0 ? -EPROTO : 0;
}

static int send_reply(struct session *session, const struct vu_header *request, const void *payload,
		      size_t size)
{
	uint8_t message[VU_HEADER_SIZE + sizeof(struct vu_dma_access) + PIECE];
	struct vu_header header = {.id = request->id,
				   .command = request->command,
				   .size = (uint32_t)(VU_HEADER_SIZE + size),
				   .flags = VU_TYPE_REPLY};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, size);
	return client_send_bytes(&session->client, message, header.size, NULL, 0);
}

/* One DMA_READ or DMA_WRITE of a piece of region 0. */
static int serve_dma(struct session *session, uint16_t command, uint64_t address)
{
	uint8_t reply[sizeof(struct vu_dma_access) + PIECE];
	struct client_message message;
	struct vu_dma_access access;
	int rc = client_receive(&session->client, &message);

	if (rc <= 0)
		return rc < 0 ? rc : -ECONNRESET;
	rc = -EPROTO;
	if (message.header.command == command && message.size >= sizeof(access)) {
		memcpy(&access, message.data, sizeof(access));
		memcpy(reply, &access, sizeof(access));
		if (access.address != address || access.count != PIECE) {
			rc = -EPROTO;
		} else if (command == VU_DMA_WRITE && message.size == sizeof(access) + PIECE) {
			memcpy(session->memory + address, message.data + sizeof(access), PIECE);
			rc = send_reply(session, &message.header, reply, sizeof(access));
		} else if (command == VU_DMA_READ && message.size == sizeof(access)) {
			memcpy(reply + sizeof(access), session->memory + address, PIECE);
			rc = send_reply(session, &message.header, reply, sizeof(reply));
		}
	}
	client_message_free(&message);
	return rc;
}

/* 4 KiB of A, B, C, D: what the device writes. */
static int check_region(const struct session *session, unsigned region)
{
	const uint8_t *memory = session->memory + region * REGION_SIZE;

	for (unsigned i = 0; i < 4 * PIECE; i++)
		if (memory[i] != 'A' + i / PIECE)
			return -EIO;
	return memory[4 * PIECE] ? -EIO : 0;
}

static int serve_all_dma(struct session *session)
{
	int rc = 0;

	for (unsigned i = 0; i < 4 && rc == 0; i++)
		rc = serve_dma(session, VU_DMA_WRITE, i * PIECE);
	for (unsigned i = 0; i < 4 && rc == 0; i++)
		rc = serve_dma(session, VU_DMA_READ, i * PIECE);
	return rc;
}

int await_alarm(struct session *session, uint64_t at)
{
	uint64_t came;
	int rc;

	memset(session->memory, 0, NREGIONS * REGION_SIZE);
	if (!client_wait_event(session->irq, CLIENT_WAIT_MS))
		return failed("INTx did not arrive", -ETIMEDOUT);
	came = now_realtime_ns();
	say("INTx: %.3f s after the alarm's time", (double)((int64_t)(came - at * SECOND)) / 1e9);
	if (came < at * SECOND)
		return failed("that is too early", -EPROTO);
	rc = done("DMA_WRITE, DMA_READ: 4 of each, 1 KiB, region 0", serve_all_dma(session));
	if (rc == 0)
		rc = done("region 0 has what was written", check_region(session, 0));
	if (rc == 0)
		rc = done("region 1 has it, too, without a message", check_region(session, 1));
	return rc;
}
