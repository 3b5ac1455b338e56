/* SPDX-License-Identifier: BSD-2-Clause */
#include "qtest.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qtest_private.h"

/* The next message, or NULL. Running out of time is an error only where the caller says so. */
static struct json_object *receive_message(struct qt *qt, int64_t deadline, bool late_is_error)
{
	struct json_object *message;
	char *line;
	int error;

	if (qt->error)
		return NULL;
	error = lines_next(&qt->qmp, deadline, &line);
	if (error || !line) {
		if (error || late_is_error)
			qt_fail(qt, "nothing from QMP: %s", error ? strerror(-error) : "time is up");
		return NULL;
	}
	message = json_tokener_parse(line);
	if (!message)
		qt_fail(qt, "QMP sent '%.60s', which is no JSON", line);
	return message;
}

/* Events are kept until somebody asks for them. True if the message was one. */
static bool keep_event(struct qt *qt, struct json_object *message)
{
	if (!json_object_object_get_ex(message, "event", NULL))
		return false;
	json_object_array_add(qt->events, message);
	return true;
}

static void keep_refusal(struct qt *qt, struct json_object *error)
{
	struct json_object *text = NULL;

	json_object_object_get_ex(error, "desc", &text);
	free(qt->qmp_error);
	qt->qmp_error = strdup(text ? json_object_get_string(text) : "refused");
}

static void send_command(struct qt *qt, const char *command, const char *json_arguments)
{
	char *text;
	int size = asprintf(&text, "{\"execute\":\"%s\",\"arguments\":%s}\n", command,
			    json_arguments ? json_arguments : "{}");

	if (size < 0) {
		qt_fail(qt, "out of memory");
		return;
	}
	qt_send(qt, qt->qmp.fd, text, (size_t)size);
	free(text);
}

struct json_object *qt_qmp(struct qt *qt, const char *command, const char *json_arguments)
{
	int64_t deadline = qt_deadline(qt, 0);
	struct json_object *message, *part;

	if (qt->error)
		return NULL;
	send_command(qt, command, json_arguments);
	do {
		message = receive_message(qt, deadline, true);
		if (!message)
			return NULL;
	} while (keep_event(qt, message));
	if (json_object_object_get_ex(message, "return", &part)) {
		part = json_object_get(part);
	} else {
		json_object_object_get_ex(message, "error", &part);
		keep_refusal(qt, part);
		part = NULL;
	}
	json_object_put(message);
	return part;
}

const char *qt_qmp_error(const struct qt *qt)
{
	return qt->qmp_error;
}

static bool is_event(struct json_object *message, const char *name)
{
	struct json_object *event;

	return json_object_object_get_ex(message, "event", &event) &&
		strcmp(json_object_get_string(event), name) == 0;
}

static struct json_object *take_event(struct qt *qt, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(qt->events); i++) {
		struct json_object *message = json_object_array_get_idx(qt->events, i);

		if (!is_event(message, name))
			continue;
		json_object_get(message);
		json_object_array_del_idx(qt->events, i, 1);
		return message;
	}
	return NULL;
}

struct json_object *qt_qmp_event(struct qt *qt, const char *name, int timeout_ms)
{
	int64_t deadline = qt_deadline(qt, timeout_ms);
	struct json_object *message;

	for (;;) {
		message = take_event(qt, name);
		if (message || qt->error)
			return message;
		message = receive_message(qt, deadline, false);
		if (!message)
			return NULL;
		if (!keep_event(qt, message)) {
			json_object_put(message);
			qt_fail(qt, "QMP answered without a question");
		}
	}
}

void qt_qmp_open(struct qt *qt)
{
	struct json_object *message;

	qt->events = json_object_new_array();
	message = receive_message(qt, qt_deadline(qt, 0), true);
	json_object_put(message);
	message = qt_qmp(qt, "qmp_capabilities", NULL);
	if (!message)
		qt_fail(qt, "QMP refuses: %s", qt->qmp_error ? qt->qmp_error : "no answer");
	json_object_put(message);
}

void qt_qmp_close(struct qt *qt)
{
	json_object_put(qt->events);
	qt->events = NULL;
	free(qt->qmp_error);
	qt->qmp_error = NULL;
}
