/* SPDX-License-Identifier: BSD-2-Clause */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	TEST_S = 120,
	EJECT = 0xae08, /* the PC's hot-plug controller: a slot's bit written here ejects it */
};

/* Those of a process, or -1. */
static int count_descriptors(pid_t pid)
{
	char path[64];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

void rig_open(struct rig *rig)
{
	*rig = (struct rig){.dir = "/tmp/mdl-qtest.XXXXXX", .server = {.pid = -1}};
	alarm(TEST_S);
	rig->descriptors = count_descriptors(getpid());
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->socket, sizeof(rig->socket), "%s/socket", rig->dir);
}

void rig_serve(struct rig *rig, const char *program, const char *option)
{
	const char *build = getenv("BUILD");
	char path[PATH_MAX], socket[128];
	const char *argv[] = {path, socket, option, NULL};

	snprintf(path, sizeof(path), "%s/bin/%s", build ? build : "build", program);
	snprintf(socket, sizeof(socket), "--socket-path=%s", rig->socket);
	assert_int_equal(child_start(&rig->server, argv, NULL, 0, -1), 0);
	assert_int_equal(socket_wait(rig->socket, &rig->server, now_ms() + RIG_WAIT_MS), 0);
}

void rig_qemu(struct rig *rig, const struct qt_options *options, uint16_t command)
{
	rig->qt = qt_start(options);
	assert_non_null(rig->qt);
	assert_null(qt_error(rig->qt));
	qt_irq_intercept(rig->qt);
	rig->pin = qt_intx_pin(RIG_SLOT, 1);
	qt_dev_init(&rig->dev, rig->qt, RIG_SLOT, 0);
	qt_dev_enable(&rig->dev, command);
}

int rig_stop_qemu(struct rig *rig)
{
	struct qt *qt = rig->qt;

	rig->qt = NULL;
	return qt ? qt_stop(qt) : 0;
}

static int stop_server(struct rig *rig)
{
	int status;

	if (rig->server.pid < 0)
		return 0;
	status = child_stop(&rig->server, SIGTERM, now_ms() + RIG_WAIT_MS);
	if (status)
		fprintf(stderr, "the device program ended with status %#x\n", (unsigned int)status);
	return status;
}

int rig_close(struct rig *rig)
{
	int status = rig_stop_qemu(rig);

	status |= stop_server(rig);
	if (rmdir(rig->dir) < 0) {
		perror("the device program left something");
		unlink(rig->socket);
		rmdir(rig->dir);
		status = -1;
	}
	alarm(0);
	return status || count_descriptors(getpid()) != rig->descriptors ? -1 : 0;
}

int rig_server_descriptors(const struct rig *rig)
{
	return count_descriptors(rig->server.pid);
}

bool rig_server_settles(const struct rig *rig, int descriptors)
{
	const int64_t deadline = now_ms() + RIG_WAIT_MS;
	int now;

	/* Nothing announces it. */
	while ((now = rig_server_descriptors(rig)) != descriptors && now_ms() < deadline)
		usleep(1000);
	if (now != descriptors)
		fprintf(stderr, "the device program had %d descriptors, has %d\n", descriptors,
			now);
	return now == descriptors;
}

void rig_plug(struct rig *rig, uint16_t command)
{
	struct json_object *answer;
	char arguments[256];

	snprintf(arguments, sizeof(arguments),
		 "{\"driver\":\"vfio-user-pci\",\"id\":\"hot\",\"addr\":\"%d\","
		 "\"socket\":{\"path\":\"%s\",\"type\":\"unix\"}}",
		 RIG_HOT_SLOT, rig->socket);
	answer = qt_qmp(rig->qt, "device_add", arguments);
	if (!answer)
		fail_msg("device_add: %s", qt_qmp_error(rig->qt));
	json_object_put(answer);
	qt_dev_init(&rig->dev, rig->qt, RIG_HOT_SLOT, 0);
	qt_dev_enable(&rig->dev, command);
}

void rig_unplug(struct rig *rig)
{
	struct json_object *event;

	json_object_put(qt_qmp(rig->qt, "device_del", "{\"id\":\"hot\"}"));
	qt_out(rig->qt, EJECT, 4, 1u << RIG_HOT_SLOT);
	event = qt_qmp_event(rig->qt, "DEVICE_DELETED", RIG_WAIT_MS);
	assert_non_null(event);
	json_object_put(event);
	assert_int_equal(qt_cfg_read(&rig->dev, QT_PCI_VENDOR, 2), 0xffff);
}

void rig_system_reset(struct rig *rig)
{
	struct json_object *event;

	json_object_put(qt_qmp(rig->qt, "system_reset", NULL));
	event = qt_qmp_event(rig->qt, "RESET", RIG_WAIT_MS);
	assert_non_null(event);
	json_object_put(event);
}
