/* SPDX-License-Identifier: BSD-2-Clause */
/* A device that runs in one process after the other, and a client of it: for test_upgrade.c and
 * test_takeover.c. */
#ifndef TESTS_MIGRATION_UPGRADE_RIG_H
#define TESTS_MIGRATION_UPGRADE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/client.h"
#include "handover.h"

#define IOVA      0x100000u
#define PAD_SIZE  0x10000u
#define PERIOD_US 2000

enum {
	ADD = 0,
	TOTAL = 8,
	VERSION = 0x10,
	PLACE = 0x18,
	STORE = 0x20,
	STATUS = 0x24,
	PERIOD = 0x28,
	TICKS = 0x2c,
	NOTE = 0x40,
	EXTRA = 0x60
};

struct process {
	pid_t pid;
	FILE *log; /* its stderr */
};

struct rig {
	char dir[64], path[96], control[96];
	struct process process;
	struct client client;
	int added, tick; /* eventfds of the MSI-X vectors */
	int memfd;
	uint8_t *memory, *pad;
	/* the guest's thread */
	pthread_t thread;
	atomic_bool stop;
	atomic_uint adds;
	uint64_t sum, worst_ns;
	const char *wrong;
};

uint64_t now_ns(void);
/* Its exit status; 128 + signal. */
int wait_end(struct process *process);
/* Read what it says until a line has this text; -1: it never said so.  Else the number behind. */
long wait_line(struct process *process, const char *text);
/* more: another option, or NULL */
struct process take_over(struct rig *rig, const char *program, const char *more);
/* A takeover that succeeds: the device's process is the new one. */
void upgrade(struct rig *rig, const char *program, long *pause_us);
void upgrade_with(struct rig *rig, const char *program, const char *more, long *pause_us);

int set_up(void **state);
/* The last process ends well, and leaves no file. */
int tear_down(void **state);
#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

uint64_t get(struct rig *rig, uint64_t offset, uint32_t size);
void put(struct rig *rig, uint64_t offset, uint64_t value);
uint64_t events(int fd);

#endif
