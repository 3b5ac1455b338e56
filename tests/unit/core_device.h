/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of the run time's core: a tiny device by hand, and both ends of its connection in one
 * process.  The server's end is driven by mdl_poll(), so nothing waits but where a test says so.
 */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "conn.h"

#define MAX_TIMERS 4

struct core {
	struct mdl_dev *mdl;
	uint32_t plain, ask, modes, bell;
	struct mdl_timer tick[MAX_TIMERS];
	struct mdl_timer wall[1];
	uint32_t clock_hz;
	int8_t offset;
	bool fast;
	const char *image;
	const char *label;
	uint8_t mode;
	uint8_t *ram[1];
	uint16_t state_var;
	/* what happened */
	unsigned expired[MAX_TIMERS];
	unsigned wall_expired, came, gone, resets;
	ssize_t asked; /* what conn_call() in the hook returned */
	uint8_t answer[64];
	void (*on_expire)(struct core *core, uint32_t at);
	void (*on_plain)(struct core *core, uint64_t value);
};

static inline void core_expire(void *dev, const uint32_t *at)
{
	struct core *core = dev;

	core->expired[*at]++;
	if (core->on_expire)
		core->on_expire(core, *at);
}

static inline void core_wall_expire(void *dev, const uint32_t *at)
{
	struct core *core = dev;

	(void)at;
	core->wall_expired++;
}

/* Writing ASK sends a DMA_READ of 8 bytes to the client. */
static inline void core_ask(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	struct core *core = dev;
	const struct vu_dma_access head = {value, 8};

	(void)at;
	(void)old;
	core->asked = conn_call(core->mdl, VU_DMA_READ, &head, sizeof(head), NULL, 0, core->answer,
				sizeof(core->answer));
}

static inline void core_plain(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
	struct core *core = dev;

	(void)at;
	(void)old;
	if (core->on_plain)
		core->on_plain(core, value);
}

static inline void core_came(void *dev)
{
	((struct core *)dev)->came++;
}

static inline void core_gone(void *dev)
{
	((struct core *)dev)->gone++;
}

static inline void core_reset(void *dev, enum mdl_reset_kind kind)
{
	struct core *core = dev;

	core->resets++;
	mdl_reset(core->mdl, kind); /* must not recurse */
}

static const struct mdl_reg_hooks core_ask_hooks = {.on_write = core_ask};
static const struct mdl_reg_hooks core_plain_hooks = {.on_write = core_plain};
static const struct mdl_value core_modes[] = {{"SLOW", 0}, {"FAST", 4}};
static const struct mdl_field core_fields[] = {
	{.name = "EN", .lsb = 0, .width = 1},
	{.name = "MODE", .lsb = 1, .width = 3, .values = core_modes, .nvalues = 2},
};

#define CORE_REG(reg_name, member, at)                                          \
	.name = reg_name, .store = offsetof(struct core, member), .offset = at, \
	.readable = UINT32_MAX, .writable = UINT32_MAX, .count = 1, .width = 4, \
	.reset_mask = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}

static const struct mdl_reg core_regs[] = {
	{CORE_REG("PLAIN", plain, 0), .hooks = &core_plain_hooks},
	{CORE_REG("ASK", ask, 4), .hooks = &core_ask_hooks},
	{CORE_REG("MODES", modes, 8), .fields = core_fields, .nfields = 2},
	{CORE_REG("BELL", bell, 12), .flags = MDL_REG_DOORBELL},
};

#define CORE_RAM_OFFSET 0x100000u
#define CORE_RAM_SIZE   0x100000u

static const struct mdl_ram core_rams[] = {
	{.name = "RAM",
	 .offset = CORE_RAM_OFFSET,
	 .size = CORE_RAM_SIZE,
	 .store = offsetof(struct core, ram),
	 .count = 1},
};
static const struct mdl_bar core_bars[] = {
	{.index = 0,
	 .type = MDL_BAR_MEM32,
	 .access_min = 1,
	 .access_max = 4,
	 .size = 0x200000,
	 .nregs = 4,
	 .nrams = 1,
	 .regs = core_regs,
	 .rams = core_rams},
};
static const struct mdl_irq_desc core_irqs[] = {{"done", 0, 1, 0}, {"lane", 1, 2, 0}};
static const struct mdl_timer_desc core_timers[] = {
	{"tick", offsetof(struct core, tick), MAX_TIMERS, false, false, 0, core_expire},
	{"wall", offsetof(struct core, wall), 1, true, false, 0, core_wall_expire},
};
static const struct mdl_param core_params[] = {
	{.name = "clock-hz",
	 .doc = "timer clock, in Hz",
	 .store = offsetof(struct core, clock_hz),
	 .type = MDL_PARAM_UINT,
	 .size = 4,
	 .value = 1000000},
	{.name = "offset",
	 .store = offsetof(struct core, offset),
	 .type = MDL_PARAM_INT,
	 .size = 1,
	 .value = (uint64_t)-3},
	{.name = "fast", .store = offsetof(struct core, fast), .type = MDL_PARAM_BOOL},
	{.name = "image",
	 .doc = "disk image",
	 .store = offsetof(struct core, image),
	 .type = MDL_PARAM_PATH},
	{.name = "label",
	 .store = offsetof(struct core, label),
	 .type = MDL_PARAM_STRING,
	 .text = "none"},
	{.name = "mode",
	 .store = offsetof(struct core, mode),
	 .type = MDL_PARAM_ENUM,
	 .size = 1,
	 .value = 4,
	 .values = core_modes,
	 .nvalues = 2},
};
static const struct mdl_var core_vars[] = {
	{.name = "state_var",
	 .store = offsetof(struct core, state_var),
	 .length_store = MDL_NO_LENGTH,
	 .count = 1,
	 .size = 2,
	 .type = MDL_VAR_UINT,
	 .section = -1,
	 .since = 1,
	 .until = UINT32_MAX,
	 .value = 0x1234},
};
static const struct mdl_pci core_pci = {
	.vendor = 0x1b36, .device = 0x0100, .class_code = 0x088000, .intx = 1};
static const struct mdl_device_hooks core_hooks = {
	.on_reset = core_reset, .connect = core_came, .disconnect = core_gone};
static const struct mdl_device core_device = {
	.abi = MDL_ABI,
	.version = 3,
	.name = "core",
	.doc = "a device for tests",
	.size = sizeof(struct core),
	.nbars = 1,
	.nirqs = 2,
	.ntimers = 2,
	.nparams = 6,
	.nvars = 1,
	.pci = &core_pci,
	.bars = core_bars,
	.irqs = core_irqs,
	.timers = core_timers,
	.params = core_params,
	.vars = core_vars,
	.hooks = &core_hooks,
};

/* ---- what was logged */

struct core_log {
	char text[16384];
	size_t used;
	unsigned lines;
};

static inline void core_log_line(void *arg, enum mdl_log_level level, const char *line)
{
	struct core_log *log = arg;
	int n = snprintf(log->text + log->used, sizeof(log->text) - log->used, "%s\n", line);

	(void)level;
	if (n > 0 && (size_t)n < sizeof(log->text) - log->used)
		log->used += (size_t)n;
	log->lines++;
}

static inline bool core_logged(const struct core_log *log, const char *text)
{
	return strstr(log->text, text) != NULL;
}

/* ---- a device with its client's end */

struct pair {
	struct mdl_dev *dev;
	struct core *core;
	int fd; /* the client's end */
	struct core_log log;
};

static inline unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static inline struct pair *pair_open_with(struct mdl_options options)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int fds[2];

	options.log = core_log_line;
	options.log_arg = &pair->log;
	if (!options.log_level)
		options.log_level = MDL_LOG_INFO;
	assert_int_equal(mdl_create(&pair->dev, &core_device, &options), 0);
	pair->core = mdl_instance(pair->dev);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(mdl_attach(pair->dev, fds[0]), 0);
	pair->fd = fds[1];
	return pair;
}

static inline struct pair *pair_open(void)
{
	return pair_open_with((struct mdl_options){0});
}

static inline void pair_close(struct pair *pair)
{
	if (pair->fd >= 0)
		close(pair->fd);
	mdl_destroy(pair->dev);
	free(pair);
}

/* Serve until there is nothing left to do now. */
static inline void pair_serve(struct pair *pair)
{
	int n;

	do
		n = mdl_poll(pair->dev);
	while (n > 0);
}

static inline size_t put_message(uint8_t *to, uint16_t id, uint16_t command, uint32_t flags,
				 const void *payload, size_t size)
{
	const struct vu_header header = {
		.id = id,
		.command = command,
		.size = (uint32_t)(VU_HEADER_SIZE + size),
		.flags = flags,
	};

	memcpy(to, &header, sizeof(header));
	if (size)
		memcpy(to + VU_HEADER_SIZE, payload, size);
	return VU_HEADER_SIZE + size;
}

static inline size_t put_read(uint8_t *to, uint16_t id, uint64_t offset, uint32_t count)
{
	const struct vu_region_access access = {offset, VU_REGION_BAR0, count};

	return put_message(to, id, VU_REGION_READ, 0, &access, sizeof(access));
}

static inline size_t put_write(uint8_t *to, uint16_t id, uint32_t flags, uint64_t offset,
			       uint32_t value)
{
	struct {
		struct vu_region_access access;
		uint32_t value;
	} write = {{offset, VU_REGION_BAR0, 4}, value};

	return put_message(to, id, VU_REGION_WRITE, flags, &write, 20);
}

static inline void send_with_fds(int socket, const void *data, size_t size, const int *fds,
				 unsigned nfds)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * 128)];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {(void *)(uintptr_t)data, size};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (nfds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, sizeof(int) * nfds);
	}
	assert_int_equal(sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT), size);
}

static inline void pair_send(struct pair *pair, const void *data, size_t size)
{
	send_with_fds(pair->fd, data, size, NULL, 0);
}

/* A message the server sent: header, and its payload (cut to `max`). */
static inline struct vu_header pair_expect(struct pair *pair, void *payload, size_t max)
{
	struct vu_header header;
	uint8_t rest[65536];
	size_t size;

	assert_int_equal(recv(pair->fd, &header, sizeof(header), MSG_DONTWAIT), sizeof(header));
	size = header.size - VU_HEADER_SIZE;
	assert_in_range(size, 0, sizeof(rest));
	if (size)
		assert_int_equal(recv(pair->fd, rest, size, MSG_DONTWAIT), size);
	if (max)
		memcpy(payload, rest, size < max ? size : max);
	return header;
}

static inline void pair_expect_nothing(struct pair *pair)
{
	uint8_t byte;

	assert_int_equal(recv(pair->fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static inline void pair_expect_end(struct pair *pair)
{
	uint8_t byte;
	ssize_t n = recv(pair->fd, &byte, 1, MSG_DONTWAIT);

	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

static inline void pair_expect_reply(struct pair *pair, uint16_t id, uint16_t command, int error)
{
	struct vu_header header = pair_expect(pair, NULL, 0);

	assert_int_equal(header.id, id);
	assert_int_equal(header.command, command);
	assert_int_equal(header.flags, error ? 0x21 : 1);
	assert_int_equal(header.error, error);
	if (error)
		assert_int_equal(header.size, VU_HEADER_SIZE);
}

static inline void pair_expect_value(struct pair *pair, uint16_t id, uint32_t value)
{
	uint8_t payload[20];
	uint32_t got;
	struct vu_header header = pair_expect(pair, payload, sizeof(payload));

	assert_int_equal(header.id, id);
	assert_int_equal(header.command, VU_REGION_READ);
	assert_int_equal(header.flags, 1);
	assert_int_equal(header.size, 36);
	memcpy(&got, payload + 16, sizeof(got));
	assert_int_equal(got, value);
}

static inline size_t put_version(uint8_t *to, uint16_t minor, const char *json)
{
	uint8_t payload[2048] = {0};

	memcpy(payload + 2, &minor, sizeof(minor));
	memcpy(payload + 4, json, strlen(json) + 1);
	return put_message(to, 1, VU_VERSION, 0, payload, 4 + strlen(json) + 1);
}

static inline void pair_negotiate(struct pair *pair)
{
	uint8_t buf[2048];

	pair_send(pair, buf, put_version(buf, 2, "{\"capabilities\":{\"max_msg_fds\":8}}"));
	pair_serve(pair);
	pair_expect_reply(pair, 1, VU_VERSION, 0);
}

#endif
