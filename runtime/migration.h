/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside migration: states and commands (migration.c), the way out (save.c), the way in (load.c).
 */
#ifndef MDL_MIGRATION_H
#define MDL_MIGRATION_H

#include "private.h"
#include "stream.h"

struct save;
struct load;

struct migration {
	struct crc32 crc;
	uint32_t state;    /* enum vu_mig_state */
	struct save *save; /* in PRE_COPY and STOP_COPY */
	struct load *load; /* in RESUMING */
	uint8_t *out;      /* the data of a reply */
	size_t out_size;
	bool refused;  /* mdl_load_fail() was called */
	bool in_place; /* the state goes to a process that has the same shared memory */
	uint32_t version; /* of the device, as that streams are written */
	uint32_t held; /* the state to go on with, after migration_hold() */
};

/* GET and SET of the feature MIG_DEVICE_STATE. */
uint32_t migration_state(const struct mdl_dev *dev);
int migration_set_state(struct mdl_dev *dev, uint32_t state);

/* Let a running device stand still for a moment, and go on; neither is seen by the client. */
void migration_hold(struct mdl_dev *dev);
void migration_release(struct mdl_dev *dev);

/* See that `out` has so many bytes. */
int migration_out(struct mdl_dev *dev, size_t size);

/* ---- save.c */
int save_create(struct mdl_dev *dev, struct save **save);
void save_destroy(struct save *save);
/* The device has stopped: what is left is the last of it. */
int save_finish(struct save *save);
/* Fill `out`; less than `size`: there is no more, for now or at all. */
size_t save_read(struct save *save, uint8_t *out, size_t size);

/* ---- load.c */
int load_create(struct mdl_dev *dev, struct load **load);
void load_destroy(struct load *load);
int load_write(struct load *load, const uint8_t *bytes, size_t size);
/* Judge what came and take it, all or nothing.  If nothing came, nothing changes. */
int load_finish(struct load *load);

/* ---- state_file.c: all of the stream, while the device stands still */
/* Can a state be saved there, as far as can be known?  -errno (logged): no. */
int state_file_check(struct mdl_dev *dev, const char *path);
int state_write(struct mdl_dev *dev, int fd);
int state_read(struct mdl_dev *dev, int fd);

#endif
