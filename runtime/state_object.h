/* SPDX-License-Identifier: BSD-2-Clause */
/* One object of a device's state: between the device and the bytes of the stream. */
#ifndef MDL_STATE_OBJECT_H
#define MDL_STATE_OBJECT_H

#include "state.h"

#define TIMER_SIZE 16u /* deadline u64, period u64 */

/* The device's, as it is; sets stream_size where that varies. */
void object_get(struct mdl_dev *dev, struct object *object);
/* Is what was got what a device has that never heard of it? */
bool object_is_default(const struct object *object);
/* A variable whose elements are wider in the stream: do all fit? */
bool object_fits(const struct object *object);
/* As it is after power-on. */
void object_default(struct object *object);
/* Into the device; what is not present gets the default. */
int object_put(struct mdl_dev *dev, const struct object *object);

#endif
