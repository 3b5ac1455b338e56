/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's test script does with GPIO lines, by Linux's character device interface, version
 * 2. The chip is the device file that $GPIO_CHIP names, else /dev/gpiochip0.
 *
 *	gpio-guest info			the chip's label and each line's name and direction
 *	gpio-guest get MASK		the values of these lines, as a mask; directions stay
 *	gpio-guest set MASK VALUE	makes these lines outputs with these values
 *	gpio-guest wait-edge LINE MS [COMMAND...]
 *					waits so long for a change of an input, then says which it
 *					was; COMMAND is run once the line is being watched
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "gpio-guest: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

static int open_chip(void)
{
	const char *path = getenv("GPIO_CHIP");
	int chip;

	if (!path)
		path = "/dev/gpiochip0";
	chip = open(path, O_RDWR | O_CLOEXEC);
	if (chip < 0)
		die("%s: %s", path, strerror(errno));
	return chip;
}

static uint64_t number(const char *text, uint64_t most)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || value > most)
		die("%s: not a number up to %#llx", text, (unsigned long long)most);
	return value;
}

/* Asks for the lines of a mask, in ascending order; returns the request's descriptor. */
static int request_lines(uint64_t mask, uint64_t flags, const uint64_t *packed_values)
{
	struct gpio_v2_line_request request = { .consumer = "gpio-guest" };
	int chip = open_chip();

	for (uint32_t line = 0; line < 64; line++)
		if (mask >> line & 1)
			request.offsets[request.num_lines++] = line;
	request.config.flags = flags;
	if (packed_values) {
		request.config.num_attrs = 1;
		request.config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
		request.config.attrs[0].attr.values = *packed_values;
		request.config.attrs[0].mask = UINT64_MAX >> (64 - request.num_lines);
	}
	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request) < 0)
		die("requesting lines %#llx: %s", (unsigned long long)mask, strerror(errno));
	close(chip);
	return request.fd;
}

/* The kernel numbers values by their place in the request; a mask has them by line. */
static uint64_t pack(uint64_t mask, uint64_t values)
{
	uint64_t packed = 0;

	for (unsigned int line = 0, place = 0; line < 64; line++)
		if (mask >> line & 1)
			packed |= (values >> line & 1) << place++;
	return packed;
}

static uint64_t spread(uint64_t mask, uint64_t packed)
{
	uint64_t values = 0;

	for (unsigned int line = 0, place = 0; line < 64; line++)
		if (mask >> line & 1)
			values |= (packed >> place++ & 1) << line;
	return values;
}

static int info(void)
{
	struct gpiochip_info chip_info;
	int chip = open_chip();

	if (ioctl(chip, GPIO_GET_CHIPINFO_IOCTL, &chip_info) < 0)
		die("chip info: %s", strerror(errno));
	printf("chip %s label %s lines %u\n", chip_info.name, chip_info.label, chip_info.lines);
	for (uint32_t i = 0; i < chip_info.lines; i++) {
		struct gpio_v2_line_info line = { .offset = i };

		if (ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &line) < 0)
			die("line %u: %s", i, strerror(errno));
		printf("line %u %s %s\n", i, line.name[0] ? line.name : "-",
		       line.flags & GPIO_V2_LINE_FLAG_OUTPUT ? "output" : "input");
	}
	close(chip);
	return 0;
}

static int get(uint64_t mask)
{
	struct gpio_v2_line_values values = { .mask = UINT64_MAX };
	int lines = request_lines(mask, 0, NULL);

	values.mask >>= 64 - __builtin_popcountll(mask);
	if (ioctl(lines, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0)
		die("reading values: %s", strerror(errno));
	close(lines);
	printf("0x%08llx\n", (unsigned long long)spread(mask, values.bits));
	return 0;
}

static int set(uint64_t mask, uint64_t values)
{
	uint64_t packed = pack(mask, values);

	close(request_lines(mask, GPIO_V2_LINE_FLAG_OUTPUT, &packed));
	return 0;
}

static void run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		/* What it prints is no result of ours. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], argv);
		die("%s: %s", argv[0], strerror(errno));
	}
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die("%s failed", argv[0]);
}

static int wait_edge(unsigned int line, int timeout_ms, char *const command[])
{
	const uint64_t flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
			       GPIO_V2_LINE_FLAG_EDGE_FALLING;
	int lines = request_lines(UINT64_C(1) << line, flags, NULL);
	struct pollfd poll_fd = { .fd = lines, .events = POLLIN };
	struct gpio_v2_line_event event;

	if (command[0])
		run(command);
	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		die("no edge on line %u within %d ms", line, timeout_ms);
	if (read(lines, &event, sizeof(event)) != sizeof(event))
		die("reading the event: %s", strerror(errno));
	close(lines);
	printf("%s edge on line %u\n",
	       event.id == GPIO_V2_LINE_EVENT_RISING_EDGE ? "rising" : "falling", event.offset);
	return 0;
}

static uint64_t mask_argument(const char *text)
{
	uint64_t mask = number(text, UINT64_MAX);

	if (!mask)
		die("the mask names no line");
	return mask;
}

int main(int argc, char *argv[])
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "info") == 0 && argc == 2)
		return info();
	if (strcmp(verb, "get") == 0 && argc == 3)
		return get(mask_argument(argv[2]));
	if (strcmp(verb, "set") == 0 && argc == 4)
		return set(mask_argument(argv[2]), number(argv[3], UINT64_MAX));
	if (strcmp(verb, "wait-edge") == 0 && argc >= 4)
		return wait_edge((unsigned int)number(argv[2], 63),
				 (int)number(argv[3], 3600000), argv + 4);
	die("usage: info | get MASK | set MASK VALUE | wait-edge LINE MS [COMMAND...]");
}
