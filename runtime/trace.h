/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the trace share; what others call is in private.h. */
#ifndef MDL_TRACE_H
#define MDL_TRACE_H

#include "log.h"

struct trace {
	bool lines;            /* text, to the log */
	bool looking;          /* inside trace_look(), which may log */
	unsigned muted;        /* a reset or a load changes everything: not line by line */
	struct vcd *vcd;       /* or NULL */
	struct shadow *shadow; /* registers as last seen */
	uint8_t *config;       /* config space as last seen */
	const char *via;       /* how the doorbell that rings next was rung; NULL: a message */
};

/* ---- trace.c: one line, which begins with the device's name */
struct line {
	char text[LOG_LINE_SIZE];
	size_t used;
};

void line_begin(const struct mdl_dev *dev, struct line *line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void line_end(const struct mdl_dev *dev, const struct line *line);
/* " 01 02 03 ...": the first few */
void line_bytes(struct line *line, const uint8_t *data, size_t size);
/* " (EN=1 MODE=FAST)": those that have a bit in `bits`; nothing if none has. */
void line_fields(struct line *line, const struct mdl_field *fields, uint32_t nfields,
		 uint64_t value, uint64_t bits);
/*
 * "NAME.EN 0 -> 1", a line for each field that changed; "NAME 0x10 -> 0x30" for bits that are in
 * none.
 */
void lines_changed(const struct mdl_dev *dev, const char *name, const struct mdl_field *fields,
		   uint32_t nfields, uint64_t old, uint64_t value);

/* ---- trace_config.c */
void trace_config_look(struct mdl_dev *dev);

/* ---- shadow.c: which registers changed since last time? */
typedef void shadow_found(struct mdl_dev *dev, const struct mdl_reg *reg, uint32_t element,
			  uint64_t old, uint64_t value);
int shadow_create(struct mdl_dev *dev, struct shadow **made);
void shadow_destroy(struct shadow *shadow);
/* found: called for each element that changed, aliases included; NULL: nobody wants to know. */
void shadow_look(struct mdl_dev *dev, struct shadow *shadow, shadow_found *found);

#endif
