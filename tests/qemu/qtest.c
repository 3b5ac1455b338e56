/* SPDX-License-Identifier: BSD-2-Clause */
#include "qtest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qtest_private.h"

enum {
	DEFAULT_TIMEOUT_MS = 10000,
	STOP_MS = 5000,
	MAX_ARGUMENTS = 64,
	CHUNK = 4096,		/* of guest memory in one command */
	COMMAND_ROOM = 2 * CHUNK + 64,
	OUTPUT_SHOWN = 2000,
	POLL_MS = 1,
};

int64_t qt_deadline(const struct qt *qt, int timeout_ms)
{
	return now_ms() + (timeout_ms ? timeout_ms : qt->timeout_ms);
}

static void print_output(const struct qt *qt)
{
	char text[OUTPUT_SHOWN];
	ssize_t got = pread(qt->output, text, sizeof(text), 0);

	if (got > 0)
		fprintf(stderr, "QEMU printed:\n%.*s\n", (int)got, text);
}

void qt_fail(struct qt *qt, const char *format, ...)
{
	va_list args;

	if (qt->error)
		return;
	va_start(args, format);
	if (vasprintf(&qt->error, format, args) < 0)
		qt->error = strdup("out of memory");
	va_end(args);
	if (qt->quiet)
		return;
	fprintf(stderr, "qtest: %s\n", qt->error);
	print_output(qt);
}

const char *qt_error(const struct qt *qt)
{
	return qt->error;
}

int qt_send(struct qt *qt, int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			qt_fail(qt, "QEMU does not listen any more: %s", strerror(errno));
			return -1;
		}
		text += sent;
		size -= (size_t)sent;
	}
	return 0;
}

/* True if the line was news of an interrupt, which may come between any two answers. */
static bool take_irq_line(struct qt *qt, const char *line)
{
	char verb[8];
	unsigned int pin;
	bool level;

	if (sscanf(line, "IRQ %7s %u", verb, &pin) != 2)
		return false;
	level = strcmp(verb, "raise") == 0;
	if (pin < QT_PINS) {
		if (level && !qt->level[pin])
			qt->raises[pin]++;
		qt->level[pin] = level;
	}
	return true;
}

/* The answer to a command, after its "OK"; NULL on any error. */
static const char *receive_answer(struct qt *qt, const char *command)
{
	int64_t deadline = qt_deadline(qt, 0);
	char *line;
	int error;

	do {
		error = lines_next(&qt->access, deadline, &line);
		if (error || !line) {
			qt_fail(qt, "no answer to '%.60s': %s", command,
				error ? strerror(-error) : "time is up");
			return NULL;
		}
	} while (take_irq_line(qt, line));
	if (strncmp(line, "OK", 2) != 0) {
		qt_fail(qt, "'%.60s' was answered '%s'", command, line);
		return NULL;
	}
	return line[2] == ' ' ? line + 3 : line + 2;
}

__attribute__((format(printf, 2, 3)))
static const char *command(struct qt *qt, const char *format, ...)
{
	char text[COMMAND_ROOM];
	va_list args;
	int size;

	if (qt->error)
		return NULL;
	va_start(args, format);
	size = vsnprintf(text, sizeof(text) - 1, format, args);
	va_end(args);
	if (size < 0 || (size_t)size >= sizeof(text) - 1) {
		qt_fail(qt, "command too long");
		return NULL;
	}
	text[size] = '\n';
	if (qt_send(qt, qt->access.fd, text, (size_t)size + 1) < 0)
		return NULL;
	text[size] = '\0';
	return receive_answer(qt, text);
}

static char width_letter(struct qt *qt, unsigned int width, unsigned int most)
{
	const char letters[] = "?bw?l???q";

	if (width <= most && width < sizeof(letters) - 1 && letters[width] != '?')
		return letters[width];
	qt_fail(qt, "no access has a width of %u", width);
	return '?';
}

uint32_t qt_in(struct qt *qt, uint16_t port, unsigned int width)
{
	const char *answer = command(qt, "in%c 0x%x", width_letter(qt, width, 4), port);

	return answer ? (uint32_t)strtoul(answer, NULL, 0) : UINT32_MAX;
}

void qt_out(struct qt *qt, uint16_t port, unsigned int width, uint32_t value)
{
	command(qt, "out%c 0x%x 0x%" PRIx32, width_letter(qt, width, 4), port, value);
}

uint64_t qt_read(struct qt *qt, uint64_t address, unsigned int width)
{
	const char *answer = command(qt, "read%c 0x%" PRIx64, width_letter(qt, width, 8),
				     address);

	return answer ? strtoull(answer, NULL, 0) : UINT64_MAX;
}

void qt_write(struct qt *qt, uint64_t address, unsigned int width, uint64_t value)
{
	command(qt, "write%c 0x%" PRIx64 " 0x%" PRIx64, width_letter(qt, width, 8), address,
		value);
}

static unsigned int hex_digit(char c)
{
	const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (unsigned int)(found - digits) : 0;
}

void qt_mem_read(struct qt *qt, uint64_t address, void *data, size_t size)
{
	unsigned char *to = data;

	memset(data, 0xff, size);
	while (size) {
		size_t chunk = size < CHUNK ? size : CHUNK;
		const char *answer = command(qt, "read 0x%" PRIx64 " 0x%zx", address, chunk);

		if (!answer)
			return;
		if (strlen(answer) != 2 + 2 * chunk) {
			qt_fail(qt, "a read of %zu bytes brought '%.20s'...", chunk, answer);
			return;
		}
		for (size_t i = 0; i < chunk; i++)
			to[i] = (unsigned char)(hex_digit(answer[2 + 2 * i]) << 4 |
						hex_digit(answer[3 + 2 * i]));
		address += chunk;
		to += chunk;
		size -= chunk;
	}
}

void qt_mem_write(struct qt *qt, uint64_t address, const void *data, size_t size)
{
	const unsigned char *from = data;
	char hex[2 * CHUNK + 1];

	while (size) {
		size_t chunk = size < CHUNK ? size : CHUNK;

		for (size_t i = 0; i < chunk; i++)
			snprintf(hex + 2 * i, 3, "%02x", from[i]);
		if (!command(qt, "write 0x%" PRIx64 " 0x%zx 0x%s", address, chunk, hex))
			return;
		address += chunk;
		from += chunk;
		size -= chunk;
	}
}

void qt_mem_set(struct qt *qt, uint64_t address, size_t size, uint8_t value)
{
	if (size)
		command(qt, "memset 0x%" PRIx64 " 0x%zx 0x%x", address, size, value);
}

void qt_clock_step(struct qt *qt, int64_t ns)
{
	command(qt, "clock_step %" PRId64, ns);
}

void qt_irq_intercept(struct qt *qt)
{
	command(qt, "irq_intercept_in ioapic");
}

/* Takes what news there is until the deadline, at most one line. False when there is none. */
static bool take_news(struct qt *qt, int64_t deadline)
{
	char *line;
	int error;

	if (qt->error)
		return false;
	error = lines_next(&qt->access, deadline, &line);
	if (error)
		qt_fail(qt, "QEMU is gone: %s", strerror(-error));
	else if (line && !take_irq_line(qt, line))
		qt_fail(qt, "an answer without a question: '%s'", line);
	return !qt->error && line;
}

bool qt_irq_level(struct qt *qt, unsigned int pin)
{
	while (take_news(qt, 0))
		continue;
	return pin < QT_PINS && qt->level[pin];
}

unsigned int qt_irq_raises(struct qt *qt, unsigned int pin)
{
	while (take_news(qt, 0))
		continue;
	return pin < QT_PINS ? qt->raises[pin] : 0;
}

bool qt_irq_wait(struct qt *qt, unsigned int pin, bool level, int timeout_ms)
{
	int64_t deadline = qt_deadline(qt, timeout_ms);

	while (qt_irq_level(qt, pin) != level)
		if (!take_news(qt, deadline))
			return false;
	return !qt->error;
}

/* As QEMU's ICH9 wires slots: PIRQ E to H by rotation, on pins 20 to 23. */
unsigned int qt_intx_pin(unsigned int slot, unsigned int intx)
{
	return 20 + (slot + intx - 1) % 4;
}

bool qt_mem_wait(struct qt *qt, uint64_t address, uint32_t value, int timeout_ms)
{
	int64_t deadline = qt_deadline(qt, timeout_ms);

	/* RAM announces nothing, so it is looked at until it changes. */
	while (!qt->error) {
		if ((uint32_t)qt_read(qt, address, 4) == value)
			return !qt->error;
		if (now_ms() >= deadline)
			return false;
		take_news(qt, now_ms() + POLL_MS);
	}
	return false;
}

/* The command line being put together, and the texts made for it. */
struct command_line {
	const char *argv[MAX_ARGUMENTS + 1];
	size_t count;
	char memory[96];
	char ram[16];
	char device[512];
};

static void add(struct command_line *line, const char *argument)
{
	if (line->count < MAX_ARGUMENTS)
		line->argv[line->count++] = argument;
}

static void add_pair(struct command_line *line, const char *option, const char *value)
{
	add(line, option);
	add(line, value);
}

static void add_machine(struct command_line *line, const struct qt_options *options)
{
	unsigned int mib = options->ram_mib ? options->ram_mib : 64;

	add_pair(line, "-machine", options->machine ? options->machine : "q35");
	snprintf(line->ram, sizeof(line->ram), "%uM", mib);
	add_pair(line, "-m", line->ram);
	if (options->private_ram)
		return;
	snprintf(line->memory, sizeof(line->memory),
		 "memory-backend-memfd,id=ram,share=on,size=%uM", mib);
	add_pair(line, "-object", line->memory);
	add_pair(line, "-machine", "memory-backend=ram");
}

static void build_command_line(struct command_line *line, const struct qt_options *options)
{
	add(line, options->qemu ? options->qemu : "tests/qemu/qemu");
	add(line, "-nodefaults");
	add_pair(line, "-display", "none");
	add_pair(line, "-accel", "qtest");
	add_machine(line, options);
	add_pair(line, "-chardev", "socket,id=qtest,fd=3");
	add_pair(line, "-qtest", "chardev:qtest");
	add_pair(line, "-qtest-log", "/dev/null");
	if (options->qmp) {
		add_pair(line, "-chardev", "socket,id=qmp,fd=4");
		add_pair(line, "-mon", "chardev=qmp,mode=control");
	}
	if (options->vfio_user) {
		snprintf(line->device, sizeof(line->device),
			 "{\"driver\":\"vfio-user-pci\",\"id\":\"dut\",\"addr\":\"1\","
			 "\"socket\":{\"path\":\"%s\",\"type\":\"unix\"}}", options->vfio_user);
		add_pair(line, "-device", line->device);
	}
	for (size_t i = 0; options->arguments && options->arguments[i]; i++)
		add(line, options->arguments[i]);
	line->argv[line->count] = NULL;
}

/* Our ends stay here, theirs go to the child and are closed. */
static int start_qemu(struct qt *qt, const struct qt_options *options)
{
	struct command_line line = { .count = 0 };
	int access[2], qmp[2];
	int theirs[2];
	int error;

	build_command_line(&line, options);
	if (line.count >= MAX_ARGUMENTS)
		return -E2BIG;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, access) < 0)
		return -errno;
	lines_init(&qt->access, access[0]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) < 0) {
		error = -errno;
		close(access[1]);
		return error;
	}
	lines_init(&qt->qmp, qmp[0]);
	theirs[0] = access[1];
	theirs[1] = qmp[1];
	error = child_start(&qt->qemu, line.argv, theirs, options->qmp ? 2 : 1, qt->output);
	close(access[1]);
	close(qmp[1]);
	return error;
}

struct qt *qt_start(const struct qt_options *options)
{
	struct qt *qt = calloc(1, sizeof(*qt));
	int error;

	if (!qt)
		return NULL;
	qt->qemu.pid = -1;
	lines_init(&qt->access, -1);
	lines_init(&qt->qmp, -1);
	qt->timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
	qt->quiet = options->quiet;
	qt->io_next = 0xc000;
	qt->mem_next = 0xe0000000;
	qt->output = memfd_create("qemu-output", MFD_CLOEXEC);
	error = qt->output < 0 ? -errno : start_qemu(qt, options);
	if (error) {
		qt->qemu.pid = -1;
		qt_fail(qt, "QEMU cannot be started: %s", strerror(-error));
		return qt;
	}
	/* An answer means that all devices are there. */
	command(qt, "endianness");
	if (options->qmp)
		qt_qmp_open(qt);
	return qt;
}

void qt_kill(struct qt *qt)
{
	child_stop(&qt->qemu, SIGKILL, now_ms() + STOP_MS);
}

static void close_lines(struct lines *lines)
{
	if (lines->fd >= 0)
		close(lines->fd);
	lines_free(lines);
}

int qt_stop(struct qt *qt)
{
	bool running, ended_well;
	int status;

	if (!qt)
		return -1;
	running = qt->qemu.pid > 0;
	status = child_stop(&qt->qemu, SIGTERM, now_ms() + STOP_MS);
	ended_well = status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (running && !ended_well)
		qt_fail(qt, "QEMU did not end well: status %#x", (unsigned int)status);
	status = qt->error ? -1 : 0;
	close_lines(&qt->access);
	qt_qmp_close(qt);
	close_lines(&qt->qmp);
	if (qt->output >= 0)
		close(qt->output);
	free(qt->error);
	free(qt);
	return status;
}
