/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main() of a generated program: options, then serve until SIGINT, SIGTERM or, on an inherited
 * connection, until the client leaves.  Exit status: 0, 1 (it did not work), 2 (usage).
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "help.h"
#include "loop.h"
#include "migration.h"
#include "param.h"
#include "server.h"
#include "suggest.h"

enum { EXIT_USAGE = 2 };

struct setting {
	const char *name, *value; /* a parameter's */
};

struct cmdline {
	const struct mdl_device *device;
	const char *program;
	struct mdl_options options;
	const char *path;
	int fd; /* -1: none */
	const char *save, *restore, *control, *takeover;
	bool help, version;
	struct setting *settings;
	unsigned nsettings;
};

/* An argument being looked at. */
struct arg {
	const char *name;  /* after the dashes */
	size_t length;     /* of the name */
	const char *value; /* after '=', or the next argument; NULL: none */
	bool inline_value;
};

static int usage_error(const struct cmdline *cmd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int usage_error(const struct cmdline *cmd, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", cmd->program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry '%s --help'.\n", cmd->program);
	return -EINVAL;
}

/* ---- what each option does; value is never NULL where the table says that one is needed */

static int set_path(struct cmdline *cmd, const char *value)
{
	if (cmd->path)
		return usage_error(cmd, "two sockets: '%s' and '%s'", cmd->path, value);
	if (!*value)
		return usage_error(cmd, "the socket's path is empty");
	cmd->path = value;
	return 0;
}

static int set_number(struct cmdline *cmd, const char *name, const char *value, uint64_t min,
		      uint64_t max, uint64_t *number)
{
	if (!parse_number(value, number) && *number >= min && *number <= max)
		return 0;
	return usage_error(cmd, "--%s: '%s' is not a number from %llu to %llu", name, value,
			   (unsigned long long)min, (unsigned long long)max);
}

static int set_u32(struct cmdline *cmd, const char *name, const char *value, uint64_t min,
		   uint64_t max, uint32_t *to)
{
	uint64_t number;
	int rc = set_number(cmd, name, value, min, max, &number);

	if (!rc)
		*to = (uint32_t)number;
	return rc;
}

static int set_fd(struct cmdline *cmd, const char *value)
{
	uint64_t number;
	int rc = set_number(cmd, "fd", value, 0, INT32_MAX, &number);

	if (!rc && cmd->fd >= 0)
		rc = usage_error(cmd, "--fd is there twice");
	if (!rc)
		cmd->fd = (int)number;
	return rc;
}

static int set_spin(struct cmdline *cmd, const char *value)
{
	uint64_t us;
	int rc = set_number(cmd, "spin", value, 0, 1000000, &us);

	if (!rc)
		cmd->options.spin_ns = us * 1000;
	return rc;
}

static int set_verbose(struct cmdline *cmd, const char *value)
{
	(void)value;
	if (cmd->options.log_level < MDL_LOG_DEBUG)
		cmd->options.log_level++;
	return 0;
}

static int set_trace(struct cmdline *cmd, const char *value)
{
	(void)value;
	cmd->options.trace = true;
	return 0;
}

static int set_trace_file(struct cmdline *cmd, const char *value)
{
	cmd->options.trace_file = value;
	return 0;
}

static int set_save(struct cmdline *cmd, const char *value)
{
	cmd->save = value;
	return 0;
}

static int set_restore(struct cmdline *cmd, const char *value)
{
	cmd->restore = value;
	return 0;
}

static int set_control(struct cmdline *cmd, const char *value)
{
	cmd->control = value;
	return 0;
}

static int set_takeover(struct cmdline *cmd, const char *value)
{
	cmd->takeover = value;
	return 0;
}

static int set_max_regions(struct cmdline *cmd, const char *value)
{
	return set_u32(cmd, "max-dma-regions", value, 1, 65535, &cmd->options.max_dma_regions);
}

static int set_max_queued(struct cmdline *cmd, const char *value)
{
	return set_u32(cmd, "max-queued", value, 1, 65536, &cmd->options.max_queued);
}

static int set_max_transfer(struct cmdline *cmd, const char *value)
{
	return set_u32(cmd, "max-transfer", value, 4096, 64u << 20, &cmd->options.max_transfer);
}

static int set_stream_version(struct cmdline *cmd, const char *value)
{
	return set_u32(cmd, "stream-version", value, 1, cmd->device->version,
		       &cmd->options.stream_version);
}

static int set_help(struct cmdline *cmd, const char *value)
{
	(void)value;
	cmd->help = true;
	return 0;
}

static int set_version(struct cmdline *cmd, const char *value)
{
	(void)value;
	cmd->version = true;
	return 0;
}

static const struct option {
	struct help_line help;
	int (*set)(struct cmdline *cmd, const char *value);
} options[] = {
	{{'h', "help", NULL, "show this and exit"}, set_help},
	{{0, "version", NULL, "show versions and exit"}, set_version},
	{{'v', "verbose", NULL, "say more; twice: say all"}, set_verbose},
	{{0, "socket-path", "PATH", "serve on this socket"}, set_path},
	{{0, "fd", "FDNUM", "serve on this inherited socket, listening or connected"}, set_fd},
	{{0, "trace", NULL, "print each access, change and event by name"},
	 set_trace},
	{{0, "trace-file", "FILE", "record register values over time, as VCD"}, set_trace_file},
	{{0, "save", "FILE", "write the device's state to FILE on SIGUSR1 and at the end"},
	 set_save},
	{{0, "restore", "FILE", "begin with the state that was saved to FILE"}, set_restore},
	{{0, "control", "PATH", "let a new process take over that is started with --takeover=PATH"},
	 set_control},
	{{0, "takeover", "PATH", "take client, state and sockets over from a running process"},
	 set_takeover},
	{{0, "stream-version", "N", "write state as version N of the device did"},
	 set_stream_version},
	{{0, "spin", "US", "busy-poll this many microseconds before sleeping (0)"}, set_spin},
	{{0, "max-dma-regions", "N", "DMA regions that a client may map (65535)"}, set_max_regions},
	{{0, "max-queued", "N", "requests that wait while the device does DMA (1024)"},
	 set_max_queued},
	{{0, "max-transfer", "BYTES", "most data in a message (1M)"}, set_max_transfer},
};

#define NOPTIONS (sizeof(options) / sizeof(*options))

static const struct option *find_option(const struct arg *arg)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		if (strlen(options[i].help.name) == arg->length &&
		    !strncmp(options[i].help.name, arg->name, arg->length))
			return &options[i];
	return NULL;
}

static int unknown_option(const struct cmdline *cmd, const struct arg *arg)
{
	struct suggestion s;

	suggest_begin(&s, arg->name, arg->length);
	for (size_t i = 0; i < NOPTIONS; i++)
		suggest_offer(&s, options[i].help.name);
	for (uint32_t i = 0; i < cmd->device->nparams; i++)
		suggest_offer(&s, cmd->device->params[i].name);
	if (s.best)
		return usage_error(cmd, "unknown option '--%.*s'; did you mean '--%s'?",
				   (int)arg->length, arg->name, s.best);
	return usage_error(cmd, "unknown option '--%.*s'", (int)arg->length, arg->name);
}

/* Judge that a value is there or not, as the option wants. Returns how many arguments it took. */
static int take_value(const struct cmdline *cmd, struct arg *arg, bool wanted, bool optional)
{
	if (!wanted && arg->inline_value)
		return usage_error(cmd, "--%.*s takes no value", (int)arg->length, arg->name);
	if (!wanted || arg->inline_value || optional)
		return 1;
	if (!arg->value)
		return usage_error(cmd, "--%.*s needs a value", (int)arg->length, arg->name);
	return 2;
}

static int set_param(struct cmdline *cmd, struct arg *arg)
{
	const struct mdl_param *param = param_find(cmd->device, arg->name, arg->length);
	bool is_bool;
	int taken;

	if (!param)
		return unknown_option(cmd, arg);
	is_bool = param->type == MDL_PARAM_BOOL;
	taken = take_value(cmd, arg, true, is_bool);
	if (taken < 0)
		return taken;
	cmd->settings[cmd->nsettings++] =
		(struct setting){param->name, is_bool && !arg->inline_value ? "true" : arg->value};
	return taken;
}

/* --name, --name=VALUE, --name VALUE. Returns how many arguments it took. */
static int long_option(struct cmdline *cmd, const char *text, const char *next)
{
	const char *equals = strchr(text, '=');
	struct arg arg = {
		.name = text,
		.length = equals ? (size_t)(equals - text) : strlen(text),
		.value = equals ? equals + 1 : next,
		.inline_value = equals != NULL,
	};
	const struct option *option = find_option(&arg);
	int taken, rc;

	if (!option)
		return set_param(cmd, &arg);
	taken = take_value(cmd, &arg, option->help.value != NULL, false);
	if (taken < 0)
		return taken;
	rc = option->set(cmd, arg.value);
	return rc ? rc : taken;
}

/* Letters may stand together: -vv. */
static int short_options(struct cmdline *cmd, const char *letters)
{
	for (; *letters; letters++) {
		size_t i = 0;

		while (i < NOPTIONS && options[i].help.letter != *letters)
			i++;
		if (i == NOPTIONS)
			return usage_error(cmd, "unknown option '-%c'", *letters);
		options[i].set(cmd, NULL);
	}
	return 1;
}

static int parse(struct cmdline *cmd, int argc, char **argv)
{
	bool only_paths = false;

	for (int i = 1; i < argc;) {
		const char *text = argv[i];
		int taken = 1;

		if (only_paths || text[0] != '-' || !text[1])
			taken = set_path(cmd, text) ? -EINVAL : 1;
		else if (!strcmp(text, "--"))
			only_paths = true;
		else if (text[1] == '-')
			taken = long_option(cmd, text + 2, i + 1 < argc ? argv[i + 1] : NULL);
		else
			taken = short_options(cmd, text + 1);
		if (taken < 0)
			return taken;
		i += taken;
	}
	if (cmd->help || cmd->version)
		return 0;
	if (cmd->path && cmd->fd >= 0)
		return usage_error(cmd, "both a socket's path and --fd");
	if (cmd->takeover && (cmd->path || cmd->fd >= 0 || cmd->control || cmd->restore))
		return usage_error(cmd, "--takeover brings sockets and state with it");
	if (!cmd->path && cmd->fd < 0 && !cmd->takeover)
		return usage_error(cmd, "no socket: give its path, or --fd=FDNUM");
	return 0;
}

/* ---- serving */

/* Signal handlers take no argument. */
static struct mdl_dev *volatile stopped_by_signals;

static void stop(int signal)
{
	(void)signal;
	if (stopped_by_signals)
		mdl_stop(stopped_by_signals);
}

/* A second signal kills: the way out when a hook hangs. */
static void catch_signals(struct mdl_dev *dev)
{
	struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	stopped_by_signals = dev;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static void save_now(struct mdl_dev *dev, int fd, uint32_t events, void *arg)
{
	const struct cmdline *cmd = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		mdl_save(dev, cmd->save);
}

/* SIGUSR1 is heard by the loop, between two messages. Returns a descriptor. */
static int watch_save(struct mdl_dev *dev, struct cmdline *cmd)
{
	sigset_t set;
	int fd, rc;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	rc = loop_add_patient(dev, fd, EPOLLIN, save_now, cmd);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int open_socket(struct mdl_dev *dev, const struct cmdline *cmd)
{
	int rc = cmd->control ? mdl_control(dev, cmd->control) : 0;

	if (rc) {
		log_error(dev, "no control socket %s: %s", cmd->control, strerror(-rc));
		return rc;
	}
	if (cmd->takeover) {
		rc = mdl_takeover(dev, cmd->takeover);
		if (rc)
			log_error(dev, "cannot take over at %s: %s", cmd->takeover, strerror(-rc));
		return rc;
	}
	rc = cmd->path ? mdl_listen(dev, cmd->path) : server_adopt(dev, cmd->fd);
	if (rc && cmd->path)
		log_error(dev, "cannot serve on %s: %s", cmd->path, strerror(-rc));
	else if (rc)
		log_error(dev, "cannot serve on descriptor %d: %s", cmd->fd, strerror(-rc));
	return rc;
}

static int set_params(struct mdl_dev *dev, const struct cmdline *cmd)
{
	for (unsigned i = 0; i < cmd->nsettings; i++) {
		int rc = mdl_param_set(dev, cmd->settings[i].name, cmd->settings[i].value);

		if (rc == -ENOMEM)
			return EXIT_FAILURE;
		if (rc) {
			fprintf(stderr, "Try '%s --help'.\n", cmd->program);
			return EXIT_USAGE;
		}
	}
	return EXIT_SUCCESS;
}

/* Until the end; then the state is saved, which is why it may fail. */
static int run(struct mdl_dev *dev, struct cmdline *cmd)
{
	int rc = mdl_run(dev);

	if (rc)
		log_error(dev, "serving failed: %s", strerror(-rc));
	if (cmd->save && !dev->handed_over && mdl_save(dev, cmd->save))
		rc = -EIO;
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int serve(struct mdl_dev *dev, struct cmdline *cmd)
{
	int status = set_params(dev, cmd), save_fd = -1;

	if (status)
		return status;
	if (cmd->restore && mdl_restore(dev, cmd->restore))
		return EXIT_FAILURE;
	if (cmd->save) {
		/* now, not when the state is lost */
		if (state_file_check(dev, cmd->save))
			return EXIT_FAILURE;
		save_fd = watch_save(dev, cmd);
		if (save_fd < 0) {
			log_error(dev, "SIGUSR1 cannot be watched: %s", strerror(-save_fd));
			return EXIT_FAILURE;
		}
	}
	catch_signals(dev);
	status = open_socket(dev, cmd) ? EXIT_FAILURE : run(dev, cmd);
	if (save_fd >= 0) {
		loop_remove(dev, save_fd);
		close(save_fd);
	}
	return status;
}

static int create_and_serve(struct cmdline *cmd)
{
	struct mdl_dev *dev;
	int rc = mdl_create(&dev, cmd->device, &cmd->options), status;

	if (rc) {
		fprintf(stderr, "%s: the device cannot be made: %s\n", cmd->program,
			rc == -ENOEXEC ? "it was built for another version of libmdl"
				       : strerror(-rc));
		return EXIT_FAILURE;
	}
	status = serve(dev, cmd);
	stopped_by_signals = NULL;
	mdl_destroy(dev);
	return status;
}

static void show_help(const struct cmdline *cmd)
{
	help_begin(cmd->device, cmd->program);
	for (size_t i = 0; i < NOPTIONS; i++)
		help_option(&options[i].help);
	help_params(cmd->device);
}

static int show(const struct cmdline *cmd)
{
	if (cmd->help)
		show_help(cmd);
	else
		printf("%s, device version %u, libmdl " MDL_VERSION "\n", cmd->device->name,
		       cmd->device->version);
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* 2048 vectors are 2048 eventfds, more than the usual soft limit. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int mdl_main(const struct mdl_device *device, int argc, char **argv)
{
	struct cmdline cmd = {
		.device = device,
		.program = argc > 0 ? argv[0] : device->name,
		.options.log_level = MDL_LOG_WARN,
		.fd = -1,
	};
	int status;

	cmd.settings = calloc(argc > 0 ? (size_t)argc : 1, sizeof(*cmd.settings));
	if (!cmd.settings) {
		fprintf(stderr, "%s: out of memory\n", cmd.program);
		return EXIT_FAILURE;
	}
	if (parse(&cmd, argc, argv))
		status = EXIT_USAGE;
	else if (cmd.help || cmd.version)
		status = show(&cmd);
	else {
		raise_descriptor_limit();
		status = create_and_serve(&cmd);
	}
	free(cmd.settings);
	return status;
}
