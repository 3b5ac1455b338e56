/* SPDX-License-Identifier: BSD-2-Clause */
/* One device program and one QEMU at a time, for tests: asserts where these do not come up. */
#ifndef TESTS_QEMU_RIG_H
#define TESTS_QEMU_RIG_H

#include "child.h"
#include "qtest.h"

enum { RIG_SLOT = 1, RIG_WAIT_MS = 10000, RIG_QUIET_MS = 30 };

struct rig {
	char dir[64];
	char socket[80];
	struct child server;
	struct qt *qt;
	struct qt_dev dev;
	unsigned int pin; /* the I/O APIC's, for INTA */
	int descriptors;  /* ours, before */
};

void rig_open(struct rig *rig);
/* Starts $BUILD/bin/PROGRAM with that option more, or NULL, and waits for its socket. */
void rig_serve(struct rig *rig, const char *program, const char *option);
/* Starts QEMU, then finds, places and enables the device in slot 1, with these COMMAND bits more.
 */
void rig_qemu(struct rig *rig, const struct qt_options *options, uint16_t command);
int rig_stop_qemu(struct rig *rig);
/* Both have ended well, and nothing is left of either: 0; else -1. */
int rig_close(struct rig *rig);

/* The device program's descriptors now. */
int rig_server_descriptors(const struct rig *rig);
/* Waits until they are that many: what a client brought is let go soon after it left. */
bool rig_server_settles(const struct rig *rig, int descriptors);

/* Plugs the device of rig's socket into slot 5 of a "pc" machine, and out again as its guest does.
 */
enum { RIG_HOT_SLOT = 5 };
void rig_plug(struct rig *rig, uint16_t command);
void rig_unplug(struct rig *rig);
/* The guest presses reset. */
void rig_system_reset(struct rig *rig);

#endif
