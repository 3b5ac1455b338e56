/* SPDX-License-Identifier: BSD-2-Clause */
/* What qtest.c, qtest_pci.c and qtest_qmp.c share, and no test needs. */
#ifndef TESTS_QEMU_QTEST_PRIVATE_H
#define TESTS_QEMU_QTEST_PRIVATE_H

#include "child.h"
#include "qtest.h"

enum { QT_PINS = 256 };

struct qt {
	struct child qemu;
	struct lines access;	/* the qtest protocol */
	struct lines qmp;
	int output;		/* what QEMU printed, a memory file */
	int timeout_ms;
	bool quiet;
	bool ecam_mapped;
	uint16_t io_next;
	uint64_t mem_next;
	struct json_object *events;
	char *qmp_error;
	char *error;
	bool level[QT_PINS];
	unsigned int raises[QT_PINS];
};

__attribute__((format(printf, 2, 3))) void qt_fail(struct qt *qt, const char *format, ...);
int qt_send(struct qt *qt, int fd, const char *text, size_t size);
int64_t qt_deadline(const struct qt *qt, int timeout_ms);

void qt_qmp_open(struct qt *qt);
void qt_qmp_close(struct qt *qt);

#endif
