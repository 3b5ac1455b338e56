/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing JSON as it comes: nothing is kept, so that a huge model costs no memory. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned depth;
	bool empty; /* nothing yet in what is open */
};

/* key: NULL in an array and for the outermost. */
void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);                 /* '}' or ']' */
void json_string(struct json *json, const char *key, const char *text);
/* Left out if text is NULL. */
void json_optional(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, uint64_t number);
void json_signed(struct json *json, const char *key, int64_t number);
/* As a string "0x…": JSON's readers lose bits above 2^53. */
void json_hex(struct json *json, const char *key, uint64_t number);
void json_bool(struct json *json, const char *key, bool value);
/* Left out if false. */
void json_flag(struct json *json, const char *key, bool value);

#endif
