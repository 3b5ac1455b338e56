/* SPDX-License-Identifier: BSD-2-Clause */
/* --emit=json: the resolved model; docs/json.md is its schema. */
#ifndef JSON_H
#define JSON_H

#include "json_text.h"
#include "model.h"

/* Changes when a reader of the old would misread the new; additions do not change it. */
#define JSON_FORMAT 1

/* Returns 0, or -1 after a message. */
int json_write(FILE *out, const struct model *model);

/* Parts of json_write(), in json_*.c. */
void json_register(struct json *json, const struct m_reg *reg);
void json_bar(struct json *json, const struct m_bar *bar);
void json_enum(struct json *json, const char *key, const struct m_enum *e);
void json_hooks(struct json *json, const struct m_hook *hooks, unsigned nhooks);
/* Left out for what was there from the beginning. */
void json_since(struct json *json, uint32_t since);
void json_dims(struct json *json, const struct m_dim *dims, unsigned ndims);
void json_state(struct json *json, const struct model *model);
void json_migration(struct json *json, const struct model *model);

#endif
