/* SPDX-License-Identifier: BSD-2-Clause */
#include "upgrade_rig.h"

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- processes */

static struct process start(const char *program, const char *const *arguments)
{
	const char *build = getenv("BUILD"), *argv[8] = {program};
	struct process process;
	char path[256];
	int err[2];

	snprintf(path, sizeof(path), "%s/%s", build ? build : "build", program);
	for (int i = 0; i < 6 && arguments[i]; i++)
		argv[i + 1] = arguments[i];
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	process.pid = fork();
	assert_true(process.pid >= 0);
	if (process.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(err[1], STDERR_FILENO);
		closefrom(3);
		execv(path, (char *const *)(uintptr_t)argv);
		_exit(126);
	}
	close(err[1]);
	process.log = fdopen(err[0], "r");
	assert_non_null(process.log);
	return process;
}

int wait_end(struct process *process)
{
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, process->pid, 0), .events = POLLIN};
	int status = 0;

	if (poll(&p, 1, CLIENT_WAIT_MS) != 1)
		kill(process->pid, SIGKILL);
	close(p.fd);
	assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
	process->pid = 0;
	fclose(process->log);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

long wait_line(struct process *process, const char *text)
{
	char line[512], *at;

	while (fgets(line, sizeof(line), process->log)) {
		at = strstr(line, text);
		if (at)
			return strtol(at + strlen(text), NULL, 10);
	}
	return -1;
}

struct process take_over(struct rig *rig, const char *program, const char *more)
{
	char option[128];

	snprintf(option, sizeof(option), "--takeover=%s", rig->control);
	return start(program, (const char *const[]){"-v", option, more, NULL});
}

/* ---- set-up */

static void wire(struct rig *rig)
{
	struct client *client = &rig->client;
	const int fds[2] = {rig->added, rig->tick};

	assert_int_equal(client_put(client, VU_REGION_CONFIG, 4, 2, 6), 0);
	assert_int_equal(client_dma_map(client, IOVA, 0x4000, 0, 3, rig->memfd), 0);
	assert_int_equal(client_dma_map(client, 0x8000, 0x1000, 0x4000, 1, rig->memfd), 0);
	assert_int_equal(client_set_irqs(client, VU_IRQ_MSIX,
					 VU_IRQ_SET_DATA_EVENTFD | VU_IRQ_SET_ACTION_TRIGGER, 0, 2,
					 fds, 2),
			 0);
}

static void map_pad(struct rig *rig)
{
	struct vu_region_info info = {.argsz = sizeof(info), .index = 2};
	struct client_message reply;

	assert_int_equal(client_call_fds(&rig->client, VU_DEVICE_GET_REGION_INFO, &info,
					 sizeof(info), NULL, 0, &reply),
			 sizeof(info));
	assert_int_equal(reply.nfds, 1);
	rig->pad = mmap(NULL, PAD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, reply.fds[0], 0);
	assert_ptr_not_equal(rig->pad, MAP_FAILED);
	client_message_free(&reply);
}

int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char option[128];

	signal(SIGPIPE, SIG_IGN);
	*state = rig;
	strcpy(rig->dir, "/tmp/mdl-upgrade-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->path, sizeof(rig->path), "%s/sock", rig->dir);
	snprintf(rig->control, sizeof(rig->control), "%s/control", rig->dir);
	snprintf(option, sizeof(option), "--control=%s", rig->control);
	rig->process = start("tests/migration/gauge1",
			     (const char *const[]){"-v", option, rig->path, NULL});
	assert_int_equal(client_open(&rig->client, rig->path), 0);
	rig->added = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rig->tick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rig->memfd = memfd_create("guest", MFD_CLOEXEC);
	assert_int_equal(ftruncate(rig->memfd, 0x5000), 0);
	rig->memory = mmap(NULL, 0x5000, PROT_READ | PROT_WRITE, MAP_SHARED, rig->memfd, 0);
	assert_ptr_not_equal(rig->memory, MAP_FAILED);
	wire(rig);
	map_pad(rig);
	return 0;
}

int tear_down(void **state)
{
	struct rig *rig = *state;
	int status;

	kill(rig->process.pid, SIGTERM);
	status = wait_end(&rig->process);
	client_close(&rig->client);
	munmap(rig->memory, 0x5000);
	munmap(rig->pad, PAD_SIZE);
	close(rig->memfd);
	close(rig->added);
	close(rig->tick);
	if (rmdir(rig->dir))
		status = -errno;
	free(rig);
	return status;
}

uint64_t get(struct rig *rig, uint64_t offset, uint32_t size)
{
	uint64_t value = UINT64_MAX;

	assert_int_equal(client_get(&rig->client, 0, offset, size, &value), 0);
	return value;
}

void put(struct rig *rig, uint64_t offset, uint64_t value)
{
	assert_int_equal(client_put(&rig->client, 0, offset, 4, value), 0);
}

uint64_t events(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

void upgrade_with(struct rig *rig, const char *program, const char *more, long *pause_us)
{
	struct process next = take_over(rig, program, more);

	*pause_us = wait_line(&next, "stood still for ");
	assert_true(*pause_us >= 0);
	assert_int_equal(wait_end(&rig->process), 0);
	rig->process = next;
}

void upgrade(struct rig *rig, const char *program, long *pause_us)
{
	upgrade_with(rig, program, NULL, pause_us);
}
