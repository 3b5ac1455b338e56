/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing JSON as it comes. */
#include <inttypes.h>

#include "json_text.h"

static void put_string(struct json *json, const char *text)
{
	putc('"', json->out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(json->out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", json->out);
		else if (c < ' ' || c == 0x7f)
			fprintf(json->out, "\\u%04x", c);
		else
			putc(c, json->out);
	}
	putc('"', json->out);
}

static void put_newline(struct json *json)
{
	putc('\n', json->out);
	for (unsigned i = 0; i < json->depth; i++)
		fputs("  ", json->out);
}

static void put_key(struct json *json, const char *key)
{
	if (!json->empty)
		putc(',', json->out);
	if (json->depth)
		put_newline(json);
	json->empty = false;
	if (key) {
		put_string(json, key);
		fputs(": ", json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	put_key(json, key);
	putc(bracket, json->out);
	json->depth++;
	json->empty = true;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (!json->empty)
		put_newline(json);
	putc(bracket, json->out);
	json->empty = false;
	if (!json->depth)
		putc('\n', json->out);
}

void json_string(struct json *json, const char *key, const char *text)
{
	put_key(json, key);
	put_string(json, text);
}

void json_optional(struct json *json, const char *key, const char *text)
{
	if (text)
		json_string(json, key, text);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	put_key(json, key);
	fprintf(json->out, "%" PRIu64, number);
}

void json_signed(struct json *json, const char *key, int64_t number)
{
	put_key(json, key);
	fprintf(json->out, "%" PRId64, number);
}

void json_hex(struct json *json, const char *key, uint64_t number)
{
	put_key(json, key);
	fprintf(json->out, "\"0x%" PRIx64 "\"", number);
}

void json_bool(struct json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_flag(struct json *json, const char *key, bool value)
{
	if (value)
		json_bool(json, key, true);
}
